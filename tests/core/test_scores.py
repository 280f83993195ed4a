"""Scores: a number exactly where the status is ok, the tree of terms, and what is read out of it."""

from __future__ import annotations

import json
import math
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.score import STATUSES, Scores, Span, Status, status_code, worst

values_and_statuses = st.lists(
    st.tuples(
        st.none() | st.floats() | st.integers(-5, 5) | st.booleans(),
        st.sampled_from(STATUSES),
    ),
    max_size=20,
)


def whole(scores: Scores) -> bool:
    """Whether a value is a finite number exactly where its status is ok."""
    finite = np.isfinite(scores.values)
    nan = np.isnan(scores.values)
    return bool(((scores.codes == 0) == finite).all() and (finite | nan).all())


@given(values_and_statuses)
def test_a_value_is_a_number_exactly_where_the_status_is_ok(rows: list[tuple[Any, Status]]) -> None:
    scores = Scores([v for v, _ in rows], [s for _, s in rows])
    assert whole(scores)
    for (value, status), found, number in zip(rows, scores.status, scores.values, strict=True):
        if status is not Status.OK:
            assert found is status, "a status that was given stands"
        elif value is None:
            assert found is Status.MISSING
        elif not math.isfinite(value):
            assert found is Status.ERROR
        else:
            assert found is Status.OK
            assert number == value


def test_why_something_is_no_score_is_said() -> None:
    scores = Scores([math.nan, math.inf, None, 1.0], reason=["", "", "", "fine"])
    assert scores.reason == [
        "the reward returned nan, which is no score",
        "the reward returned inf, which is no score",
        "the reward returned None",
        "fine",
    ]


@pytest.mark.parametrize("values", [["0.5"], [0.5, "1"], np.array(["0.5"]), [0.5j], [[]], [object()]])
def test_what_is_no_number_never_becomes_one(values: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="scores are"):
        Scores(values)


@pytest.mark.parametrize("values", [0.5, [[0.5]], np.zeros((2, 2))])
def test_one_number_a_sample(values: Any) -> None:
    with pytest.raises(ValueError, match="one number a sample"):
        Scores(values)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 values but 1 statuses"):
        Scores([1, 2], ["ok"])
    with pytest.raises(ValueError, match="2 values but 1 reasons"):
        Scores([1, 2], reason=["x"])
    with pytest.raises(ValueError, match="2 values but 3 notes"):
        Scores([1, 2], notes=[1, 2, 3])
    with pytest.raises(ValueError, match="2 values but term 'a' has 1"):
        Scores([1, 2], terms={"a": Scores([1])})


def test_an_unknown_status_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="no status 'time-out'; did you mean 'timeout'"):
        Scores([None], "time-out")


def test_status_compares_with_its_name_and_counts_from_harmless_to_serious() -> None:
    scores = Scores([1.0, None], ["ok", "timeout"])
    assert (scores.status == "timeout").tolist() == [False, True]
    order = ["ok", "skipped", "missing", "unparsed", "timeout", "error", "invalid"]
    assert [status_code(s) for s in order] == list(range(7))


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(STATUSES), st.sampled_from(STATUSES)), min_size=1))
def test_the_most_serious_status_wins(rows: list[tuple[Status, ...]]) -> None:
    parts = {
        name: Scores([1.0] * len(rows), [row[k] for row in rows], [f"why {row[k]}" for row in rows])
        for k, name in enumerate("abc")
    }
    codes, reasons = worst(parts)
    for row, code, reason in zip(rows, codes, reasons, strict=True):
        most = max(row, key=list(STATUSES).index)
        assert STATUSES[code] is most
        assert reason == "; ".join(f"{name}: why {most}" for name, s in zip("abc", row, strict=True) if s is most)


class TestLookup:
    scores = Scores([1], terms={"judge": Scores([1], terms={"clarity": Scores([0.5]), "a.b": Scores([0.25])})})

    def test_dotted_names(self) -> None:
        assert self.scores["judge"].values[0] == 1
        assert self.scores["judge.clarity"].values[0] == 0.5
        assert self.scores["judge.a.b"].values[0] == 0.25
        assert [name for name, _ in self.scores.walk()] == ["judge", "judge.clarity", "judge.a.b"]

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("judge.clarty", "did you mean 'judge.clarity'"), ("jugde", "did you mean 'judge'"), ("", "known: judge")],
    )
    def test_an_unknown_name_names_the_nearest(self, name: str, hint: str) -> None:
        with pytest.raises(KeyError, match=hint):
            _ = self.scores[name]


class TestMatrix:
    def test_a_sum_has_one_channel_a_term(self) -> None:
        a, b = Scores([1.0, 2.0]).weighed(1.0), Scores([10.0, None]).weighed(0.5)
        names, values, weights = Scores([6.0, None], ["ok", "missing"], terms={"a": a, "b": b}).matrix()
        assert names == ("a", "b")
        np.testing.assert_array_equal(values, [[1, 10], [2, math.nan]])
        np.testing.assert_array_equal(weights, [[1, 0.5], [1, 0.5]])

    def test_nested_sums_multiply_their_weights(self) -> None:
        x, y, z = pl.Length(target=1, width=9), pl.Length(target=9, width=9, name="y"), pl.Format("answer", name="z")
        inner = pl.Sum((x, y), (2.0, -1.0), name="inner")
        scores = (0.5 * inner + 3 * z).score([pl.Sample("", "a b c"), pl.Sample("", "<answer>a</answer>")])
        names, values, weights = scores.matrix()
        assert names == ("inner.length", "inner.y", "z")
        np.testing.assert_array_equal(weights, [[1.0, -0.5, 3.0]] * 2)
        # three words: 1 - 2/9 and 1 - 6/9, no answer block; one word: 1 and 1 - 8/9, an answer block
        np.testing.assert_allclose(values, [[7 / 9, 3 / 9, 0], [1, 1 / 9, 1]])
        np.testing.assert_allclose((values * weights).sum(1), scores.values)
        np.testing.assert_allclose(scores.values, [7 / 9 - 0.5 * 3 / 9, 1 - 0.5 / 9 + 3])

    @pytest.mark.parametrize(
        "expression",
        [
            'Gate(Format("answer"), Answer("exact") + Length(target=1, width=9))',
            'Answer("exact") * Length(target=1, width=9)',
            'Default(Answer("exact") + Length(target=1, width=9), 0)',
            'Answer("exact")',
        ],
    )
    def test_anything_but_a_sum_is_one_channel(self, expression: str) -> None:
        scores = pl.load(expression).score(pl.Sample("", "<answer>a</answer>", "a"))
        names, values, weights = scores.matrix()
        assert names == ("reward",)
        assert values.tolist() == [scores.values.tolist()]
        assert weights.tolist() == [[1.0]]

    def test_no_samples(self) -> None:
        names, values, weights = pl.load('Answer("exact") + 2 * Length(target=1, width=9)').score([]).matrix()
        assert (names, values.shape, weights.shape) == (("answer", "length"), (0, 2), (0, 2))


def tree() -> Scores:
    part = Scores(
        [0.5, None, 2.0], ["ok", "error", "ok"], ["", "broke", "good"], weight=3.0, spent={"calls": np.ones(3)}
    )
    span = Span(1.0, "char", (0, 2))
    return Scores(
        [1.5, None, 6.0],
        ["ok", "error", "ok"],
        ["", "part: broke", ""],
        terms={"part": part},
        notes=["a", None, "c"],
        spans=[(span,), (), ()],
        spent={"seconds": np.array([1.0, 2.0, 3.0])},
    )


def same(one: Scores, other: Scores) -> bool:
    def shown(s: Scores) -> Any:
        weight = None if s.weight is None else s.weight.tolist()
        spent = {k: v.tolist() for k, v in s.spent.items()}
        return [repr(s.values.tolist()), s.codes.tolist(), s.reason, weight, s.notes, s.spans, spent]

    below = zip(one.walk(), other.walk(), strict=True)
    return shown(one) == shown(other) and all(n == m and shown(a) == shown(b) for (n, a), (m, b) in below)


class TestRows:
    def test_take(self) -> None:
        taken = tree().take([2, 0, 2])
        assert taken.values.tolist() == [6.0, 1.5, 6.0]
        assert taken.notes == ["c", "a", "c"]
        assert taken["part"].reason == ["good", "", "good"]
        assert taken["part"].weight is not None
        assert taken["part"].weight.tolist() == [3.0] * 3
        assert taken.spent["seconds"].tolist() == [3.0, 1.0, 3.0]

    def test_scatter_leaves_the_others_skipped_at_no_cost(self) -> None:
        out = tree().scatter(5, np.array([4, 0, 2]))
        assert [s.value for s in out.status] == ["error", "skipped", "ok", "skipped", "ok"]
        assert out.values[[2, 4]].tolist() == [6.0, 1.5]
        assert out.reason == ["part: broke", "not asked", "", "not asked", ""]
        assert out["part"].reason[1] == "not asked"
        assert out["part"].weight is not None
        assert out["part"].weight.tolist() == [3, 0, 3, 0, 3]
        assert out.spent["seconds"].tolist() == [2, 0, 3, 0, 1]
        assert whole(out)
        assert whole(out["part"])

    @given(st.permutations(range(6)), st.integers(0, 6))
    def test_scatter_undoes_take(self, order: list[int], k: int) -> None:
        rows = np.array(order[:k], dtype=np.intp)
        scores = Scores([float(i) for i in range(6)], reason=[str(i) for i in range(6)])
        out = scores.take(rows).scatter(6, rows)
        for i in range(6):
            assert (out.values[i] == i and out.reason[i] == str(i)) if i in rows else out.status[i] == "skipped"

    def test_put_replaces_everything_of_a_row(self) -> None:
        span = Span(1.0, "char", (0, 2))
        scores = Scores([None, 1.0, None], ["missing", "ok", "missing"], ["undecided", "", "undecided"])
        seconds = np.ones(3)
        scores.spent["seconds"] = seconds
        answer = Scores([0.25, None], ["ok", "timeout"], ["", "2 s"], notes=["n", None], spans=[(span,), ()])
        answer.spent["seconds"] = np.array([5.0, 7.0])
        scores.put(np.array([2, 0]), answer)
        assert [s.value for s in scores.status] == ["timeout", "ok", "ok"]
        assert scores.reason == ["2 s", "", ""]
        assert scores.values[1:].tolist() == [1.0, 0.25]
        assert scores.notes == [None, None, "n"]
        assert scores.spans == [(), (), (span,)]
        assert scores.spent["seconds"].tolist() == [8.0, 1.0, 6.0]
        assert seconds.tolist() == [1, 1, 1], "what the caller gave stays as it was"
        assert whole(scores)

    def test_put_refuses_what_it_would_tear_apart(self) -> None:
        with pytest.raises(ValueError, match="rows without terms"):
            tree().put(np.array([0]), Scores([1.0]))
        with pytest.raises(ValueError, match="put takes 2 rows"):
            Scores([1.0, 2.0]).put(np.array([0, 1]), Scores([1.0]))

    @pytest.mark.parametrize("cut", [0, 1, 2, 3])
    def test_concat_undoes_a_cut(self, cut: int) -> None:
        assert same(Scores.concat([tree().take(range(cut)), tree().take(range(cut, 3))]), tree())

    def test_concat_of_blocks_that_differ_in_what_they_hold(self) -> None:
        bare = Scores([1.0])
        full = Scores([2.0], terms={"t": Scores([3.0])}, notes=["n"], spent={"calls": np.ones(1)})
        joined = Scores.concat([bare, full])
        assert [s.value for s in joined["t"].status] == ["missing", "ok"]
        assert joined.notes == [None, "n"]
        assert joined.spent["calls"].tolist() == [0, 1]
        assert len(Scores.concat([])) == 0

    def test_pickle(self) -> None:
        assert same(pickle.loads(pickle.dumps(tree())), tree())


def test_records_are_json_of_the_stated_schema() -> None:
    samples = [pl.Sample("?", "!", id=f"s{i}") for i in range(3)]
    rows = list(tree().records(samples))
    assert json.loads(json.dumps(rows)) == rows
    assert rows[0] == {
        "id": "s0",
        "reward": 1.5,
        "status": "ok",
        "reason": "",
        "terms": {"part": 0.5},
        "term_status": {},
    }
    assert rows[1] == {
        "id": "s1",
        "reward": None,
        "status": "error",
        "reason": "part: broke",
        "terms": {"part": None},
        "term_status": {"part": "error"},
    }
    assert [r["id"] for r in tree().records()] == [None] * 3
    assert list(Scores([]).records()) == []
    assert next(Scores([1.0]).records())["terms"] == {}


class TestDataFrame:
    def test_columns(self) -> None:
        pytest.importorskip("pandas")
        frame = tree().to_dataframe()
        assert list(frame.columns) == ["value", "status", "reason", "part", "part.status"]
        assert frame["part"].tolist()[::2] == [0.5, 2.0]
        assert frame["status"].tolist() == ["ok", "error", "ok"]

    def test_a_term_called_value_hides_nothing(self) -> None:
        pytest.importorskip("pandas")
        frame = Scores([1.0], terms={"value": Scores([2.0]), "status": Scores([3.0])}).to_dataframe()
        assert frame["value"].tolist() == [1.0]
        assert frame["status"].tolist() == ["ok"]
        assert frame["value_"].tolist() == [2.0]
        assert frame["status_"].tolist() == [3.0]

    def test_without_pandas_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(pl.ConfigError, match="pip install pandas"):
            tree().to_dataframe()


def test_seconds_count_the_whole_tree() -> None:
    part = Scores([1.0, 1.0], spent={"seconds": np.array([1.0, 2.0])})
    scores = Scores([1.0, 1.0], terms={"a": part, "b": part}, spent={"seconds": np.array([0.5, 0.5])})
    assert scores.seconds.tolist() == [2.5, 4.5]
    assert scores.spent["seconds"].tolist() == [0.5, 0.5]


def test_repr_counts() -> None:
    assert repr(tree()) == "<Scores of 3: 2 ok, 1 error, mean 3.75, terms part>"
    assert repr(Scores([])) == "<Scores of 0: empty>"
    assert repr(Scores([None], "error")) == "<Scores of 1: 1 error>"
