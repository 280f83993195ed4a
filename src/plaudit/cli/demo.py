"""``plaudit demo``: the main job, end to end, on data whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.core.sample import Sample
    from plaudit.core.score import Scores

#: Style is worth something only on a right answer: begging, hedging or echoing in good form earns nothing.
REWARD = """\
# Edit this and score again:  plaudit score reward.yaml world/data.jsonl
define:
  answer: 'Route({"read": Answer("exact"), "locate": Box("pixel", threshold=0.5)}, otherwise=Answer("number"))'
  format: 'Gate(answer, Format("think-answer"))'
  brevity: 'Gate(answer, Length(target=12, width=24))'
reward: answer + 0.2 * format + 0.1 * brevity
"""


def demo(
    out: Annotated[Path, typer.Option(help="The folder that everything goes into.")] = Path("plaudit-demo"),
    n: Annotated[int, typer.Option("--n", min=5, help="How many questions.")] = 200,
    seed: Annotated[int, typer.Option(help="Which world.")] = 0,
) -> None:
    """Make a world of handwritten digits, let scripted responders answer, score them, and show what the reward saw.

    The responders' mistakes are known, so the table at the end shows whether the reward tells the truth.
    """
    from rich.console import Console

    from plaudit.cli.progress import progress
    from plaudit.core.loading import load
    from plaudit.engine.stream import score_stream
    from plaudit.records import Writer, read
    from plaudit.reports.page import write_page
    from plaudit.reports.summary import summarize
    from plaudit.reports.text import render
    from plaudit.worlds.digits import RESPONDERS, TASKS, write

    console = Console()
    with progress("making the world", total=n) as advance:
        data = write(
            out / "world",
            n=n,
            tasks=list(TASKS),
            split="test",
            seed=seed,
            responders=list(RESPONDERS),
            progress=advance,
        )
    _add_bad_records(data)
    (out / "reward.yaml").write_text(REWARD, encoding="utf-8")
    reward = load(out / "reward.yaml")
    with Writer(out / "scores.jsonl") as writer, progress("scoring") as advance:
        scored = score_stream(reward, read(data), writer, advance=advance)
    render(summarize(scored.scores, scored.samples), console)
    _compare(console, scored.samples, scored.scores)
    page = out / "report.html"
    write_page(
        page, scored.scores, scored.samples, title="Plaudit demo", expression=str(reward), data_name="world/data.jsonl"
    )
    console.print(f"\nscores  {out / 'scores.jsonl'}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"report  {page}   (open it in a browser)", highlight=False, markup=False, soft_wrap=True)


def _add_bad_records(data: Path) -> None:
    """Add two records that can't be scored, to show that they are told apart from bad responses."""
    lines = data.read_text(encoding="utf-8").splitlines()
    record: dict[str, Any] = json.loads(lines[0])
    whole = (data.parent / record["images"][0]).read_bytes()
    (data.parent / "images" / "truncated.png").write_bytes(whole[: len(whole) // 2])
    said = record.pop("responses")[:1]
    record["meta"] = {}
    lines.append(json.dumps(record | {"id": "no-reference", "reference": None, "responses": said}))
    lines.append(json.dumps(record | {"id": "broken-image", "images": ["images/truncated.png"], "responses": said}))
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compare(console: Any, samples: Sequence[Sample], scores: Scores) -> None:
    """Hold the reward's verdicts against what is known of each responder."""
    from rich.table import Table

    from plaudit.worlds.digits import RESPONDERS

    rows: dict[str, list[int]] = {name: [] for name in RESPONDERS}
    for i, sample in enumerate(samples):
        known = (sample.meta or {}).get("responders")
        if known:
            rows[known[int((sample.id or "").rpartition("#")[2])]["name"]].append(i)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("responder", "mean", "right", "scored right", "verdict", "what it does"):
        table.add_column(column, justify="left" if column in ("responder", "what it does", "verdict") else "right")
    for name, index in rows.items():
        known = RESPONDERS[name]
        part = scores.take(index)
        right, truth = int((part["answer"].values == 1).sum()), len(index) if known.answer_right else 0
        fooled = int((part.values > 0).sum()) if known.adversarial else 0
        verdict = "truth" if right == truth and not fooled else f"[bold red]{abs(right - truth) or fooled} wrong[/]"
        table.add_row(name, f"{part.values.mean():.3f}", str(truth), str(right), verdict, known.about)
    console.print("\ndoes the reward tell the truth?", style="bold", highlight=False)
    console.print(table)
