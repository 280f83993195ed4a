from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.groups.frechet import FrechetDistance, Gaussian, frechet_distance, gaussian


def normal(mean: float, variance: float) -> Gaussian:
    return Gaussian(np.array([mean]), np.array([[variance]]))


@pytest.mark.system("dragon")
def test_dragon_one_dimension() -> None:
    assert frechet_distance(normal(0, 1), normal(1, 4)) == pytest.approx(1 + (1 + 4 - 2 * 2))


@given(st.floats(-5, 5), st.floats(0, 9), st.floats(-5, 5), st.floats(0, 9))
def test_one_dimension_in_closed_form(m: float, v: float, n: float, w: float) -> None:
    expected = (m - n) ** 2 + (np.sqrt(v) - np.sqrt(w)) ** 2
    assert frechet_distance(normal(m, v), normal(n, w)) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_against_the_matrix_square_root(seed: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(20, d)), rng.normal(size=(25, d)) * 2 + 1
    ours, theirs = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = np.real(sqrtm(ours @ theirs))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ours + theirs - 2 * root)
    assert frechet_distance(gaussian(a), gaussian(b)) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(gaussian(a), gaussian(a)) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(gaussian(b), gaussian(a)) == pytest.approx(expected, rel=1e-6)


def test_covariances_without_full_rank() -> None:
    # All on one axis, or all on another: S1 S2 = 0, so the distance is both traces.
    a, b = np.zeros((3, 5)), np.zeros((3, 5))
    a[:, 0], b[:, 1] = [-1, 0, 1], [-2, 0, 2]
    assert frechet_distance(gaussian(a), gaussian(b)) == pytest.approx(1 + 4)


def test_the_reward_of_one_response_s_features() -> None:
    # Mean 0 and variance 2 against mean 1 and variance 8: 1 + 2 + 8 - 2 * 4 = 3.
    right = {"mean": [1.0], "covariance": [[8.0]]}
    score = FrechetDistance().score(Sample("?", "a", right, meta={"features": [[-1.0], [1.0]]}))
    assert score.values[0] == pytest.approx(-3)
    same = FrechetDistance().score(Sample("?", "a", [[0.0], [1.0]], meta={"features": np.array([[1.0], [0.0]])}))
    assert same.values[0] == pytest.approx(0)


def test_the_reward_of_a_set() -> None:
    right = {"mean": [1.0], "covariance": [[8.0]]}
    rows = [Sample("?", "a", right, group=g, meta={"features": [x]}) for g, x in ((1, -1.0), (2, 5.0), (1, 1.0))]
    scores = FrechetDistance("group").score(rows)
    assert scores.values[[0, 2]].tolist() == pytest.approx([-3, -3])
    assert (scores.status[1], scores.reason[1]) == ("missing", "1 feature; a covariance takes at least 2")
    assert FrechetDistance("batch").score(rows).status.tolist() == ["ok"] * 3
    other = Sample("?", "a", {**right, "mean": [2.0]}, group=1, meta={"features": [1.0]})
    assert (
        FrechetDistance("group").score([rows[0], other]).reason
        == ["the rows of one group have different references"] * 2
    )


RIGHT: dict[str, Any] = {"mean": [0.0, 0.0], "covariance": np.eye(2)}


@pytest.mark.parametrize(
    ("features", "reference"),
    [
        (None, RIGHT),
        ("text", RIGHT),
        ([], RIGHT),
        ([["a"]], RIGHT),
        ([[1, 2], [3]], RIGHT),
        ([[1.0, float("nan")]] * 2, RIGHT),
        ([[1.0], [2.0]], RIGHT),
        (np.zeros((2, 2, 2)), RIGHT),
        ([[1e300, 0.0], [-1e300, 0.0]], RIGHT),
        ([[1.0, 0.0], [0.0, 1.0]], None),
        ([[1.0, 0.0], [0.0, 1.0]], {}),
        ([[1.0, 0.0], [0.0, 1.0]], "text"),
        ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0]]),
        ([[1.0, 0.0], [0.0, 1.0]], {"mean": [0.0, 0.0], "covariance": [[1.0, 0.0]]}),
        ([[1.0, 0.0], [0.0, 1.0]], {"mean": [0.0, 0.0], "covariance": [[1.0, 2.0], [0.0, 1.0]]}),
        ([[1.0, 0.0], [0.0, 1.0]], {"mean": [0.0, 0.0], "covariance": -np.eye(2)}),
    ],
)
def test_bad_features_and_references_are_invalid(features: Any, reference: Any) -> None:
    scores = FrechetDistance().score(Sample("?", "a", reference, meta={"features": features}))
    assert scores.status[0] == "invalid"
    assert scores.reason[0]
