r"""The tokens of a cleaned text, and a cursor that moves over them.

A run of letters becomes variables, one word or one unit here, by what stands before it; digits grouped by commas or
spaces become one number; ``and`` and ``or`` become commas. The parser after it sees no characters::

    2\pi x       ->   num 2, cmd \pi, sym x
    12 cm or 5   ->   num 12, word cm, op ",", num 5
    (1,000)      ->   op (, num 1, op ",", num 000, op )
"""

from __future__ import annotations

import re
from typing import NamedTuple

from plaudit.rewards.verifiable.mathematics.lexicon import LETTER_UNITS, UNITS
from plaudit.rewards.verifiable.mathematics.syntax import MAX_DEPTH, HopelessError, UnreadableError

OPENERS = {"(": ")", "[": "]", r"\{": r"\}", r"\langle": r"\rangle"}
"""Brackets that hold items, and what closes them (an interval may close ``(`` with ``]`` and ``[`` with ``)``)."""

_PIECE = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+(?!,?\d)(?:\.\d+)?|[1-9]\d{0,2}(?: \d{3})+(?! ?[\d/])(?:\.\d+)?)"
    r"|(?P<num>\d+(?:\.\d*)?|\.\d+)"
    r"|\\(?P<text>text)\s*\{(?P<words>[^{}]*)\}"
    r"|(?P<cmd>\\(?:[A-Za-z]+|[\\{}|]))"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<op>[-+*/^_=<>!|()\[\]{},;:%$€£¥₹&.'])"
)
_JOINED = re.compile(r"\s(?:and|or)\s*$")


class Token(NamedTuple):
    """``kind`` is ``num sym word text cmd op`` or ``end``; ``spaced`` says that white space stood before it."""

    kind: str
    text: str
    spaced: bool


def tokens(text: str) -> list[Token]:
    """Return the tokens of a cleaned text, the last of kind ``end`` (its text is empty).

    Raises:
        UnreadableError: a character that no answer needs.
    """
    found: list[Token] = []
    at = depth = 0
    spaced = False
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise UnreadableError(f"{text[at]!r} is not mathematics")
        kind = piece.lastgroup or ""
        at = piece.end()
        if kind == "space":
            spaced = True
            continue
        if kind == "grouped":
            if depth and "," in piece[0]:  # in brackets 1,234 is two items, as in math-verify
                at = piece.start() + piece[0].index(",")
                found.append(Token("num", text[piece.start() : at], spaced))
            else:
                found.append(Token("num", piece[0].replace(",", "").replace(" ", ""), spaced))
        elif kind == "words":
            unit, joined = _JOINED.sub("", piece["words"]), _JOINED.search(piece["words"])
            found.append(Token("text", unit, spaced))
            if joined:
                found.append(Token("op", ",", True))
        elif kind == "word":
            found.extend(_letters(piece[0], spaced, found))
        else:
            if piece[0] in OPENERS:
                depth += 1
            elif piece[0] in OPENERS.values():
                depth -= 1
            found.append(Token(kind, piece[0], spaced))
        spaced = False
    found.append(Token("end", "", spaced))
    return found


def _letters(run: str, spaced: bool, before: list[Token]) -> list[Token]:
    """Split a run of letters into variables, unless it is a word or a unit."""
    if run in ("and", "or"):
        return [Token("op", ",", spaced)]
    after_value = bool(before) and (before[-1].kind == "num" or before[-1].text in ("}", "/", ")"))
    if len(run) >= 4 or (len(run) > 1 and run in UNITS and after_value):
        return [Token("word", run, spaced)]
    return [Token("sym", letter, spaced and at == 0) for at, letter in enumerate(run)]


class Cursor:
    """A place among the tokens, and how many brackets deep it is."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        """The token at the cursor."""
        return self.tokens[self.at]

    def take(self, text: str) -> bool:
        """Pass the sign or command ``text`` if it is next, and say whether it was."""
        if self.now.text == text and self.now.kind in ("op", "cmd"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Pass ``text``, which must be next.

        Raises:
            UnreadableError: it is not.
        """
        if not self.take(text):
            raise UnreadableError(f"{text!r} expected, not {self.now.text!r}")

    def deeper(self) -> None:
        """Count one more bracket (its end takes it off ``depth`` again).

        Raises:
            HopelessError: more than :data:`.syntax.MAX_DEPTH` brackets are open.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise HopelessError("too deep to grade")

    def at_degree(self) -> bool:
        r"""Say whether a power follows that is a degree sign (``^\circ``)."""
        after = self.tokens[self.at + 1 : self.at + 3]
        return after[0].text == r"\circ" or (after[0].text == "{" and after[-1].text == r"\circ")

    def at_letter_unit(self) -> bool:
        """Say whether the token is a one-letter unit: after a number and a space, with no operand after it."""
        token, before = self.now, self.tokens[self.at - 1]
        if token.kind != "sym" or token.text not in LETTER_UNITS or self.at == 0:
            return False
        if not ((token.spaced and before.kind == "num") or before.text == "/"):
            return False
        after = self.tokens[self.at + 1]
        if before.text == "/" and self.tokens[self.at - 2].kind not in ("sym", "text", "word"):
            return False
        return after.kind == "end" or after.text in ("^", "/", ",", ";", ")", "]")
