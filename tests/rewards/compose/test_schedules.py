"""Schedules: what a term counts at each step, worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError

ONE = pl.Length(target=1, width=1)  # 1 for one word
SAMPLE = pl.Sample("", "word")


def at(weight: pl.Weight, step: int, total: int | None = 100) -> float:
    return float((weight * ONE).score(SAMPLE, pl.Context(step, total)).values[0])


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 1.0), (20, 1.0), (30, 0.8), (45, 0.5), (70, 0.0), (71, 0.0), (100, 0.0), (150, 0.0)]
)
def test_linear(step: int, expected: float) -> None:
    assert at(pl.Linear(1, 0, begin=0.2, finish=0.7), step) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 2.0), (25, 1.0 + math.sqrt(0.5)), (50, 1.0), (75, 1.0 - math.sqrt(0.5)), (100, 0.0)],
)
def test_cosine(step: int, expected: float) -> None:
    assert at(pl.Cosine(2, 0), step) == pytest.approx(expected)


def test_cosine_within_a_part_of_training() -> None:
    half = pl.Cosine(0, 1, begin=0.5)
    assert [at(half, step) for step in (0, 50, 75, 100)] == pytest.approx([0, 0, 0.5, 1])


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 1.0), (49, 1.0), (50, 0.1), (89, 0.1), (90, 0.0), (100, 0.0)]
)  # fmt: skip
def test_steps(step: int, expected: float) -> None:
    assert at(pl.Steps({0.0: 1.0, 0.9: 0.0, 0.5: 0.1}), step) == expected


def test_a_stage_that_begins_after_its_share() -> None:
    late = pl.Steps({0: 1, math.nextafter(0.5, 1): 0.1})
    assert [at(late, step) for step in (49, 50, 51)] == [1.0, 1.0, 0.1]
    assert pl.load(str(late * ONE)) == late * ONE


@pytest.mark.parametrize(("step", "expected"), [(0, 1.0), (500, 1 / math.e), (1000, math.exp(-2)), (10**9, 0.0)])
def test_annealed_goes_by_steps_whatever_the_total(step: int, expected: float) -> None:
    for total in (None, 10, 10**6):
        assert at(pl.Annealed(500), step, total) == pytest.approx(expected)


@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 200))
def test_no_schedule_leaves_its_range(start: float, end: float, step: int) -> None:
    for weight in (pl.Linear(start, end), pl.Cosine(start, end), pl.Steps({0: start, 0.5: end})):
        low, high = weight.range
        assert (low, high) == (min(start, end), max(start, end))
        assert low - 1e-12 <= at(weight, step) <= high + 1e-12


def test_a_term_that_has_not_begun_is_not_asked() -> None:
    asked: list[int] = []

    def grade(sample: pl.Sample) -> float:
        asked.append(1)
        return 1.0

    judge = pl.reward(grade, cost="free").named("judge")
    reward = ONE + pl.Steps({0: 0, 0.5: 1}) * judge
    scores = reward.score(SAMPLE, pl.Context(49, 100))
    assert (scores.values[0], scores["judge"].status[0], asked) == (1.0, "skipped", [])
    assert reward.score(SAMPLE, pl.Context(50, 100)).values[0] == 2.0
    assert asked == [1]


@pytest.mark.parametrize("weight", [pl.Linear(1, 0), pl.Cosine(1, 0), pl.Steps({0: 1, 1: 0})])
def test_a_step_without_a_total_is_refused(weight: Any) -> None:
    """Else the schedule would stay at its start without a word."""
    assert at(weight, 0, None) == 1.0
    with pytest.raises(ConfigError, match=rf"{type(weight).__name__} goes by progress: give Context\(step=7, total="):
        at(weight, 7, None)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: pl.Linear(1, 0, begin=0.5, finish=0.5), r"Linear: begin=0\.5, finish=0\.5; 0 <= begin < finish <= 1"),
        (lambda: pl.Linear(1, 0, begin=-0.1), "Linear: begin=-0.1"),
        (lambda: pl.Cosine(1, 0, finish=1.1), r"Cosine: begin=0\.0, finish=1\.1"),
        (lambda: pl.Linear(1, math.nan), "Linear: end is nan; expected a finite number"),
        (lambda: pl.Steps({}), r"Steps: the shares are \[\]; the first is 0\.0"),
        (lambda: pl.Steps({0.1: 1}), r"Steps: the shares are \[0\.1\]"),
        (lambda: pl.Steps({0: 1, 1.5: 0}), r"Steps: the shares are \[0\.0, 1\.5\]"),
        (lambda: pl.Steps({-1: 1, 0: 1}), r"Steps: the shares are \[-1\.0, 0\.0\]"),
        (lambda: pl.Steps({0: "x"}), "Steps: steps.* is 'x'; expected a number"),  # type: ignore[dict-item]
        (lambda: pl.Annealed(0), "Annealed: scale=0.0; it is a number of steps above 0"),
        (lambda: pl.Annealed(-5), "Annealed: scale=-5.0"),
    ],
)
def test_what_makes_no_schedule(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make()
