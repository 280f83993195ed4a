"""The worker pool: CPU work that may hang, crash or blow up, in processes that can be killed and replaced.

Each item has its own limit, counted from the moment it starts in its worker. Items travel in chunks whose size follows
their measured cost, so that cheap work pays little for the journey; when a worker is killed or dies, the item that it
was at gets the blame, what it had finished is kept, and the rest of its chunk goes to another.

One thread manages all workers of a pool; ``submit`` may be called from any thread.

>>> pool = Pool(workers=1)
>>> [(r.value, r.reason) for r in pool.submit(lambda x: 1 / x, [2, 0], limit=5.0).result()]
[(0.5, ''), (None, 'ZeroDivisionError: division by zero')]
>>> pool.close()
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import pickle
import selectors
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import lru_cache
from importlib.machinery import PathFinder
from time import monotonic
from typing import Any, NamedTuple

from plaudit.core.errors import ConfigError
from plaudit.engine.process import Process
from plaudit.engine.worker import FUNCTION, Answer, Order, said

#: Seconds of work that a chunk should hold, and the most items.
CHUNK_SECONDS, CHUNK_ITEMS = 0.02, 512
#: Private memory of a worker, in bytes.
MEMORY = 4 << 30
#: Seconds that a worker may take to load a function, or its items, before it counts as hung.
LOADING = 120.0
#: Workers that may die while they load a function before it is the function's fault.
DEATHS = 3
_LATE = "the deadline had passed"
_LONG = 3600.0  # no selector waits for ever and counts the seconds
