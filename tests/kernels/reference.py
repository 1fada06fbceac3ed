"""The obvious few lines that each kernel must equal."""

import itertools

import numpy as np


def count(size, kernel, stride, padding, dilation):
    return len(range(0, size + 2 * padding - dilation * (kernel - 1), stride))


def pad(x, padding, value=0):
    (p, q) = padding
    return np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)), constant_values=value)


def windows_of(x, out, kernel, stride, dilation):
    """Each window of a padded image: its place in the output, and its indices there."""
    for a, b in itertools.product(*map(range, out)):
        rows = a * stride[0] + dilation[0] * np.arange(kernel[0])
        columns = b * stride[1] + dilation[1] * np.arange(kernel[1])
        yield a, b, (slice(None), slice(None), rows[:, None], columns)


def conv2d(x, w, bias, stride, padding, dilation, groups):
    out = [count(*each) for each in zip(x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)]
    y = np.zeros((len(x), len(w), *out))
    xs = pad(x, padding)
    for a, b, window in windows_of(xs, out, w.shape[2:], stride, dilation):
        patches = np.split(xs[window], groups, axis=1)
        parts = [np.einsum("ncij,ocij->no", *each) for each in zip(patches, np.split(w, groups), strict=True)]
        y[:, :, a, b] = np.concatenate(parts, axis=1)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def conv2d_gradients(g, x, w, stride, padding, dilation, groups):
    xs = pad(x, padding)
    dxs, dw = np.zeros(xs.shape), np.zeros(w.shape)
    for a, b, window in windows_of(xs, g.shape[2:], w.shape[2:], stride, dilation):
        shares = np.split(g[:, :, a, b], groups, axis=1)
        parts = [np.einsum("no,ocij->ncij", *each) for each in zip(shares, np.split(w, groups), strict=True)]
        dxs[window] += np.concatenate(parts, axis=1)
        patches = np.split(xs[window], groups, axis=1)
        dw += np.concatenate([np.einsum("no,ncij->ocij", *each) for each in zip(shares, patches, strict=True)])
    (p, q), (height, width) = padding, x.shape[2:]
    return dxs[:, :, p : p + height, q : q + width], dw


def im2col(x, kernel, stride, padding, dilation):
    out = [count(*each) for each in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)]
    xs = pad(x, padding)
    rows = np.zeros((len(x), *out, x.shape[1] * kernel[0] * kernel[1]))
    for a, b, window in windows_of(xs, out, kernel, stride, dilation):
        rows[:, a, b] = xs[window].reshape(len(x), rows.shape[3])
    return rows.reshape(-1, rows.shape[3])


def pooled(x, kernel, stride, padding, dilation, ceil_mode):
    """Per window: its place in the output, and the rows and columns of the image in it."""
    starts = []
    for size, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True):
        last = size + 2 * p - d * (k - 1)  # the first start from which a window hangs over
        count = len(range(0, last, s))
        if ceil_mode and (count - 1) * s != last - 1 and count * s < size + p:
            count += 1
        starts.append([w * s - p for w in range(count)])
    for (a, top), (b, left) in itertools.product(*map(enumerate, starts)):
        rows = [r for r in top + dilation[0] * np.arange(kernel[0]) if 0 <= r < x.shape[2]]
        columns = [c for c in left + dilation[1] * np.arange(kernel[1]) if 0 <= c < x.shape[3]]
        yield a, b, rows, columns, top, left


def max_pool2d(x, *geometry):
    """The maxima, and where they stand: for each (n, c, a, b) the row and column of the first."""
    places = list(pooled(x, *geometry))
    shape = (*x.shape[:2], 1 + max(p[0] for p in places), 1 + max(p[1] for p in places))
    y, where = np.zeros(shape, x.dtype), np.zeros((*shape, 2), int)
    for a, b, rows, columns, *_ in places:
        window = x[:, :, rows][..., columns].reshape(*x.shape[:2], len(rows) * len(columns))
        first = window.argmax(axis=-1)
        y[:, :, a, b] = np.take_along_axis(window, first[..., None], axis=-1)[..., 0]
        where[:, :, a, b, 0] = np.array(rows)[first // len(columns)]
        where[:, :, a, b, 1] = np.array(columns)[first % len(columns)]
    return y, where


def avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad):
    places = list(pooled(x, kernel, stride, padding, (1, 1), ceil_mode))
    y = np.zeros((*x.shape[:2], 1 + max(p[0] for p in places), 1 + max(p[1] for p in places)))
    for a, b, rows, columns, top, left in places:
        number = len(rows) * len(columns)
        if count_include_pad:
            bottom = min(top + kernel[0], x.shape[2] + padding[0])
            number = (bottom - top) * (min(left + kernel[1], x.shape[3] + padding[1]) - left)
        y[:, :, a, b] = x[:, :, rows][..., columns].sum(axis=(2, 3)) / number
    return y
