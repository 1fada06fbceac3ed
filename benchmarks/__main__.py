"""How fast, and how much memory: eleven workloads, ours and those of whatever peers are installed.

python -m benchmarks                          time, memory and imports
python -m benchmarks time --workloads W1,W4 --json now.json
python -m benchmarks --compare before.json now.json
python -m benchmarks --markdown now.json      the tables of docs/speed.md
python -m benchmarks growth                   pictures of how time and memory grow; needs the extra "plots"

Peers are taken from this Python, or from another one: --peer-python, or the variable BENCHMARK_PEER_PYTHON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import growth, memory, pictures, report, timing
from benchmarks.agreement import agree
from benchmarks.data import SPECS, sizes_of
from benchmarks.libraries import BenchmarkError, Case, Library, Process, find
from benchmarks.report import say

PARTS = ("time", "memory", "imports", "growth")
VARIABLE = "BENCHMARK_PEER_PYTHON"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = make_parser()
    args = parser.parse_args(arguments)
    args.parts = args.parts or ["time", "memory", "imports"]
    try:
        if args.compare:
            say(*report.compare(*args.compare))
        elif args.markdown:
            say(*report.markdown(args.markdown))
        else:
            run(args)
    except (BenchmarkError, ImportError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def run(args: argparse.Namespace) -> None:
    """Measure what was asked for; gradients first."""
    cases = chosen(args)
    if "growth" in args.parts:
        pictures.new_figure(1, 1)  # without matplotlib, say so now
    libraries = find(args.peer_python)
    versions = introduce(libraries, args)
    settings = {"threads": args.threads, "dtype": args.dtype, "sizes": args.sizes}
    figures: dict[str, Any] = {"about": report.about(libraries, versions, **settings)}
    if {"time", "memory"} & set(args.parts):
        agree(libraries, cases, args.threads)
        say(f"Gradients agree: {', '.join(case.workload for case in cases)}.")
    usual = args.dtype == "float32" and not args.sizes
    if "time" in args.parts:
        figures["time"] = time_all(libraries, cases, args, usual)
    if "memory" in args.parts:
        figures["memory"] = weigh_all(libraries, cases, args, usual)
    if "imports" in args.parts:
        figures["imports"] = timing.imports(["numpy", "autograd_lite", "nn"], rounds=4 * args.rounds)
        say("", f"{'Import':48}{'ms':>16}{'to numpy':>12}{'target':>8}", *report.import_rows(figures["imports"]))
    if "growth" in args.parts:
        figures["growth"] = growth_of_all(libraries, args, versions)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def introduce(libraries: Sequence[Library], args: argparse.Namespace) -> dict[str, str]:
    """Start every library once: what does not start is found before the first minute is spent. Their versions."""
    versions = {}
    for library in libraries:
        with Process(library, args.threads) as process:
            versions[library.title] = process.version
    say("; ".join(f"{title}: {version}" for title, version in versions.items()) + f"; {threads_of(args)}.")
    if len(libraries) == 1:
        say("No peer is installed. PyTorch would be one: in this Python, or in that of --peer-python.")
    return versions


def threads_of(args: argparse.Namespace) -> str:
    return f"{args.threads} thread{'s' * (args.threads > 1)}"


def time_all(libraries: Sequence[Library], cases: Sequence[Case], args: argparse.Namespace, usual: bool) -> Any:
    titles, found = [library.title for library in libraries], {}
    others = "".join(f", {name} {value}" for name, value in args.sizes.items())
    say("", f"Milliseconds a step in {args.dtype}{others}: medians of {args.rounds} rounds that take turns.")
    say(report.time_head(titles))
    for case, row in timing.measure(libraries, cases, args.rounds, args.seconds, args.threads):
        found[case.workload] = row
        say(report.time_row(case.workload, row, titles, usual))
    return found


def weigh_all(libraries: Sequence[Library], cases: Sequence[Case], args: argparse.Namespace, usual: bool) -> Any:
    titles, found = [library.title for library in libraries if not library.is_variant], {}
    say("", "Peak memory in MiB, of a fresh process that ran nothing else.")
    say(f"{'':48}" + "".join(f"{title:>16}" for title in titles) + f"{'target':>8}")
    many = [memory.MANY] if usual and memory.MANY.workload in (case.workload for case in cases) else []
    for case, row in zip([*cases, *many], memory.peaks(libraries, [*cases, *many], args.threads), strict=True):
        is_many = case is memory.MANY
        title = report.MANY if is_many else case.workload
        if is_many:
            row = {name: {**values, "peak": values["peak"] - values["input"]} for name, values in row.items()}
        found[title] = row
        say(report.memory_row(title, row, titles, report.peak_target(title, row) if usual else None))
    return found


def growth_of_all(libraries: Sequence[Library], args: argparse.Namespace, versions: dict[str, str]) -> Any:
    agree(libraries, [Case(workload, args.dtype) for workload in growth.WORKLOADS], args.threads)
    rounds, seconds = (args.rounds + 1) // 2, args.seconds / 2  # there are many points
    settings = {"dtype": args.dtype, "rounds": rounds, "seconds": seconds, "threads": args.threads}
    caption = f"{', '.join(dict.fromkeys(versions.values()))}; {args.dtype}, {threads_of(args)}. Medians; "
    caption += "PyTorch with plain or fused optimisers, whichever is faster."
    return growth.run(libraries, settings, args.out, caption)


# -- Arguments --------------------------------------------------------------------------------------------------------


def make_parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser("benchmarks", None, __doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("parts", nargs="*", type=one_of(PARTS), help=f"of {', '.join(PARTS)}; default: all but growth")
    p.add_argument("--workloads", type=names, help=f"such as W1,W4; default: {','.join(SPECS)}")
    p.add_argument("--rounds", type=at_least(1), default=5, help="default: %(default)s")
    p.add_argument("--seconds", type=positive, default=0.4, help="of each round; default: %(default)s")
    p.add_argument("--threads", type=at_least(1), default=2, help="of BLAS; default: %(default)s")
    p.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    p.add_argument("--sizes", type=sizes, default={}, help="other sizes, such as batch=37,image=31")
    p.add_argument("--peer-python", action="append", metavar="PATH", help="a Python that has PyTorch, or other peers")
    p.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    p.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="of pictures; default: %(default)s")
    p.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="two files that --json wrote")
    p.add_argument("--markdown", type=Path, metavar="FILE", help="print the tables of such a file as Markdown")
    return p


def chosen(args: argparse.Namespace) -> list[Case]:
    """The workloads to measure; of all of them, those that have the sizes that were named."""
    if args.json and not args.json.parent.is_dir():
        raise BenchmarkError(f"--json {args.json}: there is no folder {args.json.parent}.")
    if args.peer_python is None:
        args.peer_python = [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]
    able = [name for name in SPECS if set(args.sizes) <= set(sizes_of(name))]
    for name in args.workloads or []:
        if name not in able:
            raise BenchmarkError(f"{name} has no size {', '.join(set(args.sizes) - set(sizes_of(name)))}; " + has(name))
    if not able:
        raise BenchmarkError(f"No workload has all the sizes {', '.join(args.sizes)}. {' '.join(map(has, SPECS))}")
    return [Case(name, args.dtype, args.sizes) for name in args.workloads or able]


def has(workload: str) -> str:
    return f"{workload} has {', '.join(sizes_of(workload))}."


def one_of(known: Sequence[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
        return text

    return check


def names(text: str) -> list[str]:
    return list(dict.fromkeys(map(one_of(tuple(SPECS)), text.split(","))))


def at_least(low: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {low}")
        return int(text)

    return number


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def sizes(text: str) -> dict[str, int]:
    given = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{part!r} is not of the form name=number")
        given[name.strip()] = at_least(1)(value.strip())
    return given


if __name__ == "__main__":
    sys.exit(main())
