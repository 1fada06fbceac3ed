"""Chapter 6: how the first weights are chosen decides whether signals get through, and whether anything is learned.

Too large, and sigmoids saturate; too small, and all units say the same. Xavier's 1/sqrt(n) keeps apart what sigmoids
and tanh say, He's sqrt(2/n) what ReLU says, which passes only half. Signals are one thing, gradients another: a sigmoid
passes a quarter of its gradient at most, which is why five layers of them begin to learn sooner from He's larger
weights than from Xavier's. With all weights 0, or all 1, the units of a layer are copies of each other, and remain so.
"""

import numpy as np
from _common import Lab, percent, smooth, train
from _models import multi_layer_net

import nn

DEPTH, WIDTH = 5, 100
HISTOGRAMS = {
    "sigmoid, std 1": (nn.Sigmoid, 1.0),
    "sigmoid, std 0.01": (nn.Sigmoid, 0.01),
    "sigmoid, Xavier": (nn.Sigmoid, "xavier"),
    "ReLU, std 0.01": (nn.ReLU, 0.01),
    "ReLU, Xavier": (nn.ReLU, "xavier"),
    "ReLU, He": (nn.ReLU, "he"),
}
SCHEMES = {"std 0.01": 0.01, "Xavier": "xavier", "He": "he", "zeros": "zeros", "ones": "ones"}
STYLES = {  # of curves that lie on each other where nothing is learned
    "std 0.01": {"linewidth": 6, "alpha": 0.5},
    "zeros": {"linewidth": 3},
    "ones": {"linestyle": (0, (4, 4))},
}


def main(argv=None):
    lab = Lab(__doc__, argv)
    inputs = np.random.default_rng(lab.seed).normal(size=(1000, WIDTH)).astype(np.float32)
    activations = {name: outputs_of(*settings, inputs) for name, settings in HISTOGRAMS.items()}
    title = "What five layers of 100 make of random numbers"
    limits = {name: (0, 1) for name in HISTOGRAMS if "sigmoid" in name}
    lab.save(nn.plots.histograms(activations, title=title, xlim=limits), "ch06_activations.png")
    rows = [(name, *(round(float(a.std()), 4) for a in layers.values())) for name, layers in activations.items()]
    lab.table(["standard deviation of", *next(iter(activations.values()))], rows)

    digits = lab.digits()
    panels, rows = {}, []
    for activation in (nn.Sigmoid, nn.ReLU):
        curves = panels[activation.__name__] = {}
        for name, scheme in SCHEMES.items():
            nn.manual_seed(lab.seed)
            model = multi_layer_net([784, 100, 100, 100, 100, 10], activation, scheme)
            lr = 0.01 if activation is nn.ReLU else 0.1
            optimizer = nn.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
            losses = train(model, optimizer, lab.loader(digits.train), lab.choose(1000, 30), name)
            accuracy = nn.evaluate(model, digits.held_out)["accuracy"]
            curves[name] = smooth(losses)
            rows.append((activation.__name__, name, float(np.mean(losses[-20:])), percent(accuracy)))
    lab.table(["activation", "first weights", "last loss", "held-out accuracy"], rows)
    title = "Five layers learn digits, or do not"
    figure = nn.plots.lines(panels, title=title, xlabel="update", ylabel="loss, mean of 20", ylim=(0, 3), styles=STYLES)
    lab.save(figure, "ch06_initialisation.png")


def outputs_of(activation, scheme, inputs):
    """What comes out of each of the hidden layers."""
    model = multi_layer_net([WIDTH] * (DEPTH + 1) + [10], activation, scheme)
    outputs = {}
    for layer in model:
        if isinstance(layer, activation):
            layer.register_forward_hook(lambda _, x, y: outputs.update({f"layer {len(outputs) + 1}": y.numpy()}))
    nn.predict(model, inputs, batch_size=len(inputs))
    return outputs


if __name__ == "__main__":
    main()
