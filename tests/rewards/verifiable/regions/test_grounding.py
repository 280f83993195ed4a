"""Boxes with points, and boxes along a video."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from plaudit import load
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.grounding import BoxPointMatch, BoxTrack

ONE = [{"box": [0, 0, 100, 100], "point": [50, 50]}]


def graded(reward: Reward, said: Any, right: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("Where?", f"<answer>{json.dumps(said)}</answer>", right)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def thing(box: list[float], point: list[float] | None) -> dict[str, Any]:
    return {"bbox_2d": box} | ({} if point is None else {"point_2d": point})


@pytest.mark.parametrize(
    ("box", "point", "passed"),
    [
        ([0, 0, 100, 100], [50, 50], 3),
        ([0, 0, 100, 60], [50, 50], 1),  # IoU 0.6; edges off by 40 / 4 = 10, which is not less than 10
        ([0, 0, 100, 61], [50, 50], 2),  # edges off by 9.75
        ([0, 0, 100, 70], [50, 50], 3),
        ([0, 0, 100, 100], [50, 80], 2),  # the points are 30 apart, not less
        ([0, 0, 100, 100], [50, 79], 3),
        ([0, 0, 100, 100], None, 2),
        ([51, 0, 151, 100], [50, 50], 0),  # its point is not in its box
        ([60, 60, 40, 40], [50, 50], 0),  # no box
    ],
)
def test_tests_of_a_pair_by_hand(box: list[float], point: list[float] | None, passed: int) -> None:
    assert graded(BoxPointMatch(), [thing(box, point)], ONE)[0] == pytest.approx(passed / 3)


def test_pairs_are_matched_so_that_the_most_tests_are_passed() -> None:
    right = [*ONE, {"box": [0, 0, 100, 80], "point": [50, 40]}]
    said = [thing([0, 0, 100, 80], [50, 40]), thing([0, 0, 100, 100], [50, 50])]
    assert graded(BoxPointMatch(), said, right)[0] == 1


def test_distances_are_in_the_response_s_frame() -> None:
    right = {"boxes": [{"box": [0, 0, 64, 48], "point": [32, 24]}], "frame": "pixel", "size": [640, 480]}
    assert graded(BoxPointMatch(frame="thousand"), [thing([0, 0, 100, 100], [50, 50])], right)[0] == 1
    assert graded(BoxPointMatch(frame="thousand"), [thing([0, 0, 100, 100], [81, 50])], right)[0] == pytest.approx(
        2 / 3
    )


def test_a_reference_without_points_is_invalid() -> None:
    found = graded(BoxPointMatch(), [thing([0, 0, 1, 1], [0, 0])], [[0, 0, 1, 1]])
    assert (math.isnan(found[0]), *found[1:]) == (
        True,
        "invalid",
        "reference boxes[0] has no point; BoxPointMatch expects [x, y]",
    )


@pytest.mark.system("affordance-r1")
def test_affordance_r1_match_and_count() -> None:
    match, count = load("3 * BoxPointMatch()"), load("BoxCount()")
    right = thing([0, 0, 100, 100], [50, 50])
    useless = thing([900, 900, 901, 901], [900, 900])
    assert [graded(reward, [right], ONE)[0] for reward in (match, count)] == [3, 1]
    assert [graded(reward, [right, useless], ONE)[0] for reward in (match, count)] == [1.5, 0]
    broken = match.score([Sample("?", "<answer>[{bbox_2d: 0, 0, 100, 100}]</answer>", ONE)])
    assert broken.values[0] == 0


FOUR = {"boxes": {str(i): [0, 0, 10, 10] for i in range(4)}}


@pytest.mark.system("onethinker")
def test_onethinker_tracking_and_spatio_temporal_boxes() -> None:
    half = {"boxes": {"0": [0, 0, 10, 10], "1": [0, 0, 10, 10]}}
    assert graded(BoxTrack(), half, FOUR)[0] == 0.5
    assert graded(BoxTrack("common"), half, FOUR)[0] == 1


@pytest.mark.system("stvg-o1")
def test_stvg_o1_giou_of_a_frame() -> None:
    right = {"boxes": {"7": [0.25, 0, 0.75, 0.5]}, "frame": "unit"}
    assert graded(BoxTrack("common", "giou", "unit"), {"7": [0, 0, 0.5, 0.5]}, right)[0] == pytest.approx(1 / 3)
    assert graded(BoxTrack("common", "giou", "unit"), {"8": [0.25, 0, 0.75, 0.5]}, right)[0] == -1


def test_frames_counted_by_hand() -> None:
    right = {"boxes": {"0": [0, 0, 10, 10], "1": [0, 0, 10, 10]}}
    said = {"1": [0, 0, 10, 5], "2": [0, 0, 10, 10]}
    found = [graded(BoxTrack(over), said, right)[0] for over in ("reference", "union", "common")]
    assert found == pytest.approx([0.25, 0.5 / 3, 0.5])
    assert graded(BoxTrack(), {"0": [9, 9, 1, 1], "1": "x"}, right)[0] == 0
    assert graded(BoxTrack("union", "giou"), {"0": [0, 0, 10, 10]}, right)[0] == 0  # 1 and -1


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        ({"boxes": {}}, "reference is {'boxes': {}} (a dict); expected a mapping with boxes by frame"),
        ({"boxes": [[0, 0, 1, 1]]}, "reference is"),
        ({"boxes": {"0": [0, 0, 1]}}, "reference boxes['0'] is [0, 0, 1] (a list); expected four numbers"),
        ({"boxes": {"0": [3, 0, 1, 1]}}, "reference boxes['0'] is impossible: x2 is 1"),
        ({"boxes": {"0": [1, 1, 1, 9]}}, "reference boxes['0'] [1, 1, 1, 9] has no area"),
        ({"boxes": {"0": [0, 0, 1, 1]}, "frame": "unit"}, 'reference has no "size"'),
    ],
)
def test_bad_tracks(right: Any, reason: str) -> None:
    value, status, why = graded(BoxTrack(), {"0": [0, 0, 1, 1]}, right)
    assert (math.isnan(value), status) == (True, "invalid")
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BoxPointMatch(0), "overlap=0.0"),
        (lambda: BoxPointMatch(edges=0), "edges=0.0"),
        (lambda: BoxPointMatch(near=-1), "near=-1.0"),
        (lambda: BoxPointMatch(extract="last"), 'extract="last"'),
        (lambda: BoxTrack(extract="last"), 'extract="last"'),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
