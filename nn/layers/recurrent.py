"""Layers that read sequences step by step and remember."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

import autograd_lite as ag
from autograd_lite import ShapeError, Tensor, linear, sigmoid, tanh

from ..checks import at_least_one, one_of, probability
from ..functional._common import as_tensor
from ..functional.regularize import dropout as drop
from ..module import Module, arguments
from ..random import Rng, generator
from .linear import uniform

State = tuple[Tensor, ...]


# -- One step ---------------------------------------------------------------------------------------------------------
# ``x`` is the input's share of the gates, ``w_hh @ h`` the memory's.


def rnn_step(x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None, relu: bool = False) -> State:
    """``h = tanh(x + w_hh h + b_hh)`` (Elman 1990), or relu in place of tanh."""
    y = x + linear(state[0], w_hh, b_hh)
    return (y.relu() if relu else tanh(y),)


def lstm_step(x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """``c = f * c + i * g``, ``h = o * tanh(c)``, gates in the order i, f, g, o (Hochreiter and Schmidhuber 1997)."""
    n = w_hh.shape[1]
    z = (x if b_hh is None else x + b_hh).reshape(1, -1, 4 * n)
    h, c = ag.lstm(z, w_hh, *(part.reshape(-1, n) for part in state))
    return h[1].reshape(state[0].shape), c[1].reshape(state[0].shape)


def gru_step(x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """``h = (1 - z) * n + z * h`` with ``n = tanh(x_n + r * h_n)``, gates in the order r, z, n (Cho et al. 2014)."""
    h = state[0]
    n = h.shape[-1]
    memory = linear(h, w_hh, b_hh)
    gates = sigmoid(x[..., : 2 * n] + memory[..., : 2 * n])
    r, z = gates[..., :n], gates[..., n:]
    new = tanh(x[..., 2 * n :] + r * memory[..., 2 * n :])
    return (new + z * (h - new),)


def _first(state: State | None, parts: int, shape: tuple[int, ...], dtype: DTypeLike) -> State:
    """``state``, if its parts have ``shape``; by default zeros."""
    if state is None:
        return (Tensor(np.zeros(shape, dtype), copy=False),) * parts
    for part in state:
        if part.shape != shape:
            raise ShapeError(f"expected a state of shape {shape}, got {part.shape}.")
    return state


# -- Cells ------------------------------------------------------------------------------------------------------------


class _Cell(Module):
    """Parameters and checks of a single step."""

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, dtype: DTypeLike = np.float32, rng: Rng = None
    ) -> None:
        at_least_one(input_size=input_size, hidden_size=hidden_size)
        rng, rows = generator(rng), self.gates * hidden_size
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = uniform((rows, input_size), hidden_size, dtype, rng)
        self.weight_hh = uniform((rows, hidden_size), hidden_size, dtype, rng)
        self.bias_ih = uniform((rows,), hidden_size, dtype, rng) if bias else None
        self.bias_hh = uniform((rows,), hidden_size, dtype, rng) if bias else None

    def _step(self, x: Tensor, state: State) -> State:
        raise TypeError(f"{type(self).__name__} defines no _step().")

    def _next(self, x: Any, state: State | None) -> State:
        x = as_tensor(x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(f"expected input (N, {self.input_size}), got {x.shape}.")
        state = _first(state, self.states, (*x.shape[:-1], self.hidden_size), x.dtype)
        return self._step(linear(x, self.weight_ih, self.bias_ih), state)

    def forward(self, x: Any, h: Any = None) -> Any:
        """(N, input_size) and (N, hidden_size), or zeros, to (N, hidden_size)."""
        return self._next(x, None if h is None else (as_tensor(h),))[0]

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(self.input_size, self.hidden_size, bias=(self.bias_ih is not None, True))


class RNNCell(_Cell):
    """One step of an :class:`RNN`: ``h = tanh(weight_ih x + bias_ih + weight_hh h + bias_hh)``.

    Parameters
    ----------
    nonlinearity : {"tanh", "relu"}

    Attributes
    ----------
    weight_ih : Parameter, shape (hidden_size, input_size)
    weight_hh : Parameter, shape (hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter, shape (hidden_size,), or None
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, dtype, rng)
        self.nonlinearity = one_of(nonlinearity, "nonlinearity", ("tanh", "relu"))

    def _step(self, x: Tensor, state: State) -> State:
        return rnn_step(x, state, self.weight_hh, self.bias_hh, self.nonlinearity == "relu")

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(super().extra_repr(), nonlinearity=(self.nonlinearity, "tanh"))


class LSTMCell(_Cell):
    """One step of an :class:`LSTM`; its parameters hold the gates i, f, g, o one below the other.

    Attributes
    ----------
    weight_ih : Parameter, shape (4 * hidden_size, input_size)
    weight_hh : Parameter, shape (4 * hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter, shape (4 * hidden_size,), or None
    """

    gates, states = 4, 2

    def _step(self, x: Tensor, state: State) -> State:
        return lstm_step(x, state, self.weight_hh, self.bias_hh)

    def forward(self, x: Any, state: Any = None) -> State:
        """(N, input_size) and the pair (h, c), or zeros, to the next pair."""
        return self._next(x, None if state is None else tuple(map(as_tensor, state)))


class GRUCell(_Cell):
    """One step of a :class:`GRU`; its parameters hold the gates r, z, n one below the other.

    Attributes
    ----------
    weight_ih : Parameter, shape (3 * hidden_size, input_size)
    weight_hh : Parameter, shape (3 * hidden_size, hidden_size)
    bias_ih, bias_hh : Parameter, shape (3 * hidden_size,), or None
    """

    gates = 3

    def _step(self, x: Tensor, state: State) -> State:
        return gru_step(x, state, self.weight_hh, self.bias_hh)


# -- Whole sequences --------------------------------------------------------------------------------------------------


class _Recurrent(Module):
    """Layers of cells over whole sequences, forwards or both ways."""

    gates: ClassVar[int]
    states: ClassVar[int] = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        at_least_one(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout, self.rng = probability(dropout, "dropout"), None if rng is None else generator(rng)
        rng, rows = generator(self.rng), self.gates * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * len(self._ways())
            for way in self._ways():
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                for name, shape in shapes.items():
                    self.register_parameter(f"{name}_l{layer}{way}", uniform(shape, hidden_size, dtype, rng))

    def _ways(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _step(self, x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
        raise TypeError(f"{type(self).__name__} defines no _step().")

    def _run(self, x: Any, state: State | None) -> tuple[Tensor, State]:
        x = as_tensor(x)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            axes = "(N, L, " if self.batch_first else "(L, N, "
            raise ShapeError(f"expected input {axes}{self.input_size}) or (L, {self.input_size}), got {x.shape}.")
        single = x.ndim == 2
        if single:
            x = x.reshape(x.shape[0], 1, x.shape[1])
            state = state and tuple(part.reshape(part.shape[0], 1, part.shape[-1]) for part in state)
        elif self.batch_first:
            x = x.swapaxes(0, 1)
        if not len(x):
            raise ShapeError(f"a sequence needs at least one step, got {x.shape}.")
        shape = (self.num_layers * len(self._ways()), x.shape[1], self.hidden_size)
        y, last = self._layers(x, _first(state, self.states, shape, x.dtype))
        if single:
            return y.reshape(y.shape[0], y.shape[2]), tuple(p.reshape(p.shape[0], p.shape[2]) for p in last)
        return (y.swapaxes(0, 1) if self.batch_first else y), last

    def forward(self, x: Any, h: Any = None) -> Any:
        """Sequences, and first states (layers, N, hidden_size) or zeros, to outputs of all steps and last states."""
        y, (last,) = self._run(x, None if h is None else (as_tensor(h),))
        return y, last

    def _layers(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        last: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for way in self._ways():
                start = tuple(part[len(last)] for part in state)
                y, end = self._sequence(x, start, f"_l{layer}{way}", backwards=bool(way))
                outputs.append(y)
                last.append(end)
            x = outputs[0] if len(outputs) == 1 else ag.concatenate(outputs, axis=-1)
            if self.dropout and layer < self.num_layers - 1:
                x = drop(x, self.dropout, self.training, self.rng)
        return x, tuple(ag.stack(parts) for parts in zip(*last, strict=True))

    def _weights(self, suffix: str) -> tuple[Tensor, Tensor | None, Tensor, Tensor | None]:
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        w_ih, b_ih, w_hh, b_hh = (vars(self).get(name + suffix) for name in names)
        assert w_ih is not None
        assert w_hh is not None
        return w_ih, b_ih, w_hh, b_hh

    def _sequence(self, x: Tensor, state: State, suffix: str, backwards: bool) -> tuple[Tensor, State]:
        w_ih, b_ih, w_hh, b_hh = self._weights(suffix)
        inputs = _steps(linear(x, w_ih, b_ih))  # the product is of all steps at once
        outputs = []
        for step in reversed(inputs) if backwards else inputs:
            state = self._step(step, state, w_hh, b_hh)
            outputs.append(state[0])
        return ag.stack(outputs[::-1] if backwards else outputs), state

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            self.input_size,
            self.hidden_size,
            num_layers=(self.num_layers, 1),
            bias=(self.bias, True),
            batch_first=(self.batch_first, False),
            dropout=(self.dropout, 0.0),
            bidirectional=(self.bidirectional, False),
        )


def _steps(x: Tensor) -> list[Tensor]:
    """The steps of a sequence, cut out in two stages: the gradient of a part is as long as what it was cut from."""
    length = max(1, math.isqrt(len(x)))
    return [step for start in range(0, len(x), length) for step in x[start : start + length]]


class RNN(_Recurrent):
    """Recurrent network of Elman (1990): ``h = tanh(weight_ih x + bias_ih + weight_hh h + bias_hh)`` at each step.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        Each layer reads what the one before it remembered at each step.
    bias : bool
    batch_first : bool
        Whether sequences are (N, L, input_size) instead of (L, N, input_size).
    dropout : float
        Between layers.
    bidirectional : bool
        Read backwards too; outputs lie side by side.
    nonlinearity : {"tanh", "relu"}
    rng : Generator or int, optional
        Source of the first values and of what is dropped; by default the generator of :func:`nn.manual_seed`.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ..., weight_ih_l0_reverse, ... : Parameter

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> y, h = nn.RNN(4, 8, batch_first=True)(np.zeros((2, 5, 4), np.float32))
    >>> y.shape, h.shape
    ((2, 5, 8), (1, 2, 8))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        self.nonlinearity = one_of(nonlinearity, "nonlinearity", ("tanh", "relu"))
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng)

    def _step(self, x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
        return rnn_step(x, state, w_hh, b_hh, self.nonlinearity == "relu")

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(super().extra_repr(), nonlinearity=(self.nonlinearity, "tanh"))


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997); parameters as for :class:`RNN`, gates i, f, g, o.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> y, (h, c) = nn.LSTM(4, 8, num_layers=2)(np.zeros((5, 2, 4), np.float32))
    >>> y.shape, h.shape, c.shape
    ((5, 2, 8), (2, 2, 8), (2, 2, 8))
    """

    gates, states = 4, 2

    def _sequence(self, x: Tensor, state: State, suffix: str, backwards: bool) -> tuple[Tensor, State]:
        w_ih, b_ih, w_hh, b_hh = self._weights(suffix)
        z = linear(x, w_ih, None if b_ih is None or b_hh is None else b_ih + b_hh)
        h, c = ag.lstm(z[::-1] if backwards else z, w_hh, *state)
        return h[:0:-1] if backwards else h[1:], (h[-1], c[-1])

    def forward(self, x: Any, state: Any = None) -> tuple[Tensor, State]:
        """Sequences, and the first pair (h, c) or zeros, to outputs of all steps and the last pair."""
        return self._run(x, None if state is None else tuple(map(as_tensor, state)))


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al. 2014); parameters as for :class:`RNN`, gates r, z, n."""

    gates = 3

    def _step(self, x: Tensor, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
        return gru_step(x, state, w_hh, b_hh)
