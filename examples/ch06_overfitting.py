"""Chapter 6: seven layers learn 300 digits by heart. L1, L2 and dropout against it.

Weight decay adds ``l2 / 2 * sum(w^2)``, or ``l1 * sum(abs(w))``, to the loss, and so ``l2 * w`` or ``l1 * sign(w)`` to
the gradient. Dropout silences units at random while training.

All six still learn the 300 digits by heart, and a remedy gains about one held-out digit in a hundred, not much more
than chance: what is not in 300 digits, no remedy adds. L1 and L2 do keep the network from growing surer of its
mistakes: the cross-entropy of held-out digits, which rises once the 300 are known, stays a fifth to a quarter lower.
Dropout only delays that rise.
"""

import numpy as np
from _common import Lab, percent
from _models import multi_layer_net

import nn

L1, L2, DROPOUT = 1e-3, 1e-2, 0.3
REMEDIES = {  # l1, l2, dropout
    "plain": (0, 0, 0),
    f"L1 {L1}": (L1, 0, 0),
    f"L2 {L2}": (0, L2, 0),
    f"dropout {DROPOUT}": (0, 0, DROPOUT),
    f"dropout {DROPOUT}, L1 {L1}": (L1, 0, DROPOUT),
    f"dropout {DROPOUT}, L2 {L2}": (0, L2, DROPOUT),
}


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    few = tuple(part[:300] for part in digits.train)
    panels, losses, rows = {}, {}, []
    for name, (l1, l2, dropout) in REMEDIES.items():
        nn.manual_seed(lab.seed)
        model = multi_layer_net([784, *[200] * 6, 10], dropout=dropout)
        cross_entropy = nn.CrossEntropyLoss()

        def loss(scores, labels, model=model, l1=l1, l2=l2, cross_entropy=cross_entropy):
            return cross_entropy(scores, labels) + nn.optim.penalty(model.parameters(), l1=l1, l2=l2)

        run = nn.fit(
            model, loss, nn.optim.SGD(model.parameters(), lr=0.05), lab.loader(few), lab.choose(200, 10),
            evaluate_on={"train": few, "held-out": digits.held_out},
            metrics=(nn.metrics.accuracy, nn.functional.cross_entropy), progress=False,
        )  # fmt: skip
        panels[name] = {part: run.column(f"{part} accuracy") for part in ("train", "held-out")}
        losses[name] = run.column("held-out cross_entropy")
        last = {column: float(np.mean(run.column(column)[-10:])) for column in run.history[-1]}
        size = sum(float(abs(p.data).sum()) for p in model.parameters())
        rows.append((name, last["loss"], percent(last["train accuracy"]), percent(last["held-out accuracy"]),
                     percent(last["train accuracy"] - last["held-out accuracy"]), last["held-out cross_entropy"],
                     round(size)))  # fmt: skip
        print(f"  {name}: done")
    print("Means of the last 10 epochs:")
    headers = ["remedy", "loss with penalty", "train", "held-out", "gap", "held-out cross-entropy", "sum of |w|"]
    lab.table(headers, rows)
    title = "300 digits, learned by heart"
    figure = nn.plots.lines(panels, title=title, xlabel="epoch", ylabel="accuracy", ylim=(0, 1.03))
    lab.save(figure, "ch06_overfitting.png")
    title = "The loss on digits that were not learned"
    figure = nn.plots.lines(losses, title=title, xlabel="epoch", ylabel="held-out cross-entropy")
    lab.save(figure, "ch06_overfitting_loss.png")


if __name__ == "__main__":
    main()
