r"""The syntax tree of an answer, and the two ways in which a text has none.

Ten small immutable nodes, made by :mod:`.grammar`, valued by :mod:`.canonical` and :mod:`.probe`, compared by
:mod:`.comparison`. There is no node that runs code, so walking a tree can't do more than arithmetic::

    \frac{x}{2} + 1   ->   Op("add", (Op("div", (Sym("x"), Num(2))), Num(1)))
    [0, \infty)       ->   Group("[", ")", (Num(0), Const("oo")))
    12 \text{ cm}     ->   Quantity(Num(12), "cm")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

MAX_LENGTH = 2000
"""Characters; a longer answer is not graded."""
MAX_DEPTH = 40
"""Brackets within brackets; a deeper answer is not graded (and can't exhaust Python's stack)."""
MAX_BITS = 12_000
"""Bits of an exact integer; a larger one (``10^{5000}``) is left to math-verify."""


class UnreadableError(Exception):
    """The text is not in this package's grammar; math-verify may still read it."""


class HopelessError(Exception):
    """The text can't be graded within any sane bound; no other reader may be tried on it."""


@dataclass(frozen=True, slots=True)
class Num:
    """An exact rational; ``decimal`` says that it was written with a decimal point, so it may be rounded."""

    value: Fraction
    decimal: bool = False


@dataclass(frozen=True, slots=True)
class Sym:
    """A variable, case-sensitive, with its subscript (``x_1``)."""

    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """``pi``, ``e``, ``i`` (the imaginary unit) or ``oo`` (infinity)."""

    name: str


@dataclass(frozen=True, slots=True)
class Op:
    """``add mul div neg pow root abs factorial binom`` (``root`` is index, radicand) or a named function."""

    head: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets: tuple, point or interval; ``{ }`` is a set; no brackets is a bare list."""

    left: str
    right: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of equal length."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Union:
    """A union of sets or intervals."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """``sides[0] ops[0] sides[1] ops[1] ...`` with ops among ``= < <= > >= !=``."""

    sides: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Words: case, spaces and punctuation folded away, except that a single letter keeps its case."""

    words: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with a unit (``cm^2``, ``$``, ``deg``, ``base 2``) or with ``%``."""

    value: Node
    unit: str


Node: TypeAlias = "Num | Sym | Const | Op | Group | Matrix | Union | Relation | Text | Quantity"
Compare: TypeAlias = "Callable[[Node, Node], bool | None]"
"""The verdict on a reference and an answer: equal, different, or not known."""


class Assignment(NamedTuple):
    """``name = ... = value``, where the name is a variable or a product of letters such as ``f(x)``."""

    name: Node
    value: Node


def assignment(node: Node) -> Assignment | None:
    """Return the name and the last value of ``x = ... = value`` or ``f(x) = value``."""
    if not isinstance(node, Relation) or set(node.ops) != {"="}:
        return None
    name = node.sides[0]
    named = isinstance(name, Sym) or (
        isinstance(name, Op) and name.head == "mul" and all(isinstance(arg, (Sym, Const)) for arg in name.args)
    )
    return Assignment(name, node.sides[-1]) if named else None


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly within a node, in order."""
    match node:
        case Op(_, args):
            return args
        case Group(_, _, items):
            return items
        case Matrix(rows):
            return tuple(entry for row in rows for entry in row)
        case Union(parts):
            return parts
        case Relation(sides):
            return sides
        case Quantity(value):
            return (value,)
    return ()
