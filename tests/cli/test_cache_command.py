"""``plaudit cache``: what is kept, forgetting it, and taking it along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

JUDGE = """
import plaudit as pl

@pl.reward(range=(0, 1), cost="model")
async def judge(sample):
    open("calls.txt", "a").write("called ")
    return 0.25
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "judge.py").write_text(JUDGE)
    (tmp_path / "data.jsonl").write_text("".join(json.dumps({"prompt": "?", "response": r}) + "\n" for r in "aab"))
    return tmp_path


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plaudit", *arguments]
    variables = {**os.environ, "PLAUDIT_CACHE": str(folder / "cache"), **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)


def calls(folder: Path) -> int:
    return len((folder / "calls.txt").read_text().split())


def test_a_second_run_pays_for_nothing(folder: Path) -> None:
    for _ in range(2):
        assert run(folder, "score", "judge.py:judge", "data.jsonl", "--no-report").returncode == 0
    assert calls(folder) == 2
    assert "judge.py:judge" in run(folder, "cache", "stats").stdout


def test_without_cache_everything_is_asked_anew(folder: Path) -> None:
    for _ in range(2):
        assert run(folder, "score", "judge.py:judge", "data.jsonl", "--no-report", "--no-cache").returncode == 0
    assert calls(folder) == 4
    assert not (folder / "cache").exists()


def test_export_and_prune(folder: Path) -> None:
    run(folder, "score", "judge.py:judge", "data.jsonl", "--no-report")
    exported = [json.loads(line) for line in run(folder, "cache", "export").stdout.splitlines()]
    assert [record["grade"][0] for record in exported] == [0.25, 0.25]
    assert "forgot 0 grades" in run(folder, "cache", "prune", "--older-than", "1").stdout
    assert "forgot 2 grades" in run(folder, "cache", "prune", "--older-than", "0").stdout
    assert run(folder, "cache", "export").stdout == ""


def test_a_folder_that_was_asked_for_and_cannot_be_used_is_an_error(folder: Path) -> None:
    (folder / "file").write_text("")
    refused = run(folder, "score", "judge.py:judge", "data.jsonl", "--cache", "file")
    assert refused.returncode == 2
    assert "cache folder file" in refused.stderr


def test_a_default_folder_that_cannot_be_used_is_only_said(folder: Path) -> None:
    (folder / "file").write_text("")
    done = run(folder, "score", "judge.py:judge", "data.jsonl", "--no-report", PLAUDIT_CACHE="", XDG_CACHE_HOME="file")
    assert done.returncode == 0
    assert "in memory" in done.stderr
