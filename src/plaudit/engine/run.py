"""Run: one execution of a reward expression over a batch.

Composites pull rows from their parts through it; leaves grade. What goes wrong in a leaf becomes a status with its
reason, for that row if one row was being graded; what goes wrong in a composite is a bug and is raised.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from plaudit.core.context import Context
from plaudit.core.errors import RecordError
from plaudit.core.grade import Grade, grades_to_scores
from plaudit.core.score import Scores, Status, status_code
from plaudit.engine import background
from plaudit.engine.driver import Driver, Wait, together

if TYPE_CHECKING:
    from plaudit.core.reward import Cost, Reward
    from plaudit.core.sample import Sample

T = TypeVar("T")
#: How far outside its declared range a value may lie before it is an error: rounding, nothing else.
ROUNDING = 1e-9


class BatchRun:
    """The run of one ``score`` call.

    Attributes:
        batch: all samples of the call.
        context: the caller's.
    """

    def __init__(self, batch: Sequence[Sample], context: Context | None) -> None:
        self.batch = batch
        self.context = context or Context()

    async def __call__(
        self, asked: Reward, samples: Sequence[Sample], where: NDArray[np.bool_] | None = None
    ) -> Scores:
        """Ask a part for the rows where ``where`` is true; the others come back ``skipped``."""
        if where is not None and len(where) != len(samples):
            raise ValueError(f"where has {len(where)} rows for {len(samples)} samples")
        if where is None or where.all():
            return await self._ask(asked, samples)
        rows = np.flatnonzero(where)
        answered = await self._ask(asked, [samples[int(i)] for i in rows])
        return answered.scatter(len(samples), rows)

    async def gather(self, *asked: Awaitable[Scores]) -> list[Scores]:
        """Ask several parts; those that wait for something wait together."""
        answered: list[Scores] = await together(list(asked))
        return answered

    async def io(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine that does I/O on the background loop, and wait for it; what nobody waits for is cancelled."""
        future = background.submit(coroutine)
        try:
            return await Wait(future)
        finally:
            future.cancel()  # does nothing to one that is done

    async def each(self, grade: Callable[[T], Any], items: Sequence[T], cost: Cost = "cpu") -> Scores:
        """Grade one by one; an async ``grade`` is asked for all at once."""
        call = getattr(type(grade), "__call__", None)  # noqa: B004 - an object may have an async one
        if inspect.iscoroutinefunction(grade) or inspect.iscoroutinefunction(call):
            return grades_to_scores(await self.io(_all(grade, items)))
        grades: list[Any] = []
        clock = [perf_counter()]
        for item in items:
            try:
                grades.append(grade(item))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - becomes a status, never a number
                grades.append(_failed(error))
            clock.append(perf_counter())
        return grades_to_scores(grades, np.diff(np.array(clock)))

    async def _ask(self, asked: Reward, samples: Sequence[Sample]) -> Scores:
        needs, leaf = asked.needs, not asked.parts
        bad = {i: why for i, sample in enumerate(samples) if (why := _unfit(sample, needs, leaf))}
        if not bad:
            return await self._fit(asked, samples)
        fit = np.array([i for i in range(len(samples)) if i not in bad], dtype=np.intp)
        answered = (await self._fit(asked, [samples[i] for i in fit])).scatter(len(samples), fit)
        for i, why in bad.items():
            answered.codes[i] = status_code(Status.INVALID)
            answered.reason[i] = why
        return answered

    async def _fit(self, asked: Reward, samples: Sequence[Sample]) -> Scores:
        if asked.parts:
            return _scores(await asked.compute(samples, self), len(samples), asked)
        return await self._grade(asked, samples) if samples else Scores([])

    async def _grade(self, leaf: Reward, samples: Sequence[Sample]) -> Scores:
        try:
            scores = _scores(await leaf.compute(samples, self), len(samples), leaf)
        except Exception as error:  # noqa: BLE001 - becomes a status, never a number
            return grades_to_scores([_failed(error)] * len(samples))
        low, high = leaf.range
        with np.errstate(invalid="ignore"):
            outside = scores.ok & ((scores.values < low - ROUNDING) | (scores.values > high + ROUNDING))
        for i in np.flatnonzero(outside):
            scores.reason[i] = f"{leaf.label} returned {scores.values[i]:g}, outside its range [{low:g}, {high:g}]"
        scores.codes[outside] = status_code(Status.ERROR)
        scores.values[outside] = np.nan
        return scores


def score(reward: Reward, samples: Sequence[Sample], context: Context | None = None) -> Scores:
    """Score samples on the calling thread."""
    scores: Scores = Driver(BatchRun(samples, context)(reward, samples)).run()
    return scores


async def ascore(reward: Reward, samples: Sequence[Sample], context: Context | None = None) -> Scores:
    """Score samples inside a running event loop, leaving it free while the reward waits."""
    scores: Scores = await Driver(BatchRun(samples, context)(reward, samples)).arun()
    return scores


async def _all(grade: Callable[[T], Awaitable[Any]], items: Sequence[T]) -> list[Any]:
    import asyncio

    answered = await asyncio.gather(*(grade(item) for item in items), return_exceptions=True)
    return [_failed(a) if isinstance(a, BaseException) else a for a in answered]


def _unfit(sample: Sample, needs: tuple[str, ...], leaf: bool) -> str:
    """Say why a record can't be graded at all, or ``""``. A defect is for leaves to say, so that every one does."""
    if leaf and sample.defect:
        return sample.defect
    for field in needs:
        try:
            if sample.get(field) is None:
                return f"no {field}"
        except RecordError as error:
            return str(error)
    return ""


def _failed(error: BaseException) -> Grade:
    if isinstance(error, RecordError):
        return Grade(None, str(error), Status.INVALID)
    return Grade(None, f"{type(error).__name__}: {error}", Status.ERROR)


def _scores(answered: Any, n: int, reward: Reward) -> Scores:
    scores = answered if isinstance(answered, Scores) else Scores(answered)
    if len(scores) != n:
        raise ValueError(f"{reward.label} returned {len(scores)} scores for {n} samples")
    return scores
