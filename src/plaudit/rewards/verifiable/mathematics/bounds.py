r"""What is beyond grading: texts too long or too deep, and numbers too large for anyone to work out.

Each bound is checked without doing what it forbids: towers of powers are estimated by the bits of their value, in
floating point. A number beyond :data:`.syntax.MAX_BITS` is left to math-verify; one beyond :data:`MAX_WORKED_BITS` is
not, because it would not come back in time. ::

    9^{9^9}, 99999999!       ->   enormous
    10^{100000}, x^{9^9}     ->   large, but a computer algebra system copes
"""

from __future__ import annotations

import math
import re

from plaudit.rewards.verifiable.mathematics import probe
from plaudit.rewards.verifiable.mathematics.syntax import MAX_BITS, MAX_DEPTH, MAX_LENGTH, Node, Num, Op, children

MAX_WORKED_BITS = 2**24
"""Bits of a number that a computer algebra system works out in some seconds: ``9^{9^7}`` has 15 million."""
_POWER_CHAIN = re.compile(r"\d+(?:\^\{?\d+\}?)+")
_NESTED_POWERS = re.compile(r"\^\{[^{}^]*\^\{[^{}^]*\^")
_LARGE_FACTORIAL = re.compile(r"\d{4,}!|!\)?!")


def excess(text: str) -> str:
    """Return why ``text`` is too long or too deep to grade, or an empty string."""
    if len(text) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters: too long to grade"
    depth = deepest = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return "too deep to grade" if deepest > 2 * MAX_DEPTH else ""


def tower(text: str) -> bool:
    """Say whether a text that has no tree holds a number that no other reader should try to work out."""
    packed = text.replace(" ", "")
    if _NESTED_POWERS.search(packed) or _LARGE_FACTORIAL.search(packed):
        return True
    for chain in _POWER_CHAIN.finditer(packed):
        height = 1
        for part in reversed(re.findall(r"\d+", chain[0])):
            base = int(part[:9])
            if height * base.bit_length() > MAX_BITS:
                return True
            height = base**height
    return False


def enormous(node: Node) -> bool:
    """Say whether a tree holds a number of more than :data:`MAX_WORKED_BITS` bits, as powers and factorials make it."""
    return _bits(node) > MAX_WORKED_BITS or any(map(enormous, children(node)))


def _bits(node: Node) -> float:
    """Estimate how many bits the greatest whole number in a node's value has; a letter counts for none."""
    match node:
        case Num(value):
            return math.log2(max(abs(value.numerator), value.denominator))
        case Op("pow", (base, exponent)):
            return _product(_bits(base), _size(exponent))
        case Op("factorial", (number,)):
            size = _size(number)
            return _product(size, math.log2(size + 1))
        case Op("add" | "pm", terms):
            return max(map(_bits, terms)) + 1
        case Op("mul" | "div" | "neg", factors):
            return sum(map(_bits, factors))
    return 0.0


def _size(node: Node) -> float:
    """Return a constant's size; infinity where it is too large for a float, 0 where it is no constant."""
    found = probe.measured(node)
    if found is not None:
        return abs(found.value)
    return math.inf if _bits(node) > 300 else 0.0


def _product(left: float, right: float) -> float:
    return left * right if left and right else 0.0
