"""Gallery: which samples of a scored set are worth looking at, and what is shown of each.

A hundred thousand samples can't be read, and a random few show the usual. So samples are taken in turn from piles that
each answer a question: what scores lowest and highest, what each status looks like, what stands behind each frequent
reason, and what a group holds. The choice depends on the scores alone: the same input gives the same gallery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plaudit.core.errors import PlauditError
from plaudit.core.score import STATUSES, Floats, Scores, Status
from plaudit.reports.escapes import one_line, visible
from plaudit.reports.summary import ROOT, Summary
from plaudit.reports.thumbnail import Thumbnail, thumbnail

if TYPE_CHECKING:
    from plaudit.core.media import Media
    from plaudit.core.sample import Sample, Turn

__all__ = ["Card", "Chosen", "Excerpt", "Line", "choose", "make_card"]

#: Most pictures of one card.
PICTURES = 6
#: Most characters of a prompt, of a response and of a reference: a page must stay small enough to open.
LONGEST = 12_000
#: Longer texts, or of more lines, are folded.
FOLDED_CHARS, FOLDED_LINES = 700, 14
#: Most reasons that get a pile of their own.
REASONS = 20


class Chosen(NamedTuple):
    """A row of the gallery and what it was chosen for."""

    row: int
    why: tuple[str, ...]


class Excerpt(NamedTuple):
    """A text to show.

    Attributes:
        heading: what it is.
        head: how it begins, where it is long enough to be folded, else ``""``.
        text: all that is shown.
        chars: how long it really is.
        left_out: how much of that is not shown.
    """

    heading: str
    head: str
    text: str
    chars: int
    left_out: int


class Line(NamedTuple):
    """One term in a card's breakdown; ``value`` is None where it has no score, ``weight`` where its parent is no sum.

    ``term`` is its place in ``Summary.terms``.
    """

    term: int
    depth: int
    name: str
    value: float | None
    weight: float | None
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the page shows of one sample; the first of ``lines`` is the whole."""

    row: int
    id: str
    about: tuple[str, ...]
    why: tuple[str, ...]
    pictures: tuple[Thumbnail, ...]
    more_pictures: int
    texts: tuple[Excerpt, ...]
    lines: tuple[Line, ...]


def choose(scores: Scores, samples: Sequence[Sample], summary: Summary, limit: int) -> list[Chosen]:
    """Return at most ``limit`` rows and what each was chosen for: those without a score, then from low to high."""
    piles = list(_piles(scores, samples, summary, limit))
    why: dict[int, list[str]] = {}
    waiting = [(name, iter(rows)) for name, rows in piles]
    while waiting and len(why) < limit:
        left = []
        for name, rows in waiting:
            row = next((r for r in rows if r not in why), None)
            if row is not None and len(why) < limit:
                why[row] = [name] if name else []
                left.append((name, rows))
        waiting = left
    for name, members in piles:
        for row in members:
            if row in why and name and name not in why[row]:
                why[row].append(name)
    order = sorted(why, key=lambda r: (scores.ok[r], scores.values[r] if scores.ok[r] else -scores.codes[r], r))
    return [Chosen(row, tuple(why[row])) for row in order]


def make_card(chosen: Chosen, scores: Scores, sample: Sample) -> Card:
    """Return what is shown of a sample. A broken record or picture is shown as what is wrong with it, never raised."""
    pictures = _pictures(sample)
    about = (("group", sample.group), ("task", sample.task), ("source", sample.source))
    return Card(
        row=chosen.row,
        id=f"sample {chosen.row}" if sample.id is None else one_line(str(sample.id)),
        about=tuple(f"{name} {one_line(str(value), 80)}" for name, value in about if value is not None),
        why=tuple(one_line(why, 80) for why in chosen.why),
        pictures=tuple(p if isinstance(p, Thumbnail) else thumbnail(p[1], p[0]) for p in pictures[:PICTURES]),
        more_pictures=max(len(pictures) - PICTURES, 0),
        texts=tuple(_texts(sample)),
        lines=tuple(_lines(scores, chosen.row)),
    )


def _piles(scores: Scores, samples: Sequence[Sample], summary: Summary, limit: int) -> Iterator[tuple[str, list[int]]]:
    """Yield piles of rows with their names (``""``: nothing to say of them), each with the most telling first."""
    spread = np.arange(len(scores)) * 0.6180339887498949 % 1.0  # golden ratio: any few rows come from all over

    def pile(rows: NDArray[np.intp], first: Floats | None = None) -> list[int]:
        keys = (spread[rows],) if first is None else (spread[rows], first[rows])
        chosen: list[int] = rows[np.lexsort(keys)][:limit].tolist()
        return chosen

    scored = np.flatnonzero(scores.ok)
    ends = max(len(scored) // 4, 1)  # beyond a quarter nothing is low or high
    yield "lowest", pile(scored, scores.values)[:ends]
    yield "highest", pile(scored, -scores.values)[:ends]
    for code in np.unique(scores.codes[scores.codes > 0]).tolist():
        yield STATUSES[code].value, pile(np.flatnonzero(scores.codes == code))
    for name, term in scores.walk():
        hidden = (term.codes > 1) & (term.codes != scores.codes)  # a failure that the whole does not show
        for code in np.unique(term.codes[hidden]).tolist():
            yield f"{name}: {STATUSES[code].value}", pile(np.flatnonzero(hidden & (term.codes == code)))
    for name, reason in summary.reasons[:REASONS]:
        yield f"{name}: {one_line(reason.text, 60)}", pile(np.array(reason.rows))
    leaders: dict[str, int] = {}
    for row, sample in enumerate(samples):
        if sample.group is not None:
            leaders.setdefault(str(sample.group), row)
    yield "", pile(np.array(list(leaders.values()), dtype=np.intp))
    yield "", pile(np.arange(len(scores)))


def _lines(scores: Scores, row: int) -> Iterator[Line]:
    for k, (name, depth, here) in enumerate(_tree(ROOT, 0, scores)):
        status = STATUSES[here.codes[row]]
        reason = here.reason[row]
        unasked = depth and status is Status.SKIPPED  # the gate above it says why
        repeats = any(reason.startswith(f"{part}: {t.reason[row]}") for part, t in here.terms.items() if t.reason[row])
        yield Line(
            term=k,
            depth=depth,
            name=one_line(name, 80),
            value=float(here.values[row]) if here.ok[row] else None,
            weight=None if here.weight is None or status is Status.SKIPPED else float(here.weight[row]),
            status=status.value,
            reason="" if unasked or repeats else one_line(reason, 400),
        )


def _tree(name: str, depth: int, scores: Scores) -> Iterator[tuple[str, int, Scores]]:
    yield name, depth, scores
    for label, term in scores.terms.items():
        yield from _tree(label, depth + 1, term)


def _pictures(sample: Sample) -> list[tuple[str, Media] | Thumbnail]:
    """Return the media, prompt's and response's, with where they stand; or one box that says why there are none."""
    try:
        answered = [m for turn in sample.turns for m in turn.media]
        return [("response" if m in answered else "prompt", m) for m in sample.media]
    except PlauditError as error:
        return [Thumbnail("pictures", fault=one_line(str(error)))]


def _texts(sample: Sample) -> Iterator[Excerpt]:
    if sample.defect:
        yield from _excerpts([("this record can't be scored", sample.defect)])
    yield from _excerpts(_conversation("prompt", lambda: sample.prompt_turns))
    yield from _excerpts(_conversation("response", lambda: sample.turns))
    if sample.reference is not None:
        yield from _excerpts([("reference", _shown(sample.reference))])


def _conversation(name: str, read: Callable[[], tuple[Turn, ...]]) -> list[tuple[str, str]]:
    """Return one text for a plain turn; for a conversation one a turn, headed by its role."""
    try:
        turns = read()
    except PlauditError as error:
        return [(f"{name}, unreadable", str(error))]
    found = []
    for i, turn in enumerate(turns):
        calls = [f"→ {call.name}({_shown(call.arguments)})" for call in turn.tool_calls]
        text = "\n".join(filter(None, (turn.text, *calls)))
        if text or not turn.media:
            found.append((name if len(turns) == 1 else f"{name} {i + 1}, {one_line(turn.role, 40)}", text))
    return found


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that are no strings, or a ring: still worth showing
        return repr(value)


def _excerpts(texts: Sequence[tuple[str, str]]) -> Iterator[Excerpt]:
    """Yield what is shown of the texts of one part of a sample, which share ``LONGEST`` characters."""
    room = LONGEST
    for heading, text in texts:
        shown = visible(text[:room])
        lines = shown.split("\n")
        long = len(shown) > FOLDED_CHARS or len(lines) > FOLDED_LINES
        head = "\n".join(lines[: FOLDED_LINES // 2])[: FOLDED_CHARS // 2] if long else ""
        yield Excerpt(heading, head, shown, len(text), max(len(text) - room, 0))
        room = max(room - len(text), 0)
