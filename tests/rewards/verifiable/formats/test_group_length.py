from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.function import reward as reward_of
from plaudit.core.sample import Sample
from plaudit.core.score import Scores
from plaudit.rewards.verifiable.formats.group_length import AdaptiveLength, LengthPenalty, RelativeLength


@reward_of(range=(0, 1), cost="free")
def right(sample: Sample) -> Any:
    """Right where the response says so first."""
    return ("missing", "nobody knows") if sample.text.startswith("unknown") else sample.text.startswith("right")


def scored(reward: Any, *responses: tuple[str, int], group: Any = 1) -> Scores:
    """Score one group of (verdict, number of words) responses."""
    scores: Scores = reward.score([Sample("?", (verdict + " ") * n, group=group) for verdict, n in responses])
    return scores


@pytest.mark.system("harmo-hybrid-multiaspect")
def test_harmo_length_penalty() -> None:
    reward = LengthPenalty(right, tolerance=0.2)
    # The right ones' mean is 10: 10 and 12 are within a fifth; 14 lies 0.4 off, (0.4 - 0.2) / 0.8; 30 is far off.
    found = scored(reward, ("right", 8), ("right", 12), ("wrong", 14), ("wrong", 30)).values
    assert found == pytest.approx([0, 0, -0.25, -1])
    assert scored(reward, ("right", 10), ("right", 10)).values.tolist() == [0, 0]
    assert scored(reward, ("wrong", 1), ("wrong", 90)).values.tolist() == [0, 0]


def test_kimi_relative_length() -> None:
    found = scored(
        RelativeLength(right), ("right", 10), ("right", 30), ("wrong", 10), ("wrong", 30), ("right", 20)
    ).values
    assert found == pytest.approx([0.5, -0.5, 0, -0.5, 0])
    assert scored(RelativeLength(right), ("right", 7), ("wrong", 7)).values.tolist() == [0, 0]


def test_adaptive_length_costs_more_where_the_question_is_easy() -> None:
    reward = AdaptiveLength(right, per=100, limit=200)
    assert scored(reward, ("right", 50), ("right", 100)).values == pytest.approx([-0.5, -1])
    assert scored(reward, ("right", 50), ("wrong", 100), ("wrong", 1000), ("wrong", 0)).values == pytest.approx(
        [-0.125, -0.25, -0.5, 0]
    )
    assert scored(reward, ("wrong", 50), ("wrong", 100)).values == pytest.approx([-0.25, -0.5])  # at least 1 / 2
    assert reward.range == (-2.0, 0.0)


def test_groups_are_apart_and_a_row_without_a_group_is_no_record() -> None:
    samples = [Sample("?", "right " * n, group=g) for g, n in (("a", 10), ("b", 100), ("a", 30), ("b", 100), (None, 5))]
    scores = RelativeLength(right).score(samples)
    assert scores.values[:4].tolist() == [0.5, 0, -0.5, 0]
    assert (scores.status[4], scores.reason[4]) == ("invalid", "no group")


def test_where_it_is_not_known_who_is_right_there_is_no_score() -> None:
    scores = scored(RelativeLength(right), ("right", 10), ("unknown", 1000), ("right", 20))
    assert scores.status.tolist() == ["ok", "missing", "ok"]
    assert scores.reason[1] == "right: nobody knows"
    assert scores.values[[0, 2]].tolist() == [0.5, -0.5]  # the unknown one is in nobody's group
    assert scores["right"].values[0] == 1


def test_tokens_that_are_missing_are_the_record_s_fault() -> None:
    samples = [Sample("?", "right", group=1, meta={"tokens": n}) for n in (10, 30)]
    samples.append(Sample("?", "right", group=1))
    scores = RelativeLength(right, unit="tokens").score(samples)
    assert scores.values[:2].tolist() == [0.5, -0.5]
    assert (scores.status[2], scores.reason[2][:17]) == ("invalid", "tokens is missing")


@given(st.lists(st.tuples(st.sampled_from(["right", "wrong"]), st.integers(0, 50)), min_size=1, max_size=8))
def test_ranges(responses: list[tuple[str, int]]) -> None:
    for reward in (LengthPenalty(right), RelativeLength(right), AdaptiveLength(right, per=10, limit=40)):
        low, high = reward.range
        scores = scored(reward, *responses)
        assert scores.ok.all(), scores.reason
        assert np.all((scores.values >= low) & (scores.values <= high))


@given(st.lists(st.integers(1, 50), min_size=2, max_size=8))
def test_a_wrong_response_gains_nothing_by_its_length(lengths: list[int]) -> None:
    values = scored(RelativeLength(right), *[("wrong", n) for n in lengths]).values
    assert np.all(values <= 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LengthPenalty(right, tolerance=1), "tolerance=1.0"),
        (lambda: LengthPenalty(right, tolerance=-0.1), "tolerance=-0.1"),
        (lambda: AdaptiveLength(right, per=0, limit=5), "per=0; it must be positive"),
        (lambda: AdaptiveLength(right, per=5, limit=-1), "limit=-1; it must be positive"),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
