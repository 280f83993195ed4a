r"""An exact canonical form of scalar expressions: quotients of polynomials with rational coefficients.

A polynomial is ``{monomial: coefficient}``, a monomial a sorted tuple of ``(generator, exponent)``. The generators are
variables, ``pi``, ``e``, ``i``, prime numbers under a fractional exponent (so that ``\sqrt8 = 2\sqrt2`` and
``\sqrt2\sqrt3 = \sqrt6`` hold by construction), and, as opaque atoms named by their own canonical text, everything
else: ``\ln 2``, ``e^x`` (of which ``e^{2x}`` is the square, and ``\sin x`` is made by Euler's formula), ``|x-1|``.
Two facts make it a decision procedure:

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
from functools import lru_cache
from math import comb, factorial, isqrt
from typing import NamedTuple, TypeAlias

from plaudit.rewards.verifiable.mathematics.syntax import (
    MAX_BITS,
    Const,
    HopelessError,
    Node,
    Num,
    Op,
    Sym,
    UnreadableError,
)

Monomial: TypeAlias = "tuple[tuple[str, Fraction], ...]"
Polynomial: TypeAlias = "dict[Monomial, Fraction]"

_MAX_TERMS = 100
_MAX_FACTOR = 10_000
_MAX_FACTORIAL = 2_000
_ONE: Polynomial = {(): Fraction(1)}
_I_PI: Monomial = (("i", Fraction(1)), ("~pi", Fraction(1)))
_OPAQUE = "("
"""First letter of an opaque generator's name."""
_PRIME = "#"
"""First letter of a prime's name."""


class Quotient(NamedTuple):
    """``top / bottom``; the bottom is 1 whenever it could be folded into the top."""

    top: Polynomial
    bottom: Polynomial


class OpaqueError(UnreadableError):
    """The expression has no canonical form within bounds; it may still be probed with numbers."""


def canonical(node: Node) -> Quotient:
    """Return the canonical form of a scalar expression.

    Raises:
        OpaqueError: too many terms, or not a scalar.
        HopelessError: an integer beyond :data:`.syntax.MAX_BITS`, or a division by zero.
    """
    match node:
        case Num(value):
            return _constant(value)
        case Sym(name):
            return _generator(name)
        case Const("i"):
            return _generator("i")
        case Const(name):
            return _generator("~" + name)
        case Op(head, args):
            return _operation(head, args)
    raise OpaqueError("not a scalar")


def equal(left: Quotient, right: Quotient) -> bool | None:
    """Decide whether two forms are one value wherever both are defined; None if that can't be known from them."""
    if left == right:
        return True
    try:
        crossed = _minus(_product(left.top, right.bottom), _product(right.top, left.bottom))
    except OpaqueError:
        return None
    if not crossed:
        return True
    return None if _undecidable(crossed) else False


def rational(form: Quotient) -> Fraction | None:
    """Return the form's value if it is a rational number."""
    if form.bottom is not _ONE or len(form.top) > 1:
        return None
    if not form.top:
        return Fraction(0)
    return form.top.get(())


def difference(left: Quotient, right: Quotient) -> Polynomial:
    """Return the polynomial whose zeros are those of ``left = right``; both sides must be free of denominators.

    Raises:
        OpaqueError: one of them has a denominator or a negative power.
    """
    if left.bottom is not _ONE or right.bottom is not _ONE:
        raise OpaqueError("an equation with a denominator")
    found = _minus(left.top, right.top)
    if any(exponent < 0 for monomial in found for _, exponent in monomial):
        raise OpaqueError("an equation with a denominator")
    return found


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


def _undecidable(polynomial: Polynomial) -> bool:
    names = {name for monomial in polynomial for name, _ in monomial}
    return any(name[0] == _OPAQUE for name in names) or {"~pi", "~e"} <= names


def _constant(value: Fraction) -> Quotient:
    return Quotient({(): value} if value else {}, _ONE)


def _generator(name: str, exponent: Fraction = Fraction(1)) -> Quotient:
    return Quotient({((name, exponent),): Fraction(1)}, _ONE)


def _operation(head: str, args: tuple[Node, ...]) -> Quotient:
    if head == "factorial":
        return _factorial(canonical(args[0]))
    if head == "binom":
        return _binomial(canonical(args[0]), canonical(args[1]))
    if head == "pow":
        return _power(canonical(args[0]), canonical(args[1]))
    if head == "root":
        return _root(canonical(args[0]), canonical(args[1]))
    if head == "pm":
        raise OpaqueError("two values")
    forms = [canonical(arg) for arg in args]
    if head == "neg":
        return Quotient({m: -c for m, c in forms[0].top.items()}, forms[0].bottom)
    if head == "add":
        total = forms[0]
        for form in forms[1:]:
            total = _sum(total, form)
        return total
    if head == "mul":
        total = forms[0]
        for form in forms[1:]:
            total = _times(total, form)
        return total
    if head == "div":
        return _times(forms[0], _inverse(forms[1]))
    return _function(head, forms)


def _function(head: str, forms: list[Quotient]) -> Quotient:
    last = forms[-1]
    value = rational(last)
    if head == "abs":
        if value is not None:
            return _constant(abs(value))
        if last.bottom is _ONE and last.top[min(last.top)] < 0:
            last = Quotient({m: -c for m, c in last.top.items()}, _ONE)
        return _generator(f"{_OPAQUE}abs {_text(last)})")
    if head in ("sin", "cos", "tan", "cot", "sec", "csc"):
        return _circular(head, last)
    if head in ("ln", "log", "logbase"):
        base = {"ln": _generator("~e"), "log": _constant(Fraction(10))}.get(head, forms[0])
        known = rational(base)
        exact = _logarithm(known, value) if known is not None and value is not None else None
        if exact is not None:
            return _constant(Fraction(exact))
        if known is not None and (known <= 0 or known == 1):
            raise OpaqueError("a logarithm to a base that has none")
        return _times(_natural_logarithm(last), _inverse(_natural_logarithm(base)))
    if value == 0 and head in ("arcsin", "arctan", "sinh", "tanh"):
        return _constant(Fraction(0))
    return _generator(f"{_OPAQUE}{head} {_text(last)})")


def _logarithm(base: Fraction, value: Fraction) -> int | None:
    """Return the integer logarithm, if it is one."""
    if base <= 1 or value <= 0:
        return None
    sign = 1 if value >= 1 else -1
    rest, count = (value if sign > 0 else 1 / value), 0
    while rest > 1 and count < 200:
        rest /= base
        count += 1
    return sign * count if rest == 1 else None


def _factorial(form: Quotient) -> Quotient:
    value = rational(form)
    if value is None:
        return _generator(f"{_OPAQUE}factorial {_text(form)})")
    if value > _MAX_FACTORIAL:
        raise HopelessError("too large to grade")
    if value < 0 or value.denominator != 1:
        raise OpaqueError("a factorial of a number that is not natural")
    return _constant(Fraction(factorial(int(value))))


def _binomial(top: Quotient, bottom: Quotient) -> Quotient:
    n, k = rational(top), rational(bottom)
    if n is None or k is None:
        return _generator(f"{_OPAQUE}binom {_text(top)};{_text(bottom)})")
    if n.denominator != 1 or k.denominator != 1 or n < 0 or k < 0:
        raise OpaqueError("a binomial of numbers that are not natural")
    if n > _MAX_FACTORIAL and min(k, n - k) > 50:
        raise HopelessError("too large to grade")
    return _constant(Fraction(comb(int(n), int(k))))


def _root(index: Quotient, radicand: Quotient) -> Quotient:
    n = rational(index)
    if n is None or n.denominator != 1 or n < 2:
        raise OpaqueError("a root with no natural index")
    value = rational(radicand)
    if value is not None and value < 0 and n % 2:  # the real root, which is what the sign means to everyone
        real = _power(_constant(-value), _constant(1 / n))
        return Quotient({m: -c for m, c in real.top.items()}, real.bottom)
    return _power(radicand, _constant(1 / n))


def _power(base: Quotient, exponent: Quotient) -> Quotient:
    n = rational(exponent)
    if n is not None and n.denominator == 1:
        return _integer_power(base, int(n))
    if n is None:
        return _symbolic_power(base, exponent)
    value = rational(base)
    if value == 0:
        if n < 0:
            raise HopelessError("divides by zero")
        return base
    if base.bottom is _ONE and len(base.top) == 1:
        ((monomial, coefficient),) = base.top.items()
        variables = [(name, power) for name, power in monomial if name[0] not in "~#"]
        if coefficient > 0 and (not variables or (len(variables) == 1 and _root_splits(*variables[0]))):
            numbers = _rational_power(coefficient, n)
            if numbers is not None:
                merged = _product({tuple((name, power * n) for name, power in monomial): Fraction(1)}, numbers)
                return Quotient(_normal(merged), _ONE)
        if value is not None and value < 0 and n in (Fraction(1, 2), Fraction(-1, 2)):
            sign = _generator("i") if n > 0 else Quotient({(("i", Fraction(1)),): Fraction(-1)}, _ONE)
            return _times(sign, _power(_constant(-value), exponent))
    return _generator(f"{_OPAQUE}pow {_text(base)};{n})")


def _root_splits(name: str, power: Fraction) -> bool:
    r"""Say whether a root may be taken of this factor alone: ``\sqrt{4x} = 2\sqrt{x}`` but not of ``x^2`` or ``xy``."""
    return power == 1 and name != "i" and name[0] != _OPAQUE


def _symbolic_power(base: Quotient, exponent: Quotient) -> Quotient:
    """``e^{2x+1}`` is ``e * E^2`` with the generator ``E = e^x``; ``12^x`` is ``A^2 B`` with ``A = 2^x, B = 3^x``."""
    if exponent.bottom is not _ONE:
        return _generator(f"{_OPAQUE}pow {_text(base)};{_text(exponent)})")
    if base == _generator("~e"):
        return _exponential("e", exponent.top, Fraction(1))
    value = rational(base)
    factors = _signed_factors(value) if value is not None and value > 0 else None
    if factors is None:
        return _generator(f"{_OPAQUE}pow {_text(base)};{_text(exponent)})")
    total = Quotient(_ONE, _ONE)
    for prime, count in factors:
        total = _times(total, _exponential(str(prime), exponent.top, Fraction(count)))
    return total


def _exponential(base: str, exponent: Polynomial, scale: Fraction) -> Quotient:
    """``base ^ (scale * exponent)``: one generator for each monomial of the exponent, its coefficient the power."""
    total = Quotient(_ONE, _ONE)
    for monomial, coefficient in exponent.items():
        power = coefficient * scale
        if not monomial:
            number = _generator("~e") if base == "e" else _constant(Fraction(int(base)))
            total = _times(total, _power(number, _constant(power)))
        elif base == "e" and monomial == _I_PI:  # Euler: e^{i pi / 2} = i
            whole = power * 2 // 1
            total = _times(total, _integer_power(_generator("i"), int(whole) % 4))
            if power * 2 != whole:
                total = _times(total, _generator(f"{_OPAQUE}turn)", power - Fraction(whole) / 2))
        else:
            name = f"{_OPAQUE}exp {base};{_polynomial_text({monomial: Fraction(1)})})"
            total = _times(total, _generator(name, power))
    return total


def _circular(head: str, angle: Quotient) -> Quotient:
    """Sine and its kin by Euler's formula, so that addition theorems are arithmetic."""
    if angle.bottom is not _ONE:
        return _generator(f"{_OPAQUE}{head} {_text(angle)})")
    turned = _product(angle.top, _generator("i").top)
    forward = _exponential("e", turned, Fraction(1))
    backward = _exponential("e", turned, Fraction(-1))
    cosine = _times(_sum(forward, backward), _constant(Fraction(1, 2)))
    if head in ("cos", "sec"):
        return cosine if head == "cos" else _inverse(cosine)
    opposite = Quotient({m: -c for m, c in backward.top.items()}, backward.bottom)
    half = Quotient({(("i", Fraction(1)),): Fraction(-1, 2)}, _ONE)
    sine = _times(_sum(forward, opposite), half)
    if head in ("sin", "csc"):
        return sine if head == "sin" else _inverse(sine)
    return _times(sine, _inverse(cosine)) if head == "tan" else _times(cosine, _inverse(sine))


def _natural_logarithm(form: Quotient) -> Quotient:
    r"""``\ln 12 = 2 \ln 2 + \ln 3``; opaque unless the argument is a positive rational or ``e``."""
    value = rational(form)
    if form == _generator("~e"):
        return _constant(Fraction(1))
    factors = _signed_factors(value) if value is not None and value > 0 else None
    if factors is None:
        return _generator(f"{_OPAQUE}ln {_text(form)})")
    total: Polynomial = {}
    for prime, count in factors:
        total = _plus(total, {((f"{_OPAQUE}ln {prime})", Fraction(1)),): Fraction(count)})
    return Quotient(total, _ONE)


def _signed_factors(value: Fraction) -> list[tuple[int, int]] | None:
    """Return the primes of a positive rational with their (positive or negative) powers."""
    above, below = _factors(value.numerator), _factors(value.denominator)
    if above is None or below is None:
        return None
    return [*above, *((prime, -count) for prime, count in below)]


def _integer_power(base: Quotient, n: int) -> Quotient:
    if n < 0:
        return _integer_power(_inverse(base), -n)
    value = rational(base)
    if value is not None:
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        if abs(value) not in (0, 1) and (n > MAX_BITS or (bits - 1) * n > MAX_BITS):
            raise HopelessError("too large to grade")
        return _constant(value**n)
    if len(base.top) == 1 and base.bottom is _ONE:
        ((monomial, coefficient),) = base.top.items()
        scale = rational(_integer_power(_constant(coefficient), n)) or Fraction(0)
        return Quotient(_normal({tuple((name, power * n) for name, power in monomial): scale}), _ONE)
    if n > 64:
        raise OpaqueError("a power of too many terms")
    result, square = Quotient(_ONE, _ONE), base
    while n:
        if n & 1:
            result = _times(result, square)
        n >>= 1
        if n:
            square = _times(square, square)
    return result


def _inverse(form: Quotient) -> Quotient:
    if not form.top:
        raise HopelessError("divides by zero")
    return _fold(form.bottom, form.top)


def _fold(top: Polynomial, bottom: Polynomial) -> Quotient:
    """Move a bottom of one term into the top; otherwise make the bottom's first coefficient 1."""
    if len(bottom) == 1:
        ((monomial, coefficient),) = bottom.items()
        if not monomial and coefficient == 1:
            return Quotient(top, _ONE)
        turned = {tuple((name, -power) for name, power in monomial): 1 / coefficient}
        return Quotient(_product(top, _normal(turned)), _ONE)
    lead = bottom[min(bottom)]
    if lead != 1:
        top = {m: c / lead for m, c in top.items()}
        bottom = {m: c / lead for m, c in bottom.items()}
    return Quotient(top, bottom)


def _sum(left: Quotient, right: Quotient) -> Quotient:
    if left.bottom == right.bottom:
        return Quotient(_plus(left.top, right.top), left.bottom)
    top = _plus(_product(left.top, right.bottom), _product(right.top, left.bottom))
    return _fold(top, _product(left.bottom, right.bottom))


def _times(left: Quotient, right: Quotient) -> Quotient:
    top = _product(left.top, right.top)
    if left.bottom is _ONE and right.bottom is _ONE:
        return Quotient(top, _ONE)
    return _fold(top, _product(left.bottom, right.bottom))


def _plus(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, 0) + coefficient
        if value:
            total[monomial] = Fraction(value)
        else:
            total.pop(monomial, None)
    if len(total) > _MAX_TERMS:
        raise OpaqueError("too many terms")
    return _bounded(total)


def _bounded(polynomial: Polynomial) -> Polynomial:
    if any(c.numerator.bit_length() + c.denominator.bit_length() > 2 * MAX_BITS for c in polynomial.values()):
        raise HopelessError("too large to grade")
    return polynomial


def _minus(left: Polynomial, right: Polynomial) -> Polynomial:
    return _plus(left, {m: -c for m, c in right.items()})


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    if left is _ONE:
        return right
    if right is _ONE:
        return left
    if len(left) * len(right) > 4 * _MAX_TERMS:
        raise OpaqueError("too many terms")
    total: Polynomial = {}
    for m1, c1 in left.items():
        for m2, c2 in right.items():
            coefficient = c1 * c2
            if m1 and m2:
                powers = dict(m1)
                for name, power in m2:
                    powers[name] = powers.get(name, Fraction(0)) + power
                monomial, coefficient = _reduce(powers, coefficient)
            else:
                monomial = m1 or m2
            value = total.get(monomial, 0) + coefficient
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    return _bounded(total)


def _normal(polynomial: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for monomial, coefficient in polynomial.items():
        total = _plus(total, dict([_reduce(dict(monomial), coefficient)]))
    return total


def _reduce(powers: dict[str, Fraction], coefficient: Fraction) -> tuple[Monomial, Fraction]:
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
            if abs(whole) > 10_000:
                raise HopelessError("too large to grade")
            coefficient *= Fraction(int(name[1:])) ** whole
            if power != whole:
                kept.append((name, power - whole))
        else:
            kept.append((name, power))
    kept.sort()
    return tuple(kept), coefficient


def _rational_power(value: Fraction, exponent: Fraction) -> Polynomial | None:
    """Return ``value ** exponent`` for a positive rational, over prime generators; None if it can't be factored."""
    if abs(exponent.numerator) > 1000 or exponent.denominator > 1000:
        return None
    factors = _signed_factors(value)
    if factors is None:
        return None
    powers = {f"{_PRIME}{prime}": count * exponent for prime, count in factors}
    monomial, coefficient = _reduce(powers, Fraction(1))
    return {monomial: coefficient}


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


def _text(form: Quotient) -> str:
    """Return one text per form: up to a common factor, top and bottom with whole coefficients and sorted terms."""
    return _polynomial_text(form.top) + ("" if form.bottom is _ONE else "/" + _polynomial_text(form.bottom))


def _polynomial_text(polynomial: Polynomial) -> str:
    terms = sorted(polynomial.items())
    text = "+".join(
        f"{c.numerator:x}/{c.denominator:x}*{'*'.join(f'{name}^{power}' for name, power in m)}" for m, c in terms
    )
    if len(text) > 2000:
        raise OpaqueError("too long")
    return f"[{text}]"
