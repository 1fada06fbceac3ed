"""Chapter 7: LeNet of 1998, with its sigmoids and averaged windows, and a LeNet with ReLU and maxima, as of today."""

from _common import Lab, percent
from _models import le_net

import nn


def modern_le_net():
    """The same sizes with ReLU and max pooling, and He's weights."""
    swap = {"Sigmoid": nn.ReLU, "AvgPool2d": lambda: nn.MaxPool2d(2)}
    net = nn.Sequential(*(swap.get(type(layer).__name__, lambda layer=layer: layer)() for layer in le_net()))
    return nn.init.initialize(net, "he")


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    train = tuple(part[: lab.choose(None, 500)] for part in digits.train)
    print(nn.summary(le_net(), (1, 1, 28, 28)), "\n")
    runs = {}
    for name, make in {"LeNet, 1998": le_net, "with ReLU and maxima": modern_le_net}.items():
        nn.manual_seed(lab.seed)
        model = make()
        print(name)
        runs[name] = nn.fit(
            model, nn.CrossEntropyLoss(), nn.optim.Adam(model.parameters(), lr=0.003), lab.loader(train),
            lab.choose(12, 1), evaluate_on={"held-out": digits.held_out},
        )  # fmt: skip
    rows = [
        (name, percent(run.column("held-out accuracy")[-1]), round(sum(run.column("seconds")), 1))
        for name, run in runs.items()
    ]
    lab.table(["network", "held-out accuracy", "seconds"], rows)
    lab.save(nn.plots.training_curves(runs, title="LeNet, then and now"), "ch07_lenet.png")


if __name__ == "__main__":
    main()
