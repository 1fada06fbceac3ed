"""Do all libraries compute the same gradients? Asked before anything is timed.

The truth is ours in float64. In float64 the libraries must agree closely: then the programs are the same. In float32
each must come near the truth by itself, but no nearer than this: where two numbers are so close that rounding decides
which is the largest, max-pooling sends a gradient elsewhere, and in a deep net that is a per cent of some gradients.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.libraries import BenchmarkError, Case, Library, Process

ALLOWED = {"float64": 1e-9, "float32": 0.05}


def agree(libraries: Sequence[Library], cases: Sequence[Case], threads: int) -> None:
    """Raise :class:`BenchmarkError`, with all that is wrong, unless gradients agree for all libraries and cases."""
    wrong: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours, *peers = (stack.enter_context(Process(it, threads)) for it in libraries if not it.is_variant)
        for case in cases:
            files = []
            for process in (ours, *peers):
                for dtype in dict.fromkeys(["float64", case.dtype]):
                    if case.workload in process.workloads:
                        file = folder / f"{process.library.adapter}-{dtype}.npz"
                        process("gradients", replace(case, dtype=dtype), file=str(file))
                        files.append((f"{process.library.title} in {dtype}", dtype, file))
            with np.load(files[0][-1]) as truth:
                for name, dtype, file in files[1:]:
                    with np.load(file) as found:
                        wrong += [f"{case.workload}, {name}: {it}" for it in differences(truth, found, ALLOWED[dtype])]
    if wrong:
        raise BenchmarkError("Gradients do not agree, so nothing is timed.\n  " + "\n  ".join(wrong))


def differences(truth: Mapping[str, Any], found: Mapping[str, Any], allowed: float) -> list[str]:
    """What is wrong with gradients: names, shapes, and errors larger than allowed.

    An error is the root of the mean square of the difference, divided by that of the truth; gradients that are zero
    but for rounding, as those of a bias before batch normalisation, are judged by the size of the others.
    """
    if set(truth) != set(found):
        return [f"these are on one side only: {', '.join(sorted(set(truth) ^ set(found)))}"]
    wrong = []
    floor = 1e-3 * max(size(truth[name]) for name in truth if name != "loss")
    for name in truth:
        a, b = truth[name], found[name]
        if a.shape != b.shape:
            wrong.append(f"{name} has the shape {b.shape}, not {a.shape}")
            continue
        error = size(b - a) / max(size(a), 0 if name == "loss" else floor)
        if not error <= allowed:
            wrong.append(f"{name} is off by {error:.1e} of its size; {allowed:.0e} is allowed")
    return wrong


def size(a: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(a, dtype=np.float64))))
