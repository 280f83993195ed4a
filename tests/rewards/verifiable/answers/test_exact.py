from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.exact import ExactMatch, TokenF1, token_f1


def graded(reward: Reward, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Who?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "space", "loose", "squad"),
    [
        ("The Eiffel  Tower", 1, 1, 1),
        ("the eiffel tower.", 0, 1, 1),
        ("“The Eiffel Tower”", 0, 1, 0),  # SQuAD knows ASCII punctuation alone
        ("Eiffel Tower", 0, 0, 1),
        (r"\text{the Eiffel Tower}", 0, 1, 0),
        ("the Eiffel-Tower", 0, 0, 0),
        ("Eiffel", 0, 0, 0),
    ],
)
def test_strengths_of_normalization(said: str, space: float, loose: float, squad: float) -> None:
    for how, value in (("space", space), ("loose", loose), ("squad", squad)):
        found = graded(ExactMatch(how), said, "The Eiffel Tower")  # type: ignore[arg-type]
        assert found == (value, "ok", "" if value else "another text")


def test_aliases_and_numbers() -> None:
    assert graded(ExactMatch(), "NYC", ["New York", "NYC"])[0] == 1
    assert graded(ExactMatch(), "42", 42)[0] == 1
    assert graded(ExactMatch(), "42", np.array(["41", "42"]))[0] == 1
    assert graded(ExactMatch(), "New York or NYC", ["New York", "NYC"])[0] == 0


def test_several_answers() -> None:
    text = "<answer>Rome</answer><answer>Paris</answer>"
    assert ExactMatch().score(Sample("", text, "Paris")).reason == ["several answers"]
    assert ExactMatch(pick="last").score(Sample("", text, "Paris")).values[0] == 1


@pytest.mark.system("magicgui")
def test_magicgui_typed_text_passes_at_token_f1_above_a_half() -> None:
    assert graded(TokenF1(), "new york city", "new york")[0] == pytest.approx(0.8)  # P 2/3, R 1


@pytest.mark.parametrize(
    ("said", "right", "value"),
    [
        ("the cat", "a cat", 1),
        ("cat cat", "cat", 2 / 3),
        ("black cat", "white dog", 0),
        ("a b c d", "c d e", 4 / 6),  # "a" is an article: b c d and c d e share two
        ("the", "cat", 0),
    ],
)
def test_token_f1_by_hand(said: str, right: str, value: float) -> None:
    assert graded(TokenF1(), said, right)[0] == pytest.approx(value)
    assert graded(TokenF1(), said, ["zebra", right])[0] == pytest.approx(value)


@pytest.mark.parametrize("reward", [ExactMatch("squad"), TokenF1()], ids=str)
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("", "reference is empty; expected a text or a number"),
        (" \n", "reference is empty"),
        ([], "reference is an empty list; expected a text, a number or a list of these"),
        (["a b", None], "reference[1] is None (a NoneType); expected a text or a number"),
        ({"a": 1}, "reference is {'a': 1} (a dict); expected a text or a number"),
        (True, "reference is True (a bool); expected a text or a number"),
        (b"cat", "reference is b'cat' (a bytes); expected a text or a number"),
        ("The!", "reference is 'The!' (a str);"),
        (["cat", "..."], "reference is "),
    ],
)
@pytest.mark.parametrize("said", ["cat", ""])
def test_a_bad_reference_is_invalid(reward: Reward, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(reward, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=8)


@given(WORDS, WORDS)
@settings(deadline=None)
def test_token_f1_against_precision_and_recall(said: list[str], right: list[str]) -> None:
    left = Counter(right)
    shared = 0
    for word in said:
        if left[word] > 0:
            left[word] -= 1
            shared += 1
    precision, recall = shared / len(said), shared / len(right)
    expected = 2 * precision * recall / (precision + recall) if shared else 0
    assert token_f1(said, right) == pytest.approx(expected)
