"""Exact match and token F1: is the answer one of the texts that are right, or how many of their words has it?"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.answers.references import aliases, shown
from plaudit.rewards.verifiable.text.comparison import TextReward, Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class ExactMatch(Leaf):
    """1 where the answer, normalised, is one of the reference's texts, normalised; else 0.

    The reference is a text, a number, or a list of aliases of which any one is right. One that is empty, or that
    normalisation leaves nothing of, is ``invalid``. No answer, or several, score 0 with that reason.

    Args:
        normalize: ``space``, ``loose`` or ``squad`` (:mod:`plaudit.rewards.verifiable.answers.normalization`).
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``. With ``squad``: exact match of SQuAD (Rajpurkar et al. 2016, section 6.1).

    >>> from plaudit import Sample
    >>> said = ["<answer>The Big Apple!</answer>", "<answer>Big Apples</answer>"]
    >>> ExactMatch("squad").score([Sample("Where?", text, ["New York", "big apple"]) for text in said]).values
    array([1., 0.])
    """

    normalize: Normal = "loose"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = {normalised(text, self.normalize) for text in aliases(sample.reference)}
        if "" in right:
            raise BadReferenceError(
                f"reference is {shown(sample.reference)}; normalised by {self.normalize!r} nothing of it is left"
            )
        found = answer_within(sample.text, self.extract, self.pick, max(map(len, right)))
        if found.text is None:
            return Grade(0.0, found.reason)
        return Grade(1.0) if normalised(found.text, self.normalize) in right else Grade(0.0, "another text")


@part
class TokenF1(TextReward):
    """F1 of the words that answer and reference share, counted with repetition; of several references, the best.

    ``F1 = 2PR / (P + R)``, ``P = shared / words in the answer``, ``R = shared / words in the reference``: SQuAD
    (Rajpurkar et al. 2016, section 6.1), words by white space after normalisation.

    Args:
        normalize: as for :class:`ExactMatch`.

    Range: [0, 1]. Needs: ``reference``, a text, a number or a list of them.

    >>> from plaudit import Sample
    >>> TokenF1().score([Sample("Where?", "<answer>new york city</answer>", "New York")]).values.round(3)
    array([0.8])
    """

    normalize: Normal = "squad"

    def units(self, text: str) -> list[str]:
        """Words of the normalised text."""
        return normalised(text, self.normalize).split()

    def similarity(self, said: list[str], right: list[str]) -> float:
        """Return the F1 of two bags of words."""
        return token_f1(said, right)


def token_f1(said: list[str], right: list[str]) -> float:
    """Return the F1 of two bags of words; 0 where either is empty.

    >>> token_f1(["a", "a", "b"], ["a", "b", "c"])
    0.6666666666666666
    """
    shared = sum((Counter(said) & Counter(right)).values())
    return 2.0 * shared / (len(said) + len(right)) if shared else 0.0
