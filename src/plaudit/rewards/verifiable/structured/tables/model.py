"""The table model: rows of cells with spans, within bounds that keep every metric on it fast."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: A text longer than this is no table that a metric here could compare in seconds.
MAX_CHARS = 200_000
#: Places in the grid, spans spread out.
MAX_PLACES = 20_000


class TableError(ValueError):
    """A text that is not exactly one table, or one beyond the bounds; its message is a reason."""


class Cell(NamedTuple):
    """One cell: its text with white space collapsed, and how many rows and columns of the grid it covers."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells as they are written: a place that a span covers has no cell of its own.

    Attributes:
        rows: the cells of each row.
        head: how many of the first rows are header rows.

    Raises:
        TableError: there is no cell, or there are more than 20,000 places.
    """

    rows: tuple[tuple[Cell, ...], ...]
    head: int = 0

    def __post_init__(self) -> None:
        if not any(self.rows):
            raise TableError("a table without cells")
        # A cell that reaches below the last row ends there, as in a browser.
        height = len(self.rows)
        clipped = tuple(
            tuple(cell._replace(rows=min(cell.rows, height - i)) for cell in row) for i, row in enumerate(self.rows)
        )
        object.__setattr__(self, "rows", clipped)
        if height > MAX_PLACES or sum(cell.rows * cell.columns for row in clipped for cell in row) > MAX_PLACES:
            raise TableError(f"a table of more than {MAX_PLACES:,} places")

    def grid(self) -> list[list[str]]:
        """Return the texts by row and column; a spanning cell's text stands in every place it covers, a gap is ``""``.

        >>> Table(((Cell("a", columns=2),), (Cell("1"), Cell("2")))).grid()
        [['a', 'a'], ['1', '2']]
        """
        places: dict[tuple[int, int], str] = {}
        for i, row in enumerate(self.rows):
            j = 0
            for cell in row:
                while (i, j) in places:
                    j += 1
                for below in range(cell.rows):
                    for beside in range(cell.columns):
                        places.setdefault((i + below, j + beside), cell.text)
                j += cell.columns
        width = 1 + max(j for _, j in places)
        if width * len(self.rows) > MAX_PLACES:
            raise TableError(f"a table of more than {MAX_PLACES:,} places")
        return [[places.get((i, j), "") for j in range(width)] for i in range(len(self.rows))]


def plain(text: str) -> str:
    """Return a cell's text in Unicode's composed form with white space collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def uncovered(rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Drop the empty cells that stand where a cell from above reaches down, as LaTeX writes them."""
    kept: list[tuple[Cell, ...]] = []
    if sum(cell.columns for row in rows for cell in row) > MAX_PLACES:
        raise TableError(f"a table of more than {MAX_PLACES:,} places")
    covered: dict[int, int] = {}  # column: rows below this one that are still covered
    for row in rows:
        j, own = 0, []
        below: dict[int, int] = {k: left - 1 for k, left in covered.items() if left > 1}
        for cell in row:
            if not (j in covered and not cell.text and cell.rows == 1):
                own.append(cell)
                if cell.rows > 1:
                    below.update(dict.fromkeys(range(j, j + cell.columns), cell.rows - 1))
            j += cell.columns
        kept.append(tuple(own))
        covered = below
    return tuple(kept)
