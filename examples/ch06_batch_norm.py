"""Chapter 6: batch normalisation lets a network learn from almost any first weights.

Sixteen scales of first weights, from far too large to far too small; each network is trained with and without batch
normalisation on 1,000 digits.
"""

import numpy as np
from _common import Lab, percent, progress
from _models import multi_layer_net

import nn


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    some = tuple(part[: lab.choose(1000, 300)] for part in digits.train)
    scales = np.logspace(0, -4, lab.choose(16, 4))

    panels, rows = {}, []
    for scale in progress(scales, "scales"):
        curves, row = {}, [float(scale)]
        for name, batch_norm in {"with": True, "without": False}.items():
            nn.manual_seed(lab.seed)
            model = multi_layer_net([784, 100, 100, 100, 100, 100, 10], nn.ReLU, float(scale), batch_norm)
            optimizer = nn.optim.SGD(model.parameters(), lr=0.01)
            with np.errstate(over="ignore", invalid="ignore"):  # without it, the largest weights overflow
                run = nn.fit(
                    model, nn.CrossEntropyLoss(), optimizer, lab.loader(some), lab.choose(20, 2),
                    evaluate_on={"train": some}, progress=False,
                )  # fmt: skip
            curves[f"{name} batch norm"] = run.column("train accuracy")
            row.append(percent(run.column("train accuracy")[-1]))
        panels[f"std {scale:.2g}"] = curves
        rows.append(row)
    lab.table(["first weights, std", "with batch norm", "without"], rows)
    title = f"Training accuracy on {len(some[1]):,} digits, by epoch"
    figure = nn.plots.lines(panels, title=title, xlabel="epoch", ylabel="accuracy", ylim=(0, 1.03), columns=4)
    lab.save(figure, "ch06_batch_norm.png")


if __name__ == "__main__":
    main()
