"""Sum: ``Answer("math") + 0.1 * Format("think-answer")``, each term kept raw beside its weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.fields import checked
from plaudit.core.reward import COSTS, Reward, Run, part
from plaudit.core.score import Scores, worst

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Sum(Reward):
    """``value = sum_i weights[i] * terms[i]``; where a term has no score, neither has the sum: nothing renormalises.

    Written with ``+``, ``-`` and numbers; the call form is for a sum that needs a name of its own. A sum without a name
    dissolves in the sum around it, so that ``(a + b) + c`` and ``Sum([a + b, c])`` have three terms.

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
        terms: Any = self.terms
        if isinstance(terms, (list, tuple)):
            given = self.weights if self.weights is not None else (1.0,) * len(terms)
            weights: tuple[float, ...] = checked(given, tuple[float, ...], "Sum: weights")
            if len(weights) == len(terms):
                flat = [pair for w, term in zip(weights, terms, strict=True) for pair in _dissolved(w, term)]
                terms, weights = tuple(term for _, term in flat), tuple(w for w, _ in flat)
            object.__setattr__(self, "terms", terms)
            object.__setattr__(self, "weights", weights)
        super().__post_init__()
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
        ends = [sorted((times(w, t.range[0]), times(w, t.range[1]))) for w, t in self.weighted()]
        return (sum(low for low, _ in ends), sum(high for _, high in ends))

    @property
    def _is_infix(self) -> bool:
        """Whether its text holds operators, which a factor beside it would tear apart."""
        return not self.name

    def weighted(self) -> list[tuple[float, Reward]]:
        """Each weight with its term."""
        return list(zip(self._weights, self.terms, strict=True))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term, cheap ones first, and add."""
        order = sorted(range(len(self.terms)), key=lambda i: max(COSTS.index(p.cost) for _, p in self.terms[i].walk()))
        answered = await run.gather(*(run(self.terms[i], samples) for i in order))
        terms: dict[str, Scores] = {}
        for i, label in enumerate(self.parts):
            terms[label] = answered[order.index(i)].weighed(self._weights[i])
        codes, reason = worst(terms)
        with np.errstate(over="ignore"):  # an infinite sum is an error, which Scores says
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
            sign = (" - " if text else "-") if weight < 0 else " + " if text else ""
            size = f"{abs(weight)!r} * " if abs(weight) != 1 or self._weights == (1.0,) else ""
            shown = f"({term})" if (size or sign == "-") and getattr(term, "_is_infix", False) else str(term)
            text += sign + size + shown
        return text

    __repr__ = __str__


def weigh(weight: float, reward: Reward) -> Sum:
    """Return ``weight * reward``. A sum without a name has its weights multiplied instead."""
    return Sum((reward,), (weight,))


def add(left: object, right: object) -> Reward:
    """Return ``left + right``.

    Raises:
        ConfigError: one of the two is not a reward.
    """
    for side in (left, right):
        if not isinstance(side, Reward):
            raise ConfigError(f"{side!r} can't be added to a reward: weigh the reward (0.1 * ...) or rescale it")
    return Sum((left, right))  # type: ignore[arg-type]  # both are rewards, as was just seen


def _dissolved(weight: float, term: Any) -> list[tuple[float, Any]]:
    if isinstance(term, Sum) and not term.name:
        return [(weight * w, t) for w, t in term.weighted()]
    return [(weight, term)]


def times(left: float, right: float) -> float:
    """Multiply ends of ranges: nothing finite times 0 leaves 0, so infinity times 0 is 0 here."""
    return 0.0 if 0 in (left, right) else left * right
