from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.rewards.verifiable.answers.normalization import Normal, normalised, words


@pytest.mark.parametrize(
    ("text", "space", "loose", "squad"),
    [
        ("  A  cat.\n", "A cat.", "a cat", "cat"),
        ("cafe\u0301", "caf\u00e9", "caf\u00e9", "cafe\u0301"),
        ("“Hi!”", "“Hi!”", "hi", "“hi”"),
        ("-3.5%", "-3.5%", "-3.5%", "35"),
        (r"$\text{Yes}$", r"$\text{Yes}$", "yes", "textyes"),
        ("the", "the", "the", ""),
        ("?!", "?!", "", ""),
        ("Straße", "Straße", "strasse", "straße"),
        ("theatre an hour", "theatre an hour", "theatre an hour", "theatre hour"),
    ],
)
def test_by_hand(text: str, space: str, loose: str, squad: str) -> None:
    assert normalised(text, "space") == space
    assert normalised(text, "loose") == loose
    assert normalised(text, "squad") == squad


@given(st.text(st.sampled_from("the an,.b \u00e9!-"), max_size=30))
@settings(deadline=None)
def test_squad_is_the_evaluation_script_s(text: str) -> None:
    bare = "".join(c for c in text.lower() if c not in set(string.punctuation))
    assert normalised(text, "squad") == " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


@given(st.text(st.characters()), st.sampled_from(["space", "loose", "squad"]))
@settings(deadline=None)
def test_any_text_is_read(text: str, how: Normal) -> None:
    assert normalised(text, how) == normalised(text, how).strip()


def test_words() -> None:
    assert words("Don't stop—it's 3.5, O’Neil; snake_case") == [
        "don't",
        "stop",
        "it's",
        "3",
        "5",
        "o’neil",
        "snake",
        "case",
    ]
    assert words("'quoted' ...") == ["quoted"]
    assert words("") == []
