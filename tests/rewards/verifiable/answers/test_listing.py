from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.rewards.verifiable.answers.listing import listed, unbulleted


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a", ["a"]),
        ("a, b,c", ["a", "b", "c"]),
        ("a, b and c", ["a", "b", "c"]),
        ("a, b, and c", ["a", "b", "c"]),
        ("a and b", ["a", "b"]),
        ("sand, band", ["sand", "band"]),
        ("a; b, c; d", ["a", "b, c", "d"]),
        ("a\n\nb, c\n", ["a", "b, c"]),
        ("- a\n* b\n• c\n(4) d\n5. e", ["a", "b", "c", "d", "e"]),
        ("1. a", ["a"]),
        ("1.5, 2.5", ["1.5", "2.5"]),
        ("-5, 3", ["-5", "3"]),
        ('["a, b", "c", 3, 2.5]', ["a, b", "c", "3", "2.5"]),
        ("['a', 'b']", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("[]", []),
        ("[ ]", []),
        ("none", []),
        ("None.", []),
        ("a,, b,", ["a", "b"]),
        ("“a”, 'b'", ["a", "b"]),
        ("", []),
        (" , ,", []),
    ],
)
def test_lists(text: str, items: list[str]) -> None:
    assert listed(text) == items


def test_bullets() -> None:
    assert unbulleted("  12) x") == "x"
    assert unbulleted("-x") == "-x"
    assert unbulleted("- - x") == "- x"


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, "[" + "9" * 10_000 + "]", "[1e999, NaN]", "[null]"])
def test_strange_json_is_no_accident(text: str) -> None:
    assert isinstance(listed(text), list)


@given(st.lists(st.text("abc xyz", min_size=1).filter(lambda t: t == t.strip()), min_size=2, max_size=6))
@settings(deadline=None)
def test_items_a_line_come_back(items: list[str]) -> None:
    assert listed("\n".join(items)) == items


@given(st.text(st.characters()))
@settings(deadline=None)
def test_any_text_is_read(text: str) -> None:
    assert all(item.strip() for item in listed(text))
