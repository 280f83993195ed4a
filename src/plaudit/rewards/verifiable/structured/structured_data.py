r"""Structured data: JSON, YAML and CSV within bounds, and how near one object is to another.

>>> fields(parse('{"a": [1, {"b": null}]}', "json"))
[(('a', 0), 1), (('a', 1, 'b'), None)]
>>> field_f1({"a": 1, "b": 2}, {"a": 1, "b": 3}).f1, tree_similarity({"a": 1}, {"a": 1, "b": 2})
(0.5, 0.5)
"""

from __future__ import annotations

import datetime
import json
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

Syntax = Literal["json", "yaml", "csv"]
Lists = Literal["ordered", "any"]
Path = tuple[Hashable, ...]

#: What a text may hold: characters, values, and lists or mappings within one another.
MAX_CHARS, MAX_VALUES, MAX_DEPTH = 200_000, 20_000, 50
#: Nodes of a tree, and characters of all its values, whose edit distance can be had in seconds.
MAX_NODES, MAX_WEIGHT = 200, 20_000
#: The place of every item of a list whose order does not matter.
_ANYWHERE = -1
_MAX_INT = int(1e300)


class StructureError(ValueError):
    """A text that is not one object of the syntax, or one beyond the bounds; its message is a reason."""


class Measure(NamedTuple):
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def parse(text: str, syntax: Syntax) -> Any:
    """Read one object: None, bool, int, float, str, and lists and mappings (with text keys) of them.

    JSON is what RFC 8259 says, with no key twice; YAML is without tags, aliases and further documents; CSV is a head
    and rows of as many values, read as a list of mappings.

    Raises:
        StructureError: the text is not exactly one object of this syntax, or beyond the bounds.
    """
    if len(text) > MAX_CHARS:
        raise StructureError(f"longer than {MAX_CHARS:,} characters")
    return plain({"json": _json, "yaml": _yaml, "csv": _csv}[syntax](text))


def plain(value: Any) -> Any:
    """Return a value as lists, mappings with text keys, and plain leaves.

    Raises:
        StructureError: it holds something else, NaN or infinity, or is beyond the bounds.
    """
    return _plain(value, 0, [MAX_VALUES])


def inner(value: Any, at: Sequence[str]) -> Any:
    """Return what stands under these keys, one within the other.

    Raises:
        StructureError: there is no such key.
    """
    for key in at:
        if not isinstance(value, dict) or key not in value:
            raise StructureError(f"no {'.'.join(at)[:80]!r} in it")
        value = value[key]
    return value


def fields(value: Any, lists: Lists = "ordered") -> list[tuple[Path, Any]]:
    """Return every leaf with its path, in order; an empty list or mapping is a leaf. A list's places are numbers."""
    found: list[tuple[Path, Any]] = []
    left: list[tuple[Path, Any]] = [((), value)]
    while left:
        path, one = left.pop()
        if isinstance(one, dict) and one:
            left += [((*path, key), held) for key, held in reversed(one.items())]
        elif isinstance(one, list) and one:
            left += [((*path, i if lists == "ordered" else _ANYWHERE), x) for i, x in reversed(list(enumerate(one)))]
        else:
            found.append((path, one))
    return found


def keys(value: Any, lists: Lists = "ordered") -> set[Path]:
    """Return the paths of all keys of mappings, however deep."""
    return {path[: i + 1] for path, _ in fields(value, lists) for i in range(len(path)) if isinstance(path[i], str)}


def field_f1(said: Any, right: Any, lists: Lists = "ordered", atol: float = 0.0, rtol: float = 0.0) -> Measure:
    """Return precision, recall and F1 of one object's fields against another's.

    A field is a leaf at its path; numbers agree within ``atol + rtol * |right|``, all else exactly (true is not 1).
    """
    ours, theirs = fields(said, lists), fields(right, lists)
    one, other = Counter(map(_known, ours)), Counter(map(_known, theirs))
    shared = (one & other).total()
    if atol or rtol:
        shared += _near(one - other, other - one, atol, rtol)
    precision, recall = shared / len(ours), shared / len(theirs)
    return Measure(precision, recall, 2 * precision * recall / (precision + recall) if shared else 0.0)


def tree_similarity(said: Any, right: Any) -> float:
    """Return ``max(0, 1 - distance(said, right) / distance(nothing, right))``, in [0, 1].

    Inserting or deleting a key or a list's item costs 1, a value as many as it has characters (1 at least); changing a
    value into another costs their Levenshtein distance, a key into another 1. The order of keys does not matter.

    Raises:
        StructureError: one has more than 200 nodes, or more than 20,000 characters in its values.
    """
    for value in (said, right):
        check_tree(value)
    if said == right:
        return 1.0
    if not right and not isinstance(right, int | float):
        return 0.0
    from apted import APTED, Config
    from rapidfuzz.distance import Levenshtein

    class Costs(Config):  # type: ignore[misc]
        def children(self, node: _Node) -> tuple[_Node, ...]:
            return node.children

        def delete(self, node: _Node) -> float:
            return node.weight

        insert = delete

        def rename(self, node1: _Node, node2: _Node) -> float:
            if node1.leaf and node2.leaf:
                return float(Levenshtein.distance(node1.name, node2.name))
            if node1.leaf != node2.leaf:
                return node1.weight + node2.weight
            return float(node1.name != node2.name)

    one, other = _node("", said), _node("", right)
    distance = float(APTED(one, other, Costs()).compute_edit_distance())
    return max(0.0, 1.0 - distance / (other.total - other.weight))


def check_tree(value: Any) -> None:
    """Refuse an object whose tree edit distance would take too long.

    Raises:
        StructureError: it has more than 200 nodes, or more than 20,000 characters in its values.
    """
    leaves = fields(value)
    count = len({path[:i] for path, _ in leaves for i in range(len(path) + 1)}) + len(leaves)
    if count > MAX_NODES:
        raise StructureError(f"an object of {count:,} nodes; {MAX_NODES} are allowed")
    if sum(len(leaf) for _, leaf in leaves if isinstance(leaf, str)) > MAX_WEIGHT:
        raise StructureError(f"an object of more than {MAX_WEIGHT:,} characters")


class _Node(NamedTuple):
    """A key, a list's item or a value; its weight is what inserting it costs."""

    name: str
    leaf: bool
    children: tuple[_Node, ...]

    @property
    def weight(self) -> float:
        return float(max(len(self.name), 1)) if self.leaf else 1.0

    @property
    def total(self) -> float:
        return self.weight + sum(child.total for child in self.children)


def _node(name: str, value: Any) -> _Node:
    if isinstance(value, dict) and value:
        # The order of keys says nothing, and an ordered tree would charge for it.
        return _Node(name, False, tuple(_node(key, value[key]) for key in sorted(value)))
    if isinstance(value, list) and value:
        return _Node(name, False, tuple(_node("", item) for item in value))
    return _Node(name, False, (_Node(value if isinstance(value, str) else json.dumps(value), True, ()),))


def _known(field: tuple[Path, Any]) -> Hashable:
    """Return what makes a field that field: true is not 1, and 1.0 is."""
    path, value = field
    if isinstance(value, bool):
        return path, "bool", value
    if isinstance(value, list | dict):
        return path, "empty", type(value).__name__
    return path, value


def _near(ours: Counter[Hashable], theirs: Counter[Hashable], atol: float, rtol: float) -> int:
    """Pair the numbers at each path that agree within the tolerance, as many as can be."""
    numbers: dict[Hashable, tuple[list[float], list[float]]] = {}
    for side, counted in enumerate((ours, theirs)):
        for known, count in counted.items():
            if isinstance(known, tuple) and len(known) == 2 and isinstance(known[1], int | float):
                numbers.setdefault(known[0], ([], []))[side].extend([float(known[1])] * count)
    paired = 0
    for said, right in numbers.values():
        said.sort()
        right.sort(key=lambda target: target + atol + rtol * abs(target))
        for target in right:  # the lowest number that is near enough leaves the most for the targets above
            margin = atol + rtol * abs(target)
            place = bisect_left(said, target - margin)
            if place < len(said) and said[place] <= target + margin:
                del said[place]
                paired += 1
    return paired


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > MAX_DEPTH:
        raise StructureError("nested too deep")
    if left[0] < 0:
        raise StructureError(f"more than {MAX_VALUES:,} values")
    if isinstance(value, Mapping):
        return {str(key): _plain(held, depth + 1, left) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held, depth + 1, left) for held in value]
    if isinstance(value, datetime.date):  # YAML makes dates of what looks like one
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise StructureError(f"{value} is no number to compare")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_INT:
        raise StructureError("a number beyond the range of a float")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise StructureError(f"a {type(value).__name__} is neither a list, a mapping, a text, a number nor null")


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise StructureError("nested too deep") from None
    except StructureError:
        raise
    except ValueError as error:
        raise StructureError(f"not JSON: {_line(error)}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise StructureError("not JSON: a key twice in one object")
    return found


def _yaml(text: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where PyYAML was built with it
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):  # read only as far as it is fit to be built
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise StructureError("nested too deep")
            if isinstance(event, yaml.AliasEvent):
                raise StructureError("not plain YAML: an alias")
        return yaml.load(text, Loader=loader)
    except StructureError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise StructureError(f"not YAML: {_line(error)}") from None


def _csv(text: str) -> Any:
    import csv

    try:
        rows = [row for row in csv.reader(text.strip().splitlines(), strict=True) if row]
    except csv.Error as error:
        raise StructureError(f"not CSV: {_line(error)}") from None
    if len(rows) < 2:
        raise StructureError("not CSV: a head and one row at least")
    head = [name.strip() for name in rows[0]]
    if len(set(head)) < len(head):
        raise StructureError("not CSV: two columns of one name")
    for i, row in enumerate(rows[1:], 1):
        if len(row) != len(head):
            raise StructureError(f"not CSV: row {i} has {len(row)} values under {len(head)} names")
    return [dict(zip(head, map(_scalar, row), strict=True)) for row in rows[1:]]


def _scalar(text: str) -> Any:
    text = text.strip()
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) and "_" not in text else text


def _line(error: Exception) -> str:
    return " ".join(str(error).encode("utf-8", "backslashreplace").decode().split())[:200]
