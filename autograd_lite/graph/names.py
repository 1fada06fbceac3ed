"""What the program calls its arrays: variables of the caller, attributes of modules, names given by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any

import numpy as np

from ..errors import GradError
from ..function import Leaf, Node
from ..tensor import Tensor


class Names:
    """Names of nodes and of constant arrays, found among ``variables`` and below ``modules``; ``given`` ones win.

    ``tensors`` maps each node to a tensor that carries it, where a variable does; ``parameters`` are the nodes that a
    module owns.
    """

    def __init__(
        self, variables: Mapping[str, Any], modules: Iterable[Any], given: Mapping[str, Tensor] | None
    ) -> None:
        self.tensors: dict[Node, Tensor] = {}
        self.parameters: set[Node] = set()
        self._nodes: dict[Node, str] = {}
        self._arrays: dict[int, str] = {}
        self._by_kind: dict[Any, list[tuple[str, np.ndarray]]] = {}
        self._keep: list[Any] = []  # while their ids are in use
        self._taken: set[str] = set()
        self.variables = {id(value): name for name, value in reversed(list(variables.items()))}
        for name, tensor in (given or {}).items():
            self._give(name, tensor)
        owners = [module for module in modules if any(True for _ in module.named_parameters())]
        self._several = len(owners) > 1
        for module in owners:
            for path, parameter in module.named_parameters():
                if isinstance(parameter, Tensor) and parameter.node is not None:
                    self.parameters.add(parameter.node)
                    self._note(self.path(module, path), parameter)
        for name, value in _spread(variables):
            self._note(name, value)

    def path(self, root: Any, path: str) -> str:
        """What to call a part or a parameter of an outermost module: with its name, if there are several such."""
        title = self.variables.get(id(root)) or type(root).__name__
        return title if not path else f"{title}.{path}" if self._several else path

    def _give(self, name: str, tensor: Tensor) -> None:
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise TypeError(f"names maps names to tensors, not {name!r} to {type(tensor).__name__}.")
        if tensor.node in self._nodes or id(tensor._data) in self._arrays:
            before = self._nodes[tensor.node] if tensor.node in self._nodes else self._arrays[id(tensor._data)]
            raise GradError(
                f"names gives one tensor of shape {tensor.shape} two names, {before!r} and {name!r}; keep one."
            )
        self._note(name, tensor)
        self._taken.add(name)

    def _note(self, name: str, value: Any) -> None:
        node = value.node if isinstance(value, Tensor) else None
        if node is not None:
            self.tensors.setdefault(node, value)
            if name not in self._taken:
                self._nodes.setdefault(node, name)
            return
        array = value._data if isinstance(value, Tensor) else value
        if name not in self._taken and id(array) not in self._arrays:
            self._keep.append(array)
            self._arrays[id(array)] = name
            if isinstance(array, np.ndarray):
                self._by_kind.setdefault((array.shape, array.dtype), []).append((name, array))

    def of(self, node: Node) -> str | None:
        """What the program calls the result of ``node``; a leaf's own name comes before a variable's."""
        own = node.rule.name if isinstance(node.rule, Leaf) else None
        found = self._nodes.get(node)
        return found if own is None or found in self._taken or node in self.parameters else own

    def of_constant(self, array: Any) -> str | None:
        """What the program calls an operand that needs no gradient; rules may have kept a copy of it."""
        if id(array) in self._arrays:
            return self._arrays[id(array)]
        if isinstance(array, np.ndarray):
            for name, other in self._by_kind.get((array.shape, array.dtype), ()):
                if np.array_equal(array, other, equal_nan=array.dtype.kind == "f"):
                    return name
        return None


def variables_of(frame: FrameType) -> dict[str, Any]:
    """The variables that a program sees in ``frame``."""
    found = frame.f_locals
    variables = {name: value for name, value in found.items() if name.isidentifier() and not name.startswith("__")}
    if type(found) is dict and frame.f_code.co_flags & CO_OPTIMIZED:
        found.clear()  # a copy that Python before 3.13 caches; it would keep the variables alive after their end
    return variables


def _spread(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Tensors and arrays among ``variables``: plain ones first, then in lists, tuples, dictionaries and ``self``."""
    nested: list[tuple[str, Any]] = []
    for name, value in variables.items():
        if isinstance(value, Tensor | np.ndarray):
            yield name, value
        elif isinstance(value, list | tuple):
            nested += [(f"{name}[{i}]", part) for i, part in enumerate(value[:1000])]
        elif isinstance(value, dict):
            nested += [(f"{name}[{key!r}]", part) for key, part in value.items() if isinstance(key, str | int)]
        elif name == "self":
            nested += [(f"self.{key}", part) for key, part in getattr(value, "__dict__", {}).items()]
    yield from ((name, value) for name, value in nested if isinstance(value, Tensor | np.ndarray))
