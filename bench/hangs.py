"""Samples that hang: how long after its limit a score call comes back, and that it costs nobody else a grade.

Each call has one sample that hangs among twenty that don't, and is made from the main thread and from another one.
"""

from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from bench.figure import Figure

import plaudit as pl
from plaudit.engine import pool
from plaudit.engine.cache import Cache

LIMIT = 1.0
BESIDE = 20
LATE = 0.5


@pl.reward(range=(0, 1), timeout=LIMIT)
def hanging(sample: pl.Sample) -> float:
    """Do what the text says."""
    if sample.text == "power":
        return float(9**9**9 > 0)
    if sample.text == "while":
        while True:
            pass
    if sample.text == "native":
        deque(itertools.repeat(0), maxlen=0)
    return 1.0


BRACKETS = "(" * 1000 + "1" + ")" * 1000
CASES: tuple[tuple[str, pl.Reward, str, str, str], ...] = (
    ("9**9**9 in Python", hanging, "power", "fine", "timeout"),
    ("while True", hanging, "while", "fine", "timeout"),
    ("a loop in native code", hanging, "native", "fine", "timeout"),
    ("backtracking, Format(regex)", pl.Format(regex="(a+)+b", timeout=LIMIT), "a" * 60, "aab", "timeout"),
    ("1,000 nested brackets, Answer(math)", pl.Answer("math", timeout=LIMIT), rf"\boxed{{{BRACKETS}}}", "", "ok"),
    ("a tower of powers, Answer(math)", pl.Answer("math", timeout=LIMIT), r"\boxed{9^{9^{9^{9}}}}", "", "ok"),
)


def measure(quick: bool) -> list[Figure]:
    """Return, for every case, the seconds beyond the limit; and how many grades and workers were lost."""
    figures, lost, missing = [], 0, 0
    _refill()
    for name, reward, hangs, fine, status in CASES[:2] if quick else CASES:
        texts = [hangs] + [fine or rf"\boxed{{{i}}}" for i in range(BESIDE)]
        samples = [pl.Sample("?", text, reference=str(i - 1)) for i, text in enumerate(texts)]
        late = []
        with ThreadPoolExecutor(1) as other:
            for elsewhere in (False, True):
                context = pl.Context(cache=Cache())
                began = perf_counter()
                asked = other.submit(reward.score, samples, context) if elsewhere else None
                scores = asked.result() if asked else reward.score(samples, context)
                late.append(perf_counter() - began - LIMIT)
                lost += bool(scores.status[0] != status)
                lost += sum(value != 1.0 for value in scores.values[1:].tolist())
                missing += pool.shared().size - _refill()
        note = f"other thread {late[1]:+.3f}" + ("; refused before the limit" if max(late) < 0 else "")
        figures.append(Figure(f"{name}: end less limit of {LIMIT:g} s", max(late), "s", LATE, note=note))
    return [
        *figures,
        Figure(f"wrong statuses and lost grades, {BESIDE} beside each", lost, "grades", 0),
        Figure("workers missing afterwards", missing, "workers", 0),
    ]


def _refill() -> int:
    """Give every worker something to do; return how many there are."""
    hanging.score([pl.Sample("?", f"fine {i}") for i in range(16 * pool.shared().size)], pl.Context(cache=Cache()))
    return len(pool.shared().processes)
