"""Train the three-layer network whose weights ship with nn, for the inference of chapter 3.

    python tools/build_three_layer_net.py

784-50-100-10 with sigmoids, trained on the 5,000 shipped training digits only, so that the held-out ones, and MNIST's
test set, are new to it. The same seed gives the same file, up to rounding by other processors.
"""

from pathlib import Path

import nn

TARGET = Path(nn.__file__).parent / "data" / "files" / "three_layer_net.npz"


def main() -> None:
    """Train, say how good it is, and write the weights."""
    nn.manual_seed(0)
    digits = nn.data.load_digits()
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 100), nn.Sigmoid(), nn.Linear(100, 10)
    )
    nn.init.initialize(model, "xavier")
    augment = nn.data.transforms.Compose([nn.data.transforms.RandomShift(1), nn.data.transforms.RandomRotation(8)])
    loader = nn.data.DataLoader(digits.train, batch_size=50, shuffle=True, seed=0, transform=augment)
    optimizer = nn.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    epochs = 60
    schedule = nn.optim.CosineAnnealingLR(optimizer, epochs)
    held_out = {"held-out": digits.held_out}
    nn.fit(model, nn.CrossEntropyLoss(), optimizer, loader, epochs, evaluate_on=held_out, scheduler=schedule)
    nn.save(model, TARGET)
    print(f"-> {TARGET}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
