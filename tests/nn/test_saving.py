"""Files: what is written is read back, damage is noticed, code in pickles is never run, killed runs resume exactly."""

import copy
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
import nn
from autograd_lite.files import atomic_write

ROOT = Path(__file__).parents[2]


def arrays():
    rng = np.random.default_rng(0)
    return {
        "weight": rng.standard_normal((3, 4)).astype(np.float32),
        "transposed": rng.standard_normal((3, 4)).T,
        "strided": np.arange(20)[::3],
        "count": np.array(7),
        "empty": np.zeros((0, 2), np.float32),
        "file": np.array([True, False]),  # a name that np.savez could not write
    }


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_arrays_come_back_as_they_were_whatever_their_layout(tmp_path, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"weights.{ending}"
    nn.save(arrays(), path)
    loaded = nn.load(path)
    assert set(loaded) == set(arrays())
    for name, array in arrays().items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype
    assert os.listdir(tmp_path) == [path.name]


def test_models_are_saved_by_name_and_numpy_can_read_them(tmp_path):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    nn.save(model, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert set(file) == set(model.state_dict())
        np.testing.assert_array_equal(file["0.weight"], model[0].weight.data)


def test_what_cannot_be_saved_or_read_is_refused(tmp_path):
    with pytest.raises(nn.StateError, match=r"end with \.npz or \.safetensors, not 'w\.pkl'"):
        nn.save(arrays(), tmp_path / "w.pkl")
    with pytest.raises(nn.StateError, match="names holds <U1"):
        nn.save({"names": np.array(["a"])}, tmp_path / "w.npz")
    for wrong in (str(tmp_path / "w.npz"), nn.Linear(2, 2).parameters()):
        with pytest.raises(nn.StateError, match=f"comes first, then the path, not {type(wrong).__name__}"):
            nn.save(wrong, tmp_path / "w.npz")
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        nn.load(tmp_path / "none.npz")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_truncated_and_altered_files_are_refused(tmp_path, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"w.{ending}"
    nn.save(arrays(), path)
    data = path.read_bytes()
    for damaged in (data[: len(data) // 2], data[:-10], b"", b"nonsense" * 10):
        path.write_bytes(damaged)
        with pytest.raises(nn.StateError):
            nn.load(path)


@given(st.data())
def test_an_npz_file_with_any_bytes_altered_or_cut_out_is_read_or_refused_by_name(data):
    def outcome():
        try:
            nn.load(path)
        except nn.StateError as error:
            return str(error)
        return "w.npz was read"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "w.npz")
        nn.save({"a": np.arange(3.0), "b": np.zeros((2, 2), np.float32)}, path)
        good = path.read_bytes()
        start = data.draw(st.integers(0, len(good) - 1))
        stop = data.draw(st.integers(start, min(start + 40, len(good))))
        path.write_bytes(good[:start] + data.draw(st.binary(max_size=stop - start)) + good[stop:])
        assert "w.npz" in outcome()


def test_an_npz_file_with_objects_is_refused_without_unpickling(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, bad=np.array([Bomb()], dtype=object))
    with pytest.raises(nn.StateError, match="damaged, or no file of arrays"):
        nn.load(path)
    assert not Bomb.went_off


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "w.npz"
    nn.save({"a": np.ones(2)}, path)
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.writelines([b"half of", "it"])  # the second fails
    assert nn.load(path)["a"].tolist() == [1.0, 1.0]
    assert os.listdir(tmp_path) == ["w.npz"]


def test_a_folder_that_is_not_there_is_named_with_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere' to write 'w\.npz'"):
        nn.save({"a": np.ones(2)}, tmp_path / "nowhere" / "w.npz")


def test_who_may_read_new_files_may_read_saved_weights(tmp_path):
    nn.save({"a": np.ones(2)}, tmp_path / "w.npz")
    (tmp_path / "plain").touch()
    assert (tmp_path / "w.npz").stat().st_mode == (tmp_path / "plain").stat().st_mode


# -- Checkpoints ------------------------------------------------------------------------------------------------------


def parts(width=4):
    model = nn.Sequential(nn.Linear(3, width), nn.Dropout(0.5, rng=1), nn.Linear(width, 2))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    model(np.ones((2, 3), np.float32)).sum().backward()
    optimizer.step()
    return {"model": model, "optimizer": optimizer, "schedule": nn.optim.StepLR(optimizer, 2)}


def test_a_checkpoint_restores_everything_and_randomness(tmp_path):
    path, saved = tmp_path / "run.npz", parts()
    nn.save_checkpoint(path, **saved, epoch=3, note={"best": (1, 2.5, None), 7: [True]})
    expected = {name: part.state_dict() for name, part in saved.items()}
    shared = nn.generator().random(3)
    mask = saved["model"][1](np.ones(50)).data
    fresh = parts()
    rest = nn.load_checkpoint(path, **fresh)
    assert rest == {"epoch": 3, "note": {"best": (1, 2.5, None), 7: [True]}}
    for name, part in fresh.items():
        np.testing.assert_equal(part.state_dict(), expected[name])
    np.testing.assert_array_equal(nn.generator().random(3), shared)
    np.testing.assert_array_equal(fresh["model"][1](np.ones(50)).data, mask)


def test_numbers_of_numpy_come_back_as_numbers(tmp_path):
    path, fine, rough = tmp_path / "run.npz", np.float64(0.1), np.float32(0.1)
    nn.save_checkpoint(path, epoch=np.int64(3), scores=[fine, rough], done=np.True_, array=np.array(2.5))
    rest = nn.load_checkpoint(path)
    assert repr(rest) == repr({"epoch": 3, "scores": [0.1, rough.item()], "done": True, "array": np.array(2.5)})


def test_lazy_models_are_restored_whatever_the_order_of_the_parts(tmp_path):
    def start():
        model = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(1))
        optimizer = nn.optim.Adam(model.parameters())
        return {"optimizer": optimizer, "average": nn.optim.ExponentialMovingAverage(model), "model": model}

    def step(model, optimizer, average):
        optimizer.zero_grad()
        model(np.ones((2, 4), np.float32)).sum().backward()
        optimizer.step()
        average.update()

    path, saved, fresh = tmp_path / "run.npz", start(), start()
    step(**saved)
    nn.save_checkpoint(path, **saved)
    nn.load_checkpoint(path, **fresh)
    for parts in (saved, fresh):
        step(**parts)
    for name in saved:
        np.testing.assert_equal(fresh[name].state_dict(), saved[name].state_dict())


def test_kinds_of_lists_and_tuples_come_back_as_plain_ones(tmp_path):
    class Names(list):
        pass

    path = tmp_path / "run.npz"
    report = nn.Linear(1, 1, bias=False).load_state_dict({}, strict=False)
    nn.save_checkpoint(path, report=report, names=Names("ab"), state=OrderedDict(a=1))
    assert nn.load_checkpoint(path) == {"report": (["weight"], []), "names": ["a", "b"], "state": {"a": 1}}


def test_a_checkpoint_of_another_model_is_refused_and_nothing_is_loaded(tmp_path):
    path = tmp_path / "run.npz"
    nn.save_checkpoint(path, **parts(width=5))
    own = parts()
    before = {name: part.state_dict() for name, part in own.items()}
    random = nn.get_rng_state()
    with pytest.raises(nn.StateError, match=r"state of 'model' does not fit: .*should have shape \(4, 3\)"):
        nn.load_checkpoint(path, **own)
    other_order = {"optimizer": own["optimizer"], "model": own["model"]}
    with pytest.raises(nn.StateError, match="state of 'optimizer' does not fit"):
        nn.load_checkpoint(path, **other_order)
    with pytest.raises(nn.StateError, match="has no average"):
        nn.load_checkpoint(path, average=own["model"])
    for name, part in own.items():
        np.testing.assert_equal(part.state_dict(), before[name])
    assert nn.get_rng_state() == random


def test_a_part_that_fits_is_put_back_if_a_later_one_does_not(tmp_path):
    path = tmp_path / "run.npz"
    good, bad = nn.Linear(2, 2), nn.Linear(3, 3)
    nn.save_checkpoint(path, first=nn.Linear(2, 2), second=nn.Linear(2, 2))
    before = good.state_dict()
    with pytest.raises(nn.StateError, match="'second'"):
        nn.load_checkpoint(path, first=good, second=bad)
    np.testing.assert_equal(good.state_dict(), before)


def test_what_a_checkpoint_changed_before_it_failed_is_put_back_shapes_and_generators_too(tmp_path):
    def lazy(dropout):
        model = nn.Sequential(nn.LazyLinear(4), dropout, nn.Linear(4, 2))
        return {"model": model, "optimizer": nn.optim.Adam(model.parameters())}

    path = tmp_path / "run.npz"
    saved = lazy(nn.Dropout(0.5, rng=1))
    saved["model"](np.ones((2, 3), np.float32)).sum().backward()
    saved["optimizer"].step()
    nn.save_checkpoint(path, **saved)
    fewer = lazy(nn.Dropout(0.5, rng=2))
    fewer["optimizer"] = nn.optim.Adam([fewer["model"][0].weight])
    other = lazy(nn.Dropout(0.5, rng=np.random.Generator(np.random.MT19937(2))))
    for own, message in (
        (fewer, "state of 'optimizer' does not fit: .*groups"),
        (other, "'model' does not fit: .*MT19937"),
    ):
        own["model"].eval()
        before = {name: part.state_dict() for name, part in own.items()}
        random, drawn = nn.get_rng_state(), copy.deepcopy(own["model"][1]).train()(np.ones(50)).data
        with pytest.raises(nn.StateError, match=message):
            nn.load_checkpoint(path, **own)
        for name, part in own.items():
            np.testing.assert_equal(part.state_dict(), before[name])
        assert nn.get_rng_state() == random
        np.testing.assert_array_equal(own["model"][1].train()(np.ones(50)).data, drawn)


GOOD = {"kind": "autograd_lite checkpoint", "version": 1, "random": {}, "generators": {"dict": []}, "parts": {}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({k: v for k, v in GOOD.items() if k != "parts"}, "damaged checkpoint: KeyError.*parts"),
        ({k: v for k, v in GOOD.items() if k != "generators"}, "damaged checkpoint"),
        (GOOD | {"parts": []}, "damaged checkpoint"),
        (GOOD | {"parts": {"a": {"array": "7"}}}, "damaged checkpoint"),
        (GOOD | {"generators": {"list": [3]}}, "damaged checkpoint"),
        (GOOD | {"version": "2"}, "no checkpoint of this library"),
        ([1], "no checkpoint of this library"),
        (GOOD | {"version": 2}, "of version 2; this library reads"),
    ],
)
def test_a_well_formed_file_that_is_no_whole_checkpoint_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "run.npz"
    nn.save({"content": np.frombuffer(json.dumps(content).encode(), np.uint8)}, path)
    with pytest.raises(nn.StateError, match=rf"run\.npz.*{message}"):
        nn.load_checkpoint(path)


def test_a_newer_truncated_or_foreign_checkpoint_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    monkeypatch.setattr(nn.saving, "VERSION", 99)
    nn.save_checkpoint(path, **parts())
    monkeypatch.undo()
    with pytest.raises(nn.StateError, match="version 99; this library reads .* up to version 1"):
        nn.load_checkpoint(path)
    nn.save(parts()["model"], path)
    with pytest.raises(nn.StateError, match="no checkpoint"):
        nn.load_checkpoint(path)
    nn.save_checkpoint(path, **parts())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(nn.StateError, match="damaged"):
        nn.load_checkpoint(path)
    with pytest.raises(nn.StateError, match="not Thread|not object"):
        nn.save_checkpoint(path, thing=object())


def test_an_altered_byte_is_noticed(tmp_path):
    path = tmp_path / "run.npz"
    nn.save_checkpoint(path, **parts())
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[1].header_offset
    data[start + 200] ^= 1
    path.write_bytes(data)
    with pytest.raises(nn.StateError, match="damaged"):
        nn.load_checkpoint(path)


TRAINING = """
import os, signal, sys
import numpy as np
import nn

class Kill(nn.callbacks.Callback):
    def on_update(self, run):
        if run.updates == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

nn.manual_seed(0)
rng = np.random.default_rng(0)
x, t = rng.standard_normal((40, 6)).astype(np.float32), rng.integers(0, 3, 40)
model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
loader = nn.data.DataLoader((x, t), batch_size=8, shuffle=True, seed=1)
schedule = nn.optim.CosineAnnealingLR(optimizer, 20, per_update=True)
run = nn.fit(
    model, nn.CrossEntropyLoss(), optimizer, loader, epochs=4, scheduler=schedule, progress=False,
    callbacks=[
        nn.callbacks.Checkpoint(sys.argv[1], every_updates=3), nn.callbacks.CSVLog(sys.argv[1] + ".csv"), Kill(),
    ],
)
nn.save(model, sys.argv[1] + ".weights.npz")
print([row["loss"] for row in run.history], run.updates)
"""


def train(path, kill=-1):
    command = [sys.executable, "-c", TRAINING, str(path), str(kill)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_a_run_that_was_killed_twice_ends_with_the_same_weights_bit_for_bit(tmp_path):
    whole, broken = tmp_path / "whole.npz", tmp_path / "broken.npz"
    reference = train(whole)
    assert reference.returncode == 0, reference.stderr
    for kill in (4, 14):  # within the first epoch, and within the third
        assert train(broken, kill).returncode == -signal.SIGKILL
    resumed = train(broken)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == reference.stdout
    np.testing.assert_equal(nn.load(f"{broken}.weights.npz"), nn.load(f"{whole}.weights.npz"))
    assert len(Path(f"{broken}.csv").read_text().splitlines()) == 5


# -- Pickles ----------------------------------------------------------------------------------------------------------


class Bomb:
    went_off = False

    def __reduce__(self):
        return exec, ("import tests.nn.test_saving as t; t.Bomb.went_off = True",)


BOOK = {
    "W1": np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32),
    "b1": np.zeros(3),
    "F": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big-endian": np.arange(3, dtype=">i4"),
    "number": np.float64(2.5),
    "more": [1, (2.0, "text", None, True), {"deep": np.arange(2)}, {1, 2}, b"bytes"],
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_plain_containers_are_read_from_pickles_of_any_protocol(tmp_path, protocol):
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(BOOK), protocol))
    loaded = nn.load_pickle(path)
    np.testing.assert_equal(loaded, BOOK)
    assert loaded["W1"].dtype == np.float32


@given(
    shape=st.lists(st.integers(0, 4), max_size=4),
    data=st.data(),
    dtype=st.sampled_from(["f4", ">f8", "i2", "?"]),
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
)
def test_arrays_of_any_shape_and_order_of_axes_are_read(shape, data, dtype, protocol):
    axes = data.draw(st.permutations(range(len(shape))))
    array = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape).transpose(axes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "w.pkl")
        path.write_bytes(pickle.dumps([array, b""], protocol))
        loaded, nothing = nn.load_pickle(path)
    np.testing.assert_array_equal(loaded, array)
    assert (loaded.dtype, nothing) == (array.dtype.newbyteorder("="), b"")


@pytest.mark.parametrize(
    "content",
    [
        {"W1": Bomb()},
        [np.array([Bomb()], dtype=object)],
        nn.Linear(2, 2),
        ag.Tensor([1.0]),
        print,
        np.array(["text"]),
        np.zeros(2, "M8[s]"),
        np.zeros(2, [("a", "f4")]),
        1 + 2j,
    ],
)
def test_everything_else_is_refused_without_being_run(tmp_path, content):
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(nn.StateError, match=r"w\.pkl: "):
        nn.load_pickle(path)
    assert not Bomb.went_off


class Swapped:
    def __init__(self, axes):
        self.axes = axes

    def __reduce__(self):
        from numpy._core.numeric import _frombuffer

        return _frombuffer, (bytearray(24), np.dtype("f4"), (1, 2, 3), "K", self.axes)


def in_protocol_5(axes):
    """An array as NumPy 2.4 writes it, whose axes are said to lie in another order."""
    return pickle.dumps(Swapped(axes), 5)


def test_axes_in_another_order_change_places_when_read(tmp_path):
    path = tmp_path / "w.pkl"
    path.write_bytes(in_protocol_5((1, 2, 0)))
    assert nn.load_pickle(path).shape == (2, 3, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        pickle.dumps(BOOK)[:200],
        b"cos\nsystem\n(S'echo'\ntR.",
        b"cnumpy\nndarray\n(tR.",
        b"cnumpy\ndtype\n(S'O8'\ntR.",
        b"c_codecs\nencode\n(I1\ntR.",
        b"cbuiltins\nbytes\n(I1000000000000\ntR.",
        *(in_protocol_5(axes) for axes in ((0, 0, 1), (0, 1), (0, 1, 3), "abc", 7)),
    ],
)
def test_broken_and_crafted_pickles_are_refused(tmp_path, data):
    path = tmp_path / "w.pkl"
    path.write_bytes(data)
    with pytest.raises(nn.StateError):
        nn.load_pickle(path)
