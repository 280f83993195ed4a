"""``plaudit cache``: what was paid for before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from plaudit.engine.cache import Cache

app = typer.Typer(help="Look at, shrink or export the cache of grades.", no_args_is_help=True)

Folder = Annotated[
    str | None, typer.Option("--cache", help="The cache's folder. [default: $PLAUDIT_CACHE or ~/.cache/plaudit]")
]


def open_cache(folder: str | None) -> Cache:
    """Open the cache in the folder named, or in the default one.

    A default folder that can't be used is no reason to stop: the cache is then in memory alone, and that is said.

    Raises:
        ConfigError: the folder that was asked for can't be used.
    """
    from plaudit.core.errors import ConfigError
    from plaudit.engine.cache import Cache

    wanted = folder or os.environ.get("PLAUDIT_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        return Cache(wanted or base / "plaudit")
    except ConfigError as error:
        if wanted:
            raise
        typer.echo(f"plaudit: {error}; going on with a cache in memory", err=True)
        return Cache()


@app.command()
def stats(folder: Folder = None) -> None:
    """Show how many grades of which rewards are kept, and how large they are."""
    from datetime import datetime

    from rich.console import Console
    from rich.table import Table

    cache = open_cache(folder)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("grades", "MB", "newest"):
        table.add_column(column, justify="right")
    table.add_column("reward", overflow="fold")
    for usage in cache.usage():
        newest = datetime.fromtimestamp(usage.newest).isoformat(" ", "minutes")
        table.add_row(f"{usage.grades:,}", f"{usage.bytes / 1e6:.1f}", newest, usage.reward)
    console = Console()
    console.print(table)
    console.print(f"{cache.path}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def prune(
    older_than: Annotated[float, typer.Option(help="Days; grades made longer ago are forgotten. 0 forgets all.")],
    folder: Folder = None,
) -> None:
    """Forget old grades and give the space back."""
    gone = open_cache(folder).prune(older_than * 86_400)
    print(f"forgot {gone:,} grades")


@app.command()
def export(folder: Folder = None) -> None:
    """Print every grade as a line of JSON: reward, sample, grade, made."""
    import sys

    import orjson

    for record in open_cache(folder).export():
        sys.stdout.buffer.write(orjson.dumps(record) + b"\n")
