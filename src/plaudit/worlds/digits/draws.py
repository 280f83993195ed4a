"""Numbered random draws: every one is a function of a key and its number, and of nothing else.

A stream of random numbers ties scene 7 to the six before it, and to numpy's release. Here a draw is a hash of
its key, its row and its column, so that a row is the same whether it is drawn alone, first or among a
million, on any machine.

>>> import numpy as np
>>> key = number("an example", 0)
>>> bool((uniform(key, np.arange(5), 3)[4] == uniform(key, np.array([4]), 3)[0]).all())
True
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["number", "pick", "uniform"]

T = TypeVar("T")


def number(*key: str | int) -> int:
    """Return the 64-bit number of a key made of strings and integers (numpy's integers count as Python's)."""
    plain = tuple(part if isinstance(part, str) else int(part) for part in key)
    return int.from_bytes(blake2b(repr(plain).encode(), digest_size=8).digest(), "big")


def pick(options: Sequence[T], *key: str | int) -> T:
    """Return one of the options, chosen by the key alone."""
    return options[number(*key) % len(options)]


def uniform(key: int, rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return draws in [0, 1) of shape (len(rows), count); a row depends on ``key`` and its own number only.

    A counter-based generator made of SplitMix64's mixing function, applied once to the row's number and once
    to each column's. Two different keys give unrelated rows.
    """
    seeds = _mix(np.uint64(key) ^ (rows.astype(np.uint64) * _GOLDEN))
    columns = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    bits = _mix(seeds[:, None] + columns[None, :])
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
