"""Where the time of a training step goes, by operation and by module.

One clock runs while a profile is open, always on one account: that of the operation at work, or of the module around
it. Starting or ending something moves the clock to another account, so no moment is counted twice, and all accounts
together are the time of the block.

The clock is moved by stand-ins for the few functions that everything passes through: they take their places when a
profile opens, and the originals come back when it closes. Closed, there is nothing to be paid, not even a question.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import getclosurevars
from threading import get_ident
from time import perf_counter_ns
from types import FrameType
from typing import Any, NamedTuple, SupportsIndex

from . import engine
from .errors import AutogradError
from .function import Function, Leaf, Node, Plan
from .recording import Recorded
from .tensor import Tensor

_one_at_a_time = threading.Lock()
_callers: list[tuple[type, str, bool]] = []


def tell_apart(kind: type, method: str, operation: bool = False) -> None:
    """Let profiles tell instances of ``kind`` apart: what happens inside ``method`` is theirs.

    Instances that have ``named_modules`` are named by their paths in it. As an ``operation``, the call stands in the
    table of operations as well.
    """
    _callers.append((kind, method, operation))


# -- What is shown ----------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One line of a :class:`Table`.

    ``forward`` and ``backward`` are seconds, ``seconds`` is all of them, also what is neither. ``bytes`` is the size
    of what the operations returned, views included.
    """

    name: str
    calls: int
    forward: float
    backward: float
    bytes: int
    seconds: float


class Table:
    """Rows, the slowest first; the last one, ``other``, is the time that belongs to none of them."""

    def __init__(self, heading: str, rows: list[Row]) -> None:
        self.heading, self.rows = heading, rows

    def __str__(self) -> str:
        total = Row("total", *[sum(column) for column in zip(*(row[1:] for row in self.rows), strict=True)])
        lines = [["calls", "forward ms", "backward ms", "output KiB", "total ms", "share"]]
        for row in [*self.rows, total]:
            numbers = row.calls, 1e3 * row.forward, 1e3 * row.backward, row.bytes / 1024, 1e3 * row.seconds
            formats = zip(numbers, (",", ",.3f", ",.3f", ",.1f", ",.3f"), strict=True)
            lines.append([format(number, form) if number else "" for number, form in formats])
            lines[-1].append(f"{row.seconds / (total.seconds or 1):.1%}")
        names = [self.heading, *(row.name for row in self.rows), total.name]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join([name.ljust(max(map(len, names))), *map(str.rjust, line, widths)])
            for name, line in zip(names, lines, strict=True)
        )

    __repr__ = __str__


class Profile:
    """What a :func:`profile` block took, and where. Printed, it is the table by operation."""

    def __init__(self) -> None:
        self._accounts: list[_Account] = []
        self._outside = _Place(self, "outside modules")
        self._places: dict[int, tuple[Any, _Place]] = {}  # by the id of the object, which stays alive meanwhile
        self._thread = get_ident()
        self._current = self._outside.own
        self._since = perf_counter_ns()

    @property
    def seconds(self) -> float:
        """The time of the block; the ``seconds`` of the rows of either table sum up to it."""
        return sum(account.time for account in self._accounts) / 1e9

    @property
    def rows(self) -> list[Row]:
        """Of the table by operation."""
        return self.by_op().rows

    def by_op(self) -> Table:
        """One row for each kind of operation; ``other`` is Python's own time, in modules and around them."""
        return self._table("op", lambda account: account.op, lambda account: account.calls)

    def by_module(self) -> Table:
        """One row for each module, without what its parts took; ``seconds`` includes Python's own time in it.

        Backward belongs to the module that computed the value, if it did so inside the block.
        """
        roots = {account.place.root for account in self._accounts if account.place.root is not account.place}
        return self._table(
            "module",
            lambda account: None if account is self._outside.own else account.place.label(with_root=len(roots) > 1),
            lambda account: account.calls if account is account.place.own else 0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Both tables as plain data, for JSON."""
        tables = {"by_op": self.by_op(), "by_module": self.by_module()}
        return {"seconds": self.seconds} | {
            name: [row._asdict() for row in table.rows] for name, table in tables.items()
        }

    def __repr__(self) -> str:
        return str(self.by_op())

    def _table(self, heading: str, name: Callable[[_Account], str | None], calls: Callable[[_Account], int]) -> Table:
        """The accounts grouped by ``name``; what has none is "other"."""
        groups: dict[str | None, list[_Account]] = defaultdict(list)
        for account in self._accounts:
            groups[name(account)].append(account)
        other = groups.pop(None)
        rows = [_row(title, group, sum(map(calls, group))) for title, group in groups.items() if title is not None]
        rows = sorted((row for row in rows if row.calls or row.seconds), key=lambda row: -row.seconds)
        return Table(heading, [*rows, _row("other", other, 0)])

    # -- The clock

    def _switch(self, account: _Account) -> _Account:
        """Let the clock run on ``account`` from now on; the one it ran on before."""
        now = perf_counter_ns()
        before = self._current
        before.time += now - self._since
        self._since, self._current = now, account
        return before

    def _place_of(self, caller: Any, kind: str, operation: bool) -> _Place:
        """The place of ``caller``; when met first, the places of its parts are made too, with their paths."""
        if id(caller) not in self._places:
            root = _Place(self, kind, kind if operation else None)
            self._places[id(caller)] = caller, root
            for path, part in getattr(caller, "named_modules", lambda: ())():
                if id(part) not in self._places:
                    self._places[id(part)] = part, _Place(self, type(part).__name__)
                place = self._places[id(part)][1]
                place.root, place.path = root, path
        return self._places[id(caller)][1]

    def _close(self, frame: FrameType) -> None:
        """Stop; let go of the modules, but for the names that the variables of ``frame`` give them."""
        from .graph.names import variables_of

        self._switch(self._outside.own)
        self._thread = 0  # no thread's; somebody may have kept a stand-in
        variables = {id(value): name for name, value in reversed(variables_of(frame).items())}
        for key, (_, place) in self._places.items():
            place.variable = variables.get(key)
        self._places.clear()


def _row(name: str, accounts: list[_Account], calls: int) -> Row:
    time: Counter[str] = Counter()
    for account in accounts:
        time[account.way] += account.time
    size = sum(account.bytes for account in accounts)
    return Row(name, calls, time["forward"] / 1e9, time["backward"] / 1e9, size, time.total() / 1e9)


# -- Accounts ---------------------------------------------------------------------------------------------------------


class _Account:
    """Time and calls of one kind of operation in one place, one way. ``op`` None stands for Python's own time."""

    __slots__ = ("op", "place", "way", "calls", "bytes", "time", "plan")

    def __init__(self, op: str | None, place: _Place, way: str) -> None:
        self.op, self.place, self.way = op, place, way
        self.calls = self.bytes = self.time = 0  # nanoseconds, so that sums are exact
        self.plan: _PlacedPlan | None = None
        place.profile._accounts.append(self)


class _Accounts(dict[type[Function], _Account]):
    """The accounts of a place for all rules, made when asked for."""

    def __init__(self, place: _Place, way: str) -> None:
        super().__init__()
        self.place, self.way = place, way

    def __missing__(self, rule: type[Function]) -> _Account:
        account = self[rule] = _Account(rule.__name__, self.place, self.way)
        return account


class _Place:
    """Where operations happen: in a module, in another call that is told apart, or outside them all.

    ``own`` is what happens there and is no operation in itself: Python, or NumPy that nobody records.
    """

    def __init__(self, profile: Profile, kind: str, op: str | None = None) -> None:
        self.profile, self.kind = profile, kind
        self.root, self.path = self, ""
        self.variable: str | None = None  # what the program calls it
        self.own = _Account(op, self, "neither")
        self.forward, self.backward = _Accounts(self, "forward"), _Accounts(self, "backward")

    def label(self, with_root: bool) -> str:
        """Variable or path, and class: ``features.0 Conv2d``."""
        names = [self.root.variable or self.root.kind] if with_root or self.root is self else []
        names += [self.path] if self.path else []
        return self.kind if names == [self.kind] else f"{'.'.join(names)} {self.kind}"


class _PlacedPlan(Plan):
    """A plan of some nodes that says where they were recorded."""

    __slots__ = ("place",)

    def __init__(self, plan: Plan, place: _Place) -> None:
        for name in Plan.__slots__:
            setattr(self, name, getattr(plan, name))
        self.place = place


# -- Stand-ins --------------------------------------------------------------------------------------------------------


def _operation(profile: Profile, method: Callable[..., Any], rule: type[Function] | None) -> Callable[..., Any]:
    """``method``, which applies ``rule``, or its first argument, and records it."""

    @wraps(method)
    def call(*inputs: Any) -> Any:
        if get_ident() != profile._thread:
            return method(*inputs)
        account = profile._current.place.forward[rule or inputs[0].__class__]
        before = profile._switch(account)
        try:
            out = method(*inputs)
        finally:
            profile._switch(before)
        if isinstance(out, Recorded):
            account.calls += 1
            account.bytes += out._data.nbytes
            node = out.node
            if node is not None:
                if account.plan is None:
                    account.plan = _PlacedPlan(node.plan, account.place)
                node.plan = account.plan
        return out

    return call


def _call(profile: Profile, kind: type, name: str, operation: bool) -> Callable[..., Any]:
    """The method ``name`` of ``kind``, the inside of which is told apart."""
    method = vars(kind)[name]

    @wraps(method)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if get_ident() != profile._thread or getattr(type(self), name) is not call:  # a subclass calls super()
            return method(self, *args, **options)
        title = type(self).__name__ + (f".{name}" if operation else "")
        place = profile._place_of(self, title, operation)
        place.own.calls += 1
        before = profile._switch(place.own)
        try:
            return method(self, *args, **options)
        finally:
            profile._switch(before)

    return call


def _walk(profile: Profile) -> Callable[..., None]:
    """``engine.walk``, where each node that is taken up moves the clock."""
    walk = engine.walk

    @wraps(walk)
    def call(ready: list[Node], *rest: Any) -> None:
        if get_ident() != profile._thread:
            return walk(ready, *rest)
        before = profile._current
        try:
            walk(_Ready(ready, profile), *rest)
        finally:
            profile._switch(before)

    return call


class _Ready(list[Node]):
    """The nodes that a backward pass may use next. Leaves collect at the expense of what completed their gradient."""

    def __init__(self, nodes: list[Node], profile: Profile) -> None:
        super().__init__(nodes)
        self.profile = profile

    def pop(self, index: SupportsIndex = -1) -> Node:
        node = super().pop(index)
        rule, plan, profile = node.rule.__class__, node.plan, self.profile
        if rule is not Leaf:
            place = getattr(plan, "place", profile._outside)
            if place.profile is not profile:  # recorded in an earlier one
                place = profile._outside
            profile._switch(place.backward[rule])
        return node


def _stand_ins(profile: Profile) -> Iterator[tuple[Any, str, Any]]:
    """What to put where: owner, name, value."""
    operators = {function.__code__ for function in (Tensor.__neg__, Tensor.__add__)}
    for room in Tensor.__mro__:
        for name, function in vars(room).items():
            if getattr(function, "__code__", None) in operators:
                rule = type(getclosurevars(function).nonlocals["rule"])
                yield room, name, _operation(profile, function, rule)
    yield Recorded, "apply", staticmethod(_operation(profile, Recorded.apply, None))
    yield engine, "walk", _walk(profile)
    for base, name, operation in _callers:
        for kind in _family(base):
            if name in vars(kind):
                yield kind, name, _call(profile, kind, name, operation)


def _family(kind: type) -> set[type]:
    """``kind`` and all its subclasses."""
    return {kind}.union(*map(_family, kind.__subclasses__()))


@contextmanager
def profile() -> Iterator[Profile]:
    """Measure what this thread computes inside the block: time, calls and bytes, by operation and by module.

    Operations run about a microsecond slower meanwhile; results are the same. Time is taken on the calling thread,
    around whatever threads a kernel uses. With ``create_graph`` backward consists of operations, which are counted
    as such.

    Raises
    ------
    AutogradError
        If a profile is open already, in any thread.

    Notes
    -----
    Profile some steps, not each step by itself: from Python 3.13 on, a class of which methods were replaced a
    thousand times is looked up more slowly ever after, and each profile does so twice.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> with profile() as p:
    ...     (x * x).sum().backward()
    >>> {row.name: (row.calls, row.bytes) for row in p.rows} == {"Mul": (1, 24), "Sum": (1, 8), "other": (0, 0)}
    True

    ``print(p)`` shows the rows with their times, ``print(p.by_module())`` the same by module.
    """
    from . import graph  # noqa: F401  # it knows functions by their code: to be loaded while they are themselves

    if not _one_at_a_time.acquire(blocking=False):
        raise AutogradError("A profile is open already; close it first, or read that one's rows.")
    try:
        measured = Profile()
        with _replaced(list(_stand_ins(measured))):
            measured._since = perf_counter_ns()
            try:
                yield measured
            finally:
                measured._close(sys._getframe(2))  # of the block; between is contextlib's
    finally:
        _one_at_a_time.release()


@contextmanager
def _replaced(stand_ins: list[tuple[Any, str, Any]]) -> Iterator[None]:
    originals = [(owner, name, vars(owner)[name]) for owner, name, _ in stand_ins]
    try:
        for owner, name, stand_in in stand_ins:
            setattr(owner, name, stand_in)
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)
