"""The time of a step, in rounds that take turns; how long imports take."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.libraries import ROOT, Case, Library, Process

PAUSE = 0.06  # idle threads of a BLAS go to sleep meanwhile
IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"

Figures = dict[str, dict[str, Any]]  # of one case, by the title of the library


def measure(
    libraries: Sequence[Library], cases: Sequence[Case], rounds: int, seconds: float, threads: int
) -> Iterator[tuple[Case, Figures]]:
    """For each case the medians over rounds in which the libraries take turns, as soon as they are known."""
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(library, threads)) for library in libraries]
        for case in cases:
            able = [process for process in processes if case.workload in process.workloads]
            answers: dict[str, list[dict[str, Any]]] = {process.library.title: [] for process in able}
            for _ in range(rounds):
                for process in able:
                    time.sleep(PAUSE)
                    answers[process.library.title].append(process("time", case, seconds=seconds))
            yield case, {title: summary(given) for title, given in answers.items()}


def summary(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    phases = {name: statistics.median(r["phases"][name] for r in rounds) for name in rounds[0]["phases"]}
    median, least = statistics.median(r["median"] for r in rounds), min(r["least"] for r in rounds)
    return {"median": median, "least": least, "phases": phases}


def imports(packages: Sequence[str], rounds: int) -> dict[str, float]:
    """Seconds that an import takes: medians of fresh interpreters that take turns, after one that fills the caches."""
    times: dict[str, list[float]] = {package: [] for package in packages}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds + 1):
        for package, given in times.items():
            command = [sys.executable, "-c", IMPORT.format(package)]
            answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
            given.append(float(answer.stdout))
    return {package: statistics.median(given[1:]) for package, given in times.items()}
