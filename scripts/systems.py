"""Count the systems of the literature that tests cover: ``python scripts/systems.py [--missing]``.

A test says which system it holds for by ``@pytest.mark.system("slug")``, on itself, on its class or among the module's
``pytestmark``. The tests are read, not run. The exit status is 1 where a test names a system that the list
(``src/plaudit/recipes/systems.yaml``) does not have.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parent.parent
LIST = ROOT / "src" / "plaudit" / "recipes" / "systems.yaml"


class System(NamedTuple):
    slug: str
    name: str
    title: str
    family: str


class Mark(NamedTuple):
    """Where a test names a system; ``slug`` is None where it is no plain text."""

    slug: str | None
    place: str


def systems(path: Path = LIST) -> list[System]:
    """Return the list.

    Raises:
        ValueError: a slug stands twice in a family.
    """
    found = [System(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    twice = [pair for pair, n in Counter((s.slug, s.family) for s in found).items() if n > 1]
    if twice:
        raise ValueError(f"{path}: {twice[0][0]!r} stands twice in {twice[0][1]}")
    return found


def marks(folder: Path) -> Iterator[Mark]:
    """Every mark of the tests in a folder."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.system":
                given = node.args[0] if len(node.args) == 1 else None
                slug = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
                yield Mark(slug, f"{path.relative_to(folder.parent)}:{node.lineno}")


def faults(found: list[Mark], known: list[System]) -> list[str]:
    """Say what is wrong with marks, one line each."""
    slugs = {s.slug for s in known}
    said = [f"{m.place}: the system is one plain text" for m in found if m.slug is None]
    return said + [f"{m.place}: no system {m.slug!r}" for m in found if m.slug is not None and m.slug not in slugs]


def table(found: list[Mark], known: list[System], missing: bool) -> str:
    """Return how many systems of each family have tests, and which have none."""
    tests = Counter(m.slug for m in found)
    lines = [f"{'family':<16}{'covered':>8}{'not':>6}{'tests':>7}"]
    for family in dict.fromkeys(s.family for s in known):
        slugs = [s.slug for s in known if s.family == family]
        lines.append(_row(family, slugs, tests))
        if missing:
            lines += [f"  - {slug}" for slug in slugs if not tests[slug]]
    return "\n".join([*lines, _row("all", [s.slug for s in known], tests)])


def _row(name: str, slugs: list[str], tests: Counter[str | None]) -> str:
    covered = sum(tests[slug] > 0 for slug in slugs)
    return f"{name:<16}{covered:>8}{len(slugs) - covered:>6}{sum(tests[slug] for slug in dict.fromkeys(slugs)):>7}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Count the systems of the literature that tests cover.")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests", help="the folder of tests")
    parser.add_argument("--missing", action="store_true", help="name the systems without a test")
    options = parser.parse_args(arguments)
    known, found = systems(), list(marks(options.tests))
    print(table(found, known, options.missing))
    wrong = faults(found, known)
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
