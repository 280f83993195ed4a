"""The numbers of a scored set, against figures worked out by hand or by brute force."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.sample import Sample
from plaudit.core.score import Scores, Status
from plaudit.reports.summary import Groups, Slow, summarize


def _samples(groups: Sequence[object]) -> list[Sample]:
    return [Sample("q", "a", id=f"s{i}", group=g) for i, g in enumerate(groups)]


def test_mean_and_spread_are_of_the_scored_rows_alone() -> None:
    root = summarize(Scores([1.0, 0.0, 0.5, None, None], ["ok", "ok", "ok", "timeout", "skipped"])).root
    assert (root.name, root.rows, root.scored, root.low, root.high) == ("reward", 5, 3, 0.0, 1.0)
    assert root.mean == 0.5
    assert root.std == pytest.approx(math.sqrt(1 / 6))  # ((0.5)^2 + (0.5)^2 + 0) / 3
    assert root.counts == {Status.OK: 3, Status.SKIPPED: 1, Status.TIMEOUT: 1}
    assert list(root.counts) == [Status.OK, Status.SKIPPED, Status.TIMEOUT]
    assert root.failed == {Status.TIMEOUT: 1}


def test_terms_stand_by_dotted_name_parents_first() -> None:
    leaf = Scores([1.0])
    scores = Scores([1.0], terms={"judge": Scores([1.0], terms={"clarity": leaf, "a.b": leaf}), "format": leaf})
    summary = summarize(scores)
    assert [t.name for t in summary.terms] == ["reward", "judge", "judge.clarity", "judge.a.b", "format"]
    assert [t.depth for t in summary.terms] == [0, 1, 2, 2, 1]
    assert [t.leaf for t in summary.terms] == [False, False, True, True, True]


def test_no_rows_and_no_scores_leave_nan_not_zero() -> None:
    empty = summarize(Scores([])).root
    failed = summarize(Scores([None, None], "error")).root
    for term in (empty, failed):
        assert all(math.isnan(v) for v in (term.mean, term.std, term.low, term.high))
        assert not term.constant
    assert failed.silent
    assert not empty.silent


@pytest.mark.parametrize(
    ("values", "constant"), [([0.3, 0.3, 0.3], True), ([1.0], False), ([1.0, None], False), ([0.0, 1e-12], False)]
)
def test_constant_needs_two_equal_scores(values: list[float | None], constant: bool) -> None:
    scores = Scores(values, ["ok" if v is not None else "missing" for v in values])
    assert summarize(scores).root.constant is constant


@pytest.mark.parametrize(
    ("weight", "shown"),
    [(0.3, 0.3), (np.array([0.3, 0.3, 0.0]), 0.3), (np.array([0.1, 0.2, 0.2]), None), (None, None)],
)
def test_weight_is_shown_where_it_is_the_same_in_all_rows_asked(weight: object, shown: float | None) -> None:
    term = Scores([1.0, 1.0, None], ["ok", "ok", "skipped"], weight=weight)  # type: ignore[arg-type]  # any of its types
    assert summarize(Scores([1.0] * 3, terms={"x": term})).terms[1].weight == shown


def test_reasons_that_differ_in_numbers_are_one_and_keep_the_numbers_they_share() -> None:
    reason = ["12 words, target 10", "7 words, target 10", "no answer", "2 <answer> where 1 belongs", "no answer", ""]
    found = summarize(Scores([0.0] * 6, reason=reason)).root.reasons
    assert [(r.text, r.count, r.rows) for r in found] == [
        ("# words, target 10", 2, (0, 1)),
        ("no answer", 2, (2, 4)),
        ("2 <answer> where 1 belongs", 1, (3,)),
    ]


def test_reasons_of_different_statuses_stay_apart() -> None:
    found = summarize(Scores([0.0, None], ["ok", "error"], ["late", "late"])).root.reasons
    assert {(r.text, r.status) for r in found} == {("late", Status.OK), ("late", Status.ERROR)}


def test_only_the_five_most_frequent_reasons_are_kept_with_eight_rows_each() -> None:
    words = [word for k, word in enumerate("abcdefgh") for _ in range(10 * (k + 1))]
    found = summarize(Scores(np.zeros(len(words)), reason=words)).root.reasons
    assert [(r.text, r.count) for r in found] == [("h", 80), ("g", 70), ("f", 60), ("e", 50), ("d", 40)]
    assert all(len(r.rows) == 8 and all(words[i] == r.text for i in r.rows) for r in found)


@given(st.lists(st.sampled_from(["", "x 1", "x 2", "y", "1 1", "1 2"]), max_size=30))
def test_counts_of_reasons_add_up_and_rows_have_them(reason: list[str]) -> None:
    found = summarize(Scores(np.zeros(len(reason)), reason=reason)).root.reasons
    shapes = Counter({"": "", "x 1": "x", "x 2": "x", "y": "y", "1 1": "n", "1 2": "n"}[r] for r in reason if r)
    assert sorted(r.count for r in found) == sorted(shapes.values())
    for r in found:
        same = {reason[i] for i in r.rows}
        assert r.text in same if len(same) == 1 else r.text in ("x #", "1 #")


def test_groups_by_hand() -> None:
    #        a: 1, 1 (flat)   b: 0, 1     c: 0.5 and a failure    d: alone    e: both failed   no group
    groups = ["a", "a", "b", "b", "c", "c", "d", "e", "e", None]
    values = [1.0, 1.0, 0.0, 1.0, 0.5, None, 1.0, None, None, 0.0]
    scores = Scores(values, ["ok" if v is not None else "timeout" for v in values])
    found = summarize(scores, _samples(groups)).groups
    assert found == Groups(count=5, comparable=2, flat=1, incomplete=2)
    assert found is not None
    assert found.flat_share == 0.5


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0, None])),
        min_size=1,
        max_size=40,
    )
)
def test_groups_equal_a_loop(rows: list[tuple[int, float | None]]) -> None:
    members: dict[int, list[float | None]] = {}
    for group, value in rows:
        members.setdefault(group, []).append(value)
    scored = [[v for v in m if v is not None] for m in members.values()]
    scores = Scores([v for _, v in rows], ["ok" if v is not None else "error" for _, v in rows])
    summary = summarize(scores, _samples([g for g, _ in rows]))
    assert summary.groups == Groups(
        len(members),
        sum(len(s) > 1 for s in scored),
        sum(len(s) > 1 and len(set(s)) == 1 for s in scored),
        sum(None in m for m in members.values()),
    )
    given_values = [v for _, v in rows if v is not None]
    if given_values:
        assert summary.root.mean == pytest.approx(statistics.fmean(given_values))
        assert summary.root.std == pytest.approx(statistics.pstdev(given_values))


def test_groups_may_be_named_by_anything_and_may_be_absent() -> None:
    scores = Scores([1.0, 1.0, 0.0, 1.0])
    assert summarize(scores, _samples([["q", 1], ["q", 1], 7, 7])).groups == Groups(2, 2, 1, 0)
    assert summarize(scores, _samples([None] * 4)).groups is None
    assert summarize(scores).groups is None
    assert math.isnan(Groups(3, 0, 0, 0).flat_share)


def test_slowest_samples_and_seconds_of_the_tree() -> None:
    inner = Scores([1.0] * 7, spent={"seconds": np.array([0, 1, 0, 3, 0, 5, 6.0])})
    scores = Scores([1.0] * 7, terms={"x": inner}, spent={"seconds": np.array([1, 0, 0, 0, 2, 0, 0.0])})
    summary = summarize(scores, _samples([None] * 7))
    assert summary.root.seconds == 18.0
    assert summary.terms[1].seconds == 15.0
    assert [(s.row, s.seconds) for s in summary.slowest] == [(6, 6.0), (5, 5.0), (3, 3.0), (4, 2.0), (0, 1.0)]
    assert summary.slowest[0] == Slow(6, "s6", 6.0)
    assert summarize(scores).slowest[0].id is None
    assert summarize(Scores([1.0])).slowest == ()
    assert summarize(Scores([1.0], spent={"seconds": np.array([0.0009])})).slowest == ()


def test_reasons_of_the_set_are_the_leaves_and_not_of_rows_never_asked() -> None:
    leaf = Scores([0.0, None], ["ok", "skipped"], ["no answer", "not asked"])
    scores = Scores([0.0, 0.0], reason=["answer: no answer", "gate closed"], terms={"answer": leaf})
    assert [(name, r.text) for name, r in summarize(scores).reasons] == [("answer", "no answer")]


def test_values_near_the_end_of_floats_do_not_break_it() -> None:
    root = summarize(Scores([1.7e308, 1.7e308, -1.7e308])).root
    assert (root.low, root.high) == (-1.7e308, 1.7e308)


def test_another_number_of_samples_than_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="2 scores but 1 samples"):
        summarize(Scores([1.0, 2.0]), _samples(["a"]))


def test_a_term_in_several_places_is_listed_once() -> None:
    shared = Scores([1.0, 0.0], reason=["", "no answer"])
    gated = Scores([0.5, 0.0], terms={"answer": shared, "length": Scores([0.5, 0.25])})
    whole = Scores([1.5, 0.0], terms={"answer": shared, "length": gated})
    assert [t.name for t in summarize(whole).terms] == ["reward", "answer", "length", "length.length"]
