"""Small programs to draw, and the least that counts as a module."""

import os
from pathlib import Path

import numpy as np

from autograd_lite import Tensor
from autograd_lite.ops.conv import Conv2d as Conv2dRule
from autograd_lite.ops.network import CrossEntropy
from autograd_lite.ops.network import Linear as LinearRule

GOLDEN = Path(__file__).parent / "golden"


class Block:
    """A module as drawings see one: it is called, marks the node of its result, and names its parts."""

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Block):
                yield from value.named_modules(f"{prefix}.{name}" if prefix else name)

    def named_parameters(self):
        for path, part in self.named_modules():
            for name, value in vars(part).items():
                if isinstance(value, Tensor):
                    yield (f"{path}.{name}" if path else name), value

    def __call__(self, *inputs):
        output = self.forward(*inputs)
        sources = tuple(x.node for x in inputs if isinstance(x, Tensor) and x.node is not None)
        for part in output if isinstance(output, tuple) else (output,):
            if part.node not in sources:
                if not hasattr(part.node, "calls"):
                    part.node.calls = []
                part.node.calls.append((self, sources))
        return output


def weights(*shape):
    return Tensor(np.linspace(-0.3, 0.3, int(np.prod(shape)), dtype=np.float32).reshape(shape), requires_grad=True)


class Linear(Block):
    def __init__(self, i, o):
        self.weight, self.bias = weights(o, i), weights(o)

    def forward(self, x):
        return LinearRule()(x, self.weight, self.bias)


class Conv(Block):
    def __init__(self, i, o, k):
        self.weight, self.bias = weights(o, i, k, k), weights(o)

    def forward(self, x):
        return Conv2dRule(((1, 1), (0, 0), (1, 1)))(x, self.weight, self.bias)


class Net(Block):
    def __init__(self):
        self.conv = Conv(1, 3, 3)
        self.hidden = Linear(3 * 4 * 4, 8)
        self.out = Linear(8, 4)

    def forward(self, x):
        h = self.conv(x).relu().reshape(x.shape[0], -1)
        return self.out(self.hidden(h).relu())


def images():
    return Tensor(np.linspace(0, 1, 72, dtype=np.float32).reshape(2, 1, 6, 6))


def cross_entropy(logits):
    n = len(logits)
    return CrossEntropy(np.arange(n) % logits.shape[1], np.full(n, 1 / n, np.float32))(logits)


def shop():
    """Deep Learning from Scratch, figure 5-17: two kinds of fruit, and tax."""
    apple, apple_num = Tensor(100.0, requires_grad=True, name="apple"), Tensor(2.0, requires_grad=True, name="apples")
    orange, orange_num = (
        Tensor(150.0, requires_grad=True, name="orange"),
        Tensor(3.0, requires_grad=True, name="oranges"),
    )
    tax = Tensor(1.1, requires_grad=True, name="tax")
    return (apple * apple_num + orange * orange_num) * tax


def agrees_with_golden(name, text):
    """Whether ``text`` is what the golden file says. Rewrite the files with REWRITE_GOLDEN=1, then read the diff."""
    path = GOLDEN / name
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
