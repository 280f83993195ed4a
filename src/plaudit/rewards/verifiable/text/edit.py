"""Edit distance between answer and reference: similarity, ANLS, and the error rates of characters and words.

The Levenshtein distance is rapidfuzz's: the least number of insertions, deletions and substitutions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from plaudit.core.errors import ConfigError
from plaudit.core.reward import part
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.text.comparison import TextReward

Form = Literal["linear", "exponential"]


def distance(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Return the Levenshtein distance of two texts, or of two lists of words.

    >>> distance("kitten", "sitting"), distance(["a", "red", "ball"], ["a", "ball"])
    (3, 1)
    """
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(a, b))


@part
class EditSimilarity(TextReward):
    """``1 - d / max(|a|, |b|)`` with d the Levenshtein distance of characters; of several references, the best.

    Args:
        normalize: what is done to both texts first (:mod:`plaudit.rewards.verifiable.answers.normalization`).

    Range: [0, 1]. Needs: ``reference``, a text, a number or a list of them.

    >>> from plaudit import Sample
    >>> EditSimilarity().score([Sample("", "<answer>hallo</answer>", "hello")]).values
    array([0.8])
    """

    normalize: Normal = "space"

    def units(self, text: str) -> str:
        """Characters of the normalised text."""
        return normalised(text, self.normalize)

    def similarity(self, said: str, right: str) -> float:
        """Return one less the normalised distance."""
        return 1.0 - distance(said, right) / max(len(said), len(right))


@part
class ANLS(TextReward):
    """Normalised Levenshtein similarity, cut off: ``s = 1 - NL`` where ``NL < threshold``, else 0.

    ``NL = d / max(|a|, |b|)`` of characters, in lower case and with white space collapsed; of several references, the
    best. Averaged over questions it is the ANLS of ST-VQA and DocVQA (Biten et al. 2019, equation 1), where the
    threshold is 0.5.

    Args:
        threshold: the normalised distance from which an answer is wrong, in (0, 1].

    Range: [0, 1]. Needs: ``reference``, a text, a number or a list of them.

    Raises:
        ConfigError: the threshold is not in (0, 1].

    >>> from plaudit import Sample
    >>> ANLS().score([Sample("", f"<answer>{said}</answer>", "Hello") for said in ("HALLO", "hippo")]).values
    array([0.8, 0. ])
    """

    threshold: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.threshold <= 1:
            raise ConfigError(f"ANLS: threshold={self.threshold}; it lies above 0 and is at most 1", "threshold")

    def units(self, text: str) -> str:
        """Characters in lower case."""
        return normalised(text, "space").lower()

    def similarity(self, said: str, right: str) -> float:
        """Return the similarity, 0 where it is cut off."""
        apart = distance(said, right) / max(len(said), len(right))
        return 1.0 - apart if apart < self.threshold else 0.0


@part
class CER(TextReward):
    """What the character error rate leaves: ``1 - min(1, CER)``, or ``exp(-CER)``; of several references, the best.

    ``CER = d / |reference|`` with d the Levenshtein distance of characters, white space collapsed. It exceeds 1 where
    the answer is longer than the reference.

    Args:
        form: ``linear`` (Video-R1, Feng et al. 2025), or ``exponential`` (SophiaVL-R1, Fan et al. 2025). The latter
            pays any wrong answer of the right length ``exp(-1)``, no answer nothing.
        normalize: what is done to both texts first.

    Range: [0, 1]. Needs: ``reference``, a text, a number or a list of them.

    >>> from plaudit import Sample
    >>> CER().score([Sample("", "<answer>hallo</answer>", "hello")]).values
    array([0.8])
    """

    form: Form = "linear"
    normalize: Normal = "space"

    def units(self, text: str) -> str:
        """Characters of the normalised text."""
        return normalised(text, self.normalize)

    def similarity(self, said: str, right: str) -> float:
        """Return what the error rate leaves."""
        return _left(distance(said, right) / len(right), self.form)


@part
class WER(TextReward):
    """What the word error rate leaves: ``1 - min(1, WER)``, or ``exp(-WER)``; of several references, the best.

    ``WER = d / |reference|`` with d the Levenshtein distance of words, which any white space parts.

    Args:
        form: as for :class:`CER`.
        normalize: what is done to both texts first; by default case and punctuation count.

    Range: [0, 1]. Needs: ``reference``, a text, a number or a list of them.

    >>> from plaudit import Sample
    >>> said = Sample("", "<answer>stop the car</answer>", "stop that old car")
    >>> WER().score(said).values, WER("exponential").score(said).values.round(4)
    (array([0.5]), array([0.6065]))
    """

    form: Form = "linear"
    normalize: Normal = "space"

    def units(self, text: str) -> list[str]:
        """Words of the normalised text."""
        return normalised(text, self.normalize).split()

    def similarity(self, said: list[str], right: list[str]) -> float:
        """Return what the error rate leaves."""
        return _left(distance(said, right) / len(right), self.form)


def _left(rate: float, form: Form) -> float:
    return math.exp(-rate) if form == "exponential" else 1.0 - min(1.0, rate)
