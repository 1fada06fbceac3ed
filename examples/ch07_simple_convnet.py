"""Chapter 7: SimpleConvNet learns digits: conv 30 5x5 - ReLU - pool - 100 - ReLU - 10, AdaGrad 0.06, batches of 100.

On all of MNIST (``--data DIR``: 10 epochs of 600 updates) readers of the book report 97.80 % on the test images after
one epoch, 98.10 after two, 98.53 after three and 98.60 after ten (99.72 % on the training images), in about an hour. On
the 5,000 shipped digits there is less to learn from.
"""

from _common import Lab, at_least, percent
from _models import simple_conv_net

import nn


def main(argv=None):
    lab = Lab(__doc__, argv, epochs={"type": at_least(1), "help": "passes over the training images"})
    digits = lab.digits()
    train = tuple(part[: lab.choose(None, 500)] for part in digits.train)
    test = tuple(part[: lab.choose(None, 200)] for part in digits.held_out)
    model = simple_conv_net()
    print(nn.summary(model, (100, 1, 28, 28)))
    print("The book's count of parameters: 433,890\n")

    epochs = lab.choose(10 if lab.args.data else 20, 2, lab.args.epochs)
    optimizer = nn.optim.Adagrad(model.parameters(), lr=0.06, eps=1e-7)
    some = tuple(part[:5000] for part in train)
    run = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, lab.loader(train), epochs, evaluate_on={"train": some, "test": test}
    )
    rows = [
        (int(row["epoch"]), int(row["updates"]), row["loss"], percent(row["train accuracy"]),
         percent(row["test accuracy"]))
        for row in run.history
    ]  # fmt: skip
    lab.table(["epoch", "updates", "loss", "train accuracy", "test accuracy"], rows)
    print(f"{run.updates} updates in {sum(run.column('seconds')):.0f} seconds.")
    lab.save(nn.plots.training_curves(run, title="SimpleConvNet learns digits", logy=True), "ch07_simple_convnet.png")

    images, labels = test
    predicted = nn.predict(model, images).argmax(axis=1)
    wrong = predicted != labels
    if wrong.any():
        title = f"{wrong.sum()} of {len(labels):,} misread"
        pages = nn.plots.contact_sheets(images[wrong], labels[wrong], predicted[wrong], title=title)
        lab.save_pages(pages, "ch07_misread_")
    nn.save(model, lab.path("ch07_simple_convnet.npz"))
    print(f"-> {lab.path('ch07_simple_convnet.npz')}, the weights; nn.load reads them")


if __name__ == "__main__":
    main()
