"""Shapes and seeded numbers of the workloads, the same for every library.

Weights of affine layers are (in, out) and of convolutions (out, in, height, width); ``params`` names them W1, b1 ...
The sizes of a workload are the parameters of its function below; :func:`make` may be given others.
"""

from __future__ import annotations

import inspect
from functools import partial
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
        x = self.rng.standard_normal(shape, f32)  # neither wider nor twice: peaks of memory are measured later
        x *= scale
        return x

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


def scalars(layers: int = 19) -> Spec:
    """Layers of 16 neurons, written number by number."""
    r = Numbers()
    return {"params": {"w": r.normal(layers, 16, 17, scale=0.35)}, "x": r.normal(16)}


def mlp(batch: int = 100) -> Spec:
    """The book's two-layer net."""
    r = Numbers()
    r.affine(1, 784, 100)
    r.affine(2, 100, 10)
    return {"params": r.params, "x": r.normal(batch, 784), "t": r.rng.integers(0, 10, batch), "lr": 0.01}


def simple_convnet(batch: int = 100, channels: int = 30, image: int = 28) -> Spec:
    """The book's SimpleConvNet."""
    r = Numbers()
    r.conv(1, channels, 1, 5)
    r.affine(2, channels * ((image - 4) // 2) ** 2, 100)
    r.affine(3, 100, 10)
    x, t = r.normal(batch, 1, image, image), r.rng.integers(0, 10, batch)
    return {"params": r.params, "x": x, "t": t, "lr": 0.001}


def deep_convnet(batch: int = 100, channels: int = 16, image: int = 28) -> Spec:
    """The book's DeepConvNet: (filters, channels, padding) of six 3x3 convolutions, a pool after every second."""
    r = Numbers()
    c = channels
    convs = [(c, 1, 1), (c, c, 1), (2 * c, c, 1), (2 * c, 2 * c, 2), (4 * c, 2 * c, 1), (4 * c, 4 * c, 1)]
    for i, (out, into, _) in enumerate(convs, 1):
        r.conv(i, out, into, 3)
    r.affine(7, 4 * c * ((image // 2 + 2) // 2 // 2) ** 2, 50)
    r.affine(8, 50, 10)
    x, t = r.normal(batch, 1, image, image), r.rng.integers(0, 10, batch)
    return {"params": r.params, "convs": convs, "x": x, "t": t, "lr": 0.001}


def norm_mlp(batch: int = 128, depth: int = 5) -> Spec:
    """Hidden layers of 100 with batch normalisation and dropout."""
    r = Numbers()
    for i in range(1, depth + 1):
        r.affine(i, 784 if i == 1 else 100, 100)
        r.norm(i, 100)
    r.affine(depth + 1, 100, 10)
    return {"params": r.params, "x": r.normal(batch, 784), "t": r.rng.integers(0, 10, batch), "lr": 0.001}


def alexnet(batch: int = 4, image: int = 227, units: int = 4096) -> Spec:
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
    side = image
    for _, _, k, stride, padding, _, pool in convs:
        side = (side + 2 * padding - k) // stride + 1
        side = (side - 3) // 2 + 1 if pool else side
    r.affine(6, 256 * side**2, units)
    r.affine(7, units, units)
    r.affine(8, units, 1000)
    x, t = r.normal(batch, 3, image, image), r.rng.integers(0, 1000, batch)
    return {"params": r.params, "convs": convs, "x": x, "t": t}


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


SPECS: dict[str, Any] = {
    "W1": chain, "W2": scalars, "W3": mlp, "W4": simple_convnet, "W4i": partial(simple_convnet, batch=1000),
    "W4n": partial(simple_convnet, batch=1000), "W5": deep_convnet, "W6": norm_mlp, "W7": alexnet, "W8": transformer,
    "W9": lstm,
}  # fmt: skip

ABOUT = {
    "W1": "chain, 1000 operations on 4 numbers",
    "W2": "network of scalars, 10,000 nodes",
    "W3": "two-layer net, batch 100, SGD",
    "W4": "SimpleConvNet, batch 100, AdaGrad",
    "W4i": "its forward pass, 1000 images, nn.predict",
    "W4n": "the same in one call of the model",
    "W5": "DeepConvNet, batch 100, Adam",
    "W6": "MLP with batch norm and dropout, Adam",
    "W7": "AlexNet, batch norm, batch 4, no update",
    "W8": "transformer block, Adam",
    "W9": "LSTM cell, 50 steps",
}


def sizes_of(workload: str) -> dict[str, int]:
    """The sizes that a workload has, with their usual values."""
    return {name: size.default for name, size in inspect.signature(SPECS[workload]).parameters.items()}


def make(workload: str, dtype: str = "float32", sizes: dict[str, int] | None = None) -> Spec:
    """The shapes and numbers of a workload; in float64 they are the same numbers."""

    def cast(x: Any) -> Any:
        floating = isinstance(x, np.ndarray) and x.dtype.kind == "f"
        return x.astype(dtype, copy=False) if floating else x

    spec: Spec = SPECS[workload](**(sizes or {}))
    spec["params"] = {name: cast(value) for name, value in spec["params"].items()}
    return {name: cast(value) for name, value in spec.items()}
