"""Diversity: how few of a response's n-grams repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.normalization import words
from plaudit.rewards.verifiable.text.rouge import ngrams

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class NgramDiversity(Leaf):
    """Distinct-n: different n-grams of words, by all n-grams of words, in the whole response (Li et al. 2016).

    A response of fewer than n words has no n-gram and scores 0. Nonsense is diverse: use it beside a reward for what
    the response says.

    Args:
        n: words an n-gram, 1 to 20.

    Range: [0, 1].

    Raises:
        ConfigError: n is out of range.

    >>> from plaudit import Sample
    >>> NgramDiversity(2).score([Sample("", text) for text in ("a b a b a", "a b c", "a")]).values
    array([0.5, 1. , 0. ])
    """

    n: int = 2

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n <= 20:
            raise ConfigError(f"NgramDiversity: n={self.n}; it lies between 1 and 20", "n")

    def grade(self, sample: Sample) -> Any:
        """Return the share of different n-grams, with the counts where some repeat."""
        found = ngrams(words(sample.text), self.n)
        total = found.total()
        if not total:
            return Grade(0.0, f"fewer than {self.n} words")
        value = len(found) / total
        return Grade(value, "" if value == 1 else f"{len(found)} different of {total} {self.n}-grams")
