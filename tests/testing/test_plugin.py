"""The pytest plugin, in a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKS = """
import numpy as np
from autograd_lite.testing import given_gradients, strategies as some

@given_gradients(some.array("positive"))
def test_log(x):
    return x.log()

@given_gradients(some.array("nonzero"), vjp=lambda x: (np.abs(x), lambda u: u + 0 * x))
def test_absolute(x):
    return np.abs(x)
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "test_checks.py").write_text(CHECKS)

    def pytest_says(*options):
        command = [sys.executable, "-m", "pytest", "-p", "autograd_lite.testing.plugin", "-q", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        ).stdout

    return pytest_says


def test_a_table_says_what_was_checked_how(run):
    said = run("--gradients=quick", "--gradient-seed=3")
    assert "1 failed, 1 passed" in said
    (line,) = [line for line in said.splitlines() if line.startswith("test_log ")]
    name, order, passed, undecided, failed, _ = line.split()
    assert (name, order, undecided, failed) == ("test_log", "first", "0", "0")
    assert 0 < int(passed) <= 20
    assert "print(gradcheck(f, x0, vjp=vjp, check_dtype=False))" in said


def test_a_seed_repeats_the_search_and_a_failure_is_replayed_first(run):
    def table():
        return [
            line for line in run("--gradients=quick", "--gradient-seed=3", "-k", "log").splitlines() if "test_" in line
        ]

    assert table() == table()
    run("--gradients=quick", "-k", "absolute")
    said = run("--gradients=quick", "-k", "absolute")
    (line,) = [line for line in said.splitlines() if line.startswith("test_absolute ")]
    assert int(line.split()[2]) < 20  # the example of the last run came first


def test_without_generated_checks_there_is_no_table_and_hypothesis_is_not_imported(run, tmp_path):
    (tmp_path / "test_checks.py").write_text("import sys\ndef test_it(): assert 'hypothesis' not in sys.modules\n")
    said = run()
    assert "1 passed" in said
    assert "gradients" not in said
