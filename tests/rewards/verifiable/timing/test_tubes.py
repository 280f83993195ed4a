from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.timing.tubes import FrameRecall, TubeOverlap, parse_tube

SQUARE = [0, 0, 4, 4]


def value(reward: TubeOverlap | FrameRecall, said: str, reference: Any) -> float:
    scores = reward.score([Sample("Where?", f"<answer>{said}</answer>", reference)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


@pytest.mark.parametrize(
    "text",
    [
        '{"3": [0, 0, 4, 4], "4": [1, 0, 5, 4]}',
        '{"time": [3, 4], "boxes": {"3": [0, 0, 4, 4], "4": [1, 0, 5, 4]}}',
        "frame 3: [0,0,4,4]; frame 4: (1, 0, 5, 4)",
        '[{"frame": 3, "bbox_2d": [0, 0, 4, 4]}, {"frame": "4", "bbox_2d": [1, 0, 5, 4]}]',
    ],
)
def test_forms_of_a_tube(text: str) -> None:
    assert parse_tube(text) == {3: (0, 0, 4, 4), 4: (1, 0, 5, 4)}


def test_viou_by_hand() -> None:
    right = dict.fromkeys((1, 2, 3, 4), SQUARE)
    said = '{"3": [0, 0, 4, 4], "4": [0, 0, 4, 2], "5": [0, 0, 4, 4]}'  # IoU 1 and 0.5 in shared frames 3 and 4
    assert value(TubeOverlap(), said, right) == pytest.approx(1.5 / 5)
    assert value(TubeOverlap("reference"), said, right) == pytest.approx(1.5 / 4)
    assert value(TubeOverlap("shared"), said, right) == pytest.approx(1.5 / 2)
    assert value(FrameRecall(), said, right) == pytest.approx(2 / 4)


@pytest.mark.system("onethinker")
def test_onethinker_tracking_and_spatio_temporal() -> None:
    right = {str(t): SQUARE for t in range(4)}
    said = '{"boxes": {"0": [0, 0, 4, 4], "1": [0, 0, 4, 4]}}'
    assert value(TubeOverlap("reference"), said, right) == 0.5
    assert value(TubeOverlap("shared"), said, right) == 1.0
    assert 0.25 + 0.25 * value(FrameRecall(), said, right) == 0.375


@pytest.mark.system("stvg-o1")
def test_stvg_o1_spatial_reward() -> None:
    # IoU 1/3 and no empty corner around both: GIoU 1/3. L1: 0.25 + 0.25.
    reward = TubeOverlap("shared", "giou-l1", "unit")
    assert value(reward, '{"7": [0, 0, 0.5, 0.5]}', {7: [0.25, 0, 0.75, 0.5]}) == pytest.approx(1 / 3 - 0.5)
    assert value(reward, '{"7": [0, 0, 0.5, 0.5]}', {7: [0, 0, 0.5, 0.5]}) == 1
    assert value(reward, '{"8": [0, 0, 0.5, 0.5]}', {7: [0, 0, 0.5, 0.5]}) == 0  # disjoint spans


def test_the_same_place_in_every_unit() -> None:
    thousand = value(TubeOverlap("shared", "giou-l1", "thousand"), '{"7": [0, 0, 500, 500]}', {7: [250, 0, 750, 500]})
    sized = {"boxes": {7: [160, 0, 480, 240]}, "size": [640, 480]}
    pixel = value(TubeOverlap("shared", "giou-l1"), '{"7": [0, 0, 320, 240]}', sized)
    assert [thousand, pixel] == pytest.approx([1 / 3 - 0.5] * 2)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("in frame 3", "no box of a frame"),
        ('{"3": [0, 0, 1, 1], "3": [0, 0, 2, 2]}', "a frame has two boxes"),
        ('{"3": [4, 0, 0, 4]}', "impossible box in frame 3: x2 is 0, left of x1 = 4"),
        ('{"3": [-4, 0, 0, 4]}', "impossible box in frame 3: x1 is -4, outside the pixel frame (0 to inf)"),
        (", ".join(f'"{t}": [0, 0, 1, 1]' for t in range(10_001)), "more than 10000 frames"),
    ],
)
def test_what_can_t_be_read_scores_the_least(said: str, reason: str) -> None:
    sample = Sample("", f"<answer>{said}</answer>", {"boxes": {3: SQUARE}, "size": None})
    sized = Sample("", f"<answer>{said}</answer>", {"boxes": {3: SQUARE}, "size": [9, 9]})
    for reward, one, least in ((TubeOverlap(), sample, 0), (TubeOverlap("shared", "giou-l1"), sized, -5)):
        scores = reward.score([one])
        assert (scores.values[0], scores.status[0]) == (least, "ok")
        assert scores.reason[0][:20] == reason[:20]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (5, "reference is 5 (a int); expected a mapping of frames to boxes"),
        ({}, "reference is {} (a dict); expected a mapping"),
        ({"boxes": [SQUARE]}, "reference is [[0, 0, 4, 4]] (a list); expected a mapping"),
        ({"a": SQUARE}, "reference frame is 'a' (a str); expected a whole number"),
        ({-1: SQUARE}, "reference frame is -1 (a int); expected a whole number"),
        ({1: [0, 0, 1]}, "reference box of frame 1 is [0, 0, 1] (a list); expected [x1, y1, x2, y2]"),
        ({1: [3, 0, 1, 1]}, "reference box of frame 1 is impossible: x2 is 1"),
        ({1: [1, 1, 1, 5]}, "reference box of frame 1 has no area"),
        ({"boxes": {1: SQUARE}, "size": 5}, "reference size is 5 (a int); expected [width, height]"),
        ({"boxes": {1: SQUARE}, "size": [2, 2]}, "reference box of frame 1 is impossible: x2 is 4"),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    for reward in (TubeOverlap(), FrameRecall()):
        scores = reward.score([Sample("", '<answer>{"1": [0, 0, 4, 4]}</answer>', reference)])
        assert scores.status[0] == "invalid"
        assert scores.reason[0].startswith(reason)


def test_pixels_need_a_size_for_distances() -> None:
    scores = TubeOverlap(measure="giou-l1").score([Sample("", "", {1: SQUARE})])
    assert (scores.status[0], scores.reason[0]) == (
        "invalid",
        'reference has no "size"; giou-l1 of pixels expects [width, height]',
    )


def test_a_tag_stands_once_outside_the_reasoning() -> None:
    box = '{"1": [0, 0, 4, 4]}'
    texts = [
        f"<think><pred_bbox>{box}</pred_bbox></think><pred_bbox>{box}</pred_bbox>",
        f"<pred_bbox>{box}</pred_bbox><pred_bbox>{box}</pred_bbox>",
        f"</pred_bbox>{box}<pred_bbox>",
        f"<answer>{box}</answer>",
    ]
    scores = TubeOverlap(tag="pred_bbox").score([Sample("", text, {1: SQUARE}) for text in texts])
    assert scores.values.tolist() == [1, 0, 0, 0]
