r"""Tables: HTML, LaTeX, Markdown and rows of values, all read into one model.

A :class:`Table` is rows of cells with their spans; :meth:`Table.grid` spreads the spans out. What can't be read as
exactly one table is a :class:`TableError`: whose fault that is, the caller knows.

>>> one = read_table("| a | b |\n|---|---|\n| 1 | 2 |")
>>> other = read_table(r"\begin{tabular}{ll} a & b \\ \midrule 1 & 2 \\ \end{tabular}")
>>> one == other, one.grid()
(True, [['a', 'b'], ['1', '2']])
"""

from __future__ import annotations

from plaudit.rewards.verifiable.structured.tables.model import Cell, Table, TableError
from plaudit.rewards.verifiable.structured.tables.reading import Syntax, read_table, reference_table

__all__ = ["Cell", "Syntax", "Table", "TableError", "read_table", "reference_table"]
