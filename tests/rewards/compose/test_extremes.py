"""The least and the greatest of several rewards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward


def says(name: str, answers: Sequence[Any], ends: tuple[float, float] = (-math.inf, math.inf)) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=ends).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=4))
def test_the_least_and_the_greatest(table: list[tuple[float, ...]]) -> None:
    terms = tuple(says(f"t{k}", [row[k] for row in table]) for k in range(3))
    assert pl.Min(terms).score(rows(len(table))).values.tolist() == [min(row) for row in table]
    assert pl.Max(terms).score(rows(len(table))).values.tolist() == [max(row) for row in table]


@pytest.mark.parametrize("kind", [pl.Min, pl.Max])
def test_where_a_term_has_no_score_neither_has_the_whole(kind: Any) -> None:
    scores = kind([says("a", [0.0, 1.0, 1.0]), says("b", [None, ("timeout", "2 s"), (0.5, "why")])]).score(rows(3))
    assert [s.value for s in scores.status] == ["missing", "timeout", "ok"]
    assert scores.reason == ["b: the reward returned None", "b: 2 s", "b: why"]
    assert scores["a"].values.tolist() == [0.0, 1.0, 1.0]


def test_ranges() -> None:
    terms = [says("a", [], (-1, 2)), says("b", [], (0, 1))]
    assert pl.Min(terms).range == (-1.0, 1.0)
    assert pl.Max(terms).range == (0.0, 2.0)


def test_names_and_text() -> None:
    both = pl.Min([pl.Answer("math"), pl.Format("answer")], name="all")
    assert (both.label, list(both.parts)) == ("all", ["answer", "format"])
    assert pl.load(str(both)) == both
    assert pl.Max([pl.Answer("math")]).label == "max"


class Tensor:
    """What of a tensor these operators use."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def minimum(self, other: Tensor) -> Tensor:
        return Tensor(np.minimum(self.values, other.values))

    def maximum(self, other: Tensor) -> Tensor:
        return Tensor(np.maximum(self.values, other.values))


@pl.part
class Slanted(pl.Leaf):
    """A leaf with a tensor: slope times the row's number."""

    slope: float

    async def compute(self, samples: Sequence[pl.Sample], run: Any) -> pl.Scores:
        x = self.slope * np.array([s["i"] for s in samples], dtype=float)
        return pl.Scores(x, tensor=Tensor(x))


def test_the_tensor_goes_through() -> None:
    up, down = Slanted(1, name="up"), Slanted(-1, name="down")
    assert pl.Min([up, down]).score(rows(3)).tensor.values.tolist() == [0, -1, -2]
    assert pl.Max([up, down]).score(rows(3)).tensor.values.tolist() == [0, 1, 2]
    assert pl.Max([up, says("c", [1.0, 1.0])]).score(rows(2)).tensor is None


@pytest.mark.parametrize("kind", [pl.Min, pl.Max])
def test_what_makes_none(kind: Any) -> None:
    with pytest.raises(ConfigError, match=f"{kind.__name__}: no terms"):
        kind([])
    with pytest.raises(ConfigError, match=f"{kind.__name__} has two terms named 'answer'"):
        kind([pl.Answer("math"), pl.Answer("exact")])
    with pytest.raises(ConfigError, match=rf"{kind.__name__}: terms\[1\] is 0\.5; expected a reward"):
        kind([pl.Answer("math"), 0.5])
