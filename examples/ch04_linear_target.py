"""Chapter 4: a two-layer network learns 3 x0 + 2 x1, one example at a time.

A thousand updates with the gradient of the squared error of a single example each: online gradient descent. The
network does not know that its target is linear; a hidden layer of sigmoids bends to it.
"""

import numpy as np
from _common import Lab, progress

import nn
from autograd_lite import Tensor, no_grad


def target(x):
    return 3 * x[:, :1] + 2 * x[:, 1:]


def main(argv=None):
    lab = Lab(__doc__, argv)
    rng = np.random.default_rng(lab.seed)
    updates = lab.choose(1000, 300)
    model = nn.Sequential(nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 1))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

    losses = []
    for _ in progress(range(updates), "updates"):
        x = rng.uniform(0, 1, (1, 2)).astype(np.float32)
        losses.append(nn.train_step(model, nn.functional.sum_squared_error, optimizer, x, target(x)))
    x = rng.uniform(0, 1, (1000, 2)).astype(np.float32)
    with no_grad():
        error = float(nn.functional.mse_loss(model(Tensor(x)), target(x)))

    lab.table(
        ["updates", "mean loss"],
        [(f"{i + 1} to {i + updates // 5}", float(np.mean(losses[i : i + updates // 5])))
         for i in range(0, updates, updates // 5)],
    )  # fmt: skip
    print(f"Mean squared error on 1,000 new points: {error:.5f} (targets lie between 0 and 5)")
    smooth = np.convolve(losses, np.ones(25) / 25, "valid")
    series = {"single example": losses, "mean of 25": (np.arange(25, updates + 1), smooth)}
    figure = nn.plots.lines(
        series, title="Learning 3 x0 + 2 x1 online", xlabel="update", ylabel="squared error / 2", logy=True,
        styles={"single example": {"alpha": 0.25, "linewidth": 0.8}},
    )  # fmt: skip
    lab.save(figure, "ch04_linear_target.png")


if __name__ == "__main__":
    main()
