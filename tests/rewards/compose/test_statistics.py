"""What a response is worth beside the others of its group."""

from __future__ import annotations

import math
import statistics
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


def rows(groups: Sequence[Any], **meta: Sequence[Any]) -> list[pl.Sample]:
    return [
        pl.Sample("", "", group=g, meta={"i": i} | {name: values[i] for name, values in meta.items()})
        for i, g in enumerate(groups)
    ]


ALL: list[Any] = [
    pl.ZScore,
    pl.Rank,
    *(lambda r, by="group", of=of: pl.Statistic(r, of, by) for of in ("mean", "max", "min", "std")),
]
#: By hand, for the values 1, 2, 6 (mean 3, population variance 14/3).
STD = math.sqrt(14 / 3)
BY_HAND = [
    [-2 / STD, -1 / STD, 3 / STD],
    [0.0, 0.5, 1.0],
    [3.0] * 3,
    [6.0] * 3,
    [1.0] * 3,
    [STD] * 3,
]
grade = st.floats(-9, 9).map(lambda x: round(x, 2)) | st.sampled_from([None, ("timeout", "2 s"), ("error", "no")])


@pytest.mark.parametrize(("make", "expected"), list(zip(ALL, BY_HAND, strict=True)))
def test_by_hand_in_two_groups_that_are_mixed(make: Any, expected: list[float]) -> None:
    answers = [1.0, 10.0, 2.0, 10.0, 6.0, 10.0]
    scores = make(says("r", answers)).score(rows("ababab"))
    assert scores.values[[0, 2, 4]].tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("bad", [None, ("timeout", "2 s"), ("skipped", "shut"), ("invalid", "torn")])
def test_a_row_without_a_score_keeps_its_status_and_moves_nobody(make: Any, bad: Any) -> None:
    with_bad = make(says("r", [1.0, bad, 2.0, 6.0])).score(rows("aaaa"))
    without = make(says("r", [1.0, 2.0, 6.0])).score(rows("aaa"))
    assert with_bad.values[[0, 2, 3]].tolist() == without.values.tolist()
    assert with_bad.status[1] == (bad[0] if bad else "missing")
    assert with_bad.reason[1] == (bad[1] if bad else "the reward returned None")


@pytest.mark.parametrize(("make", "alone"), list(zip(ALL, [0.0, 0.5, 7.0, 7.0, 7.0, 0.0], strict=True)))
def test_a_row_alone_and_rows_all_alike(make: Any, alone: float) -> None:
    assert make(says("r", [7.0])).score(rows("a")).values.tolist() == [alone]
    assert make(says("r", [7.0, None])).score(rows("aa")).values[0] == alone
    assert make(says("r", [7.0] * 3)).score(rows("aaa")).values.tolist() == [alone] * 3


@pytest.mark.parametrize("make", ALL)
def test_a_group_without_any_score_and_no_group_at_all(make: Any) -> None:
    scores = make(says("r", [None, ("error", "no")])).score(rows("aa"))
    assert [s.value for s in scores.status] == ["missing", "error"]
    assert len(make(says("r", [])).score([])) == 0


@given(st.sampled_from(ALL), st.lists(st.tuples(st.sampled_from("ab"), grade), max_size=8), st.randoms())
def test_permuting_the_rows_permutes_the_values(make: Any, table: list[Any], random: Any) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    reward = make(says("r", [answer for _, answer in table]))
    samples = rows([group for group, _ in table])
    straight, shuffled = reward.score(samples), reward.score([samples[i] for i in order])
    np.testing.assert_allclose(shuffled.values, straight.values[order], atol=1e-9)
    assert shuffled.status.tolist() == straight.status[order].tolist()
    assert shuffled.reason == [straight.reason[i] for i in order]


@given(st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=2, max_size=7), st.floats(0.5, 9))
def test_a_z_score_knows_no_units(values: list[float], scale: float) -> None:
    plain = pl.ZScore(says("r", values), eps=0).score(rows("a" * len(values))).values
    other = pl.ZScore(says("r", [scale * v - 3 for v in values]), eps=0).score(rows("a" * len(values))).values
    if max(values) > min(values):
        np.testing.assert_allclose(other, plain, atol=1e-6)
        assert plain.mean() == pytest.approx(0, abs=1e-9)
        assert statistics.pstdev(plain.tolist()) == pytest.approx(1)


def test_population_and_sample_spread() -> None:
    for ddof, spread in ((0, statistics.pstdev), (1, statistics.stdev)):
        x = [1.0, 2.0, 6.0]
        scores = pl.ZScore(says("r", x), ddof=ddof, eps=0.5).score(rows("aaa"))
        assert scores.values.tolist() == pytest.approx([(v - 3) / (spread(x) + 0.5) for v in x])


def test_a_difference_of_rounding_is_none() -> None:
    assert abs(pl.ZScore(says("r", [0.3, 0.1 + 0.2])).score(rows("aa")).values).max() < 1e-9


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_rank_is_the_share_of_the_others_that_are_beaten(values: list[int]) -> None:
    found = pl.Rank(says("r", [float(v) for v in values])).score(rows("a" * len(values))).values
    for i, mine in enumerate(values):
        others = values[:i] + values[i + 1 :]
        won = [1.0 if mine > v else 0.5 if mine == v else 0.0 for v in others]
        assert found[i] == pytest.approx(sum(won) / len(won) if won else 0.5)


def test_the_batch_and_an_entry_of_meta() -> None:
    samples = rows("aabb", kind=["x", "y", "x", "y"])
    mean = says("r", [1.0, 2.0, 3.0, 6.0])
    assert pl.Statistic(mean, "mean", "batch").score(samples).values.tolist() == [3.0] * 4
    assert pl.Statistic(mean, "mean", "kind").score(samples).values.tolist() == [2.0, 4.0, 2.0, 4.0]
    assert pl.Statistic(mean, "mean", "kind").reach == "kind"
    assert (pl.ZScore(mean) + pl.Rank(mean.named("s"), "kind")).reach == "batch"


def test_a_key_that_is_a_list_puts_equal_ones_together() -> None:
    samples = rows("aaa", pages=[[1, 2], [1, 2], [3]])
    assert pl.Statistic(says("r", [1.0, 3.0, 5.0]), "mean", "pages").score(samples).values.tolist() == [2.0, 2.0, 5.0]


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("by", ["group", "kind"])
def test_a_row_that_belongs_nowhere_is_invalid(make: Any, by: str) -> None:
    samples = [pl.Sample("", "", group=g, meta={"i": i, "kind": g}) for i, g in enumerate(["a", None, "a"])]
    scores = make(says("r", [1.0, 5.0, 3.0]), by).score(samples)
    assert (scores.status[1], scores.reason[1]) == ("invalid", f"no {by}")
    assert scores.ok.tolist() == [True, False, True]


class TestMarkedRows:
    """Statistics of some rows of a group, for all of them."""

    def test_improvement_over_the_baseline_responses(self) -> None:
        samples = rows("aaaab", baseline=[True, True, False, False, False])
        gain = says("r", [0.2, 0.4, 0.3, 0.9, 1.0])
        scores = (gain - pl.Statistic(gain, "mean", among="baseline")).score(samples)
        assert scores.values[:4].tolist() == pytest.approx([-0.1, 0.1, 0.0, 0.6])
        assert (scores.status[4], scores.reason[4]) == (
            "invalid",
            "mean_r: no baseline among the rows of its group",
        )

    def test_a_baseline_without_a_score(self) -> None:
        samples = rows("aaa", baseline=[True, False, False])
        scores = pl.Statistic(says("r", [("timeout", "2 s"), 0.5, None]), "max", among="baseline").score(samples)
        assert [s.value for s in scores.status] == ["timeout", "missing", "missing"]
        assert scores.reason[1:] == ["no baseline of its group has a score", "the reward returned None"]


def test_behind_a_gate_only_open_rows_are_compared() -> None:
    gate, value = says("c", [1.0, 1.0, 0.0]), says("r", [1.0, 3.0, 100.0])
    inside = pl.Gate(gate, pl.Statistic(value, "mean")).score(rows("aaa"))
    assert inside.values.tolist() == [2.0, 2.0, 0.0]
    outside = pl.Statistic(pl.Gate(gate, value), "mean").score(rows("aaa"))
    assert outside.values.tolist() == pytest.approx([4 / 3] * 3)


def test_names() -> None:
    r = pl.Answer("math")
    assert [pl.ZScore(r).label, pl.Rank(r).label, pl.Statistic(r, "max").label] == ["answer", "answer", "max_answer"]
    for reward in (pl.ZScore(r, "batch", 1, 1e-4), pl.Rank(r), pl.Statistic(r, "std", among="baseline")):
        assert pl.load(str(reward)) == reward


def test_ranges() -> None:
    r = says("r", [], (-1, 3))
    assert pl.ZScore(r).range == (-math.inf, math.inf)
    assert pl.Rank(r).range == (0.0, 1.0)
    assert [pl.Statistic(r, of).range for of in ("mean", "max", "min")] == [(-1.0, 3.0)] * 3
    assert pl.Statistic(r, "std").range == (0.0, 2.0)
    assert pl.Statistic(says("r", [-1.0, 3.0], (-1, 3)), "std").score(rows("aa")).values.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda r: pl.ZScore(r, "sample"), "ZScore: by='sample'; it is 'group', 'batch' or an entry of meta"),
        (lambda r: pl.Rank(r, ""), "Rank: by=''"),
        (lambda r: pl.Statistic(r, "mean", "sample"), "Statistic: by='sample'"),
        (lambda r: pl.Statistic(r, "median"), "Statistic: of is 'median'"),  # type: ignore[arg-type]
        (lambda r: pl.ZScore(r, ddof=2), "ZScore: ddof=2; it is 0 or 1"),
        (lambda r: pl.ZScore(r, eps=-1), r"ZScore: eps=-1\.0; it is 0 or above"),
    ],
)
def test_what_makes_no_statistic(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make(pl.Answer("math"))
