from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.function import reward as reward_of
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.tools.tool_use import (
    Budget,
    RepeatedCalls,
    ToolCount,
    ToolExploration,
    ToolSuccess,
    ValidCalls,
)

ZOOM = '<tool_call>{"name": "zoom", "arguments": {"level": 2}}</tool_call>'
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "zoom",
            "parameters": {
                "type": "object",
                "properties": {"level": {"type": "integer"}},
                "required": ["level"],
                "additionalProperties": False,
            },
        },
    },
    {"name": "stop"},
]


def text(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def native(*names: str, ids: str = "abcd") -> dict[str, Any]:
    calls = [{"id": i, "function": {"name": name, "arguments": "{}"}} for i, name in zip(ids, names, strict=False)]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def tool(call: str, ok: bool | None = None, content: str = "") -> dict[str, Any]:
    message = {"role": "tool", "tool_call_id": call, "content": content}
    return message if ok is None else {**message, "ok": ok}


def graded(reward: Reward, response: Any, reference: Any = None, **meta: Any) -> tuple[float, str]:
    scores = reward.score([Sample("?", response, reference=reference, meta=meta)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0]), scores.reason[0]


# ---- validity ---------------------------------------------------------------------------------------------------


def test_valid_calls() -> None:
    assert graded(ValidCalls(), ZOOM) == (1, "")
    assert graded(ValidCalls(), ZOOM * 3 + "<tool_call>zoom</tool_call>") == (
        0.75,
        "call 3: neither JSON nor name(arguments)",
    )
    assert graded(ValidCalls(), "no tool is needed") == (0, "no call")
    assert graded(ValidCalls(tags=("search",)), "<search>a</search><search> </search>")[0] == 0.5


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ('{"name": "zoom", "arguments": {"level": 2}}', ""),
        ('{"name": "stop"}', ""),
        ('{"name": "fly"}', "no tool is named 'fly'"),
        ('{"name": "zoom", "arguments": {}}', "'level' is a required property"),
        ('{"name": "zoom", "arguments": {"level": "2"}}', "$.level: '2' is not of type 'integer'"),
        ('{"name": "zoom", "arguments": {"level": 2, "x": 1}}', "Additional properties are not allowed"),
    ],
)
def test_calls_are_checked_against_the_tools_definitions(call: str, fault: str) -> None:
    value, reason = graded(ValidCalls(known="tools"), f"<tool_call>{call}</tool_call>", tools=TOOLS)
    assert value == (not fault)
    assert fault in reason


@pytest.mark.parametrize(
    ("tools", "reason"),
    [
        (None, "no tools"),
        ("zoom", "tools is a str; expected a list"),
        ([5], "tools[0] has no name"),
        ([{"name": "zoom", "parameters": {"type": "nope"}}], "the definition of tool 'zoom'"),
        ([{"name": "zoom", "parameters": {"enum": {1, 2}}}], "tools[0]: parameters are not JSON"),
    ],
)
def test_bad_definitions_are_the_record_s_fault(tools: Any, reason: str) -> None:
    scores = ValidCalls(known="tools").score([Sample("?", ZOOM, meta={"tools": tools})])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


def test_each_call_is_credited_at_its_turn() -> None:
    scores = ValidCalls().score([Sample("?", [text(ZOOM), text("hm"), text("<tool_call>x</tool_call>")])])
    assert scores.spans is not None
    assert [(s.value, s.unit, s.place, s.turn) for s in scores.spans[0]] == [
        (1.0, "turn", (0, 1), 0),
        (0.0, "turn", (2, 3), 2),
    ]


# ---- success ----------------------------------------------------------------------------------------------------

TRAJECTORY = [native("zoom", "crop"), tool("a", True), tool("b", False), native("zoom", ids="c"), tool("c", True)]


def test_success_is_what_the_runtime_recorded() -> None:
    value, reason = graded(ToolSuccess(), TRAJECTORY)
    assert (round(value, 12), reason) == (round(2 / 3, 12), "1 of 3 calls failed")
    assert graded(ToolSuccess("any"), TRAJECTORY)[0] == 1
    assert graded(ToolSuccess("all"), TRAJECTORY)[0] == 0
    assert graded(ToolSuccess("all", tools=("zoom",)), TRAJECTORY) == (1, "")
    assert graded(ToolSuccess(tools=("fly",)), TRAJECTORY) == (0, "no call")


def test_a_call_that_nobody_answered_did_not_work() -> None:
    assert graded(ToolSuccess(), [native("zoom")])[0] == 0
    assert graded(ToolSuccess(), [*TRAJECTORY, native("zoom", ids="d")])[0] == 0.5


def test_a_refused_non_call_is_no_escape() -> None:
    """A runtime that answers unreadable text must not make the record useless: that would spare the policy."""
    refused = [text("<tool_call"), {"role": "tool", "content": "no call found", "ok": False}]
    assert graded(ToolSuccess(), refused) == (0, "no call")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ([native("zoom"), tool("a")], "the answer to a call of 'zoom' does not say whether it worked"),
        ([native("zoom"), tool("a", content="Success!")], "the answer to a call of 'zoom'"),
        ([native("zoom"), tool("x", True)], "a tool's message answers no call"),
        ([text("hello"), {"role": "tool", "content": "hm"}], "a tool's message answers no call"),
    ],
)
def test_a_silent_runtime_is_the_record_s_fault(response: Any, reason: str) -> None:
    for reward in (ToolSuccess(), ToolCount(only="ok")):
        scores = reward.score([Sample("?", response)])
        assert scores.status[0] == "invalid"
        assert scores.reason[0].startswith(reason)


@pytest.mark.system("arm-thinker")
def test_arm_thinker_rewards_and_its_faith_in_the_runtime() -> None:
    answer = Answer("exact", extract="tag")
    stage2 = (
        0.3 * Format("think-answer")
        + 0.7 * answer
        + 0.5 * (answer * ToolCount(only="ok")).named("succeeded")
        + 0.1 * ToolCount()
        - 0.1 * (answer * ToolCount()).named("paid")
    )
    reward = Gate(Format("think-answer"), stage2)
    right = text("<think>a</think><answer>Answer 1 is better</answer>")
    wrong = text("<think>a</think><answer>Answer 2 is better</answer>")
    lying = text("<think>Tool call succeeded!</think><answer>Answer 1 is better</answer>")
    failed, fine = [native("zoom"), tool("a", False, "Tool call succeeded!")], [native("zoom"), tool("a", True)]
    stray = text(f"<think>a</think><answer>Answer 1 is better</answer>{ZOOM}")
    for response, value in (
        ([text("Answer 1 is better")], 0.0),
        ([wrong], 0.3),
        ([*failed, wrong], 0.4),
        ([right], 1.0),
        ([*failed, right], 1.0),
        ([*fine, right], 1.5),
        ([*failed, lying], 1.0),
        ([lying], 1.0),
        ([stray], 0.0),
    ):
        assert graded(reward, response, "Answer 1 is better")[0] == pytest.approx(value), response


# ---- counts and costs -------------------------------------------------------------------------------------------


def test_tool_count() -> None:
    assert graded(ToolCount(), ZOOM) == (1, "")
    assert graded(ToolCount(), "no") == (0, "0 calls")
    assert graded(ToolCount(4), ZOOM * 3) == (0.75, "3 calls")
    assert graded(ToolCount(4, only="distinct"), ZOOM * 3) == (0.25, "1 distinct calls")
    assert graded(ToolCount(2), ZOOM * 3)[0] == 1
    assert graded(ToolCount(2, tools=("crop",)), ZOOM)[0] == 0
    assert graded(ToolCount(2, only="ok"), TRAJECTORY)[0] == 1
    assert graded(ToolCount(), "<tool_call>zoom</tool_call>")[0] == 0


@reward_of(range=(0, 1), cost="free")
def accuracy(sample: Sample) -> float:
    """An accuracy that the response states itself, so that composition can be tested with any number."""
    return float(sample.text.split("<answer>")[1].split("<")[0]) if "<answer>" in sample.text else 0.0


@pytest.mark.system("deepsport")
@pytest.mark.parametrize(
    ("answered", "calls", "value"),
    [
        (1.0, 1, 1.5),
        (1.0, 0, 1.0),
        (0.4, 1, 0.43),
        (0.4, 0, 0.4),
        (0.5, 1, 0.75),
    ],
)
def test_deepsport_pays_for_tools_behind_the_answer(answered: float, calls: int, value: float) -> None:
    paid = Gate(accuracy, (0.5 * accuracy).named("half"), closed=0.03).named("paid")
    form = Format("think-answer") + RepeatedCalls("any")
    reward = Gate(form.named("form"), accuracy + Gate(ToolCount(), paid), closed=-0.05)
    call = "frame_extraction_tool({}, 10)"
    turns = [text(f"<think>a</think><tool_call>{call.format(k)}</tool_call>") for k in range(calls)]
    said = text(f"<think>a</think><answer>{answered}</answer>")
    assert graded(reward, [*turns, said])[0] == pytest.approx(value)
    assert graded(reward, [*turns, text(str(answered))])[0] == -0.05
    assert graded(reward, [*turns * 2, said])[0] == (pytest.approx(value) if not calls else -0.05)


def test_repeated_calls() -> None:
    search = RepeatedCalls(tags=("search",))
    assert graded(search, "nothing") == (0, "")
    assert graded(search, "<search>a</search><search>b</search>") == (0, "")
    assert graded(search, "<search>a</search>" * 4) == (-0.75, "3 of 4 calls repeat another")
    assert (
        graded(RepeatedCalls("any", tags=("search",)), "<search>a</search><search>b</search><search>a</search>")[0]
        == -1
    )
    assert (
        graded(
            RepeatedCalls(),
            '<tool_call>[{"name": "f", "arguments": {"x": 1, "y": 2}}, '
            '{"name": "f", "arguments": {"y": 2, "x": 1}}]</tool_call>',
        )[0]
        == -0.5
    )
    scores = search.score([Sample("?", [text("<search>a</search>"), text("<search>a</search>")])])
    assert scores.spans is not None
    assert [(s.value, s.turn) for s in scores.spans[0]] == [(-0.5, 1)]


@pytest.mark.system("video-lmm-post-training")
def test_budget_and_repeats_of_the_survey() -> None:
    # eta1 * right * (1 - used / B) - eta2 * repeats / used, with 16 of 64 used: 0.75.
    answer = Answer("number")
    reward = answer + (answer.named("right") * Budget(64, of="calls", tags=("see",))).named("thrift")
    said = "".join(f"<see>{k}</see>" for k in range(16)) + "<answer>4</answer>"
    assert graded(reward, said, "4")[0] == pytest.approx(0.75)
    assert graded(reward, said.replace(">4<", ">5<"), "4")[0] == 0
    assert graded(RepeatedCalls(tags=("see",)), said)[0] == 0


@pytest.mark.system("video-mtr")
def test_video_mtr_answers_are_worth_less_the_later_they_come() -> None:
    # 1 - 0.1 * (turn - 1) for a right answer.
    reward = Answer("choice") + (Answer("choice").named("right") * Budget(11, free=1)).named("late")
    for turns in (1, 2, 3):
        said = [text("<think>a</think>")] * (turns - 1) + [text("<answer>B</answer>")]
        assert graded(reward, said, "B")[0] == pytest.approx(1 - 0.1 * (turns - 1))


@given(st.integers(0, 30), st.integers(1, 20), st.data())
def test_a_budget_only_punishes_and_more_is_never_cheaper(turns: int, limit: int, data: st.DataObject) -> None:
    reward = Budget(limit, free=data.draw(st.integers(0, limit - 1)))
    some, more = (graded(reward, [text("x")] * n)[0] if n else graded(reward, [])[0] for n in (turns, turns + 1))
    assert -1 <= more <= some <= 0


# ---- the group --------------------------------------------------------------------------------------------------


def explored(users: Sequence[bool], group: Any = 1) -> list[float]:
    samples = [Sample("?", ZOOM if used else "no", group=group) for used in users]
    return [float(value) for value in ToolExploration(0.2).score(samples).values]


@pytest.mark.system("vr-thinker")
def test_vr_thinker_exploration() -> None:
    assert explored([True] + [False] * 7) == pytest.approx([0.2 - 1 / 8] + [0.0] * 7)
    assert explored([True, True] + [False] * 6) == [0.0] * 8
    assert explored([False] * 8) == [0.0] * 8


def test_exploration_keeps_groups_apart_and_needs_one() -> None:
    samples = [Sample("?", ZOOM if k in (0, 10) else "no", group=k // 10) for k in range(20)]
    samples.append(Sample("?", ZOOM))
    scores = ToolExploration(0.2).score(samples)
    assert scores.values[[0, 10]] == pytest.approx([0.1, 0.1])
    assert (scores.status[20], scores.reason[20]) == ("invalid", "no group")
    assert ToolExploration().reach == "group"


def test_a_response_that_cannot_be_read_counts_in_no_group() -> None:
    samples = [Sample("?", ZOOM, group=1), *[Sample("?", "no", group=1)] * 7, Sample("?", 5, group=1)]
    scores = ToolExploration(0.2).score(samples)
    assert scores.values[0] == pytest.approx(0.075)
    assert scores.status[8] == "invalid"
    assert np.isnan(scores.values[8])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ToolCount(0), "ToolCount: cap=0; it must be positive"),
        (lambda: Budget(0), "expected 0 <= free < limit"),
        (lambda: Budget(5, free=5), "expected 0 <= free < limit"),
        (lambda: Budget(5, free=-1), "expected 0 <= free < limit"),
        (lambda: ToolExploration(0), "ToolExploration: target=0.0"),
        (lambda: ToolExploration(1.5), "ToolExploration: target=1.5"),
        (lambda: ValidCalls(tags=("a b",)), "ValidCalls: tag 'a b' must be a plain name"),
        (lambda: ToolSuccess(tags=("",)), "ToolSuccess: tag ''"),
        (lambda: RepeatedCalls(tags=("<x>",)), "RepeatedCalls: tag '<x>'"),
        (lambda: ToolCount(2.5), "cap is 2.5; expected a whole number"),  # type: ignore[arg-type]  # the test
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
