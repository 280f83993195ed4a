r"""Where math-verify 0.9 errs and this package does not: one example of each kind.

The verdict of math-verify meant here is ``verify(parse("$gold$"), parse("$answer$"))``. A test holds that it still errs
on every row; a row that math-verify has mended must go.
"""

from __future__ import annotations

from typing import NamedTuple


class Disagreement(NamedTuple):
    """A pair on which the two differ; ``equal`` is the truth."""

    gold: str
    answer: str
    equal: bool
    why: str


DISAGREEMENTS = (
    # wrong answers that math-verify accepts
    Disagreement("5 cm", "5 m", False, "units are dropped"),
    Disagreement(r"12 \text{ cm}^2", r"12 \text{ cm}^3", False, "powers of units are dropped"),
    Disagreement("101_2", "101_3", False, "bases are dropped"),
    Disagreement("1", "x^2=1", False, "the right side of any equation is taken for its value"),
    Disagreement("7", "3+5=7", False, "a false statement is taken for its right side"),
    Disagreement("x", "X", False, "the case of variables is folded"),
    Disagreement("listen", "silent", False, "a word is the product of its letters, so anagrams are equal"),
    Disagreement("(1, 2)", r"\{1, 2\}", False, "an open interval is compared with a set as if it were a list"),
    Disagreement(r"\{1, 2, 3\}", "(3, 2, 1)", False, "a tuple is sorted where the reference is a set"),
    Disagreement("1, 2, 3", "(3, 2, 1)", False, "a tuple is sorted where the reference is a list"),
    Disagreement("0.0000001", "0.0000003", False, "rounding to six places leaves no digit to compare"),
    Disagreement("7", "7 +", False, "a broken answer is read up to where it breaks off"),
    # right answers that math-verify rejects
    Disagreement(r"12\,345", "12345", True, "a thin space multiplies"),
    Disagreement("3e5", "300000", True, "e is Euler's number in scientific notation"),
    Disagreement("2 1/2", r"\frac{5}{2}", True, "a mixed number with a slash loses its whole part"),
    Disagreement(r"0.\overline{3}", r"\frac{1}{3}", True, "repeating digits are ignored"),
    Disagreement(r"\sqrt[3]{-8}", "-2", True, "an odd root of a negative number is the principal complex one"),
    Disagreement("i^2", "-1", True, "i is a variable"),
    Disagreement(r"(-\infty, 3)", "x < 3", True, "an inequality in the answer is not compared with an interval"),
    Disagreement(r"\frac{3}{4}", r"\frac{6}{8}.", True, "a full stop ends the parse"),
    Disagreement(r"60 \text{ km/h}", "60 km/h", True, "the letters of a unit are multiplied"),
    Disagreement("true", "True", True, "e is Euler's number inside a word, except as its capital"),
    Disagreement(r"\langle 1, 2 \rangle", "(1, 2)", True, "angle brackets are not read"),
    Disagreement("3·4", "12", True, "Unicode operators are not read"),
)
