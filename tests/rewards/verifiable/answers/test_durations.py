from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.durations import Duration, seconds


def graded(reward: Duration, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("How long?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90 minutes", 5400),
        ("1 hour and 30 minutes", 5400),
        ("1 h, 30 min.", 5400),
        ("1h30m", 5400),
        ("1.5 hours", 5400),
        ("1:30:00", 5400),
        ("PT1H30M", 5400),
        ("2:05", 125),
        ("90:00", 5400),
        ("2:05.5", Fraction(251, 2)),
        ("250 ms", Fraction(1, 4)),
        ("1 day", 86_400),
        ("P1DT1S", 86_401),
        ("2 weeks and 1 day", 15 * 86_400),
        ("a 5-minute walk", None),
        ("5-minute", 300),
        ("90", None),
        ("", None),
        ("P", None),
        ("PT", None),
        ("1 month", None),
        ("1 year", None),
        ("30 min 1 h", None),
        ("1 h 2 h", None),
        ("1:75:00", None),
        ("1:00:75", None),
        ("about 5 minutes", None),
        ("5 or 6 minutes", None),
        ("-5 minutes", None),
        ("5 minutes" * 100, None),
    ],
)
def test_durations(text: str, value: Any) -> None:
    assert seconds(text) == value


def test_a_number_alone_needs_a_unit() -> None:
    assert graded(Duration(), "90", "90 s") == (0, "ok", "no one duration in the answer")
    assert graded(Duration(unit="minutes"), "90", "1.5 h")[0] == 1
    assert graded(Duration(unit="minutes"), "90", 90)[0] == 1
    assert graded(Duration(), "1.5 min", 90)[0] == 1
    assert graded(Duration(), "1.5 min", timedelta(seconds=90))[0] == 1


def test_tolerances() -> None:
    assert graded(Duration(atol=5), "95 s", "90 s")[0] == 1
    assert graded(Duration(atol=5), "96 s", "90 s") == (0, "ok", "off by 6 s")
    assert graded(Duration(rtol=0.1), "99 s", "90 s")[0] == 1  # a tenth of it, exactly
    assert graded(Duration(rtol=0.1), "99.1 s", "90 s")[0] == 0


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("soon", "reference is 'soon' (a str); expected one duration"),
        ("90", "reference is '90' (a str); expected one duration"),
        (timedelta(seconds=-1), "expected one duration"),
        (-5, "reference is -5 (a int); expected one duration"),
        (True, "reference is True (a bool); expected a text or a number"),
        ([90], "reference is [90] (a list); expected a text or a number"),
        (float("inf"), "reference is inf (a float); expected a text or a number"),
    ],
)
@pytest.mark.parametrize("said", ["90 s", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(Duration(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert message in reason


def test_negative_tolerances_are_refused() -> None:
    for arguments in ({"atol": -1}, {"rtol": -0.1}):
        with pytest.raises(ConfigError, match="tolerances are at least 0"):
            Duration(**arguments)


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
@settings(deadline=None)
def test_units_and_clocks_agree(hours: int, minutes: int, rest: int) -> None:
    value = hours * 3600 + minutes * 60 + rest
    assert seconds(f"{hours} hours, {minutes} minutes and {rest} seconds") == value
    assert seconds(f"PT{hours}H{minutes}M{rest}S") == value
    if hours < 10_000:
        assert seconds(f"{hours}:{minutes:02}:{rest:02}") == value
