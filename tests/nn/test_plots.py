"""Figures: what is in them, that they are drawn without warnings, and that nothing global changes."""

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

import nn
from autograd_lite import Tensor
from nn import plots


def labels_of(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


HISTORY = [{"epoch": i, "loss": 1 / i, "train accuracy": 0.9, "test accuracy": 0.8, "seconds": 1.0} for i in (1, 2, 3)]


RNG = np.random.default_rng(0)
FIGURES = {
    "lines": lambda: plots.lines({"a": [1, 2, 3], "b": Tensor([3.0, 2.0, 1.0])}, logx=True, logy=True, ylim=(0.5, 4)),
    "training curves": lambda: plots.training_curves({"SGD": HISTORY, "Adam": HISTORY}, title="Two", logy=True),
    "histograms": lambda: plots.histograms({"x": {"1": RNG.normal(size=99), "2": np.zeros(9)}, "y": {"1": [1.0]}}),
    "filters": lambda: plots.filters(Tensor(RNG.normal(size=(30, 1, 5, 5)))),
    "many filters": lambda: plots.filters({"a": np.ones((99, 3, 3, 3)), "b": np.zeros((4, 3, 3, 3))}, limit=20),
    "contact sheet": lambda: plots.contact_sheets(RNG.random((5, 3, 8, 8)), list("abcde"), list("abcdx"))[0],
    "confusion": lambda: plots.confusion([[5, 1], [0, 7]], ["no", "yes"], title="Which"),
    "contours": lambda: plots.contours(lambda x, y: x * x + y * y, {"path": [(1, 1), (0, 0)]}),
    "three paths": lambda: plots.contours(lambda x, y: x * x + y, dict.fromkeys("abc", ((1, 1), (0, 0))), title="Down"),
    "decisions": lambda: plots.decisions({"x": lambda p: p[:, 0] > 0.5}, np.eye(2), [1, 0], title="Half"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_without_warnings(name):
    file = io.BytesIO()
    FIGURES[name]().savefig(file, format="png", dpi=40)
    assert file.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FIGURES)
def test_panels_with_all_their_words_lie_on_the_figure_and_below_its_title(name):
    figure = FIGURES[name]()
    figure.savefig(io.BytesIO(), format="png")
    title = figure._suptitle.get_window_extent().y0 if figure.get_suptitle() else figure.bbox.y1
    for axes in figure.axes:
        if axes.get_visible():
            box = axes.get_tightbbox()
            assert min(box.x0, box.y0) > -1
            assert box.x1 < figure.bbox.x1 + 1
            assert box.y1 < title + 1


def test_figures_change_no_settings_and_stay_out_of_pyplot():
    code = (
        "import sys, nn, matplotlib as mpl; before = dict(mpl.rcParams);"
        "nn.plots.lines({'a': [1, 2]}, title='t').savefig('/dev/null', format='png');"
        "assert dict(mpl.rcParams) == before; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_without_matplotlib_a_figure_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'autograd_lite\[plots\]'"):
        plots.lines({"a": [1, 2]})


def test_a_run_is_shown_with_its_loss_and_its_accuracies():
    run = nn.Run(nn.Identity(), None, None, None, epochs=3)
    run.history = HISTORY
    loss, accuracy = plots.training_curves(run).axes
    assert loss.lines[0].get_ydata().tolist() == [1, 1 / 2, 1 / 3]
    assert labels_of(accuracy) == ["train accuracy", "test accuracy"]
    assert len({line.get_color() for line in accuracy.lines}) == 2


def test_a_panel_of_one_quantity_says_which_data_it_is_of():
    history = [{"epoch": 1, "loss": 2.0, "held-out accuracy": 0.5}]
    for runs in history, {"SGD": history, "Adam": history}:
        titles = [axes.get_title("left") for axes in plots.training_curves(runs).axes]
        assert titles == ["loss", "held-out accuracy"]
    assert plots.training_curves(HISTORY).axes[1].get_title("left") == "accuracy"


def test_several_runs_are_told_apart_by_colour_and_their_data_sets_by_the_line():
    _, accuracy = plots.training_curves({"SGD": HISTORY, "Adam": HISTORY}).axes
    assert labels_of(accuracy)[0] == "SGD, train accuracy"
    colours, kinds = ([getattr(line, f"get_{what}")() for line in accuracy.lines] for what in ("color", "linestyle"))
    assert colours[0] == colours[1] != colours[2] == colours[3]
    assert kinds == ["--", "-", "--", "-"]


def test_a_name_has_one_colour_in_all_panels():
    first, second = plots.lines({"one": {"a": [1, 2], "b": [2, 1]}, "two": {"b": [1, 2], "c": [0, 0]}}).axes
    assert first.lines[1].get_color() == second.lines[0].get_color() != first.lines[0].get_color()


def test_a_curve_is_drawn_in_the_style_given_for_its_name_and_the_legend_shows_it():
    (axes,) = plots.lines({"a": [1, 2], "b": [1, 2]}, styles={"a": {"linewidth": 5.0, "linestyle": ":"}}).axes
    for curves in axes.lines, axes.get_legend().get_lines():
        assert [(line.get_linewidth(), line.get_linestyle()) for line in curves] == [(5.0, ":"), (1.7, "-")]


def test_points_are_not_connected():
    (axes,) = plots.lines({"a": ([1, 5, 2], [3, 1, 2])}, points=True).axes
    assert (axes.lines[0].get_linestyle(), axes.lines[0].get_marker()) == ("None", "o")


def test_histograms_count_every_number_that_lies_on_the_axis():
    numbers = np.linspace(-5, 5, 101)
    for limits, count in (None, 101), ((0, 1), 11):
        (axes,) = plots.histograms({"x": numbers}, xlim=limits, bins=10).axes
        assert sum(bar.get_height() for bar in axes.patches) == count
        assert axes.get_xlim()[0] <= (limits or (-5, 5))[0]


def test_one_high_bar_does_not_hide_the_others():
    (axes,) = plots.histograms({"x": np.append(np.zeros(10_000), np.linspace(0, 1, 1000))}, bins=10).axes
    assert axes.get_ylim()[1] < 10_000


def test_a_bar_that_is_cut_off_has_a_gap_and_its_share_beside_it():
    numbers = np.append(np.zeros(300), np.repeat(np.arange(10), 10))
    (axes,) = plots.histograms({"x": numbers}, bins=10).axes
    assert axes.get_ylim()[1] < max(bar.get_height() for bar in axes.patches)
    (gap,) = axes.lines
    assert gap.get_xdata().tolist() == pytest.approx([0, 0.9])
    assert [text.get_text().strip() for text in axes.texts[1:]] == ["78 %"]


def test_bars_of_which_none_towers_above_the_others_are_shown_in_full():
    (axes,) = plots.histograms({"x": [0.4, 0.41, 0.4, 0.6]}, xlim=(0, 1)).axes
    assert max(bar.get_height() for bar in axes.patches) <= axes.get_ylim()[1]
    assert not axes.lines


def test_above_a_histogram_stand_its_mean_and_deviation_and_what_lies_outside():
    inside, outside, none = plots.histograms({"x": [0, 2], "y": [0, 0, 4, 4], "z": []}, xlim=(0, 2)).axes
    notes = [axes.texts[0] for axes in (inside, outside, none)]
    assert [note.get_text() for note in notes] == ["mean 1, std 1", "mean 2, std 2, 50 % outside", "empty"]
    assert all(note.get_position()[1] > 1 for note in notes)


def test_each_row_of_histograms_has_an_axis_of_values_that_holds_them_all_unless_one_is_given():
    rows = {name: {"1": [0, 1], "2": [0, size]} for name, size in {"a": 1, "b": 9, "c": 9}.items()}
    axes = plots.histograms(rows, xlim={"c": (0, 3)}).axes
    highest = [max(bar.get_x() + bar.get_width() for bar in panel.patches) for panel in axes]
    assert highest == pytest.approx([1, 1, 9, 9, 3, 3])
    assert [panel.texts[0].get_text().endswith("outside") for panel in axes] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("numbers", "note"),
    [
        (np.array([True, False, True, True]), "mean 0.75, std 0.43"),
        (np.array([0, 60000, 60000, 60000], np.float16), "mean 4.5e+04, std 2.6e+04"),
        (np.full(4, 1e20), "mean 1e+20, std 0"),
        (np.full(4, np.float32(1e8)) + np.arange(4), "mean 1e+08, std 1.1"),
    ],
)
def test_histograms_show_masks_half_precision_and_large_numbers_that_are_all_alike(numbers, note):
    (axes,) = plots.histograms({"numbers": numbers}).axes
    assert axes.texts[0].get_text() == note
    assert sum(bar.get_height() for bar in axes.patches) == 4


def test_panels_with_the_same_names_share_one_legend():
    series = {"a": [1, 2], "b": [2, 1]}
    first, second, third = plots.lines({"one": series, "two": series, "three": {"b": [1, 2], "c": [2, 1]}}).axes
    assert labels_of(first) == ["a", "b"]
    assert second.get_legend() is None
    assert labels_of(third) == ["b", "c"]


def test_pictures_of_filters_are_tiled_row_by_row():
    sheet = plots.tile(np.arange(6.0).reshape(6, 1, 1) * np.ones((6, 2, 3)), columns=4)
    assert sheet.shape == (5, 15)
    assert [sheet[0, 4], sheet[3, 0], sheet[3, 4]] == [1, 4, 5]
    assert np.isnan(sheet[2]).all()
    assert np.isnan(sheet[3:, 8:]).all()


def test_pictures_may_be_tiled_without_a_gap():
    sheet = plots.tile(np.arange(6.0).reshape(6, 1, 1) * np.ones((6, 2, 3)), columns=3, gap=0)
    np.testing.assert_array_equal(sheet, np.kron([[0, 1, 2], [3, 4, 5]], np.ones((2, 3))))


def test_filters_before_and_after_each_have_a_scale_around_0_and_a_colour_bar_that_says_it():
    figure = plots.filters({"before": np.full((4, 1, 2, 2), 0.1), "after": np.full((4, 1, 2, 2), -3.0)})
    *panels, before, after = figure.axes
    assert [axes.images[0].get_clim() for axes in panels] == [(-0.1, 0.1), (-3.0, 3.0)]
    assert [bar.get_ylim() for bar in (before, after)] == [(-0.1, 0.1), (-3.0, 3.0)]


def test_filters_of_one_panel_are_nearer_to_each_other_than_to_those_of_the_next():
    figure = plots.filters({"before": np.ones((4, 1, 2, 2)), "after": np.ones((4, 1, 2, 2))})
    figure.draw_without_rendering()
    left, right = (axes.get_window_extent() for axes in figure.axes[:2])
    pixel = left.width / figure.axes[0].images[0].get_array().shape[1]  # filters are as far apart as a pixel is wide
    assert right.x0 - left.x1 > pixel / 2


def test_hundreds_of_images_make_several_pages_and_each_image_is_on_one():
    images = np.linspace(0, 1, 648)[:, None, None, None] * np.ones((648, 1, 10, 10))
    pages = plots.contact_sheets(images, labels=np.arange(648), title="All")
    assert len(pages) == 5
    assert pages[4].get_suptitle() == "All (5 of 5)"
    captions = [text.get_text() for page in pages for text in page.axes[0].texts]
    assert captions == [str(i) for i in range(648)]


def test_images_stand_row_by_row_with_their_captions_below():
    images = np.arange(5.0)[:, None, None] * np.ones((5, 10, 10))
    (page,) = plots.contact_sheets(images, labels=list("abcde"), columns=3)
    sheet = page.axes[0].images[0].get_array()
    for number, text in enumerate(page.axes[0].texts):
        x, y = text.get_position()
        assert sheet[int(y) - 5, int(x)] == number / 4
        assert sheet[int(y) + 1, int(x)] == 0


def test_colour_images_keep_their_colours_on_white():
    images = np.zeros((2, 3, 4, 4))
    images[0, 0] = images[1, 2] = 1
    sheet = plots.contact_sheets(images)[0].axes[0].images[0].get_array()
    assert sheet[0, 0].tolist() == [1, 0, 0]
    assert sheet[0, -1].tolist() == [1, 1, 1] or sheet[0, -1].tolist() == [0, 0, 1]
    assert [0, 0, 1] in sheet[0].tolist()


def test_a_caption_has_the_label_and_in_red_what_it_was_taken_for_instead():
    (page,) = plots.contact_sheets(np.zeros((2, 1, 4, 4)), labels=[7, 7], predicted=[7, 1])
    right, wrong = page.axes[0].texts
    assert (right.get_text(), wrong.get_text()) == ("7", "7\u21921")
    assert mpl.colors.to_hex(right.get_color()) != mpl.colors.to_hex(wrong.get_color())


def test_a_confusion_matrix_shows_its_counts_and_the_share_that_is_right():
    (axes,) = plots.confusion(np.array([[8, 2], [0, 10]])).axes
    assert sorted(text.get_text() for text in axes.texts) == ["10", "2", "8"]
    assert axes.get_title("left") == "90.00 % of 20 right"


def test_contours_show_each_path_from_start_to_end():
    (axes,) = plots.contours(lambda x, y: x**2 + y**2, {"down": [(3, 4), (1, 2), (0, 0)]}).axes
    assert axes.get_title("left") == "down"
    assert axes.lines[0].get_xdata().tolist() == [3, 1, 0]


def test_the_lowest_place_is_marked_also_where_a_function_has_no_value_everywhere():
    (axes,) = plots.contours(lambda x, y: np.where(x > 0, (x - 5) ** 2 + y**2, np.nan)).axes
    assert np.ravel(axes.lines[-1].get_xydata()) == pytest.approx([5, 0])


@pytest.mark.parametrize("names", [{}, {"xlabel": "x1", "ylabel": "x2"}])
def test_axes_of_planes_are_named_at_the_left_and_below(names):
    x, y = names.get("xlabel", "x"), names.get("ylabel", "y")
    paths = dict.fromkeys("abc", ((0, 0), (1, 1)))
    classifiers = dict.fromkeys("abc", lambda points: points[:, 0] > 0.5)
    for figure in (
        plots.contours(lambda x, y: x**2 + y**2, paths, columns=2, **names),
        plots.decisions(classifiers, np.eye(2), [0, 1], columns=2, **names),
    ):
        assert [axes.get_xlabel() for axes in figure.axes[:3]] == ["", x, x]
        assert [axes.get_ylabel() for axes in figure.axes[:3]] == [y, "", y]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.lines({}), "nothing to draw"),
        (lambda: plots.lines({"a": [1, 2]}, styles={"b": {}}), r"styles has settings for \['b'\], .* drawn is \['a'\]"),
        (lambda: plots.histograms({"a": {"1": [1, 2]}}, xlim={"1": (0, 1)}), r"xlim has settings for \['1'\]"),
        (lambda: plots.training_curves({"a": []}), "no run has finished an epoch"),
        (lambda: plots.filters(np.ones((3, 5, 5))), r"shape \(O, C, H, W\), not \(3, 5, 5\)"),
        (lambda: plots.contact_sheets(np.ones((3, 2, 5, 5))), r"not \(3, 2, 5, 5\)"),
        (lambda: plots.contact_sheets(np.ones((3, 5, 5)), labels=[1]), "3 images need as many labels"),
        (lambda: plots.contact_sheets(np.ones((0, 5, 5))), "no images"),
        (lambda: plots.contact_sheets(np.ones((3, 5, 5)), columns=0), "columns=0"),
        (lambda: plots.confusion(np.ones((2, 3))), r"a square, not of shape \(2, 3\)"),
        (lambda: plots.decisions({}, [], []), "no classifiers"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(draw, message):
    with pytest.raises(nn.SettingError, match=message):
        draw()
