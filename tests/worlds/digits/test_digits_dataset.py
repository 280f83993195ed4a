from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plaudit.core.errors import ConfigError
from plaudit.worlds import digits
from plaudit.worlds.digits.dataset import records, write
from plaudit.worlds.digits.responders import RESPONDERS
from plaudit.worlds.digits.scenes import make_scenes
from plaudit.worlds.digits.sheet import contact_sheet
from plaudit.worlds.digits.tasks import TASKS

KEYS = ["id", "prompt", "images", "reference", "task", "source", "meta"]


def tree(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def lines(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]


def test_a_written_data_set_holds_the_scenes_and_their_truth(tmp_path: Path) -> None:
    data = write(tmp_path / "new" / "set", n=23, split="test", seed=3)
    assert data == tmp_path / "new" / "set" / "data.jsonl"
    made = make_scenes(23, split="test", seed=3)
    written = lines(data)
    assert len(written) == 23
    for i, record in enumerate(written):
        assert list(record) == KEYS
        assert record["images"] == [f"images/{i:06d}.png"]
        assert (np.asarray(Image.open(data.parent / record["images"][0])) == made.images[i]).all()
        assert record["source"] == "digits/test"
        assert record["meta"] == {"scene": made.truth[i].to_dict()}
        values = [d["value"] for d in record["meta"]["scene"]["digits"]]
        if record["task"] == "sum":
            assert record["reference"] == str(sum(values))
        if record["task"] == "locate":
            assert record["reference"]["box"] in [d["box"] for d in record["meta"]["scene"]["digits"]]
    assert len({record["id"] for record in written}) == 23
    assert [r["task"] for r in written[:6]] == ["read", "count", "sum", "max", "locate", "read"]


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, n=40, tasks=["sum", "locate"], seed=2, responders=list(RESPONDERS))
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert len(tree(tmp_path / "a")) == 41
    write(tmp_path / "c", n=40, tasks=["sum", "locate"], seed=3, responders=list(RESPONDERS))
    assert tree(tmp_path / "a")["data.jsonl"] != tree(tmp_path / "c")["data.jsonl"]


def test_a_shorter_data_set_is_the_beginning_of_a_longer_one(tmp_path: Path) -> None:
    short, long = (write(tmp_path / str(n), n=n, seed=2).read_text() for n in (7, 600))
    assert long.startswith(short)


def test_records_in_memory_are_those_written(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "tasks": ["max", "read"],
        "size": (48, 40),
        "digits": (2, 5),
        "responders": ["right"],
    }
    written = lines(write(tmp_path, n=11, **options))
    for there, here in zip(written, records(11, **options), strict=True):
        assert np.array_equal(np.asarray(Image.open(tmp_path / there["images"][0])), np.asarray(here["images"][0]))
        assert {**here, "images": there["images"]} == there


def test_responses_are_aligned_with_what_is_stated_of_them() -> None:
    names = ["beg", "right", "misread", "swapped"]
    for record in records(10, split="test", responders=names):
        assert [r["name"] for r in record["meta"]["responders"]] == names
        assert [r["answer_right"] for r in record["meta"]["responders"]] == [False, True, False, True]
        assert [r["format_right"] for r in record["meta"]["responders"]] == [True, True, True, False]
        assert [r["adversarial"] for r in record["meta"]["responders"]] == [True, False, False, False]
        assert len(record["responses"]) == 4
        assert record["responses"][1].endswith("</answer>")
        assert record["responses"][3].startswith("<answer>")


def test_colours_and_digits_are_passed_on() -> None:
    made = list(records(5, colours=["green"], digits=(2, 2)))
    shown = [d for record in made for d in record["meta"]["scene"]["digits"]]
    assert len(shown) == 10
    assert {d["colour"] for d in shown} == {"green"}


def test_progress_is_told_after_every_record(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write(tmp_path, n=3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


class StopError(Exception):
    pass


def stop_at_two(done: int, total: int) -> None:
    if done == 2:
        raise StopError


def test_an_interrupted_run_leaves_no_data(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        write(tmp_path, n=5, progress=stop_at_two)
    assert tree(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_older_data_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, n=5, seed=1)
    before = tree(tmp_path)
    with pytest.raises(StopError):
        write(tmp_path, n=5, seed=2, progress=stop_at_two)
    assert tree(tmp_path) == before


def test_writing_again_replaces_data_and_pictures_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "a", n=5, seed=1)
    (tmp_path / "a" / "images" / "mine.txt").write_text("keep")
    write(tmp_path / "a", n=5, seed=2)
    write(tmp_path / "b", n=5, seed=2)
    assert tree(tmp_path / "a") == {**tree(tmp_path / "b"), "images/mine.txt": b"keep"}


def test_no_records_are_an_empty_file(tmp_path: Path) -> None:
    assert write(tmp_path, n=0).read_bytes() == b""


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"tasks": ["summ"]}, r"unknown task 'summ'; did you mean 'sum'\?"),
        ({"tasks": []}, "tasks is empty; choose from read, count, sum, max, locate"),
        ({"responders": ["rigth"]}, r"unknown responder 'rigth'; did you mean 'right'\?"),
        ({"split": "valid"}, r"unknown split 'valid'; did you mean 'validation'\?"),
        ({"size": (9, 9)}, "size 9x9 has room for 1 digits"),
        ({"colours": ["pink"]}, "unknown colour 'pink'"),
        ({"digits": (3, 1)}, "digits is 3 to 1"),
        ({"n": -4}, "n is -4; give 0 or more"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_made(tmp_path: Path, wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text) as error:
        write(tmp_path / "set", **{"n": 2, **wrong})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "set").exists()
    with pytest.raises(ConfigError, match=text):
        records(**{"n": 2, **wrong})


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"can't write to .*file.*; give another directory"):
        write(tmp_path / "file", n=1)
    with pytest.raises(ConfigError, match=r"can't write to .*; give another directory"):
        write(tmp_path / "file" / "below", n=1)


def test_a_contact_sheet_shows_every_scene_magnified() -> None:
    made = list(records(7, split="test", size=(40, 32)))
    sheet = contact_sheet(made, columns=3, zoom=4)
    assert sheet.mode == "RGB"
    assert sheet.width >= 3 * 40 * 4
    assert sheet.height >= 3 * 32 * 4
    outlined = set(sheet.get_flattened_data())
    for record in made:
        for digit in record["meta"]["scene"]["digits"]:
            assert digits.COLOURS[digit["colour"]] in outlined


@pytest.mark.parametrize(("n", "columns", "zoom"), [(0, 4, 4), (2, 0, 4), (2, 4, 0)])
def test_a_contact_sheet_of_nothing_is_refused(n: int, columns: int, zoom: int) -> None:
    with pytest.raises(ConfigError, match="give 1 or more of each"):
        contact_sheet(records(n), columns=columns, zoom=zoom)


def test_every_task_and_responder_goes_through(tmp_path: Path) -> None:
    data = write(tmp_path, n=2 * len(TASKS), responders=list(RESPONDERS))
    assert all(len(r["responses"]) == len(r["meta"]["responders"]) == len(RESPONDERS) for r in lines(data))
