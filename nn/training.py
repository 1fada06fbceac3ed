"""Training, testing and using a model: ``fit``, ``evaluate``, ``predict``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from typing import Any

import numpy as np

from autograd_lite import Tensor, no_grad

from .callbacks import Callback, Checkpoint, Progress
from .errors import SettingError
from .functional._common import as_array
from .metrics import RunningMean, accuracy
from .module import Module
from .optim import Optimizer, Scheduler, clip_grad_norm_

Data = Any  # a loader of batches, or a tuple of arrays (inputs, targets)
Loss = Callable[[Any, Any], Tensor]
Measure = Callable[[Any, Any], Any]  # a metric or a loss


class Run:
    """A training run, as callbacks see it.

    Attributes
    ----------
    model, loss, optimizer, loader, scheduler, callbacks
        What :func:`fit` was given.
    epoch, updates : int
        How many are complete.
    epochs : int
        How many epochs there will be.
    losses : list of float
        The loss of each update of this epoch.
    history : list of dict
        One row an epoch: ``epoch``, ``updates``, ``loss`` (mean over the updates), ``seconds``, and for each data set
        of ``evaluate_on`` its metrics, such as ``held-out accuracy``.
    stop : bool
        Set it to end the run after the epoch; checkpoints remember it.
    """

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        loader: Any,
        epochs: int,
        scheduler: Scheduler | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.callbacks = callbacks
        self.model, self.loss, self.optimizer, self.loader, self.scheduler = model, loss, optimizer, loader, scheduler
        self.epoch, self.updates, self.epochs = 0, 0, epochs
        self.losses: list[float] = []
        self.history: list[dict[str, float]] = []
        self.stop = False

    def column(self, name: str) -> list[float]:
        """One column of the history."""
        for row in self.history:
            require_column(name, row)
        return [row[name] for row in self.history]

    def state_dict(self) -> dict[str, Any]:
        """How far the run is."""
        progress = {"epoch": self.epoch, "updates": self.updates, "stop": self.stop, "losses": list(self.losses)}
        return {**progress, "history": [dict(row) for row in self.history]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.epoch, self.updates, self.stop = int(state["epoch"]), int(state["updates"]), bool(state["stop"])
        self.losses, self.history = list(state["losses"]), [dict(row) for row in state["history"]]


def require_column(name: str, columns: Iterable[str]) -> None:
    """Refuse a name that is none of ``columns``."""
    if name not in columns:
        raise SettingError(f"The history has no column {name!r}; it has {', '.join(columns)}.")


def train_step(
    model: Module, loss: Loss, optimizer: Optimizer, inputs: Any, targets: Any, clip_norm: float | None = None
) -> float:
    """One update: forward, backward, step. Returns the loss. ``clip_norm`` bounds the norm of the gradients."""
    optimizer.zero_grad()
    value = loss(model(inputs), targets)
    value.backward()
    if clip_norm is not None:
        clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return float(value.item())


def fit(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    loader: Iterable[Any],
    epochs: int = 1,
    *,
    evaluate_on: Mapping[str, Data] | None = None,
    metrics: Sequence[Measure] = (accuracy,),
    scheduler: Scheduler | None = None,
    clip_norm: float | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> Run:
    """Train ``model`` until it has seen all of ``loader`` ``epochs`` times.

    Parameters
    ----------
    loss : callable
        ``loss(model(inputs), targets)``, such as :class:`~nn.CrossEntropyLoss`.
    loader : iterable of (inputs, targets)
        Such as :class:`nn.data.DataLoader`.
    evaluate_on : mapping from names to data, optional
        What to measure the model on after each epoch: loaders or pairs of arrays.
    metrics : sequence of callables
        For :func:`evaluate`.
    scheduler : Scheduler, optional
        Its ``step`` is called after each epoch or, if it is ``per_update``, after each update.
    clip_norm : float, optional
        Largest norm of the gradients of an update.
    callbacks : sequence of Callback
        See :mod:`nn.callbacks`.
    progress : bool
        Show a progress bar, if tqdm is installed, and a line for each epoch.

    Returns
    -------
    Run
        With the history of the run.

    Raises
    ------
    SettingError
        If an argument is not what is meant here, before anything is trained, or the loader gives no batches.

    Examples
    --------
    >>> import nn
    >>> rng = nn.manual_seed(0)
    >>> x = np.linspace(-1, 1, 32, dtype=np.float32).reshape(-1, 1)
    >>> model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> loader = nn.data.DataLoader((x, x * x), batch_size=8, shuffle=True, seed=0)
    >>> optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    >>> run = nn.fit(model, nn.MSELoss(), optimizer, loader, epochs=60, progress=False)
    >>> run.column("loss")[-1] < 0.01 < run.column("loss")[0]
    True
    """
    evaluate_on = {} if evaluate_on is None else evaluate_on
    callbacks, metrics = _kept(callbacks), _kept(metrics)
    check_training(loss, optimizer, loader)
    _check_reports(evaluate_on, metrics, scheduler)
    _check_course(epochs, callbacks)
    others = [*(c for c in callbacks if not isinstance(c, Checkpoint)), *([Progress()] if progress else [])]
    checkpoints = [c for c in callbacks if isinstance(c, Checkpoint)]
    listeners = [*others, *checkpoints]  # what is saved is what all have heard of
    run = Run(model, loss, optimizer, loader, epochs, scheduler, listeners)
    try:
        for listener in [*checkpoints, *others]:
            listener.on_start(run)
        while run.epoch < epochs and not run.stop:
            start = time.perf_counter()
            model.train()
            for inputs, targets in loader:
                run.losses.append(train_step(model, loss, optimizer, inputs, targets, clip_norm))
                run.updates += 1
                if scheduler is not None and scheduler.per_update:
                    scheduler.step()
                for listener in listeners:
                    listener.on_update(run)
            if not run.losses:
                more = " any more; a generator is used up after one epoch, a DataLoader is not" if run.epoch else ""
                raise SettingError(f"The loader gave no batches{more}.")
            _finish_epoch(run, evaluate_on, metrics, start)
            for listener in listeners:
                listener.on_epoch(run)
    finally:
        for listener in listeners:
            listener.on_end(run)
    return run


def _finish_epoch(run: Run, evaluate_on: Mapping[str, Data], metrics: Sequence[Measure], start: float) -> None:
    run.epoch += 1
    row: dict[str, float] = {"epoch": run.epoch, "updates": run.updates, "loss": float(np.mean(run.losses))}
    for name, data in evaluate_on.items():
        row |= {f"{name} {key}": value for key, value in evaluate(run.model, data, metrics).items()}
    row["seconds"] = time.perf_counter() - start
    run.history.append(row)
    run.losses = []
    scheduler = run.scheduler
    if scheduler is not None and not scheduler.per_update:
        measured = [] if scheduler.monitor is None else [row[scheduler.monitor]]
        scheduler.step(*measured)


# -- What people may have meant otherwise -----------------------------------------------------------------------------


def check_training(loss: Any, optimizer: Any, loader: Any) -> None:
    """Refuse what cannot be trained with, say because two arguments were exchanged."""
    if not _ready(loss):
        raise SettingError(f"loss is called with (outputs, targets), like nn.MSELoss(), unlike {_title(loss)}.")
    if not isinstance(optimizer, Optimizer):
        raise SettingError(
            f"optimizer is one of nn.optim, such as nn.optim.SGD(model.parameters()), not {_title(optimizer)}."
        )
    if not _gives_batches(loader):
        raise SettingError(
            f"loader gives batches of (inputs, targets), which {_title(loader)} does not; "
            "make one of arrays: nn.data.DataLoader((inputs, targets), batch_size=100, shuffle=True)."
        )


def _check_reports(evaluate_on: Any, metrics: Any, scheduler: Any) -> None:
    if not isinstance(evaluate_on, Mapping):
        raise SettingError(
            f"evaluate_on names its data: {{'held-out': (inputs, targets)}}, unlike {_title(evaluate_on)}."
        )
    for data in evaluate_on.values():
        _check_data(data)
    measures = [f"{name} {key}" for name in evaluate_on for key in _measures(metrics)]
    if scheduler is None:
        return
    if not isinstance(scheduler, Scheduler):
        raise SettingError(
            f"scheduler is one of nn.optim, such as nn.optim.StepLR(optimizer, 10), not {_title(scheduler)}."
        )
    if scheduler.monitor is not None:
        require_column(scheduler.monitor, ["epoch", "updates", "loss", *measures, "seconds"])


def _kept(given: Any) -> Any:
    """A list of what is gone through more than once; what is no collection stays, to be refused."""
    return list(given) if isinstance(given, Iterable) else given


def _check_course(epochs: Any, callbacks: Any) -> None:
    if not isinstance(epochs, int | np.integer) or epochs < 0:
        raise SettingError(f"epochs must be a whole number of at least 0, not {epochs!r}.")
    strangers = [c for c in callbacks if not isinstance(c, Callback)] if isinstance(callbacks, list) else [callbacks]
    if strangers:
        raise SettingError(f"callbacks is a list, such as [nn.callbacks.Progress()], not {_title(strangers[0])}.")


def _check_data(data: Any) -> None:
    if not _gives_batches(data) and not (isinstance(data, tuple) and len(data) == 2):
        raise SettingError(
            f"The model is measured on (inputs, targets), or a loader of such batches, not {_title(data)}."
        )


def _measures(metrics: Any, loss: Loss | None = None) -> dict[str, Measure]:
    """What is measured, by name."""
    if callable(metrics):
        raise SettingError("metrics is a list of functions, even if it is one: [accuracy].")
    named = [(_name(metric), metric) for metric in metrics] + ([] if loss is None else [("loss", loss)])
    names = [name for name, _ in named]
    for name, metric in named:
        if not _ready(metric):
            raise SettingError(
                f"metrics are called with (outputs, targets), like nn.MSELoss(), unlike {_title(metric)}."
            )
        if names.count(name) > 1:
            raise SettingError(f"Two metrics are called {name!r}; set the __name__ of one.")
    return dict(named)


def _name(metric: Any) -> str:
    given = getattr(metric, "__name__", None)
    if given is None and isinstance(metric, partial):
        return _name(metric.func)
    return type(metric).__name__ if given is None else str(given)


def _ready(function: Any) -> bool:
    return callable(function) and not isinstance(function, type)


def _gives_batches(data: Any) -> bool:
    return isinstance(data, Iterable) and not isinstance(data, tuple | np.ndarray | Tensor | Mapping)


def _title(value: Any) -> str:
    """What ``value`` is, for people."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, np.ndarray | Tensor):
        return f"an array of shape {value.shape}"
    return type(value).__name__ + (f" of {len(value)}" if isinstance(value, tuple) else "")


# -- Using a model ----------------------------------------------------------------------------------------------------


@contextmanager
def evaluating(*modules: Module) -> Iterator[None]:
    """Use modules in eval mode and without recording; afterwards each part is in the mode in which it was.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Dropout())
    >>> with nn.evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    before = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for module in modules:
            module.eval()
        with no_grad():
            yield
    finally:
        for part, training in before:
            part.training = training


def beside(loader: Any) -> Any:
    """A loader to use while training has its own place in the passes of ``loader``."""
    return copy(loader) if hasattr(loader, "load_state_dict") else loader


def batches(data: Data, batch_size: int = 100) -> Iterator[tuple[Any, ...]]:
    """The batches of a loader, or of arrays."""
    if not isinstance(data, tuple):
        yield from beside(data)
        return
    arrays = [as_array(part) for part in data]
    if len({len(array) for array in arrays}) > 1:
        raise SettingError(f"Arrays of different length do not belong together: {[a.shape for a in arrays]}.")
    if batch_size < 1:
        raise SettingError(f"batch_size must be at least 1, not {batch_size}.")
    for start in range(0, len(arrays[0]), batch_size):
        yield tuple(array[start : start + batch_size] for array in arrays)


def evaluate(
    model: Module, data: Data, metrics: Sequence[Measure] = (accuracy,), loss: Loss | None = None, batch_size: int = 100
) -> dict[str, float]:
    """Measure ``model`` on ``data``, batch by batch, in eval mode; a loader's place in its passes is left alone.

    Parameters
    ----------
    data : loader, or tuple (inputs, targets) of arrays
    metrics : sequence of callables
        ``metric(outputs, targets)``, a mean over samples; the result has them by their names, or those of their
        classes.
    loss : callable, optional
        Measured too, as ``"loss"``.

    Returns
    -------
    dict from names to float

    Examples
    --------
    >>> import nn
    >>> nn.evaluate(nn.Identity(), ([[0.1, 0.9], [0.8, 0.2]], [1, 1]))
    {'accuracy': 0.5}
    """
    _check_data(data)
    measures = _measures(metrics, loss)
    means = {name: RunningMean() for name in measures}
    with evaluating(model):
        for inputs, targets in batches(data, batch_size):
            outputs = model(inputs)
            for name, measure in measures.items():
                means[name].update(measure(outputs, targets), len(inputs))
    if not all(mean.count for mean in means.values()):
        raise SettingError("There is nothing to evaluate on: the data are empty.")
    return {name: mean.value for name, mean in means.items()}


def predict(model: Module, inputs: Any, batch_size: int = 250) -> np.ndarray:
    """What ``model`` answers to any number of ``inputs``, in memory for ``batch_size`` of them and the answers.

    Examples
    --------
    >>> import nn
    >>> nn.predict(nn.Softmax(), np.zeros((60_000, 2))).shape
    (60000, 2)
    """
    pair = isinstance(inputs, tuple) and any(isinstance(part, np.ndarray | Tensor) for part in inputs)
    given, inputs = inputs, np.empty(()) if pair else as_array(inputs)
    if not inputs.ndim or inputs.dtype.kind not in "biufc":
        raise SettingError(f"predict takes an array of inputs, without targets, not {_title(given)}.")
    if not len(inputs):
        raise SettingError(f"There is nothing to predict: inputs have shape {inputs.shape}.")
    outputs = None
    with evaluating(model):
        for start, (batch,) in zip(
            range(0, len(inputs), max(batch_size, 1)), batches((inputs,), batch_size), strict=True
        ):
            answer = model(batch)
            rows = as_array(answer) if isinstance(answer, np.ndarray | Tensor) else np.empty(())
            if outputs is None:
                outputs = np.empty((len(inputs), *rows.shape[1:]), rows.dtype)
            if rows.shape != (len(batch), *outputs.shape[1:]):
                raise SettingError(
                    f"predict collects one answer for each input; the model gave {_title(answer)} for {batch.shape}."
                )
            outputs[start : start + len(batch)] = rows
    assert outputs is not None
    return outputs
