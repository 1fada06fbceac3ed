"""The pytest plugin, in a pytest of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKS = """
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from autograd_lite.testing import given_gradients, strategies as some

drawn = []

@given_gradients(some.array("positive"))
def test_log(x):
    assert settings().deadline is None
    return x.log()

@settings(max_examples=3)
@given_gradients(some.array("positive"))
def test_few(x):
    return x.log()

class TestMethods:
    @given_gradients(some.array("nonzero", shape=()), vjp=lambda x: (np.abs(x), lambda u: u + 0 * x))
    def test_absolute(self, x):
        drawn.append(x)
        return np.abs(x)

@given_gradients(some.array("positive", shape=some.shapes(side=1)))
def test_random(x):
    return x * (np.random.random() if x.ndim == 1 else 2.0)

@given(st.integers())
def test_of_something_else(n):
    drawn.append(n)

def test_what_was_drawn():
    numbers = [x for x in drawn if isinstance(x, int)]
    print("drawn:", [float(x.real.sum()) for x in drawn if not isinstance(x, int)], len(numbers))
"""


def pytest_says(folder, *options, hide="pass"):
    command = [sys.executable, "-c", f"import sys; {hide}; import pytest; sys.exit(pytest.main())"]
    command += ["-p", "autograd_lite.testing.plugin", "-q", *options]
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "PYTEST_ADDOPTS")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders with the same tests, and no memory of what failed."""

    def folder():
        new = tmp_path_factory.mktemp("project")
        (new / "test_checks.py").write_text(CHECKS)
        return new

    return folder


@pytest.fixture(scope="module")
def said(folders):
    """What a quick run from a seed prints."""
    return pytest_says(folders(), "-rP", "--gradients=quick", "--gradient-seed=3")


def row(said, test):
    """Passed, undecided and failed inputs of a test in the table, and the order of the derivative."""
    (line,) = [line for line in said.splitlines() if line.endswith(f"  test_checks.py::{test}")]
    passed, undecided, failed, _, order, _ = line.split()
    return int(passed), int(undecided), int(failed), order


def lines(said, start):
    return [line for line in said.splitlines() if line.startswith(start)]


def drawn(said):
    """The sums of the arrays that were drawn for the absolute value, in their order."""
    (line,) = lines(said, "drawn:")
    return json.loads(line[line.index("[") : line.index("]") + 1])


def test_a_table_says_what_was_checked_how(said):
    assert "1 failed, 5 passed" in said
    assert "gradients (quick, seed 3)" in said
    passed, undecided, failed, order = row(said, "test_log")
    assert (undecided, failed, order) == (0, 0, "first")
    assert 0 < passed <= 20
    assert row(said, "TestMethods::test_absolute")[2] > 0


def test_the_table_says_why_inputs_stayed_undecided(said):
    assert row(said, "test_random")[1] > 0
    (why,) = lines(said, "        undecided: ")
    assert "freeze its random numbers" in why


def test_a_failure_prints_its_reproduction_once(said):
    assert said.count("print(gradcheck(f, x0, vjp=vjp))") == 1


def test_a_profile_is_for_gradients_alone_and_settings_of_a_test_come_first(said):
    assert lines(said, "drawn:")[0].endswith(" 100")
    assert row(said, "test_few")[0] == 3


def test_a_seed_repeats_the_search(said, folders):
    again = pytest_says(folders(), "-rP", "--gradients=quick", "--gradient-seed=3", "-k", "absolute or drawn")
    assert drawn(again) == drawn(said)


def test_tests_in_other_processes_are_in_the_table_and_a_failure_is_replayed_first(folders):
    folder = folders()
    said = pytest_says(folder, "-p", "xdist", "-n1", "-rP", "--gradients=quick", "-k", "few or absolute or drawn")
    assert row(said, "test_few")[0] == 3
    assert row(said, "TestMethods::test_absolute")[2] > 0
    again = pytest_says(folder, "-rP", "--gradients=quick", "-k", "absolute or drawn")
    assert drawn(again)[0] == drawn(said)[-1] < 0  # what was printed last is tried first


def test_a_test_that_checks_nothing_fails_and_stands_in_the_table(tmp_path):
    (tmp_path / "test_it.py").write_text("""
import numpy as np
from autograd_lite.testing import given_gradients, strategies as some

@given_gradients(some.array())
def test_of_arrays(x):
    return np.sin(x.numpy())
""")
    said = pytest_says(tmp_path, "--gradients=quick")
    assert "1 failed" in said
    assert "test_of_arrays checks nothing. 20 of 20 inputs could not be judged" in said
    assert "    0         20       0" in said


def test_without_hypothesis_an_option_says_what_to_install(folders):
    said = pytest_says(folders(), "--gradients=quick", hide="sys.modules['hypothesis'] = None")
    assert "pip install 'autograd_lite[prove]'" in said
    assert "Traceback" not in said


def test_without_generated_checks_there_is_no_table_and_hypothesis_is_not_imported(tmp_path):
    (tmp_path / "test_it.py").write_text("import sys\ndef test_it(): assert 'hypothesis' not in sys.modules\n")
    said = pytest_says(tmp_path)
    assert "1 passed" in said
    assert "gradients" not in said
