"""ROUGE: the n-grams, or the longest common subsequence, that answer and reference share.

Values are those of the rouge-score package (0.1.2, f-measure): words are runs of ``a-z`` and ``0-9`` in lower case, and
stemming leaves words of up to three letters. They are computed here because that package takes a second to import and
quadratic time in Python for the longest common subsequence; rapidfuzz has it in C.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from plaudit.core.errors import ConfigError
from plaudit.core.reward import part
from plaudit.rewards.verifiable.text.comparison import TextReward
from plaudit.rewards.verifiable.text.stemming import stem

Variant = Literal["1", "2", "3", "4", "L"]
Measure = Literal["f1", "precision", "recall"]

_WORD = re.compile(r"[a-z0-9]+")


@part
class ROUGE(TextReward):
    """Mean of ROUGE-n and ROUGE-L between answer and reference; of several references, the best.

    With m shared n-grams (counted with repetition), or m the length of the longest common subsequence of words: ``P = m
    / n-grams in the answer``, ``R = m / n-grams in the reference``, ``F1 = 2PR / (P + R)`` (Lin 2004, sections 2 and
    3). ROUGE-L here is of the whole text as one sequence. A text too short for an n-gram shares none of that length.

    Args:
        variants: what the mean is over; ``["1", "2", "L"]`` is the reward for free text of Video-R1 (Feng et al. 2025)
            and what derives from it, which stems.
        stem: compare Porter stems of words of more than three letters.
        measure: ``f1``, ``precision`` or ``recall``; recall pays for saying much, precision for saying little.

    Range: [0, 1]. Needs: ``reference``, a text or a list of them, with words in Latin letters or digits: others have
    none that ROUGE compares, and are ``invalid``.

    Raises:
        ConfigError: no variant, or one twice.

    >>> from plaudit import Sample
    >>> said = Sample("What is it?", "<answer>the cat sat</answer>", "the cat was fat")
    >>> [ROUGE([n]).score(said).values[0].round(3).item() for n in ("1", "2", "L")], ROUGE().score(said).values.round(3)
    ([0.571, 0.4, 0.571], array([0.514]))
    """

    variants: tuple[Variant, ...] = ("1", "2", "L")
    stem: bool = False
    measure: Measure = "f1"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.variants or len(set(self.variants)) < len(self.variants):
            raise ConfigError(f"ROUGE: variants={list(self.variants)}; at least one, none twice", "variants")

    def units(self, text: str) -> list[str]:
        """Words, or their stems."""
        words: list[str] = _WORD.findall(text.lower())
        return [stem(word) if len(word) > 3 else word for word in words] if self.stem else words

    def similarity(self, said: list[str], right: list[str]) -> float:
        """Return the mean over the variants."""
        return sum(rouge(said, right, variant, self.measure) for variant in self.variants) / len(self.variants)


def rouge(said: Sequence[str], right: Sequence[str], variant: Variant, measure: Measure = "f1") -> float:
    """Return one ROUGE of two lists of words.

    >>> rouge("the cat the cat".split(), "the cat".split(), "1", "precision")
    0.5
    """
    if variant == "L":
        from rapidfuzz.distance import LCSseq

        shared, of_said, of_right = int(LCSseq.similarity(said, right)), len(said), len(right)
    else:
        n = int(variant)
        ours, theirs = ngrams(said, n), ngrams(right, n)
        shared, of_said, of_right = (ours & theirs).total(), ours.total(), theirs.total()
    if not shared:
        return 0.0
    match measure:
        case "precision":
            return shared / of_said
        case "recall":
            return shared / of_right
        case "f1":
            return 2.0 * shared / (of_said + of_right)


def ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """Return every run of n words with how often it occurs.

    >>> ngrams("a b a b".split(), 2)
    Counter({('a', 'b'): 2, ('b', 'a'): 1})
    """
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))
