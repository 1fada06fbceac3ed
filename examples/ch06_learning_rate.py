"""Chapter 6: a learning rate that is too small, too large, and about right.

Too small, and nothing is learned in the time there is; too large, and the steps overshoot and the loss stays high, or
ReLUs die and the network answers the same to every image.
"""

import numpy as np
from _common import Lab, percent, smooth, train
from _models import multi_layer_net

import nn

RATES = (0.0001, 0.003, 0.1, 1.0, 10.0)


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    curves, rows = {}, []
    for lr in RATES:
        name = f"learning rate {lr:g}"
        nn.manual_seed(lab.seed)
        model = multi_layer_net([784, 100, 10])
        optimizer = nn.optim.SGD(model.parameters(), lr=lr)
        losses = train(model, optimizer, lab.loader(digits.train), lab.choose(600, 60), name)
        curves[name] = smooth(losses, 10)
        accuracy = nn.evaluate(model, digits.held_out)["accuracy"]
        rows.append((lr, float(np.mean(losses[-10:])), percent(accuracy)))
    lab.table(["learning rate", "last loss", "held-out accuracy"], rows)
    title = "One network, five learning rates"
    figure = nn.plots.lines(curves, title=title, xlabel="update", ylabel="loss, mean of 10", logy=True)
    lab.save(figure, "ch06_learning_rate.png")


if __name__ == "__main__":
    main()
