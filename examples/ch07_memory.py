"""Chapter 7: the accuracy over 60,000 images in one call, in little memory.

im2col of all 60,000 images at once, as the book's code would do it, takes gigabytes. ``nn.evaluate`` and ``nn.predict``
go through them in batches and keep only the answers, so their memory hardly grows with the number of images. The
shipped digits are repeated until there are so many; ``--data DIR`` takes MNIST's.
"""

import time
import tracemalloc

import numpy as np
from _common import Lab, percent, train
from _models import simple_conv_net

import nn

MIB = 2**20


def main(argv=None):
    lab = Lab(__doc__, argv)
    digits = lab.digits()
    model = simple_conv_net()
    optimizer = nn.optim.Adagrad(model.parameters(), lr=0.02)
    train(model, optimizer, lab.loader(digits.train), lab.choose(100, 2), "a little training")
    counts = lab.choose((1_000, 10_000, 60_000), (500, 2_000))
    repeats = -(-counts[-1] // len(digits.train_labels))
    images = np.concatenate([digits.train_images] * repeats)[: counts[-1]]
    labels = np.concatenate([digits.train_labels] * repeats)[: counts[-1]]

    rows = []
    for count in counts:
        tracemalloc.start()
        start = time.perf_counter()
        accuracy = nn.evaluate(model, (images[:count], labels[:count]))["accuracy"]
        seconds = time.perf_counter() - start
        peak = tracemalloc.get_traced_memory()[1] / MIB
        tracemalloc.stop()
        at_once = round(count * 24 * 24 * 25 * 4 / MIB)  # 25 floats for each of 24x24 places
        size = round(images[:count].nbytes / MIB, 1)
        rows.append((f"{count:,}", round(seconds, 2), size, round(peak, 1), at_once, percent(accuracy)))
    headers = ["images", "seconds", "they take, MiB", "peak above, MiB", "im2col of all, MiB", "accuracy"]
    lab.table(headers, rows)
    print("What a call needs above the images is what a single batch of 100 needs.")
    series = {
        "one call here": (list(counts), [row[3] for row in rows]),
        "im2col of all at once": (list(counts), [row[4] for row in rows]),
    }
    title = "Memory for one call, above the images"
    figure = nn.plots.lines(series, title=title, xlabel="images", ylabel="MiB", logx=True, logy=True)
    lab.save(figure, "ch07_memory.png")


if __name__ == "__main__":
    main()
