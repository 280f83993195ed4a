"""``plaudit world``: worlds whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make data with known truth.", no_args_is_help=True)


@app.callback()
def _world() -> None:
    pass


@app.command()
def digits(
    directory: Annotated[Path, typer.Argument(help="Where to write data.jsonl and images/.")],
    n: Annotated[int, typer.Option("--n", help="How many questions, each about a scene of its own.")] = 1000,
    task: Annotated[
        list[str] | None, typer.Option(help="read, count, sum, max or locate; repeat for several; all if not given.")
    ] = None,
    split: Annotated[str, typer.Option(help="Whose handwriting: train, validation or test.")] = "train",
    seed: Annotated[int, typer.Option(help="Equal seeds make equal files, byte for byte.")] = 0,
    size: Annotated[str, typer.Option(help="Width x height of a scene in pixels.")] = "32x32",
    digits: Annotated[
        str, typer.Option("--digits", help="How many digits a scene shows: a number or a range.")
    ] = "1-4",
    responder: Annotated[
        list[str] | None,
        typer.Option(help="Add the responses of a scripted responder (right, misread, beg, ...); repeat, or: all."),
    ] = None,
) -> None:
    """Write scenes of real handwritten digits, with questions and exact references, as JSONL and PNG.

    Example: plaudit world digits world --n 200 --task sum --responder right --responder misread
    """
    from plaudit.cli.progress import progress
    from plaudit.worlds.digits import RESPONDERS, TASKS, write

    with progress("writing", total=n) as advance:
        path = write(
            directory,
            n=n,
            tasks=task or list(TASKS),
            split=split,
            seed=seed,
            size=_pair(size, "x", "--size"),
            digits=_pair(digits, "-", "--digits"),
            responders=list(RESPONDERS) if responder == ["all"] else responder or (),
            progress=advance,
        )
    print(f"wrote {n} questions to {path}")


def _pair(text: str, between: str, option: str) -> tuple[int, int]:
    from plaudit.core.errors import ConfigError

    low, _, high = text.partition(between)
    try:
        return int(low), int(high or low)
    except ValueError:
        raise ConfigError(f"{option} {text}: expected a number, or two with {between!r} between them") from None
