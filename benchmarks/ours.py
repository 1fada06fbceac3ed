"""The workloads on autograd_lite and nn, as a user would write them.

``WORKLOADS[name](spec, check=False)`` has ``step()``, one training step, giving seconds by phase, and ``grads()``, the
gradients of one step by the names of the spec; dropout is off when ``check`` is set.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

import numpy as np

import autograd_lite
import nn
from autograd_lite import Tensor, no_grad
from nn import functional as F

Spec = dict[str, Any]
THREADS = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
VERSION = f"NumPy {np.__version__}"


def leaf(value: Any) -> Tensor:
    return Tensor(value, requires_grad=True)


class Chain:
    """W1: a thousand small operations."""

    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.n, self.p = spec["n"], {name: leaf(value) for name, value in spec["params"].items()}

    def step(self) -> dict[str, float]:
        x, a, b = self.p["x"], self.p["a"], self.p["b"]
        for t in self.p.values():
            t.grad = None
        start = perf_counter()
        y = x
        for _ in range(self.n):
            y = y * a + b
        self.loss = y.sum()
        middle = perf_counter()
        self.loss.backward()
        return {"fwd": middle - start, "bwd": perf_counter() - middle}

    def grads(self) -> dict[str, Any]:
        self.step()
        return {**{name: t.grad.numpy() for name, t in self.p.items()}, "loss": self.loss.item()}


class Scalars:
    """W2: ten thousand numbers, each a tensor."""

    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.w = [[[leaf(v) for v in neuron] for neuron in layer] for layer in spec["params"]["w"]]
        self.x = [Tensor(v) for v in spec["x"]]

    def step(self) -> dict[str, float]:
        for layer in self.w:
            for neuron in layer:
                for v in neuron:
                    v.grad = None
        start = perf_counter()
        h = self.x
        for layer in self.w:
            out = []
            for neuron in layer:
                total = neuron[16]
                for i in range(16):
                    total = total + neuron[i] * h[i]
                out.append(total.relu())
            h = out
        self.loss = h[0]
        for v in h[1:]:
            self.loss = self.loss + v
        middle = perf_counter()
        self.loss.backward()
        return {"fwd": middle - start, "bwd": perf_counter() - middle}

    def grads(self) -> dict[str, Any]:
        self.step()
        w = [[[0 if v.grad is None else v.grad.item() for v in neuron] for neuron in layer] for layer in self.w]
        return {"w": np.array(w, self.x[0].dtype), "loss": self.loss.item()}


# -- Networks ---------------------------------------------------------------------------------------------------------


class Training:
    """A model, its loss and its optimiser; subclasses say which."""

    optimizer: Any = None
    convolves = False

    def __init__(self, spec: Spec, check: bool = False) -> None:
        # Convolutions gain from threads that share the batch, matrix products from those of BLAS.
        autograd_lite.set_threads(THREADS if self.convolves else None)
        self.x, self.t = Tensor(spec["x"]), spec.get("t", spec.get("y"))
        self.model = self.build(spec, spec["params"], 0.0 if check else 0.5).astype(self.x.dtype)
        self.loss_function = nn.CrossEntropyLoss()
        if self.optimizer:
            self.optimizer = self.optimizer(self.model.parameters(), lr=spec["lr"])

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        raise TypeError("Only a subclass knows its model.")

    def step(self) -> dict[str, float]:
        self.model.zero_grad()
        start = perf_counter()
        self.loss = self.loss_function(self.model(self.x), self.t)
        forward = perf_counter()
        self.loss.backward()
        backward = perf_counter()
        times = {"fwd": forward - start, "bwd": backward - forward}
        if self.optimizer:
            self.optimizer.step()
            times["opt"] = perf_counter() - backward
        return times

    def grads(self) -> dict[str, Any]:
        optimizer, self.optimizer = self.optimizer, None
        self.step()
        self.optimizer = optimizer
        found, i = {"loss": self.loss.item()}, 0
        for module in self.model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                i += 1
                w = module.weight.grad.numpy()
                found |= {f"W{i}": w.T if w.ndim == 2 else w, f"b{i}": module.bias.grad.numpy()}
            elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                found |= {f"g{i}": module.weight.grad.numpy(), f"be{i}": module.bias.grad.numpy()}
        return found


def filled(module: nn.Module, weight: np.ndarray, bias: np.ndarray) -> nn.Module:
    module.weight.data, module.bias.data = weight, bias
    return module


def linear(p: dict[str, np.ndarray], i: Any) -> nn.Module:
    w = p[f"W{i}"]
    return filled(nn.Linear(*w.shape), w.T, p[f"b{i}"])


def conv(p: dict[str, np.ndarray], i: int, stride: int = 1, padding: int = 0) -> nn.Module:
    w = p[f"W{i}"]
    return filled(nn.Conv2d(w.shape[1], w.shape[0], w.shape[2], stride, padding), w, p[f"b{i}"])


class MLP(Training):
    """W3: the book's two-layer net."""

    optimizer = nn.optim.SGD

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        return nn.Sequential(linear(p, 1), nn.ReLU(), linear(p, 2))


class SimpleConvNet(Training):
    """W4: the book's convolutional net."""

    optimizer, convolves = nn.optim.Adagrad, True

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        body = [conv(p, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        return nn.Sequential(*body, linear(p, 2), nn.ReLU(), linear(p, 3))


class Inference(SimpleConvNet):
    """W4i: its forward pass on a thousand images."""

    optimizer = None

    def step(self) -> dict[str, float]:
        self.y = nn.predict(self.model, self.x)
        return {}

    def grads(self) -> dict[str, Any]:
        self.step()
        return {"y": np.asarray(self.y)}


class PlainInference(Inference):
    """W4n: the same as one ordinary call of the model."""

    def step(self) -> dict[str, float]:
        with no_grad():
            self.y = self.model(self.x)
        return {}


class DeepConvNet(Training):
    """W5: the book's deep net."""

    optimizer, convolves = nn.optim.Adam, True

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        layers: list[nn.Module] = []
        for i, (_, _, padding) in enumerate(spec["convs"], 1):
            layers += [conv(p, i, 1, padding), nn.ReLU()]
            if i % 2 == 0:
                layers.append(nn.MaxPool2d(2))
        head = [nn.Flatten(), linear(p, 7), nn.ReLU(), nn.Dropout(drop), linear(p, 8), nn.Dropout(drop)]
        return nn.Sequential(*layers, *head)


class NormMLP(Training):
    """W6: batch normalisation and dropout."""

    optimizer = nn.optim.Adam

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        layers: list[nn.Module] = []
        depth = sum(name.startswith("g") for name in p)
        for i in range(1, depth + 1):
            norm = filled(nn.BatchNorm1d(len(p[f"g{i}"])), p[f"g{i}"], p[f"be{i}"])
            layers += [linear(p, i), norm, nn.ReLU(), nn.Dropout(drop)]
        return nn.Sequential(*layers, linear(p, depth + 1))


class AlexNet(Training):
    """W7: AlexNet with batch normalisation, forward and backward."""

    convolves = True

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        layers: list[nn.Module] = []
        for i, (out, _, _, stride, padding, norm, pool) in enumerate(spec["convs"], 1):
            layers.append(conv(p, i, stride, padding))
            if norm:
                layers.append(filled(nn.BatchNorm2d(out), p[f"g{i}"], p[f"be{i}"]))
            layers.append(nn.ReLU())
            if pool:
                layers.append(nn.MaxPool2d(3, 2))
        head = [nn.Flatten(), linear(p, 6), nn.ReLU(), linear(p, 7), nn.ReLU(), linear(p, 8)]
        return nn.Sequential(*layers, *head)


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, p: dict[str, np.ndarray], heads: int) -> None:
        d = len(p["ln1g"])
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out, self.up, self.down = (linear(p, name) for name in ("qkv", "o", "1", "2"))
        self.gelu = nn.GELU(approximate="tanh")

    def forward(self, x: Any) -> Tensor:
        n, length, d = x.shape
        parts = self.qkv(self.norm1(x)).reshape(n, length, 3, self.heads, d // self.heads).transpose(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        x = x + self.out(mixed.transpose(0, 2, 1, 3).reshape(n, length, d))
        return x + self.down(self.gelu(self.up(self.norm2(x))))


class Transformer(Training):
    """W8: one block, Adam."""

    optimizer = nn.optim.Adam

    def build(self, spec: Spec, p: dict[str, np.ndarray], drop: float) -> nn.Module:
        return Block(p, spec["heads"])

    def __init__(self, spec: Spec, check: bool = False) -> None:
        super().__init__(spec, check)
        self.loss_function = nn.MSELoss()

    def grads(self) -> dict[str, Any]:
        optimizer, self.optimizer = self.optimizer, None
        self.step()
        self.optimizer = optimizer
        m = self.model
        found = {"loss": self.loss.item()}
        for name, layer in (("qkv", m.qkv), ("o", m.out), ("1", m.up), ("2", m.down)):
            found |= {"W" + name: layer.weight.grad.numpy().T, "b" + name: layer.bias.grad.numpy()}
        for name, norm in (("ln1", m.norm1), ("ln2", m.norm2)):
            found |= {name + "g": norm.weight.grad.numpy(), name + "b": norm.bias.grad.numpy()}
        return found


class LSTM:
    """W9: fifty steps of long short-term memory."""

    def __init__(self, spec: Spec, check: bool = False) -> None:
        autograd_lite.set_threads(None)
        p, self.x = spec["params"], Tensor(spec["x"])
        self.model = nn.LSTM(*p["Wx"].shape[:1], p["Wh"].shape[0], dtype=self.x.dtype)
        values = {"weight_ih_l0": p["Wx"].T, "weight_hh_l0": p["Wh"].T, "bias_ih_l0": p["b"], "bias_hh_l0": 0 * p["b"]}
        self.model.load_state_dict(values)

    def step(self) -> dict[str, float]:
        self.model.zero_grad()
        start = perf_counter()
        _, (h, _) = self.model(self.x)
        self.loss = (h * h).sum()
        middle = perf_counter()
        self.loss.backward()
        return {"fwd": middle - start, "bwd": perf_counter() - middle}

    def grads(self) -> dict[str, Any]:
        self.step()
        w_ih, w_hh, bias, _ = (parameter.grad.numpy() for parameter in self.model.parameters())
        return {"Wx": w_ih.T, "Wh": w_hh.T, "b": bias, "loss": self.loss.item()}


WORKLOADS = {
    "W1": Chain, "W2": Scalars, "W3": MLP, "W4": SimpleConvNet, "W4i": Inference, "W4n": PlainInference,
    "W5": DeepConvNet, "W6": NormMLP, "W7": AlexNet, "W8": Transformer, "W9": LSTM,
}  # fmt: skip
