"""Arithmetic, geometric and harmonic means, against the standard library's."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward

UNIT = (0.0, 1.0)


def says(name: str, answers: Sequence[Any], ends: tuple[float, float] = UNIT) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=ends).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


def of(values: Sequence[float]) -> list[Reward]:
    return [says(f"t{k}", [v]) for k, v in enumerate(values)]


KINDS: list[Any] = [pl.Mean, pl.Geometric, pl.Harmonic]
positive = st.floats(0.01, 1)


@given(st.lists(st.tuples(positive, st.floats(0.1, 5)), min_size=1, max_size=5))
def test_the_weighted_means(pairs: list[tuple[float, float]]) -> None:
    values, weights = [v for v, _ in pairs], tuple(w for _, w in pairs)
    expected = [
        statistics.fmean(values, weights),
        math.exp(statistics.fmean(map(math.log, values), weights)),
        statistics.harmonic_mean(values, weights),
    ]
    for kind, mean in zip(KINDS, expected, strict=True):
        reward = kind(of(values), weights)
        assert reward.score(rows(1)).values[0] == pytest.approx(mean)
        twice = kind(of(values), tuple(2 * w for w in weights))
        assert twice.score(rows(1)).values[0] == pytest.approx(mean), "only the ratio of the weights matters"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_from_strict_to_forgiving(values: list[float]) -> None:
    kinds: list[Any] = [pl.Min, pl.Harmonic, pl.Geometric, pl.Mean, pl.Max]
    found = [float(kind(of(values)).score(rows(1)).values[0]) for kind in kinds]
    assert all(a <= b + 1e-9 for a, b in pairwise(found))


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0.1, 4)), min_size=1, max_size=4), st.data())
def test_no_mean_leaves_its_range(ends: list[tuple[float, float]], data: st.DataObject) -> None:
    values = [data.draw(st.floats(low, low + width)) for low, width in ends]
    terms = [says(f"t{k}", [v], (a, a + b)) for k, (v, (a, b)) in enumerate(zip(values, ends, strict=True))]
    for kind in KINDS:
        low, high = kind(terms).range
        assert low - 1e-9 <= kind(terms).score(rows(1)).values[0] <= high + 1e-9


def test_ranges() -> None:
    terms = [says("a", [], (1, 4)), says("b", [], (4, 9))]
    assert pl.Mean(terms).range == (2.5, 6.5)
    assert pl.Geometric(terms).range == pytest.approx((2, 6))
    assert pl.Harmonic(terms).range == pytest.approx((1.6, 72 / 13))
    assert pl.Mean(terms, (3, 1)).range == (1.75, 5.25)
    assert pl.Mean([says("a", [], (-math.inf, 0))]).range == (-math.inf, 0.0)
    assert pl.Harmonic([says("a", []), says("b", [], (0, math.inf))]).range == (0.0, 2.0)


def test_a_zero_decides_strict_means() -> None:
    for kind, expected in zip(KINDS, [0.5, 0.0, 0.0], strict=True):
        assert kind(of([0.0, 1.0])).score(rows(1)).values.tolist() == [expected]


def test_a_value_below_zero_by_rounding_is_zero() -> None:
    for kind in (pl.Geometric, pl.Harmonic):
        assert kind(of([-1e-12, 1.0])).score(rows(1)).values.tolist() == [0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_term_has_no_score_neither_has_the_mean(kind: Any) -> None:
    scores = kind([says("a", [0.0, 1.0]), says("b", [None, ("error", "crashed")])]).score(rows(2))
    assert [s.value for s in scores.status] == ["missing", "error"]
    assert scores.reason == ["b: the reward returned None", "b: crashed"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mean_is_one_channel(kind: Any) -> None:
    scores = (0.5 * kind(of([0.5, 0.5])).named("m")).score(rows(1))
    assert scores.matrix().names == ("m",)
    assert pl.load(str(kind([pl.Answer("math"), pl.Format("answer")], [1, 2]))).score([]).values.tolist() == []


class Tensor:
    """What of a tensor these operators use."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __rmul__(self, other: float) -> Tensor:
        return Tensor(other * self.values)

    def __mul__(self, other: Tensor) -> Tensor:
        return Tensor(self.values * other.values)

    def __add__(self, other: Tensor | float) -> Tensor:
        return Tensor(self.values + (other.values if isinstance(other, Tensor) else other))

    __radd__ = __add__

    def __pow__(self, power: float) -> Tensor:
        return Tensor(self.values**power)

    def __rtruediv__(self, other: float) -> Tensor:
        return Tensor(other / self.values)


@pl.part
class Sloped(pl.Leaf):
    """A leaf with a tensor: slope times the row's number."""

    slope: float
    least: float = 0.0
    range = property(lambda self: (self.least, 10.0))

    async def compute(self, samples: Sequence[pl.Sample], run: Any) -> pl.Scores:
        x = self.slope * np.array([s["i"] for s in samples], dtype=float)
        return pl.Scores(x, tensor=Tensor(x))


def test_the_tensor_goes_through_where_there_is_a_gradient() -> None:
    """A root has none at 0, so the range must keep clear of it."""
    samples = rows(3)[1:]
    for kind in KINDS:
        clear = kind([Sloped(1, 0.5, name="a"), Sloped(2, 0.5, name="b")]).score(samples)
        assert clear.tensor.values.tolist() == clear.values.tolist()
        touching = kind([Sloped(1, name="a"), Sloped(2, name="b")]).score(samples)
        assert (touching.tensor is None) == (kind is not pl.Mean)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("terms", "weights", "why"),
    [
        ([], None, "{}: no terms"),
        ([says("a", [])], (1, 2), "{}: 2 weights for 1 terms"),
        ([says("a", [])], (0,), r"{}: weights has 0\.0; every weight is above 0"),
        ([says("a", [])], (-1,), r"{}: weights has -1\.0; every weight is above 0"),
        ([says("a", [])], (math.nan,), r"{}: weights\[0\] is nan; expected a finite number"),
        ([says("a", []), says("a", [])], None, "{} has two terms named 'a'"),
        ([1], None, r"{}: terms\[0\] is 1; expected a reward"),
    ],
)
def test_what_makes_no_mean(kind: Any, terms: Any, weights: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why.format(kind.__name__)):
        kind(terms, weights)


@pytest.mark.parametrize("kind", [pl.Geometric, pl.Harmonic])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-math.inf, math.inf)])
def test_a_term_that_may_be_below_zero_is_refused(kind: Any, ends: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match=rf"{kind.__name__}: a is in .*; expected a range that begins at 0 or above"):
        kind([says("a", [], ends)])
    kind([pl.Clip(says("a", [], ends), low=0)])
