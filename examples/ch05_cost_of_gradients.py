"""Chapter 5: the gradient of a network, by differences and by backpropagation: the same numbers, at what price?

Differences need two forward passes for every parameter; backpropagation needs about two more passes for all of them
together. The measurement: the book's two-layer network, on five digits so that it ends soon.
"""

import time

import numpy as np
from _common import Lab, percent, progress
from _models import multi_layer_net

import nn
from autograd_lite import Tensor
from autograd_lite.testing import numerical_gradient


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    images, labels = digits.train_images[:5].astype(np.float64), digits.train_labels[:5]
    loss_function = nn.CrossEntropyLoss()

    rows, series = [], {"numerical": ([], []), "backpropagation": ([], [])}
    for hidden in progress(lab.choose((1, 3, 10, 50), (1, 2)), "sizes"):
        model = multi_layer_net([784, hidden, 10], nn.Sigmoid, 0.01).double()
        count = sum(p.size for p in model.parameters())
        backward = []
        for _ in range(20):
            start = time.perf_counter()
            model.zero_grad()
            loss_function(model(Tensor(images)), labels).backward()
            backward.append(time.perf_counter() - start)
        start = time.perf_counter()
        slopes = [
            numerical_gradient(lambda _, m=model: loss_function(m(Tensor(images)), labels), p)
            for p in model.parameters()
        ]
        seconds = {"backpropagation": float(np.median(backward)), "numerical": time.perf_counter() - start}
        difference = max(
            np.abs(slope - p.grad.numpy()).max() for slope, p in zip(slopes, model.parameters(), strict=True)
        )
        ratio = seconds["numerical"] / seconds["backpropagation"]
        rows.append((f"784-{hidden}-10", count, *(round(1000 * s, 2) for s in seconds.values()), round(ratio),
                     f"{difference:.0e}"))  # fmt: skip
        for name, (x, y) in series.items():
            x.append(count)
            y.append(seconds[name])
    lab.table(["network", "parameters", "backpropagation, ms", "numerical, ms", "ratio", "largest difference"], rows)
    lab.save(
        nn.plots.lines(series, title="What one gradient costs", xlabel="parameters", ylabel="seconds", logx=True,
                       logy=True),
        "ch05_cost_of_gradients.png",
    )  # fmt: skip

    model = multi_layer_net([784, 50, 10], nn.Sigmoid, 0.01)  # the book's network, trained as the book does
    loader = lab.loader(digits.train)
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    nn.fit(model, loss_function, optimizer, loader, lab.choose(10, 1), evaluate_on={"held-out": digits.held_out})
    scores = nn.predict(model, digits.held_out_images)
    right = percent(nn.metrics.accuracy(scores, digits.held_out_labels))
    print(f"784-50-10, trained by backpropagation, gets {right} of the held-out digits right.")
    print(f"By differences, training would have taken some {rows[-1][4]:,} times as long.")


if __name__ == "__main__":
    main()
