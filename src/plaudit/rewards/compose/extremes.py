"""Extremes: the least and the greatest of several rewards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, worst

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Min(Reward):
    """``value = min_i terms[i]``: all must be good. Of 0/1 terms it is "and".

    Args:
        terms: the rewards, of different names; every one is asked.

    Range: from the least to the least of the greatest values. Status: the most serious of the terms': where one has no
    score, neither has the minimum. Where all terms have a ``tensor``, so has it.

    Raises:
        ConfigError: no terms.

    >>> from plaudit import Answer, Format, Sample
    >>> said = [Sample("1 + 1?", text, "2") for text in ("<answer>2</answer>", "2", "<answer>3</answer>")]
    >>> Min([Answer("number"), Format("answer")]).score(said).values
    array([1., 0., 0.])
    """

    terms: Sequence[Reward]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.terms:
            raise ConfigError("Min: no terms", "terms")

    @property
    def range(self) -> tuple[float, float]:
        """The least of each end."""
        return (min(t.range[0] for t in self.terms), min(t.range[1] for t in self.terms))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and take the least."""
        terms = dict(zip(self.parts, await run.gather(*(run(t, samples) for t in self.terms)), strict=True))
        tensors = [t.tensor for t in terms.values()]
        graph = reduce(lambda a, b: a.minimum(b), tensors) if all(t is not None for t in tensors) else None
        return Scores(np.min([t.values for t in terms.values()], axis=0), *worst(terms), terms=terms, tensor=graph)


@part
class Max(Reward):
    """``value = max_i terms[i]``: one good way is enough. Of 0/1 terms it is "or".

    Args:
        terms: the rewards, of different names; every one is asked.

    Range: from the greatest of the least to the greatest value. Status: the most serious of the terms': what a term
    without a score might have said can't be known. Where all terms have a ``tensor``, so has it.

    Raises:
        ConfigError: no terms.

    >>> from plaudit import Answer, Sample
    >>> either = Max([Answer("exact"), Answer("number", rtol=0.01, name="close")])
    >>> either.score([Sample("pi?", f"<answer>{text}</answer>", "3.14") for text in ("3.15", "3.2")]).values
    array([1., 0.])
    """

    terms: Sequence[Reward]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.terms:
            raise ConfigError("Max: no terms", "terms")

    @property
    def range(self) -> tuple[float, float]:
        """The greatest of each end."""
        return (max(t.range[0] for t in self.terms), max(t.range[1] for t in self.terms))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and take the greatest."""
        terms = dict(zip(self.parts, await run.gather(*(run(t, samples) for t in self.terms)), strict=True))
        tensors = [t.tensor for t in terms.values()]
        graph = reduce(lambda a, b: a.maximum(b), tensors) if all(t is not None for t in tensors) else None
        return Scores(np.max([t.values for t in terms.values()], axis=0), *worst(terms), terms=terms, tensor=graph)
