from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.answers.consistency import AnswerConsistency, conclusion, inside_reasoning
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning

CITIES = {"options": ["London", "Paris", "Rome"]}


def graded(kind: Any, thought: str, said: str, options: Any = None) -> tuple[float, str]:
    text = f"<think>{thought}</think><answer>{said}</answer>"
    scores = AnswerConsistency(kind).score([Sample("Which?", text, meta=options)])
    assert scores.status[0] == "ok"
    return float(scores.values[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("kind", "thought", "said", "value"),
    [
        ("choice", "Not A. The answer is B.", "B", 1),
        ("choice", "Not A. The answer is B.", "A", 0),
        ("choice", "So it must be (C), as A is in England.", "Rome", 1),
        ("choice", r"Hence \boxed{B}. A was close.", "B", 1),
        ("number", "3 + 4 = 7", "7", 1),
        ("number", "The answer is 12. (I first had 11.)", "12", 1),
        ("number", "The answer is 12. (I first had 11.)", "11", 0),
        ("number", "Half of it, 1/2.", "0.5", 1),
        ("number", "At 10:30 it is 5.", "5 km", 1),
        ("yes-no", "Is there a dog? No, there is none.", "no", 1),
        ("yes-no", "Is there a dog? No, there is none.", "yes", 0),
        ("yes-no", "It barks, so yes.", "true", 0),  # "so yes" states nothing plainly
    ],
)
def test_consistency(kind: Any, thought: str, said: str, value: float) -> None:
    found = graded(kind, thought, said, CITIES if kind == "choice" else None)
    assert found[0] == value
    assert bool(found[1]) == (value < 1)


def test_reasons() -> None:
    assert graded("number", "so 7", "8")[1] == "the reasoning concludes 7, the answer says 8"
    assert graded("number", "so 5/2", "8")[1] == "the reasoning concludes 2.5, the answer says 8"
    assert graded("number", "hm", "8")[1] == "the reasoning concludes nothing"
    assert graded("number", " ", "8")[1] == "no reasoning"
    assert graded("number", "so 8", "many")[1] == "no number in the answer"
    assert graded("number", "so 8", "")[1] == "empty answer"
    assert graded("choice", "The answer is A.", "B")[1] == "the reasoning concludes A, the answer says B"
    assert graded("number", f"so {'9' * 400}", "8")[1].startswith("the reasoning concludes 9999")


def test_reasoning_that_the_template_opened() -> None:
    scores = AnswerConsistency("number").score([Sample("?", "2 + 2 = 4</think><answer>4</answer>")])
    assert scores.values[0] == 1


def test_only_the_end_of_long_reasoning_is_read() -> None:
    assert graded("number", "The answer is 4. " + "hm " * 5000, "4") == (0, "the reasoning concludes nothing")


def test_it_composes_with_the_right_answer() -> None:
    reward = Answer("number") + 0.5 * AnswerConsistency("number")
    said = ["<think>so 4</think><answer>4</answer>", "<think>so 5</think><answer>4</answer>", "<answer>4</answer>"]
    assert reward.score([Sample("2 + 2?", text, "4") for text in said]).values.tolist() == [1.5, 1, 1]


def test_conclusions() -> None:
    assert conclusion("Total: 3. The result is 7 or 8.", "number", {}) == Fraction(3)  # 7 or 8 concludes nothing
    assert conclusion("The answer is 3 + 4 = 7 km. It took 9 hours.", "number", {}) == Fraction(7)
    assert conclusion("The total time is known. 4 + 5 = 9", "number", {}) == Fraction(9)
    assert conclusion(r"\boxed{3}, that is, 4", "number", {}) == Fraction(3)
    assert conclusion(r"\boxed{three}, that is, 4", "number", {}) == Fraction(4)
    assert conclusion("nothing", "choice", {}) is None


def test_bad_options_are_the_record_s_fault_and_senseless_arguments_the_user_s() -> None:
    scores = AnswerConsistency("choice").score([Sample("?", "<answer>A</answer>", meta={"options": "A"})])
    assert scores.status[0] == "invalid"
    with pytest.raises(ConfigError, match="AnswerConsistency: kind is 'math'"):
        AnswerConsistency("math")  # type: ignore[arg-type]


PIECES = st.lists(st.sampled_from(["<think>", "</think>", "a", "b", "c"]), max_size=12).map("".join)


@given(PIECES)
@settings(deadline=None)
def test_reasoning_and_the_rest_share_nothing(text: str) -> None:
    """Numbered letters, so that each place of the text is on at most one side."""
    numbered = "".join(f"{c}{i} " if c in "abc" else c for i, c in enumerate(text))
    said, thought = set(outside_reasoning(numbered).split()), set(inside_reasoning(numbered).split())
    assert not said & thought
