r"""The comparison of two syntax trees: which kind of comparison a pair needs; and those of words and of quantities.

A verdict is True (equal, proved), False (different, proved or by a convention of the package) or None (not known:
:func:`.oracle.confirm` must say). The conventions are listed in the package's docstring. ::

    compare(Quantity(Num(5), "cm"), Num(5))        ->   True   (one side may leave its unit out)
    compare(Num(1/2), Quantity(Num(50), "%"))      ->   True
    compare(Text("tuesday"), Num(2))               ->   False
"""

from __future__ import annotations

from plaudit.rewards.verifiable.mathematics.intervals import unions_equal
from plaudit.rewards.verifiable.mathematics.lexicon import HEDGES, fold
from plaudit.rewards.verifiable.mathematics.lists import groups_equal, matrices_equal, spread
from plaudit.rewards.verifiable.mathematics.relations import relations_equal
from plaudit.rewards.verifiable.mathematics.scalars import has_decimal, scalars_equal, value
from plaudit.rewards.verifiable.mathematics.syntax import (
    Const,
    Group,
    Matrix,
    Node,
    Num,
    Op,
    Quantity,
    Relation,
    Sym,
    Text,
    Union,
)


def compare(gold: Node, answer: Node) -> bool | None:
    """Compare the tree of a reference with that of an answer.

    Raises:
        HopelessError: one of them can't be worked out within bounds, or divides by zero.
    """
    if isinstance(gold, Text) or isinstance(answer, Text):
        return _texts_equal(gold, answer)
    if isinstance(gold, Relation) or isinstance(answer, Relation):
        return relations_equal(gold, answer, compare)
    gold, answer = spread(gold), spread(answer)
    if isinstance(gold, Quantity) or isinstance(answer, Quantity):
        return _quantities_equal(gold, answer)
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return matrices_equal(gold, answer, compare)
    if isinstance(gold, Union) or isinstance(answer, Union):
        return unions_equal(gold, answer, compare)
    if isinstance(gold, Group) or isinstance(answer, Group):
        return groups_equal(gold, answer, compare)
    return scalars_equal(gold, answer)


def _quantities_equal(gold: Node, answer: Node) -> bool | None:
    left, left_unit = (gold.value, gold.unit) if isinstance(gold, Quantity) else (gold, "")
    right, right_unit = (answer.value, answer.unit) if isinstance(answer, Quantity) else (answer, "")
    if left_unit == right_unit:
        return compare(left, right)
    if not left_unit and right_unit.startswith("base"):
        return False
    if HEDGES & {*left_unit.split(), *right_unit.split()}:
        return False
    if left_unit and right_unit:
        return False
    if left_unit == "%":
        return _percentage_equal(left, right)
    return _percentage_equal(right, left) if right_unit == "%" else compare(left, right)


def _percentage_equal(percentage: Node, other: Node) -> bool | None:
    """Compare a percentage with a number: a hundredth of it, or, if it is whole, all of it."""
    number = value(percentage)
    if number is None:
        return None
    rounded = has_decimal(percentage)
    if not rounded and number.denominator == 1 and value(other) == number:
        return True
    return compare(Num(number / 100, rounded), other)


def _texts_equal(gold: Node, answer: Node) -> bool:
    left, right = _letters(gold), _letters(answer)
    return left is not None and left == right


def _letters(node: Node) -> str | None:
    r"""Return what a node spells: words, or a product of single letters (``ABC`` for ``\text{ABC}``)."""
    if isinstance(node, Text):
        return node.words
    factors = node.args if isinstance(node, Op) and node.head == "mul" else (node,)
    letters = [factor.name for factor in factors if isinstance(factor, (Sym, Const))]
    return fold("".join(letters)) if len(letters) == len(factors) else None
