"""A long file through the command line, in a process of its own: the most memory it held, and rows a second."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.figure import Figure

REWARD = 'Answer("exact") + 0.1 * Format("think-answer")'
LENGTH = 300
_BLOCK = 50_000


def measure(quick: bool) -> list[Figure]:
    """Score a Parquet file with report, and return peak memory and speed, start-up included."""
    rows = 50_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.parquet"
        _write(data, rows)
        command = [sys.executable, "-m", "plaudit", "score", REWARD, str(data), "--no-cache", "-o", f"{folder}/o.jsonl"]
        began = perf_counter()
        with (Path(folder) / "said").open("w+b") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            took = perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if process.returncode:
                raise RuntimeError(f"{' '.join(command)} failed: {said.read().decode()[-2000:]}")
        with (Path(folder) / "o.jsonl").open("rb") as written:
            records = sum(1 for _ in written)
    size = f"{rows:,} rows of {LENGTH} characters"
    unit = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts
    return [
        Figure(f"plaudit score, Parquet, {size}: peak memory", used.ru_maxrss * unit / 1e6, "MB", 600),
        Figure("the same: speed, with report", rows / took, "rows/s", note=f"{took:.1f} s"),
        Figure("the same: records that are missing", rows - records, "rows", 0),
    ]


def _write(path: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("prompt", pa.string()), ("response", pa.string()), ("reference", pa.string())])
    with pq.ParquetWriter(path, schema) as out:
        for start in range(0, rows, _BLOCK):
            ids = range(start, min(start + _BLOCK, rows))
            columns = {
                "prompt": [f"What is seen in {i}?" for i in ids],
                "response": [_response(i) for i in ids],
                "reference": [str(i % 1000 if i % 5 else -1) for i in ids],
            }
            out.write_table(pa.Table.from_pydict(columns, schema))


def _response(i: int) -> str:
    """A response of :data:`LENGTH` characters; every tenth does not open its reasoning."""
    opened, end = "" if i % 10 == 0 else "<think>", f"</think><answer>{i % 1000}</answer>"
    return opened + f"{i:09d} look".ljust(LENGTH - len(opened) - len(end), ".") + end
