"""Run: one execution of a reward expression over a batch.

Composites pull rows from their parts through it; leaves grade. Nothing is asked twice: equal parts asked for the same
rows answer once, and a leaf that costs something grades each distinct content once (:mod:`plaudit.engine.once`). What
goes wrong in a leaf becomes a status with its reason, for that row if one row was being graded; what goes wrong in a
composite is a bug and is raised.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from threading import get_ident
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from plaudit.core.context import Context
from plaudit.core.errors import ConfigError, ExpressionError, RecordError
from plaudit.core.grade import Grade, grades_to_scores
from plaudit.core.score import Scores, Status, status_code
from plaudit.engine import background, pool
from plaudit.engine.driver import Driver, Wait, clearer, together
from plaudit.engine.events import Event
from plaudit.engine.once import ONCE, graded_once

if TYPE_CHECKING:
    from plaudit.core.reward import Cost, Reward
    from plaudit.core.sample import Sample

T = TypeVar("T")
#: How far outside its declared range a value may lie before it is an error: rounding, nothing else.
ROUNDING = 1e-9
#: Seconds that grading one sample may take where the reward does not say: work on this machine, and calls to a model.
CPU_LIMIT, MODEL_LIMIT = 5.0, 120.0


class BatchRun:
    """The run of one ``score`` call.

    Attributes:
        batch: all samples of the call.
        context: the caller's.
    """

    def __init__(self, batch: Sequence[Sample], context: Context | None, blocking: bool = True) -> None:
        self.batch = batch
        self.context = context or Context()
        self._thread, self._blocking = get_ident(), blocking
        self._ends = None if self.context.deadline is None else monotonic() + self.context.deadline
        self._asked: dict[Any, Future[Scores]] = {}

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
        """Run a coroutine that does I/O on the background loop, and wait for it."""
        return await _until(background.submit(coroutine))

    async def each(
        self, grade: Callable[[T], Any], items: Sequence[T], cost: Cost = "cpu", timeout: float | None = None
    ) -> Scores:
        """Grade one by one, each within its limit: in workers if ``cpu``, all at once if async or ``model``."""
        if _is_async(grade) or cost == "model":
            allowed = MODEL_LIMIT if timeout is None else timeout
            return grades_to_scores(*await self.io(_all(grade, items, allowed, self._ends)))
        if cost == "cpu":
            limit = CPU_LIMIT if timeout is None else timeout
            results = await _until(pool.shared().submit(grade, items, limit, self._ends))
            grades = [r.value if not r.status else Grade(None, r.reason, Status(r.status)) for r in results]
            return grades_to_scores(grades, np.array([r.seconds for r in results]))
        return _one_by_one(grade, items)

    def blocks(self, other: BatchRun) -> bool:
        """Whether the other can't go on before this one has ended, as both are on one thread and this one holds it."""
        return self._blocking and other is not self and other._thread == self._thread

    async def _ask(self, asked: Reward, samples: Sequence[Sample]) -> Scores:
        """Answer, or share the answer that an equal part gave, or is giving, for the same rows."""
        key = _key(asked)
        # A leaf's names change nothing that it answers; a composite's parts give their names to its terms.
        place = (id(asked) if key is None else (key, asked.display if asked.parts else ""), tuple(map(id, samples)))
        earlier = self._asked.get(place)
        if earlier is not None:
            answered: Scores = await Wait(earlier)
            return answered.again()
        answer = self._asked[place] = Future()
        began = perf_counter()
        try:
            scores = await self._answer(asked, samples, key)
        except BaseException as error:
            answer.set_exception(error)
            raise
        answer.set_result(scores)
        if self.context.on_event is not None:
            self.context.on_event(Event.of(asked, scores, perf_counter() - began))
        return scores.again(spent=scores.spent)

    async def _answer(self, asked: Reward, samples: Sequence[Sample], key: str | None) -> Scores:
        needs, leaf = asked.needs, not asked.parts
        bad = {i: why for i, sample in enumerate(samples) if (why := _unfit(sample, needs, leaf))}
        if not bad:
            return await self._fit(asked, samples, key)
        fit = np.array([i for i in range(len(samples)) if i not in bad], dtype=np.intp)
        answered = (await self._fit(asked, [samples[i] for i in fit], key)).scatter(len(samples), fit)
        for i, why in bad.items():
            answered.codes[i] = status_code(Status.INVALID)
            answered.reason[i] = why
        return answered

    async def _fit(self, asked: Reward, samples: Sequence[Sample], key: str | None) -> Scores:
        if asked.parts:
            return _scores(await asked.compute(samples, self), len(samples), asked)
        return await self._leaf(asked, samples, key) if samples else Scores([])

    async def _leaf(self, leaf: Reward, samples: Sequence[Sample], key: str | None) -> Scores:
        if key is not None and leaf.cost in ONCE and leaf.over == "sample":
            return await graded_once(self, leaf, samples, key, self._grade)
        return await self._grade(leaf, samples)

    async def _grade(self, leaf: Reward, samples: Sequence[Sample]) -> Scores:
        if self._ends is not None and monotonic() > self._ends:
            late = Grade(None, f"the deadline of {self.context.deadline:g} s had passed", Status.TIMEOUT)
            return grades_to_scores([late] * len(samples))
        try:
            scores = _scores(await leaf.compute(samples, self), len(samples), leaf)
        except ConfigError:
            raise  # what the user must mend is no matter of single samples
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
    scores: Scores = await Driver(BatchRun(samples, context, blocking=False)(reward, samples)).arun()
    return scores


def _one_by_one(grade: Callable[[T], Any], items: Sequence[T]) -> Scores:
    """Grade in process, on this thread."""
    grades: list[Any] = []
    clock = [perf_counter()]
    for item in items:
        try:
            grades.append(grade(item))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - becomes a status, never a number
            grades.append(_failed(error))
        clock.append(perf_counter())
    return grades_to_scores(grades, np.diff(np.array(clock)))


async def _all(
    grade: Callable[[T], Any], items: Sequence[T], limit: float, until: float | None
) -> tuple[list[Any], NDArray[np.float64]]:
    """Grade all at once on the background loop; what is not async waits in a thread, as many at once as there may be.

    The limit is counted from when a call is made; standing in line for a thread is nobody's fault.
    """
    slot = nullcontext() if _is_async(grade) else background.slots()
    seconds = np.zeros(len(items))

    async def one(i: int, item: T) -> Any:
        deadline, own, began = asyncio.timeout_at(until), asyncio.timeout(None), perf_counter()
        try:
            async with deadline, slot:
                began = perf_counter()
                async with asyncio.timeout(limit) as own:
                    return await (grade(item) if isinstance(slot, nullcontext) else background.in_thread(grade, item))
        except TimeoutError as error:
            late = pool.LATE if deadline.expired() else f"took longer than {limit:g} s" if own.expired() else ""
            return Grade(None, late or _failed(error).reason, Status.TIMEOUT)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - becomes a status, never a number
            return _failed(error)
        finally:
            seconds[i] = perf_counter() - began

    return list(await asyncio.gather(*(one(i, item) for i, item in enumerate(items)))), seconds


def _is_async(grade: Callable[[T], Any]) -> bool:
    call = getattr(type(grade), "__call__", None)  # noqa: B004 - an object may have an async one
    return inspect.iscoroutinefunction(grade) or inspect.iscoroutinefunction(call)


async def _until(future: Future[Any]) -> Any:
    """Wait for a future; what nobody waits for any more is cancelled."""
    try:
        return await Wait(future)
    finally:
        future.cancel()  # does nothing to one that is done


def _key(asked: Reward) -> str | None:
    """The cache key of a reward, or None for one that has no specification."""
    try:
        return asked.key
    except ExpressionError:
        return None


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
    if isinstance(error, MemoryError):
        return Grade(None, "out of memory", Status.ERROR)
    return Grade(None, f"{type(error).__name__}: {clearer(error)}", Status.ERROR)


def _scores(answered: Any, n: int, reward: Reward) -> Scores:
    scores = answered if isinstance(answered, Scores) else Scores(answered)
    if len(scores) != n:
        raise ValueError(f"{reward.label} returned {len(scores)} scores for {n} samples")
    return scores
