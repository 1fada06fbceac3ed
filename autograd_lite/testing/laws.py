"""Laws that every derivative obeys, whatever its function: they need no differences, and take seconds for thousands.

Each law is called like :func:`gradcheck`: ``law(f, *arrays, vjp=None, kwargs=None, seed=0)`` gives the words of what
is broken, or an empty text. :func:`check_laws` takes all that hold for every function. Laws about batches hold for
functions of batches only, and are asked for by name.

>>> import autograd_lite as ag
>>> check_laws(ag.softmax, [[1.0, 2.0], [3.0, 5.0]])
{}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from ..derivatives import grad, without_zeros
from ..tensor import Tensor
from .problem import OUTSIDE, depends, is_float, listed, plain, refuse_without_floats, tensor_vjp

Law = Callable[..., str]
CLOSE = {2: 5e-2, 4: 1e-3, 8: 1e-9}  # how far two ways to compute the same may differ, relatively, by bytes a number


class Claim:
    """A claimed derivative at some arrays: values, and gradients for cotangents."""

    def __init__(self, f: Any, arrays: Sequence[Any], vjp: Any = None, kwargs: Any = None, seed: int = 0) -> None:
        self.arrays = [np.asarray(plain(a)) for a in arrays]
        refuse_without_floats(self.arrays)
        self.claim = partial(vjp, **(kwargs or {})) if vjp else tensor_vjp(f, kwargs or {})
        self.rng = np.random.default_rng(seed)
        self.values, self.pull = self.at(self.arrays)

    def at(self, arrays: Sequence[Any]) -> tuple[list[np.ndarray], Callable[..., list[np.ndarray]]]:
        """The outputs at ``arrays``, and a function from one cotangent an output to one gradient an input."""
        with np.errstate(all="ignore"):
            value, pullback = self.claim(*arrays)
        outputs = [plain(y) for y in listed(value)]

        def pull(us: Sequence[Any]) -> list[np.ndarray]:
            with np.errstate(all="ignore"):
                gradients = listed(pullback(us[0] if len(us) == 1 else tuple(us)))
            if len(gradients) == len(arrays):
                gradients = [g for g, a in zip(gradients, arrays, strict=True) if is_float(a)]
            return [plain(g) for g in gradients]

        return outputs, pull

    @property
    def vacuous(self) -> bool:
        """Whether no output is a number, so that laws would compare nan with nan."""
        return any(y.size for y in self.values) and not any(np.isfinite(y).any() for y in self.values)

    @property
    def inputs(self) -> list[np.ndarray]:
        """The arrays that are differentiated."""
        return [a for a in self.arrays if is_float(a)]

    @property
    def rounding(self) -> float:
        """How large a gradient may be that should be 0, where large terms cancel: by the sizes of values and inputs."""
        eps = max(float(np.finfo(a.dtype).eps) for a in self.inputs)
        steepest = max(
            float(np.divide(1, np.abs(a), where=a != 0, out=np.zeros(a.shape)).max(initial=0)) for a in self.inputs
        )
        return 100 * eps * steepest * _total(self.values)

    def cotangents(self) -> list[np.ndarray]:
        """Random ones, as large as 1."""
        return [np.asarray(self.rng.standard_normal(y.shape), y.dtype) for y in self.values]


def apart(name: str, ours: Sequence[Any], theirs: Sequence[Any], floor: float = 0.0) -> str:
    """Words for the first of some arrays that is not, up to rounding or a ``floor``, what it should be."""
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            return f"{name}: array {i} has shape {a.shape}, not {b.shape}."
        width = min(a.dtype.itemsize, b.dtype.itemsize)
        with np.errstate(all="ignore"):
            scale = np.abs(np.where(np.isfinite(b), b, 0)).max(initial=0.0)
            good = (np.abs(a - b) <= CLOSE.get(width, 1e-9) * scale + floor) | (a == b) | (np.isnan(a) & np.isnan(b))
        if not np.all(good):
            k = tuple(map(int, np.argwhere(~good)[0]))
            return f"{name}: element {list(k)} of array {i} is {a[k]:.8g}, not {b[k]:.8g}."
    return ""


# -- Laws of every function -------------------------------------------------------------------------------------------


def linearity(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """The gradient is linear in the cotangent."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    u, w = at.cotangents(), at.cotangents()
    both = at.pull([np.asarray(2 * a - b / 2, a.dtype) for a, b in zip(u, w, strict=True)])
    separate = [2 * a - b / 2 for a, b in zip(at.pull(u), at.pull(w), strict=True)]
    return apart("The gradient is not linear in the cotangent", both, separate, at.rounding)


def zero(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """A cotangent of zeros gives a gradient of zeros."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    got = at.pull([np.zeros_like(y) for y in at.values])
    return apart("A zero cotangent", got, [np.zeros_like(a) for a in at.inputs])


def shape_and_dtype(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """A gradient has the shape and the dtype of its input."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    gradients = at.pull(at.cotangents())
    if len(gradients) != len(at.inputs):
        return f"{len(gradients)} gradients came back for {len(at.inputs)} inputs."
    for i, (g, a) in enumerate(zip(gradients, at.inputs, strict=True)):
        if g.shape != a.shape or not np.can_cast(g.dtype, a.dtype, "equiv"):  # in whatever order of bytes
            return f"The gradient of input {i} is {g.dtype} of shape {g.shape}; the input {a.dtype} of {a.shape}."
    return ""


def determinism(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """The same call gives the same bits, and a pullback can be called again, also after a call elsewhere."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    u = at.cotangents()
    first = [g.copy() for g in at.pull(u)]
    values, pull = at.at(at.arrays)
    for name, got, wanted in (
        ("value", values, at.values),
        ("gradient", pull(u), first),
        ("gradient of a second pass", at.pull(u), first),
    ):
        if not _same_bits(got, wanted):
            return f"The {name} is another when computed again."
    with suppress(Exception):  # it may be outside the domain there
        at.at([np.where(a == 0, 1 / 8, a * 7 / 8).astype(a.dtype) if is_float(a) else a for a in at.arrays])
    return "" if _same_bits(at.pull(u), first) else "The gradient is another after a call elsewhere."


def _same_bits(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(ours, theirs, strict=True))


def nothing_mutated(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """Neither inputs nor cotangents are written to."""
    arrays = tuple(np.array(plain(a)) for a in arrays)
    before = [a.copy() for a in arrays]
    at = Claim(f, arrays, vjp, kwargs, seed)
    us = at.cotangents()
    kept = [u.copy() for u in us]
    at.pull(us)
    for name, now, then in (("input", arrays, before), ("cotangent", us, kept)):
        for i, (a, b) in enumerate(zip(now, then, strict=True)):
            if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                return f"The function writes into {name} {i}."
    return ""


def layouts(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """The layout in memory of inputs and cotangents makes no difference."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    us = at.cotangents()
    wanted = at.pull(us)
    terms = _total(wanted) * _total(at.inputs)  # how large they may be where a value is a sum that cancels
    slack = (1 + terms) * CLOSE.get(min(a.dtype.itemsize for a in at.inputs), 1e-9)
    for name, turned in (("Fortran's order", np.asfortranarray), ("reversed memory", _reversed), ("strides", _strided)):
        same = [turned(a) if a.ndim else a for a in at.arrays]
        values, pull = at.at(same)
        if words := apart(f"The value with {name}", values, at.values, slack):
            return words
        if words := apart(f"With {name}", pull([turned(u) if u.ndim else u for u in us]), wanted, at.rounding):
            return words
    return ""


def _total(arrays: Sequence[np.ndarray]) -> float:
    return sum(float(np.abs(a[np.isfinite(a)]).sum()) for a in arrays)


def _reversed(a: np.ndarray) -> np.ndarray:
    every = (slice(None, None, -1),) * a.ndim
    return np.asarray(a[every].copy()[every])


def _strided(a: np.ndarray) -> np.ndarray:
    return np.repeat(a, 2, axis=-1)[..., ::2]


def single_precision(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """Gradients in single precision are near those in double precision."""
    small = [np.asarray(a, np.float32) if is_float(np.asarray(a)) else np.asarray(a) for a in arrays]
    double = Claim(f, [a.astype(np.float64) if is_float(a) else a for a in small], vjp, kwargs, seed)
    single = Claim(f, small, vjp, kwargs, seed)
    us = single.cotangents()
    wanted = double.pull([u.astype(y.dtype) for u, y in zip(us, double.values, strict=True)])
    return apart("In single precision", single.pull(us), [np.asarray(g, np.float32) for g in wanted])


def aliasing(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """One array given for two arguments gets the gradients that two equal arrays get."""
    arrays = tuple(np.asarray(plain(a)) for a in arrays)
    first = next((a for a in arrays if is_float(a)), None)
    if first is None:
        return ""
    same = [first if is_float(a) and a.shape == first.shape and a.dtype == first.dtype else a for a in arrays]
    together = Claim(f, same, vjp, kwargs, seed)
    separate = Claim(f, [a.copy() for a in same], vjp, kwargs, seed)
    us = together.cotangents()
    return apart("With one array for two arguments", together.pull(us), separate.pull(us))


LAWS: dict[str, Law] = {
    law.__name__: law
    for law in (linearity, zero, shape_and_dtype, determinism, nothing_mutated, layouts, single_precision, aliasing)
}

# -- Laws of functions of tensors -------------------------------------------------------------------------------------


def adjoint(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0, jvp: Any = None) -> str:
    """``u . (J v) = (J' u) . v``: forward and reverse mode are each other's transposes.

    ``jvp(arrays, tangents) -> tangents of the outputs``; by default that of ``autograd_lite``, which differentiates
    the backward pass.
    """
    at = Claim(f, arrays, vjp, kwargs, seed)
    if vjp and not jvp:
        raise ValueError("The adjoint of a vjp is forward mode; pass it as jvp=...")
    push = jvp or partial(_push, f, kwargs or {})
    us, vs = at.cotangents(), [np.asarray(at.rng.standard_normal(a.shape), a.dtype) for a in at.inputs]
    with np.errstate(all="ignore"):
        forward = sum(float(np.sum(u * plain(t))) for u, t in zip(us, listed(push(at.arrays, vs)), strict=True))
    gradients = at.pull(us)
    backward = sum(float(np.sum(g * v)) for g, v in zip(gradients, vs, strict=True))
    size = sum(float(np.sum(np.abs(g * v))) for g, v in zip(gradients, vs, strict=True))
    if abs(forward - backward) <= CLOSE[min((a.dtype.itemsize for a in at.inputs), default=8)] * size + 1e-300:
        return ""
    return "" if not np.isfinite(size) else f"u . (J v) is {forward:.10g}, (J' u) . v is {backward:.10g}."


def _push(f: Any, kwargs: Mapping[str, Any], arrays: Sequence[Any], tangents: Sequence[Any]) -> list[np.ndarray]:
    """The tangents of all outputs: the derivative of the backward pass along its cotangents."""
    leaves = [Tensor(a, requires_grad=True) if is_float(a) else a for a in arrays]
    outputs = listed(f(*leaves, **kwargs))
    inputs = [t for t in leaves if isinstance(t, Tensor)]
    ys = [y for y in outputs if depends(y)]
    us = [without_zeros(y) for y in ys]
    rows = grad(ys, inputs, us, create_graph=True, allow_unused=True) if ys else ()
    pairs = [(row, v) for row, v in zip(rows, tangents, strict=False) if row is not None and depends(row)]
    found = grad([r for r, _ in pairs], us, [v for _, v in pairs], allow_unused=True) if pairs else [None] * len(us)
    known = dict(zip(map(id, ys), found, strict=True))
    return [np.zeros(np.shape(y)) if known.get(id(y)) is None else known[id(y)].numpy() for y in outputs]  # type: ignore[union-attr]


def create_graph(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """Gradients that are recorded equal those that are not."""
    _refuse(vjp)
    at = Claim(f, arrays, None, kwargs, seed)
    us = at.cotangents()
    leaves = [Tensor(a, requires_grad=True) if is_float(a) else a for a in at.arrays]
    with np.errstate(all="ignore"):
        _, pullback = tensor_vjp(f, kwargs or {}, create_graph=True)(*leaves)
        recorded = [plain(g) for g in pullback([Tensor(u) for u in us])]
    computed = at.pull(us)
    for i, (a, b) in enumerate(zip(recorded, computed, strict=True)):
        if a.dtype != b.dtype:
            return f"With create_graph: the gradient of input {i} is {a.dtype}, not {b.dtype}."
    return apart("With create_graph", recorded, computed, at.rounding)


def symmetric_hessian(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """``v . (H w) = w . (H v)`` for the second derivatives of ``u . f``."""
    _refuse(vjp)
    at = Claim(f, arrays, None, kwargs, seed)
    us = at.cotangents()
    sides = [[np.asarray(at.rng.standard_normal(a.shape), a.dtype) for a in at.inputs] for _ in range(2)]
    with np.errstate(all="ignore"):  # how large second derivatives are that cancel: by the sizes of values and inputs
        height = float(np.nansum([np.abs(u * y).sum() for u, y in zip(us, at.values, strict=True)]))
        ways = [
            float(np.where(a == 0, 0, np.abs(v / a)).sum()) for x in sides for v, a in zip(x, at.inputs, strict=True)
        ]
    products, size = [], height * max(ways, default=0.0) ** 2
    with np.errstate(all="ignore"):
        for v, w in (sides, sides[::-1]):
            leaves = [Tensor(a, requires_grad=True) if is_float(a) else a for a in at.arrays]
            inputs = [t for t in leaves if isinstance(t, Tensor)]
            _, pullback = tensor_vjp(f, kwargs or {}, create_graph=True)(*leaves)
            pairs = [(s, x) for s, x in zip(pullback([Tensor(u) for u in us]), v, strict=True) if depends(s)]
            rows = grad([s for s, _ in pairs], inputs, [x for _, x in pairs], allow_unused=True) if pairs else []
            terms = [r.numpy() * x for r, x in zip(rows, w, strict=False) if r is not None]
            products.append(sum(float(np.sum(term)) for term in terms))
            size = max(size, sum(float(np.sum(np.abs(term))) for term in terms))
    width = min((a.dtype.itemsize for a in at.inputs), default=8)
    if not np.isfinite(size) or abs(products[0] - products[1]) <= 100 * CLOSE[width] * size + 1e-300:
        return ""
    return f"The second derivatives are not symmetric: v . (H w) is {products[0]:.8g}, w . (H v) is {products[1]:.8g}."


def _refuse(vjp: Any) -> None:
    if vjp:
        raise ValueError("This is a law of functions of tensors, whose gradients can be differentiated again.")


OF_TENSORS: dict[str, Law] = {law.__name__: law for law in (adjoint, create_graph, symmetric_hessian)}

# -- Laws of functions of batches: first axis of the first array and of every output ----------------------------------


def batch_is_sum(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """Samples do not mix: the gradient of each comes from it alone, and those of other arguments are sums."""
    return _in_parts(f, arrays, vjp, kwargs, seed, lambda n: [slice(i, i + 1) for i in range(n)], "Sample by sample")


def chunks(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """A batch cut in two gives the same."""
    return _in_parts(f, arrays, vjp, kwargs, seed, lambda n: [slice(0, n // 2), slice(n // 2, n)], "In two chunks")


def _in_parts(f: Any, arrays: Any, vjp: Any, kwargs: Any, seed: int, cut: Any, name: str) -> str:
    at = Claim(f, arrays, vjp, kwargs, seed)
    us = at.cotangents()
    whole = at.pull(us)
    first, *rest = at.arrays
    batch: list[np.ndarray] = []
    others = [np.zeros_like(g) for g in whole[1:]]
    for part in cut(len(first)):
        if len(first[part]):
            _, pull = at.at([first[part], *rest])
            own, *more = pull([u[part] for u in us])
            batch.append(own)
            others = [a + b for a, b in zip(others, more, strict=True)]
    together = np.concatenate(batch) if batch else np.zeros_like(first)
    return apart(name, [together, *others], whole, at.rounding)


def permutation(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """Samples in another order give gradients in that order."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    us = at.cotangents()
    whole = at.pull(us)
    first, *rest = at.arrays
    order = np.roll(np.arange(len(first)), 1)
    _, pull = at.at([first[order], *rest])
    return apart(
        "With samples in another order", pull([u[order] for u in us]), [whole[0][order], *whole[1:]], at.rounding
    )


OF_BATCHES: dict[str, Law] = {law.__name__: law for law in (batch_is_sum, chunks, permutation)}

# -- A law of functions whose arguments broadcast ---------------------------------------------------------------------


def broadcasting_is_tiling(f: Any, *arrays: Any, vjp: Any = None, kwargs: Any = None, seed: int = 0) -> str:
    """An argument that is broadcast gets the sum of what its copies get when it is tiled first."""
    at = Claim(f, arrays, vjp, kwargs, seed)
    shape = np.broadcast_shapes(*(a.shape for a in at.arrays))
    us = at.cotangents()
    _, pull = at.at([np.ascontiguousarray(np.broadcast_to(a, shape)) for a in at.arrays])
    summed = []
    for a, g in zip(at.inputs, pull(us), strict=True):
        g = g.sum(tuple(range(len(shape) - a.ndim)))
        long = tuple(i for i, n in enumerate(a.shape) if n == 1 and g.shape[i] != 1)
        summed.append(g.sum(long, keepdims=True) if long else g)
    return apart("Tiled first", at.pull(us), summed, at.rounding)


OF_BROADCASTING: dict[str, Law] = {"broadcasting_is_tiling": broadcasting_is_tiling}
ALL = LAWS | OF_TENSORS | OF_BATCHES | OF_BROADCASTING


def check_laws(
    f: Callable[..., Any] | None,
    *arrays: Any,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    also: str | Sequence[str] = (),
    skip: str | Sequence[str] = (),
    seed: int = 0,
) -> dict[str, str]:
    """The laws that a derivative breaks, with words for each; empty if it breaks none.

    Parameters
    ----------
    f, vjp, jvp, kwargs, seed
        As for :func:`gradcheck`. Of a ``vjp``, second derivatives are not asked for, and the adjoint only with ``jvp``.
    *arrays : array_like
    also : str or sequence of str
        Laws that hold for some functions only: "batch_is_sum", "chunks", "permutation", "broadcasting_is_tiling".
    skip : str or sequence of str
        Laws not to ask for.

    Raises
    ------
    TypeError
        If no array is of floating point numbers.
    ValueError
        If there is no such law, or no value of the function is finite.

    Examples
    --------
    >>> cumulative = lambda x: (np.cumsum(x), lambda u: np.cumsum(u) + 1)
    >>> check_laws(None, np.array([1.0, 2.0]), vjp=cumulative)["zero"]
    'A zero cotangent: element [0] of array 0 is 1, not 0.'
    """
    also, skip = ([named] if isinstance(named, str) else list(named) for named in (also, skip))
    if unknown := {*also, *skip} - ALL.keys():
        raise ValueError(f"There is no law {sorted(unknown)[0]!r}; there are {', '.join(ALL)}.")
    of_tensors = [name for name in OF_TENSORS if not vjp or (jvp and name == "adjoint")]
    names = [name for name in (*LAWS, *of_tensors, *also) if name not in skip]
    given = [np.asarray(plain(a)) for a in arrays]
    if Claim(f, given, vjp, kwargs).vacuous:
        raise ValueError(OUTSIDE)
    more = {"adjoint": {"jvp": jvp}}
    found = {name: ALL[name](f, *given, vjp=vjp, kwargs=kwargs, seed=seed, **more.get(name, {})) for name in names}
    return {name: words for name, words in found.items() if words}
