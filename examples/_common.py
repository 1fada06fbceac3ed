"""What the examples share: their options, and where their figures and tables go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np

import nn
from autograd_lite import set_threads


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option: a whole number that is not smaller."""

    def number(text: str) -> int:
        with suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"a whole number of at least {least} is needed, not {text!r}")

    return number


class Lab:
    """One experiment: reads the command line, seeds everything, saves figures and prints tables.

    Parameters
    ----------
    doc : str
        The docstring of the script, shown by ``--help`` and, its first line, at the start.
    argv : list of str, optional
        The command line; by default that of the process.
    one_thread : bool
        Small networks gain little from several threads, which on a busy machine wait for each other.
    out : str
        Where figures go, unless the command line says otherwise.
    options : dict
        Further options of the script: flag to the arguments of ``add_argument``.
    """

    def __init__(
        self, doc: str, argv: Sequence[str] | None = None, one_thread: bool = True, out: str = "out/examples",
        **options: Any,
    ) -> None:  # fmt: skip
        parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--data", metavar="DIR", help="folder with the files of MNIST; default: the shipped digits")
        parser.add_argument("--out", metavar="DIR", default=out, help="where figures go (%(default)s)")
        parser.add_argument("--seed", type=at_least(0), default=0, help="all randomness follows from it (%(default)s)")
        parser.add_argument("--quick", action="store_true", help="a few seconds: everything runs, less is learned")
        for flag, settings in options.items():
            parser.add_argument(f"--{flag.replace('_', '-')}", **settings)
        self.args = parser.parse_args(argv)
        self.quick, self.seed, self.out = self.args.quick, self.args.seed, Path(self.args.out)
        nn.manual_seed(self.seed)
        if one_thread:
            set_threads(1)
        print(doc.strip().splitlines()[0])

    def choose(self, usual: Any, quick: Any, asked: Any = None) -> Any:
        """A setting, and what it is with ``--quick``, unless the command line asked for another."""
        if asked is not None:
            return asked
        return quick if self.quick else usual

    def digits(self, **options: Any) -> nn.data.Digits:
        """The digits that were asked for."""
        digits = nn.data.load_digits(self.args.data, **options)
        print(digits)
        return digits

    def loader(self, data: Any, batch_size: int = 100, **options: Any) -> nn.data.DataLoader:
        """Shuffled batches, in the same order in every run."""
        return nn.data.DataLoader(data, batch_size, shuffle=True, seed=self.seed, **options)

    def path(self, name: str) -> Path:
        """Where a file called ``name`` goes."""
        self.out.mkdir(parents=True, exist_ok=True)
        return self.out / name

    def save(self, picture: Any, name: str) -> None:
        """Write a figure, or a drawn graph, and say where it is."""
        path = self.path(name)
        picture.savefig(path) if hasattr(picture, "savefig") else picture.save(path)
        print(f"-> {path}")

    def save_pages(self, pages: Iterable[Any], stem: str) -> None:
        """Write numbered figures, and remove those of an earlier run that had more of them."""
        for old in self.out.glob(f"{stem}*.png"):
            if old.stem.removeprefix(stem).isdigit():
                old.unlink()
        for number, page in enumerate(pages, 1):
            self.save(page, f"{stem}{number}.png")

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print rows under their headers: words to the left, numbers to the right."""
        rows = [list(row) for row in rows]
        cells = [[format(v, ".4g") if isinstance(v, float) else str(v) for v in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
        numeric = [all(not isinstance(row[i], str) for row in rows) for i in range(len(headers))]

        def line(words: Sequence[str]) -> str:
            parts = zip(words, widths, numeric, strict=True)
            return "  ".join(word.rjust(width) if right else word.ljust(width) for word, width, right in parts).rstrip()

        print("", line(headers), "  ".join("-" * width for width in widths), *map(line, cells), "", sep="\n")


def percent(share: float) -> str:
    """A share, for people."""
    return f"{100 * share:.2f} %"


def train(
    model: nn.Module, optimizer: nn.optim.Optimizer, loader: Iterable[Any], updates: int, what: str = ""
) -> list[float]:
    """Make so many updates for the cross-entropy, pass after pass; returns the loss of each."""
    loss_function, batches = nn.CrossEntropyLoss(), chain.from_iterable(repeat(loader))
    model.train()
    return [
        nn.train_step(model, loss_function, optimizer, *batch)
        for batch in progress(islice(batches, updates), what, updates)
    ]


def smooth(values: Sequence[float], width: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """A curve of running means, to be drawn."""
    width = max(1, min(width, len(values) // 2))
    return np.arange(width, len(values) + 1), np.convolve(values, np.ones(width) / width, "valid")


def progress(items: Iterable[Any], what: str, total: int | None = None) -> Iterator[Any]:
    """``items``, with a bar while they are worked off, where there is a screen and tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return iter(items)
    return iter(tqdm(items, desc=what, total=total, leave=False, disable=None, file=sys.stderr))
