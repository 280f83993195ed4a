"""Pickling for other processes: functions and items that plain pickles can't carry.

What the main program, a notebook or ``exec`` has defined goes by value, and so does what stands in a module that the
other process can't import (:func:`carry`) or would find elsewhere. The rest goes by name.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from plaudit.core.errors import ConfigError
from plaudit.engine.worker import said

_carried: frozenset[str] = frozenset()
_lock = threading.Lock()


def pickled(thing: Any) -> bytes:
    """Pickle a thing so that a process that shares nothing but files can load it.

    Raises:
        Exception: whatever its parts raise when they are pickled.
    """
    import cloudpickle

    if not _carried:
        return bytes(cloudpickle.dumps(thing, 5))
    with _lock, ExitStack() as after:  # what is registered is so for all threads
        known = cloudpickle.list_registry_pickle_by_value()
        for name, module in list(sys.modules.items()):
            if _is_carried(name) and getattr(module, "__name__", None) == name and name not in known:
                cloudpickle.register_pickle_by_value(module)
                after.callback(cloudpickle.unregister_pickle_by_value, module)
        return bytes(cloudpickle.dumps(thing, 5))


def pickled_function(function: Callable[[Any], Any]) -> bytes:
    """Pickle a function.

    Raises:
        ConfigError: it, or something that it uses, can't be pickled.
    """
    for owner in (function, type(getattr(function, "__self__", None))):
        top = str(getattr(owner, "__module__", "")).partition(".")[0]
        if _stands_elsewhere(sys.modules.get(top)):
            carry(top)
    try:
        return pickled(function)
    except Exception as error:  # noqa: BLE001 - whatever it is, the function can't be sent
        name = getattr(function, "__qualname__", type(function).__name__)
        raise ConfigError(
            f"{name} can't be sent to a worker process ({said(error)}); make what it uses picklable, or declare "
            'cost="free" to run it in this process, where nothing can stop it'
        ) from None


def carry(module: str | None) -> bool:
    """From now on pickle by value what stands in a module that another process did not find.

    Returns:
        Whether that is something new: this process has the module, and it was not carried before.
    """
    global _carried
    with _lock:
        if module is None or module not in sys.modules or _is_carried(module):
            return False
        _carried |= {module}
        return True


def _is_carried(name: str) -> bool:
    return name in _carried or any(name.startswith(f"{module}.") for module in _carried)


def _stands_elsewhere(module: ModuleType | None) -> bool:
    """Whether a process with the same path would import another file by the name of this module."""
    if module is None or not isinstance(file := getattr(module, "__file__", None), str):
        return False
    origin = _origin(module.__name__, tuple(p for p in sys.path if isinstance(p, str)))
    return module.__name__ != "__main__" and origin is not None and os.path.realpath(origin) != os.path.realpath(file)


@lru_cache(maxsize=256)
def _origin(name: str, path: tuple[str, ...]) -> str | None:
    spec = PathFinder.find_spec(name, list(path))
    return None if spec is None else spec.origin


def _forget() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
