r"""TEDS: how near one table is to another, by the edits that turn the one's tree into the other's.

>>> from plaudit.rewards.verifiable.structured.tables import read_table
>>> one, two = read_table("|a|b|\n|-|-|\n|1|2|"), read_table("|a|b|\n|-|-|\n|1|3|")
>>> teds(one, two), teds(one, two, structure=True)
(0.8888888888888888, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.tables import Syntax, Table, TableError, read_table, reference_table

if TYPE_CHECKING:
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

Count = Literal["paper", "released"]
#: Several times what the largest allowed tables need, so that a slow machine does not turn a response into a time-out.
_SECONDS = 30.0
_LANGUAGES = ("html", "latex", "tex", "markdown", "md")


@part
class Teds(Leaf):
    r"""Tree-edit-distance-based similarity of the response's one table and the reference's.

    ``TEDS(a, b) = 1 - distance(a, b) / max(|a|, |b|)``, at least 0. A table's tree has the nodes table, head and body
    (those that have rows), row and cell; ``|a|`` is their number. Inserting or deleting a node costs 1. Changing a cell
    costs 1 where its spans differ, else the edit distance of the two texts over the longer's length (0 with
    ``structure``: then it is TEDS-Structure, also called TEDS-S); changing one kind of node into another costs 1.

    Response and reference may be in different syntaxes. ``<th>`` counts as a cell like ``<td>``, and markup within a
    cell as nothing. No table, several, a broken one, or one of more nodes than ``nodes`` scores 0 with that reason.

    Args:
        structure: look at the cells' spans alone, not at their texts.
        syntax: what the response writes: ``html``, ``latex``, ``markdown``, or ``auto``: any of them.
        where: where the table stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, or
            ``text`` (the fence, else anywhere outside the reasoning).
        count: what ``|a|`` counts: ``paper``: all nodes; ``released``: all but the table itself, as the
            authors' code does.
        nodes: most nodes of either table. The work grows with their product: on one core, two tables of 220 nodes take
            about half a second, two of 500 about four. (So ``timeout`` is 30 seconds if it is not said.)

    Range: [0, 1]. Needs: ``reference``: a table as text, or rows of values, the first of them the head.

    Source: Zhong, ShafieiBavani and Jimeno Yepes, "Image-based table recognition: data, model, and evaluation" (2020).

    >>> from plaudit import Sample
    >>> said = "<answer><table><tr><td>a</td><td>b</td></tr></table></answer>"
    >>> Teds().score([Sample("?", said, "<table><tr><td>a</td><td>c</td></tr></table>")]).values
    array([0.8])
    """

    structure: bool = False
    syntax: Syntax = "auto"
    where: Where = "auto"
    count: Count = "paper"
    nodes: int = 500

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nodes < 4:
            raise ConfigError(f"Teds: nodes={self.nodes}; the smallest table has 4", "nodes")

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample where it can be killed."""
        return await run.each(self.grade, samples, "cpu", _SECONDS if self.timeout is None else self.timeout)

    def grade(self, sample: Sample) -> Any:
        """Return the similarity, or what is wrong with the table."""
        right = _tree(reference_table(sample.reference), self.structure)
        if right.size > self.nodes:
            raise BadReferenceError(f"reference has {right.size} nodes; Teds(nodes={self.nodes}) allows no more")
        found = code_block(sample.text, _LANGUAGES, self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            drawn = _tree(read_table(found.text, self.syntax), self.structure)
        except TableError as error:
            return Grade(0.0, str(error))
        if drawn.size > self.nodes:
            return Grade(0.0, f"a table of {drawn.size} nodes; {self.nodes} are allowed")
        value = _similarity(drawn, right, self.count)
        return Grade(value, "" if value == 1 else f"TEDS{'-S' if self.structure else ''} {value:.3f}")


def teds(one: Table, other: Table, *, structure: bool = False, count: Count = "paper") -> float:
    """Return the similarity of two tables, in [0, 1]; see :class:`Teds`. Symmetric, and 1 for equal trees alone."""
    return _similarity(_tree(one, structure), _tree(other, structure), count)


@dataclass(frozen=True, slots=True)
class _Node:
    tag: str
    spans: tuple[int, int] = (1, 1)
    text: str = ""
    children: tuple[_Node, ...] = ()

    @property
    def size(self) -> int:
        return 1 + sum(child.size for child in self.children)


def _tree(table: Table, structure: bool) -> _Node:
    rows = [
        _Node("row", children=tuple(_Node("cell", (c.rows, c.columns), "" if structure else c.text) for c in row))
        for row in table.rows
    ]
    sections = [_Node("head", children=tuple(rows[: table.head])), _Node("body", children=tuple(rows[table.head :]))]
    return _Node("table", children=tuple(section for section in sections if section.children))


def _similarity(one: _Node, other: _Node, count: Count) -> float:
    if one == other:
        return 1.0
    from apted import APTED, Config
    from rapidfuzz.distance import Levenshtein

    class Costs(Config):  # type: ignore[misc]
        def children(self, node: _Node) -> tuple[_Node, ...]:
            return node.children

        def rename(self, node1: _Node, node2: _Node) -> float:
            if node1.tag != node2.tag or node1.spans != node2.spans:
                return 1.0
            if node1.text == node2.text:
                return 0.0
            return float(Levenshtein.normalized_distance(node1.text, node2.text))

    distance = APTED(one, other, Costs()).compute_edit_distance()
    return max(0.0, 1.0 - float(distance) / (max(one.size, other.size) - (count == "released")))
