"""Grade: what grading one sample may return, and how a batch of such returns becomes :class:`Scores`.

A grader returns, from the plainest to the fullest::

    0.5                              a number (bool counts as 0 or 1)
    None                             nothing to say: status missing
    (0.0, "no answer")               a number, or None, and why
    ("invalid", "no reference")      a status and why; "ok" is not a status to give, a number is
    {"x": 0.2, "y": (0.9, "why")}    named terms, whose mean is the value
    (0.2, {"x": 0.2, "y": 0.9})      a value and its named terms
    Grade(...)                       all of it

Numbers of numpy, and arrays and tensors of no dimension, are numbers; texts and lists never are.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from plaudit.core.score import STATUSES, Floats, Scores, Span, Status, status_code


class Grade(NamedTuple):
    """The grade of one sample.

    Attributes:
        value: the score; None where ``status`` says why there is none.
        reason: what earned it, or why there is none.
        status: ``ok`` with a value, anything else without.
        terms: the grades of named terms.
        spans: credit by place.
        note: what the grader wrote.
    """

    value: float | None
    reason: str = ""
    status: Status = Status.OK
    terms: Mapping[str, Any] | None = None
    spans: tuple[Span, ...] = ()
    note: Any = None


def read_grade(given: Any) -> Grade:
    """Read any of the accepted returns; what is none of them is an ``error`` that says so.

    Returns:
        A grade that holds together: a finite value exactly where its status is ok, and terms that are grades.
    """
    if type(given) is float and math.isfinite(given):  # nearly all there is: the pattern below takes ten times as long
        return Grade(given)
    match given:
        case Grade():
            return _whole(given)
        case Mapping():
            return _of_terms(given)
        case tuple((str() as status, str() as why)) if status in STATUSES[1:]:
            return Grade(None, why, Status(status))
        case tuple((first, str() as why)) if _is_number(first):
            return _whole(Grade(first, why))
        case tuple((first, Mapping() as terms)) if _is_number(first):
            return _whole(Grade(first, terms=terms))
        case _ if _is_number(given):
            return _whole(Grade(given))
    return _error(f"the reward returned {_brief(given)}, which is no score")


def grades_to_scores(given: Sequence[Any], seconds: Floats | None = None) -> Scores:
    """Turn one return a sample into :class:`Scores`. A term that a sample lacks is ``missing`` there."""
    grades = [_read(g) for g in given]
    scores = _tree(grades)
    if seconds is not None:
        scores.spent["seconds"] = seconds
    return scores


def _tree(grades: Sequence[Grade]) -> Scores:
    names = dict.fromkeys(n for g in grades if g.terms for n in g.terms)
    absent = Grade(None, "not given", Status.MISSING)
    return Scores(
        [g.value for g in grades],
        np.array([status_code(g.status) for g in grades], dtype=np.int8),
        [g.reason or "" for g in grades],
        terms={n: _tree([(g.terms or {}).get(n, absent) for g in grades]) for n in names},
        spans=[g.spans or () for g in grades] if any(g.spans for g in grades) else None,
        notes=[g.note for g in grades] if any(g.note is not None for g in grades) else None,
    )


def _read(given: Any) -> Grade:
    try:
        return read_grade(given)
    except RecursionError:
        return _error("the reward returned terms nested without end")


def _whole(grade: Grade) -> Grade:
    """Read the terms of a grade and hold it to its promises."""
    if type(grade.value) is float and math.isfinite(grade.value) and grade.status is Status.OK and not grade.terms:
        return grade
    if grade.status not in STATUSES:
        return _error(f"the reward returned a Grade with status {_brief(grade.status)}")
    status, value, reason = Status(grade.status), None, str(grade.reason or "")
    if status is Status.OK and grade.value is None:
        status, reason = Status.MISSING, reason or "the reward returned None"
    elif status is Status.OK:
        value = _number(grade.value)
        if value is None:
            return _error(f"the reward returned {_brief(grade.value)}, which is no score")
    terms = grade.terms
    if terms:
        if fault := _fault(terms):
            return _error(fault)
        terms = {name: read_grade(term) for name, term in terms.items()}
    return Grade(value, reason, status, terms or None, tuple(grade.spans or ()), grade.note)


def _of_terms(terms: Mapping[Any, Any]) -> Grade:
    """The value of a bare mapping is the mean of its terms; where one has no score, neither has the whole."""
    if fault := _fault(terms):
        return _error(fault)
    grades = {name: read_grade(term) for name, term in terms.items()}
    name, worst = max(grades.items(), key=lambda item: status_code(item[1].status))
    if worst.status is not Status.OK:
        return Grade(None, f"{name}: {worst.reason}", worst.status, grades)
    return Grade(sum(g.value or 0.0 for g in grades.values()) / len(grades), terms=grades)


def _fault(terms: Any) -> str:
    if not isinstance(terms, Mapping):
        return f"the reward returned terms that are {_brief(terms)}; expected a mapping of names to grades"
    if not terms:
        return "the reward returned no terms"
    strange = [name for name in terms if not isinstance(name, str) or not name]
    return f"the reward returned a term named {_brief(strange[0])}; a name is a text" if strange else ""


def _is_number(given: Any) -> bool:
    return given is None or isinstance(given, Real) or getattr(given, "shape", None) == ()


def _number(given: Any) -> float | None:
    """Read a finite number, or return None."""
    plain = given.item() if getattr(given, "shape", None) == () else given
    try:
        number = float(plain) if isinstance(plain, Real) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _error(why: str) -> Grade:
    return Grade(None, why, Status.ERROR)


def _brief(value: Any) -> str:
    return f"{type(value).__name__} {reprlib.repr(value)}"
