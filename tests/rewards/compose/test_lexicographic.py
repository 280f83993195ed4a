"""The first reward decides, the second only among equals."""

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


def says(name: str, answers: Sequence[Any], ends: tuple[float, float] = (0, 1)) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=ends).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


def test_right_before_wrong_then_by_the_second_term() -> None:
    """Two levels: (q1 + u2 / 2) / 1.5."""
    right, nice = [1.0, 1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0, 0.5]
    scores = pl.Lexicographic([says("right", right), says("nice", nice)]).score(rows(5))
    assert scores.values.tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0, 2.5 / 3])


def test_a_term_before_the_last_is_rounded_to_its_levels() -> None:
    """Three levels of [-1, 1]: -1, 0, 1, and what is halfway goes up. (q1 + u2 / 3) * 3 / 4."""
    first = [-1.0, -0.6, -0.5, 0.4, 0.5, 1.0]
    scores = pl.Lexicographic([says("a", first, (-1, 1)), says("b", [0.0] * 6)], 3).score(rows(6))
    assert scores.values.tolist() == pytest.approx([q * 3 / 4 for q in (0, 0, 0.5, 0.5, 1, 1)])


@given(st.integers(2, 4), st.integers(2, 4), st.data())
def test_the_values_order_as_the_tuples_do(terms: int, levels: int, data: st.DataObject) -> None:
    digits = st.tuples(*[st.integers(0, levels - 1)] * (terms - 1), st.floats(0, 1))
    table = data.draw(st.lists(digits, min_size=2, max_size=6))
    columns = [[row[k] / (levels - 1) for row in table] for k in range(terms - 1)] + [[row[-1] for row in table]]
    reward = pl.Lexicographic([says(f"t{k}", column) for k, column in enumerate(columns)], levels)
    values = reward.score(rows(len(table))).values
    for (x, a), (y, b) in itertools.permutations(zip(values, table, strict=True), 2):
        if a[:-1] != b[:-1]:
            assert (x > y) == (a > b), "an earlier term decides strictly"
        elif a[-1] > b[-1] + 1e-6:
            assert x > y


def test_the_range_is_reached() -> None:
    for levels in (2, 5):
        terms = [says(f"t{k}", [0.0, 1.0]) for k in range(3)]
        reward = pl.Lexicographic(terms, levels)
        assert reward.range == (0.0, 1.0)
        assert reward.score(rows(2)).values.tolist() == pytest.approx([0, 1])


def test_where_a_term_has_no_score_neither_has_the_whole() -> None:
    scores = pl.Lexicographic([says("a", [1.0, None]), says("b", [("timeout", "2 s"), 1.0])]).score(rows(2))
    assert [s.value for s in scores.status] == ["timeout", "missing"]
    assert scores["a"].values[0] == 1.0


def test_text() -> None:
    reward = pl.Lexicographic([pl.Answer("math"), pl.Length(target=9, width=9)], name="order")
    assert pl.load(str(reward)) == reward


@pytest.mark.parametrize(
    ("terms", "levels", "why"),
    [
        ([says("a", [])], 2, "Lexicographic: 1 terms; expected two or more"),
        ([says("a", []), says("b", [])], 1, "Lexicographic: levels=1; expected 2 or more"),
        ([says("a", []), says("b", [], (-math.inf, 0))], 2, r"Lexicographic: b is in \[-inf, 0\]; expected a bounded"),
        ([says("a", [], (0, math.inf)), says("b", [])], 2, r"Lexicographic: a is in \[0, inf\]; expected a bounded"),
        ([says("a", []), says("a", [])], 2, "Lexicographic has two terms named 'a'"),
    ],
)
def test_what_makes_no_order(terms: Any, levels: int, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        pl.Lexicographic(terms, levels)
