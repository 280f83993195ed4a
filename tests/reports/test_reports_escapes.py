"""What a model writes can neither steer a terminal nor hide from a reader."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.reports.escapes import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain <b> & \"quotes\"", "plain <b> & \"quotes\""),
        ("a\tb\nc\r\nd", "a\tb\nc\nd"),
        ("\x1b]0;owned\x07", "⟨ESC⟩]0;owned⟨BEL⟩"),
        ("bell\x07 nul\0 cr\r", "bell⟨BEL⟩ nul⟨NUL⟩ cr⟨CR⟩"),
        ("\u202ereversed\u202c \u200f", "⟨U+202E⟩reversed⟨U+202C⟩ ⟨U+200F⟩"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("half \ud83d", "half ⟨U+D83D⟩"),
        ("tag \U000e0041", "tag ⟨U+E0041⟩"),
        ("שלום 👩‍🔬 é", "שלום 👩‍🔬 é"),
    ],
)  # fmt: skip
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_controls_is_left_and_every_file_can_hold_it(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    assert not {c for c in shown if unicodedata.bidirectional(c) in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI"}}


@given(st.text(), st.integers(2, 30))
def test_one_line_is_one_line_of_bounded_length(text: str, most: int) -> None:
    shown = one_line(text, most)
    assert len(shown) <= most
    assert len(shown.splitlines()) <= 1


def test_one_line_shows_that_it_cut() -> None:
    assert one_line("a b\n c", 10) == "a b c"
    assert one_line("abcdefghij", 5) == "abcd…"
    assert one_line("a" + " " * 1000 + "b", 5) == "a…"
