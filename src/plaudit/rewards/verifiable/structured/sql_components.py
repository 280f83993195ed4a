"""SQL by its parts: how many of a query's clauses are those of the reference query, without running either.

>>> compare("select a from t where b = 1", "select A from t as x where x.b = 2")
{'select': 1.0, 'from': 1.0, 'where': 0.0}
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: A longer query, or one nested deeper, is none that anyone asked for, and a parser could take long over it.
MAX_CHARS, MAX_DEPTH, MAX_SELECTS = 10_000, 40, 50
Node = Any  # sqlglot has renamed its base class between versions
_BRACKET = re.compile(r"[()\[\]]|(?i:\bcase\b|\bend\b)")


class ParseError(ValueError):
    """A text that is not one query; its message is a reason."""


@part
class SqlComponents(Leaf):
    """Component matching: the mean over clauses of the F1 between the response's query and the reference's.

    The clauses are ``select``, ``from`` (tables and joins), ``where`` (the conditions joined by AND), ``group``,
    ``having``, ``order``, ``limit``, ``set`` (UNION, INTERSECT, EXCEPT and what follows) and ``with``; a clause counts
    if either query has it, and its F1 is that of the two bags of its parts. Names are compared without case or quotes,
    an alias as the table that it stands for, and without the table where there is but one; the order of the parts
    matters in ``order`` alone. Nothing is run: ``a + b`` and ``b + a`` differ.

    No query, several, or one that can't be parsed scores 0 with that reason; a reference that can't is ``invalid``.

    Args:
        credit: ``share``: the mean of the clauses' F1; ``all``: 1 where each of them is 1 (exact set match).
        dialect: which SQL both are written in, as sqlglot names it.
        where: where the query stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]; the clauses' F1 are its terms. Needs: ``reference``: a query.

    Source: Yu et al., "Spider" (2018), component matching and exact matching; here values are compared too.

    >>> from plaudit import Sample
    >>> said = "<answer>SELECT name FROM people WHERE age > 30 AND city = 'Rome'</answer>"
    >>> SqlComponents().score([Sample("?", said, "select name from people where city = 'Rome'")]).values.round(3)
    array([0.889])
    """

    credit: Literal["share", "all"] = "share"
    dialect: str = "sqlite"
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the agreement of the clauses, or what is wrong with the query."""
        if not isinstance(sample.reference, str):
            raise BadReferenceError(f"reference is a {type(sample.reference).__name__}; expected a query as text")
        try:
            right = _clauses(sample.reference, self.dialect)
        except ParseError as error:
            raise BadReferenceError(f"reference: {error}") from None
        found = code_block(sample.text, ("sql", self.dialect), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            said = _clauses(found.text, self.dialect)
        except ParseError as error:
            return Grade(0.0, str(error))
        f1 = _compared(said, right)
        value = sum(f1.values()) / len(f1)
        wrong = ", ".join(name for name, clause in f1.items() if clause < 1)
        if self.credit == "all":
            value = float(not wrong)
        return Grade(value, f"differs in {wrong}" if wrong else "", terms=f1)


def compare(query: str, reference: str, dialect: str = "sqlite") -> dict[str, float]:
    """Return the F1 of each clause that either query has.

    Raises:
        ParseError: one of them is not one query in this dialect.
    """
    return _compared(_clauses(query, dialect), _clauses(reference, dialect))


def _compared(said: dict[str, Counter[str]], right: dict[str, Counter[str]]) -> dict[str, float]:
    f1 = {}
    for name in right | said:
        one, other = said.get(name, Counter()), right.get(name, Counter())
        f1[name] = 2 * (one & other).total() / (one.total() + other.total())
    return f1


def _clauses(query: str, dialect: str) -> dict[str, Counter[str]]:
    """Return the bag of parts of each clause that a query has.

    Raises:
        ParseError: it is not one query.
    """
    try:
        clauses = _of(_parsed(query, dialect), dialect)
    except RecursionError:
        raise ParseError("the query is nested too deep") from None
    if "select" not in clauses:
        raise ParseError("a query that selects nothing")
    return clauses


def _of(query: Node, dialect: str) -> dict[str, Counter[str]]:
    from sqlglot import exp

    others: list[str] = []
    last: dict[str, list[Node]] = {"order": [], "limit": []}
    while isinstance(query, exp.SetOperation | exp.Subquery):
        if isinstance(query, exp.SetOperation):
            kind = f"{query.key}{'' if query.args.get('distinct', True) else ' all'}"
            others.append(f"{kind} {_written(query.right, dialect)}")
        last["order"] += query.args["order"].expressions if query.args.get("order") else []
        last["limit"] += [query.args[name] for name in ("limit", "offset") if query.args.get(name)]
        query = query.this
    source, group = _arg(query, "from"), query.args.get("group")
    found: dict[str, list[Node]] = {
        "select": list(query.expressions),
        "from": [*([source.this] if source else []), *(query.args.get("joins") or [])],
        "where": _conditions(query.args.get("where")),
        "group": list(group.expressions) if group else [],
        "having": _conditions(query.args.get("having")),
        "limit": [*(query.args[name] for name in ("limit", "offset") if query.args.get(name)), *last["limit"]],
        "with": list(_arg(query, "with").expressions) if _arg(query, "with") else [],
    }
    clauses = {name: Counter(_written(piece, dialect) for piece in pieces) for name, pieces in found.items() if pieces}
    if query.args.get("distinct") and "select" in clauses:
        clauses["select"] = Counter({f"distinct {piece}": n for piece, n in clauses["select"].items()})
    keys = [*(query.args["order"].expressions if query.args.get("order") else []), *last["order"]]
    if keys:  # the second key of one query is not the first of another
        clauses["order"] = Counter(f"{i} {_written(key, dialect)}" for i, key in enumerate(keys))
    if others:
        clauses["set"] = Counter(others)
    return clauses


def _arg(query: Node, name: str) -> Any:
    """Return an argument whose name is a word of Python, which sqlglot has spelt in two ways."""
    return query.args.get(f"{name}_") or query.args.get(name)


def _conditions(clause: Any) -> list[Node]:
    """Return the conditions that AND joins."""
    from sqlglot import exp

    if clause is None:
        return []
    return list(clause.this.flatten()) if isinstance(clause.this, exp.And) else [clause.this]


def _parsed(query: str, dialect: str) -> Node:
    """Parse one query, with its names made alike."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(query) > MAX_CHARS:
        raise ParseError(f"the query is longer than {MAX_CHARS:,} characters")
    depth = deepest = 0
    for bracket in _BRACKET.finditer(query):
        depth += 1 if bracket[0].lower() in ("(", "[", "case") else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise ParseError("the query is nested too deep")
    try:
        statements = [one for one in sqlglot.parse(query, dialect=dialect) if one is not None]
    except (SqlglotError, RecursionError) as error:
        raise ParseError(f"the query can't be parsed: {_line(error)}") from None
    if len(statements) != 1:
        raise ParseError(f"{len(statements)} statements where 1 belongs" if statements else "no query")
    parsed = statements[0]
    if not isinstance(parsed, exp.Query):
        raise ParseError(f"{parsed.key.upper()} where a query belongs")
    if sum(1 for _ in parsed.find_all(exp.Select)) > MAX_SELECTS:
        raise ParseError(f"a query of more than {MAX_SELECTS} selections")
    return _alike(parsed)


def _alike(query: Node) -> Node:
    """Write names in lower case without quotes, and tables in place of their aliases."""
    from sqlglot import exp

    for name in query.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", False)
    tables = list(query.find_all(exp.Table))
    for scope in query.find_all(exp.Select):
        own = [table for table in tables if table.find_ancestor(exp.Select) is scope]
        names = {table.alias_or_name: table.name for table in own}
        plain = len(names) == len(set(names.values())) == len(own)  # a table joined with itself needs its aliases
        for column in scope.find_all(exp.Column):
            if column.table in names and plain and column.find_ancestor(exp.Select) is scope:
                single = len(own) == 1 and scope is query
                column.set("table", None if single else exp.to_identifier(names[column.table]))
        if plain:
            for table in own:
                table.set("alias", None)
    # What a result's column is called is no part of what it holds.
    named = {alias.alias: alias for alias in query.find_all(exp.Alias) if alias.parent is query}
    for column in list(query.find_all(exp.Column)):
        if not column.table and column.name in named and column.find_ancestor(exp.Order, exp.Having, exp.Group):
            column.replace(named[column.name].this.copy())
    for alias in named.values():
        alias.replace(alias.this)
    return query


def _written(part: Node, dialect: str) -> str:
    return str(part.sql(dialect, normalize=False, comments=False))


def _line(error: Exception) -> str:
    first = str(error).encode("utf-8", "backslashreplace").decode().split("\n", 1)[0]
    return re.sub(r"\x1b\[\d*m", "", first)[:200]
