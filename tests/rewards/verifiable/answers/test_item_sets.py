from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.item_sets import SetOverlap, set_overlap


def graded(reward: SetOverlap, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Which?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.system("curr-reft")
def test_curr_reft_label_overlap() -> None:
    assert graded(SetOverlap("jaccard"), "dog, cat", ["dog", "bird"])[0] == pytest.approx(1 / 3)


@pytest.mark.system("chartmaster")
def test_chartmaster_attribute_overlap() -> None:
    assert graded(SetOverlap("jaccard"), "bar, red, 'Year'", ["bar", "blue", "Year"])[0] == 0.5


@pytest.mark.system("rm-nlhf")
def test_rm_nlhf_matched_arguments() -> None:
    said = "b, c, d, e"
    assert graded(SetOverlap("precision"), said, list("abc"))[0] == 0.5
    assert graded(SetOverlap("recall"), said, list("abc"))[0] == pytest.approx(2 / 3)
    assert graded(SetOverlap("f1"), said, list("abc"))[0] == pytest.approx(4 / 7)


@pytest.mark.system("visual-erm")
def test_visual_erm_error_matching() -> None:
    assert graded(SetOverlap("f1"), "[]", []) == (1, "ok", "")
    assert graded(SetOverlap("f1"), "a, b, x", ["a", "b", "c"])[0] == pytest.approx(2 / 3)  # tp 2, fp 1, fn 1


@pytest.mark.parametrize("said", ["dog; cat", "- Dog\n- Cat", '["cat", "dog"]', "Cat and dog.", "dog, cat, dog"])
def test_ways_of_listing(said: str) -> None:
    assert graded(SetOverlap(), said, ["dog", "cat"]) == (1, "ok", "")


def test_the_empty_set() -> None:
    for measure in ("f1", "jaccard", "precision", "recall"):
        reward = SetOverlap(measure)
        assert graded(reward, "none", [])[0] == 1
        assert graded(reward, "dog", [])[0] == 0
        assert graded(reward, "none", ["dog"]) == (0, "ok", "0 of 0 listed, 1 belong")
    assert graded(SetOverlap(), "", [])[:2] == (0, "ok")  # to say nothing is not to say none


def test_aliases_are_one_item() -> None:
    right = [["bird", "sparrow"], "dog"]
    assert graded(SetOverlap(), "sparrow, dog", right)[0] == 1
    assert graded(SetOverlap("precision"), "sparrow, bird, cat", right)[0] == 0.5  # one item of two
    assert graded(SetOverlap("recall"), "sparrow, bird", right)[0] == 0.5


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("dog", "reference is 'dog' (a str); expected a list"),
        ({"dog"}, "reference is {'dog'} (a set); expected a list"),
        (3, "reference is 3 (a int); expected a list"),
        (["dog", None], "reference[1] is None (a NoneType); expected a text or a number"),
        (["dog", []], "reference[1] is an empty list; expected a text, a number or a list of these"),
        (["dog", [" "]], "reference[1][0] is empty; expected a text or a number"),
        (["dog", "..."], "reference[1] is '...' (a str); normalised, nothing of it is left"),
    ],
)
@pytest.mark.parametrize("said", ["dog", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(SetOverlap(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


SETS = st.frozensets(st.sampled_from("abcdef"))


@given(SETS, SETS)
@settings(deadline=None)
def test_measures_against_counting(said: frozenset[str], right: frozenset[str]) -> None:
    hit = sum(item in right for item in said)
    if not said or not right:
        assert {set_overlap(said, right, m) for m in ("f1", "jaccard", "precision", "recall")} == {float(said == right)}
        return
    precision, recall = hit / len(said), hit / len(right)
    assert set_overlap(said, right, "precision") == precision
    assert set_overlap(said, right, "recall") == recall
    harmonic = 2 * precision * recall / (precision + recall) if hit else 0
    assert set_overlap(said, right, "f1") == pytest.approx(harmonic)
    f1, jaccard = set_overlap(said, right, "f1"), set_overlap(said, right, "jaccard")
    assert jaccard == pytest.approx(f1 / (2 - f1))
