"""fit, evaluate, predict, and what listens to them."""

import contextlib
import copy
import csv
import functools
import json
import sys
import tempfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
import nn
from nn import callbacks


def problem(seed=0):
    """Two clouds of points, a small model, and what is needed to train it."""
    nn.manual_seed(seed)
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, 60)
    x = (rng.standard_normal((60, 2)) + 3 * t[:, None]).astype(np.float32)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    loader = nn.data.DataLoader((x, t), batch_size=16, shuffle=True, seed=0)
    return model, nn.CrossEntropyLoss(), optimizer, loader, (x, t)


def test_fit_learns_and_keeps_a_history(capsys):
    model, loss, optimizer, loader, data = problem()
    run = nn.fit(model, loss, optimizer, loader, epochs=15, evaluate_on={"train": data}, progress=False)
    assert capsys.readouterr().out == ""
    assert run.column("epoch") == list(range(1, 16))
    assert run.column("updates") == list(range(4, 61, 4))
    assert run.column("train accuracy")[-1] > 0.95
    assert run.column("loss")[-1] < 0.5 * run.column("loss")[0]
    assert model.training


def test_the_same_seeds_give_the_same_run():
    rows = []
    for _ in range(2):
        model, loss, optimizer, loader, data = problem()
        run = nn.fit(model, loss, optimizer, loader, epochs=2, evaluate_on={"train": data}, progress=False)
        rows.append([{k: v for k, v in row.items() if k != "seconds"} for row in run.history])
    assert rows[0] == rows[1]


@pytest.mark.parametrize("has_tqdm", [True, False])
def test_progress_prints_a_line_for_each_epoch(capsys, monkeypatch, has_tqdm):
    if has_tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    model, loss, optimizer, loader, data = problem()
    nn.fit(model, loss, optimizer, loader, epochs=2, evaluate_on={"held-out": data})
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert len(lines) == 2
    assert lines[0].startswith("epoch    1 | updates    4 | loss ")
    assert "held-out accuracy" in lines[1]


def test_schedules_step_by_epoch_by_update_or_by_what_they_monitor():
    for make, expected in (
        (lambda o: nn.optim.ExponentialLR(o, 0.5), 0.02 / 4),
        (lambda o: nn.optim.ExponentialLR(o, 0.5, per_update=True), 0.02 / 2**8),
        (lambda o: nn.optim.ReduceLROnPlateau(o, "max", 0.5, patience=0, monitor="loss"), None),
    ):
        model, loss, optimizer, loader, _ = problem()
        run = nn.fit(model, loss, optimizer, loader, 2, scheduler=make(optimizer), progress=False)
        if expected is None:
            expected = 0.02 if run.history[1]["loss"] > run.history[0]["loss"] else 0.01
        np.testing.assert_allclose(optimizer.param_groups[0]["lr"], expected)


def test_gradients_can_be_clipped_and_weights_averaged_while_fitting():
    model, loss, optimizer, loader, _ = problem()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    average = nn.optim.ExponentialMovingAverage(model, decay=0.5)
    expected, before = model.state_dict(), model.state_dict()
    moves = []

    class Follow(callbacks.Callback):
        def on_update(self, run):
            now = model.state_dict()
            moves.append(np.sqrt(sum(((now[name] - before[name]) ** 2).sum() for name in now)))
            for name, array in now.items():
                expected[name] += 0.5 * (array - expected[name])
                before[name] = array

    listeners = [callbacks.Averaging(average), Follow()]
    nn.fit(model, loss, optimizer, loader, 2, clip_norm=0.01, callbacks=listeners, progress=False)
    np.testing.assert_allclose(moves, 0.01, rtol=1e-3)
    for name, array in average.state_dict().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-6)


def test_callbacks_hear_everything_in_order_and_the_end_even_after_an_interrupt():
    heard = []

    class Listener(callbacks.Callback):
        def on_start(self, run):
            heard.append("start")

        def on_update(self, run):
            heard.append(run.updates)
            if run.updates == 6:
                raise KeyboardInterrupt

        def on_epoch(self, run):
            heard.append(f"epoch {run.epoch}")

        def on_end(self, run):
            heard.append("end")

    model, loss, optimizer, loader, _ = problem()
    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, loss, optimizer, loader, 3, callbacks=[Listener()], progress=False)
    assert heard == ["start", 1, 2, 3, 4, "epoch 1", 5, 6, "end"]


def test_an_interrupt_leaves_the_last_checkpoint_and_readable_logs(tmp_path):
    class Interrupt(callbacks.Callback):
        def on_update(self, run):
            if run.updates == 10:
                raise KeyboardInterrupt

    def go(*more):
        model, loss, optimizer, loader, data = problem()
        listeners = [
            callbacks.Checkpoint(tmp_path / "run.npz"),
            callbacks.CSVLog(tmp_path / "log.csv"),
            callbacks.JSONLog(tmp_path / "log.json"),
            *more,
        ]
        return nn.fit(
            model, loss, optimizer, loader, 4, evaluate_on={"train": data}, callbacks=listeners, progress=False
        )

    with pytest.raises(KeyboardInterrupt):
        go(Interrupt())
    with open(tmp_path / "log.csv", newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    run = go()
    assert run.column("epoch") == [1, 2, 3, 4]
    assert json.loads((tmp_path / "log.json").read_text()) == run.history
    assert run.updates == 16


@settings(max_examples=15)
@given(
    order=st.permutations(range(5)), kills=st.lists(st.integers(1, 12), max_size=3), every=st.sampled_from([None, 1, 3])
)
def test_a_run_that_was_killed_or_is_started_again_ends_the_same_wherever_the_checkpoint_stands(order, kills, every):
    class Kill(callbacks.Callback):
        def __init__(self, update):
            self.update = update

        def on_update(self, run):
            if run.updates == self.update:
                raise KeyboardInterrupt

    def go(path, kill=None):
        model, loss, optimizer, loader, _ = problem()
        average = nn.optim.ExponentialMovingAverage(model, decay=0.5)
        listeners = [
            callbacks.Checkpoint(path, every_updates=every),
            callbacks.Averaging(average),
            callbacks.EarlyStopping("loss", patience=2, mode="max"),  # the loss falls, so the first epoch is the best
            callbacks.BestWeights("loss", mode="max"),
            Kill(kill),
        ]
        listeners = [listeners[i] for i in order]
        run = nn.fit(model, loss, optimizer, loader, 9, callbacks=listeners, progress=False)
        history = [{name: value for name, value in row.items() if name != "seconds"} for row in run.history]
        return model.state_dict(), average.state_dict(), history

    with tempfile.TemporaryDirectory() as folder:
        expected = go(f"{folder}/whole.npz")
        for kill in kills:
            with contextlib.suppress(KeyboardInterrupt):
                go(f"{folder}/broken.npz", kill)
        assert len(expected[2]) == 3
        for _ in range(2):
            np.testing.assert_equal(go(f"{folder}/broken.npz"), expected)


@pytest.mark.parametrize(("patience", "epochs"), [(0, 4), (1, 4), (2, 7), (9, 8)])
def test_early_stopping_waits_for_as_many_epochs_as_it_has_patience(patience, epochs):
    scores = iter([0.1, 0.2, 0.3, 0.3, 0.4, 0.2, 0.1, 0.0])
    value = [next(scores)]

    class Next(callbacks.Callback):
        def on_epoch(self, run):
            value[0] = next(scores, 0.0)

    def accuracy(outputs, targets):
        return value[0]

    model, loss, optimizer, loader, data = problem()
    listeners = [callbacks.EarlyStopping("held-out accuracy", patience), Next()]
    run = nn.fit(
        model, loss, optimizer, loader, 8, evaluate_on={"held-out": data}, metrics=[accuracy], callbacks=listeners,
        progress=False,
    )  # fmt: skip
    assert run.epoch == epochs


def test_early_stopping_waits_and_the_best_weights_come_back():
    model, loss, optimizer, loader, data = problem()
    scores = iter([0.5, 0.7, 0.6, 0.7, 0.65, 0.9])
    seen = []

    def accuracy(outputs, targets):
        return value[0]

    class Next(callbacks.Callback):
        def on_update(self, run):
            if run.updates % 4 == 0:
                value[0] = next(scores)

        def on_epoch(self, run):
            seen.append(model.state_dict())

    value = [0.0]
    run = nn.fit(
        model, loss, optimizer, loader, 20, evaluate_on={"held-out": data}, metrics=[accuracy], progress=False,
        callbacks=[
            Next(),
            callbacks.EarlyStopping("held-out accuracy", patience=3),
            callbacks.BestWeights("held-out accuracy"),
        ],
    )  # fmt: skip
    assert run.epoch == 5
    np.testing.assert_equal(model.state_dict(), seen[1])


def test_a_column_that_is_not_there_is_named():
    model, loss, optimizer, loader, _ = problem()
    with pytest.raises(nn.SettingError, match="no column 'test accuracy'; it has epoch, updates, loss"):
        nn.fit(model, loss, optimizer, loader, 1, callbacks=[callbacks.EarlyStopping("test accuracy")], progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a | {"loader": a["data"]}, r"tuple of 2 does not; .*nn\.data\.DataLoader\(\(inputs, targets\)"),
        (lambda a: a | {"loader": a["data"][0]}, r"an array of shape \(60, 2\) does not"),
        (lambda a: a | {"loss": a["optimizer"], "optimizer": a["loss"]}, "loss is called with .*, unlike Adam"),
        (lambda a: a | {"loss": nn.CrossEntropyLoss}, r"nn\.MSELoss\(\), unlike the class CrossEntropyLoss"),
        (lambda a: a | {"optimizer": nn.optim.Adam}, "optimizer is one of .* not the class Adam"),
        (lambda a: a | {"evaluate_on": a["data"]}, r"'held-out': \(inputs, targets\)}, unlike tuple of 2"),
        (lambda a: a | {"evaluate_on": {"train": a["data"][0]}}, r"not an array of shape \(60, 2\)"),
        (lambda a: a | {"metrics": nn.metrics.accuracy}, "metrics is a list"),
        (lambda a: a | {"evaluate_on": {"t": a["data"]}, "metrics": [nn.MSELoss]}, "unlike the class MSELoss"),
        (lambda a: a | {"scheduler": nn.optim.StepLR}, "scheduler is one of .* not the class StepLR"),
        (
            lambda a: a | {"scheduler": nn.optim.ReduceLROnPlateau(a["optimizer"], monitor="val loss")},
            "no column 'val loss'; it has epoch, updates, loss, held-out accuracy, seconds",
        ),
    ],
)
def test_arguments_that_are_meant_otherwise_are_refused_before_anything_is_trained(change, message):
    model, loss, optimizer, loader, data = problem()
    arguments = {"loss": loss, "optimizer": optimizer, "loader": loader, "evaluate_on": {"held-out": data}}
    arguments = {name: value for name, value in change(arguments | {"data": data}).items() if name != "data"}
    before = model.state_dict()
    with pytest.raises(nn.SettingError, match=message):
        nn.fit(model, **arguments, callbacks=[StartsNothing()], progress=False)
    np.testing.assert_equal(model.state_dict(), before)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 2.5}, "epochs must be a whole number of at least 0, not 2.5"),
        ({"epochs": -1}, "epochs must be .* not -1"),
        ({"callbacks": callbacks.EarlyStopping("loss")}, "callbacks is a list, .* not EarlyStopping"),
        ({"callbacks": [callbacks.EarlyStopping]}, "callbacks is a list, .* not the class EarlyStopping"),
    ],
)
def test_a_course_that_cannot_be_run_is_refused_before_anything_is_trained(given, message):
    model, loss, optimizer, loader, _ = problem()
    before = model.state_dict()
    with pytest.raises(nn.SettingError, match=message):
        nn.fit(model, loss, optimizer, loader, **given, progress=False)
    np.testing.assert_equal(model.state_dict(), before)


class StartsNothing(callbacks.Callback):
    def on_start(self, run):
        pytest.fail("the run began")


def test_trials_of_learning_rates_refuse_the_same():
    model, loss, optimizer, _, data = problem()
    with pytest.raises(nn.SettingError, match="tuple of 2 does not"):
        nn.find_learning_rate(model, loss, optimizer, data)


def test_only_inputs_are_predicted_and_only_pairs_evaluated():
    model, _, _, loader, (x, t) = problem()
    for wrong, what in (((x, t), "tuple of 2"), ((x, x), "tuple of 2"), (loader, "DataLoader"), (3.0, "float")):
        with pytest.raises(nn.SettingError, match=f"without targets, not {what}"):
            nn.predict(model, wrong)
    assert nn.predict(model, ((1.0, 2.0), (3.0, 4.0))).shape == (2, 2)
    for wrong, what in ((x, r"an array of shape \(60, 2\)"), ((x,), "tuple of 1"), (3, "int")):
        with pytest.raises(nn.SettingError, match=f"or a loader of such batches, not {what}"):
            nn.evaluate(model, wrong)


def test_any_callable_is_a_metric_by_its_name_or_that_of_its_class():
    def scaled(outputs, targets, factor):
        return factor * nn.metrics.accuracy(outputs, targets)

    model, loss, _, _, data = problem()
    result = nn.evaluate(model, data, [nn.metrics.accuracy, loss, functools.partial(scaled, factor=2.0)], loss)
    assert list(result) == ["accuracy", "CrossEntropyLoss", "scaled", "loss"]
    assert result["scaled"] == 2 * result["accuracy"]
    assert result["CrossEntropyLoss"] == result["loss"]
    with pytest.raises(nn.SettingError, match="Two metrics are called 'MSELoss'"):
        nn.evaluate(model, data, [nn.MSELoss(), nn.MSELoss()])
    with pytest.raises(nn.SettingError, match="Two metrics are called 'loss'"):
        nn.evaluate(model, data, [SimpleLoss.loss], loss)


def test_callbacks_and_metrics_may_come_from_generators(tmp_path):
    model, loss, optimizer, loader, data = problem()
    listeners = (kind(tmp_path / name) for kind, name in ((callbacks.Checkpoint, "a.npz"), (callbacks.CSVLog, "a.csv")))
    run = nn.fit(
        model,
        loss,
        optimizer,
        loader,
        2,
        evaluate_on={"train": data, "half": (data[0][:30], data[1][:30])},
        metrics=(metric for metric in [nn.metrics.accuracy, nn.metrics.top_k_accuracy(1)]),
        callbacks=listeners,
        progress=False,
    )
    measured = [f"{name} {metric}" for name in ("train", "half") for metric in ("accuracy", "top_1_accuracy")]
    assert list(run.history[-1]) == ["epoch", "updates", "loss", *measured, "seconds"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "a.csv"}


class SimpleLoss:
    @staticmethod
    def loss(outputs, targets):
        return 0.0


def test_a_loader_without_batches_is_refused():
    model, loss, optimizer, _, _ = problem()
    with pytest.raises(nn.SettingError, match="no batches"):
        nn.fit(model, loss, optimizer, [], 1, progress=False)


def test_a_generator_that_is_used_up_after_an_epoch_is_told_so():
    model, loss, optimizer, loader, _ = problem()
    with pytest.raises(nn.SettingError, match="no batches any more; a generator is used up after one epoch"):
        nn.fit(model, loss, optimizer, iter(loader), 2, progress=False)


def test_evaluate_weighs_batches_by_their_size_and_restores_every_mode():
    model, loss, _, _, (x, t) = problem()
    model[2].eval()
    model.training = False
    result = nn.evaluate(model, (x, t), loss=loss, batch_size=7)
    assert [part.training for part in model.modules()] == [False, True, True, False, True]
    scores = nn.predict(model, x)
    np.testing.assert_allclose(result["accuracy"], (scores.argmax(1) == t).mean())
    np.testing.assert_allclose(result["loss"], loss(scores, t).item(), rtol=1e-6)
    by_loader = nn.evaluate(model, nn.data.DataLoader((x, t), batch_size=7))
    assert by_loader == {"accuracy": result["accuracy"]}
    with pytest.raises(nn.SettingError, match="nothing to evaluate"):
        nn.evaluate(model, (x[:0], t[:0]))


def test_evaluating_on_a_loader_leaves_its_place_alone():
    model, _, _, loader, _ = problem()
    alone = problem()[3]
    for _ in range(2):
        for batch, other in zip(loader, alone, strict=True):
            nn.evaluate(model, loader)
            assert loader.state_dict() == alone.state_dict()
            np.testing.assert_array_equal(batch[0], other[0])
        nn.evaluate(model, loader)
        assert loader.state_dict() == alone.state_dict()


def test_modes_are_restored_after_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    with pytest.raises(ag.ShapeError):
        nn.predict(model, np.zeros((3, 5), np.float32))
    assert all(part.training for part in model.modules())
    assert ag.is_grad_enabled()


def test_predict_equals_the_model_in_eval_mode_whatever_the_batches():
    model, _, _, _, (x, _) = problem()
    answers = nn.predict(model, x, batch_size=7)
    np.testing.assert_allclose(answers, model.eval()(x).data, rtol=1e-6)
    assert nn.predict(model, ag.Tensor(x)).dtype == np.float32
    with pytest.raises(nn.SettingError, match="nothing to predict"):
        nn.predict(model, x[:0])
    with pytest.raises(nn.SettingError, match="batch_size must be at least 1"):
        nn.predict(model, x, batch_size=0)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (lambda x: (x, x), "tuple of 2"),
        (lambda x: {"mean": x}, "dict"),
        (lambda x: ag.Tensor(x).mean(), r"an array of shape \(\)"),
        (lambda x: x[:1], r"an array of shape \(1, 3\)"),
        (lambda x: x[:, : len(x)], r"an array of shape \(1, 1\)"),  # of the last batch
    ],
)
@pytest.mark.parametrize("batch_size", [2, 4])
def test_predict_refuses_what_is_no_answer_for_each_input(answer, what, batch_size):
    model = nn.Module()
    model.forward = answer
    with pytest.raises(nn.SettingError, match=f"the model gave {what} for"):
        nn.predict(model, np.ones((5, 3)), batch_size)


def test_predict_needs_memory_for_a_batch_and_the_answers_only():
    model = nn.Sequential(nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4320, 10))
    images = np.zeros((1000, 1, 28, 28), np.float32)
    nn.predict(model, images[:100])
    tracemalloc.start()
    nn.predict(model, images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6  # the feature maps of all images would be 69 MB, their windows 58 MB more


def test_finding_a_learning_rate_puts_everything_back():
    model, loss, optimizer, loader, _ = problem()
    nn.train_step(model, loss, optimizer, *next(iter(loader)))
    before = model.state_dict(), optimizer.state_dict(), nn.get_rng_state(), loader.state_dict()
    trial = nn.find_learning_rate(model, loss, optimizer, loader, 1e-5, 100.0, updates=60)
    after = model.state_dict(), optimizer.state_dict(), nn.get_rng_state(), loader.state_dict()
    np.testing.assert_equal(after, before)
    assert next(iter(loader))[0].shape == (16, 2)
    assert loader.epoch == 1  # the pass that was left is over, as it was before the trial
    assert 1e-5 < trial.suggestion < 10
    assert trial.losses[-1] > trial.losses.min()
    assert len(trial.rates) == len(trial.losses) <= 60
    with pytest.raises(nn.SettingError, match="rise from above 0"):
        nn.find_learning_rate(model, loss, optimizer, loader, 1.0, 0.1)


def test_finding_a_learning_rate_puts_back_modes_shapes_and_the_generators_of_layers():
    _, loss, _, loader, _ = problem()
    model = nn.Sequential(nn.LazyLinear(8), nn.Dropout(0.5, rng=1), nn.Linear(8, 2)).eval()
    model[2].train()
    optimizer = nn.optim.Adam(model.parameters())
    drawn = copy.deepcopy(model[1]).train()(np.ones(50)).data
    before = model.state_dict(), optimizer.state_dict(), nn.get_rng_state(), loader.state_dict()
    nn.find_learning_rate(model, loss, optimizer, loader, updates=3)
    after = model.state_dict(), optimizer.state_dict(), nn.get_rng_state(), loader.state_dict()
    np.testing.assert_equal(after, before)
    assert [part.training for part in model.modules()] == [False, False, False, True]
    np.testing.assert_array_equal(model[1].train()(np.ones(50)).data, drawn)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_is_named_when_looking_for_a_learning_rate(bad):
    model, loss, optimizer, _, (x, t) = problem()
    loader = nn.data.DataLoader((x * np.float32(bad), t), batch_size=16)
    before = model.state_dict()
    with pytest.raises(nn.SettingError, match=r"loss is no number from the first updates on: \[nan, nan, nan\]"):
        nn.find_learning_rate(model, loss, optimizer, loader)
    np.testing.assert_equal(model.state_dict(), before)
