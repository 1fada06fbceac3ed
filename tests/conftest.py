"""What all tests share: how hypothesis searches, figures without a screen, the digits that ship."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib
os.environ.pop("AUTOGRAD_LITE_DIGITS", None)  # a test that wants other digits says so

# "ci" finds the same examples in every run, so a red build is red again. Search on with --hypothesis-profile=thorough.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("thorough", derandomize=False, deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("ci")
