"""Grade: what grading one sample may return, and how a batch of such returns becomes :class:`Scores`.

A grader returns, from the plainest to the fullest::

    0.5                              a number (bool counts as 0 or 1)
    None                             nothing to say: status missing
    (0.0, "no answer")               a number and why
    ("invalid", "no reference")      a status and why; "ok" is not a status to give, a number is
    {"x": 0.2, "y": None}            named terms, whose mean is the value
    (0.2, {"x": 0.2, "y": 0.9})      a value and its named terms
    Grade(...)                       all of it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from plaudit.core.score import Floats, Scores, Span, Status, status_code


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
    """Read any of the accepted returns into a :class:`Grade`; what is none of them is an ``error`` that says so."""
    if isinstance(given, Grade):
        return given
    if isinstance(given, Real):
        return Grade(float(given))
    if given is None:
        return Grade(None, "the reward returned None", Status.MISSING)
    if isinstance(given, Mapping):
        return _of_terms(given)
    if isinstance(given, tuple) and len(given) == 2:
        first, second = given
        if isinstance(first, str) and isinstance(second, str) and first in tuple(Status) and first != Status.OK:
            return Grade(None, second, Status(first))
        if isinstance(first, Real) and isinstance(second, str):
            return Grade(float(first), second)
        if (first is None or isinstance(first, Real)) and isinstance(second, Mapping):
            if first is None:
                return Grade(None, "the reward returned None", Status.MISSING, second)
            return Grade(float(first), terms=second)
    shape = getattr(given, "shape", None)
    if shape == ():
        return read_grade(given.item())
    return Grade(None, f"the reward returned {_brief(given)}, which is no score", Status.ERROR)


def grades_to_scores(given: Sequence[Any], seconds: Floats | None = None) -> Scores:
    """Turn one return a sample into :class:`Scores`. A term that a sample lacks is ``missing`` there."""
    grades = [read_grade(g) for g in given]
    names = list(dict.fromkeys(n for g in grades if g.terms for n in g.terms))
    absent = Grade(None, "not given", Status.MISSING)
    scores = Scores(
        [g.value for g in grades],
        np.array([status_code(g.status) for g in grades], dtype=np.int8),
        [g.reason for g in grades],
        terms={n: grades_to_scores([g.terms.get(n, absent) if g.terms else absent for g in grades]) for n in names},
        spans=[g.spans for g in grades] if any(g.spans for g in grades) else None,
        notes=[g.note for g in grades] if any(g.note is not None for g in grades) else None,
    )
    if seconds is not None:
        scores.spent["seconds"] = seconds
    return scores


def _of_terms(terms: Mapping[str, Any]) -> Grade:
    """The value of a bare mapping is the mean of its terms; where one has no score, neither has the whole."""
    if not terms:
        return Grade(None, "the reward returned no terms", Status.ERROR)
    grades = {name: read_grade(term) for name, term in terms.items()}
    worst = max(grades.values(), key=lambda g: status_code(g.status))
    if worst.status is not Status.OK:
        name = next(n for n, g in grades.items() if g is worst)
        return Grade(None, f"{name}: {worst.reason}", worst.status, terms)
    return Grade(sum(g.value or 0.0 for g in grades.values()) / len(grades), terms=terms)


def _brief(value: Any) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
