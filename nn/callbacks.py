"""What can listen to a training run: progress, logs, early stopping, checkpoints."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.files import FilePath, atomic_write

from .checks import one_of
from .errors import SettingError
from .optim import ExponentialMovingAverage
from .optim.lr_scheduler import improves, worst
from .saving import load_checkpoint, save, save_checkpoint

if TYPE_CHECKING:
    from .training import Run


class Callback:
    """Base of all listeners; each method is called with the run and does nothing unless overridden.

    One that has ``state_dict`` and ``load_state_dict`` is saved and restored by :class:`Checkpoint`.

    Examples
    --------
    >>> import nn
    >>> class Shout(nn.callbacks.Callback):
    ...     def on_epoch(self, run):
    ...         print(f"EPOCH {run.epoch}!")
    """

    def on_start(self, run: Run) -> None:
        """Before the first epoch."""

    def on_update(self, run: Run) -> None:
        """After each update."""

    def on_epoch(self, run: Run) -> None:
        """After each epoch, when its row is in the history."""

    def on_end(self, run: Run) -> None:
        """After the last epoch, or when an error or an interrupt ended the run."""


# -- Progress ---------------------------------------------------------------------------------------------------------


def describe(row: dict[str, float]) -> str:
    """A row of the history, for people.

    Examples
    --------
    >>> describe({"epoch": 1, "updates": 50, "loss": 0.5, "train accuracy": 0.875, "seconds": 2.04})
    'epoch    1 | updates   50 | loss 0.5000 | train accuracy  87.50 % | 2.0 s'
    """
    parts = []
    for name, value in row.items():
        if name in ("epoch", "updates"):
            parts.append(f"{name} {value:>4.0f}")
        elif name == "seconds":
            parts.append(f"{value:.1f} s")
        elif "accuracy" in name:
            parts.append(f"{name} {100 * value:6.2f} %")
        else:
            parts.append(f"{name} {value:.4f}")
    return " | ".join(parts)


class Progress(Callback):
    """A progress bar for each epoch, if tqdm is installed, and a line when it is done."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_start(self, run: Run) -> None:
        """Look for tqdm."""
        try:
            from tqdm import tqdm
        except ImportError:
            return
        total = len(run.loader) if hasattr(run.loader, "__len__") else None
        self._bar = tqdm(total=total, initial=len(run.losses), leave=False, unit="batch", disable=None)

    def on_update(self, run: Run) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.set_description(f"epoch {run.epoch + 1}/{run.epochs}, loss {run.losses[-1]:.4f}", refresh=False)
            self._bar.update()

    def on_epoch(self, run: Run) -> None:
        """Print the row."""
        text = describe(run.history[-1])
        if self._bar is None:
            print(text, flush=True)
        else:
            self._bar.write(text)
            self._bar.reset()

    def on_end(self, run: Run) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


# -- Logs -------------------------------------------------------------------------------------------------------------


class CSVLog(Callback):
    """The history as a CSV file, complete after each epoch; a run that resumes goes on in it."""

    def __init__(self, path: FilePath) -> None:
        self.path = path

    def on_epoch(self, run: Run) -> None:
        """Write all rows."""
        import csv

        text = io.StringIO(newline="")
        names = dict.fromkeys(name for row in run.history for name in row)
        writer = csv.DictWriter(text, names, restval="")
        writer.writeheader()
        writer.writerows(run.history)
        with atomic_write(self.path) as file:
            file.write(text.getvalue().encode())


class JSONLog(Callback):
    """The history as a JSON file, a list of rows, complete after each epoch; a run that resumes goes on in it."""

    def __init__(self, path: FilePath) -> None:
        self.path = path

    def on_epoch(self, run: Run) -> None:
        """Write all rows."""
        import json

        # JSON knows no numbers that are not finite.
        rows = [{k: v if math.isfinite(v) else None for k, v in row.items()} for row in run.history]
        with atomic_write(self.path) as file:
            file.write(json.dumps(rows, indent=1).encode())


# -- Checkpoints and stopping -----------------------------------------------------------------------------------------


class Checkpoint(Callback):
    """Save the whole run after each epoch, and go on from there when it is started again.

    A run that was killed ends with the same weights, bit for bit, as one that was not: model, optimiser, schedule, the
    place in the data, the history, callbacks and the state of random generators are all saved. An interrupt leaves the
    last good file in place. A run that was over, or stopped early, stays so: started again, it trains no further.

    Wherever it stands in the list of callbacks, it resumes before the others hear of the start, and saves after they
    have heard of an update or epoch.

    Parameters
    ----------
    path : path
        An ``.npz`` file.
    every_epochs : int
    every_updates : int, optional
        Save within epochs too.
    resume : bool
        Whether to go on from ``path``, if it is there.
    **parts
        What else to save: anything with ``state_dict`` and ``load_state_dict`` that no callback holds.

    Examples
    --------
    ::

        nn.fit(model, loss, optimizer, loader, epochs=20, callbacks=[nn.callbacks.Checkpoint("run.npz")])
    """

    def __init__(
        self,
        path: FilePath,
        every_epochs: int = 1,
        every_updates: int | None = None,
        resume: bool = True,
        **parts: Any,
    ) -> None:
        if every_epochs < 1 or (every_updates is not None and every_updates < 1):
            raise SettingError("Checkpoint: save every epoch or update, or every few, not every 0.")
        self.path, self.resume, self.parts = path, resume, parts
        self.every_epochs, self.every_updates = every_epochs, every_updates

    def _all(self, run: Run) -> dict[str, Any]:
        named = {
            "run": run,
            "model": run.model,
            "optimizer": run.optimizer,
            "scheduler": run.scheduler,
            "loader": run.loader,
            **self.parts,
        }
        kinds: dict[str, list[Callback]] = {}
        for callback in run.callbacks:
            kinds.setdefault(type(callback).__name__, []).append(callback)
        named |= {f"{kind} {number}": one for kind, same in kinds.items() for number, one in enumerate(same, start=1)}
        return {name: part for name, part in named.items() if hasattr(part, "load_state_dict")}

    def on_start(self, run: Run) -> None:
        """Resume, if there is something to resume."""
        if self.resume and os.path.exists(self.path):
            load_checkpoint(self.path, **self._all(run))

    def on_update(self, run: Run) -> None:
        """Save within an epoch, if asked for."""
        if self.every_updates is not None and run.updates % self.every_updates == 0:
            save_checkpoint(self.path, **self._all(run))

    def on_epoch(self, run: Run) -> None:
        """Save."""
        if run.epoch % self.every_epochs == 0 or run.epoch == run.epochs or run.stop:
            save_checkpoint(self.path, **self._all(run))


class Averaging(Callback):
    """Let an average of the weights follow each update; see :class:`nn.optim.ExponentialMovingAverage`."""

    def __init__(self, average: ExponentialMovingAverage) -> None:
        self.average = average

    def on_update(self, run: Run) -> None:
        """Take in the weights."""
        self.average.update()

    def state_dict(self) -> dict[str, np.ndarray]:
        """The average."""
        return self.average.state_dict()

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from there."""
        self.average.load_state_dict(state)


class _Watch(Callback):
    """Watches a column of the history for its best value."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        one_of(mode, "mode", ("auto", "min", "max"))
        self.monitor, self.min_delta = monitor, min_delta
        self.mode = mode if mode != "auto" else "max" if "accuracy" in monitor else "min"

    def best(self, run: Run) -> int:
        """The number of the row that was the last to be better than all before it."""
        best, record = 0, worst(self.mode)
        for i, value in enumerate(run.column(self.monitor)):
            if improves(value, record, self.mode, self.min_delta):
                best, record = i, value
        return best


class EarlyStopping(_Watch):
    """Stop when a measure has not improved for ``patience`` epochs.

    Parameters
    ----------
    monitor : str
        A column of the history, such as ``"held-out accuracy"``.
    patience : int
        1 stops at the first epoch that is no better, and so does 0.
    mode : {"auto", "min", "max"}
        Whether less is better or more; more is, by default, for columns with "accuracy" in their name.
    min_delta : float
        Smaller improvements do not count.
    """

    def __init__(self, monitor: str = "loss", patience: int = 3, mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience

    def on_epoch(self, run: Run) -> None:
        """Look whether it is time."""
        if len(run.history) - 1 - self.best(run) >= max(self.patience, 1):
            run.stop = True


class BestWeights(_Watch):
    """Remember the weights of the best epoch, and give them back to the model when the run ends.

    Parameters
    ----------
    monitor, mode
        As for :class:`EarlyStopping`.
    path : path, optional
        Save them there too.
    """

    def __init__(self, monitor: str = "loss", mode: str = "auto", path: FilePath | None = None) -> None:
        super().__init__(monitor, mode)
        self.path = path
        self._weights: dict[str, np.ndarray] | None = None

    def on_epoch(self, run: Run) -> None:
        """Take the weights, if there were none better."""
        if self.best(run) == len(run.history) - 1:
            self._weights = run.model.state_dict()
            if self.path is not None:
                save(self._weights, self.path)

    def on_end(self, run: Run) -> None:
        """Give them back."""
        if self._weights is not None:
            run.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """The best weights so far."""
        return {"weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._weights = state["weights"]
