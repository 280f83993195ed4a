"""Products: values, statuses, ranges, and numbers that are pulled out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward

A, B, C = (pl.Format("answer", name=n) for n in "abc")


def says(name: str, answers: Sequence[Any], low: float = -math.inf, high: float = math.inf) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=(low, high)).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


def test_values_and_statuses() -> None:
    a, b = says("a", [0.5, 0.0, 0.0, 2.0]), says("b", [4.0, 3.0, ("timeout", "2 s"), None])
    scores = (a * b).score(rows(4))
    assert scores.values[:2].tolist() == [2.0, 0.0]
    assert [s.value for s in scores.status] == ["ok", "ok", "timeout", "missing"], "not even beside a 0"
    assert scores.reason[2] == "b: 2 s"
    assert scores["a"].values.tolist() == [0.5, 0.0, 0.0, 2.0]
    assert scores["a"].weight is None


def test_zero_beside_nan_is_an_error() -> None:
    assert (says("a", [0.0]) * says("b", [math.nan])).score(rows(1)).status.tolist() == ["error"]


def test_a_product_too_large_is_an_error() -> None:
    assert (says("a", [1e200]) * says("b", [1e200])).score(rows(1)).status.tolist() == ["error"]


@pytest.mark.parametrize(
    "product", [0.3 * A * B, A * 0.3 * B, A * B * 0.3, A * (0.3 * B), 0.6 * A * (0.5 * B), 0.3 * (A * B)]
)
def test_numbers_are_pulled_out(product: Reward) -> None:
    assert isinstance(product, pl.Sum)
    ((weight, term),) = product.weighted()
    assert weight == pytest.approx(0.3)
    assert term == pl.Product((A, B))


def test_numbers_that_cancel_leave_the_product() -> None:
    assert pl.Product((A, B)) == (2 * A) * (0.5 * B)


def test_a_product_without_a_name_dissolves() -> None:
    flat = pl.Product((A, B, C))
    assert A * B * C == A * (B * C) == (A * B) * C == pl.Product((A * B, C)) == flat
    assert list(((A * B).named("p") * C).parts) == ["p", "c"]


def test_a_sum_in_a_product_stays_a_term() -> None:
    assert list((A * (B + C)).parts) == ["a", "sum"]
    assert pl.Product((A, pl.Sum((B, C), (2, 2)))) == A * (2 * (B + C))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ((), "Product: no terms"),
        ((A, 0.5 * B), "the number of 0.5 .* is the product's weight: write it before the product"),
        ((A, 2), r"Product: terms\[1\] is 2; expected a reward"),
        (A, "Product: terms is Format.*; expected a list"),
        ((A, A), "Product has two terms named 'a'"),
    ],
)
def test_what_makes_no_product(terms: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        pl.Product(terms)


ends = st.integers(-500, 500).map(lambda n: n / 10) | st.sampled_from([-math.inf, math.inf])


@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=4))
def test_the_range_is_that_of_the_corners(pairs: list[tuple[float, float]]) -> None:
    kept = [(min(p), max(p)) for p in pairs if p[0] != p[1]]
    if not kept:
        return
    reward = pl.Product(tuple(says(f"t{i}", [], a, b) for i, (a, b) in enumerate(kept)))
    corners = [0.0 if 0 in corner else math.prod(corner) for corner in itertools.product(*kept)]
    assert list(reward.range) == pytest.approx([min(corners), max(corners)])


def test_the_range_of_many_terms_is_found_at_once() -> None:
    assert pl.Product(tuple(says(f"t{i}", [], -1, 1) for i in range(60))).range == (-1.0, 1.0)
