from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.fill_in import FillIn

RIGHT = ["spider", 8, ["no wings", "none"]]


def graded(reward: FillIn, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("A _ has _ legs and _.", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "value", "reason"),
    [
        ("spider; 8; no wings", 1, ""),
        ("Spider;8.0;NONE.", 1, ""),
        ("1. spider\n2. 8\n3. none", 1, ""),
        ("spider; eight; none", 2 / 3, "wrong in blank 2"),
        ("spider; 8 legs; none", 2 / 3, "wrong in blank 2"),
        ("; 8;", 1 / 3, "wrong in blank 1, 3"),
        ("8; spider; none", 1 / 3, "wrong in blank 1, 2"),
        ("spider; 8", 0, "2 fillings for 3 blanks"),
        ("spider; 8; none; more", 0, "4 fillings for 3 blanks"),
        ("spider, 8, none", 0, "1 fillings for 3 blanks"),
    ],
)
def test_credit_by_blank(said: str, value: float, reason: str) -> None:
    found = graded(FillIn(), said, RIGHT)
    assert found[0] == pytest.approx(value)
    assert found[1:] == ("ok", reason)


def test_separator_and_normalization() -> None:
    assert graded(FillIn("|"), "a; b | c", ["a; b", "c"])[0] == 1
    assert graded(FillIn(normalize="space"), "Na; Cl", ["Na", "cl"])[0] == 0.5
    assert graded(FillIn(), "1/2; 1e3", [0.5, 1000])[0] == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("spider; 8", "reference is 'spider; 8' (a str); expected a list"),
        ([], "reference is a list of 0; expected at least 1"),
        (["a", None], "reference[1] is None (a NoneType); expected a text or a number"),
        (["a", ["b", 3, {}]], "reference[1][2] is {} (a dict); expected a text or a number"),
        (["a", "?"], "reference[1] is ('?',) (a tuple); normalised, nothing of it is left"),
    ],
)
@pytest.mark.parametrize("said", ["a; b", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(FillIn(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_an_empty_separator_is_refused() -> None:
    with pytest.raises(ConfigError, match="separator is empty"):
        FillIn("")
