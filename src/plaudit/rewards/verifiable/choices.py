"""Multiple choice: which letter an answer names, if it names exactly one.

A choice is a letter alone (``B``), bracketed (``(B)``), punctuated (``B.``), followed by its option (``B. Paris``), or
named by "the answer is". The first letter of a word is never a choice, and neither is one of several.

>>> chosen("(B)", {}), chosen("Because it is red", {}), chosen("A or B", {})
('B', None, None)
>>> chosen("Paris", {"A": "London", "B": "Paris"})
'B'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.core.errors import BadReferenceError

_ALONE = re.compile(r"[(\[{<]?\s*([A-Za-z])\s*[)\]}>]?\s*[.,:;!]?")
_NAMED = re.compile(
    r"\b(?:answer|option|choice|correct (?:letter|one))\s*(?:is|:|=)?\s*(?:(?:option|choice|letter)\s*)?"
    r"(?:[(\[]\s*([A-Za-z])\s*[)\]]|([A-Z])(?![\w'’]))",
    re.IGNORECASE,
)
#: A letter that can be nothing but a choice wherever it stands: (B), [B], or B) B. B: before a space or the end.
_MARKED = re.compile(r"(?<![\w'’])(?:\(([A-Z])\)|\[([A-Z])\]|([A-Z])[).:](?=\s|$))")
_LETTER = re.compile(r"(?<![\w'’\\.-])([A-Z])(?![\w'’]|\.\w)")


def chosen(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter that an answer commits to, or None if it names none or several.

    Args:
        text: the answer, without reasoning.
        options: the options by upper-case letter; empty if they are not known.
    """
    text = _plain(text)
    if alone := _ALONE.fullmatch(text):
        return _known(alone[1].upper(), options)
    by_text = [letter for letter, option in options.items() if _same(text, option)]
    if len(by_text) == 1:
        return by_text[0]
    named = {next(g for g in m.groups() if g).upper() for m in _NAMED.finditer(text) if _is_letter(m)}
    marked = {next(g for g in m.groups() if g) for m in _MARKED.finditer(text)}
    if len(named) == 1 and marked <= named:
        letter = named.pop()
        return None if _hedged(text, letter) else _known(letter, options)
    if named:
        return None
    return _leading(text, marked, options)


def last_letter(text: str, options: Mapping[str, str]) -> str | None:
    """Return the last letter that stands alone in a text, as asked for by ``extract="last"``."""
    known = [m[1] for m in _LETTER.finditer(_plain(text)) if not options or m[1] in options]
    return known[-1] if known else None


def options_of(given: Any) -> dict[str, str]:
    """Return options by letter from a mapping, a list, or nothing.

    Raises:
        BadReferenceError: they are of another type.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(k).strip().upper(): str(v) for k, v in given.items()}
    if isinstance(given, Sequence) and not isinstance(given, str):
        return {chr(ord("A") + i): _unlettered(str(option), i) for i, option in enumerate(given)}
    raise BadReferenceError(f"options are a {type(given).__name__}; expected a list, or a mapping from letters")


def reference_letter(reference: Any, options: Mapping[str, str]) -> str:
    """Return the letter of the reference, which may be a letter, a letter with its option, or an option's text.

    Raises:
        BadReferenceError: it is none of these.
    """
    letter = chosen(reference, options) if isinstance(reference, str) else None
    if letter is None:
        known = f" among {', '.join(options)}" if options else ""
        raise BadReferenceError(f"reference {reference!r} names no choice{known}")
    return letter


def _leading(text: str, marked: set[str], options: Mapping[str, str]) -> str | None:
    """Read ``B. Paris`` or ``B Paris``: a letter in front, and no other letter marked as a choice behind it."""
    front = re.match(r"(?:\(([A-Z])\)|\[([A-Z])\]|([A-Z])(?:[).:,]|\s*[-–—]|(?=\s)))\s*(.*)", text, re.DOTALL)
    if front is None or len(marked) > 1:
        return None
    letter = next(g for g in front.groups()[:3] if g)
    rest = front[4]
    if options:
        others = [other for other, option in options.items() if other != letter and _same(rest, option)]
        if letter not in options or others:
            return None
        if _same(rest, options[letter]):
            return letter
    return letter if letter in marked and not _hedged(text, letter) else None


def _hedged(text: str, letter: str) -> bool:
    """Whether another letter is offered beside the one named: "A or B", "A and B", "A, B", "A/B"."""
    beside = re.search(rf"\b{letter}\)?\s*(?:,|/|&|\bor\b|\band\b)\s*\(?([A-Z])(?![\w'’])", text)
    return beside is not None and beside[1] != letter


def _is_letter(match: re.Match[str]) -> bool:
    """Whether "answer is a ..." names the choice A or is the article: a bare lower-case letter names nothing."""
    return bool(match[1]) or bool(match[2] and match[2].isupper() and not _article(match))


def _article(match: re.Match[str]) -> bool:
    """Whether a bare A is followed by a word, as in "the answer is A cat"."""
    return match[2] == "A" and re.match(r"\s+[a-z]", match.string[match.end() :]) is not None


def _known(letter: str, options: Mapping[str, str]) -> str | None:
    return letter if not options or letter in options else None


def _plain(text: str) -> str:
    """Take off what only decorates: TeX text commands, dollars, emphasis."""
    text = re.sub(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}", r"\1", text)
    return " ".join(re.sub(r"[$*`_]", "", text).split())


def _same(said: str, option: str) -> bool:
    return _folded(said) == _folded(option) != ""


def _folded(text: str) -> str:
    return _plain(text).casefold().strip(" .,:;!\"'")


def _unlettered(option: str, place: int) -> str:
    """Take its own letter off an option that is written with it, as in "B. Paris"."""
    return re.sub(rf"^\s*\(?{chr(ord('A') + place)}[).:]\s+", "", option)
