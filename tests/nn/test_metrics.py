"""Accuracy, top-k, confusion matrices and running means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nn
from autograd_lite import Tensor
from nn.metrics import RunningMean, accuracy, confusion_matrix, top_k_accuracy

SCORES = arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(-9, 9), unique=True)


@given(SCORES, st.data())
def test_accuracy_is_the_share_of_rows_whose_highest_score_is_the_label(scores, data):
    labels = data.draw(arrays(np.int64, len(scores), elements=st.integers(0, scores.shape[1] - 1)))
    expected = sum(row.tolist().index(max(row)) == label for row, label in zip(scores, labels, strict=True))
    assert accuracy(scores, labels) == pytest.approx(expected / len(scores))


@given(SCORES, st.data())
def test_tensors_arrays_class_numbers_and_one_hot_labels_say_the_same(scores, data):
    labels = data.draw(arrays(np.int64, len(scores), elements=st.integers(0, scores.shape[1] - 1)))
    one_hot = np.eye(scores.shape[1])[labels]
    forms = [(scores, labels), (Tensor(scores), Tensor(labels)), (scores.tolist(), one_hot), (scores, Tensor(one_hot))]
    for metric in (accuracy, top_k_accuracy(2)):
        assert len({metric(*form) for form in forms}) == 1
    assert len({confusion_matrix(*form, classes=scores.shape[1]).tobytes() for form in forms[:2]}) == 1
    assert (confusion_matrix(scores, one_hot) == confusion_matrix(scores, labels)).all()


@given(SCORES, st.data())
def test_the_label_is_among_the_k_highest_scores_more_often_the_larger_k(scores, data):
    labels = data.draw(arrays(np.int64, len(scores), elements=st.integers(0, scores.shape[1] - 1)))
    shares = [top_k_accuracy(k)(scores, labels) for k in range(1, scores.shape[1] + 1)]
    assert shares[0] == accuracy(scores, labels)
    assert shares == sorted(shares)
    assert shares[-1] == 1


TIED = arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.integers(2, 5)),
    elements=st.sampled_from([0.0, 1.0, -np.inf, np.inf, np.nan]),
)


@given(TIED, st.data())
def test_of_scores_alike_the_first_is_highest_and_a_label_whose_score_is_no_number_is_wrong(scores, data):
    labels = data.draw(arrays(np.int64, len(scores), elements=st.integers(0, scores.shape[1] - 1)))
    own = scores[np.arange(len(labels)), labels]
    right = (scores.argmax(axis=1) == labels) & ~np.isnan(own)
    assert accuracy(scores, labels) == right.mean()
    shares = [top_k_accuracy(k)(scores, labels) for k in range(1, scores.shape[1] + 2)]
    assert shares[0] == accuracy(scores, labels)
    assert shares == sorted(shares)
    assert shares[-1] == shares[-2] == (~np.isnan(own)).mean()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_a_confusion_matrix_counts_every_pair_of_label_and_prediction(pairs):
    labels, predicted = map(list, zip(*pairs, strict=True))
    for kind in (np.uint8, bool):
        given = np.array(predicted, kind), np.array(labels, kind)
        expected = confusion_matrix(*(array.astype(int) for array in given))
        np.testing.assert_array_equal(confusion_matrix(*given), expected)
    counts = confusion_matrix(predicted, labels, classes=5)
    assert counts.shape == (5, 5)
    assert all(counts[i, j] == pairs.count((i, j)) for i in range(5) for j in range(5))


def test_metrics_refuse_what_does_not_fit_and_name_it():
    with pytest.raises(nn.LabelError, match="Label 3 is out of range"):
        accuracy(np.eye(3), [0, 1, 3])
    with pytest.raises(nn.LabelError, match=r"expected class numbers of shape \(3,\)"):
        accuracy(np.eye(3), [0, 1])
    with pytest.raises(nn.LabelError, match=r"Predictions \(2,\) and labels \(3,\)"):
        confusion_matrix([0, 1], [0, 1, 2])
    with pytest.raises(nn.LabelError, match="Label 7 is out of range"):
        confusion_matrix([0, 7], [0, 1], classes=5)
    for predicted, labels in (([0, 1], [[0], [1]]), ([[0.0], [1.0]], [0, 1]), (np.eye(2), [[0.0], [1.0]])):
        with pytest.raises(nn.LabelError, match=r"has shape \(2, 1\): .* in a column, pass \w+\.reshape\(-1\)"):
            confusion_matrix(predicted, labels)
    with pytest.raises(nn.LabelError, match="labels holds class numbers, which must be whole, but these are float64"):
        confusion_matrix([0, 1], [0.0, 1.0])
    with pytest.raises(nn.LabelError, match="must be one-hot"):
        confusion_matrix([0, 1], [[1, 1], [0, 1]])
    with pytest.raises(ValueError, match="at least one row"):
        accuracy(np.zeros((0, 3)), [])
    with pytest.raises(nn.SettingError, match="k must be at least 1"):
        top_k_accuracy(0)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), min_size=1, max_size=5))
def test_a_running_mean_of_batches_is_the_mean_of_all_numbers(batches):
    running = RunningMean()
    for batch in batches:
        running.update(np.mean(batch), len(batch))
    assert running.value == pytest.approx(np.mean([x for batch in batches for x in batch]), rel=1e-9, abs=1e-6)


def test_a_running_mean_takes_tensors_and_ignores_empty_batches():
    running = RunningMean()
    assert np.isnan(running.value)
    running.update(float("nan"), count=0)
    running.update(Tensor(3.0, requires_grad=True))
    assert running.value == 3
    with pytest.raises(nn.SettingError, match="-1 numbers"):
        running.update(1.0, count=-1)


@pytest.mark.parametrize("nothing", [[], np.zeros(0, int)])
def test_nothing_makes_a_confusion_matrix_without_counts(nothing):
    assert confusion_matrix(nothing, nothing).shape == (0, 0)
    assert confusion_matrix(nothing, nothing, classes=2).tolist() == [[0, 0], [0, 0]]
    assert nn.functional.one_hot(np.zeros(0, int), 0).shape == (0, 0)
