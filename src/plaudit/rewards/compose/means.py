"""Means: the arithmetic, geometric and harmonic mean of several rewards, from forgiving to strict.

For terms of at least 0: ``Min <= Harmonic <= Geometric <= Mean <= Max``. A term of 0 makes the geometric and the
harmonic mean 0; the arithmetic one lets the others make up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Floats, Scores, worst

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Mean(Reward):
    """``value = sum_i p_i * terms[i]`` with ``p_i = weights[i] / sum_j weights[j]``.

    One channel for an objective, unlike a ``Sum``, whose terms are channels of their own.

    Args:
        terms: the rewards, of different names.
        weights: a number above 0 for each; all alike if None.

    Range: the mean of the terms' ends. Status: the most serious of the terms': nothing is averaged over fewer terms.
    Where all terms have a ``tensor``, so has it.

    Raises:
        ConfigError: no terms, another number of weights, or one that is not above 0.

    >>> from plaudit import Answer, Format, Sample
    >>> reward = Mean([Answer("number"), Format("answer")], weights=[3, 1])
    >>> reward.score(Sample("1 + 1?", "<answer>3</answer>", "2")).values
    array([0.25])
    """

    terms: Sequence[Reward]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.terms, self.weights, "Mean")

    @property
    def range(self) -> tuple[float, float]:
        """The mean of each end."""
        shares = _shares(self.terms, self.weights)
        low = sum(p * t.range[0] for p, t in zip(shares, self.terms, strict=True))
        return (low, sum(p * t.range[1] for p, t in zip(shares, self.terms, strict=True)))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and average."""
        return await _mean(self, self.terms, self.weights, samples, run, _arithmetic, differentiable=True)


@part
class Geometric(Reward):
    """``value = prod_i terms[i] ** p_i`` with ``p_i = weights[i] / sum_j weights[j]``; 0 where a term is 0.

    A floor under every term keeps a single 0 from deciding: ``Geometric([Affine(a, 1 / 1.1, 0.1 / 1.1), ...])``.

    Args:
        terms: the rewards, of different names; the range of each is declared and begins at 0 or above.
        weights: a number above 0 for each; all alike if None.

    Range: the geometric mean of the terms' ends. Status: the most serious of the terms'. It has a ``tensor`` where all
    terms have one and are above 0 by their range: at 0 there is no gradient.

    Raises:
        ConfigError: no terms, another number of weights, one that is not above 0, or a term that may be below 0.

    >>> from plaudit import Length, Sample
    >>> near, short = Length(target=4, width=4, name="near"), Length(target=1, width=4, name="short")
    >>> Geometric([near, short]).score(Sample("", "two words")).values.round(4)
    array([0.6124])
    """

    terms: Sequence[Reward]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.terms, self.weights, "Geometric", least=0.0)

    @property
    def range(self) -> tuple[float, float]:
        """The geometric mean of each end."""
        return _ends(self.terms, self.weights, _geometric)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and take the geometric mean."""
        smooth = all(t.range[0] > 0 for t in self.terms)
        return await _mean(self, self.terms, self.weights, samples, run, _geometric, differentiable=smooth)


@part
class Harmonic(Reward):
    """``value = 1 / sum_i (p_i / terms[i])`` with ``p_i = weights[i] / sum_j weights[j]``; 0 where a term is 0.

    Of two terms it is the F-measure; ``weights=[1, beta ** 2]`` on precision and recall gives F-beta.

    Args:
        terms: the rewards, of different names; the range of each is declared and begins at 0 or above.
        weights: a number above 0 for each; all alike if None.

    Range: the harmonic mean of the terms' ends. Status: the most serious of the terms'. It has a ``tensor`` where all
    terms have one and are above 0 by their range. Source: the weighted form is that of RPO's lambda-harmonic reward
    (there with 1e-8 added to each term, so that its value at 0 is 1e-8 and not 0).

    Raises:
        ConfigError: no terms, another number of weights, one that is not above 0, or a term that may be below 0.

    >>> from plaudit import Length, Sample
    >>> near, short = Length(target=4, width=4, name="near"), Length(target=1, width=4, name="short")
    >>> Harmonic([near, short]).score(Sample("", "two words")).values
    array([0.6])
    """

    terms: Sequence[Reward]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.terms, self.weights, "Harmonic", least=0.0)

    @property
    def range(self) -> tuple[float, float]:
        """The harmonic mean of each end."""
        return _ends(self.terms, self.weights, _harmonic)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and take the harmonic mean."""
        smooth = all(t.range[0] > 0 for t in self.terms)
        return await _mean(self, self.terms, self.weights, samples, run, _harmonic, differentiable=smooth)


async def _mean(
    reward: Reward,
    terms: Sequence[Reward],
    weights: Sequence[float] | None,
    samples: Sequence[Sample],
    run: Run,
    mean: Callable[[Sequence[Any], Sequence[float]], Any],
    differentiable: bool,
) -> Scores:
    """Ask every term and average, the tensors as the values where that is ``differentiable``."""
    answered = dict(zip(reward.parts, await run.gather(*(run(t, samples) for t in terms)), strict=True))
    shares = _shares(terms, weights)
    values = np.array([t.values for t in answered.values()])
    if mean is not _arithmetic:
        values = np.maximum(values, 0.0)  # a range is kept up to rounding, and a root of -1e-12 is none
    tensors = [t.tensor for t in answered.values()]
    graph = mean(tensors, shares) if differentiable and all(t is not None for t in tensors) else None
    with np.errstate(divide="ignore", over="ignore"):  # 1 / 0 is infinite, and 1 / infinity is the 0 that is meant
        found: Floats = mean(list(values), shares)
    return Scores(found, *worst(answered), terms=answered, tensor=graph)


def _arithmetic(values: Sequence[Any], shares: Sequence[float]) -> Any:
    return sum(p * v for p, v in zip(shares[1:], values[1:], strict=True)) + shares[0] * values[0]


def _geometric(values: Sequence[Any], shares: Sequence[float]) -> Any:
    product = values[0] ** shares[0]
    for value, share in zip(values[1:], shares[1:], strict=True):
        product = product * value**share
    return product


def _harmonic(values: Sequence[Any], shares: Sequence[float]) -> Any:
    return 1.0 / sum(p / v for p, v in zip(shares, values, strict=True))


def _ends(
    terms: Sequence[Reward],
    weights: Sequence[float] | None,
    mean: Callable[[Sequence[Any], Sequence[float]], Any],
) -> tuple[float, float]:
    """The mean of the least values and of the greatest."""
    shares = _shares(terms, weights)
    with np.errstate(divide="ignore", over="ignore"):  # as for the values
        low, high = (mean([np.float64(t.range[end]) for t in terms], shares) for end in (0, 1))
    return (float(low), float(high))


def _shares(terms: Sequence[Reward], weights: Sequence[float] | None) -> list[float]:
    given = weights or (1.0,) * len(terms)
    return [w / sum(given) for w in given]


def _check(terms: Sequence[Reward], weights: Sequence[float] | None, what: str, least: float | None = None) -> None:
    if not terms:
        raise ConfigError(f"{what}: no terms", "terms")
    if weights is not None and len(weights) != len(terms):
        raise ConfigError(f"{what}: {len(weights)} weights for {len(terms)} terms", "weights")
    for weight in weights or ():
        if weight <= 0:
            raise ConfigError(f"{what}: weights has {weight}; every weight is above 0", "weights")
    for term in terms:
        if least is not None and term.range[0] < least:
            low, high = term.range
            raise ConfigError(
                f"{what}: {term.label} is in [{low:g}, {high:g}]; expected a range that begins at 0 or above: "
                "declare it, or rescale the term (Affine, Clip)",
                "terms",
            )
