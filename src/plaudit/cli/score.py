"""``plaudit score``: score a file of responses, see what every term said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from plaudit.core.errors import ConfigError

if TYPE_CHECKING:
    from plaudit.core.reward import Reward
    from plaudit.core.sample import Sample
    from plaudit.core.score import Scores
    from plaudit.records import Writer

#: Failed means every status but ok and skipped.
MAX_FAILED = "5%"


class Scored(NamedTuple):
    """What a run over a data set gives."""

    samples: list[Sample]
    scores: Scores


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

    from plaudit.cli.progress import progress
    from plaudit.core.loading import load
    from plaudit.records import Writer, read
    from plaudit.reports.page import write_page
    from plaudit.reports.summary import summarize
    from plaudit.reports.text import render

    allowed = _allowance(max_failed)
    worth = load(reward)
    samples = read(data, mapping=_mapping(map_ or ()))
    target = out or f"{_stem(data)}.scores.jsonl"
    with Writer(target) as writer, progress("scoring") as advance:
        scored = run(worth, samples, writer, advance)
    summary = summarize(scored.scores, scored.samples)
    console = Console(stderr=target == "-")
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


def run(
    reward: Reward, samples: Iterable[Sample], writer: Writer, advance: Callable[[int, int | None], None]
) -> Scored:
    """Score a stream block by block, writing as it goes."""
    from plaudit.core.score import Scores
    from plaudit.engine.blocks import blocks

    kept: list[Sample] = []
    scored: list[Scores] = []
    for block in blocks(samples, reward.reach):
        scores = reward.score(block)
        for record, sample in zip(scores.records(block), block, strict=True):
            writer.write(record if sample.group is None else record | {"group": sample.group})
        kept += block
        scored.append(scores)
        advance(len(kept), None)
    return Scored(kept, Scores.concat(scored) if scored else reward.score([]))


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
