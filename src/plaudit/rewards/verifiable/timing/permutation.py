"""Permutation: in what order do these pieces belong? (Jigsaw tasks, order of appearance.)

Where the items are texts, or not each said once, use :class:`.answers.ordered_list.OrderedList`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import extract
from plaudit.rewards.verifiable.answers.ordered_list import inversions
from plaudit.rewards.verifiable.answers.references import entries, plain_text, shown
from plaudit.rewards.verifiable.text.comparison import Where

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Agreement = Literal["displacement", "pairs", "positions", "exact"]

_SEPARATOR = re.compile(r"[\s,;>→=-]+")
_EDGE = " \t\r\n[](){}\"'`.*"
#: Characters of an answer that is looked at, and items of a reference.
_LONG, _MOST = 100_000, 1_000


@part
class Permutation(Leaf):
    """How near the answer's order is to the reference's.

    With n items, p(k) and g(k) the places of item k in the answer and in the reference:

    * ``displacement``: ``1 - sum_k |p(k) - g(k)| / floor(n² / 2)``, 0 for the reverse (Spearman's footrule; the jigsaw
      reward of VideoSSR);
    * ``pairs``: pairs in the right order, by all pairs; 0 for the reverse, one half by chance;
    * ``positions``: items in their right place, by n;
    * ``exact``: 1 where all are, else 0.

    The labels are read from the answer as they are separated (``3, 1, 2``, ``[3, 1, 2]``, ``B > A > C``), or one a
    character where nothing separates them (``312``). What does not name each label of the reference once, and nothing
    else, scores 0. The reference is such a text or a list of labels, all different, at least two and at most 1,000.

    Args:
        measure: as above.
        extract: where the order stands.

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = Sample("Order?", "<answer>341526</answer>", "341562")
    >>> [Permutation(m).score(said).values[0].round(4).item() for m in ("displacement", "pairs", "positions", "exact")]
    [0.8889, 0.9333, 0.6667, 0.0]
    """

    measure: Agreement = "displacement"
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the agreement, or 0 and why there is none."""
        right = self._right(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = labels(found.text[:_LONG])
        place = {label: i for i, label in enumerate(right)}
        if len(said) == 1 and len(right) > 1:
            said = list(said[0])
        if len(said) != len(right) or set(said) != set(right):
            return Grade(0.0, f"not an order of the {len(right)} items, each once")
        value = agreement([place[label] for label in said], self.measure)
        return Grade(value, "" if value == 1 else f"{self.measure} {value:.3f}")

    def _right(self, reference: Any) -> list[str]:
        if isinstance(reference, str):
            right = labels(plain_text(reference))
            right = list(right[0]) if len(right) == 1 else right
        else:
            right = [plain_text(one, f"reference[{i}]").strip().casefold() for i, one in enumerate(entries(reference))]
        if not 2 <= len(right) <= _MOST:
            raise BadReferenceError(f"reference has {len(right)} items; expected 2 to {_MOST}")
        if len(set(right)) < len(right):
            raise BadReferenceError(f"reference is {shown(reference)}; expected different items")
        return right


def labels(text: str) -> list[str]:
    """Return the labels that a text separates, in order, in lower case, without brackets and quotes.

    >>> labels("['B', 'A']"), labels("2 -> 1 -> 3."), labels("312")
    (['b', 'a'], ['2', '1', '3'], ['312'])
    """
    pieces = (piece.strip(_EDGE) for piece in _SEPARATOR.split(text.strip(_EDGE).casefold()))
    return [piece for piece in pieces if piece]


def agreement(places: Sequence[int], measure: Agreement = "displacement") -> float:
    """Return how near an order is to 0, 1, 2, ...

    Args:
        places: a permutation of 0 to n - 1, n at least 2: the right place of each item, in the order given.
        measure: as for :class:`Permutation`.

    >>> [agreement([2, 0, 1], measure) for measure in ("displacement", "positions")]
    [0.0, 0.0]
    """
    n = len(places)
    match measure:
        case "displacement":
            return 1.0 - sum(abs(i - place) for i, place in enumerate(places)) / (n * n // 2)
        case "pairs":
            return 1.0 - inversions(places) / (n * (n - 1) / 2)
        case "positions":
            return sum(i == place for i, place in enumerate(places)) / n
        case "exact":
            return float(list(places) == sorted(places))
