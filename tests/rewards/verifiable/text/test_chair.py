from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.chair import CHAIR, chair
from plaudit.rewards.verifiable.text.mention_coverage import MentionCoverage
from plaudit.rewards.verifiable.text.phrases import Lexicon

NAMES = {"dog": ("puppy",), "cat": (), "bird": (), "hot dog": ()}
LEXICON = Lexicon.of(NAMES)


def graded(count: Any, said: str, reference: Any) -> tuple[float, str, str]:
    scores = CHAIR(NAMES, count).score([Sample("Describe.", said, reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_the_published_metric_over_captions() -> None:
    captions = ["A dog and a cat.", "Two dogs; a puppy.", "A bird eats a hot dog.", "Nothing here."]
    present = [{"dog"}, {"dog"}, {"bird", "dog"}, {"cat"}]
    # mentions: dog cat | dog dog | bird hot-dog | none; hallucinated: cat, hot dog
    assert chair(captions, present, LEXICON) == (2 / 6, 2 / 4)
    assert chair(["Nothing."], [{"dog"}], LEXICON) == (0, 0)
    assert chair(["A cat, a cat, a dog."], [{"dog"}], LEXICON) == (2 / 3, 1)


@pytest.mark.parametrize(("captions", "present"), [([], []), (["a"], []), (["a"], [{"dog"}, {"cat"}])])
def test_captions_and_pictures_must_be_as_many(captions: list[str], present: list[set[str]]) -> None:
    with pytest.raises(ValueError, match="expected as many, at least one"):
        chair(captions, present, LEXICON)


@pytest.mark.parametrize(
    ("said", "objects", "mentions", "sentences", "caption"),
    [
        ("A dog.", 1, 1, 1, 1),
        ("A dog. A cat.", 1 / 2, 1 / 2, 1 / 2, 0),
        ("A dog, a dog and a dog. It is dark! A cat.", 1 / 2, 3 / 4, 2 / 3, 0),
        ("A puppy, a cat, a bird. Is it? Yes.", 1 / 3, 1 / 3, 2 / 3, 0),
        ("A hot dog", 0, 0, 0, 0),
    ],
)
def test_one_response_by_hand(said: str, objects: float, mentions: float, sentences: float, caption: float) -> None:
    for count, value in {
        "objects": objects,
        "mentions": mentions,
        "sentences": sentences,
        "caption": caption,
    }.items():
        assert graded(count, said, ["dog"])[0] == pytest.approx(value)


def test_a_response_that_mentions_nothing_is_not_perfect() -> None:
    for said in ("", "It is dark.", "<think>a dog</think>"):
        value, status, reason = graded("objects", said, ["dog"])
        assert (value, status) == (0, "ok")
        assert reason in ("empty answer", "mentions nothing that the synonyms know")


def test_repeating_a_true_thing_helps_only_where_mentions_are_counted() -> None:
    once, often = "A dog, a cat.", "A dog, a dog, a dog, a cat."
    assert graded("objects", once, ["dog"])[0] == graded("objects", often, ["dog"])[0]
    assert graded("mentions", once, ["dog"])[0] < graded("mentions", often, ["dog"])[0]


def test_what_is_not_there_is_named_and_placed() -> None:
    said = "A cat and a puppy see two birds."
    scores = CHAIR(NAMES).score([Sample("", said, ["dog"])])
    assert scores.reason[0] == "not there: bird, cat"
    assert scores.spans is not None
    places = [(span.value, said[int(span.place[0]) : int(span.place[1])]) for span in scores.spans[0]]
    assert places == [(-1, "cat"), (-1, "birds")]
    elsewhere = CHAIR(NAMES).score([Sample("", f"<think>x</think>{said}", ["dog"])])
    assert elsewhere.values[0] == scores.values[0]
    assert not elsewhere.spans


def test_any_name_of_a_thing_will_do_in_the_reference() -> None:
    assert graded("objects", "A dog.", ["Puppies"])[0] == 1
    assert graded("objects", "A dog.", [])[0] == 0  # a picture without any of it


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("dog", "reference is 'dog' (a str); expected a list"),
        (["dog", "zebra"], "reference[1] is 'zebra' (a str); expected a name that the synonyms know"),
        (["dog", None], "reference[1] is None (a NoneType); expected a text or a number"),
        ({"dog": 1}, "reference is {'dog': 1} (a dict); expected a list"),
    ],
)
@pytest.mark.parametrize("said", ["A dog.", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded("objects", said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_a_name_of_two_things_is_refused() -> None:
    with pytest.raises(ConfigError, match="is a name of both"):
        CHAIR({"dog": ("pet",), "cat": ("pet",)})


@given(st.lists(st.sampled_from(["dog", "cat", "bird"]), min_size=1), st.sets(st.sampled_from(["dog", "cat", "bird"])))
@settings(deadline=None)
def test_the_reward_is_what_the_metric_leaves(mentioned: list[str], present: set[str]) -> None:
    caption = ", ".join(mentioned)
    i, s = chair([caption], [present], LEXICON)
    assert graded("mentions", caption, sorted(present))[0] == pytest.approx(1 - i)
    assert graded("caption", caption, sorted(present))[0] == 1 - s
    false = set(mentioned) - present
    assert graded("objects", caption, sorted(present))[0] == pytest.approx(1 - len(false) / len(set(mentioned)))


# ---- coverage ---------------------------------------------------------------------------------------------------


def covered(said: str, reference: Any) -> tuple[float, str, str]:
    scores = MentionCoverage().score([Sample("What happens?", said, reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_coverage_by_hand() -> None:
    right = ["red ball", ["falls", "fell"], "dog"]
    assert covered("The red ball fell on a dog.", right) == (1, "ok", "")
    assert covered("A ball that is red falls.", right)[0] == pytest.approx(1 / 3)
    assert covered("A ball that is red falls.", right)[2] == "not mentioned: red ball, dog"
    assert covered("dog dog dogs", right)[0] == pytest.approx(1 / 3)
    assert covered("<think>a dog</think> Nothing.", right)[0] == 0
    assert covered("", right) == (0, "ok", "empty answer")


def test_a_place_counts_for_one_keyword() -> None:
    assert covered("a hot dog", ["dog", "hot dog"])[0] == 0.5


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("dog", "reference is 'dog' (a str); expected a list"),
        ([], "reference is a list of 0; expected at least 1"),
        (["dog", ["a", 3.5, []]], "reference[1][2] is [] (a list); expected a text or a number"),
        (["dog", ["puppy", "dogs"]], "reference has a keyword that can't be told apart: synonyms: 'dogs' is a name"),
        (["?"], "reference has a keyword that can't be told apart: synonyms: '?' holds no word"),
    ],
)
@pytest.mark.parametrize("said", ["A dog.", ""])
def test_bad_keywords_are_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = covered(said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_naming_the_truth_and_all_of_it_takes_both() -> None:
    reward = 0.5 * CHAIR(NAMES) + 0.5 * MentionCoverage()
    said = ["A dog.", "A dog and a bird.", "A dog, a cat and a bird."]
    values = reward.score([Sample("Describe.", text, ["dog", "bird"]) for text in said]).values
    assert values.tolist() == pytest.approx([(1 + 0.5) / 2, 1, (2 / 3 + 1) / 2])
