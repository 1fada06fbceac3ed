import itertools
import os
import re
import stat
import sys
import xml.etree.ElementTree as ElementTree
from functools import partial

import numpy as np
import pytest

from autograd_lite import Tensor, gelu
from autograd_lite.errors import GradError, ShapeError
from autograd_lite.graph import Recording
from autograd_lite.viz import RenderError, check, diagnose, draw, replay
from autograd_lite.viz.style import DARK, LIGHT

from .programs import Block, Linear, Net, agrees_with_golden, cross_entropy, images, shop

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<b>&\"'</b>",
    "a\\nb\\l",
    "x -> y; }",
    "новый",
    "重み",
    "وزن",
    "🎲",
    "line\nbreak\ttab",
    "\x00\x1b",
    "%s{0}|<f0>",
    "\ud800",
]


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes a renderer out of a line of Python."""

    def make(line):
        script = tmp_path / "renderer"
        script.write_text(f"#!{sys.executable}\nimport sys, time\n{line}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("AUTOGRAD_LITE_DOT", str(script))
        return script

    return make


# -- What is drawn


def test_the_drawing_of_the_shop_is_the_golden_one():
    assert agrees_with_golden("shop.dot", draw(shop(), direction="LR").source)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_the_drawing_of_a_network_is_the_golden_one(theme):
    model, x = Net(), images()
    loss = cross_entropy(model(x))
    assert agrees_with_golden(f"network-{theme}.dot", draw(loss, theme=theme).source)


def test_the_same_graph_is_drawn_the_same_way():
    assert draw(shop()).source == draw(shop()).source


def test_drawing_changes_nothing():
    x = leaf(3.0)
    y = x * x
    draw(y)
    assert x.grad is None
    y.backward()
    assert x.grad.item() == 6.0


def test_facts_are_written_as_asked():
    x = leaf(np.full((2, 3), 2.0, np.float32))
    y = (x * x).sum(axis=0)
    everything = draw(y, show=("shape", "dtype", "settings", "statistics", "saved")).source
    for fact in ("2\N{MULTIPLICATION SIGN}3", "float32", "axis=0", "2 ± 0", "24 B"):
        assert fact in everything
    assert "float32</font>" not in draw(y, show=()).source


def test_gradients_are_written_where_collected():
    x = leaf([3.0, 4.0])
    x.sum().backward()
    assert "gradient norm 1.414" in draw(x.sum(), show="gradient").source


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_gives_a_drawing_that_renders_and_parses(name):
    svg = draw(leaf(2.0, name=name) * 2.0, names=None).render().decode()
    shown = "".join(filter(None, texts(svg)))
    for word in re.findall(r"\w{3,}", name):
        assert word in shown


def test_names_with_markup_are_shown_as_they_are():
    svg = draw(leaf(2.0, name="<i>w & b</i>") * 2.0).render().decode()
    assert "<i>w & b</i>" in texts(svg)


def test_backslashes_stay_backslashes():
    svg = draw(leaf(2.0, name=r"\N\G") * 2.0).render().decode()
    svg = svg.replace("\N{ZERO WIDTH SPACE}", "")
    assert r"\N\G" in texts(svg)
    assert r'title="n0: \N\G' in svg


def test_calls_of_a_module_without_a_name_are_numbered():
    def unrolled(h, cell):
        for _ in range(2):
            h = cell(h)
        return h

    source = draw(unrolled(images().reshape(-1, 3), Linear(3, 3))).source
    assert "<<b>Linear #1</b> · Linear>" in source
    assert "<<b>Linear #2</b> · Linear>" in source
    assert "<Linear>" in draw(Linear(3, 3)(images().reshape(-1, 3))).source


def test_long_names_are_cut_in_the_picture_but_not_in_the_tooltip():
    name = "w" * 100
    source = draw(leaf(2.0, name=name) * 2.0).source
    assert f"<b>{name}" not in source
    assert f": {'w' * 48}" in source


def test_unknown_options_are_refused_with_the_known_ones():
    y = shop()
    with pytest.raises(ValueError, match="'colour'.*shape"):
        draw(y, show=["colour"])
    with pytest.raises(ValueError, match="'blue'.*light"):
        draw(y, theme="blue")
    with pytest.raises(ValueError, match="'up'.*TB"):
        draw(y, direction="up")


@pytest.mark.parametrize("picture", [draw, replay, diagnose, partial(check, watched=Recording())])
def test_every_picture_refuses_an_unknown_theme_or_direction_with_the_known_ones(picture):
    with pytest.raises(ValueError, match="no theme 'blue'.*light, dark"):
        picture(shop(), theme="blue")
    with pytest.raises(ValueError, match="no direction 'up'.*TB, LR, BT, RL"):
        picture(shop(), direction="up")


@pytest.mark.parametrize("thing", [3.0, None, Net(), "loss", [shop(), 3.0], np.ones(2)])
def test_what_has_no_graph_is_refused_by_its_type(thing):
    with pytest.raises(TypeError, match="Only tensors have a graph, and this is a (float|NoneType|Net|str)"):
        draw(thing)


def test_a_module_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match="a Net. Call it, and give its result"):
        draw(Net())


@pytest.mark.parametrize(("outputs", "gradients"), [(1, [1.0, 2.0, 3.0]), (2, [np.ones(3)]), (2, np.ones(3))])
def test_cotangents_for_another_number_of_outputs_are_refused_with_their_shapes(outputs, gradients):
    x = leaf([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"outputs have shapes \(3,\).*one array for each"):
        draw([x * (k + 2.0) for k in range(outputs)], gradients=gradients)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_every_form_of_an_activation_has_its_colour(approximate):
    y = gelu(leaf([1.0, 2.0]), approximate)
    assert LIGHT.fills["activation"][0] in draw(y).source


def test_drawing_nothing_is_refused():
    with pytest.raises(GradError, match="no graph"):
        draw(Tensor(2.0))


# -- What can be read


def boxes(svg, where):
    """The left, right, upper and lower end of each text in groups that are so, roughly."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("class") in ("node", "cluster", "edge") and where(g)]
    for text in (text for g in groups for text in g.iter(f"{SVG}text")):
        x, y, size = (float(text.get(key)) for key in ("x", "y", "font-size"))
        yield text.text.strip(), x, x + 0.5 * size * len(text.text.strip()), y - 0.6 * size, y


def arrows(svg):
    """Points along each edge that is drawn, and how far the ink reaches to either side."""
    for g in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        for path in g.iter(f"{SVG}path") if g.get("class") == "edge" else ():
            p = np.array(re.findall(r"-?[\d.]+", path.get("d")), float).reshape(-1, 1, 2)
            t = np.linspace(0, 1, 200)[:, None]
            curves = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            points = [sum(c * q for c, q in zip(curves, p[k : k + 4], strict=True)) for k in range(0, len(p) - 1, 3)]
            yield np.concatenate(points), float(path.get("stroke-width", 1)) / 2


def crossed(svg, where):
    """The texts that an arrow runs through."""
    for text, left, right, top, bottom in boxes(svg, where):
        for points, ink in arrows(svg):
            x, y = points.T
            if np.any((x > left - ink) & (x < right + ink) & (y > top - ink) & (y < bottom + ink)):
                yield text


def is_title(g):
    return g.get("class") == "cluster" or g.get("id").startswith("title_")


class Rectification(Block):
    def forward(self, x):
        return x.relu()


class Rectified(Block):
    def __init__(self):
        self.first, self.middle, self.last = Net(), Rectification(), Rectification()

    def forward(self, x):
        return self.last(self.middle(self.first(x)) * 2.0 + 1.0)


@pytest.mark.parametrize("direction", ["TB", "BT"])
@pytest.mark.parametrize("gradients", [None, True])
def test_no_arrow_runs_through_the_title_of_a_module_where_data_flows_down_or_up(direction, gradients):
    loss = cross_entropy(Rectified()(images()))
    svg = draw(loss, direction=direction, gradients=gradients).render()
    assert {"first", "first.conv", "middle", "last"} <= {text for text, *_ in boxes(svg, is_title)}
    assert not list(crossed(svg, is_title))


def test_a_number_stands_beside_its_arrow_however_wide_that_is():
    x, w = leaf(1.0), leaf(1000.0)
    svg = draw(x * w, gradients=True).render()
    assert {"1", "1000"} <= {text for text, *_ in boxes(svg, lambda g: g.get("class") == "edge")}
    assert not list(crossed(svg, lambda g: g.get("class") == "edge"))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_colours_of_the_legend_can_be_told_apart(theme):
    def lightness_and_hue(color):
        r, g, b = (int(color[i : i + 2], 16) for i in (1, 3, 5))
        return np.array([0.3 * r + 0.6 * g + 0.1 * b, r - g, (r + g) / 2 - b])

    fills = {name: lightness_and_hue(fill) for name, (fill, _) in theme.fills.items() if name != "constant"}
    for one, other in itertools.combinations(fills, 2):
        assert np.linalg.norm(fills[one] - fills[other]) > 10, (one, other)


# -- Files


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph"), ("gv", b"digraph")],
)
def test_the_ending_chooses_the_format(tmp_path, suffix, start):
    path = draw(shop()).save(tmp_path / f"graph.{suffix}")
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [path.name]


def test_a_pdf_is_written_or_the_error_says_who_can(tmp_path):
    try:
        assert draw(shop()).save(tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")
    except RenderError as error:
        assert "Graphviz itself" in str(error)  # noqa: PT017  # either is right, depending on the renderer
        assert os.listdir(tmp_path) == []


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(RenderError, match=r"graph\.jpeg.*\.svg"):
        draw(shop()).save(tmp_path / "graph.jpeg")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RenderError, match=r"nowhere.*does not exist"):
        draw(shop()).save(tmp_path / "nowhere" / "graph.svg")


def test_a_path_that_is_a_folder_is_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "graph.svg").mkdir()
    with pytest.raises(RenderError, match="Nothing was written"):
        draw(shop()).save(tmp_path / "graph.svg")
    assert os.listdir(tmp_path) == ["graph.svg"]


def test_a_notebook_gets_svg():
    bundle = draw(shop())._repr_mimebundle_()
    assert "<svg" in bundle["image/svg+xml"]
    assert "<svg" in draw(shop())._repr_svg_()


# -- Renderers


def test_the_chosen_renderer_gets_the_source(program):
    program("sys.stdout.write('drawn:' + sys.stdin.read())")
    drawing = draw(shop())
    assert drawing.render() == ("drawn:" + drawing.source).encode()


def test_a_chosen_renderer_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DOT", "no-such-program")
    with pytest.raises(RenderError, match=r"AUTOGRAD_LITE_DOT names 'no-such-program'"):
        draw(shop()).render()


def test_without_a_renderer_the_error_says_what_to_install_and_dot_text_still_works(monkeypatch, tmp_path):
    monkeypatch.delenv("AUTOGRAD_LITE_DOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograd_lite.viz.render._from_wheel", lambda: None)
    drawing = draw(shop())
    with pytest.raises(RenderError, match=r"pip install 'autograd_lite\[render\]'"):
        drawing.save(tmp_path / "graph.svg")
    assert os.listdir(tmp_path) == []
    assert drawing.save(tmp_path / "graph.dot").read_text() == drawing.source
    assert "image/svg+xml" not in drawing._repr_mimebundle_()
    assert drawing._repr_svg_() is None


def test_a_renderer_that_crashes_is_quoted_and_the_old_file_stays(program, tmp_path):
    program("sys.stderr.write('out of ink'); sys.exit(3)")
    (tmp_path / "graph.svg").write_text("old")
    with pytest.raises(RenderError, match="exit code 3.*out of ink"):
        draw(shop()).save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == "old"


def test_a_renderer_that_hangs_is_stopped(program):
    program("time.sleep(60)")
    with pytest.raises(RenderError, match=r"within 0\.2 seconds"):
        draw(shop(), timeout=0.2).render()


def test_a_renderer_that_writes_nothing_is_an_error(program):
    program("pass")
    with pytest.raises(RenderError, match="exit code 0"):
        draw(shop()).render()
