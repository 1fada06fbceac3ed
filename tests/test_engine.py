"""The backward engine: what lives and for how long, ownership, depth, switches, updates in place, hooks, errors."""

import gc
import os
import signal
import threading
import weakref

import numpy as np
import pytest

from autograd_lite import Function, Tensor, enable_grad, grad, is_grad_enabled, no_grad, note_update
from autograd_lite.errors import DTypeError, GradError, ShapeError


def leaf(*shape, dtype=np.float64):
    return Tensor(np.ones(shape, dtype), requires_grad=True)


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- Simple graphs ----------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_square_of_a_sum_is_twice_the_sum():
    x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    t = x + y
    z = t**2
    z.backward()
    assert (z.item(), x.grad.item(), y.grad.item()) == (25, 10, 10)


def test_the_books_shopping_trip_costs_715_with_its_gradients():
    apple, apples = Tensor(100.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    orange, oranges = Tensor(150.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    tax = Tensor(1.1, requires_grad=True)
    price = (apple * apples + orange * oranges) * tax
    price.backward()
    assert price.item() == pytest.approx(715)
    found = [t.grad.item() for t in (apple, apples, orange, oranges, tax)]
    assert found == pytest.approx([2.2, 110, 3.3, 165, 650])


def test_the_books_apples_alone_cost_220_with_its_gradients():
    apple, apples, tax = (Tensor(v, requires_grad=True) for v in (100.0, 2.0, 1.1))
    price = apple * apples * tax
    price.retain_grad()
    price.backward()
    assert price.item() == pytest.approx(220)
    assert [t.grad.item() for t in (price, apples, apple, tax)] == pytest.approx([1, 110, 2.2, 200])


def test_gradients_accumulate_over_calls():
    x = leaf(3)
    for _ in range(3):
        (x * 2.0).sum().backward()
    assert x.grad.tolist() == [6, 6, 6]


def test_several_paths_and_the_same_tensor_twice_add_up():
    x = Tensor(3.0, requires_grad=True)
    h = x * x
    (h * x + h).backward()
    assert x.grad.item() == 3 * 9 + 6


# -- What lives, and for how long -------------------------------------------------------------------------------------


def alive_after(make):
    """Which arrays survive when only the last tensor is kept."""
    tensors = make(leaf(3))
    alive = [weakref.ref(t._data) for t in tensors[:-1]]
    last = tensors.pop()
    del tensors
    return [r() is not None for r in alive], last


@pytest.mark.usefixtures("no_collector")
def test_arrays_that_no_rule_kept_die_at_once_and_the_others_live():
    assert alive_after(lambda x: [y := x * 2.0, z := y + x, z - x])[0] == [False, False]
    assert alive_after(lambda x: [y := x * 2.0, y.exp()])[0] == [False]
    assert alive_after(lambda x: [y := x * 2.0, y * x])[0] == [True]
    assert alive_after(lambda x: [y := x * 2.0, y * np.ones(3)])[0] == [False]


@pytest.mark.usefixtures("no_collector")
def test_backward_frees_as_it_goes():
    x = leaf(3)
    y = x.exp()
    kept, z = weakref.ref(y._data), (y * y).sum()
    del y
    assert kept() is not None
    z.backward()
    assert kept() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_holds_no_reference_cycles(create_graph):
    x = leaf(3)
    y = (x.exp() * x).max()
    y.backward(create_graph=create_graph)
    x.grad = None
    del x, y
    x = leaf(3)
    z = (x.exp() * x).sum()
    z.retain_grad()
    del x, z
    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_training_steps_leave_memory_flat_without_the_collector():
    w = leaf(4, 3)
    x = np.ones((5, 4))

    def step():
        w.grad = None
        ((x @ w).tanh() ** 2).sum().backward()
        with no_grad():
            w.data = w.numpy() - 1e-3 * w.grad.numpy()

    def objects():
        return len(gc.get_objects())

    step()
    before = objects()
    for _ in range(50):
        step()
    assert objects() <= before + 5


# -- Ownership --------------------------------------------------------------------------------------------------------


def test_a_leafs_gradient_is_its_own_and_writable():
    a, b = leaf(3), leaf(3)
    start = np.ones(3)
    (a + b).backward(start)
    arrays = [a.grad._data, b.grad._data, start]
    assert not any(np.shares_memory(p, q) for i, p in enumerate(arrays) for q in arrays[:i])
    a.grad[0] = 7
    assert b.grad.tolist() == [1, 1, 1]
    assert start.tolist() == [1, 1, 1]


def test_the_gradient_of_a_sum_is_writable_and_not_a_broadcast_view():
    a = leaf(2, 3)
    a.sum().backward()
    assert a.grad._data.flags.writeable
    a.grad *= 2.0
    assert a.grad.tolist() == [[2] * 3] * 2


def test_a_gradient_kept_by_the_caller_does_not_change_when_more_arrives():
    x = leaf(3)
    x.sum().backward()
    first = x.grad
    x.sum().backward()
    assert first.tolist() == [1, 1, 1]
    assert x.grad.tolist() == [2, 2, 2]


def test_gradients_given_by_grad_share_no_memory():
    a, b = leaf(3), leaf(3)
    one, two = grad((a + b).sum(), [a, b])
    assert not np.shares_memory(one._data, two._data)


def test_a_leaf_collects_in_its_own_dtype_whatever_the_graph_computes_in():
    x = leaf(3, dtype=np.float32)
    (x * np.arange(3.0)).sum().backward()
    assert x.grad.dtype == np.float32
    (g,) = grad((x * np.arange(3.0)).sum(), x)
    assert g.dtype == np.float32
    y = (x * 2.0).exp() / 3 - 1
    assert y.dtype == np.float32


# -- Depth and width --------------------------------------------------------------------------------------------------


def test_a_chain_of_a_million_runs_backward_and_can_be_dropped():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 1_000_001
    for _ in range(1_000_000):
        y = y + x
    del y


def test_a_fan_in_of_a_hundred_thousand_adds_up_at_a_leaf_and_inside():
    x = leaf(2)
    h = x * 1.0
    y = h + x
    for _ in range(100_000):
        y = y + h + x
    y.sum().backward()
    assert (x.grad.numpy() == 200_002).all()


def test_a_thousand_doublings_take_a_thousand_steps():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1000):
        y = y + y
    (g,) = grad(y, x, retain_graph=True)
    y.backward()
    assert x.grad.item() == g.item() == 2.0**1000


# -- Switches ---------------------------------------------------------------------------------------------------------


def test_no_grad_belongs_to_one_thread_and_is_restored_on_exceptions():
    x = leaf(2)
    inside, leave, seen = threading.Event(), threading.Event(), []

    def other_thread():
        with no_grad():
            inside.set()
            leave.wait()
            seen.append((x * x).requires_grad)

    thread = threading.Thread(target=other_thread)
    thread.start()
    inside.wait()
    seen.append((x * x).requires_grad)
    leave.set()
    thread.join()
    assert seen == [True, False]
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).requires_grad


def test_enable_grad_records_within_no_grad():
    x = leaf(2)
    with no_grad():
        assert not is_grad_enabled()
        with enable_grad():
            assert is_grad_enabled()
            assert (x * x).requires_grad
        assert not (x * x).requires_grad


def test_no_grad_decorates_functions():
    @no_grad()
    def f(x):
        return x * x

    assert not f(leaf(2)).requires_grad


def test_a_generator_does_not_record_where_it_is_decorated_and_its_caller_does():
    @no_grad()
    def doubles(x):
        total = 0.0
        try:
            while True:
                sent = yield x * 2
                total += sent
        except ValueError:
            yield total * x
        finally:
            closed.append(is_grad_enabled())
        return "end"

    x, closed = leaf(), []
    steps = doubles(x)
    assert not next(steps).requires_grad
    assert (x * 2).requires_grad
    assert not steps.send(5.0).requires_grad
    assert steps.throw(ValueError()).item() == 5
    with pytest.raises(StopIteration, match="end"):
        next(steps)
    steps = doubles(x)
    next(steps)
    steps.close()
    assert closed == [False, False]
    assert is_grad_enabled()


def test_one_no_grad_serves_two_threads_at_a_time():
    silence, inside, leave, seen = no_grad(), threading.Event(), threading.Event(), []

    def other_thread():
        with no_grad():
            with silence:
                inside.set()
                leave.wait(20)
            seen.append(is_grad_enabled())

    thread = threading.Thread(target=other_thread)
    with silence:
        thread.start()
        inside.wait(20)
    seen.append(is_grad_enabled())
    leave.set()
    thread.join()
    assert seen == [True, False]


def test_two_threads_may_run_backward_into_the_same_leaf():
    x = leaf(50)

    def work():
        for _ in range(200):
            (x * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (x.grad.numpy() == 800).all()


# -- Freed graphs -----------------------------------------------------------------------------------------------------


def test_a_second_backward_says_which_call_freed_the_graph_and_what_to_do():
    x = leaf(3)
    z = (x * x).sum()
    z.backward()
    with pytest.raises(GradError) as caught:
        z.backward()
    text = str(caught.value)
    assert "test_a_second_backward_says" in text
    assert "test_engine.py" in text
    assert "retain_graph=True" in text


def test_a_graph_that_shares_a_freed_part_is_refused_and_nothing_is_collected():
    x, w = leaf(3), leaf(3)
    h = x * x
    h.sum().backward()
    x.grad = None
    with pytest.raises(GradError, match="freed"):
        (h * w).sum().backward()
    assert w.grad is None
    assert x.grad is None


def test_a_retained_graph_can_be_used_again():
    x = leaf(3)
    z = (x * x).sum()
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad.tolist() == [4, 4, 4]


# -- Updates in place -------------------------------------------------------------------------------------------------


def test_a_kept_value_that_changed_in_place_is_an_error_also_behind_a_view():
    w = leaf(2, 2)
    y = (w.T @ np.ones((2, 2))).sum()
    z = (w.T * w).sum()
    with no_grad():
        w -= 0.5
    y.backward()  # nobody kept w for this
    with pytest.raises(GradError, match=r"Mul.*\(2, 2\).*changed in place"):
        z.backward()
    w.grad = None
    (w.T * w).sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1]]


def test_memory_that_a_program_changes_by_itself_counts_once_it_says_so():
    memory = [np.ones(3), np.ones(3), np.ones(3)]
    x, y, z = (Tensor(array, requires_grad=True, copy=False) for array in memory)
    squares = [(t * t).sum() for t in (x, y, z)]
    for array in memory[:2]:
        array += 1
    note_update(*memory[:2])
    for square in squares[:2]:
        with pytest.raises(GradError, match="changed in place"):
            square.backward()
    squares[2].backward()
    assert z.grad.tolist() == [2, 2, 2]


def test_a_gradient_that_is_a_view_is_copied_unless_nobody_else_has_its_memory():
    kept, made = np.ones((2, 3)), []

    class Kept(Function):
        def forward(self, a):
            return a * 1.0

        def grad_a(self, g):
            return kept.T

    class Made(Kept):
        def grad_a(self, g):
            fresh = np.ones((2, 3))
            made.append(weakref.ref(fresh))
            return fresh.T

    x, y = leaf(3, 2), leaf(3, 2)
    for rule, t in ((Kept(), x), (Made(), y)):
        rule(t).backward(np.ones((3, 2)))
    assert not np.shares_memory(x.grad.numpy(), kept)
    assert np.shares_memory(y.grad.numpy(), made[0]())


def test_changing_an_array_of_ones_own_after_it_was_used_changes_no_gradient():
    x, a = leaf(3), np.ones(3)
    y = (x * a).sum()
    z = (a * x).sum()
    a[:] = 100
    (y + z).backward()
    assert x.grad.tolist() == [2, 2, 2]
    data = np.ones(3)
    t = Tensor(data)
    data[:] = 5
    assert t.tolist() == [1, 1, 1]


def test_values_handed_out_are_read_only():
    x = leaf(3)
    for array in (x.data, x.numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2


def test_updating_a_leaf_while_recording_is_refused():
    for update in (lambda w: w.__iadd__(1.0), lambda w: w.__setitem__(0, 1.0)):
        w = leaf(3)
        with pytest.raises(GradError, match="no_grad"):
            update(w)
        assert w.tolist() == [1, 1, 1]


def test_an_update_in_place_of_an_interior_tensor_is_recorded_and_seen_by_all_names():
    x = leaf(3)
    y = x * 2.0
    alias = y
    y += x
    y *= y
    assert alias is y
    y.sum().backward()
    assert x.grad.tolist() == [18, 18, 18]


def test_sgd_under_no_grad_updates_the_same_memory():
    w = leaf(3)
    memory = w._data
    w.sum().backward()
    with no_grad():
        w -= 0.1 * w.grad
    assert w._data is memory
    assert w.tolist() == pytest.approx([0.9] * 3)
    assert w.is_leaf
    assert w.requires_grad


def test_a_scalar_leaf_can_be_updated_in_place():
    w = Tensor(np.float32(2), requires_grad=True)
    (w * w).backward()
    with no_grad():
        w -= 0.25 * w.grad
    assert w.item() == 1
    assert w.dtype == np.float32
    w.grad *= 0.5
    assert w.grad.item() == 2


# -- grad -------------------------------------------------------------------------------------------------------------


def test_grad_touches_no_leaf_and_computes_only_what_lies_between():
    x, w = leaf(3), leaf(3)
    h = x * w
    y = (h * h).sum()
    calls = []
    w.register_hook(calls.append)
    (g,) = grad(y, x)
    assert g.tolist() == [2, 2, 2]
    assert x.grad is None
    assert w.grad is None
    assert calls == []


def test_backward_may_go_on_from_where_grad_ended():
    x = leaf(2)
    h = x.exp()
    (slope,) = grad((h * h.sin()).sum(), h)
    h.backward(slope)
    same = leaf(2)
    (same.exp() * same.exp().sin()).sum().backward()
    np.testing.assert_allclose(x.grad.data, same.grad.data)
    with pytest.raises(GradError, match="freed"):
        h.backward(slope)


def test_grad_takes_interior_tensors_and_several_outputs():
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    a, b = h * 3.0, h.sum()
    gh, gx = grad([a, b], [h, x], [np.array([1.0, 10.0]), None])
    assert gh.tolist() == [4, 31]
    assert gx.tolist() == [8, 124]


def test_grad_of_a_leaf_with_respect_to_itself_is_the_cotangent():
    x = leaf(2)
    (g,) = grad(x, x, np.array([3.0, 4.0]))
    assert g.tolist() == [3, 4]


def test_grad_refuses_unused_inputs_unless_told_otherwise():
    x, other = leaf(3), leaf(2)
    with pytest.raises(GradError, match=r"\(2,\).*allow_unused"):
        grad((x * x).sum(), [x, other])
    g, nothing = grad((x * x).sum(), [x, other], allow_unused=True)
    assert nothing is None
    assert g.tolist() == [2, 2, 2]


def test_third_derivatives_come_from_three_grads():
    x = Tensor(2.0, requires_grad=True)
    (d1,) = grad(x**4, x, create_graph=True)
    (d2,) = grad(d1, x, create_graph=True)
    (d3,) = grad(d2, x)
    assert (d1.item(), d2.item(), d3.item()) == (32, 48, 48)


def test_create_graph_gives_the_same_gradient_as_without():
    rng = np.random.default_rng(0)
    x = Tensor(rng.standard_normal((3, 4)), requires_grad=True)
    y = (x @ x.T).exp().max(axis=1).sum()
    (plain,) = grad(y, x, retain_graph=True)
    (recorded,) = grad(y, x, create_graph=True)
    np.testing.assert_allclose(recorded.numpy(), plain.numpy(), rtol=1e-14)
    assert recorded.requires_grad
    assert not plain.requires_grad


# -- Hooks ------------------------------------------------------------------------------------------------------------


def test_hooks_see_whole_gradients_of_leaves_and_interior_tensors_and_can_replace_them():
    x = leaf(2)
    early = x * 1.0
    x.register_hook(lambda g: g * 10)
    h = x * 3.0
    h.register_hook(lambda g: g + 1)
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (h + h + x + early).sum().backward()
    assert x.grad.tolist() == [110, 110]
    assert seen == [[110, 110]]


def test_a_hook_can_be_removed():
    x = leaf(2)
    remove = x.register_hook(lambda g: g * 10)
    remove()
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()  # twice does no harm
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_a_hook_that_changes_the_shape_is_an_error():
    x = leaf(2)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(GradError, match=r"\(2,\)"):
        x.sum().backward()


def test_retain_grad_keeps_the_gradient_of_an_interior_tensor():
    x = leaf(3)
    h = x * 2.0
    assert h.grad is None
    h.retain_grad()
    h.retain_grad()
    (h * h).sum().backward()
    assert h.grad.tolist() == [4, 4, 4]


# -- Mistakes ---------------------------------------------------------------------------------------------------------


def test_backward_without_a_start_needs_a_single_number():
    x = leaf(3)
    with pytest.raises(GradError, match=r"\(3,\).*gradient"):
        (x * 2.0).backward()
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        (x * 2.0).backward(np.ones(2))
    assert x.grad is None


def test_backward_from_something_that_requires_no_gradient_is_an_error():
    with pytest.raises(GradError, match="requires_grad=True"):
        Tensor(1.0).backward()
    with pytest.raises(GradError, match="requires"):
        leaf().detach().backward()


@pytest.mark.parametrize("data", [[1, 2], True, np.ones(2, np.int8), np.ones(2, complex)])
def test_only_floating_point_data_can_require_gradients(data):
    with pytest.raises(DTypeError, match="floating point"):
        Tensor(data, requires_grad=True)


@pytest.mark.parametrize("data", ["text", [None], np.array([object()]), np.array(["a"]), {}])
def test_data_that_are_no_numbers_are_refused(data):
    with pytest.raises(DTypeError, match="numbers"):
        Tensor(data)


def test_a_failed_backward_leaves_the_rest_of_the_graph_usable():
    x = leaf(3)
    h = x * 2.0
    h.register_hook(lambda g: 1 / 0)
    y = h + x
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    x.grad = None
    (x * 3.0).sum().backward()
    assert x.grad.tolist() == [3, 3, 3]
    assert h.node.pending == 0


# -- Singular places --------------------------------------------------------------------------------------------------


def test_a_zero_cotangent_stays_zero_behind_where():
    x = Tensor([0.0, 4.0], requires_grad=True)
    with np.errstate(divide="ignore"):
        y = np.where(x.data > 0, x.log(), 0.0).sum() + np.where(x.data > 0, 1 / x, 0.0).sum()
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 1 / 4 - 1 / 16])
    x.grad = None
    with np.errstate(divide="ignore"):
        y = np.where(x.data > 0, x.log(), 0.0).sum()
    (g,) = grad(y, x, create_graph=True)
    (h,) = grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), [0, -1 / 16])


def test_backward_gives_infinite_slopes_without_warnings():
    x = Tensor([0.0], requires_grad=True)
    with np.errstate(divide="ignore"):
        y = x.log()
    y.sum().backward()
    assert x.grad.item() == np.inf


def test_grad_takes_the_cotangent_of_a_single_output_as_a_list_of_numbers_or_of_one_array():
    x = leaf(2)
    assert grad(x * 2.0, x, [1.0, 10.0])[0].tolist() == [2, 20]
    assert grad(x * 2.0, x, [np.array([1.0, 10.0])])[0].tolist() == [2, 20]


def test_a_nan_that_forward_made_in_the_branch_not_taken_stays_there():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = np.where(x.data > 0, x.sqrt().log(), 0.0)
        y.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), [0, 1 / 8])
        y = np.where(x.data > 0, x.sqrt().log(), 0.0)
    (slope,) = grad(y.sum(), x, create_graph=True)
    (bend,) = grad(slope.sum(), x)
    np.testing.assert_allclose(bend.numpy(), [0, -1 / 32])


def test_a_nan_with_a_cotangent_of_its_own_is_not_hidden():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = np.where(x.data < 9, x.sqrt(), 0.0)
    y.sum().backward()
    assert np.isnan(x.grad[0].item())
    assert x.grad[1].item() == 0.25


def test_many_parts_of_one_array_add_up_in_linear_time():
    x = leaf(100_000)
    y = x * 1.0
    total = y.sum()
    for i in range(20_000):  # with an array of zeros for each, this takes minutes
        total = total + y[i]
    total.backward()
    assert (x.grad.numpy()[:20_000] == 2).all()
    assert (x.grad.numpy()[20_000:] == 1).all()


def test_parts_do_not_write_into_a_cotangent_that_is_not_theirs():
    x, start = leaf(3), np.ones(3)
    y = x * 1.0
    whole = y + 0.0
    part = y[1:]
    z = whole + np.concatenate([part, part[:1]])
    z.backward(start)
    assert start.tolist() == [1, 1, 1]
    assert x.grad.tolist() == [1, 3, 2]


@pytest.mark.parametrize("watch", [lambda y: y.retain_grad(), lambda y: y.register_hook(lambda g: None)])
def test_what_was_freed_cannot_be_watched_any_more(watch):
    x = leaf(2)
    y = x * x
    y.sum().backward()
    with pytest.raises(GradError, match="freed"):
        watch(y)
    with pytest.raises(GradError, match="freed"):
        (y * 3).sum().backward()
    assert "graph freed" in repr(y)


def test_a_hook_may_start_a_pass_through_the_same_nodes():
    x = leaf()
    a = x * 2
    w, y, found = a * 5, a * 3, []
    y.register_hook(lambda g: found.extend(grad(w, x, retain_graph=True)))
    (y + w).backward(retain_graph=True)
    assert found[0].item() == 10
    assert x.grad.item() == 16


def test_a_pass_within_a_pass_that_frees_what_the_other_needs_is_an_error():
    x = leaf()
    a = x * 2
    w, y = a * 5, a * 3
    y.register_hook(lambda g: grad(w, x) and None)
    with pytest.raises(GradError, match="freed"):
        (y + w).backward()
    (x * 2).backward()
    assert x.grad.item() == 2


def test_a_pass_within_a_pass_may_meet_a_node_twice_below_another():
    x = leaf()
    a = x * 1
    y, w, square = a * 3, a * 7, a * a
    y.register_hook(lambda g: grad(square, a, retain_graph=True) and None)
    (y + w).backward()
    assert x.grad.item() == 10


@pytest.mark.parametrize("begins_at", ["another that is ready", "the hook's own"])
def test_a_pass_within_a_pass_that_frees_what_is_about_to_be_used_is_an_error(begins_at):
    def pass_within(g):
        handle.remove()
        nodes[begins_at].backward()

    w, x = leaf(), leaf()
    nodes = {"another that is ready": w.exp(), "the hook's own": x * 2}
    ready, y = nodes.values()
    handle = y.register_hook(pass_within)
    with pytest.raises(GradError, match="freed") as error:
        (ready + y).backward()
    assert error.value.__notes__ == ["In backward of Mul, whose output has shape ()."]
    for t in (w, x):
        t.grad = None
        (t * 5).backward()
        assert t.grad.item() == 5


def test_recorded_gradients_belong_to_their_leaves_alone():
    a, b, start = leaf(2), leaf(2), Tensor([1.0, 1.0])
    (a + b).backward(start, create_graph=True)
    found = grad(a + b, [a, b], start, create_graph=True)
    with no_grad():
        for gradient in (a.grad, *found):
            gradient *= 10.0
    assert b.grad.tolist() == start.tolist() == [1, 1]
    x = leaf(2)
    x.sum().backward(create_graph=True)
    with no_grad():
        x.grad *= 3.0
    assert x.grad.tolist() == [3, 3]


def test_a_start_or_a_replacement_of_another_dtype_becomes_the_tensors_own():
    x = leaf(2)
    (-x).backward(Tensor(np.array([1, 2], np.uint8)))
    assert x.grad.tolist() == [-1, -2]
    x.grad = None
    y = x.max()
    y.register_hook(lambda g: Tensor(1))
    y.backward()
    assert x.grad.tolist() == [0.5, 0.5]
    x.grad = Tensor([1, 2])
    assert x.grad.dtype == np.float64


def test_a_single_start_may_be_none():
    x = Tensor([3.0], requires_grad=True)
    assert grad(x * x, x, [None])[0].tolist() == [6]
    assert grad((x * x).sum(), x, [None])[0].tolist() == [6]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Needs fork.")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_process_does_not_wait_for_a_pass_of_its_parents_threads():
    def fork(g):
        worker = threading.Thread(target=lambda: children.append(child()))
        worker.start()
        worker.join(20)

    def child():
        pid = os.fork()
        if not pid:
            signal.alarm(10)  # the end, should it hang
            leaf().backward()
            os._exit(0)
        return os.waitpid(pid, 0)[1]

    children = []
    y = leaf() * 1.0
    y.register_hook(fork)
    y.backward()
    assert children == [0]
