"""``plaudit score``: score a file of responses, see what every term said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from plaudit.core.errors import ConfigError

#: Failed means every status but ok and skipped.
MAX_FAILED = "5%"


def score(
    reward: Annotated[
        str,
        typer.Argument(help="An expression, a YAML file, or file.py:name (which runs that file).", metavar="REWARD"),
    ],
    data: Annotated[
        str,
        typer.Argument(help="A .jsonl, .json or .parquet file, a folder of these, or - for JSONL.", metavar="DATA"),
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", help="Where scores go: .jsonl, .parquet, or -. [default: DATA.scores.jsonl]"),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from another column; repeatable."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where the report goes. [default: beside the scores, as .html]")
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a killed run of the same reward and data left off.")
    ] = False,
    cache: Annotated[
        str | None,
        typer.Option(help="The folder of what was paid for before. [default: $PLAUDIT_CACHE or ~/.cache/plaudit]"),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ask everything anew, and keep nothing.")] = False,
    deadline: Annotated[
        float | None, typer.Option(help="Seconds for each block of samples; what is not done by then is a timeout.")
    ] = None,
    max_failed: Annotated[
        str, typer.Option(metavar="N or N%", help="Exit with status 1 if more samples than this have no score.")
    ] = MAX_FAILED,
) -> None:
    """Score responses with a reward; write each score with its terms, and a report to look at.

    A record needs a response (or responses: [...], which become a group) and whatever the reward needs, usually a
    reference. Common column names are understood; --map reads others:

    plaudit score 'Answer("math") + 0.1 * Format("think-answer")' data.jsonl --map reference=solution
    """
    from rich.console import Console

    from plaudit.cli.cache import open_cache
    from plaudit.cli.progress import progress
    from plaudit.core.context import Context
    from plaudit.core.loading import load
    from plaudit.engine.stream import score_stream
    from plaudit.records import Writer, read
    from plaudit.reports.page import write_page
    from plaudit.reports.summary import summarize
    from plaudit.reports.text import render

    allowed = _allowance(max_failed)
    worth = load(reward)
    mapping = _mapping(map_ or ())
    samples = read(data, mapping=mapping)
    target = out or f"{_stem(data)}.scores.jsonl"
    about = {"reward": str(worth), "data": str(Path(data).resolve()) if data != "-" else "-", "map": dict(mapping)}
    context = Context(deadline=deadline, cache=None if no_cache else open_cache(cache))
    with Writer(target, about, worth.reach if resume else "") as writer, progress("scoring") as advance:
        scored = score_stream(worth, samples, writer, context, advance)
    summary = summarize(scored.scores, scored.samples)
    console = Console(stderr=target == "-")
    if scored.resumed:
        console.print(f"{scored.resumed:,} rows were there already", highlight=False)
    render(summary, console)
    if target != "-":
        console.print(f"scores  {target}", highlight=False, markup=False, soft_wrap=True)
    if not no_report and (report or target != "-"):
        page = report or Path(target).with_suffix(".html")
        write_page(page, scored.scores, scored.samples, title=_stem(data), expression=str(worth), data_name=data)
        console.print(f"report  {page}", highlight=False, markup=False, soft_wrap=True)
    failed = sum(code > 1 for code in scored.scores.codes.tolist())
    if failed > allowed(len(scored.samples)):
        console.print(f"{failed} of {len(scored.samples)} samples have no score; --max-failed is {max_failed}")
        raise typer.Exit(1)


def _mapping(given: Iterable[str]) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        field, equals, column = text.partition("=")
        if not (field and equals and column):
            raise ConfigError(f"--map {text}: expected FIELD=COLUMN, such as reference=solution")
        pairs[field] = column
    return pairs


def _allowance(text: str) -> Callable[[int], float]:
    number, percent, rest = text.partition("%")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if rest or not 0 <= value <= (100 if percent else float("inf")):
        raise ConfigError(f"--max-failed {text}: expected a number of samples, or a percentage such as 5%")
    return lambda n: value / 100 * n if percent else value


def _stem(data: str) -> str:
    name = "stdin" if data == "-" else Path(data).resolve().name
    for suffix in (".gz", ".jsonl", ".ndjson", ".json", ".parquet"):
        name = name.removesuffix(suffix)
    return name
