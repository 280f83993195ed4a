from __future__ import annotations

import doctest
import pickle
import re
import socket
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.formats import format as module
from plaudit.rewards.verifiable.formats.format import Format

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


def fault(reward: Format, response: str) -> str:
    """What breaks the form; "" where nothing does."""
    scores = reward.score([Sample("", response)])
    assert scores.status[0] == "ok", scores.reason[0]
    assert scores.values[0] == (not scores.reason[0])
    return scores.reason[0]


def test_docstring_examples() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("<think>a</think><answer>b</answer>", ""),
        (" <think>\na\n</think>\n\n<answer>b</answer>\n", ""),
        ("<think>a < b, I think> so</think><answer>b</answer>", ""),
        ("", "empty response"),
        (" \n", "empty response"),
        ("b", "missing <think>"),
        ("a</think><answer>b</answer>", "missing <think>"),
        ("<think>a<answer>b</answer>", "missing </think>"),
        ("<think>a</think>", "missing <answer>"),
        ("<think>a</think><answer>b", "missing </answer>"),
        ("<think>a</think>b</answer>", "missing <answer>"),
        ("<answer>b</answer><think>a</think>", "text before <think>"),
        ("<think>a<answer>b</answer></think>", "<answer> and </answer> out of order"),
        ("<think>a<answer></think>b</answer>", "<answer> and </answer> out of order"),
        ("</think>a<think><answer>b</answer>", "<think> and </think> out of order"),
        ("<think>a</think><answer>b</answer><answer>b</answer>", "2 <answer> where 1 belongs"),
        ("<think>a <answer>x</answer></think><answer>b</answer>", "2 <answer> where 1 belongs"),
        ("<think>a</think><think>a</think><answer>b</answer>", "2 <think> where 1 belongs"),
        ("<think>a</think></think><answer>b</answer>", "2 </think> where 1 belongs"),
        ("<think></think><answer>b</answer>", "empty <think>"),
        ("<think>a</think><answer> \n</answer>", "empty <answer>"),
        ("Sure! <think>a</think><answer>b</answer>", "text before <think>"),
        ("<think>a</think>so<answer>b</answer>", "text before <answer>"),
        ("<think>a</think><answer>b</answer>.", "text after </answer>"),
        ("<THINK>a</THINK><answer>b</answer>", "missing <think>"),
        ("<think >a</think ><answer>b</answer>", "missing <think>"),
    ],
)
def test_think_answer(response: str, reason: str) -> None:
    assert fault(Format("think-answer"), response) == reason
    assert fault(Format(tags=("think", "answer")), response) == reason


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("<think>a</think>b", ""),
        ("<think>a</think>I think> so", ""),
        ("<think>a</think> \n", "nothing after </think>"),
        ("<think>a</think>", "nothing after </think>"),
        ("<think> </think>b", "empty <think>"),
        ("b<think>a</think>b", "text before <think>"),
        ("a</think>b", "missing <think>"),
        ("<think>a", "missing </think>"),
        ("b", "missing </think>"),
        ("<think>a</think>b<think>", "a think tag after </think>"),
        ("<think>a</think>b</think>c", "a think tag after </think>"),
        ("<think>a<think>b</think>c", "2 <think> where 1 belongs"),
    ],
)
def test_think(response: str, reason: str) -> None:
    assert fault(Format("think"), response) == reason


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (r"so \boxed{4}.", ""),
        (r"<think>\boxed{3}</think>\boxed{\frac{1}{2}}", ""),
        ("4", r"missing \boxed{}"),
        (r"<think>\boxed{3}</think>4", r"missing \boxed{}"),
        (r"\boxed{4} \boxed{4}", r"2 \boxed{} where 1 belongs"),
        (r"\boxed{}", r"empty \boxed{}"),
        (r"\boxed{4", r"a \boxed{ is not closed"),
    ],
)
def test_boxed(response: str, reason: str) -> None:
    assert fault(Format("boxed"), response) == reason


def test_answer_alone() -> None:
    assert fault(Format("answer"), "<answer>4</answer>") == ""
    assert fault(Format("answer"), "<think>a</think><answer>4</answer>") == "text before <answer>"


def test_tags_with_order_and_multiplicity() -> None:
    steps = Format(tags=("step", "step", "answer"))
    assert fault(steps, "<step>a</step>\n<step>b</step> <answer>c</answer>") == ""
    assert fault(steps, "<step>a</step><answer>c</answer>") == "missing <step>"
    assert fault(steps, "<step>a</step><answer>c</answer><step>b</step>") == "text before <step>"
    assert fault(steps, "<step>a<step>b</step></step><answer>c</answer>") == "<step> and </step> out of order"
    assert fault(steps, "<step>a</step><step>b</step><step>c</step><answer>d</answer>") == "3 <step> where 2 belong"


THINK = "<think>a</think>"


@pytest.mark.parametrize(
    ("template", "said", "reason"),
    [
        ("think-tool", "<tool_call>f()</tool_call>", ""),
        ("think-tool", "<answer>b</answer>", "missing <tool_call>"),
        ("think-tool-or-answer", "<tool_call>f()</tool_call>", ""),
        ("think-tool-or-answer", "\n<answer>b</answer>\n", ""),
        (
            "think-tool-or-answer",
            "<tool_call>f()</tool_call><answer>b</answer>",
            "<tool_call> and <answer> in one turn",
        ),
        ("think-tool-or-answer", "<answer>b</answer></tool_call>", "<tool_call> and <answer> in one turn"),
        ("think-tool-or-answer", "b", "missing <tool_call> or <answer>"),
        ("think-tool-or-answer", "<answer>b</answer><answer>b</answer>", "2 <answer> where 1 belongs"),
        ("think-search-or-answer", "<search>b</search>", ""),
        ("think-search-or-answer", "<answer>b</answer>", ""),
        ("think-search-or-answer", "<search> </search>", "empty <search>"),
        ("think-action", "<action>b</action>", ""),
        ("think-action", "b<action>b</action>", "text before <action>"),
    ],
)
def test_the_turns_of_agents(template: Any, said: str, reason: str) -> None:
    assert fault(Format(template), THINK + said) == reason
    assert fault(Format(template), said) != ""
    assert fault(Format(template, opened=True), f"a</think>{said}") == reason
    assert fault(Format(template, opened=True), THINK + said) != ""


@pytest.mark.system("vrag-rl")
def test_one_action_of_several() -> None:
    turn = Format(tags=("think", "search|bbox|answer"))
    for action in ("<search>b</search>", "<bbox>[1, 2, 3, 4]</bbox>", "<answer>b</answer>"):
        assert fault(turn, THINK + action) == ""
    assert fault(turn, f"{THINK}<search>b</search><bbox>[]</bbox>") == "<search> and <bbox> in one turn"
    assert fault(turn, THINK) == "missing <search> or <bbox> or <answer>"


@pytest.mark.system("arm-thinker")
def test_a_stray_call_in_the_last_turn() -> None:
    assert (
        fault(Format("think-answer"), f"{THINK}<answer>b</answer><tool_call>f()</tool_call>") == "text after </answer>"
    )


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("a</think><answer>b</answer>", ""),
        ("\na\n</think>\n<answer>b</answer>", ""),
        ("<think>a</think><answer>b</answer>", "2 <think> where 1 belongs"),
        ("</think><answer>b</answer>", "empty <think>"),
        ("<answer>b</answer>", "missing </think>"),
        ("", "empty response"),
    ],
)
def test_reasoning_that_the_chat_template_opened(response: str, reason: str) -> None:
    assert fault(Format("think-answer", opened=True), response) == reason
    assert fault(Format(tags=("think", "answer"), opened=True), response) == reason


def test_opened_reasoning_before_free_text() -> None:
    opened = Format("think", opened=True)
    assert fault(opened, "a</think>b") == ""
    assert fault(opened, "b") == "missing </think>"
    assert fault(opened, "<think>a</think>b") == "2 <think> where 1 belongs"


def test_a_pattern_must_match_the_whole_response() -> None:
    digits = Format(regex=r"Answer: \d+")
    assert fault(digits, "Answer: 42") == ""
    for other in ("Answer: 42\n", "The Answer: 42", "Answer: 42.", "answer: 42", ""):
        assert fault(digits, other) in ("does not match the pattern", "empty response")
    assert fault(Format(regex=r"<plan>.*</plan>"), "<plan>one\ntwo</plan>") == ""


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ('{"a": [1, 2.5, null, true]}', ""),
        (" [] \n", ""),
        ('"text"', ""),
        ("```json\n{}\n```", ""),
        ("```\n{}```\n", ""),
        ("1e308", ""),
        ("", "empty response"),
        ("{'a': 1}", "not JSON: Expecting property name"),
        ('{"a": 1,}', "not JSON: "),
        ('{"a": 1} {"b": 2}', "not JSON: Extra data"),
        ('Sure: {"a": 1}', "not JSON: "),
        ("NaN", "not JSON: NaN is not JSON"),
        ('{"a": -Infinity}', "not JSON: -Infinity is not JSON"),
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "not JSON: key 'c' twice in one object"),
        ("1e309", "not JSON: a number beyond the range of a float"),
        ("9" * 400, "not JSON: a number beyond the range of a float"),
        ("9" * 5000, "not JSON: a number beyond the range of a float"),
        ("[" * 100_000 + "]" * 100_000, "not JSON: nested too deep"),
        ('{"a":' * 100_000, "not JSON: nested too deep"),
        ("```json\n{}", "not JSON: a code fence"),
        ("```python\n{}\n```", "not JSON: a code fence"),
        ("```json {}```", "not JSON: a code fence"),
        ("```", "not JSON: a code fence"),
        ("```json\n{}\n```\n```json\n{}\n```", "not JSON: Extra data"),
        ("\ufeff{}", "not JSON: "),
        ('"a\nb"', "not JSON: Invalid control character"),
    ],
)
def test_json(response: str, reason: str) -> None:
    found = fault(Format("json"), response)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ('{"name": "Ada", "age": 36}', ""),
        ('```json\n{"name": "Ada"}\n```', ""),
        ('{"age": 36}', "JSON does not satisfy the schema: the whole: 'name' is a required property"),
        ('{"name": 5}', "JSON does not satisfy the schema: $.name: 5 is not of type 'string'"),
        ('{"name": "Ada", "age": -1}', "JSON does not satisfy the schema: $.age: -1 is less than the minimum of 0"),
        ('{"name": "Ada", "born": 1815}', "JSON does not satisfy the schema: the whole: Additional properties"),
        ('{"name": "Ada"', "not JSON: "),
        ('{"name": "Ada", "name": "Bob"}', "not JSON: key 'name' twice in one object"),
        ("[]", "JSON does not satisfy the schema: the whole: [] is not of type 'object'"),
    ],
)
def test_schema(response: str, reason: str) -> None:
    found = fault(Format(schema=PERSON), response)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_a_schema_within_itself() -> None:
    tree = Format(schema={"type": "array", "items": {"$ref": "#"}})
    assert fault(tree, "[[], [[]]]") == ""
    assert fault(tree, "[[], [1]]") == "JSON does not satisfy the schema: $[1][0]: 1 is not of type 'array'"
    assert fault(tree, "[" * 900 + "]" * 900) == "JSON is nested too deep"
    named = {"$ref": "#/$defs/age", "$defs": {"age": {"$anchor": "years", "type": "integer"}}}
    assert fault(Format(schema=named), "5") == ""
    assert fault(Format(schema={**named, "$ref": "#years"}), "x") != ""
    whole = {"$id": "https://example.com/a", "$ref": "/b", "$defs": {"b": {"$id": "/b", "type": "integer"}}}
    assert fault(Format(schema=whole), "5") == ""


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
def test_numbers_beyond_a_float_break_no_schema(number: str) -> None:
    assert fault(Format(schema={"type": "number", "multipleOf": 0.5}), number).startswith("not JSON")


@pytest.mark.parametrize(
    "reference",
    [
        "http://example.com/a.json",
        "https://example.com/a#/b",
        "file:///etc/hostname",
        "a.json",
        "//example.com/a",
        "#/$defs/b",
    ],
)
@pytest.mark.parametrize("place", ["{ref}", "properties", "items", "$defs", "dynamic"])
def test_nothing_is_fetched(reference: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: Any, **more: Any) -> None:
        pytest.fail("the schema was looked up outside")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(urllib.request, "urlopen", forbidden)
    inner: dict[str, Any] = {"$ref": reference}
    schemas: dict[str, dict[str, Any]] = {
        "{ref}": inner,
        "properties": {"properties": {"a": inner}},
        "items": {"items": inner},
        "$defs": {"$defs": {"a": inner}},
        "dynamic": {"$dynamicRef": reference},
    }
    with pytest.raises(ConfigError, match=r"refers to '.*', no schema within it; nothing is fetched"):
        Format(schema=schemas[place])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give one of template, tags, regex, schema; got none"),
        ({"template": "think", "regex": "x"}, "got template and regex"),
        ({"template": "thinking"}, "did you mean 'think'?"),
        ({"tags": ()}, "tags is empty"),
        ({"tags": ("<think>",)}, "tag '<think>' must be a plain name"),
        ({"tags": ("a b",)}, "must be a plain name"),
        ({"tags": "think"}, "Format: tags"),
        ({"tags": ("a|",)}, "tag '' must be a plain name"),
        ({"tags": ("a|<b>",)}, "tag '<b>' must be a plain name"),
        ({"template": "json", "opened": True}, "opened says that the first tag is open already"),
        ({"template": "boxed", "opened": True}, "opened says"),
        ({"regex": "a", "opened": True}, "opened says"),
        ({"regex": "("}, "regex '(' is broken"),
        ({"regex": "a{99999999999}"}, "is broken"),
        ({"regex": "(" * 5000 + ")" * 5000}, "is broken"),
        ({"schema": {"type": "nope"}}, "the schema is broken: $.type"),
        ({"schema": {"pattern": "["}}, "the schema is broken: $.pattern"),
        ({"schema": {"$ref": 5}}, "the schema is broken"),
        ({"schema": {"$ref": "#"}}, "refers to itself without end"),
        ({"schema": {"allOf": [{"$ref": "#"}]}}, "refers to itself without end"),
        ({"schema": {"$ref": "#/type", "type": "object"}}, "no schema within it"),
        ({"schema": {"$id": "http://[", "$ref": "a"}}, "the schema"),
        ({"schema": {"minimum": float("nan")}}, "the schema is not JSON"),
        ({"schema": {"enum": {1, 2}}}, "the schema is not JSON"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Format(**arguments)
    assert message in str(caught.value)


def test_what_may_take_long_is_killable_and_the_rest_is_free() -> None:
    assert [Format(t).cost for t in ("think-answer", "boxed", "json")] == ["free"] * 3
    assert [Format(regex="a").cost, Format(schema={}).cost] == ["cpu", "cpu"]


def test_a_format_with_a_schema_travels() -> None:
    reward = Format(schema=PERSON)
    assert fault(reward, '{"name": "Ada"}') == ""
    again = pickle.loads(pickle.dumps(reward))
    assert again == reward
    assert fault(again, "{}") != ""


@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", "<think>a</think>", "```json\n", "\n", "``` ", "[", '{"a":', "\\boxed{"]
)
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    for reward in (Format("think-answer"), Format("think"), Format("boxed"), Format("json"), Format(schema=PERSON)):
        assert fault(reward, text)


def test_one_key_twice_among_many_is_found_in_linear_time() -> None:
    keys = ",".join(f'"{i}": 1' for i in range(60_000))
    assert fault(Format("json"), f'{{{keys}, "59999": 2}}') == "not JSON: key '59999' twice in one object"


@given(st.lists(st.sampled_from(["<a>", "</a>", "<b>", "</b>", "x", " "]), max_size=12).map("".join))
def test_only_the_one_arrangement_has_the_form(text: str) -> None:
    right = re.fullmatch(r"\s*<a>[x ]*x[x ]*</a>\s*<b>[x ]*x[x ]*</b>\s*", text)
    assert (fault(Format(tags=("a", "b")), text) == "") == bool(right)
