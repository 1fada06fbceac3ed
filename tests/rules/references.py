"""What the functions should compute, by NumPy and by slow, obvious code for those that NumPy does not have."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

norm = np.linalg.norm


def __getattr__(name):
    return getattr(np, name)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    return np.vectorize(math.erf, otypes="d")(x).astype(x.dtype) if x.size else x


def relu(x):
    return np.where(x > 0, x, np.zeros_like(x))


def logsumexp(a, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(a), axis, keepdims=keepdims))


def softmax(a, axis=-1):
    return np.exp(a) / np.exp(a).sum(axis, keepdims=True)


def log_softmax(a, axis=-1):
    return np.log(softmax(a, axis))


def linear(x, weight, bias=None):
    return np.einsum("...i,oi->...o", x, weight) + (0 if bias is None else bias)


def gelu(x, approximate):
    if approximate == "tanh":
        return x / 2 * (1 + np.tanh(x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x**3)))
    return x * (1 + erf(x / x.dtype.type(math.sqrt(2)))) / 2


def lstm(z, weight, h0, c0):
    h, c = [h0], [c0]
    for row in z:
        i, f, g, o = np.split(row + h[-1] @ weight.T, 4, axis=1)
        c.append(c[-1] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i)))
        h.append(np.tanh(c[-1]) / (1 + np.exp(-o)))
    return np.array(h), np.array(c)


def softmax_cross_entropy(logits, labels, scale):
    rows = [-s * np.log(softmax(row)[label]) for row, label, s in zip(logits, labels, scale, strict=True)]
    return np.sum(np.array(rows, logits.dtype))


def normalize(x, axis, gamma, beta, eps):
    mean, var = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + x.dtype.type(eps)) + beta, mean, var


def two(value):
    return (value, value) if isinstance(value, int) else value


def windows(x, kernel, stride, padding=0, dilation=1, fill=0.0):
    """An array (N, C, OH, OW, KH, KW) of what lies in each window."""
    (p, q), (d, e), (s, t) = two(padding), two(dilation), two(stride)
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)), constant_values=fill)
    spans = [n * (k - 1) + 1 for n, k in zip((d, e), kernel, strict=True)]
    return sliding_window_view(x, spans, (2, 3))[:, :, ::s, ::t, ::d, ::e]


def conv2d(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    parts = zip(np.split(x, groups, 1), np.split(w, groups), strict=True)
    y = np.concatenate(
        [np.einsum("ncxyij,ocij->noxy", windows(a, b.shape[2:], stride, padding, dilation), b) for a, b in parts], 1
    )
    return y if bias is None else y + bias[:, None, None]


def conv_transpose2d(x, w, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    (s, t), (p, q), (d, e), more = two(stride), two(padding), two(dilation), two(output_padding)
    n, c, height, width = x.shape
    kh, kw = w.shape[2:]
    shape = ((height - 1) * s + d * (kh - 1) + 1 + more[0], (width - 1) * t + e * (kw - 1) + 1 + more[1])
    y = np.zeros((n, w.shape[1] * groups, *shape), x.dtype)
    for k in range(groups):
        some, out = slice(k * c // groups, (k + 1) * c // groups), slice(k * w.shape[1], (k + 1) * w.shape[1])
        for i, j in np.ndindex(height, width):
            stamp = np.einsum("nc,coij->noij", x[:, some, i, j], w[some])
            y[:, out, i * s : i * s + d * (kh - 1) + 1 : d, j * t : j * t + e * (kw - 1) + 1 : e] += stamp
    y = y[:, :, p : shape[0] - p, q : shape[1] - q]
    return y if bias is None else y + bias[:, None, None]


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    found = windows(x, two(kernel_size), stride, padding, dilation).transpose(0, 2, 3, 1, 4, 5)
    return found.reshape(int(np.prod(found.shape[:3])), int(np.prod(found.shape[3:])))


def col2im(columns, shape, kernel_size, stride=1, padding=0, dilation=1):
    """By the definition of an adjoint: each element goes where im2col found it."""
    numbers = np.arange(1, int(np.prod(shape)) + 1).reshape(shape)
    places = im2col(numbers, kernel_size, stride, padding, dilation)
    y = np.zeros(numbers.size + 1, columns.dtype)
    np.add.at(y, places.ravel(), columns.ravel())
    return y[1:].reshape(shape)


def pooling(x, kernel_size, stride, padding, ceil_mode, reduce):
    """``reduce(part of the image, area)`` for each window; the area counts padding, but nothing behind it.

    With ``ceil_mode`` the last window may hang over the edge, but must begin inside the image or the padding before it.
    """
    kernel, margin = two(kernel_size), two(padding)
    step = kernel if stride is None else two(stride)
    spans = []
    for n, k, s, p in zip(x.shape[2:], kernel, step, margin, strict=True):
        starts = range(-p, n + p if ceil_mode else n + p - k + 1, s)
        starts = [a for a in starts if a < n and (a + k - s < n + p)]
        spans.append([(max(a, 0), min(a + k, n), min(a + k, n + p) - a) for a in starts])
    y = [[reduce(x[:, :, a:b, c:d], high * wide) for c, d, wide in spans[1]] for a, b, high in spans[0]]
    return np.moveaxis(np.array(y, x.dtype).reshape(len(spans[0]), len(spans[1]), *x.shape[:2]), (0, 1), (2, 3))


def max_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False):
    return pooling(x, kernel_size, stride, padding, ceil_mode, lambda part, area: part.max((2, 3)))


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    def mean(part, area):
        return part.sum((2, 3)) / (area if count_include_pad else part.shape[2] * part.shape[3])

    return pooling(x, kernel_size, stride, padding, ceil_mode, mean)
