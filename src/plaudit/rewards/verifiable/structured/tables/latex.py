r"""LaTeX tables: the cells of one ``tabular``.

Read are rows (``\\``), cells (``&``), ``\multicolumn``, ``\multirow``, rules, comments, and the text of a cell without
its typesetting (``\textbf{x}`` is ``x``, ``\%`` is ``%``, ``$x$`` is ``x``). Nothing is expanded or executed.
"""

from __future__ import annotations

import re

from plaudit.rewards.verifiable.structured.tables.model import Cell, Table, TableError, plain, uncovered

_OPEN = r"\\begin\s*\{(tabular\*?|tabularx|tabulary|longtable)\}"
_ENVIRONMENT = re.compile(rf"{_OPEN}|\\end\s*\{{(tabular\*?|tabularx|tabulary|longtable)\}}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_SPLIT = re.compile(r"\\\\\*?(?:\s*\[[^\]\n]{0,40}\])?|\\tabularnewline(?![A-Za-z])|\\.|[&{}]", re.DOTALL)
_RULE = re.compile(
    r"\s*(?:\\(?P<inner>hline|toprule|midrule|bottomrule|specialrule|hdashline)(?![A-Za-z])(?:\s*\{[^{}]*\}){0,3}"
    r"|\\(?:cline|cmidrule|addlinespace|noalign|rowcolor)(?![A-Za-z])(?:\s*\([^()]*\))?(?:\s*\[[^\][]*\])?(?:\s*\{[^{}]*\})?"
    r"|\\(?:endhead|endfirsthead|endfoot|endlastfoot)(?![A-Za-z]))"
)
_SPAN = re.compile(r"\\multi(?P<kind>column|row)\s*(?:\[\w\]\s*)?\{\s*(?P<n>\d{1,4})\s*\}")
_WRAP = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|sc|sl|up|md|normal)?|emph|underline|math(?:bf|rm|it|sf|tt|bb|cal)|mbox|hbox|makecell|"
    r"boldsymbol|bm|thead)(?![A-Za-z])\s*(?:\[[^\][]*\])?"
)
_SWITCH = re.compile(
    r"\\(?:bf(?:series)?|it(?:shape)?|rm|sf|tt|sc|tiny|scriptsize|footnotesize|small|normalsize|large|Large|centering|"
    r"raggedright|raggedleft|displaystyle|strut|vrule|quad|qquad)(?![A-Za-z])|\\[,;:! ]|~"
)
_ESCAPED = re.compile(r"\\([%&#$_{}])")


def read_latex(text: str) -> Table:
    """Read the one ``tabular`` in a text. The head is the rows above the first rule that stands between rows.

    Raises:
        TableError: no tabular, several, one that is not closed, or braces that don't match.
    """
    text = _COMMENT.sub(r"\1", text)
    body = _body(text)
    rows, head = _rows(body)
    return Table(uncovered([[_cell(cell) for cell in row] for row in rows]), head)


def _body(text: str) -> str:
    depth, start, bodies = 0, 0, []
    for mark in _ENVIRONMENT.finditer(text):
        if mark[1]:
            if not depth:
                start = _after_arguments(text, mark.end(), 2 if mark[1] in ("tabular*", "tabularx", "tabulary") else 1)
            depth += 1
        else:
            depth -= 1
            if depth < 0:
                raise TableError(rf"an \end{{{mark[2]}}} that was never opened")
            if not depth:
                bodies.append(text[start : mark.start()])
    if depth:
        raise TableError("a tabular that is not closed")
    if len(bodies) != 1:
        raise TableError(f"{len(bodies)} tables where 1 belongs" if bodies else "no table")
    return bodies[0]


def _after_arguments(text: str, at: int, count: int) -> int:
    """Return where the body begins: after an optional argument and ``count`` arguments in braces."""
    optional = re.compile(r"\s*\[[^\][]*\]").match(text, at)
    at = optional.end() if optional else at
    for _ in range(count):
        argument = _argument(text, at)
        if argument is None:
            raise TableError("a tabular without its columns")
        at = argument[1]
    return at


def _argument(text: str, at: int) -> tuple[str, int] | None:
    """Return the argument in braces at a place and where it ends; None if there is none."""
    while at < len(text) and text[at].isspace():
        at += 1
    if not text.startswith("{", at):
        return None
    depth = 0
    for brace in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if not depth:
            return text[at + 1 : brace.start()], brace.end()
    return None


def _rows(body: str) -> tuple[list[list[str]], int]:
    """Split a body into rows of cells, and count the rows above the first inner rule."""
    rows: list[list[str]] = [[]]
    depth = at = 0
    for mark in _SPLIT.finditer(body):
        if mark[0] in "{}":
            depth += 1 if mark[0] == "{" else -1
            if depth < 0:
                raise TableError("a } that was never opened")
        elif not depth and (mark[0] == "&" or mark[0].startswith(("\\\\", "\\tabularnewline"))):
            rows[-1].append(body[at : mark.start()])
            at = mark.end()
            if mark[0] != "&":
                rows.append([])
    if depth:
        raise TableError("a { that is not closed")
    rows[-1].append(body[at:])
    kept: list[list[str]] = []
    head = 0
    for row in rows:
        first, ruled = _unruled(row[0])
        if ruled and kept and not head:
            head = len(kept)
        if first.strip() or len(row) > 1:
            kept.append([first, *row[1:]])
    return kept, head if head < len(kept) else 0


def _unruled(first: str) -> tuple[str, bool]:
    """Take the rules away that stand before a row's first cell."""
    ruled, at = False, 0
    while match := _RULE.match(first, at):
        ruled, at = ruled or bool(match["inner"]), match.end()
    return first[at:], ruled


def _cell(written: str) -> Cell:
    rows = columns = 1
    for _ in range(2):  # a \multirow within a \multicolumn, or the other way round
        span = _SPAN.match(written := written.strip())
        if span is None:
            break
        number = max(int(span["n"]), 1)
        at = span.end()
        if span["kind"] == "row":
            rows = number
            star = re.compile(r"\s*(?:\[[^\][]*\])?\s*(\*|=)?").match(written, at)
            assert star is not None  # the empty text matches
            at = star.end()
            skip = 0 if star[1] else 1
        else:
            columns, skip = number, 1
        for _ in range(skip):
            argument = _argument(written, at)
            if argument is None:
                raise TableError(f"a \\multi{span['kind']} without its arguments")
            at = argument[1]
        optional = re.compile(r"\s*\[[^\][]*\]").match(written, at)
        content = _argument(written, optional.end() if optional else at)
        if content is None:
            raise TableError(f"a \\multi{span['kind']} without its text")
        written = content[0] + written[content[1] :]
    return Cell(_text(written), rows, columns)


def _text(written: str) -> str:
    """Return what a reader of the cell would see, as far as commands of typesetting go."""
    written = _SWITCH.sub(" ", _WRAP.sub("", written))
    written = re.sub(r"(?<!\\)[{}$]", "", written.replace("\\\\", " "))
    return plain(_ESCAPED.sub(r"\1", written))
