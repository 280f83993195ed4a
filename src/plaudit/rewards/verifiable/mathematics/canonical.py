r"""An exact canonical form of scalar expressions: quotients of polynomials with rational coefficients.

A polynomial is ``{monomial: coefficient}``, a monomial a sorted tuple of ``(generator, exponent)``. The generators are
variables, ``pi``, ``e``, ``i``, prime numbers under a fractional exponent (so that ``\sqrt8 = 2\sqrt2`` and
``\sqrt2\sqrt3 = \sqrt6`` hold by construction), and, as opaque atoms named by their own canonical text, everything else
(``sin(...)``). Two facts make it a decision procedure:

* equal forms are equal expressions, always;
* unequal forms without opaque atoms are unequal: variables are independent, real radicals of different primes are
  linearly independent over the rationals (Besicovitch 1940), and ``pi`` and ``e`` are each transcendental
  (both at once is open, so that case is not decided).

::

    difference(\frac{x^2-1}{x-1}, x+1)      ->   EQUAL
    difference(\sin^2 x, 1-\cos^2 x)        ->   UNKNOWN  (opaque)
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, factorial
from typing import NamedTuple, TypeAlias

from plaudit.rewards.verifiable.mathematics.syntax import MAX_BITS, Const, HopelessError, Node, Num, Op, Sym, UnreadableError

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
    value = rational(forms[-1])
    if head == "abs" and value is not None:
        return _constant(abs(value))
    if value == 1 and head in ("ln", "log"):
        return _constant(Fraction(0))
    if value == 0 and head in ("sin", "tan", "arcsin", "arctan", "sinh", "tanh"):
        return _constant(Fraction(0))
    if value == 0 and head in ("cos", "cosh"):
        return _constant(Fraction(1))
    if head == "ln" and forms[0] == _generator("~e"):
        return _constant(Fraction(1))
    if value is not None and head in ("log", "logbase"):
        base = Fraction(10) if head == "log" else rational(forms[0])
        exact = _logarithm(base, value) if base is not None else None
        if exact is not None:
            return _constant(Fraction(exact))
    return _generator(f"{_OPAQUE}{head} {';'.join(_text(form) for form in forms)})")


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
        positive = all(name[0] == _PRIME or (name[0] not in "i(" and power == 1) for name, power in monomial)
        if coefficient > 0 and positive:
            numbers = _rational_power(coefficient, n)
            if numbers is not None:
                merged = _product({tuple((name, power * n) for name, power in monomial): Fraction(1)}, numbers)
                return Quotient(_normal(merged), _ONE)
        if value is not None and value < 0 and n in (Fraction(1, 2), Fraction(-1, 2)):
            sign = _generator("i") if n > 0 else Quotient({(("i", Fraction(1)),): Fraction(-1)}, _ONE)
            return _times(sign, _power(_constant(-value), exponent))
    return _generator(f"{_OPAQUE}pow {_text(base)};{n})")


def _symbolic_power(base: Quotient, exponent: Quotient) -> Quotient:
    """``b^(c + f)`` with a number ``c``: split into ``b^c b^f`` where ``b`` is a positive number."""
    value = rational(base)
    if base == _generator("~e") and exponent.bottom is _ONE and list(exponent.top) == [_I_PI]:
        turn = exponent.top[_I_PI] * 2
        if turn.denominator == 1:  # Euler: e^{i pi / 2} = i
            return _integer_power(_generator("i"), int(turn) % 4)
    if exponent.bottom is not _ONE or not (base == _generator("~e") or (value is not None and value > 0)):
        return _generator(f"{_OPAQUE}pow {_text(base)};{_text(exponent)})")
    rest = {m: c for m, c in exponent.top.items() if m}
    moving = _generator(f"{_OPAQUE}pow {_text(base)};{_text(Quotient(rest, _ONE))})")
    constant = exponent.top.get(())
    return moving if constant is None else _times(_power(base, _constant(constant)), moving)


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
    powers: dict[str, Fraction] = {}
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        factors = _factors(number)
        if factors is None:
            return None
        for prime, count in factors:
            name = f"{_PRIME}{prime}"
            powers[name] = powers.get(name, Fraction(0)) + sign * count * exponent
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
        if number > _MAX_FACTOR * _MAX_FACTOR:
            return None
        found.append((number, 1))
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


