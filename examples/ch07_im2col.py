"""Chapter 7: im2col makes a convolution one matrix product; col2im puts the pieces back, and adds where they overlap.

``col2im`` is not the inverse of ``im2col`` but its adjoint: ``<im2col(x), y> = <x, col2im(y)>``, which is just what a
gradient needs.
"""

import numpy as np
from _common import Lab

import nn
from autograd_lite import Tensor, col2im, im2col


def main(argv=None):
    lab = Lab(__doc__, argv)
    rng = np.random.default_rng(lab.seed)
    rows = []
    for (n, c, h, w), (fh, fw), stride, pad in [
        ((1, 1, 6, 6), (2, 2), 1, 1),
        ((10, 3, 7, 7), (5, 5), 1, 0),
        ((100, 1, 28, 28), (5, 5), 1, 0),
        ((1, 3, 7, 8), (3, 2), 2, 1),
    ]:
        x = rng.normal(size=(n, c, h, w))
        oh, ow = (h + 2 * pad - fh) // stride + 1, (w + 2 * pad - fw) // stride + 1
        columns = im2col(x, (fh, fw), stride, pad)
        assert columns.shape == (n * oh * ow, c * fh * fw)
        weight = rng.normal(size=(4, c, fh, fw))
        product = (columns @ weight.reshape(4, -1).T).reshape(n, oh, ow, 4).transpose(0, 3, 1, 2)
        direct = nn.functional.conv2d(Tensor(x), weight, stride=stride, padding=pad)
        y = rng.normal(size=columns.shape)
        back = col2im(y, x.shape, (fh, fw), stride, pad)
        left, right = float((columns * y).sum()), float((x * back).sum())
        rows.append((f"{n}x{c}x{h}x{w}", f"{fh}x{fw}, stride {stride}, pad {pad}", f"{oh}x{ow}", str(columns.shape),
                     f"{np.abs(product.data - direct.data).max():.0e}", f"{abs(left - right):.0e}"))  # fmt: skip
    headers = ["input", "filter", "output", "im2col", "product - convolution", "adjoint, difference"]
    lab.table(headers, rows)
    print("The book: a 6x6 input under a 2x2 filter with stride 1 and padding 1 gives 7x7.")

    pictures = {}
    for size, stride in ((2, 1), (3, 1), (3, 2), (5, 1)):
        ones = np.ones((1, 1, 12, 12))
        back = col2im(im2col(ones, (size, size), stride, 0), ones.shape, (size, size), stride, 0)
        pictures[f"{size}x{size}, stride {stride}"] = back
    title = "How often col2im adds to each pixel"
    lab.save(nn.plots.filters(pictures, title=title), "ch07_col2im.png")


if __name__ == "__main__":
    main()
