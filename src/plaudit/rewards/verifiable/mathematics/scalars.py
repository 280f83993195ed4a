r"""Whether two expressions are one number, or one function of their variables.

Exact forms first (:mod:`.canonical`), then the rounding of decimals, then the probe, which can only refute. The verdict
is True (proved, or by the convention on decimals), False (refuted) or None (not known)::

    0.5, \frac{1}{2}              ->   True
    0.333333, \frac{1}{3}         ->   True   (equal when rounded to six places)
    \sin x, \cos x                ->   False  (they differ at a point)
    \arctan 1, \frac{\pi}{4}      ->   None
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from plaudit.rewards.verifiable.mathematics import probe, quotients
from plaudit.rewards.verifiable.mathematics.canonical import canonical
from plaudit.rewards.verifiable.mathematics.quotients import Quotient
from plaudit.rewards.verifiable.mathematics.syntax import Node, Num, Op, UnreadableError

_PLACES = 6
_RELATIVE = Fraction(1, 10_000)


def scalars_equal(gold: Node, answer: Node) -> bool | None:
    """Compare two expressions.

    Raises:
        HopelessError: one of them can't be worked out within bounds, or divides by zero.
    """
    if isinstance(gold, Num) and isinstance(answer, Num):
        if gold.value == answer.value:
            return True
        if not (gold.decimal or answer.decimal):
            return False
        return _approximates(gold.value, answer.value, gold.decimal, answer.decimal)
    left, right = _form_of(gold), _form_of(answer)
    equal = quotients.equal(left, right) if left is not None and right is not None else None
    if equal:
        return True
    rounded = _rounded(gold, answer, left, right)
    if rounded is not None:
        return rounded
    if equal is None:
        return False if probe.refuted(gold, answer) else None
    return False


@lru_cache(maxsize=4096)
def form(node: Node) -> Quotient:
    """Return :func:`.canonical.canonical` of an expression (cached); it raises the same."""
    return canonical(node)


def value(node: Node) -> Fraction | None:
    """Return the value of an expression that is a rational number."""
    if isinstance(node, Num):
        return node.value
    found = _form_of(node)
    return quotients.rational(found) if found is not None else None


def has_decimal(node: Node) -> bool:
    """Say whether a number in an expression was written with a decimal point."""
    return (isinstance(node, Num) and node.decimal) or (
        isinstance(node, Op) and any(has_decimal(arg) for arg in node.args)
    )


def _form_of(node: Node) -> Quotient | None:
    try:
        return form(node)
    except UnreadableError:
        return None


def _approximates(a: Fraction, b: Fraction, a_decimal: bool, b_decimal: bool) -> bool:
    """Say whether two numbers, at least one a decimal, agree at six places and to one part in ten thousand."""
    if (not a_decimal and a.denominator == 1) or (not b_decimal and b.denominator == 1):
        return a == b
    if abs(a - b) > _RELATIVE * max(abs(a), abs(b)):
        return False
    return round(a, _PLACES) == round(b, _PLACES)


def _rounded(gold: Node, answer: Node, left: Quotient | None, right: Quotient | None) -> bool | None:
    r"""Compare a decimal with a constant such as ``\frac{\sqrt2}{2}``; None if this is no such pair or too close."""
    for number, other, found in ((gold, answer, right), (answer, gold, left)):
        if isinstance(number, Op) and number.head == "neg" and isinstance(number.args[0], Num):
            number = Num(-number.args[0].value, number.args[0].decimal)
        if not isinstance(number, Num) or not number.decimal:
            continue
        exact = quotients.rational(found) if found is not None else None
        if exact is not None:
            return _approximates(number.value, exact, True, has_decimal(other))
        constant = probe.measured(other)
        if constant is None:
            return None
        middle, margin = Fraction(constant.value), Fraction(constant.error) * 16 + Fraction(1, 10**14)
        if abs(number.value - middle) > Fraction(2, 10**_PLACES) + margin:
            return False
        if round(middle - margin, _PLACES) != round(middle + margin, _PLACES):
            return None
        return _approximates(number.value, middle, True, True)
    return None
