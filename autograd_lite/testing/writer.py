"""Drawing random programs with hypothesis, and searching for one with a wrong gradient."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:  # pragma: no cover
    raise ImportError("Random programs need hypothesis: pip install 'autograd_lite[prove]'") from error

from . import reference
from .ledger import Tally
from .programs import Program, check_program, compiled, judge_program
from .search import Counterexample, first_failing
from .source import global_names
from .steps import CHOICES, KINDS, LARGEST, LENGTHS, RELATED, STEPS, choices, kind
from .verdict import FAIL

INPUTS = [(3,), (2, 3), (), (2, 2), (3, 2), (1, 3), (2, 1), (1, 2, 3, 3)]
GAP = re.compile(r"\{(\w+)\}")
TOO_LARGE = 50.0  # where exponentials and products of numbers begin to leave all precision behind


class Writer:
    """Writes a program step by step, and knows the values of its arrays so far."""

    def __init__(self, draw: Callable[[SearchStrategy[Any]], Any], names: Mapping[str, Any]) -> None:
        self.draw = draw
        self.known: list[np.ndarray] = []
        self.space: dict[str, Any] = {"ag": reference, "np": np, **names}
        self.shape: tuple[int, ...] = ()

    def know(self, value: np.ndarray) -> None:
        """Name the next array."""
        self.space[f"v{len(self.known)}"] = value
        self.known.append(value)

    def step(self, template: str) -> str | None:
        """The code of one more step, unless what it computes is empty, too large or not finite."""
        text = GAP.sub(self.filled, template)
        name = f"v{len(self.known)}"
        text = text if "{out}" in template else f"{name} = {text}"
        with np.errstate(all="ignore"):
            exec(compiled(text), self.space)
        value = np.asarray(self.space[name])
        if not 0 < value.size <= LARGEST or not np.abs(value).max() <= TOO_LARGE:
            return None
        self.know(value)
        return text

    def filled(self, gap: re.Match[str]) -> str:
        """The code for one gap."""
        name = gap[1]
        if name == "out":
            return f"v{len(self.known)}"
        if name in CHOICES:
            chosen = self.draw(st.sampled_from(choices(name, self.shape)))
            if name == "index":
                self.shape = np.shape(eval(f"a[{chosen}]", {"a": np.empty(self.shape)}))
            return str(chosen)
        if name in RELATED:
            fits, made = RELATED[name]
            found, text = self.array(lambda a: fits(self.shape, a.shape), made)
            if name == "partner":
                self.shape = np.broadcast_shapes(self.shape, found)
            return text
        self.shape, text = self.array(*kind(name))
        return text

    def array(self, holds: Callable[[np.ndarray], Any], made: str) -> tuple[tuple[int, ...], str]:
        """The shape and the code of an array of which something holds: one that is there, or made of one."""
        fit = [k for k, a in enumerate(self.known) if holds(a)]
        k = self.draw(one_of_first(len(fit) or len(self.known)))
        if fit:
            return self.known[fit[k]].shape, f"v{fit[k]}"
        text = made.format(f"v{k}", shape=self.shape)
        return np.shape(eval(text, self.space)), text


@cache
def one_of_first(n: int) -> SearchStrategy[int]:
    """A number below ``n``."""
    return st.integers(0, n - 1)


@cache
def numbers(n: int) -> SearchStrategy[list[int]]:
    """Whole numbers, from which fractions are made."""
    return st.lists(st.integers(-48, 48), min_size=n, max_size=n)


FRACTIONS = st.sampled_from([1 / 4, 1 / 16, 1 / 19])
SHAPES = st.sampled_from(INPUTS)
ALL_STEPS = st.sampled_from(STEPS)
MORE = st.integers(0, 40)


def random_programs(
    *own: str, names: Mapping[str, Any] | None = None, steps: Sequence[str] = (), most: int = 12
) -> SearchStrategy[Program]:
    """Programs of up to ``most`` steps on one to three small arrays.

    Parameters
    ----------
    *own : str
        Steps of your own, in which half of all steps are then: code with gaps for arrays and settings, such as
        ``"cube({any})"``. :mod:`~autograd_lite.testing.steps` says what can fill a gap.
    names : mapping, optional
        What they use: ``{"cube": Cube()}``.
    steps : sequence of str
        In place of all steps.

    Raises
    ------
    ValueError
        If a step has a gap that nothing can fill.
    NameError
        If a step uses what is not among ``names``.

    Examples
    --------
    >>> from hypothesis import given
    >>> from autograd_lite.testing import FAIL, check_program
    >>> @given(random_programs("cube({any}) + {partner}", names={"cube": lambda x: x * x * x}))
    ... def test_the_cube_among_other_functions(program):
    ...     assert check_program(program).status is not FAIL
    """
    for step in (*own, *steps):
        _refuse_unknown(step, names or {})
    return _programs(own, names or {}, steps, most)


def _refuse_unknown(step: str, names: Mapping[str, Any]) -> None:
    known = [*KINDS, *RELATED, *CHOICES, "out"]
    for gap in GAP.findall(step):
        if gap not in known and not set(gap) <= LENGTHS.keys():
            raise ValueError(
                f"Nothing fills the gap {{{gap}}} of the step {step!r}. There are {', '.join(known)}, and letters for "
                f"the sides of an array, such as {{ij}}, of {''.join(LENGTHS)}."
            )
    for name in global_names(GAP.sub("v0", step)):
        if name not in {"ag", "np", *names, *vars(builtins)} and not re.fullmatch(r"v\d+", name):
            raise NameError(f"The step {step!r} uses {name!r}; say what that is: names={{{name!r}: ...}}.")


@st.composite
def _programs(draw: Any, own: Sequence[str], names: Mapping[str, Any], steps: Sequence[str], most: int) -> Program:
    writer = Writer(draw, names)
    inputs: list[np.ndarray] = []
    written: list[str] = []
    every = st.sampled_from(steps) if steps else ALL_STEPS
    templates = st.one_of(st.sampled_from(own), every) if own else every
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(SHAPES)
        unit = draw(FRACTIONS)
        inputs.append(np.reshape(np.array(draw(numbers(int(np.prod(shape)))), float) * unit, shape))
        writer.know(inputs[-1])
    for _ in range(most):
        if not draw(MORE) and written:
            break
        if (text := writer.step(draw(templates))) is not None:
            written.append(text)
    return Program(inputs, written, names)


def falsify_programs(
    *own: str,
    names: Mapping[str, Any] | None = None,
    steps: Sequence[str] = (),
    max_examples: int = 2000,
    seed: int = 0,
    order: int = 1,
    differences: bool = True,
) -> Counterexample | None:
    """Search for a program with a wrong gradient.

    Parameters
    ----------
    *own, names, steps
        As for :func:`random_programs`, which refuses the same.
    max_examples, seed
        As for :func:`falsify`.
    order, differences
        As for :func:`check_program`. Where dual numbers find nothing, differences are asked about a quarter as many.

    Returns
    -------
    Counterexample or None
        Its ``code`` is the program, with as few and as simple steps as still show it.

    Raises
    ------
    ValueError
        If not one program could be judged, with the reason.

    Examples
    --------
    >>> from autograd_lite import Function
    >>> class Half(Function):
    ...     def forward(self, a): return a * a
    ...     def grad_a(self, g, a): return g * a
    >>> found = falsify_programs("half({any})", names={"half": Half()})
    >>> found.verdict.reason
    'The first wrong step is v1 = half(v0).'
    """
    drawn, tally = random_programs(*own, names=names, steps=steps), Tally()

    def search(differences: bool, number: int) -> Program | None:
        check = partial(judge_program, order=order, differences=differences, seed=seed)
        program = first_failing(drawn, check, tally, number, seed)
        return program and pruned(program, lambda fewer: tally.note(check(fewer)).status is FAIL)

    program = search(False, max_examples)  # many times faster, and sharper
    if program is None and differences:
        program = search(True, max(1, max_examples // 4))
    if program is not None:
        verdict = check_program(program, order=order, differences=differences, seed=seed)
        return Counterexample(list(program.inputs), {}, verdict, str(program), tally.tried)
    if not tally.judged:
        raise ValueError(f"falsify_programs could check nothing. {tally.undecided}")
    return None


def pruned(program: Program, fails: Callable[[Program], Any]) -> Program:
    """A program without the arrays that it fails without."""
    for k in reversed(range(len(program.inputs) + len(program.steps))):
        fewer = program.without(k)
        if fewer is not None and fails(fewer):
            program = fewer
    return program
