"""Sums: values, weights, statuses, ranges, and what dissolves in what."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.score import STATUSES


def says(name: str, answers: Sequence[Any], low: float = -math.inf, high: float = math.inf) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=(low, high)).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


finite = st.floats(-100, 100)
answer = finite | st.sampled_from([(s.value, f"it was {s.value}") for s in STATUSES[1:]])


@given(st.lists(st.tuples(answer, answer, answer), min_size=1, max_size=5), st.tuples(finite, finite, finite))
def test_the_weighted_sum_and_the_most_serious_status(table: list[tuple[Any, ...]], weights: tuple[float, ...]) -> None:
    terms = tuple(says(f"t{k}", [row[k] for row in table]) for k in range(3))
    scores = pl.Sum(terms, weights).score(rows(len(table)))
    for i, row in enumerate(table):
        bad = [a[0] for a in row if isinstance(a, tuple)]
        if bad:
            most = max(bad, key=[s.value for s in STATUSES].index)
            assert scores.status[i] == most
            assert math.isnan(scores.values[i])
            assert scores.reason[i] == "; ".join(
                f"t{k}: {a[1]}" for k, a in enumerate(row) if isinstance(a, tuple) and a[0] == most
            )
        else:
            assert scores.values[i] == pytest.approx(sum(w * a for w, a in zip(weights, row, strict=True)), abs=1e-9)
    for k, weight in enumerate(weights):
        term = scores[f"t{k}"]
        raw = [math.nan if isinstance(row[k], tuple) else row[k] for row in table]
        np.testing.assert_array_equal(term.values, raw)
        assert term.weight is not None
        assert term.weight.tolist() == [weight] * len(table)


def test_a_weight_of_zero_still_asks() -> None:
    scores = pl.Sum((says("a", [1.0]), says("b", [None])), (1, 0)).score(rows(1))
    assert scores.status.tolist() == ["missing"]


def test_nothing_renormalises() -> None:
    scores = (says("a", [1.0]) + says("b", [("skipped", "closed")])).score(rows(1))
    assert scores.status.tolist() == ["skipped"]
    assert scores["a"].values.tolist() == [1.0]


def test_a_sum_too_large_is_an_error() -> None:
    scores = (says("a", [1e308]) + says("b", [1e308])).score(rows(1))
    assert scores.status.tolist() == ["error"]


ends = st.floats(-50, 50) | st.sampled_from([-math.inf, math.inf, 0.0])


@given(st.lists(st.tuples(ends, ends, finite), min_size=1, max_size=4))
def test_the_range_is_that_of_the_corners(given_terms: list[tuple[float, float, float]]) -> None:
    kept = [(min(a, b), max(a, b), w) for a, b, w in given_terms if a != b]
    kept = [(a, b, w) for a, b, w in kept if (a, b) not in ((math.inf, math.inf), (-math.inf, -math.inf))]
    if not kept:
        return
    reward = pl.Sum(tuple(says(f"t{i}", [], a, b) for i, (a, b, _) in enumerate(kept)), tuple(w for _, _, w in kept))
    corners = [
        sum(0.0 if w == 0 else w * end for (_, _, w), end in zip(kept, corner, strict=True))
        for corner in itertools.product(*((a, b) for a, b, _ in kept))
    ]
    known = [c for c in corners if not math.isnan(c)]
    assert list(reward.range) == pytest.approx([min(known), max(known)])


def test_a_sum_without_a_name_dissolves() -> None:
    a, b, c = (pl.Format("answer", name=n) for n in "abc")
    flat = pl.Sum((a, b, c), (2, 2, -1))
    assert 2 * (a + b) - c == flat
    assert pl.Sum((pl.Sum((a, b)), c), (2, -1)) == flat
    assert list(((a + b) + c).parts) == list((a + (b + c)).parts) == ["a", "b", "c"]
    assert list(((a + b).named("s") + c).parts) == ["s", "c"]
    assert list(pl.Sum((a + b, c), name="s").parts) == ["a", "b", "c"]
    assert pl.Sum((pl.Sum((a,), (3,)), c)).parts == {"a": a, "c": c}


def test_the_same_reward_in_two_sums_has_its_own_weight_in_each() -> None:
    a = says("a", [3.0])
    scores = pl.Sum(((2 * a).named("x"), (5 * a).named("y"))).score(rows(1))
    assert scores.values.tolist() == [21.0]
    names, values, weights = scores.matrix()
    assert (names, values.tolist(), weights.tolist()) == (("x.a", "y.a"), [[3.0, 3.0]], [[2.0, 5.0]])


def test_cheap_terms_are_asked_first() -> None:
    order: list[str] = []

    def asked(name: str, cost: Any) -> Reward:
        async def grade(sample: pl.Sample) -> float:
            order.append(name)
            await asyncio.sleep(0)
            return 0.0

        def grade_now(sample: pl.Sample) -> float:
            order.append(name)
            return 0.0

        return pl.reward(grade if cost == "model" else grade_now, cost=cost).named(name)

    scores = (asked("slow", "model") + asked("quick", "free")).score(rows(1))
    assert order == ["quick", "slow"]
    assert list(scores.terms) == ["slow", "quick"], "the terms stay as they were written"


@pytest.mark.parametrize(
    ("terms", "weights", "why"),
    [
        ((), None, "Sum: 0 weights for 0 terms"),
        ((pl.Format("answer"),), (1, 2), "Sum: 2 weights for 1 terms"),
        ((pl.Format("answer"),), (), "Sum: 0 weights for 1 terms"),
        ((pl.Format("answer"),), (math.nan,), r"Sum: weights\[0\] is nan; expected a finite number"),
        ((pl.Format("answer"),), (math.inf,), r"Sum: weights\[0\] is inf; expected a finite number"),
        ((pl.Format("answer"),), ("1",), r"Sum: weights\[0\] is '1'; expected a number or a weight"),
        ((pl.Format("answer"),), 1, "Sum: weights is 1; expected a list"),
        ((1,), None, r"Sum: terms\[0\] is 1; expected a reward"),
        (pl.Format("answer"), None, "Sum: terms is Format.*; expected a list"),
        ((pl.Format("answer"), pl.Format("boxed")), None, "Sum has two terms named 'format'"),
    ],
)
def test_what_makes_no_sum(terms: Any, weights: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        pl.Sum(terms, weights)


class TestWeights:
    """Weights that are no numbers: schedules and fields of the record."""

    def test_a_term_that_weighs_nothing_is_not_asked_and_does_no_harm(self) -> None:
        asked: list[int] = []

        def grade(sample: pl.Sample) -> Any:
            asked.append(sample["i"])
            return ("timeout", "2 s") if sample["i"] == 1 else 7.0

        judge = pl.reward(grade, cost="free").named("judge")
        samples = [pl.Sample("", "", meta={"i": i, "w": w}) for i, w in enumerate([1.0, 0.0, 2.0])]
        scores = (says("a", [1.0, 1.0, 1.0]) + pl.Field("w") * judge).score(samples)
        assert asked == [0, 2]
        assert scores.values.tolist() == [8.0, 1.0, 15.0]
        assert scores.reason == ["", "", ""]
        assert [s.value for s in scores["judge"].status] == ["ok", "skipped", "ok"]
        assert scores["judge"].weight is not None
        assert scores["judge"].weight.tolist() == [1.0, 0.0, 2.0]

    def test_a_failing_term_that_counts_fails_the_sum(self) -> None:
        samples = [pl.Sample("", "", meta={"i": i, "w": w}) for i, w in enumerate([1.0, 0.0])]
        scores = (says("a", [1.0, 1.0]) + pl.Field("w") * says("b", [("error", "no"), ("error", "no")])).score(samples)
        assert [s.value for s in scores.status] == ["error", "ok"]
        assert scores.reason == ["b: no", ""]

    def test_a_record_without_its_weight_is_invalid(self) -> None:
        given_meta: list[dict[str, Any]] = [{"w": 2}, {}, {"w": None}]
        samples = [pl.Sample("", "", meta={"i": i} | meta) for i, meta in enumerate(given_meta)]
        scores = (says("a", [1.0] * 3) + pl.Field("w") * says("b", [3.0] * 3)).score(samples)
        assert [s.value for s in scores.status] == ["ok", "invalid", "invalid"]
        assert scores.reason == ["", "no w", "no w"]
        assert scores["a"].values.tolist() == [1.0, 1.0, 1.0], "the other terms are asked all the same"
        assert [s.value for s in scores["b"].status] == ["ok", "skipped", "skipped"]
        assert np.isfinite(scores.matrix().weights).all()

    def test_a_defect_of_the_record_comes_first(self) -> None:
        scores = (pl.Field("w") * pl.Answer("exact")).score(pl.Sample("", "", defect="line 3: torn"))
        assert (scores.status[0], scores.reason[0]) == ("invalid", "line 3: torn")

    def test_where_no_term_counts_the_sum_is_zero(self) -> None:
        scores = (pl.Field("w") * says("a", [1.0])).score(pl.Sample("", "", meta={"i": 0, "w": 0}))
        assert (scores.status[0], scores.values[0]) == ("ok", 0.0)

    def test_nothing_to_score(self) -> None:
        assert len((pl.Field("w") * says("a", []) + pl.Linear(1, 0) * says("b", [])).score([])) == 0


class Dual(NamedTuple):
    """A number with its derivatives, one a row: what a differentiable reward's tensor does here."""

    value: np.ndarray[Any, Any]
    slope: np.ndarray[Any, Any]

    def __add__(self, other: Any) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __rmul__(self, other: Any) -> Dual:
        if isinstance(other, np.ndarray):
            raise TypeError("an array times an attached tensor is no tensor")
        return Dual(other * self.value, other * self.slope)

    def __mul__(self, other: Any) -> Dual:
        return Dual(self.value * other, self.slope * other)

    def new_tensor(self, values: Any) -> Constant:
        return Constant(np.asarray(values))


class Constant(NamedTuple):
    value: np.ndarray[Any, Any]

    def __mul__(self, other: Any) -> Any:
        return Dual(self.value * other.value, self.value * other.slope)


@pl.part
class Ramp(pl.Leaf):
    """A differentiable leaf: 2 x, where x is the row's number."""

    range = (0.0, 100.0)

    async def compute(self, samples: Sequence[pl.Sample], run: Any) -> Any:
        x = np.array([s["x"] for s in samples], dtype=float)
        return pl.Scores(2 * x, tensor=Dual(2 * x, np.full(len(x), 2.0)))


def test_the_tensor_goes_through_sums_and_weights() -> None:
    samples = [pl.Sample("", "", meta={"x": 3.0, "w": 1.0}), pl.Sample("", "", meta={"x": 5.0, "w": 0.5})]
    ramp, other = Ramp(), Ramp(name="other")
    for reward, slope in [
        (ramp + 3 * other, [8.0, 8.0]),
        (pl.Linear(0.5, 1) * ramp, [1.0, 1.0]),
        (pl.Field("w") * ramp + other, [4.0, 3.0]),
        (ramp + pl.Linear(0, 1) * says("judge", [1.0]), [2.0, 2.0]),
    ]:
        scores = reward.score(samples)
        assert scores.tensor.slope.tolist() == slope
        assert scores.tensor.value.tolist() == scores.values.tolist()
    assert (ramp + pl.Length(target=1, width=1)).score(samples).tensor is None
