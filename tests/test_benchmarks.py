"""The benchmark itself: that gradients are checked before anything is timed, and what it refuses. Nothing is timed."""

import json
import re
import sys

import numpy as np
import pytest

from benchmarks import agreement, growth, libraries, memory, pictures, report
from benchmarks.__main__ import VARIABLE, main
from benchmarks.agreement import agree, differences
from benchmarks.data import ABOUT, SPECS, make, sizes_of
from benchmarks.libraries import OURS, BenchmarkError, Case, Process, find

SMALL = {
    "W1": {"n": 5}, "W2": {"layers": 2}, "W3": {"batch": 3}, "W4": {"batch": 2, "image": 13},
    "W4i": {"batch": 3, "channels": 1}, "W4n": {"batch": 1}, "W5": {"batch": 2, "image": 11, "channels": 3},
    "W6": {"batch": 5, "depth": 2}, "W7": {"batch": 2, "image": 67, "units": 8},
    "W8": {"batch": 1, "length": 4, "d": 8}, "W9": {"length": 3, "batch": 2, "n": 4},
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_peers_from_outside(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


# -- Gradients --------------------------------------------------------------------------------------------------------


def test_gradients_of_all_workloads_agree_with_float64_and_with_the_peers_that_are_here():
    agree(find(), [Case(workload, sizes=sizes) for workload, sizes in SMALL.items()], threads=1)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ({"w": [1.0, 2.2], "b": 0.0}, "w is off by 8.9e-02"),
        ({"w": [1.0, np.nan], "b": 0.0}, "w is off by nan"),
        ({"w": [[1.0, 2.0]], "b": 0.0}, r"w has the shape \(1, 2\), not \(2,\)"),
        ({"w": [1.0, 2.0]}, "these are on one side only: b"),
        ({"w": [1.0, 2.0], "b": 0.1}, "b is off"),
    ],
)
def test_a_gradient_that_differs_is_named(found, complaint):
    truth = {"w": np.array([1.0, 2.0]), "b": np.array(1e-17)}
    (wrong,) = differences(truth, {name: np.array(value) for name, value in found.items()}, 1e-2)
    assert re.match(complaint, wrong), wrong


def test_rounding_of_a_gradient_that_is_zero_is_no_difference():
    truth = {"w": np.array([1.0, 2.0]), "b": np.array(1e-17)}
    assert differences(truth, {"w": truth["w"], "b": np.array(-3e-9)}, 1e-5) == []


def test_nothing_is_timed_if_gradients_do_not_agree(monkeypatch, capsys):
    monkeypatch.setitem(agreement.ALLOWED, "float32", 1e-12)
    monkeypatch.setattr("benchmarks.timing.measure", lambda *_: pytest.fail("Something was timed."))
    assert main(["time", "--workloads", "W3", "--sizes", "batch=3"]) == 1
    assert "Gradients do not agree, so nothing is timed.\n  W3, ours in float32: " in capsys.readouterr().err


# -- Workloads and their processes ------------------------------------------------------------------------------------


def test_every_workload_is_described_and_has_a_target():
    assert set(SPECS) == set(ABOUT) == set(report.TARGETS) == set(SMALL)


@pytest.mark.parametrize("workload", SMALL)
def test_numbers_are_the_same_in_float64(workload):
    narrow, wide = (make(workload, dtype, SMALL[workload])["params"] for dtype in ("float32", "float64"))
    for name in narrow:
        assert (narrow[name].dtype, wide[name].dtype) == (np.float32, np.float64)
        np.testing.assert_array_equal(narrow[name], wide[name])


def test_sizes_are_those_that_a_workload_names():
    assert sizes_of("W4i") == {"batch": 1000, "channels": 30, "image": 28}
    assert make("W4i", sizes={"batch": 2})["x"].shape == (2, 1, 28, 28)


def test_an_order_that_fails_is_told_with_the_name_of_the_library_and_the_process_lives_on(tmp_path):
    with Process(OURS, threads=1) as process:
        with pytest.raises(BenchmarkError, match=r"ours, W10 \(gradients\): KeyError"):
            process("gradients", Case("W10"), file="")
        process("gradients", Case("W1", sizes={"n": 2}), file=str(tmp_path / "w1.npz"))
    assert set(np.load(tmp_path / "w1.npz")) == {"x", "a", "b", "loss"}


def test_peak_memory_is_that_of_a_fresh_process():
    taken = np.ones(2**26, np.float32)  # 256 MiB here are none there
    (row,) = memory.peaks([OURS], [Case("W1", sizes={"n": 2})], threads=1)
    assert 0 <= row["ours"]["above"] < row["ours"]["peak"] < 200 < taken.nbytes / 2**20


def test_peers_are_taken_from_the_python_that_was_named_and_else_from_this_one(monkeypatch):
    has = {sys.executable: ["torch", "autograd"], "other": ["torch"], "bare": []}
    monkeypatch.setattr(libraries, "packages_of", has.get)
    homes = {library.package: library.python for library in find(["other"])}
    assert homes == {"numpy": sys.executable, "torch": "other", "autograd": sys.executable}
    assert {library.python for library in find()} == {sys.executable}
    with pytest.raises(BenchmarkError, match="bare has no peer to compare with"):
        find(["bare"])


# -- The command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("speed", "'speed' is none of time, memory, imports, growth"),
        ("--workloads W1,W10", "'W10' is none of W1, W2"),
        ("--rounds 0", "'0' is no whole number of at least 1"),
        ("--threads two", "'two' is no whole number"),
        ("--seconds -1", "'-1' is no number of seconds"),
        ("--seconds nan", "'nan' is no number of seconds"),
        ("--sizes batch", "'batch' is not of the form name=number"),
        ("--sizes batch=0", "'0' is no whole number of at least 1"),
        ("--dtype float16", "invalid choice: 'float16'"),
    ],
)
def test_arguments_that_say_nothing_are_refused(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as leaving:
        main(arguments.split())
    assert leaving.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("--workloads W1 --sizes batch=3", "W1 has no size batch; W1 has n."),
        ("--sizes colour=3", "No workload has all the sizes colour."),
        ("--peer-python /no/such/python", "/no/such/python cannot be run"),
        ("--json /no/such/folder/x.json", "there is no folder /no/such/folder"),
        ("--compare /no/such.json /no/such.json", "/no/such.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_measured(arguments, complaint, capsys):
    assert main(arguments.split()) == 1
    assert complaint in capsys.readouterr().err


def test_figures_of_two_commits_are_compared(tmp_path, capsys):
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    assert main(["memory", "--workloads", "W1", "--sizes", "n=2", "--threads", "1", "--json", str(here)]) == 0
    figures = json.loads(here.read_text())
    peak = figures["memory"]["W1"]["ours"]["peak"]
    times = {"W1": {"ours": {"median": 0.004}, "PyTorch": {"median": 0.008}, "PyTorch, fused": {"median": 0.016}}}
    here.write_text(json.dumps({**figures, "time": times}))
    faster = {"W1": {**times["W1"], "ours": {"median": 0.003}}, "W2": {}}
    there.write_text(json.dumps({**figures, "about": {**figures["about"], "threads": 2}, "time": faster}))
    capsys.readouterr()

    assert main(["--compare", str(here), str(there)]) == 0
    alike, _, time, weight = capsys.readouterr().out.splitlines()
    assert alike == "Not alike: threads is 1 before and 2 after."
    assert time.split() == ["W1,", "ms", "4.000", "3.000", "0.75", "0.50", "->", "0.38"]
    assert weight.split() == ["W1,", "peak", "MiB", f"{peak:.0f}", f"{peak:.0f}", "1.00"]


def test_tables_of_a_document_are_made_from_the_figures(tmp_path, capsys):
    file = tmp_path / "figures.json"
    about = {"libraries": {"ours": "NumPy 2", "PyTorch": "PyTorch 2"}}
    times = {"W1": {"ours": {"median": 0.002}, "PyTorch": {"median": 0.004}}, "W2": {"ours": {"median": 0.01}}}
    weights = {"W4": {"ours": {"peak": 77.4}}, "W7": {"ours": {"peak": 700.0}, "PyTorch": {"peak": 775.0}}}
    seconds = {"numpy": 0.1, "nn": 0.15}
    file.write_text(json.dumps({"about": about, "time": times, "memory": weights, "imports": seconds}))
    assert main(["--markdown", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "|  | workload | ours, ms | PyTorch, ms | ours / PyTorch | target |"
    assert lines[2:4] == [
        "| W1 | chain, 1000 operations on 4 numbers | 2.00 | 4.00 | 0.50 | 0.45 |",
        "| W2 | network of scalars, 10,000 nodes | 10.00 | - | - | 0.20 |",
    ]
    assert lines[7:9] == ["| W4 | 77 | - | 100 |", "| W7 | 700 | 775 | 775 |"]
    assert lines[-1] == "| nn | 150 | 1.50 | 1.50 |"


def test_a_file_with_other_figures_is_not_compared(tmp_path, capsys):
    file = tmp_path / "other.json"
    file.write_text("[1, 2]")
    assert main(["--compare", str(file), str(file)]) == 1
    assert "holds no figures of this benchmark" in capsys.readouterr().err


# -- Growth -----------------------------------------------------------------------------------------------------------

PANELS = {**growth.TIMES, **growth.PEAKS}


def made_up(name, libraries):
    """A study in which everything takes as long, or as much, as its size says."""
    row = {"phases": {"fwd": 0.25, "bwd": 0.75}, "input": 0.5}
    return {
        panel.title: growth.by_library(
            panel, [{it: {**row, "median": float(v), "above": float(v)} for it in libraries} for v in panel.values]
        )
        for panel in PANELS[name]
    }


@pytest.mark.parametrize("libraries", [["ours"], ["ours", "PyTorch", "PyTorch, fused"], ["ours", "autograd"]])
@pytest.mark.parametrize("name", PANELS)
def test_every_study_is_drawn_with_whatever_peers_there_are(name, libraries):
    figure = pictures.draw(name, made_up(name, libraries), "made up")
    drawn = {line.get_label() for line in figure.axes[0].lines}
    assert drawn == {"ours", *(it.partition(",")[0] for it in libraries)}
    figure.draw_without_rendering()


def test_pictures_without_matplotlib_are_refused_before_anything_is_measured(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr("benchmarks.__main__.Process", lambda *_: pytest.fail("A library was started."))
    assert main(["growth"]) == 1
    assert "pip install 'autograd_lite[plots]'" in capsys.readouterr().err


def test_a_peer_that_tells_no_phases_is_left_out_of_the_picture_of_phases():
    study = made_up("chain", ["ours", "autograd"])
    for panel in study.values():
        del panel["curves"]["autograd"]["fwd"], panel["curves"]["autograd"]["bwd"]
    figure = pictures.draw("chain", study, "made up")
    assert [line.get_label() for line in figure.axes[0].lines] == ["ours"]


def test_notes_say_how_far_ours_is_from_the_better_of_pytorch():
    study = made_up("image", ["ours", "PyTorch", "PyTorch, fused"])
    for panel in study.values():
        panel["curves"]["PyTorch, fused"]["median"] = [2 * v for v in panel["curves"]["PyTorch, fused"]["median"]]
        panel["curves"]["ours"]["median"] = [v / 2 for v in panel["curves"]["ours"]["median"]]
    simple, _ = growth.notes("image", study)
    assert simple.startswith("SimpleConvNet, ours / PyTorch by pixels a side: 12: 0.50, 20: 0.50")


@pytest.mark.parametrize("panel", [panel for panels in PANELS.values() for panel in panels], ids=lambda p: p.workload)
def test_every_panel_names_sizes_that_its_workload_has(panel):
    assert {panel.size, *panel.others} <= set(sizes_of(panel.workload))
    assert panel.workload in growth.WORKLOADS
