"""Learning rates that change while training. Each schedule is a formula of the first rate and the number of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..checks import one_of, probability
from ..errors import SettingError, StateError
from .optimizer import Optimizer


class Scheduler:
    """Base of schedules: sets ``lr`` of every group to ``rate(base, t)`` when made, and after each :meth:`step`.

    Parameters
    ----------
    optimizer : Optimizer
        The rates that its groups have when the first schedule is made are the base. A group that is added later joins
        in at the next step; its base is the rate that it has then.
    per_update : bool
        Whether :func:`nn.fit` steps after each update rather than each epoch.

    Attributes
    ----------
    last_epoch : int
        How many steps were made.
    monitor : str or None
        The column of the history that :func:`nn.fit` hands to :meth:`step`, if it takes one.

    Examples
    --------
    >>> import nn
    >>> class Halving(nn.optim.Scheduler):
    ...     def rate(self, base, t):
    ...         return base / 2**t
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.4
    """

    last_epoch = 0
    monitor: str | None = None

    def __init__(self, optimizer: Optimizer, per_update: bool = False) -> None:
        if not isinstance(optimizer, Optimizer):
            raise SettingError(f"A schedule takes an optimiser, not {type(optimizer).__name__}.")
        self.optimizer, self.per_update = optimizer, per_update
        self._go_to(0)

    def rate(self, base: float, t: int) -> float:
        """The learning rate after ``t`` steps of a group that began with ``base``."""
        raise TypeError(f"{type(self).__name__} defines no rate().")

    def _options(self, number: int, base: float, t: int) -> dict[str, Any]:
        """What group ``number`` holds after ``t`` steps."""
        return {"lr": self.rate(base, t)}

    def step(self) -> None:
        """Go on to the next rate."""
        self._go_to(self.last_epoch + 1)

    def _go_to(self, t: int) -> None:
        options = [{"initial_lr": base, **self._options(n, base, t)} for n, base in enumerate(self.base_lrs)]
        for group, changed in zip(self.optimizer.param_groups, options, strict=True):
            group.update(changed)
        self.last_epoch = t

    @property
    def base_lrs(self) -> list[float]:
        """The rates that groups began with."""
        return [float(group.get("initial_lr", group["lr"])) for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The rates now, one for each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """How far the schedule is."""
        return {"last_epoch": self.last_epoch, "base_lrs": self.base_lrs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        bases, t = self._rates_in(state, "base_lrs"), int(state["last_epoch"])
        for group, base in zip(self.optimizer.param_groups, bases, strict=True):
            group["initial_lr"] = base
        self._go_to(t)

    def _rates_in(self, state: Mapping[str, Any], name: str) -> list[float]:
        groups = len(self.optimizer.param_groups)
        if len(state.get(name, ())) != groups or "last_epoch" not in state:
            raise StateError(f"{type(self).__name__}: this state is not of a schedule for {groups} groups.")
        return [float(rate) for rate in state[name]]


class LambdaLR(Scheduler):
    """``base * lr_lambda(t)``; one function for all groups, or a list with one for each."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        per_update: bool = False,
    ) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer, per_update)

    def _options(self, number: int, base: float, t: int) -> dict[str, Any]:
        if callable(self.lr_lambda):
            return {"lr": base * self.lr_lambda(t)}
        functions, groups = len(self.lr_lambda), len(self.optimizer.param_groups)
        if functions != groups:
            raise SettingError(f"LambdaLR: {functions} functions for {groups} groups.")
        return {"lr": base * self.lr_lambda[number](t)}


class StepLR(Scheduler):
    """``base * gamma ** (t // step_size)``."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, per_update: bool = False) -> None:
        self.step_size, self.gamma = _positive(step_size, "step_size"), gamma
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(Scheduler):
    """``base`` times ``gamma`` for each of the ``milestones`` that t has reached."""

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1, per_update: bool = False
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return base * self.gamma ** sum(t >= milestone for milestone in self.milestones)


class ExponentialLR(Scheduler):
    """``base * gamma ** t``."""

    def __init__(self, optimizer: Optimizer, gamma: float, per_update: bool = False) -> None:
        self.gamma = gamma
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return base * self.gamma**t


class CosineAnnealingLR(Scheduler):
    """From ``base`` to ``eta_min`` in ``T_max`` steps, along half a cosine (Loshchilov and Hutter 2016)."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, per_update: bool = False) -> None:
        self.T_max, self.eta_min = _positive(T_max, "T_max"), eta_min
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class LinearLR(Scheduler):
    """``base`` times a factor that goes from ``start_factor`` to ``end_factor`` in ``total_iters`` steps: a warm-up."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        per_update: bool = False,
    ) -> None:
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = _positive(total_iters, "total_iters")
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return base * _between(self.start_factor, self.end_factor, min(t / self.total_iters, 1))


class SequentialLR(Scheduler):
    """One schedule after the other: the next begins, at its step 0, at each of the ``milestones``.

    Examples
    --------
    A warm-up of 5 steps, then a cosine:

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> warm = nn.optim.LinearLR(optimizer, 0.1, total_iters=5)
    >>> cool = nn.optim.CosineAnnealingLR(optimizer, T_max=10)
    >>> schedule = nn.optim.SequentialLR(optimizer, [warm, cool], milestones=[5])
    >>> optimizer.param_groups[0]["lr"]
    0.1
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[Scheduler],
        milestones: Sequence[int],
        per_update: bool = False,
    ) -> None:
        if len(milestones) != len(schedulers) - 1 or any(a >= b for a, b in pairwise(milestones)):
            raise SettingError(f"{len(schedulers)} schedules need one rising milestone less, not {list(milestones)}.")
        for one in schedulers:
            if not isinstance(one, Scheduler) or one.monitor is not None or one.optimizer is not optimizer:
                raise SettingError(
                    f"SequentialLR takes schedules of its own optimiser whose rates follow from the number of steps; "
                    f"this {type(one).__name__} is none."
                )
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer, per_update)

    def _options(self, number: int, base: float, t: int) -> dict[str, Any]:
        i = sum(t >= milestone for milestone in self.milestones)
        return self.schedulers[i]._options(number, base, t - (self.milestones[i - 1] if i else 0))


class OneCycleLR(Scheduler):
    """Up to ``max_lr`` and down to almost 0 within one run, momentum the other way round (Smith and Topin 2017).

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float
    total_steps : int
        Of the whole run.
    pct_start : float
        Share of the steps that go up.
    anneal_strategy : {"cos", "linear"}
    cycle_momentum : bool
        Whether ``momentum``, or the first of ``betas``, goes from ``max_momentum`` down to ``base_momentum`` and back.
    div_factor, final_div_factor : float
        The run begins at ``max_lr / div_factor`` and ends at that divided by ``final_div_factor``.
    per_update : bool
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        per_update: bool = True,
    ) -> None:
        one_of(anneal_strategy, "anneal_strategy", ("cos", "linear"))
        if cycle_momentum and not any(name in optimizer.defaults for name in ("momentum", "betas")):
            raise SettingError(f"{type(optimizer).__name__} has no momentum to cycle; pass cycle_momentum=False.")
        self.max_lr, self.total_steps = max_lr, _positive(total_steps, "total_steps")
        self.top = probability(pct_start, "pct_start") * total_steps - 1  # the step at max_lr
        self.cosine, self.cycle_momentum = anneal_strategy == "cos", cycle_momentum
        self.base_momentum, self.max_momentum = base_momentum, max_momentum
        self.start = max_lr / div_factor
        self.end = self.start / final_div_factor
        super().__init__(optimizer, per_update)

    def rate(self, base: float, t: int) -> float:
        """The formula."""
        return self._wave(t, self.start, self.max_lr, self.end)

    def _wave(self, t: int, start: float, middle: float, end: float) -> float:
        if t > self.total_steps:
            raise SettingError(f"OneCycleLR was made for {self.total_steps} steps; this is step {t + 1}.")
        t = min(t, self.total_steps - 1)  # `fit` steps once more after the last update
        if t <= self.top:
            return _between(start, middle, self._eased(t / self.top if self.top else 1.0))
        return _between(middle, end, self._eased((t - self.top) / (self.total_steps - 1 - self.top)))

    def _eased(self, share: float) -> float:
        return (1 - math.cos(math.pi * share)) / 2 if self.cosine else share

    def _options(self, number: int, base: float, t: int) -> dict[str, Any]:
        options = super()._options(number, base, t)
        if not self.cycle_momentum:
            return options
        momentum = self._wave(t, self.max_momentum, self.base_momentum, self.max_momentum)
        group = self.optimizer.param_groups[number]
        return options | ({"betas": (momentum, group["betas"][1])} if "betas" in group else {"momentum": momentum})


class ReduceLROnPlateau(Scheduler):
    """Multiply the learning rates by ``factor`` when a measure has not improved for more than ``patience`` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}
        Whether less is better, or more.
    factor, min_lr, eps : float
        Rates do not fall below ``min_lr``, and changes below ``eps`` are left out.
    patience, cooldown : int
        After a change, ``cooldown`` epochs do not count as bad.
    threshold : float
    threshold_mode : {"rel", "abs"}
        Better means better than the best by this share of it, or by this much.
    monitor : str
        Column of the history that :func:`nn.fit` hands to :meth:`step`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
        monitor: str = "loss",
    ) -> None:
        one_of(mode, "mode", ("min", "max"))
        one_of(threshold_mode, "threshold_mode", ("rel", "abs"))
        if not 0 < factor < 1:
            raise SettingError(f"factor must lie between 0 and 1, not be {factor}.")
        self.monitor, self.mode, self.factor, self.patience, self.cooldown = monitor, mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.min_lr, self.eps = threshold, threshold_mode, min_lr, eps
        self.best, self.bad_epochs, self.cooling = worst(mode), 0, 0
        super().__init__(optimizer)

    def _go_to(self, t: int) -> None:
        self.last_epoch = t  # rates follow from what is measured

    def step(self, measure: float) -> None:  # type: ignore[override]
        """Take note of the measure after an epoch."""
        self.last_epoch += 1
        margin = self.threshold * (abs(self.best) if self.threshold_mode == "rel" else 1)
        better = improves(float(measure), self.best, self.mode, margin)
        if better:
            self.best = float(measure)
        self.bad_epochs = 0 if better or self.cooling else self.bad_epochs + 1
        self.cooling = max(self.cooling - 1, 0)
        if self.bad_epochs > self.patience:
            self.bad_epochs, self.cooling = 0, self.cooldown
            for group in self.optimizer.param_groups:
                rate = max(group["lr"] * self.factor, self.min_lr)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """What was measured so far, and the rates."""
        names = ("best", "bad_epochs", "cooling", "last_epoch")
        return {**{name: getattr(self, name) for name in names}, "lrs": self.get_last_lr()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        rates = self._rates_in(state, "lrs")
        self.best = float(state["best"])
        self.bad_epochs, self.cooling, self.last_epoch = (
            int(state[name]) for name in ("bad_epochs", "cooling", "last_epoch")
        )
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate


def worst(mode: str) -> float:
    """What every measure improves."""
    return math.inf if mode == "min" else -math.inf


def improves(measure: float, best: float, mode: str, margin: float = 0.0) -> bool:
    """Whether ``measure`` is better than ``best`` by more than ``margin``; any number is better than none."""
    sign = 1 if mode == "min" else -1
    return sign * measure < sign * best - (margin if math.isfinite(best) else 0)


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _positive(number: int, name: str) -> int:
    if number < 1:
        raise SettingError(f"{name} must be at least 1, not {number}.")
    return number
