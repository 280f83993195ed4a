"""References: the record's side of a comparison, read strictly.

What can't be read is the record's fault and never the response's: each function raises
:class:`~plaudit.core.errors.BadReferenceError` with the place, the type found and the type expected.

>>> aliases(["New York", "NYC"]), aliases(42)
(('New York', 'NYC'), ('42',))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import Any

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.answers.numbers import number


def plain_text(given: Any, where: str = "reference") -> str:
    """Return a text that is not blank; a number is as Python writes it.

    Raises:
        BadReferenceError: it is of another type, blank, or not finite.
    """
    if isinstance(given, str):
        if not given.strip():
            raise BadReferenceError(f"{where} is empty; expected a text or a number")
        return given
    if isinstance(given, bool) or not isinstance(given, Real) or not _finite(given):
        raise BadReferenceError(f"{where} is {shown(given)}; expected a text or a number")
    return str(given)


def aliases(given: Any, where: str = "reference") -> tuple[str, ...]:
    """Return the texts of which any one is right: one text or number, or a list of them.

    Raises:
        BadReferenceError: it is of another type, blank, or an empty list.
    """
    if not is_list(given):
        return (plain_text(given, where),)
    if not len(given):
        raise BadReferenceError(f"{where} is an empty list; expected a text, a number or a list of these")
    return tuple(plain_text(one, f"{where}[{i}]") for i, one in enumerate(given))


def entries(given: Any, where: str = "reference", least: int = 1) -> list[Any]:
    """Return the entries of a list, of any type.

    Raises:
        BadReferenceError: it is no list, or has fewer than ``least`` entries.
    """
    if not is_list(given):
        raise BadReferenceError(f"{where} is {shown(given)}; expected a list")
    if len(given) < least:
        raise BadReferenceError(f"{where} is a list of {len(given)}; expected at least {least}")
    return list(given)


def quantity(given: Any, where: str = "reference") -> Fraction:
    """Return the one number of a reference, exactly as it is written: the float 0.1 is one tenth.

    Raises:
        BadReferenceError: it states none, or several.
    """
    value = number(plain_text(given, where))
    if value is None:
        raise BadReferenceError(f"{where} is {shown(given)}; expected one number")
    return value


def is_list(given: Any) -> bool:
    """Whether it is a list, a tuple or a one-dimensional array."""
    return (isinstance(given, Sequence) and not isinstance(given, str | bytes)) or getattr(given, "ndim", None) == 1


def mapping(given: Any, known: Sequence[str], where: str = "reference") -> Mapping[str, Any]:
    """Return a mapping that has some of the known keys, and no others.

    Raises:
        BadReferenceError: it is no mapping, has none of them, or others.
    """
    expected = f"expected a mapping with {', '.join(map(repr, known))}"
    if not isinstance(given, Mapping):
        raise BadReferenceError(f"{where} is {shown(given)}; {expected}")
    strange = [key for key in given if key not in known]
    if strange or not given:
        raise BadReferenceError(f"{where} has {shown(strange[0]) if strange else 'no'} key; {expected}")
    return given


def shown(given: Any) -> str:
    """Return a value and its type in at most about 80 characters, for an error."""
    try:
        written = repr(given)
    except ValueError:  # Python writes out at most 4,300 digits
        written = "too long to write out"
    return f"{written if len(written) <= 60 else written[:57] + '...'} (a {type(given).__name__})"


def _finite(given: Real) -> bool:
    try:
        return math.isfinite(float(given)) and bool(str(given))
    except (OverflowError, ValueError):
        return False
