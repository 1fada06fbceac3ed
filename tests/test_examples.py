"""Every example, in its smoke size: it runs without a warning, writes its pictures, and its numbers make sense."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if not path.name.startswith("_") and path.stem != "demo")


def tables_in(text):
    """The printed tables: for each a list of rows, each a dict from header to cell."""
    lines, tables = text.splitlines(), []
    for i, line in enumerate(lines):
        if i and re.fullmatch(r"-+(  -+)+", line):
            spans = [m.span() for m in re.finditer("-+", line)]
            cells = [[row[a:b].strip() for a, b in spans] for row in lines[i - 1 : i] + lines[i + 1 :]]
            end = next((n for n, row in enumerate(cells) if not any(row)), len(cells))
            tables.append([dict(zip(cells[0], row, strict=True)) for row in cells[1:end]])
    return tables


def number(cell):
    return float(cell.replace(",", "").removesuffix(" %").removesuffix(" M"))


# -- What each example must show --------------------------------------------------------------------------------------


def gates(text, tables):
    assert "All gates are right: True" in text


def activations(text, tables):
    assert [row["here"] for row in tables[0][:2]] == ["0.2500", "0, 1"]


def linear_layers(text, tables):
    one, four, relu = (number(row["right"]) for row in tables[0])
    assert max(one, four) < 75 < relu


def inference(text, tables):
    assert number(tables[0][0]["accuracy"]) > 0.95
    assert number(tables[0][0]["right"]) + number(tables[0][0]["wrong"]) == 1000
    assert all(cell for row in tables[0] for cell in row.values())


def linear_target(text, tables):
    losses = [number(row["mean loss"]) for row in tables[0]]
    assert losses[-1] < losses[0] / 2


def numerical_gradient(text, tables):
    assert tables[0][0]["numerical"] == "[6. 8.]"
    assert abs(number(tables[0][1]["numerical"]) - 0.2) < 1e-9
    assert "back exactly as they were: True" in text


def computational_graph(text, tables):
    assert len(tables) == 3
    assert all(row["here"] == row["the book"] for table in tables for row in table)


def gradient_check(text, tables):
    assert [float(x) for x in re.findall(r"worst relative error (\S+), in", text)] == pytest.approx([0, 0], abs=1e-4)
    assert all(number(row["mean absolute difference"]) < 1e-8 for row in tables[-1])
    assert "FAIL" in text


def cost_of_gradients(text, tables):
    assert all(number(row["largest difference"]) < 1e-8 for row in tables[0])


def vanishing_gradient(text, tables):
    shares = {row["gradient"]: number(row["first / last"]) for row in tables[0]}
    assert shares["sigmoid, std 0.01"] < 1e-4
    assert shares["sigmoid, Xavier"] < 0.1
    assert shares["ReLU, He"] > 0.1
    others = {row["gradient"]: number(row["mean of the others"]) for row in tables[0]}
    assert max(others["sigmoid, std 1"], others["sigmoid, Xavier"]) < 0.25 < others["ReLU, He"] == 1


def optimizers(text, tables):
    rows = {row["optimiser"]: row for row in tables[0]}
    assert len(rows) == 7
    assert all(number(row["its height"]) < 0.2 for row in rows.values())
    assert number(rows["Adam"]["loss on digits"]) < number(rows["SGD"]["loss on digits"])


def batch_sizes(text, tables):
    updates = [number(row["updates"]) for row in tables[0]]
    assert updates == [1, 50, 5000]
    assert number(tables[0][2]["held-out accuracy"]) > number(tables[0][0]["held-out accuracy"])


def learning_rate(text, tables):
    losses = [number(row["last loss"]) for row in tables[0]]
    assert min(losses[2], losses[3]) < min(losses[0], losses[4])


def initialisation(text, tables):
    deviations = {row["standard deviation of"]: number(row["layer 5"]) for row in tables[0]}
    assert deviations["ReLU, std 0.01"] < 1e-3 < 0.5 < deviations["ReLU, He"]
    fails = [row for row in tables[1] if row["first weights"] in ("zeros", "ones")]
    assert len(fails) == 4
    assert all(row["held-out accuracy"] == "10.00 %" for row in fails)


def overfitting(text, tables):
    sizes = {row["remedy"]: number(row["sum of |w|"]) for row in tables[0]}
    assert list(sizes)[:4] == ["plain", "L1 0.001", "L2 0.01", "dropout 0.3"]
    assert max(sizes["L1 0.001"], sizes["L2 0.01"]) < sizes["plain"]
    penalised = {row["remedy"]: number(row["loss with penalty"]) for row in tables[0]}
    assert penalised["L1 0.001"] > penalised["plain"] + 1
    for row in tables[0]:
        assert number(row["train"]) - number(row["held-out"]) == pytest.approx(number(row["gap"]), abs=0.02)


def hyperparameters(text, tables):
    accuracies = [number(row["validation"]) for row in tables[0]]
    assert accuracies == sorted(accuracies, reverse=True)


def im2col(text, tables):
    assert tables[0][0]["output"] == "7x7"
    assert all(number(row[key]) < 1e-12 for row in tables[0] for key in list(row)[-2:])


def simple_convnet(text, tables):
    assert re.search(r"^total +433,890 ", text, re.MULTILINE)
    assert [row["updates"] for row in tables[-1]] == ["5", "10"]


def filters(text, tables):
    before, after = map(float, re.search(r"Loss: (\S+) before training, (\S+) after", text).groups())
    assert after < before


def memory(text, tables):
    assert all(number(row["peak above, MiB"]) < 60 for row in tables[0])


def alexnet(text, tables):
    for total in ("60,965,224", "62,379,048", "9,553,928"):
        assert re.search(rf"^total +{total} ", text, re.MULTILINE)


CHECKS = {
    "ch02_perceptron_gates": gates,
    "ch03_activations": activations,
    "ch03_inference": inference,
    "ch03_linear_layers": linear_layers,
    "ch04_linear_target": linear_target,
    "ch04_numerical_gradient": numerical_gradient,
    "ch05_computational_graph": computational_graph,
    "ch05_cost_of_gradients": cost_of_gradients,
    "ch05_gradient_check": gradient_check,
    "ch06_hyperparameters": hyperparameters,
    "ch06_initialisation": initialisation,
    "ch06_batch_sizes": batch_sizes,
    "ch06_learning_rate": learning_rate,
    "ch06_optimizers": optimizers,
    "ch06_overfitting": overfitting,
    "ch06_vanishing_gradient": vanishing_gradient,
    "ch07_filters": filters,
    "ch07_im2col": im2col,
    "ch07_memory": memory,
    "ch07_simple_convnet": simple_convnet,
    "alexnet": alexnet,
}


def files_named_in(text):
    return re.findall(r"^-> ([^,\n]+)", text, re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_example_runs_and_shows_what_it_promises(script, example, tmp_path, capsys):
    example(script).main(["--quick", "--out", str(tmp_path)])
    text = capsys.readouterr().out
    named = files_named_in(text)
    assert sorted(Path(path).name for path in named) == sorted(path.name for path in tmp_path.iterdir())
    assert all(path.stat().st_size > 2000 for path in tmp_path.iterdir())
    assert tables_in(text) or named
    assert "nan" not in text
    CHECKS.get(script, lambda text, tables: None)(text, tables_in(text))


def test_the_demo_names_the_files_it_wrote_and_removes_only_its_own_sheets_of_an_earlier_run(example, tmp_path, capsys):
    for name in ("mistakes-99.png", "mistakes-mine.png", "notes.txt"):
        (tmp_path / name).write_text("of another time")
    example("demo").main(["--quick", "--out", str(tmp_path)])
    text = capsys.readouterr().out
    written = {Path(path).name for path in files_named_in(text)}
    assert {"curves.png", "filters.png", "graph.svg", "mistakes-1.png", "table.txt"} <= written
    assert {path.name for path in tmp_path.iterdir()} == written | {"mistakes-mine.png", "notes.txt"}
    assert float(re.search(r"worst relative error (\S+), in", text)[1]) < 1e-4


@pytest.mark.parametrize("script", [*SCRIPTS, "demo"])
def test_each_example_explains_itself(script, example, capsys):
    with pytest.raises(SystemExit, match="0"):
        example(script).main(["--help"])
    text = capsys.readouterr().out
    assert {"--data", "--out", "--seed", "--quick"} <= set(re.findall(r"--\w+", text))


@pytest.mark.parametrize(
    ("script", "flag", "least"),
    [
        *((script, "--seed", 0) for script in [*SCRIPTS, "demo"]),
        *((script, "--epochs", 1) for script in ("demo", "ch07_simple_convnet", "ch08_deep_convnet")),
        *((script, "--batch-size", 1) for script in ("demo", "alexnet")),
    ],
)
def test_an_option_that_is_no_number_of_its_kind_is_refused_before_anything_is_done(
    script, flag, least, example, tmp_path, capsys
):
    for wrong in (str(least - 1), "-3", "1.5", "many"):
        with pytest.raises(SystemExit, match="2"):
            example(script).main([flag, wrong, "--quick", "--out", str(tmp_path)])
        out, err = capsys.readouterr()
        assert f"argument {flag}: a whole number of at least {least} is needed, not '{wrong}'" in err
        assert not out
    assert not list(tmp_path.iterdir())


def test_every_check_belongs_to_an_example():
    assert CHECKS.keys() <= set(SCRIPTS)


def test_printed_tables_are_read_back():
    text = "what    here\n------  ----\none two    3\n           4\n\nelse"
    assert tables_in(text) == [[{"what": "one tw", "here": "3"}, {"what": "", "here": "4"}]]
