"""The walk of an optimiser over its numbers.

Flat blocks of some 64,000 numbers stay in the processor's cache from one line of a formula to the next; small
parameters share a block, large ones are cut.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from autograd_lite import Tensor, no_grad, note_update

from ..errors import SettingError, StateError
from ..parameter import Owned

BLOCK = 1 << 16
Array = np.ndarray


class Piece(NamedTuple):
    """Numbers ``start`` to ``stop`` of parameter ``number``, at ``at`` in their block."""

    number: int
    start: int
    stop: int
    at: int


class Walk:
    """The parameters of a group as one long row of numbers, with what is kept in rows of the same length."""

    def __init__(self, params: list[Tensor]) -> None:
        self.params = params
        self.steps = [0] * len(params)
        self.rows: dict[str, Array] = {}
        self.shapes: list[tuple[int, ...]] = []
        self.orders: list[Literal["C", "F"]] = []
        self.offsets: list[int] = []
        self.dtype = params[0].dtype
        self._arrays: list[Any] = []  # that the parameters had at the last step
        self._memory: list[Array | None] = []  # theirs, where an optimiser can write
        self._plan: tuple[Any, list[list[Piece]]] = (None, [])

    def prepare(self, kept: Mapping[str, float]) -> None:
        """Lay the rows out; at the first step, when lazy parameters have their shapes."""
        arrays = [p._data for p in self.params]
        if len(arrays) != len(self._arrays) or not all(map(operator.is_, arrays, self._arrays)):
            self._lay_out()
            self._arrays = arrays
            self._memory = [
                p.memory() if isinstance(p, Owned) and p.ndim and p.order == order else None
                for p, order in zip(self.params, self.orders, strict=True)
            ]
        for name, value in kept.items():
            if name not in self.rows:
                self.rows[name] = np.full(self.offsets[-1], value, self.dtype)

    def _lay_out(self) -> None:
        shapes = [p.shape for p in self.params]
        if self.rows or self.shapes:
            if shapes != self.shapes or any(p.dtype != self.dtype for p in self.params):
                raise StateError(
                    "Parameters changed shape or dtype after the optimiser's first step. Make a new optimiser."
                )
        else:
            dtypes = {p.dtype for p in self.params}
            if len(dtypes) > 1:
                raise SettingError(f"Parameters of one group need one dtype, not {', '.join(map(str, dtypes))}.")
            self.shapes, self.dtype = shapes, dtypes.pop()
            self.orders = [p.order if isinstance(p, Owned) else "C" for p in self.params]
            self.offsets = np.cumsum([0, *(p.size for p in self.params)]).tolist()

    def blocks(self, kept: Mapping[str, float]) -> Iterator[tuple[Array, Array, int, list[Array]]]:
        """Flat blocks of values and gradients, with the number of their step and what is kept beside them."""
        slopes = {i: slope for i, p in enumerate(self.params) if (slope := p._slope()) is not None}
        if not slopes:
            return
        self.prepare(kept)
        values: dict[int, Array] = {}
        copies: list[int] = []
        for i, slope in slopes.items():
            order, memory = self.orders[i], self._memory[i]
            slopes[i] = slope.ravel(order)
            if memory is None:
                copies.append(i)
                memory = self.params[i].data.flatten(order)
            values[i] = memory
            self.steps[i] += 1
        note_update(*values.values())
        rows = [self.rows[name] for name in kept]
        for pieces in self.plan(list(slopes)):
            first, last = pieces[0], pieces[-1]
            if first is last:
                w, g = values[first.number][first.start : first.stop], slopes[first.number][first.start : first.stop]
            else:
                w = np.concatenate([values[piece.number] for piece in pieces])
                g = np.concatenate([slopes[piece.number] for piece in pieces])
            where = slice(self.offsets[first.number] + first.start, self.offsets[last.number] + last.stop)
            yield w, g, self.steps[first.number], [row[where] for row in rows]
            if first is not last:
                for i, start, stop, at in pieces:
                    values[i][...] = w[at : at + stop - start]
        if copies:
            with no_grad():
                for i in copies:
                    self.params[i][...] = values[i].reshape(self.params[i].shape, order=self.orders[i])

    def plan(self, active: list[int]) -> list[list[Piece]]:
        """Which pieces make which block: neighbours with as many steps behind them share one."""
        if self._plan[0] == active:  # each has made one step more since
            return self._plan[1]
        blocks: list[list[Piece]] = []
        filled = BLOCK
        for i in active:
            size = self.params[i].size
            last = blocks[-1][-1].number if blocks else None
            if size and filled + size <= BLOCK and last == i - 1 and self.steps[last] == self.steps[i]:
                blocks[-1].append(Piece(i, 0, size, filled))
                filled += size
                continue
            parts = max(1, round(size / BLOCK)) if size else 0
            for k in range(parts):
                blocks.append([Piece(i, size * k // parts, size * (k + 1) // parts, 0)])
            filled = size
        self._plan = active, blocks
        return blocks

    # -- State

    def saved(self) -> dict[int, dict[str, Any]]:
        """What is kept for each parameter that was changed so far."""
        return {
            i: {"step": self.steps[i], **{name: self._part(row, i).copy() for name, row in self.rows.items()}}
            for i in range(len(self.params))
            if self.steps[i]
        }

    def _part(self, row: Array, i: int) -> Array:
        return row[self.offsets[i] : self.offsets[i + 1]].reshape(self.params[i].shape, order=self.orders[i])

    def checked(
        self, entries: Mapping[int, Mapping[str, Any]], kept: Mapping[str, float], title: str
    ) -> dict[int, tuple[int, dict[str, Array]]]:
        """``entries`` as arrays, if they fit."""
        found = {}
        for i, entry in entries.items():
            # PyTorch's SGD saves no step, and None where nothing is kept yet.
            arrays = {name: np.asarray(v) for name, v in entry.items() if name != "step" and v is not None}
            for name in kept:
                if name not in arrays:
                    raise StateError(f"{title}: {name} is missing for parameter {i}. Nothing was loaded.")
                if arrays[name].shape not in ((), self.params[i].shape):  # PyTorch's may be one number for all
                    raise StateError(
                        f"{title}: {name} of parameter {i} should have shape {self.params[i].shape} but has "
                        f"{arrays[name].shape}. Nothing was loaded."
                    )
            found[i] = int(np.asarray(entry.get("step", 1))), {name: arrays[name] for name in kept}
        return found

    def load(self, entries: Mapping[int, tuple[int, dict[str, Array]]], kept: Mapping[str, float]) -> None:
        """Take over what was checked; the rest starts anew."""
        self.rows, self.shapes, self._arrays, self.steps = {}, [], [], [0] * len(self.params)
        self._plan = None, []
        if not entries:
            return
        self.prepare(kept)
        for i, (steps, arrays) in entries.items():
            self.steps[i] = steps
            for name, array in arrays.items():
                self._part(self.rows[name], i)[...] = array
