"""The worker pool: CPU work that may hang, crash or blow up, in processes that can be killed and replaced.

Each item has its own limit, counted from the moment it starts in its worker. Items travel in chunks whose size follows
their measured cost, so that cheap work pays little for the journey; when a worker is killed or dies, the item that it
was at gets the blame, what it had finished is kept, and the rest of its chunk goes to another.

One thread manages all workers of a pool; ``submit`` may be called from any thread. A forked child has workers of its
own.

>>> pool = Pool(workers=1)
>>> [(r.value, r.reason) for r in pool.submit(lambda x: 1 / x, [2, 0], limit=5.0).result()]
[(0.5, ''), (None, 'ZeroDivisionError: division by zero')]
>>> pool.close()
"""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import count
from time import monotonic
from typing import Any

from plaudit.core.errors import ConfigError
from plaudit.engine.batch import Batch, Result
from plaudit.engine.pickling import carry
from plaudit.engine.process import Process, read
from plaudit.engine.worker import FUNCTION, ITEMS, SENDING, Order, said

__all__ = ["Pool", "Result", "shared", "shutdown"]

#: Seconds of work that a chunk should hold, and the most items; the items of the first, while nothing is measured.
CHUNK_SECONDS, CHUNK_ITEMS, CHUNK_FIRST = 0.02, 512, 4
#: Private memory of a worker, in bytes.
MEMORY = 4 << 30
#: Seconds that a worker may take to load a function, or its items, before it counts as hung.
LOADING = 120.0
#: Functions that a worker keeps, and whose cost a pool knows.
FUNCTIONS = 64
#: Seconds between looks at a worker that is between items, where no limit runs yet.
GLANCE = 0.05
LATE = "the deadline had passed"
_DOING = {FUNCTION: "loading the function", ITEMS: "loading the item", SENDING: "sending the result"}


class _Worker(Process):
    """A worker process, and the part of a batch that it is at."""

    batch: Batch | None = None
    chunk: Sequence[int] = ()
    number = 0
    plain = True
    name = ""

    def __init__(self, memory: int) -> None:
        super().__init__(memory)
        self.known: set[str] = set()

    def due(self) -> float:
        """When it will be overdue with what it is at."""
        assert self.batch is not None
        place, began = self.at()
        return min(self.batch.until, began + (self.batch.limit if place >= 0 else LOADING))


class Pool:
    """Worker processes under one manager.

    Args:
        workers: how many; as many as this process may use cores if None.
        memory: private memory of each, in bytes; 0 for no limit.
    """

    def __init__(self, workers: int | None = None, memory: int = MEMORY) -> None:
        self.size = workers or _cores()
        self.memory = memory
        self._numbers = count(1)
        self._closed = False
        self._lock = threading.Lock()
        self._reset()
        _pools.add(self)

    def _reset(self) -> None:
        self._batches: deque[Batch] = deque()
        self._workers: list[_Worker] = []
        self._dying: list[_Worker] = []
        self._cost: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._pipe: tuple[int, int] | None = None
        self._selector: selectors.BaseSelector

    def submit(
        self, function: Callable[[Any], Any], items: Sequence[Any], limit: float, until: float | None = None
    ) -> Future[list[Result]]:
        """Call the function on each item in the workers.

        Args:
            function: anything that cloudpickle takes.
            items: its arguments, one each; they are pickled.
            limit: seconds that one item may take.
            until: when all must be done, by ``time.monotonic``; what is not done then has run out of time.

        Returns:
            The future of one :class:`Result` an item, in order. Cancelling it drops what has not begun; closing the
            pool cancels it.

        Raises:
            ConfigError: the function can't be sent to another process, or the limit is not a positive number.
            RuntimeError: the pool is closed.
        """
        if not limit > 0:
            raise ConfigError(f"limit={limit}: it is a positive number of seconds")
        batch = Batch(function, items, limit, float("inf") if until is None else until)
        if not batch.left:
            return batch.future
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._pipe is None:
                self._pipe = os.pipe()
                for end in self._pipe:
                    os.set_blocking(end, False)
            if self._thread is None:
                thread = threading.Thread(target=self._manage, name="plaudit-pool", daemon=True)
                thread.start()
                self._thread = thread
            self._batches.append(batch)
            self._wake()
        return batch.future

    def close(self) -> None:
        """Kill the workers; what was not finished is cancelled."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._wake()
        if thread is not None:
            thread.join()

    @property
    def processes(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.pid for worker in list(self._workers)]

    def _wake(self) -> None:
        """Wake the manager; the lock is held, so that its pipe stays."""
        if self._pipe is not None:
            with contextlib.suppress(BlockingIOError):  # the pipe is full: it will wake anyway
                os.write(self._pipe[1], b"!")

    def _disown(self) -> None:
        """In a forked child: begin anew, without the parent's workers and thread."""
        for worker in self._workers + self._dying:
            worker.disown()
        for end in self._pipe or ():
            with contextlib.suppress(OSError):
                os.close(end)
        self._lock = threading.Lock()
        self._reset()

    # ---- the manager's thread -----------------------------------------------------------------------------------

    def _manage(self) -> None:
        fault: BaseException | None = None
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, or it would wait for ever
            fault = error
        for worker in self._workers:
            worker.kill()
            worker.close()
        for worker in self._workers + self._dying:
            worker.gone(patience=5.0)
        with self._lock:
            waiting, pipe = self._batches, self._pipe
            self._reset()
        for end in pipe or ():
            os.close(end)
        for batch in waiting:
            if fault is None:
                batch.future.cancel()
            elif batch.future.set_running_or_notify_cancel():
                batch.future.set_exception(RuntimeError(f"the worker pool broke down: {said(fault)}"))

    def _serve(self) -> None:
        assert self._pipe is not None
        bell = self._pipe[0]
        with selectors.DefaultSelector() as self._selector:
            self._selector.register(bell, selectors.EVENT_READ)
            while not self._closed:
                self._dying = [worker for worker in self._dying if not worker.gone()]
                self._feed()
                for key, events in self._selector.select(self._patience()):
                    worker: _Worker | None = key.data
                    if worker is None:
                        while read(bell):
                            pass
                    elif worker not in self._workers:  # it was buried a moment ago
                        continue
                    elif events & selectors.EVENT_WRITE:
                        worker.flush()
                        if not worker.unsent:
                            self._selector.unregister(worker.input)
                    else:
                        self._take(worker)
                        if worker.ended:
                            self._bury(worker, worker.death())
                for worker in [w for w in self._workers if w.batch is not None and monotonic() >= w.due()]:
                    self._bury(worker)

    def _patience(self) -> float | None:
        """Seconds until something may be overdue; None where nothing ever is."""
        now = monotonic()
        with self._lock:
            ends = [batch.until for batch in self._batches]
        busy = [w for w in self._workers if w.batch is not None]
        ends += [w.due() if w.at()[0] >= 0 else now + GLANCE for w in busy]
        soonest = min(ends, default=float("inf")) - now
        return None if soonest > 1e6 else max(0.0, soonest)

    def _feed(self) -> None:
        """Give every idle worker a chunk, starting workers while there is work for them."""
        idle = [w for w in self._workers if w.batch is None and not w.unsent]
        while batch := self._next():
            worker = idle.pop() if idle else self._hired()
            if worker is None:
                return
            self._send(worker, batch)
            if worker.batch is None:
                idle.append(worker)
            elif worker.unsent:
                self._selector.register(worker.input, selectors.EVENT_WRITE, worker)

    def _next(self) -> Batch | None:
        """The batch whose turn it is; what has ended, was cancelled or ran out of time is dropped."""
        with self._lock:
            waiting = list(self._batches)
        for batch in waiting:
            if monotonic() >= batch.until:
                batch.settle(batch.take_all(), "timeout", LATE)
        with self._lock:
            self._batches = deque(b for b in self._batches if b.left and not b.future.cancelled())
            for batch in self._batches:
                if batch.todo:
                    self._batches.remove(batch)
                    self._batches.append(batch)
                    return batch
        return None

    def _hired(self) -> _Worker | None:
        """A new worker; None if there are enough, or as many as the system gives."""
        if len(self._workers) >= self.size:
            return None
        try:
            worker = _Worker(self.memory)
        except OSError:
            if not self._workers:
                raise
            return None
        self._selector.register(worker.output, selectors.EVENT_READ, worker)
        self._workers.append(worker)
        return worker

    def _send(self, worker: _Worker, batch: Batch) -> None:
        """Send a worker as many items as it should get at a time."""
        cost = self._cost.get(batch.name)
        share = -(-len(batch.todo) // (2 * self.size))
        chunk = batch.take(min(CHUNK_ITEMS, share, CHUNK_FIRST if cost is None else int(CHUNK_SECONDS / cost) + 1))
        items = batch.packed(chunk)
        if items is None:
            return
        forget = batch.name not in worker.known and len(worker.known) >= FUNCTIONS
        if forget:
            worker.known.clear()
        function = b"" if batch.name in worker.known else batch.blob
        worker.known.add(batch.name)
        worker.batch, worker.chunk, worker.plain, worker.name = batch, chunk, batch.plain, batch.name
        worker.number = next(self._numbers)
        order = Order(worker.number, batch.name, len(function), len(items), forget, batch.path, batch.folder)
        worker.post(order, function, items)

    def _take(self, worker: _Worker) -> None:
        """Take in what a worker has sent."""
        for answer in worker.answers():
            batch, chunk = worker.batch, worker.chunk
            if batch is None or answer.number != worker.number:
                continue
            for place, status, value, seconds in answer.results:
                batch.keep(chunk[place], status, value, seconds)
            if answer.seconds is not None:
                worker.batch = None
                self._learn(worker.name, answer.seconds / len(chunk))
            elif answer.unloaded:
                worker.batch = None
                why = f"the {answer.unloaded} can't be loaded in a worker process: {answer.why}"
                if answer.unloaded == "items":
                    batch.unsent(chunk, worker.plain or carry(answer.missing), why)
                else:
                    worker.known.discard(worker.name)
                    batch.unloaded(worker.name, why, answer.missing)
                batch.put_back(chunk)

    def _learn(self, name: str, cost: float) -> None:
        """Learn what a function costs, in seconds an item."""
        if len(self._cost) >= FUNCTIONS:
            self._cost.clear()
        self._cost[name] = max(1e-6, (cost + self._cost.get(name, cost)) / 2)

    def _bury(self, worker: _Worker, death: str = "") -> None:
        """Remove a worker that has died, or is overdue: blame what it was at, and put back the rest."""
        place, began = worker.at()
        worker.kill()
        self._take(worker)
        for descriptor in (worker.input, worker.output):
            with contextlib.suppress(KeyError):
                self._selector.unregister(descriptor)
        worker.close()
        self._workers.remove(worker)
        self._dying.append(worker)
        batch, chunk = worker.batch, worker.chunk
        if batch is None:
            return
        late = monotonic() >= batch.until
        if place >= 0:
            slow = LATE if late else f"took longer than {batch.limit:g} s"
            batch.settle([chunk[place]], "error" if death else "timeout", death or slow, monotonic() - began)
        elif death or not late:  # else the rest of the batch is settled in its turn
            status, why = ("error", death) if death else ("timeout", "the worker process hung")
            why = f"{why} while {_DOING[place]}"
            if place != FUNCTION:
                batch.unsent(chunk, False, why, status)
            elif death:
                batch.failed(status, why)
            else:
                batch.give_up(status, why)
        batch.put_back(chunk)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_shared: Pool | None = None
_shared_lock = threading.Lock()


def shared() -> Pool:
    """Return the process's own pool, made at the first call."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Pool()
        return _shared


def shutdown() -> None:
    """Close the process's own pool; the next use makes another."""
    global _shared
    with _shared_lock:
        if _shared is not None:
            _shared.close()
            _shared = None


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        pool.close()


def _forget() -> None:
    """In a forked child: let go of the parent's workers; a pool used here gets its own."""
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()
    for pool in list(_pools):
        pool._disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
