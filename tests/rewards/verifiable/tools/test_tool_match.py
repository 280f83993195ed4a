from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.tools.tool_calls import Call
from plaudit.rewards.verifiable.tools.tool_match import ToolFormat, ToolMatch, match_share, multiset_iou, same_json

PARIS = [{"name": "get_weather", "arguments": {"city": "Paris", "unit": "C"}}]


def said(*calls: dict[str, Any]) -> str:
    return "<think>weather</think>\n<tool_call>\n" + "\n".join(map(json.dumps, calls)) + "\n</tool_call>"


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "parameters": arguments}


def graded(reward: Any, response: Any, reference: Any) -> tuple[float, str]:
    scores = reward.score([Sample("?", response, reference=reference)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0]), scores.reason[0]


@pytest.mark.system("toolrl")
@pytest.mark.parametrize(
    ("calls", "value"),
    [
        # S_max = 1 + (1 + 2) = 4 for one call with two arguments; the value is 6 S / S_max - 3.
        ([call("get_weather", city="Paris", unit="C")], 3.0),
        ([call("get_weather", unit="C", city="Paris")], 3.0),
        ([call("get_weather", city="Paris", unit="F")], 6 * 3 / 4 - 3),  # name 1, argument names 1, one value
        ([call("get_weather", city="Paris")], 6 * 2.5 / 4 - 3),  # name 1, argument names 1/2, one value
        ([call("get_wether", city="Paris", unit="C")], -3.0),
        # The same call twice: names 1/2, and the first one matches whole.
        ([call("get_weather", city="Paris", unit="C")] * 2, 6 * 3.5 / 4 - 3),
        # An argument too many: name 1, argument names 2/3, both values.
        ([call("get_weather", city="Paris", unit="C", day=1)], 6 * (1 + 2 / 3 + 2) / 4 - 3),
    ],
)
def test_toolrl_correctness(calls: list[dict[str, Any]], value: float) -> None:
    for matching in ("optimal", "greedy"):
        reward = ToolMatch(-3, 3, matching=matching)
        assert graded(reward, said(*calls), PARIS)[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.system("toolrl")
def test_toolrl_format_and_correctness() -> None:
    reward = ToolFormat() + ToolMatch(-3, 3)
    right = said(*PARIS)
    assert reward.range == (-3.0, 4.0)
    assert graded(reward, right, PARIS)[0] == 4
    assert graded(reward, said(call("get_weather", city="Paris", unit="F")), PARIS)[0] == 2.5
    twice = right + "\n<tool_call>\n{}\n</tool_call>"
    assert graded(ToolFormat(), twice, PARIS) == (0, "2 <tool_call> where 1 belongs")
    assert graded(reward, "It is warm.", PARIS)[0] == -3


@pytest.mark.parametrize(
    ("reference", "response", "fault"),
    [
        (PARIS, said(*PARIS), ""),
        (PARIS, "<think>a</think><response>b</response>", "missing <tool_call>"),
        (PARIS, said(*PARIS) + "<response>b</response>", "text after </tool_call>"),
        ({"response": "ok"}, "<think>a <tool_call></think><response>b</response>", "<tool_call> where none belongs"),
        (PARIS, "<tool_call>{}</tool_call>", "missing <think>"),
        ({"calls": PARIS, "response": "ok"}, said(*PARIS) + "\n<response>ok</response>", ""),
        ({"response": "ok"}, "<think>a</think>\n<response>b</response>", ""),
        ({"response": "ok"}, said(*PARIS), "missing <response>"),
        ("<think>a</think><response>b</response>", "<think>c</think><response>d</response>", ""),
        ("<think>a</think>", "<think>c</think>", ""),
        (PARIS, " ", "empty response"),
    ],
)
def test_the_reference_says_which_blocks_belong(reference: Any, response: str, fault: str) -> None:
    assert graded(ToolFormat(), response, reference) == (float(not fault), fault)


def test_a_record_without_calls_asks_for_none() -> None:
    assert graded(ToolMatch(-3, 3), "Hello.", []) == (3, "")
    assert graded(ToolMatch(-3, 3), said(*PARIS), []) == (-3, "a call too many")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("", "no call"),
        ("It is 20 degrees in Paris.", "no call"),
        ("<tool_call>{</tool_call>", "ill-formed call: not JSON"),
        (said(*PARIS) + "<tool_call>", "ill-formed call: <tool_call> is not closed"),
        (said(*PARIS * 1001), "1001 calls; at most 1000 are read"),
        (said(call("a"), call("get_weather", x=1)), "not asked: a"),
        (said(call("get_weather", city="Rome", unit="C")), "other arguments"),
    ],
)
def test_reasons(response: str, reason: str) -> None:
    assert graded(ToolMatch(), response, PARIS)[1] == reason


def test_detail() -> None:
    asked = [call("f", x=1, y=2), call("g", z=3)]
    # Names 1. By argument: f has both names and one value, g both: S = 1 + 2 + 2 of S_max = 1 + 3 + 2.
    half = said(call("f", x=1, y=0), call("g", z=3))
    assert graded(ToolMatch(), half, asked)[0] == pytest.approx(5 / 6)
    assert graded(ToolMatch(detail="call"), half, asked)[0] == pytest.approx(2 / 3)
    assert graded(ToolMatch(detail="all"), half, asked)[0] == 0
    assert graded(ToolMatch(detail="all"), said(*reversed(asked)), asked)[0] == 1


def test_the_assignment_is_the_best_one_and_greedy_is_not() -> None:
    # The first wanted call fits both made calls in one value; if it takes the first, the second has lost its own.
    asked = [Call("f", {"x": 1, "y": 1}), Call("f", {"x": 1, "y": 2})]
    made = [Call("f", {"x": 1, "y": 2}), Call("f", {"x": 1, "y": 3})]
    # Optimal: (second, first) whole = 3, (first, second) = 2; greedy: first takes first = 2, second takes second = 2.
    assert match_share(asked, made, matching="optimal") == pytest.approx((1 + 5) / 7)
    assert match_share(asked, made, matching="greedy") == pytest.approx((1 + 4) / 7)


calls = st.lists(
    st.builds(
        Call,
        st.sampled_from(["f", "g"]),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from([0, 1, "1", None, [0]]), max_size=3),
    ),
    min_size=1,
    max_size=4,
)


@given(calls, calls)
def test_equal_to_trying_every_assignment(asked: list[Call], made: list[Call]) -> None:
    def worth(a: Call, b: Call) -> float:
        names = set(a.arguments) | set(b.arguments)
        both = set(a.arguments) & set(b.arguments)
        shared = len(both) / len(names) if names else 1.0
        return shared + sum(json.dumps(a.arguments[k]) == json.dumps(b.arguments[k]) for k in both)

    slots: list[Call | None] = [*made, *[None] * len(asked)]
    best = max(
        sum(worth(a, b) for a, b in zip(asked, order, strict=False) if b is not None and a.name == b.name)
        for order in itertools.permutations(slots, len(asked))
    )
    lists = [c.name for c in asked], [c.name for c in made]
    shared = sum(min(lists[0].count(n), lists[1].count(n)) for n in "fg")
    names = shared / (len(asked) + len(made) - shared)
    most = 1 + sum(1 + len(c.arguments) for c in asked)
    share = match_share(asked, made)
    assert share == pytest.approx((names + best) / most)
    assert 0 <= match_share(asked, made, matching="greedy") <= share + 1e-12 <= 1 + 1e-12
    assert match_share(asked, asked) == pytest.approx(1)


def test_json_equality() -> None:
    assert same_json({"a": [1, 2.0]}, {"a": (1.0, 2)})
    for left, right in ((1, True), (0, False), (1, "1"), ([1], [1, 1]), ({"a": None}, {}), ([True], [1])):
        assert not same_json(left, right)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert same_json(deep, deep)


def test_multiset_iou() -> None:
    assert multiset_iou([], []) == 1
    assert multiset_iou([], ["a"]) == 0
    assert multiset_iou(["a", "a"], ["a"]) == 0.5


@pytest.mark.parametrize(
    ("reward", "reference"),
    [
        (ToolMatch(), 5),
        (ToolMatch(), [{"x": 1}]),
        (ToolMatch(), PARIS * 1001),
        (ToolFormat(), 5),
        (ToolFormat(), {}),
        (ToolFormat(), {"response": 5}),
        (ToolFormat(), {"calls": [5]}),
    ],
)
def test_a_bad_reference_is_the_record_s_fault(reward: Any, reference: Any) -> None:
    scores = reward.score([Sample("?", said(*PARIS), reference=reference)])
    assert (scores.status[0], scores.reason[0].startswith("reference")) == ("invalid", True)


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"low=1\.0 is not below high=1\.0"):
        ToolMatch(1, 1)
    with pytest.raises(ConfigError, match="did you mean 'greedy'"):
        ToolMatch(matching="greedi")  # type: ignore[arg-type]  # that is the test
