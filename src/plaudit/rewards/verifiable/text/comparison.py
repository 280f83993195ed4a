"""Comparison: what every reward that compares a text with a reference text has in common.

A subclass says what it compares (:meth:`TextReward.units`: characters, words, stems) and how alike two such sequences
are (:meth:`TextReward.similarity`, in [0, 1]); of several references the best counts. Time is bounded on any response:
one far longer than its reference scores 0 and is not compared, for most of these measures take time in proportion to
the product of the lengths.

>>> from plaudit import Sample, part
>>> @part
... class SameLength(TextReward):
...     def units(self, text):
...         return text
...     def similarity(self, said, right):
...         return float(len(said) == len(right))
>>> SameLength().score([Sample("", "<answer>cat</answer>", ["dog", "bird"])]).values
array([1.])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf
from plaudit.rewards.verifiable.answers.extraction import Extracted, Pick, extract
from plaudit.rewards.verifiable.answers.references import aliases, shown

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


Where = Literal["auto", "tag", "boxed", "text"]
#: Characters of the longest reference that is compared.
LONGEST = 50_000


def room_for(reference: int) -> int:
    """Return how many characters an answer may have to be compared with a reference of so many.

    >>> room_for(0), room_for(2000)
    (10000, 18000)
    """
    return 4 * reference + 10_000


def answer_within(text: str, how: Where, pick: Pick = "only", reference: int = 0) -> Extracted:
    """Return the answer of a response, unless it is far longer than a reference of so many characters.

    >>> answer_within("<answer>yes</answer>", "auto"), answer_within(" no" * 4000, "text").reason
    (Extracted(text='yes', reason=''), 'an answer of 11999 characters, far longer than the reference')
    """
    found = extract(text, how, pick)
    if found.text is not None and len(found.text) > room_for(reference):
        return Extracted(None, f"an answer of {len(found.text)} characters, far longer than the reference")
    return found


@dataclass(frozen=True, eq=False, repr=False)
class TextReward(Leaf):
    r"""How alike the answer and the reference are, as texts; of several references, the most alike.

    No answer, one that holds nothing to compare, or one of more than 10,000 characters and four times the reference
    scores 0 with that reason. A reference without anything to compare, or longer than 50,000 characters, is
    ``invalid``.

    Args:
        extract: where the answer stands: ``auto`` (the answer block, else ``\boxed{}``), ``tag``, ``boxed``, or
            ``text`` (all outside the reasoning).
    """

    extract: Where = field(default="auto", kw_only=True)

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference."""
        return ("reference",)

    @property
    def range(self) -> tuple[float, float]:
        """From nothing alike to equal."""
        return (0.0, 1.0)

    def units(self, text: str) -> Sequence[Any]:
        """Return what is compared, in order; empty where a text has nothing of the kind."""
        raise NotImplementedError(f"{type(self).__name__} has no units")

    def similarity(self, said: Any, right: Any) -> float:
        """Return how alike two sequences are that are not empty, in [0, 1]."""
        raise NotImplementedError(f"{type(self).__name__} has no similarity")

    def compare(self, said: Any, rights: list[Any]) -> float:
        """Return how alike the answer and its references are; the best one's similarity."""
        return max(self.similarity(said, right) for right in rights)

    def grade(self, sample: Sample) -> Any:
        """Return the greatest similarity with a reference, or 0 and why there is none."""
        rights = aliases(sample.reference)
        compared = [self._right(text) for text in rights]
        found = answer_within(sample.text, self.extract, reference=max(map(len, rights)))
        if found.text is None:
            return Grade(0.0, found.reason)
        said = self.units(found.text)
        if not said:
            return Grade(0.0, f"nothing in the answer that {type(self).__name__} compares")
        best = self.compare(said, compared)
        return Grade(best, "" if best == 1 else f"{self.label} {best:.3f}")

    def _right(self, text: str) -> Sequence[Any]:
        if len(text) > LONGEST:
            raise BadReferenceError(
                f"reference has {len(text)} characters; {type(self).__name__} compares at most {LONGEST}"
            )
        units = self.units(text)
        if not units:
            raise BadReferenceError(f"reference is {shown(text)}; it holds nothing that {type(self).__name__} compares")
        return units
