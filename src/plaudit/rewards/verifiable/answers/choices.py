r"""Multiple choice: which letter an answer names, if it names exactly one.

A choice is a letter alone (``B``, ``b``), bracketed (``(B)``), punctuated (``B.``), followed by its option
(``B. Paris``, ``B Paris``), named by "the answer is" (``Answer: B``, "the correct option is (B)"), the only one in
brackets in a text that denies nothing ("It is (B)."), or an option's whole text. In doubt there is none:

* The first letter of a word, the article in "A cat sat" and the pronoun in "I think" are no choices, and neither is
  a lower-case letter in a sentence ("the answer is a").
* "A or B", "A, B", "not A" and "A is wrong, B is right" name none. Where "the answer is" names one letter, others may
  be discussed around it ("Not (A). The answer is B, for C is too large"); where it names two, there is none.
* A letter followed by another letter's option ("A. Paris", where Paris is B) contradicts itself.

>>> chosen("(B)", {}), chosen("Because it is red", {}), chosen("A or B", {})
('B', None, None)
>>> chosen("Paris", {"A": "London", "B": "Paris"})
'B'
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import ascii_uppercase
from typing import Any

from plaudit.core.errors import BadReferenceError

#: Characters of a list written as text that are read.
MAX_WRITTEN = 20_000
#: A letter in brackets, or a capital by itself: not in a word, an abbreviation (A.M.) or a contraction (I'm).
_MARK = r"(?:[(\[{<]\s?([A-Za-z])\s?[)\]}>]|([A-Z])(?!\w|['’]\w|\.\w\b))"
_ALONE = re.compile(r"[(\[{<]?\s?([A-Za-z])\s?[)\]}>]?\s?[.,:;!]?")
_SPOKEN = re.compile(
    rf"(?i:(?:the\s)?(?:final\s|correct\s|best\s)?(?:answer|option|choice|letter))\s?:?\s?{_MARK}[.!]?"
)
_NAMED = re.compile(
    r"(?<!(?i:if the ))(?<!(?i:whether the ))\b"
    r"(?:(?<![Ii]ncorrect )(?<![Ww]rong )answer|Answer|ANSWER|(?i:correct|best|closest) (?i:option|choice|letter|one))"
    rf"(?i:\schoice)?\s?(?:(?i:is)\s?:?|[:=])\s?(?i:(?:option|choice|letter)\s)?{_MARK}"
)
_FRONT = re.compile(r"(?:[(\[]([A-Za-z])[)\]]|([A-Za-z])(?:([).:])(?=\s|$)|[).:,]|\s?[-–—]|(?=\s)))\s?")
#: Letters that can be nothing but choices wherever they stand: (B), [B], or B) B. B: before a space or the end.
_MARKED = re.compile(r"(?<![\w'’])(?:[(\[]([A-Z])[)\]]|([A-Z])[).:](?=\s|$))")
_BRACKETED = re.compile(r"(?<![\w'’])[(\[]([A-Z])[)\]]")
_DENIED = re.compile(
    r"(?i:\b(?:not|no|never|neither|nor|or|cannot|wrong|incorrect|false|except|unlike|if|whether)\b|n['’]t\b)"
)
_LETTER = re.compile(r"(?<![\w'’\\.-])([A-Z])(?!\w|['’]\w|\.\w)")
_BESIDE = re.compile(
    r"\s?(?:[,/&;+|-]|(?:and/)?or\b|and\b|vs\b)?\s?"
    r"(?:(?:or|and|maybe|perhaps|possibly|also|option|choice)\s)*[(\[]?([A-Z])(?!\w|['’]\w)"
)
_MORE = re.compile(r"\s?(?:[,/;&]|or\b|and\b)\s?(?:(?:or|and|maybe|also)\s)*")
_PAUSE = re.compile(r"[\s.:)]*(?:[-–—]\s)?")
#: What follows the choice A or I; where another small word does, it is an article or a pronoun.
_CLAUSE = re.compile(r"\s(?:is|was|as|and|or|but|because|since|for|which|due|based|with|given|not|from|to)\b")
#: "(A) is wrong" says something about A; "(A) Paris" chooses it.
_VERB = re.compile(r"(?:is|isn|was|can|could|cannot|may|might|would|seems|looks|or|and|not|but)\b")

_WIDE = str.maketrans("（）．：，。", "().:,.")
_TEX = re.compile(r"\\(?:text|mathrm|mathbf|textbf|boxed|fbox)\s*\{([^{}]*)\}")
_DELIMITER = re.compile(r"\\[()\[\]]")
_DECORATION = re.compile(r"[$`]|(?<![\w*])\*++|(?<!\*)\*++(?!\w)")


def chosen(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter that an answer commits to, or None if it names none or several.

    Args:
        text: the answer, without reasoning.
        options: the options by upper-case letter; empty if they are not known. A letter that is not among them is
            no choice.

    >>> chosen("The answer is (C).", {}), chosen("c) Rome", {"C": "Rome"}), chosen("E", {"C": "Rome"})
    ('C', 'C', None)
    """
    text = plain(text)
    if alone := _ALONE.fullmatch(text):
        return _known(alone[1].upper(), options)
    same = [letter for letter, option in options.items() if text == _option(option)[0]]
    if len(same) == 1:
        return same[0]
    options = {letter: _option(option)[1] for letter, option in options.items()}
    folded = _folded(text)
    same = [letter for letter, option in options.items() if folded == option != ""]
    if len(same) == 1:
        return same[0]
    if spoken := _SPOKEN.fullmatch(text):
        return _known(_letter(spoken), options)
    named = [m for m in _NAMED.finditer(text) if not _worded(m)]
    letters = {_letter(m) for m in named}
    if not letters:
        return _leading(text, options) or _bracketed(text, options)
    letter = letters.pop()
    sure = not letters and all(_settled(letter, text, m.end(), options) for m in named)
    return _known(letter, options) if sure else None


def last_letter(text: str, options: Mapping[str, str]) -> str | None:
    """Return the last letter named by "the answer is", else the last marked, else the last that stands alone.

    >>> last_letter("(A)? The answer is B. Or C, I think.", {}), last_letter("Not (A). B, I think.", {})
    ('B', 'A')
    """
    text = plain(text)
    for pattern in (_NAMED, _MARKED, _LETTER):
        found = [m for m in pattern.finditer(text) if not _worded(m) and _known(_letter(m), options)]
        found = [m for m in found if pattern is not _NAMED or _settled(_letter(m), text, m.end(), {})]
        if found:
            return _letter(found[-1])
    return None


def options_of(given: Any) -> dict[str, str]:
    """Return options by letter from a mapping, a list, a list written as text (as MMMU keeps it), or nothing.

    Raises:
        BadReferenceError: they are of another type, or not lettered A to Z.

    >>> options_of(["A. London", "Paris"])
    {'A': 'London', 'B': 'Paris'}
    """
    if given is None:
        return {}
    if isinstance(given, str):
        given = _written_list(given)
    if isinstance(given, Mapping):
        options = {str(letter).strip().upper(): str(option) for letter, option in given.items()}
        strange = [letter for letter in options if letter not in ascii_uppercase or len(letter) != 1]
        if strange or len(options) < len(given):
            raise BadReferenceError(f"options are keyed {list(given)}; expected different letters from A to Z")
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        if len(given) > len(ascii_uppercase):
            raise BadReferenceError(f"options are a list of {len(given)}; expected at most 26")
        options = dict(zip(ascii_uppercase, map(str, given), strict=False))
    else:
        raise BadReferenceError(f"options are a {type(given).__name__}; expected a list, or a mapping from letters")
    return {letter: _unlettered(option, letter) for letter, option in options.items()}


def _written_list(text: str) -> Any:
    """Read a list that was written down as JSON or as Python writes it; what is neither stays the text that it is."""
    try:
        read = ast.literal_eval(text) if len(text) <= MAX_WRITTEN else text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return read if isinstance(read, (list, tuple)) else text


def reference_letter(reference: Any, options: Mapping[str, str]) -> str:
    """Return the letter of the reference, which may be a letter, a letter with its option, or an option's text.

    Raises:
        BadReferenceError: it is none of these.

    >>> reference_letter("paris", {"A": "London", "B": "Paris"})
    'B'
    """
    expected = "a letter, or an option's text"
    if not isinstance(reference, str):
        raise BadReferenceError(f"reference is a {type(reference).__name__}; kind 'choice' expects {expected}")
    letter = chosen(reference, options)
    if letter is None:
        known = f"among {', '.join(options)}" if options else "(and there are no options)"
        shown = reference if len(reference) <= 80 else reference[:77] + "..."
        raise BadReferenceError(f"reference {shown!r} names no one choice {known}; expected {expected}")
    return letter


def _leading(text: str, options: Mapping[str, str]) -> str | None:
    """Read ``B. Paris`` or ``B Paris``: a letter in front, with its option or with no other letter behind it."""
    front = _FRONT.match(text)
    if front is None:
        return None
    letter, at = _letter(front), front.end()
    own = options.get(letter)
    if own and _folded(text[at:]) == own:
        return letter
    if any(_letter(m) != letter for m in _MARKED.finditer(text, at)):
        return None
    if own and _opens(text, at, own):
        return letter if _settled(letter, text, at, options) else None
    if _VERB.match(text, at):
        return None
    written = front[1] or (front[3] and front[2].isupper())
    others = (m for m in _LETTER.finditer(text, at) if m[1] != letter and not _worded(m) and _known(m[1], options))
    sure = written and next(others, None) is None and _settled(letter, text, at, options)
    return _known(letter, options) if sure else None


def _bracketed(text: str, options: Mapping[str, str]) -> str | None:
    """Read "It is (B)": the only letter in brackets, in a text that denies nothing."""
    found = {m[1]: m.end() for m in _BRACKETED.finditer(text)}
    if len(found) != 1 or _DENIED.search(text):
        return None
    letter, at = found.popitem()
    return _known(letter, options) if _settled(letter, text, at, options) else None


def _settled(letter: str, text: str, at: int, options: Mapping[str, str]) -> bool:
    """Whether what follows a letter neither offers another beside it nor is another's option."""
    beside = _BESIDE.match(text, at)
    pause = _PAUSE.match(text, at)
    at = pause.end() if pause else at
    own = options.get(letter)
    if own and _opens(text, at, own):
        more = _MORE.match(text, at + len(own))
        if more is None:
            return True
        at = more.end()
        beside = _BESIDE.match(text, at)
    if beside and beside[1] != letter and not _worded(beside) and _known(beside[1], options):
        return False
    return not any(_opens(text, at, option) for other, option in options.items() if other != letter)


def _letter(match: re.Match[str]) -> str:
    return str(next(group for group in match.groups() if group)).upper()


def _worded(match: re.Match[str]) -> bool:
    """Whether a capital A or I that stands alone is the article or the pronoun: another small word follows."""
    after = match.string[match.end() : match.end() + 12]
    return match[0][-1] in "AI" and re.match(r"\s[a-z]", after) is not None and not _CLAUSE.match(after)


def _opens(text: str, at: int, option: str) -> bool:
    """Whether a text, from there on, begins with a (folded) option, as whole words."""
    rest = text[at : at + len(option) + 2].casefold()
    return option != "" and rest.startswith(option) and not re.match(r"\w|\.\d", rest[len(option) :])


def _known(letter: str, options: Mapping[str, str]) -> str | None:
    return letter if not options or letter in options else None


def plain(text: str) -> str:
    r"""Return a text without what only decorates it: TeX text commands, dollars, emphasis, wide punctuation.

    >>> plain(r"**\text{B}**")
    'B'
    """
    text = unicodedata.normalize("NFC", text).translate(_WIDE)
    for _ in range(2):  # \boxed{\text{B}}
        text = _TEX.sub(r"\1", text)
    return " ".join(_DECORATION.sub("", _DELIMITER.sub(" ", text)).split())


@lru_cache(maxsize=1024)
def _option(text: str) -> tuple[str, str]:
    """Return an option plain and folded; a group of responses shares its options."""
    return plain(text), _folded(text)


def _folded(text: str) -> str:
    return plain(text).casefold().rstrip(" .,:;").strip(" \"'")


def _unlettered(option: str, letter: str) -> str:
    """Take its own letter off an option that is written with it, as in "B. Paris"."""
    return re.sub(rf"^\s*(?:\({letter}\)|{letter}[).:])\s+", "", option)
