"""Events: what a run tells whoever listens, one event for each part that has answered.

>>> from plaudit.core.context import Context
>>> seen = []
>>> context = Context(on_event=seen.append)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plaudit.core.score import STATUSES

if TYPE_CHECKING:
    from plaudit.core.reward import Reward
    from plaudit.core.score import Scores


class Event(NamedTuple):
    """A part has answered.

    Attributes:
        part: its name.
        reward: its expression.
        rows: for how many samples.
        wall: seconds from asking to answer, its own parts and all waiting included.
        busy: seconds of work on its samples, summed.
        calls: samples graded, where that is counted (cpu, device and model leaves).
        hits: samples answered from the cache, from an equal sample, or by another run.
        statuses: samples by status, those that occur.
    """

    part: str
    reward: str
    rows: int
    wall: float
    busy: float
    calls: int
    hits: int
    statuses: dict[str, int]

    @classmethod
    def of(cls, reward: Reward, scores: Scores, wall: float) -> Event:
        """Make the event of an answer."""
        counts = np.bincount(scores.codes, minlength=len(STATUSES)).tolist()
        spent = {name: float(scores.spent[name].sum()) for name in ("seconds", "calls", "hits") if name in scores.spent}
        return cls(
            reward.label,
            str(reward),
            len(scores),
            wall,
            spent.get("seconds", 0.0),
            int(spent.get("calls", 0)),
            int(spent.get("hits", 0)),
            {status.value: n for status, n in zip(STATUSES, counts, strict=True) if n},
        )
