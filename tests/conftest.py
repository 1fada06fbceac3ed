"""What all tests share: how hypothesis searches, figures without a screen, the digits that ship, the examples."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from autograd_lite.kernels.threads import set_threads

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib
os.environ.pop("AUTOGRAD_LITE_DIGITS", None)  # a test that wants other digits says so

# "ci" finds the same examples in every run, so a red build is red again. Search on with --hypothesis-profile=thorough.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("thorough", derandomize=False, deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("ci")


@pytest.fixture
def example(monkeypatch):
    """What gives an example as a module. It finds its helpers beside it, and may take threads, only for the test."""
    folder = Path(__file__).parent.parent / "examples"
    monkeypatch.syspath_prepend(str(folder))

    def load(name):
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    set_threads(None)
    for name in ("_common", "_models"):
        sys.modules.pop(name, None)
