"""Lexicographic: the first reward decides, the second only among equals, and so on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, worst

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Lexicographic(Reward):
    """A later term counts only within ties of the earlier ones.

    With K terms, L ``levels``, and ``u_k = (terms[k] - low_k) / (high_k - low_k)`` by the declared ranges, every term
    but the last is rounded to one of L levels, ``q_k = floor(u_k * (L - 1) + 1/2) / (L - 1)``; for the last
    ``q_K = u_K``, and::

        value = sum_{k=1..K} L^(1-k) * q_k  /  sum_{k=1..K} L^(1-k)

    One level more in term k is worth ``L^(1-k) / (L-1)``, which is more than all that the later terms can give; so the
    value orders responses as the tuples (q_1, ..., q_K) do. With 0/1 terms and L = 2, right answers get [2/3, 1] and
    wrong ones [0, 1/3], by the second term.

    Args:
        terms: the rewards, the most important first, of different names; each declares a bounded range.
        levels: how many values the terms before the last are told apart by; 2 for right and wrong.

    Range: [0, 1]. Status: the most serious of the terms'. It has no ``tensor``: rounding has no gradient.

    Raises:
        ConfigError: fewer than two terms, one without a bounded range, or fewer than two levels.

    >>> from plaudit import Answer, Length, Sample
    >>> reward = Lexicographic([Answer("number"), Length(target=1, width=8)])
    >>> said = ["<answer>2</answer>", "so it is <answer>2</answer>", "<answer>3</answer>"]
    >>> reward.score([Sample("1 + 1?", text, "2") for text in said]).values.round(4)
    array([1.    , 0.875 , 0.3333])
    """

    terms: Sequence[Reward]
    levels: int = 2

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.terms) < 2:
            raise ConfigError(f"Lexicographic: {len(self.terms)} terms; expected two or more", "terms")
        if self.levels < 2:
            raise ConfigError(f"Lexicographic: levels={self.levels}; expected 2 or more", "levels")
        for term in self.terms:
            low, high = term.range
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ConfigError(
                    f"Lexicographic: {term.label} is in [{low:g}, {high:g}]; expected a bounded range: declare it, or "
                    "Clip the term",
                    "terms",
                )

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term and weave the levels together."""
        terms = dict(zip(self.parts, await run.gather(*(run(t, samples) for t in self.terms)), strict=True))
        values, steps = np.zeros(len(samples)), self.levels - 1
        for k, (term, scores) in enumerate(zip(self.terms, terms.values(), strict=True)):
            low, high = term.range
            unit = np.clip((scores.values - low) / (high - low), 0.0, 1.0)
            level = unit if k == len(self.terms) - 1 else np.floor(unit * steps + 0.5) / steps
            values += level / self.levels**k
        whole = sum(1 / self.levels**k for k in range(len(self.terms)))
        return Scores(values / whole, *worst(terms), terms=terms)
