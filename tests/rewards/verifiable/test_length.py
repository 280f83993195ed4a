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
from plaudit.rewards.verifiable import length
from plaudit.rewards.verifiable.length import Length


def graded(reward: Length, response: str, meta: Mapping[str, Any] | None = None) -> tuple[float, str, str]:
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
