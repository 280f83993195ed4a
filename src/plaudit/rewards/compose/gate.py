"""Gate: ask the second reward only where the first is passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import STATUSES, Scores, Status, status_code

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Gate(Reward):
    """``value = reward where condition >= 0.5, else closed``; ``reward`` is never asked where the gate is closed.

    Its terms are the condition and the reward (``skipped`` where it was not asked), and it takes the reward's name. A
    statistic behind it (``ZScore``, ``Rank``) sees the open rows alone.

    Args:
        condition: opens at 0.5 and above; for another threshold ask ``Above(condition, threshold)``.
        reward: what is behind the gate.
        closed: the value of a closed gate, status ``ok`` with the condition's reason; None abstains (``skipped``).

    Range: the reward's, and ``closed``. Status: the condition's where that has no score; ``ok`` where it is closed
    (``skipped`` if ``closed`` is None); the reward's where it is open. It has no ``tensor``.

    >>> from plaudit import Answer, Format, Sample
    >>> said = [Sample("1 + 1?", text, "2") for text in ("<answer>2</answer>", "It is <answer>2</answer>")]
    >>> scores = Gate(Format("answer"), Answer("number"), closed=-1).score(said)
    >>> scores.values, scores["answer"].status.tolist()
    (array([ 1., -1.]), [<Status.OK: 'ok'>, <Status.SKIPPED: 'skipped'>])
    """

    condition: Reward
    reward: Reward
    closed: float | None = 0.0

    def _label(self) -> str:
        return self.reward.label

    @property
    def range(self) -> tuple[float, float]:
        """The reward's range, widened by ``closed``."""
        low, high = self.reward.range
        return (low, high) if self.closed is None else (min(low, self.closed), max(high, self.closed))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask the condition of all, the reward of those that it lets through."""
        condition = await run(self.condition, samples)
        opened = condition.ok & (condition.values >= 0.5)
        behind = await run(self.reward, samples, where=opened)
        shut = condition.ok & ~opened
        values = np.where(opened, behind.values, np.nan if self.closed is None else self.closed)
        codes = np.where(opened, behind.codes, condition.codes)
        if self.closed is None:
            codes = np.where(shut, np.int8(status_code(Status.SKIPPED)), codes)
        reason = list(behind.reason)
        for i in np.flatnonzero(~opened):
            why = condition.reason[i] or ("" if shut[i] else STATUSES[condition.codes[i]].value)
            reason[i] = f"{self.condition.label}: {why}" if why else f"gate {self.condition.label} closed"
        terms = {self.condition.label: condition, self.reward.label: behind}
        return Scores(values, codes.astype(np.int8), reason, terms=terms)
