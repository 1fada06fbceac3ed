"""Products of matrices and of arrays of any dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._arrays import one_axis
from .._protocol import implements
from ..errors import ShapeError
from ..ops.elementwise import Where
from ..ops.linalg import Einsum
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply
from .shape import moveaxis


@implements(np.matmul)
def matmul(a: TensorLike, b: TensorLike) -> Tensor:
    """Matrix product ``a @ b``; stacks of matrices broadcast, vectors count as rows on the left, columns on the right.

    Parameters
    ----------
    a : array_like, shape (..., n, k) or (k,)
    b : array_like, shape (..., k, m) or (k,)

    Raises
    ------
    ShapeError
        If the inner lengths differ or an operand is a single number.

    Examples
    --------
    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    Tensor([[11.]])
    """
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        raise ShapeError(f"matmul needs at least one axis on each side; got shapes {a.shape} and {b.shape}.")
    if a.shape[-1] != b.shape[max(-2, -b.ndim)]:
        raise ShapeError(
            f"matmul of shapes {a.shape} and {b.shape}: {a.shape[-1]} columns meet {b.shape[max(-2, -b.ndim)]} rows."
        )
    row, column = a.ndim == 1, b.ndim == 1
    y = (a.reshape(1, -1) if row else a)._matmul(b.reshape(-1, 1) if column else b)
    if row or column:
        y = y.reshape(
            tuple(n for i, n in enumerate(y.shape[::-1]) if not ((i == 0 and column) or (i == 1 and row)))[::-1]
        )
    return y


@implements(np.dot)
def dot(a: TensorLike, b: TensorLike) -> Tensor:
    """Sum of products over the last axis of ``a`` and the second to last of ``b``; a plain product for numbers.

    Examples
    --------
    >>> dot([1.0, 2.0], [3.0, 4.0])
    Tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim <= 2:
        return matmul(a, b)
    return tensordot(a, b, (-1, -2))


@implements(np.tensordot)
def tensordot(a: TensorLike, b: TensorLike, axes: int | Sequence[Any] = 2) -> Tensor:
    """Sum of products over some axes of ``a`` and as many of ``b``.

    Parameters
    ----------
    axes : int or pair
        The last ``axes`` axes of ``a`` with the first of ``b``, or the axes of each, ``(of_a, of_b)``.

    Raises
    ------
    ShapeError
        If the lengths of paired axes differ.

    Examples
    --------
    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1)
    Tensor([[11.]])
    """
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, int | np.integer):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    of_a = tuple(one_axis(i, a.ndim) for i in np.atleast_1d(axes[0]))
    of_b = tuple(one_axis(i, b.ndim) for i in np.atleast_1d(axes[1]))
    if [a.shape[i] for i in of_a] != [b.shape[i] for i in of_b]:
        raise ShapeError(f"tensordot of shapes {a.shape} and {b.shape}: axes {of_a} and {of_b} differ in length.")
    left = tuple(i for i in range(a.ndim) if i not in of_a)
    right = tuple(i for i in range(b.ndim) if i not in of_b)
    n, rows, columns = (int(np.prod([t.shape[i] for i in some])) for t, some in ((a, of_a), (a, left), (b, right)))
    product = a.transpose((*left, *of_a)).reshape(rows, n)._matmul(b.transpose((*of_b, *right)).reshape(n, columns))
    return product.reshape(*(a.shape[i] for i in left), *(b.shape[i] for i in right))


@implements(np.outer)
def outer(a: TensorLike, b: TensorLike) -> Tensor:
    """All products of an element of ``a`` and one of ``b``, as a matrix.

    Examples
    --------
    >>> outer([1.0, 2.0], [3.0, 4.0])
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return as_tensor(a).reshape(-1, 1) * as_tensor(b).reshape(1, -1)


@implements(np.inner)
def inner(a: TensorLike, b: TensorLike) -> Tensor:
    """Sum of products over the last axis of both.

    Examples
    --------
    >>> inner([1.0, 2.0], [3.0, 4.0])
    Tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    return tensordot(a, b, (-1, -1)) if a.ndim and b.ndim else a * b


@implements(np.vdot)
def vdot(a: TensorLike, b: TensorLike) -> Tensor:
    """Sum of all products of elements at the same place, whatever the shapes.

    Examples
    --------
    >>> vdot([[1.0, 2.0]], [[3.0], [4.0]])
    Tensor(11.)
    """
    return matmul(as_tensor(a).ravel(), as_tensor(b).ravel())


@implements(np.kron)
def kron(a: TensorLike, b: TensorLike) -> Tensor:
    """Kronecker's product: ``b`` times each element of ``a``, side by side.

    Examples
    --------
    >>> kron([1.0, 10.0], [1.0, 2.0])
    Tensor([ 1.,  2., 10., 20.])
    """
    a, b = as_tensor(a), as_tensor(b)
    ndim = max(a.ndim, b.ndim)
    of_a, of_b = ((1,) * (ndim - t.ndim) + t.shape for t in (a, b))
    blocks = a.reshape(tuple(n for length in of_a for n in (length, 1))) * b.reshape(
        tuple(n for length in of_b for n in (1, length))
    )
    return blocks.reshape(tuple(n * m for n, m in zip(of_a, of_b, strict=True)))


@implements(np.cross)
def cross(a: TensorLike, b: TensorLike, *, axis: int = -1) -> Tensor:
    """Cross product of vectors of three numbers along ``axis``.

    Examples
    --------
    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Tensor([0., 0., 1.])
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.shape[one_axis(axis, a.ndim)] != 3 or b.shape[one_axis(axis, b.ndim)] != 3:
        raise ShapeError(f"cross needs vectors of length 3 along axis {axis}; got shapes {a.shape} and {b.shape}.")
    a, b = moveaxis(a, axis, -1), moveaxis(b, axis, -1)  # where they stay together when one has more axes
    next_a, next_b = a.take([1, 2, 0], -1), b.take([1, 2, 0], -1)
    return moveaxis((a * next_b - next_a * b).take([1, 2, 0], -1), -1, axis)


@implements(np.einsum)
def einsum(subscripts: str, *operands: TensorLike) -> Tensor:
    """Sum of products in Einstein's notation, in all forms that ``np.einsum`` takes as a string.

    Raises
    ------
    ShapeError
        If the subscripts do not fit the operands.

    Examples
    --------
    >>> einsum("ij,ij->i", [[1.0, 2.0]], [[3.0, 4.0]])
    Tensor([11.])
    """
    tensors = [as_tensor(operand) for operand in operands]
    try:
        np.einsum(subscripts, *[np.broadcast_to(np.float32(0), t.shape) for t in tensors])
    except ValueError as error:
        raise ShapeError(f"einsum {subscripts!r} of shapes {[t.shape for t in tensors]}: {error}.") from None
    inputs, output = _explicit(subscripts.replace(" ", ""), [t.ndim for t in tensors])
    tensors, inputs = _without_repetition(tensors, inputs)
    for i, tensor in enumerate(tensors):
        elsewhere = set(output).union(*inputs[:i], *inputs[i + 1 :])
        tensors[i], inputs[i] = _diagonals(tensor, inputs[i])
        alone = tuple(k for k, label in enumerate(inputs[i]) if label not in elsewhere)
        if alone:
            tensors[i] = tensors[i].sum(axis=alone)
            inputs[i] = "".join(label for label in inputs[i] if label in elsewhere)
    return apply(Einsum(tuple(inputs), output), *tensors)


def _explicit(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Subscripts with an output, and letters in place of every ellipsis."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    widths = [
        ndim - len(labels.replace("...", "")) if "..." in labels else 0
        for labels, ndim in zip(inputs, ndims, strict=True)
    ]
    dots = "".join(spare[: max(widths, default=0)])
    inputs = [labels.replace("...", dots[len(dots) - n :]) for labels, n in zip(inputs, widths, strict=True)]
    if arrow:
        return inputs, output.replace("...", dots)
    letters = "".join(inputs)
    return inputs, dots + "".join(sorted(c for c in set(letters) - set(dots) if letters.count(c) == 1))


def _without_repetition(tensors: list[Tensor], inputs: list[str]) -> tuple[list[Tensor], list[str]]:
    """Operands and labels without those axes of length 1 that another operand has longer."""
    longer = {
        k for t, labels in zip(tensors, inputs, strict=True) for k, n in zip(labels, t.shape, strict=True) if n != 1
    }
    for i, tensor in enumerate(tensors):
        repeated = [k for k, label in enumerate(inputs[i]) if label in longer and tensor.shape[k] == 1]
        if repeated:
            tensors[i] = tensor.squeeze(repeated)
            inputs[i] = "".join(label for k, label in enumerate(inputs[i]) if k not in repeated)
    return tensors, inputs


def _diagonals(tensor: Tensor, labels: str) -> tuple[Tensor, str]:
    """Along labels that stand twice, only the diagonal."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            places = np.arange(tensor.shape[i])
            others = [k for k in range(tensor.ndim) if k not in (i, j)]
            tensor = tensor.transpose((i, j, *others))[places, places]
            labels = label + "".join(labels[k] for k in others)
    return tensor, labels


@implements(np.linalg.norm)
def norm(
    x: TensorLike, ord: float | str | None = None, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Tensor:
    """The ``ord``-norm of vectors along ``axis``; of all elements where neither is given. Its slope at 0 counts as 0.

    Parameters
    ----------
    ord : float or "fro", optional
        1, 2 (the default), ``np.inf``, ``-np.inf``, or any positive number p, for ``sum(abs(x) ** p) ** (1 / p)``.

    Examples
    --------
    >>> norm([3.0, 4.0])
    Tensor(5.)
    """
    x = as_tensor(x)
    if x.dtype.kind not in "fc":
        x = x.astype(np.float64)
    over = x.ndim if axis is None else np.size(axis)
    if ord == "fro" and over == 2:
        ord = None
    if ord is not None and (over != 1 or isinstance(ord, str)):
        raise ShapeError(
            f"norm with ord={ord!r} over {over} axes of shape {x.shape} is not supported; of matrices "
            "there is only Frobenius' norm, the default."
        )
    if ord is None or ord == 2:
        return (x * x).sum(axis, keepdims).sqrt()
    if ord in (np.inf, -np.inf):
        return abs(x).max(axis, keepdims) if ord > 0 else abs(x).min(axis, keepdims)
    if not ord > 0:
        raise ShapeError(f"norm of order {ord} is not supported; orders are positive.")
    if ord == 1:
        return abs(x).sum(axis, keepdims)
    total = (abs(x) ** float(ord)).sum(axis, keepdims)
    zero = total == 0
    return apply(Where(), zero, 0, apply(Where(), zero, 1, total) ** (1 / float(ord)))
