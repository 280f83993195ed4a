"""Weight: what multiplies a term of a sum, where that is more than one number: a schedule, a field of the sample.

A weight is no reward. It has no status, no terms and no name; it is kept beside the raw value of the term that it
weighs, one number a row. Written with ``*``, in any order; numbers and weights multiply each other:

>>> from plaudit.core.loading import load
>>> reward = load('Answer("math") + 0.5 * Linear(1, 0.1) * Format("answer")')
>>> reward.weighted()[1][0]
0.5 * Linear(1.0, 0.1)
>>> reward.range
(0.0, 1.5)

A weight of one's own is a class with ``@part``, a ``range`` and ``values``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, overload

from plaudit.core.errors import ConfigError
from plaudit.core.fields import checked
from plaudit.core.hooks import upper
from plaudit.core.reward import Reward
from plaudit.core.specification import Specified

if TYPE_CHECKING:
    from plaudit.core.context import Context
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats


@dataclass(frozen=True, eq=False, repr=False)
class Weight(Specified):
    """What a term counts, row by row. Its fields are its specification, as a reward's are."""

    @property
    def range(self) -> tuple[float, float]:
        """(least, greatest) weight."""
        return (-math.inf, math.inf)

    def __post_init__(self) -> None:
        self._check()

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Return float64[n], one weight a sample; NaN where the record has none, which makes it ``invalid``."""
        raise NotImplementedError(f"{type(self).__name__} has no values")

    def lacking(self, sample: Sample) -> str:
        """Say why a sample has no weight, or ``""`` where it has one or it can't be said better."""
        return ""

    @overload
    def __mul__(self, other: Reward) -> Reward: ...
    @overload
    def __mul__(self, other: Weight | float) -> Weight: ...
    def __mul__(self, other: Any) -> Any:
        return upper().multiply(self, other) if isinstance(other, Reward) else product(self, other)

    def __rmul__(self, other: float) -> Weight:
        return product(other, self)

    def __truediv__(self, other: float) -> Weight:
        if isinstance(other, bool) or not isinstance(other, (int, float)) or not other or not math.isfinite(other):
            raise ConfigError(f"a weight can be divided by a finite number other than 0, not by {other}")
        return product(1.0 / other, self)

    def __neg__(self) -> Weight:
        return product(-1.0, self)


@dataclass(frozen=True, eq=False, repr=False)
class WeightProduct(Weight):
    """``factor * prod_i weights[i]``, row by row; made by ``*``."""

    factor: float
    weights: tuple[Weight, ...]

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest product of the ends."""
        low = high = self.factor
        for weight in self.weights:
            low, high = times_range((low, high), weight.range)
        return (low, high)

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Multiply."""
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite weighs nothing, and the sum says so
            found: Floats = self.factor * np.prod([w.values(samples, context) for w in self.weights], axis=0)
        return found

    def lacking(self, sample: Sample) -> str:
        """Say what the weights lack."""
        return "; ".join(filter(None, (w.lacking(sample) for w in self.weights)))

    def __str__(self) -> str:
        size = {1.0: "", -1.0: "-"}.get(self.factor, f"{self.factor!r} * ")
        return size + " * ".join(map(str, self.weights))

    __repr__ = __str__


def product(left: Any, right: Any) -> Weight:
    """Return the product of two weights, or of a weight and a number; a factor of 1 leaves no trace.

    Raises:
        ConfigError: a side is neither, or a number is not finite.
    """
    factor, weights = 1.0, list[Weight]()
    for side in (left, right):
        if isinstance(side, WeightProduct):
            factor, weights = factor * side.factor, [*weights, *side.weights]
        elif isinstance(side, Weight):
            weights.append(side)
        elif isinstance(side, bool) or not isinstance(side, Real):
            raise ConfigError(f"{side!r} can't multiply a weight: only numbers, weights and rewards can")
        else:
            factor *= checked(side, float, "a weight")
    return weights[0] if factor == 1 and len(weights) == 1 else WeightProduct(factor, tuple(weights))


def weight_range(weight: Weight | float) -> tuple[float, float]:
    """Return (least, greatest) of a weight, which may be a number."""
    return weight.range if isinstance(weight, Weight) else (weight, weight)


def times_range(left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    """Multiply intervals. Nothing finite times 0 leaves 0, so infinity times 0 is 0 here."""
    ends = [0.0 if 0 in (a, b) else a * b for a in left for b in right]
    return (min(ends), max(ends))
