from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.ordered_list import OrderedList, inversions, order_agreement


def graded(reward: OrderedList, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("In order?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "exact", "positions", "lcs", "kendall"),
    [
        ("a, b, c, d", 1, 1, 1, 1),
        ("d, c, b, a", 0, 0, 1 / 4, 0),
        ("b, a, c, d", 0, 2 / 4, 3 / 4, 5 / 6),
        ("b, c, d, a", 0, 0, 3 / 4, 3 / 6),
        ("a, b, c", 0, 3 / 4, 3 / 4, 0),
        ("a, x, b, c, d", 0, 1 / 5, 4 / 5, 0),
        ("x", 0, 0, 0, 0),
        ("none", 0, 0, 0, 0),
    ],
)
def test_agreement_by_hand(said: str, exact: float, positions: float, lcs: float, kendall: float) -> None:
    right = ["a", "b", "c", "d"]
    for measure, value in {"exact": exact, "positions": positions, "lcs": lcs, "kendall": kendall}.items():
        found = graded(OrderedList(measure), said, right)  # type: ignore[arg-type]
        assert found[0] == pytest.approx(value)
        assert found[1] == "ok"
        assert bool(found[2]) == (value < 1)


def test_repeating_every_item_gains_nothing_by_position() -> None:
    assert graded(OrderedList("positions"), ", ".join(["a"] * 100), ["a", "b"])[0] == 1 / 100
    assert graded(OrderedList("lcs"), ", ".join("abab" * 5), ["a", "b"])[0] == 2 / 20
    assert graded(OrderedList("kendall"), "a, a, b", ["a", "b"])[0] == 0


def test_numbers_and_case() -> None:
    assert graded(OrderedList(), "1\n2\n3", [1, 2, 3])[0] == 1
    assert graded(OrderedList(normalize="space"), "A, b", ["a", "b"])[0] == 0.5


@pytest.mark.parametrize(
    ("measure", "reference", "message"),
    [
        ("exact", None, "no reference"),
        ("exact", "abc", "reference is 'abc' (a str); expected a list"),
        ("exact", [], "reference is a list of 0; expected at least 1"),
        ("exact", ["a", ["b"]], "reference[1] is ['b'] (a list); expected a text or a number"),
        ("lcs", ["a", "!"], "reference[1] is '!' (a str); normalised, nothing of it is left"),
        ("kendall", ["a"], "reference is a list of 1; expected at least 2"),
        ("kendall", ["a", "A"], "reference has one item twice; measure 'kendall' expects different items"),
    ],
)
@pytest.mark.parametrize("said", ["a", ""])
def test_a_bad_reference_is_invalid(measure: Any, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(OrderedList(measure), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


@given(st.permutations(list("abcdef")))
@settings(deadline=None)
def test_kendall_against_all_pairs(said: list[str]) -> None:
    right = sorted(said)
    wrong = sum(a > b for a, b in combinations(said, 2))
    assert inversions([right.index(item) for item in said]) == wrong
    assert order_agreement(said, right, "kendall") == pytest.approx(1 - wrong / 15)
    assert order_agreement(said[::-1], right, "kendall") == pytest.approx(wrong / 15)


@given(st.text("abc", min_size=1, max_size=7), st.text("abc", min_size=1, max_size=7))
@settings(deadline=None)
def test_the_longest_common_subsequence_by_brute_force(said: str, right: str) -> None:
    def within(part: tuple[str, ...], whole: str) -> bool:
        rest = iter(whole)
        return all(item in rest for item in part)

    longest = max(k for k in range(len(said) + 1) if any(within(p, right) for p in combinations(said, k)))
    assert order_agreement(said, right, "lcs") == pytest.approx(longest / max(len(said), len(right)))
