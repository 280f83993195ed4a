r"""Escapes: make what a model wrote safe to look at, and everything in it visible.

A response may hold terminal escape sequences, marks that reorder the text around them, characters without width, or
halves of surrogate pairs. Each becomes a name in brackets that a reader can see; letters, joiners and ordinary white
space stay.

>>> visible("a\x1b[31mb\u202ec")
'a⟨ESC⟩[31mb⟨U+202E⟩c'
"""

from __future__ import annotations

import re

__all__ = ["one_line", "visible"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, except tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that steer the direction of writing
    "\u00ad\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb"  # no width, or a line's end that is none
    "\U000e0000-\U000e007f"  # tags: a whole text that nobody sees
    "\ud800-\udfff]"  # halves of pairs, which no file can hold
)
_NAMES = {"\0": "NUL", "\x07": "BEL", "\x08": "BS", "\r": "CR", "\x1b": "ESC", "\x7f": "DEL"}


def visible(text: str) -> str:
    """Return the text with hidden characters named; line feeds and tabs stay, a CR LF is a line feed."""
    return _HIDDEN.sub(lambda m: f"⟨{_NAMES.get(m[0], f'U+{ord(m[0]):04X}')}⟩", text.replace("\r\n", "\n"))


def one_line(text: str, most: int = 200) -> str:
    """Return the text, visible, on one line and cut to ``most`` characters."""
    shown = " ".join(visible(text[: 4 * most]).split())
    return shown if len(shown) <= most and len(text) <= 4 * most else shown[: most - 1] + "…"
