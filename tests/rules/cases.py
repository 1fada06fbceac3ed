"""Inputs for the rules: shapes, numbers in a domain, and keyword arguments that fit them, drawn by hypothesis.

A case is a pair (arrays, keywords). Hypothesis draws shapes, keywords and a seed; the numbers come from the seed, so
that a domain is met by construction and no example is thrown away.
"""

import math

import numpy as np
from hypothesis import strategies as st

# -- Domains: numbers for a shape -------------------------------------------------------------------------------------


def anything(rng, shape):
    """Numbers of either sign, from 1/100 to about 10 in size."""
    return sign(rng, shape) * 10 ** rng.uniform(-2, 1, shape)


def moderate(rng, shape):
    return rng.uniform(-2, 2, shape)


def positive(rng, shape):
    return 10 ** rng.uniform(-2, 1, shape)


def away_from_zero(rng, shape):
    return sign(rng, shape) * rng.uniform(0.3, 3, shape)


def inside_one(rng, shape):
    return rng.uniform(-0.9, 0.9, shape)


def above_one(rng, shape):
    return rng.uniform(1.1, 4, shape)


def not_below_minus_one(rng, shape):
    return rng.uniform(-0.8, 3, shape)


def short_of_a_right_angle(rng, shape):
    return rng.uniform(-1.3, 1.3, shape)


def near_whole(rng, shape):
    """Within 1/10 of a whole number: never near what ``near_half`` gives."""
    return rng.integers(-4, 5, shape) + rng.uniform(-0.1, 0.1, shape)


def near_half(rng, shape):
    return near_whole(rng, shape) + 0.5


def steps(rng, shape):
    """Divisors whose multiples are never near ``near_half``."""
    return rng.choice([-3, -2, 2, 3], shape) + rng.uniform(-0.01, 0.01, shape)


def distinct(rng, shape):
    """Numbers of which no two are closer than 1/10, nor closer than 1/20 to 0."""
    n = math.prod(shape)
    return 0.3 * (rng.permutation(n).reshape(shape) - n // 2) + rng.uniform(0.06, 0.2, shape)


def with_zeros(rng, shape):
    return rng.choice([0.0, 1.0, 1.0], shape) * away_from_zero(rng, shape)


def tied(rng, shape):
    """Few different numbers, so that ties are common; 0 among them."""
    return rng.choice([-1.0, 0.0, 1.0], shape)


def sign(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


# -- Shapes -----------------------------------------------------------------------------------------------------------


def shapes(least=0, most=3, side=0, longest=3):
    return st.lists(st.integers(side, longest), min_size=least, max_size=most).map(tuple)


@st.composite
def broadcasting(draw, number=2, side=0):
    """Shapes that broadcast to one: axes of length 1, and axes missing in front."""
    full = draw(shapes(side=side))
    return [
        tuple(1 if draw(st.booleans()) else n for n in full)[draw(st.integers(0, len(full))) :] if k else full
        for k in draw(st.permutations(range(number)))
    ]


# -- Keywords: strategies that depend on the shape of the first array -------------------------------------------------


def axis_of(shape):
    """One axis, counted from the front or from the back."""
    return st.integers(-len(shape), len(shape) - 1)


def some_axes(shape):
    """Axes in every form: None, a number, a tuple."""
    if not shape:
        return st.sampled_from([None, ()])
    several = st.lists(st.integers(0, len(shape) - 1), unique=True).flatmap(
        lambda axes: st.tuples(*[st.sampled_from([i, i - len(shape)]) for i in axes])
    )
    return st.none() | axis_of(shape) | several


def reducing(shape):
    return st.fixed_dictionaries({"axis": some_axes(shape)}, optional={"keepdims": st.booleans()})


def reducing_with_ddof(shape):
    return st.fixed_dictionaries({"axis": some_axes(shape)}, optional={"ddof": st.just(0)})


def maybe_axis(shape):
    return st.fixed_dictionaries({"axis": st.none() | axis_of(shape) if shape else st.none()})


def one_axis(shape):
    return st.fixed_dictionaries({"axis": axis_of(shape)})


def nothing(shape):
    return st.just({})


# -- Cases ------------------------------------------------------------------------------------------------------------


@st.composite
def case(draw, strategy_of_shapes, *domains, keywords=nothing):
    """Arrays of the drawn shapes, each with numbers of its domain, and keywords for the first shape."""
    drawn = draw(strategy_of_shapes)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = [np.asarray(domain(rng, shape)) for domain, shape in zip(domains, drawn, strict=True)]
    return arrays, draw(keywords(drawn[0]))


def one(domain=anything, keywords=nothing, **limits):
    """One array."""
    return case(shapes(**limits).map(lambda shape: [shape]), domain, keywords=keywords)


def pair(first=anything, second=None, keywords=nothing):
    """Two arrays that broadcast."""
    return case(broadcasting(), first, second or first, keywords=keywords)


def fitting(*letters, domain=moderate, keywords=nothing, side=0):
    """Arrays whose axes are named: the same letter, the same length; ``"ij", "jk"`` for a product of matrices."""
    names = sorted(set("".join(letters)))
    lengths = st.fixed_dictionaries({name: st.integers(side, 3) for name in names})
    drawn = lengths.map(lambda n: [tuple(n[c] for c in word) for word in letters])
    return case(drawn, *[domain] * len(letters), keywords=keywords)


@st.composite
def images(draw, *, filters=False, bias=False, transposed=False):
    """Images (N, C, H, W) and, if asked for, filters that fit, with a geometry in which every window has a place."""
    stride, padding, dilation = (draw(_numbers(low, high)) for low, high in ((1, 3), (0, 2), (1, 2)))
    groups = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(2))
    reach = [d * (k - 1) + 1 for d, k in zip(_pair(dilation), kernel, strict=True)]
    size = [max(r - 2 * p, 1) + draw(st.integers(0, 3)) for r, p in zip(reach, _pair(padding), strict=True)]
    per_group, out = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = per_group * groups
    x = distinct(rng, (draw(st.integers(0, 2)), channels, *size)) * 0.3
    if not filters:
        return [x], {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    keywords = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if transposed:
        size = [max(n, -(-(2 * p + 1 - r) // s) + 1) for n, p, r, s in
                zip(size, _pair(padding), reach, _pair(stride), strict=True)]  # fmt: skip
        x = moderate(rng, (x.shape[0], channels, *size))
        arrays = [x, moderate(rng, (channels, out, *kernel))]
        keywords["output_padding"] = draw(st.integers(0, min(_pair(stride)) - 1))
    else:
        arrays = [x, moderate(rng, (out * groups, per_group, *kernel))]
    return arrays + [moderate(rng, (out * groups,))] * bias, keywords


@st.composite
def pooled(draw, domain=distinct, dilated=False, **more):
    """Images and windows that fit: rectangular, overlapping or apart, with padding up to half a window."""
    kernel, dilation = draw(_numbers(1, 3)), draw(_numbers(1, 2)) if dilated else 1
    padding = tuple(draw(st.integers(0, k // 2)) for k in _pair(kernel))
    size = [
        max((k - 1) * d + 1 - 2 * p, d) + draw(st.integers(0, 3))
        for k, p, d in zip(_pair(kernel), padding, _pair(dilation), strict=True)
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = domain(rng, (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size))
    keywords = {"kernel_size": kernel, "padding": padding, "ceil_mode": draw(st.booleans())}
    keywords["stride"] = draw(st.none() | _numbers(1, 3))
    if dilated:
        keywords["dilation"] = dilation
    return [x], keywords | {name: draw(strategy) for name, strategy in more.items()}


def _numbers(low, high):
    """One number for height and width, or one for each."""
    return st.integers(low, high) | st.tuples(st.integers(low, high), st.integers(low, high))


def _pair(value):
    return (value, value) if isinstance(value, int) else value


@st.composite
def columns(draw):
    """A matrix of windows, and the images it was taken from."""
    (x,), keywords = draw(images())
    kernel, stride, padding, dilation = (_pair(keywords[k]) for k in ("kernel_size", "stride", "padding", "dilation"))
    out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in
           zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)]  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = moderate(rng, (x.shape[0] * math.prod(out), x.shape[1] * math.prod(kernel)))
    return [matrix], {"shape": x.shape, **keywords}


# -- Layouts ----------------------------------------------------------------------------------------------------------

LAYOUTS = ["C", "Fortran", "reversed", "strided", "repeated", "read-only"]


def laid_out(array, layout):
    """The same numbers in another layout; "repeated" has stride 0, so its numbers differ, where that is possible."""
    array = np.asarray(array)
    if layout == "Fortran":
        return np.asfortranarray(array) if array.ndim else array
    if layout == "reversed":
        every = (slice(None, None, -1),) * array.ndim
        return array[every].copy()[every]
    if layout == "strided":
        spread = np.full([2 * n for n in array.shape], np.nan, array.dtype)
        every = (slice(None, None, 2),) * array.ndim
        spread[every] = array
        return spread[every]
    if layout == "repeated" and array.ndim and array.shape[0]:
        return np.broadcast_to(array[:1], array.shape)
    copy = array.copy()
    copy.flags.writeable = layout != "read-only"
    return copy
