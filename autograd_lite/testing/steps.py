"""The steps that random programs are made of, as lines of code with gaps, and how each gap is filled.

A gap for an array is named by what is asked of the array: ``{any}`` takes any, ``{positive}`` one of positive numbers,
``{ij}`` a matrix whose sides have the lengths of i and j. If no array is so, one is made so, by a line of code as well.
The other gaps depend on the array before them: ``{axis}`` is one of its axes, ``{partner}`` broadcasts with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

Shape = tuple[int, ...]
LARGEST = 64  # elements of an array

# -- The steps --------------------------------------------------------------------------------------------------------

ANY = [
    "positive",
    "negative",
    "square",
    "sin",
    "cos",
    "arctan",
    "tanh",
    "sigmoid",
    "erf",
    "arcsinh",
    "abs",
    "fabs",
    "absolute",
    "relu",
    "copy",
    "ravel",
]
MODERATE = ["exp", "exp2", "expm1", "sinh", "cosh"]
POSITIVE = ["sqrt", "log", "log2", "log10", "log1p", "reciprocal", "cbrt"]
UNIT = ["arcsin", "arccos", "arctanh", "tan"]
PAIRS = ["add", "subtract", "multiply", "maximum", "minimum"]
REDUCTIONS = ["sum", "prod", "mean", "average", "max", "min", "amax", "amin", "ptp", "median", "var", "logsumexp"]
CONTRACTIONS = [
    "ij,jk->ik", "ij,ij", "ij,ij->i", "i,j->ij", "bij,bjk->bik", "ij,jk", "ji,i", "i,i,i->", "ij,jk,ki->",
    "kk->k", "kk", "ij->ji", "ij->", "kkj->j",
]  # fmt: skip

ELEMENTWISE = [
    *(f"ag.{name}({{any}})" for name in ANY),
    *(f"ag.{name}({{moderate}})" for name in MODERATE),
    *(f"ag.{name}({{positive}})" for name in POSITIVE),
    *(f"ag.{name}({{unit}})" for name in UNIT),
    *(f"ag.{name}({{any}}, {{partner}})" for name in PAIRS),
    *("{any} + {partner}", "{any} - {partner}", "{any} * {partner}", "-{any}", "1 - {any}", "2 / {positive}"),
    *("{any} ** 2", "{any} ** 0", "{positive} ** -1.5", "2.0 ** {moderate}", "{positive} ** ag.sin({partner})"),
    "{any} / (1.5 + ag.sin({partner}))",
    "ag.divide({any}, 1.5 + ag.sin({partner}))",
    "ag.power({positive}, ag.sin({partner}))",
    "ag.power({any}, 3)",
    "ag.arccosh(1 + {positive})",
    "ag.hypot({positive}, {partner})",
    "ag.arctan2({any}, 1.5 + ag.sin({partner}))",
    "ag.logaddexp({moderate}, ag.sin({partner}))",
    "ag.remainder(8 + 0.3 * {unit}, 3 + 0.1 * ag.sin({partner}))",
    "ag.clip({any}, {bound}, None)",
    "ag.clip({any}, None, {bound})",
    "ag.clip({any}, -0.5, 0.75)",
    "ag.maximum({any}, {bound})",
    "ag.where({any} > 0, {partner}, {partner})",
    "ag.where({any} > {partner}, 0.0, {partner})",
]

ALONG_AXES = [
    *(f"ag.{name}({{any}}, axis={{axes}}, keepdims={{flag}})" for name in REDUCTIONS if name not in ("var", "average")),
    *("ag.var({any}, axis={axes}, keepdims={flag})", "ag.var({any}, ddof=0.5)"),
    *("ag.average({rows}, {axis})", "ag.average({rows}, weights=1.5 + ag.sin({same}))"),
    "ag.std(np.arange(6.0).reshape(2, 3) + ag.sin({ij}), axis={axis}, keepdims={flag})",
    "ag.std(np.arange(6.0).reshape(2, 3) + ag.sin({ij}))",
    *("ag.cumsum({rows}, {axis})", "ag.cumsum({any})", "ag.cumprod({rows}, {axis})", "ag.cumprod({any})"),
    *("ag.softmax({rows}, {axis})", "ag.log_softmax({rows}, {axis})"),
    *("ag.norm({positive})", "ag.norm(1.5 + ag.sin({rows}), {ord}, {axis}, {flag})"),
    *("ag.sort({rows}, {axis})", "ag.flip({any}, {axes})", "ag.roll({rows}, {small}, {axis})"),
]

SHAPES = [
    *("ag.reshape({any}, {newshape})", "ag.transpose({any}, {order})", "{any}.T", "ag.matrix_transpose({ij})"),
    *("ag.swapaxes({rows}, {axis}, {axis})", "ag.moveaxis({rows}, {axis}, {axis})", "ag.squeeze({any})"),
    *("ag.expand_dims({any}, {newaxis})", "ag.atleast_1d({any})", "ag.atleast_2d({any})", "ag.full_like({any}, {one})"),
    *("ag.broadcast_to({any}, {wider})", "ag.astype({any}, np.float64)"),
    *("ag.concatenate([{rows}, {same}], {axis})", "ag.concatenate([{any}, {any}, {any}], None)"),
    *("ag.stack([{any}, {same}], {newaxis})", "ag.vstack([{rows}, {same}])", "ag.hstack([{rows}, {same}])"),
    *("ag.column_stack([{ij}, {i}])", "ag.split({rows}, [1], {axis})[{end}]", "ag.array_split({rows}, 2, {axis})[0]"),
    *("ag.rot90({ij}, {small})", "ag.tile({any}, {reps})"),
    *("ag.repeat({rows}, 2, {axis})", "ag.repeat({ij}, [2, 1], 0)"),
    *("ag.pad({rows}, {widths})", "ag.pad({rows}, {widths}, mode={mode})", "ag.pad({rows}, 1, constant_values=2.0)"),
]

PLACES = [
    *("{rows}[{index}]", "{any}[{index}]", "ag.take({rows}, [0, -1, 0], {axis})"),
    *("ag.take_along_axis({ij}, np.asarray([[0, 1, 0], [2, 2, 0]]), -1)", "ag.take({any}, [[0, -1], [0, 0]])"),
    *("ag.diagonal({ij}, {small})", "ag.trace({ij}, {small})", "ag.diag({i}, {small})", "ag.diag({ij}, {small})"),
    *("ag.tril({ij}, {small})", "ag.triu({ij}, {small})"),
    "{out} = ag.copy({rows})\n{out}[{index}] = {into}",
    "{out} = {rows} * 1.0\n{out}[{index}] = {into}\n{out}[0] = {out}[-1] * 2",
    "{out} = {rows} * 1.0\n{out}[{index}] *= {into}",
    "{out} = {rows} * 1.0\nbefore = {out}[0] * 2\n{out}[{index}] = {into}\n{out} = {out} * before",
    *(f"{{out}} = {{any}} * 1.0\n{{out}} {sign}= {{below}}" for sign in "+-*"),
    "{out} = {any} * 1.0\n{out} /= 1.5 + ag.sin({below})",
]

PRODUCTS = [
    *("{ij} @ {jk}", "{bij} @ {jk}", "{i} @ {ij}", "ag.matmul({ij}, {bjk})", "ag.matmul({bij}, {j})"),
    *("ag.dot({ij}, {jk})", "ag.dot({i}, {i})", "ag.dot({bij}, {j})", "ag.dot({one}, {any})", "ag.vdot({any}, {same})"),
    *("ag.inner({ij}, {kj})", "ag.outer({ij}, {k})", "ag.kron({ij}, {k})", "ag.kron({ij}, {kl})"),
    *("ag.tensordot({ij}, {jk}, 1)", "ag.tensordot({ij}, {ij}, 2)", "ag.tensordot({ij}, {kj}, (1, -1))"),
    *("ag.tensordot({i}, {kj}, 0)", "ag.cross({j}, {j})", "ag.cross({ij}, {j})"),
    *(f"ag.einsum({f!r}, {{{'}, {'.join(f.partition('->')[0].split(','))}}})" for f in CONTRACTIONS),
]  # fmt: skip

NETWORKS = [
    *("ag.gelu({any})", "ag.gelu({any}, 'tanh')", "ag.linear({ij}, {kj}, {k})", "ag.linear({bij}, {kj})"),
    "ag.lstm({ing}, {gk}, {nk}, {nk})[{end}]",
    "ag.softmax_cross_entropy({ij}, np.asarray([2, 0]), np.asarray([0.5, 1.5]))",
    "ag.normalize({nchw}, (0, 2, 3), {chi}[:, :1, :1], {one}, 0.5)[0]",
    "ag.normalize({ij}, -1, {j}, {j}, 0.5)[0]",
    "ag.conv2d({nchw}, {ockl}, {o}, stride={stride}, padding={flag} * 1)",
    "ag.conv2d({nchw}, {ockl}, dilation={stride}, padding=1)",
    "ag.conv2d({nchw}, {o}[:, None, None, None], groups=2)",
    "ag.conv_transpose2d({nchw}, {cokl}, {o}, stride={stride}, padding={flag} * 1)",
    "ag.im2col({nchw}, 2, {stride}, {flag} * 1)",
    "ag.col2im({columns}, (1, 2, 3, 3), 2)",
    "ag.max_pool2d({nchw}, 2, {stride}, {flag} * 1, ceil_mode={flag})",
    "ag.avg_pool2d({nchw}, 2, {stride}, {flag} * 1, count_include_pad={flag})",
]

RECORDING = [
    "ag.Tensor.detach({any})",
    "{any} * ag.Tensor.detach({partner})",
    "with ag.no_grad():\n    {out} = {any} * 2",
    "with ag.enable_grad():\n    {out} = {any} * 2",
]

STEPS = [*ELEMENTWISE, *ALONG_AXES, *SHAPES, *PLACES, *PRODUCTS, *NETWORKS, *RECORDING]

# -- Gaps for arrays: what is asked of an array, and how one is made so -----------------------------------------------

LENGTHS = {"i": 2, "j": 3, "k": 2, "l": 2, "b": 2, "n": 1, "c": 2, "h": 3, "w": 3, "o": 2, "g": 8}

KINDS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "any": (lambda a: True, "{}"),
    "moderate": (lambda a: np.abs(a).max() <= 3, "ag.tanh({})"),
    "positive": (lambda a: a.min() > 0.2, "(1.5 + ag.sin({}))"),
    "unit": (lambda a: np.abs(a).max() < 0.9, "(0.8 * ag.sin({}))"),
    "rows": (lambda a: a.ndim > 0, "ag.atleast_1d({})"),
    "one": (lambda a: a.ndim == 0, "ag.sum({})"),
    "columns": (lambda a: a.shape == (4, 8), "ag.reshape(ag.tile(ag.ravel({}), 32)[:32], (4, 8))"),
}


@cache
def kind(name: str) -> tuple[Callable[[np.ndarray], Any], str]:
    """What a gap asks of an array; a word that names no kind gives the lengths of the sides by its letters."""
    if name in KINDS:
        return KINDS[name]
    shape = tuple(LENGTHS[letter] for letter in name)
    n = math.prod(shape)
    return lambda a: a.shape == shape, f"ag.reshape(ag.tile(ag.ravel({{}}), {n})[:{n}], {shape})"


@cache
def _result(shape: Shape, other: Shape) -> Shape | None:
    try:
        both = np.broadcast_shapes(shape, other)
    except ValueError:
        return None
    return both if math.prod(both) <= LARGEST else None


# Gaps for arrays that depend on the shape before them: whether a shape fits, and how to make one that does.
RELATED: dict[str, tuple[Callable[[Shape, Shape], bool], str]] = {
    "partner": (lambda shape, other: _result(shape, other) is not None, "ag.sum({})"),
    "same": (lambda shape, other: shape == other, "ag.broadcast_to(ag.sum({}), {shape})"),
    "below": (lambda shape, other: _result(shape, other) == shape, "ag.sum({})"),
    "into": (lambda shape, other: _result(shape, other) == shape, "ag.sum({})"),
}


# -- Gaps for everything else: the choices that a shape leaves --------------------------------------------------------


def _axes(shape: Shape) -> Iterator[Any]:
    """Axes in every form: None, a number, a tuple, counted from either end."""
    n = len(shape)
    yield from (None, *range(-n, n))
    for many in range(n + 1):
        for axes in itertools.permutations(range(n), many):
            yield axes
            yield tuple(i - n for i in axes[:1]) + axes[1:]


def _shapes(shape: Shape) -> Iterator[Shape]:
    n = math.prod(shape)
    yield from ((-1,), (n, 1), (1, -1), shape[::-1], (*shape, 1))
    yield from ((k, n // k) for k in (2, 3) if n % k == 0)


def _orders(shape: Shape) -> Iterator[Any]:
    yield None
    for axes in itertools.permutations(range(len(shape))):
        yield axes
        yield tuple(i - len(shape) for i in axes)


def _indices(shape: Shape) -> Iterator[str]:
    """Indices of every kind: a number, slices, an ellipsis, new axes, lists with repeats, masks, mixtures of them."""
    yield from ("...", "None", "..., None")
    if shape:
        yield from ("0", "-1", "::-1", "1:", ":1", "None, 0", "[0, -1, 0]", "[[0, -1], [-1, 0]]", "..., 0", "..., ::2")
        yield str(([True, False] * shape[0])[: shape[0]])
    if len(shape) > 1:
        yield from ("0, -1", ":, 0", "1:, ::-1", "[0, -1], [0, 0]", ":, [0, 0, -1]")
        yield from ("[0, 0], None, -1", "[[0], [-1]], [0, -1]")
        yield str([([True, False] * shape[1])[k % 2 :][: shape[1]] for k in range(shape[0])])


CHOICES: dict[str, Callable[[Shape], Any]] = {
    "axis": lambda shape: range(-len(shape), len(shape)),
    "axes": _axes,
    "newaxis": lambda shape: range(-len(shape) - 1, len(shape) + 1),
    "newshape": _shapes,
    "wider": lambda shape: [shape, (2, *shape), tuple(2 if n == 1 else n for n in shape)],
    "order": _orders,
    "index": _indices,
    "flag": lambda shape: [False, True],
    "small": lambda shape: [0, 1, -1, 2],
    "stride": lambda shape: [1, 2],
    "end": lambda shape: [0, -1],
    "bound": lambda shape: [0.0, 0.5, -1.0],
    "ord": lambda shape: ["None", 1, 2, 3, 2.5, "np.inf", "-np.inf"],
    "reps": lambda shape: [2, (2,), (1, 2), (2, 1, 1)],
    "widths": lambda shape: [1, (0, 2), *([((0, 1), (1, 0))] if len(shape) == 2 else [])],
    "mode": lambda shape: ["'edge'", "'reflect'", "'symmetric'", "'wrap'"],
}


@cache
def choices(name: str, shape: Shape) -> Sequence[str]:
    """What a gap may be filled with, as code."""
    return [str(choice) for choice in CHOICES[name](shape)]
