"""``plaudit``: the commands, and what happens to errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from plaudit import __version__
from plaudit.cli import cache, demo, doctor, explain, score, world
from plaudit.core.errors import PlauditError

app = typer.Typer(
    name="plaudit",
    help="Rewards for multimodal post-training that do not lie: score responses, see every term, trust the number.",
    epilog="Begin with: plaudit demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(score.score)
app.command()(explain.explain)
app.command()(doctor.doctor)
app.add_typer(cache.app, name="cache")
app.add_typer(world.app, name="world")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"plaudit {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Exit status: 0; 1 too many failed; 2 a mistake in what was asked; 130 interrupted."""
    try:
        app()
    except PlauditError as error:
        _say(error, str(error))
        sys.exit(2)
    except KeyboardInterrupt as error:
        _say(error, "interrupted")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as in `plaudit ... | head`
        sys.stderr.close()
        sys.exit(141)


def _say(error: BaseException, why: str) -> None:
    for line in (why, *getattr(error, "__notes__", ())):
        print(f"plaudit: {line}", file=sys.stderr)
