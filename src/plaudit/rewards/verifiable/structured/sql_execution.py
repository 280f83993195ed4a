"""SQL by execution: does the response's query return what the reference query returns?

Queries run on SQLite, on a database that nothing can write to, within bounds of steps, seconds, rows and memory.

>>> database = "create table t (n int); insert into t values (1), (2), (2);"
>>> run_query("select n from t order by n desc", database).rows
[(2,), (2,), (1,)]
>>> run_query("drop table t", database)
Traceback (most recent call last):
plaudit.rewards.verifiable.structured.sql_execution.QueryError: the query failed: not authorized
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from os import PathLike, fspath
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block

if TYPE_CHECKING:
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

Credit = Literal["all", "rows", "runs"]
Rows = Literal["bag", "set"]

#: What one query may use: bytes of text, rows of result, seconds; bytes of one value; bytes of memory in all.
MAX_QUERY, MAX_ROWS, MAX_SECONDS = 100_000, 10_000, 2.0
_MAX_VALUE, _MAX_MEMORY = 1_000_000, 512 << 20
#: Seconds that grading may take: both queries, and building a database.
_SECONDS = 30.0
_STEPS = 1_000  # of SQLite's machine between two looks at the clock
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
#: Functions whose result the database alone does not decide.
_REFUSED = {"load_extension", "random", "randomblob", "sqlite_version", "sqlite_source_id", "readfile", "edit"}


class QueryError(ValueError):
    """A query that can't be run to its end; its message is a reason."""


class Result(NamedTuple):
    """What a query returned: its rows, each as long as there are columns."""

    rows: list[tuple[Any, ...]]
    columns: int


@part
class SqlExecution(Leaf):
    """Execution accuracy: 1 where the response's query returns what the reference query returns.

    ``sample["database"]`` is a script of SQL that builds the database (tables and rows), the path of an SQLite file, or
    a list of such: then the results must agree on every one, which a query that is right by chance hardly does (test
    suite accuracy). Rows are compared in order only where the reference query itself ends in ORDER BY; columns by
    place, not by name. Numbers are equal by value, fractions to nine digits; texts exactly.

    No query, several, one that is not a single SELECT (or WITH), one that fails, takes longer than 2 seconds (on all
    databases together), or returns more than 10,000 rows scores 0 with that reason. A reference query of which the same
    is true, or that returns no row on any of the databases (so that every empty query would match it), is ``invalid``.

    Args:
        credit: ``all``: as above (execution match, or "semantic accuracy"); ``rows``: F1 between the two bags of rows,
            the mean over the databases, whatever their order; ``runs``: 1 where the query can be run at all.
        rows: ``bag``: repeated rows count; ``set``: they don't, and neither does order, as in BIRD's script.
        where: where the query stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]. Needs: ``reference``: a query; ``database``.

    Source: Yu et al., "Spider" (2018), execution accuracy; Zhong, Yu and Klein, "Semantic evaluation for
    text-to-SQL with distilled test suites" (2020), for several databases; Li et al., "BIRD" (2023), for ``set``.

    >>> from plaudit import Sample
    >>> meta = {"database": "create table t (n int); insert into t values (1), (2);"}
    >>> said = ["<answer>select n from t order by n</answer>", "<answer>select max(n) from t</answer>"]
    >>> scores = SqlExecution().score([Sample("?", text, "select n from t", meta=meta) for text in said])
    >>> scores.values, scores.reason
    (array([1., 0.]), ['', '1 rows of 1 columns, not 2 of 1'])
    """

    credit: Credit = "all"
    rows: Rows = "bag"
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference", "database")
    range = (0.0, 1.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample in a worker that outlives both queries, whose clock is SQLite's."""
        return await run.each(self.grade, samples, "cpu", _SECONDS if self.timeout is None else self.timeout)

    def grade(self, sample: Sample) -> Any:
        """Return the agreement of the results, or what is wrong with the query."""
        databases = _databases(sample["database"])
        right = _reference(sample.reference, databases)
        found = code_block(sample.text, ("sql", "sqlite"), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            said = _run_on(databases, found.text)
        except QueryError as error:
            return Grade(0.0, str(error))
        if self.credit == "runs":
            return Grade(1.0)
        pairs = list(zip(said, right, strict=True))
        if self.credit == "rows":
            value = sum(_f1(ours, theirs, self.rows) for ours, theirs in pairs) / len(pairs)
            return Grade(value, "" if value == 1 else f"F1 of rows {value:.3f}")
        ordered = self.rows == "bag" and _is_ordered(sample.reference)
        for ours, theirs in pairs:
            if not _equal(ours, theirs, self.rows, ordered):
                return Grade(0.0, _difference(ours, theirs, ordered))
        return Grade(1.0)


def run_query(query: str, database: str | PathLike[str], seconds: float = MAX_SECONDS) -> Result:
    """Run one query that only reads.

    Args:
        query: one SELECT or WITH statement of at most 100,000 bytes.
        database: a script that builds it, or an SQLite file.
        seconds: how long it may take.

    Returns:
        At most 10,000 rows; values are None, int, float, str or bytes.

    Raises:
        QueryError: the query is not a single one, fails, writes, takes too long or returns too much.
        BadReferenceError: the database can't be built or read.
    """
    try:
        size = len(query.encode())
    except UnicodeEncodeError:
        raise QueryError("the query has characters that are no text") from None
    if size > MAX_QUERY or "\0" in query:
        raise QueryError(f"the query is longer than {MAX_QUERY:,} bytes" if size > MAX_QUERY else "the query has a NUL")
    with closing(_opened(database)) as connection:
        return _run(connection, query, seconds)


def _run(connection: sqlite3.Connection, query: str, seconds: float) -> Result:
    connection.execute(f"pragma hard_heap_limit = {_MAX_MEMORY}")
    connection.execute("pragma temp_store = memory")
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE),
        (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    ):
        connection.setlimit(limit, most)
    until = monotonic() + seconds
    connection.set_authorizer(_authorize)
    connection.set_progress_handler(lambda: monotonic() > until, _STEPS)
    try:
        connection.execute(f"explain {query}").close()  # which a query that itself begins with EXPLAIN is no place for
        cursor = connection.execute(query)
        rows = cursor.fetchmany(MAX_ROWS + 1)
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise QueryError(f"the query took longer than {seconds:.2g} s") from None
        raise QueryError(f"the query failed: {_line(error)}") from None
    except MemoryError:
        raise QueryError("the query ran out of memory") from None
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        raise QueryError(f"the query failed: {_line(error)}") from None
    if len(rows) > MAX_ROWS:
        raise QueryError(f"the query returned more than {MAX_ROWS:,} rows")
    return Result(rows, len(cursor.description))


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    refused = action not in _ALLOWED or (action == sqlite3.SQLITE_FUNCTION and second in _REFUSED)
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def _line(error: Exception) -> str:
    """Return an error's text in one line that any writer takes (it may quote the query)."""
    return " ".join(str(error).encode("utf-8", "backslashreplace").decode().split())[:200]


def _run_on(databases: Sequence[str | Path], query: str) -> list[Result]:
    """Run a query on each database, within the seconds of one."""
    until = monotonic() + MAX_SECONDS
    return [run_query(query, database, max(0.0, until - monotonic())) for database in databases]


def _databases(given: Any) -> list[str | Path]:
    several = given if isinstance(given, Sequence) and not isinstance(given, str | bytes) else [given]
    if not several:
        raise BadReferenceError("database is an empty list; expected a script, an SQLite file, or a list of them")
    found: list[str | Path] = []
    for one in several:
        if isinstance(one, Mapping) or not isinstance(one, str | PathLike):
            raise BadReferenceError(
                f"database is a {type(one).__name__}; expected a script, an SQLite file, or a list of them"
            )
        path = fspath(one)
        # A script has white space or a semicolon at least; a file's suffix says what it is.
        is_file = not isinstance(one, str) or path.endswith((".sqlite", ".sqlite3", ".db"))
        found.append(Path(path) if is_file else path)
    return found


def _opened(database: str | PathLike[str]) -> sqlite3.Connection:
    try:
        if isinstance(database, str):
            connection = sqlite3.connect(":memory:")
            connection.deserialize(_built(database))
            return connection
        path = Path(database)
        if not path.is_file():
            raise BadReferenceError(f"database {str(path)!r} is not there")
        return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise BadReferenceError(f"database can't be read: {_line(error)}") from None


@lru_cache(maxsize=16)
def _built(script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.executescript(script)
            connection.commit()
            if not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
                raise BadReferenceError("database script makes no table")
            return connection.serialize()
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
            raise BadReferenceError(f"database script fails: {_line(error)}") from None


def _reference(query: Any, databases: Sequence[str | Path]) -> list[Result]:
    if not isinstance(query, str):
        raise BadReferenceError(f"reference is a {type(query).__name__}; expected a query as text")
    try:
        results = _run_on(databases, query)
    except QueryError as error:
        raise BadReferenceError(f"reference: {error}") from None
    if not any(result.rows for result in results):
        raise BadReferenceError("reference query returns no row: any query without rows would match it")
    return results


def _is_ordered(query: str) -> bool:
    """Whether a query itself, not a query within it, ends in ORDER BY."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(query, dialect="sqlite")
    except (SqlglotError, RecursionError):
        raise BadReferenceError("reference query runs, but sqlglot can't parse it to see whether it orders") from None
    return parsed.args.get("order") is not None


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(float(f"{value:.9g}") if isinstance(value, float) else value for value in row)


def _equal(ours: Result, theirs: Result, rows: Rows, ordered: bool) -> bool:
    if ours.columns != theirs.columns:
        return False
    one, other = [_key(row) for row in ours.rows], [_key(row) for row in theirs.rows]
    if rows == "set":
        return set(one) == set(other)
    return one == other if ordered else Counter(one) == Counter(other)


def _f1(ours: Result, theirs: Result, rows: Rows) -> float:
    one, other = Counter(map(_key, ours.rows)), Counter(map(_key, theirs.rows))
    if rows == "set":
        one, other = Counter(set(one)), Counter(set(other))
    if ours.columns != theirs.columns:
        return 0.0
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def _difference(ours: Result, theirs: Result, ordered: bool) -> str:
    one, other = (len(ours.rows), ours.columns), (len(theirs.rows), theirs.columns)
    if one != other:
        return f"{one[0]} rows of {one[1]} columns, not {other[0]} of {other[1]}"
    same = ordered and Counter(map(_key, ours.rows)) == Counter(map(_key, theirs.rows))
    return "the rows in another order" if same else "other rows"
