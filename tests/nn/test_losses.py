"""Losses: closed forms, both kinds of labels, and what bad labels are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
import nn
import nn.functional as F
from autograd_lite.testing import PASS, gradcheck


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(seed, n=5, c=4):
    rng = np.random.default_rng(seed)
    return 3 * rng.standard_normal((n, c)), rng.integers(0, c, n)


@given(seed=st.integers(0, 99), n=st.integers(1, 6), c=st.integers(2, 5))
def test_cross_entropy_is_minus_the_logarithm_of_softmax_and_its_gradient_softmax_minus_one_hot(seed, n, c):
    scores, labels = draw(seed, n, c)
    x = ag.Tensor(scores, requires_grad=True)
    loss = F.cross_entropy(x, labels)
    loss.backward()
    p = softmax(scores)
    np.testing.assert_allclose(loss.item(), -np.log(p[np.arange(n), labels]).mean(), rtol=1e-12)
    np.testing.assert_allclose(x.grad.data, (p - np.eye(c)[labels]) / n, atol=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_class_numbers_one_hot_labels_and_probabilities_give_the_same_loss(reduction, smoothing):
    scores, labels = draw(1)
    one_hot = np.eye(4)[labels]
    settings = {"reduction": reduction, "label_smoothing": smoothing}
    expected = F.cross_entropy(scores, labels, **settings).data
    for target in (one_hot.astype(int), one_hot, ag.Tensor(one_hot), ag.Tensor(labels)):
        np.testing.assert_allclose(F.cross_entropy(scores, target, **settings).data, expected, rtol=1e-12)


def test_soft_labels_mix_the_losses_of_classes():
    scores, _ = draw(2)
    soft = softmax(np.random.default_rng(3).standard_normal(scores.shape))
    expected = -(soft * np.log(softmax(scores))).sum(axis=1).mean()
    np.testing.assert_allclose(F.cross_entropy(scores, soft).item(), expected)


def test_class_weights_make_a_weighted_mean_and_ignored_samples_do_not_count():
    scores, labels = draw(4)
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    each = -np.log(softmax(scores))[np.arange(5), labels]
    w = weight[labels]
    np.testing.assert_allclose(F.cross_entropy(scores, labels, weight).item(), (w * each).sum() / w.sum())
    ignored = np.where(np.arange(5) == 2, -100, labels)
    kept = np.arange(5) != 2
    np.testing.assert_allclose(F.cross_entropy(scores, ignored).item(), each[kept].mean())
    np.testing.assert_allclose(F.nll_loss(np.log(softmax(scores)), ignored).item(), each[kept].mean())


def test_smoothed_labels_count_by_the_weights_of_all_classes_also_where_their_own_has_none():
    scores, labels = draw(7, n=6)
    labels[:3] = 0, 0, 1
    weight = np.array([0.0, 2.0, 0.5, 3.0])
    each = -weight * np.log(softmax(scores))
    each = each[np.arange(6), labels] * 0.8 + each.sum(axis=1) * 0.2 / 4
    settings = {"weight": weight, "label_smoothing": 0.2}
    np.testing.assert_allclose(F.cross_entropy(scores, labels, reduction="none", **settings).data, each)
    np.testing.assert_allclose(F.cross_entropy(scores, labels, **settings).item(), each.sum() / weight[labels].sum())
    ignored = F.cross_entropy(scores, labels, reduction="none", ignore_index=0, **settings).data
    np.testing.assert_allclose(ignored, np.where(labels == 0, 0.0, each))


def test_pixels_and_single_samples_are_classified_too():
    rng = np.random.default_rng(5)
    scores, labels = rng.standard_normal((2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    rows = scores.transpose(0, 2, 3, 1).reshape(-1, 3)
    expected = F.cross_entropy(rows, labels.reshape(-1)).item()
    np.testing.assert_allclose(F.cross_entropy(scores, labels).item(), expected)
    one_hot = np.eye(3)[labels].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(F.cross_entropy(scores, one_hot).item(), expected)
    np.testing.assert_allclose(
        F.cross_entropy(rows[0], labels.flat[0]).item(), F.cross_entropy(rows[:1], labels.flat[:1]).item()
    )


def test_the_loss_of_huge_scores_is_exact():
    assert F.cross_entropy([[1e4, 0.0]], [1]).item() == 1e4
    assert F.cross_entropy([[1e4, 0.0]], [0]).item() == 0.0


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.zeros((2, 3)), [0, 3], "Label 3 is out of range: there are 3 classes, 0 to 2"),
        (np.zeros((2, 3)), [0, -1], "Label -1 is out of range"),
        (np.zeros((2, 3)), [[0], [1]], r"pass labels\.reshape\(-1\)"),
        (np.zeros((2, 3)), [0.0, 1.0], r"labels\.astype\(int\)"),
        (np.zeros((2, 3)), [0, 1, 2], r"expected class numbers of shape \(2,\)"),
        (np.zeros((2, 1)), [[1], [0]], "single class"),
        (np.zeros((2, 3)), [[1, 1, 0], [1, 0, 0]], "must be one-hot"),
        (np.zeros((2, 3)), [[1.5, -0.5, 0.0], [1.0, 0, 0]], "between 0 and 1, but one label is 1.5"),
        (np.zeros((2, 3)), [-100, -100], "all are ignored"),
        (np.zeros((0, 3)), np.zeros(0, int), "no samples"),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_advice(scores, labels, message):
    with pytest.raises(nn.LabelError, match=message):
        F.cross_entropy(scores, labels)


def test_a_loss_within_a_model_names_bad_labels_too():
    with pytest.raises(nn.LabelError, match="CrossEntropyLoss: Label 7 is out of range"):
        nn.CrossEntropyLoss()(np.zeros((1, 3)), [7])


def test_the_book_s_losses():
    y = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
    t = np.eye(10)[2]
    np.testing.assert_allclose(F.sum_squared_error(y, t).item(), 0.0975)
    np.testing.assert_allclose(F.cross_entropy_error(y, t).item(), 0.510825457099338)
    np.testing.assert_allclose(F.cross_entropy_error(y, 2).item(), 0.510825457099338)
    assert np.isfinite(F.cross_entropy_error(y, 3).item())  # a probability of 0


A, B = np.random.default_rng(6).standard_normal((2, 4, 3))
SIGNS = np.array([[1.0, -1.0, 1.0]] * 4)
P, Q = 1 / (1 + np.exp(-A)), 1 / (1 + np.exp(-B))
CLOSED_FORMS = {
    "MSELoss": (nn.MSELoss, (A, B), (A - B) ** 2),
    "L1Loss": (nn.L1Loss, (A, B), abs(A - B)),
    "HuberLoss": (nn.HuberLoss, (A, B), np.where(abs(A - B) < 1, (A - B) ** 2 / 2, abs(A - B) - 0.5)),
    "SmoothL1Loss": (nn.SmoothL1Loss, (A, B), np.where(abs(A - B) < 1, (A - B) ** 2 / 2, abs(A - B) - 0.5)),
    "BCELoss": (nn.BCELoss, (P, Q), -Q * np.log(P) - (1 - Q) * np.log(1 - P)),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, (A, Q), -Q * np.log(P) - (1 - Q) * np.log(1 - P)),
    "KLDivLoss": (nn.KLDivLoss, (np.log(P), Q), Q * (np.log(Q) - np.log(P))),
    "HingeLoss": (nn.HingeLoss, (A, SIGNS), np.maximum(0, 1 - A * SIGNS)),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss, (A, SIGNS), np.where(SIGNS == 1, A, np.maximum(0, 1 - A))),
    "TripletMarginLoss": (
        nn.TripletMarginLoss,
        (A, B, A + 0.5),
        np.maximum(0, np.linalg.norm(A - B + 1e-6, axis=1) - np.linalg.norm(-0.5 + 1e-6 + 0 * A, axis=1) + 1),
    ),
    "CosineEmbeddingLoss": (
        nn.CosineEmbeddingLoss,
        (A, B, np.array([1.0, -1.0, 1.0, -1.0])),
        (lambda cos: np.where([True, False, True, False], 1 - cos, np.maximum(0, cos)))(
            (A * B).sum(1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)
        ),
    ),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_a_loss_equals_its_closed_form_under_each_reduction(name):
    loss, inputs, expected = CLOSED_FORMS[name]
    np.testing.assert_allclose(loss(reduction="none")(*inputs).data, expected, rtol=1e-12)
    np.testing.assert_allclose(loss()(*inputs).item(), expected.mean(), rtol=1e-12)
    np.testing.assert_allclose(loss(reduction="sum")(*inputs).item(), expected.sum(), rtol=1e-12)
    with pytest.raises(nn.SettingError, match="reduction is 'mean', 'sum' or 'none', not 'all'"):
        loss(reduction="all")


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_the_gradient_of_a_loss_is_that_of_finite_differences(name):
    loss, (first, *others), _ = CLOSED_FORMS[name]
    assert gradcheck(lambda x: loss()(x, *others), first).status is PASS


@pytest.mark.parametrize(
    "make",
    [nn.BCELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss, nn.HingeLoss, nn.HuberLoss, nn.KLDivLoss, nn.NLLLoss],
)
@pytest.mark.parametrize("kind", [np.array, ag.Tensor])
def test_data_given_in_place_of_settings_are_told_where_they_belong(make, kind):
    data = kind([[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(nn.SettingError, match=r"not data of shape \(2, 2\); .* second pair of brackets"):
        make(data, data)


def test_losses_of_scores_stay_finite_where_those_of_probabilities_end():
    x = ag.Tensor([800.0, -800.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, [0.0, 1.0])
    loss.backward()
    assert loss.item() == 800.0
    assert x.grad.tolist() == [0.5, -0.5]
    p = ag.Tensor([0.0, 1.0], requires_grad=True)
    bounded = F.binary_cross_entropy(p, [1.0, 0.0])
    bounded.backward()
    assert bounded.item() == 100.0
    assert np.isfinite(p.grad.data).all()
    with pytest.raises(nn.LabelError, match="binary_cross_entropy_with_logits"):
        F.binary_cross_entropy([1.5], [1.0])


@pytest.mark.parametrize(
    "settings", [{}, {"label_smoothing": 0.2}, {"weight": [0.5, 1.0, 0.25]}, {"reduction": "none"}]
)
@pytest.mark.parametrize("target", [[2, 0], [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_scores_may_be_whole_numbers(settings, target, dtype):
    scores = np.array([[3, 1, 200], [0, 250, 7]], dtype)
    expected = F.cross_entropy(scores.astype(float), target, **settings).data
    np.testing.assert_allclose(F.cross_entropy(scores, target, **settings).data, expected)
    if "label_smoothing" not in settings and target == [2, 0]:
        logp = -scores.astype(np.int64)
        expected = F.nll_loss(logp.astype(float), target, **settings).data
        np.testing.assert_allclose(F.nll_loss(logp, target, **settings).data, expected)


@pytest.mark.parametrize(
    "loss",
    [F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.sum_squared_error, F.binary_cross_entropy_with_logits],
)
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
def test_numbers_compared_may_be_whole(loss, dtype):
    a, b = np.array([3, 0, 250]).astype(dtype), np.array([200, 1, 1]).astype(dtype)
    expected = loss(a.astype(float), b.astype(float)).data
    for pair in ((a, b), (a.astype(float), b), (a, b.astype(float))):
        np.testing.assert_allclose(loss(*pair).data, expected)


def test_positive_weights_count_only_where_the_answer_is_yes():
    plain = F.binary_cross_entropy_with_logits(A, SIGNS > 0, reduction="none").data
    weighted = F.binary_cross_entropy_with_logits(A, SIGNS > 0, reduction="none", pos_weight=3.0).data
    np.testing.assert_allclose(weighted, np.where(SIGNS > 0, 3 * plain, plain))


@pytest.mark.parametrize(
    ("loss", "inputs"),
    [(F.hinge_loss, (A[:, 0],)), (F.hinge_embedding_loss, (A[:, 0],)), (F.cosine_embedding_loss, (A, B))],
)
@pytest.mark.parametrize("target", [[0, 1, 1, 0], [1.0, -1.0, 0.5, 1.0], [True, False, True, True]])
def test_losses_of_signs_refuse_other_targets(loss, inputs, target):
    wrong = r"0\.5" if 0.5 in target else "0"
    with pytest.raises(nn.LabelError, match=rf"{loss.__name__} takes targets 1 and -1, but one is {wrong}"):
        loss(*inputs, target)


def test_different_shapes_are_refused_rather_than_broadcast():
    with pytest.raises(ag.ShapeError, match=r"Input \(4, 1\) and target \(4,\)"):
        F.mse_loss(np.zeros((4, 1)), np.zeros(4))


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (F.binary_cross_entropy, "weight"),
        (F.binary_cross_entropy_with_logits, "weight"),
        (F.binary_cross_entropy_with_logits, "pos_weight"),
    ],
)
def test_weights_of_samples_do_not_make_a_table_of_a_column_of_losses(loss, name):
    column = np.full((4, 1), 0.5)
    with pytest.raises(ag.ShapeError, match=rf"{name} of shape \(4,\) .* \(4, 1\)"):
        loss(column, column, **{name: np.ones(4)})
    assert loss(column, column, **{name: np.ones((4, 1))}, reduction="none").shape == (4, 1)
    assert loss(column, column, **{name: 2.0}, reduction="none").shape == (4, 1)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_class_weights_that_require_a_gradient_are_refused_as_they_would_get_none(loss):
    weight = ag.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ag.GradError, match="lose its gradient"):
        loss(A[:, :2], [0, 1, 1, 0], weight=weight)
    plain = loss(A[:, :2], [0, 1, 1, 0], weight=weight.detach())
    with ag.no_grad():
        assert loss(A[:, :2], [0, 1, 1, 0], weight=weight).item() == plain.item()


def test_one_hot_rows_check_their_classes():
    assert F.one_hot([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(nn.LabelError, match="Label 5"):
        F.one_hot([5], 3)
    with pytest.raises(nn.LabelError, match="must be whole, but these are float64"):
        F.one_hot([0.5, 1.0])
