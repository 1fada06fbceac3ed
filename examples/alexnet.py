"""AlexNet three times: as of 2012, with batch normalisation as in Chainer's example, and a slim one as in Keras.

Each is summed up layer by layer, and makes a training step on random images: forward, backward, update. The graph of a
step is drawn, folded to its modules.
"""

import time

import numpy as np
from _common import Lab

import nn
from autograd_lite import viz


def alexnet_2012(classes=1000):
    """Krizhevsky et al. 2012: normalised across channels, convolutions in two groups; (N, 3, 227, 227)."""

    def norm():
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)

    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, classes),
    )  # fmt: skip


def alexnet_bn(classes=1000):
    """Chainer's AlexBN: batch normalisation behind the first two convolutions, no groups; (N, 3, 227, 227)."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.BatchNorm2d(96), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.BatchNorm2d(256), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, classes),
    )  # fmt: skip


def alexnet_keras(classes=1000):
    """The slim one: unpadded convolutions, pools of size 'same', batch norm after ReLU and pool; (N, 3, 224, 224)."""

    def pool():
        return nn.MaxPool2d(2, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 48, 11, stride=4), nn.ReLU(), pool(), nn.BatchNorm2d(48),
        nn.Conv2d(48, 128, 5), nn.ReLU(), pool(), nn.BatchNorm2d(128),
        nn.Conv2d(128, 192, 3), nn.ReLU(), nn.BatchNorm2d(192),
        nn.Conv2d(192, 192, 3), nn.ReLU(), nn.BatchNorm2d(192),
        nn.Conv2d(192, 128, 3), nn.ReLU(), pool(), nn.BatchNorm2d(128),
        nn.Flatten(),
        nn.Linear(1152, 2048), nn.ReLU(), nn.Dropout(0.01),
        nn.Linear(2048, 2048), nn.ReLU(), nn.Dropout(0.01),
        nn.Linear(2048, classes),
    )  # fmt: skip


NETS = {
    "AlexNet, 2012": (alexnet_2012, 227, lambda p: nn.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=5e-4)),
    "with batch norm, Chainer": (alexnet_bn, 227, lambda p: nn.optim.SGD(p, lr=0.01, momentum=0.9)),
    "slim, Keras": (alexnet_keras, 224, lambda p: nn.optim.Adam(p, lr=0.001)),
}


def main(argv=None):
    lab = Lab(__doc__, argv, one_thread=False, batch={"type": int, "help": "images in the step (4, quick: 1)"})
    rng = np.random.default_rng(lab.seed)
    batch = lab.args.batch or lab.choose(4, 1)
    loss_function = nn.CrossEntropyLoss()
    rows = []
    for name, (make, size, optimizer_of) in NETS.items():
        model = make()
        report = nn.summary(model, (batch, 3, size, size))
        print(f"\n{name}\n{report}")
        images = rng.normal(size=(batch, 3, size, size)).astype(np.float32)
        labels = rng.integers(1000, size=batch)
        optimizer = optimizer_of(model.parameters())

        start = time.perf_counter()
        loss = loss_function(model(images), labels)
        forward = time.perf_counter() - start
        if make is alexnet_bn:
            lab.save(viz.draw(loss, show=("shape",), depth=1), "alexnet_bn.svg")
        start = time.perf_counter()
        loss.backward()
        backward = time.perf_counter() - start
        start = time.perf_counter()
        optimizer.step()
        update = time.perf_counter() - start
        rows.append((name, f"{report.parameters:,}", f"{report.multiply_adds / batch / 1e6:,.0f} M", loss.item(),
                     *(round(seconds, 3) for seconds in (forward, backward, update))))  # fmt: skip
    headers = ["network", "parameters", "multiply-adds per image", "loss", "forward, s", "backward, s", "update, s"]
    lab.table(headers, rows)
    print(f"A loss of about {np.log(1000):.2f} = log(1000) is that of guessing among 1,000 classes.")


if __name__ == "__main__":
    main()
