from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.table_values import RelativeMapping, TableF1, overlap, relative_mapping
from plaudit.rewards.verifiable.structured.tables import reference_table

RIGHT = [["Year", "Sales"], [2020, 100], [2021, 200]]


def rms(said: Any, right: Any = RIGHT, **options: float) -> tuple[float, float, float]:
    return tuple(relative_mapping(reference_table(said), reference_table(right), **options))  # type: ignore[return-value]


def test_by_hand() -> None:
    assert rms(RIGHT) == (1, 1, 1)
    assert rms([["Year", "Sales"], [2021, 200], [2020, 100]]) == (1, 1, 1)  # rows in any order
    assert rms([["", "2020", "2021"], ["Sales", 100, 200]])[2] == 1  # rows and columns exchanged
    assert rms([["Year", "Sales"], [2020, 95], [2021, 200]]) == pytest.approx((0.975,) * 3)  # 5% off: 0.95 and 1
    assert rms([["Year", "Sales"], [2020, 90], [2021, 200]])[2] == pytest.approx(0.5)  # 10% off is nothing at all
    assert rms([["Year", "Sales"], [2020, 90], [2021, 200]], number_theta=0.2)[2] == pytest.approx(0.95)
    assert rms([["Year", "Sales"], [2020, 100]]) == pytest.approx((1, 0.5, 2 / 3))
    assert rms([["Year", "Sales"], [2020, 100], [2021, 200], [2022, 300]])[0] == pytest.approx(2 / 3)
    # "2020 sale" for "2020 sales": one of ten letters, so 0.9 of each point.
    assert rms([["Year", "Sale"], [2020, 100], [2021, 200]])[2] == pytest.approx(0.9)
    assert rms([["a", "b"], ["x", 100], ["y", 200]])[2] == 0


def test_values_that_are_no_numbers() -> None:
    right = [["", "city"], ["x", "Paris"], ["y", "0"]]
    assert rms([["", "city"], ["x", "paris"], ["y", "0.0"]], right)[2] == 1
    assert rms([["", "city"], ["x", "Pariss"], ["y", "0"]], right)[2] == pytest.approx((5 / 6 + 1) / 2)
    assert rms([["", "city"], ["x", "Rome"], ["y", "7"]], right)[2] == 0
    assert rms([["", "share"], ["x", "12%"]], [["", "share"], ["x", 0.12]])[2] == 1
    assert rms([["", "n"], ["x", "nan"], ["y", "inf"]], [["", "n"], ["x", 5], ["y", 6]])[2] == 0


points = st.lists(st.tuples(st.sampled_from(["aa", "ab", "bb"]), st.integers(1, 9)), min_size=1, max_size=4)


@given(points, points)
@settings(deadline=None)
def test_against_every_pairing(said: list[tuple[str, int]], right: list[tuple[str, int]]) -> None:
    """The pairs are those whose names are nearest in sum; where several pairings tie, any of them will do."""

    def name(a: str, b: str) -> float:
        return 1 - sum(x != y for x, y in zip(a, b, strict=True)) / 4  # the whole names are "aa v", of 4 letters

    def value(p: int, t: int) -> float:
        return 1 - abs(p - t) / t if abs(p - t) / t < 0.5 else 0.0

    few, many = sorted([said, right], key=len)
    shared: dict[float, list[float]] = {}
    for order in permutations(many, len(few)):
        pairs = [(f, m) if few is said else (m, f) for f, m in zip(few, order, strict=True)]
        nearness = sum(name(p[0], t[0]) for p, t in pairs)
        shared.setdefault(nearness, []).append(sum(name(p[0], t[0]) * value(p[1], t[1]) for p, t in pairs))
    tables = [reference_table([["", "v"], *(list(point) for point in points)]) for points in (said, right)]
    found = relative_mapping(*tables, text_theta=1.0, number_theta=0.5).f1
    assert found >= 2 * min(shared[max(shared)]) / (len(said) + len(right)) - 1e-9  # exchanged may be better


def test_the_reward_keeps_precision_and_recall() -> None:
    said = "<answer>Year | Sales\n2020 | 100</answer>"
    scores = RelativeMapping().score([Sample("?", said, RIGHT)])
    assert scores.values == pytest.approx([2 / 3])
    assert (scores["precision"].values[0], scores["recall"].values[0]) == (1, 0.5)


@pytest.mark.parametrize(
    ("by", "said", "value"),
    [
        ("headers", [["Year", "Sales"], [2021, 200], [2020, 100]], 1),
        ("headers", [["Year", "Sales"], [2020, 100], [2021, 201]], 0.5),
        ("headers", [["Year", "Profit"], [2020, 100], [2021, 200]], 0),
        ("place", [["Year", "Sales"], [2021, 200], [2020, 100]], 1 / 3),  # the head alone
        ("place", [["Year", "Sales"], [2020, 100]], 0.8),  # 4 of 4 and 4 of 6
        ("text", [["Sales", "Year"], [100, 200], [2020, 2021]], 1),
        ("text", [["Year", "Year"], [100, 100], [2020, 2020]], 0.5),
    ],
)
def test_f1_of_cells(by: Any, said: list[list[Any]], value: float) -> None:
    text = "\n".join(" | ".join(map(str, row)) for row in said)
    assert TableF1(by).score([Sample("?", f"<answer>{text}</answer>", RIGHT)]).values == pytest.approx([value])


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_overlap_is_symmetric_and_1_for_equal_bags_alone(one: list[str], other: list[str]) -> None:
    there, back = overlap(one, other), overlap(other, one)
    assert (there.precision, there.recall) == (back.recall, back.precision) or not one or not other
    assert (there.f1 == 1) == (sorted(one) == sorted(other))


@pytest.mark.system("visual-erm")
def test_visual_erm_f1_of_matched_errors() -> None:
    assert overlap([], []).f1 == 1
    assert overlap("abx", "aby").f1 == pytest.approx(2 / 3)  # two shared, one too many, one missing
    assert overlap("a", []).f1 == overlap([], "a").f1 == 0


def test_bounds() -> None:
    wide = "a | " + "b | " * 1100 + "\n" + "c | " + "1 | " * 1100
    assert (
        RelativeMapping().score([Sample("?", f"<answer>{wide}</answer>", RIGHT)]).reason[0].startswith("a table of 1,1")
    )
    head = "x | " + " | ".join("y" * 90 for _ in range(900))
    said = f"<answer>{head}\n{'z' * 200}{' | 1' * 900}</answer>"
    assert RelativeMapping().score([Sample("?", said, RIGHT)]).reason[0] == "a table with too long headers"


@pytest.mark.parametrize("reward", [RelativeMapping(), TableF1()])
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        (5, "reference is a int"),
        ([["a", "b"]], "reference is a table without values"),
        ([["a"], ["b"]], "reference is a table without values"),
        ("text", "reference is no table"),
    ],
)
def test_a_bad_reference_is_invalid(reward: Any, reference: Any, message: str) -> None:
    scores = reward.score([Sample("?", "", reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(message)


@pytest.mark.parametrize("arguments", [{"text_theta": 0}, {"number_theta": 1.5}, {"number_theta": -1}])
def test_senseless_arguments_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="it lies above 0 and is at most 1"):
        RelativeMapping(**arguments)  # type: ignore[arg-type]
