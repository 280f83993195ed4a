"""A worker process: grades what it is sent, one item after another, until its input ends or it is killed.

It is run as a plain script, never forked from the parent and never importing the parent's main module, so that a pool
works from a script without a ``__main__`` guard, from ``python -c``, standard input and notebooks. What the work prints
goes to the error stream; what it reads from standard input is empty; processes that it forks can't reach the parent.

A message from the parent is a pickled :class:`Order`, then the bytes of a cloudpickled function (unless the worker has
it) and of a pickled list of items. A message to the parent is 8 bytes of length and a pickled :class:`Answer`. In
memory that both share the worker writes what it is at and since when: the place of an item, or one of the negative
numbers below. The parent's clock thus starts when an item starts, not when it was sent.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from mmap import PAGESIZE, mmap
from time import monotonic
from typing import Any, BinaryIO, NamedTuple

#: What a worker is at when it is at no item: waiting or loading a function, loading items, sending results.
FUNCTION, ITEMS, SENDING = -1.0, -2.0, -3.0
#: Results are sent at least this often, in seconds, so that little is done twice when a later item is killed.
FLUSH = 0.005


class Order(NamedTuple):
    """What the parent wants graded.

    Attributes:
        number: what the answers will refer to.
        name: the function's.
        function: bytes of the function that follow; 0 if the worker has it.
        items: bytes of the items that follow.
        forget: whether to forget all functions first.
        path: where to import from.
        folder: the working directory; ``""`` to stay.
    """

    number: int
    name: str
    function: int
    items: int
    forget: bool
    path: list[str]
    folder: str


class Answer(NamedTuple):
    """What a worker has to say of an order.

    Attributes:
        number: the order's.
        results: (place, status, value, seconds) of graded items: where the status is empty, the value or its pickle,
            else the reason.
        seconds: at the end of an order, how long its items took, their loading included.
        unloaded: what could not be loaded, ``function`` or ``items``; nothing was graded then.
        why: what went wrong in loading.
        missing: the module that was not found in loading.
    """

    number: int
    results: list[tuple[int, str, Any, float]]
    seconds: float | None = None
    unloaded: str = ""
    why: str = ""
    missing: str | None = None


def main() -> None:
    """Serve the parent at the other end of standard input and of the pipe that it names."""
    shared, output, memory, parent = map(int, sys.argv[1:])
    null = os.open(os.devnull, os.O_RDWR)  # where the parent has no error stream, this becomes it, as the lowest free
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(output), "wb")
    clock = memoryview(mmap(shared, PAGESIZE)).cast("d")
    os.close(output)  # it and this one are inherited, so that programs started by the work would hold them open
    os.close(shared)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.register_at_fork(after_in_child=lambda: [os.dup2(null, pipe.fileno()) for pipe in (incoming, outgoing)])
    _die_with(parent)
    _restrain(memory)
    functions: dict[str, Any] = {}
    with suppress(EOFError):
        while True:
            order = Order(*pickle.load(incoming))
            if order.forget:
                functions.clear()
            _serve(order, functions, incoming, outgoing, clock)
    os._exit(0)  # threads that the work has left behind must not keep the process


def _serve(
    order: Order, functions: dict[str, Any], incoming: BinaryIO, outgoing: BinaryIO, clock: memoryview[float]
) -> None:
    """Grade the items and send the results, now and then and at the end."""
    process = os.getpid()
    blob = incoming.read(order.function)
    try:
        sys.path[:] = order.path
        if order.folder:
            with suppress(OSError):  # it may be gone; most work asks for no relative path
                os.chdir(order.folder)
        if order.name not in functions:
            functions[order.name] = pickle.loads(blob)
        function = functions[order.name]
    except BaseException as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        incoming.read(order.items)
        _send(outgoing, _unloaded(order, "function", error))
        return
    began = _at(clock, ITEMS)
    try:
        items = pickle.loads(incoming.read(order.items))
    except BaseException as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        _send(outgoing, _unloaded(order, "items", error))
        if isinstance(error, MemoryError):
            os._exit(1)  # what was not read of the items would be taken for an order
        return
    results: list[tuple[int, str, Any, float]] = []
    flushed = monotonic()
    for place, item in enumerate(items):
        started = _at(clock, place)
        status, value = _graded(function, item)
        if os.getpid() != process:
            os._exit(0)  # the work forked, and this is the child that came back from it
        ended = _at(clock, SENDING)
        results.append((place, status, value, ended - started))
        if ended - flushed > FLUSH:
            _send(outgoing, Answer(order.number, results))
            results, flushed = [], ended
    _send(outgoing, Answer(order.number, results, monotonic() - began))


def _at(clock: memoryview[float], place: float) -> float:
    """Say what this process is at from now on; return the time."""
    now = monotonic()
    clock[1], clock[0] = now, place  # in this order, so that nothing seems to have begun earlier than it has
    return now


def _graded(function: Callable[[Any], Any], item: Any) -> tuple[str, Any]:
    """Return ``""`` and what the function returned (a number as it is, anything else pickled), or status and reason."""
    try:
        value = function(item)
    except MemoryError:
        return "error", "out of memory"
    except BaseException as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        errors = sys.modules.get("plaudit.core.errors")
        if errors is not None and isinstance(error, errors.RecordError):
            return "invalid", said(error).partition(": ")[2]
        return "error", said(error)
    if type(value) is float:
        return "", value
    try:
        return "", pickle.dumps(value, 5)
    except BaseException as error:  # noqa: BLE001 - told to the parent, where it becomes a status
        return "error", f"returned a {type(value).__name__} that can't leave its process: {said(error)}"


def _unloaded(order: Order, what: str, error: BaseException) -> Answer:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return Answer(order.number, [], None, what, said(error), missing)


def said(error: BaseException) -> str:
    """Return an exception's type and text, at most 500 characters; an exception's own ``str`` may raise."""
    try:
        text = f"{error}"
    except BaseException:  # noqa: BLE001 - whatever it is, the exception stays the news
        text = "its text can't be read"
    return f"{type(error).__name__}: {text}"[:500]


def _send(outgoing: BinaryIO, answer: Answer) -> None:
    frame = pickle.dumps(tuple(answer), 5)
    outgoing.write(len(frame).to_bytes(8, "little"))
    outgoing.write(frame)
    outgoing.flush()


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent dies, since a hung one would not notice."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it was asked
        os._exit(0)


def _restrain(memory: int) -> None:
    """Keep this process from filling the memory or the disk, and from taking others down with it."""
    # Private memory where the system counts it: an address space may be wide with libraries and maps that cost nothing.
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, most = resource.getrlimit(kind)
    if memory:
        limit = memory if most == resource.RLIM_INFINITY else min(memory, most)
        with suppress(ValueError, OSError):  # macOS has the constant but may refuse it
            resource.setrlimit(kind, (limit, limit))
    # One byte: a limit of 0 does not keep Linux from piping a core dump into a program that is set to take them.
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (1 if most else 0, most))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - pathlib takes long to import
        file.write("1000")  # when memory runs out, this process goes first, not the one that trains


if __name__ == "__main__":
    main()
