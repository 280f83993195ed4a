from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.structured.tables import Cell, Table, TableError, read_table, reference_table

PLAIN = Table(((Cell("a"), Cell("b")), (Cell("1"), Cell("2"))), head=1)
SPANS = Table(((Cell("x", rows=2), Cell("y", columns=2)), (Cell("1"), Cell("2"))), head=1)


@pytest.mark.parametrize(
    "text",
    [
        "<table><thead><tr><td>a</td><td>b</td></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        "<TABLE border=1><tr><th>a<th> b\n<tr><td class='x'>1<td><b>2</b></TABLE>",
        "Here: <html><body><table><tr><th>a</th><th>b</th></tr><!-- <tr> --><tr><td>1</td><td>2</td></tr></table>",
        "| a | b |\n|---|:-:|\n| 1 | 2 |",
        "It is this:\n\na | b\n--|--\n**1** | `2` | cut\n\nDone.",
        "a | b\n1 | 2",
        "a | b <0x0A> 1 | 2",
        r"\begin{tabular}{ll} a & b \\ \hline 1 & 2 \end{tabular}",
        "\\begin{table}\\begin{tabular}[t]{|l|p{2cm}|}\\toprule\n\\textbf{a} & $b$ \\\\[2pt] \\midrule % no & here\n"
        "1 & {2} \\\\ \\bottomrule\\end{tabular}\\caption{A & B}\\end{table}",
        r"\begin{tabularx}{\textwidth}{XX} a & b \tabularnewline \cmidrule(lr){1-2}\midrule 1 & 2 \\ \end{tabularx}",
    ],
)
def test_one_table_in_every_syntax(text: str) -> None:
    assert read_table(text) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "<table><thead><tr><td rowspan=2>x</td><td colspan='2'>y</td></tr></thead><tr><td>1<td>2</table>",
        r"\begin{tabular}{lll} \multirow{2}{*}{x} & \multicolumn{2}{c}{y} \\ \hline & 1 & 2 \\ \end{tabular}",
        r"\begin{tabular}{lll}\multirow{2}*{x}&\multicolumn{2}{c|}{\textbf{y}}\\\midrule&1&2\end{tabular}",
    ],
)
def test_spans(text: str) -> None:
    table = read_table(text)
    assert table == SPANS
    assert table.grid() == [["x", "y", "y"], ["x", "1", "2"]]


def test_spans_reach_no_further_than_the_table_and_gaps_are_empty() -> None:
    table = read_table("<table><tr><td rowspan=99>a</td><td>b</td></tr><tr></tr><tr><td>c</td><td>d</td></tr></table>")
    assert table.rows[0][0].rows == 2
    assert table.grid() == [["a", "b", ""], ["a", "c", "d"]]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        (r"\begin{tabular}{l} 5\% \& \$3 \\ a\_b \{x\} \\ \end{tabular}", ["5% & $3", "a_b {x}"]),
        (r"\begin{tabular}{l} \emph{\textbf{a}} ~ b \\ {\bf c} \\ \end{tabular}", ["a b", "c"]),
        (r"\begin{tabular}{l} a {b & c} \\ \multicolumn{1}{l}{d} e\\ \end{tabular}", ["a b & c", "d e"]),
        (
            "<table><tr><td>a &amp; b&nbsp;c<br>d</td></tr><tr><td><table><tr><td>in</table>x</td></tr></table>",
            ["a & b c d", "in x"],
        ),
        ("| a \\| b |\n|--|\n| x<br>y |", ["a | b", "x y"]),
    ],
)
def test_texts_of_cells(text: str, cells: list[str]) -> None:
    assert [row[0].text for row in read_table(text).rows] == cells


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no table"),
        ("a | b", "no table"),
        ("<table></table>", "a table without cells"),
        ("<table><tr><td>1", "a <table> that is not closed"),
        ("</table><table><tr><td>1</table>", "a </table> that was never opened"),
        ("<table><tr><td>1</table><table><tr><td>2</table>", "2 tables where 1 belongs"),
        ("<table><!-- <tr><td>1</table>", "an HTML comment that is not closed"),
        ("|a|b|\n|-|-|\n\n|c|d|\n|-|-|", "2 tables where 1 belongs"),
        ("|a|b|\n|-|\n|1|2|", "a head of 2 cells over a line of 1 dashes"),
        (r"\begin{tabular}{l} a", "a tabular that is not closed"),
        (r"\begin{tabular} a \end{tabular}", "a tabular without its columns"),
        (r"\begin{tabular}{l} a } \end{tabular}", "a } that was never opened"),
        (r"\begin{tabular}{l} { a \end{tabular}", "a { that is not closed"),
        (r"\begin{tabular}{l} \multicolumn{2} \end{tabular}", r"a \multicolumn without its arguments"),
        (r"\begin{tabular}{l} \multirow{2}{*} \end{tabular}", r"a \multirow without its text"),
        (r"\begin{tabular}{l}a\end{tabular}\begin{tabular}{l}b\end{tabular}", "2 tables where 1 belongs"),
        (r"<table><tr><td>a</table>\begin{tabular}{l}a\end{tabular}", "tables in HTML and in LaTeX"),
        ("<table>" + "<tr><td colspan=1000 rowspan=60000>a" * 50 + "</table>", "a table of more than 20,000 places"),
        (
            r"\begin{tabular}{l}" + r"\multicolumn{999}{c}{\multirow{9}{*}{a}} \\" * 300 + r"\end{tabular}",
            "a table of more than 20,000 places",
        ),
        ("| a " * 60_000, "longer than 200,000 characters"),
    ],
)
def test_what_is_not_one_table(text: str, reason: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(text)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("piece", ["<", "<table", "<!--", "\\", "{", "\\\\", "&", "|", "-|", " ", "\\hline ", "<td "])
def test_hostile_texts_are_read_or_refused(piece: str) -> None:
    for start in ("<table>", r"\begin{tabular}{l}", "|"):
        text = start + piece * (150_000 // len(piece))
        for end in ("", "</table>", r"\end{tabular}"):
            with suppress(TableError):
                assert read_table(text + end).rows


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N"])), min_size=2, max_size=4),
        min_size=2,
        max_size=4,
    )
)
def test_writing_a_table_and_reading_it(rows: list[list[str]]) -> None:
    width = min(map(len, rows))
    rows = [row[:width] for row in rows]
    wanted = reference_table(rows)
    html = "<table>" + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows) + "</table>"
    assert read_table(html).rows == wanted.rows
    latex = r"\begin{tabular}{" + "l" * width + "}" + r"\\ \hline ".join(" & ".join(row) for row in rows)
    assert read_table(latex + r"\end{tabular}") == wanted
    pipes = ["| " + " | ".join(row) + " |" for row in rows]
    assert read_table("\n".join([pipes[0], "|" + "-|" * width, *pipes[1:]])) == wanted


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (5, "reference is a int; expected a table"),
        ([], "reference is a list; expected a table"),
        ([1, 2], "reference is a list; expected a table"),
        ([[]], "reference is no table: a table without cells"),
        ("none", "reference is no table: no table"),
        ({"a": 1}, "reference is a dict; expected a table"),
    ],
)
def test_bad_references(reference: object, message: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        reference_table(reference)
    assert str(caught.value).startswith(message)
