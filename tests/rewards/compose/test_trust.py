"""A judge believed as far as it prefers right responses to wrong ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.reward import Reward


def says(name: str, answers: Sequence[Any], asked: list[int] | None = None, ends: Any = (-9, 9)) -> Reward:
    """A reward that answers by ``sample["i"]`` and writes down for which samples it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(sample["i"])
        return answers[sample["i"]]

    return pl.reward(grade, cost="free", range=ends).named(name)


def rows(groups: Sequence[Any]) -> list[pl.Sample]:
    return [pl.Sample("", "", group=g, meta={"i": i}) for i, g in enumerate(groups)]


def trusted(outcomes: Sequence[Any], judged: Sequence[Any], groups: Sequence[Any] | None = None) -> pl.Scores:
    samples = rows("a" * len(outcomes) if groups is None else groups)
    return pl.Trusted(says("o", outcomes), says("t", judged)).score(samples)


def test_a_judge_that_prefers_right_ones_is_believed() -> None:
    scores = trusted([1.0, 1.0, 0.0, 0.0], [0.4, 0.6, 0.2, 0.3])
    assert scores.values.tolist() == [0.4, 0.6, 0.2, 0.3]
    assert scores.reason == [""] * 4


def test_a_judge_that_prefers_wrong_ones_is_believed_less() -> None:
    """mean_right 0.5, mean_wrong 0.8."""
    scores = trusted([1.0, 1.0, 0.0, 0.0], [0.4, 0.6, 0.9, 0.7])
    assert scores.values.tolist() == pytest.approx([math.exp(-0.3) * t for t in (0.4, 0.6, 0.9, 0.7)])
    assert scores.reason[1] == "trust 0.7408"
    assert scores["t"].values.tolist() == [0.4, 0.6, 0.9, 0.7], "the raw value is kept"


@pytest.mark.parametrize("outcomes", [[1.0, 1.0], [0.9, 1.0], [0.0, 0.0], [0.1, 0.0]])
def test_a_unanimous_group_asks_no_judge(outcomes: list[float]) -> None:
    asked: list[int] = []
    scores = pl.Trusted(says("o", [*outcomes, 0.0, 1.0]), says("t", [1.0] * 4, asked)).score(rows("aabb"))
    assert asked == [2, 3]
    assert scores.values.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert [s.value for s in scores["t"].status] == ["skipped", "skipped", "ok", "ok"]


def test_graded_outcomes_of_one_side_leave_nothing_to_compare() -> None:
    assert trusted([0.6, 0.7], [0.2, 0.9]).values.tolist() == [0.2, 0.9]


def test_rows_without_a_score_move_no_mean() -> None:
    scores = trusted([1.0, 1.0, 0.0, ("timeout", "2 s"), 0.0], [0.5, None, 0.8, 1.0, ("error", "no")])
    assert scores.values[[0, 2]].tolist() == pytest.approx([math.exp(-0.3) * 0.5, math.exp(-0.3) * 0.8])
    assert [s.value for s in scores.status] == ["ok", "missing", "ok", "timeout", "error"]
    assert scores.reason[3] == "2 s"
    assert scores.reason[1].startswith("the reward returned None")


def test_a_side_whose_judge_said_nothing_leaves_it_believed() -> None:
    assert trusted([1.0, 0.0], [None, 0.8]).values[1] == 0.8


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0.0, 0.3, 1.0, None]), st.floats(0, 1)), max_size=8),
    st.randoms(),
)
def test_permuting_the_rows_permutes_the_values(table: list[Any], random: Any) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    reward = pl.Trusted(says("o", [o for _, o, _ in table]), says("t", [t for _, _, t in table]))
    samples = rows([g for g, _, _ in table])
    straight, shuffled = reward.score(samples), reward.score([samples[i] for i in order])
    np.testing.assert_allclose(shuffled.values, straight.values[order])


def test_range_name_and_text() -> None:
    assert pl.Trusted(says("o", []), says("t", [], ends=(0.2, 1))).range == (0.0, 1.0)
    assert pl.Trusted(says("o", []), says("t", [], ends=(-1, 2))).range == (-1.0, 2.0)
    reward = pl.Trusted(pl.Answer("math"), pl.Format("answer"))
    assert (reward.label, reward.reach, list(reward.parts)) == ("format", "group", ["answer", "format"])
    assert pl.load(str(reward)) == reward


def test_a_row_without_a_group_is_invalid() -> None:
    scores = pl.Trusted(says("o", [1.0]), says("t", [1.0])).score(rows([None]))
    assert (scores.status[0], scores.reason[0]) == ("invalid", "no group")
