from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.tables import Cell, Table, read_table
from plaudit.rewards.verifiable.structured.teds import Teds, teds

Tree = tuple[Any, tuple[Any, ...]]  # (label, children)


def tree(table: Table) -> Tree:
    rows = [("row", tuple((("cell", c.rows, c.columns, c.text), ()) for c in row)) for row in table.rows]
    parts = [(name, tuple(part)) for name, part in (("head", rows[: table.head]), ("body", rows[table.head :])) if part]
    return "table", tuple(parts)


def size(forest: tuple[Any, ...]) -> int:
    return sum(1 + size(children) for _, children in forest)


def change(a: Any, b: Any) -> float:
    """What changing a label costs, by the definition."""
    if isinstance(a, str) or isinstance(b, str) or a[:3] != b[:3]:
        return float(a != b)
    if a[3] == b[3]:
        return 0.0
    return float(letters(a[3], b[3])) / max(len(a[3]), len(b[3]))


def letters(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    return min(letters(a[1:], b) + 1, letters(a, b[1:]) + 1, letters(a[1:], b[1:]) + (a[0] != b[0]))


@cache
def distance(one: tuple[Any, ...], other: tuple[Any, ...]) -> float:
    """The edit distance of two ordered forests by its textbook recursion on the last tree."""
    if not one or not other:
        return float(size(one) + size(other))
    (a, inner), (b, within) = one[-1], other[-1]
    return min(
        distance(one[:-1] + inner, other) + 1,
        distance(one, other[:-1] + within) + 1,
        distance(inner, within) + distance(one[:-1], other[:-1]) + change(a, b),
    )


cells = st.builds(Cell, st.sampled_from(["", "a", "ab", "b"]), st.just(1), st.sampled_from([1, 1, 2]))
tables = st.builds(
    Table,
    st.lists(st.lists(cells, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
    st.integers(0, 1),
)


@given(tables, tables)
@settings(max_examples=60, deadline=None)
def test_equal_to_the_definition_by_brute_force(one: Table, other: Table) -> None:
    a, b = tree(one), tree(other)
    wanted = 1 - distance((a,), (b,)) / max(size((a,)), size((b,)))
    assert teds(one, other) == pytest.approx(wanted)
    assert teds(one, other) == pytest.approx(teds(other, one))
    assert teds(one, other, structure=True) >= teds(one, other) - 1e-9
    assert teds(one, one) == teds(one, one, count="released") == 1


def test_by_hand() -> None:
    right = "<table><tr><td>a</td><td>b</td></tr></table>"  # table, body, row, two cells: 5 nodes
    said = ["<td>a</td><td>b</td>", "<td>a</td><td>c</td>", "<td>a</td>", "<td colspan=2>a</td><td>b</td>"]
    scores = Teds().score([Sample("?", f"<answer><table><tr>{row}</tr></table></answer>", right) for row in said])
    assert scores.values == pytest.approx([1, 0.8, 0.8, 0.8])
    assert scores.reason == ["", "TEDS 0.800", "TEDS 0.800", "TEDS 0.800"]
    structure = Teds(structure=True).score(
        [Sample("?", f"<answer><table><tr>{r}</table></answer>", right) for r in said]
    )
    assert structure.values == pytest.approx([1, 1, 0.8, 0.8])
    released = Teds(count="released").score([Sample("?", f"<answer><table><tr>{said[2]}</table></answer>", right)])
    assert released.values == pytest.approx([0.75])  # the table itself is not counted: 1 - 1/4


def test_a_changed_text_costs_its_share() -> None:
    one, other = read_table("|kitten|\n|-|\n|x|"), read_table("|sitting|\n|-|\n|x|")
    assert teds(one, other) == pytest.approx(1 - (3 / 7) / 7)  # Levenshtein 3 of 7; 7 nodes


def test_syntaxes_can_be_mixed() -> None:
    latex = r"```latex" "\n" r"\begin{tabular}{lr} Year & \textbf{Sales} \\ \hline 2020 & 100 \\ \end{tabular}" "\n```"
    assert Teds().score([Sample("?", latex, [["Year", "Sales"], [2020, 100]])]).values[0] == 1
    assert Teds(syntax="html").score([Sample("?", latex, [["Year", "Sales"], [2020, 100]])]).reason == ["no table"]


@pytest.mark.system("table2latex-rl")
def test_table2latex_rl_structure_of_identical_latex_is_1() -> None:
    latex = r"\begin{tabular}{ll}\hline \multicolumn{2}{c}{a} \\ \hline b & c \\ \hline\end{tabular}"
    assert (
        Teds(structure=True, count="released").score([Sample("?", f"<answer>{latex}</answer>", latex)]).values[0] == 1
    )
    # One row of ten is missing: of 10 rows of 1 cell, a body and the table, two nodes of 21 (22 with the table).
    ten, nine = ("\\begin{tabular}{l}" + r"x \\" * n + "\\end{tabular}" for n in (10, 9))
    scores = Teds(structure=True, count="released").score([Sample("?", f"<answer>{nine}</answer>", ten)])
    assert scores.values == pytest.approx([1 - 2 / 21])


def test_bounds() -> None:
    large = "<table>" + "<tr><td>a</td></tr>" * 300 + "</table>"
    small = "<table><tr><td>a</td></tr></table>"
    scores = Teds().score([Sample("?", f"<answer>{large}</answer>", small), Sample("?", "", large)])
    assert scores.values[0] == 0
    assert scores.reason[0] == "a table of 602 nodes; 500 are allowed"
    assert (scores.status[1], scores.reason[1]) == (
        "invalid",
        "reference has 602 nodes; Teds(nodes=500) allows no more",
    )


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        (5, "reference is a int"),
        ("none", "reference is no table"),
        ([["a"], 5], "reference is a"),
    ],
)
@pytest.mark.parametrize("response", ["", "<answer>| a |\n| b |</answer>"])
def test_a_bad_reference_is_invalid_whatever_the_response(reference: Any, message: str, response: str) -> None:
    scores = Teds().score([Sample("?", response, reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(message)


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="the smallest table has 4"):
        Teds(nodes=3)
    with pytest.raises(ConfigError, match="syntax"):
        Teds(syntax="word")  # type: ignore[arg-type]
