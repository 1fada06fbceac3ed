"""The book's networks, by the book's names."""

from __future__ import annotations

from itertools import pairwise

import nn


def multi_layer_net(
    sizes: list[int], activation: type[nn.Module] = nn.ReLU, scheme: str | float = "he", batch_norm: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """Fully connected layers of these sizes (chapters 3 to 6); the scheme sets the first weights, biases are 0."""
    layers: list[nn.Module] = [nn.Flatten()]
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(inputs, outputs))
        if i < len(sizes) - 2:
            layers += [nn.BatchNorm1d(outputs)] if batch_norm else []
            layers.append(activation())
            layers += [nn.Dropout(dropout)] if dropout else []
    return nn.init.initialize(nn.Sequential(*layers), scheme)


def simple_conv_net(scheme: str | float = "xavier") -> nn.Sequential:
    """SimpleConvNet (section 7.5): conv - relu - pool - affine - relu - affine.

    The book's first weights have standard deviation 0.01, and lose an epoch to AdaGrad's large first steps.
    """
    net = nn.Sequential(
        nn.Conv2d(1, 30, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(30 * 12 * 12, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )
    return nn.init.initialize(net, scheme)


def deep_conv_net() -> nn.Sequential:
    """DeepConvNet (section 8.1): six 3x3 convolutions, pooled by two after each pair, two dense layers, He weights."""

    def block(inputs: int, outputs: int, padding: int = 1) -> list[nn.Module]:
        return [
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]

    net = nn.Sequential(
        *block(1, 16),
        *block(16, 32, padding=2),
        *block(32, 64),
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 50),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(50, 10),
        nn.Dropout(0.5),
    )
    return nn.init.initialize(net, "he")


def le_net() -> nn.Sequential:
    """LeNet-5 of 1998 (section 7.6.1): sigmoids, averaged windows, fully connected behind; Xavier weights."""
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Sigmoid(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Sigmoid(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.Sigmoid(),
        nn.Linear(120, 84),
        nn.Sigmoid(),
        nn.Linear(84, 10),
    )
    return nn.init.initialize(net, "xavier")
