"""One reward in, another of the same rows out."""

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


class Tensor:
    """What of a tensor these operators use."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __rmul__(self, other: float) -> Tensor:
        return Tensor(other * self.values)

    def __add__(self, other: float) -> Tensor:
        return Tensor(self.values + other)

    def clamp(self, low: float | None, high: float | None) -> Tensor:
        return Tensor(np.clip(self.values, low, high))


@pl.part
class Attached(pl.Leaf):
    """A leaf with a tensor."""

    async def compute(self, samples: Sequence[pl.Sample], run: Any) -> pl.Scores:
        x = np.array([s["i"] for s in samples], dtype=float)
        return pl.Scores(x, tensor=Tensor(x))


EACH: list[Any] = [
    lambda r: pl.Above(r, 0.5),
    lambda r: pl.Clip(r, 0, 1),
    lambda r: pl.Affine(r, 2, -1),
]


@pytest.mark.parametrize("make", EACH)
def test_what_is_no_score_stays_what_it_is(make: Any) -> None:
    answers = [0.7, None, ("timeout", "2 s"), ("skipped", "shut"), (0.1, "a little")]
    scores = make(says("r", answers)).score(rows(5))
    assert [s.value for s in scores.status] == ["ok", "missing", "timeout", "skipped", "ok"]
    assert scores.reason == ["", "the reward returned None", "2 s", "shut", "a little"]
    assert scores["r"].values[[0, 4]].tolist() == [0.7, 0.1]
    assert np.isnan(scores.values[1:4]).all()


@pytest.mark.parametrize("make", EACH)
def test_the_wrapper_has_the_name_of_what_it_wraps(make: Any) -> None:
    assert make(pl.Answer("math")).label == "answer"
    assert list(make(pl.Answer("math")).parts) == ["answer"]
    assert pl.load(str(make(pl.Answer("math")))) == make(pl.Answer("math"))


@pytest.mark.parametrize(("strict", "expected"), [(False, [0.0, 1.0, 1.0]), (True, [0.0, 0.0, 1.0])])
def test_above(strict: bool, expected: list[float]) -> None:
    reward = pl.Above(says("r", [0.4, 0.5, 0.6]), 0.5, strict)
    assert reward.score(rows(3)).values.tolist() == expected
    assert reward.range == (0.0, 1.0)


def test_above_opens_a_gate() -> None:
    gate = pl.Gate(pl.Above(says("judge", [0.85, 0.9, 0.95]), 0.9), says("r", [5.0, 5.0, 5.0]))
    assert gate.score(rows(3)).values.tolist() == [0.0, 5.0, 5.0]


@given(st.lists(st.floats(-9, 9), min_size=1), st.floats(-5, 5), st.floats(-5, 5))
def test_clip_and_affine_by_hand(values: list[float], a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    clipped = pl.Clip(says("r", values), low, high).score(rows(len(values)))
    assert clipped.values.tolist() == [sorted((low, v, high))[1] for v in values]
    rescaled = pl.Affine(says("r", values), a, b).score(rows(len(values)))
    assert rescaled.values.tolist() == pytest.approx([a * v + b for v in values])


@pytest.mark.parametrize(
    ("reward", "expected"),
    [
        (pl.Clip(says("r", [], (-2, 3)), 0, 1), (0.0, 1.0)),
        (pl.Clip(says("r", [], (-2, 3)), low=0), (0.0, 3.0)),
        (pl.Clip(says("r", [], (-2, 3)), high=0), (-2.0, 0.0)),
        (pl.Clip(says("r", [], (2, 3)), high=1), (1.0, 1.0)),
        (pl.Clip(says("r", []), -1, 1), (-1.0, 1.0)),
        (pl.Affine(says("r", [], (-2, 3)), 2, 1), (-3.0, 7.0)),
        (pl.Affine(says("r", [], (-2, 3)), -1), (-3.0, 2.0)),
        (pl.Affine(says("r", []), 0, 5), (5.0, 5.0)),
        (pl.Affine(says("r", []), -1, 5), (-math.inf, math.inf)),
    ],
)
def test_ranges(reward: Reward, expected: tuple[float, float]) -> None:
    assert reward.range == expected


def test_a_rescaling_is_no_weight() -> None:
    """The parent sum keeps the rescaled value; the raw one stays in the tree below."""
    scores = (0.5 * pl.Affine(says("r", [0.25]), 4, 1)).score(rows(1))
    assert scores.values.tolist() == [1.0]
    assert scores["r"].values.tolist() == [2.0]
    assert scores["r.r"].values.tolist() == [0.25]


def test_a_value_beyond_a_float_is_an_error() -> None:
    assert pl.Affine(says("r", [1e300]), 1e300).score(rows(1)).status.tolist() == ["error"]


def test_the_tensor_goes_through_where_there_is_a_gradient() -> None:
    assert pl.Affine(Attached(), 2, 1).score(rows(3)).tensor.values.tolist() == [1, 3, 5]
    assert pl.Clip(Attached(), high=1).score(rows(3)).tensor.values.tolist() == [0, 1, 1]
    assert pl.Above(Attached(), 1).score(rows(3)).tensor is None
    assert pl.Clip(says("r", [1.0]), 0, 1).score(rows(1)).tensor is None


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: pl.Clip(pl.Answer("math")), "Clip: give low, high or both"),
        (lambda: pl.Clip(pl.Answer("math"), 1, 0), r"Clip: low=1\.0 is above high=0\.0"),
        (lambda: pl.Clip(pl.Answer("math"), math.nan), "Clip: low is nan; expected a finite number"),
        (lambda: pl.Above(pl.Answer("math"), "x"), "Above: threshold is 'x'; expected a number"),  # type: ignore[arg-type]
        (lambda: pl.Affine("x"), "Affine: reward is 'x'; expected a reward"),  # type: ignore[arg-type]
        (lambda: pl.Affine(pl.Answer("math"), math.inf), "Affine: scale is inf; expected a finite number"),
    ],
)
def test_what_makes_no_rescaling(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make()
