"""The background loop: one event loop in one daemon thread, where coroutines that do I/O run.

It is started at the first use and anew in a forked child, where the parent's thread does not exist.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads in which calls wait that are not async."""
    return ThreadPoolExecutor(max_workers=64, thread_name_prefix="plaudit-wait")


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
    threads.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
