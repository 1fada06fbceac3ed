"""Chapter 6: how gradients vanish on their way down a deep network, and what keeps them alive.

Each sigmoid multiplies the gradient by its slope, at most 1/4. Weights that are large enough to make up for that, of
standard deviation 1, drive half of the sigmoids to where their slope is almost 0; batch normalisation brings them back.
A ReLU is closed, with slope 0, for half of what it sees as well, and should be: where it is open its slope is 1, and
with He's weights what passes makes up for what does not.
"""

import numpy as np
from _common import Lab, percent
from _models import multi_layer_net

import nn
from autograd_lite import grad

NETS = {
    "sigmoid, std 1": (nn.Sigmoid, 1.0, False),
    "sigmoid, std 0.01": (nn.Sigmoid, 0.01, False),
    "sigmoid, Xavier": (nn.Sigmoid, "xavier", False),
    "sigmoid, std 1, batch norm": (nn.Sigmoid, 1.0, True),
    "ReLU, He": (nn.ReLU, "he", False),
    "ReLU, He, batch norm": (nn.ReLU, "he", True),
}


def main(argv=None):
    lab = Lab(__doc__, argv)
    depth = lab.choose(10, 5)
    images, labels = (part[:500] for part in lab.digits().train)
    loss_function = nn.CrossEntropyLoss()
    series, rows = {}, []
    for name, (activation, scheme, batch_norm) in NETS.items():
        model = multi_layer_net([784, *[100] * (depth - 1), 10], activation, scheme, batch_norm)
        slopes = []  # of all units, for all images

        def look(_, inputs, output, slopes=slopes):
            slopes.append(grad(output.sum(), inputs[0], retain_graph=True)[0].numpy())

        for layer in model:
            if isinstance(layer, activation):
                layer.register_forward_hook(look)
        loss_function(model(images), labels).backward()
        weights = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
        norms = [float(np.linalg.norm(w.grad.numpy())) for w in weights]
        series[name] = norms
        slopes = np.array(slopes)
        flat = slopes < 0.01
        rows.append((name, *(f"{norms[i]:.1e}" for i in (0, depth // 2, -1)), f"{norms[0] / norms[-1]:.1e}",
                     percent(flat.mean()), round(float(slopes[~flat].mean()), 3)))  # fmt: skip
    headers = ["gradient", "first layer", "middle", "last layer", "first / last", "slopes < 0.01", "mean of the others"]
    lab.table(headers, rows)
    title = f"Gradient of the weights of {depth} layers"
    figure = nn.plots.lines(series, title=title, xlabel="layer, from the input", ylabel="norm", logy=True)
    lab.save(figure, "ch06_vanishing_gradient.png")


if __name__ == "__main__":
    main()
