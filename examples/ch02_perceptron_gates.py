"""Chapter 2: gates made of perceptrons, and XOR, which takes two layers of them.

A perceptron fires where ``w . x + b > 0``: it divides the plane by a straight line. No line has (0, 1) and (1, 0) on
one side and (0, 0) and (1, 1) on the other, so a single perceptron is never an XOR gate. Two layers are.
"""

import numpy as np
from _common import Lab

import nn

INPUTS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
WEIGHTS = {"AND": ((0.5, 0.5), -0.7), "NAND": ((-0.5, -0.5), 0.7), "OR": ((0.5, 0.5), -0.2)}  # w, b


def gate(name):
    """The perceptron with the weights of this gate."""
    w, b = WEIGHTS[name]
    return lambda x: nn.functional.step(x @ np.array(w) + b).data


def xor(x):
    """AND of NAND and OR."""
    return gate("AND")(np.stack([gate("NAND")(x), gate("OR")(x)], axis=1))


def main(argv=None):
    lab = Lab(__doc__, argv)
    gates = {name: gate(name) for name in WEIGHTS} | {"XOR, two layers": xor}
    outputs = {name: f(INPUTS).astype(int) for name, f in gates.items()}
    lab.table(["x1", "x2", *gates], [(*x, *(outputs[name][i] for name in gates)) for i, x in enumerate(INPUTS)])

    truth = {"AND": [0, 0, 0, 1], "NAND": [1, 1, 1, 0], "OR": [0, 1, 1, 1], "XOR, two layers": [0, 1, 1, 0]}
    print("All gates are right:", all((outputs[name] == truth[name]).all() for name in gates))
    title = "A perceptron divides the plane by a line; XOR needs two"
    lab.save(nn.plots.decisions(gates, INPUTS, truth, title=title, xlabel="x1", ylabel="x2"), "ch02_gates.png")


if __name__ == "__main__":
    main()
