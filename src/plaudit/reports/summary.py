"""Summary: the numbers that describe a scored set, term by term. Pure data; others print it.

Means, spreads and ranges are over the rows that have a score (status ``ok``) and over no others: what is not a score
is counted beside them, by status and reason, and never averaged in.

>>> from plaudit.core.score import Scores
>>> term = Scores([1.0, 0.0, None], status=["ok", "ok", "timeout"], reason=["", "no answer", "took 2 s"])
>>> root = summarize(term).root
>>> root.scored, root.mean, root.std, {status.value: n for status, n in root.counts.items()}
(2, 0.5, 0.5, {'ok': 2, 'timeout': 1})
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plaudit.core.score import STATUSES, Scores, Status, status_code

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

__all__ = ["ROOT", "Groups", "Reason", "Slow", "Summary", "TermSummary", "summarize"]

#: What the whole score is called among its terms.
ROOT = "reward"
#: How many reasons, and how many slow samples, are kept.
TOP = 5
#: Seconds under which no sample is called slow.
SLOW = 0.001
#: How many rows are kept as examples of one reason.
EXAMPLES = 8

_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason and the rows that have it.

    Reasons that differ only in numbers count as one, with ``#`` for each number that differs: ``# words, target 10``.

    Attributes:
        text: the reason.
        status: the status of those rows.
        count: how many they are.
        rows: at most eight of them, spread over the data.
    """

    text: str
    status: Status
    count: int
    rows: tuple[int, ...]


class Slow(NamedTuple):
    """A slow sample: its row, its id (None if it has none) and the seconds that all terms spent on it."""

    row: int
    id: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Groups:
    """What group-relative training would find.

    Attributes:
        count: groups.
        comparable: groups of at least two scored samples.
        flat: comparable groups whose scored values are all equal: every advantage in them is 0.
        incomplete: groups in which a sample has no score.
    """

    count: int
    comparable: int
    flat: int
    incomplete: int

    @property
    def flat_share(self) -> float:
        """Flat groups among the comparable ones, 0 to 1; NaN if none is comparable."""
        return self.flat / self.comparable if self.comparable else float("nan")


@dataclass(frozen=True, slots=True)
class TermSummary:
    """One term over all rows.

    Attributes:
        name: its dotted name; ``reward`` for the whole.
        depth: 0 for the whole, 1 for its terms, and so on.
        leaf: whether it has no terms of its own.
        rows: all rows.
        scored: rows with a score. ``mean``, ``std`` (the population's, ddof=0), ``low`` and ``high`` are over these, in
            the term's raw units, and NaN where there are none.
        counts: rows by status, only those that occur, from harmless to serious.
        reasons: the most frequent, at most five.
        weight: what the parent sum multiplies it by, if that is the same in every row that was asked, else None.
        seconds: spent on it and its terms, in all.
        cached: rows that it did not grade itself, since an equal sample, the cache or another run had the grade.
    """

    name: str
    depth: int
    leaf: bool
    rows: int
    scored: int
    mean: float
    std: float
    low: float
    high: float
    counts: Mapping[Status, int]
    reasons: tuple[Reason, ...]
    weight: float | None
    seconds: float
    cached: int

    @property
    def constant(self) -> bool:
        """Whether at least two rows have a score and all of them have the same."""
        return self.scored >= 2 and self.low == self.high

    @property
    def silent(self) -> bool:
        """Whether there are rows and none of them has a score."""
        return self.rows > 0 and self.scored == 0

    @property
    def failed(self) -> dict[Status, int]:
        """Rows that should have a score and have none: neither ``ok`` nor ``skipped``."""
        return {s: n for s, n in self.counts.items() if s not in (Status.OK, Status.SKIPPED)}


@dataclass(frozen=True, slots=True)
class Summary:
    """A scored set in numbers.

    Attributes:
        terms: the whole (named ``reward``) and then every term of the tree, parents first; a term that the tree has
            in several places, with equal scores, is listed once.
        groups: None where no sample says which group it is in.
        slowest: the samples that took longest, at most five, slowest first; none that took under a millisecond.
    """

    terms: tuple[TermSummary, ...]
    groups: Groups | None
    slowest: tuple[Slow, ...]

    @property
    def cached(self) -> bool:
        """Whether any term was spared work."""
        return any(term.cached for term in self.terms)

    @property
    def root(self) -> TermSummary:
        """The whole."""
        return self.terms[0]

    @property
    def reasons(self) -> list[tuple[str, Reason]]:
        """The reasons of the leaves with their terms' names, most frequent first; not those of rows never asked.

        What a composite says repeats what its parts said, so it is left out here.
        """
        found = [(t.name, r) for t in self.terms if t.leaf for r in t.reasons if r.status is not Status.SKIPPED]
        return sorted(found, key=lambda pair: -pair[1].count)


def summarize(scores: Scores, samples: Sequence[Sample] | None = None) -> Summary:
    """Return the numbers of a scored set.

    Args:
        scores: n rows.
        samples: the same n rows, for groups and ids; None if they are not at hand.

    Raises:
        ValueError: there are not as many samples as scores.
    """
    if samples is not None and len(samples) != len(scores):
        raise ValueError(f"{len(scores)} scores but {len(samples)} samples")
    return Summary(tuple(_terms("", 0, scores, {})), _groups(scores, samples), _slowest(scores, samples))


def _spread_out(rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return at most n of the rows, evenly spaced over them, in order."""
    if len(rows) <= n:
        return rows
    chosen: NDArray[np.intp] = rows[np.arange(n) * len(rows) // n]
    return chosen


def _terms(name: str, depth: int, scores: Scores, listed: dict[str, list[Scores]]) -> Iterator[TermSummary]:
    """List a term and those below it, but one that stands in several places (behind gates, say) only once."""
    yield _term(name or ROOT, depth, scores)
    for label, term in scores.terms.items():
        known = listed.setdefault(label, [])
        if not any(_equal(term, other) for other in known):
            known.append(term)
            yield from _terms(f"{name}.{label}" if name else label, depth + 1, term, listed)


def _equal(term: Scores, other: Scores) -> bool:
    same_values = np.array_equal(term.values, other.values, equal_nan=True)
    return len(term) > 0 and list(term.terms) == list(other.terms) and same_values and term.reason == other.reason


def _term(name: str, depth: int, scores: Scores) -> TermSummary:
    values = scores.values[scores.ok]
    with np.errstate(over="ignore", invalid="ignore"):  # values near 1e308: the mean or the spread is infinite
        mean, std = (float(values.mean()), float(values.std())) if len(values) else (float("nan"),) * 2
    counted = np.bincount(scores.codes, minlength=len(STATUSES)).tolist()
    return TermSummary(
        name=name,
        depth=depth,
        leaf=not scores.terms,
        rows=len(scores),
        scored=len(values),
        mean=mean,
        std=std,
        low=float(values.min()) if len(values) else float("nan"),
        high=float(values.max()) if len(values) else float("nan"),
        counts={status: n for status, n in zip(STATUSES, counted, strict=True) if n},
        reasons=_reasons(scores),
        weight=_weight(scores),
        seconds=float(scores.seconds.sum()),
        cached=int(scores.spent["hits"].sum()) if "hits" in scores.spent else 0,
    )


def _weight(scores: Scores) -> float | None:
    if scores.weight is None:
        return None
    asked = scores.weight[scores.codes != status_code(Status.SKIPPED)]  # rows behind a closed gate weigh nothing
    return float(asked[0]) if len(asked) and (asked == asked[0]).all() else None


def _reasons(scores: Scores) -> tuple[Reason, ...]:
    """Count equal reasons first, which is quick, and then join the few that are left by their shape."""
    number: dict[str, int] = {"": 0}
    said = np.fromiter((number.setdefault(r, len(number)) for r in scores.reason), np.int64, len(scores))
    with_reason = np.flatnonzero(said)
    if not len(with_reason):
        return ()
    texts = list(number)
    keys, which, counts = np.unique(
        said[with_reason] * len(STATUSES) + scores.codes[with_reason], return_inverse=True, return_counts=True
    )
    shapes: dict[tuple[int, str], list[int]] = {}
    for k, key in enumerate(keys.tolist()):
        text, code = divmod(key, len(STATUSES))
        shapes.setdefault((code, _NUMBER.sub("#", texts[text])), []).append(k)
    totals = {shape: int(counts[members].sum()) for shape, members in shapes.items()}
    kept = sorted(shapes, key=lambda shape: (-totals[shape], shape))[:TOP]
    found = []
    for code, shape in kept:
        members = shapes[code, shape]
        rows = with_reason[np.isin(which, members)]
        text = _common(shape, [texts[keys[k] // len(STATUSES)] for k in members])
        found.append(Reason(text, STATUSES[code], totals[code, shape], tuple(_spread_out(rows, EXAMPLES).tolist())))
    return tuple(found)


def _common(shape: str, texts: Iterable[str]) -> str:
    """Put the numbers that all texts of a shape share back in place of their ``#``."""
    text, *others = texts
    if not others:
        return text
    shared: list[str | None] = list(_NUMBER.findall(text))
    for other in others:
        shared = [a if a == b else None for a, b in zip(shared, _NUMBER.findall(other), strict=True)]
    numbers = iter(shared)
    return _NUMBER.sub(lambda _: next(numbers) or "#", text)


def _groups(scores: Scores, samples: Sequence[Sample] | None) -> Groups | None:
    number: dict[Hashable, int] = {}
    names = [s.group for s in samples or ()]
    grouped = np.array([i for i, name in enumerate(names) if name is not None], dtype=np.intp)
    if not len(grouped):
        return None
    member = np.array([number.setdefault(_key(names[i]), len(number)) for i in grouped.tolist()], dtype=np.intp)
    size = len(number)
    ok = scores.ok[grouped]
    incomplete = np.bincount(member[~ok], minlength=size) > 0
    scored = np.bincount(member[ok], minlength=size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    values = scores.values[grouped][ok]
    np.minimum.at(low, member[ok], values)
    np.maximum.at(high, member[ok], values)
    flat = (scored >= 2) & (low == high)
    return Groups(size, int((scored >= 2).sum()), int(flat.sum()), int(incomplete.sum()))


def _key(group: Any) -> Hashable:
    return group if isinstance(group, Hashable) else repr(group)  # JSON data may name a group by a list


def _slowest(scores: Scores, samples: Sequence[Sample] | None) -> tuple[Slow, ...]:
    seconds = scores.seconds
    slowest = np.argsort(-seconds, kind="stable")[:TOP].tolist()
    ids = {row: None if samples is None else samples[row].id for row in slowest}
    return tuple(Slow(row, ids[row], float(seconds[row])) for row in slowest if seconds[row] >= SLOW)
