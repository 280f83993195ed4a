"""Schedules: weights that change with training.

They go by ``context.progress``, from 0 to 1, or (:class:`Annealed`) by ``context.step``. While a schedule is exactly 0
its term is not asked at all, so that a judge that comes in later costs nothing before.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.registry import part
from plaudit.core.weight import Weight

if TYPE_CHECKING:
    from plaudit.core.context import Context
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats


@part
class Linear(Weight):
    """``w = start + (end - start) * t`` with ``t = clip((progress - begin) / (finish - begin), 0, 1)``.

    Args:
        start: the weight until ``begin``.
        end: the weight from ``finish`` on.
        begin: the share of training done when it begins to change, in [0, 1).
        finish: the share done when it has changed, in (begin, 1].

    Range: from the lesser to the greater of ``start`` and ``end``. Source: HumanOmniV2 (Yang et al. 2025) lowers its KL
    weight so, from 1 to 0.25 over the first half.

    Raises:
        ConfigError: not ``0 <= begin < finish <= 1``. At scoring: the context has a step but no ``total``.

    >>> from plaudit import Context, Format, Sample
    >>> reward = Linear(1, 0.25, finish=0.5) * Format("answer")
    >>> sample = Sample("?", "<answer>4</answer>")
    >>> [float(reward.score(sample, Context(step, total=100)).values[0]) for step in (0, 25, 50, 100)]
    [1.0, 0.625, 0.25, 0.25]
    """

    start: float
    end: float
    begin: float = 0.0
    finish: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_span(self.begin, self.finish, "Linear")

    @property
    def range(self) -> tuple[float, float]:
        """Between start and end."""
        return (min(self.start, self.end), max(self.start, self.end))

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Return the same weight for every sample."""
        t = _through(context, self.begin, self.finish, "Linear")
        return np.full(len(samples), (1 - t) * self.start + t * self.end)


@part
class Cosine(Weight):
    """``w = end + (start - end) * (1 + cos(pi * t)) / 2`` with t as in :class:`Linear`: slow, fast, slow.

    Args:
        start: the weight until ``begin``.
        end: the weight from ``finish`` on.
        begin: the share of training done when it begins to change, in [0, 1).
        finish: the share done when it has changed, in (begin, 1].

    Range: from the lesser to the greater of ``start`` and ``end``. Source: Loshchilov and Hutter (2017), equation 5,
    without restarts.

    Raises:
        ConfigError: as :class:`Linear`.

    >>> from plaudit import Context, Format, Sample
    >>> reward = Cosine(1, 0) * Format("answer")
    >>> sample = Sample("?", "<answer>4</answer>")
    >>> [float(reward.score(sample, Context(step, total=2)).values[0]) for step in (0, 1)]
    [1.0, 0.5]
    """

    start: float
    end: float
    begin: float = 0.0
    finish: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_span(self.begin, self.finish, "Cosine")

    @property
    def range(self) -> tuple[float, float]:
        """Between start and end."""
        return (min(self.start, self.end), max(self.start, self.end))

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Return the same weight for every sample."""
        t = _through(context, self.begin, self.finish, "Cosine")
        left = 0.0 if t == 1 else (1 + math.cos(math.pi * t)) / 2  # exactly 0 at the end, where a term is left out
        return np.full(len(samples), left * self.start + (1 - left) * self.end)


@part
class Steps(Weight):
    """``w = steps[p]`` for the greatest key ``p <= progress``: a weight for each stage of training.

    A stage begins with its key: ``Steps({0.0: 1.0, 0.5: 0.1})`` is 0.1 when exactly half is done. For a stage that
    begins after it, write the next number (``math.nextafter(0.5, 1)``, 0.5000000000000001).

    Args:
        steps: weights by the share of training done; the first is 0.0, all are below 1 or equal to it.

    Range: from the least to the greatest weight. Source: curricula such as MSRL (Chen et al. 2025), whose visual reward
    begins in the second stage.

    Raises:
        ConfigError: no share is 0, or one is outside [0, 1]. At scoring: the context has a step but no ``total``.

    >>> from plaudit import Context, Format, Sample
    >>> reward = Steps({0.0: 1.0, 0.5: 0.1}) * Format("answer")
    >>> sample = Sample("?", "<answer>4</answer>")
    >>> [float(reward.score(sample, Context(step, total=100)).values[0]) for step in (0, 49, 50)]
    [1.0, 1.0, 0.1]
    """

    steps: Mapping[float, float]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "steps", dict(sorted(self.steps.items())))
        shares = list(self.steps)
        if not shares or shares[0] != 0 or shares[-1] > 1:
            raise ConfigError(f"Steps: the shares are {shares}; the first is 0.0, none is above 1", "steps")

    @property
    def range(self) -> tuple[float, float]:
        """From the least to the greatest."""
        return (min(self.steps.values()), max(self.steps.values()))

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Return the same weight for every sample."""
        stage = bisect_right(list(self.steps), _progress(context, "Steps")) - 1
        return np.full(len(samples), list(self.steps.values())[stage])


@part
class Annealed(Weight):
    """``w = exp(-step / scale)``: exponential decay by optimiser steps, whatever the length of training.

    Args:
        scale: the steps after which the weight is 1/e; above 0. SophiaVL-R1's code takes 500 if nothing is given, its
            shipped configuration 12,000.

    Range: [0, 1]. Source: SophiaVL-R1 (Fan et al. 2025), the time-based annealing of Trust-GRPO.

    Raises:
        ConfigError: ``scale`` is not above 0.

    >>> from plaudit import Context, Format, Sample
    >>> reward = 0.3 * Annealed(12_000) * Format("answer")
    >>> sample = Sample("?", "<answer>4</answer>")
    >>> [round(float(reward.score(sample, Context(step)).values[0]), 4) for step in (0, 12_000)]
    [0.3, 0.1104]
    """

    scale: float

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale <= 0:
            raise ConfigError(f"Annealed: scale={self.scale}; it is a number of steps above 0", "scale")

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Return the same weight for every sample."""
        return np.full(len(samples), math.exp(-context.step / self.scale))


def _check_span(begin: float, finish: float, what: str) -> None:
    if not 0 <= begin < finish <= 1:
        raise ConfigError(f"{what}: begin={begin}, finish={finish}; 0 <= begin < finish <= 1", "begin")


def _through(context: Context, begin: float, finish: float, what: str) -> float:
    """How much of the change is done, 0 to 1."""
    return min(max((_progress(context, what) - begin) / (finish - begin), 0.0), 1.0)


def _progress(context: Context, what: str) -> float:
    """Progress, which a context with a step alone can't tell: it would stay at the start without a word."""
    if context.step and context.total is None:
        raise ConfigError(f"{what} goes by progress: give Context(step={context.step}, total=...)")
    return context.progress
