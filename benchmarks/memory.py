"""Peak memory: of a process that ran nothing but one workload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.libraries import Case, Library, Process

MANY = Case("W4i", sizes={"batch": 10_000})
Peaks = dict[str, dict[str, float]]  # of one case, by the title of the library


def peaks(libraries: Sequence[Library], cases: Sequence[Case], threads: int, steps: int = 3) -> Iterator[Peaks]:
    """For each case the figures of one fresh process a library, as soon as they are known."""
    for case in cases:
        found: Peaks = {}
        for library in libraries:
            if not library.is_variant:
                with Process(library, threads) as process:
                    if case.workload in process.workloads:
                        found[library.title] = process("memory", case, steps=steps)
        yield found
