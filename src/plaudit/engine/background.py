"""The background loop: one event loop in one daemon thread, where coroutines that do I/O run.

It is started at the first use and anew in a forked child, where the parent's thread does not exist.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Any

#: Calls that are not async, and so wait in threads, at one time.
THREADS = 64
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


@cache
def slots() -> asyncio.Semaphore:
    """Return what to hold on the background loop while a call waits in a thread."""
    return asyncio.Semaphore(THREADS)


def in_thread(call: Callable[[Any], Any], item: Any) -> asyncio.Future[Any]:
    """Call in a thread of its own; return the future of the result, on the running loop.

    The thread of a call that hangs is left behind: it is nobody else's, and does not keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result: Any = None
        raised: BaseException | None = None
        try:
            result = call(item)
        except StopIteration as error:  # no future takes one
            raised = RuntimeError(f"StopIteration: {error}")
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the result, and raised there
            raised = error
        loop.call_soon_threadsafe(settle, result, raised)

    threading.Thread(target=run, name="plaudit-wait", daemon=True).start()
    return future


def submit(coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Run a coroutine on the background loop and return its future, to be waited for on another thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running())


def refuse_to_block() -> None:
    """Keep the background loop from waiting for itself, for ever.

    Raises:
        RuntimeError: this is the background loop's thread.
    """
    if _loop is not None and asyncio._get_running_loop() is _loop:
        raise RuntimeError("score() inside an async reward would wait for itself; await reward.ascore(...) there")


def _running() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=[_loop], name="plaudit-io", daemon=True).start()
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    while True:
        with suppress(SystemExit, KeyboardInterrupt):  # from a task, which has them as its result
            loop.run_forever()


def _forget() -> None:
    global _loop, _lock
    _loop, _lock = None, threading.Lock()
    slots.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
