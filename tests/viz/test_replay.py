import html
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from autograd_lite import Tensor
from autograd_lite.errors import GradError
from autograd_lite.viz import RenderError, replay, watch

from .programs import Net, cross_entropy, images, shop

BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def data(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.S)[1])


def run(page, tmp_path, script):
    """What ``script``, the body of an asynchronous function, returns when a real browser runs it in the page."""
    report = f"(async () => {{ {script} }})().then(r => {{ const e = document.createElement('pre'); e.id = 'report'; "
    report += "e.textContent = JSON.stringify(r); document.body.append(e); });"
    path = tmp_path / "page.html"
    path.write_text(page.html.replace("</body>", f"<script>{report}</script></body>"), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=20000",
        f"--user-data-dir={tmp_path}/user",
    ]
    done = subprocess.run(
        [BROWSER, *options, "--dump-dom", path.as_uri()], capture_output=True, timeout=120, check=True
    )
    return json.loads(html.unescape(re.search(r'<pre id="report">(.*?)</pre>', done.stdout.decode(), re.S)[1]))


def watched_network():
    model, x = Net(), images()
    with watch() as seen:
        loss = cross_entropy(model(x))
        loss.backward()
    return replay(loss, watched=seen)


# -- Content


def test_steps_are_the_operations_and_then_what_backward_sent():
    x = leaf(2.0)
    with watch() as seen:
        a = x * 3.0
        y = a.exp()
        y.backward()
    steps = data(replay(y, watched=seen))["steps"]
    assert [step["kind"] for step in steps] == ["forward", "forward", "backward", "backward"]
    assert steps[2]["said"].startswith("backward: Exp")
    assert "sends 403.4 to Mul" in steps[2]["said"]


def test_forward_steps_stand_in_the_order_of_execution():
    x = leaf(2.0)
    with watch() as seen:
        late_operand = x.exp()
        first_operand = x * 2.0
        y = first_operand + late_operand
    titles = [step["said"] for step in data(replay(y, watched=seen))["steps"] if step["kind"] == "forward"]
    assert [title.split()[1] for title in titles] == ["Exp", "Mul", "Add"]


def test_a_graph_that_nobody_watched_can_be_replayed_too():
    x = leaf(np.ones((3, 3)))
    y = (x @ x).sum()
    page = data(replay(y))
    assert page["forward"] == 2
    assert len(page["steps"]) == 5
    assert x.grad is None
    y.backward()


def test_backward_can_be_left_out():
    steps = data(replay(shop(), gradients=False))["steps"]
    assert {step["kind"] for step in steps} == {"forward"}


def test_the_page_needs_nothing_from_elsewhere():
    page = replay(shop()).html
    addresses = set(re.findall(r"https?://[^\s\"'<>)]*", page))
    assert all(address.startswith("http://www.w3.org/") for address in addresses)
    assert not re.search(r"<(link|script|img)[^>]*(src|href)=", page)


def test_names_cannot_break_out_of_the_page():
    name = "</script><script>alert(1)</script>"
    page = replay(leaf(2.0, name=name) * 2.0)
    assert name not in page.html
    assert data(page)["nodes"][0]["title"] == name


@pytest.mark.parametrize("name", ["/*DATA*/", "<!--SVG-->", "<title>Replay</title>"])
def test_names_are_not_taken_for_the_places_of_data_and_picture(name):
    x = leaf(2.0)
    page = replay(x * x, names={name: x})
    assert data(page)["nodes"][0]["title"] == name
    assert page.html.count('"steps"') == page.html.count("<svg") == 1


def test_values_that_are_not_finite_are_valid_data():
    x = leaf([0.0, 1.0, np.nan])
    with np.errstate(all="ignore"):
        page = data(replay((x / 0.0).sum()))
    assert ["nan", "1"] in page["nodes"][0]["value"]["facts"]


def test_pages_are_saved_whole_or_not_at_all(tmp_path):
    page = replay(shop())
    assert page.save(tmp_path / "pass.html").read_text(encoding="utf-8") == page.html
    with pytest.raises(RenderError, match="does not exist"):
        page.save(tmp_path / "nowhere" / "pass.html")
    assert os.listdir(tmp_path) == ["pass.html"]
    assert page._repr_html_().startswith("<iframe")
    assert "KiB" in repr(page)


def test_graphs_too_large_for_a_page_are_refused():
    y = leaf(1.0)
    for _ in range(3001):
        y = y + 1.0
    with pytest.raises(GradError, match="3002 nodes"):
        replay(y)
    with pytest.raises(ValueError, match="print"):
        replay(shop(), theme="print")


# -- In a browser


@needs_browser
def test_stepping_by_keys_buttons_and_slider_lights_what_was_computed_and_sent(tmp_path):
    result = run(watched_network(), tmp_path, """
        const press = key => window.dispatchEvent(new KeyboardEvent("keydown", { key }));
        const count = name => document.querySelectorAll("#stage ." + name).length;
        const out = [[at, count("waiting") > 0, count("sent")]];
        press("ArrowRight"); out.push(at);
        press("ArrowLeft"); out.push(at);
        press("End"); out.push([at === steps.length, count("waiting"), count("sent")]);
        $("back").click(); out.push(steps.length - at);
        $("slider").value = 3; $("slider").dispatchEvent(new Event("input")); out.push([at, count("now") > 0]);
        press("Home"); out.push([at, $("said").textContent]);
        return [...out, Object.keys(data.widths).length];
    """)  # fmt: skip
    start, one, zero, end, back, slid, home, edges = result
    assert start == [0, True, 0]
    assert (one, zero, back) == (1, 0, 1)
    assert end == [True, 0, edges]
    assert slid == [3, True]
    assert home == [0, "0 / 19  before the pass"]


@needs_browser
def test_playing_reaches_the_end_and_stops(tmp_path):
    result = run(watched_network(), tmp_path, """
        $("speed").value = 120; $("play").click();
        const playing = timer !== null;
        await new Promise(done => setTimeout(done, 5000));
        return [playing, at === steps.length, timer];
    """)  # fmt: skip
    assert result == [True, True, None]


@needs_browser
def test_a_click_shows_the_numbers_and_the_line_and_search_finds_nodes(tmp_path):
    result = run(watched_network(), tmp_path, """
        show(steps.length);
        document.querySelector("#stage #n3").dispatchEvent(new MouseEvent("click", { bubbles: true }));
        const text = $("details").textContent, pictures = $("details").querySelectorAll("canvas").length;
        $("search").value = "hidden.weight"; $("search").dispatchEvent(new Event("input"));
        const found = document.querySelectorAll(".found").length;
        $("search").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        return [text, pictures, found, nodes.get(chosen).title, view[2] <= home[2]];
    """)  # fmt: skip
    text, pictures, found, title, zoomed = result
    assert "Relu" in text
    assert "programs.py" in text
    assert "gradient" in text
    assert pictures == 4
    assert (found, title, zoomed) == (1, "hidden.weight", True)


@needs_browser
def test_wheel_and_drag_zoom_and_pan_and_fit_shows_all(tmp_path):
    result = run(replay(shop(), theme="dark"), tmp_path, """
        const before = [...view];
        stage.dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX: 100, clientY: 100, cancelable: true }));
        const zoomed = view[2] < before[2], x = view[0];
        stage.dispatchEvent(new PointerEvent("pointerdown", { clientX: 100, clientY: 100 }));
        window.dispatchEvent(new PointerEvent("pointermove", { clientX: 180, clientY: 100 }));
        window.dispatchEvent(new PointerEvent("pointerup", {}));
        const panned = view[0] < x;
        $("fit").click();
        return [zoomed, panned, view.join() === before.join(), document.documentElement.dataset.theme];
    """)  # fmt: skip
    assert result == [True, True, True, "dark"]


@needs_browser
def test_a_thousand_nodes_step_and_jump(tmp_path):
    x, y = leaf(1.0), leaf(1.0)
    for i in range(500):
        y = (y + x).tanh() if i % 2 else y * x + x
    result = run(replay(y), tmp_path, """
        show(steps.length); show(0); show(700);
        return [nodes.size, document.querySelectorAll("#stage .now").length > 0];
    """)  # fmt: skip
    assert result[0] > 1000
    assert result[1]
