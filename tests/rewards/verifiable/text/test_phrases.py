from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.rewards.verifiable.text.phrases import Lexicon

ANIMALS = Lexicon.of(
    {
        "dog": ["puppy", "hound"],
        "hot dog": [],
        "person": ["man", "men", "man's best friend"],
        "bus": [],
        "teddy bear": [],
    }
)


def named(text: str) -> list[str]:
    return [mention.name for mention in ANIMALS.mentions(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A dog.", ["dog"]),
        ("DOGS and Puppies", ["dog", "dog"]),
        ("two buses, one bus", ["bus", "bus"]),
        ("a hot dog", ["hot dog"]),
        ("hot dogs", ["hot dog"]),
        ("a hot-dog stand", ["hot dog"]),
        ("a hot, big dog", ["dog"]),
        ("the dog's men", ["dog", "person"]),
        ("man's best friend", ["person"]),
        ("dogma, underdog, doggy", []),
        ("a teddy", []),
        ("teddy", []),
        ("no dog at all", ["dog"]),
        ("", []),
        ("dog" * 10, []),
    ],
)
def test_mentions(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_places() -> None:
    text = "Two hot dogs, one dog"
    assert [text[m.start : m.end] for m in ANIMALS.mentions(text)] == ["hot dogs", "dog"]


def test_a_thing_by_its_whole_name() -> None:
    assert ANIMALS.thing("Puppies") == "dog"
    assert ANIMALS.thing("hot dog") == "hot dog"
    assert ANIMALS.thing("a dog") is None
    assert ANIMALS.thing("?") is None


@pytest.mark.parametrize(
    ("synonyms", "message"),
    [
        ({"dog": ["pet"], "cat": ["pet"]}, "synonyms: 'pet' is a name of both 'dog' and 'cat'"),
        ({"dog": ["cat"], "cat": []}, "synonyms: 'cat' is a name of both 'dog' and 'cat'"),
        ({"dog": [], "dogs": []}, "synonyms: 'dogs' is a name of both 'dog' and 'dogs'"),
        ({"dog": ["?!"]}, "synonyms: '\\?!' holds no word"),
        ({"": []}, "synonyms: '' holds no word"),
    ],
)
def test_names_that_are_none_or_two_are_refused(synonyms: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Lexicon.of(synonyms)


@given(st.lists(st.sampled_from(["dog", "hot", "man", "bear", "teddy", "x"]), max_size=12))
@settings(deadline=None)
def test_mentions_do_not_overlap_and_miss_nothing(words: list[str]) -> None:
    text = " ".join(words)
    found = ANIMALS.mentions(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    # a word is left out only where it is part of no known name
    assert len([m for m in found if m.name == "person"]) == words.count("man")
    assert len([m for m in found if m.name in ("dog", "hot dog")]) == words.count("dog")
