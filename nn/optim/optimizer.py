"""What all optimisers share: groups of parameters, and state that is saved with them.

An optimiser is a formula on arrays: ``update(w, g, t, o, ...)`` changes the values ``w`` in place, given the gradient
``g``, the number ``t`` of the step (from 1), the options ``o`` of the group and the arrays that ``keeps(o)`` names.
A :class:`~nn.optim.walk.Walk` hands it blocks of numbers, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd_lite import Tensor, enable_grad

from ..errors import SettingError, StateError
from ..module import Module
from .walk import Array, Walk


class Group(dict[str, Any]):
    """Options of some parameters. ``group["lr"]`` and ``group.lr`` are the same.

    NumPy's numbers become Python's, which take the dtype of the arrays that they meet, and are the same from a file.
    """

    def __init__(self, *options: Any) -> None:
        super().__init__()
        self.update(*options)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, _plain(value))

    def update(self, *options: Any, **more: Any) -> None:
        """Set several options."""
        for name, value in dict(*options, **more).items():
            self[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"This group has no option {name!r}; it has {', '.join(self)}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic | np.ndarray) and not value.ndim else value


class Optimizer:
    """Base of all optimisers.

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
        A dict is a group: ``{"params": [...], "lr": 0.01}`` sets options for its parameters alone.
    **options
        What groups do not set themselves.

    Attributes
    ----------
    param_groups : list of Group
        Options may be changed at any time, as schedules do: ``optimizer.param_groups[0]["lr"] = 0.01``.

    Raises
    ------
    SettingError
        If there are no parameters, one stands twice, or an option makes no sense.

    Examples
    --------
    To write your own, name what to keep and write the formula:

    >>> import nn
    >>> class Momentum(nn.optim.Optimizer):
    ...     nonnegative = ("momentum",)
    ...     def __init__(self, params, lr=0.01, momentum=0.9):
    ...         super().__init__(params, lr=lr, momentum=momentum)
    ...     def keeps(self, o):
    ...         return {"velocity": 0.0}
    ...     def update(self, w, g, t, o, v):
    ...         v *= o.momentum
    ...         v -= o.lr * g
    ...         w += v
    >>> x = nn.Parameter([10.0])
    >>> optimizer = Momentum([x], lr=0.1)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> abs(x.item()) < 0.1
    True
    """

    decoupled: ClassVar[bool] = False  # whether weight decay shrinks the weights themselves, rather than adds to g
    nonnegative: ClassVar[tuple[str, ...]] = ()  # options, besides those of all, that are numbers from 0
    shares: ClassVar[tuple[str, ...]] = ()  # options in [0, 1)
    pairs: ClassVar[tuple[str, ...]] = ()  # options that are two such shares

    def __init__(self, params: Iterable[Any], **options: Any) -> None:
        self.defaults = {"weight_decay": 0.0, "l1": 0.0, "maximize": False, **options}
        self.param_groups: list[Group] = []
        self._walks: list[Walk] = []
        if isinstance(params, Module | Tensor):
            raise SettingError(
                f"An optimiser takes a list of parameters, such as model.parameters(), not {type(params)}."
            )
        given = list(params)
        if not given:
            raise SettingError("An optimiser needs at least one parameter; this list is empty.")
        groups = given if isinstance(given[0], Mapping) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    # -- The formula: what subclasses write

    def keeps(self, o: Group) -> dict[str, float]:
        """Names and first values of the arrays that are kept beside each parameter."""
        return {}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """Change ``w`` and ``kept`` in place; leave ``g`` alone."""
        raise TypeError(f"{type(self).__name__} defines no update().")

    # -- Steps

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change all parameters that have a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients, which is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group, walk in zip(self.param_groups, self._walks, strict=True):
            maximize, decay, l1 = group.maximize, group.weight_decay, group.l1
            for w, g, t, kept in walk.blocks(self.keeps(group)):
                if maximize:
                    g = -g
                if decay and self.decoupled:
                    w *= 1 - group.lr * decay
                elif decay:
                    g = g + decay * w
                if l1:
                    g = g + l1 * np.sign(w)
                self.update(w, g, t, group, *kept)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set to 0 those that there are."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.requires_grad and (set_to_none or parameter.grad is not None):
                    parameter.grad = None if set_to_none else np.zeros(parameter.shape, parameter.dtype)

    # -- Groups

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Optimise more parameters, with options of their own."""
        params = group.get("params", ())
        params = [params] if isinstance(params, Tensor) else list(params)
        if not params:
            raise SettingError("A group needs at least one parameter; this one is empty.")
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for parameter in params:
            if not isinstance(parameter, Tensor):
                raise SettingError(f"An optimiser takes parameters, not {type(parameter).__name__}.")
            if not parameter.is_leaf:
                raise SettingError(f"A tensor of shape {parameter.shape} was computed; only leaves can be optimised.")
            if id(parameter) in known:
                raise SettingError(f"A parameter of shape {parameter.shape} stands in two places of the groups.")
            known.add(id(parameter))
        made = Group({**self.defaults, **group, "params": params})
        if unknown := sorted(set(made) - set(self.defaults) - {"params", "initial_lr"}):
            raise SettingError(f"{type(self).__name__} has no option {', '.join(unknown)}.")
        self.check(made)
        self.param_groups.append(made)
        self._walks.append(Walk(params))

    def check(self, o: Group) -> None:
        """Refuse options that make no sense."""
        for name in ("lr", "weight_decay", "l1", *self.nonnegative):
            if name in o:
                self._require(o[name], name, "0 or more", lambda value: value >= 0)
        for name in self.shares:
            self._require(o[name], name, "in [0, 1)", lambda value: 0 <= value < 1)
        for name in self.pairs:
            if not isinstance(o[name], tuple | list) or len(o[name]) != 2:
                raise SettingError(f"{type(self).__name__}: {name} must be two numbers, not {o[name]!r}.")
            for share in o[name]:
                self._require(share, name, "in [0, 1)", lambda value: 0 <= value < 1)

    def _require(self, value: Any, name: str, what: str, holds: Callable[[Any], bool]) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not holds(value):
            what = what if number else "a number"
            raise SettingError(f"{type(self).__name__}: {name} must be {what}, not {value!r}.")

    def __repr__(self) -> str:
        lines = [
            f"  group {i}: {len(group['params'])} parameters, "
            + ", ".join(f"{name}={value!r}" for name, value in group.items() if name != "params")
            for i, group in enumerate(self.param_groups)
        ]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])

    # -- State

    def state_dict(self) -> dict[str, Any]:
        """Options of all groups and copies of what is kept, by the number of the parameter; the layout is PyTorch's."""
        state: dict[int, dict[str, Any]] = {}
        groups, first = [], 0
        for group, walk in zip(self.param_groups, self._walks, strict=True):
            numbers = list(range(first, first + len(group["params"])))
            groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": numbers})
            state |= {first + i: entry for i, entry in walk.saved().items()}
            first += len(numbers)
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave, for as many parameters of the same shapes.

        Raises
        ------
        StateError
            If groups, parameters or shapes differ; nothing is loaded then.
        """
        try:
            groups, entries = state["param_groups"], state["state"]
            sizes = [len(group["params"]) for group in groups]
        except (KeyError, TypeError) as error:
            raise StateError(f"This is no state of an optimiser: {error!r}.") from None
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise StateError(
                f"{type(self).__name__}: the state has groups of {sizes} parameters, this optimiser {own}."
            )
        parts = []
        for group, walk in zip(groups, self._walks, strict=True):
            merged = Group({**self.defaults, **{k: v for k, v in group.items() if k != "params"}})
            found = {i: entries[n] for i, n in enumerate(group["params"]) if n in entries}
            parts.append((merged, walk.checked(found, self.keeps(merged), type(self).__name__)))
        for group, walk, (merged, found) in zip(self.param_groups, self._walks, parts, strict=True):
            group.update((k, merged[k]) for k in merged if k in group or k == "initial_lr")
            walk.load(found, self.keeps(group))
