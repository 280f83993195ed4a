r"""Whether two equations or inequalities say the same, and when one stands for a value or an interval.

How the sides compare is the caller's business: ``compare`` says True, False or None of two nodes. ::

    x = 5          5               ->   True   (a name with a value stands for the value)
    3 + 4 = 7      7               ->   True   (a true statement about numbers stands for its right side)
    x^2 = 1        1               ->   False
    2x + 2y = 4    y = 2 - x       ->   True   (multiples of each other)
    x < 3          (-\infty, 3)    ->   True
"""

from __future__ import annotations

from fractions import Fraction

from plaudit.rewards.verifiable.mathematics import polynomials, quotients
from plaudit.rewards.verifiable.mathematics.intervals import FLIPPED, range_of, ranges_equal
from plaudit.rewards.verifiable.mathematics.scalars import form
from plaudit.rewards.verifiable.mathematics.syntax import Compare, Node, Op, Relation, UnreadableError, assignment


def relations_equal(gold: Node, answer: Node, compare: Compare) -> bool | None:
    """Compare two nodes, at least one a relation.

    Raises:
        HopelessError: a side can't be worked out within bounds, or divides by zero.
    """
    if not isinstance(answer, Relation):
        named = assignment(gold)
        return compare(named.value, answer) if named else ranges_equal(gold, answer, compare)
    if not isinstance(gold, Relation):
        named = assignment(answer)
        if named:
            return compare(gold, named.value)
        if set(answer.ops) == {"="}:
            steps = zip(answer.sides, answer.sides[1:], strict=False)
            return all(compare(a, b) for a, b in steps) and compare(gold, answer.sides[-1])
        return ranges_equal(gold, answer, compare)
    if set(gold.ops) == set(answer.ops) == {"="}:
        return _equations_equal(gold, answer, compare)
    if "=" in gold.ops or "=" in answer.ops:
        return False
    return _inequalities_equal(gold, answer, compare)


def _equations_equal(gold: Relation, answer: Relation, compare: Compare) -> bool | None:
    left, right = assignment(gold), assignment(answer)
    if left and right and left.name == right.name:
        same = compare(left.value, right.value)
        if same or not (_mentions(left.value, left.name) or _mentions(right.value, right.name)):
            return same
    factor = _factor(gold, answer)
    return None if factor is None else factor != 0


def _inequalities_equal(gold: Relation, answer: Relation, compare: Compare) -> bool | None:
    left, right = range_of(gold), range_of(answer)
    if left and right:
        return left.variable == right.variable and compare(left.interval, right.interval)
    factor = _factor(gold, answer)
    if not factor:
        return None if factor is None else False
    return gold.ops[0] == (answer.ops[0] if factor > 0 else FLIPPED[answer.ops[0]])


def _factor(gold: Relation, answer: Relation) -> Fraction | None:
    """Return ``k`` such that ``gold`` is ``k`` times ``answer``; 0 if surely none is, None if that is not known."""
    if len(gold.ops) != 1 or len(answer.ops) != 1:
        return None
    try:
        a, b = (quotients.zeros(form(one.sides[0]), form(one.sides[1])) for one in (gold, answer))
    except UnreadableError:
        return None
    found = polynomials.ratio(a, b)
    if found is None and polynomials.linear(a) and polynomials.linear(b):
        return Fraction(0)
    return found


def _mentions(node: Node, name: Node) -> bool:
    return node == name or (isinstance(node, Op) and any(_mentions(arg, name) for arg in node.args))
