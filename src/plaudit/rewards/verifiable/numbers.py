"""Numbers: the one number that an answer states.

Thousands separators, signs, currency, exponents, simple fractions and units are read; a percent sign is a unit and
changes nothing. An answer with two different numbers in it ("3 of 4", "2 + 3 = 5", "10:30") states none.

>>> number("about 1,250.5 m"), number("-3/4"), number("3 or 4")
(Fraction(2501, 2), Fraction(-3, 4), None)
"""

from __future__ import annotations

import re
from fractions import Fraction

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    rf"(?<![\w.,])(?P<sign>[-+−])?\s?[$€£¥]?(?P<top>{_DIGITS})(?:[eE](?P<power>[-+]?\d+))?"
    r"(?:\s?/\s?(?P<bottom>\d+(?:\.\d+)?))?(?![\d])"
)
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(-?\d+)\}\{(\d+)\}")
#: A decimal exponent beyond this is no quantity that anyone measures, and would take long to write out.
MAX_POWER = 400
MAX_DIGITS = 1000


def number(text: str) -> Fraction | None:
    """Return the one number in a text, exactly, or None if there is none or several that differ."""
    values = set(numbers(text))
    return values.pop() if len(values) == 1 else None


def numbers(text: str) -> list[Fraction]:
    """Return every number in a text, in order."""
    text = _LATEX_FRACTION.sub(
        r"\1/\2", text.replace("{,}", ",").replace("\\,", "").replace("\\$", "$").replace("\\%", "%")
    )
    return [value for m in _NUMBER.finditer(text) if (value := _value(m)) is not None]


def _value(match: re.Match[str]) -> Fraction | None:
    digits, power = match["top"].replace(",", ""), int((match["power"] or "0")[:6])
    if len(digits) > MAX_DIGITS or abs(power) > MAX_POWER:
        return None
    value = Fraction(digits) * Fraction(10) ** power
    if match["bottom"] is not None:
        bottom = Fraction(match["bottom"][:MAX_DIGITS])
        if bottom == 0:
            return None
        value /= bottom
    return -value if match["sign"] in ("-", "−") else value
