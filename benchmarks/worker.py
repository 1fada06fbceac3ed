"""One library in a process of its own: takes orders from standard input, answers each with figures.

Orders and answers are JSON, one a line. The first line that it writes says what it is: its version, its workloads. An
order names what to ``do``, and the ``workload`` with its ``dtype`` and ``sizes``:

- ``time``, for so many ``seconds``: the median and the least time of a step, and the medians of its phases;
- ``gradients``, into a ``file``: the gradients of one step;
- ``memory``, of so many ``steps``: the ``peak`` of this process in MiB, how far that is ``above`` what was there before
  them, and the ``input``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.data import make

Answer = dict[str, Any]


class Worker:
    """Carries out orders with the workloads of one adapter; keeps the last workload, so that rounds can take turns."""

    def __init__(self, adapter: Any) -> None:
        self.workloads = adapter.WORKLOADS
        self.key: Any = None
        self.current: Any = None

    def carry_out(self, order: dict[str, Any]) -> Answer:
        orders: dict[str, Callable[..., Answer]]
        orders = {"time": self.time, "gradients": self.gradients, "memory": self.memory}
        return orders[order.pop("do")](order.pop("workload"), order.pop("dtype"), order.pop("sizes"), **order)

    def prepare(self, *key: Any) -> None:
        if self.key != key:
            self.drop()
            self.current = self.workloads[key[0]](make(*key))
            self.current.step()
            self.key = key

    def drop(self) -> None:
        self.key = self.current = None
        gc.collect()

    def time(self, *key: Any, seconds: float) -> Answer:
        self.prepare(*key)
        times: list[float] = []
        phases: list[dict[str, float]] = []
        self.current.step()  # caches have forgotten it meanwhile
        end = perf_counter() + seconds
        while perf_counter() < end or len(times) < 3:
            start = perf_counter()
            phases.append(self.current.step())
            times.append(perf_counter() - start)
        medians = {name: statistics.median(p[name] for p in phases) for name in phases[0]}
        return {"median": statistics.median(times), "least": min(times), "phases": medians}

    def gradients(self, *key: Any, file: str) -> Answer:
        self.drop()
        np.savez(file, **self.workloads[key[0]](make(*key), check=True).grads())
        gc.collect()
        return {}

    def memory(self, *key: Any, steps: int) -> Answer:
        spec = make(*key)
        given = spec["x"].nbytes / 2**20 if "x" in spec else 0
        self.current = self.workloads[key[0]](spec)
        del spec
        before = resident()
        for _ in range(steps):
            self.current.step()
        peak = resident(peak=True)
        return {"peak": peak, "above": peak - before, "input": given}


def resident(peak: bool = False) -> float:
    """The memory of this process in MiB, now or at most.

    Linux knows it of this very program. Where only ``getrusage`` tells, "now" is the most so far.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM" if peak else "VmRSS"].split()[0]) / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 1024)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer

    def say(answer: Answer) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    name, _, variant = sys.argv[1].partition(":")
    adapter = importlib.import_module(f"benchmarks.{name}")
    if variant:
        adapter.configure(variant)
    worker = Worker(adapter)
    say({"version": adapter.VERSION, "workloads": list(adapter.WORKLOADS)})
    for line in sys.stdin:
        try:
            say(worker.carry_out(json.loads(line)))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
