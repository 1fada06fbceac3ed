"""Chapter 4: gradients from differences, what they cost in accuracy, and gradient descent along them.

A central difference ``(f(x + h) - f(x - h)) / 2h`` errs by about h^2 because the function bends, and by about 1e-16 / h
because numbers are rounded. The best h is near the cube root of 1e-16, 5e-6; the book's 1e-4 errs by about 1e-9, which
is little enough.
"""

import numpy as np
from _common import Lab

import nn
from autograd_lite import Tensor, grad
from autograd_lite.testing import numerical_gradient


def bowl(x):
    """The book's f(x0, x1) = x0^2 + x1^2."""
    return x[0] ** 2 + x[1] ** 2


def curve(x):
    """The book's 0.01 x^2 + 0.1 x."""
    return 0.01 * x**2 + 0.1 * x


def main(argv=None):
    lab = Lab(__doc__, argv)
    x = np.array([3.0, 4.0])
    slope, before = numerical_gradient(bowl, x), x.copy()
    t = Tensor(x, requires_grad=True)
    (exact,) = grad(bowl(t), t)
    at5, at10 = (float(numerical_gradient(curve, np.array(v))) for v in (5.0, 10.0))
    lab.table(
        ["gradient", "numerical", "autograd_lite", "the book"],
        [
            ("x0^2 + x1^2 at (3, 4)", np.array2string(slope, precision=8), np.array2string(exact.data), "(6, 8)"),
            ("0.01 x^2 + 0.1 x at 5", f"{at5:.12f}", f"{slope_of_curve(5.0):.12f}", "0.2"),
            ("0.01 x^2 + 0.1 x at 10", f"{at10:.12f}", f"{slope_of_curve(10.0):.12f}", "0.3"),
        ],
    )
    print("The inputs were given back exactly as they were:", (x == before).all())

    steps = np.logspace(-13, 0, lab.choose(200, 40))
    central = [abs(numerical_gradient(np.sin, np.array(1.0), h) - np.cos(1)) for h in steps]
    forward = [abs((np.sin(1 + h) - np.sin(1)) / h - np.cos(1)) for h in steps]
    errors = {"central, (f(x+h) - f(x-h)) / 2h": central, "forward, (f(x+h) - f(x)) / h": forward}
    curves = {name: (steps, np.maximum(np.ravel(error), 1e-17)) for name, error in errors.items()}
    title = "How wrong a numerical derivative is"
    figure = nn.plots.lines(curves, title=title, xlabel="h", ylabel="error for sin'(1)", logx=True, logy=True)
    figure.axes[0].axvline(1e-4, color="#888888", linewidth=1, linestyle=":")
    figure.axes[0].text(1.3e-4, 3e-13, "the book's h", fontsize=8.5, color="#666666")
    lab.save(figure, "ch04_step_size.png")

    paths = {f"learning rate {lr}": descend(lr) for lr in (0.1, 0.01, 0.9)}
    figure = nn.plots.contours(
        lambda x0, x1: x0**2 + x1**2, paths, xlim=(-5, 5), ylim=(-5, 5), xlabel="x0", ylabel="x1",
        title="20 steps of gradient descent on x0\u00b2 + x1\u00b2",
    )  # fmt: skip
    lab.save(figure, "ch04_descent.png")
    (end,) = paths["learning rate 0.1"][-1:]
    print(f"After 20 steps with learning rate 0.1: ({end[0]:.4f}, {end[1]:.4f}); exactly, (-3, 4) * 0.8^20 = "
          f"({-3 * 0.8**20:.4f}, {4 * 0.8**20:.4f})")  # fmt: skip


def slope_of_curve(at):
    """The slope of ``curve``, exactly."""
    x = Tensor(at, requires_grad=True)
    return grad(curve(x), x)[0].item()


def descend(lr, steps=20):
    """Where gradient descent from (-3, 4) goes."""
    x = np.array([-3.0, 4.0])
    path = [x.copy()]
    for _ in range(steps):
        x -= lr * numerical_gradient(bowl, x)
        path.append(x.copy())
    return path


if __name__ == "__main__":
    main()
