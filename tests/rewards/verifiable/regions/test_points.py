"""Points: inside, near, and ranked."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.points import PointDistance, PointInBox, RankedPoints, collinear

BUTTON = [100, 100, 200, 150]


def graded(reward: Reward, said: Any, right: Any, **more: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Where?", f"<answer>{said}</answer>", right, **more)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def value(reward: Reward, said: Any, right: Any) -> float:
    found, status, reason = graded(reward, said, right)
    assert status == "ok", reason
    return found


@pytest.mark.parametrize(
    ("said", "inside"),
    [
        ("[150, 120]", 1),
        ("click(start_box='(150,120)')", 1),
        ('{"point_2d": [150, 120], "label": "button"}', 1),
        ("(150, 120), that is (150, 120)", 1),
        ("(100, 100)", 1),  # the border is inside
        ("(200, 150)", 1),
        ("(200.5, 150)", 0),
        ("(99, 120)", 0),
        ("(150, 120) or (10, 10)", 0),
        ("(-150, 120)", 0),
        ("150, 120", 0),
    ],
)
def test_point_in_box(said: str, inside: float) -> None:
    assert value(PointInBox(), said, BUTTON) == inside
    assert value(PointInBox(), said, [[900, 900, 950, 950], BUTTON]) == inside


def test_frames() -> None:
    right = {"box": BUTTON, "frame": "pixel", "size": [1000, 500]}
    assert value(PointInBox("thousand"), "[150, 240]", right) == 1  # 150, 120 of 1000 x 500
    assert value(PointInBox("unit"), "[0.15, 0.24]", right) == 1
    assert value(PointInBox("unit"), "[1.5, 0.24]", right) == 0
    assert graded(PointInBox("unit"), "[0.15, 0.24]", BUTTON)[1] == "invalid"  # no box of fractions
    assert graded(PointInBox("unit"), "[0.1, 0.2]", {"box": BUTTON, "frame": "pixel"})[1] == "invalid"


def test_distance_by_hand() -> None:
    assert value(PointDistance(sigma=50), "(30, 40)", [0, 0]) == pytest.approx(math.exp(-0.5))
    assert value(PointDistance(sigma=50), "(0, 0)", [0, 0]) == 1
    assert value(PointDistance(sigma=25), "(30, 40)", {"point": [0, 0]}) == pytest.approx(math.exp(-2))
    # From the centre (150, 125) of a box of 100 x 50: half a width off is one sigma of 0.5 widths.
    assert value(PointDistance(spread=0.5), "(200, 125)", BUTTON) == pytest.approx(math.exp(-0.5))
    assert value(PointDistance(spread=0.5), "(200, 150)", BUTTON) == pytest.approx(math.exp(-1))
    assert value(PointDistance(sigma=50), "(200, 125)", {"box": BUTTON}) == pytest.approx(math.exp(-0.5))
    assert value(PointDistance(within=50), "(30, 40)", [0, 0]) == 1
    assert value(PointDistance(within=49.9), "(30, 40)", [0, 0]) == 0


def test_points_are_assigned_as_suits_best() -> None:
    right = [[0, 0], [100, 0], [0, 100]]
    assert value(PointDistance(sigma=10), "(0, 100) (0, 0) (100, 0)", right) == 1
    assert value(PointDistance(within=5), "(0, 100) (0, 0) (50, 50)", right) == pytest.approx(2 / 3)
    assert graded(PointDistance(sigma=10), "(0, 100) (0, 0)", right) == (0, "ok", "2 points where 3 belong")
    assert graded(PointDistance(sigma=10), "(0, 0) (0, 0)", [0, 0]) == (0, "ok", "2 points where 1 belongs")


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        ([0, "0"], "reference points[0] is 0 (a int); expected two numbers [x, y]"),
        ([[0, 0], [1]], "reference points[1] is [1] (a list); expected two numbers [x, y]"),
        ([[0, -1]], "reference points[0] is impossible: y is -1"),
        ({"points": [[0, 0]], "frame": "px"}, "reference frame is 'px'"),
        ({"points": [[0, 0]], "frame": "unit"}, 'reference has no "size"'),
        ([], "reference has no point"),
        ({"points": []}, "reference has no point"),
        ({"boxes": []}, "reference has no point"),
    ],
)
def test_bad_references(right: Any, reason: str) -> None:
    found = graded(PointDistance(sigma=10), "(0, 0)", right)
    assert found[1] == "invalid"
    assert found[2].startswith(reason)
    for reward in (PointInBox(), RankedPoints()):
        assert graded(reward, "(0, 0)", [])[1:] == (
            "invalid",
            "reference has no box; expected at least one to point into",
        )


def test_no_two_of_three_on_a_line_by_hand() -> None:
    assert collinear([(0, 0), (5, 5), (9, 9)])
    assert collinear([(3, 1), (3, 8), (0, 0), (3, 4)])
    assert collinear([(0, 0), (0, 0), (1, 5)])
    assert not collinear([(0, 0), (1000, 1000), (999, 998)])
    assert not collinear([])


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=6), st.integers(1, 500))
def test_lines_by_the_area_of_every_triangle(points: list[tuple[int, int]], scale: int) -> None:
    flat = any(
        a[0] * (b[1] - c[1]) + b[0] * (c[1] - a[1]) + c[0] * (a[1] - b[1]) == 0 for a, b, c in combinations(points, 3)
    )
    assert collinear([(x * scale, y * scale / 7) for x, y in points]) == flat


@pytest.mark.parametrize(
    ("said", "expected", "reason"),
    [
        ("(150, 120)", 1, ""),
        ("(1, 1)", -1, "none of 1 points is in the box"),
        ("(1, 1) (150, 120)", 1 / 2, "point 2 of 2 is in the box"),
        ("(150, 120) (1, 1)", math.sqrt(1 / 2), "point 1 of 2 is in the box"),
        ("(1, 1) (2, 2) (150, 3)", -1 / 3, "none of 3 points is in the box"),
        ("(1, 1) (2, 2) (150, 150)", -1, "three points lie on one line"),
        ("(150, 120) (150, 121) (150, 122)", -1, "three points lie on one line"),
        ("", -1, "empty answer"),
        ("[]", -1, "no point"),
        ("(-1, 5)", -1, "impossible point: x is -1, outside the pixel frame (0 to inf)"),
        (" ".join(f"({i}, {i * i})" for i in range(101)), -1, "101 points, more than 100"),
    ],
)
def test_ranked_points(said: str, expected: float, reason: str) -> None:
    worth, *rest = graded(RankedPoints(), said, BUTTON)
    assert worth == pytest.approx(expected)
    assert rest == ["ok", reason]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PointDistance(), "got nothing"),
        (lambda: PointDistance(sigma=1, within=1), "got sigma=1, within=1"),
        (lambda: PointDistance(spread=0), "got spread=0"),
        (lambda: PointDistance(sigma=1, extract="last"), 'extract="last"'),
        (lambda: PointInBox(extract="last"), 'extract="last"'),
        (lambda: RankedPoints(-0.5), "fault=-0.5; it is at most -1"),
        (lambda: RankedPoints(extract="last"), 'extract="last"'),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)


# ---- systems ----------------------------------------------------------------------------------------------------

TARGET = [40, 40, 60, 60]


@pytest.mark.system("infigui-g1")
@pytest.mark.parametrize(
    ("points", "accuracy", "total"),
    [
        ([(50, 50), (1, 2), (3, 9), (90, 4)], 0.5, 1.5),
        ([(1, 2), (50, 50), (90, 4)], 1 / math.sqrt(6), 1 + 1 / math.sqrt(6)),
        ([(50, 50)], 1, 2),
        ([(1, 2), (3, 9)], -0.5, 0.5),
        ([(1, 2)], -1, 0),
    ],
)
def test_infigui_g1_exploration(points: list[tuple[int, int]], accuracy: float, total: float) -> None:
    said = "[" + ", ".join(f'{{"point_2d": [{x}, {y}]}}' for x, y in points) + "]"
    assert value(RankedPoints(), said, TARGET) == pytest.approx(accuracy)
    reward = load('Gate(Format("think-answer"), Format("think-answer") + RankedPoints(-2), closed=-1)')
    whole = reward.score([Sample("?", f"<think>a</think><answer>{said}</answer>", TARGET)])
    assert whole.values[0] == pytest.approx(total)


@pytest.mark.system("infigui-g1")
def test_infigui_g1_points_on_a_line_and_no_points_cost_the_whole() -> None:
    reward = load('Gate(Format("think-answer"), Format("think-answer") + RankedPoints(-2), closed=-1)')
    for said in ("(45, 45) (50, 50) (55, 55)", "[]"):  # the released code lets the empty list off with 0
        scores = reward.score([Sample("?", f"<think>a</think><answer>{said}</answer>", TARGET)])
        assert scores.values[0] == -1
    assert reward.score([Sample("?", "<answer>(50, 50)</answer>", TARGET)]).values[0] == -1


@pytest.mark.system("magicgui")
def test_magicgui_taps_and_drags() -> None:
    tap, centre = PointDistance(within=0.14, frame="unit"), [0.5, 0.5]
    assert [value(tap, said, centre) for said in ("(0.60, 0.58)", "(0.65, 0.50)")] == [1, 0]
    drag = load('Above(PointDistance(within=0.075, frame="unit"), 1)')
    ends = [[0.2, 0.5], [0.8, 0.5]]
    assert value(drag, "(0.2, 0.5) (0.8, 0.57)", ends) == 1
    assert value(drag, "(0.2, 0.5) (0.8, 0.58)", ends) == 0


@pytest.mark.system("onethinker")
def test_onethinker_segmentation_points() -> None:
    right, off = [[100, 100], [400, 100], [100, 400]], "[[130, 140], [430, 140], [130, 440]]"
    assert value(PointDistance(sigma=50), off, right) == pytest.approx(0.6065, abs=1e-4)
