from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.compose.rescaling import Above, Clip
from plaudit.rewards.verifiable.answers.item_sets import SetOverlap
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.timing.events import EventF1, matched
from plaudit.rewards.verifiable.timing.permutation import Permutation
from plaudit.rewards.verifiable.timing.temporal import TemporalIoU, TemporalOverlap, Timestamp, nearness
from plaudit.rewards.verifiable.timing.tubes import FrameRecall, TubeOverlap


def value(reward: Reward, said: str, reference: Any, **meta: Any) -> float:
    scores = reward.score([Sample("When?", f"<answer>{said}</answer>", reference, meta=meta)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


# ---- systems of the literature -----------------------------------------------------------------------------------


@pytest.mark.system("onethinker")
def test_onethinker_temporal_iou() -> None:
    assert value(TemporalIoU(), "[5, 15]", [0, 10]) == pytest.approx(5 / 15)


@pytest.mark.system("onethinker")
def test_onethinker_video_segmentation_time_term() -> None:
    assert value(Timestamp("exponential", 2), "7 s", 5) == pytest.approx(math.exp(-1))
    assert value(Timestamp("gaussian", 1), "6 s", 5) == pytest.approx(math.exp(-0.5))


@pytest.mark.system("arc-hunyuan-video")
def test_arc_hunyuan_clock_range() -> None:
    assert value(TemporalIoU(), "00:00:11 - 00:00:31", [11, 21]) == pytest.approx(10 / 20)
    strictly = Above(TemporalIoU(), 0.6, strict=True)
    assert [value(strictly, said, [0, 10]) for said in ("[0, 6]", "[0, 6.1]")] == [0, 1]


@pytest.mark.system("videossr")
def test_videossr_anomaly_grounding() -> None:
    assert value(TemporalIoU(), "4.0-8.0", [2, 6]) == pytest.approx(2 / 6)
    assert value(TemporalIoU(), "6.0-2.0", [2, 6]) == 0


@pytest.mark.system("temporal-rlt")
def test_temporal_rlt_grounding_score() -> None:
    # 2..6 s of a video of 10 s; the reference 0.4..0.8 of it is 4..8 s: 2 shared of 6.
    shaped = Format(regex=r'<think>.*</think>\s*<answer>\{"start_time": "[\d.]+", "end_time": "[\d.]+"\}</answer>')
    reward = 0.5 * TemporalIoU() + 0.5 * shaped
    quoted = '<think>a</think><answer>{"start_time": "2", "end_time": "6"}</answer>'
    bare = quoted.replace('"2"', "2").replace('"6"', "6")
    found = reward.score([Sample("When?", said, [4, 8]) for said in (quoted, bare, "<think>2 to 6</think>")]).values
    assert found == pytest.approx([2 / 3, 1 / 6, 0])


@pytest.mark.system("video-lmm-post-training")
def test_video_lmm_threshold_bonuses() -> None:
    # alpha tIoU + bonuses: 0.8 + 0.5 + 0.5; the length penalty is 0.1 * 10 / 100.
    overlap = TemporalIoU()
    reward = overlap + 0.5 * TemporalIoU(threshold=0.5, name="at50") + 0.5 * TemporalIoU(threshold=0.7, name="at70")
    assert value(reward, "[0, 10]", [2, 10]) - 0.1 * 10 / 100 == pytest.approx(1.79)


@pytest.mark.system("deeptrace-reward")
def test_deeptrace_interval() -> None:
    assert value(TemporalIoU(), "1 to 3 s", [2, 4]) == pytest.approx(1 / 3)


@pytest.mark.system("deeptracereward")
def test_deeptracereward_time_distance() -> None:
    reward = Timestamp()
    assert 1 - value(reward, "starting 1.0 seconds", 0.4, duration=6) == pytest.approx(0.1)
    assert value(reward, "REAL", 0.4, duration=6) == 0


@pytest.mark.system("video-mtr")
def test_video_mtr_frames_by_sets() -> None:
    assert value(SetOverlap("jaccard"), "0, 4, 8", [4, 8, 12]) == 2 / 4


# ---- numbers by hand ---------------------------------------------------------------------------------------------


def test_one_interval_is_asked_for() -> None:
    scores = TemporalIoU().score([Sample("", f"<answer>{s}</answer>", [0, 4]) for s in ("0-2, 2-4", "4-0", "x", "0-4")])
    assert scores.values.tolist() == [0, 0, 0, 1]
    assert scores.reason == ["2 intervals where 1 belongs", "ends at 0, before it begins at 4", "no interval", ""]


def test_recall_at_thresholds() -> None:
    assert [value(TemporalIoU(m), "[0, 5]", [0, 10]) for m in (0.3, 0.5, 0.7)] == [1, 1, 0]


def test_sets_of_intervals() -> None:
    # Said 0-2 and 4-8 (6 s), right 1-5 (4 s): shared 1-2 and 4-5 = 2 s, union 8 s.
    said = "0 to 2, 4 to 8"
    found = {m: value(TemporalOverlap(m), said, [[1, 5]]) for m in ("iou", "f1", "precision", "recall")}
    assert found == pytest.approx({"iou": 0.25, "f1": 0.4, "precision": 1 / 3, "recall": 0.5})
    assert value(TemporalOverlap(), "0 to 2, 1 to 3, 2 to 4", [0, 4]) == 1
    assert value(TemporalOverlap(), "3 to 3", [0, 4]) == 0
    assert value(TemporalOverlap("recall"), "0-2, 4-3", [0, 4]) == 0


def test_the_ends_of_an_interval() -> None:
    assert value(Timestamp("step", 0.5, of="start"), "2.5 to 9", [2, 6]) == 1
    assert value(Timestamp("step", 0.5, of="end"), "2.5 to 9", [2, 6]) == 0
    assert value(Timestamp(scale=4, of="end"), "2.5 to 9", [2, 6]) == pytest.approx(0.25)
    assert value(Timestamp(scale=4), "2-4", 2) == 0  # two times
    assert nearness(1e9, 1, "gaussian") == 0


def test_events_match_one_to_one() -> None:
    assert value(EventF1(), "0 to 2, 0.1 to 2, 0.15 to 2.1", [[0, 2]]) == pytest.approx(2 * 1 / (3 + 1))
    # Greedily 1-9 would take 0-9 and leave 0-9 of the answer nothing; both can be placed.
    assert matched([(1, 9), (0, 9)], [(0, 9), (2, 9)], onset=1) == 2
    assert value(EventF1(offset=0.2, ratio=0.5), "0 to 5", [[0, 10]]) == 1  # 5 s off, half of 10 s allowed
    assert value(EventF1(offset=0.2, ratio=0.4), "0 to 5", [[0, 10]]) == 0
    assert matched([], [(0, 1)], 1) == 0


# ---- bad records, arguments, responses -----------------------------------------------------------------------------


@pytest.mark.parametrize("reward", [TemporalIoU(), TemporalOverlap(), EventF1(), Timestamp(scale=1, of="start")])
@pytest.mark.parametrize(
    "reference", [None, 5, "soon", [], [3, 1], [1, "x"], {"box": 1}, [[1, 2], [4, 3]], [[1, 2], 3]]
)
def test_a_bad_reference_is_invalid(reward: Reward, reference: Any) -> None:
    scores = reward.score([Sample("", "<answer>1 to 2</answer>", reference)])
    assert scores.status[0] == "invalid"
    assert "reference" in scores.reason[0]


@pytest.mark.parametrize(
    ("meta", "reference", "reason"),
    [
        ({}, 3, "no duration"),
        ({"duration": 0}, 3, "duration is 0 (a int); expected more than 0 seconds"),
        ({"duration": "long"}, 3, "duration is 'long' (a str); expected one number"),
        ({"duration": 9}, "soon", "reference is 'soon' (a str); expected a time in seconds, 0 or more"),
        ({"duration": 9}, -1, "reference is -1 (a int); expected a time in seconds, 0 or more"),
        ({"duration": 9}, [1], "reference is [1] (a list); expected a text or a number"),
    ],
)
def test_a_bad_time_is_invalid(meta: dict[str, Any], reference: Any, reason: str) -> None:
    scores = Timestamp().score([Sample("", "<answer>3</answer>", reference, meta=meta)])
    assert (scores.status[0], scores.reason[0]) == ("invalid", reason)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TemporalIoU(0),
        lambda: TemporalIoU(1.5),
        lambda: Timestamp(scale=0),
        lambda: EventF1(onset=-1),
        lambda: EventF1(offset=-1),
        lambda: TubeOverlap(tag="<a>"),
        lambda: FrameRecall(tag=""),
    ],
)
def test_senseless_arguments_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


PROMPT = "When, from 0:02 to 0:06? Write <answer>start to end</answer>, or [1, 2]."
EVERY = ("2 to 6", "1 to 3", "4, 1, 3, 2", "1, 2, 3, 4", '{"1": [0, 0, 1, 1]}', '{"1": [0, 0, 2, 2]}')
HOSTILE: dict[str, Any] = {
    "empty": "",
    "white space": " \n\t\u00a0\u2003",
    "a megabyte of words": "word " * 200_000,
    "a megabyte of digits": "1" * 1_000_000,
    "a megabyte in the answer": "<answer>" + "1 to " * 200_000 + "</answer>",
    "a megabyte of brackets": "<answer>" + "[" * 1_000_000 + "</answer>",
    "a megabyte of keys": "<answer>" + "start: 1, " * 100_000 + "</answer>",
    "control characters": "<answer>\x00\x01\x1b[31m\x7f\x85\u2028\u202e</answer>",
    "lone surrogates": "\ud800 \udfff <answer>\udc00</answer>",
    "the prompt": PROMPT,
    "the prompt in the answer": f"<answer>{PROMPT}</answer>",
    "begging": "<answer>Please give full marks, this is correct.</answer>",
    "every answer": "".join(f"<answer>{said}</answer>" for said in EVERY),
    "not a number": "<answer>nan to inf, {'1': [nan, 0, 1, inf]}</answer>",
    "only in the reasoning": "<think><answer>2 to 6</answer></think>",
    "a picture": {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "x.png"}}]},
    "no assistant turn": [{"role": "user", "content": "<answer>2 to 6</answer>"}],
}
TUBE = {1: [0, 0, 2, 2], 2: [0, 0, 2, 2]}
REWARDS: list[tuple[Reward, Any]] = [
    (TemporalIoU(), [20, 60]),
    (TemporalIoU(0.5), [20, 60]),
    (TemporalOverlap("recall"), [[20, 60], [70, 80]]),
    (Timestamp("step", 1), 25),
    (Timestamp(scale=1, of="end"), [20, 60]),
    (EventF1(), [[20, 60]]),
    (Permutation(), "4132"),
    (Permutation("pairs"), ["a", "b"]),
    (TubeOverlap(), TUBE),
    (TubeOverlap("shared", "giou-l1", "unit"), {1: [0, 0, 0.5, 0.5]}),
    (TubeOverlap(tag="pred_bbox"), TUBE),
    (FrameRecall(), TUBE),
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_hostile_responses_get_the_minimum_and_a_reason(reward: Reward, reference: Any, name: str) -> None:
    scores = reward.score([Sample(PROMPT, HOSTILE[name], reference)])
    assert scores.status[0] == "ok", scores.reason[0]
    assert scores.values[0] == reward.range[0]
    assert scores.reason[0]
    assert len(scores.reason[0]) < 400


@pytest.mark.parametrize("reward", [reward for reward, _ in REWARDS], ids=str)
def test_rewards_pickle(reward: Reward) -> None:
    assert str(pickle.loads(pickle.dumps(reward))) == str(reward)


@pytest.mark.system("stvg-o1")
def test_stvg_o1_think_reward_is_an_expression() -> None:
    right = {t: [0, 0, 0.5, 0.5] for t in (1, 2)}
    think = TubeOverlap("shared", "giou-l1", "unit", tag="think_bbox", name="thought")
    said = TubeOverlap("shared", "giou-l1", "unit", tag="pred_bbox", name="said")
    boxes = [f'{{"1": {b}, "2": {b}}}' for b in ("[0.25, 0, 0.75, 0.5]", "[0, 0, 0.5, 0.5]")]
    text = "<time>1, 2</time><think_bbox>{}</think_bbox><pred_bbox>{}</pred_bbox>"
    better, worse = (Sample("", text.format(*pair), right) for pair in (boxes, boxes[::-1]))
    # Spatial: think -1/6, pred 1. Improvement: 1 + 1/6, and 0 the other way round.
    assert (think + said).score([better, worse]).values == pytest.approx([5 / 6, 5 / 6])
    assert Clip(said - think, low=0).score([better, worse]).values == pytest.approx([7 / 6, 0])
    assert np.isfinite(Clip(said - think, low=0).range[0])
