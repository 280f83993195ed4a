"""Default: a number in place of a status, only where it is wanted, and saying so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.score import STATUSES

FAILURES = [s.value for s in STATUSES[1:]]


def says(name: str, answers: Sequence[Any], asked: list[int] | None = None, ends: Any = (-9, 9)) -> Reward:
    """A reward that answers by ``sample["i"]`` and writes down for which samples it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(sample["i"])
        return answers[sample["i"]]

    return pl.reward(grade, cost="free", range=ends).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


@given(st.sets(st.sampled_from(FAILURES), min_size=1))
def test_a_number_stands_in_for_the_named_statuses_alone(on: set[str]) -> None:
    answers = [0.5, *((s, f"why {s}") for s in FAILURES)]
    scores = pl.Default(says("r", answers), -1, on=tuple(sorted(on))).score(rows(7))
    assert scores.values[0] == 0.5
    for i, status in enumerate(FAILURES, 1):
        if status in on:
            assert (scores.status[i], scores.values[i]) == ("ok", -1.0)
            assert scores.reason[i] == f"default for {status}: why {status}"
        else:
            assert scores.status[i] == status
            assert math.isnan(scores.values[i])
            assert scores.reason[i] == f"why {status}"
    assert [s.value for s in scores["r"].status] == ["ok", *FAILURES], "the tree tells what there was"


def test_a_bad_record_has_no_default_unless_it_is_written() -> None:
    scores = pl.Default(pl.Answer("math"), 0.0).score(pl.Sample("", "<answer>1</answer>"))
    assert (scores.status[0], scores.reason[0]) == ("invalid", "no reference")


def test_a_reward_stands_in_and_is_asked_only_where_it_must() -> None:
    asked: list[int] = []
    answers = [0.5, None, ("timeout", "2 s"), ("invalid", "torn")]
    stand_in = says("f", [9, 1.5, ("unparsed", "no verdict"), 9], asked)
    scores = pl.Default(says("r", answers), stand_in).score(rows(4))
    assert asked == [1, 2]
    assert [s.value for s in scores.status] == ["ok", "ok", "unparsed", "invalid"]
    assert scores.values[:2].tolist() == [0.5, 1.5]
    assert scores.reason[2] == "default for timeout: 2 s: no verdict"
    assert [s.value for s in scores["f"].status] == ["skipped", "ok", "unparsed", "skipped"]


def test_an_abstaining_gate_can_be_given_a_value() -> None:
    gate = pl.Gate(says("c", [0.0, 1.0]), says("r", [5, 5]), None)
    assert pl.Default(gate, 2).score(rows(2)).values.tolist() == [2.0, 5.0]


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [(0.0, (0.0, 3.0)), (2, (1.0, 3.0)), (says("f", [], ends=(-1, 9)), (-1.0, 9.0))],
)
def test_the_range_holds_the_fallback(fallback: Any, expected: tuple[float, float]) -> None:
    assert pl.Default(says("r", [], ends=(1, 3)), fallback).range == expected


@pytest.mark.parametrize(
    ("fallback", "on", "why"),
    [
        (0.0, (), "Default: on is empty"),
        (0.0, ("ok",), "Default: on has 'ok'; known: skipped, "),
        (0.0, ("eror",), "Default: on has 'eror'"),
        (0.0, "error", "Default: on is 'error'; expected a list"),
        (math.nan, ("error",), "Default: fallback is nan; expected"),
        (None, ("error",), "Default: fallback is None; expected a number or a reward"),
        (True, ("error",), "Default: fallback is True; expected a number or a reward"),
        (pl.Answer("exact"), ("error",), "Default has two terms named 'answer'"),
    ],
)
def test_what_makes_no_default(fallback: Any, on: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        pl.Default(pl.Answer("math"), fallback, on)
