"""``load``: expressions, YAML files and ``file.py:name``, with errors that name file, definition and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.errors import ConfigError, ExpressionError

A, F = pl.Answer("math"), pl.Format("answer")


def yaml(folder: Path, text: str, name: str = "reward.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_reward_is_itself() -> None:
    assert pl.load(A) is A


def test_an_expression() -> None:
    assert pl.load('Answer("math") + 0.1 * Format("answer")') == A + 0.1 * F


def test_a_file_of_definitions(tmp_path: Path) -> None:
    text = """
define:
  right: Answer("math")
  shape: Format("answer")
  good: Gate(shape, right)
reward: |
  good
  + 0.1 * shape   # a comment of the expression
"""
    right, shape = A.named("right"), F.named("shape")
    expected = pl.Gate(shape, right, name="good") + 0.1 * shape
    for given in (yaml(tmp_path, text), str(yaml(tmp_path, text)), yaml(tmp_path, text, "other.yml")):
        assert pl.load(given) == expected
    assert pl.load(yaml(tmp_path, 'reward: Answer("math")')) == A
    assert pl.load(yaml(tmp_path, 'define:\nreward: Answer("math")')) == A


def test_the_same_text_means_the_same_in_python_yaml_and_text(tmp_path: Path) -> None:
    text = 'Gate(Format("answer"), 0.5 * Answer("math") * Format("boxed", name="b") - Answer("exact", name="x") / 4)'
    in_python = eval(text, vars(pl) | {n: getattr(pl, n) for n in ("Gate", "Format", "Answer")})
    loaded = [pl.load(text), pl.load(yaml(tmp_path, f"reward: {text}")), pl.load(str(in_python))]
    assert all(r == in_python and r.key == in_python.key for r in loaded)


def test_a_file_beside_the_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "own.py").write_text("def long(sample):\n    return float(len(sample.text))\n")
    path = yaml(tmp_path / "sub", 'reward: Load("own.py:long") + 0.1 * Format("answer")')
    monkeypatch.chdir(tmp_path)
    assert list(pl.load(path).parts) == ["long", "format"]
    assert pl.load("sub/own.py:long").label == "long"
    assert pl.load('Load("sub/own.py:long")').label == "long"
    with pytest.raises(ExpressionError, match=r"own\.py:long: no file"):
        pl.load('Load("own.py:long")')


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("reward: [", r"reward\.yaml line \d: not YAML"),
        ("- a\n- b", "expected a mapping with 'reward: <expression>'"),
        ("", "expected a mapping with 'reward: <expression>'"),
        ("rewrad: Answer('math')", "expected a mapping with 'reward: <expression>'"),
        ("reward: Answer('math')\ndefin: {}", "unknown key 'defin'; did you mean 'define'"),
        ("reward: Answer('math')\ndefine: [a]", "define is a mapping of names"),
        ("reward: x\ndefine:\n  reward: Answer('math')", "define is a mapping of names, other than 'reward'"),
        ("reward: 5", "reward: expected an expression, got 5"),
        ("reward:", "reward: expected an expression, got None"),
        ("reward: {a: b}", r"reward: expected an expression, got \{'a': 'b'\}"),
        ("define:\n  a: 5\nreward: a", "a: expected an expression, got 5"),
        ("define:\n  a-b: Answer('math')\nreward: Answer('math')", "a-b: a definition's name is one word"),
        ("define:\n  größe: Answer('math')\nreward: Answer('math')", "größe: a definition's name is one word"),
        ("define:\n  1: Answer('math')\nreward: Answer('math')", "1: a definition's name is one word"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, text: str, why: str) -> None:
    path = yaml(tmp_path, text)
    with pytest.raises(ConfigError, match=why) as caught:
        pl.load(path)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "reward.yaml"
    path.write_bytes(b"reward: \xff\xfe")
    with pytest.raises(ConfigError, match="not YAML"):
        pl.load(path)


def test_an_expression_in_a_file_keeps_its_caret(tmp_path: Path) -> None:
    path = yaml(tmp_path, "define:\n  right: Answer('maths')\nreward: right")
    with pytest.raises(ExpressionError) as caught:
        pl.load(path)
    error = caught.value
    assert str(error) == (
        f"{path}, right: Answer: kind is 'maths'; did you mean 'math'?\n  Answer('maths')\n         ^"
    )
    assert (error.text, error.column) == ("Answer('maths')", 7)


def test_a_definition_sees_only_those_above(tmp_path: Path) -> None:
    path = yaml(tmp_path, "define:\n  a: b\n  b: Answer('math')\nreward: a")
    with pytest.raises(ExpressionError, match="'b' is not defined here"):
        pl.load(path)


@pytest.mark.parametrize("given", ["reward.yaml", "no/where.yml", Path("none.yaml"), Path("none")])
def test_a_missing_file(given: Any) -> None:
    with pytest.raises(ConfigError, match=f"^no file {given}"):
        pl.load(given)


@pytest.mark.parametrize("given", ["Answer", "my-recipe", "none.json", "5", None])
def test_what_is_neither(given: Any) -> None:
    with pytest.raises(ExpressionError, match=f"^'{given}' is neither an expression"):
        pl.load(given)


def test_python_objects_in_yaml_are_not_made(tmp_path: Path) -> None:
    path = yaml(tmp_path, "reward: !!python/object/apply:os.system ['true']")
    with pytest.raises(ConfigError, match="not YAML"):
        pl.load(path)
