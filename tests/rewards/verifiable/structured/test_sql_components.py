from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.sql_components import ParseError, SqlComponents, compare


@pytest.mark.parametrize(
    ("query", "reference"),
    [
        ('SELECT "Name" FROM People', "select name from people"),
        ("select p.name from people as p", "select name from people"),
        ("select name as n from people order by n", "select name from people order by name"),
        ("select a from t where y = 2 and x = 1", "select a from t where x = 1 and y = 2"),
        ("select b, a from t group by b, a", "select a, b from t group by a, b"),
        ("select x.a from t as x join u as y on x.i = y.i", "select t.a from t join u on t.i = u.i"),
        ("(select a from t)", "select a from t;"),
        ("select a from t -- first\n", "select a from t"),
    ],
)
def test_what_only_is_written_otherwise_is_the_same(query: str, reference: str) -> None:
    assert set(compare(query, reference).values()) == {1}


@pytest.mark.parametrize(
    ("query", "reference", "f1"),
    [
        ("select a from t", "select b from t", {"select": 0, "from": 1}),
        ("select a, b from t", "select a from t", {"select": 2 / 3, "from": 1}),
        ("select a from t where x = 1", "select a from t", {"select": 1, "from": 1, "where": 0}),
        ("select a from t where x = 1", "select a from t where x = 1 or y = 2", {"select": 1, "from": 1, "where": 0}),
        ("select a from t order by b, a", "select a from t order by a, b", {"select": 1, "from": 1, "order": 0}),
        ("select a from t order by a desc", "select a from t order by a", {"select": 1, "from": 1, "order": 0}),
        ("select distinct a from t", "select a from t", {"select": 0, "from": 1}),
        ("select a from t limit 1", "select a from t limit 2", {"select": 1, "from": 1, "limit": 0}),
        ("select a from t union select b from u", "select a from t", {"select": 1, "from": 1, "set": 0}),
        (
            "select a from t union all select b from u",
            "select a from t union select b from u",
            {"select": 1, "from": 1, "set": 0},
        ),
        (
            "select max(a) from t group by b having count(*) > 1",
            "select max(a) from t group by b",
            {"select": 1, "from": 1, "group": 1, "having": 0},
        ),
        (
            "select x.a from t x join t y on x.i = y.j",
            "select y.a from t x join t y on x.i = y.j",
            {"select": 0, "from": 1},
        ),
    ],
)
def test_clauses_by_hand(query: str, reference: str, f1: dict[str, float]) -> None:
    assert compare(query, reference) == pytest.approx(f1)
    assert compare(reference, query) == pytest.approx(f1)


def test_the_reward_is_the_mean_and_keeps_the_clauses() -> None:
    sample = Sample("?", "```sql\nselect a, b from t where x = 1\n```", "select a from t where x = 1")
    scores = SqlComponents().score([sample])
    assert scores.values == pytest.approx([(2 / 3 + 1 + 1) / 3])
    assert (scores["select"].values[0], scores["where"].values[0]) == (pytest.approx(2 / 3), 1)
    assert scores.reason == ["differs in select"]
    assert SqlComponents("all").score([sample]).values[0] == 0
    assert (
        SqlComponents("all").score([Sample("?", "<answer>select A from T</answer>", "select a from t")]).values[0] == 1
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("selec a", "ALIAS where a query belongs"),
        ("select a from", "the query can't be parsed: "),
        ("select", "a query that selects nothing"),
        ("", "no query"),
        ("select 1; select 2", "2 statements where 1 belongs"),
        ("insert into t values (1)", "INSERT where a query belongs"),
        ("select " + "(" * 50 + "1" + ")" * 50, "the query is nested too deep"),
        ("select " + "- " * 4000 + "1", "the query can't be parsed: "),
        ("select " + "a." * 3000 + "a", "the query is nested too deep"),
        ("select 1 " + "union select 1 " * 60, "a query of more than 50 selections"),
        ("select " + "1, " * 5000 + "1", "the query is longer than 10,000 characters"),
    ],
)
def test_what_is_not_one_query(query: str, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        compare(query, "select 1")
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (5, "reference is a int; expected a query"),
        ("selec", "reference: "),
        ("", "reference: no query"),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    scores = SqlComponents().score([Sample("?", "<answer>select 1</answer>", reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)
