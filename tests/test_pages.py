"""Pages that are made from the code equal what their scripts make, and the tables written by hand hold."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from plaudit.rewards.verifiable.mathematics.disagreements import DISAGREEMENTS
from plaudit.worlds import digits
from plaudit.worlds.digits import handwriting

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without code marks."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", ["make_rewards_page", "make_mathematics_page"])
def test_a_page_is_what_its_script_makes(name: str) -> None:
    made = script(name)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), f"run: python scripts/{name}.py"


def test_the_mathematics_page_has_every_convention_and_every_disagreement() -> None:
    page = (DOCS / "mathematics.md").read_text(encoding="utf-8")
    names = [cells[0] for cells in rows(page, "Conventions")]
    assert names == ["decimals", "percent", "units", "numbers", "sizes", "letters", "lists", "equations", "fractions"]
    assert len(rows(page, "Where math-verify errs")) == len(DISAGREEMENTS) + 2  # the second table's two head lines
    assert "``" not in re.sub(r"```\w*", "", page)


def test_the_tables_of_the_world_page_hold() -> None:
    page = (DOCS / "world.md").read_text(encoding="utf-8")
    mark = {True: "yes", False: ""}
    assert rows(page, "Responders") == [
        [r.name, r.about, mark[r.answer_right], mark[r.format_right], mark[r.adversarial]]
        for r in digits.RESPONDERS.values()
    ]
    assert [(cells[0], cells[-1]) for cells in rows(page, "Tasks")] == [
        (task.name, task.verifier) for task in digits.TASKS.values()
    ]
    sizes = {name: f"{len(handwriting.split(name)):,}" for name in digits.SPLITS}
    assert dict(rows(page, "Splits")) == sizes
    assert ", ".join(digits.COLOURS) in page.replace("\n", " ")


def test_the_contact_sheet_is_there_and_small() -> None:
    image = script("make_world_sheet").IMAGE
    assert image.read_bytes().startswith(b"\x89PNG")
    assert image.stat().st_size <= 150_000
