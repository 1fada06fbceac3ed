"""Exceptions that say what was wrong and what to do. Each is also the built-in error a caller would expect."""


class AutogradError(Exception):
    """Anything this library refuses to do."""


class GradError(AutogradError, RuntimeError):
    """A backward pass that cannot be right: a freed graph, a stale value, nothing to differentiate."""


class RuleError(AutogradError, TypeError):
    """A rule (a :class:`~autograd_lite.Function`) that breaks its contract, or a function that has no rule."""


class ShapeError(AutogradError, ValueError):
    """Shapes, axes or sizes that do not fit together."""


class DTypeError(AutogradError, TypeError):
    """Data of a kind that cannot be used here, such as integers that should require gradients."""
