from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.dates import DateTime, moment


def graded(reward: DateTime, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("When?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    "text",
    [
        *("2021-03-05", "2021/3/5", "2021.03.05", "5 March 2021", "5 Mar 2021", "March 5, 2021", "Mar. 5th, 2021"),
        *("5th of March 2021", "Friday, March 5, 2021", "Fri 5 March 2021", "on 5 March 2021.", "**March 5, 2021**"),
        *("MARCH 5 2021", "5 march, 2021"),
    ],
)
def test_the_fifth_of_march(text: str) -> None:
    assert moment(text) == ((2021, 3, 5), (), None)
    assert graded(DateTime(), text, date(2021, 3, 5))[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "March 5", "5/3/2021", "2021-02-30", "2021-13-01", "30 February 2021", "Monday, March 5, 2021", "5 Mars"),
        *("2021-03-05 or 2021-03-06", "between 2020 and 2021", "March", "20210305", "2021-03-055", "0000-01-01", "x"),
        *("2021-00-05", "2021-03-00", "5 March 21", "1" * 300),
    ],
)
def test_no_one_date(text: str) -> None:
    assert moment(text) is None


def test_numeric_dates() -> None:
    assert moment("13/2/2021") == ((2021, 2, 13), (), None)  # there is no month 13
    assert moment("3/3/2021") == ((2021, 3, 3), (), None)
    assert moment("5/3/2021", "day-first") == ((2021, 3, 5), (), None)
    assert moment("5/3/2021", "month-first") == ((2021, 5, 3), (), None)
    assert moment("13/2/2021", "month-first") is None


def test_times() -> None:
    assert moment("14:30") == ((), (14, 30), None)
    assert moment("2:30 pm") == moment("2.30 pm".replace(".", ":")) == ((), (14, 30), None)
    assert moment("12 am") == ((), (0, 0), None)
    assert moment("12:05 p.m.") == ((), (12, 5), None)
    assert moment("14:30:05.5Z") == ((), (14, 30, 5.5), timedelta())
    assert [moment(t) for t in ("25:00", "14:60", "14", "13 pm", "0 am", "14:30 +99:00")] == [None] * 6
    assert moment("2021-03-05T14:30+02:00") == ((2021, 3, 5), (14, 30), timedelta(hours=2))
    assert moment("March 5, 2021 at 2:30 pm") == moment("2021-03-05, 14:30") == ((2021, 3, 5), (14, 30), None)


@pytest.mark.parametrize(
    ("said", "reference", "value", "reason"),
    [
        ("March 2021", "2021-03", 1, ""),
        ("5 March 2021", "2021-03", 1, ""),
        ("2021", "March 2021", 0, "coarser than the reference"),
        ("April 2021", "2021-03", 0, "another date or time"),
        ("2021-03-05 14:30", "2021-03-05", 1, ""),
        ("2021-03-05", "2021-03-05 14:30", 0, "coarser than the reference"),
        ("14:30", time(14, 30), 1, ""),
        ("14:30:15", time(14, 30), 1, ""),
        ("14:30", time(14, 30, 15), 0, "coarser than the reference"),
        ("16:30+02:00", "14:30Z", 1, ""),
        ("14:30", "14:30Z", 0, "a time zone in one and none in the other"),
        ("2021-03-06T01:00+02:00", datetime(2021, 3, 5, 23, tzinfo=UTC), 1, ""),
        ("2021-03-06T01:00+02:00", datetime(2021, 3, 5, 23, 0, 5, tzinfo=UTC), 0, "coarser than the reference"),
        ("soon", "2021", 0, "no one date or time in the answer"),
    ],
)
def test_as_fine_as_the_reference(said: str, reference: Any, value: float, reason: str) -> None:
    assert graded(DateTime(), said, reference) == (value, "ok", reason)


def test_tolerance() -> None:
    near = DateTime(tolerance=300)
    assert graded(near, "14:34", "14:30")[0] == 1
    assert graded(near, "14:36", "14:30")[0] == 0
    assert graded(near, "00:02", "23:58")[0] == 1  # round the clock
    assert graded(near, "2021-03-06 00:02", "2021-03-05 23:58")[0] == 1
    assert graded(near, "2021-03-05 00:02", "2021-03-05 23:58")[0] == 0
    assert graded(DateTime(tolerance=86_400), "2021-03-01", "2021-02-28")[0] == 1
    assert graded(DateTime(tolerance=86_400), "April 2021", "March 2021")[0] == 0


@pytest.mark.parametrize("reference", [5, 2021, "", "soon", "5/3/2021", ["2021"], {"y": 2021}, True])
@pytest.mark.parametrize("said", ["2021", ""])
def test_a_bad_reference_is_invalid(reference: Any, said: str) -> None:
    value, status, reason = graded(DateTime(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.endswith(f"(a {type(reference).__name__}); expected one date, time of day, or both")


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 0 seconds"):
        DateTime(tolerance=-1)


@given(
    st.dates(date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y", "%A %B %d %Y"])
)
@settings(deadline=None)
def test_any_way_of_writing_a_date_is_that_date(day: date, form: str) -> None:
    assert moment(day.strftime(form)) == ((day.year, day.month, day.day), (), None)


@given(st.datetimes(datetime(1000, 1, 1)))
@settings(deadline=None)
def test_iso_and_back(when: datetime) -> None:
    found = moment(when.isoformat())
    assert found is not None
    assert (*found.day, *found.clock[:2]) == (when.year, when.month, when.day, when.hour, when.minute)
    assert found.clock[2] == pytest.approx(when.second + when.microsecond / 1e6)
