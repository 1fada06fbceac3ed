"""Train the book's SimpleConvNet on real handwritten digits, and show what happened.

Conv 30 5x5 - ReLU - max-pool 2x2 - 100 - ReLU - 10, AdaGrad (Deep Learning from Scratch, chapter 7). By default on the
6,000 digits that are shipped, in about half a minute; ``--data DIR`` takes a folder with the four MNIST files instead.
Writes curves, filters, mistakes and the graph of one training step into a folder, and checks the gradients of the
network that it trained.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence

import numpy as np
from _common import Lab, at_least
from _models import simple_conv_net

import nn
from autograd_lite import viz
from autograd_lite.testing import GradientReport, check_gradients


def train(model: nn.Module, digits: nn.data.Digits, lab: Lab) -> nn.Run:
    """Train, printing a line an epoch; accuracy on the training digits is measured on a sample of them."""
    optimizer = nn.optim.Adagrad(model.parameters(), lr=lab.args.lr, eps=1e-7)
    sample = tuple(part[:10_000] for part in digits.train)
    return nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, lab.loader(digits.train, lab.args.batch_size),
        lab.choose(10, 1, lab.args.epochs), evaluate_on={"train": sample, "held-out": digits.held_out},
    )  # fmt: skip


def table(run: nn.Run) -> str:
    """The epoch table, as the book's readers print it."""
    lines = ["epoch  updates    loss   train  held-out"]
    lines += [
        f"{row['epoch']:5}  {row['updates']:7}  {row['loss']:.4f}  {row['train accuracy']:6.2%}  "
        f"{row['held-out accuracy']:8.2%}"
        for row in run.history
    ]
    return "\n".join(lines)


def check(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> GradientReport:
    """Compare backward with numerical derivatives, on the trained network in double precision."""
    double = copy.deepcopy(model).double().eval()
    images = images.astype(np.float64)
    loss_function = nn.CrossEntropyLoss()
    return check_gradients(lambda: loss_function(double(images), labels), double.named_parameters())


def draw_step(model: nn.Module, digits: nn.data.Digits) -> viz.Drawing:
    """The graph that one training step records."""
    images, labels = (part[:100] for part in digits.train)
    loss = nn.CrossEntropyLoss()(model(images), labels)
    return viz.draw(loss)


def main(argv: Sequence[str] | None = None) -> None:
    start = time.perf_counter()
    lab = Lab(
        __doc__, argv, out="out/demo",
        epochs={"type": at_least(1), "help": "passes over the training digits (10; with --quick 1)"},
        batch_size={"type": at_least(1), "default": 100, "help": "images in a batch (%(default)s)"},
        lr={"type": float, "default": 0.06, "help": "learning rate of AdaGrad (%(default)s)"},
    )  # fmt: skip
    digits = lab.digits()
    model = simple_conv_net()
    print(nn.summary(model, (lab.args.batch_size, 1, 28, 28)))
    before = model[0].weight.numpy().copy()
    run = train(model, digits, lab)
    lab.path("table.txt").write_text(table(run) + "\n", "utf-8")
    print(f"-> {lab.path('table.txt')}")

    images, labels = digits.held_out
    scores = nn.predict(model, images)
    answers = scores.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    print(f"{len(wrong)} of {len(labels)} held-out digits misread")

    title = f"SimpleConvNet: {run.history[-1]['held-out accuracy']:.2%} of {len(labels)} held-out digits right"
    lab.save(nn.plots.training_curves(run, title=title), "curves.png")
    filters = {"before training": before, "after training": model[0].weight}
    lab.save(nn.plots.filters(filters, title="The 30 filters"), "filters.png")
    sheets = nn.plots.contact_sheets(
        images[wrong], labels[wrong], answers[wrong], title="Misread: what they are, as what"
    )
    lab.save_pages(sheets, "mistakes-")
    drawing = draw_step(model, digits)
    for name in ("graph.svg", "graph.png"):
        lab.save(drawing, name)

    # On digits that it finds hard: where a network is certain, its gradients vanish in the rounding of the loss.
    hard = np.argsort(nn.functional.cross_entropy(scores, labels, reduction="none").numpy())[-5:]
    print("\nGradient check of the trained network, float64:")
    print(check(model, images[hard], labels[hard]))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
