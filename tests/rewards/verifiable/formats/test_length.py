from __future__ import annotations

import doctest
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.formats import length
from plaudit.rewards.verifiable.formats.length import CosineLength, Length


def graded(reward: Any, response: str, meta: Mapping[str, Any] | None = None) -> tuple[float, str, str]:
    scores = reward.score([Sample("", response, meta=meta)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_docstring_examples() -> None:
    assert doctest.testmod(length).failed == 0


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        # DAPO's own numbers: 16,384 tokens expected, 4,096 more as the buffer, 20,480 at most.
        (0, 0.0),
        (16_384, 0.0),
        (16_385, -1 / 4096),
        (17_408, -0.25),
        (18_432, -0.5),
        (20_479, -4095 / 4096),
        (20_480, -1.0),
        (20_481, -1.0),
        (1_000_000, -1.0),
    ],
)
def test_the_soft_overlong_punishment(tokens: int, value: float) -> None:
    reward = Length(limit=20_480, buffer=4096, unit="tokens")
    found = graded(reward, "x", {"tokens": tokens})
    assert found == (value, "ok", "" if value == 0 else f"{tokens} tokens, limit 20480")


@pytest.mark.parametrize(
    ("words", "value"), [(10, 1.0), (9, 0.75), (11, 0.75), (8, 0.5), (6, 0.0), (14, 0.0), (0, 0.0), (100, 0.0)]
)
def test_nearness_to_a_target(words: int, value: float) -> None:
    found = graded(Length(target=10, width=4), "word " * words)
    assert found == (value, "ok", "" if value == 1 else f"{words} words, target 10")


def test_units() -> None:
    said = "two  words\n"
    assert graded(Length(target=2, width=1), said)[0] == 1
    assert graded(Length(target=11, width=1, unit="chars"), said)[0] == 1
    assert graded(Length(target=7, width=1, unit="tokens"), said, {"tokens": 7})[0] == 1


@pytest.mark.parametrize("tokens", [3, np.int64(3), [5, 6, 7], (5, 6, 7), np.array([5, 6, 7])])
def test_tokens_are_a_count_or_ids(tokens: Any) -> None:
    assert graded(Length(target=3, width=1, unit="tokens"), "x", {"tokens": tokens})[:2] == (1, "ok")


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (None, "missing"),
        (-1, "-1"),
        (True, "True"),
        (3.0, "a float"),
        ("abc", "a str"),
        (b"abc", "a bytes"),
        ({"ids": [1]}, "a dict"),
        (np.zeros((1, 3)), "a ndarray"),
    ],
)
def test_missing_or_wrong_tokens_are_the_record_s_fault(tokens: Any, found: str) -> None:
    value, status, reason = graded(Length(limit=5, buffer=1, unit="tokens"), "x", {"tokens": tokens})
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason == f"tokens is {found}; Length expects sample['tokens'] to be a count or a list of token ids"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "got nothing"),
        ({"target": 5}, "give target and width, or limit and buffer, or least, or window; got target"),
        ({"target": 5, "buffer": 1}, "got target, buffer"),
        ({"target": 5, "width": 1, "limit": 5, "buffer": 1}, "got target, width, limit, buffer"),
        ({"target": 0, "width": 1}, "target=0; it must be positive"),
        ({"target": -5, "width": 1}, "target=-5; it must be positive"),
        ({"target": 5, "width": 0}, "width=0; it must be positive"),
        ({"limit": 5, "buffer": 0}, "buffer=0; it must be positive"),
        ({"limit": 5, "buffer": 6}, "buffer=6 is more than limit=5"),
        ({"limit": 5.5, "buffer": 1}, "Length: limit is 5.5; expected a whole number"),
        ({"limit": 5, "buffer": 1, "unit": "token"}, "did you mean 'tokens'?"),
        ({"least": 0}, "least=0; it must be positive"),
        ({"least": 5, "window": (1, 2)}, "got least, window"),
        ({"window": (2, 1)}, "window=[2, 1]; expected 0 <= window[0] <= window[1]"),
        ({"window": (-1, 1)}, "window=[-1, 1]"),
        ({"least": 5, "of": "think", "unit": "tokens"}, "the tokens of the reasoning alone are not known"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Length(**arguments)
    assert message in str(caught.value)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
def test_values_stay_in_range_and_a_longer_response_is_never_punished_less(n: int, limit: int, buffer: int) -> None:
    reward = Length(limit=max(limit, buffer), buffer=min(limit, buffer))
    shorter, longer = reward.score([Sample("", "w " * n), Sample("", "w " * (n + 1))]).values
    assert -1 <= longer <= shorter <= 0
    assert reward.range == (-1.0, 0.0)
    assert Length(target=limit, width=buffer).range == (0.0, 1.0)


@pytest.mark.system("toolrl")
@pytest.mark.parametrize(("words", "value"), [(0, 0.0), (128, 0.25), (512, 1.0), (600, 1.0)])
def test_toolrl_length_of_the_reasoning(words: int, value: float) -> None:
    reward = Length(least=512, of="think")
    said = f"<think>{'word ' * words}</think>\n<tool_call>{'x ' * 1000}</tool_call>"
    assert graded(reward, said) == (value, "ok", "" if value == 1 else f"{words} words, at least 512")
    assert graded(reward, "word " * 600)[0] == 0
    assert graded(reward, "</think>" + "word " * 600 + "<think>")[0] == 0


@pytest.mark.system("videorft")
@pytest.mark.parametrize(("tokens", "value"), [(319, 0.0), (320, 1.0), (400, 1.0), (512, 1.0), (513, 0.0)])
def test_videorft_window_behind_a_right_answer(tokens: int, value: float) -> None:
    window = Length(window=(320, 512), unit="tokens")
    assert graded(window, "x", {"tokens": tokens})[0] == value
    reward = Gate(Answer("choice").named("right"), 0.2 * window)
    for answer, worth in (("B", 0.2 * value), ("A", 0.0)):
        sample = Sample("?", f"<answer>{answer}</answer>", reference="B", meta={"tokens": tokens})
        assert reward.score([sample]).values[0] == pytest.approx(worth)


def test_a_budget_of_the_record_s_own() -> None:
    reward = Length(target="budget", width=10)
    assert graded(reward, "word " * 20, {"budget": 20})[:2] == (1, "ok")
    assert graded(reward, "word " * 25, {"budget": 20.0})[:2] == (0.5, "ok")
    for budget in (None, 0, -5, True, "20", float("nan")):
        value, status, reason = graded(reward, "word", {"budget": budget})
        assert (np.isnan(value), status) == (True, "invalid")
        assert reason.startswith(f"budget is {budget!r}; Length expects a positive number")


def test_the_cosine_schedule() -> None:
    right, wrong = CosineLength(100, 2, 1, -10), CosineLength(100, -10, 0, -10)
    # By hand: cos(0) = 1, cos(pi/3) = 1/2 (a third is not a whole number of words: 50 is cos = 0), cos(pi) = -1.
    for words, up, down in ((0, 2, -10), (50, 1.5, -5), (100, -10, -10), (101, -10, -10)):
        assert graded(right, "word " * words)[0] == pytest.approx(up)
        assert graded(wrong, "word " * words)[0] == pytest.approx(down)
    thirds = CosineLength(90, 2, 1, -10)
    assert graded(thirds, "word " * 30)[0] == pytest.approx(1.75)
    assert graded(thirds, "word " * 60)[0] == pytest.approx(1.25)
    answer = Answer("choice")
    reward = wrong.named("wrong") + answer * right.named("right") - (answer * wrong).named("undo")
    for said, value in (("<answer>B</answer>", 1.99), ("<answer>A</answer>", -9.99)):
        scores = reward.score([Sample("?", said, reference="B")])
        assert scores.values[0] == pytest.approx(value, abs=0.01)


@given(st.integers(0, 60), st.integers(1, 50))
def test_the_cosine_stays_in_range_and_falls(n: int, limit: int) -> None:
    reward = CosineLength(limit, 1, 0, -1)
    shorter, longer = reward.score([Sample("", "w " * n), Sample("", "w " * (n + 1))]).values
    assert -1 <= longer <= shorter <= 1
    assert reward.range == (-1.0, 1.0)


def test_a_cosine_needs_a_limit() -> None:
    with pytest.raises(ConfigError, match="limit=0; it must be positive"):
        CosineLength(0, 1, 0, -1)
