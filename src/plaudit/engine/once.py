"""Once: a leaf that costs something grades each distinct content once.

Three places are looked in: the batch itself (GRPO groups repeat responses), the cache, and what other ``score`` calls
of this process are grading right now. Only the rest is graded, and what came out with a score goes into the cache; the
results of model calls one by one as they arrive, so that a killed run has not paid for nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import MediaError
from plaudit.core.grade import Grade, grades_to_scores
from plaudit.core.score import Scores
from plaudit.engine.cache import Cache, grades_of
from plaudit.engine.driver import Wait

if TYPE_CHECKING:
    from plaudit.core.reward import Reward
    from plaudit.core.sample import Sample
    from plaudit.engine.run import BatchRun

#: The costs that are worth remembering. What is free is cheaper than a look-up; what asks the policy changes with it.
ONCE = frozenset(("cpu", "device", "model"))

#: Seconds of work on a sample from which on it is worth writing down; what is quicker stays in memory.
DEAR = 0.001

_Ask = Callable[["Reward", "Sequence[Sample]"], Awaitable[Scores]]
_lock = threading.Lock()
#: What a claim comes to: the grades that were found, None (or nothing) where none was.
_Outcome = Future[Mapping[str, "Grade | None"]]
_in_flight: dict[tuple[str, str], tuple[_Outcome, BatchRun]] = {}
_memory = Cache()


async def graded_once(run: BatchRun, leaf: Reward, samples: Sequence[Sample], key: str, grade: _Ask) -> Scores:
    """Return the scores of samples, grading only contents that nobody has graded or is grading.

    Args:
        run: who asks.
        leaf: a leaf that sees one sample at a time.
        samples: at least one.
        key: the leaf's cache key.
        grade: grades some samples.
    """
    if leaf.cost == "device" and _has_graph():
        return await grade(leaf, samples)
    cache: Cache = run.context.cache or _memory
    digests = [_digest(sample) for sample in samples]
    distinct = list(dict.fromkeys(d for d in digests if d is not None))
    found = dict(zip(distinct, cache.get(key, distinct), strict=True))
    outcome: _Outcome = Future()
    mine, theirs = _claim(run, key, [d for d, known in found.items() if known is None], outcome)
    try:
        first: dict[str, int] = {}
        for i, digest in enumerate(digests):
            if digest is not None:
                first.setdefault(digest, i)
        rows = sorted([first[d] for d in mine] + [i for i, d in enumerate(digests) if d is None])
        keep = _Keeper(cache, key, leaf, digests, found)
        if len(rows) == len(samples):
            scores = await _graded(run, leaf, samples, rows, grade, keep)
            scores.spent["calls"] = np.ones(len(samples))
            return scores
        graded = await _graded(run, leaf, [samples[i] for i in rows], rows, grade, keep) if rows else None
    finally:
        _release(key, mine, outcome)
        outcome.set_result(found)
    return await _assembled(digests, rows, graded, found, theirs, lambda i: grade(leaf, [samples[i]]))


class _Keeper:
    """Keeps fresh grades: in the cache, and at hand for the rest of the batch and for others who wait."""

    def __init__(
        self, cache: Cache, key: str, leaf: Reward, digests: Sequence[str | None], found: dict[str, Grade | None]
    ) -> None:
        self.cache, self.key, self.text, self.digests, self.found = cache, key, str(leaf), digests, found
        self.dear = leaf.cost != "cpu"

    def __call__(self, rows: Sequence[int], scores: Scores) -> None:
        fresh = {d: g for i, g in zip(rows, grades_of(scores), strict=True) if (d := self.digests[i]) is not None}
        self.found.update(fresh)
        self.cache.put(self.key, self.text, fresh, disk=self.dear or bool(scores.seconds.mean() > DEAR))


async def _graded(
    run: BatchRun, leaf: Reward, samples: Sequence[Sample], rows: Sequence[int], grade: _Ask, keep: _Keeper
) -> Scores:
    """Grade, and keep what comes out: together, or for a model one by one as it comes."""
    if leaf.cost != "model":
        scores = await grade(leaf, samples)
        if scores.tensor is None:
            keep(rows, scores)
        return scores

    async def one(sample: Sample, row: int) -> Scores:
        scores = await grade(leaf, [sample])
        keep([row], scores)
        return scores

    return Scores.concat(await run.gather(*(one(s, i) for s, i in zip(samples, rows, strict=True))))


async def _assembled(
    digests: Sequence[str | None],
    rows: Sequence[int],
    graded: Scores | None,
    found: dict[str, Grade | None],
    theirs: dict[str, _Outcome],
    alone: Callable[[int], Awaitable[Scores]],
) -> Scores:
    """Put together what was graded here, found, and graded by others."""
    fresh = dict(zip(rows, grades_of(graded), strict=True)) if graded is not None else {}
    grades: list[Any] = []
    for i, digest in enumerate(digests):
        grade = fresh.get(i) or (found[digest] if digest is not None else None)
        if grade is None and digest in theirs:
            grade = (await Wait(theirs[digest])).get(digest)
        if grade is None:  # whoever was grading it gave up
            grade = grades_of(await alone(i))[0]
            if digest is not None:
                found[digest] = grade
        grades.append(grade)
    scores = grades_to_scores(grades)
    calls = np.zeros(len(digests))
    calls[list(rows)] = 1.0
    scores.spent = {"calls": calls, "hits": 1.0 - calls}
    if graded is not None and "seconds" in graded.spent:
        scores.spent["seconds"] = np.zeros(len(digests))
        scores.spent["seconds"][list(rows)] = graded.spent["seconds"]
    return scores


def _claim(run: BatchRun, key: str, digests: list[str], outcome: _Outcome) -> tuple[list[str], dict[str, _Outcome]]:
    """Say which contents this run will grade, and which others are being graded by somebody to wait for."""
    mine: list[str] = []
    theirs: dict[str, _Outcome] = {}
    with _lock:
        for digest in digests:
            held = _in_flight.get((key, digest))
            if held is None:
                _in_flight[key, digest] = (outcome, run)
                mine.append(digest)
            elif run.blocks(held[1]):
                mine.append(digest)  # waiting for a run that we keep from going on would be for ever
            else:
                theirs[digest] = held[0]
    return mine, theirs


def _release(key: str, mine: list[str], outcome: _Outcome) -> None:
    """Give up the claims."""
    with _lock:
        for digest in mine:
            if _in_flight.get((key, digest), (None, None))[0] is outcome:
                del _in_flight[key, digest]


def _digest(sample: Sample) -> str | None:
    """The content of a sample, or None where it has none that can be hashed."""
    try:
        return sample.digest
    except (TypeError, ValueError, MediaError):
        return None


def _has_graph() -> bool:
    """Whether torch records gradients here: a remembered number has no graph."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and bool(torch.is_grad_enabled())
