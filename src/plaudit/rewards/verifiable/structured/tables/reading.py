"""Reading: which syntax a table is written in, and the one table in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.structured.tables.latex import read_latex
from plaudit.rewards.verifiable.structured.tables.markup import read_html
from plaudit.rewards.verifiable.structured.tables.model import MAX_CHARS, Cell, Table, TableError, plain
from plaudit.rewards.verifiable.structured.tables.pipes import read_pipes

Syntax = Literal["auto", "html", "latex", "markdown"]

_HTML = re.compile(r"<table[\s>]", re.IGNORECASE)
_LATEX = re.compile(r"\\begin\s*\{(?:tabular|longtable)")
_READERS = {"html": read_html, "latex": read_latex, "markdown": read_pipes}


def read_table(text: str, syntax: Syntax = "auto") -> Table:
    r"""Read the one table in a text.

    Args:
        text: at most 200,000 characters.
        syntax: ``html`` (``<table>``), ``latex`` (``tabular``, ``tabular*``, ``tabularx``, ``tabulary``,
            ``longtable``), ``markdown`` (pipes; the line of dashes may be missing), or ``auto``: the one of them that
            occurs.

    Raises:
        TableError: no table, several, several syntaxes, one beyond the bounds, or one that is broken.
    """
    if len(text) > MAX_CHARS:
        raise TableError(f"longer than {MAX_CHARS:,} characters")
    if syntax == "auto":
        html, latex = _HTML.search(text) is not None, _LATEX.search(text) is not None
        if html and latex:
            raise TableError("tables in HTML and in LaTeX where one table belongs")
        syntax = "html" if html else "latex" if latex else "markdown"
    return _READERS[syntax](text)


def reference_table(reference: Any, syntax: Syntax = "auto") -> Table:
    """Read a record's table: a text as :func:`read_table` takes it, or rows of values, of which the first is the head.

    Raises:
        BadReferenceError: it is neither, or no table can be read from it.
    """
    try:
        if isinstance(reference, str):
            return read_table(reference, syntax)
        if isinstance(reference, Sequence) and reference and all(isinstance(row, list | tuple) for row in reference):
            cells = [[Cell("" if value is None else plain(str(value))) for value in row] for row in reference]
            return Table(tuple(map(tuple, cells)), head=1)
    except TableError as error:
        raise BadReferenceError(f"reference is no table: {error}") from None
    raise BadReferenceError(
        f"reference is a {type(reference).__name__}; expected a table as text (HTML, LaTeX, Markdown) or rows of values"
    )
