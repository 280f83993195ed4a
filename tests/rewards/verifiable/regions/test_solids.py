"""Boxes in space and turned boxes as rewards."""

from __future__ import annotations

import math
from typing import Any

import pytest

from plaudit import load
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.solids import Solids

CUBE, FAR = [0, 0, 0, 1, 1, 1], [5, 5, 5, 6, 6, 6]


def graded(reward: Reward, said: Any, right: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Where?", f"<answer>{said}</answer>", right)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("measure", "said", "expected"),
    [
        ("f1", [CUBE, FAR], 1),
        ("f1", [CUBE], 2 / 3),
        ("precision", [CUBE], 1),
        ("recall", [CUBE], 0.5),
        ("mean", [CUBE, [9, 9, 9, 10, 10, 10], [8, 8, 8, 9, 9, 9]], 1 / 3),
        ("recall", [[0, 0, 0, 1, 1, 0.2]], 0),  # IoU 0.2 is no match
        ("precision", [CUBE, [1, 1, 1, 0, 0, 0]], 0.5),  # an impossible box is a false alarm
    ],
)
def test_measures_by_hand(measure: str, said: Any, expected: float) -> None:
    value, status, _ = graded(load(f'Solids("{measure}")'), said, [CUBE, FAR])
    assert value == pytest.approx(expected)
    assert status == "ok"


def test_turned_boxes_by_hand() -> None:
    turned = Solids("mean", "angle", None, "overlap")
    assert turned.cost == "cpu"
    assert graded(turned, [0, 0, 2, 2, math.pi / 4], [[0, 0, 2, 2, 0]])[0] == pytest.approx(math.sqrt(0.5))
    yaw = Solids("mean", "yaw", None, "overlap")
    assert graded(yaw, [0, 0, 0, 4, 2, 1, math.pi / 2], [[0, 0, 0, 2, 4, 1, 0]])[0] == pytest.approx(1)


def test_nothing_to_find() -> None:
    assert [graded(Solids(), said, [])[0] for said in ("[]", "none", CUBE)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        (5, "reference boxes are 5 (a int); expected a list of boxes"),
        ([CUBE, [1, 2]], "reference boxes[1] is [1, 2] (a list); form 'corners' expects 6 numbers"),
        ([[1, 0, 0, 0, 1, 1]], "reference boxes[0] is impossible: x2 is 0, below x1 = 1"),
        ([[0, 0, 0, 0, 1, 1]], "reference boxes[0] is [0, 0, 0, 0, 1, 1] (a list), which nothing can cover"),
        ([[0, 0, 0, 1, 1, float("nan")]], "reference boxes[0] is impossible: its numbers are not all within"),
    ],
)
def test_bad_references(right: Any, reason: str) -> None:
    value, status, why = graded(Solids(), CUBE, right)
    assert (math.isnan(value), status) == (True, "invalid")
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0}, "threshold=0.0"),
        ({"threshold": None}, 'use credit="overlap"'),
        ({"extract": "last"}, 'extract="last"'),
        ({"form": "sphere"}, "form is 'sphere'"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Solids(**arguments)
    assert message in str(caught.value)


@pytest.mark.system("3d-r1")
def test_3d_r1_perception() -> None:
    reward = load('0.4 * Solids("precision", threshold=None, credit="overlap", matching="best")')
    assert graded(reward, "box: [0.5,0,0,1.5,1,1]", [CUBE])[0] == pytest.approx(0.4 / 3)
    # There is no recall in it, and one reference may serve two boxes.
    assert graded(reward, "box: [0,0,0,1,1,1] box: [0,0,0,1,1,0.5]", [CUBE, FAR])[0] == pytest.approx(0.4 * 0.75)
