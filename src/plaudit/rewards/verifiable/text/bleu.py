"""BLEU and chrF of one answer, by sacrebleu."""

from __future__ import annotations

from functools import cache
from typing import Any

from plaudit.core.reward import part
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.text.comparison import TextReward


@part
class BLEU(TextReward):
    """Sentence BLEU: ``BP * exp(mean_n log p_n)`` for n-grams of 1 to 4 words (Papineni et al. 2002), in [0, 1].

    sacrebleu's ``sentence_bleu`` (tokens ``13a``, smoothing ``exp``, effective order), by 100; several references are
    used at once, as BLEU has it: counts are clipped by the best of them and the length is held against the nearest.

    Args:
        lowercase: compare in lower case.

    Range: [0, 1]. Needs: ``reference``, a text or a list of them.

    >>> from plaudit import Sample
    >>> BLEU().score(Sample("", "<answer>the cat sat on the mat</answer>", "the cat sat on a mat")).values.round(4)
    array([0.5373])
    """

    lowercase: bool = False

    def units(self, text: str) -> str:
        """The text, white space collapsed."""
        return normalised(text, "space")

    def compare(self, said: str, rights: list[str]) -> float:
        """Return the score against all references at once."""
        from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
        from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

        value = _bleu(self.lowercase).sentence_score(said, rights).score / 100.0
        for tokenizer in (Tokenizer13a, TokenizerRegexp):  # which would keep the last 65,536 texts for ever
            tokenizer.__call__.cache_clear()
        return _bounded(value)


@part
class ChrF(TextReward):
    """chrF: the F-score of character n-grams of 1 to 6, recall counting ``beta`` times as much as precision.

    ``(1 + beta^2) P R / (beta^2 P + R)`` with P and R the means over n (Popović 2015); of several references, the best.
    sacrebleu's ``sentence_chrf`` by 100: white space does not count.

    Args:
        beta: 2 as usual, which is a whole number there.
        words: word n-grams up to this length count too: 2 is chrF++ (Popović 2017).

    Range: [0, 1]. Needs: ``reference``, a text or a list of them.

    >>> from plaudit import Sample
    >>> ChrF().score(Sample("", "<answer>colour</answer>", "color")).values.round(4)
    array([0.5517])
    """

    beta: int = 2
    words: int = 0

    def units(self, text: str) -> str:
        """The text, white space collapsed."""
        return normalised(text, "space")

    def compare(self, said: str, rights: list[str]) -> float:
        """Return the score of the best reference."""
        return _bounded(_chrf(self.beta, self.words).sentence_score(said, rights).score / 100.0)


@cache
def _bleu(lowercase: bool) -> Any:
    from sacrebleu.metrics.bleu import BLEU as Metric  # noqa: N811

    return Metric(lowercase=lowercase, effective_order=True)


@cache
def _chrf(beta: int, words: int) -> Any:
    from sacrebleu.metrics.chrf import CHRF as Metric  # noqa: N811

    return Metric(beta=beta, word_order=words)


def _bounded(value: float) -> float:
    """Take off what rounding adds: sacrebleu's best is 100.00000000000004."""
    return 1.0 if value > 1.0 - 1e-12 else float(value)
