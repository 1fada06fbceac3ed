"""What all tests share: how hypothesis searches, and figures without a screen."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib

# "ci" finds the same examples in every run, so a red build is red again. Search on with --hypothesis-profile=thorough.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("thorough", derandomize=False, deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("ci")
