"""Automatic differentiation on NumPy: write plain array code, call ``backward``, look at what was recorded."""

from importlib import import_module

from .derivatives import grad, hessian, hvp, jacobian, jvp, vjp
from .errors import AutogradError, DTypeError, GradError, RuleError, ShapeError
from .function import Function
from .functions.arrange import flip, pad, repeat, roll, rot90, tile
from .functions.choice import abs, absolute, clip, fabs, maximum, minimum, relu, where
from .functions.conv import avg_pool2d, col2im, conv2d, conv_transpose2d, im2col, max_pool2d
from .functions.elementwise import (
    add,
    cbrt,
    divide,
    exp,
    exp2,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    multiply,
    negative,
    positive,
    power,
    reciprocal,
    remainder,
    sigmoid,
    sqrt,
    square,
    subtract,
)
from .functions.facts import (
    all,
    allclose,
    any,
    argmax,
    argmin,
    argsort,
    array_equal,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    ceil,
    count_nonzero,
    equal,
    floor,
    floor_divide,
    greater,
    greater_equal,
    invert,
    isclose,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    ndim,
    nonzero,
    not_equal,
    result_type,
    rint,
    round,
    shape,
    sign,
    signbit,
    size,
    trunc,
)
from .functions.index import diag, diagonal, sort, take, take_along_axis, trace, tril, triu
from .functions.linalg import cross, dot, einsum, inner, kron, matmul, norm, outer, tensordot, vdot
from .functions.network import linear, lstm, normalize, softmax_cross_entropy
from .functions.reduce import (
    amax,
    amin,
    average,
    cumprod,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    median,
    min,
    prod,
    ptp,
    softmax,
    std,
    sum,
    var,
)
from .functions.shape import (
    array_split,
    astype,
    atleast_1d,
    atleast_2d,
    broadcast_to,
    column_stack,
    concatenate,
    copy,
    expand_dims,
    full_like,
    hstack,
    matrix_transpose,
    moveaxis,
    ones_like,
    ravel,
    reshape,
    split,
    squeeze,
    stack,
    swapaxes,
    transpose,
    vstack,
    zeros_like,
)
from .functions.special import erf, gelu
from .functions.trigonometry import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    sin,
    sinh,
    tan,
    tanh,
)
from .gradients import Handle, enable_grad, no_grad
from .kernels.compiled import run as run_compiled
from .kernels.compiled import set_compiled
from .kernels.memory import keep_as_asked, keep_memory
from .kernels.threads import set_threads
from .profiling import profile
from .switches import is_grad_enabled, note_update
from .tensor import Tensor

# fmt: off
__all__ = [
    # Tensors and their gradients
    "Tensor", "Function", "Handle", "no_grad", "enable_grad", "is_grad_enabled", "note_update",
    "grad", "vjp", "jvp", "jacobian", "hvp", "hessian",
    # Who uses the cores, and for what
    "set_threads", "set_compiled", "run_compiled", "keep_memory", "profile",
    # What can go wrong
    "AutogradError", "DTypeError", "GradError", "RuleError", "ShapeError",
    # Arithmetic, powers, exponentials and logarithms
    "add", "subtract", "multiply", "divide", "remainder", "negative", "positive", "power", "square", "sqrt", "cbrt",
    "reciprocal", "hypot", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "sigmoid",
    "erf", "gelu",
    # Trigonometric and hyperbolic functions
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2",
    "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
    # Choices
    "abs", "absolute", "fabs", "relu", "maximum", "minimum", "clip", "where",
    # Sums, averages, extremes
    "sum", "prod", "cumsum", "cumprod", "mean", "average", "median", "var", "std", "max", "amax", "min", "amin", "ptp",
    "logsumexp", "softmax", "log_softmax",
    # Shapes, joining, taking apart
    "reshape", "ravel", "transpose", "matrix_transpose", "swapaxes", "moveaxis", "squeeze", "expand_dims",
    "atleast_1d", "atleast_2d", "broadcast_to", "astype", "copy", "zeros_like", "ones_like", "full_like",
    "concatenate", "stack", "vstack", "hstack", "column_stack", "split", "array_split",
    # Places
    "flip", "rot90", "roll", "repeat", "tile", "pad",
    "take", "take_along_axis", "sort", "diagonal", "diag", "trace", "tril", "triu",
    # Products
    "matmul", "dot", "inner", "vdot", "outer", "tensordot", "einsum", "kron", "cross", "norm",
    # Networks
    "linear", "softmax_cross_entropy", "normalize", "lstm",
    "conv2d", "conv_transpose2d", "im2col", "col2im", "max_pool2d", "avg_pool2d",
    # Values without a gradient
    "floor", "ceil", "trunc", "rint", "round", "sign", "floor_divide",
    "isnan", "isinf", "isfinite", "signbit", "isclose", "allclose", "array_equal", "all", "any",
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "invert",
    "argmax", "argmin", "argsort", "nonzero", "count_nonzero", "shape", "ndim", "size", "result_type",
]
# fmt: on

keep_as_asked()


def __getattr__(name: str) -> object:
    """Submodules that are worth their import time only where they are used: ``autograd_lite.viz`` and its like."""
    if name in ("graph", "testing", "viz"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
