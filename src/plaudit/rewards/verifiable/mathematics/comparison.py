r"""The cheap verdict: compare two syntax trees, exactly where possible, and say when it is not.

Every function here returns True (equal, proved), False (different, proved or by a convention of the package) or None
(not known: :func:`.oracle.confirm` must say). The conventions are listed in the package's docstring.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from plaudit.rewards.verifiable.mathematics import polynomials, probe, quotients
from plaudit.rewards.verifiable.mathematics.canonical import canonical
from plaudit.rewards.verifiable.mathematics.cleaning import clean, unbalanced
from plaudit.rewards.verifiable.mathematics.grammar import read
from plaudit.rewards.verifiable.mathematics.lexicon import HEDGES, fold
from plaudit.rewards.verifiable.mathematics.syntax import (
    MAX_BITS,
    MAX_DEPTH,
    MAX_LENGTH,
    Const,
    Group,
    HopelessError,
    Matrix,
    Node,
    Num,
    Op,
    Quantity,
    Relation,
    Sym,
    Text,
    Union,
    UnreadableError,
)

_PLACES = 6
_RELATIVE = Fraction(1, 10_000)
_MAX_ITEMS = 64
_Piece: TypeAlias = "tuple[Fraction | None, bool, Fraction | None, bool]"
"""An interval: start, whether it is in, end, whether it is in. None is infinity."""
_POWER_CHAIN = re.compile(r"\d+(?:\^\{?\d+\}?)+")
_NESTED_POWERS = re.compile(r"\^\{[^{}^]*\^\{[^{}^]*\^")
_LARGE_FACTORIAL = re.compile(r"\d{4,}!|!\)?!")
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


class Decision(NamedTuple):
    """What the cheap path found.

    ``equal`` is None where it can't decide; ``by`` names the layer (``text``, ``bounds``, ``form``, ``exact``,
    ``probe``, ``none``); ``reason`` is a few words for a report, empty where the answer is right.
    """

    equal: bool | None
    by: str
    reason: str


class Reading(NamedTuple):
    """A text's tree, or why it has none."""

    node: Node | None
    why: str
    hopeless: bool


def decide(gold: str, answer: str) -> Decision:
    r"""Decide whether ``answer`` means what the reference ``gold`` means, in microseconds and without hanging.

    >>> decide(r"\frac{1}{2}", "0.5").equal, decide("[0, 1]", "[0, 1)").equal, decide(r"\sin^2 x", r"1-\cos^2 x").equal
    (True, False, None)
    """
    if len(answer) > MAX_LENGTH:
        return Decision(False, "bounds", f"longer than {MAX_LENGTH} characters: too long to grade")
    spoken = answer.strip()
    if spoken and spoken == gold.strip():
        return Decision(True, "text", "")
    if not spoken:
        return Decision(False, "bounds", "empty")
    plain = _scientific_allowed(gold, answer)
    left, right = reading(gold, plain), reading(answer, plain)
    if right.node is None:
        return _unread(left, right, clean(gold), clean(answer))
    if left.node is None:
        return Decision(None, "none", f"reference not read: {left.why}")
    if left.node == right.node:
        return Decision(True, "form", "")
    try:
        return _verdict(left.node, right.node)
    except RecursionError:  # unreachable within MAX_DEPTH unless the caller's own stack is nearly full
        return Decision(None, "none", "too deep here")


def bounds(text: str) -> str:
    """Return why ``text`` is beyond every bound of grading, or an empty string."""
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


@lru_cache(maxsize=8192)
def reading(text: str, scientific: bool = True) -> Reading:
    """Read a text (cached): its tree, or the reason for having none."""
    why = bounds(text)
    if why:
        return Reading(None, why, True)
    try:
        cleaned = clean(text)
        node = read(cleaned, scientific)
    except UnreadableError as error:
        return Reading(None, str(error), _tower(cleaned))
    except HopelessError as error:
        return Reading(None, str(error), True)
    except RecursionError:
        return Reading(None, "too deep to grade", True)
    return Reading(node, "", False)


def _tower(text: str) -> bool:
    """Say whether a text that the grammar refused holds a number that no other reader should try to work out."""
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


def _scientific_allowed(gold: str, answer: str) -> bool:
    """``2e-3`` is a number, unless the other text uses ``e`` for Euler's number."""
    stripped = (text.replace(r"\le", "").replace(r"\ge", "") for text in (gold, answer))
    return not any("e" in text and not _has_exponent(text) for text in stripped)


def _has_exponent(text: str) -> bool:
    head, _, tail = text.lower().strip(" $.").partition("e")
    return head[-1:].isdigit() and tail.lstrip("+-").isdigit()


def _unread(left: Reading, right: Reading, gold: str, answer: str) -> Decision:
    """Decide about an answer that the grammar refused."""
    if right.hopeless:
        return Decision(False, "bounds", right.why if "grade" in right.why else "too large to grade")
    if not answer:
        return Decision(False, "bounds", "empty")
    if answer == gold:
        return Decision(True, "text", "")
    if unbalanced(answer):
        return Decision(False, "bounds", "unbalanced braces")
    if answer[-1] in "+-*/^_=<>\\" or answer[0] in "*/^_=":
        return Decision(False, "bounds", "breaks off")
    if left.node is not None and not isinstance(left.node, Text) and _prose(answer):
        return Decision(False, "form", "words, not mathematics")
    return Decision(None, "none", right.why)


def _prose(text: str) -> bool:
    words = [word for word in text.replace("$", " ").split() if word.strip(".,:;!?()").isalpha() and len(word) > 3]
    return len(words) >= 2


def _verdict(gold: Node, answer: Node) -> Decision:
    try:
        equal = _compare(gold, answer)
    except HopelessError as error:
        return _hopeless(gold, answer, str(error))
    if equal is None:
        return Decision(None, "none", "equality needs an exact proof")
    return Decision(equal, "exact" if equal else "form", "" if equal else "not equal")


def _hopeless(gold: Node, answer: Node, why: str) -> Decision:
    """The answer is hopeless, unless it is the reference that is."""
    for node in (gold, answer):
        try:
            _compare(node, node)
        except HopelessError:
            if node is answer and node is not gold:
                return Decision(False, "bounds", why)
            return Decision(None, "none", f"reference: {why}")
    return Decision(None, "none", why)


def _compare(gold: Node, answer: Node) -> bool | None:
    if isinstance(gold, Text) or isinstance(answer, Text):
        return _texts(gold, answer)
    if isinstance(gold, Relation) or isinstance(answer, Relation):
        return _relations(gold, answer)
    gold, answer = _spread(gold), _spread(answer)
    if isinstance(gold, Quantity) or isinstance(answer, Quantity):
        return _quantities(gold, answer)
    if isinstance(gold, (Group, Union)) or isinstance(answer, (Group, Union)):
        return _collections(gold, answer)
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return _matrices(gold, answer)
    return _scalars(gold, answer)


# -- numbers and expressions


def _scalars(gold: Node, answer: Node) -> bool | None:
    if isinstance(gold, Num) and isinstance(answer, Num):
        return _numbers(gold, answer)
    left, right = _form(gold), _form(answer)
    equal = quotients.equal(left, right) if left is not None and right is not None else None
    if equal:
        return True
    rounded = _rounded(gold, answer, left, right)
    if rounded is not None:
        return rounded
    if equal is None:
        return False if probe.refuted(gold, answer) else None
    return False


def _form(node: Node) -> quotients.Quotient | None:
    try:
        return _canonical(node)
    except UnreadableError:
        return None


@lru_cache(maxsize=4096)
def _canonical(node: Node) -> quotients.Quotient:
    return canonical(node)


def _numbers(gold: Num, answer: Num) -> bool:
    if gold.value == answer.value:
        return True
    if not (gold.decimal or answer.decimal):
        return False
    return _approximates(gold.value, answer.value, gold.decimal, answer.decimal)


def _approximates(a: Fraction, b: Fraction, a_decimal: bool, b_decimal: bool) -> bool:
    """Say whether two numbers, at least one a decimal, agree at six places and to one part in ten thousand."""
    if (not a_decimal and a.denominator == 1) or (not b_decimal and b.denominator == 1):
        return a == b
    if abs(a - b) > _RELATIVE * max(abs(a), abs(b)):
        return False
    return round(a, _PLACES) == round(b, _PLACES)


def _rounded(gold: Node, answer: Node, left: quotients.Quotient | None, right: quotients.Quotient | None) -> bool | None:
    r"""Compare a decimal with a constant such as ``\frac{\sqrt2}{2}``; None if this is no such pair or too close."""
    for number, other, form in ((gold, answer, right), (answer, gold, left)):
        if isinstance(number, Op) and number.head == "neg" and isinstance(number.args[0], Num):
            number = Num(-number.args[0].value, number.args[0].decimal)
        if not isinstance(number, Num) or not number.decimal:
            continue
        value = quotients.rational(form) if form is not None else None
        if value is not None:
            return _approximates(number.value, value, True, _has_decimal(other))
        constant = probe.measured(other)
        if constant is None:
            return None
        middle, margin = Fraction(constant.value), Fraction(constant.error) * 16 + Fraction(1, 10**14)
        if abs(number.value - middle) > Fraction(2, 10**_PLACES) + margin:
            return False
        low, high = round(middle - margin, _PLACES), round(middle + margin, _PLACES)
        if low != high:
            return None
        return _approximates(number.value, middle, True, True)
    return None


def _has_decimal(node: Node) -> bool:
    return (isinstance(node, Num) and node.decimal) or (
        isinstance(node, Op) and any(_has_decimal(arg) for arg in node.args)
    )


# -- units, words


def _quantities(gold: Node, answer: Node) -> bool | None:
    left, left_unit = (gold.value, gold.unit) if isinstance(gold, Quantity) else (gold, "")
    right, right_unit = (answer.value, answer.unit) if isinstance(answer, Quantity) else (answer, "")
    if left_unit == right_unit:
        return _compare(left, right)
    if not left_unit and right_unit.startswith("base"):
        return False
    if HEDGES & {*left_unit.split(), *right_unit.split()}:
        return False
    if "%" not in (left_unit, right_unit):
        return False if left_unit and right_unit else _compare(left, right)
    if left_unit and right_unit:
        return False
    percent, other = (left, right) if left_unit == "%" else (right, left)
    if not isinstance(percent, Num):
        percent_value = _value(percent)
        if percent_value is None:
            return None
        percent = Num(percent_value, _has_decimal(percent))
    if not percent.decimal and percent.value.denominator == 1 and _value(other) == percent.value:
        return True
    return _compare(Num(percent.value / 100, percent.decimal), other)


def _value(node: Node) -> Fraction | None:
    if isinstance(node, Num):
        return node.value
    form = _form(node)
    return quotients.rational(form) if form is not None else None


def _texts(gold: Node, answer: Node) -> bool:
    left, right = _letters(gold), _letters(answer)
    return left is not None and left == right


def _letters(node: Node) -> str | None:
    r"""Return what a node spells: words, or a product of single letters (``ABC`` for ``\text{ABC}``)."""
    if isinstance(node, Text):
        return node.words
    parts = node.args if isinstance(node, Op) and node.head == "mul" else (node,)
    if all(isinstance(part, (Sym, Const)) for part in parts):
        return fold("".join(part.name for part in parts if isinstance(part, (Sym, Const))))
    return None


# -- tuples, sets, intervals, unions, matrices


def _spread(node: Node) -> Node:
    r"""Write ``a \pm b`` as the list ``a+b, a-b``."""
    if isinstance(node, Op) and node.head == "pm":
        left, right = node.args
        if _has_pm(left) or _has_pm(right):
            return node
        return Group("", "", (Op("add", (left, right)), Op("add", (left, Op("neg", (right,))))))
    if isinstance(node, Op) and node.head == "div" and isinstance(node.args[0], Op) and node.args[0].head == "pm":
        spread = _spread(node.args[0])
        if isinstance(spread, Group):
            return Group("", "", tuple(Op("div", (item, node.args[1])) for item in spread.items))
    if isinstance(node, Group) and not node.left.startswith(("(", "[", r"\l")):
        items: list[Node] = []
        for item in node.items:
            wide = _spread(item)
            items.extend(wide.items if isinstance(wide, Group) and wide.left == "" else (item,))
        return Group(node.left, node.right, tuple(items)) if len(items) != len(node.items) else node
    return node


def _has_pm(node: Node) -> bool:
    return isinstance(node, Op) and (node.head == "pm" or any(_has_pm(arg) for arg in node.args))


def _collections(gold: Node, answer: Node) -> bool | None:
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return False
    if isinstance(gold, Union) or isinstance(answer, Union):
        return _unions(gold, answer)
    left, right = _unwrapped(gold), _unwrapped(answer)
    if not isinstance(left, Group):
        left, right = right, left
        if not isinstance(left, Group):
            return _compare(left, right)
    if not isinstance(right, Group):
        return _unordered(left.items, (right,)) if left.left in ("", r"\{") else False
    if isinstance(gold, Group) and isinstance(answer, Group):
        left, right = (_unassigned(gold), _unassigned(answer)) if _one_sided(gold, answer) else (gold, answer)
    kinds = {left.left + left.right, right.left + right.right}
    if kinds <= {"", r"\{\}"}:
        return _unordered(left.items, right.items)
    if len(kinds) == 1 or kinds == {"()", r"\langle\rangle"}:
        return _ordered(left.items, right.items)
    if "" in kinds and (kinds <= {"", "()", r"\langle\rangle"} or ("[]" in kinds and len(left.items) != 2)):
        return _ordered(left.items, right.items)
    return False


def _unwrapped(node: Node) -> Node:
    """A set or list of one is its element."""
    if isinstance(node, Group) and len(node.items) == 1 and node.left in ("", r"\{"):
        return node.items[0]
    return node


def _one_sided(left: Group, right: Group) -> bool:
    """Say whether exactly one of two groups names its values (``x=1, x=2`` against ``1, 2``)."""
    return any(_assignment(i) for i in left.items) != any(_assignment(i) for i in right.items)


def _unassigned(group: Group) -> Group:
    """Drop the variable where one variable is given several values; different variables keep their names."""
    found = [_assignment(item) for item in group.items]
    names = {name for name, _ in filter(None, found)}
    if len(names) != 1 or not found[0] or group.left not in ("", r"\{"):
        return group
    return Group(
        group.left, group.right, tuple(pair[1] if pair else i for pair, i in zip(found, group.items, strict=True))
    )


def _ordered(left: tuple[Node, ...], right: tuple[Node, ...]) -> bool | None:
    if len(left) != len(right):
        return False
    found = [_compare(a, b) for a, b in zip(left, right, strict=True)]
    return False if False in found else None if None in found else True


def _unordered(left: tuple[Node, ...], right: tuple[Node, ...]) -> bool | None:
    if max(len(left), len(right)) > _MAX_ITEMS:
        return None if min(len(left), len(right)) > _MAX_ITEMS else False
    table = [[_compare(a, b) for b in right] for a in left]
    columns = list(zip(*table, strict=True)) if table else [() for _ in right]
    if all(True in row for row in table) and all(True in column for column in columns):
        return True
    missing = any(set(row) <= {False} for row in table) or any(set(column) <= {False} for column in columns)
    return False if missing else None


def _unions(gold: Node, answer: Node) -> bool | None:
    left = gold.parts if isinstance(gold, Union) else (gold,)
    right = answer.parts if isinstance(answer, Union) else (answer,)
    if not all(isinstance(part, Group) for part in left + right):
        return None if any(isinstance(part, Group) for part in right) else False
    if _unordered(left, right):
        return True
    a, b = _pieces(left), _pieces(right)
    return a == b if a is not None and b is not None else None


def _pieces(parts: tuple[Node, ...]) -> list[_Piece] | None:
    """Merge intervals with rational ends into disjoint sorted ones; None if an end is not rational."""
    found: list[_Piece] = []
    for part in parts:
        if not isinstance(part, Group):
            return None
        if part.left == r"\{":
            for item in part.items:
                point = _value(item)
                if point is None:
                    return None
                found.append((point, True, point, True))
            continue
        if len(part.items) != 2 or part.left not in ("(", "["):
            return None
        low, high = part.items
        start = None if low == Op("neg", (Const("oo"),)) else _value(low)
        end = None if high == Const("oo") else _value(high)
        if (start is None and low != Op("neg", (Const("oo"),))) or (end is None and high != Const("oo")):
            return None
        if start is not None and end is not None and start >= end:
            return None
        found.append((start, part.left == "[", end, part.right == "]"))
    found.sort(key=lambda p: (p[0] is not None, p[0] or 0, not p[1]))
    merged = found[:1]
    for start, closed, end, end_closed in found[1:]:
        old_start, old_closed, old_end, old_end_closed = merged[-1]
        if old_end is None:
            break
        if start is not None and (start > old_end or (start == old_end and not (closed or old_end_closed))):
            merged.append((start, closed, end, end_closed))
        elif end is None or end > old_end or (end == old_end and end_closed):
            merged[-1] = (old_start, old_closed, end, end_closed)
    return merged


def _matrices(gold: Node, answer: Node) -> bool | None:
    if not isinstance(gold, Matrix) or not isinstance(answer, Matrix):
        return False
    if len(gold.rows) != len(answer.rows):
        return False
    found = [_ordered(a, b) for a, b in zip(gold.rows, answer.rows, strict=True)]
    return False if False in found else None if None in found else True


# -- equations and inequalities


def _assignment(node: Node) -> tuple[Node, Node] | None:
    """Return (name, last value) of ``x = ... = value`` or ``f(x) = value``."""
    if not isinstance(node, Relation) or set(node.ops) != {"="}:
        return None
    name = node.sides[0]
    named = isinstance(name, Sym) or (
        isinstance(name, Op) and name.head == "mul" and all(isinstance(arg, (Sym, Const)) for arg in name.args)
    )
    return (name, node.sides[-1]) if named else None


def _relations(gold: Node, answer: Node) -> bool | None:
    if not isinstance(answer, Relation):
        named = _assignment(gold)
        if named:
            return _compare(named[1], answer)
        return _as_intervals(gold, answer)
    if not isinstance(gold, Relation):
        named = _assignment(answer)
        if named:
            return _compare(gold, named[1])
        if set(answer.ops) == {"="}:
            steps = zip(answer.sides, answer.sides[1:], strict=False)
            if all(_compare(a, b) for a, b in steps):  # "3 + 4 = 7"
                return _compare(gold, answer.sides[-1])
            return False
        return _as_intervals(gold, answer)
    if set(gold.ops) == set(answer.ops) == {"="}:
        return _equations(gold, answer)
    if "=" in gold.ops or "=" in answer.ops:
        return False
    return _inequalities(gold, answer)


def _equations(gold: Relation, answer: Relation) -> bool | None:
    left, right = _assignment(gold), _assignment(answer)
    if left and right and left[0] == right[0]:
        same = _compare(left[1], right[1])
        if same or not (_mentions(left[1], left[0]) or _mentions(right[1], right[0])):
            return same
    if len(gold.ops) != 1 or len(answer.ops) != 1:
        return None
    try:
        a, b = _zeros(gold), _zeros(answer)
    except UnreadableError:
        return None
    if polynomials.ratio(a, b) is not None:
        return True
    return False if polynomials.linear(a) and polynomials.linear(b) else None


def _mentions(node: Node, name: Node) -> bool:
    return node == name or (isinstance(node, Op) and any(_mentions(arg, name) for arg in node.args))


def _zeros(relation: Relation) -> polynomials.Polynomial:
    return quotients.zeros(_canonical(relation.sides[0]), _canonical(relation.sides[1]))


def _inequalities(gold: Relation, answer: Relation) -> bool | None:
    left, right = _interval(gold), _interval(answer)
    if left and right:
        return left[0] == right[0] and _compare(left[1], right[1])
    if len(gold.ops) != 1 or len(answer.ops) != 1:
        return None
    try:
        a, b = _zeros(gold), _zeros(answer)
    except UnreadableError:
        return None
    factor = polynomials.ratio(a, b)
    if factor is None:
        return False if polynomials.linear(a) and polynomials.linear(b) else None
    return gold.ops[0] == (answer.ops[0] if factor > 0 else _FLIPPED[answer.ops[0]])


def _as_intervals(gold: Node, answer: Node) -> bool | None:
    r"""Compare ``x < 3`` with ``(-\infty, 3)``."""
    for relation, other in ((gold, answer), (answer, gold)):
        if isinstance(relation, Relation):
            if not isinstance(other, (Group, Union)):
                return False
            found = _interval(relation)
            if found and isinstance(other, Group) and other.left in ("(", "["):
                return _compare(found[1], other)
    return None


def _interval(relation: Relation) -> tuple[Sym, Group] | None:
    """Return the variable and the interval of ``x < c``, ``c <= x`` or ``a < x <= b``."""
    sides, ops = relation.sides, relation.ops
    if not set(ops) <= {"<", "<=", ">", ">="} or len({op[0] for op in ops}) != 1:
        return None
    if ops[0][0] == ">":
        sides, ops = sides[::-1], tuple(_FLIPPED[op] for op in reversed(ops))
    infinite = Const("oo")
    if len(sides) == 2:
        first, last = sides
        if isinstance(first, Sym) and _known(last):
            return first, Group("(", "]" if ops[0] == "<=" else ")", (Op("neg", (infinite,)), last))
        if isinstance(last, Sym) and _known(first):
            return last, Group("[" if ops[0] == "<=" else "(", ")", (first, infinite))
    elif len(sides) == 3 and isinstance(sides[1], Sym) and _known(sides[0]) and _known(sides[2]):
        left, right = "[" if ops[0] == "<=" else "(", "]" if ops[1] == "<=" else ")"
        return sides[1], Group(left, right, (sides[0], sides[2]))
    return None


def _known(node: Node) -> bool:
    """Say whether a node has no variable."""
    return isinstance(node, (Num, Const)) or (isinstance(node, Op) and all(_known(arg) for arg in node.args))
