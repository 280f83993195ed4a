r"""Polynomials with rational coefficients, as ``{monomial: coefficient}``.

A monomial is a sorted tuple of (generator, power). A generator is a name whose first letter says what it is: a variable
(``x``), ``i``, ``~pi`` and ``~e``, a prime under a fractional exponent (``#2``), or an opaque atom (``(abs ...)``), of
which only its spelling is known. Every polynomial made here is in normal form: no coefficient is 0, ``i`` has the power
0 or 1, and a prime's power lies in [0, 1). So ``\sqrt8 = 2\sqrt2`` and ``\sqrt2\sqrt3 = \sqrt6`` hold by construction::

    \sqrt{8}x + 1   ->   {(("#2", 1/2), ("x", 1)): 2, (): 1}
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TypeAlias

from plaudit.rewards.verifiable.mathematics.syntax import MAX_BITS, HopelessError, UnreadableError

Monomial: TypeAlias = "tuple[tuple[str, Fraction], ...]"
Polynomial: TypeAlias = "dict[Monomial, Fraction]"

ONE: Polynomial = {(): Fraction(1)}
"""The polynomial 1. A denominator of 1 is this very object."""
OPAQUE = "("
"""First letter of an opaque generator's name."""
_PRIME = "#"
_MAX_TERMS = 100
_MAX_FACTOR = 10_000
_MAX_EXPONENT = 1000
_MAX_PRIME_POWER = 10_000
_MAX_SPELLING = 2000


class OpaqueError(UnreadableError):
    """The expression has no canonical form within bounds; it may still be probed with numbers."""


def term(powers: dict[str, Fraction], coefficient: Fraction) -> Polynomial:
    """Return the polynomial of one term, its coefficient not 0.

    Raises:
        HopelessError: an integer beyond :data:`.syntax.MAX_BITS`.
    """
    monomial, coefficient = _reduced(powers, coefficient)
    return _bounded({monomial: coefficient})


def plus(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the sum.

    Raises:
        OpaqueError: too many terms.
        HopelessError: an integer beyond :data:`.syntax.MAX_BITS`.
    """
    total = dict(left)
    for monomial, coefficient in right.items():
        _add(total, monomial, coefficient)
    if len(total) > _MAX_TERMS:
        raise OpaqueError("too many terms")
    return _bounded(total)


def negative(polynomial: Polynomial) -> Polynomial:
    """Return ``-polynomial``."""
    return {monomial: -coefficient for monomial, coefficient in polynomial.items()}


def product(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the product.

    Raises:
        OpaqueError: too many terms.
        HopelessError: an integer beyond :data:`.syntax.MAX_BITS`.
    """
    if left is ONE:
        return right
    if right is ONE:
        return left
    if len(left) * len(right) > 4 * _MAX_TERMS:
        raise OpaqueError("too many terms")
    total: Polynomial = {}
    for m1, c1 in left.items():
        for m2, c2 in right.items():
            monomial, coefficient = m1 or m2, c1 * c2
            if m1 and m2:
                powers = dict(m1)
                for name, power in m2:
                    powers[name] = powers.get(name, Fraction(0)) + power
                monomial, coefficient = _reduced(powers, coefficient)
            _add(total, monomial, coefficient)
    return _bounded(total)


def ratio(left: Polynomial, right: Polynomial) -> Fraction | None:
    """Return ``k`` such that ``left = k * right``, or None if there is none (or both are zero)."""
    if left.keys() != right.keys() or not left:
        return None
    key = next(iter(left))
    found = left[key] / right[key]
    return found if all(left[m] == found * right[m] for m in left) else None


def linear(polynomial: Polynomial) -> bool:
    """Say whether it has degree one in variables alone, with rational coefficients, so that its zeros fix it."""
    return any(polynomial) and all(
        not m or (len(m) == 1 and m[0][1] == 1 and m[0][0][0] not in "~(#" and m[0][0] != "i") for m in polynomial
    )


def decidable(polynomial: Polynomial) -> bool:
    """Say whether it is zero only if it has no terms: no opaque atoms, and not both ``pi`` and ``e``."""
    names = {name for monomial in polynomial for name, _ in monomial}
    return not (any(name[0] == OPAQUE for name in names) or {"~pi", "~e"} <= names)


def spelled(polynomial: Polynomial) -> str:
    """Return one text per polynomial.

    Raises:
        OpaqueError: the text is too long.
    """
    text = "+".join(
        f"{c.numerator:x}/{c.denominator:x}*{'*'.join(f'{name}^{power}' for name, power in m)}"
        for m, c in sorted(polynomial.items())
    )
    if len(text) > _MAX_SPELLING:
        raise OpaqueError("too long")
    return f"[{text}]"


def rational_power(value: Fraction, exponent: Fraction) -> Polynomial | None:
    """Return ``value ** exponent`` for a positive rational, over prime generators; None if it can't be factored."""
    if abs(exponent.numerator) > _MAX_EXPONENT or exponent.denominator > _MAX_EXPONENT:
        return None
    factors = prime_powers(value)
    if factors is None:
        return None
    return term({f"{_PRIME}{prime}": count * exponent for prime, count in factors}, Fraction(1))


def prime_powers(value: Fraction) -> list[tuple[int, int]] | None:
    """Return the primes of a positive rational with their (positive or negative) powers; None if they aren't found."""
    above, below = _factors(value.numerator), _factors(value.denominator)
    if above is None or below is None:
        return None
    return [*above, *((prime, -count) for prime, count in below)]


@lru_cache(maxsize=4096)
def _factors(number: int) -> tuple[tuple[int, int], ...] | None:
    """Factor by trial division; None if a factor that may be composite is left."""
    if number.bit_length() > 256:
        return None
    found = []
    divisor = 2
    while divisor * divisor <= number and divisor <= _MAX_FACTOR:
        count = 0
        while number % divisor == 0:
            number //= divisor
            count += 1
        if count:
            found.append((divisor, count))
        divisor += 1 if divisor == 2 else 2
    if number > 1:
        root = isqrt(number)
        prime, count = (root, 2) if root * root == number else (number, 1)
        if prime > _MAX_FACTOR * _MAX_FACTOR:
            return None
        found.append((prime, count))
    return tuple(found)


def _add(total: Polynomial, monomial: Monomial, coefficient: Fraction) -> None:
    value = total.get(monomial, 0) + coefficient
    if value:
        total[monomial] = value
    else:
        total.pop(monomial, None)


def _bounded(polynomial: Polynomial) -> Polynomial:
    if any(c.numerator.bit_length() + c.denominator.bit_length() > 2 * MAX_BITS for c in polynomial.values()):
        raise HopelessError("too large to grade")
    return polynomial


def _reduced(powers: dict[str, Fraction], coefficient: Fraction) -> tuple[Monomial, Fraction]:
    """Bring ``i`` to the power 0 or 1 and every prime to a power in [0, 1); sort the rest."""
    kept = []
    for name, power in powers.items():
        if not power:
            continue
        if name == "i" and power.denominator == 1:
            turn = int(power) % 4
            if turn >= 2:
                coefficient = -coefficient
            if turn % 2:
                kept.append((name, Fraction(1)))
        elif name[0] == _PRIME:
            whole = power.numerator // power.denominator
            if abs(whole) > _MAX_PRIME_POWER:
                raise HopelessError("too large to grade")
            coefficient *= Fraction(int(name[1:])) ** whole
            if power != whole:
                kept.append((name, power - whole))
        else:
            kept.append((name, power))
    kept.sort()
    return tuple(kept), coefficient
