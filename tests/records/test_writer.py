"""Writing scores: null for what is no number, one schema, and never half a file under a whole one's name."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.media import Media
from plaudit.records import Writer, read

OK = {"id": "a", "reward": 1.0, "status": "ok", "reason": "", "terms": {"answer": 1.0, "judge.clarity": 0.5}}
BAD = {
    "id": "b",
    "reward": math.nan,
    "status": "timeout",
    "reason": "2 s",
    "terms": {"answer": 1.0, "judge.clarity": math.nan},
    "term_status": {"judge.clarity": "timeout"},
}


def objects(path: Path) -> list[dict[str, Any]]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text().split("\n")[:-1]]


def parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path)


class TestLines:
    def test_rows_with_null_for_no_number(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.jsonl") as out:
            out.write({**OK, "term_status": {}})
            out.write(BAD)
            assert out.count == 2
        first, second = objects(tmp_path / "out.jsonl")
        assert first == {**OK, "term_status": {}}
        assert second == {**BAD, "reward": None, "terms": {"answer": 1.0, "judge.clarity": None}}
        assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]

    def test_values_that_are_not_json(self, tmp_path: Path) -> None:
        row = {
            "id": "é\u2028",
            "reward": np.float64("nan"),
            "images": [Media("a/b.png"), Media(b"GIF89a"), Path("c.png")],
            "meta": {1: np.arange(2), "set": {2, 1}},
        }
        with Writer(str(tmp_path / "out.ndjson")) as out:
            out.write(row)
        (back,) = objects(tmp_path / "out.ndjson")
        assert back == {
            "id": "é\u2028",
            "reward": None,
            "images": ["a/b.png", "data:image/gif;base64,R0lGODlh", "c.png"],
            "meta": {"1": [0, 1], "set": [1, 2]},
        }

    def test_an_object_that_can_not_be_written(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.jsonl") as out:
            out.write(OK)
            with pytest.raises(TypeError, match=r"row 'x' can't be written: it holds a object"):
                out.write({"id": "x", "extra": object()})
        assert len(objects(tmp_path / "out.jsonl")) == 1

    def test_what_was_written_reads_back(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.jsonl") as out:
            out.write({**OK, "prompt": "p", "response": "r", "reference": [1]})
        (sample,) = read(tmp_path / "out.jsonl")
        assert (sample.id, sample.prompt, sample.response, sample.reference) == ("a", "p", "r", [1])
        assert sample["reward"] == 1.0

    def test_standard_output(self) -> None:
        code = "from plaudit.records import Writer\nwith Writer('-') as out: out.write({'id': 'a', 'reward': None})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert done.stdout == b'{"id":"a","reward":null}\n'


class TestParquet:
    def test_flat_columns(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.parquet") as out:
            out.write({**OK, "prompt": "p", "extra": {"x": 1}, "n": 1})
            out.write({**BAD, "prompt": None, "extra": "text", "n": 2})
            out.write({"id": "c", "reward": 0.5, "status": "ok", "reason": "", "terms": {"late": 0.25}, "n": None})
        table = parquet(tmp_path / "out.parquet")
        assert table.schema.names == [
            "id",
            "reward",
            "status",
            "reason",
            "term.answer",
            "term.judge.clarity",
            "term.late",
            "term_status",
            "prompt",
            "extra",
            "n",
        ]
        types = {field.name: str(field.type) for field in table.schema}
        assert [types[n] for n in ("id", "reward", "term.late", "term_status", "prompt", "extra", "n")] == [
            "string",
            "double",
            "double",
            "string",
            "string",
            "string",
            "int64",
        ]
        columns = table.to_pydict()
        assert columns["reward"] == [1.0, None, 0.5]
        assert columns["term.judge.clarity"] == [0.5, None, None]
        assert columns["term.late"] == [None, None, 0.25]
        assert columns["term_status"] == [None, '{"judge.clarity":"timeout"}', None]
        assert columns["extra"] == ['{"x":1}', '"text"', None]
        assert columns["n"] == [1, 2, None]
        assert [p.name for p in tmp_path.iterdir()] == ["out.parquet"]

    def test_one_schema_whatever_the_values(self, tmp_path: Path) -> None:
        for name, value in (("a", 1.0), ("b", math.nan), ("c", 1)):
            with Writer(tmp_path / f"{name}.parquet") as out:
                out.write({"id": name, "reward": value, "status": "ok", "reason": "", "terms": {"t": value}})
        schemas = [parquet(tmp_path / f"{n}.parquet").schema for n in "abc"]
        assert schemas[0].equals(schemas[1])
        assert schemas[0].equals(schemas[2])

    def test_many_rows_and_none(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "many.parquet") as out:
            for i in range(10_000):
                out.write({"id": str(i), "reward": i, "status": "ok", "reason": "", "terms": {}})
        assert parquet(tmp_path / "many.parquet")["reward"].to_pylist() == list(range(10_000))
        with Writer(tmp_path / "none.parquet"):
            pass
        assert parquet(tmp_path / "none.parquet").num_rows == 0

    def test_mixed_numbers(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.parquet") as out:
            for value in (1, 2.5, None):
                out.write({"id": "a", "level": value, "big": 2**64, "flag": True})
        columns = parquet(tmp_path / "out.parquet").to_pydict()
        assert columns["level"] == [1.0, 2.5, None]
        assert columns["flag"] == [True] * 3
        assert columns["big"] == ["18446744073709551616"] * 3

    def test_numbers_and_text_that_the_fast_path_refuses(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "out.jsonl") as out:
            out.write({"id": "a", "n": 2**70 + 1, "x": [math.nan, np.ones(1)], "text": "half \ud83d", "m": Path("p")})
        (back,) = objects(tmp_path / "out.jsonl")
        assert back == {"id": "a", "n": 2**70 + 1, "x": [None, [1.0]], "text": "half ?", "m": "p"}


class TestSafety:
    @pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
    @pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt()])
    def test_an_interrupted_run_keeps_both_files(self, tmp_path: Path, name: str, error: BaseException) -> None:
        (tmp_path / name).write_text("earlier")

        def run() -> None:
            with Writer(tmp_path / name) as out:
                out.write(OK)
                raise error

        with pytest.raises(type(error)) as caught:
            run()
        assert (tmp_path / name).read_text() == "earlier"
        assert objects(tmp_path / f"{name}.partial") == [OK]
        assert f"1 rows so far are kept, as JSON lines, in {tmp_path / name}.partial" in caught.value.__notes__[-1]

    def test_an_earlier_partial_file_stays(self, tmp_path: Path) -> None:
        (tmp_path / "out.jsonl.partial").write_text("earlier")
        with Writer(tmp_path / "out.jsonl") as out:
            out.write(OK)
            assert out.partial == tmp_path / "out.jsonl.partial.1"
        assert (tmp_path / "out.jsonl.partial").read_text() == "earlier"
        assert objects(tmp_path / "out.jsonl") == [OK]

    def test_the_name_appears_with_the_whole_file(self, tmp_path: Path) -> None:
        path = tmp_path / "out.jsonl"
        path.write_text("earlier")
        with Writer(path) as out:
            out.write(OK)
            assert path.read_text() == "earlier"
        assert objects(path) == [OK]

    def test_a_killed_process_leaves_the_partial_file(self, tmp_path: Path) -> None:
        code = (
            "import os, signal\nfrom plaudit.records import Writer\n"
            f"out = Writer({str(tmp_path / 'out.jsonl')!r})\n"
            "for i in range(20000): out.write({'id': str(i), 'reward': 1.0})\n"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        done = subprocess.run([sys.executable, "-c", code], check=False)
        assert done.returncode == -signal.SIGKILL
        kept = (tmp_path / "out.jsonl.partial").read_bytes().split(b"\n")[:-1]
        assert len(kept) > 5_000  # all but the last buffer
        assert json.loads(kept[-1])["id"] == str(len(kept) - 1)
        assert not (tmp_path / "out.jsonl").exists()

    def test_a_link_is_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "out.jsonl").symlink_to(tmp_path / "real/out.jsonl")
        with Writer(tmp_path / "out.jsonl") as out:
            out.write(OK)
        assert (tmp_path / "out.jsonl").is_symlink()
        assert objects(tmp_path / "real/out.jsonl") == [OK]

    def test_names_that_can_not_be_written(self, tmp_path: Path) -> None:
        for name, why in (
            ("out.csv", "of no known format"),
            ("out", "of no known format"),
            ("no/out.jsonl", "No such"),
        ):
            with pytest.raises(ConfigError, match=why):
                Writer(tmp_path / name)
        (tmp_path / "dir.jsonl").mkdir()
        with pytest.raises(ConfigError, match="is a folder"):
            Writer(tmp_path / "dir.jsonl")
        assert [p.name for p in tmp_path.iterdir()] == ["dir.jsonl"]

    def test_closing_twice_is_harmless(self, tmp_path: Path) -> None:
        out = Writer(tmp_path / "out.jsonl")
        out.write(OK)
        out.close()
        out.close()
        assert objects(tmp_path / "out.jsonl") == [OK]
