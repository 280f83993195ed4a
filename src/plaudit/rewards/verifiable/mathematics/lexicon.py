"""The words that answers use: functions, letters, units of measure; and one spelling for each text and unit.

Tables, and the two functions that fold spellings together; the grammar gives them meaning. ::

    >>> fold("New York."), unit_name("square meters"), unit_name("miles per hour")
    ('newyork', 'm^2', 'mi/h')
"""

from __future__ import annotations

import re

FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp".split()  # noqa: SIM905
)
GREEK = frozenset(
    (  # noqa: SIM905
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau "
        "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell hbar"
    ).split()
)
RELATIONS = {
    "=": "=", "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\ge": ">=", r"\ne": "!=",
}  # fmt: skip
WORDS = frozenset("yes no odd even dne".split())  # noqa: SIM905
"""Whole answers of fewer than four letters that are words, not products of variables."""
HEDGES = frozenset("or and more less than not least most about over under".split())  # noqa: SIM905
"""Words that make a value another one (``5 or more``), where a unit would only name it."""
LETTER_UNITS = frozenset("m g s h l L K N J W V A C F".split())  # noqa: SIM905
"""Read as units only after a number and a space: ``5 m`` is a length, ``5m`` a product."""

_ALIASES = {
    "mm": "millimeter millimeters millimetre millimetres",
    "cm": "centimeter centimeters centimetre centimetres cms",
    "dm": "decimeter decimeters decimetre decimetres",
    "m": "meter meters metre metres",
    "km": "kilometer kilometers kilometre kilometres kms",
    "in": "inch inches",
    "ft": "foot feet",
    "yd": "yard yards",
    "mi": "mile miles",
    "mg": "milligram milligrams",
    "g": "gram grams gm",
    "kg": "kilogram kilograms kgs",
    "lb": "pound pounds lbs",
    "oz": "ounce ounces",
    "ms": "millisecond milliseconds",
    "s": "sec secs second seconds",
    "min": "minute minutes mins",
    "h": "hr hrs hour hours",
    "day": "days",
    "week": "weeks",
    "month": "months",
    "year": "years yr yrs",
    "ml": "mL milliliter milliliters millilitre millilitres",
    "l": "L liter liters litre litres",
    "deg": "degree degrees circ",
    "rad": "radian radians",
    "unit": "units",
    "mph": "",
    "km/h": "kmh kmph kph",
    "$": "dollar dollars USD usd",
    "cent": "cents",
    "€": "euro euros EUR",
    "£": "",
    "¥": "yen",
    "₹": "rupee rupees",
    "%": "percent percentage pct",
    "K": "kelvin",
    "N": "newton newtons",
    "J": "joule joules",
    "W": "watt watts",
    "V": "volt volts",
    "A": "ampere amperes amp amps",
    "Hz": "hertz",
    "mol": "mole moles mols",
    "Pa": "pascal pascals",
}
UNITS = {spelling: unit for unit, aliases in _ALIASES.items() for spelling in (unit, *aliases.split()) if spelling}
"""Spelling to unit. Units are compared by name and never converted."""
CURRENCIES = frozenset("$€£¥₹")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


def fold(words: str) -> str:
    """Return the comparable form of a text answer: a single letter as it is, words without case and punctuation."""
    letters = _SEPARATORS.sub("", words)
    return letters if len(letters) == 1 else _SEPARATORS.sub("", words.lower())


def unit_name(found: str) -> str:
    """Return one name for the spellings of a unit (``square meters``, ``m^2``); an unknown word stands for itself."""
    text = found.replace(".", "").strip()
    text = re.sub(r"\b(?:square|sq)\s+([A-Za-z]+)", r"\1^2", text)
    text = re.sub(r"\bcubic\s+([A-Za-z]+)", r"\1^3", text)
    text = re.sub(r"\bper\b", "/", text)
    parts = []
    for part in text.split("/"):
        names = []
        for word in part.split():
            name, caret, power = word.partition("^")
            unit = UNITS.get(name) or UNITS.get(name.lower()) or name.lower().removesuffix("s")
            names.append(unit + caret + power)
        parts.append(" ".join(names))
    return "/".join(parts)
