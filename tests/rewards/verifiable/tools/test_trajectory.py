from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.function import reward as reward_of
from plaudit.core.loading import load
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.tools.tool_use import RepeatedCalls, ToolExploration, ToolSuccess
from plaudit.rewards.verifiable.tools.trajectory import EachTurn, TurnCredit, TurnGain


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text} for text in texts]


def answered(*texts: str) -> list[dict[str, Any]]:
    """Turns with an observation between them."""
    seen = {"role": "tool", "content": "seen"}
    return [message for turn in said(*texts) for message in (turn, seen)][:-1]


@reward_of(range=(0, 1), cost="free")
def stated(sample: Sample) -> Any:
    """The number that a turn states, or no score."""
    return ("missing", "no number") if "?" in sample.text else float(sample.text or 0)


def spans(scores: Any, row: int = 0) -> list[tuple[float, int]]:
    assert all(s.unit == "turn" and s.place == (s.turn, s.turn + 1) for s in scores.spans[row])
    return [(round(s.value, 12), s.turn) for s in scores.spans[row]]


# ---- every turn -------------------------------------------------------------------------------------------------

CALL, LOOK, END = (
    "<think>a</think><tool_call>f()</tool_call>",
    "<think>a</think><search>b</search>",
    "<think>a</think><answer>b</answer>",
)


@pytest.mark.parametrize(
    ("turns", "value"),
    [
        ((CALL, CALL, END), 1.0),
        ((CALL, "<tool_call>f()</tool_call>", END), 2 / 3),
        ((END,), 1.0),
        ((CALL,), 0.0),
        ((CALL, CALL), 0.5),
        ((CALL, LOOK, END + "x"), 1 / 3),
        ((), 0.0),
    ],
)
def test_a_form_for_every_turn_and_one_for_the_last(turns: tuple[str, ...], value: float) -> None:
    reward = EachTurn(Format("think-tool"), last=Format("think-answer"))
    assert reward.score([Sample("?", answered(*turns))]).values[0] == pytest.approx(value)
    least = EachTurn(Format("think-tool"), last=Format("think-answer"), form="least")
    assert least.score([Sample("?", answered(*turns))]).values[0] == (value == 1)


def test_tools_answers_stay_with_their_turns() -> None:
    call = {"role": "assistant", "content": CALL}
    turns = [call, {"role": "tool", "content": "1", "ok": True}, call, {"role": "tool", "content": "2", "ok": False}]
    scores = EachTurn(ToolSuccess()).score([Sample("?", turns)])
    assert (scores.values[0], spans(scores)) == (0.5, [(1.0, 0), (0.0, 1)])
    assert EachTurn(RepeatedCalls()).score([Sample("?", turns)]).values[0] == 0  # each turn stands alone


def test_the_whole_batch_is_asked_at_once_and_put_together_again() -> None:
    rows = [said("0.1", "0.2"), "0.3", said("0.4"), said(), said("0.5", "0.7", "0.9"), said("0.5", "?")]
    scores = EachTurn(stated, last=stated.named("end")).score([Sample("?", row) for row in rows])
    assert scores.values[:5] == pytest.approx([0.15, 0.3, 0.4, 0, 0.7])
    assert (scores.status[5], scores.reason[5]) == ("missing", "turn 1: no number")
    assert spans(scores, 4) == [(0.5, 0), (0.7, 1), (0.9, 2)]
    assert spans(scores, 5) == []


def test_a_response_that_cannot_be_read_is_the_record_s_fault() -> None:
    scores = EachTurn(stated).score([Sample("?", 5), Sample("?", "1")])
    assert scores.status.tolist() == ["invalid", "ok"]
    assert scores.values[1] == 1


# ---- gains ------------------------------------------------------------------------------------------------------


@pytest.mark.system("vr-thinker")
def test_vr_thinker_gains() -> None:
    # r_acc 0.8333 (all but one of three dimensions, overall right) and 0.3333 (overall wrong): 0.2 of the difference.
    reward = 0.2 * TurnGain(stated)
    right, wrong = str(0.5 + 0.5 * 2 / 3), str(0.5 * 2 / 3)
    scores = reward.score([Sample("?", said(wrong, right)), Sample("?", said(right, wrong)), Sample("?", said(right))])
    assert scores.values == pytest.approx([0.1, -0.1, 0])


def test_gains_by_turn() -> None:
    scores = TurnGain(stated).score([Sample("?", said("0.1", "0.6", "0.4")), Sample("?", said("1", "?"))])
    assert scores.values[0] == pytest.approx(0.3)
    assert spans(scores) == [(0.5, 1), (-0.2, 2)]
    assert scores.status[1] == "missing"


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_gains_telescope(hundredths: list[int]) -> None:
    values = [n / 100 for n in hundredths]
    reward = TurnGain(stated)
    scores = reward.score([Sample("?", said(*map(str, values)))])
    assert scores.values[0] == pytest.approx(values[-1] - values[0])
    assert scores.spans is not None
    assert sum(s.value for s in scores.spans[0]) == pytest.approx(values[-1] - values[0])
    assert reward.range == (-1.0, 1.0)


def test_expressions_hold_them() -> None:
    for text in (
        'EachTurn(Format("think-tool"), last=Format("think-answer"))',
        'TurnGain(Answer("choice"))',
        "TurnCredit(differences=True)",
    ):
        assert load(str(load(text))) == load(text)


def test_what_must_see_a_group_cannot_be_asked_of_a_turn() -> None:
    for make in (EachTurn, TurnGain):
        with pytest.raises(ConfigError, match="tool_exploration must see a whole group, and a turn stands alone"):
            make(ToolExploration())


# ---- what the environment recorded ------------------------------------------------------------------------------


def credited(reward: TurnCredit, **meta: Any) -> list[float]:
    turns = said(*["x"] * len(meta["rewards"]))
    scores = reward.score([Sample("?", turns, meta=meta)])
    assert scores.status[0] == "ok", scores.reason[0]
    found = [value for value, _ in spans(scores)]
    assert scores.values[0] == pytest.approx(sum(found))
    return found


@pytest.mark.system("meow-tea-taro")
def test_meow_tea_taro_dense_rewards() -> None:
    reward = TurnCredit(normalize=True)
    assert credited(reward, rewards=[0, 1, 0, 1], won=True, max_reward=5) == [0, 0.5, 0, 0.5]
    assert credited(reward, rewards=[1, 0, 1], won=False, max_reward=5) == [0.2, 0, 0.2]
    assert credited(reward, rewards=[0, 0], won=True, max_reward=5) == [0, 0]
    assert credited(reward, rewards=[0.5], won=False, max_reward=0.5) == [0.5]
    # From the game's score after each turn: 0 1 1 2 adds 0 1 0 1.
    scores = TurnCredit(differences=True, normalize=True)
    assert credited(scores, rewards=[0, 1, 1, 2], won=True, max_reward=5) == [0, 0.5, 0, 0.5]


@pytest.mark.system("meow-tea-taro")
@pytest.mark.parametrize("rewards", [[1, 0, 0], [1], []])
def test_a_reward_without_its_turn_is_not_lost_in_silence(rewards: list[float]) -> None:
    scores = TurnCredit().score([Sample("?", said("a", "b"), meta={"rewards": rewards})])
    assert (scores.status[0], scores.reason[0]) == (
        "invalid",
        f"rewards has {len(rewards)} numbers for 2 assistant turns",
    )


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8))
def test_differences_sum_to_the_last_score(scores: list[int]) -> None:
    added = credited(TurnCredit(differences=True), rewards=scores)
    assert list(itertools.accumulate(added)) == scores


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ({}, "no rewards"),
        ({"rewards": 5}, "rewards is a int"),
        ({"rewards": "12"}, "rewards is a str"),
        ({"rewards": [None]}, "rewards holds None"),
        ({"rewards": [True]}, "rewards holds True"),
        ({"rewards": [float("nan")]}, "rewards holds nan"),
    ],
)
def test_bad_records(meta: dict[str, Any], reason: str) -> None:
    scores = TurnCredit().score([Sample("?", said("a"), meta=meta)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ({"won": 1, "max_reward": 5}, "won is a int; expected true or false"),
        ({"won": False, "max_reward": "5"}, "max_reward holds '5'"),
        ({"won": False}, "no max_reward"),
        ({"max_reward": 5}, "no won"),
    ],
)
def test_bad_records_of_the_outcome(meta: dict[str, Any], reason: str) -> None:
    scores = TurnCredit(normalize=True).score([Sample("?", said("a"), meta={"rewards": [1], **meta})])
    assert (scores.status[0], scores.reason[0][: len(reason)]) == ("invalid", reason)


def test_arrays_are_numbers() -> None:
    assert credited(TurnCredit(), rewards=np.array([1.0, 2.0])) == [1, 2]
