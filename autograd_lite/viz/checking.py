"""``check``: a gradient check of every operation in a graph, drawn."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from ..graph import Graph, Recording
from ..graph.trace import Tracer
from ..tensor import Tensor
from .diagnosis import Diagnosis, Problem, line, place
from .dot import Marks, to_dot
from .style import theme_of


class Checked(Diagnosis):
    """A drawing of the verdicts on all operations; ``verdicts`` maps the ids of nodes to them."""

    def __init__(self, source: str, graph: Graph, problems: list[Problem], verdicts: dict[str, Any]) -> None:
        super().__init__(source, graph, problems)
        self.verdicts = verdicts

    def __bool__(self) -> bool:
        """Whether nothing failed."""
        return not self.problems

    def __str__(self) -> str:
        decided = sum(verdict.status.value != "UNDECIDED" for verdict in self.verdicts.values())
        head = f"{decided} of {len(self.verdicts)} operations decided, {len(self.problems)} wrong."
        return "\n".join([head, *(problem.words for problem in self.problems)])


def check(
    outputs: Tensor | Iterable[Tensor],
    *,
    watched: Recording,
    tolerance: float | None = None,
    names: Mapping[str, Tensor] | None = None,
    theme: str = "light",
    direction: str = "TB",
) -> Checked:
    """Compare the rule of every operation with differences of its own values, at the values it was used with.

    Parameters
    ----------
    outputs : Tensor or iterable of Tensors
    watched : Recording
        What a :func:`watch` block saw of the forward pass: it knows all operands.
    tolerance : float, optional
        As for :func:`autograd_lite.testing.gradcheck`, which does the comparing.
    names, theme, direction
        As for :func:`draw`.

    Returns
    -------
    Checked
        True if no rule is wrong. Show or save it for the drawing, in which wrong rules are red and right ones green.

    Examples
    --------
    >>> from autograd_lite.viz import watch
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with watch() as seen:
    ...     y = (x.exp() * x).sum()
    >>> print(check(y, watched=seen))
    3 of 3 operations decided, 0 wrong.
    """
    from ..testing.blame import check_rule

    colors = theme_of(theme)
    tracer = Tracer(outputs, sys._getframe(1), names, watched)
    graph = tracer.graph(values=True)
    nodes = graph.by_id()
    verdicts: dict[str, Any] = {}
    for node, id in tracer.ids.items():
        facts = tracer.facts[node]
        if facts.inputs is not None and facts.parents:
            verdicts[id] = check_rule(
                facts.rule, facts.inputs[: len(facts.names)], [i for i, _ in facts.parents], tolerance
            )
    looks = {"PASS": "good", "FAIL": "alarm", "UNDECIDED": "muted"}
    marks = Marks(legend="green: the rule agrees with differences of its values; red: it does not; grey: undecided")
    problems = []
    for id, verdict in verdicts.items():
        status = verdict.status.value
        error = f"{verdict.relative_error:.1g}"
        note = {"PASS": f"right to {error}", "FAIL": f"wrong by {error}", "UNDECIDED": "undecided"}[status]
        marks.nodes[id] = looks[status], note
        if status == "FAIL":
            where = f" {verdict.where}" if verdict.where else f" {verdict.reason}"
            words = f"The rule of {place(nodes[id])} is wrong, by {error} relatively:{where}.{line(nodes[id])}"
            problems.append(Problem(id, note, words))
    return Checked(to_dot(graph, colors, {"shape"}, direction, marks=marks), graph, problems, verdicts)
