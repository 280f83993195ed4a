"""METEOR without WordNet: unigram alignment by exact words, then by stems, with a penalty for fragmentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from plaudit.core.errors import ConfigError
from plaudit.core.reward import part
from plaudit.rewards.verifiable.answers.normalization import words
from plaudit.rewards.verifiable.text.comparison import TextReward
from plaudit.rewards.verifiable.text.stemming import stem


@part
class METEORWithoutWordNet(TextReward):
    """METEOR (Banerjee and Lavie 2005) with its exact and Porter-stem stages and without its WordNet stage.

    With m aligned words in c chunks (runs that stand side by side in both texts): ``P = m / words said``, ``R = m /
    words of the reference``, ``F = P R / (alpha P + (1 - alpha) R)``, and the value is ``F (1 - gamma (c / m)^beta)``;
    of several references, the best. An equal text of m words is worth ``1 - gamma / m^beta``, not 1.

    Words are in lower case without punctuation. Each is aligned, from the last to the first, with the last free one of
    the reference that is equal, then the rest by stems. That is the alignment of NLTK's ``meteor_score``, whose values
    these are where its WordNet finds no synonym; it does not search for the one with fewest crossings.

    Args:
        alpha: weight of recall in the mean; 0.9 as published (``10PR / (R + 9P)``).
        beta: exponent of the penalty; 3 as published.
        gamma: greatest penalty; 0.5 as published.

    Range: [0, 1]. Needs: ``reference``, a text or a list of them.

    Raises:
        ConfigError: alpha or gamma is not in [0, 1], or beta is negative.

    >>> from plaudit import Sample
    >>> said = Sample("", "<answer>on the mat sat the cat</answer>", "the cat sat on the mat")
    >>> METEORWithoutWordNet().score(said).values
    array([0.5])
    """

    alpha: float = 0.9
    beta: float = 3.0
    gamma: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.alpha <= 1 and 0 <= self.gamma <= 1 and self.beta >= 0):
            found = f"alpha={self.alpha}, beta={self.beta}, gamma={self.gamma}"
            raise ConfigError(f"METEORWithoutWordNet: {found}; alpha and gamma lie in [0, 1], beta is at least 0")

    def _label(self) -> str:
        return "meteor_without_wordnet"

    def units(self, text: str) -> list[str]:
        """Words in lower case."""
        return words(text)

    def similarity(self, said: list[str], right: list[str]) -> float:
        """Return the harmonic mean less the penalty."""
        pairs = alignment(said, right)
        if not pairs:
            return 0.0
        precision, recall = len(pairs) / len(said), len(pairs) / len(right)
        mean = precision * recall / (self.alpha * precision + (1 - self.alpha) * recall)
        return float(mean * (1 - self.gamma * (chunks(pairs) / len(pairs)) ** self.beta))


def alignment(said: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of places (in the one, in the other) of aligned words, in the first one's order.

    >>> alignment(["cats", "sit"], ["a", "cat", "sits", "sit"])
    [(0, 1), (1, 3)]
    """
    pairs: list[tuple[int, int]] = []
    left, free = list(range(len(said))), list(range(len(right)))
    ways: tuple[Callable[[str], str], ...] = (str, stem)
    for key in ways:
        places: dict[str, list[int]] = defaultdict(list)
        for j in free:
            places[key(right[j])].append(j)
        new = [(i, places[k].pop()) for i in reversed(left) if places.get(k := key(said[i]))]
        ours, theirs = {i for i, _ in new}, {j for _, j in new}
        left, free = [i for i in left if i not in ours], [j for j in free if j not in theirs]
        pairs += new
    return sorted(pairs)


def chunks(pairs: Sequence[tuple[int, int]]) -> int:
    """Return into how many runs, adjacent and in order on both sides, the pairs (in order) fall.

    >>> chunks([(0, 3), (1, 4), (2, 0), (4, 1)])
    3
    """
    joined = sum(a[0] + 1 == b[0] and a[1] + 1 == b[1] for a, b in pairwise(pairs))
    return len(pairs) - joined
