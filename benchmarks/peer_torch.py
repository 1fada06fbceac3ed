"""The same workloads on PyTorch, eager, with its plain or its fused optimisers; the interface is that of ``ours``."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

Spec = dict[str, Any]
VERSION = f"PyTorch {torch.__version__}"
FUSED = False


def configure(variant: str) -> None:
    """Choose the optimisers: ``fused``, or the plain ones."""
    global FUSED
    FUSED = variant == "fused"


def tensor(a: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(a))


def loss_and_times(forward: Any, optimizer: Any = None) -> tuple[Any, dict[str, float]]:
    start = perf_counter()
    loss = forward()
    middle = perf_counter()
    loss.backward()
    end = perf_counter()
    times = {"fwd": middle - start, "bwd": end - middle}
    if optimizer is not None:
        optimizer.step()
        times["opt"] = perf_counter() - end
    return loss, times


def by_layer(layers: Any) -> dict[str, Any]:
    """Gradients of affine, convolution and normalisation layers, numbered in their order."""
    found, i = {}, 0
    for layer in layers:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            i += 1
            w = layer.weight.grad.numpy()
            found |= {f"W{i}": w.T if w.ndim == 2 else w, f"b{i}": layer.bias.grad.numpy()}
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            found |= {f"g{i}": layer.weight.grad.numpy(), f"be{i}": layer.bias.grad.numpy()}
    return found


class Chain:
    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.n, self.p = spec["n"], {name: tensor(v).requires_grad_() for name, v in spec["params"].items()}

    def step(self) -> dict[str, float]:
        for t in self.p.values():
            t.grad = None

        def forward() -> torch.Tensor:
            y, a, b = self.p["x"], self.p["a"], self.p["b"]
            for _ in range(self.n):
                y = y * a + b
            return y.sum()

        self.loss, times = loss_and_times(forward)
        return times

    def grads(self) -> dict[str, Any]:
        self.step()
        return {**{name: t.grad.numpy() for name, t in self.p.items()}, "loss": self.loss.item()}


class Scalars:
    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.w = [[[torch.tensor(v).requires_grad_() for v in n] for n in layer] for layer in spec["params"]["w"]]
        self.x = [torch.tensor(v) for v in spec["x"]]

    def step(self) -> dict[str, float]:
        for layer in self.w:
            for neuron in layer:
                for v in neuron:
                    v.grad = None

        def forward() -> torch.Tensor:
            h = self.x
            for layer in self.w:
                out = []
                for neuron in layer:
                    total = neuron[16]
                    for i in range(16):
                        total = total + neuron[i] * h[i]
                    out.append(total.relu())
                h = out
            loss = h[0]
            for v in h[1:]:
                loss = loss + v
            return loss

        self.loss, times = loss_and_times(forward)
        return times

    def grads(self) -> dict[str, Any]:
        self.step()
        w = [[[0 if v.grad is None else v.grad.item() for v in neuron] for neuron in layer] for layer in self.w]
        return {"w": np.array(w, self.x[0].numpy().dtype), "loss": self.loss.item()}


def filled(module: Any, weight: np.ndarray, bias: np.ndarray) -> Any:
    module.to(tensor(bias).dtype)
    with torch.no_grad():
        module.weight.copy_(tensor(weight))
        module.bias.copy_(tensor(bias))
    return module


def linear(p: dict[str, np.ndarray], i: Any) -> nn.Module:
    return filled(nn.Linear(*p[f"W{i}"].shape), p[f"W{i}"].T, p[f"b{i}"])


def conv(p: dict[str, np.ndarray], i: int, stride: int = 1, padding: int = 0) -> nn.Module:
    w = p[f"W{i}"]
    return filled(nn.Conv2d(w.shape[1], w.shape[0], w.shape[2], stride, padding), w, p[f"b{i}"])


class Training:
    optimizer: Any = None

    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.x, self.t, self.drop = tensor(spec["x"]), tensor(spec["t"]), 0.0 if check else 0.5
        self.model = nn.Sequential(*self.layers(spec, spec["params"]))
        if self.optimizer:
            self.optimizer = self.optimizer(
                self.model.parameters(), lr=spec["lr"], **({"fused": True} if FUSED else {})
            )

    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        raise TypeError("Only a subclass knows its model.")

    def step(self) -> dict[str, float]:
        self.model.zero_grad()
        self.loss, times = loss_and_times(lambda: F.cross_entropy(self.model(self.x), self.t), self.optimizer)
        return times

    def grads(self) -> dict[str, Any]:
        self.optimizer = None
        self.step()
        return {"loss": self.loss.item(), **by_layer(self.model)}


class MLP(Training):
    optimizer = torch.optim.SGD

    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        return [linear(p, 1), nn.ReLU(), linear(p, 2)]


class SimpleConvNet(Training):
    optimizer = torch.optim.Adagrad

    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        return [conv(p, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), linear(p, 2), nn.ReLU(), linear(p, 3)]


class Inference(SimpleConvNet):
    optimizer = None

    def step(self) -> dict[str, float]:
        with torch.no_grad():
            self.y = self.model(self.x)
        return {}

    def grads(self) -> dict[str, Any]:
        self.step()
        return {"y": self.y.numpy()}


class DeepConvNet(Training):
    optimizer = torch.optim.Adam

    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for i, (_, _, padding) in enumerate(spec["convs"], 1):
            layers += [conv(p, i, 1, padding), nn.ReLU(), *([nn.MaxPool2d(2)] if i % 2 == 0 else [])]
        return [
            *layers,
            nn.Flatten(),
            linear(p, 7),
            nn.ReLU(),
            nn.Dropout(self.drop),
            linear(p, 8),
            nn.Dropout(self.drop),
        ]


class NormMLP(Training):
    optimizer = torch.optim.Adam

    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        depth = sum(name.startswith("g") for name in p)
        for i in range(1, depth + 1):
            norm = filled(nn.BatchNorm1d(len(p[f"g{i}"])), p[f"g{i}"], p[f"be{i}"])
            layers += [linear(p, i), norm, nn.ReLU(), nn.Dropout(self.drop)]
        return [*layers, linear(p, depth + 1)]


class AlexNet(Training):
    def layers(self, spec: Spec, p: dict[str, np.ndarray]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for i, (out, _, _, stride, padding, norm, pool) in enumerate(spec["convs"], 1):
            layers.append(conv(p, i, stride, padding))
            layers += [filled(nn.BatchNorm2d(out), p[f"g{i}"], p[f"be{i}"])] if norm else []
            layers += [nn.ReLU(), *([nn.MaxPool2d(3, 2)] if pool else [])]
        return [*layers, nn.Flatten(), linear(p, 6), nn.ReLU(), linear(p, 7), nn.ReLU(), linear(p, 8)]


class Transformer:
    def __init__(self, spec: Spec, check: bool = False) -> None:
        p = spec["params"]
        self.x, self.y, self.heads = tensor(spec["x"]), tensor(spec["y"]), spec["heads"]
        d = len(p["ln1g"])
        self.norms = [filled(nn.LayerNorm(d), p[f"ln{i}g"], p[f"ln{i}b"]) for i in (1, 2)]
        self.qkv, self.out, self.up, self.down = (linear(p, name) for name in ("qkv", "o", "1", "2"))
        self.model = nn.ModuleList([*self.norms, self.qkv, self.out, self.up, self.down])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=spec["lr"], fused=FUSED or None)

    def forward(self) -> torch.Tensor:
        x = self.x
        n, length, d = x.shape
        parts = self.qkv(self.norms[0](x)).view(n, length, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, d))
        return x + self.down(F.gelu(self.up(self.norms[1](x)), approximate="tanh"))

    def step(self) -> dict[str, float]:
        self.model.zero_grad()
        self.loss, times = loss_and_times(lambda: F.mse_loss(self.forward(), self.y), self.optimizer)
        return times

    def grads(self) -> dict[str, Any]:
        self.optimizer = None
        self.step()
        found = {"loss": self.loss.item()}
        for name, layer in (("qkv", self.qkv), ("o", self.out), ("1", self.up), ("2", self.down)):
            found |= {"W" + name: layer.weight.grad.T.numpy(), "b" + name: layer.bias.grad.numpy()}
        for name, norm in zip(("ln1", "ln2"), self.norms, strict=True):
            found |= {name + "g": norm.weight.grad.numpy(), name + "b": norm.bias.grad.numpy()}
        return found


class LSTM:
    def __init__(self, spec: Spec, check: bool = False) -> None:
        self.p = {name: tensor(v).requires_grad_() for name, v in spec["params"].items()}
        self.x = list(tensor(spec["x"]))

    def forward(self) -> torch.Tensor:
        wx, wh, b = self.p["Wx"], self.p["Wh"], self.p["b"]
        h = c = torch.zeros(self.x[0].shape[0], wh.shape[0], dtype=wh.dtype)
        for x in self.x:
            i, f, g, o = (x @ wx + h @ wh + b).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return (h * h).sum()

    def step(self) -> dict[str, float]:
        for t in self.p.values():
            t.grad = None
        self.loss, times = loss_and_times(self.forward)
        return times

    def grads(self) -> dict[str, Any]:
        self.step()
        return {**{name: t.grad.numpy() for name, t in self.p.items()}, "loss": self.loss.item()}


WORKLOADS = {
    "W1": Chain, "W2": Scalars, "W3": MLP, "W4": SimpleConvNet, "W4i": Inference, "W4n": Inference,
    "W5": DeepConvNet, "W6": NormMLP, "W7": AlexNet, "W8": Transformer, "W9": LSTM,
}  # fmt: skip
