"""The report as text: a table of the terms, what looks wrong, frequent reasons, slow samples.

The same tables serve the terminal (:func:`render`, with colour) and a string of at most 100 columns (:func:`report`,
which is what ``scores.report()`` returns).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from plaudit.core.score import Scores, Status
from plaudit.reports.escapes import one_line
from plaudit.reports.findings import duration, figure, findings
from plaudit.reports.summary import Summary, TermSummary, summarize

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from plaudit.core.sample import Sample

__all__ = ["STYLES", "render", "report"]

#: Columns of the plain report.
WIDTH = 100
#: Terminal styles of the statuses; all differ in brightness too, for eyes that do not tell red from green.
STYLES = {
    Status.OK: "default",
    Status.SKIPPED: "dim",
    Status.MISSING: "yellow",
    Status.UNPARSED: "yellow",
    Status.TIMEOUT: "bold yellow",
    Status.ERROR: "bold red",
    Status.INVALID: "bold magenta",
}


def report(scores: Scores, samples: Sequence[Sample] | None = None) -> str:
    """Return the plain-text report, at most 100 columns wide, without colour and without a line feed at its end.

    Raises:
        ValueError: there are not as many samples as scores.
    """
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    plain = Console(file=out, width=WIDTH, color_system=None, force_jupyter=False, legacy_windows=False)
    render(summarize(scores, samples), plain)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def render(summary: Summary, console: Console) -> None:
    """Print the report to a rich console, which decides on width and colour (``NO_COLOR`` included)."""
    from rich.padding import Padding
    from rich.text import Text

    console.print(_terms(summary))
    for finding in findings(summary):
        term = f"`{one_line(finding.term)}` " if finding.term else ""
        console.print(Text.assemble(("! ", "bold yellow"), (term, "bold"), one_line(finding.text, 400)))
    if summary.reasons:
        console.print("\nmost frequent reasons", style="bold", highlight=False)
        console.print(Padding(_reasons(summary), (0, 0, 0, 2)))
    if summary.slowest:
        console.print("\nslowest samples", style="bold", highlight=False)
        console.print(Padding(_slowest(summary), (0, 0, 0, 2)))


def _terms(summary: Summary) -> Table:
    from rich.text import Text

    table = _table()
    table.add_column("term", overflow="fold")
    table.add_column("weight", justify="right")
    for name in ("scored", "mean", "std", "min", "max"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("no score", overflow="fold")
    table.add_column("seconds", justify="right", no_wrap=True)
    if summary.cached:
        table.add_column("cached", justify="right", no_wrap=True)
    for term in summary.terms:
        table.add_row(
            Text("  " * (term.depth - 1) + one_line(term.name).rpartition(".")[2], style="" if term.depth else "bold"),
            "" if term.weight is None else figure(term.weight),
            f"{term.scored:,}",
            *(figure(v) for v in (term.mean, term.std, term.low, term.high)),
            _unscored(term),
            duration(term.seconds) if term.seconds else "",
            *([f"{term.cached:,}" if term.cached else ""] if summary.cached else []),
        )
    return table


def _unscored(term: TermSummary) -> Text:
    from rich.text import Text

    counts = [(f"{n:,} {status.value}", STYLES[status]) for status, n in term.counts.items() if status != Status.OK]
    return Text(", ").join(Text(shown, style) for shown, style in counts)


def _reasons(summary: Summary) -> Table:
    from rich.text import Text

    table = _table()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    table.add_column()
    table.add_column(overflow="fold", ratio=1)
    table.show_header = False
    for name, reason in summary.reasons[:10]:
        status = Text("" if reason.status is Status.OK else reason.status.value, STYLES[reason.status])
        table.add_row(f"{reason.count:,}", Text(one_line(name)), status, Text(one_line(reason.text)))
    return table


def _slowest(summary: Summary) -> Table:
    from rich.text import Text

    table = _table()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    table.show_header = False
    for slow in summary.slowest:
        table.add_row(f"{duration(slow.seconds)} s", Text(one_line(slow.id or f"sample {slow.row}")))
    return table


def _table() -> Table:
    from rich.table import Table

    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
