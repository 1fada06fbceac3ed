"""Chapter 5: are the gradients of backpropagation right? Two networks, compared with numerical gradients.

In double precision the differences are rounding: the book prints mean absolute differences of about 1e-8 and below.
A derivative that is planted wrong is found, and named.
"""

import numpy as np
from _common import Lab
from _models import multi_layer_net, simple_conv_net

import nn
from autograd_lite import Tensor
from autograd_lite.testing import check_gradients, gradcheck, numerical_gradient


def main(argv=None):
    lab = Lab(__doc__, argv)
    images, labels = (part[:3] for part in lab.digits().train)
    images = images.astype(np.float64)
    loss_function = nn.CrossEntropyLoss()
    for name, model, elements in [
        ("two-layer network, 784-50-10", multi_layer_net([784, 50, 10], nn.Sigmoid, 0.01), lab.choose(100, 20)),
        ("SimpleConvNet", simple_conv_net(), lab.choose(20, 3)),
    ]:
        model.double()
        report = check_gradients(lambda m=model: loss_function(m(Tensor(images)), labels), model.named_parameters(),
                                 elements=elements, seed=lab.seed)  # fmt: skip
        print(f"\n{name}, at {elements} places of each parameter:\n{report}")

    net = multi_layer_net([784, 5, 10], nn.Sigmoid, 0.1).double()
    loss = loss_function(net(Tensor(images)), labels)
    loss.backward()
    rows = []
    for name, parameter in net.named_parameters():
        if parameter.size < 100:  # the book's own check, one difference with h = 1e-4 for every element
            slope = numerical_gradient(lambda _: loss_function(net(Tensor(images)), labels), parameter)
            rows.append((name, f"{np.abs(slope - parameter.grad.numpy()).mean():.1e}", "about 1e-8 or below"))
    lab.table(["plain central differences", "mean absolute difference", "the book"], rows)

    verdict = gradcheck(None, np.array([1.0, 2.0, 3.0]), vjp=lambda x: (x**3, lambda g: g * 2 * x**2))  # not 3 x^2
    print(f"A planted error, (x^3)' = 2 x^2:\n{verdict}")


if __name__ == "__main__":
    main()
