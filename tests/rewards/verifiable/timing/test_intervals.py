from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.timing.intervals import (
    coverage,
    interval_iou,
    merged,
    parse_intervals,
    parse_time,
    parse_times,
    read_interval,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90 s", 90),
        ("90sec", 90),
        ("1:30", 90),
        ("01:01:30", 3690),
        ("0:12.5", 12.5),
        ("1 min 30 s", 90),
        ("1m30s", 90),
        ("2 minutes", 120),
        ("1h 5m", 3900),
        ("1 hour 5 minutes 3 seconds", 3903),
        ("250 ms", 0.25),
        ("soon", None),
        ("", None),
        ("-3", None),
        ("3 apples", None),
        ("nan", None),
        ("1e3", None),
        ("9" * 400, None),
    ],
)
def test_one_time(text: str, seconds: float | None) -> None:
    assert parse_time(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.5 to 18 s", [(12.5, 18)]),
        ("00:12 - 00:18", [(12, 18)]),
        ("00:12-00:18", [(12, 18)]),
        ("00:00:11 – 00:00:31", [(11, 31)]),
        ("from 1 to 2 minutes.", [(60, 120)]),
        ("from 30 s to 2 min", [(30, 120)]),
        ("[12.5, 18]", [(12.5, 18)]),
        ("(12.5, 18)", [(12.5, 18)]),
        ("<time>12, 18</time>", [(12, 18)]),
        ("12.5, 18", [(12.5, 18)]),
        ('{"time": [2.0, 6.5]}', [(2, 6.5)]),
        ('{"start_time": "2", "end_time": "6.5"}', [(2, 6.5)]),
        ('{"start": 2, "end": 6.5}, at 3 to 4', [(2, 6.5)]),
        ("start: 0:02, end: 0:06", [(2, 6)]),
        ("between 3 and 5 seconds", [(3, 5)]),
        ("- 3 to 5\n- 7 to 9", [(3, 5), (7, 9)]),
        ("[[1, 2], [3, 4]]", [(1, 2), (3, 4)]),
        ("3 to 5, and again 3.0 to 5.0", [(3, 5)]),
        ("6.0-2.0", [(6, 2)]),
        ("2-4-6", []),
        ("10 - 20 - 30", []),
        ("2024-05-06", []),
        ("10% to 20%", []),
        ("-3 to 5", []),
        ("1,250 to 1,300 s", []),
        ("3 and 5", []),
        ("[1, 2, 3]", []),
        ("nan to inf", []),
        ("to", []),
        ("", []),
    ],
)
def test_what_is_an_interval(text: str, expected: list[tuple[float, float]]) -> None:
    assert parse_intervals(text) == expected


def test_times_of_a_range_are_several() -> None:
    assert parse_times("2-4") == [2, 4]
    assert parse_times("at -3 s") == []


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ((0, 10), (5, 15), 1 / 3),
        ((1, 3), (2, 4), 1 / 3),
        ((2, 6), (4, 8), 1 / 3),
        ((0, 10), (2, 10), 0.8),
        ((0, 1), (1, 2), 0),
        ((0, 1), (5, 6), 0),
        ((3, 3), (3, 3), 0),
        ((3, 3), (0, 9), 0),
        ((3, 4), (3, 4), 1),
    ],
)
def test_iou_by_hand(a: tuple[float, float], b: tuple[float, float], value: float) -> None:
    assert interval_iou(a, b) == pytest.approx(value)
    assert interval_iou(b, a) == pytest.approx(value)


cells = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: (min(p), max(p))), max_size=8)


@given(cells, cells)
def test_coverage_by_counting_seconds(said: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    ours = {t for a, b in said for t in range(a, b)}
    theirs = {t for a, b in right for t in range(a, b)}
    found = coverage(said, right)
    assert (found.shared, found.said, found.right) == (len(ours & theirs), len(ours), len(theirs))
    assert found.union == len(ours | theirs)
    assert merged(merged(said)) == merged(said)


@given(cells)
def test_either_denominator_of_iou_is_the_same(pairs: list[tuple[int, int]]) -> None:
    for a, b in pairwise(pairs):
        shared = max(0, min(a[1], b[1]) - max(a[0], b[0]))
        union = a[1] - a[0] + b[1] - b[0] - shared
        assert interval_iou(a, b) == pytest.approx(shared / union if union else 0)


@pytest.mark.parametrize("given_", [[2, 6], (2.0, 6), "0:02 - 0:06", {"start": 2, "end": 6}])
def test_a_record_s_interval(given_: Any) -> None:
    assert read_interval(given_) == (2, 6)


@pytest.mark.parametrize(
    "given_",
    [
        *(None, 5, "soon", "1 to 2, 3 to 4", [1], [1, 2, 3], ["1", "2"], [True, 2], [1, float("nan")], [1, 10**400]),
        *({}, {"start": 1}, [6, 2], [2, 2], [-1, 2]),
    ],
)
def test_a_record_s_bad_interval(given_: Any) -> None:
    with pytest.raises(BadReferenceError, match=r"reference is .*expected"):
        read_interval(given_)
