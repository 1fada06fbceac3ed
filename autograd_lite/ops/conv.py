"""Convolution and pooling of images (N, C, H, W): what slides a window over height and width.

Convolution is linear in the image and in the weights, so it and its two gradients are each other's gradients, and
three rules close the family under differentiation. The arithmetic lives in ``kernels``.
"""

from ..function import Function
from ..kernels import conv, pool, windows
from .reduce import Sum


class Conv2d(Function):
    """y[n, o] = bias[o] + sum over c, i, j of w[o, c, i, j] * x[n, c, place + dilation * (i, j)]."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, x, w, bias): return conv.conv2d(x, w, bias, *self.geometry)
    def grad_x(self, g, w, shape_x): return Conv2dInput(shape_x, self.geometry)(g, w)
    def grad_w(self, g, x, shape_w): return Conv2dWeight(shape_w, self.geometry)(g, x)
    def grad_bias(self, g): return Sum((0, 2, 3))(g)


class Conv2dInput(Function):
    """What a convolution's image gets of the cotangent u; also the transposed convolution."""

    __slots__ = ("geometry", "shape")

    def __init__(self, shape, geometry): self.shape, self.geometry = shape, geometry
    def forward(self, u, w): return conv.conv2d_input_gradient(u, w, self.shape, *self.geometry)
    def grad_u(self, g, w): return Conv2d(self.geometry)(g, w, None)
    def grad_w(self, g, u, shape_w): return Conv2dWeight(shape_w, self.geometry)(u, g)


class Conv2dWeight(Function):
    """What a convolution's weights get of the cotangent u."""

    __slots__ = ("geometry", "shape")

    def __init__(self, shape, geometry): self.shape, self.geometry = shape, geometry
    def forward(self, u, x): return conv.conv2d_weight_gradient(u, x, self.shape, *self.geometry)
    def grad_u(self, g, x): return Conv2d(self.geometry)(x, g, None)
    def grad_x(self, g, u, shape_x): return Conv2dInput(shape_x, self.geometry)(u, g)


# -- Windows as rows of a matrix --------------------------------------------------------------------------------------

class Im2col(Function):
    """Each window of an image as a row: (N, C, H, W) to (N * OH * OW, C * KH * KW)."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, x): return windows.im2col(x, *self.geometry)
    def grad_x(self, g, shape_x): return Col2im(shape_x, self.geometry)(g)


class Col2im(Function):
    """Rows put back where im2col takes them from; where windows overlap they add up."""

    __slots__ = ("geometry", "shape")

    def __init__(self, shape, geometry): self.shape, self.geometry = shape, geometry
    def forward(self, columns): return windows.col2im(columns, self.shape, *self.geometry)
    def grad_columns(self, g): return Im2col(self.geometry)(g)


# -- Pooling ----------------------------------------------------------------------------------------------------------

class MaxPool2d(Function):
    """The maximum of each window; the first of ties takes the gradient. Padding never wins."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, x): return pool.max_pool2d(x, *self.geometry)
    def grad_x(self, g, x, y): return MaxPool2dScatter(self.geometry)(g, x, y)


class MaxPool2dScatter(Function):
    """u of each window at the place of its maximum; where windows share a place they add up."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, u, x, pooled): return pool.max_pool2d_scatter(u, x, pooled, *self.geometry)
    def grad_u(self, g, x, pooled): return MaxPool2dGather(self.geometry)(g, x, pooled)


class MaxPool2dGather(Function):
    """The element of v at the place of each window's maximum."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, v, x, pooled): return pool.max_pool2d_gather(v, x, pooled, *self.geometry)
    def grad_v(self, g, x, pooled): return MaxPool2dScatter(self.geometry)(g, x, pooled)


class AvgPool2d(Function):
    """The mean of each window."""

    __slots__ = ("geometry",)

    def __init__(self, geometry): self.geometry = geometry
    def forward(self, x): return pool.avg_pool2d(x, *self.geometry)
    def grad_x(self, g, shape_x): return AvgPool2dSpread(shape_x, self.geometry)(g)


class AvgPool2dSpread(Function):
    """u of each window spread evenly over it; where windows overlap it adds up."""

    __slots__ = ("geometry", "shape")

    def __init__(self, shape, geometry): self.shape, self.geometry = shape, geometry
    def forward(self, u): return pool.avg_pool2d_gradient(u, self.shape, *self.geometry)
    def grad_u(self, g): return AvgPool2d(self.geometry)(g)
