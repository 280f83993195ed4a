r"""Parts of the real line: unions of intervals and sets, and inequalities that stand for an interval.

A union is first compared part by part, in any order; then, where all ends are rational, as the disjoint intervals that
it comes to, points of sets included. How parts compare is the caller's business (``compare``). ::

    (0, 2) \cup (1, 3)           (0, 3)    ->   True
    (-1, 0) \cup \{0\}           (-1, 0]   ->   True
    (0, 1) \cup (1, 2)           (0, 2)    ->   False
    x < 3                        (-\infty, 3)   ->   True
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from plaudit.rewards.verifiable.mathematics.lists import unordered
from plaudit.rewards.verifiable.mathematics.scalars import value
from plaudit.rewards.verifiable.mathematics.syntax import Compare, Const, Group, Node, Num, Op, Relation, Sym, Union

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
"""Each relation as it is read from right to left."""
_INFINITY = Const("oo")
_MINUS_INFINITY = Op("neg", (_INFINITY,))


class Range(NamedTuple):
    """A variable and the interval that it is in."""

    variable: Sym
    interval: Group


class _Piece(NamedTuple):
    """An interval: its ends (None is infinite) and whether they are in it."""

    start: Fraction | None
    start_in: bool
    end: Fraction | None
    end_in: bool


def unions_equal(gold: Node, answer: Node, compare: Compare) -> bool | None:
    """Compare a union with another one, or with one interval or set."""
    left = gold.parts if isinstance(gold, Union) else (gold,)
    right = answer.parts if isinstance(answer, Union) else (answer,)
    if not all(isinstance(part, Group) for part in left + right):
        return None if any(isinstance(part, Group) for part in right) else False
    if unordered(left, right, compare):
        return True
    a, b = _merged(left), _merged(right)
    return a == b if a is not None and b is not None else None


def ranges_equal(gold: Node, answer: Node, compare: Compare) -> bool | None:
    r"""Compare ``x < 3`` with ``(-\infty, 3)``, either way round."""
    relation, other = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
    if not isinstance(other, (Group, Union)):
        return False
    found = range_of(relation) if isinstance(relation, Relation) else None
    if found and isinstance(other, Group) and other.left in ("(", "["):
        return compare(found.interval, other)
    return None


def range_of(relation: Relation) -> Range | None:
    """Return the variable and the interval of ``x < c``, ``c <= x`` or ``a < x <= b``."""
    sides, ops = relation.sides, relation.ops
    if not set(ops) <= {"<", "<=", ">", ">="} or len({op[0] for op in ops}) != 1:
        return None
    if ops[0][0] == ">":
        sides, ops = sides[::-1], tuple(FLIPPED[op] for op in reversed(ops))
    if len(sides) == 2:
        first, last = sides
        if isinstance(first, Sym) and _known(last):
            return Range(first, Group("(", "]" if ops[0] == "<=" else ")", (_MINUS_INFINITY, last)))
        if isinstance(last, Sym) and _known(first):
            return Range(last, Group("[" if ops[0] == "<=" else "(", ")", (first, _INFINITY)))
    elif len(sides) == 3 and isinstance(sides[1], Sym) and _known(sides[0]) and _known(sides[2]):
        left, right = "[" if ops[0] == "<=" else "(", "]" if ops[1] == "<=" else ")"
        return Range(sides[1], Group(left, right, (sides[0], sides[2])))
    return None


def _merged(parts: tuple[Node, ...]) -> list[_Piece] | None:
    """Return disjoint sorted pieces; None if an end is not rational or an interval is empty."""
    found: list[_Piece] = []
    for part in parts:
        pieces = _pieces(part)
        if pieces is None:
            return None
        found += pieces
    found.sort(key=lambda p: (p.start is not None, p.start or 0, not p.start_in))
    merged = found[:1]
    for piece in found[1:]:
        last = merged[-1]
        if last.end is None:
            break
        if piece.start is not None and (
            piece.start > last.end or (piece.start == last.end and not (piece.start_in or last.end_in))
        ):
            merged.append(piece)
        elif piece.end is None or piece.end > last.end or (piece.end == last.end and piece.end_in):
            merged[-1] = last._replace(end=piece.end, end_in=piece.end_in)
    return merged


def _pieces(part: Node) -> list[_Piece] | None:
    if not isinstance(part, Group):
        return None
    if part.left == r"\{":
        points = [value(item) for item in part.items]
        return None if None in points else [_Piece(point, True, point, True) for point in points]
    if len(part.items) != 2 or part.left not in ("(", "["):
        return None
    low, high = part.items
    start = None if low == _MINUS_INFINITY else value(low)
    end = None if high == _INFINITY else value(high)
    if (start is None and low != _MINUS_INFINITY) or (end is None and high != _INFINITY):
        return None
    if start is not None and end is not None and start >= end:
        return None
    return [_Piece(start, part.left == "[", end, part.right == "]")]


def _known(node: Node) -> bool:
    """Say whether a node has no variable."""
    return isinstance(node, (Num, Const)) or (isinstance(node, Op) and all(_known(arg) for arg in node.args))
