"""A quasi-Newton method, for smooth losses without noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd_lite import enable_grad, no_grad

from ..errors import SettingError, StateError
from .optimizer import Optimizer
from .walk import Array
from .wolfe import strong_wolfe


class LBFGS(Optimizer):
    """Steps along ``-H g``, with H, the inverse of the curvature, learnt from the last steps (Liu, Nocedal 1989).

    One :meth:`step` makes up to ``max_iter`` such steps and needs a closure that computes loss and gradients anew.

    Parameters
    ----------
    params : iterable of Parameter
        One group only.
    lr : float
    max_iter, max_eval : int
        Of each :meth:`step`; it also ends after ``max_eval`` calls of the closure, by default 5/4 of ``max_iter``.
    tolerance_grad, tolerance_change : float
        Stop when no number of the gradient, or of the step, is larger.
    history_size : int
        How many steps to remember.
    line_search_fn : {None, "strong_wolfe"}
        How long a step is: ``lr``, or searched for along its direction.

    Examples
    --------
    >>> import nn
    >>> x = nn.Parameter([-1.5, 2.0], dtype="float64")
    >>> optimizer = nn.optim.LBFGS([x], max_iter=50, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> [round(v, 4) for v in x.tolist()]
    [1.0, 1.0]
    """

    nonnegative = ("max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise SettingError(f"line_search_fn is None or 'strong_wolfe', not {line_search_fn!r}.")
        options = {"max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval}
        options |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}  # type: ignore[dict-item]
        super().__init__(params, lr=lr, history_size=history_size, line_search_fn=line_search_fn, **options)
        if len(self.param_groups) > 1:
            raise SettingError("LBFGS takes one group of parameters.")
        self._forget()

    def _forget(self) -> None:
        self._steps, self._changes = [], []  # s: where we went; y: how the gradient changed
        self._direction: Array | None = None
        self._before: Array | None = None  # the gradient before the last step
        self._length, self._count = 0.0, 0

    _steps: list[Array]
    _changes: list[Array]

    # -- The parameters as one vector

    def _values(self) -> Array:
        return np.concatenate([p.data.ravel() for p in self.param_groups[0]["params"]])

    def _move_to(self, values: Array) -> None:
        start = 0
        with no_grad():
            for p in self.param_groups[0]["params"]:
                p[...] = values[start : start + p.size].reshape(p.shape)
                start += p.size

    def _gradient(self) -> Array:
        parts = [(p, p.grad) for p in self.param_groups[0]["params"]]
        return np.concatenate([np.zeros(p.size, p.dtype) if g is None else g.data.ravel() for p, g in parts])

    # -- Steps

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to ``max_iter`` steps.

        Parameters
        ----------
        closure : callable
            Forgets the gradients, computes the loss, calls its ``backward``, and returns it.
        """
        if closure is None:
            raise SettingError("LBFGS.step needs a closure that computes the loss and its gradients.")
        o = self.param_groups[0]
        first, g = self._measured(closure)
        loss, evaluations = float(first), 1
        for n in range(1, o.max_iter + 1):
            if abs(g).max(initial=0) <= o.tolerance_grad:
                break
            d = self._next_direction(g)
            slope = float(g @ d)
            if slope > -o.tolerance_change:
                break
            length = o.lr if self._count > 1 else min(1.0, 1 / float(abs(g).sum())) * o.lr
            before, self._before, self._direction = loss, g, d
            if o.line_search_fn is not None:
                length, loss, g, calls = strong_wolfe(self._along(d, closure), d, length, loss, g)
                self._move_to(self._start + length * d)
            else:
                self._move_to(self._values() + length * d)
                calls = 0
                if n < o.max_iter:
                    value, g = self._measured(closure)
                    loss, calls = float(value), 1
            evaluations += calls
            self._length = length
            still = abs(d * length).max() <= o.tolerance_change or abs(loss - before) < o.tolerance_change
            if still or evaluations >= o.max_eval:
                break
        return first

    def _along(self, d: Array, closure: Callable[[], Any]) -> Callable[[float], tuple[float, Array]]:
        """Loss and gradient as functions of the length of the step."""
        self._start = self._values()

        def at(length: float) -> tuple[float, Array]:
            self._move_to(self._start + length * d)
            loss, g = self._measured(closure)
            return float(loss), g

        return at

    def _measured(self, closure: Callable[[], Any]) -> tuple[Any, Array]:
        """The loss, and its gradient, where the parameters are now."""
        with enable_grad():
            loss = closure()
        if loss is None:
            raise SettingError("The closure of LBFGS.step must return the loss; this one returns None.")
        return loss, self._gradient()

    def _next_direction(self, g: Array) -> Array:
        """``-H g`` by the two loops over what is remembered (Nocedal and Wright, algorithm 7.4)."""
        self._count += 1
        if self._direction is not None and self._before is not None:
            y, s = g - self._before, self._direction * self._length
            if y @ s > 1e-10:
                self._changes.append(y)
                self._steps.append(s)
                over = max(len(self._steps) - self.param_groups[0].history_size, 0)
                del self._changes[:over], self._steps[:over]
        q, shares = -g, []
        for s, y in zip(reversed(self._steps), reversed(self._changes), strict=True):
            shares.append((s @ q) / (y @ s))
            q = q - shares[-1] * y
        if self._steps:
            s, y = self._steps[-1], self._changes[-1]
            q = q * ((y @ s) / (y @ y))
        for s, y in zip(self._steps, self._changes, strict=True):
            q = q + (shares.pop() - (y @ q) / (y @ s)) * s
        return q

    # -- State

    def state_dict(self) -> dict[str, Any]:
        """Options, and what is remembered."""
        names = ("_steps", "_changes", "_direction", "_before", "_length", "_count")
        memory = {name[1:]: getattr(self, name) for name in names}
        memory |= {name: np.array(memory[name]) for name in ("steps", "changes")}
        return {"state": memory, "param_groups": super().state_dict()["param_groups"]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        memory = state.get("state", {})
        if memory and set(memory) != {"steps", "changes", "direction", "before", "length", "count"}:
            raise StateError("This is no state of LBFGS. Nothing was loaded.")
        size = self._values().size
        if memory and memory["direction"] is not None and np.shape(memory["direction"]) != (size,):
            raise StateError(f"This state of LBFGS is not for {size} numbers. Nothing was loaded.")
        super().load_state_dict({"state": {}, "param_groups": state["param_groups"]})
        self._forget()
        if memory:
            self._steps, self._changes = list(memory["steps"]), list(memory["changes"])
            self._direction, self._before = memory["direction"], memory["before"]
            self._length, self._count = float(memory["length"]), int(memory["count"])
