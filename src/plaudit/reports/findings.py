"""Findings: what a summary says should be looked at before anything is trained on these scores.

>>> from plaudit.core.score import Scores
>>> from plaudit.reports.summary import summarize
>>> [str(f) for f in findings(summarize(Scores([1.0, 1.0])))]
['`reward` is constant (1) over all 2 scored samples: it teaches nothing']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from plaudit.core.score import Status
from plaudit.reports.summary import Groups, Summary, TermSummary

__all__ = ["Finding", "duration", "figure", "findings", "share", "tally"]


class Finding(NamedTuple):
    """One line of warning; ``term`` is the term that it is about (None: the whole set) and comes before ``text``."""

    term: str | None
    text: str

    def __str__(self) -> str:
        return f"`{self.term}` {self.text}" if self.term else self.text


def findings(summary: Summary) -> list[Finding]:
    """Return what looks wrong: terms without scores, constant terms, and groups that teach nothing."""
    if not summary.root.rows:
        return [Finding(None, "there are no samples")]
    found = [Finding(t.name, why) for t in summary.terms for why in _of_term(t)]
    return found + [Finding(None, why) for why in (_of_groups(summary.groups) if summary.groups else ())]


def figure(value: float) -> str:
    """Write a number in four significant digits; a dash for NaN."""
    if value != value:
        return "–"
    return f"{value:.4g}" if abs(value) < 10_000 or abs(value) >= 1e9 else f"{value:,.0f}"


def share(count: int, of: int) -> str:
    """Write a share in percent, never rounding some to none or not all to all."""
    percent = 100 * count / of
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.3g}%"


def duration(seconds: float) -> str:
    """Write seconds to three digits, and nothing finer than a millisecond."""
    if 0 < seconds < 0.001:
        return "<0.001"
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}" if seconds < 10 else f"{seconds:,.1f}"


def tally(counts: Mapping[Status, int]) -> str:
    """Write counts by status: ``12 timeout, 3 error``."""
    return ", ".join(f"{n:,} {status.value}" for status, n in counts.items())


def _of_term(term: TermSummary) -> Iterator[str]:
    failed = sum(term.failed.values())
    if term.silent:
        why = f" ({term.reasons[0].text})" if term.reasons else ""
        yield f"never had a score: {tally(term.counts)}{why}"
    elif failed and (term.leaf or term.depth == 0):  # a composite between them only passes on its parts' failures
        yield f"has no score for {failed:,} of {term.rows:,} samples ({share(failed, term.rows)}): {tally(term.failed)}"
    if term.constant:
        yield f"is constant ({figure(term.low)}) over all {term.scored:,} scored samples: it teaches nothing"


def _of_groups(groups: Groups) -> Iterator[str]:
    if not groups.comparable:
        yield f"none of the {groups.count:,} groups has two scored samples: nothing to compare within a group"
    if groups.flat:
        yield (
            f"{groups.flat:,} of {groups.comparable:,} groups ({share(groups.flat, groups.comparable)}) have the same "
            "reward for every scored sample: they carry no signal in group-relative training"
        )
    if groups.incomplete:
        yield (
            f"{groups.incomplete:,} of {groups.count:,} groups ({share(groups.incomplete, groups.count)}) "
            "have a sample without a score"
        )
