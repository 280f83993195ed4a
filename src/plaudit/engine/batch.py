"""A batch: the items that were given to a pool at once, which of them are still to be sent, and what became of each."""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

from plaudit.core.errors import ConfigError
from plaudit.engine.pickling import carry, pickled, pickled_function
from plaudit.engine.worker import said

#: How often workers may fail to load a function before it is the function's fault.
FAILURES = 3


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


class Batch:
    """Items on their way through the workers. One thread at a time may use it.

    Args:
        function: what is called on each.
        items: its arguments.
        limit: seconds that one item may take.
        until: when all must be done, by ``time.monotonic``.

    Attributes:
        name: what the function, as it is pickled now, is called.
        blob: the pickled function.
        path: where work should import from.
        folder: its working directory; ``""`` if there is none.
        plain: whether plain pickles carry the items, as far as is known.
        todo: the indices of items that no worker has.
        left: how many have no result yet.
        future: their results, in order.

    Raises:
        ConfigError: the function can't be pickled.
    """

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any], limit: float, until: float) -> None:
        self._function, self._items, self.limit, self.until = function, list(items), limit, until
        self.path, self.folder = _surroundings()
        self.plain = True
        self._alone: set[int] = set()  # items that are sent one by one, until it is known which one is to blame
        self._failures = 0
        self.todo = deque(range(len(self._items)))
        self._results: list[Result | None] = [None] * len(self._items)
        self.left = len(self._items)
        self.future: Future[list[Any]] = Future()
        if not self.left:
            self.future.set_result([])
        self._pack()

    def _pack(self) -> None:
        """Pickle the function, by the newest knowledge of what must go by value."""
        self.blob = pickled_function(self._function)
        self.name = hashlib.blake2b(self.blob, digest_size=16).hexdigest()

    # ---- on the way to a worker ---------------------------------------------------------------------------------

    def take(self, most: int) -> list[int]:
        """Take at most so many items, at least one, to be sent together."""
        chunk = [self.todo.popleft()]
        if chunk[0] not in self._alone:
            while self.todo and len(chunk) < most and self.todo[0] not in self._alone:
                chunk.append(self.todo.popleft())
        return chunk

    def take_all(self) -> list[int]:
        """Take all that no worker has."""
        taken = list(self.todo)
        self.todo.clear()
        return taken

    def packed(self, chunk: Sequence[int]) -> bytes | None:
        """Pickle items; None if they can't be, and are put back or settled."""
        items = [self._items[i] for i in chunk]
        try:
            return pickle.dumps(items, 5) if self.plain else pickled(items)
        except Exception as error:  # noqa: BLE001 - becomes a status
            self.unsent(chunk, self.plain, f"the item can't be sent to a worker process: {said(error)}")
            self.put_back(chunk)
            return None

    def unsent(self, chunk: Sequence[int], plain: bool, why: str, status: str = "error") -> None:
        """Hear that items did not reach a worker: they are to be sent by value, then one by one, then no more."""
        if plain:
            self.plain = False
        elif len(chunk) > 1:
            self._alone.update(chunk)
        else:
            self.settle(chunk, status, why)

    def unloaded(self, name: str, why: str, missing: str | None) -> None:
        """Hear that a worker could not load the function called ``name``, for want of a module if it says of which."""
        if name != self.name:  # it was packed anew meanwhile
            return
        if carry(missing):
            self._failures -= 1
        if missing is None:
            self.give_up("error", why)
        else:
            self.failed("error", why)
        try:
            self._pack()
        except ConfigError as error:
            self.give_up("error", str(error))

    def failed(self, status: str, why: str) -> None:
        """Count a failure to load the function; after the last that it may have, give up."""
        self._failures += 1
        if self._failures >= FAILURES:
            self.give_up(status, why)

    # ---- on the way back ----------------------------------------------------------------------------------------

    def keep(self, index: int, status: str, value: Any, seconds: float) -> None:
        """Take the first result of an item: its pickled value, or the reason for its status."""
        if self._results[index] is None:
            self._results[index] = _result(status, value, seconds)
            self.left -= 1
            if not self.left and self.future.set_running_or_notify_cancel():
                self.future.set_result(self._results)

    def settle(self, indices: Sequence[int], status: str, why: str, seconds: float = 0.0) -> None:
        """Say of items that have no result yet why they have none."""
        for index in indices:
            self.keep(index, status, why, seconds)

    def put_back(self, chunk: Sequence[int]) -> None:
        """Let others have what has no result yet."""
        self.todo.extendleft(i for i in reversed(chunk) if self._results[i] is None)

    def give_up(self, status: str, why: str) -> None:
        """Settle all that has no result yet."""
        self.todo.clear()
        self.settle(range(len(self._items)), status, why)


def _result(status: str, value: Any, seconds: float) -> Result:
    if status:
        return Result(None, status, value, seconds)
    if type(value) is float:
        return Result(value, "", "", seconds)
    try:
        return Result(pickle.loads(value), "", "", seconds)
    except Exception as error:  # noqa: BLE001 - becomes a status
        return Result(None, "error", f"returned what can't be read here: {said(error)}", seconds)


def _surroundings() -> tuple[list[str], str]:
    """The import path and the working directory, as work should find them in a worker."""
    try:
        folder = str(Path.cwd())
    except OSError:
        folder = ""
    return [p or folder for p in sys.path if isinstance(p, str)], folder
