"""Write docs/rewards.md from the registry: every reward, operator and weight with its docstring and arguments."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

from plaudit.core.registry import find, names
from plaudit.core.reward import Reward
from plaudit.core.specification import Specified
from plaudit.core.weight import Weight

PAGE = Path(__file__).parent.parent / "docs" / "rewards.md"
HEAD = """# Rewards and operators

This page is made from the code by `python scripts/make_rewards_page.py`; every example on it is run as a test. Rewards
that nest into others are shown in [Idioms](idioms.md).

"""
OPERATORS = "Operators: rewards made of rewards."
WEIGHTS = "Weights: what multiplies a term of a sum. A weight is no reward: it is written with `*`, as a number is."


def page() -> str:
    """Return the whole page: the verifiable rewards room by room, the operators, the weights."""
    rooms: dict[str, list[str]] = {}
    for name in names():
        part = find(name)
        if inspect.isclass(part) and issubclass(part, Reward | Weight) and part.__module__.startswith("plaudit."):
            rooms.setdefault(_room(part), []).append(_entry(name, part))
    last = [OPERATORS, WEIGHTS]
    order = [*sorted(room for room in rooms if room not in last), *last]
    return HEAD + "\n".join(f"## {_heading(room)}\n\n" + "\n".join(rooms[room]) for room in order)


def _room(part: type[Specified]) -> str:
    """What the room that a part stands in says of itself."""
    if ".compose." in part.__module__:
        return WEIGHTS if issubclass(part, Weight) else OPERATORS
    return (import_module(part.__module__.rpartition(".")[0]).__doc__ or "").strip()


def _heading(room: str) -> str:
    title, _, about = room.partition(":")
    return f"{title}\n\n{about.strip()[:1].upper()}{about.strip()[1:]}"


def _entry(name: str, part: type[Specified]) -> str:
    shown = []
    for parameter in inspect.signature(part).parameters.values():
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        if parameter.name != "name":
            shown.append(f"{parameter.name}{default}".replace("'", '"'))
    return f"### {name}\n\n`{name}({', '.join(shown)})`\n\n{_markdown(inspect.getdoc(part) or '', name)}\n"


def _markdown(doc: str, name: str) -> str:
    """Turn a docstring into markdown: code marks, literal blocks, argument sections as lists, and its examples.

    A doctest finds the class in its module; who reads the page must import it.
    """
    out: list[str] = []
    imported = (
        ""
        if re.search(rf"^>>> from .* import .*\b{name}\b", doc, re.MULTILINE)
        else f">>> from plaudit import {name}\n"
    )
    for piece in re.split(r"^(>>> (?:.+\n?)+)", doc, flags=re.MULTILINE):
        if piece.startswith(">>> "):
            out.append(f"```pycon\n{imported}{piece.strip()}\n```")
            imported = ""
        else:
            out.append(_prose(piece).strip("\n"))
    return "\n\n".join(filter(None, out))


def _prose(doc: str) -> str:
    doc = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", doc).replace("``", "`")
    doc = re.sub(r"::\n", ":\n", doc)
    out: list[str] = []
    section = False
    for line in doc.splitlines():
        if line in ("Args:", "Raises:"):
            section = True
            out += [f"**{'Arguments' if line == 'Args:' else 'Errors'}**", ""]
        elif section and re.match(r"    \w", line):
            head, _, rest = line.strip().partition(": ")
            out.append(f"* `{head}`: {rest}")
        elif section and line.startswith("        "):
            out.append(f"  {line.strip()}")
        else:
            section = section and not line.strip()
            out.append(line)
    return "\n".join(out)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
