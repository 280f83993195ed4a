"""A worker process: grades what it is sent, one item after another, until its input ends or it is killed.

It is run as a plain script, never forked from the parent and never importing the parent's main module, so that a pool
works from a script without a ``__main__`` guard, from ``python -c``, standard input and notebooks. Functions come as
cloudpickles. What the work prints goes to the error stream.

Frames to the parent are 8 bytes of length and a pickle. Before each item the worker writes the time and the item's place
into memory that it shares with the parent: the parent's clock thus starts when an item starts, not when it was sent.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import resource
import signal
import sys
from time import monotonic
from typing import Any, BinaryIO

#: Results are sent at least this often, in seconds, so that little is done twice when a later item is killed.
FLUSH = 0.005
IDLE = -1.0


def main() -> None:
    """Serve the parent at the other end of standard input and output."""
    shared, memory = int(sys.argv[1]), int(sys.argv[2])
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    clock = memoryview(mmap.mmap(shared, mmap.PAGESIZE)).cast("d")
    functions: dict[str, Any] = {}
    while True:
        try:
            kind, *rest = pickle.load(incoming)
        except EOFError:
            return
        if kind == "path":
            sys.path[:] = rest[0]
        elif kind == "define":
            functions[rest[0]] = rest[1]
        else:
            _serve(rest[0], functions, rest[1], rest[2], clock, outgoing)


def _serve(
    chunk: int, functions: dict[str, Any], name: str, blob: bytes, clock: memoryview[float], outgoing: BinaryIO
) -> None:
    """Grade a chunk and send the results, now and then and at the end."""
    try:
        if isinstance(functions[name], bytes):
            functions[name] = pickle.loads(functions[name])
        function, items = functions[name], pickle.loads(blob)
    except Exception as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        _send(outgoing, (chunk, None, f"can't be loaded in a worker process: {type(error).__name__}: {error}"))
        return
    results: list[Any] = []
    flushed = monotonic()
    for place, item in enumerate(items):
        began = monotonic()
        if began - flushed > FLUSH and results:
            _send(outgoing, (chunk, results, ""))
            results, flushed = [], monotonic()
            began = flushed
        clock[1], clock[0] = began, float(place)
        results.append((place, *_graded(function, item), monotonic() - began))
        clock[0] = IDLE
    _send(outgoing, (chunk, results, "done"))


def _graded(function: Any, item: Any) -> tuple[bool, Any]:
    """Return (True, what the function returned) or (False, (status, reason))."""
    try:
        return True, function(item)
    except BaseException as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        status = "invalid" if any(c.__name__ == "RecordError" for c in type(error).__mro__) else "error"
        if isinstance(error, MemoryError):
            return False, (status, "out of memory")
        return False, (status, str(error) if status == "invalid" else f"{type(error).__name__}: {error}"[:500])


def _send(outgoing: BinaryIO, message: tuple[int, list[Any] | None, str]) -> None:
    try:
        frame = pickle.dumps(message, 5)
    except Exception:  # noqa: BLE001 - find the result that can't be pickled, and say so in its place
        chunk, results, state = message
        frame = pickle.dumps((chunk, [_picklable(r) for r in results or ()], state), 5)
    outgoing.write(len(frame).to_bytes(8, "little") + frame)
    outgoing.flush()


def _picklable(result: tuple[int, bool, Any, float]) -> tuple[int, bool, Any, float]:
    try:
        pickle.dumps(result)
    except Exception as error:  # noqa: BLE001 - becomes a status
        why = f"returned a {type(result[2]).__name__} that can't leave its process: {error}"
        return result[0], False, ("error", why[:500]), result[3]
    return result


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, since a hung one would not notice."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    main()
