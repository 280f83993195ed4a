"""Sum: ``Answer("math") + 0.1 * Format("think-answer")``, each term kept raw beside its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import COSTS, Reward, Run, part
from plaudit.core.score import Scores, worst

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Sum(Reward):
    """``value = sum_i weights[i] * terms[i]``; where a term has no score, neither has the sum: nothing renormalises.

    Written with ``+``, ``-`` and numbers; the call form is for a sum that needs a name of its own. A sum without a name
    dissolves in the sum around it, so that ``(a + b) + c`` has three terms.

    Args:
        terms: the rewards, of different names.
        weights: one finite number a term; 1 each if None.

    Range: ``sum_i w_i * [low_i, high_i]``. Status: the most serious of the terms'.

    Raises:
        ConfigError: no terms, or another number of weights than terms.
    """

    terms: tuple[Reward, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is None:
            object.__setattr__(self, "weights", (1.0,) * len(self.terms))
        if not self.terms or len(self._weights) != len(self.terms):
            raise ConfigError(f"Sum: {len(self._weights)} weights for {len(self.terms)} terms")

    @property
    def _weights(self) -> tuple[float, ...]:
        return self.weights or ()

    def _label(self) -> str:
        return self.terms[0].label if len(self.terms) == 1 else "sum"

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest weighted sum."""
        ends = [sorted((_times(w, t.range[0]), _times(w, t.range[1]))) for w, t in self.weighted()]
        return (sum(low for low, _ in ends), sum(high for _, high in ends))

    def weighted(self) -> list[tuple[float, Reward]]:
        """Each weight with its term."""
        return list(zip(self._weights, self.terms, strict=True))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term, cheap ones first, and add."""
        order = sorted(range(len(self.terms)), key=lambda i: max(COSTS.index(p.cost) for _, p in self.terms[i].walk()))
        answered = await run.gather(*(run(self.terms[i], samples) for i in order))
        terms: dict[str, Scores] = {}
        for label, i in zip(self.parts, range(len(self.terms)), strict=True):
            scores = answered[order.index(i)]
            scores.weight = np.full(len(samples), self._weights[i])
            terms[label] = scores
        codes, reason = worst(terms)
        values = np.sum([w * t.values for w, t in zip(self._weights, terms.values(), strict=True)], axis=0)
        tensors = [t.tensor for t in terms.values()]
        graph = None
        if all(t is not None for t in tensors):
            graph = sum(w * t for w, t in zip(self._weights, tensors, strict=True))
        return Scores(values, codes, reason, terms=terms, tensor=graph)

    def __str__(self) -> str:
        if self.name:
            return super().__str__()
        text = ""
        for weight, term in self.weighted():
            size = f"{abs(weight)!r} * " if abs(weight) != 1 else ""
            sign = ("-" if weight < 0 else "") if not text else (" - " if weight < 0 else " + ")
            text += sign + size + (f"({term})" if isinstance(term, Sum) and not term.name else str(term))
        return f"1.0 * {text}" if len(self.terms) == 1 and self._weights == (1.0,) else text

    __repr__ = __str__


def weigh(weight: float, reward: Reward) -> Sum:
    """Return ``weight * reward``. A sum without a name has its weights multiplied instead."""
    if isinstance(reward, Sum) and not reward.name:
        return replace(reward, weights=tuple(weight * w for w in reward._weights))
    return Sum((reward,), (weight,))


def add(left: object, right: object) -> Reward:
    """Return ``left + right``.

    Raises:
        ConfigError: one of the two is not a reward.
    """
    weighted: list[tuple[float, Reward]] = []
    for side in (left, right):
        if not isinstance(side, Reward):
            raise ConfigError(f"{side!r} can't be added to a reward: weigh the reward (0.1 * ...) or rescale it")
        weighted += side.weighted() if isinstance(side, Sum) and not side.name else [(1.0, side)]
    return Sum(tuple(r for _, r in weighted), tuple(w for w, _ in weighted))


def _times(weight: float, end: float) -> float:
    return 0.0 if weight == 0 else weight * end
