"""``Module``: a function with parameters, made of others. A network, a layer and a loss are all modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import AutogradError, DTypeError, Handle, Tensor, no_grad

from .errors import StateError
from .functional._common import as_array
from .parameter import Buffer, Owned, Parameter

ForwardHook = Callable[["Module", tuple[Any, ...], Any], Any]
PreHook = Callable[["Module", tuple[Any, ...]], Any]


class LoadReport(NamedTuple):
    """What ``load_state_dict(..., strict=False)`` left alone."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base of all layers and networks.

    Write the parameters and the parts as attributes in ``__init__``, and the formula in ``forward``; call the module
    like a function. Attributes that are :class:`Parameter`, :class:`Buffer` or ``Module`` are found by themselves,
    in the order in which they were assigned.

    Attributes
    ----------
    training : bool
        Set by :meth:`train` and :meth:`eval`; dropout and batch normalisation read it.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Linear(4, 3)
    ...         self.out = nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> net = Net()
    >>> net
    Net(
      (hidden): Linear(4, 3)
      (out): Linear(3, 2)
    )
    >>> net(np.ones((5, 4), np.float32)).shape
    (5, 2)
    >>> [name for name, _ in net.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    training: bool = True
    _hooks: dict[object, ForwardHook] | None = None
    _pre_hooks: dict[object, PreHook] | None = None

    # -- Calling

    def _no_forward(self, *inputs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} defines no forward().")

    forward: Callable[..., Any] = _no_forward

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run ``forward`` and the hooks; an error names this module by its dotted path."""
        try:
            for pre_hook in tuple(self._pre_hooks.values()) if self._pre_hooks else ():  # hooks may remove hooks
                changed = pre_hook(self, inputs)
                if changed is not None:
                    inputs = changed if isinstance(changed, tuple) else (changed,)
            output = self.forward(*inputs, **options)
            for hook in tuple(self._hooks.values()) if self._hooks else ():
                changed = hook(self, inputs, output)
                output = output if changed is None else changed
        except Exception as error:
            _locate(error, self)
            raise
        results = _nodes_of((output,))
        if results:
            self._sign(results, _nodes_of((*inputs, *options.values()) if options else inputs))
        return output

    def _sign(self, results: list[Any], sources: list[Any]) -> None:
        """Note at nodes which module they are the results of, so that drawings can group them."""
        mark = self, tuple(sources)  # the same for all results, which tells this call from others
        for node in results:
            if node not in sources:  # else nothing was computed
                if not hasattr(node, "calls"):
                    node.calls = []
                node.calls.append(mark)

    def register_forward_hook(self, hook: ForwardHook) -> Handle:
        """Call ``hook(module, inputs, output)`` after each ``forward``; unless it returns None, that is the output."""
        if self._hooks is None:
            self._hooks = {}
        return _registered(self._hooks, hook)

    def register_forward_pre_hook(self, hook: PreHook) -> Handle:
        """Call ``hook(module, inputs)`` before each ``forward``; unless it returns None, that is the input."""
        if self._pre_hooks is None:
            self._pre_hooks = {}
        return _registered(self._pre_hooks, hook)

    # -- Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        before = vars(self).get(name)
        if isinstance(value, Parameter):
            if value.requires_grad and value.name is None:
                value.name = name
        elif isinstance(before, Buffer) and value is not None and not isinstance(value, Buffer):
            value = Buffer(value, persistent=before.persistent)
        elif isinstance(before, Parameter) and value is not None:
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter; assign a Parameter or None, or change its values under "
                f"no_grad() with {name}[...] = values."
            )
        super().__setattr__(name, value)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Remember ``tensor`` under ``name``: it is saved and converted with the module, but not learnt."""
        setattr(self, name, None if tensor is None else Buffer(tensor, persistent=persistent))

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Assign ``parameter`` under a name that need not be an identifier."""
        setattr(self, name, parameter)

    def add_module(self, name: str, module: Module | None) -> None:
        """Assign ``module`` under a name that need not be an identifier.

        Raises
        ------
        KeyError
            If the name has a dot, or stands for something else already.
        TypeError
            If ``module`` is something else.
        """
        if module is not None:
            only_modules(self, [module])
        if "." in name or not name:
            raise KeyError(f"A part of a module needs a name without a dot, not {name!r}.")
        if hasattr(self, name) and not isinstance(vars(self).get(name), Module):
            raise KeyError(f"{type(self).__name__} has an attribute {name!r} already; choose another name.")
        setattr(self, name, module)

    # -- Parts

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one, with their names."""
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Module))

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one."""
        return (value for value in vars(self).values() if isinstance(value, Module))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """The module itself and all below it, with their dotted paths; each once."""
        return _each_once(self._walk(prefix))

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self.named_children():
            yield from child._walk(_join(prefix, name))

    def modules(self) -> Iterator[Module]:
        """The module itself and all below it; each once."""
        return (module for _, module in self.named_modules())

    def get_submodule(self, path: str) -> Module:
        """The module with the dotted path ``path``."""
        found = dict(self._walk("")).get(path)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no part {path!r}.")
        return found

    def _named(self, kind: type[Owned]) -> Iterator[tuple[str, Any]]:
        """All tensors of ``kind`` with their dotted names; a shared one under each of its names."""
        for path, module in self._walk(""):
            for name, value in vars(module).items():
                if isinstance(value, kind):
                    yield _join(path, name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """What this module learns, with dotted names; a shared parameter once, under its first name."""
        return _each_once(self._named(Parameter))

    def parameters(self) -> Iterator[Parameter]:
        """What this module learns; each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """What this module remembers without learning it, with dotted names."""
        return _each_once(self._named(Buffer))

    def buffers(self) -> Iterator[Buffer]:
        """What this module remembers without learning it."""
        return (buffer for _, buffer in self.named_buffers())

    # -- Modes

    def train(self, mode: bool = True) -> Self:
        """Let dropout drop and batch normalisation use the batch; ``mode=False`` is :meth:`eval`."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Let dropout pass everything and batch normalisation use what it remembers."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters with False, train them again with True."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        # Without parameters() and its names, since each step of a training does this.
        for value in vars(self).values():
            if isinstance(value, Module):
                value.zero_grad()
            elif isinstance(value, Parameter) and value.node is not None:
                value.grad = None

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call ``function`` with every module below this one, then with this one."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all floating point parameters and buffers; they stay the same objects, their gradients are dropped.

        Convert first, then make the optimiser.

        Raises
        ------
        DTypeError
            If ``dtype`` is not one of floating point numbers.
        """
        if np.dtype(dtype).kind != "f":
            raise DTypeError(
                f"{type(self).__name__} computes with floating point numbers; convert it to float32 or float64, not to "
                f"{np.dtype(dtype)}."
            )
        for _, tensor in _each_once(self._named(Owned)):
            if tensor.dtype.kind == "f":
                tensor.become(tensor.data, dtype)
        return self

    to = astype

    def double(self) -> Self:
        """Convert to float64."""
        return self.astype(np.float64)

    def float(self) -> Self:
        """Convert to float32."""
        return self.astype(np.float32)

    # -- State

    def _state(self) -> dict[str, Owned]:
        return {
            name: tensor for name, tensor in self._named(Owned) if not isinstance(tensor, Buffer) or tensor.persistent
        }

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and persistent buffers, under dotted names; names and layouts are PyTorch's."""
        return {name: np.array(tensor.data) for name, tensor in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadReport:
        """Take over what :meth:`state_dict` gave, here or in PyTorch; dtypes stay those of this module.

        Parameters
        ----------
        state : mapping from names to array_like
        strict : bool
            False leaves alone what only one side has; wrong shapes are refused all the same.

        Raises
        ------
        StateError
            If names are missing or unknown, or shapes or kinds of data differ; it names all of them, and nothing is
            loaded.
        """
        if not isinstance(state, Mapping):
            raise StateError(
                f"A state is a mapping from names to arrays, not {type(state).__name__}; read one from a file with "
                "nn.load(path)."
            )
        own = self._state()
        report = LoadReport([n for n in own if n not in state], [n for n in state if n not in own])
        arrays = {name: as_array(state[name]) for name in own if name in state}
        wrong = [
            f"{name} should have shape {str(own[name].wanted).replace('None', '?')} but has {array.shape}"
            for name, array in arrays.items()
            if not own[name].fits(array.shape)
        ]
        wrong += [
            f"{name} holds {array.dtype}, no numbers"
            for name, array in arrays.items()
            if array.dtype.kind not in "biuf"
        ]
        if strict:
            wrong += [f"{name} is missing" for name in report.missing_keys]
            wrong += [f"{name} is unknown" for name in report.unexpected_keys]
        if wrong:
            raise StateError(f"{type(self).__name__} cannot load this state: {'; '.join(wrong)}. Nothing was loaded.")
        with no_grad():
            for name, array in arrays.items():
                if array.shape == own[name].shape:
                    own[name][...] = array
                else:
                    own[name].become(array, own[name].dtype)
        return report

    # -- Looks

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return ""

    def __repr__(self) -> str:
        title, extra = type(self).__name__, self.extra_repr()
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if not lines:
            return f"{title}({extra})"
        return "\n  ".join([f"{title}({extra}", *lines]) + "\n)"


def only_modules(owner: Module, parts: Iterable[Any]) -> list[Module]:
    """``parts``, or an error if one of them is no module that ``owner`` could hold."""
    parts = list(parts)
    for part in parts:
        if not isinstance(part, Module):
            raise TypeError(f"{type(owner).__name__} holds modules, not {type(part).__name__}.")
    return parts


def arguments(*first: Any, **settings: tuple[Any, Any]) -> str:
    """Arguments as ``repr`` shows them: ``first``, and by name those settings (value, default) that differ."""
    changed = [f"{name}={value!r}" for name, (value, default) in settings.items() if value != default]
    return ", ".join([*map(str, first), *changed])


def _nodes_of(values: Iterable[Any], depth: int = 4) -> list[Any]:
    """The nodes of tensors among ``values`` and in collections there, such as the state of a cell."""
    nodes: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            if value.node is not None:
                nodes.append(value.node)
        elif depth and isinstance(value, (tuple, list, dict)):
            nodes += _nodes_of(value.values() if isinstance(value, dict) else value, depth - 1)
    return nodes


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _each_once(named: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for name, value in named:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _registered(hooks: dict[object, Any], hook: Any) -> Handle:
    key = object()  # the same function may be registered twice
    hooks[key] = hook
    return Handle(lambda: hooks.pop(key, None))


def _locate(error: Any, module: Module) -> None:
    """Say in ``error`` where it happened. Each caller on the way up knows a longer path and says it again."""
    if not hasattr(error, "_happened"):
        error._happened = module, str(error.args[0]) if error.args else "", len(getattr(error, "__notes__", ()))
    innermost, reason, notes = error._happened
    path = next((path for path, part in module.named_modules() if part is innermost), None)
    if path is None:
        return  # called from a module that it is no part of
    title = type(innermost).__name__ + (f" '{path}'" if path else "")
    if isinstance(error, AutogradError):
        error.args = (f"{title}: {reason}",)
    else:
        error.__notes__ = [*getattr(error, "__notes__", [])[:notes], f"In {title}."]
