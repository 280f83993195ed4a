"""HTML tables: a forgiving reader in time proportional to the text, whatever is in it."""

from __future__ import annotations

import html
import re

from plaudit.rewards.verifiable.structured.tables.model import Cell, Table, TableError, plain

# No attribute of a table holds < or >, and a pattern that stops at either can't be made to look far ahead twice.
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<given>[^<>]*)>")
_SPAN = re.compile(r"(?i)\b(rowspan|colspan)\s*=\s*[\"']?\s*(\d{1,4})(?!\d)")
#: A browser's own limits on spans.
_MOST = {"colspan": 1000, "rowspan": 65_534}


def read_html(text: str) -> Table:
    """Read the one ``<table>`` in a text.

    Tags that are not closed are closed by the next row or cell. A table within a cell is that cell's text, and so is
    other markup. The head is the rows of ``<thead>``, or without one the first rows that are all ``<th>``.

    Raises:
        TableError: no table, several, or one that is not closed.
    """
    reader = _Reader()
    at = 0
    text = _without_comments(text)
    for tag in _TAG.finditer(text):
        reader.text(text[at : tag.start()])
        reader.tag(tag["name"].lower(), tag["given"], closing=bool(tag["end"]))
        at = tag.end()
    if reader.depth:
        raise TableError("a <table> that is not closed")
    if reader.tables != 1:
        raise TableError(f"{reader.tables} tables where 1 belongs" if reader.tables else "no table")
    rows = [row for row in reader.rows if row.cells]
    head = sum(row.head for row in rows)
    if not head:
        head = next((i for i, row in enumerate(rows) if not row.named), len(rows))
    rows.sort(key=lambda row: row.place)
    return Table(tuple(tuple(row.cells) for row in rows), head)


class _Row:
    """A row while it is read: whether it stands in the head, and whether all its cells are ``<th>``."""

    def __init__(self, section: str) -> None:
        self.cells: list[Cell] = []
        self.head, self.named = section == "thead", True
        self.place = {"thead": 0, "tfoot": 2}.get(section, 1)


class _Reader:
    def __init__(self) -> None:
        self.depth, self.tables, self.section = 0, 0, ""
        self.rows: list[_Row] = []
        self._cell: tuple[list[str], int, int] | None = None

    def text(self, said: str) -> None:
        if self._cell is not None:
            self._cell[0].append(said)

    def tag(self, name: str, given: str, *, closing: bool) -> None:
        if name == "table":
            self._table(closing)
        elif self.depth != 1:
            self.text(" ")
        elif name in ("thead", "tbody", "tfoot"):
            self._end_cell()
            self.section = "" if closing else name
        elif name == "tr":
            self._end_cell()
            if not closing:
                self.rows.append(_Row(self.section))
        elif name in ("td", "th"):
            self._end_cell()
            if not closing:
                self._begin_cell(name, given)
        elif name in ("br", "p", "div", "li"):
            self.text(" ")

    def _table(self, closing: bool) -> None:
        if closing and not self.depth:
            raise TableError("a </table> that was never opened")
        if self.depth == 1 and closing:
            self._end_cell()
        self.depth += -1 if closing else 1
        self.tables += self.depth == 1 and not closing
        self.text(" ")

    def _begin_cell(self, name: str, given: str) -> None:
        if not self.rows:
            self.rows.append(_Row(self.section))
        self.rows[-1].named &= name == "th"
        spans = {span.lower(): min(max(int(number), 1), _MOST[span.lower()]) for span, number in _SPAN.findall(given)}
        self._cell = ([], spans.get("rowspan", 1), spans.get("colspan", 1))

    def _end_cell(self) -> None:
        if self._cell is not None:
            said, rows, columns = self._cell
            self.rows[-1].cells.append(Cell(plain(html.unescape("".join(said))), rows, columns))
            self._cell = None


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            raise TableError("an HTML comment that is not closed")
        kept.append(text[at:start])
        at = end + 3
    return "".join(kept) + text[at:]
