r"""Table values: what a table says, whatever its layout: relative mapping similarity, and F1 over cells.

>>> from plaudit.rewards.verifiable.structured.tables import read_table
>>> right = read_table("|Year|Sales|\n|-|-|\n|2020|100|\n|2021|200|")
>>> relative_mapping(read_table("|Year|Sales|\n|-|-|\n|2021|200|\n|2020|95|"), right).f1
0.975
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.tables import Syntax, Table, TableError, read_table, reference_table

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: Values of one table, and characters of all their names together: what matching them stays fast for.
MAX_POINTS, MAX_NAMES = 1_000, 200_000
By = Literal["headers", "place", "text"]
_LANGUAGES = ("html", "latex", "tex", "markdown", "md", "csv", "text", "txt")


class Measure(NamedTuple):
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


@part
class RelativeMapping(Leaf):
    r"""Relative mapping similarity (RMS): F1 over a table's values, each named by its row and its column.

    A table is an unordered set of points: (row header + column header) -> value, the headers being the first column
    and the first row. With ``NL`` the Levenshtein distance over the longer's length, 1 where it is ``text_theta`` or
    more, and ``D(p, t) = |p - t| / |t|``, 1 where it is ``number_theta`` or more, two points are similar by::

        s(p, t) = (1 - NL(p's name, t's name)) * (1 - D(p's value, t's value))

    with ``NL`` in place of ``D`` where a value is no number, or the reference's is 0 (equal ones then being 1). Points
    are paired so that the sum of ``NL`` of the names is least; with N points in the response and M in the reference,
    precision is the sum of s over the pairs / N, recall that sum / M. The response's table is also tried with rows and
    columns exchanged, and the better F1 counts. Texts are compared in lower case; ``12%`` is 0.12.

    No table, several, a broken one, one without values, or one of more than 1,000 values scores 0 with that reason.

    Args:
        text_theta: in (0, 1]; names or texts that differ by as much or more have nothing in common.
        number_theta: in (0, 1]; numbers that differ by as much or more have nothing in common.
        syntax: as :class:`~plaudit.rewards.verifiable.structured.teds.Teds` has it; chart readers' ``a | b`` lines are
            ``markdown``.
        where: where the table stands.

    Range: [0, 1]; the terms ``precision`` and ``recall`` are kept beside it. Needs: ``reference``: a table as text, or
    rows of values, the first of them the head.

    Source: Liu et al., "DePlot: One-shot visual language reasoning by plot-to-table translation" (2022), relative
    mapping similarity; where the paper leaves a detail open, the authors' released metric is followed.

    >>> from plaudit import Sample
    >>> said = "<answer>Year | Sales\n2020 | 95</answer>"
    >>> RelativeMapping().score([Sample("?", said, [["Year", "Sales"], [2020, 100]])]).values
    array([0.95])
    """

    text_theta: float = 0.5
    number_theta: float = 0.1
    syntax: Syntax = "auto"
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, theta in (("text_theta", self.text_theta), ("number_theta", self.number_theta)):
            if not 0 < theta <= 1:
                raise ConfigError(f"RelativeMapping: {name}={theta}; it lies above 0 and is at most 1", name)

    def grade(self, sample: Sample) -> Any:
        """Return the F1, or what is wrong with the table."""
        right = reference_table(sample.reference)
        try:
            if not _points(right):
                raise BadReferenceError("reference is a table without values: it needs two rows and two columns")
        except TableError as error:
            raise BadReferenceError(f"reference is {error}") from None
        found = code_block(sample.text, _LANGUAGES, self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            drawn = read_table(found.text, self.syntax)
            measure = relative_mapping(drawn, right, text_theta=self.text_theta, number_theta=self.number_theta)
        except TableError as error:
            return Grade(0.0, str(error))
        return _graded(measure, "RMS")


@part
class TableF1(Leaf):
    r"""F1 between the cells of the response's one table and the reference's, each equal or not.

    Over the multisets A and B of cells: ``precision = |A ∩ B| / |A|``, ``recall = |A ∩ B| / |B|``. Spans are spread
    out first, texts compared with white space collapsed. No table, several or a broken one scores 0 with that reason.

    Args:
        by: what a cell is known by, beside its text: ``headers``: the first of its row and the first of its column
            (these header cells themselves are not counted); ``place``: row and column number; ``text``: nothing.
        syntax: as :class:`~plaudit.rewards.verifiable.structured.teds.Teds` has it.
        where: where the table stands.

    Range: [0, 1]; the terms ``precision`` and ``recall`` are kept beside it. Needs: ``reference``: as there.

    >>> from plaudit import Sample
    >>> right = [["", "x"], ["a", 1], ["b", 2]]
    >>> TableF1().score([Sample("?", "<answer>| | x |\n|-|-|\n| a | 1 |\n| b | 3 |</answer>", right)]).values
    array([0.5])
    """

    by: By = "headers"
    syntax: Syntax = "auto"
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the F1, or what is wrong with the table."""
        try:
            right = _cells(reference_table(sample.reference), self.by)
        except TableError as error:
            raise BadReferenceError(f"reference is {error}") from None
        if not right:
            raise BadReferenceError("reference is a table without values: by headers it needs two rows and two columns")
        found = code_block(sample.text, _LANGUAGES, self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            drawn = _cells(read_table(found.text, self.syntax), self.by)
        except TableError as error:
            return Grade(0.0, str(error))
        return _graded(overlap(drawn, right), "F1")


def overlap(said: Sequence[Hashable], right: Sequence[Hashable]) -> Measure:
    """Return precision, recall and F1 of one multiset against another; 1 where both are empty."""
    if not said and not right:
        return Measure(1.0, 1.0, 1.0)
    shared = (Counter(said) & Counter(right)).total()
    return _measure(float(shared), len(said), len(right))


def relative_mapping(said: Table, right: Table, *, text_theta: float = 0.5, number_theta: float = 0.1) -> Measure:
    """Return the relative mapping similarity of two tables; see :class:`RelativeMapping`.

    Raises:
        TableError: one has more than 1,000 values, or too long names.
    """
    ours, wanted = _points(said), _points(right)
    if not ours or not wanted:
        return overlap(ours, wanted)
    turned = [(f"{column} {row}".strip(), value) for row, column, value in ours]
    straight = [(f"{row} {column}".strip(), value) for row, column, value in ours]
    targets = [(f"{row} {column}".strip(), value) for row, column, value in wanted]
    return max(
        (_paired(points, targets, text_theta, number_theta) for points in (straight, turned)), key=lambda m: m.f1
    )


def _paired(
    points: Sequence[tuple[str, str]], targets: Sequence[tuple[str, str]], text_theta: float, number_theta: float
) -> Measure:
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist
    from scipy.optimize import linear_sum_assignment

    distance = cdist(
        [name for name, _ in points],
        [name for name, _ in targets],
        scorer=Levenshtein.normalized_distance,
        dtype=np.float64,
    )
    near = np.where(distance < text_theta, 1.0 - distance, 0.0)
    shared = 0.0
    for i, j in zip(*linear_sum_assignment(-near), strict=True):
        if near[i, j]:
            shared += near[i, j] * _same(points[i][1], targets[j][1], text_theta, number_theta)
    return _measure(float(shared), len(points), len(targets))


def _same(said: str, right: str, text_theta: float, number_theta: float) -> float:
    p, t = _number(said), _number(right)
    if p is not None and t:
        distance = abs(p - t) / abs(t)
        return 1.0 - distance if distance < number_theta else 0.0
    if said == right or (p is not None and p == t):
        return 1.0
    from rapidfuzz.distance import Levenshtein

    difference = Levenshtein.normalized_distance(said, right)
    return 1.0 - difference if difference < text_theta else 0.0


def _number(text: str) -> float | None:
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _points(table: Table) -> list[tuple[str, str, str]]:
    grid = [[text.lower() for text in row] for row in table.grid()]
    points = [(row[0], column, value) for row in grid[1:] for column, value in zip(grid[0][1:], row[1:], strict=True)]
    if len(points) > MAX_POINTS:
        raise TableError(f"a table of {len(points):,} values; {MAX_POINTS:,} are allowed")
    if sum(len(row) + len(column) for row, column, _ in points) > MAX_NAMES:
        raise TableError("a table with too long headers")
    return points


def _cells(table: Table, by: By) -> list[Hashable]:
    grid = table.grid()
    if by == "headers":
        return [(row[0], column, value) for row in grid[1:] for column, value in zip(grid[0][1:], row[1:], strict=True)]
    return [(i, j, text) if by == "place" else text for i, row in enumerate(grid) for j, text in enumerate(row)]


def _measure(shared: float, said: int, right: int) -> Measure:
    precision, recall = shared / said if said else 0.0, shared / right if right else 0.0
    return Measure(precision, recall, 2 * precision * recall / (precision + recall) if shared else 0.0)


def _graded(measure: Measure, name: str) -> Grade:
    terms = {"precision": measure.precision, "recall": measure.recall}
    return Grade(measure.f1, "" if measure.f1 == 1 else f"{name} {measure.f1:.3f}", terms=terms)
