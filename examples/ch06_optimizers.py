"""Chapter 6: seven optimisers, on the valley x^2/20 + y^2 and on digits.

The settings on the valley are the book's where it has them: SGD 0.95, momentum 0.1, AdaGrad 1.5, Adam 0.3, from
(-7, 2). Epsilons are the book's too: 1e-7, outside the root.
"""

import numpy as np
from _common import Lab, percent, smooth, train
from _models import multi_layer_net

import nn
from nn import optim

VALLEY = {
    "SGD": lambda p: optim.SGD(p, lr=0.95),
    "Momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p: optim.Adagrad(p, lr=1.5, eps=1e-7),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.2, alpha=0.9, eps=1e-7),
    "AdaDelta": lambda p: optim.Adadelta(p, lr=1.0, rho=0.95, eps=1e-2),
    "Adam": lambda p: optim.Adam(p, lr=0.3, eps=1e-7, corrected_eps=False),
}
DIGITS = {
    "SGD": lambda p: optim.SGD(p, lr=0.01),
    "Momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9),
    "Nesterov": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p: optim.Adagrad(p, lr=0.01, eps=1e-7),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.001, eps=1e-7),
    "AdaDelta": lambda p: optim.Adadelta(p, lr=1.0, rho=0.95, eps=1e-6),
    "Adam": lambda p: optim.Adam(p, lr=0.001, eps=1e-7, corrected_eps=False),
}


def valley(x, y):
    return x**2 / 20 + y**2


def main(argv=None):
    lab = Lab(__doc__, argv)
    paths = {name: descend(make, 30) for name, make in VALLEY.items()}
    title = "30 steps on x\u00b2/20 + y\u00b2"
    levels = np.linspace(0.3, 4, 10) ** 2
    figure = nn.plots.contours(valley, paths, xlim=(-9, 5), ylim=(-3.5, 3.5), title=title, levels=levels)
    lab.save(figure, "ch06_optimizers_valley.png")

    digits = lab.digits()
    curves, rows = {}, []
    for name, make in DIGITS.items():
        nn.manual_seed(lab.seed)  # the same first weights for all
        model = multi_layer_net([784, 100, 100, 100, 100, 10])
        losses = train(model, make(model.parameters()), lab.loader(digits.train), lab.choose(1000, 60), name)
        curves[name] = smooth(losses)
        accuracy = nn.evaluate(model, digits.held_out)["accuracy"]
        end = paths[name][-1]
        rows.append((name, f"({end[0]:.2f}, {end[1]:.2f})", float(valley(*end)), float(np.mean(losses[-20:])),
                     percent(accuracy)))  # fmt: skip
        print(f"  {name}: held-out accuracy {percent(accuracy)}")
    headers = ["optimiser", "where in the valley", "its height", "loss on digits", "held-out accuracy"]
    lab.table(headers, rows)
    title = "Five layers of 100 learn digits"
    figure = nn.plots.lines(curves, title=title, xlabel="update", ylabel="loss, mean of 20", logy=True)
    lab.save(figure, "ch06_optimizers_digits.png")


def descend(make, steps):
    """Where an optimiser goes from (-7, 2)."""
    x, y = nn.Parameter([-7.0]), nn.Parameter([2.0])
    optimizer = make([x, y])
    path = [(x.item(), y.item())]
    for _ in range(steps):
        optimizer.zero_grad()
        valley(x, y).sum().backward()
        optimizer.step()
        path.append((x.item(), y.item()))
    return path


if __name__ == "__main__":
    main()
