"""Sets of items: how much of what belongs was listed, and how much of what was listed belongs."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.listing import listed
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.answers.references import aliases, entries, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Overlap = Literal["f1", "jaccard", "precision", "recall"]


@part
class SetOverlap(Leaf):
    """How well the items that the answer lists are those of the reference, whatever their order.

    With S the set of items listed (:mod:`plaudit.rewards.verifiable.answers.listing`) and G the reference's: ``f1``:
    ``2 |S ∩ G| / (|S| + |G|)``; ``jaccard``: ``|S ∩ G| / |S ∪ G|``; ``precision``: ``|S ∩ G| / |S|``; ``recall``:
    ``|S ∩ G| / |G|``. Two empty sets are equal (1); one empty set shares nothing with the other (0). Recall alone pays
    for listing everything, precision alone for listing one sure thing.

    The reference is a list of items, each a text, a number or a list of its aliases; the empty list asks for "none" or
    ``[]``. An item listed by two of its aliases counts once.

    Args:
        measure: as above.
        normalize: when two items are one (:mod:`plaudit.rewards.verifiable.answers.normalization`).
        extract: where the answer stands.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = Sample("Which?", "<answer>dog, cat</answer>", ["dog", ["bird", "sparrow"]])
    >>> [float(SetOverlap(measure).score(said).values[0].round(3)) for measure in ("f1", "jaccard", "recall")]
    [0.5, 0.333, 0.5]
    """

    measure: Overlap = "f1"
    normalize: Normal = "loose"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the overlap, or 0 and why there is none."""
        names = self._names(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick, sum(map(len, names)))
        if found.text is None:
            return Grade(0.0, found.reason)
        items = {normalised(item, self.normalize) for item in listed(found.text)}
        said = {names.get(item, item) for item in items}
        right = set(names.values())
        value = set_overlap(said, right, self.measure)
        return Grade(value, "" if value == 1 else f"{len(said & right)} of {len(said)} listed, {len(right)} belong")

    def _names(self, reference: Any) -> dict[str, str]:
        """Every alias, normalised, with the one that stands for its item."""
        names: dict[str, str] = {}
        for i, one in enumerate(entries(reference, least=0)):
            same = [normalised(alias, self.normalize) for alias in aliases(one, f"reference[{i}]")]
            if "" in same:
                raise BadReferenceError(f"reference[{i}] is {shown(one)}; normalised, nothing of it is left")
            first = next((names[alias] for alias in same if alias in names), same[0])
            names.update(dict.fromkeys(same, first))
        return names


def set_overlap(said: AbstractSet[str], right: AbstractSet[str], measure: Overlap = "f1") -> float:
    """Return the overlap of two sets; 1 where both are empty, 0 where one is.

    >>> set_overlap({"b", "c", "d", "e"}, {"a", "b", "c"})
    0.5714285714285714
    """
    if not said or not right:
        return float(not said and not right)
    shared = len(said & right)
    match measure:
        case "f1":
            return 2.0 * shared / (len(said) + len(right))
        case "jaccard":
            return shared / len(said | right)
        case "precision":
            return shared / len(said)
        case "recall":
            return shared / len(right)
