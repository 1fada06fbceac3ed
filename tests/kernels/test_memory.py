"""Freed memory is kept for the next arrays, as far as the user allows."""

import os
import platform
import subprocess
import sys

import pytest

import autograd_lite as ag

FAULTS = """
import resource
import numpy as np
import autograd_lite
def fresh():
    [np.ones(300_000) for _ in range(10)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
fresh()
before = fresh()
print(fresh() - before)
"""


def run(program, **environment):
    command = [sys.executable, "-W", "always", "-c", program]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only this C library can be told")
def test_an_array_that_takes_the_place_of_a_freed_one_needs_no_new_pages():
    assert int(run(FAULTS).stdout) < 5
    assert int(run(FAULTS, AUTOGRAD_LITE_KEEP_MEMORY="0").stdout) >= 5


@pytest.mark.parametrize("number", [0, -1, 5000])
def test_numbers_that_make_no_sense_are_refused(number):
    with pytest.raises(ValueError, match="1 to 2047 MiB"):
        ag.keep_memory(number)


@pytest.mark.parametrize("value", ["lots", "-5", "99999"])
def test_an_unknown_setting_is_named_in_a_warning_and_ignored(value):
    said = run("import autograd_lite", AUTOGRAD_LITE_KEEP_MEMORY=value).stderr
    assert "AUTOGRAD_LITE_KEEP_MEMORY" in said
    assert value in said
