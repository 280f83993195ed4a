"""Dates and times of day: is it the moment that the reference says?"""

from __future__ import annotations

import re
from dataclasses import field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.choices import plain
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Order = Literal["day-first", "month-first"]

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_MONTH = "(?P<month>" + "|".join(f"{m[:3]}(?:{m[3:]})?" if m != "may" else m for m in _MONTHS) + r"|sept)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = [
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<m>\d{1,2})(?:(?P=mark)(?P<day>\d{1,2}))?)?",
        r"(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4})",
        rf"{_DAY}\s(?:of\s)?{_MONTH},?\s(?P<year>\d{{4}})",
        rf"{_MONTH}\s{_DAY},?\s(?P<year>\d{{4}})",
        rf"{_MONTH},?\s(?:of\s)?(?P<year>\d{{4}})",
    )
]
_WEEKDAY = re.compile("(?P<weekday>" + "|".join(f"{d[:3]}(?:{d[3:]})?" for d in _WEEKDAYS) + r")\.?,?\s")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6}))?)?)?"
    r"(?:\s?(?P<half>[ap])\.?m\.?)?(?:\s?(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2}))?"
)
_GAP = re.compile(r"(?:,|\sat|\st|t)?\s?(?=\d)")


class Moment(NamedTuple):
    """A date, a time of day, or both, as finely as it was said.

    Attributes:
        day: year, month and day, of which the finer may be missing; empty for a time alone.
        clock: hour, minute and second with its fraction, of which the finer may be missing; empty for a date alone.
        zone: how far the clock is ahead of UTC; None if that is not said.
    """

    day: tuple[int, ...]
    clock: tuple[float, ...] = ()
    zone: timedelta | None = None


@part
class DateTime(Leaf):
    """1 where the answer says the reference's date, time of day, or both, however it is written; else 0.

    Read are ISO 8601 (``2021-03-05``, ``2021-03-05T14:30``), English ("5 March 2021", "Mar 5th, 2021", "March 2021")
    and numeric dates (``5/3/2021``), times of 24 or 12 hours ("2:30 pm"), UTC and offsets. The answer must be as fine
    as the reference; what it says beyond is not looked at. One names a time zone where the other does, or it is wrong;
    two that both do are compared in UTC. A weekday that is not the date's makes it none.

    Args:
        order: what the first number of ``5/3/2021`` is; if None, such a date is read only where it can mean one day.
        tolerance: seconds that the answer may be off, where both are whole dates, times with minutes, or both. Times
            without a date are compared round the clock.
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``: such a text, or a date, time or datetime, whose seconds count unless
    they are 0.

    Raises:
        ConfigError: the tolerance is negative.

    >>> from plaudit import Sample
    >>> said = [f"<answer>{text}</answer>" for text in ("March 5th, 2021", "5.3.2021", "13/2/2021", "March 2021")]
    >>> DateTime().score([Sample("When?", text, "2021-03-05") for text in said]).values
    array([1., 0., 0., 0.])
    """

    order: Order | None = None
    tolerance: float = 0.0
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tolerance < 0:
            raise ConfigError(f"DateTime: tolerance={self.tolerance}; it is at least 0 seconds", "tolerance")

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = _right(sample.reference, self.order)
        found = answer_within(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = moment(found.text, self.order)
        if said is None:
            return Grade(0.0, "no one date or time in the answer")
        if len(said.day) < len(right.day) or len(said.clock) < len(right.clock):
            return Grade(0.0, "coarser than the reference")
        if right.clock and (said.zone is None) != (right.zone is None):
            return Grade(0.0, "a time zone in one and none in the other")
        same = _same(said, right) or (self.tolerance > 0 and _apart(said, right) <= self.tolerance)
        return Grade(1.0) if same else Grade(0.0, "another date or time")


def moment(text: str, order: Order | None = None) -> Moment | None:
    """Return the date, time or both that a text is, or None if it is none, impossible, or may be two.

    >>> moment("Fri, 5 March 2021 at 2:30 pm").day, moment("14:30Z").clock, moment("5/3/2021"), moment("2021-02-30")
    ((2021, 3, 5), (14, 30), None, None)
    """
    text = plain(text[:200]).casefold().strip(" .,;!") if len(text) <= 200 else ""
    text = re.sub(r"^(?:on|in|at)\s", "", text)
    weekday = _WEEKDAY.match(text)
    rest = text[weekday.end() :] if weekday else text
    for pattern in _DATES:
        found = pattern.match(rest)
        if found is None or re.match(r"\d", rest[found.end() :]):
            continue
        day = _day(found.groupdict(), order)
        after = rest[found.end() :]
        clock: tuple[tuple[float, ...], timedelta | None] | None = ((), None)
        if after:
            gap = _GAP.match(after)
            clock = _clock(after[gap.end() :]) if gap and gap.end() and day and len(day) == 3 else None
        if day is None or clock is None or (weekday and not _falls_on(day, weekday["weekday"])):
            continue
        return Moment(day, *clock)
    alone = None if weekday else _clock(text)
    return Moment((), *alone) if alone else None


def _day(said: dict[str, str | None], order: Order | None) -> tuple[int, ...] | None:
    """Return (year[, month[, day]]) of a date's pieces, or None where there is no such day, or there are two."""
    year = int(said["year"] or 0)
    if "one" in said:
        one, two = int(said["one"] or 0), int(said["two"] or 0)
        ways = {"day-first": (two, one), "month-first": (one, two)}
        days = {ways[order]} if order else set(ways.values())
        possible = [day for day in days if _exists(year, *day)]
        return (year, *possible[0]) if len(possible) == 1 else None
    named = said.get("month")
    month = 1 + [m[:3] for m in _MONTHS].index(named[:3]) if named else int(said.get("m") or 0)
    day = int(said.get("day") or 0)
    if not _exists(year, month or 1, day or 1) or (month == 0 and said.get("m")) or (day == 0 and said.get("day")):
        return None
    return tuple(n for n in (year, month, day) if n)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _falls_on(day: tuple[int, ...], weekday: str) -> bool:
    return len(day) == 3 and _WEEKDAYS[date(*day).weekday()].startswith(weekday)


def _clock(text: str) -> tuple[tuple[float, ...], timedelta | None] | None:
    """Return a time of day and its zone, or None; an hour alone is one only with am or pm."""
    found = _TIME.fullmatch(text)
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found["half"] == "p")
    zone = _zone(found["zone"])
    if hour > 23 or minute > 59 or second > 59 or (zone is None and found["zone"]):
        return None
    if found["second"] is None:
        return (hour, minute), zone
    return (hour, minute, second + (float(f"0.{found['fraction']}") if found["fraction"] else 0)), zone


def _zone(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    ahead = timedelta(hours=hours, minutes=minutes)
    return (ahead if text[0] == "+" else -ahead) if hours < 24 and minutes < 60 else None


def _same(said: Moment, right: Moment) -> bool:
    if said.zone != right.zone and right.clock:
        return _apart(said._replace(clock=said.clock[: len(right.clock)]), right) == 0
    return said.day[: len(right.day)] == right.day and said.clock[: len(right.clock)] == right.clock


def _apart(said: Moment, right: Moment) -> float:
    """Return how many seconds lie between two moments of which the second is no finer; infinite where not known."""
    if len(right.day) not in (0, 3):
        return float("inf")
    gap = abs(_seconds(said if right.clock else said._replace(clock=(), zone=None), bool(right.day)) - _seconds(right))
    return gap if right.day else min(gap % 86_400, 86_400 - gap % 86_400)


def _seconds(when: Moment, dated: bool = True) -> float:
    days = date(*when.day).toordinal() if when.day and dated else 0
    hour, minute, second = (*when.clock, 0, 0, 0)[:3]
    return days * 86_400 + hour * 3600 + minute * 60 + second - (when.zone or timedelta()).total_seconds()


def _right(reference: Any, order: Order | None) -> Moment:
    found: Moment | None = None
    if isinstance(reference, str):
        found = moment(reference, order)
    elif isinstance(reference, datetime | time):
        whole = not (reference.second or reference.microsecond)
        found = moment(reference.isoformat(timespec="minutes" if whole else "auto"), order)
    elif isinstance(reference, date):
        found = moment(reference.isoformat(), order)
    if found is None:
        raise BadReferenceError(f"reference is {shown(reference)}; expected one date, time of day, or both")
    return found
