"""Writing rules of one's own: the contract, and what happens when it is broken."""

import numpy as np
import pytest

from autograd_lite import Function, Tensor, exp, grad
from autograd_lite.errors import RuleError


class ScaledAffine(Function):
    """y = scale * (x * w + b): a parameter, three inputs, broadcasting."""

    __slots__ = ("scale",)
    broadcasts = True

    def __init__(self, scale):
        self.scale = scale

    def forward(self, x, w, b):
        return self.scale * (x * w + b)

    def grad_x(self, g, w):
        return g * (self.scale * w)

    def grad_w(self, g, x):
        return g * (self.scale * x)

    def grad_b(self, g):
        return g * self.scale


class LogLoss(Function):
    """y = sum of -t * log(p), p = sigmoid(x): a by-product that forward and gradient share."""

    def by_p(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, x, t, p):
        return -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum()

    def grad_x(self, g, t, p):
        return g * (p - t)


class Standardised(Function):
    """y = (x - m) * w: two gradients that share work on the cotangent."""

    calls = 0

    def by_shared(self, g, x):
        Standardised.calls += 1
        return g * x

    def forward(self, x, w):
        return x * x * w

    def grad_x(self, g, w, shared):
        return 2 * shared * w

    def grad_w(self, g, x, shared):
        return shared * x


class Total(Function):
    """y = sum of i * part i: any number of inputs."""

    def forward(self, *parts):
        return sum((i + 1) * part for i, part in enumerate(parts))

    def grad_parts(self, g, i):
        return g * (i + 1.0)


def numerical(f, x, step=1e-6):
    slopes = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += step
        behind[i] -= step
        slopes[i] = (f(ahead) - f(behind)) / (2 * step)
    return slopes


def test_a_rule_with_three_broadcast_inputs_and_a_parameter_gives_each_input_its_gradient():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in [(3, 2), (2,), (1, 1)]]
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    weights = rng.standard_normal((3, 2))
    (ScaledAffine(0.5)(*tensors) * weights).sum().backward()
    for k, tensor in enumerate(tensors):

        def f(value, k=k):
            return (ScaledAffine(0.5)(*arrays[:k], value, *arrays[k + 1 :]) * weights).sum()

        np.testing.assert_allclose(tensor.grad.numpy(), numerical(f, arrays[k]), rtol=1e-6, atol=1e-8)


def test_a_rule_applied_to_arrays_only_is_plain_numpy():
    assert type(ScaledAffine(2.0)(np.ones(2), np.ones(2), np.ones(2))) is np.ndarray
    assert LogLoss()(np.zeros(1), np.ones(1)) == pytest.approx(np.log(2))


def test_a_by_product_is_differentiated_again_with_the_gradient():
    x0, t = np.array([0.3, -1.2]), np.array([1.0, 0.0])
    x = Tensor(x0, requires_grad=True)
    (slope,) = grad(LogLoss()(x, t), x, create_graph=True)
    p = 1 / (1 + np.exp(-x0))
    np.testing.assert_allclose(slope.numpy(), p - t)
    (curvature,) = grad(slope.sum(), x)
    np.testing.assert_allclose(curvature.numpy(), p * (1 - p))


def test_work_on_the_cotangent_that_gradients_share_is_done_once():
    x, w = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    Standardised.calls = 0
    Standardised()(x, w).sum().backward()
    assert Standardised.calls == 1
    np.testing.assert_allclose(x.grad.numpy(), [6, 16])
    np.testing.assert_allclose(w.grad.numpy(), [1, 4])


def test_shared_work_that_no_needed_gradient_reads_is_not_done():
    class Half(Function):
        def by_costly(self, g):
            raise AssertionError("not needed")

        def forward(self, a, b):
            return a * b

        def grad_a(self, g, b):
            return g * b

        def grad_b(self, g, a, costly):
            return g * a

    x = Tensor(2.0, requires_grad=True)
    Half()(x, 3.0).backward()
    assert x.grad.item() == 3


def test_a_variadic_rule_takes_any_number_of_inputs():
    tensors = [Tensor(float(i), requires_grad=True) for i in range(4)]
    Total()(tensors[0], 5.0, *tensors[1:]).backward()
    assert [t.grad.item() for t in tensors] == [1, 3, 4, 5]


def test_a_rule_can_inherit_its_forward_and_replace_a_gradient():
    class Doubled(ScaledAffine):
        def grad_b(self, g):
            return 2 * g

    b = Tensor(1.0, requires_grad=True)
    Doubled(0.5)(1.0, 1.0, b).backward()
    assert b.grad.item() == 2


def test_an_input_without_a_gradient_method_is_not_differentiable():
    class Gate(Function):
        def forward(self, mask, a):
            return mask * a

        def grad_a(self, g, mask):
            return g * mask

    mask, a = Tensor([1.0, 0.0], requires_grad=True), Tensor([2.0, 3.0], requires_grad=True)
    Gate()(mask, a).sum().backward()
    assert mask.grad is None
    assert a.grad.tolist() == [1, 0]
    assert not Gate()(mask, np.ones(2)).requires_grad


# -- Mistakes found when the class is made ----------------------------------------------------------------------------


def forward_a(self, a):
    return a


def forward_ab(self, a, b):
    return a


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"forward": forward_a, "grad_a": lambda self, g, q: g}, ["q", "Bad.grad_a"]),
        ({"forward": forward_ab, "grad_a": lambda self, g, b, a: g}, ["order: a, b"]),
        ({"forward": forward_a, "grad_c": lambda self, g: g}, ["grad_c", "no input"]),
        ({"forward": lambda self, y: y}, ["y", "another name"]),
        ({"forward": lambda self, a, *rest: a}, ["rest"]),
        ({"forward": forward_a, "by_p": lambda self, a: a}, ["forward does not name", "p"]),
    ],
)
def test_a_rule_that_breaks_the_contract_of_signatures_is_refused_by_name(body, words):
    for method in ("grad_a", "grad_c"):
        if method in body:
            body[method].__name__ = method
    with pytest.raises(RuleError) as caught:
        type("Bad", (Function,), body)
    assert all(word in str(caught.value) for word in words), str(caught.value)


# -- Mistakes found when the rule runs --------------------------------------------------------------------------------


def rule_with(gradient):
    class Wrong(Function):
        def forward(self, a):
            return a * 2

        def grad_a(self, g, a):
            return gradient(g, a)

    return Wrong()


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        (lambda g, a: g.sum(), ["Wrong.grad_a", "()", "(3,)"]),
        (lambda g, a: g[:2], ["(2,)", "(3,)"]),
        (lambda g, a: (g, g), ["tuple"]),
        (lambda g, a: None, ["NoneType"]),
        (lambda g, a: 2.0, ["float"]),
        (lambda g, a: g.astype(int), ["int64"]),
        (lambda g, a: g > 0, ["bool"]),
    ],
)
def test_a_gradient_of_the_wrong_kind_or_shape_is_an_error_that_names_the_rule(gradient, words):
    x = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(RuleError) as caught:
        rule_with(gradient)(x).backward(np.ones(3))
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert x.grad is None


def test_a_rule_that_writes_into_what_it_is_given_is_stopped():
    def careless(g, a):
        g *= 2
        return g

    class Greedy(Function):
        def forward(self, a):
            a += 1
            return a

    x = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(ValueError, match="read-only"):
        rule_with(careless)(x * 1.0).backward(np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        Greedy()(x)
    assert x.tolist() == [1, 1, 1]


def test_a_forward_that_returns_no_array_is_an_error():
    class Listed(Function):
        def forward(self, a):
            return [1.0]

    with pytest.raises(RuleError, match="Listed.forward returned list"):
        Listed()(Tensor(1.0, requires_grad=True))


def test_an_exception_inside_a_gradient_says_in_which_rule_it_happened():
    class Careless(Function):
        def forward(self, a):
            return a[:2]

        def grad_a(self, g, a):
            return g * a

    x = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (NumPy's own message; ours is in the note)
        Careless()(x).backward(np.ones(2))
    assert "backward of Careless, whose output has shape (2,)" in "".join(caught.value.__notes__)


def test_an_input_that_is_no_number_is_refused():
    with pytest.raises(RuleError, match="str"):
        Total()(Tensor(1.0), "two")


def test_gradients_may_be_written_with_functions_of_tensors():
    class Exponential(Function):
        def forward(self, a):
            return np.exp(a)

        def grad_a(self, g, a):
            return exp(a) * g

    x = Tensor([0.0, 1.0], requires_grad=True)
    (slope,) = grad(Exponential()(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(grad(slope.sum(), x)[0].data, np.exp([0, 1]))
    Exponential()(x).sum().backward()
    np.testing.assert_allclose(x.grad.data, np.exp([0, 1]))


def test_a_rule_in_the_style_of_other_engines_is_refused():
    with pytest.raises(RuleError, match="grad_<input>"):
        type("Other", (Function,), {"forward": lambda self, a: a, "backward": lambda self, g: g})


@pytest.mark.parametrize("reads", ["y", "shape_a", "q"])
def test_a_by_product_that_reads_what_comes_later_is_refused(reads):
    body = {"forward": lambda self, a, p, q: a, "by_q": lambda self, a: a}
    exec(f"def by_p(self, {reads}): return {reads}", body)
    with pytest.raises(RuleError, match=f"by_p reads {reads}"):
        type("Early", (Function,), {k: v for k, v in body.items() if k[0] != "_"})


def test_a_gradient_that_was_not_summed_names_the_switch_for_broadcasting():
    class Scaled(Function):
        def forward(self, a, b):
            return a * b

        def grad_b(self, g, a):
            return g * a

    with pytest.raises(RuleError, match="broadcasts = True"):
        Scaled()(np.ones(2), Tensor(3.0, requires_grad=True)).sum().backward()
