"""Modules that hold modules: in a row, in a list, in a dict."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, overload

from .module import Module, only_modules


class _Row(Module):
    """Modules one after the other, named "0", "1", ... unless they were given names that are no numbers."""

    def append(self, module: Module) -> None:
        """Add ``module`` at the end."""
        self.extend([module])

    def extend(self, modules: Iterable[Module]) -> None:
        """Add all of ``modules`` at the end."""
        for module in only_modules(self, modules):
            number = next(n for n in count(len(self)) if str(n) not in vars(self))
            setattr(self, str(number), module)

    def insert(self, index: int, module: Module) -> None:
        """Add ``module`` before number ``index``; those behind move on."""
        row, (module,) = list(self.named_children()), only_modules(self, [module])
        row.insert(index, ("0", module))
        self._arrange(row)

    def _arrange(self, row: list[tuple[str, Module]]) -> None:
        """Hold the modules of ``row`` and no others; where a name is a number, it becomes that of the place."""
        for name, _ in list(self.named_children()):
            delattr(self, name)
        for i, (name, module) in enumerate(row):
            self.add_module(str(i) if name.isdecimal() else name, module)

    def __len__(self) -> int:
        return sum(1 for _ in self.children())

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Module: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            part = type(self)()
            part._arrange(list(self.named_children())[index])
            return part
        return list(self)[index]

    def __setitem__(self, index: int, module: Module) -> None:
        name, _ = list(self.named_children())[operator.index(index)]
        setattr(self, name, *only_modules(self, [module]))

    def __delitem__(self, index: int | slice) -> None:
        row = list(self.named_children())
        del row[index]
        self._arrange(row)


class Sequential(_Row):
    """One module after the other: the output of each is the input of the next.

    Parameters
    ----------
    *modules : Module, or one dict from names to modules

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> model(np.ones((5, 4), np.float32)).shape
    (5, 2)
    >>> len(model), model[-1]
    (3, Linear(3, 2))
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        for i, part in enumerate(modules):
            if isinstance(part, Mapping):
                for name, module in zip(part, only_modules(self, part.values()), strict=True):
                    self.add_module(name, module)
            elif isinstance(part, Module):
                self.append(part)
            else:
                raise TypeError(f"Sequential takes modules; argument {i} is {part!r}.")

    def forward(self, x: Any) -> Any:
        """Pass ``x`` through all modules."""
        for module in self.children():
            x = module(x)
        return x


class ModuleList(_Row):
    """A list whose modules are found by ``parameters()`` and ``state_dict()``, which those of a plain list are not.

    Examples
    --------
    >>> import nn
    >>> blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    >>> [name for name, _ in blocks.named_parameters()][:2]
    ['0.weight', '0.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)


class ModuleDict(Module):
    """A dict whose modules are found by ``parameters()`` and ``state_dict()``.

    Examples
    --------
    >>> import nn
    >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "parity": nn.Linear(8, 2)})
    >>> heads["parity"]
    Linear(8, 2)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.update(modules or {})

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add all of ``modules``."""
        for name, module in zip(modules, only_modules(self, modules.values()), strict=True):
            self.add_module(name, module)

    def __setitem__(self, name: str, module: Module) -> None:
        self.update({name: module})

    def __getitem__(self, name: str) -> Any:
        return dict(self.named_children())[name]

    def __delitem__(self, name: str) -> None:
        _ = self[name]  # KeyError, unless it is a module
        delattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in dict(self.named_children())

    def __len__(self) -> int:
        return sum(1 for _ in self.children())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.named_children()]

    def values(self) -> list[Module]:
        """The modules."""
        return list(self.children())

    def items(self) -> list[tuple[str, Module]]:
        """Pairs of name and module."""
        return list(self.named_children())
