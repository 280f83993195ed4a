"""``plaudit score`` as a user runs it: in a process of its own, on files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

RIGHT = "<think>2 and 2</think><answer>4</answer>"


def run(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plaudit", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=120)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good records, and one each with a bad line, no reference and a broken image."""
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    whole = (tmp_path / "red.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    lines = [
        json.dumps({"id": "a", "prompt": "2+2?", "image": "red.png", "responses": [RIGHT, "5"], "solution": "4"}),
        "{broken",
        json.dumps({"id": "b", "prompt": "2+2?", "response": RIGHT}),
        json.dumps({"id": "c", "prompt": "2+2?", "image": "half.png", "response": RIGHT, "solution": "4"}),
        json.dumps({"id": "d", "prompt": "2+2?", "response": RIGHT, "solution": "4"}),
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


EXPRESSION = 'Answer("number") + 0.5 * Format("think-answer")'


def test_scores_terms_and_statuses_are_written(folder: Path) -> None:
    done = run("score", EXPRESSION, "data.jsonl", "--map", "reference=solution", "--max-failed", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = rows(folder / "data.scores.jsonl")
    assert [r["reward"] for r in written] == [1.5, 0.0, None, None, None, 1.5]
    assert [r["status"] for r in written] == ["ok", "ok", "invalid", "invalid", "invalid", "ok"]
    assert written[0]["terms"] == {"answer": 1.0, "format": 1.0}
    assert written[0]["group"] == written[1]["group"]
    assert written[3]["term_status"] == {"answer": "invalid"}
    assert (folder / "data.scores.html").read_text().startswith("<!doctype html>")
    assert "data.scores.jsonl" in done.stdout


def test_bad_records_are_named_by_file_line_and_field(folder: Path) -> None:
    run("score", EXPRESSION, "data.jsonl", "--map", "reference=solution", "--no-report", cwd=folder)
    broken, no_reference, half = rows(folder / "data.scores.jsonl")[2:5]
    assert "data.jsonl line 2" in broken["reason"]
    assert no_reference["reason"] == "answer: no reference"
    assert "data.jsonl line 4" in half["reason"]
    assert "half.png" in half["reason"]


@pytest.mark.parametrize(("allowed", "status"), [("3", 0), ("2", 1), ("50%", 0), ("49%", 1), ("0", 1)])
def test_exit_status_says_whether_too_many_failed(folder: Path, allowed: str, status: int) -> None:
    options = ("--map", "reference=solution", "--no-report", "--max-failed", allowed)
    assert run("score", EXPRESSION, "data.jsonl", *options, cwd=folder).returncode == status
    assert len(rows(folder / "data.scores.jsonl")) == 6  # written all the same


def test_standard_input_to_standard_output(folder: Path) -> None:
    line = json.dumps({"prompt": "2+2?", "response": RIGHT, "reference": 4}) + "\n"
    done = run("score", EXPRESSION, "-", "-o", "-", cwd=folder, stdin=line)
    assert json.loads(done.stdout)["reward"] == 1.5
    assert "reward" in done.stderr  # the report does not mix with the data


def test_parquet_out(folder: Path) -> None:
    import pyarrow.parquet as pq

    options = ("--map", "reference=solution", "--max-failed", "100%", "-o", "out.parquet")
    assert run("score", EXPRESSION, "data.jsonl", *options, cwd=folder).returncode == 0
    table = pq.read_table(folder / "out.parquet")
    assert table["reward"].to_pylist() == [1.5, 0.0, None, None, None, 1.5]
    assert table["term.answer"].to_pylist() == [1.0, 0.0, None, None, None, 1.0]


def test_yaml_and_a_users_own_function(folder: Path) -> None:
    (folder / "mine.py").write_text("import plaudit as pl\n\n\ndef short(sample):\n    return len(sample.text) < 10\n")
    (folder / "reward.yaml").write_text('define:\n  brief: Load("mine.py:short")\nreward: 2 * brief\n')
    for reward in ("reward.yaml", "mine.py:short"):
        done = run("score", reward, "data.jsonl", "--max-failed", "9", "--no-report", cwd=folder)
        assert done.returncode == 0, done.stderr
    assert [r["reward"] for r in rows(folder / "data.scores.jsonl")] == [0.0, 1.0, None, 0.0, None, 0.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("score", 'Anwser("math")', "data.jsonl"), ["no reward is named 'Anwser'", "did you mean 'Answer'", "^"]),
        (("score", 'len("x")', "data.jsonl"), ["no reward is named 'len'"]),
        (("score", 'Answer("number")', "nothing.jsonl"), ["nothing.jsonl", "no such file"]),
        (("score", 'Answer("number")', "data.jsonl", "--map", "reference=solutoin"), ["solutoin", "solution"]),
        (("score", 'Answer("number")', "data.jsonl", "--map", "reference"), ["--map reference", "FIELD=COLUMN"]),
        (("score", 'Answer("number")', "data.jsonl", "--max-failed", "many"), ["--max-failed many", "5%"]),
        (("score", 'Answer("number")', "data.jsonl", "-o", "out.csv"), ["out.csv", ".parquet"]),
        (("score", '1e999 * Answer("number")', "data.jsonl"), ["too large", "^"]),
        (("explain", "missing.yaml"), ["missing.yaml"]),
        (("world", "digits", "w", "--task", "summ"), ["summ", "sum"]),
        (("world", "digits", "w", "--size", "big"), ["--size big"]),
    ],
)
def test_mistakes_are_one_clear_message(folder: Path, arguments: tuple[str, ...], words: list[str]) -> None:
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("plaudit: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_an_existing_output_survives_a_run_that_fails(folder: Path) -> None:
    (folder / "data.scores.jsonl").write_text("precious\n")
    assert run("score", EXPRESSION, "data.jsonl", "--map", "reference=nothing", cwd=folder).returncode == 2
    assert (folder / "data.scores.jsonl").read_text() == "precious\n"
