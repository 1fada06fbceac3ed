"""Random programs give the gradients that dual numbers and differences give; a wrong rule is found and cut out."""

import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import autograd_lite as ag
from autograd_lite import Function, Tensor
from autograd_lite.ops.conv import AvgPool2d, Conv2dWeight, MaxPool2dScatter
from autograd_lite.ops.elementwise import Clip, Maximum, Mul, Where
from autograd_lite.ops.index import GetItem, SetItem
from autograd_lite.ops.linalg import Einsum, MatMul
from autograd_lite.ops.reduce import Cumsum, Max, Softmax
from autograd_lite.ops.shape import Concatenate, Roll, SumRuns, Unbroadcast
from autograd_lite.testing import (
    FAIL,
    PASS,
    UNDECIDED,
    Program,
    check_program,
    falsify_programs,
    planted_in,
    random_programs,
    reference,
)
from autograd_lite.testing.duals import FUNCTIONS, Dual, duals, plain_values
from autograd_lite.testing.programs import judge_program
from autograd_lite.testing.steps import CHOICES, KINDS, LENGTHS, RELATED, STEPS
from autograd_lite.testing.writer import pruned
from tests.rules.table import ROWS


@settings(max_examples=3 * settings.default.max_examples)
@given(random_programs())
def test_random_programs_have_the_slopes_of_dual_numbers(program):
    assert judge_program(program, differences=False).status is not FAIL, check_program(program)


@settings(max_examples=settings.default.max_examples // 3)
@given(random_programs())
def test_random_programs_have_the_slopes_of_differences(program):
    assert judge_program(program).status is not FAIL, check_program(program)


@settings(max_examples=settings.default.max_examples // 10)
@given(random_programs(most=6))
def test_random_programs_have_the_second_derivatives_of_differences(program):
    assert judge_program(program, order=2).status is not FAIL, check_program(program, order=2)


# -- The table of steps -----------------------------------------------------------------------------------------------

NOT_CALLED = {"Tensor.__getitem__": "[{index}]", "Tensor.__setitem__": "[{index}] = "}


@pytest.mark.parametrize("name", sorted({row.function for row in ROWS}))
def test_every_function_with_a_derivative_is_in_some_step(name):
    assert any(NOT_CALLED.get(name, f"ag.{name}(") in step for step in STEPS)


def test_every_gap_of_a_step_can_be_filled():
    gaps = {gap for step in STEPS for gap in re.findall(r"\{(\w+)\}", step)} - {"out"}
    words = gaps - CHOICES.keys() - KINDS.keys() - RELATED.keys()
    assert set("".join(words)) <= LENGTHS.keys()


@pytest.mark.parametrize("step", STEPS)
def test_every_step_can_be_written_and_is_right_alone(step):
    seen = []

    @settings(max_examples=2)
    @given(random_programs(steps=[step], most=2))
    def look(program):
        seen.append(len(program.steps))
        assert judge_program(program, differences=False).status is not FAIL

    look()
    assert any(seen)


# -- Mistakes ---------------------------------------------------------------------------------------------------------

PLACES = [
    (SetItem, 1), (Softmax, 0), (Max, 0), (AvgPool2d, 0), (MatMul, 0), (Mul, 1), (GetItem, 0), (Maximum, 1), (Where, 1),
    (Clip, 0), (Concatenate, 0), (Roll, 0), (Cumsum, 0), (Einsum, 0),
]  # fmt: skip
SOME = slice(None if settings.default.max_examples > 100 else 2)


@pytest.mark.parametrize(("rule", "i"), PLACES[SOME], ids=lambda value: getattr(value, "__name__", value))
def test_a_wrong_rule_is_found_within_500_programs_and_its_program_shrinks_to_a_step_or_two(rule, i):
    with planted_in(rule, i, lambda g: g * 1.5):
        found = falsify_programs(max_examples=500, differences=False)
        assert found.verdict.status is FAIL
        program = program_of(found)
        assert len(program.steps) <= 2
        assert check_program(program).status is FAIL
    assert check_program(program)


def program_of(found):
    """The program that the code of a counterexample makes."""
    space = {}
    exec(found.code, space)
    return space["program"]


@pytest.mark.parametrize(("rule", "i"), [(SumRuns, 0), (Conv2dWeight, 1), (MaxPool2dScatter, 0), (Unbroadcast, 0)])
def test_a_rule_that_only_second_derivatives_use_is_found_by_them(rule, i):
    steps = [step for step in STEPS if re.search(r"repeat|conv2d|max_pool|any\} \* \{partner", step)]
    once = settings(max_examples=200, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    with planted_in(rule, i, lambda g: g * 1.5):
        program = find(random_programs(steps=steps, most=4), lambda p: not judge_program(p, order=2), settings=once)
        assert judge_program(program, order=2).order == 2
    assert judge_program(program, order=2)


def test_the_verdict_names_the_first_wrong_step_and_its_worst_element():
    program = Program([np.array([1.0, 3.0])], ["v1 = v0 + 1", "v2 = ag.roll(v1, 1)", "v3 = v2 * 2"])
    with planted_in(Roll, 0, lambda g: g * np.array([1.0, 1.25])):
        verdict = check_program(program)
    assert verdict.reason == "The first wrong step is v2 = ag.roll(v1, 1)."
    assert (verdict.where.output, verdict.where.output_index, verdict.where.input_index) == (1, (0,), (1,))
    assert (verdict.where.claimed, verdict.where.true) == (1.25, 1.0)


class Half(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * a


def test_a_rule_of_ones_own_is_searched_in_half_of_all_steps():
    found = falsify_programs("half({any})", names={"half": Half()}, max_examples=50)
    assert found.verdict.reason == "The first wrong step is v1 = half(v0)."
    assert not falsify_programs("double({any})", names={"double": lambda x: x + x}, max_examples=20)


def test_a_gap_that_nothing_fills_is_refused_with_those_there_are():
    with pytest.raises(
        ValueError, match=r"gap \{foo\} of the step 'ag.exp\(\{foo\}\)'. There are any, .*partner.*axis"
    ):
        falsify_programs("ag.exp({foo})")
    with pytest.raises(ValueError, match=r"gap \{xy\}"):
        random_programs(steps=["ag.exp({any})", "ag.exp({xy})"])


def test_a_name_that_no_step_knows_is_refused_with_the_remedy():
    with pytest.raises(NameError, match=r"uses 'half'; say what that is: names=\{'half': ...\}"):
        falsify_programs("half({any})")
    step = "(lambda a, b: a + abs(b))({any}, {partner})"
    assert falsify_programs(step, max_examples=10, differences=False) is None


def test_a_search_in_which_no_program_could_be_judged_is_an_error_that_says_why():
    with pytest.raises(ValueError, match="of 5 inputs could not be judged, mostly because: A slope is not finite"):
        falsify_programs(steps=["ag.sqrt({any} * 0)"], max_examples=5, differences=False)


def test_an_error_in_the_library_is_a_failure_with_its_words():
    with planted_in(Mul, 0, lambda g: 1 / 0):
        verdict = check_program(Program([np.array(2.0)], ["v1 = v0 * v0"]))
    assert verdict.status is FAIL
    assert verdict.reason.startswith("The first wrong step is v1 = v0 * v0. ZeroDivisionError")


def test_a_wrong_value_is_a_failure_and_so_is_a_wrong_shape(monkeypatch):
    monkeypatch.setattr(reference, "sin", lambda a: np.cos(a), raising=False)
    verdict = check_program(Program([np.array(0.0)], ["v1 = ag.sin(v0)"]))
    assert verdict.reason == "The first wrong step is v1 = ag.sin(v0). A value of v1 is 0, not 1."
    monkeypatch.setattr(reference, "sin", lambda a: duals(np.zeros(2)))
    assert judge_program(Program([np.array(0.0)], ["v1 = ag.sin(v0)"])).reason == "v1 has shape (), not (2,)."


def test_a_mistake_that_the_reference_shares_is_found_by_differences(monkeypatch):
    monkeypatch.setattr(Dual, "sin", lambda x: Dual(math.sin(x.v), 2 * math.cos(x.v) * x.d))
    program = Program([np.array([0.5])], ["v1 = ag.sin(v0)"])
    with planted_in(ag.ops.trigonometry.Sin, 0, lambda g: 2 * g):
        assert judge_program(program, differences=False).status is PASS
        assert judge_program(program).reason.startswith("Differences give")


def test_a_slope_that_is_not_finite_is_left_undecided():
    assert check_program(Program([np.array(0.0)], ["v1 = v0 ** 0.5"])).status is UNDECIDED


# -- Programs ---------------------------------------------------------------------------------------------------------


def test_a_program_prints_as_a_program_that_checks_it(capsys):
    program = Program([np.array([1.0, 2.0])], ["v1 = ag.sin(v0)", "v2 = ag.copy(v1)\nv2[0] = v1[1]"])
    exec(str(program), {})
    assert capsys.readouterr().out.startswith("PASS: first derivative")


def test_a_program_prints_with_the_functions_that_it_uses(capsys):
    program = Program([np.array([1.0, 2.0])], ["v1 = half(v0)"], {"half": Half()})
    exec(str(program), {})
    assert capsys.readouterr().out.startswith("FAIL: first derivative")


def test_an_array_that_nothing_is_computed_from_can_be_taken_out():
    program = Program([np.array(1.0), np.array(2.0)], ["v2 = ag.sin(v1)", "v3 = v1 * 2", "v4 = v3 + v3"])
    assert program.without(3) is None
    assert program.without(2).steps == ["v2 = v1 * 2", "v3 = v2 + v2"]
    assert program.without(0).steps == ["v1 = ag.sin(v0)", "v2 = v0 * 2", "v3 = v2 + v2"]
    fewer = pruned(program, lambda p: any("v" in step and "+" in step for step in p.steps))
    assert fewer.steps == ["v1 = v0 * 2", "v2 = v1 + v1"]


def test_reuse_no_grad_and_detach_hide_what_they_should():
    steps = ["v1 = v0 * v0", "v2 = ag.Tensor.detach(v1) * v0", "with ag.no_grad():\n    v3 = v0 * 2", "v4 = v3 * v0"]
    program = Program([np.array(3.0)], steps)
    assert check_program(program)
    slopes = [duals(a).item().d for a in program.run(reference, [duals(3.0, 1.0)])]
    assert slopes == [1.0, 6.0, 9.0, 0.0, 6.0]


# -- Dual numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_dual_numbers_has_the_slope_of_differences(name):
    value, slope = FUNCTIONS[name]
    x, h = (1.5 if name == "arccosh" else 0.6), 1e-6
    assert slope(x, value(x)) == pytest.approx((value(x + h) - value(x - h)) / (2 * h), rel=1e-8)
    assert value(x) == pytest.approx(float(getattr(reference, name)(np.array(x))), rel=1e-14)


def test_the_slope_of_tanh_is_0_far_out():
    assert np.tanh(duals([1e3], [1.0]))[0].d == 0.0


OPERATORS = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a % b,
    lambda a, b: a**b, lambda a, b: 2 - a, lambda a, b: 2 / a, lambda a, b: 2.0**a, lambda a, b: a**3,
    lambda a, b: np.hypot(a, b), lambda a, b: np.arctan2(a, b), lambda a, b: -a, lambda a, b: abs(-a),
]  # fmt: skip


@pytest.mark.parametrize("f", OPERATORS)
def test_an_operator_of_dual_numbers_has_the_slope_of_differences(f):
    h, (u, v) = 1e-6, (0.75, -0.5)
    found = np.asarray(f(duals([2.7], [u]), duals([1.6], [v])), object)[0]
    above, below = (f(np.array([2.7 + t * u]), np.array([1.6 + t * v]))[0] for t in (h, -h))
    assert found.d == pytest.approx((above - below) / (2 * h), rel=1e-8)
    assert found.v == pytest.approx(f(2.7, 1.6), rel=1e-14)
    assert found.size >= abs(found.d) * (1 - 1e-15)


def test_dual_numbers_remember_how_large_the_terms_were_that_cancelled():
    x = Dual(1.0, 1.0)
    assert ((x * 1e9 - x * 1e9 + x).d, (x * 1e9 - x * 1e9 + x).size) == (1.0, 2e9 + 1)


def test_the_reference_shares_ties_as_the_library_does():
    x = duals([3.0, 1.0, 3.0], [1.0, 0.0, 0.0])
    assert reference.max(x).item().d == 0.5
    assert reference.maximum(x, 3.0)[0].d == 0.5
    assert [a.d for a in reference.clip(x, None, 3.0)] == [1.0, 0.0, 0.0]
    assert reference.max_pool2d(x.reshape(1, 1, 1, 3), (1, 3)).item().d == 1.0
    tensor = Tensor([3.0, 1.0, 3.0], requires_grad=True)
    tensor.max().backward()
    assert tensor.grad.tolist() == [0.5, 0.0, 0.5]


def test_values_can_be_taken_from_dual_numbers():
    assert plain_values(duals([[1.0], [2.0]], [[5.0], [6.0]])).tolist() == [[1.0], [2.0]]
