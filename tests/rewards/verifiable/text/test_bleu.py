from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.bleu import BLEU, ChrF


def graded(reward: Reward, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Translate.", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_bleu_by_hand() -> None:
    # words 5 of 6, pairs 3 of 5, triples 2 of 4, quadruples 1 of 3; as long as the reference
    by_hand = math.prod([5 / 6, 3 / 5, 2 / 4, 1 / 3]) ** (1 / 4)
    assert graded(BLEU(), "the cat sat on the mat", "the cat sat on a mat")[0] == pytest.approx(by_hand)
    # half as long, all of it right: the brevity penalty alone, over words and pairs
    assert graded(BLEU(), "the cat", "the cat sat down")[0] == pytest.approx(math.exp(1 - 4 / 2))
    assert graded(BLEU(), "The cat sat on a mat", "the cat sat on a mat")[0] < 1
    assert graded(BLEU(True), "The cat sat on a mat", "the cat sat on a mat") == (1, "ok", "")
    assert graded(BLEU(), "zebra", "the cat")[0] == 0


def test_bleu_uses_all_references_at_once() -> None:
    said, rights = "a red cat ran home", ["a red cat sat", "the dog ran home"]
    assert graded(BLEU(), said, rights)[0] > max(graded(BLEU(), said, right)[0] for right in rights)
    assert graded(BLEU(), said, rights)[0] == pytest.approx(sacrebleu.sentence_bleu(said, rights).score / 100)


def test_chrf_by_hand() -> None:
    # colour, color: letters 5 of 6 and 5; pairs 3 of 5 and 4; triples 2 of 4 and 3; fours 1 of 3 and 2; fives 0
    precision, recall = (5 / 6 + 3 / 5 + 2 / 4 + 1 / 3) / 5, (1 + 3 / 4 + 2 / 3 + 1 / 2) / 5
    for beta in (1, 2):
        by_hand = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
        assert graded(ChrF(beta), "colour", "color")[0] == pytest.approx(by_hand)
    assert graded(ChrF(), "col or", "color") == (1, "ok", "")  # white space does not count
    assert graded(ChrF(words=2), "col or", "color")[0] < 1
    assert graded(ChrF(), "color", ["zebra", "color"])[0] == 1


TEXTS = st.lists(st.sampled_from(["the", "cat", "sat,", "Rome", "3.5", "(a)", "&amp;"]), min_size=1, max_size=9).map(
    " ".join
)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=2))
@settings(max_examples=50, deadline=None)
def test_values_are_sacrebleu_s(said: str, rights: list[str]) -> None:
    assert graded(BLEU(), said, rights)[0] == pytest.approx(sacrebleu.sentence_bleu(said, rights).score / 100)
    assert graded(ChrF(), said, rights)[0] == pytest.approx(sacrebleu.sentence_chrf(said, rights).score / 100)
    plus = sacrebleu.sentence_chrf(said, rights, word_order=2).score / 100
    assert graded(ChrF(words=2), said, rights)[0] == pytest.approx(plus)


def test_texts_are_not_kept() -> None:
    graded(BLEU(), "a text that nobody needs again", "another")
    assert Tokenizer13a.__call__.cache_info().currsize == 0
    assert TokenizerRegexp.__call__.cache_info().currsize == 0


@pytest.mark.parametrize("reward", [BLEU(), ChrF()], ids=str)
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("", "reference is empty"),
        ([], "reference is an empty list"),
        ({"a": 1}, "reference is {'a': 1} (a dict); expected a text or a number"),
    ],
)
@pytest.mark.parametrize("said", ["cat", ""])
def test_a_bad_reference_is_invalid(reward: Reward, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(reward, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


@given(st.text(st.characters(), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_text_lies_in_range(text: str) -> None:
    for reward in (BLEU(), ChrF(), ChrF(words=2)):
        value, status, _ = graded(reward, text, "the cat <answer>")
        assert (0 <= value <= 1, status) == (True, "ok")
