"""AlexNet, three ways: layer tables, a few training steps and what they cost, and each graph on one page.

lrn    Krizhevsky, Sutskever and Hinton 2012: local response normalisation, channels in two groups; 227x227
bn     Chainer's AlexBN: batch normalisation before the first two ReLUs, no groups; 227x227
keras  half as many filters and no padding, pools of size 'same', batch norm after ReLU and pool; 224x224

The images are digits, enlarged and in colour, and the steps repeat one batch: the loss begins above log(1000) = 6.9,
which equal scores would give, and falls. Parameters by hand: a convolution has out * in / groups * k * k + out, a dense
layer out * in + out, batch norm 2 a channel.

                             lrn                  bn                      keras
    conv1          96*3*121 + 96            the same              48*3*121 + 48
    conv2      256*48*25 + 256     256*96*25 + 256            128*48*25 + 128
    conv3      384*256*9 + 384            the same            192*128*9 + 192
    conv4      384*192*9 + 384     384*384*9 + 384            192*192*9 + 192
    conv5      256*192*9 + 256     256*384*9 + 256            128*192*9 + 128
    batch norm                        2*(96 + 256)   2*(48+128+192+192+128)
    fc6       4096*9216 + 4096            the same           2048*1152 + 2048
    fc7       4096*4096 + 4096            the same           2048*2048 + 2048
    fc8       1000*4096 + 1000            the same           1000*2048 + 1000
    total           60,965,224          62,379,048                  9,553,928
"""

import time
import tracemalloc
from functools import partial

import numpy as np
from _common import Lab, at_least, progress

import nn
from autograd_lite import viz
from nn import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, LocalResponseNorm, MaxPool2d, ReLU


def alexnet_2012(classes=1000):
    """AlexNet of 2012, input (N, 3, 227, 227). The two groups were on two graphics cards."""

    def norm():
        return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)  # of the mean; the paper has 1e-4 of the sum

    net = nn.Sequential({
        "conv1": Conv2d(3, 96, 11, stride=4), "relu1": ReLU(), "norm1": norm(), "pool1": MaxPool2d(3, 2),
        "conv2": Conv2d(96, 256, 5, padding=2, groups=2), "relu2": ReLU(), "norm2": norm(), "pool2": MaxPool2d(3, 2),
        "conv3": Conv2d(256, 384, 3, padding=1), "relu3": ReLU(),
        "conv4": Conv2d(384, 384, 3, padding=1, groups=2), "relu4": ReLU(),
        "conv5": Conv2d(384, 256, 3, padding=1, groups=2), "relu5": ReLU(), "pool5": MaxPool2d(3, 2),
        "flatten": Flatten(),
        "fc6": Linear(256 * 6 * 6, 4096), "relu6": ReLU(), "drop6": Dropout(0.5),
        "fc7": Linear(4096, 4096), "relu7": ReLU(), "drop7": Dropout(0.5),
        "fc8": Linear(4096, classes),
    })  # fmt: skip
    nn.init.initialize(net, 0.01)
    for layer in net.conv2, net.conv4, net.conv5, net.fc6, net.fc7:  # so that their ReLUs are open at first
        nn.init.ones_(layer.bias)
    return net


def alexnet_bn(classes=1000):
    """Chainer's AlexBN, input (N, 3, 227, 227)."""
    net = nn.Sequential({
        "conv1": Conv2d(3, 96, 11, stride=4), "bn1": BatchNorm2d(96), "relu1": ReLU(), "pool1": MaxPool2d(3, 2),
        "conv2": Conv2d(96, 256, 5, padding=2), "bn2": BatchNorm2d(256), "relu2": ReLU(), "pool2": MaxPool2d(3, 2),
        "conv3": Conv2d(256, 384, 3, padding=1), "relu3": ReLU(),
        "conv4": Conv2d(384, 384, 3, padding=1), "relu4": ReLU(),
        "conv5": Conv2d(384, 256, 3, padding=1), "relu5": ReLU(), "pool5": MaxPool2d(3, 2),
        "flatten": Flatten(),
        "fc6": Linear(256 * 6 * 6, 4096), "relu6": ReLU(), "drop6": Dropout(0.5),
        "fc7": Linear(4096, 4096), "relu7": ReLU(), "drop7": Dropout(0.5),
        "fc8": Linear(4096, classes),
    })  # fmt: skip
    return nn.init.initialize(net, "xavier")


def alexnet_keras(classes=1000):
    """The variant for Keras, input (N, 3, 224, 224). A last window of a pool may hang over the edge."""

    def pool():
        return MaxPool2d(2, ceil_mode=True)

    def norm(channels):
        return BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # as Keras has them, where 0.99 is what remains

    net = nn.Sequential({
        "conv1": Conv2d(3, 48, 11, stride=4), "relu1": ReLU(), "pool1": pool(), "bn1": norm(48),
        "conv2": Conv2d(48, 128, 5), "relu2": ReLU(), "pool2": pool(), "bn2": norm(128),
        "conv3": Conv2d(128, 192, 3), "relu3": ReLU(), "bn3": norm(192),
        "conv4": Conv2d(192, 192, 3), "relu4": ReLU(), "bn4": norm(192),
        "conv5": Conv2d(192, 128, 3), "relu5": ReLU(), "pool5": pool(), "bn5": norm(128),
        "flatten": Flatten(),
        "fc6": Linear(128 * 3 * 3, 2048), "relu6": ReLU(), "drop6": Dropout(0.01),
        "fc7": Linear(2048, 2048), "relu7": ReLU(), "drop7": Dropout(0.01),
        "fc8": Linear(2048, classes),
    })  # fmt: skip
    return nn.init.initialize(net, "xavier")


MODELS = {  # how it is made, the side of its images, its optimiser
    "lrn": (alexnet_2012, 227, lambda p: nn.optim.SGD(p, lr=0.001, momentum=0.9, weight_decay=5e-4)),
    "bn": (alexnet_bn, 227, lambda p: nn.optim.SGD(p, lr=0.001, momentum=0.9)),
    "keras": (alexnet_keras, 224, lambda p: nn.optim.Adam(p, lr=0.001)),
}


def main(argv=None):
    model_option = {"choices": [*MODELS, "all"], "default": "all", "help": "which of them (%(default)s)"}
    batch_option = {"type": at_least(1), "help": "images in the batch (8; with --quick 2)"}
    lab = Lab(__doc__, argv, one_thread=False, model=model_option, batch_size=batch_option)
    size, steps = lab.choose(8, 2, lab.args.batch_size), lab.choose(8, 2)
    digits = lab.digits()
    targets = np.eye(1000, dtype=np.float32)[digits.train_labels[:size]]  # the cross-entropy is the categorical one
    losses, costs = [], []
    for name in MODELS if lab.args.model == "all" else [lab.args.model]:
        make, side, optimizer_of = MODELS[name]
        nn.manual_seed(lab.seed)
        images = enlarge(digits.train_images[:size], side)
        tracemalloc.start()  # from here on the bytes of every array are counted
        model = make()
        print(f"\n{name}: {make.__doc__}")
        print(report := nn.summary(model, (size, 3, side, side)))
        loss_function, optimizer = nn.CrossEntropyLoss(), optimizer_of(model.parameters())
        step = partial(timed_step, model, loss_function, optimizer, images, targets)
        history = [step() for _ in progress(range(steps), name)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        losses.append((name, *(f"{loss:.3f}" for loss, *_ in history)))
        seconds = np.median([clock for _, *clock in history], axis=0)
        costs.append((name, f"{report.parameters:,}", f"{report.multiply_adds / size / 1e6:,.0f} M",
                      *(round(s, 3) for s in seconds), f"{peak / 2**20:,.0f} MiB"))  # fmt: skip

        drawing = viz.draw(model(images), show="shape", depth=1)  # a node for each layer
        for ending in "png", "svg":
            lab.save(drawing, f"alexnet_{name}.{ending}")
        del model, optimizer, step, drawing  # the next one needs the room
    print(f"\nThe loss, {steps} steps on the same {size} images (guessing gives log(1000) = {np.log(1000):.2f}):")
    lab.table(["model", *(f"step {i}" for i in range(1, steps + 1))], losses)
    print(f"A step on {size} images:")
    headers = ["model", "parameters", "multiply-adds an image", "forward, s", "backward, s", "update, s", "peak memory"]
    lab.table(headers, costs)


def enlarge(images, side):
    """Digits as images in colour, (N, 3, side, side), centred around zero."""
    grey = nn.functional.interpolate(images, side, mode="bilinear").numpy() - images.mean()
    return np.concatenate([grey, 0.7 * grey, 0.4 * grey], axis=1)


def timed_step(model, loss_function, optimizer, images, targets):
    """A step of training: the loss, and the seconds of forward, backward and update."""
    clock = [time.perf_counter()]
    optimizer.zero_grad()
    loss = loss_function(model(images), targets)
    clock.append(time.perf_counter())
    loss.backward()
    clock.append(time.perf_counter())
    optimizer.step()
    clock.append(time.perf_counter())
    return loss.item(), *np.diff(clock)


if __name__ == "__main__":
    main()
