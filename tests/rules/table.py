"""One row for every differentiable function: how to call it, on what, and where its kinks are.

The rows drive all tests in this folder. ``call`` is written once for both sides: ``m`` is ``autograd_lite`` with
tensors, or ``references`` (NumPy, and slow code for what NumPy lacks) with arrays.
"""

import numpy as np
from hypothesis import strategies as st

from . import cases as c
from .cases import case, fitting, images, one, pair, pooled
from .row import Row, fixed
from .table_of_places import PLACES, SHAPES

# -- Functions of single numbers --------------------------------------------------------------------------------------

ARITHMETIC = [
    Row("add", pair()),
    Row("subtract", pair()),
    Row("multiply", pair()),
    Row("divide", pair(c.anything, c.away_from_zero)),
    Row("remainder", pair(c.near_half, c.steps)),
    Row("add operators", pair(), lambda m, a, b: (2 + a) + b - (1 - b)),
    Row("multiply operators", pair(c.away_from_zero), lambda m, a, b: (2 * a) * b / (3 / a) / b),
    Row("negative", one(), lambda m, a: -a),
    Row("positive", one()),
    Row("power", pair(c.positive, c.moderate)),
    Row("power by arrays with 0", pair(c.positive, c.with_zeros), lambda m, a, b: m.power(a, b)),
    Row("power of 0", pair(c.with_zeros, c.above_one), lambda m, a, b: m.power(m.abs(a), b + 2.5)),
    Row("power by a number", one(c.away_from_zero, fixed(n=[-2, -1, 0, 1, 2, 3, 4, 2.0])), lambda m, a, n: a**n),
    Row("power by a broken number", one(c.positive, fixed(n=[-0.5, 0.5, 1.5])), lambda m, a, n: m.power(a, n)),
    Row("power of 0 by a number", one(c.with_zeros, fixed(n=[0, 1, 2, 3])), lambda m, a, n: m.power(a, n)),
    Row("power of a number", one(), lambda m, a: 2.0**a),
    Row("square", one()),
    Row("sqrt", one(c.positive)),
    Row("cbrt", one(c.away_from_zero)),
    Row("reciprocal", one(c.away_from_zero)),
    Row("hypot", pair(c.away_from_zero)),
    Row("exp", one(c.moderate)),
    Row("exp2", one(c.moderate)),
    Row("expm1", one(c.moderate)),
    Row("log", one(c.positive)),
    Row("log2", one(c.positive)),
    Row("log10", one(c.positive)),
    Row("log1p", one(c.not_below_minus_one)),
    Row("logaddexp", pair(c.moderate)),
    Row("sigmoid", one()),
    Row("erf", one(c.moderate)),
    Row("gelu", one(c.moderate, fixed(approximate=["none", "tanh"]))),
]

TRIGONOMETRY = [
    Row("sin", one()),
    Row("cos", one()),
    Row("tan", one(c.short_of_a_right_angle)),
    Row("arcsin", one(c.inside_one)),
    Row("arccos", one(c.inside_one)),
    Row("arctan", one()),
    Row("arctan2", pair(c.away_from_zero)),
    Row("sinh", one(c.moderate)),
    Row("cosh", one(c.moderate)),
    Row("tanh", one(c.moderate)),
    Row("arcsinh", one()),
    Row("arccosh", one(c.above_one)),
    Row("arctanh", one(c.inside_one)),
]


@st.composite
def branches(draw):
    """A condition and two branches that broadcast with each other."""
    drawn = draw(c.broadcasting(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return [c.anything(rng, drawn[1]), c.anything(rng, drawn[2])], {"condition": rng.random(drawn[0]) < 0.5}


def clipped(shape):
    return st.sampled_from([(-1.25, 1.25), (None, 0.25), (-0.75, None), (0.25, 0.75)]).map(
        lambda bounds: {"a_min": bounds[0], "a_max": bounds[1]}
    )


CHOICES = [
    Row("abs", one(c.away_from_zero), kinks=one(c.tied)),
    Row("absolute", one(c.away_from_zero)),
    Row("fabs", one(c.away_from_zero), kinks=one(c.tied)),
    Row("relu", one(c.away_from_zero), kinks=one(c.tied)),
    Row("maximum", pair(c.near_whole, c.near_half), kinks=pair(c.tied)),
    Row("minimum", pair(c.near_whole, c.near_half), kinks=pair(c.tied)),
    Row("maximum of a number", one(c.away_from_zero), lambda m, a: m.maximum(a, 0.0), kinks=one(c.tied)),
    Row("clip", one(c.near_whole, clipped), kinks=one(c.tied, fixed(a_min=[-1.0, 0.0], a_max=[0.5, 1.0]))),
    Row("where", branches(), lambda m, a, b, condition: m.where(condition, a, b)),
    Row("where and a number", branches(), lambda m, a, b, condition: m.where(condition, a * b, 0.0)),
]

# -- Reductions -------------------------------------------------------------------------------------------------------

FULL = {"side": 1}  # nothing to take a maximum of is an error
reducing = c.reducing


@st.composite
def weighted(draw):
    (a,), _ = draw(one(side=1, least=1))
    axis = draw(st.none() | c.axis_of(a.shape))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = a.shape if axis is None or draw(st.booleans()) else (a.shape[axis],)
    return [a, c.positive(rng, shape)], {"axis": axis}


def spread(shape):
    return st.fixed_dictionaries({"axis": c.some_axes(shape)}, optional={"keepdims": st.booleans(),
                                                                       "ddof": st.sampled_from([0, 0.5])})  # fmt: skip


@st.composite
def norms(draw):
    (x,), keywords = draw(one(c.distinct, c.one_axis, side=1, least=1))
    ords = [None, 1, 2, 2.5, 3, np.inf, -np.inf]
    return [x], keywords | {"ord": draw(st.sampled_from(ords)), "keepdims": draw(st.booleans())}


REDUCTIONS = [
    Row("sum", one(keywords=reducing)),
    Row("prod", one(c.away_from_zero, reducing)),
    Row("prod with zeros", one(c.with_zeros, reducing), lambda m, a, **k: m.prod(a, **k)),
    Row("cumsum", one(keywords=c.maybe_axis)),
    Row("cumprod", one(c.away_from_zero, c.maybe_axis)),
    Row("cumprod with zeros", one(c.with_zeros, c.maybe_axis), lambda m, a, **k: m.cumprod(a, **k)),
    Row("mean", one(keywords=reducing, **FULL)),
    Row("average", one(keywords=reducing, **FULL)),
    Row("average with weights", weighted(), lambda m, a, w, axis: m.average(a, axis, w)),
    Row("median", one(c.distinct, reducing, **FULL), kinks=one(c.tied, reducing, **FULL), open=True),
    Row("var", one(keywords=spread, **FULL)),
    Row("std", one(c.distinct, spread, side=2, least=1)),
    Row("max", one(c.distinct, reducing, **FULL), kinks=one(c.tied, reducing, **FULL)),
    Row("amax", one(c.distinct, reducing, **FULL)),
    Row("min", one(c.distinct, reducing, **FULL), kinks=one(c.tied, reducing, **FULL)),
    Row("amin", one(c.distinct, reducing, **FULL)),
    Row("ptp", one(c.distinct, reducing, **FULL), kinks=one(c.tied, reducing, **FULL), open=True),
    Row("logsumexp", one(c.moderate, reducing, **FULL)),
    Row("softmax", one(c.moderate, c.one_axis, side=1, least=1)),
    Row("log_softmax", one(c.moderate, c.one_axis, side=1, least=1)),
    Row("norm", norms()),
    Row("norm of all", one(c.distinct, side=1), lambda m, x: m.norm(x)),
    Row("norm of matrices", one(c.distinct, side=1, least=2),
        lambda m, x: m.norm(x, axis=(0, -1), keepdims=True)),
]  # fmt: skip

# -- Products ---------------------------------------------------------------------------------------------------------


def products(*forms, **more):
    return st.sampled_from(forms).flatmap(lambda form: fitting(*form, **more))


CONTRACTIONS = [
    "ij,jk->ik", "ij,ij", "ij,ij->i", "i,j->ij", "bij,bjk->bik", "ij,jk", "ji,i", "i,i,i->", "ij,jk,kl->il", "ij,i->j",
    "ii->i", "ii", "ij->ji", "ij->", "iij->j", "ij,kl->ijkl",
]  # fmt: skip


@st.composite
def contracted(draw):
    subscripts = draw(st.sampled_from(CONTRACTIONS))
    arrays, _ = draw(fitting(*subscripts.partition("->")[0].split(",")))
    return arrays, {"subscripts": subscripts}


@st.composite
def repeated_in_einsum(draw):
    """The same letter stands for an axis of length 1 here and for a longer one, or an empty one, there."""
    subscripts = draw(st.sampled_from(["ij,ij->i", "ij,jk->ik", "ij,jk", "ij,ij,ij->", "...i,...i->...", "ii,i->i"]))
    letters = subscripts.partition("->")[0].replace("...", "ab").split(",")
    arrays, _ = draw(fitting(*letters))
    alone = {letter: draw(st.integers(0, len(letters) - 1)) for letter in sorted(set("".join(letters)))}
    for k, word in enumerate(letters):
        ones = tuple(slice(None if alone[letter] == k else 1) for letter in word)
        arrays[k] = arrays[k][ones]
    return arrays, {"subscripts": subscripts}


@st.composite
def tensordots(draw):
    forms = [(("ij", "jk"), 1), (("ijk", "jkl"), 2), (("ij", "kl"), 0), (("ij", "kj"), (1, -1)),
             (("ijk", "kil"), ([0, 2], [1, 0])), (("ij", "ij"), 2), (("ij", "jk"), np.int64(1))]  # fmt: skip
    letters, axes = draw(st.sampled_from(forms))
    arrays, _ = draw(fitting(*letters))
    return arrays, {"axes": axes}


PRODUCTS = [
    Row("matmul", products(("ij", "jk"), ("bij", "bjk"), ("bij", "jk"), ("ij", "bjk"), ("i", "i"), ("ij", "j"),
                           ("j", "jk"), ("j", "bjk"), ("bij", "j"))),
    Row("matmul operator", products(("ij", "jk"), ("bij", "jk"), ("i", "ij")), lambda m, a, b: a @ b),
    Row("dot", products(("i", "i"), ("ij", "jk"), ("ij", "j"), ("", "ij"), ("ij", ""), ("abi", "i"), ("ai", "bij"))),
    Row("inner", products(("i", "i"), ("ij", "kj"), ("ij", "j"), ("", "ij"))),
    Row("vdot", products(("i", "i"), ("ij", "ij"))),
    Row("outer", products(("i", "j"), ("ij", "k"), ("", "i"))),
    Row("tensordot", tensordots()),
    Row("einsum", contracted(), lambda m, *xs, subscripts: m.einsum(subscripts, *xs)),
    Row("einsum of repeated axes", repeated_in_einsum(), lambda m, *xs, subscripts: m.einsum(subscripts, *xs)),
    Row("kron", products(("i", "j"), ("ij", "kl"), ("i", "jk"))),
    Row("cross", case(st.sampled_from([[(3,), (3,)], [(2, 3), (2, 3)], [(2, 3), (3,)]]), c.moderate, c.moderate)),
    Row("cross columns", case(st.sampled_from([[(3,), (3,)], [(3, 2), (3, 2)], [(3, 2), (3,)], [(3,), (3, 3)]]),
                              c.moderate, c.moderate, keywords=fixed(axis=[0]))),
]  # fmt: skip

# -- Networks ---------------------------------------------------------------------------------------------------------


@st.composite
def classified(draw):
    (logits,), _ = draw(one(c.moderate, least=2, most=2, side=1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.integers(0, logits.shape[1], len(logits))
    return [logits], {"labels": labels, "scale": rng.random(len(logits))}


@st.composite
def normalized(draw, even):
    """Batch, layer and group normalisation; gamma and beta are the same along the axes, or may change along any."""
    arrays, _ = draw(fitting("nchw", "chw", side=2))
    axis = draw(st.sampled_from([(0, 2, 3), (-1,), (1, 2, 3)]))
    x = arrays[0] * np.exp2(draw(st.integers(-1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parameters = []
    for _ in range(2):
        repeated = {i % 4 for i in axis} if even else draw(st.sets(st.integers(0, 3)))
        parameters.append(c.anything(rng, tuple(1 if i in repeated else n for i, n in enumerate(x.shape))))
    return [x, *parameters], {"axis": axis}


@st.composite
def sequences(draw):
    steps, n, width = (draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return [c.moderate(rng, s) for s in ((steps, n, 4 * width), (4 * width, width), (n, width), (n, width))], {}


def normalize(m, x, gamma, beta, axis):
    return m.normalize(x, axis, gamma, beta, 0.01)[0]


NETWORKS = [
    Row("linear", products(("ni", "oi", "o"), ("ni", "oi"), ("i", "oi", "o"), ("abi", "oi", "o"))),
    Row("softmax_cross_entropy", classified()),
    Row("normalize", normalized(False), normalize),
    Row("normalize evenly", normalized(True), normalize),
    Row("lstm", sequences(), lambda m, *arrays: m.stack(m.lstm(*arrays))),
    Row("conv2d", images(filters=True, bias=True)),
    Row("conv2d without bias", images(filters=True)),
    Row("conv_transpose2d", images(filters=True, bias=True, transposed=True)),
    Row("im2col", images()),
    Row("col2im", c.columns()),
    Row("max_pool2d", pooled(dilated=True), kinks=pooled(c.tied, dilated=True)),
    Row("avg_pool2d", pooled(c.anything, count_include_pad=st.booleans())),
]  # fmt: skip

# A dtype is no domain of numbers, so its row is apart from those that are tried in all dtypes.
KINDS = [Row("astype", one(), lambda m, a: m.astype(a, np.float64))]

ROWS = [
    *ARITHMETIC, *TRIGONOMETRY, *CHOICES, *REDUCTIONS, *SHAPES, *PLACES, *PRODUCTS, *NETWORKS, *KINDS,
]  # fmt: skip
