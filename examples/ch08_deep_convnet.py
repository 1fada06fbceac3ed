"""Chapter 8: DeepConvNet: six 3x3 convolutions, pooled three times, dropout, He's weights, Adam.

On all of MNIST (``--data DIR``) it passes 99 %, as in the book. By default it learns from the 5,000 shipped digits,
each moved by up to a pixel whenever it is shown.
"""

import numpy as np
from _common import Lab, at_least, percent
from _models import deep_conv_net

import nn
from nn.data.transforms import RandomShift


def main(argv=None):
    epochs_option = {"type": at_least(1), "help": "passes over the training images"}
    lab = Lab(__doc__, argv, epochs=epochs_option)
    digits = lab.digits()
    train, test = (tuple(p[: lab.choose(None, n)] for p in d) for d, n in ((digits.train, 200), (digits.held_out, 100)))
    model = deep_conv_net()
    print(nn.summary(model, (100, 1, 28, 28)), "\n")

    epochs = lab.choose(3 if lab.args.data else 12, 1, lab.args.epochs)
    loader = lab.loader(train, batch_size=50, transform=RandomShift(1))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.002)
    schedule = nn.optim.OneCycleLR(optimizer, max_lr=0.002, total_steps=epochs * len(loader))
    run = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, loader, epochs, evaluate_on={"test": test}, scheduler=schedule
    )
    scores = nn.predict(model, test[0])
    accuracy = nn.metrics.accuracy(scores, test[1])
    print(f"Test accuracy {percent(accuracy)} after {run.updates} updates; the book: over 99 % on all of MNIST.")
    lab.save(nn.plots.training_curves(run, title="DeepConvNet learns digits"), "ch08_deep_convnet.png")

    predicted = scores.argmax(axis=1)
    doubt = np.argsort(np.take_along_axis(scores, test[1][:, None], 1)[:, 0] - np.sort(scores)[:, -2])[:48]
    title = "The 48 digits it found hardest"
    (page,) = nn.plots.contact_sheets(test[0][doubt], test[1][doubt], predicted[doubt], title=title)
    lab.save(page, "ch08_hardest.png")


if __name__ == "__main__":
    main()
