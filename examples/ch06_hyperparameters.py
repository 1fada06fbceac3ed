"""Chapter 6: searching the learning rate and the weight decay, with and without augmented digits.

Both are drawn log-uniformly: it is their order of magnitude that counts. 500 digits to train on, 100 others to judge a
draw by; only then the held-out digits say what the best one is worth.
"""

import numpy as np
from _common import Lab, percent, progress
from _models import multi_layer_net

import nn
from nn.data.transforms import Compose, RandomCrop, RandomShift

AUGMENT = {"as they are": None, "augmented": Compose([RandomShift(2), RandomCrop(28, padding=1)])}


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    some, judges = (tuple(part[chosen] for part in digits.train) for chosen in (slice(500), slice(500, 600)))
    rng = np.random.default_rng(lab.seed)
    trials = lab.choose(40, 3)
    draws = [(float(10 ** rng.uniform(-3, 0.5)), float(10 ** rng.uniform(-6, -1))) for _ in range(trials)]

    found = []
    for kind, transform in AUGMENT.items():
        for lr, decay in progress(draws, kind):
            nn.manual_seed(lab.seed)
            model = multi_layer_net([784, 100, 100, 10])
            optimizer = nn.optim.SGD(model.parameters(), lr=lr, weight_decay=decay)
            loader = lab.loader(some, transform=transform)
            with np.errstate(over="ignore", invalid="ignore"):  # large learning rates blow up
                run = nn.fit(
                    model, nn.CrossEntropyLoss(), optimizer, loader, lab.choose(50, 2),
                    evaluate_on={"validation": judges}, progress=False,
                )  # fmt: skip
            found.append((run.history[-1]["validation accuracy"], kind, lr, decay, model, run))
        print(f"  {kind}: {trials} draws done")

    found.sort(key=lambda trial: trial[0], reverse=True)
    rows, best = [], {}
    for rank, (accuracy, kind, lr, decay, model, run) in enumerate(found[: min(10, len(found))], 1):
        held_out = nn.evaluate(model, digits.held_out)["accuracy"]
        rows.append((rank, kind, f"{lr:.4f}", f"{decay:.1e}", percent(accuracy), percent(held_out)))
        best[f"{rank}: rate {lr:.3f}, decay {decay:.0e}\n({kind})"] = {"": run.column("validation accuracy")}
    lab.table(["rank", "digits", "learning rate", "weight decay", "validation", "held-out"], rows)
    panels = dict(list(best.items())[:8])
    figure = nn.plots.lines(panels, title="The best draws", xlabel="epoch", ylabel="validation accuracy", columns=4)
    lab.save(figure, "ch06_best_draws.png")
    lab.save(overview(found), "ch06_hyperparameters.png")


def overview(found):
    """Every draw as a dot: what it came to, by its learning rate and by its weight decay."""
    panels = {}
    for place, name in (2, "by learning rate"), (3, "by weight decay"):
        panels[name] = {
            kind: tuple(zip(*sorted((trial[place], trial[0]) for trial in found if trial[1] == kind), strict=True))
            for kind in AUGMENT
        }
    title = "What the learning rate and the weight decay are worth"
    return nn.plots.lines(panels, title=title, ylabel="validation accuracy", logx=True, sharex=False, points=True)


if __name__ == "__main__":
    main()
