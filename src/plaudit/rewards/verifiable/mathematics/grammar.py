r"""From cleaned text to a syntax tree: a tokenizer and a recursive descent.

It reads what answers look like and refuses the rest with :class:`.syntax.UnreadableError`, which means "ask
math-verify". A form with two usual meanings (``1/2x``, ``\sqrt12``, ``\sin(x)^2``) is refused rather than guessed.

Precedence, loosest first: list (``,`` ``;`` ``and`` ``or``), relation, union, sum, product (``1/2`` and
juxtaposition included), sign, power, atom. Cost is linear in the length; depth is bounded by :data:`.syntax.MAX_DEPTH`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from plaudit.rewards.verifiable.mathematics.lexicon import (
    CURRENCIES,
    FUNCTIONS,
    GREEK,
    LETTER_UNITS,
    RELATIONS,
    UNITS,
    WORDS,
)
from plaudit.rewards.verifiable.mathematics.syntax import (
    MAX_DEPTH,
    Const,
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

_PIECE = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+(?!,?\d)(?:\.\d+)?|[1-9]\d{0,2}(?: \d{3})+(?! ?[\d/])(?:\.\d+)?)"
    r"|(?P<num>\d+(?:\.\d*)?|\.\d+)"
    r"|\\(?P<text>text)\s*\{(?P<words>[^{}]*)\}"
    r"|(?P<cmd>\\(?:[A-Za-z]+|[\\{}|]))"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<op>[-+*/^_=<>!|()\[\]{},;:%$€£¥₹&.'])"
)
_PLAIN_NUMBER = re.compile(r"([-+]?)(\d+|[1-9]\d{0,2}(?:,\d{3})+)(\.\d+)?")
_SCIENTIFIC = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_SENTENCE = re.compile(r"[A-Za-z]+(?:[ ,.']+[A-Za-z]+)*")
_LONG_WORD = re.compile(r"[A-Za-z]{4}")
_WHOLE_TEXT = re.compile(r"\\text ?\{([^{}]*)\}")
_JOINED = re.compile(r"\s(?:and|or)\s*$")
_OPENERS = {"(": ")", "[": "]", r"\{": r"\}", r"\langle": r"\rangle"}
_LIMIT_EXPONENT = 10_000
_END = ""


class _Token(NamedTuple):
    kind: str
    text: str
    spaced: bool


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
        return Num(_fraction(text.replace(",", "")), plain[3] is not None)
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
    return _Parser(_tokens(text)).answer()


def fold(words: str) -> str:
    """Return the comparable form of a text answer: a single letter as it is, words without case and punctuation."""
    letters = re.sub(r"[^A-Za-z0-9]+", "", words)
    return letters if len(letters) == 1 else _NOT_LETTERS.sub("", words.lower())


def _fraction(digits: str) -> Fraction:
    if len(digits) > 1000:
        raise HopelessError("too many digits to grade")
    return Fraction(digits)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
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
                found.append(_Token("num", text[piece.start() : at], spaced))
            else:
                found.append(_Token("num", piece[0].replace(",", "").replace(" ", ""), spaced))
        elif kind == "words":
            unit, joined = _JOINED.sub("", piece["words"]), _JOINED.search(piece["words"])
            found.append(_Token("text", unit, spaced))
            if joined:
                found.append(_Token("op", ",", True))
        elif kind == "word":
            found.extend(_letters(piece[0], spaced, found))
        else:
            if piece[0] in _OPENERS:
                depth += 1
            elif piece[0] in _OPENERS.values():
                depth -= 1
            found.append(_Token(kind, piece[0], spaced))
        spaced = False
    found.append(_Token("end", _END, spaced))
    return found


def _letters(run: str, spaced: bool, before: list[_Token]) -> list[_Token]:
    """Split a run of letters into variables, unless it is a word or a unit."""
    if run in ("and", "or"):
        return [_Token("op", ",", spaced)]
    after_value = bool(before) and (before[-1].kind == "num" or before[-1].text in ("}", "/", ")"))
    if len(run) >= 4 or (len(run) > 1 and run in UNITS and after_value):
        return [_Token("word", run, spaced)]
    return [_Token("sym", letter, spaced and at == 0) for at, letter in enumerate(run)]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.bars = 0

    # -- helpers

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self, text: str) -> bool:
        if self.now.text == text and self.now.kind in ("op", "cmd"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise UnreadableError(f"{text!r} expected, not {self.now.text!r}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise HopelessError("too deep to grade")

    # -- from the loosest to the tightest

    def answer(self) -> Node:
        words = [token for token in self.tokens if token.kind in ("text", "word")]
        if words and all(token.kind in ("text", "word", "end") or token.text in "(),." for token in self.tokens):
            folded = fold(" ".join(token.text for token in words))
            if len(folded) > 1:
                return Text(folded)
            if len(folded) == 1 and folded.isalpha():
                return _symbol(folded)
        items = self.items(_END)
        return items[0] if len(items) == 1 else Group("", "", items)

    def items(self, closer: str) -> tuple[Node, ...]:
        found: list[Node] = [self.item()]
        while self.take(",") or self.take(";"):
            if not (self.now.kind == "op" and self.now.text == ","):  # "1, 2, and 3"
                found.append(self.item())
        if self.now.text != closer or (closer == _END and self.now.kind != "end"):
            raise UnreadableError(f"{self.now.text!r} was not expected")
        return tuple(found)

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
        sign = -1 if self.now.text == "-" and self.tokens[self.at + 1].text in CURRENCIES else 1
        if sign < 0:
            self.at += 1
        currency = ""
        if self.now.kind == "op" and self.now.text in CURRENCIES:
            currency = self.now.text
            self.at += 1
        value = self.sum()
        if sign < 0:
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
            after = self.tokens[self.at].text
            if self.now.kind in ("sym", "text") and after.strip() in ("C", "F"):
                self.at += 1
                return f"deg{after.strip()}"
            return "deg"
        found = ""
        while self.now.kind in ("text", "word") or self._letter_unit() or self.now.text == "/":
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
        return _unit_name(found) if found else ""

    def _letter_unit(self) -> bool:
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

    def sum(self) -> Node:
        self.deeper()
        terms = [self.product()]
        while self.now.kind in ("op", "cmd"):
            if self.take("+"):
                terms.append(self.product())
            elif self.take("-"):
                terms.append(Op("neg", (self.product(),)))
            elif self.take(r"\pm"):
                left = terms[0] if len(terms) == 1 else Op("add", tuple(terms))
                terms = [Op("pm", (left, self.product()))]
            else:
                break
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Op("add", tuple(terms))

    def product(self) -> Node:
        if self.take("-"):
            return Op("neg", (self.product(),))
        if self.take("+"):
            return self.product()
        if self.take(r"\pm"):
            return Op("pm", (Num(Fraction(0)), self.product()))
        factors = [self.power()]
        divided = False
        while True:
            if self.take("*") or self.take(r"\cdot") or self.take(r"\times"):
                factors.append(self.signed())
            elif self.now.text == "/" and self.now.kind == "op":
                self.at += 1
                factors[:] = [Op("div", (_times(factors), self.signed()))]
                divided = True
            elif self.take(":") or self.take(r"\div"):
                factors[:] = [Op("div", (_times(factors), self.signed()))]
                divided = True
            elif self._starts_factor():
                if divided:
                    raise UnreadableError("a/bc has two meanings")
                factors.append(self.juxtaposed(factors[-1]))
            else:
                return _times(factors)

    def signed(self) -> Node:
        if self.take("-"):
            return Op("neg", (self.signed(),))
        self.take("+")
        return self.power()

    def juxtaposed(self, before: Node) -> Node:
        """Read a factor with no sign before it; a number there is only ever the fraction of a mixed number."""
        if self.now.kind == "num":
            raise UnreadableError("a number right after a factor")
        factor = self.power()
        numbers = isinstance(factor, Op) and factor.head == "div" and all(isinstance(a, Num) for a in factor.args)
        if isinstance(before, Num) and numbers:
            raise UnreadableError("a number right before a fraction that makes no mixed number")
        return factor

    def _starts_factor(self) -> bool:
        token = self.now
        if token.kind == "sym":
            return not self._letter_unit()
        if token.kind == "num":
            return True
        if token.kind == "cmd":
            name = token.text[1:]
            return name in FUNCTIONS or name in GREEK or name in ("frac", "sqrt", "pi", "infty", "binom")
        return token.kind == "op" and (token.text == "(" or (token.text == "|" and not self.bars))

    def power(self) -> Node:
        base = self.atom()
        while self.take("!"):
            base = Op("factorial", (base,))
        if self.now.text == "^" and not self._degree():
            self.at += 1
            self.deeper()
            exponent = self.argument() if self.now.text != "(" else self.atom()
            if self.now.text == "^":
                raise UnreadableError("a^b^c has two meanings")
            self.depth -= 1
            base = Op("pow", (base, exponent))
        if self.now.text == "!":
            raise UnreadableError("a^b! has two meanings")
        return base

    def _degree(self) -> bool:
        after = self.tokens[self.at + 1 : self.at + 3]
        return after[0].text == r"\circ" or (after[0].text == "{" and after[-1].text == r"\circ")

    def argument(self) -> Node:
        """Read a LaTeX argument: braces, or one sign and one token (``x^-1`` and ``x^10`` as they are meant)."""
        if self.take("{"):
            inner = self.sum()
            self.expect("}")
            return inner
        if self.take("-"):
            return Op("neg", (self.argument(),))
        return self.atom()

    def digit_argument(self) -> Node:
        r"""Read an argument of ``\frac``: of a bare number only its first digit (``\frac12``)."""
        token = self.now
        if token.kind == "num":
            if not token.text.isdigit() or (token.spaced and len(token.text) > 1):
                raise UnreadableError("a bare decimal argument")
            rest = token.text[1:]
            if rest:
                self.tokens[self.at] = _Token("num", rest, False)
            else:
                self.at += 1
            return Num(Fraction(int(token.text[0])))
        return self.argument()

    def atom(self) -> Node:
        token = self.now
        self.at += 1
        if token.kind == "num":
            return self.number(token.text)
        if token.kind == "sym":
            return self.subscripted(token.text)
        if token.kind == "text" and len(token.text.strip()) == 1 and token.text.strip().isalpha():
            return _symbol(token.text.strip())
        if token.kind == "cmd":
            return self.command(token.text)
        if token.kind == "op" and token.text in "([":
            return self.bracketed(token.text)
        if token.kind == "op" and token.text == "{":
            self.deeper()
            inner = self.sum()
            self.expect("}")
            self.depth -= 1
            return inner
        if token.kind == "op" and token.text == "|" and not self.bars:
            self.bars += 1
            inner = self.sum()
            self.expect("|")
            self.bars -= 1
            return Op("abs", (inner,))
        raise UnreadableError(f"{token.text!r} was not expected")

    def number(self, digits: str) -> Node:
        value = _fraction(digits.rstrip(".") if digits.endswith(".") else digits)
        if "." in digits and self.now.text == r"\overline" and not self.now.spaced:
            self.at += 1
            return Num(value + self.repeating(len(digits.partition(".")[2])))
        if self.now.text == "_":
            self.at += 1
            base = self.argument()
            if not isinstance(base, Num):
                raise UnreadableError("a number with a subscript")
            return Num(value) if base.value == 10 else Quantity(Num(value), f"base {base.value}")
        if digits.isdigit():
            fraction = self.mixed()
            if fraction is not None:
                return Num(value + fraction)
        return Num(value, "." in digits and not digits.endswith("."))

    def repeating(self, places: int) -> Fraction:
        self.expect("{")
        token = self.now
        self.at += 1
        self.expect("}")
        if not token.text.isdigit() or len(token.text) > 50:
            raise UnreadableError("an overline over something that is not digits")
        return Fraction(int(token.text), (10 ** len(token.text) - 1) * 10**places)

    def mixed(self) -> Fraction | None:
        r"""Read the fraction of a mixed number: ``2\frac{1}{2}``, ``2 1/2``; None if there is none."""
        start, saved = self.at, list(self.tokens[self.at : self.at + 8])
        top: Node | None = None
        bottom: Node | None = None
        if self.now.text == r"\frac":
            self.at += 1
            top, bottom = self.digit_argument(), self.digit_argument()
        elif self.now.kind == "num" and self.now.spaced and self.tokens[self.at + 1].text == "/":
            slash = self.tokens[self.at + 1 : self.at + 3]
            if slash[1].kind == "num" and not slash[0].spaced:
                top, bottom = Num(_fraction(self.now.text)), Num(_fraction(slash[1].text))
                self.at += 3
        if (
            isinstance(top, Num)
            and isinstance(bottom, Num)
            and 0 <= top.value < bottom.value
            and top.value.denominator == bottom.value.denominator == 1
            and not top.decimal | bottom.decimal
            and not self._starts_factor()
            and self.now.text not in ("^", "/", "!")
        ):
            return top.value / bottom.value
        self.tokens[start : start + 8] = saved
        self.at = start
        return None

    def subscripted(self, name: str) -> Node:
        if self.take("_"):
            token = self.now
            self.at += 1
            if token.text == "{":
                label = ""
                while self.now.text != "}":
                    if self.now.kind not in ("num", "sym", "text", "word"):
                        raise UnreadableError("a subscript that is an expression")
                    label += self.now.text
                    self.at += 1
                self.at += 1
                return Sym(f"{name}_{label}")
            if token.kind not in ("num", "sym"):
                raise UnreadableError("a subscript that is an expression")
            return Sym(f"{name}_{token.text}")
        return _symbol(name)

    def command(self, command: str) -> Node:
        name = command[1:]
        if name == "frac":
            top = self.digit_argument()
            return Op("div", (top, self.digit_argument()))
        if name == "binom":
            top = self.digit_argument()
            return Op("binom", (top, self.digit_argument()))
        if name == "sqrt":
            return self.root()
        if name == "pi":
            return Const("pi")
        if name == "infty":
            return Const("oo")
        if name in GREEK:
            return self.subscripted(command)
        if name in FUNCTIONS:
            return self.function(name)
        if command in (r"\{", r"\langle"):
            return self.bracketed(command)
        if name == "emptyset":
            return Group(r"\{", r"\}", ())
        if name == "mathbb":
            if self.now.text == "{" and self.tokens[self.at + 1].text == "R" and self.tokens[self.at + 2].text == "}":
                self.at += 3
                return Group("(", ")", (Op("neg", (Const("oo"),)), Const("oo")))
            raise UnreadableError("a set of numbers")
        if name == "begin":
            return self.matrix()
        raise UnreadableError(f"{command} is not in the grammar")

    def root(self) -> Node:
        index: Node = Num(Fraction(2))
        if self.take("["):
            index = self.sum()
            self.expect("]")
        if self.now.kind == "num":
            digits = self.now.text
            if len(digits) > 1:
                raise UnreadableError("a root of a bare number of several digits")
            self.at += 1
            return Op("root", (index, Num(Fraction(int(digits)))))
        return Op("root", (index, self.argument()))

    def function(self, name: str) -> Node:
        base: Node | None = None
        power: Node | None = None
        while self.now.text in ("_", "^"):
            if self.take("_"):
                base = self.argument()
            else:
                self.at += 1
                power = self.argument()
        if power is not None and not (isinstance(power, Num) and power.value > 0):
            raise UnreadableError("an inverse or a reciprocal")
        if self.now.text == "(":
            self.at += 1
            inner = self.bracketed("(")
            if self.now.text in ("^", "!"):
                raise UnreadableError("f(x)^n has two meanings")
        elif self.now.text == "{":
            inner = self.argument()
        else:
            factors: list[Node] = []
            while self._starts_factor() and self.now.text[1:] not in FUNCTIONS and self.now.text != "(":
                factors.append(self.power())
            if not factors or self.now.text in ("(", "/"):
                raise UnreadableError("a function's argument without brackets has two meanings")
            inner = _times(factors)
        if isinstance(inner, Group) or (self.now.text == "^" and self._degree()):
            raise UnreadableError("a function of several arguments, or of degrees")
        if name == "log" and base is not None:
            value: Node = Op("logbase", (base, inner))
        elif base is not None:
            raise UnreadableError("a function with a subscript")
        else:
            value = Op("pow", (Const("e"), inner)) if name == "exp" else Op(name, (inner,))
        return value if power is None else Op("pow", (value, power))

    def bracketed(self, opener: str) -> Node:
        self.deeper()
        bars, self.bars = self.bars, 0
        closers = (")", "]") if opener in "([" else (_OPENERS[opener],)
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
        if len(items) == 1 and opener in "([" and _OPENERS[opener] == closer:
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
        if rows and not rows[-1]:
            rows.pop()
        if not rows or len({len(row) for row in rows}) != 1:
            raise UnreadableError("a ragged matrix")
        return Matrix(tuple(tuple(row) for row in rows))


def _symbol(name: str) -> Node:
    return Const(name) if name in ("e", "i") else Sym(name)


def _times(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Op("mul", tuple(factors))


def _unit_name(found: str) -> str:
    """Return one name for the spellings of a unit (``square meters``, ``m^2``); an unknown word stands for itself."""
    text = found.replace(".", "").strip()
    text = re.sub(r"\b(?:square|sq)\s+([A-Za-z]+)", r"\1^2", text)
    text = re.sub(r"\bcubic\s+([A-Za-z]+)", r"\1^3", text)
    text = re.sub(r"\bper\b", "/", text)
    parts = []
    for part in text.split("/"):
        names = []
        for word in part.split():
            name, caret, power = word.partition("^")
            unit = UNITS.get(name) or UNITS.get(name.lower()) or name.lower().removesuffix("s")
            names.append(unit + caret + power)
        parts.append(" ".join(names))
    return "/".join(parts)
