"""Descriptions of inputs, from which hypothesis draws: shapes, numbers in a domain, layouts, fitting keywords.

A description is a hypothesis strategy of arrays, or of :class:`Inputs` where arrays and keyword arguments belong
together. Hypothesis draws shapes, choices and a seed; the numbers come from the seed and meet their domain by
construction, so no example is thrown away. Counterexamples shrink to small shapes and to numbers of one digit.

>>> from autograd_lite.testing import strategies as some
>>> description = some.keywords(some.array("positive"), axis=some.axes, keepdims=some.flag)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:  # pragma: no cover
    raise ImportError("Generated inputs need hypothesis: pip install 'autograd_lite[prove]'") from error

Shape = tuple[int, ...]
Numbers = Callable[[np.random.Generator, Shape], np.ndarray]


@dataclass
class Inputs:
    """The arguments of one call: arrays by position, everything else by name."""

    arrays: list[Any]
    keywords: dict[str, Any] = field(default_factory=dict)


# -- Numbers ----------------------------------------------------------------------------------------------------------


def _sign(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.choice([-1.0, 1.0], shape)


def _real(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Of all kinds, one kind an array: of middle size, over decades, with ties and zeros, with near ties."""
    return KINDS[rng.choice(list(KINDS))](rng, shape)


def _decades(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return _sign(rng, shape) * 10 ** rng.uniform(-6, 6, shape)


def _middle(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(3 * rng.standard_normal(shape))


def _ties(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(rng.choice([-1.0, 0.0, 0.5, 1.0], shape))


def _near_ties(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(_ties(rng, shape) + 1e-4 * rng.integers(-2, 3, shape))


def _distinct(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """No two closer than 1/10, none closer than 1/20 to 0."""
    n = math.prod(shape)
    return np.asarray(0.3 * (rng.permutation(n).reshape(shape) - n // 2) + rng.uniform(0.06, 0.2, shape))


KINDS: dict[str, Numbers] = {"middle": _middle, "decades": _decades, "ties": _ties, "near ties": _near_ties}

# Domains of single numbers: how to make them, and a test that a rounded number is still inside.
NUMBERS: dict[str, tuple[Numbers, Callable[[np.ndarray], Any]]] = {
    "real": (_real, np.isfinite),
    "middle": (_middle, np.isfinite),
    "decades": (_decades, lambda x: x != 0),
    "ties": (_ties, np.isfinite),
    "near ties": (_near_ties, lambda x: np.zeros(x.shape, bool)),
    "nonzero": (lambda rng, shape: _sign(rng, shape) * rng.uniform(0.3, 3, shape), lambda x: np.abs(x) > 0.2),
    "positive": (lambda rng, shape: 10 ** rng.uniform(-2, 2, shape), lambda x: x > 0),
    "above one": (lambda rng, shape: 1 + 10 ** rng.uniform(-1, 1, shape), lambda x: x > 1.05),
    "unit interval": (lambda rng, shape: rng.uniform(0.02, 0.98, shape), lambda x: (x > 0.01) & (x < 0.99)),
    "inside one": (lambda rng, shape: rng.uniform(-0.95, 0.95, shape), lambda x: np.abs(x) < 0.96),
    "distinct": (_distinct, lambda x: np.zeros(x.shape, bool)),
}


def _symmetric(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    a = rng.standard_normal(shape)
    return np.asarray(a + np.swapaxes(a, -1, -2))


def _definite(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    a = rng.standard_normal(shape)
    return np.asarray(a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1]))


def _orthogonal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(np.linalg.qr(rng.standard_normal(shape))[0])


def _simplex(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    a = rng.uniform(0.1, 1, shape)
    return np.asarray(a / a.sum(-1, keepdims=True))


def _one_hot(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])] if shape[-1] else np.zeros(shape)


# Domains of whole rows or matrices, with how many axes these have and whether a matrix is square.
WHOLES: dict[str, tuple[Numbers, int]] = {
    "simplex": (_simplex, 1),
    "one-hot": (_one_hot, 1),
    "symmetric": (_symmetric, 2),
    "positive definite": (_definite, 2),
    "orthogonal": (_orthogonal, 2),
}


def _rounded(x: np.ndarray, digits: int, inside: Callable[[np.ndarray], Any]) -> np.ndarray:
    """``x`` with so many digits, where that keeps it inside its domain."""
    with np.errstate(all="ignore"):
        unit = 10.0 ** (np.floor(np.log10(np.abs(x))) - digits + 1)
        short = np.where(x == 0, 0.0, np.round(x / unit) * unit)
    return np.asarray(np.where(np.isfinite(short) & inside(short), short, x))


def _as(x: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """``x`` in a dtype, which may end where some domains go on."""
    largest = float(np.finfo(dtype).max) if dtype.kind == "f" else np.inf
    return np.asarray(x.clip(-largest, largest).astype(dtype))


# -- Shapes -----------------------------------------------------------------------------------------------------------


def shapes(least: int = 0, most: int = 3, side: int = 0, longest: int = 3) -> SearchStrategy[Shape]:
    """Shapes with ``least`` to ``most`` axes of lengths ``side`` to ``longest``: 0-d and size 0 unless excluded."""
    return st.lists(st.integers(side, longest), min_size=least, max_size=most).map(tuple)


# -- Layouts ----------------------------------------------------------------------------------------------------------

LAYOUTS = ("C", "Fortran", "reversed", "strided", "stride 0", "read-only")


def laid_out(array: Any, layout: str) -> np.ndarray:
    """The same numbers in another layout of memory; with stride 0, those of the first row in all rows."""
    array = np.asarray(array)
    every = (slice(None, None, -1),) * array.ndim
    if layout == "Fortran" and array.ndim:
        return np.asfortranarray(array)
    if layout == "reversed":
        return np.asarray(array[every].copy()[every])
    if layout == "strided":
        spread = np.zeros([2 * n for n in array.shape], array.dtype)
        spread[(slice(None, None, 2),) * array.ndim] = array
        return np.asarray(spread[(slice(None, None, 2),) * array.ndim])
    if layout == "stride 0" and array.ndim and array.shape[0]:
        return np.broadcast_to(array[:1], array.shape)
    copy = array.copy()
    copy.flags.writeable = layout != "read-only"
    return np.asarray(copy)


DTYPES = (np.float64, np.float32)

# -- Arrays -----------------------------------------------------------------------------------------------------------


@st.composite
def array(
    draw: Any,
    domain: str = "real",
    shape: SearchStrategy[Shape] | Sequence[int] | None = None,
    dtype: Any = DTYPES,
    layouts: Sequence[str] = LAYOUTS,
) -> np.ndarray:
    """One array.

    Parameters
    ----------
    domain : str
        A key of ``NUMBERS`` or ``WHOLES``: "real", "positive", "unit interval", "distinct", "simplex", ...
    shape : strategy or tuple of int, optional
        By default anything from 0-d to three axes, size 0 included.
    dtype : dtype or sequence of dtypes
        By default double precision, or single: a gradient that comes in the wrong one is a mistake that is often made.
    layouts : sequence of str
        Of ``LAYOUTS``.
    """
    if domain not in NUMBERS and domain not in WHOLES:
        raise ValueError(f"There is no domain {domain!r}; there are {', '.join([*NUMBERS, *WHOLES])}.")
    least = WHOLES[domain][1] if domain in WHOLES else 0
    wanted = shapes(least, max(3, least), side=int(least > 0)) if shape is None else shape
    drawn = tuple(draw(wanted)) if isinstance(wanted, SearchStrategy) else tuple(wanted)
    if domain in WHOLES and WHOLES[domain][1] == 2:
        drawn = (*drawn[:-2], drawn[-1], drawn[-1])
    numbers = _numbers(draw, domain, drawn)
    kinds = dtype if isinstance(dtype, list | tuple) else [dtype]
    repeatable = domain in NUMBERS and domain != "distinct"
    layout = draw(st.sampled_from([one for one in layouts if one != "stride 0" or repeatable]))
    return laid_out(_as(numbers, np.dtype(draw(st.sampled_from(kinds)))), layout)


def _numbers(draw: Any, domain: str, shape: Shape) -> np.ndarray:
    digits = draw(st.sampled_from([1, 3, 17]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if domain in WHOLES:
        return np.asarray(WHOLES[domain][0](rng, shape))
    make, inside = NUMBERS[domain]
    return _rounded(np.asarray(make(rng, shape)), digits, inside)


def labels(classes: int, shape: SearchStrategy[Shape] | Sequence[int] = (3,)) -> SearchStrategy[np.ndarray]:
    """Whole numbers from 0 to ``classes - 1``; they are passed on and not differentiated."""
    shape = shape if isinstance(shape, SearchStrategy) else st.just(tuple(shape))
    return st.builds(
        lambda shape, seed: np.asarray(np.random.default_rng(seed).integers(0, classes, shape)),
        shape,
        st.integers(0, 2**32 - 1),
    )


# -- Arrays that belong together --------------------------------------------------------------------------------------


@st.composite
def broadcasting(draw: Any, *domains: str, batch: int = 0, layouts: Sequence[str] = LAYOUTS) -> Inputs:
    """Arrays whose shapes broadcast: axes of length 1, and axes missing in front.

    Behind ``batch`` leading axes that are never missing.
    """
    full = draw(shapes())
    front = draw(shapes(batch, batch, side=1))
    dtype = draw(st.sampled_from(DTYPES))
    arrays = []
    for domain in domains or ("real", "real"):
        cut = draw(st.integers(0, len(full))) if not batch else 0
        part = tuple(1 if draw(st.booleans()) else n for n in full)[cut:]
        arrays.append(draw(array(domain, (*front, *part), dtype, layouts)))
    return Inputs(arrays)


@st.composite
def fitting(draw: Any, *letters: str, domain: str = "middle", side: int = 1, longest: int = 3) -> Inputs:
    """Arrays whose axes are named by letters, such as ``fitting("ij", "jk")``: equal letters, equal lengths."""
    names = sorted(set("".join(letters)))
    n = {name: draw(st.integers(side, longest)) for name in names}
    dtype = draw(st.sampled_from(DTYPES))
    return Inputs([draw(array(domain, tuple(n[c] for c in word), dtype)) for word in letters])


def twice(description: SearchStrategy[np.ndarray]) -> SearchStrategy[Inputs]:
    """The very same array for two arguments."""
    return description.map(lambda x: Inputs([x, x]))


# -- Keywords ---------------------------------------------------------------------------------------------------------

flag = st.booleans()


def axis(shape: Shape) -> SearchStrategy[int]:
    """One axis, counted from the front or from the back."""
    return st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()


def axes(shape: Shape) -> SearchStrategy[Any]:
    """Axes in every form: None, a number, a tuple, counted from either end."""
    if not shape:
        return st.sampled_from([None, ()])
    several = st.lists(st.integers(0, len(shape) - 1), unique=True).flatmap(
        lambda places: st.tuples(*[st.sampled_from([i, i - len(shape)]) for i in places])
    )
    return st.none() | axis(shape) | several


@st.composite
def keywords(draw: Any, description: SearchStrategy[Any], /, **named: Any) -> Inputs:
    """Inputs with keyword arguments.

    Each is a strategy, or a function from the shape of the first array to one, such as :func:`axes`.
    """
    drawn = draw(description)
    inputs = drawn if isinstance(drawn, Inputs) else Inputs([drawn])
    shape = np.shape(inputs.arrays[0])
    more = {name: draw(one if isinstance(one, SearchStrategy) else one(shape)) for name, one in named.items()}
    return Inputs(inputs.arrays, inputs.keywords | more)


@st.composite
def images(draw: Any, domain: str = "middle", filters: bool = False) -> Inputs:
    """Images (N, C, H, W) and, if asked for, filters (O, C, KH, KW), where every window has a place.

    Keywords: ``stride`` and ``padding``, and without filters ``kernel_size``.
    """
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, 1))
    kernel = draw(st.integers(max(1, 2 * padding), 3)), draw(st.integers(max(1, 2 * padding), 3))
    size = [max(k - 2 * padding, 1) + draw(st.integers(0, 2)) for k in kernel]
    channels = draw(st.integers(1, 2))
    dtype = draw(st.sampled_from(DTYPES))
    x = draw(array(domain, (draw(st.integers(1, 2)), channels, *size), dtype))
    options: dict[str, Any] = {"stride": stride, "padding": padding}
    if not filters:
        return Inputs([x], {"kernel_size": kernel, **options})
    return Inputs([x, draw(array(domain, (draw(st.integers(1, 2)), channels, *kernel), dtype))], options)


@st.composite
def together(draw: Any, *descriptions: Any) -> Inputs:
    """All that some descriptions give, as the arguments of one call; what is no strategy is passed as it is."""
    inputs = Inputs([])
    for one in descriptions:
        drawn = draw(one) if isinstance(one, SearchStrategy) else one
        if isinstance(drawn, Inputs):
            inputs = Inputs([*inputs.arrays, *drawn.arrays], inputs.keywords | drawn.keywords)
        else:
            inputs.arrays.append(drawn)
    return inputs
