"""``summary``: a model as a table of its layers, with shapes, parameters, work and memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index as as_int
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from .errors import SettingError
from .functional._common import as_tensor
from .layers import Embedding, LayerNorm, RMSNorm
from .layers.conv import _Conv
from .module import Module
from .parameter import Parameter
from .training import evaluating

_NO_MATRIX = (Embedding, LayerNorm, RMSNorm)  # their weights are looked up, or multiplied element by element


class Row(NamedTuple):
    """One call of a layer.

    Attributes
    ----------
    name, kind : str
        Its dotted path in the model, and its class.
    shape : tuple of int
        Of its output, the first one if there are several.
    parameters : int
        Numbers that it learns; 0 if an earlier row has counted them.
    multiply_adds : int
        Products of its inputs with its weights, summed up. What has no weights is cheap, and not counted.
    memory : int
        Bytes of its output.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    memory: int


class Summary(NamedTuple):
    """What :func:`summary` found; ``print`` it.

    Attributes
    ----------
    rows : tuple of Row
        One for each call of a layer, in the order of the calls.
    parameters, trainable : int
        All numbers that the model has as parameters, each counted once, and those that are not frozen.
    parameter_memory : int
        Their bytes, and those of buffers.
    """

    rows: tuple[Row, ...]
    parameters: int
    trainable: int
    parameter_memory: int

    @property
    def multiply_adds(self) -> int:
        """Those of all rows."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of all outputs: about what a forward pass keeps for backward."""
        return sum(row.memory for row in self.rows)

    def __repr__(self) -> str:
        titles = ("layer", "type", "output shape", "parameters", "multiply-adds", "memory")
        table = [
            (row.name, row.kind, str(row.shape), *map(_count, (row.parameters, row.multiply_adds)), _bytes(row.memory))
            for row in self.rows
        ]
        total = ("total", "", "", _count(self.parameters), _count(self.multiply_adds), _bytes(self.memory))
        widths = [max(map(len, column)) for column in zip(titles, *table, total, strict=True)]
        rule = "-" * (sum(widths) + 2 * len(widths) - 2)

        def line(cells: Sequence[str]) -> str:
            parts = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
            parts += [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
            return "  ".join(parts)

        end = f"{_bytes(self.parameter_memory)} of parameters and buffers"
        if self.trainable != self.parameters:
            end += (
                f"; {_count(self.trainable)} parameters are trained, {_count(self.parameters - self.trainable)} frozen"
            )
        return "\n".join([line(titles), rule, *map(line, table), rule, line(total), end])


def summary(model: Module, input_shape: Sequence[Any], dtype: DTypeLike | None = None) -> Summary:
    """Run ``model`` once on zeros and report each layer.

    The model is used in eval mode, without recording, and left in the mode in which it was. Layers that take their
    sizes from the first input take them from this one.

    Parameters
    ----------
    input_shape : sequence of int, or of such sequences
        With the batch: ``(100, 1, 28, 28)``. Several shapes for a model of several inputs.
    dtype : dtype, optional
        Of the input; by default that of the model's parameters.

    Returns
    -------
    Summary

    Raises
    ------
    SettingError
        If ``input_shape`` is no shape, for instance the input itself.

    Examples
    --------
    >>> import nn
    >>> print(nn.summary(nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU()), (100, 1, 28, 28)))
    layer  type     output shape  parameters  multiply-adds     memory
    ------------------------------------------------------------------
    0      Flatten  (100, 784)             0              0  306.2 KiB
    1      Linear   (100, 50)         39,250      3,920,000   19.5 KiB
    2      ReLU     (100, 50)              0              0   19.5 KiB
    ------------------------------------------------------------------
    total                             39,250      3,920,000  345.3 KiB
    153.3 KiB of parameters and buffers
    """
    shapes = _shapes(input_shape)
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters() if p.dtype.kind == "f"), np.dtype(np.float32))
    counter = _Counter()
    handles = [
        module.register_forward_hook(counter.listener(name or type(model).__name__))
        for name, module in model.named_modules()
    ]
    try:
        with evaluating(model):
            model(*(np.zeros(shape, dtype) for shape in shapes))
    finally:
        for handle in handles:
            handle.remove()
    parameters = list(model.parameters())
    return Summary(
        tuple(counter.rows),
        parameters=sum(p.size for p in parameters),
        trainable=sum(p.size for p in parameters if p.requires_grad),
        parameter_memory=sum(t.data.nbytes for t in [*parameters, *model.buffers()]),
    )


def _shapes(given: Any) -> list[tuple[int, ...]]:
    try:
        if getattr(given, "ndim", 1) != 1:  # an array
            raise TypeError
        shapes = [given] if all(np.ndim(size) == 0 for size in given) else given
        return [tuple(map(as_int, shape)) for shape in shapes]
    except TypeError:
        raise SettingError(
            "input_shape is the shape of a batch, such as (100, 1, 28, 28) or images.shape, or a list of such shapes, "
            f"not {type(given).__name__} {np.shape(given) or given}."
        ) from None


class _Counter:
    """Writes a row for each call of a layer: of a module that has parameters itself, or no parts."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._seen: set[int] = set()

    def listener(self, name: str) -> Any:
        def listen(module: Module, inputs: tuple[Any, ...], output: Any) -> None:
            own = [value for value in vars(module).values() if isinstance(value, Parameter)]
            if not own and next(module.children(), None) is not None:
                return
            first = as_tensor(output[0] if isinstance(output, tuple) else output)
            size = sum(p.size for p in own if id(p) not in self._seen)
            self._seen.update(map(id, own))
            work = _multiply_adds(module, own, inputs, first.shape)
            self.rows.append(Row(name, type(module).__name__, first.shape, size, work, first.data.nbytes))

        return listen


def _multiply_adds(module: Module, own: list[Parameter], inputs: tuple[Any, ...], shape: tuple[int, ...]) -> int:
    """Every number of a matrix of weights is used once at each place of the output; of filters, of each image."""
    if isinstance(module, _NO_MATRIX):
        return 0
    axis = -1
    if isinstance(module, _Conv):
        axis = 1
        shape = as_tensor(inputs[0]).shape if module.transposed else shape
    places = math.prod(shape) // max(shape[axis], 1) if shape else 1
    return places * sum(p.size for p in own if p.ndim > 1)


def _count(number: int) -> str:
    return f"{number:,}"


def _bytes(number: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:,.0f} B" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} GiB"
