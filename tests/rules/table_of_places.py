"""The rows of functions that move numbers without changing them: shapes, joining, places."""

import math

import numpy as np
from hypothesis import strategies as st

from . import cases as c
from .cases import case, one
from .row import Row, fixed

# -- Shapes -----------------------------------------------------------------------------------------------------------


def reshaping(shape):
    n = math.prod(shape)
    wanted = [(-1,), (1, n), tuple(reversed(shape)), (*shape, 1)] if n else [(0,), (0, 2), tuple(reversed(shape))]
    return st.sampled_from(wanted).map(lambda shape: {"shape": shape})


def transposing(shape):
    orders = st.permutations(range(len(shape))).flatmap(
        lambda axes: st.tuples(*[st.sampled_from([i, i - len(shape)]) for i in axes])
    )
    return st.fixed_dictionaries({"axes": st.none() | orders})


def swapping(shape):
    return st.fixed_dictionaries({"axis1": c.axis_of(shape), "axis2": c.axis_of(shape)})


def moving(shape):
    return st.fixed_dictionaries({"source": c.axis_of(shape), "destination": c.axis_of(shape)})


def expanding(shape):
    n = len(shape) + 1
    return st.fixed_dictionaries({"axis": st.integers(-n, n - 1) | st.just((0, -1))})


def broadcast_further(shape):
    wider = tuple(3 if n == 1 else n for n in shape)
    return st.sampled_from([shape, wider, (2, *wider), (0, *shape)]).map(lambda shape: {"shape": shape})


@st.composite
def parts(draw, joined=True, least=1):
    """Some arrays that can be joined along an axis."""
    shape = draw(c.shapes(least=least))
    axis = draw(st.integers(-len(shape), len(shape) - 1)) if joined else draw(st.integers(-len(shape) - 1, len(shape)))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    drawn = [list(shape) for _ in lengths]
    for part, n in zip(drawn, lengths, strict=True):
        if joined:
            part[axis] = n
    return [np.asarray(c.anything(rng, tuple(part))) for part in drawn], {"axis": axis}


@st.composite
def same_shape(draw, least=1, most=2):
    shape, number = draw(c.shapes(least=least, most=most)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return [c.anything(rng, shape) for _ in range(number)], {}


def splitting(shape):
    return c.axis_of(shape).flatmap(
        lambda axis: st.fixed_dictionaries(
            {
                "axis": st.just(axis),
                "indices_or_sections": st.sampled_from([n for n in (1, 2, 3) if shape[axis] % n == 0])
                | st.lists(st.integers(0, 3), max_size=3).map(sorted),
            }
        )
    )


def in_sections(shape):
    return st.fixed_dictionaries({"indices_or_sections": st.integers(1, 4), "axis": c.axis_of(shape)})


SHAPES = [
    Row("reshape", one(keywords=reshaping)),
    Row("ravel", one()),
    Row("transpose", one(keywords=transposing)),
    Row("matrix_transpose", one(least=2)),
    Row("swapaxes", one(least=1, keywords=swapping)),
    Row("moveaxis", one(least=1, keywords=moving)),
    Row("squeeze", one(longest=1, side=1)),
    Row("squeeze an axis", case(st.just([(2, 1, 3)]), c.anything, keywords=fixed(axis=[1, -2])),
        lambda m, a, axis: m.squeeze(a, axis)),
    Row("expand_dims", one(keywords=expanding)),
    Row("atleast_1d", one()),
    Row("atleast_2d", one()),
    Row("full_like", case(st.just([(2, 3), (3,)]), c.anything, c.anything)),
    Row("broadcast_to", one(keywords=broadcast_further)),
    Row("copy", one()),
    Row("concatenate", parts(), lambda m, *xs, axis: m.concatenate(xs, axis)),
    Row("concatenate flat", parts(), lambda m, *xs, axis: m.concatenate(xs, None)),
    Row("stack", same_shape(least=0), lambda m, *xs: m.stack(xs, -1)),
    Row("vstack", same_shape(), lambda m, *xs: m.vstack(xs)),
    Row("hstack", same_shape(), lambda m, *xs: m.hstack(xs)),
    Row("column_stack", same_shape(), lambda m, *xs: m.column_stack(xs)),
    Row("split", one(least=1, keywords=splitting)),
    Row("array_split", one(least=1, keywords=in_sections)),
]  # fmt: skip

# -- Places -----------------------------------------------------------------------------------------------------------


def turning(shape):
    return st.fixed_dictionaries({"k": st.integers(-5, 5), "axes": st.sampled_from([(0, 1), (-1, 0), (1, 0)])})


@st.composite
def rolled(draw):
    arrays, _ = draw(one(least=1))
    shape = arrays[0].shape
    shift, axis = draw(
        st.tuples(st.integers(-4, 4), st.none() | c.axis_of(shape))
        | st.just(((1, -2), (0, -1)))
        | st.just((1, (0, -1)))
        | st.just((np.int64(1), np.int64(-1)))
    )
    return arrays, {"shift": shift, "axis": axis}


@st.composite
def repeated(draw):
    arrays, keywords = draw(one(least=1, keywords=c.maybe_axis))
    n = arrays[0].size if keywords["axis"] is None else arrays[0].shape[keywords["axis"]]
    counts = st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=n, max_size=n)
    return arrays, keywords | {"repeats": draw(counts)}


def tiling(shape):
    return fixed(reps=[2, (2,), (1, 3), (2, 1, 2), (0, 2)])(shape)


def padding(shape):
    widths = st.sampled_from([1, (0, 2), tuple((i, 1) for i in range(len(shape)))])
    return st.fixed_dictionaries({"pad_width": widths})


def padding_with_mode(shape):
    modes = ["edge", "reflect", "symmetric", "wrap"]
    return st.fixed_dictionaries({"pad_width": st.sampled_from([1, (0, 2), (3, 1)]), "mode": st.sampled_from(modes)})


INDICES = [
    0, -1, slice(None), slice(None, None, -1), slice(1, None, 2), ..., None, (0, ...), (..., None, -1),
    (slice(1), None), [0, -1, 0, 0], np.array([[0, -1], [1, 1]]), ([0, -1, 0],), (..., [1, 0, 1]),
    ([0, 0, 1], [1, 1, 0]), ([[0], [1]], slice(None), [0, 1]), (slice(None), None, [1, 1]), ([0, 0], ..., 1),
]  # fmt: skip


def indexed(shape):
    masks = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).random(shape[:2]) < 0.5)
    return (st.sampled_from(INDICES) | masks | st.just([True, False])).map(lambda index: {"index": index})


def cube(domain=c.anything, keywords=c.nothing, shape=(2, 2, 3)):
    return case(st.just([shape]), domain, keywords=keywords)


def assigned(m, x, v, index):
    y = x.copy() if isinstance(x, np.ndarray) else x * 1.0
    y[index] = v
    return y


@st.composite
def assignments(draw):
    """An array, where to put something, and something that broadcasts there; places may repeat."""
    arrays, keywords = draw(cube(keywords=indexed))
    shape = arrays[0][keywords["index"]].shape
    shape = draw(st.sampled_from([shape, shape[1:], tuple(1 for _ in shape), ()]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return [arrays[0], np.asarray(c.anything(rng, shape))], keywords


def taking(shape):
    indices = st.sampled_from([0, -1, [1, 0, 1, 1], [[0, 1], [-1, 0]], np.array([0])])
    return st.fixed_dictionaries({"indices": indices, "axis": st.none() | c.axis_of(shape)})


def taking_along(shape):
    def keywords(axis, seed):
        places = list(shape)
        places[axis] = 4
        return {"axis": axis, "indices": np.random.default_rng(seed).integers(0, shape[axis], places)}

    return st.builds(keywords, c.axis_of(shape), st.integers(0, 999))


def diagonals(shape):
    pairs = st.sampled_from([(0, 1), (-1, 0), (1, -1)])
    return st.builds(lambda k, p: {"offset": k, "axis1": p[0], "axis2": p[1]}, st.integers(-3, 3), pairs)


PLACES = [
    Row("flip", one(keywords=lambda shape: st.fixed_dictionaries({"axis": c.some_axes(shape)}))),
    Row("rot90", one(least=2, keywords=turning)),
    Row("roll", rolled().filter(lambda case: case[0][0].ndim > 1 or not isinstance(case[1]["axis"], tuple))),
    Row("repeat", repeated()),
    Row("tile", one(keywords=tiling)),
    Row("pad", one(least=1, keywords=padding)),
    Row(
        "pad with a number",
        one(least=1, keywords=padding),
        lambda m, a, pad_width: m.pad(a, pad_width, constant_values=2.0),
    ),
    Row("pad with itself", one(least=1, side=2, most=2, keywords=padding_with_mode)),
    Row("Tensor.__getitem__", cube(keywords=indexed), lambda m, x, index: x[index]),
    Row("Tensor.__setitem__", assignments(), assigned),
    Row("take", one(least=1, side=2, keywords=taking)),
    Row("take_along_axis", one(least=1, side=1, keywords=taking_along)),
    Row("sort", one(c.distinct, c.one_axis, least=1), kinks=one(c.tied, c.one_axis, least=1), open=True),
    Row("diagonal", cube(keywords=diagonals, shape=(3, 2, 3))),
    Row("trace", cube(keywords=diagonals, shape=(3, 2, 3))),
    Row("diag", one(least=1, most=2, keywords=fixed(k=[-2, -1, 0, 1, 3]))),
    Row("tril", one(least=2, keywords=fixed(k=[-2, -1, 0, 1, 3]))),
    Row("triu", one(least=2, keywords=fixed(k=[-2, -1, 0, 1, 3]))),
]
