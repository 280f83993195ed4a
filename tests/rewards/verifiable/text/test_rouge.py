from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.rouge import ROUGE, Variant, ngrams


def graded(reward: ROUGE, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Describe.", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_by_hand() -> None:
    said, right = "the cat sat", "the cat was fat"
    assert graded(ROUGE(("1",)), said, right)[0] == pytest.approx(4 / 7)  # the, cat
    assert graded(ROUGE(("2",)), said, right)[0] == pytest.approx(2 / 5)  # the cat, of 2 and 3
    assert graded(ROUGE(("L",)), said, right)[0] == pytest.approx(4 / 7)
    assert graded(ROUGE(), said, right)[0] == pytest.approx((4 / 7 + 2 / 5 + 4 / 7) / 3)
    assert graded(ROUGE(("1",), measure="recall"), said, right)[0] == 2 / 4
    assert graded(ROUGE(("1",), measure="precision"), said, right)[0] == pytest.approx(2 / 3)
    assert graded(ROUGE(("L",)), "fat was the cat", right)[0] == pytest.approx(2 / 4)


def test_the_best_reference_counts() -> None:
    assert graded(ROUGE(), "the cat sat", ["zebra", "The cat sat!"]) == (1, "ok", "")


def test_repeating_the_right_word_gains_no_recall() -> None:
    assert graded(ROUGE(("1",), measure="recall"), "cat cat cat", "the cat sat")[0] == pytest.approx(1 / 3)


def test_stems_of_words_of_more_than_three_letters() -> None:
    assert graded(ROUGE(("1",), stem=True), "running cats", "run cat")[0] == 1
    assert graded(ROUGE(("1",), stem=True), "dos", "do")[0] == 0
    assert graded(ROUGE(("1",)), "running cats", "run cat")[0] == 0


@pytest.mark.system("vans-joint-grpo")
def test_vans_anchor_captions_pass_by_rouge_l() -> None:
    """An anchor is redrawn below 0.6: 3 words of 5 and 5 in common are 0.6, 2 of 5 and 5 are 0.4."""
    right = "he pours milk into bowls"
    assert graded(ROUGE(("L",)), "he pours milk from cans", right)[0] == pytest.approx(0.6)
    assert graded(ROUGE(("L",)), "he pours water from cans", right)[0] == pytest.approx(0.4)


TEXTS = st.lists(
    st.sampled_from(["the", "cats", "running", "ran", "a", "sat.", "Flies", "fly", "-", "x2"]), min_size=1, max_size=12
).map(" ".join)


@given(TEXTS, TEXTS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_values_are_those_of_rouge_score(said: str, right: str, stem: bool) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    if not any(c.isalnum() for c in right):
        return
    variants: tuple[Variant, ...] = ("1", "2", "3", "L")
    theirs = RougeScorer([f"rouge{v}" for v in variants], use_stemmer=stem).score(right, said)
    for variant in variants:
        for measure, field in (("f1", "fmeasure"), ("precision", "precision"), ("recall", "recall")):
            ours = graded(ROUGE((variant,), stem, measure), said, right)[0]  # type: ignore[arg-type]
            assert ours == pytest.approx(getattr(theirs[f"rouge{variant}"], field))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("", "reference is empty"),
        ("猫", "reference is '猫' (a str); it holds nothing that ROUGE compares"),
        (["cat", "?!"], "reference is '?!' (a str); it holds nothing that ROUGE compares"),
        ({"a": 1}, "reference is {'a': 1} (a dict); expected a text or a number"),
    ],
)
@pytest.mark.parametrize("said", ["cat", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(ROUGE(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_an_answer_without_words() -> None:
    assert graded(ROUGE(), "猫", "cat") == (0, "ok", "nothing in the answer that ROUGE compares")
    assert graded(ROUGE(stem=True), "y" * 5000 + "ing", "cat")[:2] == (0, "ok")


@pytest.mark.parametrize("variants", [(), ("1", "1"), ("Lsum",), ("0",)])
def test_senseless_variants_are_refused(variants: Any) -> None:
    with pytest.raises(ConfigError, match="ROUGE: variants"):
        ROUGE(variants)


def test_ngrams_of_a_short_text() -> None:
    assert ngrams(["a"], 2) == {}
    assert ngrams(["a", "b", "c"], 2) == {("a", "b"): 1, ("b", "c"): 1}
