"""``profile``: what a block took, by operation and by module."""

import gc
import itertools
import json
import threading
import time
import weakref

import numpy as np
import pytest

import autograd_lite as al
import nn
from autograd_lite import AutogradError, Function, Tensor, engine, graph, profiling

WATCHED = [*Tensor.__mro__[:-1], nn.Module, nn.Sequential, nn.optim.Optimizer, nn.optim.SGD, nn.optim.LBFGS, engine]


class Net(nn.Module):
    def __init__(self):
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(2 * 4 * 4, 3))

    def forward(self, x):
        return self.head(self.features(x))


def batch():
    return np.random.default_rng(0).normal(size=(5, 1, 6, 6)).astype(np.float32), np.arange(5) % 3


def train(steps=2):
    """A model after some steps of training, and their losses."""
    nn.manual_seed(0)
    model, loss_function = Net(), nn.CrossEntropyLoss()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    images, labels = batch()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def attributes():
    return [dict(vars(owner)) for owner in WATCHED]


def named(table):
    return {row.name: row for row in table.rows}


@pytest.fixture
def ticks(monkeypatch):
    """A clock that moves on by one second at every look, so that times can be counted."""
    seconds = itertools.count()
    monkeypatch.setattr(profiling, "perf_counter_ns", lambda: next(seconds) * 10**9)


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


# -- What is counted --------------------------------------------------------------------------------------------------


def test_calls_and_bytes_are_exact():
    x = leaf(1.0, 2.0, 3.0)
    with al.profile() as p:
        y = (x * 2.0 + x * x).reshape(3, 1)
        (np.exp(y) - 1.0).sum().backward()
    found = {name: (row.calls, row.bytes) for name, row in named(p).items()}
    assert found == {
        "Mul": (2, 48), "Add": (1, 24), "Reshape": (1, 24), "Exp": (1, 24), "Sub": (1, 24), "Sum": (1, 8),
        "other": (0, 0),
    }  # fmt: skip


def test_every_moment_is_counted_once():
    before = time.perf_counter()
    with al.profile() as p:
        train()
    wall = time.perf_counter() - before
    for table in (p.by_op(), p.by_module()):
        assert sum(row.seconds for row in table.rows) == pytest.approx(p.seconds)
        assert all(0 <= row.forward + row.backward <= row.seconds * (1 + 1e-9) for row in table.rows)
    assert 0 < p.seconds <= wall


def test_both_tables_have_the_same_forward_and_backward_times():
    with al.profile() as p:
        train()
    for column in ("forward", "backward", "bytes"):
        by_op, by_module = (sum(getattr(row, column) for row in table.rows) for table in (p.by_op(), p.by_module()))
        assert by_op == pytest.approx(by_module)


def test_the_clock_runs_forward_and_backward_on_what_is_at_work(ticks):
    x = leaf(1.0, 2.0)
    with al.profile() as p:  # starts; each operation looks at the clock twice, each node of backward once; stops
        y = (x * x).sum()
        y.backward()
    assert {name: (row.forward, row.backward) for name, row in named(p).items()} == {
        "Mul": (1, 1), "Sum": (1, 1), "other": (0, 0),
    }  # fmt: skip
    assert p.seconds == 8


def test_rules_of_users_are_counted_by_their_names():
    class Cube(Function):
        def forward(self, a):
            return a * a * a

        def grad_a(self, g, a):
            return g * 3 * a * a

    x = leaf(2.0)
    with al.profile() as p:
        Cube()(x).backward([1.0])
    assert set(named(p)) == {"Cube", "other"}
    assert named(p)["Cube"].calls == 1
    assert named(p)["Cube"].backward > 0


def test_gradients_of_gradients_are_operations_in_the_place_of_what_they_differentiate():
    layer = nn.Linear(2, 1, bias=False)
    x = leaf(1.0, 2.0)
    with al.profile() as p:
        (slope,) = al.grad((layer(x) ** 3).sum(), x, create_graph=True)
        slope.sum().backward()
    expected = 6 * (layer.weight.numpy() @ x.numpy()) * layer.weight.numpy().sum() * layer.weight.numpy()[0]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-5)
    rows = named(p)
    assert rows["Power"].calls >= 2
    assert rows["other"].backward == 0
    assert named(p.by_module())["layer Linear"].backward > 0


def test_inference_without_gradients_is_counted_too():
    model = Net()
    with al.profile() as p, al.no_grad():
        model(batch()[0])
    assert named(p)["Conv2d"].calls == 1
    rows = named(p.by_module())
    assert rows["features.0 Conv2d"].calls == 1
    assert not any(row.backward for row in rows.values())


def test_backward_of_what_was_computed_before_is_counted():
    x = leaf(1.0, 2.0)
    y = x * x
    with al.profile() as p:
        y.backward([1.0, 1.0])
    row = named(p)["Mul"]
    assert (row.calls, row.forward) == (0, 0)
    assert row.backward > 0
    assert named(p.by_module())["outside modules"].backward == row.backward


def test_operations_of_other_threads_are_not_counted():
    x = leaf(1.0)

    def work():
        nn.Linear(1, 1)(x).sum().backward()

    with al.profile() as p:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [row.name for row in p.rows] == ["other"]
    assert x.grad is not None


def test_an_operation_that_fails_is_no_call():
    with al.profile() as p:
        with pytest.raises(al.ShapeError):
            leaf(1.0, 2.0) + np.ones(3)
        with pytest.raises(TypeError):
            leaf(1.0) + "a"
        leaf(1.0) + 1.0
    assert named(p)["Add"].calls == 1


# -- Modules ----------------------------------------------------------------------------------------------------------


def test_modules_are_named_by_their_paths_and_classes():
    nn.manual_seed(0)
    model, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = nn.optim.Adam(model.parameters())
    images, labels = batch()
    with al.profile() as p:
        for _ in range(2):
            criterion(model(images), labels).backward()
            optimizer.step()
    rows = named(p.by_module())
    assert {name: row.calls for name, row in rows.items()} == {
        "model Net": 2, "features Sequential": 2, "features.0 Conv2d": 2, "features.1 ReLU": 2, "head Sequential": 2,
        "head.0 Flatten": 2, "head.1 Linear": 2, "criterion CrossEntropyLoss": 2, "optimizer Adam.step": 2, "other": 0,
    }  # fmt: skip
    assert rows["features.1 ReLU"].bytes == 2 * 5 * 2 * 4 * 4 * 4
    assert all(rows[name].backward > 0 for name in rows if rows[name].forward > 0)


def test_two_models_with_parts_are_told_apart():
    encoder, decoder = (nn.Sequential(nn.Linear(2, 2), nn.Tanh()) for _ in range(2))
    with al.profile() as p:
        decoder(encoder(np.ones((1, 2), np.float32)))
    assert {"encoder.0 Linear", "decoder.0 Linear", "encoder Sequential"} <= set(named(p.by_module()))


def test_a_module_that_no_variable_holds_goes_by_its_class():
    with al.profile() as p:
        nn.Sequential(nn.Tanh())(np.ones(2))
    assert set(named(p.by_module())) == {"Sequential", "0 Tanh", "other"}


def test_modules_that_are_made_anew_for_each_step_share_a_row():
    with al.profile() as p:
        for _ in range(3):
            nn.MSELoss()(np.ones(2), np.zeros(2))
    (row,) = [row for row in p.by_module().rows if row.name == "MSELoss"]
    assert row.calls == 3


def test_a_module_that_calls_itself_is_counted_each_time():
    class Countdown(nn.Module):
        def forward(self, x, n):
            return self(x + 1.0, n - 1) if n else x

    countdown = Countdown()
    with al.profile() as p:
        countdown(leaf(1.0), 3)
    assert named(p.by_module())["countdown Countdown"].calls == 4


def test_hooks_on_tensors_leave_backward_where_it_belongs():
    layer, seen = nn.Linear(2, 2), []
    with al.profile() as p:
        y = layer(np.ones((1, 2), np.float32))
        y.register_hook(lambda g: seen.append(g.shape))
        y.sum().backward()
    assert seen == [(1, 2)]
    assert named(p.by_module())["layer Linear"].backward == named(p)["Linear"].backward > 0


def test_a_step_that_calls_the_step_of_its_base_is_one_step():
    class Loud(nn.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    weight = nn.Parameter([1.0])
    loud = Loud([weight], lr=0.1)
    quasi = nn.optim.LBFGS([nn.Parameter([1.0])], max_iter=2)

    def closure():
        quasi.zero_grad()
        loss = (quasi.param_groups[0]["params"][0] ** 2).sum()
        loss.backward()
        return loss

    (weight * 2.0).sum().backward()
    with al.profile() as p:
        loud.step()
        quasi.step(closure)
    rows = named(p)
    assert (rows["Loud.step"].calls, rows["LBFGS.step"].calls) == (1, 1)
    assert (rows["Loud.step"].forward, rows["Loud.step"].backward) == (0, 0)
    assert rows["Loud.step"].seconds > 0
    assert named(p.by_module())["quasi LBFGS.step"].backward > 0


# -- Off is off -------------------------------------------------------------------------------------------------------


def test_closed_all_functions_are_the_originals():
    before = attributes()
    with al.profile():
        assert attributes() != before
    assert attributes() == before


def test_an_exception_closes_the_profile_and_leaves_what_was_seen():
    before, x = attributes(), leaf(1.0)

    def fail(profile):
        with profile as p:
            seen.append(p)
            x * 2.0
            raise ZeroDivisionError

    seen = []
    with pytest.raises(ZeroDivisionError):
        fail(al.profile())
    (p,) = seen
    assert attributes() == before
    assert named(p)["Mul"].calls == 1
    with al.profile() as again:
        x * 2.0
    assert named(again)["Mul"].calls == 1


def test_an_error_in_backward_stops_the_clock_of_backward():
    x = leaf(1.0)

    def refuse(g):
        raise KeyError("no")

    with al.profile() as p:
        y = x * 2.0
        y.register_hook(refuse)
        with pytest.raises(KeyError):
            y.backward([1.0])
        assert p._current.op is None
        x.sin().backward([1.0])
    assert x.grad is not None


def test_training_gives_the_same_numbers():
    plain, losses = train()
    with al.profile():
        profiled, losses_profiled = train()
    assert losses_profiled == losses
    for a, b in zip(plain.parameters(), profiled.parameters(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_what_was_recorded_inside_can_be_used_outside_and_adds_nothing():
    x = leaf(1.0, 2.0)
    with al.profile() as p:
        y = (x * x).sum()
    before = p.to_dict()
    y.backward(retain_graph=True)
    with al.profile() as later:
        y.backward()
    assert p.to_dict() == before
    assert named(later)["Mul"].backward > 0
    np.testing.assert_array_equal(x.grad.numpy(), [4.0, 8.0])


def test_a_method_that_somebody_kept_counts_nothing_after_the_block():
    x = leaf(1.0)
    with al.profile() as p:
        kept = x.sin
    before = p.to_dict()
    kept()
    assert p.to_dict() == before


def test_a_second_profile_is_refused_while_one_is_open():
    with al.profile() as p:
        with pytest.raises(AutogradError, match="open already"), al.profile():
            pass
        leaf(1.0) * 2.0
    assert named(p)["Mul"].calls == 1


def test_a_closed_profile_keeps_neither_model_nor_arrays():
    with al.profile() as p:
        model, _ = train(steps=1)
        y = leaf(1.0, 2.0) * 2.0
    found = weakref.ref(model), weakref.ref(y._data)
    del model, y
    gc.collect()
    assert [one() for one in found] == [None, None]
    assert "Conv2d" in named(p)


def test_watching_works_inside():
    x = leaf(1.0, 2.0)
    with al.profile() as p, graph.watch() as seen:
        (x * x).sum().backward()
    assert len(seen.steps) == 3
    assert named(p)["Mul"].calls == 1


def test_a_backward_pass_that_raises_is_diagnosed_inside():
    class Broken(Function):
        def forward(self, a):
            return a * 2

        def grad_a(self, g):
            raise ValueError("broken")

    result = Broken()(leaf(1.0)).sum()
    with al.profile():
        found = al.viz.diagnose(result)
    assert "Backward of Broken (n1, shape (1,)) raised ValueError: broken" in str(found)


# -- What is shown ----------------------------------------------------------------------------------------------------


def test_the_table_is_aligned_and_sorted_by_time():
    with al.profile() as p:
        train()
    for table in (p.by_op(), p.by_module()):
        lines = str(table).splitlines()
        assert len({len(line) for line in lines}) == 1
        assert lines[-1].startswith("total")
        assert lines[-1].endswith("100.0%")
        times = [row.seconds for row in table.rows[:-1]]
        assert times == sorted(times, reverse=True)
        assert table.rows[-1].name == "other"
    assert str(p) == repr(p) == str(p.by_op())


def test_an_empty_profile_has_a_table_too():
    with al.profile() as p:
        pass
    assert [row.name for row in p.rows] == ["other"]
    assert "other" in str(p)


def test_a_profile_is_plain_data():
    with al.profile() as p:
        leaf(1.0) * 2.0
    data = json.loads(json.dumps(p.to_dict()))
    assert data["seconds"] == p.seconds
    assert [row["name"] for row in data["by_op"]] == ["Mul", "other"]
    assert {"name", "calls", "forward", "backward", "bytes", "seconds"} == set(data["by_module"][0])
