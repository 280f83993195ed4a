"""Grades: what a grader may return, and that nothing else becomes a score."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.grade import Grade, grades_to_scores, read_grade
from plaudit.core.score import Span, Status


class Tensor:
    """A tensor of no dimension, as torch has them: a shape that is an empty tuple, and item()."""

    shape = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (0.5, 0.5),
        (1, 1.0),
        (-2, -2.0),
        (True, 1.0),
        (False, 0.0),
        (np.float64(0.25), 0.25),
        (np.float32(0.25), 0.25),
        (np.float16(0.25), 0.25),
        (np.int8(3), 3.0),
        (np.bool_(True), 1.0),
        (np.array(0.25), 0.25),
        (np.array(True), 1.0),
        (Tensor(0.25), 0.25),
        (Tensor(True), 1.0),
        (Fraction(1, 4), 0.25),
    ],
)
def test_numbers(given: Any, value: float) -> None:
    for form in (given, (given, "why"), (given, {"x": 1}), Grade(given)):
        grade = read_grade(form)
        assert (grade.value, type(grade.value), grade.status) == (value, float, Status.OK)


@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, np.float32("nan"), Tensor(math.nan), 10**400])
def test_a_number_that_is_none_is_an_error(given: Any) -> None:
    for form in (given, (given, "why"), (given, {"x": 1}), Grade(given)):
        grade = read_grade(form)
        assert (grade.value, grade.status) == (None, Status.ERROR)
        assert "which is no score" in grade.reason


def test_none_is_missing() -> None:
    assert read_grade(None) == Grade(None, "the reward returned None", Status.MISSING)
    assert read_grade(Grade(None)) == Grade(None, "the reward returned None", Status.MISSING)
    assert read_grade((None, "nobody answered")) == Grade(None, "nobody answered", Status.MISSING)
    assert read_grade((None, {"x": 1})).status is Status.MISSING


@pytest.mark.parametrize("status", ["skipped", "missing", "unparsed", "timeout", "error", "invalid"])
def test_a_status_and_why(status: str) -> None:
    assert read_grade((status, "why")) == Grade(None, "why", Status(status))
    assert read_grade(Grade(0.9, "why", Status(status))) == Grade(None, "why", Status(status))


def test_a_number_and_why() -> None:
    assert read_grade((0.0, "no answer")) == Grade(0.0, "no answer")


@pytest.mark.parametrize(
    "given",
    [
        "0.5",
        "ok",
        ("ok", "fine"),
        ("fine", "ok"),
        ("invalid",),
        ("invalid", 3),
        [0.5],
        [0.5, "why"],
        [0.5, {"x": 1}],
        (),
        (0.5,),
        (0.5, "a", "b"),
        (0.5, 0.5),
        ("0.5", "why"),
        np.array([0.5]),
        np.array("0.5"),
        np.str_("0.5"),
        Tensor("0.5"),
        Tensor([0.5]),
        0.5j,
        Decimal("0.5"),
        b"1",
        {0.5},
        Ellipsis,
        len,
        Grade("0.5"),  # type: ignore[arg-type]
        Grade(0.5, status="fine"),  # type: ignore[arg-type]
    ],
    ids=lambda given: type(given).__name__,
)
def test_anything_else_is_an_error_with_a_short_message(given: Any) -> None:
    grade = read_grade(given)
    assert (grade.value, grade.status) == (None, Status.ERROR)
    assert grade.reason.startswith("the reward returned ")
    assert len(grade.reason) < 150


def test_a_huge_or_hostile_return_has_a_short_message() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    for returned in (["x" * 10_000] * 10_000, "x" * 10_000_000, Hostile(), [Hostile()]):
        assert len(read_grade(returned).reason) < 400
        assert read_grade(returned).status is Status.ERROR


class TestTerms:
    def test_the_value_of_a_mapping_is_the_mean_of_its_terms(self) -> None:
        grade = read_grade({"x": 0.25, "y": (0.75, "why"), "z": np.float32(2)})
        assert grade.value == 1.0
        assert grade.terms is not None
        assert grade.terms["y"] == Grade(0.75, "why")

    def test_a_total_of_its_own(self) -> None:
        scores = grades_to_scores([(0.9, {"x": 0.1, "y": ("timeout", "2 s")})])
        assert scores.values.tolist() == [0.9]
        assert scores["x"].values.tolist() == [0.1]
        assert scores["y"].status.tolist() == ["timeout"]
        assert scores["y"].reason == ["2 s"]

    def test_where_a_term_has_no_score_neither_has_the_mapping(self) -> None:
        grade = read_grade({"x": None, "y": ("timeout", "2 s"), "z": 1.0})
        assert (grade.value, grade.status, grade.reason) == (None, Status.TIMEOUT, "y: 2 s")
        assert read_grade({"x": math.nan, "y": 1}).status is Status.ERROR

    def test_terms_of_terms(self) -> None:
        scores = grades_to_scores([{"x": {"a": 0.0, "b": 0.5}, "y": 1.0}])
        assert scores.values.tolist() == [0.625]
        assert scores["x"].values.tolist() == [0.25]
        assert scores["x.b"].values.tolist() == [0.5]

    def test_a_term_that_a_sample_lacks_is_missing_there(self) -> None:
        scores = grades_to_scores([{"x": 0.25}, 0.5, {"y": 1.0}])
        assert scores.values.tolist() == [0.25, 0.5, 1.0]
        assert [s.value for s in scores["x"].status] == ["ok", "missing", "missing"]
        assert scores["y"].reason == ["not given", "not given", ""]

    @pytest.mark.parametrize("given", [{}, {1: 0.5}, {"": 0.5}, {None: 1}, (0.5, {1: 0.5}), Grade(0.5, terms={2: 1})])  # type: ignore[dict-item]
    def test_bad_names(self, given: Any) -> None:
        assert read_grade(given).status is Status.ERROR

    def test_terms_that_are_no_mapping(self) -> None:
        assert read_grade(Grade(0.5, terms=[1])).status is Status.ERROR  # type: ignore[arg-type]

    def test_terms_without_end_spoil_one_sample_alone(self) -> None:
        endless: dict[str, Any] = {}
        endless["x"] = endless
        scores = grades_to_scores([0.5, endless, (0.25, endless)])
        assert scores.values[0] == 0.5
        assert [s.value for s in scores.status] == ["ok", "error", "error"]
        assert scores.reason[1] == "the reward returned terms nested without end"


def test_a_bad_return_spoils_one_sample_alone() -> None:
    scores = grades_to_scores([0.5, "x", 10**400, Grade(1.0, status="?"), 1])  # type: ignore[arg-type]
    assert [s.value for s in scores.status] == ["ok", "error", "error", "error", "ok"]


def test_spans_and_notes_are_kept() -> None:
    span = Span(1.0, "char", (0, 3))
    scores = grades_to_scores([Grade(1.0, spans=(span,)), Grade(0.5, note="a critique"), 0.25])
    assert scores.spans == [(span,), (), ()]
    assert scores.notes == [None, "a critique", None]
    plain = grades_to_scores([0.25])
    assert plain.spans is None
    assert plain.notes is None


def test_no_samples() -> None:
    assert len(grades_to_scores([])) == 0


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(list(Status)),
    lambda c: st.lists(c, max_size=3) | st.tuples(c, c) | st.dictionaries(st.text(max_size=3), c, max_size=3),
    max_leaves=10,
)


@given(st.lists(json_like, max_size=5))
def test_whatever_is_returned_a_value_is_finite_exactly_where_the_status_is_ok(returned: list[Any]) -> None:
    scores = grades_to_scores(returned)
    for _, node in [("", scores), *scores.walk()]:
        assert ((node.codes == 0) == np.isfinite(node.values)).all()
        assert np.isnan(node.values[node.codes != 0]).all()
