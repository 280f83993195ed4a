"""Measure the engine: mathematics against TRL, overhead, hangs, cache, gates, a million rows.

Run by ``make bench-engine``, which passes on ``ARGS``: ``[--quick] [--json FILE] [--only NAME]``. What is compared is
measured in turns, in one run. A full run ends with status 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench import hangs, mathematics, overhead, stream
from bench.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

STEPS: dict[str, Callable[[bool], list[Figure]]] = {
    "mathematics": mathematics.measure,
    "overhead": overhead.trivial,
    "hangs": hangs.measure,
    "cache": overhead.cached,
    "gates": overhead.gated,
    "stream": stream.measure,
}


def main() -> int:
    """Measure, print a table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; targets are not held")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--only", choices=STEPS, action="append", help="measure this alone; repeatable")
    options = parser.parse_args()
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    figures: list[Figure] = []
    chosen = {name: step for name, step in STEPS.items() if not options.only or name in options.only}
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=len(chosen))
            for name, step in chosen.items():
                bar.update(task, description=name)
                figures += step(options.quick)
                bar.advance(task)
    finally:  # a step that fails must not take the others' figures with it
        console.print(_table(figures))
    for figure in figures:
        if figure.note and not figure.met:
            console.print(f"{figure.what}: {figure.note}", highlight=False, markup=False)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version(), "quick": options.quick}
        about |= {name: version(name) for name in ("plaudit", "numpy", "math-verify", "trl")}
        rows = [figure._asdict() | {"met": figure.met} for figure in figures]
        options.json.write_text(json.dumps({"about": about, "figures": rows}, indent=1) + "\n")
    missed = [figure for figure in figures if figure.met is False]
    return 1 if missed and not options.quick else 0


def _table(figures: list[Figure]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("what", overflow="fold")
    for column in ("measured", "", "target", ""):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for figure in figures:
        target = "" if figure.target is None else f"{'≤' if figure.most else '≥'} {figure.target:,g}"
        verdict = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}[figure.met]
        table.add_row(figure.what, _shown(figure.value), figure.unit, target, verdict)
    return table


def _shown(value: float) -> str:
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
