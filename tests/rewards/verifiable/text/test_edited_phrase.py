from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.edited_phrase import EditedPhrase, changed_words

EDIT = {"original": "a red ball on the table", "changed": "a blue ball on the table"}
CAPTION = "In the picture there is a blue ball on the table, and a dog."


def graded(rule: Any, said: str, reference: Any = EDIT) -> tuple[float, str, str]:
    scores = EditedPhrase(rule).score([Sample("What is wrong?", rf"<think>hm</think>\boxed{{{said}}}", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.system("vicrit")
def test_vicrit_benchmark_rule() -> None:
    assert changed_words(EDIT["original"], EDIT["changed"]) == ["blue"]
    assert [graded("contains", said)[0] for said in ("blue ball", "the BLUE one", "red", CAPTION)] == [1, 1, 0, 1]


@pytest.mark.system("vicrit")
def test_vicrit_training_reward() -> None:
    right = ["a blue ball on the table", "A blue ball on the table.", "['a blue ball on the table']"]
    wrong = ["blue", "a red ball on the table", CAPTION, "a blue ball on the table, a dog", ""]
    assert [graded("exact", said)[0] for said in right] == [1, 1, 1]
    assert [graded("exact", said)[0] for said in wrong] == [0] * 5


def test_a_phrase_alone_will_do_for_the_exact_rule() -> None:
    assert graded("exact", "blue ball", "blue ball")[0] == 1
    assert graded("exact", "blue ball", ["a blue ball", "blue ball"])[0] == 1
    assert graded("exact", "red, white and blue", "red, white and blue")[0] == 1
    assert graded("exact", "red", "blue ball") == (0, "ok", "another phrase")


@pytest.mark.parametrize(
    ("original", "changed", "words"),
    [
        ("a cat", "a dog", ["dog"]),
        ("a cat", "a black cat", ["black"]),
        ("a black cat", "a cat", []),
        ("two cats sit", "three dogs sit", ["three", "dogs"]),
        ("a a", "a a a", ["a"]),
        ("x", "y z", ["y", "z"]),
    ],
)
def test_changed_words(original: str, changed: str, words: list[str]) -> None:
    assert changed_words(original, changed) == words


@pytest.mark.parametrize(
    ("rule", "reference", "message"),
    [
        ("exact", None, "no reference"),
        ("exact", "", "reference is empty"),
        ("exact", "?", "reference is a phrase of which, normalised, nothing is left"),
        ("exact", {"original": "a cat"}, "reference['changed'] is None (a NoneType); expected a text or a number"),
        ("exact", {"original": "a cat", "changed": "a cat"}, "reference changes no word"),
        ("contains", {"original": "a black cat", "changed": "a cat"}, "reference changes no word"),
        ("contains", "blue", "reference is 'blue' (a str); expected a mapping with 'original', 'changed'"),
        ("contains", {**EDIT, "x": 1}, "reference has 'x' (a str) key; expected a mapping"),
        ("contains", {}, "reference has no key; expected a mapping"),
    ],
)
@pytest.mark.parametrize("said", ["blue", ""])
def test_a_bad_reference_is_invalid(rule: Any, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(rule, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


WORDS = st.lists(st.sampled_from("abc"), max_size=6)


@given(WORDS, WORDS)
@settings(deadline=None)
def test_what_is_changed_stands_between_what_is_common(original: list[str], changed: list[str]) -> None:
    words = changed_words(" ".join(original), " ".join(changed))
    kept = len(changed) - len(words)
    assert any(
        original[:start] == changed[:start]
        and changed[start : start + len(words)] == words
        and original[len(original) - (kept - start) :] == changed[start + len(words) :]
        for start in range(kept + 1)
    )
