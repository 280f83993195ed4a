"""What the engine itself costs: trivial rewards, cached grades, and judges behind gates."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from statistics import median

from bench.figure import Figure, seconds

import plaudit as pl
from plaudit.engine.cache import Cache

LENGTH = 400
TURNS = 5
asked: list[str] = []


@pl.reward(range=(0, 1), cost="free")
def free(sample: pl.Sample) -> float:
    """Cost nothing."""
    return 1.0


@pl.reward(range=(0, 1), cost="cpu")
def worker(sample: pl.Sample) -> float:
    """Cost nothing, in a worker process."""
    return 1.0


@pl.reward(range=(0, 1), cost="model")
async def judge(sample: pl.Sample) -> float:
    """Answer at once, and note who asked."""
    asked.append(sample.text)
    return 1.0


@pl.part
class Device(pl.Leaf):
    """A grade that is worth keeping."""

    cost = "device"
    range = (0.0, 1.0)

    def grade(self, sample: pl.Sample) -> float:
        """Return what costs nothing to work out."""
        return 1.0


def fresh(n: int, turn: int = 0) -> list[pl.Sample]:
    """Return n distinct samples, new objects each time; another turn has other contents."""
    draw = Random(turn)
    body = "".join(draw.choice("abcdefgh ") for _ in range(LENGTH - 9))
    return [pl.Sample("What is seen?", f"{i:08d} {body}", reference="7", id=str(i)) for i in range(n)]


def trivial(quick: bool) -> list[Figure]:
    """Batches and single samples, in process and in workers; nothing is found in a cache."""
    n, singles = (1000, 100) if quick else (10_000, 1000)
    free.score(fresh(10))
    worker.score(fresh(100, turn=-1))
    batched, chunked, single, alone = [], [], [], []
    for turn in range(TURNS):
        samples, context = fresh(n, turn), pl.Context(cache=Cache())
        batched.append(seconds(lambda: free.score(samples, context)) / n)  # noqa: B023
        chunked.append(seconds(lambda: worker.score(samples, context)) / n)  # noqa: B023
        context = pl.Context(cache=Cache())
        few = fresh(singles // TURNS, TURNS + turn)
        single.append(median(seconds(lambda: free.score([s], context)) for s in few))  # noqa: B023
        alone.append(median(seconds(lambda: worker.score([s], context)) for s in few))  # noqa: B023
    size = f"{n:,} of {LENGTH} characters"
    median_of = f"the best of {TURNS} medians"
    return [
        Figure(f"free leaf, {size}", min(batched) * 1e6, "us a sample", 20, note=f"best of {TURNS}"),
        Figure(f"free leaf, one at a time, {singles:,}", min(single) * 1e6, "us a sample", 60, note=median_of),
        Figure(f"cpu leaf, {size}", min(chunked) * 1e6, "us a sample", 20, note=f"best of {TURNS}"),
        Figure(f"cpu leaf, one at a time, {singles:,}", min(alone) * 1e6, "us a sample", 600, note=median_of),
    ]


def cached(quick: bool) -> list[Figure]:
    """Warm look-ups through score: samples are new objects, so that their contents are hashed anew."""
    n = 2000 if quick else 20_000
    reward, memory = Device(), Cache()
    reward.score(fresh(n), pl.Context(cache=memory))
    kept = fresh(n)
    reward.score(kept, pl.Context(cache=memory))
    warm, again, disk = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        reward.score(fresh(n), pl.Context(cache=Cache(Path(folder))))
        for _ in range(TURNS):
            samples, context = fresh(n), pl.Context(cache=memory)
            warm.append(seconds(lambda: reward.score(samples, context)))  # noqa: B023
            again.append(seconds(lambda: reward.score(kept, context)))  # noqa: B023
            samples, stored = fresh(n), Cache(Path(folder))
            disk.append(seconds(lambda: reward.score(samples, pl.Context(cache=stored))))  # noqa: B023
            stored.close()
    size = f"{n:,} of {LENGTH} characters"
    best = f"best of {TURNS}"
    hashed = f"{best}, contents hashed anew"
    return [
        Figure(f"cache in memory, {size}", n / min(warm), "samples/s", 50_000, most=False, note=hashed),
        Figure("cache in memory, the same objects again", n / min(again), "samples/s", note=best),
        Figure(f"cache on disk, {size}", n / min(disk), "samples/s", 20_000, most=False, note=hashed),
    ]


def gated(quick: bool) -> list[Figure]:
    """A judge behind a gate is called once for every open gate and for no other."""
    n = 1000 if quick else 10_000
    texts = [f"<answer>{i}</answer>" if i % 3 else f"{i}" for i in range(n)]
    samples = [pl.Sample("?", text) for text in texts]
    reward = pl.Gate(pl.Format("answer"), judge)
    asked.clear()
    took = seconds(lambda: reward.score(samples, pl.Context(cache=Cache())))
    opened = {text for i, text in enumerate(texts) if i % 3}
    astray = len(asked) - len(opened) if set(asked) == opened else len(set(asked) ^ opened)
    return [
        Figure(f"judge calls less open gates, {n:,} samples, {len(opened):,} open", abs(astray), "calls", 0),
        Figure("the same, with a judge that answers at once", took / len(opened) * 1e6, "us a call"),
    ]
