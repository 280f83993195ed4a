"""Fields: a wrong value is refused by the name of the field, the value and what would fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal, Optional

import numpy as np
import pytest

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.core.fields import checked, field_types


class Kind(StrEnum):
    MATH = "math"


@pytest.mark.parametrize(
    ("value", "hint", "canonical"),
    [
        (1, float, 1.0),
        (-0.0, float, 0.0),
        (np.float32(0.5), float, 0.5),
        (Fraction(1, 2), float, 0.5),
        (np.int64(3), int, 3),
        ("x", str, "x"),
        (True, bool, True),
        (None, str | None, None),
        (None, Optional[float], None),  # noqa: UP045
        (1, int | float, 1),
        (0.5, int | float, 0.5),
        ("math", Literal["math", "choice"], "math"),
        (Kind.MATH, Literal["math", "choice"], "math"),
        (None, Literal["math"] | None, None),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        ([1, "b"], tuple[float, str], (1.0, "b")),
        ([], tuple[str, ...], ()),
        ([1], list[float], (1.0,)),
        ((1, 2), Sequence[float], (1.0, 2.0)),
        ({"a": 1}, Mapping[str, float], {"a": 1.0}),
        ({"a": [1]}, dict[str, tuple[float, ...]], {"a": (1.0,)}),
        ({"a": [1, None]}, Mapping[str, Any], {"a": [1, None]}),
        (print, Callable[..., Any], print),
        ({1}, set[int], {1}),
    ],
)
def test_what_fits_becomes_canonical(value: Any, hint: Any, canonical: Any) -> None:
    found = checked(value, hint, "X: f")
    assert found == canonical
    assert type(found) is type(canonical)
    assert str(found) == str(canonical)


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        ("1", float, "X: f is '1'; expected a number"),
        (True, float, "X: f is True; expected a number"),
        (math.nan, float, "X: f is nan; expected a finite number"),
        (math.inf, float | None, "X: f is inf; expected a finite number"),
        (-math.inf, tuple[float, ...], "X: f is -inf; expected a list"),
        ([1, math.nan], tuple[float, ...], r"X: f\[1\] is nan; expected a finite number"),
        (10**400, float, "X: f is 1000.*; expected a finite number"),
        (1.0, int, "X: f is 1.0; expected a whole number"),
        (True, int, "X: f is True; expected a whole number"),
        (1, str, "X: f is 1; expected a text"),
        (1, bool, "X: f is 1; expected True or False"),
        (None, str, "X: f is None; expected a text"),
        ("maths", Literal["math", "choice"], "X: f is 'maths'; did you mean 'math'"),
        ("zebra", Literal["math", "choice"], "X: f is 'zebra'; known: choice, math"),
        (True, Literal[1, 2], "X: f is True; known"),
        (["math"], Literal["math"], r"X: f is \['math'\]"),
        ("think", tuple[str, ...], "X: f is 'think'; expected a list"),
        ([1, 2, 3], tuple[float, float], "X: f has 3 entries; expected 2"),
        ([["a"], 5], tuple[tuple[str, ...], ...], r"X: f\[1\] is 5; expected a list"),
        ([("a", 1)], Mapping[str, float], "X: f is .*; expected a mapping"),
        ({"a": "b"}, Mapping[str, float], r"X: f\['a'\] is 'b'; expected a number"),
        ({1: 1}, Mapping[str, float], "X: f is 1; expected a text"),
        ([], int | str, r"X: f is \[\]; expected a whole number or a text"),
        ("x", Callable[..., Any], "X: f is 'x'; expected"),
        ("x" * 500, int, r"X: f is 'x{56}\.\.\.; expected a whole number"),
        (np.zeros(2), Literal["a"], "X: f is array"),
    ],
)
def test_what_does_not_fit_is_named(value: Any, hint: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        checked(value, hint, "X: f")


def test_a_part_names_itself_and_the_field() -> None:
    with pytest.raises(ConfigError, match=r"^Answer: kind is 'maths'; did you mean 'math'\?$") as caught:
        pl.Answer("maths")  # type: ignore[arg-type]
    assert caught.value.field == "kind"
    with pytest.raises(ConfigError, match=r"^Gate: condition is 'x'; expected a reward$"):
        pl.Gate("x", pl.Answer("math"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^Gate: closed is nan; expected a finite number$"):
        pl.Gate(pl.Format("answer"), pl.Answer("math"), math.nan)


def test_a_type_that_is_not_there_at_run_time_is_named() -> None:
    class Broken:
        x: NotThere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ConfigError, match="Broken: 'NotThere' in a field's type can't be found; import it"):
        field_types(Broken)
