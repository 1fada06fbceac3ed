"""How fast: ten workloads, ours and, where it is installed, PyTorch's, in rounds that take turns.

python -m benchmarks --workloads W1,W4 --rounds 7 --json now.json
python -m benchmarks --compare before.json now.json
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.data import SPECS

PEERS = {"ours": None, "peer_torch": "torch", "peer_torch:fused": "torch"}


class Library:
    """A worker process; its BLAS uses as many threads as asked for."""

    def __init__(self, name: str, threads: int) -> None:
        settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        command = [sys.executable, "-m", "benchmarks.worker", name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **settings}
        )

    def __call__(self, workload: str, seconds: float) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"workload": workload, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


def measure(names: list[str], rounds: int, seconds: float, threads: int) -> dict[str, dict[str, Any]]:
    """For each workload and library, the median over rounds that take turns, with pauses for idle threads to sleep."""
    found = [name for name, module in PEERS.items() if module is None or importlib.util.find_spec(module)]
    libraries = {name: Library(name, threads) for name in found}
    results: dict[str, dict[str, Any]] = {}
    for workload in names:
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, library in libraries.items():
                time.sleep(0.06)
                answers[name].append(library(workload, seconds))
        results[workload] = {
            name: {
                "median": statistics.median(a["median"] for a in given),
                "least": min(a["least"] for a in given),
                "peak": given[-1]["peak"],
            }
            for name, given in answers.items()
        }
        print(row(workload, results[workload]), flush=True)
    return results


def row(workload: str, figures: dict[str, Any]) -> str:
    """One line of the table: times in milliseconds, and ours divided by the better of the peers'."""
    peers = [f["median"] for name, f in figures.items() if name != "ours"]
    ratio = f"{figures['ours']['median'] / min(peers):6.2f}" if peers else "     -"
    times = "".join(f"{f['median'] * 1e3:18.3f}" for f in figures.values())
    return f"{workload:8}{times}{ratio:>8}"


def compare(before: Path, after: Path) -> None:
    """Print how times changed from one JSON file to another."""
    old, new = json.loads(before.read_text("utf-8")), json.loads(after.read_text("utf-8"))
    for workload in sorted(set(old) & set(new)):
        a, b = (run[workload]["ours"]["median"] for run in (old, new))
        print(f"{workload:8}{a * 1e3:12.3f} ms{b * 1e3:12.3f} ms{b / a:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default=",".join(SPECS), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each round (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of BLAS (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="two such files")
    args = parser.parse_args()
    if args.compare:
        compare(*args.compare)
        return
    print("Milliseconds a step; the last column is ours divided by the better of PyTorch's, where it is installed.")
    results = measure(args.workloads.split(","), args.rounds, args.seconds, args.threads)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
