"""Write docs/rewards.md from the registry: every reward and operator with its docstring, arguments and range."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from plaudit.core.registry import find, names
from plaudit.core.reward import Reward

PAGE = Path(__file__).parent.parent / "docs" / "rewards.md"
HEAD = """# Rewards and operators

This page is made from the code by `python scripts/make_rewards_page.py`.

"""


def page() -> str:
    """Return the whole page."""
    rooms: dict[str, list[str]] = {"Verifiable rewards": [], "Operators": []}
    for name in names():
        part = find(name)
        if inspect.isclass(part) and issubclass(part, Reward) and part.__module__.startswith("plaudit."):
            room = "Operators" if ".compose." in part.__module__ else "Verifiable rewards"
            rooms[room].append(_entry(name, part))
    return HEAD + "\n".join(f"## {room}\n\n" + "\n".join(entries) for room, entries in rooms.items())


def _entry(name: str, part: type[Reward]) -> str:
    shown = []
    for parameter in inspect.signature(part).parameters.values():
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        if parameter.name != "name":
            shown.append(f"{parameter.name}{default}".replace("'", '"'))
    return f"### {name}\n\n`{name}({', '.join(shown)})`\n\n{_markdown(inspect.getdoc(part) or '')}\n"


def _markdown(doc: str) -> str:
    """Turn a docstring into markdown: code marks, literal blocks, and argument sections as lists."""
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
