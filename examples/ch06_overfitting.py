"""Chapter 6: seven layers learn 300 digits by heart. L1, L2 and dropout against it.

Weight decay adds ``l2 / 2 * sum(w^2)``, or ``l1 * sum(abs(w))``, to the loss, and so ``l2 * w`` or ``l1 * sign(w)`` to
the gradient. Dropout silences units at random while training.
"""

from _common import Lab, percent
from _models import multi_layer_net

import nn

REMEDIES = {  # l1, l2, dropout
    "plain": (0, 0, 0),
    "L1": (1e-3, 0, 0),
    "L2": (0, 3e-2, 0),
    "dropout": (0, 0, 0.2),
    "dropout + L1": (1e-3, 0, 0.2),
    "dropout + L2": (0, 1e-2, 0.2),
}


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    few = tuple(part[:300] for part in digits.train)
    panels, losses, rows = {}, {}, []
    for name, (l1, l2, dropout) in REMEDIES.items():
        nn.manual_seed(lab.seed)
        model = multi_layer_net([784, 100, 100, 100, 100, 100, 100, 10], dropout=dropout)
        cross_entropy = nn.CrossEntropyLoss()

        def loss(scores, labels, model=model, l1=l1, l2=l2, cross_entropy=cross_entropy):
            return cross_entropy(scores, labels) + nn.optim.penalty(model.parameters(), l1=l1, l2=l2)

        run = nn.fit(
            model, loss, nn.optim.SGD(model.parameters(), lr=0.05), lab.loader(few), lab.choose(200, 10),
            evaluate_on={"train": few, "held-out": digits.held_out}, progress=False,
        )  # fmt: skip
        panels[name] = {part: run.column(f"{part} accuracy") for part in ("train", "held-out")}
        losses[name] = run.column("loss")
        end = run.history[-1]
        gap = end["train accuracy"] - end["held-out accuracy"]
        size = sum(float(abs(p.data).sum()) for p in model.parameters())
        rows.append((name, end["loss"], percent(end["train accuracy"]), percent(end["held-out accuracy"]), percent(gap),
                     round(size)))  # fmt: skip
        print(f"  {name}: done")
    lab.table(["remedy", "loss with penalty", "train", "held-out", "gap", "sum of |w|"], rows)
    title = "300 digits, learned by heart"
    figure = nn.plots.lines(panels, title=title, xlabel="epoch", ylabel="accuracy", ylim=(0, 1.03))
    lab.save(figure, "ch06_overfitting.png")
    title = "The loss shows the penalty"
    lab.save(nn.plots.lines(losses, title=title, xlabel="epoch", ylabel="loss", logy=True), "ch06_overfitting_loss.png")


if __name__ == "__main__":
    main()
