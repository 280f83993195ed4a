r"""Numbers: the one number that an answer states.

Read are signs, thousands separators (``1,250``; a comma is never a decimal point), decimals, exponents (``3e5``,
``3 × 10^5``), simple fractions (``3/4``, ``\frac{3}{4}``), currency, the words hundred to trillion, and units, which
are not converted: a percent sign is a unit and changes nothing. Digits that belong to a word, a unit or a name
(``CO2``, ``m^2``, ``x_1``) are no number.

An answer that states two different numbers ("3 of 4") states no one number, and neither does one in which numbers are
joined into something else: a sum ("2 + 3"), a range ("3-4"), a time ("10:30"), a date, a version ("1.2.3"), a pair
("1,2"), a root, a multiple of π, "±3".

>>> number("about 1,250.5 m"), number("-3/4"), number("3 or 4"), number("10:30")
(Fraction(2501, 2), Fraction(-3, 4), None, None)
"""

from __future__ import annotations

import re
from fractions import Fraction

_SPACE = r"[ \t\xa0\u2009\u202f]"
_DASH = "-\u2010\u2011\u2013\u2212\uff0d"  # hyphens, en dash, minus: as typed before a number, each is a minus
_GROUP = r"[,\xa0\u2009\u202f]"
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_ATOM = r"\.?\d(?:[\d.,:_'’]*\d)?(?:[eE][-+]?\d+(?:\.\d+)?)?"
_JOIN = rf"(?:{_SPACE}?[+*/x×·÷^~—{_DASH[1:]}-]{_SPACE}?\{{?[+{_DASH[1:]}-]?|{_SPACE})"
_FUNCTION = (
    r"\\(?:sqrt|pi|infty|pm|[dt]?frac|binom|log|ln|exp|sin|cos|tan)(?![A-Za-z])|(?:sqrt|log|ln|exp|sin|cos|tan)(?=\()"
)

#: All that hangs together around digits; :data:`_PLAIN` then says whether it is a number or only made of numbers.
_RUN = re.compile(
    rf"(?P<odd>(?:[√∛π∞±]|{_FUNCTION})(?:\s?[\[({{][^][(){{}}]*[])}}])*(?:\s?{_ATOM})?)"
    rf"|(?<![A-Za-z\d_.,^])(?<![A-Za-z\d_π][/{_DASH[1:]}-])(?<![_^]\{{)"
    rf"(?P<sign>(?:^|(?<=[=(:≈])|(?<=[=(:≈]\s))[-+−]{_SPACE}|[+{_DASH[1:]}-])?"
    rf"(?:[$€£¥₹]{_SPACE}?)?(?P<body>{_ATOM}(?:{_JOIN}{_ATOM})*)"
    rf"(?P<raised>[²³¹⁰⁴-⁹¼-¾⅐-⅞])?(?:{_SPACE}?(?P<scale>(?i:{'|'.join(_SCALES)}))(?![a-z]))?"
)
_PLAIN = re.compile(
    rf"(?P<digits>(?:[1-9]\d{{0,2}}(?:{_GROUP}\d{{3}})+|\d+)(?:\.\d+)?|\.\d+)"
    rf"(?:[eE](?P<power>[-+]?\d+)|{_SPACE}?[x×·*]{_SPACE}?10\^\{{?(?P<ten>[-+−]?\d+))?"
    rf"(?:{_SPACE}?/{_SPACE}?(?P<bottom>\d+(?:\.\d+)?))?"
)
_LATEX = (
    (re.compile(r"(?<=\d)(?:\{,\}|\\[,!;:]|,\\!)(?=\d)"), ","),
    (re.compile(r"(?<=\d)(?=\\[dt]?frac)"), " "),  # a mixed number: 1\frac{1}{2} is not 11/2
    (re.compile(r"\\[dt]?frac\s*(?:\{(-?\d+)\}|(\d))\s*(?:\{(\d+)\}|(\d))"), r"\1\2/\3\4 "),
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])"), "×"),
    (re.compile(r"\\[,!;: ]"), " "),
    (re.compile(r"\\([$%])"), r"\1"),
)
#: A decimal exponent beyond this is no quantity that anyone measures, and would take long to write out.
MAX_POWER = 400
MAX_DIGITS = 1000


def number(text: str) -> Fraction | None:
    """Return the one number in a text, exactly, or None if there is none or several that differ.

    >>> number("x = 5 cm"), number("$3.50"), number("12.5%"), number("−2e3"), number("5 million")
    (Fraction(5, 1), Fraction(7, 2), Fraction(25, 2), Fraction(-2000, 1), Fraction(5000000, 1))
    """
    values = set(numbers(text))
    return values.pop() if len(values) == 1 else None


def numbers(text: str) -> list[Fraction | None]:
    """Return every number in a text, in order; None stands for what is made of numbers but is none (a time, a sum).

    >>> numbers("3 cats at 10:30, and 4 dogs")
    [Fraction(3, 1), None, Fraction(4, 1)]
    """
    if "\\" in text:
        for pattern, plain in _LATEX:
            text = pattern.sub(plain, text)
    return [_value(run) for run in _RUN.finditer(text)]


def _value(run: re.Match[str]) -> Fraction | None:
    plain = None if run["odd"] or run["raised"] else _PLAIN.fullmatch(run["body"])
    if plain is None:
        return None
    digits, bottom = re.sub(_GROUP, "", plain["digits"]), plain["bottom"] or "1"
    power = (plain["power"] or plain["ten"] or "0").replace("−", "-")
    if max(len(digits), len(bottom)) > MAX_DIGITS or len(power) > 5 or abs(int(power)) > MAX_POWER:
        return None
    value, divisor = Fraction(digits), Fraction(bottom)
    if divisor == 0:
        return None
    exponent = int(power) + (_SCALES[run["scale"].lower()] if run["scale"] else 0)
    if exponent or divisor != 1:
        value = value / divisor * Fraction(10) ** exponent
    return -value if run["sign"] and run["sign"][0] != "+" else value
