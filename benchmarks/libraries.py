"""Which libraries can be measured here, and how to talk to the process of one (:mod:`benchmarks.worker`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class BenchmarkError(Exception):
    """Why nothing can be measured."""


@dataclass(frozen=True)
class Case:
    """A workload, with what is not usual about it."""

    workload: str
    dtype: str = "float32"
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """An adapter, perhaps with a variant, and the Python that has the package it needs."""

    title: str
    adapter: str
    package: str
    environment: tuple[tuple[str, str], ...] = ()
    python: str = sys.executable

    @property
    def is_variant(self) -> bool:
        """Another way to time a library that is here already: same gradients, same memory."""
        return ":" in self.adapter


# PyTorch is steadier, and at its best, with each thread bound to a core.
BOUND = (("OMP_PROC_BIND", "true"), ("OMP_PLACES", "cores"))
OURS = Library("ours", "ours", "numpy")
PEERS = (
    Library("PyTorch", "peer_torch", "torch", BOUND),
    Library("PyTorch, fused", "peer_torch:fused", "torch", BOUND),
    Library("autograd", "peer_autograd", "autograd"),
)


def find(pythons: Sequence[str] = ()) -> list[Library]:
    """Ours, and the peers that are installed: for one of the ``pythons``, or else for this one."""
    places = {python: packages_of(python) for python in (*pythons, sys.executable)}
    for python in pythons:
        if not places[python]:
            names = ", ".join(dict.fromkeys(peer.package for peer in PEERS))
            raise BenchmarkError(f"{python} has no peer to compare with: none of {names} beside numpy.")
    found = [OURS]
    for peer in PEERS:
        home = next((python for python, packages in places.items() if peer.package in packages), None)
        if home:
            found.append(Library(peer.title, peer.adapter, peer.package, peer.environment, home))
    return found


def packages_of(python: str) -> list[str]:
    """Those packages of peers that ``python`` can import, along with numpy."""
    names = sorted({peer.package for peer in PEERS})
    code = f"from importlib.util import find_spec as f; print(*[n for n in {names} if f('numpy') and f(n)])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=ROOT)
    except OSError as error:
        raise BenchmarkError(f"{python} cannot be run: {error.strerror}.") from error
    if answer.returncode:
        raise BenchmarkError(f"{python} is no Python that works: {answer.stderr.strip()[-200:]}")
    return answer.stdout.split()


class Process:
    """A library at work in a process of its own, whose BLAS uses as many threads as asked for."""

    def __init__(self, library: Library, threads: int) -> None:
        self.library = library
        settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        self.process = subprocess.Popen(
            [library.python, "-m", "benchmarks.worker", library.adapter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **settings, **dict(library.environment)},
        )
        hello = self.answer("starting")
        self.version: str = hello["version"]
        self.workloads: list[str] = hello["workloads"]

    def __call__(self, do: str, case: Case, **more: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **asdict(case), **more}) + "\n")
        self.process.stdin.flush()
        return self.answer(f"{case.workload} ({do})")

    def answer(self, during: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process died"}
        if "error" in answer:
            raise BenchmarkError(f"{self.library.title}, {during}: {answer['error']}")
        return answer

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
