r"""Markdown tables: lines of cells between pipes.

The line of dashes under the head may be missing, and so may the outer pipes: chart readers write ``a | b`` lines
alone, ending each with a line break or with ``<0x0A>``. ``\|`` is a pipe within a cell.
"""

from __future__ import annotations

import re

from plaudit.rewards.verifiable.structured.tables.model import Cell, Table, TableError, plain

_CELL = re.compile(r"(?:[^\\|]|\\.|\\$)*")
_DASHES = re.compile(r"\s*:?-+:?\s*")
_MARKS = re.compile(r"\*\*|`")
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)


def read_pipes(text: str) -> Table:
    """Read the one block of lines with pipes in a text; its first line is the head.

    Under a line of dashes, rows are cut or filled to the head's width, as GitHub's Markdown says.

    Raises:
        TableError: there is no such block of two lines or more, or several.
    """
    blocks: list[list[list[str]]] = []
    inside = False
    for line in text.replace("<0x0A>", "\n").split("\n"):
        cells = _cells(line)
        if cells and inside:
            blocks[-1].append(cells)
        elif cells:
            blocks.append([cells])
        inside = bool(cells)
    blocks = [block for block in blocks if len(block) > 1]
    if len(blocks) != 1:
        raise TableError(f"{len(blocks)} tables where 1 belongs" if blocks else "no table")
    rows = blocks[0]
    if all(_DASHES.fullmatch(cell) for cell in rows[1]):
        width = len(rows[0])
        if len(rows[1]) != width:
            raise TableError(f"a head of {width} cells over a line of {len(rows[1])} dashes")
        del rows[1]
        rows = [(row + [""] * width)[:width] for row in rows]
    return Table(tuple(tuple(Cell(_text(cell)) for cell in row) for row in rows), head=1)


def _cells(line: str) -> list[str]:
    """Split a line at its pipes; no cells if it has none."""
    line = line.strip()
    found, at = [], 0
    while at <= len(line):
        cell = _CELL.match(line, at)
        assert cell is not None  # the empty text matches
        found.append(cell[0])
        at = cell.end() + 1
    if len(found) == 1:
        return []
    return found[not found[0].strip() : len(found) - (not found[-1].strip())]


def _text(cell: str) -> str:
    return plain(_MARKS.sub("", _BREAK.sub(" ", cell.replace("\\|", "|"))))
