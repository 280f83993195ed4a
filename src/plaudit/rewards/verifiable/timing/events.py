"""Events: which of the things that happened did the answer find, each with its onset and its offset?

One event of the answer answers for one of the reference, so neither repeating a sure event nor cutting a long one into
pieces pays.

>>> matched([(0, 4), (9, 12)], [(0.1, 4.5), (20, 22)], onset=0.2, offset=0.5)
1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import extract
from plaudit.rewards.verifiable.text.comparison import Where
from plaudit.rewards.verifiable.timing.intervals import Interval, parse_intervals
from plaudit.rewards.verifiable.timing.temporal import read_intervals

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Measure = Literal["f1", "precision", "recall"]
#: More events than this are no answer: the matching takes time in proportion to the product of both numbers.
_MOST = 1_000


@part
class EventF1(Leaf):
    """How many events were found, by the onset and offset tolerances of sound event detection.

    An event P of the answer may stand for an event G of the reference where ``|start_P - start_G| <= onset`` and
    ``|end_P - end_G| <= max(offset, ratio * length_G)`` (Mesaros et al. 2016, event-based metrics; ``onset = offset =
    0.2`` and ``ratio = 0.5`` are theirs). With TP the size of the largest one-to-one matching, ``precision``: ``TP /
    |P|``; ``recall``: ``TP / |G|``; ``f1``: ``2 TP / (|P| + |G|)``.

    No event, more than 1,000, or one that ends before it begins scores 0. The reference is a list of intervals
    ``[start, end]``, or one. What kind of event it was is not asked.

    Args:
        onset: tolerance of the start, in seconds.
        offset: tolerance of the end, in seconds; None: ends are not asked.
        ratio: tolerance of the end, as a part of the reference event's length, where that is more.
        measure: as above.
        extract: where the events stand.

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: a tolerance is negative.

    >>> from plaudit import Sample
    >>> said = Sample("When?", "<answer>0.1 to 2 s, 5 to 6 s, 9 to 10 s</answer>", [[0, 2], [5, 9]])
    >>> EventF1().score(said).values, EventF1(offset=None, measure="recall").score(said).values
    (array([0.4]), array([1.]))
    """

    onset: float = 0.2
    offset: float | None = 0.2
    ratio: float = 0.5
    measure: Measure = "f1"
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("onset", "offset", "ratio"):
            if (getattr(self, name) or 0.0) < 0:
                raise ConfigError(f"EventF1: {name}={getattr(self, name)}; it is 0 or more", name)

    def grade(self, sample: Sample) -> Any:
        """Return the share of events, or what is wrong with them."""
        right = read_intervals(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = parse_intervals(found.text)
        if not said or len(said) >= _MOST:
            return Grade(0.0, f"{len(said)} events" if said else "no event")
        for start, end in said:
            if end < start:
                return Grade(0.0, f"ends at {end:g}, before it begins at {start:g}")
        hits = matched(said, right, self.onset, self.offset, self.ratio)
        match self.measure:
            case "f1":
                value = 2 * hits / (len(said) + len(right))
            case "precision":
                value = hits / len(said)
            case "recall":
                value = hits / len(right)
        return Grade(value, "" if value == 1 else f"{hits} of {len(said)} said are of the {len(right)} events")


def matched(
    said: Sequence[Interval], right: Sequence[Interval], onset: float, offset: float | None = None, ratio: float = 0.0
) -> int:
    """Return the size of the largest one-to-one matching of events within the tolerances of :class:`EventF1`.

    >>> matched([(0, 1), (0, 1)], [(0, 1)], onset=0.5), matched([(1, 9), (0, 9)], [(0, 9), (2, 9)], onset=1)
    (1, 2)
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not said or not right:
        return 0
    ours, theirs = np.asarray(said, dtype=np.float64), np.asarray(right, dtype=np.float64)
    fits = np.abs(ours[:, None, 0] - theirs[None, :, 0]) <= onset
    if offset is not None:
        tolerance = np.maximum(offset, ratio * (theirs[:, 1] - theirs[:, 0]))
        fits &= np.abs(ours[:, None, 1] - theirs[None, :, 1]) <= tolerance
    return int((maximum_bipartite_matching(csr_matrix(fits), perm_type="column") >= 0).sum())
