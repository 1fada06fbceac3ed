"""Digits, batches, and small random changes to images."""

from . import transforms
from .digits import Digits, load_digits
from .idx import read_idx, read_mnist
from .loader import ArrayDataset, DataLoader, Dataset

__all__ = [
    "ArrayDataset",
    "DataLoader",
    "Dataset",
    "Digits",
    "load_digits",
    "read_idx",
    "read_mnist",
    "transforms",
]
