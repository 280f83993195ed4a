"""What ``import plaudit`` gives, and what it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import plaudit

ROOT = Path(plaudit.__file__)
#: Importing these takes tenths of a second, or is nobody's business before it is asked for.
HEAVY = """aiohttp asyncio av concurrent.futures datasets jinja2 jsonschema math_verify multiprocessing numpy orjson
    pandas PIL pyarrow pydantic rich scipy subprocess sympy torch transformers typer yaml""".split()  # noqa: SIM905
NAMES = """Above Affine Annealed Answer Box Clip ConfigError Context Cosine Default ExpressionError Field Format Gate
    Geometric Grade Harmonic Leaf Length Lexicographic Linear Max Mean Media MediaError Min PlauditError Product
    Rank RecordError Reward Route Sample Scores Span Statistic Status Steps Sum Trusted Weight ZScore
    __version__ load part read reward""".split()  # noqa: SIM905


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh process has loaded after a statement, beyond those of a bare start."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return set(said.stdout.split())


def test_the_exported_names() -> None:
    assert sorted(plaudit.__all__) == NAMES
    assert sorted(dir(plaudit)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_had(name: str) -> None:
    assert getattr(plaudit, name) is getattr(plaudit, name)
    namespace: dict[str, object] = {}
    exec(f"from plaudit import {name}", namespace)  # noqa: S102
    assert namespace[name] is getattr(plaudit, name)


def test_no_other_name_can_be_had() -> None:
    with pytest.raises(AttributeError, match="module 'plaudit' has no attribute 'Anwser'"):
        _ = plaudit.Anwser


def test_what_type_checkers_see_is_what_there_is() -> None:
    """The imports under TYPE_CHECKING and the table of homes say the same."""
    tree = ast.parse(ROOT.read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name, "a re-export is written 'import X as X'"
            seen[alias.name] = str(node.module)
    assert seen == {name: f"plaudit.{home}" for name, home in plaudit._HOME.items()}
    for name, home in seen.items():
        assert hasattr(import_module(home), name)


def test_importing_loads_nothing_of_weight() -> None:
    loaded = loaded_by("import plaudit")
    assert loaded - loaded_by("import __future__, importlib, typing") == {"plaudit"}
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("name", ["Sample", "reward", "part", "Reward", "Context", "PlauditError", "Media"])
def test_what_a_users_own_file_needs_loads_no_numpy_where_it_needs_none(name: str) -> None:
    heavy = {"aiohttp", "asyncio", "pandas", "PIL", "pyarrow", "pydantic", "scipy", "sympy", "torch", "typer"}
    assert not loaded_by(f"from plaudit import {name}") & heavy


def test_the_contract_loads_no_room_above_it() -> None:
    loaded = {m for m in loaded_by("import plaudit.core.reward") if m.startswith("plaudit.")}
    assert {m for m in loaded if not m.startswith("plaudit.core")} == set()
    assert "numpy" not in loaded_by("import plaudit.core.reward")


def test_scoring_with_rules_loads_no_framework() -> None:
    statement = "import plaudit as pl; pl.load('Answer(\"choice\")').score(pl.Sample('', '<answer>A</answer>', 'A'))"
    assert not loaded_by(statement) & {"aiohttp", "av", "PIL", "pandas", "pydantic", "sympy", "torch", "transformers"}
