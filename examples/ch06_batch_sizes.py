"""Chapter 6: gradient descent by the whole training set, by single images, and by batches of 100.

All see every image equally often. A step for the whole set is the surest and there are few of them; steps for single
images are many and shaky, and cannot use the speed of large matrix products. A batch is the compromise.
"""

from _common import Lab, percent
from _models import multi_layer_net

import nn

KINDS = {"full batch": (None, 0.5), "mini-batch of 100": (100, 0.2), "online": (1, 0.01)}  # batch size, learning rate


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits(flatten=True)
    runs, rows = {}, []
    for name, (batch_size, lr) in KINDS.items():
        nn.manual_seed(lab.seed)
        model = multi_layer_net([784, 50, 10])
        loader = lab.loader(digits.train, batch_size or len(digits.train_labels))
        optimizer = nn.optim.SGD(model.parameters(), lr=lr)
        run = nn.fit(
            model, nn.CrossEntropyLoss(), optimizer, loader, lab.choose(10, 1),
            evaluate_on={"held-out": digits.held_out}, progress=False,
        )  # fmt: skip
        runs[name] = run
        seconds = sum(run.column("seconds"))
        rows.append((name, lr, run.updates, round(seconds, 2), percent(run.column("held-out accuracy")[-1])))
        print(f"  {name}: done in {seconds:.1f} s")
    lab.table(["kind", "learning rate", "updates", "seconds", "held-out accuracy"], rows)
    title = "The same images, in few large steps or in many small ones"
    lab.save(nn.plots.training_curves(runs, title=title), "ch06_batch_sizes.png")


if __name__ == "__main__":
    main()
