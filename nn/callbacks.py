"""What can listen to a training run: progress, logs, early stopping, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .training import Run


class Callback:
    """Base of all listeners; each method is called with the run and does nothing unless overridden.

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


def describe(row: dict[str, float]) -> str:
    """A row of the history, for people."""
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
        self._bar = tqdm(total=total, leave=False, unit="batch", disable=None)
        self._bar.n = len(run.losses)

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
