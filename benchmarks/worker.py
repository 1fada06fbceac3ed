"""One library in a process of its own: reads a workload and a time from standard input, answers with figures.

Each line in is JSON, ``{"workload": "W4", "seconds": 0.4}``; each line out has the median and smallest step time in
seconds, the medians of its phases, and the peak memory of the process in MiB.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import statistics
import sys
import time

from benchmarks.data import SPECS


def measure(workload: object, seconds: float) -> dict[str, object]:
    times, phases = [], []
    for _ in range(2):
        workload.step()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        phases.append(workload.step())
        times.append(time.perf_counter() - start)
    medians = {name: statistics.median(p[name] for p in phases) for name in phases[0]}
    return {"median": statistics.median(times), "least": min(times), "phases": medians}


def main() -> None:
    library, _, variant = sys.argv[1].partition(":")
    module = importlib.import_module(f"benchmarks.{library}")
    if variant:
        module.configure(variant)
    current: tuple[str, object] = ("", None)
    for line in sys.stdin:
        order = json.loads(line)
        name = order["workload"]
        if current[0] != name:
            current = ("", None)
            gc.collect()
            current = (name, module.WORKLOADS[name](SPECS[name]()))
        answer = measure(current[1], order["seconds"])
        answer["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
