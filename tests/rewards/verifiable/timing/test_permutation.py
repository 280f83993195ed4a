from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.timing.permutation import Permutation, agreement


def value(said: str, reference: Any, measure: Any = "displacement") -> float:
    scores = Permutation(measure).score([Sample("Order?", f"<answer>{said}</answer>", reference)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


@pytest.mark.system("videossr")
def test_videossr_jigsaw() -> None:
    # The last two are swapped: each is one place off, and floor(36 / 2) = 18 is the most.
    assert value("341526", "341562") == pytest.approx(1 - 2 / 18)
    assert value("265143", "341562") == 0  # the reverse
    assert value("341566", "341562") == 0  # not a permutation
    assert value("341562", "341562") == 1


@pytest.mark.parametrize("said", ["2, 1, 3", "[2, 1, 3]", "2 1 3", "2 -> 1 -> 3", "2>1>3", "213", "2-1-3", "2→1→3."])
def test_forms_of_an_order(said: str) -> None:
    for reference in ("213", [2, 1, 3], "2, 1, 3", ["2", "1", "3"]):
        assert value(said, reference, "exact") == 1


@pytest.mark.parametrize("said", ["2, 1", "2, 1, 3, 4", "2, 1, 1", "2, 1, 3, 3", "b, a, c", "2 then 1 then 3", "21 3"])
def test_what_is_not_an_order_scores_0(said: str) -> None:
    assert value(said, "213", "pairs") == 0


def test_labels_of_several_characters() -> None:
    assert value("B1 > A10 > A2", ["b1", "a10", "a2"], "exact") == 1
    assert value("10, 11, 12", [10, 12, 11], "positions") == pytest.approx(1 / 3)


orders = st.integers(2, 9).flatmap(lambda n: st.permutations(range(n)))


@given(orders)
def test_measures_against_their_definitions(order: list[int]) -> None:
    n = len(order)
    most = max(sum(abs(i - p) for i, p in enumerate(q)) for q in (list(range(n))[::-1],))
    assert agreement(order) == pytest.approx(1 - sum(abs(i - p) for i, p in enumerate(order)) / most)
    assert agreement(order, "pairs") == pytest.approx((kendalltau(order, range(n)).statistic + 1) / 2)
    assert agreement(order, "positions") == sum(i == p for i, p in enumerate(order)) / n
    assert agreement(order, "exact") == float(order == list(range(n)))
    assert 0 <= agreement(order) <= 1


@pytest.mark.parametrize(
    "reference", [None, 5.5, "", "a", [], ["a"], ["a", "a"], "aa", ["a", None], {"a": 1}, list(range(1001))]
)
def test_a_bad_reference_is_invalid(reference: Any) -> None:
    assert Permutation().score([Sample("", "<answer>1, 2</answer>", reference)]).status[0] == "invalid"
