"""Ordered lists: how well the items of an answer stand in the right order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.listing import listed
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.answers.references import entries, plain_text, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Agreement = Literal["exact", "positions", "lcs", "kendall"]


@part
class OrderedList(Leaf):
    """How well the answer lists the reference's items in the reference's order.

    With S the list said (:mod:`.answers.listing`), G the reference and n the longer one's length:

    * ``exact``: 1 where they are equal, else 0;
    * ``positions``: places where both have the same item, by n;
    * ``lcs``: length of the longest common subsequence, by n;
    * ``kendall``: pairs of items in the right order, by all pairs: ``(tau + 1) / 2`` with Kendall's tau. What is not
      a permutation of G scores 0. A random order is worth one half.

    Args:
        measure: as above.
        normalize: when two items are one (:mod:`plaudit.rewards.verifiable.answers.normalization`).
        extract: where the answer stands.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``, a list of texts or numbers; for ``kendall`` at least two, all different.

    >>> from plaudit import Sample
    >>> said = Sample("In order?", "<answer>b, a, c, d</answer>", list("abcd"))
    >>> [OrderedList(m).score(said).values[0].round(3).item() for m in ("exact", "positions", "lcs", "kendall")]
    [0.0, 0.5, 0.75, 0.833]
    """

    measure: Agreement = "positions"
    normalize: Normal = "loose"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the agreement, or 0 and why there is none."""
        right = self._right(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick, sum(map(len, right)))
        if found.text is None:
            return Grade(0.0, found.reason)
        said = [normalised(item, self.normalize) for item in listed(found.text)]
        if not said:
            return Grade(0.0, f"no items where {len(right)} belong")
        if self.measure == "kendall" and sorted(said) != sorted(right):
            return Grade(0.0, "not the items of the reference, each once")
        value = order_agreement(said, right, self.measure)
        return Grade(value, "" if value == 1 else f"{self.measure} {value:.3f}")

    def _right(self, reference: Any) -> list[str]:
        given = entries(reference, least=2 if self.measure == "kendall" else 1)
        right = []
        for i, one in enumerate(given):
            right.append(normalised(plain_text(one, f"reference[{i}]"), self.normalize))
            if not right[-1]:
                raise BadReferenceError(f"reference[{i}] is {shown(one)}; normalised, nothing of it is left")
        if self.measure == "kendall" and len(set(right)) < len(right):
            raise BadReferenceError("reference has one item twice; measure 'kendall' expects different items")
        return right


def order_agreement(said: Sequence[str], right: Sequence[str], measure: Agreement = "positions") -> float:
    """Return the agreement of two lists that are not empty; for ``kendall``, of one with a permutation of it.

    >>> order_agreement("dcba", "abcd", "kendall"), order_agreement("xab", "ab", "lcs")
    (0.0, 0.6666666666666666)
    """
    longer = max(len(said), len(right))
    match measure:
        case "exact":
            return float(list(said) == list(right))
        case "positions":
            return sum(a == b for a, b in zip(said, right, strict=False)) / longer
        case "lcs":
            from rapidfuzz.distance import LCSseq

            return int(LCSseq.similarity(said, right)) / longer
        case "kendall":
            place = {item: i for i, item in enumerate(right)}
            return 1.0 - inversions([place[item] for item in said]) / (longer * (longer - 1) / 2)


def inversions(places: Sequence[int]) -> int:
    """Return how many pairs of different numbers stand the greater before the lesser.

    >>> inversions([2, 0, 1])
    2
    """
    seen: list[int] = []
    count = 0
    for place in reversed(places):
        count += bisect_left(seen, place)
        insort(seen, place)
    return count
