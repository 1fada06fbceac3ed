"""Optimisers against their formulas written out, number by number; groups, states, schedules and clipping."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
import nn
from nn import optim
from nn.optim.walk import BLOCK

# -- The formulas, one number at a time, in Python's own arithmetic ---------------------------------------------------


def sgd(w, g, t, s, lr=0.1, momentum=0.0, dampening=0.0, nesterov=False):
    if not momentum:
        return w - lr * g
    s["v"] = g if t == 1 else momentum * s["v"] + (1 - dampening) * g
    return w - lr * (g + momentum * s["v"] if nesterov else s["v"])


def adagrad(w, g, t, s, lr=0.1, lr_decay=0.0, eps=1e-10, initial_accumulator_value=0.0):
    s["h"] = s.get("h", initial_accumulator_value) + g * g
    return w - lr / (1 + (t - 1) * lr_decay) * g / (math.sqrt(s["h"]) + eps)


def rmsprop(w, g, t, s, lr=0.1, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
    s["h"] = alpha * s.get("h", 0) + (1 - alpha) * g * g
    s["m"] = alpha * s.get("m", 0) + (1 - alpha) * g
    step = g / (math.sqrt(s["h"] - (s["m"] ** 2 if centered else 0)) + eps)
    s["v"] = momentum * s.get("v", 0) + step
    return w - lr * s["v"]


def adadelta(w, g, t, s, lr=0.1, rho=0.9, eps=1e-6, eps_outside=False):
    def root(x):
        return math.sqrt(x) + eps if eps_outside else math.sqrt(x + eps)

    s["h"] = rho * s.get("h", 0) + (1 - rho) * g * g
    d = root(s.get("s", 0)) / root(s["h"]) * g
    s["s"] = rho * s.get("s", 0) + (1 - rho) * d * d
    return w - lr * d


def adam(w, g, t, s, lr=0.1, betas=(0.9, 0.999), eps=1e-8, corrected_eps=True, amsgrad=False):
    b1, b2 = betas
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    s["top"] = max(s.get("top", 0), s["v"])
    v = s["top"] if amsgrad else s["v"]
    if not corrected_eps:  # the book's
        return w - lr * math.sqrt(1 - b2**t) / (1 - b1**t) * s["m"] / (math.sqrt(v) + eps)
    return w - lr * (s["m"] / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)


def nadam(w, g, t, s, lr=0.1, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    b1, b2 = betas
    mu, ahead = (b1 * (1 - 0.5 * 0.96 ** (n * momentum_decay)) for n in (t, t + 1))
    s["p"] = s.get("p", 1) * mu
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    step = ahead * s["m"] / (1 - s["p"] * ahead) + (1 - mu) * g / (1 - s["p"])
    return w - lr * step / (math.sqrt(s["v"] / (1 - b2**t)) + eps)


CASES = [
    (optim.SGD, sgd, {}),
    (optim.SGD, sgd, {"momentum": 0.9}),
    (optim.SGD, sgd, {"momentum": 0.9, "nesterov": True}),
    (optim.SGD, sgd, {"momentum": 0.9, "dampening": 0.3}),
    (optim.Adagrad, adagrad, {"eps": 1e-7}),
    (optim.Adagrad, adagrad, {"lr_decay": 0.1, "initial_accumulator_value": 0.2}),
    (optim.RMSprop, rmsprop, {}),
    (optim.RMSprop, rmsprop, {"momentum": 0.9, "centered": True}),
    (optim.Adadelta, adadelta, {}),
    (optim.Adadelta, adadelta, {"eps_outside": True}),
    (optim.Adam, adam, {}),
    (optim.Adam, adam, {"amsgrad": True, "betas": (0.5, 0.6)}),
    (optim.Adam, adam, {"corrected_eps": False, "eps": 1e-7}),
    (optim.AdamW, adam, {"weight_decay": 0.0}),
    (optim.NAdam, nadam, {}),
]
NAMES = [f"{kind.__name__} {' '.join(settings)}".strip() for kind, _, settings in CASES]


def quadratic(x, y):
    """x^2 / 20 + y^2, the valley of Deep Learning from Scratch, section 6.1.3."""
    return x * x / 20.0 + y * y


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES, ids=NAMES)
def test_fifty_steps_follow_the_formula(kind, formula, settings):
    x, y = nn.Parameter(np.array([-7.0])), nn.Parameter(np.array([2.0]))
    optimizer = kind([x, y], lr=0.1, **settings)
    plain = {k: v for k, v in settings.items() if k != "weight_decay"}
    w, memory = [-7.0, 2.0], [{}, {}]
    for t in range(1, 51):
        optimizer.zero_grad()
        quadratic(x, y).sum().backward()
        optimizer.step()
        slopes = [w[0] / 10, 2 * w[1]]
        w = [formula(w[i], slopes[i], t, memory[i], lr=0.1, **plain) for i in range(2)]
        np.testing.assert_allclose([x.item(), y.item()], w, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("kind", "formula"), [(optim.Adam, adam), (optim.NAdam, nadam)])
def test_shares_that_change_on_the_way_count_from_there_on(kind, formula):
    w = nn.Parameter(np.array([2.0, -3.0]))
    optimizer, plain, memory = kind([w], lr=0.1), [2.0, -3.0], [{}, {}]
    for t, first in enumerate((0.95, 0.9, 0.5, 0.7, 0.9, 0.1), start=1):
        optimizer.param_groups[0]["betas"] = (first, 0.99)
        slopes = np.array([t, -1.0])
        w.grad = slopes
        optimizer.step()
        plain = [formula(plain[i], slopes[i], t, memory[i], betas=(first, 0.99)) for i in range(2)]
        np.testing.assert_allclose(w.data, plain)
        saved, optimizer = optimizer.state_dict(), kind([w])
        optimizer.load_state_dict(saved)


def test_a_state_may_have_one_number_for_all_of_a_parameter():
    w = nn.Parameter([1.0, 2.0])
    optimizer = optim.NAdam([w])
    kept = {"step": 1, "exp_avg": np.ones(2), "exp_avg_sq": np.ones(2), "mu_product": np.float32(0.5)}
    optimizer.load_state_dict({"state": {0: kept}, "param_groups": [{"params": [0]}]})  # as PyTorch's
    assert optimizer.state_dict()["state"][0]["mu_product"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("kind", "formula", "settings"), CASES, ids=NAMES)
def test_a_saved_state_goes_on_bit_for_bit(kind, formula, settings):
    def start():
        rng = np.random.default_rng(0)
        params = [nn.Parameter(rng.standard_normal(s).astype(np.float32)) for s in ((3, 4), (5,), ())]
        return params, kind(params, lr=0.1, **settings)

    def go(params, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            sum(((p * p * p).sum() for p in params), start=ag.Tensor(np.float32(0))).backward()
            optimizer.step()

    whole, optimizer = start()
    go(whole, optimizer, 6)
    parts, first = start()
    go(parts, first, 3)
    saved = copy.deepcopy(first.state_dict())
    go(parts, first, 1)  # must not change what was saved
    again, second = start()
    third, _ = start()
    go(third, _, 3)
    for p, q in zip(again, third, strict=True):
        p.become(q)
    second.load_state_dict(saved)
    go(again, second, 3)
    for p, q in zip(whole, again, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


# -- The walk ---------------------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.sampled_from([0, 1, 7, 1000, BLOCK - 1, BLOCK, BLOCK + 3, 2 * BLOCK + 1]), min_size=1, max_size=5)
)
def test_parameters_of_any_size_are_all_changed_once(sizes):
    params = [nn.Parameter(np.full(n, 5.0, np.float32)) for n in sizes]
    for p in params:
        p.grad = np.ones(p.shape, np.float32)
    optim.SGD(params, lr=1.0).step()
    for p in params:
        assert (p.data == 4.0).all()


def test_parameters_without_a_gradient_wait_and_count_their_own_steps():
    def after(pattern):
        p, q = nn.Parameter([1.0, 2.0]), nn.Parameter([3.0])
        optimizer = optim.Adam([p, q], lr=0.1)
        for both in pattern:
            optimizer.zero_grad()
            p.grad = [1.0, -1.0]
            if both:
                q.grad = [0.5]
            optimizer.step()
        return p, q, optimizer

    p, q, optimizer = after([True, False, False, True])
    plain_p, _, _ = after([True, True, True, True])
    _, plain_q, _ = after([True, True])
    np.testing.assert_array_equal(p.data, plain_p.data)
    np.testing.assert_array_equal(q.data, plain_q.data)
    assert optimizer.state_dict()["state"][1]["step"] == 2


def test_single_numbers_and_plain_tensors_can_be_optimised():
    x, y = ag.Tensor(-7.0, requires_grad=True), ag.Tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([x, y], lr=0.1)
    quadratic(x, y).sum().backward()
    optimizer.step()
    np.testing.assert_allclose([x.item(), y.item()], [-6.93, 1.6])


@pytest.mark.parametrize("orders", ["CC", "FC", "FF", "FCF", "CFFC"])
def test_how_parameters_and_gradients_lie_in_memory_makes_no_difference(orders):
    rng = np.random.default_rng(0)
    values, slopes = rng.standard_normal((3, 5)), rng.standard_normal((len(orders), 3, 5))
    plain, w = nn.Parameter(values), nn.Parameter(np.array(values, order=orders[0]))
    optimizers = optim.Adam([plain], lr=0.1), optim.Adam([w], lr=0.1)
    for order, slope in zip(orders, slopes, strict=True):
        if w.order != order:
            w.become(np.array(w.data, order=order))
            optimizers[1].load_state_dict(optimizers[1].state_dict())
        plain.grad, w.grad = ag.Tensor(slope), ag.Tensor(np.array(slope, order="F"), copy=False)
        for optimizer in optimizers:
            optimizer.step()
        assert np.array_equal(w.data, plain.data)
    first, second = (optimizer.state_dict()["state"][0] for optimizer in optimizers)
    assert np.array_equal(first["exp_avg"], second["exp_avg"])


def test_a_parameter_that_comes_to_lie_otherwise_goes_on():
    w = nn.Parameter(np.ones((3, 5), order="F"))
    optimizer = optim.SGD([w], lr=1.0, momentum=0.5)
    for _ in range(2):
        w.grad = np.arange(15.0).reshape(3, 5)
        optimizer.step()
        w.become(np.array(w.data, order="C"))
    assert np.array_equal(w.data, 1 - 2.5 * np.arange(15.0).reshape(3, 5))


def test_gradients_are_left_alone_and_float32_stays():
    for kind, _, settings in CASES:
        w = nn.Parameter(np.ones(3, np.float32))
        w.grad = np.full(3, 2.0)
        optimizer = kind([w], lr=np.float64(0.1), **settings)
        optimizer.step()
        assert w.grad.tolist() == [2.0] * 3
        assert w.dtype == np.float32
        kept = optimizer.state_dict()["state"][0]
        assert {v.dtype for k, v in kept.items() if k != "step"} <= {np.dtype(np.float32)}


@given(
    case=st.sampled_from(CASES),
    lr=st.floats(1e-4, 0.1),
    number=st.sampled_from([np.float64, np.float32, np.array]),
    later=st.booleans(),
)
def test_options_of_numpy_are_the_numbers_that_they_hold(case, lr, number, later):
    def result(lr, settings):
        w = nn.Parameter(np.linspace(-1, 1, 9, dtype=np.float32))
        optimizer = case[0]([w], lr=1.0 if later else lr, **settings)
        if later:
            optimizer.param_groups[0]["lr"] = lr
        for t in range(3):
            w.grad = np.sin(np.arange(9) + t).astype(np.float32)
            optimizer.step()
        return w.data, optimizer.state_dict()["param_groups"]

    def in_numpy(value):
        if isinstance(value, tuple):
            return tuple(map(in_numpy, value))
        return np.float64(value) if type(value) is float else value

    lr = number(lr)
    weights, groups = result(lr, {name: in_numpy(value) for name, value in case[2].items()})
    expected, plain = result(lr.item(), case[2])
    np.testing.assert_array_equal(weights, expected)
    assert repr(groups) == repr(plain)


def test_gradients_that_are_not_there_are_not_made_zero():
    used, unused = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.SGD([used, unused], lr=1.0, weight_decay=0.5)
    used.grad = [3.0]
    optimizer.zero_grad(set_to_none=False)
    assert used.grad.tolist() == [0.0]
    assert unused.grad is None
    optimizer.step()
    assert (used.item(), unused.item()) == (0.5, 1.0)


def test_a_graph_from_before_the_step_is_stale():
    w = nn.Parameter([1.0, 2.0])
    loss = (w * w).sum()
    w.grad = [1.0, 1.0]
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(ag.GradError, match="changed in place"):
        loss.backward()


# -- Options ----------------------------------------------------------------------------------------------------------


def stepped(kind, **settings):
    w = nn.Parameter(np.array([2.0, -3.0]))
    w.grad = [0.5, 0.25]
    kind([w], lr=0.1, **settings).step()
    return w.data


def test_weight_decay_and_l1_add_to_the_gradient_what_the_penalty_would():
    w = nn.Parameter(np.array([2.0, -3.0]))
    (optim.penalty([w], l1=0.3, l2=0.2) + (w * np.array([0.5, 0.25])).sum()).backward()
    optim.SGD([w], lr=0.1).step()
    np.testing.assert_allclose(stepped(optim.SGD, weight_decay=0.2, l1=0.3), w.data)
    np.testing.assert_allclose(w.data, [2 - 0.1 * (0.5 + 0.4 + 0.3), -3 - 0.1 * (0.25 - 0.6 - 0.3)])


def test_decoupled_decay_shrinks_the_weights_themselves():
    np.testing.assert_allclose(stepped(optim.AdamW, weight_decay=0.5), np.array([2.0, -3.0]) * 0.95 - 0.1, rtol=1e-6)


def test_maximize_climbs():
    np.testing.assert_allclose(stepped(optim.SGD, maximize=True), [2.05, -2.975])


def test_groups_have_options_of_their_own():
    slow, fast = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.SGD([{"params": [slow], "lr": 0.1}, {"params": fast}], lr=0.5)
    slow.grad, fast.grad = [1.0], [1.0]
    optimizer.step()
    np.testing.assert_allclose([slow.item(), fast.item()], [0.9, 0.5], rtol=1e-6)
    optimizer.param_groups[1]["lr"] = 0.25
    optimizer.step()
    np.testing.assert_allclose(fast.item(), 0.25)
    assert "group 1: 1 parameters, weight_decay=0.0" in repr(optimizer)


def plateau_after_step(w):
    optimizer = optim.SGD([w])
    return optim.SequentialLR(optimizer, [optim.StepLR(optimizer, 1), optim.ReduceLROnPlateau(optimizer)], [1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: optim.SGD([], lr=0.1), "empty"),
        (lambda w: optim.SGD([w], lr=-0.1), "lr must be 0 or more, not -0.1"),
        (lambda w: optim.SGD([w], lr=float("nan")), "lr must be 0 or more, not nan"),
        (lambda w: optim.SGD([w], lr="a"), "lr must be a number, not 'a'"),
        (lambda w: optim.SGD([w], 0.1, 0.9, True), "dampening must be a number, not True"),
        (lambda w: optim.SGD([w], momentum=0.9, dampening=-1), "dampening must be 0 or more, not -1"),
        (lambda w: optim.NAdam([w], momentum_decay=-1e-3), "momentum_decay must be 0 or more"),
        (lambda w: optim.RMSprop([w], alpha=1.0), r"alpha must be in \[0, 1\), not 1.0"),
        (lambda w: optim.Adadelta([w], rho=-0.1), r"rho must be in \[0, 1\), not -0.1"),
        (lambda w: optim.Adam([w], betas=(0.9, 1.0)), "betas"),
        (lambda w: optim.Adam([w], betas=0.9), "betas must be two numbers, not 0.9"),
        (lambda w: optim.NAdam([w], betas=(0.9,)), r"betas must be two numbers, not \(0.9,\)"),
        (lambda w: optim.AdamW([w], betas=(0.9, None)), "betas must be a number, not None"),
        (lambda w: optim.Adam([{"params": [w], "betas": 0.9}]), "betas must be two numbers"),
        (lambda w: optim.SGD([w, w], lr=0.1), "two places"),
        (lambda w: optim.SGD([w * 2], lr=0.1), "only leaves"),
        (lambda w: optim.SGD(nn.Linear(2, 2), lr=0.1), r"model\.parameters\(\)"),
        (lambda w: optim.SGD([np.ones(2)], lr=0.1), "not ndarray"),
        (lambda w: optim.SGD([w], lr=0.1, nesterov=True), "needs momentum"),
        (lambda w: optim.SGD([{"params": [w], "beta": 1}], lr=0.1), "no option beta"),
        (lambda w: optim.LBFGS([w], line_search_fn="best"), "strong_wolfe"),
        (lambda w: optim.LBFGS([w]).step(), "closure"),
        (lambda w: optim.StepLR(optim.SGD([w]), 0), "step_size must be at least 1"),
        (lambda w: optim.OneCycleLR(optim.Adagrad([w]), 0.1, 10), "no momentum"),
        (lambda w: optim.OneCycleLR(optim.Adam([w]), 0.1, 10, pct_start=30), "pct_start must lie between 0 and 1"),
        (lambda w: optim.SequentialLR(optim.SGD([w]), [], [1]), "milestone"),
        (lambda w: plateau_after_step(w), "this ReduceLROnPlateau is none"),
        (lambda w: optim.SequentialLR(optim.SGD([w]), [optim.StepLR(optim.SGD([w]), 1)], []), "of its own optimiser"),
        (lambda w: optim.clip_grad_norm_([w], -1.0), "max_norm"),
        (lambda w: optim.ExponentialMovingAverage(nn.Linear(1, 1), 1.0), "decay"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message):
    with pytest.raises(nn.SettingError, match=message):
        make(nn.Parameter([1.0, 2.0]))


def test_states_that_do_not_fit_are_refused_and_nothing_is_loaded():
    w = nn.Parameter([1.0, 2.0])
    w.grad = [1.0, 1.0]
    optimizer = optim.Adam([w])
    optimizer.step()
    before = optimizer.state_dict()
    other = nn.Parameter(np.zeros((3, 3)))
    other.grad = np.ones((3, 3))
    wrong = optim.Adam([other], lr=0.7)
    wrong.step()
    for state, message in (
        (wrong.state_dict(), r"exp_avg of parameter 0 should have shape \(2,\) but has \(3, 3\)"),
        (optim.SGD([nn.Parameter([1.0]), nn.Parameter([2.0])]).state_dict(), r"groups of \[2\] parameters"),
        ({"state": {0: {"step": 1}}, "param_groups": before["param_groups"]}, "exp_avg is missing"),
        ({"weights": 3}, "no state of an optimiser"),
    ):
        with pytest.raises(nn.StateError, match=message):
            optimizer.load_state_dict(state)
        np.testing.assert_equal(optimizer.state_dict(), before)


def test_a_model_converted_after_the_first_step_needs_a_new_optimiser():
    model = nn.Linear(2, 2)
    optimizer = optim.Adam(model.parameters())
    for convert in (False, True):
        if convert:
            model.double()
        model(np.ones((1, 2))).sum().backward()
        if convert:
            with pytest.raises(nn.StateError, match="Make a new optimiser"):
                optimizer.step()
        else:
            optimizer.step()


# -- LBFGS ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_least_squares_solution(search):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((20, 4)), rng.standard_normal(20)
    w = nn.Parameter(np.zeros(4))
    optimizer = optim.LBFGS([w], lr=0.5 if search is None else 1.0, max_iter=100, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = ((a @ w - b) ** 2).sum()
        loss.backward()
        return loss

    first = optimizer.step(closure)
    np.testing.assert_allclose(first.item(), (b**2).sum())
    np.testing.assert_allclose(w.data, np.linalg.lstsq(a, b)[0], atol=1e-4)


def test_lbfgs_goes_on_from_a_saved_state():
    def run(parts):
        x = nn.Parameter(np.array([-1.5, 2.0]))
        optimizer = optim.LBFGS([x], lr=0.1, max_iter=3)
        for _ in range(parts[0]):
            optimizer.step(lambda: closure(x, optimizer))
        if parts[1]:
            state, values = optimizer.state_dict(), x.data.copy()
            x = nn.Parameter(values)
            optimizer = optim.LBFGS([x], lr=0.1, max_iter=3)
            optimizer.load_state_dict(state)
            for _ in range(parts[1]):
                optimizer.step(lambda: closure(x, optimizer))
        return x.data

    def closure(x, optimizer):
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    np.testing.assert_array_equal(run((6, 0)), run((3, 3)))


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("limit", range(1, 8))
def test_lbfgs_begins_no_step_once_the_closure_was_called_max_eval_times(search, limit):
    calls = []
    x = nn.Parameter(np.array([-1.5, 2.0]))
    optimizer = optim.LBFGS([x], lr=1.0, max_iter=50, max_eval=limit, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        calls.append((x.tolist(), loss.item()))
        return loss

    optimizer.step(closure)
    if search is None:
        assert len(calls) == max(limit, 2)  # at the start, and after each step
    else:
        assert limit <= len(calls) <= limit + 25


@pytest.mark.parametrize("size", range(4))
def test_lbfgs_remembers_no_more_steps_than_it_was_told(size):
    x = nn.Parameter(np.array([-1.5, 2.0, 0.5]))
    optimizer = optim.LBFGS([x], lr=0.1, max_iter=8, history_size=size)

    def closure():
        optimizer.zero_grad()
        loss = (x**4).sum() + (x[0] - x[1] * x[2]) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert len(optimizer.state_dict()["state"]["steps"]) == size


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_says_that_its_closure_forgot_to_return_the_loss(search):
    x = nn.Parameter(np.array([-1.5, 2.0]))
    with pytest.raises(nn.SettingError, match="must return the loss"):
        optim.LBFGS([x], line_search_fn=search).step(lambda: (x**2).sum().backward())


# -- Schedules --------------------------------------------------------------------------------------------------------


def rates(make, steps, **settings):
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.5, **settings)
    schedule, seen = make(optimizer), []
    for _ in range(steps):
        seen.append(schedule.get_last_lr()[0])
        schedule.step()
    return seen


def test_schedules_follow_their_formulas():
    np.testing.assert_allclose(rates(lambda o: optim.StepLR(o, 2, 0.1), 5), [0.5, 0.5, 0.05, 0.05, 0.005])
    np.testing.assert_allclose(rates(lambda o: optim.MultiStepLR(o, [3, 1], 0.1), 4), [0.5, 0.05, 0.05, 0.005])
    np.testing.assert_allclose(rates(lambda o: optim.ExponentialLR(o, 0.9), 3), [0.5, 0.45, 0.405])
    np.testing.assert_allclose(
        rates(lambda o: optim.CosineAnnealingLR(o, 4, 0.1), 5), 0.3 + 0.2 * np.cos(np.pi * np.arange(5) / 4)
    )
    np.testing.assert_allclose(
        rates(lambda o: optim.LinearLR(o, 0.2, total_iters=4), 6), [0.1, 0.2, 0.3, 0.4, 0.5, 0.5]
    )
    np.testing.assert_allclose(rates(lambda o: optim.LambdaLR(o, lambda t: 1 / (1 + t)), 3), [0.5, 0.25, 0.5 / 3])
    warm_then_cool = rates(
        lambda o: optim.SequentialLR(o, [optim.LinearLR(o, 0.5, total_iters=2), optim.StepLR(o, 1, 0.1)], [2]), 4
    )
    np.testing.assert_allclose(warm_then_cool, [0.25, 0.375, 0.5, 0.05])


SCHEDULES = [
    lambda o: optim.LambdaLR(o, lambda t: 1 / (1 + t)),
    lambda o: optim.LambdaLR(o, [lambda t: 0.5**t, lambda t: 2.0**t]),
    lambda o: optim.StepLR(o, 2),
    lambda o: optim.MultiStepLR(o, [1, 4]),
    lambda o: optim.CosineAnnealingLR(o, 7),
    lambda o: optim.LinearLR(o, 0.2, total_iters=4),
    lambda o: optim.OneCycleLR(o, 1.0, total_steps=9),
    lambda o: optim.SequentialLR(o, [optim.LinearLR(o), optim.ExponentialLR(o, 0.5)], [2]),
]


@given(
    st.sampled_from(SCHEDULES), st.sampled_from(SCHEDULES), st.integers(1, 5), st.sampled_from([optim.SGD, optim.Adam])
)
def test_one_schedule_after_the_other_does_what_each_does_alone(first, second, milestone, kind):
    def groups():
        return kind([{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.25}], lr=0.5)

    def seen(optimizer, schedule, steps):
        for number in range(steps):
            if number:
                schedule.step()
            yield [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]

    def alone(make, steps):
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        return list(seen(optimizer, make(optimizer), steps))

    optimizer = groups()
    schedule = optim.SequentialLR(optimizer, [first(optimizer), second(optimizer)], [milestone])
    together = list(seen(optimizer, schedule, milestone + 4))
    optimizer = groups()
    second(optimizer)  # which may set momentum when it is made, as it did above
    assert together == alone(first, milestone) + alone(second, 4)


def test_a_group_that_is_added_later_joins_the_schedule_with_its_own_rate():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.5)
    schedule = optim.StepLR(optimizer, step_size=2, gamma=0.1)
    schedule.step()
    optimizer.add_param_group({"params": [nn.Parameter([1.0])], "lr": 0.2})
    assert schedule.get_last_lr() == [0.5, 0.2]
    schedule.step()
    np.testing.assert_allclose(schedule.get_last_lr(), [0.05, 0.02])
    again = optim.SGD([{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])]}], lr=1.0)
    resumed = optim.StepLR(again, step_size=2, gamma=0.1)
    resumed.load_state_dict(schedule.state_dict())
    assert resumed.get_last_lr() == schedule.get_last_lr()
    each = optim.LambdaLR(optim.SGD([nn.Parameter([1.0])], lr=0.5), [lambda t: 1.0])
    each.optimizer.add_param_group({"params": [nn.Parameter([1.0])]})
    with pytest.raises(nn.SettingError, match="LambdaLR: 1 functions for 2 groups"):
        each.step()
    assert each.last_epoch == 0


@pytest.mark.parametrize("shape", ["cos", "linear"])
def test_one_cycle_goes_up_and_down_and_momentum_the_other_way(shape):
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.5, momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=101, anneal_strategy=shape)
    seen = []
    for _ in range(100):
        group = optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
        schedule.step()
    lr, momentum = np.array(seen).T
    top = lr.argmax()
    np.testing.assert_allclose((lr[0], momentum[0], schedule.get_last_lr()[0]), (0.04, 0.95, 4e-6))
    assert lr[top] > 0.99
    assert abs(momentum.argmin() - top) <= 1
    assert (np.diff(lr[:top]) > 0).all()
    assert (np.diff(lr[top:]) < 0).all()


def test_a_plateau_lowers_the_rate():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
    schedule = optim.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, min_lr=0.2)
    seen = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0):
        schedule.step(loss)
        seen.append(schedule.get_last_lr()[0])
    assert seen == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_schedules_go_on_from_a_saved_state():
    for make in (lambda o: optim.CosineAnnealingLR(o, 9), lambda o: optim.ReduceLROnPlateau(o, patience=0)):
        one, other = (optim.SGD([nn.Parameter([1.0])], lr=1.0) for _ in range(2))
        first, second = make(one), make(other)
        step = (lambda s: s.step(1.0)) if first.monitor else (lambda s: s.step())
        for _ in range(3):
            step(first)
        second.load_state_dict(first.state_dict())
        step(first)
        step(second)
        assert first.get_last_lr() == second.get_last_lr()
        with pytest.raises(nn.StateError):
            second.load_state_dict({})


# -- Clipping and averages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [1.0, 2.0, math.inf])
def test_gradients_are_scaled_to_a_common_norm_only_if_they_are_larger(norm_type):
    params = [nn.Parameter(np.zeros((2, 3))), nn.Parameter(np.zeros(4)), nn.Parameter([0.0])]
    grads = [np.random.default_rng(i).standard_normal(p.shape) for i, p in enumerate(params[:2])]
    for p, g in zip(params, grads, strict=False):
        p.grad = g
    flat = np.concatenate([g.ravel() for g in grads])
    norm = np.linalg.norm(flat, norm_type)
    np.testing.assert_allclose(optim.clip_grad_norm_(params, 100.0, norm_type), norm)
    np.testing.assert_array_equal(params[0].grad.data, grads[0])
    optim.clip_grad_norm_(params, 0.5, norm_type)
    np.testing.assert_allclose(params[1].grad.data, grads[1] * 0.5 / norm, rtol=1e-5)
    params[2].grad = [np.nan]
    with pytest.raises(ag.GradError, match="norm of the gradients is nan"):
        optim.clip_grad_norm_(params, 0.5, error_if_nonfinite=True)


def test_the_norm_of_half_precision_gradients_may_exceed_the_root_of_their_largest_number():
    w = nn.Parameter(np.zeros(4, np.float16))
    w.grad = np.full(4, 200.0, np.float16)
    assert optim.clip_grad_norm_(w, 1.0) == 400.0
    np.testing.assert_allclose(w.grad.data, 0.5, rtol=1e-3)


def test_gradients_are_clipped_by_value():
    w = nn.Parameter([0.0, 0.0, 0.0])
    w.grad = [-3.0, 0.5, 2.0]
    optim.clip_grad_value_(w, 1.0)
    assert w.grad.tolist() == [-1.0, 0.5, 1.0]


def test_an_average_follows_the_weights_and_can_be_applied_and_resumed():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(model[0].weight, 1.0)
    average = optim.ExponentialMovingAverage(model, decay=0.75)
    nn.init.constant_(model[0].weight, 5.0)
    model(np.array([[1.0], [2.0]], np.float32))
    average.update()
    with average.applied():
        assert model[0].weight.item() == 2.0
        assert model[1].num_batches_tracked.item() == 1
    assert model[0].weight.item() == 5.0
    again = optim.ExponentialMovingAverage(model, decay=0.75)
    again.load_state_dict(average.state_dict())
    again.update()
    with again.applied():
        assert model[0].weight.item() == 2.75


def test_the_average_of_a_lazy_weight_begins_with_its_first_values():
    model = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 1))
    average = optim.ExponentialMovingAverage(model, decay=0.5)
    before = model[1].weight.data.copy()
    model(np.ones((1, 3), np.float32))
    nn.init.constant_(model[0].weight, 1.0)
    nn.init.constant_(model[1].weight, 1.0)
    average.update()
    with average.applied():
        assert model[0].weight.tolist() == [[1.0] * 3] * 2
        np.testing.assert_allclose(model[1].weight.data, (before + 1) / 2, rtol=1e-6)


def test_a_one_cycle_schedule_may_be_stepped_after_every_update_of_the_run_and_no_further():
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.1, momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, max_lr=1.0, total_steps=5)
    for _ in range(5):
        schedule.step()
    with pytest.raises(nn.SettingError, match="made for 5 steps"):
        schedule.step()


@pytest.mark.parametrize("shape", ["cos", "linear"])
@pytest.mark.parametrize("pct_start", [0.3, 1.0])
def test_a_one_cycle_schedule_stays_where_it_ended_after_the_last_update(shape, pct_start):
    optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.1, momentum=0.9)
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=10, pct_start=pct_start, anneal_strategy=shape)
    for _ in range(9):
        schedule.step()
    group = dict(optimizer.param_groups[0])
    np.testing.assert_allclose(group["lr"], 1.0 if pct_start == 1 else 4e-6)
    schedule.step()
    assert optimizer.param_groups[0] == group
