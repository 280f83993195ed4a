r"""The grammar of one expression: sums, products, powers, atoms. A recursive descent over tokens.

Precedence, loosest first: sum, product (``1/2`` and juxtaposition included), sign, power, atom. A form with two usual
meanings is refused with :class:`.syntax.UnreadableError` rather than guessed::

    2\frac{1}{2}   ->   Num(5/2)
    2x^{-1}        ->   Op("mul", (Num(2), Op("pow", (Sym("x"), Op("neg", (Num(1),))))))
    1/2x, \sqrt12, \sin(x)^2   refused

What stands between brackets may be more than an expression, so that is left to the grammar of answers
(:mod:`.grammar`), which comes in by :meth:`Expressions.enclosed`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

from plaudit.rewards.verifiable.mathematics.lexicon import FUNCTIONS, GREEK
from plaudit.rewards.verifiable.mathematics.syntax import (
    Const,
    Group,
    HopelessError,
    Node,
    Num,
    Op,
    Quantity,
    Sym,
    UnreadableError,
)
from plaudit.rewards.verifiable.mathematics.tokens import Cursor, Token

_MAX_DIGITS = 1000
_MAX_REPEATING = 50


class Expressions(Cursor, ABC):
    """Reads expressions from the cursor on; every method leaves it after what it read."""

    def __init__(self, found: list[Token]) -> None:
        super().__init__(found)
        self.bars = 0

    @abstractmethod
    def enclosed(self, opener: str) -> Node:
        r"""Read what stands between brackets, whose opener (or ``\begin``) was just passed, and their end."""

    def sum(self) -> Node:
        r"""``product (("+" | "-" | "\pm") product)*``"""
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
        r"""``sign* power (("*" | "\cdot" | "\times" | "/" | ":" | "\div") signed | power)*``"""
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
            elif self.take("/") or self.take(":") or self.take(r"\div"):
                factors[:] = [Op("div", (_times(factors), self.signed()))]
                divided = True
            elif self._starts_factor():
                if divided:
                    raise UnreadableError("a/bc has two meanings")
                factors.append(self.juxtaposed(factors[-1]))
            else:
                return _times(factors)

    def signed(self) -> Node:
        """``sign* power``"""
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
            return not self.at_letter_unit()
        if token.kind == "num":
            return True
        if token.kind == "cmd":
            name = token.text[1:]
            return name in FUNCTIONS or name in GREEK or name in ("frac", "sqrt", "pi", "infty", "binom")
        return token.kind == "op" and (token.text == "(" or (token.text == "|" and not self.bars))

    def power(self) -> Node:
        """``atom "!"* ("^" argument)?``"""
        base = self.atom()
        while self.take("!"):
            base = Op("factorial", (base,))
        if self.now.text == "^" and not self.at_degree():
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
                self.tokens[self.at] = Token("num", rest, False)
            else:
                self.at += 1
            return Num(Fraction(int(token.text[0])))
        return self.argument()

    def atom(self) -> Node:
        """Read a number, a letter, a command with its arguments, an absolute value, or what is in brackets."""
        token = self.now
        self.at += 1
        if token.kind == "num":
            return self.number(token.text)
        if token.kind == "sym":
            return self.subscripted(token.text)
        if token.kind == "text" and len(token.text.strip()) == 1 and token.text.strip().isalpha():
            return symbol(token.text.strip())
        if token.kind == "cmd":
            return self.command(token.text)
        if token.kind == "op" and token.text in "([":
            return self.enclosed(token.text)
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
        r"""Read what may follow digits: repeating ones (``0.\overline{3}``), a base (``101_2``), a fraction."""
        value = numeral(digits.rstrip("."))
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
        """Read the repeating digits that begin ``places`` after the point; return their value."""
        self.expect("{")
        token = self.now
        self.at += 1
        self.expect("}")
        if not token.text.isdigit() or len(token.text) > _MAX_REPEATING:
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
                top, bottom = Num(numeral(self.now.text)), Num(numeral(slash[1].text))
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
        """Read the subscript, if any, of a letter that was just passed."""
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
        return symbol(name)

    def command(self, command: str) -> Node:
        """Read the arguments of a command that was just passed."""
        name = command[1:]
        if name in ("frac", "binom"):
            top = self.digit_argument()
            return Op("div" if name == "frac" else name, (top, self.digit_argument()))
        if name == "sqrt":
            return self.root()
        if name in ("pi", "infty"):
            return Const("pi" if name == "pi" else "oo")
        if name in GREEK:
            return self.subscripted(command)
        if name in FUNCTIONS:
            return self.function(name)
        if command in (r"\{", r"\langle", r"\begin"):
            return self.enclosed(command)
        if name == "emptyset":
            return Group(r"\{", r"\}", ())
        if name == "mathbb":
            if self.now.text == "{" and self.tokens[self.at + 1].text == "R" and self.tokens[self.at + 2].text == "}":
                self.at += 3
                return Group("(", ")", (Op("neg", (Const("oo"),)), Const("oo")))
            raise UnreadableError("a set of numbers")
        raise UnreadableError(f"{command} is not in the grammar")

    def root(self) -> Node:
        r"""``("[" sum "]")? argument``, after ``\sqrt``."""
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
        r"""Read base, power and argument of a named function: ``\log_2 8``, ``\sin^2 x``, ``\ln(x+1)``."""
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
            inner = self.enclosed("(")
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
        if isinstance(inner, Group) or (self.now.text == "^" and self.at_degree()):
            raise UnreadableError("a function of several arguments, or of degrees")
        if name == "log" and base is not None:
            value: Node = Op("logbase", (base, inner))
        elif base is not None:
            raise UnreadableError("a function with a subscript")
        else:
            value = Op("pow", (Const("e"), inner)) if name == "exp" else Op(name, (inner,))
        return value if power is None else Op("pow", (value, power))


def symbol(name: str) -> Node:
    """Return the constant or the variable of that letter."""
    return Const(name) if name in ("e", "i") else Sym(name)


def _times(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Op("mul", tuple(factors))


def numeral(digits: str) -> Fraction:
    """Return the value of a decimal numeral.

    Raises:
        HopelessError: more than a thousand digits.
    """
    if len(digits) > _MAX_DIGITS:
        raise HopelessError("too many digits to grade")
    return Fraction(digits)
