from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.meteor import METEORWithoutWordNet, alignment, chunks


def graded(reward: METEORWithoutWordNet, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Describe.", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "right", "value"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", 1 - 0.5 * (1 / 6) ** 3),
        ("on the mat sat the cat", "the cat sat on the mat", 0.5),  # 6 words, 6 chunks: the two "the" cross
        ("cat", "the cat", (10 * 0.5 / (0.5 + 9)) * 0.5),  # P 1, R 1/2, one chunk of one
        ("dogs", "dog", 0.5),  # by stem
        ("dog", "cat", 0),
    ],
)
def test_by_hand(said: str, right: str, value: float) -> None:
    assert graded(METEORWithoutWordNet(), said, right)[0] == pytest.approx(value)
    assert graded(METEORWithoutWordNet(), said, ["zebra", right])[0] == pytest.approx(value)


def test_parameters() -> None:
    said, right = "a b x", "a b c d"  # P 2/3, R 1/2, one chunk of two
    assert graded(METEORWithoutWordNet(gamma=0), said, right)[0] == pytest.approx(
        (2 / 3) * 0.5 / (0.9 * 2 / 3 + 0.1 * 0.5)
    )
    assert graded(METEORWithoutWordNet(0.5, 0, 0.5), said, right)[0] == pytest.approx((4 / 7) * 0.5)
    assert graded(METEORWithoutWordNet(1, 1, 1), said, right)[0] == pytest.approx(0.5 * 0.5)


def test_case_and_punctuation_do_not_count() -> None:
    assert graded(METEORWithoutWordNet(gamma=0), "The cat!", "the, cat") == (1, "ok", "")


class NoSynonyms:
    """A WordNet that knows no word."""

    def synsets(self, word: str) -> list[Any]:
        return []


WORDS = st.lists(st.sampled_from(["a", "cat", "cats", "run", "running", "the"]), min_size=1, max_size=8)


@given(WORDS, WORDS)
@settings(max_examples=100, deadline=None)
def test_values_are_nltk_s_without_synonyms(said: list[str], right: list[str]) -> None:
    from nltk.translate.meteor_score import single_meteor_score

    theirs = single_meteor_score(right, said, wordnet=NoSynonyms())
    assert graded(METEORWithoutWordNet(), " ".join(said), " ".join(right))[0] == pytest.approx(theirs)


@given(WORDS, WORDS)
@settings(deadline=None)
def test_an_alignment_pairs_each_word_once(said: list[str], right: list[str]) -> None:
    pairs = alignment(said, right)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert pairs == sorted(pairs)
    assert (chunks(pairs) >= 1) == bool(pairs)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("?!", "reference is '?!' (a str); it holds nothing that METEORWithoutWordNet compares"),
        (["cat", True], "reference[1] is True (a bool); expected a text or a number"),
    ],
)
@pytest.mark.parametrize("said", ["cat", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(METEORWithoutWordNet(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


@pytest.mark.parametrize("arguments", [{"alpha": 1.1}, {"gamma": -0.1}, {"beta": -1}])
def test_senseless_parameters_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"alpha and gamma lie in \[0, 1\]"):
        METEORWithoutWordNet(**arguments)


def test_its_term_is_named_for_what_it_is() -> None:
    assert METEORWithoutWordNet().label == "meteor_without_wordnet"
