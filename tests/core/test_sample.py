"""Samples: every accepted form of prompt and response, and what the digest covers."""

from __future__ import annotations

import copy
import io
import json
import pickle
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plaudit.core.errors import RecordError
from plaudit.core.media import Media
from plaudit.core.sample import Sample, Turn, replace


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


RED, BLUE = png("red"), png("blue")


def call(name: str = "crop", arguments: Any = "{}", call_id: str | None = "1") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_string_is_one_assistant_turn() -> None:
    s = Sample("2 + 2?", "4")
    assert s.text == "4"
    assert s.turns == (Turn("assistant", ("4",)),)
    assert s.prompt_turns == (Turn("user", ("2 + 2?",)),)
    assert s.prompt_text == "2 + 2?"


def test_text_is_the_last_assistant_turn_and_never_the_prompt_or_a_tool() -> None:
    s = Sample(
        [{"role": "system", "content": "be brief"}, {"role": "user", "content": "<answer>9</answer>"}],
        [
            {"role": "assistant", "content": "first"},
            {"role": "tool", "tool_call_id": "1", "content": "<answer>8</answer>"},
            {"role": "assistant", "content": [{"type": "text", "text": "se"}, {"type": "text", "text": "cond"}]},
            {"role": "user", "content": "<answer>7</answer>"},
        ],
    )
    assert s.text == "second"
    assert s.prompt_text == "<answer>9</answer>"


@pytest.mark.parametrize("response", [None, [], [{"role": "tool", "content": "4"}], ""])
def test_no_assistant_turn_is_an_empty_text(response: Any) -> None:
    assert Sample("?", response).text == ""


def test_one_message_without_a_list() -> None:
    assert Sample({"role": "user", "content": "?"}, {"role": "assistant", "content": "4"}).text == "4"


def test_a_response_may_be_an_image() -> None:
    s = Sample("draw", Image.new("RGB", (4, 4)))
    assert s.text == ""
    assert [m.kind for m in s.turns[0].media] == ["image"]
    assert len(s.media) == 1


@pytest.mark.parametrize("response", [5, 0.5, object(), {"answer": 4}])
def test_a_response_of_no_known_form_is_the_records_fault(response: Any) -> None:
    with pytest.raises(RecordError, match=f"the response is a {type(response).__name__}"):
        _ = Sample("?", response).text


@pytest.mark.parametrize(
    ("content", "named"),
    [([{"type": "smell"}], "'smell'"), ([5], "'int'"), ({"type": "text"}, "'text'")],
)
def test_an_unknown_part_is_named(content: Any, named: str) -> None:
    with pytest.raises(RecordError, match=f"the response has a part of unknown type {named}"):
        _ = Sample("?", [{"role": "assistant", "content": content}]).turns


def test_images_stand_before_the_last_user_turn() -> None:
    s = Sample([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "!", images=[RED, BLUE])
    assert [m.read() for m in s.prompt_turns[1].media] == [RED, BLUE]
    assert s.prompt_turns[0].media == ()
    assert s.prompt_text == "b"
    assert [m.read() for m in s.media] == [RED, BLUE]


def test_images_fill_the_empty_places_of_the_prompt() -> None:
    content = [{"type": "image"}, {"type": "text", "text": "or"}, {"type": "image"}, {"type": "text", "text": "?"}]
    s = Sample([{"role": "user", "content": content}], "!", images=[RED, BLUE])
    first, middle, second, end = s.prompt_turns[0].parts
    assert isinstance(first, Media)
    assert isinstance(second, Media)
    assert (first.read(), middle, second.read(), end) == (RED, "or", BLUE, "?")
    with pytest.raises(RecordError, match="a place for an image that images does not fill"):
        _ = Sample([{"role": "user", "content": content}], "!", images=[RED]).prompt_turns


def test_images_that_the_prompt_shows_itself_are_not_shown_twice() -> None:
    shown = {"type": "image_url", "image_url": {"url": "a.png"}}
    s = Sample([{"role": "user", "content": [shown, "what?"]}], "!", images=["a.png"])
    assert len(s.prompt_turns[0].media) == 1


def test_null_images_are_none_and_one_image_is_refused() -> None:
    nothing: Any = None
    assert Sample("?", "!", images=nothing).media == ()
    for one in ("a.png", RED):
        with pytest.raises(RecordError, match="expected a list of images"):
            _ = Sample("?", "!", images=one).prompt_turns


class TestToolCalls:
    def test_the_result_and_ok_come_from_the_tools_message(self) -> None:
        s = Sample(
            "?",
            [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [call("crop", '{"x": 1}'), call("zoom", call_id="2")],
                },
                {"role": "tool", "tool_call_id": "1", "content": "done", "ok": True},
                {"role": "tool", "tool_call_id": "2", "content": '{"ok": true}'},
            ],
        )
        crop, zoom = s.turns[0].tool_calls
        assert (crop.name, crop.arguments, crop.ok) == ("crop", {"x": 1}, True)
        assert crop.result is not None
        assert crop.result.text == "done"
        assert zoom.ok is None, "success is never read from text"

    def test_what_the_model_says_of_its_own_call_is_not_believed(self) -> None:
        claimed = call() | {"ok": True, "result": "done"}
        claimed["function"]["ok"] = True
        (found,) = Sample("?", [{"role": "assistant", "ok": True, "tool_calls": [claimed]}]).turns[0].tool_calls
        assert found.ok is None
        assert found.result is None

    @pytest.mark.parametrize("said", ["true", 1, None, "yes"])
    def test_ok_is_a_bool_or_nothing(self, said: Any) -> None:
        turns = [{"role": "assistant", "tool_calls": [call()]}, {"role": "tool", "tool_call_id": "1", "ok": said}]
        assert Sample("?", turns).turns[0].tool_calls[0].ok is None

    def test_a_call_without_id_takes_no_result(self) -> None:
        turns = [
            {"role": "assistant", "tool_calls": [call(call_id=None)]},
            {"role": "tool", "tool_call_id": "", "ok": True},
        ]
        assert Sample("?", turns).turns[0].tool_calls[0].ok is None

    @pytest.mark.parametrize("written", ["{", "crop(1)", "[" * 100_000, '{"x": ' + "9" * 10_000 + "}"])
    def test_arguments_that_are_no_json_stay_as_they_were_written(self, written: str) -> None:
        (found,) = Sample("?", [{"role": "assistant", "tool_calls": [call(arguments=written)]}]).turns[0].tool_calls
        assert found.arguments == written

    @pytest.mark.parametrize("bad", ["crop", 5, {}, {"function": "crop"}, {"function": {"arguments": "{}"}}])
    def test_a_call_that_is_none_is_the_records_fault(self, bad: Any) -> None:
        with pytest.raises(RecordError, match="a tool call without a name"):
            _ = Sample("?", [{"role": "assistant", "tool_calls": [bad]}]).turns


def test_names_are_fields_then_meta() -> None:
    s = Sample("?", "!", reference="4", task="sum", meta={"user": "ann", "task": "hidden"}, defect="torn")
    assert (s["reference"], s["task"], s["user"], s["text"], s["defect"]) == ("4", "sum", "ann", "!", "torn")
    assert s.get("nothing") is None
    assert s.get("user") == "ann"
    with pytest.raises(KeyError, match="nothing"):
        _ = s["nothing"]
    with pytest.raises(KeyError, match="_text"):
        _ = s["_text"]


def test_a_sample_never_changes() -> None:
    s = Sample("?", [{"role": "assistant", "content": "4"}])
    with pytest.raises(FrozenInstanceError):
        s.response = "5"  # type: ignore[misc]
    assert s.text == "4"
    other = replace(s, response="5")
    assert (s.text, other.text) == ("4", "5"), "no parsed view is carried over"
    assert pickle.loads(pickle.dumps(s)) == s == copy.deepcopy(s)


class TestDigest:
    def test_covers_what_a_reward_may_read(self) -> None:
        base = Sample("?", "!", reference="4", images=[RED], task="t", meta={"a": 1})
        changed = [
            replace(base, prompt="??"),
            replace(base, response="!!"),
            replace(base, reference="5"),
            replace(base, reference=4),
            replace(base, reference=None),
            replace(base, images=[BLUE]),
            replace(base, images=[RED, RED]),
            replace(base, images=[]),
            replace(base, task="u"),
            replace(base, meta={"a": 2}),
            replace(base, meta={"a": True}),
            replace(base, meta=None),
            replace(base, defect="torn"),
        ]
        assert len({s.digest for s in [base, *changed]}) == len(changed) + 1

    def test_covers_neither_id_nor_group_nor_source(self) -> None:
        assert Sample("?", "!", id="a", group=1, source="x").digest == Sample("?", "!").digest

    def test_covers_the_bytes_behind_a_path(self, tmp_path: Path) -> None:
        file = tmp_path / "a.png"
        part = {"type": "image_url", "image_url": {"url": str(file)}}
        forms: list[dict[str, Any]] = [
            {"prompt": "?", "response": "!", "images": [str(file)]},
            {"prompt": [{"role": "user", "content": [part]}], "response": "!"},
            {"prompt": "?", "response": [{"role": "assistant", "content": [part]}]},
        ]
        for form in forms:
            file.write_bytes(RED)
            before = Sample(**form).digest
            assert Sample(**form).digest == before
            file.write_bytes(BLUE)
            assert Sample(**form).digest != before

    def test_an_address_stands_for_itself(self) -> None:
        def at(url: str) -> str:
            return Sample([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}], "!").digest

        assert at("https://example.org/a.png") == at("https://example.org/a.png") != at("https://example.org/b.png")

    def test_the_order_of_keys_does_not_count(self) -> None:
        assert Sample("?", "!", meta={"a": 1, "b": 2}).digest == Sample("?", "!", meta={"b": 2, "a": 1}).digest

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (float("nan"), None),
            (2**80, 2**80 + 1),
            ("\ud800", "\ud801"),
            (np.zeros(2, np.uint8), np.zeros(2, np.int8)),
            (np.zeros((2, 1)), np.zeros((1, 2))),
            ({1, 2}, {1, 3}),
            (b"a", b"b"),
        ],
    )
    def test_unusual_references_differ(self, one: Any, other: Any) -> None:
        same = copy.deepcopy(one)
        assert Sample("?", "!", one).digest == Sample("?", "!", same).digest != Sample("?", "!", other).digest

    def test_a_dataclass_is_its_fields(self) -> None:
        @dataclass
        class Corner:
            x: int
            y: int

        assert Sample("?", "!", Corner(1, 2)).digest == Sample("?", "!", Corner(1, 2)).digest
        assert Sample("?", "!", Corner(1, 2)).digest != Sample("?", "!", Corner(2, 1)).digest

    def test_a_live_object_has_no_content(self) -> None:
        with pytest.raises(TypeError, match="a function has no content to hash"):
            _ = Sample("?", "!", meta={"f": png}).digest

    def test_a_response_of_no_known_form_still_has_content(self) -> None:
        assert Sample("?", 5).digest != Sample("?", 6).digest

    def test_endless_content_can_not_be_hashed(self) -> None:
        endless: list[Any] = []
        endless.append(endless)
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        for value in (endless, deep):
            with pytest.raises(TypeError, match="no content to hash"):
                _ = Sample("?", "!", value).digest

    def test_a_missing_file_is_the_records_fault(self, tmp_path: Path) -> None:
        with pytest.raises(RecordError, match="no such file"):
            _ = Sample("?", "!", images=[str(tmp_path / "none.png")]).digest

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c), max_leaves=8))
    def test_equal_json_has_an_equal_digest(self, value: Any) -> None:
        again = json.loads(json.dumps(value))
        assert Sample("?", "!", value).digest == Sample("?", "!", again).digest


def test_a_tool_call_whose_id_is_used_again_keeps_its_own_answer() -> None:
    def call(name: str) -> dict[str, Any]:
        return {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": name, "arguments": "{}"}}]}

    def answer(text: str, ok: bool) -> dict[str, Any]:
        return {"role": "tool", "tool_call_id": "c", "content": text, "ok": ok}

    sample = Sample("?", [call("first"), answer("one", False), call("second"), answer("two", True), call("third")])
    calls = [c for turn in sample.turns for c in turn.tool_calls]
    assert [(c.name, c.ok, c.result.text if c.result else None) for c in calls] == [
        ("first", False, "one"),
        ("second", True, "two"),
        ("third", None, None),
    ]
