r"""Quotients of polynomials, and what can be known of two of them.

A quotient is ``top / bottom``. The bottom is :data:`.polynomials.ONE` whenever it could be folded into the top, so most
quotients are polynomials; no common factors are sought, equality is decided by multiplying out::

    (x^2 - 1) / (x - 1)  and  (x + 1) / 1   ->   equal, since (x^2 - 1) * 1 - (x + 1) * (x - 1) has no terms

Arithmetic raises :class:`.polynomials.OpaqueError` beyond a hundred terms and :class:`.syntax.HopelessError` beyond
:data:`.syntax.MAX_BITS`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from plaudit.rewards.verifiable.mathematics import polynomials
from plaudit.rewards.verifiable.mathematics.polynomials import ONE, OPAQUE, OpaqueError, Polynomial
from plaudit.rewards.verifiable.mathematics.syntax import MAX_BITS, HopelessError

_MAX_POWER = 64
"""A sum of several terms is multiplied out up to this power."""


class Quotient(NamedTuple):
    """``top / bottom``; the bottom is 1 whenever it could be folded into the top."""

    top: Polynomial
    bottom: Polynomial


def constant(value: Fraction) -> Quotient:
    """Return a rational number."""
    return Quotient({(): value} if value else {}, ONE)


def generator(name: str, exponent: Fraction = Fraction(1)) -> Quotient:
    """Return a power of a generator."""
    return Quotient({((name, exponent),): Fraction(1)}, ONE)


def opaque(head: str, *parts: Quotient) -> Quotient:
    """Return the atom that is known only by its spelling.

    Raises:
        OpaqueError: the spelling is too long.
    """
    return generator(f"{OPAQUE}{head} {';'.join(map(_spelled, parts))})")


def rational(form: Quotient) -> Fraction | None:
    """Return the form's value if it is a rational number."""
    if form.bottom is not ONE or len(form.top) > 1:
        return None
    if not form.top:
        return Fraction(0)
    return form.top.get(())


def equal(left: Quotient, right: Quotient) -> bool | None:
    """Decide whether two forms are one value wherever both are defined; None if that can't be known from them."""
    if left == right:
        return True
    try:
        crossed = _difference(polynomials.product(left.top, right.bottom), polynomials.product(right.top, left.bottom))
    except OpaqueError:
        return None
    if not crossed:
        return True
    return False if polynomials.decidable(crossed) else None


def zeros(left: Quotient, right: Quotient) -> Polynomial:
    """Return the polynomial whose zeros are those of ``left = right``; both sides must be free of denominators.

    Raises:
        OpaqueError: one of them has a denominator or a negative power.
    """
    if left.bottom is not ONE or right.bottom is not ONE:
        raise OpaqueError("an equation with a denominator")
    found = _difference(left.top, right.top)
    if any(exponent < 0 for monomial in found for _, exponent in monomial):
        raise OpaqueError("an equation with a denominator")
    return found


def opposite(form: Quotient) -> Quotient:
    """Return ``-form``."""
    return Quotient(polynomials.negative(form.top), form.bottom)


def plus(left: Quotient, right: Quotient) -> Quotient:
    """Return the sum."""
    if left.bottom == right.bottom:
        return Quotient(polynomials.plus(left.top, right.top), left.bottom)
    top = polynomials.plus(polynomials.product(left.top, right.bottom), polynomials.product(right.top, left.bottom))
    return _folded(top, polynomials.product(left.bottom, right.bottom))


def times(left: Quotient, right: Quotient) -> Quotient:
    """Return the product."""
    top = polynomials.product(left.top, right.top)
    if left.bottom is ONE and right.bottom is ONE:
        return Quotient(top, ONE)
    return _folded(top, polynomials.product(left.bottom, right.bottom))


def inverse(form: Quotient) -> Quotient:
    """Return ``1 / form``.

    Raises:
        HopelessError: the form is 0.
    """
    if not form.top:
        raise HopelessError("divides by zero")
    return _folded(form.bottom, form.top)


def integer_power(base: Quotient, n: int) -> Quotient:
    """Return ``base ** n``.

    Raises:
        OpaqueError: a high power of a sum.
        HopelessError: a number beyond :data:`.syntax.MAX_BITS`, or a negative power of 0.
    """
    if n < 0:
        return integer_power(inverse(base), -n)
    value = rational(base)
    if value is not None:
        return constant(_number_power(value, n))
    if len(base.top) == 1 and base.bottom is ONE:
        ((monomial, coefficient),) = base.top.items()
        powers = {name: power * n for name, power in monomial}
        return Quotient(polynomials.term(powers, _number_power(coefficient, n)), ONE)
    if n > _MAX_POWER:
        raise OpaqueError("a power of too many terms")
    result, square = Quotient(ONE, ONE), base
    while n:
        if n & 1:
            result = times(result, square)
        n >>= 1
        if n:
            square = times(square, square)
    return result


def _number_power(value: Fraction, n: int) -> Fraction:
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(value) not in (0, 1) and (n > MAX_BITS or (bits - 1) * n > MAX_BITS):
        raise HopelessError("too large to grade")
    return value**n


def _difference(left: Polynomial, right: Polynomial) -> Polynomial:
    return polynomials.plus(left, polynomials.negative(right))


def _folded(top: Polynomial, bottom: Polynomial) -> Quotient:
    """Move a bottom of one term into the top; otherwise make the bottom's first coefficient 1."""
    if len(bottom) == 1:
        ((monomial, coefficient),) = bottom.items()
        if not monomial and coefficient == 1:
            return Quotient(top, ONE)
        turned = polynomials.term({name: -power for name, power in monomial}, 1 / coefficient)
        return Quotient(polynomials.product(top, turned), ONE)
    lead = bottom[min(bottom)]
    if lead != 1:
        top = {m: c / lead for m, c in top.items()}
        bottom = {m: c / lead for m, c in bottom.items()}
    return Quotient(top, bottom)


def _spelled(form: Quotient) -> str:
    return polynomials.spelled(form.top) + ("" if form.bottom is ONE else "/" + polynomials.spelled(form.bottom))
