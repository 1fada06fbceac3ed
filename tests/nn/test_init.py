"""First values: the spread and the limits that each way promises, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

import nn


@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (lambda w: nn.init.xavier_normal_(w, rng=0), math.sqrt(2 / 700)),
        (lambda w: nn.init.xavier_uniform_(w, rng=0), math.sqrt(2 / 700)),
        (lambda w: nn.init.xavier_normal_(w, mode="fan_in", rng=0), math.sqrt(1 / 400)),
        (lambda w: nn.init.kaiming_normal_(w, rng=0), math.sqrt(2 / 400)),
        (lambda w: nn.init.kaiming_uniform_(w, mode="fan_out", rng=0), math.sqrt(2 / 300)),
        (lambda w: nn.init.normal_(w, std=0.01, rng=0), 0.01),
        (lambda w: nn.init.uniform_(w, -1, 1, rng=0), math.sqrt(1 / 3)),
        (lambda w: nn.init.initialize(w, 0.01, rng=0), 0.01),
    ],
)
def test_first_values_have_the_promised_spread(fill, std):
    layer = nn.Linear(400, 300)
    if "initialize" in fill.__code__.co_names:
        fill(layer)
        assert not layer.bias.data.any()
    else:
        fill(layer.weight)
    np.testing.assert_allclose(layer.weight.data.std(), std, rtol=0.01)
    np.testing.assert_allclose(layer.weight.data.mean(), 0, atol=std / 100)


def test_orthogonal_and_truncated_values_are_so():
    for shape in ((4, 9), (9, 4), (8, 2, 3)):
        w = nn.init.orthogonal_(nn.Parameter(np.zeros(shape)), rng=0).data.reshape(shape[0], -1)
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, np.eye(min(w.shape)), atol=1e-12)
    w = nn.init.trunc_normal_(nn.Parameter(np.zeros(10_000)), rng=0).data
    assert abs(w).max() <= 2
    np.testing.assert_allclose(w.std(), 0.8796, rtol=0.02)


@given(
    a=st.one_of(st.floats(-70, 70), st.just(-math.inf)),
    width=st.one_of(st.floats(1e-3, 9), st.just(math.inf)),
    mean=st.floats(-3, 3),
    std=st.floats(0.1, 3),
)
@example(a=50.0, width=10.0, mean=0.0, std=1.0)
@example(a=-60.0, width=10.0, mean=0.0, std=0.1)
def test_truncated_values_follow_the_normal_distribution_however_far_out(a, width, mean, std):
    b = width if a == -math.inf else a + width
    w = nn.init.trunc_normal_(nn.Parameter(np.zeros((20, 50))), mean, std, a, b, rng=0).data.ravel()
    assert ((a <= w) & (w <= b)).all()
    expected = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert stats.kstest(w, expected.cdf).pvalue > 1e-6


@pytest.mark.parametrize(("mean", "expected"), [(0.5, 0.5), (-3.0, 0.0), (7.0, 2.0)])
def test_truncated_values_without_spread_lie_as_near_to_the_mean_as_they_may(mean, expected):
    w = nn.init.trunc_normal_(nn.Parameter(np.ones(3)), mean, 0.0, 0.0, 2.0)
    assert w.tolist() == [expected] * 3


@pytest.mark.parametrize("setting", [{"a": 3.0}, {"std": -1.0}, {"std": math.nan}, {"mean": math.nan}])
def test_truncated_distributions_that_do_not_exist_are_refused(setting):
    with pytest.raises(nn.SettingError, match="trunc_normal_ needs a < b"):
        nn.init.trunc_normal_(nn.Parameter(np.ones(3)), **setting)


def test_initialising_a_network_sets_every_bias_to_zero_whatever_its_name():
    model = nn.Sequential(nn.GRU(3, 4), nn.GRUCell(4, 4), nn.LayerNorm((2, 3)), nn.MultiheadAttention(4, 2))
    nn.init.initialize(model, 0.1, rng=0)
    for name, parameter in model.named_parameters():
        assert parameter.data.any() != ("bias" in name.split(".")[-1])


def test_parameters_without_a_shape_cannot_be_initialised_and_nothing_is():
    model = nn.Sequential(nn.Linear(3, 3), nn.LazyLinear(2), nn.LazyConv1d(2, 3))
    before = model[0].weight.tolist()
    with pytest.raises(nn.SettingError, match=r"1\.weight, 2\.weight have no shape before the first use"):
        nn.init.initialize(model, "he")
    assert model[0].weight.tolist() == before


def test_schemes_that_nobody_knows_are_refused():
    with pytest.raises(nn.SettingError, match="he, xavier"):
        nn.init.initialize(nn.Linear(2, 2), "best")
    with pytest.raises(nn.SettingError, match="two axes"):
        nn.init.xavier_normal_(nn.Parameter([1.0]))
