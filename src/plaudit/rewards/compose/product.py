"""Product: ``Answer("math") * Format("think-answer")``. Numbers are weights and are pulled out of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product as combinations
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, worst
from plaudit.rewards.compose.sum import Sum, weigh

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Product(Reward):
    """``value = prod_i terms[i]``; where a term has no score, neither has the product, not even beside a 0.

    Written with ``*``. ``0.3 * a * b`` is ``0.3 * (a * b)``: the number is the weight of the product, or normalising
    the terms one by one would erase it. Every term is asked; where a 0 should spare the rest, use ``Gate``.

    Range: least and greatest of the products of the terms' ends. Status: the most serious of the terms'.

    Raises:
        ConfigError: no terms.
    """

    terms: tuple[Reward, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.terms:
            raise ConfigError("Product: no terms")

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest product of the terms' ends."""
        ends = [math.prod(c) for c in combinations(*(t.range for t in self.terms))]
        ends = [0.0 if math.isnan(e) else e for e in ends]  # 0 * infinity: nothing finite times 0 leaves 0
        return (min(ends), max(ends))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and multiply."""
        answered = await run.gather(*(run(t, samples) for t in self.terms))
        terms = dict(zip(self.parts, answered, strict=True))
        codes, reason = worst(terms)
        tensors = [t.tensor for t in answered]
        graph = math.prod(tensors) if all(t is not None for t in tensors) else None
        return Scores(np.prod([t.values for t in answered], axis=0), codes, reason, terms=terms, tensor=graph)

    def __str__(self) -> str:
        if self.name or len(self.terms) == 1:
            return super().__str__()
        shown = (f"({t})" if isinstance(t, (Sum, Product)) and not t.name else str(t) for t in self.terms)
        return " * ".join(shown)

    __repr__ = __str__


def multiply(left: object, right: object) -> Reward:
    """Return ``left * right``; a number on either side, or before a factor, becomes the weight of the whole.

    Raises:
        ConfigError: a number is not finite, or a side is neither a number nor a reward.
    """
    weight = 1.0
    factors: list[Reward] = []
    for side in (left, right):
        if isinstance(side, Reward):
            own, factor = _unweighed(side)
            weight *= own
            factors += factor.terms if isinstance(factor, Product) and not factor.name else [factor]
        elif isinstance(side, (int, float)) and not isinstance(side, bool):
            if not math.isfinite(side):
                raise ConfigError(f"a weight must be a finite number, not {side}")
        else:
            raise ConfigError(f"{side!r} can't multiply a reward: only numbers and rewards can")
    numbers = [float(side) for side in (left, right) if isinstance(side, (int, float))]
    if numbers:
        return weigh(math.prod(numbers), next(side for side in (left, right) if isinstance(side, Reward)))
    whole = Product(tuple(factors))
    return whole if weight == 1 else weigh(weight, whole)


def _unweighed(reward: Reward) -> tuple[float, Reward]:
    """Take the number off a factor, if it has one."""
    if isinstance(reward, Sum) and not reward.name and len(reward.terms) == 1:
        return reward.weighted()[0]
    return 1.0, reward
