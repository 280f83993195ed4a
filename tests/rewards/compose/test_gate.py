"""Gates: exactly the open rows are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward


def says(name: str, answers: Sequence[Any], asked: list[int] | None = None, ends: Any = (-9, 9)) -> Reward:
    """A reward that answers by ``sample["i"]`` and writes down for which samples it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(sample["i"])
        return answers[sample["i"]]

    return pl.reward(grade, cost="free", range=ends).named(name)


def rows(n: int) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i}) for i in range(n)]


condition = st.sampled_from([0.0, 0.49, 0.5, 1.0, ("timeout", "2 s"), None])


@given(st.lists(condition, max_size=8), st.sampled_from([0.0, -1.0, None]))
def test_exactly_the_open_rows_are_asked(conditions: list[Any], closed: float | None) -> None:
    asked: list[int] = []
    n = len(conditions)
    gate = pl.Gate(says("c", conditions), says("r", [i / 10 for i in range(n)], asked), closed)
    scores = gate.score(rows(n))
    is_open = [isinstance(c, float) and c >= 0.5 for c in conditions]
    assert asked == [i for i in range(n) if is_open[i]]
    for i, c in enumerate(conditions):
        if is_open[i]:
            assert scores.values[i] == i / 10
        elif isinstance(c, float):
            assert scores.status[i] == ("skipped" if closed is None else "ok")
            assert scores.reason[i] == "gate c closed"
            if closed is not None:
                assert scores.values[i] == closed
        else:
            assert scores.status[i] == ("missing" if c is None else "timeout")
            assert scores.reason[i] == ("c: the reward returned None" if c is None else "c: 2 s")
        assert (scores["r"].status[i] == "skipped") != is_open[i]
        assert scores["r"].reason[i] == ("" if is_open[i] else "not asked")
    np.testing.assert_array_equal(scores["c"].ok, [isinstance(c, float) for c in conditions])


def test_gates_behind_gates_ask_only_what_is_open_in_all() -> None:
    asked: list[int] = []
    inner = pl.Gate(says("b", [1, 1, 0, 0]), says("r", [5, 6, 7, 8], asked))
    scores = pl.Gate(says("a", [1, 0, 1, 0]), inner, -1.0).score(rows(4))
    assert asked == [0]
    assert scores.values.tolist() == [5.0, -1.0, 0.0, -1.0]
    assert [s.value for s in scores["r"].status] == ["ok", "skipped", "ok", "skipped"]
    assert [s.value for s in scores["r.r"].status] == ["ok", "skipped", "skipped", "skipped"]


def test_the_reason_of_the_condition_is_told() -> None:
    scores = pl.Gate(pl.Format("answer"), pl.Answer("exact")).score(pl.Sample("", "x", "x"))
    assert scores.values.tolist() == [0.0]
    assert scores.reason[0].startswith("format: missing")


def test_what_fails_behind_an_open_gate_fails_the_gate() -> None:
    scores = pl.Gate(says("c", [1.0]), says("r", [("unparsed", "no verdict")])).score(rows(1))
    assert (scores.status[0], scores.reason[0]) == ("unparsed", "no verdict")


@pytest.mark.parametrize(
    ("closed", "expected"), [(0.0, (0.0, 3.0)), (-5.0, (-5.0, 3.0)), (7.0, (1.0, 7.0)), (None, (1.0, 3.0))]
)
def test_the_range_holds_the_closed_value(closed: float | None, expected: tuple[float, float]) -> None:
    assert pl.Gate(says("c", []), says("r", [], ends=(1, 3)), closed).range == expected


def test_it_takes_the_name_of_what_it_wraps() -> None:
    gate = pl.Gate(pl.Format("answer"), pl.Answer("math"))
    assert gate.label == "answer"
    assert list(gate.parts) == ["format", "answer"]


def test_condition_and_reward_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="Gate has two terms named 'answer'"):
        pl.Gate(pl.Answer("exact"), pl.Answer("math"))
