"""Figure: one measured number, what it should be, and how it was measured."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """A measured number.

    Attributes:
        what: what was measured, sizes included.
        value: the number.
        unit: its unit.
        target: what it should be; None where it is only told.
        most: whether the target is the most that it may be; otherwise it is the least.
        note: what else to know.
    """

    what: str
    value: float
    unit: str
    target: float | None = None
    most: bool = True
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.most else self.value >= self.target


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes, by the wall's clock."""
    began = perf_counter()
    call()
    return perf_counter() - began
