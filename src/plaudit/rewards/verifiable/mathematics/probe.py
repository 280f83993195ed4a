"""Numbers put in for the variables: three fixed points at which equal expressions must agree.

A probe can only refute. Every value carries a bound of its rounding error, and two values differ only when they are
further apart than both bounds allow, so cancellation (``10^{20}+1-10^{20}``) never makes a difference of its own. A
point where an expression is not defined, not real (branches of roots and logarithms are a convention) or too large is
passed over. ::

    refuted(sin(2x), 2 sin(x))            ->   True
    refuted(sin(2x), 2 sin(x) cos(x))     ->   False
"""

from __future__ import annotations

import math
from typing import NamedTuple
from zlib import crc32

from plaudit.rewards.verifiable.mathematics.syntax import Const, Node, Num, Op, Sym

_EPSILON = 2.0**-50
_POINTS = (0, 1, 2)
_FUNCTIONS = {
    "sin": math.sin,
    "cos": math.cos,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "arctan": math.atan,
    "tanh": math.tanh,
}
"""Functions whose slope is at most their own size plus one."""


class _UndefinedError(ArithmeticError):
    """No real value at this point."""


class Measured(NamedTuple):
    """A value and a bound of its absolute error."""

    value: float
    error: float


def refuted(left: Node, right: Node) -> bool:
    """Say whether the two expressions surely differ at one of the three points."""
    for point in _POINTS:
        try:
            a, b = _value(left, point), _value(right, point)
        except (ArithmeticError, ValueError):
            continue
        if abs(a.value - b.value) > 16 * (a.error + b.error) + 1e-12 * (abs(a.value) + abs(b.value)):
            return True
    return False


def measured(node: Node) -> Measured | None:
    """Return the value of an expression without variables, or None if it has none that is real and finite."""
    try:
        return _value(node, None)
    except (ArithmeticError, ValueError):
        return None


def _place(name: str, point: int) -> float:
    """Return the variable's value: between 0.4 and 2.4 at the first two points, negative at the last."""
    size = 0.4 + (crc32(f"{name} {point}".encode()) % 9973) / 9973 * 2
    return -size if point == 2 else size


def _checked(value: float, error: float) -> Measured:
    if not math.isfinite(value) or not math.isfinite(error) or abs(value) > 1e100:
        raise _UndefinedError
    return Measured(value, error + abs(value) * _EPSILON)


def _value(node: Node, point: int | None) -> Measured:
    match node:
        case Num(value):
            return _checked(float(value), 0.0)
        case Sym(name) if point is not None:
            return _checked(_place(name, point), 0.0)
        case Const("pi"):
            return _checked(math.pi, 0.0)
        case Const("e"):
            return _checked(math.e, 0.0)
        case Op(head, args):
            return _operation(head, [_value(arg, point) for arg in args])
    raise _UndefinedError


def _operation(head: str, args: list[Measured]) -> Measured:
    first = args[0]
    if head == "neg":
        return Measured(-first.value, first.error)
    if head == "add":
        return _checked(math.fsum(a.value for a in args), sum(a.error + abs(a.value) * _EPSILON for a in args))
    if head == "mul":
        total = first
        for factor in args[1:]:
            total = _multiplied(total, factor)
        return total
    if head == "div":
        return _multiplied(first, _inverted(args[1]))
    if head == "pow":
        return _raised(first, args[1])
    if head == "root":
        if args[1].value < 0 and first.value % 2 == 1:
            root = _raised(Measured(-args[1].value, args[1].error), _inverted(first))
            return Measured(-root.value, root.error)
        return _raised(args[1], _inverted(first))
    if head == "abs":
        return Measured(abs(first.value), first.error)
    if head in _FUNCTIONS:
        value = _FUNCTIONS[head](first.value)
        return _checked(value, first.error * (abs(value) + 1) * 2)
    return _singular(head, args)


def _singular(head: str, args: list[Measured]) -> Measured:
    """Functions with poles or a bounded domain, through those that have none."""
    first = args[0]
    if head in ("tan", "cot", "sec", "csc"):
        sine, cosine = _operation("sin", [first]), _operation("cos", [first])
        if head == "tan":
            return _multiplied(sine, _inverted(cosine))
        if head == "cot":
            return _multiplied(cosine, _inverted(sine))
        return _inverted(cosine if head == "sec" else sine)
    if head == "ln":
        return _logarithm(first)
    if head == "log":
        return _multiplied(_logarithm(first), Measured(1 / math.log(10), _EPSILON))
    if head == "logbase":
        return _multiplied(_logarithm(args[1]), _inverted(_logarithm(first)))
    if head in ("arcsin", "arccos"):
        if abs(first.value) > 0.999:
            raise _UndefinedError
        value = math.asin(first.value) if head == "arcsin" else math.acos(first.value)
        return _checked(value, first.error / math.sqrt(1 - first.value**2) * 2)
    if head == "factorial" and first.value == int(first.value) and 0 <= first.value <= 60:
        return _checked(float(math.factorial(int(first.value))), 0.0)
    raise _UndefinedError


def _multiplied(a: Measured, b: Measured) -> Measured:
    error = abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error
    return _checked(a.value * b.value, error)


def _inverted(a: Measured) -> Measured:
    if abs(a.value) <= 1e3 * a.error or abs(a.value) < 1e-100:
        raise _UndefinedError
    value = 1 / a.value
    return _checked(value, a.error * value * value * 2)


def _logarithm(a: Measured) -> Measured:
    if a.value <= 1e3 * a.error:
        raise _UndefinedError
    return _checked(math.log(a.value), a.error / a.value * 2)


def _raised(base: Measured, exponent: Measured) -> Measured:
    if base.value == 0 and base.error == 0 and exponent.value > 0:
        return base
    if base.value < 0:
        if exponent.value != int(exponent.value):
            raise _UndefinedError
    elif base.value <= 1e3 * base.error and exponent.value != int(exponent.value):
        raise _UndefinedError
    value = base.value**exponent.value
    if abs(base.value) <= 1e3 * base.error:
        if exponent.value < 1:
            raise _UndefinedError
        return _checked(value, (abs(base.value) + base.error) ** exponent.value)
    relative = abs(exponent.value) * base.error / abs(base.value)
    if base.value > 0:
        relative += exponent.error * abs(math.log(base.value))
    if relative > 0.01:
        raise _UndefinedError
    return _checked(value, abs(value) * (2 * relative + 4 * _EPSILON))
