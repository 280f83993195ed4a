"""``plaudit explain``: the tree of a reward, before anything is scored."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    reward: Annotated[
        str,
        typer.Argument(help="An expression, a YAML file, or file.py:name (which runs that file).", metavar="REWARD"),
    ],
) -> None:
    """Show what a reward is made of: terms and weights, what each costs, needs and ranges over, what gates what.

    Example: plaudit explain 'Gate(Format("think-answer"), Answer("math"))'
    """
    from plaudit.core.loading import load
    from plaudit.reports.tree import explain as tree

    print(tree(load(reward)))
