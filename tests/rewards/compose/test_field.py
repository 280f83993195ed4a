"""A field of the record as a weight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import plaudit as pl
from plaudit.core.errors import ConfigError

ONE = pl.Length(target=1, width=1)  # 1 for one word


def score(weight: pl.Field, meta: dict[str, Any] | None, **fields: Any) -> tuple[str, float, str]:
    scores = (weight * ONE).score(pl.Sample("", "word", meta=meta, **fields))
    return scores.status[0].value, scores.values[0], scores.reason[0]


@pytest.mark.parametrize("number", [0.5, 2, -1, np.float32(0.25), np.int64(3), 0])
def test_a_number_weighs(number: Any) -> None:
    assert score(pl.Field("difficulty"), {"difficulty": number}) == ("ok", float(number), "")


@pytest.mark.parametrize("meta", [None, {}, {"difficulty": None}, {"difficulty": math.nan}, {"difficulty": math.inf}])
def test_a_record_without_the_number_is_invalid(meta: Any) -> None:
    status, value, reason = score(pl.Field("difficulty"), meta)
    assert (status, reason) == ("invalid", "no difficulty")
    assert math.isnan(value)


def test_a_whole_number_beyond_a_float_is_none() -> None:
    assert score(pl.Field("difficulty"), {"difficulty": 10**400})[::2] == ("invalid", "no difficulty")


@pytest.mark.parametrize(
    ("given", "kind"), [("0.5", "str"), (True, "bool"), ([1.0], "list"), ({"x": 1}, "dict"), (np.ones(2), "ndarray")]
)
def test_what_is_no_number_is_named(given: Any, kind: str) -> None:
    status, _, reason = score(pl.Field("difficulty"), {"difficulty": given})
    assert (status, reason) == ("invalid", f"difficulty is a {kind}; expected a number")


@pytest.mark.parametrize(("number", "inside"), [(0, True), (1, True), (0.5, True), (-0.01, False), (1.01, False)])
def test_a_number_outside_its_bounds_is_invalid(number: float, inside: bool) -> None:
    status, _, reason = score(pl.Field("difficulty", 0, 1), {"difficulty": number})
    assert (status == "ok") == inside
    assert reason == ("" if inside else f"difficulty is {number:g}, outside [0, 1]")


def test_a_field_of_the_sample_weighs_too() -> None:
    assert score(pl.Field("reference"), None, reference=0.25) == ("ok", 0.25, "")
    status, _, reason = score(pl.Field("turns"), None)
    assert (status, reason) == ("invalid", "turns is a tuple; expected a number")


def test_a_response_that_can_not_be_read_is_the_records_fault() -> None:
    scores = (pl.Field("turns") * ONE).score(pl.Sample("", 3))
    assert scores.status[0] == "invalid"
    assert scores.reason[0]


def test_bounds_and_range() -> None:
    assert pl.Field("d").range == (-math.inf, math.inf)
    assert pl.Field("d", 0).range == (0.0, math.inf)
    assert (pl.Field("d", -1, 2) * ONE).range == (-1.0, 2.0)
    with pytest.raises(ConfigError, match=r"Field: low=2\.0 is above high=1\.0"):
        pl.Field("d", 2, 1)
    with pytest.raises(ConfigError, match="Field: field is 3; expected a text"):
        pl.Field(3)  # type: ignore[arg-type]
