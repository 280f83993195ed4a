from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.compose.rescaling import Above
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.tools.frames import FrameGain, FrameOverlap, Metric, frame_overlap, right_frames
from plaudit.rewards.verifiable.tools.tool_use import ToolCount


def select(*frames: Any, name: str = "target_frames") -> str:
    call = {"name": "select_frames", "arguments": {name: list(frames)}}
    return f"<tool_call>{json.dumps(call)}</tool_call>"


def graded(reward: Any, response: Any, reference: Any, **meta: Any) -> float:
    scores = reward.score([Sample("?", response, reference=reference, meta=meta)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


@pytest.mark.system("earl")
@pytest.mark.parametrize(
    ("frames", "gold", "iou"),
    [((3, 7, 9), [3, 7], 2 / 3), ((1, 2, 3, 4), [1], 1 / 4), ((3, 7, 3, 7), [3, 7], 1.0), ((5,), [3, 7], 0.0)],
)
def test_earl_relevance(frames: tuple[int, ...], gold: list[int], iou: float) -> None:
    assert graded(FrameOverlap(), select(*frames), gold) == pytest.approx(iou)


@pytest.mark.system("earl")
@pytest.mark.parametrize(
    ("frames", "gold", "value"),
    [
        # r_correct is 1 at IoU >= 0.5 and 0.5 below it; plus 0.3 for selecting and 0.5 IoU.
        ((3, 7, 9), [3, 7], 1 + 0.3 + 0.5 * 2 / 3),
        ((1, 2, 3, 4), [1], 0.5 + 0.3 + 0.5 / 4),
        ((), [1], 0.5),
    ],
)
def test_earl_rewards_evidence_beside_a_right_answer(frames: tuple[int, ...], gold: list[int], value: float) -> None:
    reward = (
        0.5 * ToolCount(tags=("answer",)).named("right")
        + 0.5 * Above(FrameOverlap(), 0.5).named("pure")
        + 0.3 * ToolCount()
        + 0.5 * FrameOverlap()
    )
    said = (select(*frames) if frames else "") + "<answer>B</answer>"
    assert graded(reward, said, gold) == pytest.approx(value)


@pytest.mark.system("video-com")
def test_video_com_manipulations() -> None:
    # One of the two segments is right, and the frame lies in its range: precision 1/2 and 1/1.
    said = "<segment>[3, 5]</segment><frame>42</frame>"
    assert graded(FrameOverlap("precision", tags=("segment",)), said, [3]) == 0.5
    assert graded(FrameOverlap("precision", tags=("frame",)), said, [[40, 45]]) == 1
    assert graded(FrameOverlap("precision", tags=("frame",)), said.replace("42", "46"), [[40, 45]]) == 0


def test_ranges() -> None:
    right = [[0, 9], [20, 29]]
    for metric, value in (("precision", 3 / 4), ("recall", 1 / 2), ("f1", 2 * 3 / 4 * 1 / 2 / (3 / 4 + 1 / 2))):
        assert graded(FrameOverlap(metric), select(0, 5, 9, 10), right) == pytest.approx(value)  # type: ignore[arg-type]


def test_where_frames_are_read() -> None:
    assert graded(FrameOverlap(), select(1, 2) + select(2, 3, name="frames"), {"frames": [1, 2, 3]}) == 1
    assert graded(FrameOverlap(argument="ids"), select(1, name="ids"), [1]) == 1
    assert graded(FrameOverlap(argument="ids"), select(1), [1]) == 0
    assert graded(FrameOverlap(), select(1, "2", True, None, 3.0, -4), [1]) == 1
    assert graded(FrameOverlap(), "frames 1 and 2", [1, 2]) == 0
    shown: Any
    for shown in ([1, 2], [[1], [2, 1]], [[1, 2]]):
        assert graded(FrameOverlap(used="shown"), "", [1, 2, 3], shown=shown) == pytest.approx(2 / 3)
    assert graded(FrameOverlap(used="shown"), select(3), [3], shown=[]) == 0


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20), min_size=1))
def test_metrics_are_those_of_sets(chosen: set[int], gold: set[int]) -> None:
    both = len(chosen & gold)
    expected: dict[Metric, float] = {
        "iou": both / len(chosen | gold),
        "precision": both / len(chosen) if chosen else 0.0,
        "recall": both / len(gold),
        "f1": 2 * both / (len(chosen) + len(gold)),
    }
    for metric, value in expected.items():
        assert frame_overlap(chosen, right_frames(gold), metric) == pytest.approx(value)


FIRST, BETTER = [0, 16, 32], [0, 4, 8]


@pytest.mark.system("video-mtr")
def test_video_mtr_gains() -> None:
    def gain(*shown: list[int], beats: Any = "best") -> float:
        return graded(FrameGain("frames", beats=beats), "", [4, 8, 12], frames=list(shown))

    assert frame_overlap(set(BETTER), right_frames([4, 8, 12]), "iou") == 0.5
    assert gain(FIRST, BETTER) == 1
    assert gain(FIRST, BETTER, BETTER) == 1  # the same frames again are no gain
    assert gain(FIRST, BETTER, [4, 8, 12]) == 2
    assert gain(FIRST) == 0
    assert gain(BETTER, FIRST) == 0
    # Going back and forth is paid for as published, and not otherwise.
    assert gain(FIRST, BETTER, FIRST, BETTER, beats="previous") == 2
    assert gain(FIRST, BETTER, FIRST, BETTER) == 1


@pytest.mark.system("video-mtr")
def test_video_mtr_pays_for_frames_behind_the_answer() -> None:
    # 0.5 for the gain, 1 for the answer (and 0.1 a well-formed turn, which is Format's); each reads its own reference.
    gain = FrameGain("frames")
    right = Answer("choice").named("right")

    def total(answer: str) -> float:
        samples = [Sample("?", f"<answer>{answer}</answer>", reference="B")]
        answered = right.score(samples).values[0]
        gained = gain.score([Sample("?", "", reference=[4, 8, 12], meta={"frames": [FIRST, BETTER]})]).values[0]
        return float(answered * (0.5 * gained) + answered)

    assert (total("B"), total("A")) == (1.5, 0.0)
    assert Gate(right, 0.5 * gain).range == (0.0, 1.0)


def test_gains_are_credited_to_their_turns() -> None:
    meta = {"frames": [FIRST, FIRST, BETTER, [4, 8, 12], [4, 8, 12]]}
    scores = FrameGain("frames").score([Sample("?", "", reference=[4, 8, 12], meta=meta)])
    assert scores.spans is not None
    assert [(s.value, s.unit, s.turn) for s in scores.spans[0]] == [(1.0, "turn", 1), (1.0, "turn", 2)]
    assert scores.reason == ["2 of 4 turns gained"]


@pytest.mark.parametrize(
    "reference", [5, "3", [], [1.5], [True], [-1], [[5, 3]], [[1, 2, 3]], [1, [2, 3]], {"ids": [1]}, None]
)
def test_bad_references(reference: Any) -> None:
    scores = FrameOverlap("recall").score([Sample("?", select(3), reference=reference)])
    assert scores.status[0] == "invalid"
    assert "reference" in scores.reason[0]


@pytest.mark.parametrize("reward", [FrameOverlap("iou"), FrameGain("frames")])
def test_ranges_have_no_iou(reward: Any) -> None:
    scores = reward.score([Sample("?", select(3), reference=[[1, 5]], meta={"frames": [[1]]})])
    assert (scores.status[0], scores.reason[0][:23]) == ("invalid", "reference holds ranges;")


@pytest.mark.parametrize("shown", [None, 5, "3", [1.5], [[1], ["2"]], [None]])
def test_bad_records_of_what_was_shown(shown: Any) -> None:
    for reward in (FrameOverlap(used="shown"), FrameGain("shown")):
        scores = reward.score([Sample("?", "", reference=[1], meta={"shown": shown})])
        assert scores.status[0] == "invalid"
        assert "shown" in scores.reason[0]


def test_gains_need_the_frames_that_were_shown_first() -> None:
    scores = FrameGain("shown").score([Sample("?", "", reference=[1], meta={"shown": []})])
    assert (scores.status[0], scores.reason[0][:14]) == ("invalid", "shown is empty")
    assert graded(FrameGain("shown"), "", [1], shown=[[]]) == 0
    assert graded(FrameGain("shown"), "", [1], shown=[[], [1]]) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FrameGain("f", most=0), "most=0; it must be positive"),
        (lambda: FrameGain("f", margin=-1), "margin=-1.0; it must not be negative"),
        (lambda: FrameOverlap(tags=("<a>",)), "FrameOverlap: tag"),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
