from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.sql_execution import QueryError, SqlExecution, run_query

PEOPLE = """
create table people (id integer primary key, name text, age integer, city text);
insert into people values (1, 'Ada', 36, 'Rome'), (2, 'Bo', 20, 'Paris'), (3, 'Cy', 36, 'Paris');
"""
OTHERS = (
    "create table people (id, name, age, city); insert into people values (1, 'Di', 50, 'Oslo'), (2, 'Ed', 3, 'Rome');"
)
FOREVER = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"


def graded(query: str, reference: Any, database: Any = PEOPLE, **options: Any) -> tuple[float, str, str]:
    meta = {} if database is None else {"database": database}
    scores = SqlExecution(**options).score([Sample("?", f"<answer>{query}</answer>", reference, meta=meta)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("query", "reference", "value", "reason"),
    [
        ("select name from people where age = 36", "select name from people where age > 30", 1, ""),
        ("SELECT NAME AS n FROM people WHERE id IN (3, 1)", "select name from people where age > 30", 1, ""),
        ("select name from people where age > 30 order by name desc", "select name from people where age > 30", 1, ""),
        ("select name from people", "select name from people where age > 30", 0, "3 rows of 1 columns, not 2 of 1"),
        ("select name, id from people", "select id, name from people", 0, "other rows"),
        ("select city from people", "select distinct city from people", 0, "3 rows of 1 columns, not 2 of 1"),
        ("select id, 1 from people", "select id from people", 0, "3 rows of 2 columns, not 3 of 1"),
        ("select name from people order by id", "select name from people order by id", 1, ""),
        ("select name from people", "select name from people order by id desc", 0, "the rows in another order"),
        ("select 36.0, '36'", "select 36, '36'", 1, ""),
        ("select 36", "select '36'", 0, "other rows"),
        ("select 0.1 + 0.2", "select 0.3", 1, ""),
        ("select 0.30000001", "select 0.3", 0, "other rows"),
        ("select null", "select null", 1, ""),
        ("select name from (select * from people order by id desc)", "select name from people", 1, ""),
    ],
)
def test_execution_match(query: str, reference: str, value: float, reason: str) -> None:
    assert graded(query, reference) == (value, "ok", reason)


def test_an_inner_order_or_a_word_in_a_text_does_not_make_order_matter() -> None:
    inner = "select name from people where id in (select id from people order by age limit 3)"
    assert graded("select name from people order by id desc", inner)[0] == 1
    assert graded("select 'order by' from people", "select 'order by' from people")[0] == 1
    union = "select name from people where id < 2 union select name from people order by name desc"
    assert graded("select name from people", union)[2] == "the rows in another order"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("selec name from people", 'the query failed: near "selec": syntax error'),
        ("select nme from people", "the query failed: no such column: nme"),
        ("select 1; select 2", "the query failed: You can only execute one statement at a time."),
        ("delete from people", "the query failed: not authorized"),
        ("update people set age = 1", "the query failed: not authorized"),
        ("create table t (x)", "the query failed: not authorized"),
        ("attach '/tmp/x.db' as x", "the query failed: not authorized"),
        ("pragma hard_heap_limit = 0", "the query failed: not authorized"),
        ("select load_extension('x')", "the query failed: "),
        ("select random()", "the query failed: not authorized to use function: random"),
        ("select hex(zeroblob(100000000))", "the query failed: string or blob too big"),
        ("-- nothing", "the query failed: incomplete input"),
        ("select '\x00'", "the query has a NUL"),
        ("select '\ud800'", "the query has characters that are no text"),
        ("select '" + "x" * 200_000 + "'", "the query is longer than 100,000 bytes"),
        (
            "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c",
            "the query returned more than 10,000 rows",
        ),
        ("select " + "(" * 5000 + "1" + ")" * 5000, "the query failed: "),
        ("explain select 1", 'the query failed: near "explain": syntax error'),
    ],
)
@pytest.mark.parametrize("credit", ["all", "runs"])
def test_a_query_that_does_not_run_scores_0(query: str, reason: str, credit: Any) -> None:
    value, status, found = graded(query, "select name from people", credit=credit)
    assert (value, status) == (0, "ok")
    assert found.startswith(reason) or (reason.endswith("not authorized") and "not authorized" in found)


@pytest.mark.system("contrastive-text2sql")
def test_contrastive_text2sql_runs_and_means_are_kept_apart() -> None:
    right = "select name from people where age > 30"
    other, wrong = "select name from people", "select name frm people"
    assert [graded(q, right, credit="runs")[0] for q in (right, other, wrong, FOREVER)] == [1, 1, 0, 0]
    assert [graded(q, right)[0] for q in (right, other, wrong, FOREVER)] == [1, 0, 0, 0]
    assert graded(FOREVER, right)[2] == "the query took longer than 2 s"
    assert graded("select name from people order by id desc", "select name from people")[0] == 1
    assert graded("select name from people order by id desc", "select name from people order by id")[0] == 0


def test_several_databases_catch_a_guess() -> None:
    right, guess = "select name from people where age > 30", "select name from people where age = 36"
    assert graded(guess, right)[0] == 1
    assert graded(guess, right, [PEOPLE, OTHERS])[2] == "0 rows of 1 columns, not 1 of 1"
    assert graded(right, right, [PEOPLE, OTHERS])[0] == 1
    assert graded(guess, right, [PEOPLE, OTHERS], credit="rows")[0] == 0.5


def test_credit_for_rows() -> None:
    value, _, reason = graded("select name from people", "select name from people where age > 30", credit="rows")
    assert value == pytest.approx(0.8)  # 2 of 3 and 2 of 2
    assert reason == "F1 of rows 0.800"
    assert graded("select city from people", "select distinct city from people", credit="rows")[0] == pytest.approx(0.8)
    assert graded("select city from people", "select distinct city from people", rows="set")[0] == 1


def test_a_database_file_is_read_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(PEOPLE)
    connection.close()
    before = path.read_bytes()
    assert graded("select name from people", "select name from people", str(path))[0] == 1
    assert graded("insert into people values (9, 'x', 1, 'y')", "select name from people", str(path))[0] == 0
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["people.sqlite"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_against_python(rows: list[tuple[int, int]], least: int) -> None:
    script = "create table t (a, b); " + " ".join(f"insert into t values ({a}, {b});" for a, b in rows)
    found = run_query(f"select a, sum(b) from t where b >= {least} group by a", script)
    sums: Counter[int] = Counter()
    for a, b in rows:
        if b >= least:
            sums[a] += b
    kept = {a for a, b in rows if b >= least}
    assert sorted(found.rows) == sorted((a, sums[a]) for a in kept)


@pytest.mark.parametrize(
    ("reference", "database", "reason"),
    [
        (None, PEOPLE, "no reference"),
        ("select 1", None, "no database"),
        (5, PEOPLE, "reference is a int; expected a query as text"),
        ("select x from people", PEOPLE, "reference: the query failed: no such column: x"),
        ("drop table people", PEOPLE, "reference: the query failed: not authorized"),
        ("select * from people where id > 9", PEOPLE, "reference query returns no row"),
        ("select 1", "create tabl", "database script fails: near"),
        ("select 1", "no/such.sqlite", "database 'no/such.sqlite' is not there"),
        ("select 1", 5, "database is a int; expected a script"),
        ("select 1", [], "database is an empty list"),
        ("select 1", [PEOPLE, {}], "database is a dict; expected a script"),
    ],
)
@pytest.mark.parametrize("query", ["select 1", ""])
def test_a_bad_record_is_invalid_whatever_the_response(reference: Any, database: Any, reason: str, query: str) -> None:
    _, status, found = graded(query, reference, database)
    assert status == "invalid"
    assert found.startswith(reason)


def test_run_query_says_what_is_wrong() -> None:
    with pytest.raises(QueryError, match="no such table"):
        run_query("select * from t", PEOPLE)
    with pytest.raises(BadReferenceError, match="database script makes no table"):
        run_query("select 1", "select 1")
