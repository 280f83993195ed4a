r"""Listing: the items of an answer that is a list.

A list is JSON (``["a", "b"]``; single quotes or none will do), one item a line (with bullets or numbers), or separated
by semicolons, else by commas and "and". An item that holds such a separator itself must stand on a line of its own or
in a JSON list. ``[]`` and "none" are the empty list.

>>> listed("red, green and blue"), listed("1. salt and pepper\n2. oil"), listed("['a', 'b']"), listed("none")
(['red', 'green', 'blue'], ['salt and pepper', 'oil'], ['a', 'b'], [])
"""

from __future__ import annotations

import json
import re
from typing import Any

from plaudit.rewards.verifiable.answers.choices import plain

_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s+")
_COMMA = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")
_QUOTES = " \t\"'“”‘’"


def listed(text: str) -> list[str]:
    """Return the items of an answer in order, without bullets and quotes; empty ones are left out.

    >>> listed("a; b, c"), listed('["a, b", 3]'), listed("x")
    (['a', 'b, c'], ['a, b', '3'], ['x'])
    """
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        given = _json(text)
        if given is not None:
            return [item for item in given if item.strip()]
        text = text[1:-1]
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        items = list(map(unbulleted, lines))
    elif ";" in text:
        items = text.split(";")
    elif plain(text).casefold().rstrip(".") == "none":
        return []
    else:
        items = _COMMA.split(unbulleted(" ".join(text.split())))
    return [item for item in (item.strip(_QUOTES) for item in items) if item]


def unbulleted(line: str) -> str:
    """Return a line without the bullet or number before it.

    >>> unbulleted("- red"), unbulleted(" 2) blue"), unbulleted("3.5")
    ('red', 'blue', '3.5')
    """
    return _BULLET.sub("", line)


def _json(text: str) -> list[str] | None:
    """Read a JSON list of texts and numbers, or return None."""
    try:
        given: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in given):
        return None
    return list(map(str, given))
