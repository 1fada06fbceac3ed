"""Those workloads that autograd has the functions for, as its users write them; the interface is that of ``ours``.

A gradient is a function here: forward and backward are one call, so that there are no phases.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

Spec = dict[str, Any]
VERSION = f"autograd {version('autograd')}"


class Workload:
    """A loss, as a function of the parameters by name."""

    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.spec, self.p = spec, dict(spec["params"])
        self.loss_and_gradients = value_and_grad(self.loss)

    def loss(self, p: dict[str, Any]) -> Any:
        raise TypeError("Only a subclass knows its loss.")

    def step(self) -> dict[str, float]:
        self.found = self.loss_and_gradients(self.p)
        rate = self.spec.get("lr")
        if rate:
            self.p = {name: value - rate * self.found[1][name] for name, value in self.p.items()}
        return {}

    def grads(self) -> dict[str, Any]:
        loss, gradients = self.loss_and_gradients(self.p)
        return {**gradients, "loss": loss}


class Chain(Workload):
    def loss(self, p: dict[str, Any]) -> Any:
        y, a, b = p["x"], p["a"], p["b"]
        for _ in range(self.spec["n"]):
            y = y * a + b
        return np.sum(y)


class MLP(Workload):
    def loss(self, p: dict[str, Any]) -> Any:
        h = np.maximum(self.spec["x"] @ p["W1"] + p["b1"], 0)
        scores = h @ p["W2"] + p["b2"]
        scores = scores - np.max(scores, axis=1, keepdims=True)
        chosen = scores[np.arange(len(scores)), self.spec["t"]]
        return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - chosen)


class LSTM(Workload):
    def loss(self, p: dict[str, Any]) -> Any:
        x, n = self.spec["x"], p["Wh"].shape[0]
        h = c = np.zeros((x.shape[1], n), x.dtype)
        for now in x:
            z = now @ p["Wx"] + h @ p["Wh"] + p["b"]
            i, f, o = (0.5 * np.tanh(0.5 * z[:, k * n : (k + 1) * n]) + 0.5 for k in (0, 1, 3))
            c = f * c + i * np.tanh(z[:, 2 * n : 3 * n])
            h = o * np.tanh(c)
        return np.sum(h * h)


WORKLOADS = {"W1": Chain, "W3": MLP, "W9": LSTM}
