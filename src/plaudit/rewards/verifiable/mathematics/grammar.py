r"""The grammar of an answer: lists of relations, unions and quantities around expressions, or words.

It reads what answers look like and refuses the rest with :class:`.syntax.UnreadableError`, which means "ask
math-verify". Precedence, loosest first: list (``,`` ``;`` ``and`` ``or``), relation, union, quantity (a value and its
unit), expression (:mod:`.expressions`). Cost is linear in the length; depth is bounded by :data:`.syntax.MAX_DEPTH`::

    x = 1 or x = 2   ->   Group("", "", (Relation((Sym("x"), Num(1)), ("=",)), Relation((Sym("x"), Num(2)), ("=",))))
    Tuesday          ->   Text("tuesday")
"""

from __future__ import annotations

import re
from fractions import Fraction

from plaudit.rewards.verifiable.mathematics.expressions import Expressions, numeral, symbol
from plaudit.rewards.verifiable.mathematics.lexicon import CURRENCIES, RELATIONS, UNITS, WORDS, fold, unit_name
from plaudit.rewards.verifiable.mathematics.syntax import (
    Group,
    HopelessError,
    Matrix,
    Node,
    Num,
    Op,
    Quantity,
    Relation,
    Sym,
    Text,
    Union,
    UnreadableError,
)
from plaudit.rewards.verifiable.mathematics.tokens import OPENERS, tokens

_PLAIN_NUMBER = re.compile(r"([-+]?)(\d+|[1-9]\d{0,2}(?:,\d{3})+)(\.\d+)?")
_SCIENTIFIC = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+")
_SENTENCE = re.compile(r"[A-Za-z]+(?:[ ,.']+[A-Za-z]+)*")
_LONG_WORD = re.compile(r"[A-Za-z]{4}")
_WHOLE_TEXT = re.compile(r"\\text ?\{([^{}]*)\}")
_LIMIT_EXPONENT = 10_000


def read(text: str, scientific: bool = True) -> Node:
    """Read cleaned text.

    Args:
        text: what :func:`.cleaning.clean` returned.
        scientific: whether a whole answer like ``3e-5`` is a number (otherwise ``e`` is Euler's number).

    Raises:
        UnreadableError: the grammar doesn't have it.
        HopelessError: nested or sized beyond the bounds of :mod:`.syntax`.
    """
    plain = _PLAIN_NUMBER.fullmatch(text)
    if plain is not None and not (plain[2].startswith("0") and "," in plain[2]):
        return Num(numeral(text.replace(",", "")), plain[3] is not None)
    if scientific and _SCIENTIFIC.fullmatch(text) is not None:
        power = int(re.split("[eE]", text)[1])
        if abs(power) > _LIMIT_EXPONENT:
            raise HopelessError("too large to grade")
        return Num(Fraction(text), "." in text)
    if text.lower() in WORDS or (_SENTENCE.fullmatch(text) and _LONG_WORD.search(text)):
        return Text(fold(text))
    whole = _WHOLE_TEXT.fullmatch(text)
    if whole is not None and any(char.isdigit() for char in whole[1]):
        text = whole[1].strip()
    return _Answers(tokens(text)).answer()


class _Answers(Expressions):
    """Reads a whole answer."""

    def answer(self) -> Node:
        words = [token for token in self.tokens if token.kind in ("text", "word")]
        if words and all(token.kind in ("text", "word", "end") or token.text in "(),." for token in self.tokens):
            folded = fold(" ".join(token.text for token in words))
            if len(folded) > 1:
                return Text(folded)
            if len(folded) == 1 and folded.isalpha():
                return symbol(folded)
        items = [self.item()]
        while self.take(",") or self.take(";"):
            if not (self.now.kind == "op" and self.now.text == ","):  # "1, 2, and 3"
                items.append(self.item())
        if self.now.kind != "end":
            raise UnreadableError(f"{self.now.text!r} was not expected")
        return items[0] if len(items) == 1 else Group("", "", tuple(items))

    def item(self) -> Node:
        sides = [self.union()]
        ops: list[str] = []
        while self.now.kind in ("op", "cmd") and self.now.text in RELATIONS:
            ops.append(RELATIONS[self.now.text])
            self.at += 1
            sides.append(self.union())
        if self.now.kind == "cmd" and self.now.text == r"\in":
            self.at += 1
            if not isinstance(sides[0], Sym) or ops:
                raise UnreadableError("membership of something that is not a variable")
            return self.union()
        return Relation(tuple(sides), tuple(ops)) if ops else sides[0]

    def union(self) -> Node:
        parts = [self.quantity()]
        while self.take(r"\cup"):
            parts.append(self.quantity())
        return parts[0] if len(parts) == 1 else Union(tuple(parts))

    def quantity(self) -> Node:
        negative = self.now.text == "-" and self.tokens[self.at + 1].text in CURRENCIES
        if negative:
            self.at += 1
        currency = ""
        if self.now.kind == "op" and self.now.text in CURRENCIES:
            currency = self.now.text
            self.at += 1
        value = self.sum()
        if negative:
            value = Op("neg", (value,))
        unit = self.unit()
        if currency and unit:
            raise UnreadableError("two units")
        return Quantity(value, currency or unit) if currency or unit else value

    def unit(self) -> str:
        """Read what follows a value: ``%``, a currency, a degree sign, or unit words with powers and a slash."""
        if self.now.kind == "op" and (self.now.text == "%" or self.now.text in CURRENCIES):
            self.at += 1
            return UNITS[self.tokens[self.at - 1].text]
        if self.now.text == "^" and self.tokens[self.at + 1].text in (r"\circ", "{"):
            self.at += 1
            braced = self.take("{")
            self.expect(r"\circ")
            if braced:
                self.expect("}")
            scale = self.now.text.strip()
            if self.now.kind in ("sym", "text") and scale in ("C", "F"):
                self.at += 1
                return f"deg{scale}"
            return "deg"
        found = ""
        while self.now.kind in ("text", "word") or self.at_letter_unit() or self.now.text == "/":
            if self.now.text == "/":
                if not found:
                    break
                found += "/"
                self.at += 1
                continue
            found += " " + self.now.text
            self.at += 1
            if self.take("^"):
                power = self.argument()
                if not isinstance(power, Num):
                    raise UnreadableError("a unit's power must be a number")
                found += f"^{power.value}"
        return unit_name(found) if found else ""

    def enclosed(self, opener: str) -> Node:
        if opener == r"\begin":
            return self.matrix()
        self.deeper()
        bars, self.bars = self.bars, 0
        closers = (")", "]") if opener in "([" else (OPENERS[opener],)
        if opener == r"\{" and self.take(r"\}"):
            items: tuple[Node, ...] = ()
            closer = r"\}"
        else:
            found = [self.item()]
            while self.take(",") or self.take(";"):
                found.append(self.item())
            items, closer = tuple(found), self.now.text
            if closer not in closers:
                raise UnreadableError(f"{closer!r} closes nothing")
            self.at += 1
        self.depth -= 1
        self.bars = bars
        if len(items) == 1 and opener in "([" and OPENERS[opener] == closer:
            if isinstance(items[0], (Relation, Union)):
                raise UnreadableError("a bracketed statement")
            return items[0]
        return Group(opener, closer, items)

    def matrix(self) -> Node:
        self.expect("{")
        name = ""
        while self.now.kind in ("sym", "word"):
            name += self.now.text
            self.at += 1
        self.expect("}")
        if name not in ("pmatrix", "bmatrix"):
            raise UnreadableError(f"an environment {name!r}")
        self.deeper()
        rows: list[list[Node]] = [[]]
        while not self.take(r"\end"):
            rows[-1].append(self.sum())
            if self.take(r"\\"):
                rows.append([])
            elif not self.take("&") and self.now.text != r"\end":
                raise UnreadableError("a matrix that does not end")
        self.at += 1
        while self.now.kind in ("sym", "word"):
            self.at += 1
        self.expect("}")
        self.depth -= 1
        if not rows[-1]:
            rows.pop()
        if not rows or len({len(row) for row in rows}) != 1:
            raise UnreadableError("a ragged matrix")
        return Matrix(tuple(tuple(row) for row in rows))
