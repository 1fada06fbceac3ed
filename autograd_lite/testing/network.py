"""The gradient check of a whole network: backward against numerical differences, parameter by parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..derivatives import grad
from ..errors import GradError
from ..gradients import enable_grad, no_grad
from ..tensor import Tensor
from .numerical import DOUBLE, rounding, scaled, slopes

Parameters = Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]
TARGET = 1e-9  # relative accuracy to which slopes are measured
REACH = 2.0**-4  # the first step is 1/16 of the one for smooth functions: a network has kinks everywhere
SMALL = 1e-4  # elements smaller than this, against the largest of the parameter, are judged by this


@dataclass(frozen=True)
class ParameterReport:
    """How the gradient of one parameter compares with differences.

    Attributes
    ----------
    name : str
    shape : tuple of int
    checked : int
        How many of its elements were checked.
    relative_error : float
        The largest, over the checked elements, of ``abs(backward - numerical) / max(abs(backward), abs(numerical))``,
        where elements below 1/10000 of the parameter's largest gradient count as so large.
    mean_error : float
        The mean of ``abs(backward - numerical)``.
    kinks : int
        How many of them sit at a kink of the loss, where the distance to the one-sided slopes was taken instead.
    """

    name: str
    shape: tuple[int, ...]
    checked: int
    relative_error: float
    mean_error: float
    kinks: int = 0


@dataclass(frozen=True)
class GradientReport:
    """The gradient check of all parameters; ``str`` gives a table."""

    parameters: tuple[ParameterReport, ...]

    @property
    def worst(self) -> ParameterReport:
        """The parameter with the largest relative error."""
        return max(self.parameters, key=lambda p: p.relative_error)

    @property
    def relative_error(self) -> float:
        """The largest relative error of all."""
        return self.worst.relative_error

    def __str__(self) -> str:
        width = max([len("parameter"), *(len(p.name) for p in self.parameters)])
        shapes = max([len("shape"), *(len(str(p.shape)) for p in self.parameters)])
        lines = [f"{'parameter':{width}}  {'shape':{shapes}}  checked  worst relative  mean absolute"]
        lines += [
            f"{p.name:{width}}  {p.shape!s:{shapes}}  {p.checked:7}  {p.relative_error:14.1e}  {p.mean_error:13.1e}"
            for p in self.parameters
        ]
        return "\n".join([*lines, f"worst relative error {self.relative_error:.1e}, in {self.worst.name}"])


def check_gradients(
    loss: Callable[[], Tensor], parameters: Parameters, elements: int = 20, seed: int = 0
) -> GradientReport:
    """Compare the gradients of a network's loss with numerical ones, measured on the network itself.

    The check of Deep Learning from Scratch, section 5.7.4, with extrapolated differences instead of one step, and by a
    sample of the elements where a parameter has many. Parameters are changed in place, one element at a time, and given
    back exactly as they were. Use float64 parameters and data; in float32 differences are good for three digits only.

    Parameters
    ----------
    loss : callable
        Takes nothing and gives the loss as a tensor of one element. It must give the same value every time: no dropout,
        no new batch.
    parameters : mapping or iterable of pairs
        Names and tensors that require gradients, such as ``model.named_parameters()``.
    elements : int
        How many elements of each parameter to check, at random.
    seed : int
        Chooses the elements.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError
        If there are no parameters, or the loss is no finite number or changes from call to call.
    TypeError
        If ``parameters`` are not names with tensors.
    GradError
        If a parameter requires no gradient.

    Examples
    --------
    >>> w = Tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
    >>> report = check_gradients(lambda: ((w @ w).tanh() ** 2).sum(), {"w": w})
    >>> report.relative_error < 1e-6
    True
    """
    named = _named(parameters)
    first, again = float(loss()), float(loss())
    if not math.isfinite(first):
        raise ValueError(f"The loss is {first}; only what is finite can be compared with differences.")
    if first != again:
        raise ValueError(
            f"The loss changed from {first} to {again} between two calls; switch dropout off (model.eval()), and use "
            "one batch and fixed random numbers."
        )
    with enable_grad():
        gradients = grad(loss(), list(named.values()), allow_unused=True)
    rng = np.random.default_rng(seed)
    reports = []
    for (name, parameter), gradient in zip(named.items(), gradients, strict=True):
        claimed = np.zeros(parameter.shape) if gradient is None else gradient.numpy()
        reports.append(_check_parameter(loss, name, parameter, claimed, elements, rng))
    return GradientReport(tuple(reports))


def _named(parameters: Parameters) -> dict[str, Tensor]:
    pairs = list(parameters.items() if isinstance(parameters, Mapping) else parameters)
    if not pairs:
        raise ValueError("check_gradients was given no parameters.")
    for pair in pairs:
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[1], Tensor)):
            raise TypeError(
                "check_gradients takes names with tensors, as model.named_parameters() or {'w': w} give them."
            )
        if not pair[1].requires_grad:
            raise GradError(f"check_gradients: {pair[0]!r} requires no gradient; leave it out.")
    return dict(pairs)


def _check_parameter(
    loss: Callable[[], Tensor],
    name: str,
    parameter: Tensor,
    claimed: np.ndarray,
    elements: int,
    rng: np.random.Generator,
) -> ParameterReport:
    size = parameter.size
    places = np.arange(size) if size <= elements else np.sort(rng.choice(size, elements, replace=False))
    smallest = SMALL * float(np.abs(claimed).max(initial=0.0))
    relative, absolute, kinks = [0.0], [], 0
    noise = None
    for place in places:
        index = tuple(map(int, np.unravel_index(place, parameter.shape)))

        def changed(t: float, index: tuple[int, ...] = index) -> np.ndarray:
            return _loss_with(loss, parameter, index, t * REACH)

        noise = rounding(changed, changed(0.0)) if noise is None else noise
        slope = scaled(slopes(changed, _eps(parameter), TARGET, noise), 1 / REACH)
        value = np.array([claimed[index]], np.float64)
        error = float(slope.distance(value)[0])
        absolute.append(error)
        ratio = error / max(abs(float(value[0])), float(slope.size()[0]), smallest, 1e-300)
        relative.append(ratio if math.isfinite(ratio) else math.inf)
        kinks += int(slope.kink[0])
    mean = float(np.mean(absolute)) if absolute else 0.0
    return ParameterReport(name, parameter.shape, len(places), max(relative), mean, kinks)


def _loss_with(loss: Callable[[], Tensor], parameter: Tensor, index: tuple[int, ...], change: float) -> np.ndarray:
    """The loss after ``change`` of one element, which is put back."""
    with no_grad():
        before = parameter.numpy()[index].item()
        try:
            parameter[index] = before + change
            return np.array([float(loss())])
        finally:
            parameter[index] = before


def _eps(parameter: Tensor) -> float:
    return max(DOUBLE, float(np.finfo(parameter.dtype).eps))
