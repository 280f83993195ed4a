"""The other commands: version, help, explain, doctor, world, demo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit import __version__
from plaudit.worlds.digits import RESPONDERS


def run(*arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-m", "plaudit", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).strip() == f"plaudit {__version__}"


@pytest.mark.parametrize(
    "command", [(), ("score",), ("explain",), ("demo",), ("doctor",), ("world",), ("world", "digits")]
)
def test_help_teaches(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "Usage" in run(*command, "--help", cwd=tmp_path)


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['plaudit', '--help']\nfrom plaudit.cli.app import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print([m for m in ('numpy', 'PIL', 'pyarrow', 'sympy', 'torch', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"


def test_explain_shows_gates_and_weights(tmp_path: Path) -> None:
    shown = run(
        "explain", 'Gate(Format("think-answer"), Answer("math")) + 0.1 * Length(target=5, width=5)', cwd=tmp_path
    )
    assert "0.1" in shown
    assert "length" in shown
    assert "reference" in shown


def test_doctor(tmp_path: Path) -> None:
    assert f"plaudit {__version__}" in run("doctor", cwd=tmp_path)


def test_world_digits(tmp_path: Path) -> None:
    options = ("--n", "6", "--task", "sum", "--responder", "right", "--responder", "beg", "--seed", "3")
    run("world", "digits", "w", *options, cwd=tmp_path)
    records = [json.loads(line) for line in (tmp_path / "w" / "data.jsonl").read_text().splitlines()]
    assert len(records) == 6
    assert all(len(r["responses"]) == 2 for r in records)
    assert all((tmp_path / "w" / r["images"][0]).is_file() for r in records)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    return run("demo", "--out", "demo", "--n", "100", cwd=folder), folder / "demo"


def test_demo_tells_the_truth_about_every_responder(demo: tuple[str, Path]) -> None:
    """The known truth, row by row: no adversarial response gets anything, each right one gets its answer's point."""
    printed, folder = demo
    records = [json.loads(line) for line in (folder / "world" / "data.jsonl").read_text().splitlines()]
    scored = {r["id"]: r for r in map(json.loads, (folder / "scores.jsonl").read_text().splitlines())}
    checked = 0
    for record in records:
        for k, known in enumerate(record["meta"].get("responders", ())):
            row = scored[f"{record['id']}#{k}"]
            assert row["status"] == "ok"
            assert row["terms"]["answer"] == float(known["answer_right"]), (row, known)
            if known["answer_right"]:
                assert row["terms"]["format"] == float(known["format_right"]), (row, known)
            else:
                assert row["reward"] == 0.0
                assert row["reason"]
            checked += 1
    assert checked == 100 * len(RESPONDERS)
    verdicts = [line.split()[4] for line in printed.splitlines() if line.split()[:1] and line.split()[0] in RESPONDERS]
    assert verdicts == ["truth"] * len(RESPONDERS)


def test_demo_calls_bad_records_invalid_and_nothing_else(demo: tuple[str, Path]) -> None:
    rows = [json.loads(line) for line in (demo[1] / "scores.jsonl").read_text().splitlines()]
    invalid = {r["id"].partition("#")[0]: r["reason"] for r in rows if r["status"] != "ok"}
    assert set(invalid) == {"no-reference", "broken-image"}
    assert "no reference" in invalid["no-reference"]
    assert "truncated.png" in invalid["broken-image"]


def test_demo_leaves_a_report_and_a_reward_to_edit(demo: tuple[str, Path]) -> None:
    printed, folder = demo
    assert "report.html" in printed
    assert (folder / "report.html").stat().st_size > 10_000
    again = run("score", "demo/reward.yaml", "demo/world/data.jsonl", "--no-report", cwd=folder.parent)
    assert "reward" in again
