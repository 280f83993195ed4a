from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.compose.route import Route
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.tools.actions import Action, ActionArgument, ActionType, action_from, reference_action


def graded(reward: Any, response: Any, reference: Any, **more: Any) -> float:
    scores = reward.score([Sample("?", response, reference=reference, **more)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


def why(reward: Any, response: Any, reference: Any) -> str:
    scores = reward.score([Sample("?", response, reference=reference)])
    return str(scores.reason[0])


# ---- Shop-R1 ----------------------------------------------------------------------------------------------------

CLICK = {"type": "click", "name": "add to cart"}
TYPED = {"type": "type_and_submit", "name": "search box", "text": "red shoes size nine now"}


def shop_r1() -> Any:
    """v(a) of Shop-R1 (Table 1): by type of the action wanted, everything behind valid JSON."""

    def argument(name: str, rule: Any, of: str, threshold: float | None = None) -> Any:
        label = f"{rule.replace('-', '_')}_{name}_{of}"
        return ActionArgument(name, rule, threshold, absent=0.0, when=(of,)).named(label)

    by_level = (
        0.5 * Format("json")
        + 0.3 * ActionType()
        + 0.2 * argument("name", "given", "click")
        + 1000 * argument("name", "rouge-l", "click", 0.75)
        + 0.1 * argument("name", "given", "type_and_submit")
        + 0.1 * argument("text", "given", "type_and_submit")
        + 0.1 * argument("name", "rouge-l", "type_and_submit", 0.75)
        + 1000 * argument("text", "rouge-l", "type_and_submit", 0.75)
    )
    return Gate(Format("json").named("valid"), by_level)


def shopped(action: dict[str, Any]) -> str:
    return json.dumps({"rationale": "I want them.", "action": action})


@pytest.mark.system("shop-r1")
@pytest.mark.parametrize(
    ("response", "reference", "value"),
    [
        (shopped(CLICK), CLICK, 0.5 + 0.3 + 0.2 + 1000),
        # LCS "add to" of 3 and 4 words: F1 = 2 * 2 / 7 = 0.571, below the threshold.
        (shopped({"type": "click", "name": "add to wish list"}), CLICK, 0.5 + 0.3 + 0.2),
        (shopped({"type": "click", "name": ""}), CLICK, 0.8),
        (shopped({"type": "terminate"}), {"type": "terminate"}, 0.8),
        (shopped({"type": "terminate"}), CLICK, 0.5),
        (shopped({**TYPED, "type": "click"}), TYPED, 0.5),
        ("click(name='add to cart')", CLICK, 0.0),
        ("", CLICK, 0.0),
        # Name ROUGE-L 1; text 4 of 5 words, LCS 4: 2 * 4 / 10 = 0.8.
        (shopped({**TYPED, "text": "red shoes size nine please"}), TYPED, 0.5 + 0.3 + 0.1 + 0.1 + 0.1 + 800),
    ],
)
def test_shop_r1(response: str, reference: dict[str, Any], value: float) -> None:
    assert graded(shop_r1(), response, reference) == pytest.approx(value)


# ---- screens ----------------------------------------------------------------------------------------------------


@pytest.mark.system("magicgui")
@pytest.mark.parametrize(
    ("response", "reference", "passed"),
    [
        # The distance from (0.5, 0.5) is 0.128 and 0.15; 0.14 is allowed.
        ("tap(0.60, 0.58)", {"type": "tap", "point": [0.5, 0.5]}, True),
        ("tap(0.65, 0.50)", {"type": "tap", "point": [0.5, 0.5]}, False),
        ("tap(0.60, 0.58)", {"type": "tap", "point": [0.4, 0.4, 0.6, 0.6]}, True),
        ("tap(1.60, 0.58)", {"type": "tap", "point": [0.5, 0.5]}, False),
        ("long_press(0.60, 0.58)", {"type": "tap", "point": [0.5, 0.5]}, False),
        ("scroll(0.5, 0.5, direction='Down')", {"type": "scroll", "point": [0.5, 0.5], "direction": "down"}, True),
        ("scroll(0.5, 0.5, direction='up')", {"type": "scroll", "point": [0.5, 0.5], "direction": "down"}, False),
        # Two of three words: F1 = 2 * 2 / 5 = 0.8; one of three and one: 2 * 1 / 4 = 0.5, which is not above 0.5.
        (
            "text(0.5, 0.5, text_input='new york city')",
            {"type": "text", "point": [0.5, 0.5], "text_input": "new york"},
            True,
        ),
        (
            "text(0.5, 0.5, text_input='new york city')",
            {"type": "text", "point": [0.5, 0.5], "text_input": "york"},
            False,
        ),
        ("wait()", {"type": "wait"}, True),
        ("finish()", {"type": "wait"}, False),
        ("drag(start=[0.1, 0.1], end=[0.9, 0.9])", {"type": "drag", "start": [0.1, 0.1], "end": [0.9, 0.9]}, True),
        ("drag(start=[0.1, 0.1], end=[0.9, 0.98])", {"type": "drag", "start": [0.1, 0.1], "end": [0.9, 0.9]}, False),
    ],
)
def test_magicgui_pays_two_where_type_and_arguments_pass(response: str, reference: Any, passed: bool) -> None:
    near = ActionArgument("0,1|point", "near", 0.14, frame="unit").named("point")
    start, end = (ActionArgument(n, "near", 0.075, frame="unit").named(n) for n in ("start", "end"))
    typed = ActionArgument("text_input", "f1", 0.5, form="pass").named("text")
    reward = 2 * (ActionType() * near * start * end * typed * ActionArgument("direction"))
    assert graded(reward, f"<think>a</think><answer>{response}</answer>", reference) == 2 * passed


def test_a_click_inside_the_box() -> None:
    """GUI-R1: a click is right where it lies in the element's box."""
    reward = ActionType() * ActionArgument("coordinate|point", "inside")
    right = {"action": "click", "coordinate": [10, 20, 30, 40]}

    def clicked(x: Any, y: Any) -> float:
        said = json.dumps({"name": "computer_use", "arguments": {"action": "click", "coordinate": [x, y]}})
        return graded(reward, f"<tool_call>{said}</tool_call>", right)

    assert [clicked(10, 20), clicked(30, 40), clicked(20, 30), clicked(9.9, 30), clicked(20, 40.1)] == [1, 1, 1, 0, 0]
    assert [clicked("20", 30), clicked(None, 30), clicked(float("nan"), 30), clicked(-1, 30), clicked(True, 30)] == [
        0
    ] * 5


def test_frames_are_converted() -> None:
    right = {"type": "click", "at": [100, 100, 200, 200], "frame": "pixel", "size": [1000, 500]}
    inside = ActionArgument("at", "inside", frame="thousand")
    # The box is 100..200 of 1000 across and 200..400 thousandths down.
    assert graded(inside, "click(at=[150, 300])", right) == 1
    assert graded(inside, "click(at=[150, 150])", right) == 0
    near = ActionArgument("at", "near", 0.1, frame="pixel")
    # From the centre (0.15, 0.3) to (240, 150) = (0.24, 0.3): 0.09 of the screen.
    assert graded(near, "click(at=[240, 150])", right) == 1
    assert graded(near, "click(at=[260, 150])", right) == 0


def test_routes_by_what_the_record_asks() -> None:
    reward = Route({"scroll": ActionType() * ActionArgument("direction")}, otherwise=ActionType())
    assert graded(reward, "scroll(direction=up)", "scroll(direction=down)", task="scroll") == 0
    assert graded(reward, "scroll(direction=up)", "scroll(direction=down)") == 1


# ---- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "kind", "arguments"),
    [
        ('{"action_type": "CLICK", "x": 1}', "click", {"x": 1}),
        ('```json\n{"type": "scroll-down"}\n```', "scroll_down", {}),
        ('{"action": "open app", "name": "mail"}', "open_app", {"name": "mail"}),
        ('{"thought": "", "action": {"action": "tap", "x": 1}}', "tap", {"x": 1}),
        ('{"name": "click", "arguments": {"x": 1}}', "click", {"x": 1}),
        ('{"name": "mobile", "arguments": {"action": "click", "x": 1}}', "click", {"x": 1}),
        ('{"name": "click", "parameters": {"type": "double"}}', "double", {}),
        ("click(x=1)", "click", {"x": 1}),
        ("<think>type(1)</think><action>click(x=1)</action>", "click", {"x": 1}),
        ("I will click. <answer>click(x=1)</answer>", "click", {"x": 1}),
        ("<answer>click(x=1)</answer><answer>click(x = 1)</answer>", "click", {"x": 1}),
    ],
)
def test_actions_are_read(response: str, kind: str, arguments: dict[str, Any]) -> None:
    wanted = {"type": kind, **arguments}
    assert graded(ActionType(), response, wanted) == 1
    for name in arguments:
        assert graded(ActionArgument(name), response, wanted) == 1


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("", "no action"),
        ("I click.", "no action"),
        ("[]", "no action"),
        ("{}", "no action"),
        ('{"type": ""}', "no action"),
        ('{"type": 5}', "no action"),
        ('{"action": {"action": {"action": {"action": {"action": "click"}}}}}', "no action"),
        ("<answer>click(1)</answer><answer>click(2)</answer>", "several actions"),
        ("<answer>click(1)", "a tag is not closed"),
        ("click(1) or click(2)", "no action"),
        ("<think>click(1)</think>", "no action"),
        ("<answer>type(1)</answer>", "action type where click belongs"),
    ],
)
def test_what_is_no_action_scores_nothing_and_says_why(response: str, reason: str) -> None:
    for reward in (ActionType(), ActionArgument("0"), ActionArgument("missing")):
        assert graded(reward, response, "click(1)") == 0
        assert why(reward, response, "click(1)") == reason


def test_native_calls() -> None:
    def call(*names: str) -> list[dict[str, Any]]:
        calls = [{"function": {"name": name, "arguments": '{"x": 1}'}} for name in names]
        return [{"role": "assistant", "content": "click(x=2)", "tool_calls": calls}]

    assert graded(ActionArgument("x"), call("click"), "click(x=1)") == 1
    assert why(ActionType(), call("click", "type"), "click(x=1)") == "several actions"


# ---- rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "given", "right", "value"),
    [
        ("exact", "New  York ", "new york", 1),
        ("exact", 1, 1.0, 1),
        ("exact", True, 1, 0),
        ("exact", "1", 1, 0),
        ("exact", ["A", 1], ["a", 1], 1),
        ("given", "x", "y", 1),
        ("given", " ", "y", 0),
        ("given", [], "y", 0),
        ("given", 0, "y", 1),
        ("f1", "the new york", "New York!", 1),
        ("f1", "york", "new york", 2 / 3),
        ("f1", 5, "new york", 0),
        ("f1", "x" * 20_000, "new york", 0),
        ("rouge-l", "york new", "new york", 0.5),
    ],
)
def test_rules(rule: Any, given: Any, right: Any, value: float) -> None:
    said = json.dumps({"type": "t", "a": given})
    assert graded(ActionArgument("a", rule), said, {"type": "t", "a": right}) == pytest.approx(value)


def test_arguments_that_the_reference_does_not_have() -> None:
    for absent in (1.0, 0.0):
        assert graded(ActionArgument("a", absent=absent), "t(a=1)", {"type": "t"}) == absent
        assert graded(ActionArgument("a", absent=absent, when=("u",)), "t(a=1)", {"type": "t", "a": 2}) == absent
        assert graded(ActionArgument("a", absent=absent), "u(a=1)", {"type": "t"}) == 0
    assert graded(ActionArgument("a"), "t(b=1)", {"type": "t", "a": 1}) == 0
    assert ActionArgument("a", absent=-1.0).range == (-1.0, 1.0)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_near_is_the_euclidean_distance(x: float, y: float, most: float) -> None:
    squared = (x - 0.5) ** 2 + (y - 0.5) ** 2
    if abs(squared - most**2) > 1e-9:
        near = ActionArgument("at", "near", most, frame="unit")
        said = json.dumps({"type": "tap", "at": [x, y]})
        assert graded(near, said, {"type": "tap", "at": [0.5, 0.5]}) == (squared <= most**2)


@pytest.mark.parametrize(
    ("reward", "reference", "reason"),
    [
        (ActionType(), 5, "reference is 5 (a int); expected an action"),
        (ActionType(), "no action at all", "reference is 'no action at all'"),
        (ActionType(), {"name": "x"}, "reference is {'name': 'x'}"),
        (ActionArgument("a", "f1"), {"type": "t", "a": 5}, "reference's a is 5 (a int); rule 'f1' expects a text"),
        (ActionArgument("a", "inside"), {"type": "t", "a": [1, 2]}, "reference's a is [1, 2]"),
        (ActionArgument("a", "inside"), {"type": "t", "a": [3, 3, 1, 1]}, "reference's a is impossible"),
        (ActionArgument("a", "inside"), {"type": "t", "a": [1, 1, 3, 3], "frame": "inch"}, "reference frame is"),
        (ActionArgument("a", "near", 0.1), {"type": "t", "a": [1, 2]}, 'reference has no "size"'),
        (ActionArgument("a", "near", 0.1, frame="unit"), {"type": "t", "a": [1, 2]}, "reference's a is impossible"),
    ],
)
def test_bad_references(reward: Any, reference: Any, reason: str) -> None:
    for response in ("t(a=[2, 2])", "", "u()"):
        scores = reward.score([Sample("?", response, reference=reference)])
        assert scores.status[0] == "invalid", scores.reason
        assert scores.reason[0].startswith(reason)


def test_a_reference_is_an_action() -> None:
    assert reference_action('{"type": "t"}') == Action("t", {})
    assert action_from("x").fault == "no action"
    with pytest.raises(BadReferenceError):
        reference_action(None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"argument": ""}, "has an empty name"),
        ({"argument": "a,|b"}, "has an empty name"),
        ({"argument": "a", "rule": "near"}, "near needs a threshold"),
        ({"argument": "a", "rule": "near", "threshold": 0}, "near needs a threshold"),
        ({"argument": "a", "rule": "exact", "threshold": 0.5}, "rule 'exact' has no threshold"),
        ({"argument": "a", "rule": "f1", "threshold": 1}, "threshold=1.0; it lies in [0, 1)"),
        ({"argument": "a", "rule": "rouge"}, "did you mean 'rouge-l'?"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ActionArgument(**arguments)
    assert message in str(caught.value)
