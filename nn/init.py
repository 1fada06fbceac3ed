"""First values of parameters. Functions with a trailing ``_`` fill a tensor in place and return it.

Notation: a weight of shape (out, in, ...) has ``fan_in = in * ...`` and ``fan_out = out * ...`` connections per unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autograd_lite import Tensor, no_grad

from .checks import one_of
from .errors import SettingError
from .module import Module
from .random import Rng, generator

T = TypeVar("T", bound=Tensor)

_HALF_ROOT = math.sqrt(0.5)

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What to multiply a standard deviation by, so that signals keep their size behind ``nonlinearity``."""
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise SettingError(f"No gain is known for {nonlinearity!r}; known are leaky_relu, {', '.join(_GAINS)}.")
    return _GAINS[nonlinearity]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of ``shape``."""
    if len(shape) < 2:
        raise SettingError(f"Fan-in and fan-out need a weight of two axes or more, not of shape {shape}.")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fan(shape: tuple[int, ...], mode: str) -> float:
    into, out = fans(shape)
    sizes = {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}
    return max(sizes[one_of(mode, "mode", tuple(sizes))], 1)


# -- Distributions ----------------------------------------------------------------------------------------------------


def _fill(tensor: T, values: Any) -> T:
    with no_grad():
        tensor[...] = values
    return tensor


def constant_(tensor: T, value: float) -> T:
    """Fill with ``value``."""
    return _fill(tensor, value)


def zeros_(tensor: T) -> T:
    """Fill with 0."""
    return _fill(tensor, 0)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return _fill(tensor, 1)


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, rng: Rng = None) -> T:
    """Draw from the normal distribution.

    Examples
    --------
    >>> import nn
    >>> round(float(nn.init.normal_(nn.Parameter([0.0] * 10_000), std=0.01, rng=0).std()), 4)
    0.01
    """
    return _fill(tensor, mean + std * generator(rng).standard_normal(tensor.shape, _drawn(tensor)))


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, rng: Rng = None) -> T:
    """Draw evenly between ``a`` and ``b``."""
    return _fill(tensor, a + (b - a) * generator(rng).random(tensor.shape, _drawn(tensor)))


def trunc_normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, rng: Rng = None
) -> T:
    """Draw from the part of the normal distribution between ``a`` and ``b``, however far that is from ``mean``.

    Numbers are proposed until each place has one that is accepted: normal ones, if many of them lie there; else even
    ones, in proportion to their density (Robert 1995).
    """
    if not (a < b and 0 <= std < math.inf and math.isfinite(mean)):
        raise SettingError(
            f"trunc_normal_ needs a < b, a finite mean and std, and std >= 0; got a={a}, b={b}, {mean=}, {std=}."
        )
    rng = generator(rng)
    many = std > 0 and math.erf((b - mean) / std * _HALF_ROOT) - math.erf((a - mean) / std * _HALF_ROOT) > 0.2
    peak = min(max(mean, a), b)
    reach = math.hypot(peak - mean, 8 * std)  # beyond, the density is less than exp(-8 * 8 / 2) of that at the peak
    low, high = min(max(a, mean - reach), peak), max(min(b, mean + reach), peak)
    values = np.empty(tensor.size)
    places = np.arange(tensor.size)
    while places.size:
        if many:
            proposed = rng.normal(mean, std, places.size)
            accepted = (a <= proposed) & (proposed <= b)
        else:
            proposed = rng.uniform(low, high, places.size)
            less = (proposed - peak) * (proposed + peak - 2 * mean)  # (proposed - mean) ** 2 - (peak - mean) ** 2
            accepted = rng.exponential(2 * std * std, places.size) >= less
        values[places] = proposed
        places = places[~accepted]
    return _fill(tensor, values.reshape(tensor.shape))


def _drawn(tensor: Tensor) -> Any:
    return np.float32 if tensor.dtype == np.float32 else np.float64


# -- Scaled to the number of connections ------------------------------------------------------------------------------


def xavier_normal_(tensor: T, gain: float = 1.0, mode: str = "fan_avg", rng: Rng = None) -> T:
    """Draw with std ``gain / sqrt(fan)`` (Glorot and Bengio 2010).

    ``mode="fan_avg"`` is the paper's ``sqrt(2 / (fan_in + fan_out))``; ``"fan_in"`` is the ``1 / sqrt(n)`` of Deep
    Learning from Scratch, section 6.2.2.
    """
    return normal_(tensor, 0.0, gain / math.sqrt(_fan(tensor.shape, mode)), rng)


def xavier_uniform_(tensor: T, gain: float = 1.0, mode: str = "fan_avg", rng: Rng = None) -> T:
    """Draw evenly, with the standard deviation of :func:`xavier_normal_`."""
    bound = gain * math.sqrt(3 / _fan(tensor.shape, mode))
    return uniform_(tensor, -bound, bound, rng)


def kaiming_normal_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Rng = None
) -> T:
    """Draw with std ``gain / sqrt(fan)``; for relu, ``sqrt(2 / fan_in)`` (He et al. 2015).

    ``a`` is the slope of a leaky relu behind; 0 makes it a relu.
    """
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor.shape, mode)), rng)


def kaiming_uniform_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Rng = None
) -> T:
    """Draw evenly, with the standard deviation of :func:`kaiming_normal_`."""
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan(tensor.shape, mode))
    return uniform_(tensor, -bound, bound, rng)


def orthogonal_(tensor: T, gain: float = 1.0, rng: Rng = None) -> T:
    """Fill with a matrix whose rows or columns are orthonormal, times ``gain`` (Saxe et al. 2013)."""
    rows = tensor.shape[0] if tensor.ndim > 1 else fans(tensor.shape)[0]
    flat = generator(rng).standard_normal((rows, tensor.size // rows))
    q, r = np.linalg.qr(flat if rows >= flat.shape[1] else flat.T)
    q = q * np.sign(np.diag(r))  # makes the draw uniform
    return _fill(tensor, gain * (q if rows >= flat.shape[1] else q.T).reshape(tensor.shape))


# -- Whole networks ---------------------------------------------------------------------------------------------------


def initialize(model: Module, scheme: str | float, rng: Rng = None) -> Module:
    """Set all weights (parameters of two axes or more) by one scheme and all biases to 0, as the book does.

    Biases are all parameters with "bias" in the last part of their name, such as ``bias_ih_l0``.

    Parameters
    ----------
    scheme : {"he", "xavier", "zeros", "ones"} or float
        He: std ``sqrt(2 / fan_in)``; Xavier: ``1 / sqrt(fan_in)``; a number is the standard deviation itself (Deep
        Learning from Scratch, section 6.2).

    Raises
    ------
    SettingError
        If there is no such scheme, or parameters will only get their shape from the first input. Nothing is set then.

    Examples
    --------
    >>> import nn
    >>> model = nn.init.initialize(nn.Linear(50, 400), "he", rng=0)
    >>> round(float(model.weight.std()), 2)
    0.2
    """
    rng = generator(rng)
    fillers: dict[str, Callable[[Tensor], Tensor]] = {
        "he": lambda w: kaiming_normal_(w, rng=rng),
        "xavier": lambda w: xavier_normal_(w, mode="fan_in", rng=rng),
        "zeros": zeros_,
        "ones": ones_,
    }
    if isinstance(scheme, str) and scheme not in fillers:
        raise SettingError(f"scheme is a standard deviation or one of {', '.join(fillers)}, not {scheme!r}.")
    if waiting := [name for name, parameter in model.named_parameters() if parameter.awaits_shape]:
        raise SettingError(f"{', '.join(waiting)} have no shape before the first use: call the model once before.")
    for name, parameter in model.named_parameters():
        if "bias" in name.rpartition(".")[2]:
            zeros_(parameter)
        elif parameter.ndim > 1:
            fillers[scheme](parameter) if isinstance(scheme, str) else normal_(parameter, 0.0, scheme, rng)
    return model
