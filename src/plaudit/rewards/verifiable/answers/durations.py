"""Durations: how long something takes, whatever the units."""

from __future__ import annotations

import re
from dataclasses import field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.choices import plain
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.references import quantity, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days", "weeks"]

_SECONDS: dict[str, Fraction] = {
    "milliseconds": Fraction(1, 1000),
    "seconds": Fraction(1),
    "minutes": Fraction(60),
    "hours": Fraction(3600),
    "days": Fraction(86_400),
    "weeks": Fraction(604_800),
}
_UNITS = {
    "ms": "milliseconds",
    **dict.fromkeys(("s", "sec", "secs"), "seconds"),
    **dict.fromkeys(("m", "min", "mins"), "minutes"),
    **dict.fromkeys(("h", "hr", "hrs"), "hours"),
    "d": "days",
    **dict.fromkeys(("w", "wk", "wks"), "weeks"),
    **{name: name for name in _SECONDS},
    **{name[:-1]: name for name in _SECONDS},
}
_AMOUNT = r"\d{1,12}(?:\.\d{1,12})?"
_PIECE = re.compile(rf"({_AMOUNT})[\s-]?([a-z]+)\.?(?:,?\s(?:and\s)?|,|)")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2}(?:\.\d{1,6})?)")
_ISO = re.compile(
    rf"p(?:(?P<weeks>{_AMOUNT})w)?(?:(?P<days>{_AMOUNT})d)?"
    rf"(?:t(?:(?P<hours>{_AMOUNT})h)?(?:(?P<minutes>{_AMOUNT})m)?(?:(?P<seconds>{_AMOUNT})s)?)?"
)
_BARE = re.compile(_AMOUNT)


@part
class Duration(Leaf):
    """1 where the answer's duration is the reference's, within a tolerance; else 0.

    ``|answer - reference| <= atol + rtol * reference``, in seconds. Read are units ("1 h 30 min", "90 minutes", "1.5
    hours"), coarser ones first, clocks (``1:30:00``; two parts, ``2:05``, are minutes and seconds) and ISO 8601
    (``PT1H30M``). Months and years are no durations, for they differ.

    Args:
        atol: absolute tolerance in seconds.
        rtol: tolerance relative to the reference.
        unit: the unit of a number without one; if None, such a number is no duration.
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``: such a text, a timedelta, or a number of seconds (of ``unit``, if given).

    Raises:
        ConfigError: a tolerance is negative.

    >>> from plaudit import Sample
    >>> said = [f"<answer>{text}</answer>" for text in ("1.5 hours", "1:30:00", "90", "about 2 hours")]
    >>> Duration().score([Sample("How long?", text, "90 minutes") for text in said]).values
    array([1., 1., 0., 0.])
    """

    atol: float = 0.0
    rtol: float = 0.0
    unit: Unit | None = None
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.atol < 0 or self.rtol < 0:
            raise ConfigError(f"Duration: atol={self.atol}, rtol={self.rtol}: tolerances are at least 0")

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = self._right(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = seconds(found.text, self.unit)
        if said is None:
            return Grade(0.0, "no one duration in the answer")
        near = abs(said - right) <= Fraction(str(self.atol)) + Fraction(str(self.rtol)) * right
        return Grade(1.0) if near else Grade(0.0, f"off by {float(abs(said - right)):.6g} s")

    def _right(self, reference: Any) -> Fraction:
        found: Fraction | None = None
        if isinstance(reference, timedelta):
            found = Fraction(reference // timedelta(microseconds=1), 10**6)
        elif isinstance(reference, str):
            found = seconds(reference, self.unit)
        else:
            found = quantity(reference) * _SECONDS[self.unit or "seconds"]
        if found is None or found < 0:
            raise BadReferenceError(f"reference is {shown(reference)}; expected one duration")
        return found


def seconds(text: str, unit: Unit | None = None) -> Fraction | None:
    """Return the duration that a text is, exactly, in seconds; None if it is none.

    >>> seconds("1 hour and 30 minutes"), seconds("PT2M5S"), seconds("2:05"), seconds("30 s, 1 h"), seconds("7", "days")
    (Fraction(5400, 1), Fraction(125, 1), Fraction(125, 1), None, Fraction(604800, 1))
    """
    if len(text) > 200:
        return None
    text = plain(text).casefold().strip(" .,;!")
    if clock := _CLOCK.fullmatch(text):
        parts = [Fraction(clock[1] or 0), Fraction(clock[2]), Fraction(clock[3])]
        if parts[2] >= 60 or (clock[1] and parts[1] >= 60):
            return None
        return parts[0] * 3600 + parts[1] * 60 + parts[2]
    if (iso := _ISO.fullmatch(text)) and any(iso.groups()):
        return sum((Fraction(n) * _SECONDS[name] for name, n in iso.groupdict().items() if n), Fraction(0))
    if _BARE.fullmatch(text):
        return None if unit is None else Fraction(text) * _SECONDS[unit]
    return _in_units(text)


def _in_units(text: str) -> Fraction | None:
    total, last, at = Fraction(0), None, 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        size = _SECONDS.get(_UNITS.get(piece[2], "")) if piece else None
        if piece is None or size is None or (last is not None and size >= last):
            return None
        total, last, at = total + Fraction(piece[1]) * size, size, piece.end()
    return total if last is not None else None
