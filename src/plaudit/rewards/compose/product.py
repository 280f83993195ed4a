"""Product: ``Answer("math") * Format("think-answer")``. Numbers and weights are pulled out of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.fields import checked
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, worst
from plaudit.core.weight import Weight, times_range
from plaudit.rewards.compose.sum import Sum, weigh

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Product(Reward):
    """``value = prod_i terms[i]``; where a term has no score, neither has the product, not even beside a 0.

    Written with ``*``. ``0.3 * a * b`` is ``0.3 * (a * b)``, and so with a schedule or a field: what is no reward is
    the weight of the product, or normalising the terms one by one would erase it. Every term is asked; where a 0 should
    spare the rest, use ``Gate``. A product without a name dissolves in the product around it.

    Args:
        terms: the rewards, of different names, without weights.

    Range: least and greatest of the products of the terms' ends. Status: the most serious of the terms'. Where all
    terms have a ``tensor``, so has it.

    Raises:
        ConfigError: no terms, or a term with a number or weight before it.

    >>> from plaudit import Answer, Format, Sample
    >>> said = [Sample("1 + 1?", text, "2") for text in ("<answer>2</answer>", "It is <answer>2</answer>")]
    >>> (Answer("number") * Format("answer")).score(said).values
    array([1., 0.])
    """

    terms: Sequence[Reward]

    def __post_init__(self) -> None:
        terms: Any = self.terms
        if isinstance(terms, (list, tuple)):
            flat = (t.terms if isinstance(t, Product) and not t.name else [t] for t in terms)
            object.__setattr__(self, "terms", tuple(term for pieces in flat for term in pieces))
        super().__post_init__()
        if not self.terms:
            raise ConfigError("Product: no terms")
        for term in self.terms:
            if _unweighed(term)[1] is not term:
                raise ConfigError(f"Product: the number of {term} is the product's weight: write it before the product")

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest product of the terms' ends."""
        return reduce(times_range, (term.range for term in self.terms))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and multiply."""
        answered = await run.gather(*(run(t, samples) for t in self.terms))
        terms = dict(zip(self.parts, answered, strict=True))
        codes, reason = worst(terms)
        tensors = [t.tensor for t in answered]
        graph = math.prod(tensors) if all(t is not None for t in tensors) else None
        with np.errstate(over="ignore"):  # an infinite product is an error, which Scores says
            values = np.prod([t.values for t in answered], axis=0)
        return Scores(values, codes, reason, terms=terms, tensor=graph)

    @property
    def _is_infix(self) -> bool:
        """Whether its text holds operators, which a factor beside it would tear apart."""
        return not self.name and len(self.terms) > 1

    def __str__(self) -> str:
        if not self._is_infix:
            return super().__str__()
        return " * ".join(f"({t})" if getattr(t, "_is_infix", False) else str(t) for t in self.terms)

    __repr__ = __str__


def multiply(left: object, right: object) -> Reward:
    """Return ``left * right``; a number or weight on either side, or before a factor, becomes that of the whole.

    Raises:
        ConfigError: a number is not finite, or a side is neither a number, nor a weight, nor a reward.
    """
    sides = (left, right)
    rewards = [side for side in sides if isinstance(side, Reward)]
    numbers = [_weight(side) for side in sides if not isinstance(side, Reward)]
    if not rewards:
        raise ConfigError(f"{left!r} * {right!r} holds no reward")
    if numbers:
        return weigh(numbers[0], rewards[0])
    weights, factors = zip(*map(_unweighed, rewards), strict=True)
    weight, whole = math.prod(weights), Product(factors)
    return whole if weight == 1 else weigh(weight, whole)


def _weight(given: object) -> float | Weight:
    if isinstance(given, Weight):
        return given
    if isinstance(given, bool) or not isinstance(given, Real):
        raise ConfigError(f"{given!r} can't multiply a reward: only numbers, weights and rewards can")
    weight: float = checked(given, float, "a weight")
    return weight


def _unweighed(reward: Reward) -> tuple[Any, Reward]:
    """Take the number or weight off a factor, if it has one."""
    if isinstance(reward, Sum) and not reward.name and len(reward.terms) == 1:
        return reward.weighted()[0]
    return 1.0, reward
