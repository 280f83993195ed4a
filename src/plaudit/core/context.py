"""Context: what the caller tells every reward of a run. It is the caller's and never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plaudit.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Context:
    """Where training stands, and what it lends to rewards.

    Attributes:
        step: the optimiser step, from 0.
        total: how many steps there will be; None if that is not known.
        policy: a handle on the model being trained, for rewards that ask it again.
        models: models by role (``{"judge": ...}``).
        seed: mixed into every random choice, which otherwise depends on content alone.
        deadline: seconds that one ``score`` call may take; None for no limit.
        cache: a ``plaudit.engine.cache.Cache`` for what costs something; None for the process's own, in memory alone.
        on_event: called with a ``plaudit.engine.events.Event`` for every part that has answered, on the thread that
            scores.
    """

    step: int = 0
    total: int | None = None
    policy: Any = None
    models: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    deadline: float | None = None
    cache: Any = None
    on_event: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        if self.step < 0 or (self.total is not None and self.total <= 0):
            raise ConfigError(f"step {self.step} of {self.total}: step is at least 0 and total at least 1")
        if self.deadline is not None and not self.deadline > 0:
            raise ConfigError(f"deadline={self.deadline}: it is a positive number of seconds, or None for no limit")

    @property
    def progress(self) -> float:
        """How much of training is done, 0 to 1; 0 while ``total`` is not known."""
        return min(self.step / self.total, 1.0) if self.total else 0.0
