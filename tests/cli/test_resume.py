"""``plaudit score --resume``: a killed run goes on, paying for nothing twice and writing nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

N = 5000
JUDGE = """
import os, signal
import plaudit as pl

@pl.reward(range=(0, 1), cost="model")
async def judge(sample):
    with open("calls.txt", "a") as calls:
        calls.write(sample.text + chr(10))
    if os.path.exists("fatal") and sample.text == open("fatal").read():
        os.kill(os.getpid(), signal.SIGKILL)
    return int(sample.text) % 7 / 7
"""


def score(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plaudit", "score", "judge.py:judge", "data.jsonl", "--no-report", *options]
    environment = os.environ | {"PLAUDIT_CACHE": str(folder / "cache")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "judge.py").write_text(JUDGE)
    lines = [json.dumps({"prompt": "?", "response": str(i)}) + "\n" for i in range(N)]
    (tmp_path / "data.jsonl").write_text("".join(lines))
    return tmp_path


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_a_killed_run_goes_on(folder: Path, name: str) -> None:
    (folder / "fatal").write_text(str(N - 500))  # in the last block, after others were written
    killed = score(folder, "-o", name)
    assert killed.returncode == -signal.SIGKILL
    assert not (folder / name).exists()
    (folder / "fatal").unlink()
    finished = len((folder / f"{name}.partial").read_text().splitlines())
    assert finished >= 2048

    done = score(folder, "-o", name, "--resume")
    assert done.returncode == 0, done.stderr
    assert f"{finished:,} rows were there already" in done.stdout
    calls = Counter((folder / "calls.txt").read_text().split())
    assert set(calls) == {str(i) for i in range(N)}
    # only calls that had not returned when the process died may be made again, and those of a block start together
    again = [int(text) for text, times in calls.items() if times > 1]
    assert all(text >= finished for text in again)
    if name.endswith(".jsonl"):
        rows = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        assert [r["reward"] for r in rows] == [i % 7 / 7 for i in range(N)]
    assert not list(folder.glob("*.partial*"))


def test_a_torn_row_is_written_again(folder: Path) -> None:
    (folder / "fatal").write_text(str(N - 1))
    score(folder, "-o", "out.jsonl")
    (folder / "fatal").unlink()
    partial = folder / "out.jsonl.partial"
    partial.write_bytes(partial.read_bytes()[:-9])
    assert score(folder, "-o", "out.jsonl", "--resume").returncode == 0
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"data.jsonl:{i + 1}" for i in range(N)]


def test_another_reward_or_other_data_is_refused(folder: Path) -> None:
    (folder / "fatal").write_text(str(N - 1))
    score(folder, "-o", "out.jsonl")
    other = [
        sys.executable,
        "-m",
        "plaudit",
        "score",
        "Length(target=1, width=1)",
        "data.jsonl",
        "-o",
        "out.jsonl",
        "--resume",
    ]
    refused = subprocess.run(other, cwd=folder, capture_output=True, text=True, timeout=300)
    assert refused.returncode == 2
    assert "judge.py:judge" in refused.stderr
    lines = (folder / "data.jsonl").read_text().splitlines(keepends=True)
    (folder / "data.jsonl").write_text("".join(['{"id": "new", "response": "1"}\n', *lines]))
    refused = score(folder, "-o", "out.jsonl", "--resume")
    assert refused.returncode == 2
    assert "'data.jsonl:1'" in refused.stderr
    assert "'new'" in refused.stderr


def test_resume_without_a_killed_run_just_runs(folder: Path) -> None:
    assert score(folder, "-o", "out.jsonl", "--resume").returncode == 0
    assert len((folder / "out.jsonl").read_text().splitlines()) == N
