"""Chapter 5: two apples and three oranges, bought, taxed and differentiated.

The book builds this graph from MulLayer and AddLayer, and calls their ``backward`` by hand, in the right order. Here it
is ordinary arithmetic: the graph is recorded as it runs, walked backwards by one call, and drawn.
"""

from _common import Lab

from autograd_lite import Tensor, viz
from autograd_lite.graph import watch

FACTS = ("value", "gradient", "settings")


def main(argv=None):
    lab = Lab(__doc__, argv)

    apple, apple_num = Tensor(100.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    tax = Tensor(1.1, requires_grad=True)
    with watch() as seen:  # so that the drawing knows every value, and what flows back along every edge
        price = apple * apple_num * tax
        price.backward()
    show(lab, "two apples", price, 220, apple=(apple, 2.2), apple_num=(apple_num, 110), tax=(tax, 200))
    lab.save(viz.draw(price, watched=seen, show=FACTS, direction="LR"), "ch05_apples.png")

    apple, apple_num = Tensor(100.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    orange, orange_num = Tensor(150.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    tax = Tensor(1.1, requires_grad=True)
    with watch() as seen:
        price = (apple * apple_num + orange * orange_num) * tax
        price.backward()
    fruit = {"apple": (apple, 2.2), "apple_num": (apple_num, 110), "orange": (orange, 3.3)}
    show(lab, "and oranges", price, 715, **fruit, orange_num=(orange_num, 165), tax=(tax, 650))
    lab.save(viz.draw(price, watched=seen, show=FACTS, direction="LR"), "ch05_apples_and_oranges.png")

    x, y = Tensor(3.0, requires_grad=True), Tensor(4.0, requires_grad=True)
    with watch() as seen:
        t = x + y
        z = t**2
        z.backward()
    show(lab, "z = t**2, t = x + y", z, 49, x=(x, 14), y=(y, 14))
    lab.save(viz.draw(z, watched=seen, show=FACTS), "ch05_square.png")


def show(lab, what, result, expected, **inputs):
    """A table of the result and its derivatives, beside what the book has."""
    rows = [(what, round(result.item(), 6), expected)]
    rows += [(f"  d/d {name}", round(tensor.grad.item(), 6), book) for name, (tensor, book) in inputs.items()]
    lab.table(["", "here", "the book"], rows)


if __name__ == "__main__":
    main()
