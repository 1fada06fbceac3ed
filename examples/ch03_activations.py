"""Chapter 3: activation functions and their derivatives, and softmax.

The derivatives are not formulas written here: each curve is a gradient that autograd_lite computed.
"""

import warnings

import numpy as np
from _common import Lab

import nn
import nn.functional as F
from autograd_lite import Tensor, grad

FUNCTIONS = {"step": F.step, "sigmoid": F.sigmoid, "tanh": F.tanh, "ReLU": F.relu}


def main(argv=None):
    lab = Lab(__doc__, argv)
    x = Tensor(np.linspace(-4, 4, 401), requires_grad=True)
    values = {name: (x.data, f(x).data) for name, f in FUNCTIONS.items()}
    smooth = {name: f for name, f in FUNCTIONS.items() if name != "step"}  # a step has no slope to follow
    slopes = {name: (x.data, grad(f(x).sum(), x)[0].data) for name, f in smooth.items()}
    panels = {"functions": values, "their derivatives, by autograd_lite": slopes}
    figure = nn.plots.lines(panels, title="Activation functions", xlabel="x", ylim=(-1.2, 2.2))
    lab.save(figure, "ch03_activations.png")

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an overflow would end the script here
        extreme = F.sigmoid(np.array([-1e4, -710.0, 0.0, 710.0, 1e4])).tolist()
        one, batch = F.softmax(np.array([0.3, 2.9, 4.0])), F.softmax(np.array([[1e4, 1e4 - 1], [-1e4, 0.0]]))
    lab.table(
        ["what", "here", "expected"],
        [
            ("largest slope of the sigmoid", f"{slopes['sigmoid'][1].max():.4f}", "0.25, at 0"),
            ("sigmoid(-10000), sigmoid(10000)", f"{extreme[0]:g}, {extreme[-1]:g}", "0, 1, no overflow"),
            ("softmax(0.3, 2.9, 4.0)", np.array2string(one.data, precision=4), "[0.0182 0.2452 0.7366]"),
            ("softmax(10000, 9999)", np.array2string(batch.data[0], precision=4), "[0.7311 0.2689]"),
            ("sums of a batch", np.array2string(batch.sum(axis=1).data), "[1. 1.]"),
        ],
    )


if __name__ == "__main__":
    main()
