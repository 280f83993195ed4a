"""Default: the one way to turn what is not a score into a number, visible in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import STATUSES, Scores, Status, status_code

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: What a default stands in for unless it is told otherwise: everything but a bad record.
FAILURES = ("skipped", "missing", "unparsed", "timeout", "error")


@part
class Default(Reward):
    """``value = reward where it has a score, else fallback`` for the statuses in ``on``; others stay as they are.

    Args:
        reward: what is asked first; it gives its name.
        fallback: a number, or a reward that is asked only for the rows that need it.
        on: the statuses that it stands in for; ``invalid`` (a bad record) is not among them unless you write it.

    Range: the reward's, widened by the fallback's. Status: ``ok`` where a number stood in, with the reason; that of the
    fallback where it is a reward; else the reward's. It has no ``tensor``.

    Raises:
        ConfigError: ``on`` is empty or holds ``ok``.

    >>> from plaudit import Answer, Format, Gate, Sample
    >>> tried = Default(Gate(Format("answer"), Answer("number"), closed=None), -1)
    >>> scores = tried.score(Sample("1 + 1?", "It is 2.", "2"))
    >>> scores.values, scores.reason
    (array([-1.]), ['default for skipped: format: missing <answer>'])
    """

    reward: Reward
    fallback: float | Reward
    on: Sequence[str] = FAILURES

    def __post_init__(self) -> None:
        super().__post_init__()
        for status in self.on:
            if status not in tuple(Status) or status == Status.OK:
                raise ConfigError(f"Default: on has {status!r}; known: {', '.join(STATUSES[1:])}")
        if not self.on:
            raise ConfigError("Default: on is empty, so that it would never do anything")

    def _label(self) -> str:
        return self.reward.label

    @property
    def range(self) -> tuple[float, float]:
        """The reward's range, widened by the fallback's."""
        low, high = self.reward.range
        least, most = self.fallback.range if isinstance(self.fallback, Reward) else (self.fallback, self.fallback)
        return (min(low, least), max(high, most))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask the reward, then the fallback where it is wanted."""
        asked = await run(self.reward, samples)
        wanted = np.isin(asked.codes, [status_code(s) for s in self.on])
        terms = {self.reward.label: asked}
        if isinstance(self.fallback, Reward):
            stand_in = await run(self.fallback, samples, where=wanted)
            terms[self.fallback.label] = stand_in
        else:
            stand_in = Scores(np.full(len(samples), self.fallback))
        reason = list(asked.reason)
        for i in np.flatnonzero(wanted):
            why = [f"default for {STATUSES[asked.codes[i]]}", asked.reason[i], stand_in.reason[i]]
            reason[i] = ": ".join(filter(None, why))
        return Scores(
            np.where(wanted, stand_in.values, asked.values),
            np.where(wanted, stand_in.codes, asked.codes).astype(np.int8),
            reason,
            terms=terms,
        )
