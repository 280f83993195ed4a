from __future__ import annotations

import math
from typing import Any

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.text.edit import ANLS, CER, WER, EditSimilarity, distance


def graded(reward: Reward, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Read it.", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def slow_distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


@given(st.text("abc ", max_size=8), st.text("abc ", max_size=8))
@settings(deadline=None)
def test_distance_against_the_textbook(a: str, b: str) -> None:
    assert distance(a, b) == slow_distance(a, b)


def test_edit_similarity_by_hand() -> None:
    assert graded(EditSimilarity(), "sitting", "kitten")[0] == pytest.approx(1 - 3 / 7)
    assert graded(EditSimilarity(), "kitten", ["zebra", "kitten"]) == (1, "ok", "")
    assert graded(EditSimilarity(), "xyz", "abc")[0] == 0
    assert graded(EditSimilarity(), "KITTEN", "kitten")[0] == 0
    assert graded(EditSimilarity("loose"), "KITTEN.", "kitten")[0] == 1


def test_anls_by_hand() -> None:
    assert graded(ANLS(), "HELLO", "hello")[0] == 1
    assert graded(ANLS(), "hallo", "hello")[0] == pytest.approx(0.8)
    assert graded(ANLS(), "abXX", "abcd")[0] == 0  # NL is the threshold itself, 0.5
    assert graded(ANLS(), "abcX", "abcd")[0] == 0.75
    assert graded(ANLS(0.2), "hallo", "hello")[0] == 0
    assert graded(ANLS(1), "abXX", "abcd")[0] == 0.5
    assert graded(ANLS(), "helo", ["zebra", "hello", "help"])[0] == pytest.approx(0.8)


@pytest.mark.system("pcpg-lipreading")
def test_pcpg_character_error_rate() -> None:
    assert graded(CER(), "hallo", "hello")[0] == pytest.approx(1 - 0.2)
    assert graded(CER(), "hello", "hello") == (1, "ok", "")


@pytest.mark.system("sophiavl-r1")
def test_sophiavl_r1_reading() -> None:
    reward = Gate(Format("think-answer"), WER("exponential"))
    right = "stop that old car"
    said = ["<think>read</think><answer>stop the car</answer>", "<answer>stop the car</answer>"]  # 2 errors in 4 words
    assert reward.score([Sample("Read.", text, right) for text in said]).values.round(4).tolist() == [0.6065, 0]


@pytest.mark.system("videorft")
def test_videorft_reading_is_clipped() -> None:
    assert graded(WER(), "stop the car", "stop that old car")[0] == 0.5
    assert graded(WER(), "a b c d e f", "x y")[0] == 0  # WER is 3


def test_an_error_rate_has_no_bound_but_its_reward_has() -> None:
    assert graded(CER("exponential"), "abcdef", "xy")[0] == pytest.approx(math.exp(-3))
    assert graded(CER(), "abcdef", "xy")[0] == 0


WORDS = st.lists(st.sampled_from(["cat", "dog", "a", "The"]), min_size=1, max_size=8).map(" ".join)


@given(WORDS, WORDS)
@settings(deadline=None)
def test_error_rates_are_jiwer_s(said: str, right: str) -> None:
    assert graded(WER("exponential"), said, right)[0] == pytest.approx(math.exp(-jiwer.wer(right, said)))
    assert graded(CER("exponential"), said, right)[0] == pytest.approx(math.exp(-jiwer.cer(right, said)))


def test_a_line_s_end_parts_words() -> None:
    assert graded(WER(), "stop\nthe  car", "stop the car")[0] == 1


ALL = [EditSimilarity(), ANLS(), CER(), WER("exponential")]


@pytest.mark.parametrize("reward", ALL, ids=str)
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("  ", "reference is empty; expected a text or a number"),
        (["a", 3, []], "reference[2] is [] (a list); expected a text or a number"),
        ({"text": "a"}, "reference is {'text': 'a'} (a dict); expected a text or a number"),
        ("x" * 50_001, "reference has 50001 characters; "),
    ],
)
@pytest.mark.parametrize("said", ["a", ""])
def test_a_bad_reference_is_invalid(reward: Reward, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(reward, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_an_answer_far_longer_than_its_reference_is_not_compared() -> None:
    reason = "an answer of 10021 characters, far longer than the reference"
    assert graded(EditSimilarity(), "x" * 10_021, "x" * 5) == (0, "ok", reason)
    assert graded(EditSimilarity(), "x" * 10_020, "x" * 5)[0] == pytest.approx(5 / 10_020)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.5])
def test_a_senseless_threshold_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="it lies above 0 and is at most 1"):
        ANLS(threshold)


@given(st.text(min_size=1, max_size=10), st.text(min_size=1, max_size=10))
@settings(deadline=None)
def test_only_an_equal_text_is_worth_1_and_similarity_is_symmetric(a: str, b: str) -> None:
    one, two = EditSimilarity(), EditSimilarity()
    if a.strip() and b.strip() and not set("<\\") & set(a + b):
        forth, back = graded(one, a, b)[0], graded(two, b, a)[0]
        assert forth == pytest.approx(back)
        assert 0 <= forth <= 1
