"""The worker pool: CPU work that may hang, crash or blow up, in processes that can be killed and replaced.

Each item has its own limit, counted from the moment it starts in its worker. Items travel in chunks whose size follows
their measured cost, so that cheap work pays little for the journey; when a worker is killed or dies, the item that it
was at gets the blame, what it had finished is kept, and the rest of its chunk goes to another.

One thread manages all workers of a pool; ``submit`` may be called from any thread.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import mmap
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib.machinery import PathFinder
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from plaudit.core.errors import ConfigError

#: Seconds of work that a chunk should hold, and the most items.
CHUNK_SECONDS, CHUNK_ITEMS = 0.02, 512
#: Address space of a worker, in bytes.
MEMORY = 4 << 30
#: Seconds that a worker may take to load a function and its items before it counts as hung.
LOADING = 120.0
LATE = "the deadline had passed"
_SCRIPT = str(Path(__file__).with_name("worker.py"))
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Result(NamedTuple):
    """What became of an item: ``status`` is empty where ``value`` is what the function returned.

    Attributes:
        value: what the function returned.
        status: ``timeout``, ``error`` or ``invalid`` otherwise.
        reason: why.
        seconds: how long it took.
    """

    value: Any
    status: str
    reason: str
    seconds: float


class _Batch:
    """The items of one ``submit``."""

    def __init__(self, name: str, blob: bytes, items: Sequence[Any], limit: float, until: float | None) -> None:
        self.name, self.blob, self.items, self.limit = name, blob, items, limit
        self.until = float("inf") if until is None else until
        self.todo = deque(range(len(items)))
        self.alone: set[int] = set()  # items that are sent one by one, after a worker died before it began any
        self.results: list[Result | None] = [None] * len(items)
        self.left = len(items)
        self.future: Future[list[Result]] = Future()

    def settle(self, index: int, result: Result) -> None:
        if self.results[index] is None:
            self.results[index] = result
            self.left -= 1


class _Worker:
    """A process, what it is at, and the memory in which it says so."""

    def __init__(self, memory: int) -> None:
        with tempfile.TemporaryFile() as shared:
            shared.truncate(mmap.PAGESIZE)
            self.map = mmap.mmap(shared.fileno(), mmap.PAGESIZE)
            self.clock = memoryview(self.map).cast("d")
            self.clock[0] = -1.0
            self.process = subprocess.Popen(
                [sys.executable, "-P", _SCRIPT, str(shared.fileno()), str(memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[shared.fileno()],
                env=os.environ | _ONE_THREAD,
                start_new_session=True,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdout.fileno(), False)
        self.known: set[str] = set()
        self.batch: _Batch | None = None
        self.chunk: list[int] = []
        self.number = 0
        self.sent = 0.0
        self.buffer = bytearray()
        self.ended = False

    def send(self, *message: Any) -> None:
        pickle.dump(message, self.stdin, 5)

    def at(self) -> tuple[int, float]:
        """The place of the item that it is at and when that began; (-1, ...) if it is at none."""
        while True:
            place, began = self.clock[0], self.clock[1]
            if self.clock[0] == place:
                return int(place), began

    def frames(self) -> list[Any]:
        """Read what it has sent so far."""
        while data := _read(self.stdout.fileno()):
            self.buffer += data
        self.ended = self.ended or data == b""
        found, start = [], 0
        while len(self.buffer) - start >= 8:
            size = int.from_bytes(self.buffer[start : start + 8], "little")
            if len(self.buffer) - start - 8 < size:
                break
            found.append(pickle.loads(memoryview(self.buffer)[start + 8 : start + 8 + size]))
            start += 8 + size
        del self.buffer[:start]
        return found

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.stdin.close()
        self.stdout.close()


class Pool:
    """Worker processes under one manager.

    Args:
        workers: how many; as many as this process may use cores if None.
        memory: address space of each, in bytes; 0 for no limit.
    """

    def __init__(self, workers: int | None = None, memory: int = MEMORY) -> None:
        self.size = workers or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [os.cpu_count()])
        self.memory = memory
        self._lock = threading.Lock()
        self._batches: deque[_Batch] = deque()
        self._cost: dict[str, float] = {}
        self._workers: list[_Worker] = []
        self._thread: threading.Thread | None = None
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._closed = False
        self._chunks = 0

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
            The future of one :class:`Result` an item, in order. Cancelling it drops what has not begun.

        Raises:
            ConfigError: the function can't be sent to another process.
        """
        blob = _pickled(function)
        batch = _Batch(hashlib.blake2b(blob, digest_size=16).hexdigest(), blob, items, limit, until)
        if not items:
            batch.future.set_result([])
            return batch.future
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            self._batches.append(batch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._manage, name="plaudit-pool", daemon=True)
                self._thread.start()
        os.write(self._wake_write, b"!")
        return batch.future

    def close(self) -> None:
        """Kill the workers; what was not finished is cancelled."""
        with self._lock:
            self._closed = True
        if self._thread is not None:
            os.write(self._wake_write, b"!")
            self._thread.join()

    @property
    def processes(self) -> list[int]:
        """The process ids of the living workers."""
        return [w.process.pid for w in self._workers if w.process.poll() is None]

    # ---- the manager's thread -----------------------------------------------------------------------------------

    def _manage(self) -> None:
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, or it would wait for ever
            with self._lock:
                waiting, self._thread = [*self._batches, *(w.batch for w in self._workers if w.batch)], None
                self._batches.clear()
            for batch in waiting:
                if not batch.future.done():
                    batch.future.set_exception(RuntimeError(f"the worker pool broke down: {error!r}"))
        finally:
            for worker in self._workers:
                worker.kill()
                worker.close()
            self._workers.clear()
            with self._lock:
                for batch in self._batches:
                    batch.future.cancel()
                self._batches.clear()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self._closed:
                self._feed(selector)
                for key, _ in selector.select(self._patience()):
                    if key.data is None:
                        while _read(self._wake_read):
                            pass
                    else:
                        self._receive(key.data, selector)
                for worker in [w for w in self._workers if self._overdue(w)]:
                    self._bury(worker, selector, overdue=True)

    def _feed(self, selector: selectors.BaseSelector) -> None:
        """Give every idle worker a chunk, starting workers while there is work for them."""
        idle = [w for w in self._workers if w.batch is None]
        while True:
            with self._lock:
                self._batches = deque(b for b in self._batches if b.left and not b.future.cancelled())
                batch = next((b for b in self._batches if b.todo), None)
                if batch is not None:  # batches take turns
                    self._batches.remove(batch)
                    self._batches.append(batch)
            if batch is None:
                return
            if not idle:
                if len(self._workers) >= self.size:
                    return
                worker = _Worker(self.memory)
                worker.send("path", sys.path)
                selector.register(worker.stdout, selectors.EVENT_READ, worker)
                self._workers.append(worker)
                idle.append(worker)
            self._send(idle.pop(), batch, selector)

    def _send(self, worker: _Worker, batch: _Batch, selector: selectors.BaseSelector) -> None:
        if monotonic() >= batch.until:
            while batch.todo:
                batch.settle(batch.todo.popleft(), Result(None, "timeout", LATE, 0.0))
            self._finish(batch)
            return
        chunk = [batch.todo.popleft()]
        if chunk[0] not in batch.alone:
            cost = self._cost.get(batch.name)
            share = -(-len(batch.todo) // (2 * self.size))
            most = min(CHUNK_ITEMS, share, 4 if cost is None else int(CHUNK_SECONDS / max(cost, 1e-6)) + 1)
            while batch.todo and len(chunk) < most and batch.todo[0] not in batch.alone:
                chunk.append(batch.todo.popleft())
        try:
            blob = pickle.dumps([batch.items[i] for i in chunk], 5)
        except Exception as error:  # noqa: BLE001 - becomes a status
            if len(chunk) > 1:
                batch.alone.update(chunk)
                batch.todo.extendleft(reversed(chunk))
            else:
                batch.settle(chunk[0], Result(None, "error", f"the sample can't be sent to a worker: {error}", 0.0))
                self._finish(batch)
            return
        self._chunks += 1
        worker.batch, worker.chunk, worker.number, worker.sent = batch, chunk, self._chunks, monotonic()
        worker.clock[0] = -1.0
        try:
            if batch.name not in worker.known:
                worker.send("define", batch.name, batch.blob)
                worker.known.add(batch.name)
            worker.send("grade", worker.number, batch.name, blob)
            worker.stdin.flush()
        except BrokenPipeError:
            self._bury(worker, selector)

    def _receive(self, worker: _Worker, selector: selectors.BaseSelector) -> None:
        self._take(worker)
        if worker.ended:
            self._bury(worker, selector)

    def _take(self, worker: _Worker) -> None:
        """Settle what a worker has sent."""
        for number, results, state in worker.frames():
            batch = worker.batch
            if batch is None or number != worker.number:
                continue
            if results is None:
                for i in worker.chunk:
                    batch.settle(i, Result(None, "error", state, 0.0))
            else:
                for place, fine, value, seconds in results:
                    status, reason = ("", "") if fine else value
                    batch.settle(worker.chunk[place], Result(value if fine else None, status, reason, seconds))
                    before = self._cost.get(batch.name)
                    self._cost[batch.name] = seconds if before is None else 0.9 * before + 0.1 * seconds
            if results is None or state == "done":
                worker.batch = None
            self._finish(batch)

    def _finish(self, batch: _Batch) -> None:
        if not batch.left and batch.future.set_running_or_notify_cancel():
            batch.future.set_result([r for r in batch.results if r is not None])

    def _patience(self) -> float | None:
        """Seconds until the first item may be overdue."""
        ends = [self._end(w) for w in self._workers if w.batch is not None]
        return max(0.0, min(ends) - monotonic()) + 0.001 if ends else None

    def _end(self, worker: _Worker) -> float:
        assert worker.batch is not None
        place, began = worker.at()
        own = began + worker.batch.limit if place >= 0 else max(worker.sent + LOADING, monotonic() + 0.05)
        return min(own, worker.batch.until)

    def _overdue(self, worker: _Worker) -> bool:
        if worker.batch is None:
            return False
        place, began = worker.at()
        now = monotonic()
        own = now - began > worker.batch.limit if place >= 0 else now - worker.sent > LOADING
        return own or now >= worker.batch.until

    def _bury(self, worker: _Worker, selector: selectors.BaseSelector, overdue: bool = False) -> None:
        """Remove a worker that is overdue or has died: blame the item that it was at, send the rest to others."""
        blamed, _ = worker.at()
        worker.kill()
        self._take(worker)  # what it had sent before
        selector.unregister(worker.stdout)
        self._workers.remove(worker)
        place, began = worker.at()
        worker.close()
        batch = worker.batch
        if batch is None:
            return
        unfinished = [i for i in worker.chunk if batch.results[i] is None]
        if place >= 0 and (place == blamed or not overdue):
            seconds = monotonic() - began
            late = LATE if monotonic() >= batch.until else f"took longer than {batch.limit:g} s"
            why = ("timeout", late) if overdue else ("error", _death(worker.process))
            batch.settle(worker.chunk[place], Result(None, *why, seconds))
        elif place < 0 and len(unfinished) == 1 and len(worker.chunk) == 1:
            why = ("timeout", "hung while loading") if overdue else ("error", f"{_death(worker.process)} while loading")
            batch.settle(unfinished[0], Result(None, *why, 0.0))
        elif place < 0:
            batch.alone.update(unfinished)
        batch.todo.extendleft(reversed([i for i in unfinished if batch.results[i] is None]))
        self._finish(batch)


def _death(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code >= 0:
        return f"the worker process ended itself with status {code}"
    name = signal.Signals(-code).name
    about = {"SIGSEGV": "a crash in native code", "SIGKILL": "killed, perhaps for memory", "SIGABRT": "an abort"}
    return f"the worker process died of {name}{f' ({about[name]})' if name in about else ''}"


def _pickled(function: Callable[[Any], Any]) -> bytes:
    import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", None) or "")
    try:
        if module is not None and not _importable(module.__name__):
            cloudpickle.register_pickle_by_value(module)
            try:
                return bytes(cloudpickle.dumps(function))
            finally:
                cloudpickle.unregister_pickle_by_value(module)
        return bytes(cloudpickle.dumps(function))
    except Exception as error:
        name = getattr(function, "__qualname__", repr(function))
        raise ConfigError(
            f"{name} can't be sent to a worker process ({error}); make what it uses picklable, or declare "
            'cost="free" to run it in this process, where nothing can stop it'
        ) from None


def _importable(name: str) -> bool:
    """Whether another process can import a module by name, given the same path."""
    top = name.partition(".")[0]
    if top == "__main__" or top in sys.builtin_module_names:  # cloudpickle takes those of __main__ by value
        return True
    return PathFinder.find_spec(top) is not None


def _read(fd: int) -> bytes | None:
    """Read what is there; None if nothing is, ``b""`` at the end."""
    try:
        return os.read(fd, 1 << 20)
    except BlockingIOError:
        return None


_shared: Pool | None = None
_shared_lock = threading.Lock()


def shared() -> Pool:
    """Return the process's own pool, made at the first call."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Pool()
            atexit.register(shutdown)
        return _shared


def shutdown() -> None:
    """Close the process's own pool; the next use makes another."""
    global _shared
    with _shared_lock:
        if _shared is not None:
            _shared.close()
            _shared = None


def _forget() -> None:
    """In a forked child: the pool, its thread and its pipes are the parent's."""
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
