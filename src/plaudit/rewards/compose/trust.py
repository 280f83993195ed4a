"""Trusted: a judge's reward, believed as far as it prefers the right responses of a group to the wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Floats, Scores
from plaudit.core.weight import times_range
from plaudit.rewards.compose.statistics import check_by, rows_by, together

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: A response is right from here on.
RIGHT = 0.5
#: A group whose outcomes are all at most the first, or all at least the second, has nothing to tell a judge by.
UNANIMOUS = (0.1, 0.9)


@part
class Trusted(Reward):
    """``value = gamma * reward`` with ``gamma = min(1, exp(mean_right - mean_wrong))``, one gamma a group.

    ``mean_right`` is the mean of ``reward`` over the group's responses with ``outcome >= 0.5``, ``mean_wrong`` over the
    others; where either side is empty or has no score, gamma is 1. In a group whose outcomes are all at least 0.9, or
    all at most 0.1, ``reward`` is not asked and the value is 0.

    Args:
        outcome: what is known to be right: it opens the group and divides it.
        reward: what is trusted or not; it gives its name.
        by: which rows belong together: ``group``, ``batch`` or a meta entry.

    Range: the reward's times [0, 1]. Status: the outcome's where that has no score, else the reward's; neither moves a
    mean there. It has no ``tensor``. Permuting a group permutes the values.

    Source: Trust-GRPO of SophiaVL-R1 (Fan et al. 2025), whose whole reward is
    ``outcome + 0.3 * Annealed(12000) * Trusted(outcome, thinking)``. The released code asks the judge only where the
    outcome is at least 0.2 and takes 0 elsewhere: ``Trusted(outcome, Gate(Above(outcome, 0.2), thinking))``.

    Raises:
        ConfigError: ``by`` is ``sample`` or empty.

    >>> from plaudit import Answer, Length, Sample
    >>> said = [Sample("1 + 1?", text, "2", group="a") for text in ("it is <answer>2</answer>", "<answer>3</answer>")]
    >>> scores = Trusted(Answer("number"), Length(target=1, width=4)).score(said)
    >>> scores.values.round(4), scores.reason
    (array([0.3033, 0.6065]), ['3 words, target 1; trust 0.6065', 'trust 0.6065'])
    """

    outcome: Reward
    reward: Reward
    by: str = "group"

    over = property(lambda self: self.by)
    needs = property(lambda self: together(self.by))

    def __post_init__(self) -> None:
        super().__post_init__()
        check_by(self.by, "Trusted")

    def _label(self) -> str:
        return self.reward.label

    @property
    def range(self) -> tuple[float, float]:
        """The reward's times [0, 1]."""
        return times_range((0.0, 1.0), self.reward.range)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask the outcome of all, the reward of mixed groups, and weigh each group."""
        outcome = await run(self.outcome, samples)
        groups = [rows[outcome.ok[rows]] for rows in rows_by(samples, self.by)]
        mixed = [rows for rows in groups if len(rows) and not _unanimous(outcome.values[rows])]
        opened = np.zeros(len(samples), dtype=bool)
        for rows in mixed:
            opened[rows] = True
        judged = await run(self.reward, samples, where=opened)
        values = np.where(opened, judged.values, 0.0)
        reason = [j if o else why for j, o, why in zip(judged.reason, opened, outcome.reason, strict=True)]
        for rows in mixed:
            gamma = _trust(outcome.values[rows], judged.values[rows])
            values[rows] *= gamma
            for i in rows if gamma < 1 else ():
                reason[i] = "; ".join(filter(None, (reason[i], f"trust {gamma:.4f}")))
        codes = np.where(opened, judged.codes, outcome.codes).astype(np.int8)
        return Scores(values, codes, reason, terms={self.outcome.label: outcome, self.reward.label: judged})


def _unanimous(outcomes: Floats) -> bool:
    return bool((outcomes <= UNANIMOUS[0]).all() or (outcomes >= UNANIMOUS[1]).all())


def _trust(outcomes: Floats, judged: Floats) -> float:
    """Return gamma; NaN among ``judged`` is no score."""
    right = outcomes >= RIGHT
    good, bad = (side[np.isfinite(side)] for side in (judged[right], judged[~right]))
    return float(np.exp(min(good.mean() - bad.mean(), 0.0))) if len(good) and len(bad) else 1.0
