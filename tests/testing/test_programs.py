"""Random programs give the gradients that dual numbers and differences give; a wrong rule is found and cut out."""

import numpy as np
import pytest

from autograd_lite import Tensor
from autograd_lite.ops.elementwise import Mul
from autograd_lite.ops.index import SetItem
from autograd_lite.ops.linalg import MatMul
from autograd_lite.ops.trigonometry import Sin
from autograd_lite.testing import planted_in
from autograd_lite.testing.numerical import DOUBLE, slopes
from autograd_lite.testing.programs import BINARY, UNARY, Program, random_program, shrunk, wrong_program


@pytest.mark.parametrize("block", range(10))
def test_random_programs_have_the_slopes_of_dual_numbers(block):
    for seed in range(40 * block, 40 * block + 40):
        rng = np.random.default_rng(seed)
        program = random_program(rng)
        assert not wrong_program(program, rng), (seed, program)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_have_the_slopes_of_differences(seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng, steps=8)
    program.steps = [step for step in program.steps if step[0] not in ("detach", "under no_grad")]  # values see through
    directions = [rng.standard_normal(a.shape) for a in program.inputs]

    def along(t):
        return np.array([program.total([a + t * d for a, d in zip(program.inputs, directions, strict=True)])])

    measured = slopes(along, DOUBLE, 1e-9)
    assert measured.distance(np.array([program.slope(directions)]))[0] <= 10 * measured.accuracy()[0] + 1e-7


def test_every_operation_comes_up_and_most_steps_fit():
    taken, ran, asked = set(), 0, 0
    for seed in range(60):
        program = random_program(np.random.default_rng(seed))
        taken |= {name for name, _, _ in program.steps}
        ran += len(program.run([Tensor(a) for a in program.inputs], True)) - len(program.inputs)
        asked += len(program.steps)
    assert taken == {*UNARY, *BINARY, "@", "assign"}
    assert ran > asked / 2


@pytest.mark.parametrize(
    ("rule", "i", "step"), [(Mul, 1, "*"), (MatMul, 0, "@"), (SetItem, 1, "assign"), (Sin, 0, "sin")]
)
def test_a_wrong_rule_is_found_within_a_few_programs_and_its_program_shrinks_to_a_few_steps(rule, i, step):
    with planted_in(rule, i, lambda g: g * 1.5):
        for seed in range(200):
            program = random_program(np.random.default_rng(seed))
            if rule is not Sin and not any(name == step for name, _, _ in program.steps):
                continue
            if wrong(program):
                break
        else:
            pytest.fail("not found")
        assert len(shrunk(program, wrong).steps) <= 3
    assert not wrong(program)


def wrong(program):
    return wrong_program(program, np.random.default_rng(0))


def test_a_program_is_plain_data():
    program = Program([np.array([1.0, 2.0])], [("sin", 0, 0), ("*", 0, 1)])
    x = np.array([1.0, 2.0])
    inner = x * np.sin(x)
    slope = np.cos(x) + np.cos(np.sin(x)) * np.cos(x) + np.cos(inner) * (np.sin(x) + x * np.cos(x))
    np.testing.assert_allclose(program.gradients()[0], slope)
    assert program.slope([np.array([1.0, 0.0])]) == pytest.approx(slope[0])
