r"""Whether two lists, sets, tuples or matrices are the same: in order, or in any order.

How items compare is the caller's business: every function takes ``compare``, which says True, False or None of two
nodes, and its own verdict is of the same kind (False as soon as one part is different, else None where one is unknown).
The brackets decide what may stand for what::

    1, 2      \{2, 1\}    ->   True   (a list without brackets and a set have no order)
    (1, 2)    1, 2        ->   True   (such a list may stand for a tuple in the same order)
    (1, 2)    \{1, 2\}    ->   False
    [1, 2]    (1, 2)      ->   False
"""

from __future__ import annotations

from collections.abc import Iterable

from plaudit.rewards.verifiable.mathematics.syntax import Compare, Group, Matrix, Node, Op, assignment

_MAX_ITEMS = 64
_UNORDERED = ("", r"\{")


def spread(node: Node) -> Node:
    r"""Write ``a \pm b`` as the list ``a+b, a-b``, also in the numerator of a fraction and within a list or set."""
    if isinstance(node, Op) and node.head == "pm":
        left, right = node.args
        if _has_pm(left) or _has_pm(right):
            return node
        return Group("", "", (Op("add", (left, right)), Op("add", (left, Op("neg", (right,))))))
    if isinstance(node, Op) and node.head == "div" and isinstance(node.args[0], Op) and node.args[0].head == "pm":
        values = spread(node.args[0])
        if isinstance(values, Group):
            return Group("", "", tuple(Op("div", (item, node.args[1])) for item in values.items))
    if isinstance(node, Group) and node.left in _UNORDERED:
        items: list[Node] = []
        for item in node.items:
            wide = spread(item)
            items.extend(wide.items if isinstance(wide, Group) and wide.left == "" else (item,))
        return Group(node.left, node.right, tuple(items)) if len(items) != len(node.items) else node
    return node


def groups_equal(gold: Node, answer: Node, compare: Compare) -> bool | None:
    """Compare what stands between brackets, or a list, with another one or with a single value."""
    left, right = _unwrapped(gold), _unwrapped(answer)
    if not isinstance(left, Group) and not isinstance(right, Group):
        return compare(left, right)
    if not isinstance(left, Group) or not isinstance(right, Group):
        wide = left if isinstance(left, Group) else right
        in_any_order = isinstance(wide, Group) and wide.left in _UNORDERED
        return unordered(_items(left), _items(right), compare) if in_any_order else False
    if _names_values(left) != _names_values(right):
        left, right = _unassigned(left), _unassigned(right)
    kinds = {left.left + left.right, right.left + right.right}
    if kinds <= {"", r"\{\}"}:
        return unordered(left.items, right.items, compare)
    if len(kinds) == 1 or kinds == {"()", r"\langle\rangle"}:
        return ordered(left.items, right.items, compare)
    if "" in kinds and (kinds <= {"", "()", r"\langle\rangle"} or ("[]" in kinds and len(left.items) != 2)):
        return ordered(left.items, right.items, compare)
    return False


def matrices_equal(gold: Node, answer: Node, compare: Compare) -> bool | None:
    """Compare matrices, entry by entry; nothing else stands for a matrix."""
    if not isinstance(gold, Matrix) or not isinstance(answer, Matrix) or len(gold.rows) != len(answer.rows):
        return False
    return _all(ordered(a, b, compare) for a, b in zip(gold.rows, answer.rows, strict=True))


def ordered(left: tuple[Node, ...], right: tuple[Node, ...], compare: Compare) -> bool | None:
    """Compare items place by place."""
    if len(left) != len(right):
        return False
    return _all(compare(a, b) for a, b in zip(left, right, strict=True))


def unordered(left: tuple[Node, ...], right: tuple[Node, ...], compare: Compare) -> bool | None:
    """Say whether every item of each has an equal in the other; more than 64 items are not compared."""
    if max(len(left), len(right)) > _MAX_ITEMS:
        return None if min(len(left), len(right)) > _MAX_ITEMS else False
    table = [[compare(a, b) for b in right] for a in left]
    columns = list(zip(*table, strict=True)) if table else [() for _ in right]
    if all(True in row for row in table) and all(True in column for column in columns):
        return True
    missing = any(set(row) <= {False} for row in table) or any(set(column) <= {False} for column in columns)
    return False if missing else None


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    found = list(verdicts)
    return False if False in found else None if None in found else True


def _has_pm(node: Node) -> bool:
    return isinstance(node, Op) and (node.head == "pm" or any(_has_pm(arg) for arg in node.args))


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Group) else (node,)


def _unwrapped(node: Node) -> Node:
    """A list or set of one is its element, unless that has brackets of its own."""
    if isinstance(node, Group) and len(node.items) == 1 and node.left in _UNORDERED:
        return node.items[0] if not isinstance(node.items[0], Group) else node
    return node


def _names_values(group: Group) -> bool:
    return any(assignment(item) for item in group.items)


def _unassigned(group: Group) -> Group:
    """Drop the variable where one variable is given several values; different variables keep their names."""
    found = [assignment(item) for item in group.items]
    names = {pair.name for pair in found if pair}
    if len(names) != 1 or not found[0] or group.left not in _UNORDERED:
        return group
    values = (pair.value if pair else item for pair, item in zip(found, group.items, strict=True))
    return Group(group.left, group.right, tuple(values))
