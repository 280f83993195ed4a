"""Reading records: conventions, groups, preferences, media, and every way in which a record can be bad."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.records import read
from plaudit.records.fields import CONVENTIONS, picker
from plaudit.records.jsonl import read_lines
from plaudit.records.rows import Gallery, Place, to_samples


def lines(folder: Path, *records: Any, name: str = "data.jsonl") -> Path:
    """A file of JSON lines; bytes go in as they are."""
    path = folder / name
    path.write_bytes(b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records))
    return path


def one(folder: Path, record: Any, **options: Any) -> Sample:
    (sample,) = read(lines(folder, record), **options)
    return sample


def picture(path: Path, level: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((6, 8, 3), level, np.uint8)).save(path, "PNG")
    return path


class TestConventions:
    @pytest.mark.parametrize("column", CONVENTIONS["prompt"])
    def test_prompt(self, tmp_path: Path, column: str) -> None:
        assert one(tmp_path, {column: "2 + 2?", "response": "4"}).prompt == "2 + 2?"

    @pytest.mark.parametrize("column", CONVENTIONS["response"])
    def test_response(self, tmp_path: Path, column: str) -> None:
        sample = one(tmp_path, {"prompt": "2 + 2?", column: "4"})
        assert (sample.response, sample.text, sample.group, sample.meta) == ("4", "4", None, None)

    @pytest.mark.parametrize("column", [c for c in CONVENTIONS["reference"] if "." not in c])
    def test_reference(self, tmp_path: Path, column: str) -> None:
        assert one(tmp_path, {"response": "4", column: ["4", "four"]}).reference == ["4", "four"]

    def test_the_rest(self, tmp_path: Path) -> None:
        record = {"response": "r", "id": 7, "group": "g", "data_source": "digits", "source": "s", "level": 3}
        sample = one(tmp_path, record | {"meta": {"user": "u", "level": 1}})
        assert (sample.id, sample.group, sample.task, sample.source) == ("7", "g", "digits", "s")
        assert sample.meta == {"user": "u", "level": 3}
        assert sample.defect is None

    def test_the_first_of_two_names_wins_and_the_other_is_kept(self, tmp_path: Path) -> None:
        record = {"question": "q", "prompt": "p", "output": "o", "response": "r", "label": 1, "answer": "a"}
        sample = one(tmp_path, record | {"responses": ["x"]})
        assert (sample.prompt, sample.response, sample.reference) == ("p", "r", "a")
        assert sample.meta == {"question": "q", "output": "o", "label": 1, "responses": ["x"]}

    def test_null_is_absent(self, tmp_path: Path) -> None:
        record = {"prompt": None, "question": "q", "response": None, "completion": "c", "x": None}
        sample = one(tmp_path, record)
        assert (sample.prompt, sample.response, sample.meta) == ("q", "c", None)

    def test_empty_text_is_a_response_and_false_a_reference(self, tmp_path: Path) -> None:
        sample = one(tmp_path, {"response": "", "label": False})
        assert (sample.response, sample.reference, sample.defect) == ("", False, None)

    def test_nested_reference(self, tmp_path: Path) -> None:
        record = {"response": "4", "reward_model": {"style": "rule", "ground_truth": "4"}}
        sample = one(tmp_path, record)
        assert sample.reference == "4"
        assert sample.meta == {"reward_model": {"style": "rule", "ground_truth": "4"}}

    def test_conversations(self, tmp_path: Path) -> None:
        prompt = [{"role": "system", "content": "short"}, {"role": "user", "content": "2 + 2?"}]
        completion = [{"role": "assistant", "content": "4"}]
        sample = one(tmp_path, {"prompt": prompt, "completion": completion})
        assert (sample.prompt, sample.response) == (prompt, completion)
        assert (sample.prompt_text, sample.text) == ("2 + 2?", "4")

    def test_a_trajectory_is_all_from_the_first_assistant_message_on(self, tmp_path: Path) -> None:
        roles = ["system", "user", "assistant", "tool", "assistant", "user"]
        messages = [{"role": r, "content": f"{i}"} for i, r in enumerate(roles)]
        sample = one(tmp_path, {"messages": messages})
        assert sample.prompt == messages[:2]
        assert sample.response == messages[2:]
        assert sample.text == "4"
        assert sample.defect is None

    def test_a_prompt_that_ends_in_an_example_is_no_response(self, tmp_path: Path) -> None:
        messages = [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]
        assert "there is none" in (one(tmp_path, {"prompt": messages}).defect or "")


class TestMapping:
    def test_a_column_takes_the_place_of_the_conventions(self, tmp_path: Path) -> None:
        record = {"question": "q", "response": "r", "answer": "a", "gold": "g", "model": {"text": "t"}}
        sample = one(tmp_path, record, mapping={"reference": "gold", "response": "model.text"})
        assert (sample.reference, sample.response) == ("g", "t")
        assert sample.meta == {"answer": "a", "response": "r", "model": {"text": "t"}}

    def test_a_column_with_a_dot_in_its_name(self, tmp_path: Path) -> None:
        assert one(tmp_path, {"a.b": "r", "a": {"b": "no"}}, mapping={"response": "a.b"}).response == "r"

    def test_unknown_column(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"prompt": "p", "response": "r", "solution": "s"})
        with pytest.raises(ConfigError, match=r"data\.jsonl has no column 'soluton'.*did you mean 'solution'"):
            list(read(path, mapping={"reference": "soluton"}))

    def test_unknown_field(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"response": "r"})
        with pytest.raises(ConfigError, match="no field 'referense'; did you mean 'reference'"):
            read(path, mapping={"referense": "response"})

    def test_a_column_missing_in_a_later_record_is_absent(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"response": "r", "gold": 1}, {"response": "r"})
        assert [s.reference for s in read(path, mapping={"reference": "gold"})] == [1, None]

    def test_half_of_a_preference_may_be_mapped(self, tmp_path: Path) -> None:
        record = {"better": "a", "rejected": "b", "response": "no"}
        samples = read(lines(tmp_path, record), mapping={"chosen": "better"})
        assert [(s.response, s["rank"]) for s in samples] == [("a", 1), ("b", 2)]


class TestGroups:
    def test_responses_share_everything(self, tmp_path: Path) -> None:
        picture(tmp_path / "images/a.png")
        record = {"prompt": "p", "images": ["images/a.png"], "reference": [1], "responses": ["a", "b", ""], "x": 1}
        samples = list(read(lines(tmp_path, b"", record)))
        assert [s.response for s in samples] == ["a", "b", ""]
        assert [s.id for s in samples] == ["data.jsonl:2#0", "data.jsonl:2#1", "data.jsonl:2#2"]
        assert {s.group for s in samples} == {"data.jsonl:2"}
        for s in samples:
            assert s.images[0] is samples[0].images[0]
            assert s.reference is samples[0].reference
            assert s.meta == {"x": 1}

    def test_ids_and_groups_of_the_record(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"id": "q1", "responses": ["a"]}, {"id": "q2", "group": "g", "completions": ["a", "b"]})
        assert [(s.id, s.group) for s in read(path)] == [("q1#0", "q1"), ("q2#0", "g"), ("q2#1", "g")]

    def test_completions_of_messages(self, tmp_path: Path) -> None:
        record = {"prompt": "p", "completions": [[{"role": "assistant", "content": c}] for c in "ab"]}
        assert [s.text for s in read(lines(tmp_path, record))] == ["a", "b"]

    def test_preferences(self, tmp_path: Path) -> None:
        first, second = read(lines(tmp_path, {"prompt": "p", "chosen": "good", "rejected": "bad", "id": "x"}))
        assert (first.response, first.meta, first.reference, first.id) == ("good", {"rank": 1}, {"rank": 1}, "x#0")
        assert (second.response, second.meta, second.reference) == ("bad", {"rank": 2}, {"rank": 2})
        assert first.group == second.group == "x"

    def test_preferences_keep_a_reference_of_their_own(self, tmp_path: Path) -> None:
        samples = read(lines(tmp_path, {"chosen": "a", "rejected": "b", "answer": "a"}))
        assert [(s.reference, s["rank"]) for s in samples] == [("a", 1), ("a", 2)]

    def test_preferences_with_the_prompt_inside(self, tmp_path: Path) -> None:
        user = {"role": "user", "content": "hi"}
        good, bad = ({"role": "assistant", "content": c} for c in ("good", "bad"))
        first, second = read(lines(tmp_path, {"chosen": [user, good], "rejected": [user, bad]}))
        assert first.prompt == second.prompt == [user]
        assert (first.response, second.response) == ([good], [bad])

    def test_a_pair_of_equal_answers_keeps_its_answers(self, tmp_path: Path) -> None:
        messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "same"}]
        samples = list(read(lines(tmp_path, {"chosen": messages, "rejected": messages})))
        assert [s.text for s in samples] == ["same", "same"]


class TestMedia:
    def test_relative_to_the_data_file_and_shared(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("/")
        path = picture(tmp_path / "data/images/a.png")
        records = [{"response": "r", "image": "images/a.png"}, {"response": "r", "images": ["images/a.png"]}]
        first, second = read(lines(tmp_path / "data", *records))
        assert first.images[0] is second.images[0]
        assert first.images[0].read() == path.read_bytes()

    def test_each_file_is_decoded_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from plaudit.core.media import Media

        picture(tmp_path / "a.png")
        picture(tmp_path / "b.png")
        checked: list[str] = []
        check = Media.check

        def watched(media: Media, limit: int | None) -> None:
            checked.append(media.source)
            check(media, limit)

        monkeypatch.setattr(Media, "check", watched)
        records = [{"response": "r", "images": [n]} for n in ("a.png", "b.png", "a.png", "a.png")]
        assert all(s.defect is None for s in read(lines(tmp_path, *records)))
        assert checked == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]

    def test_parts_of_messages(self, tmp_path: Path) -> None:
        picture(tmp_path / "a.png", 10)
        picture(tmp_path / "b.png", 20)
        content: list[Any] = [
            {"type": "image", "image": "a.png"},
            {"type": "text", "text": "and"},
            {"type": "image_url", "image_url": {"url": "b.png"}},
        ]
        sample = one(tmp_path, {"prompt": [{"role": "user", "content": content}], "response": "r"})
        assert [m.array()[0, 0, 0] for m in sample.media] == [10, 20]
        assert sample.prompt_text == "and"

    def test_places_for_images_are_filled_in_order(self, tmp_path: Path) -> None:
        picture(tmp_path / "a.png", 10)
        picture(tmp_path / "b.png", 20)
        content = [{"type": "image"}, {"type": "text", "text": "?"}, {"type": "image", "text": None}]
        record = {"prompt": [{"role": "user", "content": content}], "images": ["a.png", "b.png"], "response": "r"}
        sample = one(tmp_path, record)
        assert [m.array()[0, 0, 0] for m in sample.prompt_turns[0].media] == [10, 20]
        assert len(sample.media) == 2
        for images, why in ((["a.png"], "has no more"), (["a.png"] * 3, "shows 2 of 3 images")):
            assert why in (one(tmp_path, record | {"images": images}).defect or "")

    def test_a_response_may_be_a_picture(self, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        sample = one(tmp_path, {"prompt": "draw", "response": {"type": "image", "image": "a.png"}})
        assert sample.turns[0].media[0].mime == "image/png"

    @pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", "truncated", "folder", None])
    def test_what_is_wrong_with_a_picture_is_said(self, tmp_path: Path, content: Any) -> None:
        whole = picture(tmp_path / "ok.png").read_bytes()
        bad = tmp_path / "bad.png"
        if content == "folder":
            bad.mkdir()
        elif content is not None:
            bad.write_bytes(whole[: len(whole) // 2] if content == "truncated" else content)
        record = {"prompt": "p", "images": ["ok.png", "bad.png"], "responses": ["a", "b"]}
        samples = list(read(lines(tmp_path, {"response": "fine"}, record, {"response": "fine"})))
        assert [s.defect is None for s in samples] == [True, False, False, True]
        for s, response in zip(samples[1:3], "ab", strict=True):
            assert (s.defect or "").startswith("data.jsonl line 2, field images[1]: ")
            assert "bad.png" in (s.defect or "")
            assert (s.response, s.group, s.images) == (response, "data.jsonl:2", ())

    def test_too_large(self, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")  # 8 x 6
        record = {"response": "r", "image": "a.png"}
        assert one(tmp_path, record, max_pixels=48).defect is None
        assert "8 x 6 pixels, more than the limit of 47" in (one(tmp_path, record, max_pixels=47).defect or "")

    def test_unchecked(self, tmp_path: Path) -> None:
        assert one(tmp_path, {"response": "r", "image": "gone.png"}, check_media=False).defect is None

    @pytest.mark.parametrize(
        ("images", "why"),
        [
            ([None], "images[0]: is null"),
            ([3], "images[0]: 3 is no image"),
            ([{"bytes": None, "path": None}], "images[0]"),
            ("https://example.org/a.png", "images: https://example.org/a.png is an address"),
            (["data:image/png;base64,AAAA"], "images[0]: image in a data URL is of no known format"),
        ],
    )
    def test_what_is_no_picture(self, tmp_path: Path, images: Any, why: str) -> None:
        assert why in (one(tmp_path, {"response": "r", "images": images}).defect or "")


class TestBadRecords:
    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (b'{"response": "r"', "line 2: not JSON"),
            (b"response: r", "line 2: not JSON"),
            (b'{"response": "r"}{"response": "r"}', "line 2: not JSON"),
            (b'{"response": "r", "reference": NaN}', "line 2: not JSON: NaN at column 32; write null"),
            (b'{"response": "r", "reference": -Infinity}', "not JSON: Infinity at column 33"),
            (b'{"response": "\xff"}', "line 2: not UTF-8: byte 14 is 0xff"),
            (b'{"response": "\\ud83d"}', "line 2: not JSON"),
            (b"[" * 100_000, "line 2: not JSON"),
            (b'["response"]', "line 2: is a list; expected an object"),
            (b'"response"', "line 2: is text; expected an object"),
            (b"null", "line 2: is null; expected an object"),
            (b"{}", "line 2, field response: there is none"),
            (b'{"prompt": "p"}', "line 2, field response: there is none"),
            (b'{"response": null}', "line 2, field response: there is none"),
            (b'{"response": 4}', "line 2, field response: is a number; expected text or chat messages"),
            (b'{"response": true}', "is true or false"),
            (b'{"response": []}', "line 2, field response: is a list"),
            (b'{"response": ["a", "b"]}', "a list of responses belongs in 'responses'"),
            (b'{"response": [{"content": "no role"}]}', "line 2, field response[0]: is no chat message"),
            (b'{"response": [{"role": "assistant", "content": 3}]}', "response[0].content: is a number"),
            (b'{"response": [{"role": "assistant", "content": [{"type": "x"}]}]}', "content[0]: is a part of type 'x'"),
            (b'{"response": [{"role": "assistant", "tool_calls": 3}]}', "response[0].tool_calls: is a number"),
            (b'{"response": [{"role": "assistant", "tool_calls": [{"function": 3}]}]}', "tool_calls[0]: is no call"),
            (b'{"responses": "a"}', "line 2, field responses: is text; expected a list of responses"),
            (b'{"responses": []}', "line 2, field responses: is empty"),
            (b'{"responses": ["a", 3]}', "line 2, field responses[1]: is a number"),
            (b'{"chosen": "a"}', "line 2, field rejected: is missing"),
            (b'{"prompt": 3, "response": "r"}', "line 2, field prompt: is a number"),
            (b'{"question": {"a": 1}, "response": "r"}', "line 2, field question: is an object"),
            (b'{"response": "r", "meta": "m"}', "line 2, field meta: is text; expected an object"),
            (b'{"response": "r", "id": [1]}', "line 2, field id: is a list"),
            (b'{"response": "r", "group": 1.5}', "line 2, field group: is a number"),
            (b'{"response": "r", "task": 3}', "line 2, field task: is a number"),
            (b'{"response": "r", "data_source": {}}', "line 2, field data_source: is an object"),
        ],
    )
    def test_one_bad_line_stops_nothing(self, tmp_path: Path, line: bytes, why: str) -> None:
        samples = list(read(lines(tmp_path, {"response": "first"}, line, {"response": "last"})))
        assert (samples[0].response, samples[-1].response) == ("first", "last")
        bad = samples[1:-1]
        assert bad
        for sample in bad:
            assert (sample.defect or "").startswith("data.jsonl line 2")
            assert why in (sample.defect or "")
            assert sample.id is not None
            assert sample.id.startswith("data.jsonl:2")

    def test_defective_groups_keep_their_count(self, tmp_path: Path) -> None:
        samples = list(read(lines(tmp_path, {"responses": ["a", 3, "c"], "id": "q"})))
        assert [s.id for s in samples] == ["q#0", "q#1", "q#2"]
        assert all(s.defect for s in samples)

    def test_line_ends_blank_lines_and_mark(self, tmp_path: Path) -> None:
        path = tmp_path / "data.jsonl"
        path.write_bytes(b'\xef\xbb\xbf{"response": "a"}\r\n\r\n  \n{"response": "b\\u2028c"}')
        assert [(s.response, s.id) for s in read(path)] == [("a", "data.jsonl:1"), ("b\u2028c", "data.jsonl:4")]

    def test_the_last_of_equal_keys_counts(self, tmp_path: Path) -> None:
        (sample,) = read(lines(tmp_path, b'{"response": "a", "response": "b"}'))
        assert sample.response == "b"

    def test_long_whole_numbers_stay_exact(self, tmp_path: Path) -> None:
        n = 2**70 + 1
        assert one(tmp_path, {"response": "r", "answer": n}).reference == n

    def test_long_lines(self, tmp_path: Path) -> None:
        text = "x" * (50 * 2**20)
        first, second = read(lines(tmp_path, {"response": text}, {"response": "b"}))
        assert (len(first.text), second.text) == (len(text), "b")

    def test_a_line_too_long_is_passed_over_in_little_memory(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"a": 1}, b"x" * 20_000_000, {"b": 2})
        tracemalloc.start()
        try:
            with path.open("rb") as file:
                rows = list(read_lines(file, "data", max_line=100_000))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert [r.number for r in rows] == [1, 2, 3]
        assert [r.value for r in rows] == [{"a": 1}, None, {"b": 2}]
        assert rows[1].defect == "longer than 100,000 bytes"
        assert peak < 1_000_000

    def test_a_line_of_exactly_the_limit(self) -> None:
        for text in (b'{"a": 1}\n{"b": 2}\n', b'{"a": 1}\n{"b": 2}'):
            assert [r.value for r in read_lines(io.BytesIO(text), "data", max_line=9)] == [{"a": 1}, {"b": 2}]
        assert [r.value for r in read_lines(io.BytesIO(b'{"a": 1}\n'), "data", max_line=8)] == [None]


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3)
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "image_url", "video", "x"])},
    optional={"text": SCALARS, "image": SCALARS, "image_url": SCALARS | st.fixed_dictionaries({"url": SCALARS})},
)
CALLS = SCALARS | st.fixed_dictionaries({"function": SCALARS | st.fixed_dictionaries({"name": SCALARS})})
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", 3])},
    optional={"content": SCALARS | st.lists(PARTS, max_size=2), "tool_calls": SCALARS | st.lists(CALLS, max_size=2)},
)
VALUES = st.recursive(
    SCALARS | MESSAGES | st.lists(MESSAGES, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
SPOKEN = st.text(max_size=3) | MESSAGES | st.lists(MESSAGES, min_size=1, max_size=3)
COLUMNS = [c for names in CONVENTIONS.values() for c in names] + ["other"]


class TestAnyRecord:
    @given(
        VALUES
        | st.dictionaries(st.sampled_from(COLUMNS), VALUES, max_size=5)
        | st.fixed_dictionaries({"prompt": SPOKEN, "response": SPOKEN}, optional={"images": VALUES, "id": SCALARS})
    )
    def test_becomes_samples_that_can_be_used_or_say_why_not(self, record: Any) -> None:
        samples = list(
            to_samples(record, Place("data line 1", "data:1"), picker(None), Gallery(Path("/none"), True, None))
        )
        assert samples
        for sample in samples:
            if sample.defect is None:
                assert isinstance(sample.text, str)
                assert len(sample.turns) >= 1
                assert sample.prompt is None or sample.prompt_turns
            else:
                assert sample.defect.startswith("data line 1")


class TestFiles:
    def test_json(self, tmp_path: Path) -> None:
        rows = [{"response": "a"}, {"response": "b"}, 3]
        for whole in (rows, {"samples": rows, "version": 1}):
            path = tmp_path / "data.json"
            path.write_text(json.dumps(whole, indent=2))
            samples = list(read(path))
            assert [s.response for s in samples] == ["a", "b", None]
            assert samples[1].id == "data.json:1"
            assert samples[2].defect == "data.json item 2: is a number; expected an object"
        path.write_text('{"prompt": "p", "response": "a"}')
        assert [s.response for s in read(path)] == ["a"]

    @pytest.mark.parametrize("content", ["", "[1, 2", "3", '"text"', '[{"response": NaN}]'])
    def test_json_that_is_none(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "data.json"
        path.write_text(content)
        with pytest.raises(ConfigError, match=r"data\.json"):
            list(read(path))

    def test_compressed(self, tmp_path: Path) -> None:
        path = tmp_path / "data.jsonl.gz"
        path.write_bytes(gzip.compress(b'{"response": "a"}\n{"response": "b"}\n'))
        assert [(s.response, s.id) for s in read(path)] == [("a", "data.jsonl.gz:1"), ("b", "data.jsonl.gz:2")]
        packed = tmp_path / "data.json.gz"
        packed.write_bytes(gzip.compress(b'[{"response": "a"}]'))
        assert [s.response for s in read(packed)] == ["a"]

    def test_compressed_and_cut_short(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        path = tmp_path / "data.jsonl.gz"
        rows = [{"response": rng.bytes(200).hex()} for _ in range(500)]
        data = gzip.compress(b"".join(json.dumps(r).encode() + b"\n" for r in rows))
        path.write_bytes(data[: len(data) // 2])
        samples = list(read(path))
        assert 100 < len(samples) < 400
        assert all(s.defect is None for s in samples[:-1])
        assert "the file is damaged from here on" in (samples[-1].defect or "")
        path.write_bytes(b'{"response": "not compressed"}\n')
        with pytest.raises(ConfigError, match=r"data\.jsonl\.gz can't be read"):
            list(read(path))

    def test_folder(self, tmp_path: Path) -> None:
        lines(tmp_path, {"response": "b"}, name="b.jsonl")
        lines(tmp_path, {"response": "a"}, name="a.ndjson")
        lines(tmp_path, {"response": "no"}, name=".hidden.jsonl")
        lines(tmp_path, {"response": "no"}, name="out.jsonl.partial")
        (tmp_path / "c.json").write_text('[{"response": "c", "image": "images/x.png"}]')
        (tmp_path / "README.md").write_text("no")
        picture(tmp_path / "images/x.png")
        lines(tmp_path / "images", {"response": "no"})
        samples = list(read(tmp_path))
        assert [s.response for s in samples] == ["a", "b", "c"]
        assert [s.id for s in samples] == ["a.ndjson:1", "b.jsonl:1", "c.json:0"]
        assert samples[2].images[0].source == str(tmp_path / "images/x.png")

    def test_standard_input(self, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        code = "from plaudit.records import read; [print(s.id, s.text, s.defect) for s in read('-')]"
        given = b'{"response": "a", "image": "a.png"}\n\nbroken\n'
        done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=True, cwd=tmp_path)
        first, second = done.stdout.decode().splitlines()
        assert first == "stdin:1 a None"
        assert second.startswith("stdin:3  stdin line 3: not JSON")

    def test_files_that_can_not_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"gone\.jsonl: no such file"):
            read(tmp_path / "gone.jsonl")
        with pytest.raises(ConfigError, match="no records directly in it"):
            read(tmp_path)
        (tmp_path / "data.csv").write_text("a,b")
        with pytest.raises(ConfigError, match=r"data\.csv is of no known format; known: \.jsonl"):
            read(tmp_path / "data.csv")

    def test_an_empty_file_has_no_records(self, tmp_path: Path) -> None:
        (tmp_path / "data.jsonl").write_bytes(b"")
        assert list(read(tmp_path / "data.jsonl")) == []

    def test_reading_is_lazy(self, tmp_path: Path) -> None:
        path = lines(tmp_path, *({"response": str(i)} for i in range(10)))
        stream = read(path)
        assert next(stream).response == "0"

    def test_text_needs_neither_pillow_nor_pyarrow(self, tmp_path: Path) -> None:
        path = lines(tmp_path, {"prompt": "p", "response": "r"})
        code = (
            f"import sys; from plaudit.records import read; list(read({str(path)!r}))\n"
            "print([m for m in ('PIL', 'numpy', 'av', 'pyarrow') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestParquet:
    def write(self, folder: Path, rows: list[dict[str, Any]], schema: Any = None, **options: Any) -> Path:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = folder / "data.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema), path, **options)
        return path

    def test_hugging_face_images(self, tmp_path: Path) -> None:
        inside = picture(tmp_path / "x.png", 10).read_bytes()
        picture(tmp_path / "images/b.png", 20)
        rows: list[dict[str, Any]] = [
            {
                "question": "q",
                "images": [{"bytes": inside, "path": "gone.png"}],
                "responses": ["a", "b"],
                "answer": "1",
            },
            {"question": "q", "images": [{"bytes": None, "path": "images/b.png"}], "responses": ["c"], "answer": None},
            {"question": "q", "images": [{"bytes": b"no", "path": None}], "responses": ["d"], "answer": "1"},
            {"question": "q", "images": [], "responses": None, "answer": "1"},
        ]
        a, b, c, d, e = read(self.write(tmp_path, rows))
        assert (a.id, b.id, c.id) == ("data.parquet:0#0", "data.parquet:0#1", "data.parquet:1#0")
        assert a.images[0] is b.images[0]
        assert a.images[0].read() == inside
        assert [s.images[0].array()[0, 0, 0] for s in (a, c)] == [10, 20]
        assert (a.reference, c.reference) == ("1", None)
        assert (d.defect or "").startswith("data.parquet row 2, field images[0]: ")
        assert "data.parquet row 3, field response" in (e.defect or "")

    def test_one_image_struct_and_plain_bytes(self, tmp_path: Path) -> None:
        inside = picture(tmp_path / "x.png", 10).read_bytes()
        (struct,) = read(self.write(tmp_path, [{"image": {"bytes": inside, "path": None}, "response": "r"}]))
        assert struct.images[0].read() == inside
        (plain,) = read(self.write(tmp_path, [{"image": inside, "response": "r"}]))
        assert plain.images[0].read() == inside

    def test_messages_with_the_nulls_that_arrow_adds(self, tmp_path: Path) -> None:
        content = [{"type": "image", "text": None}, {"type": "text", "text": "?"}]
        picture(tmp_path / "a.png")
        row = {"prompt": [{"role": "user", "content": content}], "images": ["a.png"], "response": "r"}
        (sample,) = read(self.write(tmp_path, [row]))
        assert sample.prompt_text == "?"
        assert len(sample.media) == 1

    def test_nan_is_absent(self, tmp_path: Path) -> None:
        samples = read(
            self.write(tmp_path, [{"response": "r", "label": float("nan")}, {"response": "r", "label": 1.0}])
        )
        assert [s.reference for s in samples] == [None, 1.0]

    def test_many_rows_in_order(self, tmp_path: Path) -> None:
        rows = [{"response": str(i)} for i in range(5000)]
        path = self.write(tmp_path, rows, row_group_size=700)
        assert [s.response for s in read(path)] == [str(i) for i in range(5000)]

    def test_broken(self, tmp_path: Path) -> None:
        path = tmp_path / "data.parquet"
        for content in (b"", b"PAR1", b"hello" * 100):
            path.write_bytes(content)
            with pytest.raises(ConfigError, match=r"data\.parquet is not a Parquet file"):
                list(read(path))

    def test_damaged_pages_end_in_a_defect(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        rows = [{"response": rng.bytes(500).hex()} for _ in range(2000)]
        path = self.write(tmp_path, rows, row_group_size=200, compression="zstd")
        data = bytearray(path.read_bytes())
        for place in range(len(data) // 2, len(data) // 2 + 2000):
            data[place] = 0xAA
        path.write_bytes(data)
        samples = list(read(path))
        assert 0 < len(samples) < 2000
        assert [s.response for s in samples[:-1]] == [r["response"] for r in rows[: len(samples) - 1]]
        assert "the file is damaged from here on" in (samples[-1].defect or "")

    def test_mapping(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, [{"response": "r", "solution": "s"}])
        with pytest.raises(ConfigError, match=r"data\.parquet has no column 'gold'.*; known: response, solution"):
            list(read(path, mapping={"reference": "gold"}))
