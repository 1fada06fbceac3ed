"""Chapter 3: why activations must not be linear. Layers without them collapse into one.

``(x A) B`` is ``x (A B)``: however many linear layers there are, one does the same, and divides the plane by a line.
"""

import numpy as np
from _common import Lab, percent, train
from _models import multi_layer_net

import nn

NETS = {
    "1 linear layer": [2, 2],
    "4 linear layers": [2, 16, 16, 16, 2],
    "4 layers with ReLU": [2, 16, 16, 16, 2],
}


def main(argv=None):
    lab = Lab(__doc__, argv)
    points, labels = disc_and_ring(np.random.default_rng(lab.seed), lab.choose(400, 200))
    loader = lab.loader((points, labels), batch_size=50)

    classifiers, rows = {}, []
    for name, sizes in NETS.items():
        model = multi_layer_net(sizes, nn.ReLU if "ReLU" in name else nn.Identity)
        train(model, nn.optim.Adam(model.parameters(), lr=0.01), loader, lab.choose(600, 150), name)
        accuracy = nn.evaluate(model, (points, labels))["accuracy"]
        rows.append((name, sum(p.size for p in model.parameters()), percent(accuracy)))
        title = f"{name}: {percent(accuracy)}"
        classifiers[title] = lambda x, m=model: nn.predict(m, x.astype(np.float32), 10_000).argmax(axis=1)
        if name == "4 linear layers":
            collapse(model, points)
    lab.table(["network", "parameters", "right"], rows)
    title = "Linear layers add up to a line; activations bend it"
    figure = nn.plots.decisions(classifiers, points, labels, xlim=(-2, 2), ylim=(-2, 2), title=title)
    for axes in figure.axes:
        for dots in axes.lines:
            dots.set_markersize(4)
    lab.save(figure, "ch03_linear_layers.png")


def disc_and_ring(rng, count):
    """Points of two classes that no line divides: some near the middle, others around them."""
    labels = np.arange(count) % 2
    radius = np.where(labels == 0, rng.uniform(0, 0.8, count), rng.uniform(1.2, 1.8, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32), labels


def collapse(model, points):
    """Multiply the layers out into one, and compare."""
    matrix, offset = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    for layer in model:
        if isinstance(layer, nn.Linear):
            matrix, offset = matrix @ layer.weight.data.T, offset @ layer.weight.data.T + layer.bias.data
    difference = np.abs(points @ matrix + offset - nn.predict(model, points)).max()
    print(f"The 4 linear layers multiplied out into one 2x2 matrix give the same scores, within {difference:.0e}.")


if __name__ == "__main__":
    main()
