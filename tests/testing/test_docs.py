"""What the page about testing gradients says is what happens."""

import doctest
import re
from pathlib import Path

from autograd_lite.testing import adapters, laws
from autograd_lite.testing import strategies as some
from autograd_lite.testing.profiles import PROFILES
from autograd_lite.testing.steps import CHOICES, KINDS, RELATED

PAGE = Path(__file__).parents[2] / "docs" / "gradient-testing.md"


def test_every_example_of_the_page_runs_as_shown():
    text = PAGE.read_text(encoding="utf-8").replace("```", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    said = []
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=said.append)
    assert tried > 40
    assert failed == 0, "".join(said)


def test_the_page_names_every_adapter_law_profile_and_gap_and_no_strategy_that_is_not_there():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)", text))
    assert not {*adapters.__all__, *laws.ALL} - named
    assert all(f"--gradients={profile}" in text and str(inputs) in text for profile, inputs in PROFILES.items())
    assert {*KINDS, *RELATED, *CHOICES, "out"} <= set(re.findall(r"`\{(\w+)\}`", text))
    assert all(hasattr(some, name) for name in re.findall(r"some\.(\w+)", text))
