from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.tools.tool_calls import (
    Call,
    calls_of,
    check_tags,
    observations,
    reference_calls,
    written_call,
)

Message = dict[str, Any]


def native(*calls: tuple[str, Any], ids: str = "abcdef") -> Message:
    made = [{"id": i, "function": {"name": name, "arguments": a}} for i, (name, a) in zip(ids, calls, strict=False)]
    return {"role": "assistant", "content": None, "tool_calls": made}


def tool(call: str | None, content: str, ok: bool | None = None) -> Message:
    message: Message = {"role": "tool", "content": content}
    if call is not None:
        message["tool_call_id"] = call
    return message if ok is None else {**message, "ok": ok}


def block(content: Any) -> str:
    return f"<tool_call>\n{content if isinstance(content, str) else json.dumps(content)}\n</tool_call>"


def read(text: str, tags: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    return [(c.name, c.arguments, c.fault) for c in calls_of(Sample("", text), tags)]


def test_native_calls_with_the_runtime_s_word() -> None:
    sample = Sample(
        "",
        [
            native(("zoom", '{"level": 2}'), ("crop", {"box": [0, 0, 1, 1]})),
            tool("b", "cropped", ok=True),
            tool("a", "success!"),
            native(("zoom", ""), ids="c"),
        ],
    )
    calls = calls_of(sample)
    assert [(c.name, c.arguments, c.turn, c.ok) for c in calls] == [
        ("zoom", {"level": 2}, 0, None),
        ("crop", {"box": [0, 0, 1, 1]}, 0, True),
        ("zoom", "", 1, None),
    ]
    assert [c.result.text if c.result else None for c in calls] == ["success!", "cropped", None]
    assert calls[2].fault == "arguments are not a JSON object"


def test_an_id_that_is_used_again_is_that_of_the_new_call() -> None:
    """As in recorded trajectories of tau-bench, where a cached reply brings its id with it."""
    turns = [
        native(("zoom", "{}"), ids="a"),
        tool("a", "no", ok=False),
        native(("crop", "{}"), ids="a"),
        native(("turn", "{}"), ids="a"),
        tool("a", "yes", ok=True),
        tool("a", "stray", ok=True),
    ]
    calls = calls_of(Sample("", turns))
    assert [(c.name, c.ok, c.result and c.result.text) for c in calls] == [
        ("zoom", False, "no"),
        ("crop", None, None),
        ("turn", True, "yes"),
    ]
    twice = [native(("f", "{}"), ("g", "{}"), ids="aa"), tool("a", "1", ok=True), tool("a", "2", ok=False)]
    assert [(c.name, c.ok) for c in calls_of(Sample("", twice))] == [("f", True), ("g", False)]


def test_where_there_are_native_calls_the_text_calls_nothing() -> None:
    message = {**native(("zoom", "{}")), "content": block({"name": "crop", "arguments": {}})}
    assert [c.name for c in calls_of(Sample("", [message]))] == ["zoom"]


@pytest.mark.parametrize(
    ("content", "calls"),
    [
        ({"name": "f", "arguments": {"x": 1}}, [("f", {"x": 1}, "")]),
        ({"name": "f", "parameters": {"x": 1}}, [("f", {"x": 1}, "")]),
        ({"name": "f", "arguments": '{"x": 1}'}, [("f", {"x": 1}, "")]),
        ({"function": {"name": "f", "arguments": {}}}, [("f", {}, "")]),
        ({"name": "f"}, [("f", {}, "")]),
        ([{"name": "f"}, {"name": "g"}], [("f", {}, ""), ("g", {}, "")]),
        ('{"name": "f"}\n\n{"name": "g"}', [("f", {}, ""), ("g", {}, "")]),
        ('{"name": "f"}\n{"name": ', [("f", {}, ""), ("", '{"name":', "not JSON")]),
        ("f(1, 'a', key=true)", [("f", {"0": 1, "1": "a", "key": True}, "")]),
        ("[]", []),
        ('{"x": 1}', [("", {"x": 1}, "no name")]),
        ('{"name": " "}', [(" ", {}, "no name")]),
        ('{"name": "f", "arguments": [1]}', [("f", [1], "arguments are not a JSON object")]),
        ('{"name": "f", "arguments": "x"}', [("f", "x", "arguments are not a JSON object")]),
        ("please zoom", [("", "please zoom", "neither JSON nor name(arguments)")]),
        ("", [("", "", "empty <tool_call>")]),
    ],
)
def test_tool_call_blocks(content: Any, calls: list[tuple[Any, ...]]) -> None:
    found = [(n, a.strip() if isinstance(a, str) else a, f) for n, a, f in read(block(content))]
    assert found == calls


def test_reasoning_calls_nothing_and_open_tags_are_faults() -> None:
    assert read(f"<think>{block({'name': 'f'})}</think>no") == []
    assert [f for _, _, f in read(block({"name": "f"}) + '<tool_call>{"name": "g"}')] == [
        "",
        "<tool_call> is not closed",
    ]
    twice = "<tool_call>" + block({"name": "f"})
    assert [f for _, _, f in read(twice)] == ["<tool_call> is not closed", ""]


def test_blocks_of_other_tags() -> None:
    text = "<think>?</think><search>tall towers</search><bbox>[1, 2, 3, 4]</bbox><answer>5</answer>"
    assert read(text, ("search", "bbox")) == [
        ("search", {"content": "tall towers"}, ""),
        ("bbox", {"content": [1, 2, 3, 4]}, ""),
    ]


def test_text_calls_are_answered_in_order_until_the_next_turn() -> None:
    sample = Sample(
        "",
        [
            {"role": "assistant", "content": block({"name": "f"}) + block({"name": "g"})},
            tool(None, "one", ok=False),
            {"role": "user", "content": "<tool_response>two</tool_response>", "ok": True},
            {"role": "assistant", "content": block({"name": "h"})},
            {"role": "user", "content": "no answer of a tool"},
        ],
    )
    assert [(c.name, c.turn, c.ok) for c in calls_of(sample)] == [("f", 0, False), ("g", 0, True), ("h", 1, None)]
    assert [turn.text for turn in observations(sample)] == []


def test_a_model_cannot_write_its_own_record() -> None:
    message = {"role": "assistant", "content": block({"name": "f"}), "ok": True}
    assert [c.ok for c in calls_of(Sample("", [message]))] == [None]
    assert [c.ok for c in calls_of(Sample("", message))] == [None]


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("f()", ("f", {})),
        (" ns.f( ) ", ("ns.f", {})),
        ("f(-1.5e3, +2)", ("f", {"0": -1500.0, "1": "+2"})),
        ("f([0.1, 0.2], (3, 4))", ("f", {"0": [0.1, 0.2], "1": [3, 4]})),
        (r'f("a \"b\", (c)", x=\'d\')'.replace("\\'", "'"), ("f", {"0": 'a "b", (c)', "x": "d"})),
        ("f(description = two words, x=None)", ("f", {"description": "two words", "x": None})),
        ("f(1) + 2", None),
        ("f(1", None),
        ("f(1,)", None),
        ("f(x=1, x=2)", None),
        ("f(g(1))", None),
        ("f", None),
        ("1(2)", None),
        ("", None),
    ],
)
def test_calls_as_programs_write_them(text: str, call: tuple[str, Any] | None) -> None:
    found = written_call(text)
    assert (None if found is None else (found.name, found.arguments)) == call


values = st.one_of(st.integers(-999, 999), st.booleans(), st.text("ab c,()'=", min_size=1))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), values, max_size=4))
def test_what_is_written_is_read_again(arguments: dict[str, Any]) -> None:
    text = f"f({', '.join(f'{k}={json.dumps(v)}' for k, v in arguments.items())})"
    assert written_call(text) == Call("f", arguments)
    assert read(block({"name": "f", "arguments": arguments})) == [("f", arguments, "")]


@pytest.mark.parametrize(
    "given",
    [
        [{"name": "f", "arguments": {"x": 1}}],
        [{"name": "f", "kwargs": {"x": 1}}],
        {"calls": [{"name": "f", "parameters": {"x": 1}}], "response": "done"},
        f"<think>a</think>{block({'name': 'f', 'arguments': {'x': 1}})}",
    ],
)
def test_references(given: Any) -> None:
    assert [(c.name, c.arguments) for c in reference_calls(given)] == [("f", {"x": 1})]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "reference is a int; expected a list of calls"),
        ({"name": "f"}, "reference is a dict"),
        ({"calls": 5}, "reference['calls'] is a int"),
        ([5], "reference: call 0: no name"),
        ([{"name": "f", "arguments": 5}], "reference: call 0: arguments are not a JSON object"),
        ("<tool_call>{</tool_call>", "reference: call 0: not JSON"),
        (b"x", "reference is a bytes"),
    ],
)
def test_bad_references(given: Any, message: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        reference_calls(given)
    assert message in str(caught.value)


def test_a_tag_is_a_plain_name() -> None:
    with pytest.raises(ConfigError, match="ToolCount: tag '<search>' must be a plain name"):
        check_tags(("<search>",), "ToolCount")


@pytest.mark.parametrize(
    "piece",
    ["<tool_call>", "</tool_call>", "f(a", "f( ", "f('", "f([", "f(a=", '{"name":', "[", "f(a , ", '<tool_call>f("\\'],
)
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    for whole in (text, f"<tool_call>{text}</tool_call>", f"<tool_call>f(a{' ' * 300_000}{text}</tool_call>"):
        assert all(call.fault for call in calls_of(Sample("", whole)))
