"""Training, testing and using a model: ``fit``, ``evaluate``, ``predict``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite import Tensor, no_grad

from .callbacks import Callback, Checkpoint, Progress
from .errors import SettingError
from .functional._common import as_array
from .metrics import Metric, accuracy
from .module import Module
from .optim import Optimizer, clip_grad_norm_

Data = Any  # a loader of batches, or a tuple of arrays (inputs, targets)
Loss = Callable[[Any, Any], Tensor]


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
        scheduler: Any = None,
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
    metrics: Sequence[Metric] = (accuracy,),
    scheduler: Any = None,
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
    scheduler : optional
        Its ``step`` is called after each epoch or, if it has ``per_update``, after each update.
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
                if scheduler is not None and getattr(scheduler, "per_update", False):
                    scheduler.step()
                for listener in listeners:
                    listener.on_update(run)
            if not run.losses:
                raise SettingError("The loader gave no batches.")
            _finish_epoch(run, evaluate_on or {}, metrics, start)
            for listener in listeners:
                listener.on_epoch(run)
    finally:
        for listener in listeners:
            listener.on_end(run)
    return run


def _finish_epoch(run: Run, evaluate_on: Mapping[str, Data], metrics: Sequence[Metric], start: float) -> None:
    run.epoch += 1
    row: dict[str, float] = {"epoch": run.epoch, "updates": run.updates, "loss": float(np.mean(run.losses))}
    for name, data in evaluate_on.items():
        row |= {f"{name} {key}": value for key, value in evaluate(run.model, data, metrics).items()}
    row["seconds"] = time.perf_counter() - start
    run.history.append(row)
    run.losses = []
    if run.scheduler is not None and not getattr(run.scheduler, "per_update", False):
        monitor = getattr(run.scheduler, "monitor", None)
        run.scheduler.step() if monitor is None else run.scheduler.step(row[monitor])


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


def batches(data: Data, batch_size: int = 100) -> Iterator[tuple[Any, ...]]:
    """The batches of a loader, or of arrays."""
    if not isinstance(data, tuple):
        yield from data
        return
    arrays = [as_array(part) for part in data]
    if len({len(array) for array in arrays}) > 1:
        raise SettingError(f"Arrays of different length do not belong together: {[a.shape for a in arrays]}.")
    if batch_size < 1:
        raise SettingError(f"batch_size must be at least 1, not {batch_size}.")
    for start in range(0, len(arrays[0]), batch_size):
        yield tuple(array[start : start + batch_size] for array in arrays)


def evaluate(
    model: Module, data: Data, metrics: Sequence[Metric] = (accuracy,), loss: Loss | None = None, batch_size: int = 100
) -> dict[str, float]:
    """Measure ``model`` on ``data``, batch by batch, in eval mode.

    Parameters
    ----------
    data : loader, or tuple (inputs, targets) of arrays
    metrics : sequence of callables
        ``metric(outputs, targets)``, a mean over samples; the result has them by their names.
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
    measures: dict[str, Callable[[Any, Any], Any]] = {metric.__name__: metric for metric in metrics}
    if loss is not None:
        measures["loss"] = loss
    totals, count = dict.fromkeys(measures, 0.0), 0
    with evaluating(model):
        for inputs, targets in batches(data, batch_size):
            outputs = model(inputs)
            count += len(inputs)
            for name, measure in measures.items():
                totals[name] += float(measure(outputs, targets)) * len(inputs)
    if not count:
        raise SettingError("There is nothing to evaluate on: the data are empty.")
    return {name: total / count for name, total in totals.items()}


def predict(model: Module, inputs: Any, batch_size: int = 250) -> np.ndarray:
    """What ``model`` answers to any number of ``inputs``, in memory for ``batch_size`` of them and the answers.

    Examples
    --------
    >>> import nn
    >>> nn.predict(nn.Softmax(), np.zeros((60_000, 2))).shape
    (60000, 2)
    """
    inputs = as_array(inputs)
    if not len(inputs):
        raise SettingError(f"There is nothing to predict: inputs have shape {inputs.shape}.")
    outputs = None
    with evaluating(model):
        for start, (batch,) in zip(
            range(0, len(inputs), max(batch_size, 1)), batches((inputs,), batch_size), strict=True
        ):
            answer = as_array(model(batch))
            if outputs is None:
                outputs = np.empty((len(inputs), *answer.shape[1:]), answer.dtype)
            outputs[start : start + len(batch)] = answer
    assert outputs is not None
    return outputs
