"""Lengths within a group: penalties that depend on how long the other responses are, and on which of them are right.

Each takes the reward that says who is right (0.5 and above); where that has no score, neither has the penalty, and the
row counts in no one's group. The length is :func:`~plaudit.rewards.verifiable.formats.length.measured`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Floats, Scores, Status, status_code
from plaudit.rewards.verifiable.formats.length import Unit, measured
from plaudit.rewards.verifiable.tools.tool_use import groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

Rule = Callable[[Floats, "NDArray[np.bool_]"], Floats]


@part
class LengthPenalty(Reward):
    """The generalised length penalty: how far a length lies from the mean length of the group's right responses.

    ``-clip((|n - L| / L - tolerance) / (1 - tolerance), 0, 1)`` with L that mean; 0 for all where none is right. It
    keeps a policy from growing terse or wordy. (The idea is HARMO's, 2025, whose text names only a greatest penalty and
    a tolerance; the equation is one that fits them, and the greatest penalty is the weight of this term.)

    Args:
        correct: who is right.
        tolerance: the relative distance that costs nothing.
        unit: as for ``Length``.

    Range: [-1, 0]. Needs: ``group``. Reach: group.

    Raises:
        ConfigError: the tolerance is not in [0, 1).
    """

    correct: Reward
    tolerance: float = 0.2
    unit: Unit = "words"

    over = "group"
    needs = ("group",)
    range = (-1.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.tolerance < 1:
            raise ConfigError(f"LengthPenalty: tolerance={self.tolerance}; expected 0 <= tolerance < 1", "tolerance")

    def _label(self) -> str:
        return "length_penalty"

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask who is right, then compare lengths."""
        return await _within_groups(self.correct, samples, run, self.unit, self._penalties)

    def _penalties(self, lengths: Floats, right: NDArray[np.bool_]) -> Floats:
        if not right.any() or not (mean := lengths[right].mean()):
            return np.zeros(len(lengths))
        distance = np.abs(lengths - mean) / mean
        penalties: Floats = -np.clip((distance - self.tolerance) / (1 - self.tolerance), 0, 1) + 0.0
        return penalties


@part
class RelativeLength(Reward):
    """Shorter is better among the responses of a group (Kimi k1.5, 2025, section 2.3.3, "length penalty").

    ``v = 0.5 - (n - shortest) / (longest - shortest)`` for a right response, ``min(0, v)`` for a wrong one; 0 for all
    where all are equally long. A wrong response gains nothing by being short.

    Args:
        correct: who is right.
        unit: as for ``Length``.

    Range: [-0.5, 0.5]. Needs: ``group``. Reach: group.
    """

    correct: Reward
    unit: Unit = "words"

    over = "group"
    needs = ("group",)
    range = (-0.5, 0.5)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask who is right, then compare lengths."""
        return await _within_groups(self.correct, samples, run, self.unit, _relative)


@part
class AdaptiveLength(Reward):
    """Length costs more where the question is easy (ALP, Xiang et al. 2025).

    ``-(n / per) * max(share of the group that is right, 1 / group's size)``: a question that every response solves must
    be answered briefly, one that hardly any solves may take its time.

    Args:
        correct: who is right.
        per: the length that costs 1 where all are right.
        limit: the cost of a length beyond ``limit`` is that of ``limit``, so that one response can't swamp a group.
        unit: as for ``Length``.

    Range: [-limit / per, 0]. Needs: ``group``. Reach: group.

    Raises:
        ConfigError: ``per`` or ``limit`` is not positive.
    """

    correct: Reward
    per: int
    limit: int
    unit: Unit = "words"

    over = "group"
    needs = ("group",)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("per", "limit"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"AdaptiveLength: {name}={getattr(self, name)}; it must be positive", name)

    @property
    def range(self) -> tuple[float, float]:
        """[-limit / per, 0]."""
        return (-self.limit / self.per, 0.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask who is right, then weigh the lengths by how many are."""
        return await _within_groups(self.correct, samples, run, self.unit, self._costs)

    def _costs(self, lengths: Floats, right: NDArray[np.bool_]) -> Floats:
        rate = max(float(right.mean()), 1 / len(right))
        costs: Floats = -np.minimum(lengths, self.limit) / self.per * rate + 0.0
        return costs


def _relative(lengths: Floats, right: NDArray[np.bool_]) -> Floats:
    spread = np.ptp(lengths)
    if not spread:
        return np.zeros(len(lengths))
    value = 0.5 - (lengths - lengths.min()) / spread
    relative: Floats = np.where(right, value, np.minimum(0.0, value))
    return relative


async def _within_groups(correct: Reward, samples: Sequence[Sample], run: Run, unit: Unit, rule: Rule) -> Scores:
    """Apply a rule to the lengths and rightness of each group's rows that have a score."""
    answered = await run(correct, samples)
    codes, reasons = answered.codes.copy(), [""] * len(samples)
    lengths, values = np.zeros(len(samples)), np.zeros(len(samples))
    for i, sample in enumerate(samples):
        if codes[i]:
            reasons[i] = f"{correct.label}: {answered.reason[i]}"
            continue
        try:
            lengths[i] = measured(sample, unit)
        except RecordError as error:
            codes[i], reasons[i] = status_code(Status.INVALID), str(error)
    for group in groups(samples):
        rows = np.array([i for i in group if not codes[i]], dtype=np.intp)
        if len(rows):
            values[rows] = rule(lengths[rows], answered.values[rows] >= 0.5)
    for i in np.flatnonzero((codes == 0) & (values != 0)).tolist():
        reasons[i] = f"{lengths[i]:g} {unit}"
    return Scores(values, codes, reasons, terms={correct.label: answered})
