"""The one place where the core reaches up.

``reward.score``, ``+`` and ``scores.report()`` belong to the core's classes, but what they do stands in rooms above.
Those rooms' functions are gathered in ``plaudit.assembly`` and fetched here at the first call, so that the core
imports nothing above itself and ``import plaudit`` stays cheap.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.core.context import Context
    from plaudit.core.reward import Reward
    from plaudit.core.sample import Sample
    from plaudit.core.score import Scores


class Upper(Protocol):
    """What the rooms above do for the core."""

    def score(self, reward: Reward, samples: Sequence[Sample], context: Context | None) -> Scores:
        """Score the samples on the calling thread (engine)."""

    async def ascore(self, reward: Reward, samples: Sequence[Sample], context: Context | None) -> Scores:
        """Score the samples inside a running event loop (engine)."""

    def add(self, left: Any, right: Any) -> Reward:
        """Return ``left + right`` (rewards.compose)."""

    def multiply(self, left: Any, right: Any) -> Reward:
        """Return ``left * right``, where one of the two may be a number (rewards.compose)."""

    def report(self, scores: Scores, samples: Sequence[Sample] | None) -> str:
        """Return a plain-text report (reports)."""

    def register(self) -> None:
        """Import every built-in reward, so that the registry knows their names (rewards)."""


@cache
def upper() -> Upper:
    """Return what the rooms above do for the core, importing them at the first call."""
    assembled: Any = import_module("plaudit.assembly")
    return assembled  # type: ignore[no-any-return]  # a module that satisfies the protocol; mypy checks it there
