"""Figures of training, weights, activations, mistakes and paths, as matplotlib draws them.

Every function returns a matplotlib ``Figure`` and changes nothing global; ``figure.savefig("curves.png")`` writes it.
Arguments may be arrays or tensors. matplotlib is the extra ``plots``, and loaded when the first figure is made.
"""

from .curves import lines, training_curves
from .pictures import confusion, contact_sheets
from .planes import contours, decisions
from .weights import filters, histograms, tile

__all__ = [
    "confusion",
    "contact_sheets",
    "contours",
    "decisions",
    "filters",
    "histograms",
    "lines",
    "tile",
    "training_curves",
]
