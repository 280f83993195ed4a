"""Every reward over boxes, points and masks against responses that must earn nothing."""

from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.boxes import Boxes
from plaudit.rewards.verifiable.regions.detection import AveragePrecision, BoxConfidence, BoxCount
from plaudit.rewards.verifiable.regions.grounding import BoxPointMatch, BoxTrack
from plaudit.rewards.verifiable.regions.masks import MaskIoU, PointsInMask
from plaudit.rewards.verifiable.regions.points import PointDistance, PointInBox, RankedPoints
from plaudit.rewards.verifiable.regions.saliency import SaliencyMap
from plaudit.rewards.verifiable.regions.solids import Solids

RIGHT = '[{"bbox_2d": [600, 600, 900, 900], "label": "cat", "confidence": 1, "point_2d": [700, 700]}]'
PROMPT = f"Where is the cat? Write <answer>{RIGHT.replace('6', '5')}</answer>, such as [5, 5] or [0, 0, 10, 10]."
HOSTILE: dict[str, Any] = {
    "empty": "",
    "white space": " \n\t\u00a0\u2003",
    "no answer block": RIGHT,
    "only in the reasoning": f"<think><answer>{RIGHT}</answer></think>",
    "cut off": f"<think>so <answer>{RIGHT}</answer>",
    "not closed": f"<answer>{RIGHT}",
    "an empty answer": "<answer> </answer>",
    "an empty list": "<answer>[]</answer>",
    "prose": "<answer>in the upper left corner</answer>",
    "begging": "<answer>Please give me full marks: IoU = 1.0, score 1</answer>",
    "several answers": f"<answer>{RIGHT}</answer><answer>[0, 0, 1, 1]</answer>",
    "the same far box a thousand times": f"<answer>{'[0, 0, 10, 10] ' * 1000}</answer>",
    "not a number": '<answer>[{"bbox_2d": [NaN, NaN, NaN, NaN], "point_2d": [NaN, 1]}]</answer>',
    "infinite": '<answer>{"bbox_2d": [-1e999, -1e999, 1e999, 1e999], "point_2d": [1e999, 1]}</answer>',
    "turned round": '<answer>{"bbox_2d": [900, 900, 600, 600], "point_2d": [-700, -700]}</answer>',
    "too few numbers": "<answer>[600, 600, 900]</answer>",
    "too many numbers": "<answer>[600, 600, 900, 900, 600, 600, 900, 900]</answer>",
    "texts for numbers": '<answer>[{"bbox_2d": ["600", "600", "900", "900"], "point_2d": "700 700"}]</answer>',
    "deep JSON": "<answer>" + "[" * 50_000 + "]" * 50_000 + "</answer>",
    "deep objects": "<answer>" + '{"bbox":' * 30_000 + "</answer>",
    "a megabyte of words": "<answer>" + "word " * 200_000 + "</answer>",
    "a megabyte of spaces": "<answer>```" + " " * 1_000_000 + "x</answer>",
    "a megabyte of digits": "<answer>[" + "1" * 1_000_000 + "]</answer>",
    "a megabyte of brackets": "<answer>" + "[" * 1_000_000 + "</answer>",
    "a megabyte of braces": "<answer>" + "{" * 1_000_000 + "</answer>",
    "control characters": "<answer>\x00\x01\x1b[31m\x7f\x85\u2028\u202e</answer>",
    "lone surrogates": "<answer>\ud800 \udfff</answer>",
    "a code of nothing": '<answer>{"size": [1000, 1000], "counts": [1000000]}</answer>',
    "a code of another size": '<answer>{"size": [10, 10], "counts": [0, 100]}</answer>',
    "a code too large": '<answer>{"size": [1000000, 1000000], "counts": [0, 1000000000000]}</answer>',
    "a line for a polygon": "<answer>[[600, 600], [900, 900], [600, 600]]</answer>",
    "a picture that there is not": {
        "role": "assistant",
        "content": [{"type": "image_url", "image_url": {"url": "no/such.png"}}],
    },
    "no assistant turn": [{"role": "user", "content": f"<answer>{RIGHT}</answer>"}],
}
BOX = [
    {"box": [600, 600, 900, 900], "label": "cat", "point": [700, 700]},
    {"box": [100, 600, 300, 900], "point": [9, 9]},
]
MASK = {"polygons": [[600, 600, 900, 600, 900, 900]], "size": [1000, 1000]}
REWARDS: list[tuple[Reward, Any]] = [
    (Boxes(), BOX),
    (Boxes("mean", overlap="giou", threshold=None, credit="overlap"), BOX),
    (Boxes("recall", "ciou", None, "overlap", matching="best", labels=True), BOX),
    (Boxes("matched", threshold=((0.5, 0.5), (1.0, 0.9)), credit="overlap", matching="greedy"), BOX),
    (AveragePrecision(), BOX),
    (AveragePrecision((0.5,), labels=True), BOX),
    (BoxConfidence(), BOX),
    (BoxCount("exact"), BOX),
    (BoxPointMatch(), BOX),
    (BoxTrack(), {"boxes": {"3": [600, 600, 900, 900]}}),
    (BoxTrack("union", "giou"), {"boxes": {"3": [600, 600, 900, 900]}}),
    (Solids(), [[0, 0, 0, 1, 1, 1]]),
    (Solids("precision", "yaw", None, "overlap", "best"), [[0, 0, 0, 1, 1, 1, 0]]),
    (Solids(form="angle"), [[0, 0, 1, 1, 0.5]]),
    (PointInBox(), BOX),
    (PointDistance(sigma=50), [700, 700]),
    (PointDistance(spread=0.5), BOX[:1]),
    (PointDistance(within=50), [[700, 700], [5, 5]]),
    (RankedPoints(), BOX),
    (RankedPoints(-2), BOX),
    (MaskIoU(), MASK),
    (PointsInMask(), MASK),
    (SaliencyMap(), MASK),
    (SaliencyMap("divergence"), MASK),
    (SaliencyMap("correlation"), MASK),
]
#: What can be read as boxes or points, and rewards to which a readable place is worth something, if little.
READABLE = {
    "the same far box a thousand times",
    "a code of nothing",
    "a code of another size",
    "a code too large",
    "a line for a polygon",
}
GRADED = ("giou", "ciou", "PointDistance", "RankedPoints", "PointsInMask")


@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_hostile_responses_get_the_minimum_and_a_reason(reward: Reward, reference: Any) -> None:
    scores = reward.score([Sample(PROMPT, response, reference) for response in HOSTILE.values()])
    for i, name in enumerate(HOSTILE):
        if name in READABLE and any(word in str(reward) for word in GRADED):
            assert scores.values[i] < 0.6, name
            continue
        assert (scores.status[i], scores.values[i]) == ("ok", reward.range[0]), (name, scores.reason[i])
        assert scores.reason[i], name
        assert len(scores.reason[i]) < 400, name


@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_a_bad_reference_is_invalid_whatever_the_response(reward: Reward, reference: Any) -> None:
    bad = [
        None,
        5,
        "nothing.here",
        {},
        [None],
        [["1", 2, 3, 4]],
        [[1, 2]] * 2 + [[1]],
        {"boxes": 3},
        {"boxes": {"3": [1]}},
    ]
    scores = reward.score([Sample(PROMPT, said, one) for one in bad for said in ("", f"<answer>{RIGHT}</answer>")])
    assert scores.status.tolist() == ["invalid"] * len(scores), scores.reason
    assert all(scores.reason)


@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_an_expression_makes_the_reward_again(reward: Reward, reference: Any) -> None:
    from plaudit import load

    assert load(str(reward)) == reward
