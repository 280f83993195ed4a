"""The parent's end of a worker process: starts it, talks with it without waiting, kills it, and says how it died."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from mmap import PAGESIZE, mmap
from pathlib import Path
from time import monotonic

from plaudit.engine.worker import FUNCTION, Answer, Order

_SCRIPT = str(Path(__file__).with_name("worker.py"))
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MOST = 1 << 40  # bytes that no answer has
_ABOUT = {
    "SIGSEGV": " (a crash in native code)",
    "SIGBUS": " (a crash in native code)",
    "SIGKILL": " (killed, perhaps for memory)",
    "SIGABRT": " (an abort)",
}


class Process:
    """A worker process, started at once, in a session of its own: Ctrl-C does not reach it; its children die with it.

    Args:
        memory: private memory that it may have, in bytes; 0 for no limit.

    Attributes:
        pid: its process id.
        input: the descriptor to select for writing while :attr:`unsent`.
        output: the descriptor to select for reading.
        ended: whether it has closed its output; a dead one has.

    Raises:
        OSError: the system has no more processes, descriptors or memory.
    """

    def __init__(self, memory: int) -> None:
        page = _page()
        self.output, output = os.pipe()  # not its standard output, in which start-up hooks may print
        try:
            self._map = mmap(page, PAGESIZE)
            self._clock = memoryview(self._map).cast("d")
            self._process = subprocess.Popen(
                [sys.executable, "-P", _SCRIPT, *map(str, (page, output, memory, os.getpid()))],
                bufsize=0,  # a buffer would be written twice if this process is forked
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[page, output],
                env=os.environ | _ONE_THREAD,
                start_new_session=True,
            )
        except OSError:
            os.close(self.output)
            raise
        finally:
            os.close(page)
            os.close(output)
        assert self._process.stdin is not None
        self._stdin = self._process.stdin
        self.pid, self.input = self._process.pid, self._stdin.fileno()
        for descriptor in (self.input, self.output):
            os.set_blocking(descriptor, False)
        self._outbox: deque[memoryview] = deque()
        self._inbox = bytearray()
        self.ended = False

    def post(self, order: Order, function: bytes, items: bytes) -> None:
        """Begin to send an order; :meth:`flush` sends the rest."""
        self._clock[1], self._clock[0] = monotonic(), FUNCTION
        head = pickle.dumps(tuple(order), 5) + function
        parts = [head, items] if len(items) > 1 << 16 else [head + items]
        self._outbox.extend(map(memoryview, parts))
        self.flush()

    def flush(self) -> None:
        """Send as much as it takes now."""
        while self._outbox:
            try:
                sent = os.write(self.input, self._outbox[0])
            except BlockingIOError:
                return
            except BrokenPipeError:  # that it has died is noticed at its output
                self._outbox.clear()
                return
            self._outbox[0] = self._outbox[0][sent:]
            if not self._outbox[0]:
                self._outbox.popleft()

    @property
    def unsent(self) -> bool:
        """Whether :meth:`flush` has something left to send."""
        return bool(self._outbox)

    def answers(self) -> list[Answer]:
        """Return what it has sent since; nothing once it has :attr:`ended`."""
        if self.ended:
            return []
        while data := read(self.output):
            self._inbox += data
        self.ended = data == b""
        found, start = [], 0
        try:
            while len(self._inbox) - start >= 8:
                size = int.from_bytes(self._inbox[start : start + 8], "little")
                if size > _MOST:
                    raise ValueError(f"an answer of {size} bytes")
                if len(self._inbox) < start + 8 + size:
                    break
                with memoryview(self._inbox) as whole:
                    found.append(Answer(*pickle.loads(whole[start + 8 : start + 8 + size])))
                start += 8 + size
        except Exception:  # noqa: BLE001 - whatever came is no answer: the work has written to its descriptors
            self.ended = True
            start = len(self._inbox)
        del self._inbox[:start]
        return found

    def at(self) -> tuple[int, float]:
        """Return the place of the item that it is at, or what else it is at, and since when."""
        while True:
            place, began = self._clock[0], self._clock[1]
            if self._clock[0] == place:
                return int(place), began

    def death(self) -> str:
        """Say how it died, once it has :attr:`ended`."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "the worker process cut itself off"
        if code >= 0:
            return f"the worker process ended itself with status {code}"
        name = next((s.name for s in signal.Signals if s == -code), f"signal {-code}")
        return f"the worker process died of {name}{_ABOUT.get(name, '')}"

    def kill(self) -> None:
        """Kill it and its children (those that have not left its group), without waiting for the end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids what Linux does not find
            os.killpg(self.pid, signal.SIGKILL)

    def gone(self, patience: float = 0.0) -> bool:
        """Whether a killed one has ended, after waiting for at most so many seconds."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Let go of the pipes and the shared memory."""
        if not self._stdin.closed:
            self._stdin.close()
            os.close(self.output)
            self._clock.release()
            self._map.close()

    def disown(self) -> None:
        """In a forked child: let go of what is the parent's."""
        self.close()
        self._process.returncode = 0  # or it would complain, when collected, that the process still runs


def read(descriptor: int) -> bytes | None:
    """Read what is there; None if nothing is, ``b""`` at the end."""
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return None


def _page() -> int:
    """Return the descriptor of a page of memory to share.

    It is written, not just made long: where a file stands in for memory and the disk is full, that fails, while
    touching a page without a place on the disk would kill this process.
    """
    if hasattr(os, "memfd_create"):
        page = os.memfd_create("plaudit-worker")
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            page = os.dup(file.fileno())
    os.write(page, bytes(PAGESIZE))
    return page
