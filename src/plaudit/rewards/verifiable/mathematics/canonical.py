r"""An exact canonical form of scalar expressions: quotients of polynomials with rational coefficients.

The generators are variables, ``pi``, ``e``, ``i``, prime numbers under a fractional exponent and, as opaque atoms named
by their own canonical text, everything else: ``\ln 2``, ``e^x`` (of which ``e^{2x}`` is the square, and ``\sin x`` is
made by Euler's formula), ``|x-1|``. Two facts make it a decision procedure:

* equal forms are equal expressions, always, wherever both are defined;
* unequal forms without opaque atoms are unequal: variables are independent, real radicals of different primes are
  linearly independent over the rationals (Besicovitch 1940), and ``pi`` and ``e`` are each transcendental
  (both at once is open, so that case is not decided).

::

    equal(\frac{x^2-1}{x-1}, x+1)      ->   True
    equal(\sin^2 x, 1-\cos^2 x)        ->   True
    equal(\sin x, \cos x)              ->   None  (opaque: ask the probe)
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import comb, factorial

from plaudit.rewards.verifiable.mathematics import polynomials
from plaudit.rewards.verifiable.mathematics.polynomials import ONE, OPAQUE, Monomial, OpaqueError, Polynomial
from plaudit.rewards.verifiable.mathematics.quotients import (
    Quotient,
    constant,
    generator,
    integer_power,
    inverse,
    opaque,
    opposite,
    plus,
    rational,
    times,
)
from plaudit.rewards.verifiable.mathematics.syntax import Const, HopelessError, Node, Num, Op, Sym

_MAX_FACTORIAL = 2_000
_MAX_LOGARITHM = 200
_HALF = Fraction(1, 2)
_EULER = generator("~e")
_I_PI: Monomial = (("i", Fraction(1)), ("~pi", Fraction(1)))


def canonical(node: Node) -> Quotient:
    """Return the canonical form of a scalar expression.

    Raises:
        OpaqueError: too many terms, or not one number.
        HopelessError: an integer beyond :data:`.syntax.MAX_BITS`, or a division by zero.
    """
    match node:
        case Num(value):
            return constant(value)
        case Sym(name):
            return generator(name)
        case Const("i"):
            return generator("i")
        case Const(name):
            return generator("~" + name)
        case Op(head, args) if head != "pm":
            return _operation(head, [canonical(arg) for arg in args])
    raise OpaqueError("not one number")


def _operation(head: str, forms: list[Quotient]) -> Quotient:
    match head:
        case "add":
            return reduce(plus, forms)
        case "mul":
            return reduce(times, forms)
        case "neg":
            return opposite(forms[0])
        case "div":
            return times(forms[0], inverse(forms[1]))
        case "pow":
            return _power(forms[0], forms[1])
        case "root":
            return _root(forms[0], forms[1])
        case "factorial":
            return _factorial(forms[0])
        case "binom":
            return _binomial(forms[0], forms[1])
    return _function(head, forms)


def _function(head: str, forms: list[Quotient]) -> Quotient:
    last = forms[-1]
    value = rational(last)
    if head == "abs":
        if value is not None:
            return constant(abs(value))
        if last.bottom is ONE and last.top[min(last.top)] < 0:
            last = opposite(last)
        return opaque("abs", last)
    if head in ("sin", "cos", "tan", "cot", "sec", "csc"):
        return _circular(head, last)
    if head in ("ln", "log", "logbase"):
        return _logarithm({"ln": _EULER, "log": constant(Fraction(10))}.get(head, forms[0]), last)
    if value == 0 and head in ("arcsin", "arctan", "sinh", "tanh"):
        return constant(Fraction(0))
    return opaque(head, last)


def _factorial(form: Quotient) -> Quotient:
    value = rational(form)
    if value is None:
        return opaque("factorial", form)
    if value > _MAX_FACTORIAL:
        raise HopelessError("too large to grade")
    if value < 0 or value.denominator != 1:
        raise OpaqueError("a factorial of a number that is not natural")
    return constant(Fraction(factorial(int(value))))


def _binomial(top: Quotient, bottom: Quotient) -> Quotient:
    n, k = rational(top), rational(bottom)
    if n is None or k is None:
        return opaque("binom", top, bottom)
    if n.denominator != 1 or k.denominator != 1 or n < 0 or k < 0:
        raise OpaqueError("a binomial of numbers that are not natural")
    if n > _MAX_FACTORIAL and min(k, n - k) > 50:
        raise HopelessError("too large to grade")
    return constant(Fraction(comb(int(n), int(k))))


# -- powers and roots


def _root(index: Quotient, radicand: Quotient) -> Quotient:
    n = rational(index)
    if n is None or n.denominator != 1 or n < 2:
        raise OpaqueError("a root with no natural index")
    value = rational(radicand)
    if value is not None and value < 0 and n % 2:  # the real root, which is what the sign means to everyone
        return opposite(_power(constant(-value), constant(1 / n)))
    return _power(radicand, constant(1 / n))


def _power(base: Quotient, exponent: Quotient) -> Quotient:
    n = rational(exponent)
    if n is None:
        return _symbolic_power(base, exponent)
    if n.denominator == 1:
        return integer_power(base, int(n))
    value = rational(base)
    if value == 0:
        if n < 0:
            raise HopelessError("divides by zero")
        return base
    if value is not None and value < 0 and abs(n) == _HALF:
        return times(integer_power(generator("i"), 1 if n > 0 else -1), _power(constant(-value), exponent))
    if base.bottom is ONE and len(base.top) == 1:
        ((monomial, coefficient),) = base.top.items()
        numbers = polynomials.rational_power(coefficient, n) if coefficient > 0 and _root_splits(monomial) else None
        if numbers is not None:
            powers = polynomials.term({name: power * n for name, power in monomial}, Fraction(1))
            return Quotient(polynomials.product(powers, numbers), ONE)
    return opaque("pow", base, exponent)


def _root_splits(monomial: Monomial) -> bool:
    r"""Say whether a root may be taken factor by factor: ``\sqrt{4x} = 2\sqrt{x}`` but not of ``x^2`` or ``xy``."""
    variables = [(name, power) for name, power in monomial if name[0] not in "~#"]
    return not variables or (
        len(variables) == 1 and variables[0][1] == 1 and variables[0][0] != "i" and variables[0][0][0] != OPAQUE
    )


def _symbolic_power(base: Quotient, exponent: Quotient) -> Quotient:
    """``e^{2x+1}`` is ``e * E^2`` with the generator ``E = e^x``; ``12^x`` is ``A^2 B`` with ``A = 2^x, B = 3^x``."""
    if exponent.bottom is ONE:
        if base == _EULER:
            return _exponential("e", exponent.top)
        value = rational(base)
        factors = polynomials.prime_powers(value) if value is not None and value > 0 else None
        if factors is not None:
            powers = (_exponential(str(prime), exponent.top, Fraction(count)) for prime, count in factors)
            return reduce(times, powers, Quotient(ONE, ONE))
    return opaque("pow", base, exponent)


def _exponential(base: str, exponent: Polynomial, scale: Fraction = Fraction(1)) -> Quotient:
    """``base ^ (scale * exponent)``: one generator for each monomial of the exponent, its coefficient the power."""
    total = Quotient(ONE, ONE)
    for monomial, coefficient in exponent.items():
        power = coefficient * scale
        if not monomial:
            number = _EULER if base == "e" else constant(Fraction(int(base)))
            total = times(total, _power(number, constant(power)))
        elif base == "e" and monomial == _I_PI:  # Euler: e^{i pi / 2} = i
            whole = power * 2 // 1
            total = times(total, integer_power(generator("i"), int(whole) % 4))
            if power * 2 != whole:
                total = times(total, generator(f"{OPAQUE}turn)", power - Fraction(whole) / 2))
        else:
            name = f"{OPAQUE}exp {base};{polynomials.spelled({monomial: Fraction(1)})})"
            total = times(total, generator(name, power))
    return total


# -- circular functions and logarithms


def _circular(head: str, angle: Quotient) -> Quotient:
    """Sine and its kin by Euler's formula, so that addition theorems are arithmetic."""
    if angle.bottom is not ONE:
        return opaque(head, angle)
    turned = times(angle, generator("i")).top
    forward, backward = _exponential("e", turned), _exponential("e", turned, Fraction(-1))
    cosine = times(plus(forward, backward), constant(_HALF))
    if head in ("cos", "sec"):
        return cosine if head == "cos" else inverse(cosine)
    sine = times(plus(forward, opposite(backward)), Quotient({(("i", Fraction(1)),): -_HALF}, ONE))
    if head in ("sin", "csc"):
        return sine if head == "sin" else inverse(sine)
    return times(sine, inverse(cosine)) if head == "tan" else times(cosine, inverse(sine))


def _logarithm(base: Quotient, form: Quotient) -> Quotient:
    known, value = rational(base), rational(form)
    if known is not None and value is not None:
        exact = _integer_logarithm(known, value)
        if exact is not None:
            return constant(Fraction(exact))
    if known is not None and (known <= 0 or known == 1):
        raise OpaqueError("a logarithm to a base that has none")
    return times(_natural_logarithm(form), inverse(_natural_logarithm(base)))


def _integer_logarithm(base: Fraction, value: Fraction) -> int | None:
    """Return the logarithm if it is an integer, found without factoring (a power of a large prime has one)."""
    if base <= 1 or value <= 0:
        return None
    sign = 1 if value >= 1 else -1
    rest, count = (value if sign > 0 else 1 / value), 0
    while rest > 1 and count < _MAX_LOGARITHM:
        rest /= base
        count += 1
    return sign * count if rest == 1 else None


def _natural_logarithm(form: Quotient) -> Quotient:
    r"""``\ln 12 = 2 \ln 2 + \ln 3``; opaque unless the argument is a positive rational or ``e``."""
    if form == _EULER:
        return constant(Fraction(1))
    value = rational(form)
    factors = polynomials.prime_powers(value) if value is not None and value > 0 else None
    if factors is None:
        return opaque("ln", form)
    total: Polynomial = {}
    for prime, count in factors:
        total = polynomials.plus(total, {((f"{OPAQUE}ln {prime})", Fraction(1)),): Fraction(count)})
    return Quotient(total, ONE)
