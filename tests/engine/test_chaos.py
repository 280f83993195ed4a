"""Chaos: a grader that fails in every way at once costs each faulty sample its own grade, and nobody anything else."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import plaudit as pl
from plaudit.engine import pool

N, THREADS, WORKERS = 5000, 8, 4
LIMIT = 0.2
FAULTY = f"""
import ctypes, time
import plaudit as pl

@pl.reward(range=(0, 1), timeout={LIMIT})
def faulty(sample):
    fault, i = sample.meta["fault"], sample.meta["i"]
    if fault == "raise":
        raise LookupError(f"nothing known of {{i}}")
    if fault == "sleep":
        time.sleep(3600)
    if fault == "spin":
        while True:
            pass
    if fault == "crash":
        ctypes.string_at(0)
    if fault == "memory":
        return float(len(bytearray(1 << 40)))
    return i % 5 / 5
"""
#: What is left of i after division by 100, and what then happens: 10% raise, 5% hang, 2% crash, 2% want a terabyte.
FAULTS = (
    dict.fromkeys(range(0, 100, 10), "raise")
    | dict.fromkeys((3, 23, 43, 63), "sleep")
    | {83: "spin"}
    | dict.fromkeys((5, 55), "crash")
    | dict.fromkeys((7, 57), "memory")
)
EXPECTED = {
    "raise": ("error", "LookupError: nothing known of {i}"),
    "sleep": ("timeout", f"took longer than {LIMIT:g} s"),
    "spin": ("timeout", f"took longer than {LIMIT:g} s"),
    "crash": ("error", "the worker process died of SIGSEGV (a crash in native code)"),
    "memory": ("error", "out of memory"),
}


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[pool.Pool]:
    """A pool of this test's own as the process's own."""
    pool.shutdown()
    own = pool.Pool(workers=WORKERS)
    monkeypatch.setattr(pool, "_shared", own)
    yield own
    own.close()


@pytest.fixture
def reward(tmp_path: Path) -> pl.Reward:
    """A faulty function in a file among parts that have no faults."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    faulty = pl.load(f"{tmp_path / 'faulty.py'}:faulty")
    behind = pl.Gate(pl.Format("think-answer"), pl.Length(target=3, width=3), name="brief")
    return faulty + 0.5 * pl.Answer("number") + 0.25 * behind


def sample(i: int) -> pl.Sample:
    """A sample of one word, whose answer is right unless i is odd, and whose form is wrong for every third."""
    thought = "" if i % 3 == 0 else "<think>so</think>"
    text = f"{thought}<answer>{i + i % 2}</answer>"
    return pl.Sample("?", text, reference=str(i), id=str(i), meta={"fault": FAULTS.get(i % 100), "i": i})


def children() -> set[int]:
    """The living processes that this one has started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def test_every_sample_gets_its_own_status_and_reason(workers: pool.Pool, reward: pl.Reward) -> None:
    before = children()
    samples = [sample(i) for i in range(N)]
    with ThreadPoolExecutor(THREADS) as threads:
        shares = list(threads.map(reward.score, [samples[k::THREADS] for k in range(THREADS)]))
    seen: Counter[str] = Counter()
    for k, scores in enumerate(shares):
        faulty, answer, brief = scores["faulty"], scores["answer"], scores["brief"]
        for row, i in enumerate(range(k, N, THREADS)):
            right, formed = float(i % 2 == 0), i % 3 != 0
            length = 1 - abs(1 - 3) / 3 if formed else 0.0
            assert (answer.status[row], answer.values[row]) == ("ok", right)
            assert (brief.status[row], brief.values[row]) == ("ok", length)
            assert scores["brief.format"].values[row] == formed
            assert scores["brief.length"].status[row] == ("ok" if formed else "skipped")
            fault = FAULTS.get(i % 100)
            if fault is None:
                assert (faulty.status[row], faulty.values[row]) == ("ok", i % 5 / 5)
                whole = i % 5 / 5 + 0.5 * right + 0.25 * length
                assert scores.values[row] == pytest.approx(whole, abs=1e-12)
            else:
                status, why = EXPECTED[fault]
                assert (faulty.status[row], faulty.reason[row]) == (status, why.format(i=i)), i
                assert (scores.status[row], scores.reason[row]) == (status, f"faulty: {faulty.reason[row]}")
                seen[fault] += 1
    assert seen == {"raise": 500, "sleep": 200, "spin": 50, "crash": 100, "memory": 100}

    again = reward.score([sample(i) for i in range(N, N + 1000) if i % 100 not in FAULTS])
    assert set(again.status) == {"ok"}
    assert len(workers.processes) == WORKERS
    assert children() - before == set(workers.processes)
    pool.shutdown()
    assert children() <= before
