"""The rooms: every import under ``src/plaudit`` goes down, and only two modules join them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import plaudit

ROOT = Path(plaudit.__file__).parent
REWARDS = ("rewards.verifiable", "rewards.judged", "rewards.learned", "rewards.compose", "rewards.catalog")
#: From the bottom up; rooms of one row may know each other.
ROWS: list[tuple[str, ...]] = [
    ("core",),
    ("records",),
    ("worlds",),
    ("models",),
    ("engine",),
    REWARDS,
    ("reward_models",),
    ("objectives",),
    ("curation",),
    ("search",),
    ("training",),
    ("audit",),
    ("benchmarks",),
    ("reports",),
    ("integrations",),
    ("serving",),
    ("recipes",),
    ("cli", "__main__"),
]
#: The modules that join the rooms, and so may import any of them.
JOINTS = {"plaudit", "plaudit.assembly"}
#: Where the core reaches up: the joint's name in a string.
HOOK = ("plaudit.core.hooks", "plaudit.assembly")


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("plaudit", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def row_of(module: str) -> int | None:
    """The row of a module's room; None for the joints and for a bare package such as ``plaudit.rewards``."""
    inside = module.removeprefix("plaudit.")
    for row, rooms in enumerate(ROWS):
        if any(inside == room or inside.startswith(f"{room}.") for room in rooms):
            return row
    return None


def imports(module: str, path: Path) -> Iterator[tuple[int, str]]:
    """Every module of the project that a module imports, wherever in the file, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names if a.name.split(".")[0] == "plaudit")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            if (node.module or "").split(".")[0] == "plaudit":
                for alias in node.names:
                    deeper = f"{node.module}.{alias.name}"
                    yield node.lineno, deeper if deeper in MODULES else str(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            named = node.args[0]
            if isinstance(named, ast.Constant) and str(named.value).startswith("plaudit"):
                yield node.lineno, str(named.value)


def test_every_module_stands_in_a_room() -> None:
    bare = {"plaudit.rewards", *JOINTS}
    assert [m for m in MODULES if row_of(m) is None and m not in bare] == []


def test_imports_only_go_down() -> None:
    wrong = []
    for module, path in MODULES.items():
        here = row_of(module)
        for line, imported in imports(module, path):
            there = row_of(imported)
            if module in JOINTS or (module, imported) == HOOK:
                continue
            if imported in JOINTS and imported != "plaudit":
                wrong.append(f"{path}:{line}: {module} imports the joint {imported}")
            elif here is not None and there is not None and there > here:
                wrong.append(f"{path}:{line}: {module} imports {imported}, which stands above it")
    assert wrong == []


def test_the_core_knows_nothing_of_the_rooms_but_one_name() -> None:
    up = [
        (module, imported)
        for module, path in MODULES.items()
        if row_of(module) == 0
        for _, imported in imports(module, path)
        if not imported.startswith("plaudit.core")
    ]
    assert up == [HOOK]
