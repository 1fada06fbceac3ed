"""Chapter 3: a trained three-layer network reads digits, in batches of 100, and shows what it misread.

784-50-100-10 with sigmoids. By default the weights that ship with nn, which were trained on the shipped training
digits; ``--weights sample_weight.pkl`` takes the book's, which get 0.9352 of MNIST's 10,000 test images right (648
wrong), and 0.9207 if pixels are left at 0 to 255. A pickle may run any code when it is opened, so it is read by a
reader that builds arrays and nothing else.
"""

import time
from importlib import resources
from pathlib import Path

import numpy as np
from _common import Lab, percent
from _models import multi_layer_net

import nn


def main(argv=None):
    weights_option = {"metavar": "FILE", "help": "other weights: .npz, .safetensors, or the book's .pkl"}
    lab = Lab(__doc__, argv, weights=weights_option)
    model = multi_layer_net([784, 50, 100, 10], nn.Sigmoid)
    model.load_state_dict(weights(lab.args.weights))
    books = (lab.args.weights or "").endswith(".pkl")

    digits = lab.digits()
    images, labels = digits.held_out
    raw_images = nn.data.load_digits(lab.args.data, normalise=False).held_out_images
    rows = []
    for pixels, given, book in ("0 to 1", images, "0.9352"), ("0 to 255", raw_images, "0.9207"):
        start = time.perf_counter()
        predicted = nn.predict(model, given, batch_size=100).argmax(axis=1)
        seconds = time.perf_counter() - start
        right = int((predicted == labels).sum())
        rows.append((pixels, len(labels), right, len(labels) - right, f"{right / len(labels):.4f}",
                     *([book] if books else []), f"{seconds:.3f}"))  # fmt: skip
    theirs = ["the book's on MNIST"] if books else []
    lab.table(["pixels", "images", "right", "wrong", "accuracy", *theirs, "seconds"], rows)

    scores = nn.predict(model, images, batch_size=100)
    predicted = scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    title = f"{len(wrong)} of {len(labels):,} digits misread"
    pages = nn.plots.contact_sheets(images[wrong], labels[wrong], predicted[wrong], title=title)
    lab.save_pages(pages, "ch03_misread_")
    counts = nn.metrics.confusion_matrix(scores, labels)
    lab.save(nn.plots.confusion(counts, title="What was taken for what"), "ch03_confusion.png")
    print(f"{percent(nn.metrics.top_k_accuracy(2)(scores, labels))} are among the two highest scores.")


def weights(path):
    """A state for the network: from a file, else the one that ships."""
    if path is None:
        with resources.as_file(resources.files("nn.data").joinpath("files", "three_layer_net.npz")) as shipped:
            return nn.load(shipped)
    if Path(path).suffix != ".pkl":
        return nn.load(path)
    book = nn.load_pickle(path)
    layers = {"1": "1", "3": "2", "5": "3"}  # our number: the book's
    return {f"{ours}.weight": book[f"W{theirs}"].T for ours, theirs in layers.items()} | {
        f"{ours}.bias": book[f"b{theirs}"] for ours, theirs in layers.items()
    }


if __name__ == "__main__":
    main()
