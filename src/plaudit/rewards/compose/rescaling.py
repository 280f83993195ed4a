"""Rescaling: one reward in, another of the same rows out: above a threshold, clipped, scaled and shifted.

Each is a node of its own, so that the raw value stays in the tree below it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Floats, Scores

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Above(Reward):
    """``value = 1 where reward >= threshold, else 0``; with ``strict``, where it is greater.

    As the condition of a ``Gate`` it opens the gate exactly there.

    Args:
        reward: what is compared; it gives its name.
        threshold: in the reward's own units.
        strict: whether the threshold itself is still 0.

    Range: [0, 1]. Status: the reward's. It has no ``tensor``: a step has no useful gradient.

    >>> from plaudit import Box, Gate, Length, Sample
    >>> Above(Length(target=4, width=4), 0.5).score([Sample("", "word " * n) for n in (1, 2, 4)]).values
    array([0., 1., 1.])
    """

    reward: Reward
    threshold: float
    strict: bool = False

    range = (0.0, 1.0)

    def _label(self) -> str:
        return self.reward.label

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and compare."""
        asked = await run(self.reward, samples)
        with np.errstate(invalid="ignore"):
            passed = asked.values > self.threshold if self.strict else asked.values >= self.threshold
        return rescaled(self.reward, asked, passed.astype(np.float64))


@part
class Clip(Reward):
    """``value = min(max(reward, low), high)``.

    Args:
        reward: what is clipped; it gives its name.
        low: the least value; None: any.
        high: the greatest value; None: any.

    Range: the reward's, clipped likewise. Status: the reward's. A ``tensor`` is clamped too.

    Raises:
        ConfigError: neither end is given, or ``low`` is above ``high``.

    >>> from plaudit import Length, Sample
    >>> Clip(2 * Length(target=4, width=4), high=1).score([Sample("", "word " * n) for n in (1, 2, 4)]).values
    array([0.5, 1. , 1. ])
    """

    reward: Reward
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low is None and self.high is None:
            raise ConfigError("Clip: give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ConfigError(f"Clip: low={self.low} is above high={self.high}", "low")

    def _label(self) -> str:
        return self.reward.label

    @property
    def range(self) -> tuple[float, float]:
        """The reward's range, clipped."""
        low, high = self.reward.range
        return (self._clipped(low), self._clipped(high))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and clip."""
        asked = await run(self.reward, samples)
        least, most = self._ends
        graph = None if asked.tensor is None else asked.tensor.clamp(self.low, self.high)
        return rescaled(self.reward, asked, np.clip(asked.values, least, most), graph)

    @property
    def _ends(self) -> tuple[float, float]:
        return (-math.inf if self.low is None else self.low, math.inf if self.high is None else self.high)

    def _clipped(self, value: float) -> float:
        least, most = self._ends
        return min(max(value, least), most)


@part
class Affine(Reward):
    """``value = scale * reward + shift``: a reward in other units.

    Unlike ``scale * reward``, which is a weight that a sum keeps beside the raw value, this is a value of its own.

    Args:
        reward: what is rescaled; it gives its name.
        scale: what it is multiplied by.
        shift: what is added then.

    Range: ``scale * [low, high] + shift``. Status: the reward's; ``error`` where the value is beyond a float. A
    ``tensor`` is rescaled too.

    >>> from plaudit import Length, Sample
    >>> Affine(Length(limit=10, buffer=5), scale=0.5, shift=1).score([Sample("", "word " * n) for n in (1, 10)]).values
    array([1. , 0.5])
    """

    reward: Reward
    scale: float = 1.0
    shift: float = 0.0

    def _label(self) -> str:
        return self.reward.label

    @property
    def range(self) -> tuple[float, float]:
        """The reward's range, rescaled."""
        ends = [0.0 if self.scale == 0 else self.scale * end for end in self.reward.range]
        return (min(ends) + self.shift, max(ends) + self.shift)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and rescale."""
        asked = await run(self.reward, samples)
        graph = None if asked.tensor is None else self.scale * asked.tensor + self.shift
        with np.errstate(over="ignore"):
            values = self.scale * asked.values + self.shift
        return rescaled(self.reward, asked, values, graph)


def rescaled(reward: Reward, asked: Scores, values: Floats, graph: Any = None) -> Scores:
    """Return other values of the rows that were asked, over the term that they come from."""
    return Scores(values, asked.codes, asked.reason, terms={reward.label: asked}, tensor=graph)
