"""Shapes and seeded numbers of the workloads, the same for every library.

Weights of affine layers are (in, out) and of convolutions (out, in, height, width); ``params`` names them W1, b1 ...
"""

from __future__ import annotations

from typing import Any

import numpy as np

f32 = np.float32
Spec = dict[str, Any]


class Numbers:
    """Random parameters, in the order in which they are asked for."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.params: dict[str, np.ndarray] = {}

    def normal(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        return (scale * self.rng.standard_normal(shape)).astype(f32)

    def affine(self, i: int, fan_in: int, out: int) -> None:
        self.params[f"W{i}"] = self.normal(fan_in, out, scale=(2 / fan_in) ** 0.5)
        self.params[f"b{i}"] = self.normal(out, scale=0.01)

    def conv(self, i: int, out: int, channels: int, k: int) -> None:
        self.params[f"W{i}"] = self.normal(out, channels, k, k, scale=(2 / (channels * k * k)) ** 0.5)
        self.params[f"b{i}"] = self.normal(out, scale=0.01)

    def norm(self, i: int, n: int) -> None:
        self.params[f"g{i}"] = 1 + self.normal(n, scale=0.05)
        self.params[f"be{i}"] = self.normal(n, scale=0.05)


def chain(n: int = 500) -> Spec:
    """n multiplications and n additions, one after the other, on four numbers."""
    r = Numbers()
    params = {"x": r.normal(4), "a": 1 + r.normal(4, scale=0.001), "b": r.normal(4, scale=0.01)}
    return {"params": params, "n": n}


def scalars() -> Spec:
    """19 layers of 16 neurons, written number by number."""
    r = Numbers()
    return {"params": {"w": r.normal(19, 16, 17, scale=0.35)}, "x": r.normal(16)}


def mlp(batch: int = 100) -> Spec:
    """The book's two-layer net."""
    r = Numbers()
    r.affine(1, 784, 100)
    r.affine(2, 100, 10)
    return {"params": r.params, "x": r.normal(batch, 784), "t": r.rng.integers(0, 10, batch), "lr": 0.01}


def simple_convnet(batch: int = 100) -> Spec:
    """The book's SimpleConvNet."""
    r = Numbers()
    r.conv(1, 30, 1, 5)
    r.affine(2, 4320, 100)
    r.affine(3, 100, 10)
    return {"params": r.params, "x": r.normal(batch, 1, 28, 28), "t": r.rng.integers(0, 10, batch), "lr": 0.001}


def deep_convnet(batch: int = 100) -> Spec:
    """The book's DeepConvNet: (filters, channels, padding) of six 3x3 convolutions."""
    r = Numbers()
    convs = [(16, 1, 1), (16, 16, 1), (32, 16, 1), (32, 32, 2), (64, 32, 1), (64, 64, 1)]
    for i, (out, channels, _) in enumerate(convs, 1):
        r.conv(i, out, channels, 3)
    r.affine(7, 1024, 50)
    r.affine(8, 50, 10)
    x, t = r.normal(batch, 1, 28, 28), r.rng.integers(0, 10, batch)
    return {"params": r.params, "convs": convs, "x": x, "t": t, "lr": 0.001}


def norm_mlp(batch: int = 128) -> Spec:
    """Five hidden layers of 100 with batch normalisation and dropout."""
    r = Numbers()
    for i, n in enumerate([784, 100, 100, 100, 100], 1):
        r.affine(i, n, 100)
        r.norm(i, 100)
    r.affine(6, 100, 10)
    return {"params": r.params, "x": r.normal(batch, 784), "t": r.rng.integers(0, 10, batch), "lr": 0.001}


def alexnet(batch: int = 4) -> Spec:
    """AlexNet with batch normalisation: (filters, channels, kernel, stride, padding, norm, pool)."""
    r = Numbers()
    convs = [
        (96, 3, 11, 4, 0, True, True),
        (256, 96, 5, 1, 2, True, True),
        (384, 256, 3, 1, 1, False, False),
        (384, 384, 3, 1, 1, False, False),
        (256, 384, 3, 1, 1, False, True),
    ]
    for i, (out, channels, k, _, _, norm, _) in enumerate(convs, 1):
        r.conv(i, out, channels, k)
        if norm:
            r.norm(i, out)
    r.affine(6, 9216, 4096)
    r.affine(7, 4096, 4096)
    r.affine(8, 4096, 1000)
    return {"params": r.params, "convs": convs, "x": r.normal(batch, 3, 227, 227), "t": r.rng.integers(0, 1000, batch)}


def transformer(batch: int = 8, length: int = 64, d: int = 128) -> Spec:
    """A pre-norm transformer block of four heads."""
    r = Numbers()
    params = {name: np.full(d, name.endswith("g"), f32) for name in ("ln1g", "ln1b", "ln2g", "ln2b")}
    sizes = {"qkv": (d, 3 * d, 0.09), "o": (d, d, 0.09), "1": (d, 4 * d, 0.09), "2": (4 * d, d, 0.045)}
    for name, (rows, columns, scale) in sizes.items():
        params["W" + name] = r.normal(rows, columns, scale=scale)
        params["b" + name] = np.zeros(columns, f32)
    x, y = r.normal(batch, length, d), r.normal(batch, length, d)
    return {"params": params, "heads": 4, "x": x, "y": y, "lr": 0.001}


def lstm(length: int = 50, batch: int = 32, n: int = 64) -> Spec:
    """An LSTM cell over a sequence, gates in the order i, f, g, o."""
    r = Numbers()
    params = {
        "Wx": r.normal(n, 4 * n, scale=0.12),
        "Wh": r.normal(n, 4 * n, scale=0.12),
        "b": r.normal(4 * n, scale=0.05),
    }
    return {"params": params, "x": r.normal(length, batch, n), "T": length}


SPECS = {
    "W1": chain, "W2": scalars, "W3": mlp, "W4": simple_convnet, "W4i": lambda: simple_convnet(1000),
    "W5": deep_convnet, "W6": norm_mlp, "W7": alexnet, "W8": transformer, "W9": lstm,
}  # fmt: skip
