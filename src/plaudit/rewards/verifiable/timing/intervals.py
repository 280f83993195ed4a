"""Intervals: spans of time that an answer states, and how much they have in common.

A time is in seconds, or a clock (``01:30``, ``1:02:03.5``), or has units (``90 s``, ``1 min 30 s``, ``2m``). An
interval is two times: joined ("12.5 to 18 s", "00:12 - 00:18", "between 3 and 5"), in brackets or tags (``[3, 5]``,
``<time>3, 5</time>``), under the keys ``start`` and ``end`` (``start_time``, ``end_time``), or all that a text says
("3, 5"). A unit that only the second has holds for both. Negative numbers, percentages and numbers with thousands
separators are no times. An interval without length covers nothing.

>>> parse_intervals("from 00:12 to 00:18, then 1 to 2 minutes")
[(12.0, 18.0), (60.0, 120.0)]
>>> interval_iou((0, 10), (5, 15)), coverage([(0, 2), (4, 6)], [(1, 5)])
(0.3333333333333333, Coverage(shared=2.0, said=4.0, right=4.0))
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, NamedTuple

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.answers.references import is_list, shown

Interval = tuple[float, float]

#: What is read of one answer.
MAX_TEXT, MAX_INTERVALS = 100_000, 1_000

_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:\.\d{1,9})?"
_UNIT = r"(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)(?![A-Za-z])"
_HOURS, _MINUTES = r"\d{1,4}\s?(?:hours?|hrs?|h)\s?", r"\d{1,4}\s?(?:minutes?|mins?|m)\s?"
_SECONDS = rf"{_NUMBER}\s?(?:seconds?|secs?|s)(?![A-Za-z])"
_TIME = rf"(?:{_CLOCK}|(?:{_HOURS})?{_MINUTES}{_SECONDS}|{_HOURS}{_MINUTES}(?![A-Za-z])|{_NUMBER}(?:\s?{_UNIT})?)"
_THOUSANDS = r",\d{3}(?!\d)"
_GAP = r"[^\S\r\n]"  # an item of a list on the next line begins with a dash that joins nothing
_BEFORE = rf"(?<![\w.:%+-])(?<!\d,)(?<!\d{_GAP}[-–—~]{_GAP})"
_AFTER = rf"(?!\w|[.:]\d|{_THOUSANDS}|\s?%|{_GAP}?[-–—~]{_GAP}?\d)"
_JOIN = rf"{_GAP}{{0,9}}(?:[-–—~]|\b(?:to|until|till|through)\b){_GAP}{{0,9}}"
_TO = re.compile(rf"{_BEFORE}({_TIME}){_JOIN}({_TIME}){_AFTER}", re.IGNORECASE)
_BETWEEN = re.compile(rf"\bbetween\s{{1,9}}({_TIME})\s{{1,9}}and\s{{1,9}}({_TIME}){_AFTER}", re.IGNORECASE)
_QUOTED = rf"\s{{0,9}}[\"']?({_TIME})[\"']?\s{{0,9}}"
_LIST = re.compile(rf"[\[(>]{_QUOTED},{_QUOTED}[\])<]", re.IGNORECASE)
_KEYED = re.compile(
    rf"\bstart(?:_time|_sec|_s)?[\"']?\s{{0,9}}[:=]{_QUOTED}[,;]\s{{0,9}}"
    rf"[\"']?end(?:_time|_sec|_s)?[\"']?\s{{0,9}}[:=]{_QUOTED}(?!\w|[.:]\d)",
    re.IGNORECASE,
)
_WHOLE = re.compile(rf"{_QUOTED},{_QUOTED}\.?", re.IGNORECASE)
_ALL = re.compile(_TIME, re.IGNORECASE)
_ONE = re.compile(
    rf"(?<![\w.:%+])(?<!\d,)(?<!^-)(?<![\s(\[:,=]-)({_TIME})(?!\w|[.:]\d|{_THOUSANDS}|\s?%)", re.IGNORECASE
)
_PIECE = re.compile(rf"({_NUMBER})\s?([a-z]*)", re.IGNORECASE)
_SCALES = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Coverage(NamedTuple):
    """Seconds that two sets of intervals both cover, and that each covers, overlaps within a set counted once."""

    shared: float
    said: float
    right: float

    @property
    def union(self) -> float:
        """Seconds that either covers."""
        return self.said + self.right - self.shared


def parse_time(text: str, unit: str = "") -> float | None:
    """Return the seconds that a text states, all of it being one time; None if it is none.

    Args:
        text: the time.
        unit: the unit of a bare number; seconds if none.

    >>> [parse_time(text) for text in ("90", "1:30", "1 min 30 s", "0:01:30.0", "soon")]
    [90.0, 90.0, 90.0, 90.0, None]
    """
    text = text.strip()
    if not _ALL.fullmatch(text):
        return None
    if ":" in text:
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds
    return math.fsum(float(amount) * _scale(named or unit) for amount, named in _PIECE.findall(text))


def parse_times(text: str) -> list[float]:
    """Return every time that a text states, in order, each once.

    >>> parse_times("at 00:12, or 12 s; not 15.5")
    [12.0, 15.5]
    """
    found = (parse_time(match[1]) for match in _ONE.finditer(text[:MAX_TEXT]))
    return list(dict.fromkeys(time for time in found if time is not None))[:MAX_INTERVALS]


def parse_intervals(text: str) -> list[Interval]:
    """Return the intervals that a text states as (start, end) in seconds, in order, each once, nothing checked.

    Where something stands under the keys ``start`` and ``end``, only such count. Three numbers in a row ("2-4-6", a
    date) and percentages are no interval. At most the first 100,000 characters are looked at.

    >>> parse_intervals('{"start_time": "2.5", "end_time": "6"}'), parse_intervals("[[1, 2], [3, 4]]")
    ([(2.5, 6.0)], [(1.0, 2.0), (3.0, 4.0)])
    """
    text = text[:MAX_TEXT]
    pairs = list(_KEYED.finditer(text))
    if not pairs:
        found = (match for pattern in (_TO, _BETWEEN, _LIST) for match in pattern.finditer(text))
        pairs = sorted(found, key=lambda match: match.start())
    if not pairs and (whole := _WHOLE.fullmatch(text)):
        pairs = [whole]
    intervals = (_interval(match[1], match[2]) for match in pairs)
    return list(dict.fromkeys(pair for pair in intervals if pair is not None))[:MAX_INTERVALS]


def read_interval(given: Any, where: str = "reference") -> Interval:
    """Return a record's interval: two numbers, a text ("00:12 - 00:18"), or a mapping with ``start`` and ``end``.

    Raises:
        BadReferenceError: it is none of these, ends before it begins, begins before 0, or has no length.
    """
    pair: Any = given
    if isinstance(given, str):
        stated = parse_intervals(given)
        pair = stated[0] if len(stated) == 1 else None
    elif isinstance(given, Mapping):
        pair = (given.get("start"), given.get("end"))
    if not is_list(pair) or len(pair) != 2 or not all(_is_time(end) for end in pair):
        raise BadReferenceError(f"{where} is {shown(given)}; expected an interval [start, end] in seconds")
    start, end = float(pair[0]), float(pair[1])
    if not 0 <= start < end:
        raise BadReferenceError(f"{where} is {shown(given)}; expected 0 <= start < end")
    return (start, end)


def interval_iou(a: Interval, b: Interval) -> float:
    """Return the intersection of two intervals over their union, in [0, 1]; 0 where neither has length.

    Where they share anything the union is the span from the first start to the last end, and where they share nothing
    the value is 0 by either: the two denominators in use are one.

    >>> interval_iou((2, 6), (4, 8)), interval_iou((0, 1), (3, 4)), interval_iou((1, 1), (1, 1))
    (0.3333333333333333, 0.0, 0.0)
    """
    shared = min(a[1], b[1]) - max(a[0], b[0])
    whole = max(a[1], b[1]) - min(a[0], b[0])
    return min(1.0, shared / whole) if shared > 0 and whole > 0 else 0.0


def coverage(said: Iterable[Interval], right: Iterable[Interval]) -> Coverage:
    """Return what two sets of intervals cover, in seconds; intervals of one set may overlap.

    >>> coverage([(0, 2), (1, 3)], [(2, 5)])
    Coverage(shared=1.0, said=3.0, right=3.0)
    """
    a, b = merged(said), merged(right)
    shared, i, j = 0.0, 0, 0
    while i < len(a) and j < len(b):
        shared += max(0.0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return Coverage(shared, _length(a), _length(b))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same times as intervals that neither overlap nor touch, in order; those without length are left out.

    >>> merged([(4, 6), (0, 2), (2, 3), (9, 9)])
    [(0, 3), (4, 6)]
    """
    found: list[Interval] = []
    for start, end in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _length(intervals: Iterable[Interval]) -> float:
    return math.fsum(end - start for start, end in intervals)


def _interval(first: str, second: str) -> Interval | None:
    """Read two times, the second's unit holding for a bare first one."""
    last = _PIECE.findall(second)[-1][1] if ":" not in second else ""
    start, end = parse_time(first, last), parse_time(second)
    return None if start is None or end is None else (start, end)


def _scale(unit: str) -> float:
    unit = unit.lower()
    return _SCALES["ms" if unit.startswith(("ms", "milli")) else unit[:1] or "s"]


def _is_time(given: Any) -> bool:
    if isinstance(given, bool) or not isinstance(given, Real):
        return False
    try:
        return math.isfinite(float(given))
    except OverflowError:
        return False
