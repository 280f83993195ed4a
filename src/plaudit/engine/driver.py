"""The driver: runs a reward's coroutines on the calling thread.

Rewards are coroutines so that several can wait at once, but most never wait, and device work must stay on the thread
that asked (grad mode, autocast and the CUDA device belong to threads). So the coroutines are stepped here, by hand:
there is no event loop to enter or to collide with, an expression that does no I/O never leaves the thread, and one that
does parks on a :class:`concurrent.futures.Future` that somebody else completes.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from plaudit.engine import background

FOREIGN = "compute awaits something that only an event loop can wait for; wrap it: await run.io(...)"


class Wait:
    """Awaitable: the result of a future that another thread completes."""

    def __init__(self, future: Future[Any]) -> None:
        self.future = future

    def __await__(self) -> Generator[Any, Any, Any]:
        if not self.future.done():
            yield self
        return self.future.result()


class Together:
    """Awaitable: the results of several coroutines, which wait together.

    If one raises, the others are closed and its exception is raised.
    """

    def __init__(self, coroutines: list[Coroutine[Any, Any, Any]]) -> None:
        self.coroutines = coroutines

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        results: list[Any] = yield self
        return results


class _Task:
    """A coroutine, whom to tell when it ends, and the children it waits for."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], parent: _Task | None = None, place: int = 0) -> None:
        self.coroutine, self.parent, self.place = coroutine, parent, place
        self.children: list[_Task] = []
        self.results: list[Any] = []
        self.missing = 0
        self.closed = False

    def close(self) -> None:
        self.closed = True
        for child in self.children:
            child.close()
        _close(self.coroutine)


class Driver:
    """Steps one coroutine, and those that it gathers, to the end."""

    def __init__(self, main: Coroutine[Any, Any, Any]) -> None:
        self._main = _Task(main)
        self._ready: deque[tuple[_Task, Any, BaseException | None]] = deque([(self._main, None, None)])
        self._result: Any = None
        self._error: BaseException | None = None
        self._done = False

    def run(self) -> Any:
        """Run to the end, blocking this thread while everything waits."""
        woken: SimpleQueue[_Task] = SimpleQueue()
        try:
            while not self._step(woken.put):
                background.refuse_to_block()
                self._ready.append((woken.get(), None, None))
        finally:
            self._main.close()
        return self._end()

    async def arun(self) -> Any:
        """Run to the end inside a running event loop, leaving it free while everything waits."""
        loop, woken = asyncio.get_running_loop(), asyncio.Queue[_Task]()

        def wake(task: _Task) -> None:
            with suppress(RuntimeError):  # the loop is closed: whoever waited was cancelled
                loop.call_soon_threadsafe(woken.put_nowait, task)

        try:
            while not self._step(wake):
                self._ready.append((await woken.get(), None, None))
        finally:
            self._main.close()
        return self._end()

    def _end(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result

    def _step(self, wake: Any) -> bool:
        """Step whatever can be stepped; return whether all is done."""
        while self._ready and not self._done:
            task, value, error = self._ready.popleft()
            if task.closed:
                continue
            try:
                waits = task.coroutine.throw(error) if error is not None else task.coroutine.send(value)
            except StopIteration as end:
                self._ended(task, end.value, None)
            except BaseException as raised:  # noqa: BLE001 - handed to whoever waits for the coroutine, and raised there
                self._ended(task, None, clearer(raised))
            else:
                self._park(task, waits, wake)
        return self._done

    def _park(self, task: _Task, waits: Any, wake: Any) -> None:
        if isinstance(waits, Wait):
            waits.future.add_done_callback(lambda _: wake(task))
        elif isinstance(waits, Together):
            task.children = [_Task(c, task, i) for i, c in enumerate(waits.coroutines)]
            task.results = [None] * len(task.children)
            task.missing = len(task.children)
            self._ready.extend((child, None, None) for child in task.children)
            if not task.children:
                self._ready.append((task, [], None))
        else:
            self._ready.append((task, None, RuntimeError(FOREIGN)))

    def _ended(self, task: _Task, result: Any, error: BaseException | None) -> None:
        parent = task.parent
        if parent is None:
            self._result, self._error, self._done = result, error, True
        elif error is not None:
            for child in parent.children:
                child.close()
            self._ready.append((parent, None, error))
        else:
            parent.results[task.place] = result
            parent.missing -= 1
            if parent.missing == 0:
                self._ready.append((parent, parent.results, None))


def together(awaitables: list[Awaitable[Any]]) -> Together:
    """Return an awaitable for the results of several, in order."""
    return Together([a if inspect.iscoroutine(a) else _coroutine(a) for a in awaitables])


async def _coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _close(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Close a coroutine and, if it never began, those that it was given and now never awaits."""
    given: list[Any] = []
    if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
        assert coroutine.cr_frame is not None
        for value in coroutine.cr_frame.f_locals.values():
            value = value.coroutines if isinstance(value, Together) else value
            given += value if isinstance(value, (list, tuple)) else [value]
    coroutine.close()
    for one in filter(inspect.iscoroutine, given):
        _close(one)


def clearer(error: BaseException) -> BaseException:
    """Say what to do where asyncio only says that it has no loop."""
    if isinstance(error, RuntimeError) and str(error) == "no running event loop":
        told = RuntimeError(FOREIGN)
        told.__cause__ = error
        return told
    return error
