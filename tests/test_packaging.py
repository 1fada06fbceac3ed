"""What a user gets: a wheel, installed into an empty environment, far from this checkout."""

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.xdist_group("wheel")  # one worker builds it, once

TRAIN_ONE_STEP = """
import sys
import autograd_lite, nn
from nn.data import DataLoader, load_digits

for module in (autograd_lite, nn):
    assert module.__file__.startswith(sys.prefix), module.__file__

digits = load_digits()
assert digits.train_images.shape == (5000, 1, 28, 28)
images, labels = next(iter(DataLoader(digits.train, 100)))

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
criterion = nn.CrossEntropyLoss()
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
losses = []
for _ in range(2):
    loss = criterion(model(autograd_lite.Tensor(images)), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[1] < losses[0], losses
print("trained")
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(contents):
    (name,) = [name for name in contents if name.endswith(".dist-info/METADATA")]
    return contents[name].decode()


def test_a_step_is_trained_from_the_installed_wheel(wheel, tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(python, "-m", "pip", "install", "--quiet", wheel)
    installed = {re.match(r"[\w-]+", line)[0] for line in run(python, "-m", "pip", "freeze").splitlines()}
    assert installed == {"autograd_lite", "graphviz", "numpy"}
    assert "trained" in run(python, "-I", "-W", "error", "-c", TRAIN_ONE_STEP, cwd=tmp_path)


def test_types_digits_and_licences_are_in_the_wheel(contents):
    for package in ("autograd_lite", "nn"):
        assert f"{package}/py.typed" in contents
    for data in ("nn/data/files/digits.npz", "nn/data/files/three_layer_net.npz"):
        assert contents[data] == (ROOT / data).read_bytes()
    for licence in ("LICENSE", "nn/data/files/LICENSE-digits.txt"):
        assert [name for name in contents if name.endswith(f".dist-info/licenses/{licence}")]


def test_every_module_and_nothing_else_is_in_the_wheel(contents):
    sources = {
        path.relative_to(ROOT).as_posix() for name in ("autograd_lite", "nn") for path in (ROOT / name).rglob("*.py")
    }
    assert {name for name in contents if name.endswith(".py")} == sources
    assert {name.split("/")[0] for name in contents if ".dist-info/" not in name} == {"autograd_lite", "nn"}


def test_only_numpy_and_graphviz_are_required(metadata):
    required = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata, re.MULTILINE)
    assert sorted(required) == ["graphviz", "numpy"]


def test_every_extra_that_is_named_anywhere_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = set(re.findall(r"\.has-(\w+)", (ROOT / "Makefile").read_text()))
    texts = [*ROOT.glob("*.md"), ROOT / "pyproject.toml"]
    texts += [path for folder in ("autograd_lite", "nn", "examples") for path in (ROOT / folder).rglob("*.py")]
    for path in texts:
        for names in re.findall(r"autograd_lite\[([\w,]+)\]", path.read_text(encoding="utf-8")):
            named.update(names.split(","))
    assert {"demo", "dev", "test", "plots"} <= named <= extras.keys()
