"""Average precision, confidence and count of boxes."""

from __future__ import annotations

from typing import Any

import pytest

from plaudit import load
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.detection import AveragePrecision, BoxConfidence, BoxCount

TWO = [[0, 0, 10, 10], [20, 20, 30, 30]]


def value(reward: Reward, said: Any, right: Any) -> float:
    scores = reward.score([Sample("Where?", f"<answer>{said}</answer>", right)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


def boxes(*stated: tuple[list[int], float | None]) -> str:
    return (
        "[" + ", ".join(f'{{"bbox": {b}' + (f', "score": {c}' if c is not None else "") + "}" for b, c in stated) + "]"
    )


def test_average_precision_by_hand() -> None:
    hit, miss = TWO[0], [50, 50, 60, 60]
    assert value(AveragePrecision((0.5,)), boxes((hit, 0.9), (miss, 0.8)), TWO[:1]) == 1
    assert value(AveragePrecision((0.5,)), boxes((hit, 0.8), (miss, 0.9)), TWO[:1]) == 0.5
    assert value(AveragePrecision((0.5,)), boxes((miss, None), (hit, None)), TWO[:1]) == 0.5  # as written
    assert value(AveragePrecision((0.5,)), boxes((hit, None)), TWO) == pytest.approx(51 / 101)
    # IoU 0.8 passes seven of COCO's ten thresholds, 0.5 to 0.8.
    assert value(AveragePrecision(), "[0, 0, 10, 8]", TWO[:1]) == pytest.approx(0.7)


def test_average_precision_by_label() -> None:
    right = [{"box": TWO[0], "label": "cat"}, {"box": TWO[1], "label": "dog"}]
    said = f'[{{"bbox": {TWO[0]}, "label": "cat"}}, {{"bbox": {TWO[1]}, "label": "cat"}}]'
    # Cats: a hit, then a false alarm: 1. Dogs: none drawn: 0.
    assert value(AveragePrecision((0.5,), labels=True), said, right) == 0.5
    assert value(AveragePrecision((0.5,)), said, right) == 1


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([(TWO[0], 1.0)], 1),
        ([(TWO[0], 0.0)], 0),
        ([([50, 50, 60, 60], 0.0)], 1),
        ([(TWO[0], None)], 0),  # none stated is none earned
        ([(TWO[0], 1.5)], 0),
        ([(TWO[0], 0.4), ([0, 0, 10, 9], 0.6)], (0.6 + 0.6) / 2),  # the surer one takes the match, the other is surplus
    ],
)
def test_confidence_by_hand(stated: list[Any], expected: float) -> None:
    assert value(BoxConfidence(), boxes(*stated), TWO) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("drawn", "exact", "power", "surplus"), [(1, 0, 0.6, 1), (2, 1, 1, 1), (3, 0, 0.6, 2 / 3), (4, 0, 0.36, 0.5)]
)
def test_count_by_hand(drawn: int, exact: float, power: float, surplus: float) -> None:
    said = [[i, 0, i + 1, 1] for i in range(drawn)]
    found = [value(reward, said, TWO) for reward in (BoxCount(), BoxCount("power", 0.6), BoxCount("surplus"))]
    assert found == pytest.approx([exact, power, surplus])
    assert value(BoxCount("surplus"), "[]", TWO) == 0


@pytest.mark.parametrize("reward", [AveragePrecision(), BoxConfidence(), BoxCount()])
def test_nothing_to_find(reward: Reward) -> None:
    assert [value(reward, said, []) for said in ("[]", "none", "[[0, 0, 1, 1]]")] == [1, 0, 0]


def test_vlm_r1_surplus_boxes_behind_the_right_ones_cost() -> None:
    reward = load('AveragePrecision([0.5]) * BoxCount("surplus")')
    assert value(reward, [*TWO, [50, 50, 60, 60], [70, 70, 80, 80]], TWO) == 0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AveragePrecision(()), "thresholds=()"),
        (lambda: AveragePrecision((0.0,)), "thresholds=(0.0,)"),
        (lambda: AveragePrecision(extract="last"), 'extract="last"'),
        (lambda: BoxConfidence(0), "threshold=0.0"),
        (lambda: BoxConfidence(extract="last"), 'extract="last"'),
        (lambda: BoxCount("power"), "base=None for 'power'"),
        (lambda: BoxCount("power", 1), "base=1.0"),
        (lambda: BoxCount("exact", 0.5), "base=0.5 for 'exact'"),
        (lambda: BoxCount(extract="last"), 'extract="last"'),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
