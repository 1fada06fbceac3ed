"""The README's code runs, and its table of names is true."""

import ast
import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import autograd_lite
import autograd_lite.testing
import nn
from autograd_lite import ops
from autograd_lite.functions import elementwise
from autograd_lite.testing import gradcheck, reference

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.skipif(not README.exists(), reason="the README is not beside the tests")
def test_the_tour_runs_from_top_to_bottom_in_one_session():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    session: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), session)


@pytest.mark.skipif(not README.exists(), reason="the README is not beside the tests")
def test_the_recipe_for_a_rule_works_in_the_files_that_it_names():
    recipe = README.with_name("CONTRIBUTING.md").read_text("utf-8").split("## Adding a rule")[1].split("\n## ")[0]
    files = re.findall(r"`([\w/]+\.py)`", recipe)
    assert len(files) >= 6
    assert all((README.parent / file).exists() for file in files)
    blocks = re.findall(r"```python\n(.*?)```", recipe, re.DOTALL)
    rules, functions, references = ({**vars(m)} for m in (ops.elementwise, elementwise, reference))
    for block, names in zip(blocks, (rules, functions, references), strict=True):
        exec(compile(block, "CONTRIBUTING.md", "exec"), names)
        functions["e"] = SimpleNamespace(**rules)
    x = np.array([1.0, -2.0])
    np.testing.assert_array_equal(functions["cube"](x).data, references["cube"](x))
    assert gradcheck(functions["cube"], x, order=2)


@pytest.mark.skipif(not README.exists(), reason="the README is not beside the tests")
def test_every_name_and_call_beside_the_books_is_one_of_ours():
    """A call stands there with the arguments it takes, since the book's im2col takes others in the same places."""
    table = README.read_text("utf-8").split("## The book's names and ours")[1].split("\n## ")[0]
    ours = [piece for row in table.splitlines()[4:] for piece in re.findall(r"`([^`]+)`", row.rsplit(" | ", 1)[-1])]
    named = [ast.parse(piece, mode="eval").body for piece in ours if piece.startswith(("nn.", "autograd_lite."))]
    assert len(named) > 20
    for found in named:
        function = found.func if isinstance(found, ast.Call) else found
        value = eval(ast.unparse(function), {"nn": nn, "autograd_lite": autograd_lite})
        if isinstance(found, ast.Call):
            bound = inspect.signature(value).bind(*found.args, **{word.arg: word.value for word in found.keywords})
            words = {name: given.id for name, given in bound.arguments.items() if isinstance(given, ast.Name)}
            assert all(name == word for name, word in words.items()), (ast.unparse(found), words)
