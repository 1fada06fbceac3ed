"""Train the book's SimpleConvNet on real handwritten digits, and show what happened.

Conv 30 5x5 - ReLU - max-pool 2x2 - 100 - ReLU - 10, AdaGrad (Deep Learning from Scratch, chapter 7). By default on the
6,000 digits that are shipped, in about half a minute; ``--data DIR`` takes a folder with the four MNIST files instead.
Writes curves, filters, mistakes and the graph of one training step into a folder, and checks the gradients of the
network that it trained.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import numpy as np

import nn
from autograd_lite import set_threads, viz
from autograd_lite.testing import GradientReport, check_gradients


def simple_convnet() -> nn.Module:
    """The book's network, with initial weights by Xavier (section 6.2.2)."""
    model = nn.Sequential(
        nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4320, 100), nn.ReLU(),
        nn.Linear(100, 10),
    )  # fmt: skip
    return nn.init.initialize(model, "xavier")


def train(model: nn.Module, digits: nn.data.Digits, args: argparse.Namespace) -> nn.Run:
    """Train, printing a line an epoch; accuracy on the training digits is measured on a sample of them."""
    loader = nn.data.DataLoader(digits.train, batch_size=args.batch_size, shuffle=True, seed=args.seed)
    optimizer = nn.optim.Adagrad(model.parameters(), lr=args.lr, eps=1e-7)
    sample = tuple(part[:10_000] for part in digits.train)
    return nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, loader, args.epochs,
        evaluate_on={"train": sample, "held-out": digits.held_out},
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="DIR", help="folder with the four MNIST files; default: the shipped digits")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training digits (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--lr", type=float, default=0.06, help="of AdaGrad (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for pictures (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (default: %(default)s)")
    args = parser.parse_args()

    start = time.perf_counter()
    set_threads(1)  # two threads of BLAS gain little here, and lose much where other programs use the cores too
    nn.manual_seed(args.seed)
    digits = nn.data.load_digits(args.data)
    args.out.mkdir(parents=True, exist_ok=True)
    print(digits)

    model = simple_convnet()
    print(nn.summary(model, (args.batch_size, 1, 28, 28)))
    before = model[0].weight.numpy().copy()
    run = train(model, digits, args)
    (args.out / "table.txt").write_text(table(run) + "\n", "utf-8")

    images, labels = digits.held_out
    scores = nn.predict(model, images)
    answers = scores.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    print(f"{len(wrong)} of {len(labels)} held-out digits misread")

    title = f"SimpleConvNet: {run.history[-1]['held-out accuracy']:.2%} of {len(labels)} held-out digits right"
    nn.plots.training_curves(run, title=title).savefig(args.out / "curves.png", dpi=120)
    filters = {"before training": before, "after training": model[0].weight}
    nn.plots.filters(filters, title="The 30 filters").savefig(args.out / "filters.png", dpi=120)
    sheets = nn.plots.contact_sheets(
        images[wrong], labels[wrong], answers[wrong], title="Misread: what they are, as what"
    )
    for number, sheet in enumerate(sheets, 1):
        sheet.savefig(args.out / f"mistakes-{number}.png", dpi=120)
    drawing = draw_step(model, digits)
    for name in ("graph.svg", "graph.png"):
        drawing.save(args.out / name)

    # On digits that it finds hard: where a network is certain, its gradients vanish in the rounding of the loss.
    hard = np.argsort(nn.functional.cross_entropy(scores, labels, reduction="none").numpy())[-5:]
    print("\nGradient check of the trained network, float64:")
    print(check(model, images[hard], labels[hard]))
    print(f"\nWrote {', '.join(sorted(path.name for path in args.out.iterdir()))} to {args.out}")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
