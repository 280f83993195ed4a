from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.compose.rescaling import Above
from plaudit.rewards.verifiable.formats.length import Length
from plaudit.rewards.verifiable.groups.majority import MajorityAgreement, PairedAgreement
from plaudit.rewards.verifiable.groups.win_rate import WinRate


def answered(said: str) -> str:
    return rf"\boxed{{{said}}}" if said else ""


def group(said: Sequence[str], name: str = "x", **meta: Any) -> list[Sample]:
    return [Sample("?", answered(one), group=name, meta=meta) for one in said]


@pytest.mark.system("co-reward")
def test_co_reward_rewards_across_the_pair() -> None:
    rows = group(["3", "3", "5", ""], "x", pair=1) + group(["5", "5", "3", "5"], "x'", pair=1)
    values = PairedAgreement().score(rows).values
    assert values.tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
    ours = values[:4]
    assert ((ours - ours.mean()) / ours.std(ddof=1)).tolist() == pytest.approx([-0.5, -0.5, 1.5, -0.5])


@pytest.mark.system("co-reward")
def test_co_reward_an_empty_side_leaves_the_other_without_labels() -> None:
    rows = group(["", ""], "x", pair=1) + group(["5", "5"], "x'", pair=1)
    scores = PairedAgreement().score(rows)
    assert scores.values.tolist() == [0, 0, 0, 0]
    assert scores.reason == ["no answer", "no answer", "the linked group has none", "the linked group has none"]


@pytest.mark.system("co-reward")
def test_co_reward_differs_from_voting_on_one_side() -> None:
    assert MajorityAgreement().score(group(["3", "3", "5", ""])).values.tolist() == [1, 1, 0, 0]


def test_pairs_that_are_no_pairs_are_invalid() -> None:
    rows = group(["3"], "a", pair=1) + group(["3"], "b", pair=2) + group(["3"], "c", pair=2) + group(["3"], "d", pair=2)
    rows += [Sample("?", answered("3"), group="e"), Sample("?", answered("3"), meta={"pair": 1})]
    scores = PairedAgreement().score(rows)
    assert set(scores.status) == {"invalid"}
    assert scores.reason[:2] == ["pair 1 links 1 groups; expected 2", "pair 2 links 3 groups; expected 2"]
    assert scores.reason[4:] == ["no pair", "no group"]


def test_only_what_passed_a_gate_votes() -> None:
    rows = group(["3", "3"], "x", pair=1) + [Sample("?", "long " * 9, group="x'", meta={"pair": 1})] * 2
    gate = Gate(Above(Length(limit=2, buffer=1), 0), PairedAgreement())
    scores = gate.score(rows)
    assert scores.values.tolist() == [0, 0, 0, 0]
    assert "the linked group has none" in scores["paired_agreement"].reason[0]
    voting = Gate(Above(Length(limit=2, buffer=1), 0), MajorityAgreement())
    votes = group(["3"]) + [Sample("?", answered("5") + " and a long end", group="x")] * 2
    assert voting.score(votes).values.tolist() == [1, 0, 0]


def test_the_reach_is_the_link() -> None:
    assert (PairedAgreement(link="question").reach, MajorityAgreement().reach) == ("question", "group")


def test_ties() -> None:
    rows = group(["3", "3", "5", "5", "7"])
    assert MajorityAgreement().score(rows).values.tolist() == [0, 0, 0, 0, 0]
    assert MajorityAgreement(ties="all").score(rows).values.tolist() == [1, 1, 1, 1, 0]
    assert MajorityAgreement(share=True).score(rows).values.tolist() == pytest.approx([0.4, 0.4, 0.4, 0.4, 0.2])


def test_when_two_answers_are_one() -> None:
    rows = group(["1,250", "1250.0", "about 1250", "7"])
    assert MajorityAgreement("number").score(rows).values.tolist() == [1, 1, 1, 0]
    assert MajorityAgreement().score(rows).values.tolist() == [0, 0, 0, 0]
    assert MajorityAgreement().score(group(["Red.", "red", "blue"])).values.tolist() == [1, 1, 0]
    assert MajorityAgreement("number").score(group(["red", "red"])).reason == ["no number in the answer"] * 2


def test_groups_vote_apart_and_a_row_without_a_group_is_invalid() -> None:
    rows = group(["3", "3"], "a") + group(["5", "5", "3"], "b") + [Sample("?", answered("3"))]
    scores = MajorityAgreement().score(rows)
    assert scores.values[:5].tolist() == [1, 1, 1, 1, 0]
    assert (scores.status[5], scores.reason[5]) == ("invalid", "no group")


votes = st.lists(st.sampled_from(["", "1", "2", "3"]), min_size=1, max_size=8)


@given(votes, st.randoms(use_true_random=False), st.sampled_from(["none", "all"]), st.booleans())
def test_permuting_the_group_permutes_the_result(said: list[str], random: Any, ties: Any, share: bool) -> None:
    order = list(range(len(said)))
    random.shuffle(order)
    reward = MajorityAgreement(ties=ties, share=share)
    plain = reward.score(group(said)).values
    assert reward.score(group([said[i] for i in order])).values.tolist() == plain[order].tolist()


@given(votes)
def test_an_empty_response_changes_nothing_for_the_others(said: list[str]) -> None:
    for reward in (MajorityAgreement(), MajorityAgreement(share=True)):
        with_one = reward.score(group([*said, ""])).values
        assert with_one[:-1].tolist() == reward.score(group(said)).values.tolist()
        assert with_one[-1] == 0


HOSTILE = [
    "",
    " \n\t",
    "\x00\x1b",
    "\ud800",
    "3",
    "<answer></answer>",
    r"\boxed{3",
    r"\boxed{3} \boxed{4}",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("reward", [MajorityAgreement(), MajorityAgreement("number", share=True), PairedAgreement()])
def test_hostile_responses_get_the_minimum_and_a_reason(reward: Reward, text: str) -> None:
    rows = [Sample("?", text, group="x", meta={"pair": 1}) for _ in range(3)] + group(["3"], "y", pair=1)
    scores = reward.score(rows)
    assert scores.values[:3].tolist() == [0, 0, 0]
    assert all(scores.reason[:3])


# ---- win rate ----------------------------------------------------------------------------------------------------


@pytest.mark.system("unifiedreward-flex")
def test_unifiedreward_flex_win_rates() -> None:
    # Of three, 1 beats 2 and 3, 2 beats 3.
    outcomes = ({2: "win", 3: "win"}, {1: "loss", 3: "win"}, {1: "loss", 2: "loss"})
    rates = WinRate().score([Sample("?", "a", meta={"outcomes": said}) for said in outcomes]).values
    assert rates.tolist() == [1, 0.5, 0]
    assert ((rates - rates.mean()) / rates.std(ddof=1)).tolist() == pytest.approx([1, 0, -1])


@pytest.mark.system("unifiedreward-flex")
def test_unifiedreward_flex_an_unread_comparison_is_half_a_win_for_both() -> None:
    pair = [Sample("?", "a", meta={"outcomes": [None]})] * 2
    assert WinRate().score(pair).values.tolist() == [0.5, 0.5]
    assert WinRate("missing").score(pair).status.tolist() == ["missing", "missing"]
    assert WinRate("missing").score(Sample("?", "a", meta={"outcomes": [None, 1, 0.5]})).values[0] == 0.75


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([], "missing"),
        *((bad, "invalid") for bad in (["won"], [2], [True], [float("nan")], "win", 1, None)),
    ],
)
def test_outcomes_that_are_none(outcomes: Any, status: str) -> None:
    scores = WinRate().score(Sample("?", "a", meta={"outcomes": outcomes}))
    assert scores.status[0] == status
    assert np.isnan(scores.values[0])
