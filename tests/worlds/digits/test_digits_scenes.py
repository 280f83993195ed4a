from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from plaudit.core.errors import ConfigError
from plaudit.worlds.digits import handwriting
from plaudit.worlds.digits.scenes import BACKGROUND, COLOURS, Digit, Scene, Scenes, capacity, make_scenes

CASES: list[dict[str, Any]] = [
    {"n": 400, "split": "train", "seed": 0},
    {"n": 200, "split": "test", "seed": 7},
    {
        "n": 60,
        "split": "validation",
        "seed": 1,
        "size": (32, 32),
        "digits": (9, 9),
    },  # full: always the lattice
    {"n": 60, "split": "test", "seed": 2, "size": (61, 40), "digits": (1, 12)},
    {"n": 20, "split": "test", "seed": 3, "size": (8, 8), "digits": (1, 1)},
    {"n": 20, "split": "train", "seed": 4, "size": (200, 17), "digits": (2, 6), "colours": ("blue", "red")},
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case.get('size', 'default')}")
def made(request: pytest.FixtureRequest) -> Scenes:
    return make_scenes(**request.param)


def inked(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((image != np.array(BACKGROUND, np.uint8)).any(axis=2))


def pairs(made: Scenes) -> list[tuple[NDArray[np.uint8], Scene]]:
    return list(zip(made.images, made.truth, strict=True))


def test_every_ink_pixel_is_in_one_box_and_no_box_could_be_smaller(made: Scenes) -> None:
    for image, scene in pairs(made):
        ink, covered = inked(image), np.zeros(image.shape[:2], int)
        for digit in scene.digits:
            x1, y1, x2, y2 = digit.box
            assert 0 <= x1 < x2 <= scene.size[0]
            assert 0 <= y1 < y2 <= scene.size[1]
            covered[y1:y2, x1:x2] += 1
            inside = ink[y1:y2, x1:x2]
            assert inside[0].any()
            assert inside[-1].any()
            assert inside[:, 0].any()
            assert inside[:, -1].any()
        assert covered.max() == 1
        assert (covered[ink] == 1).all()


def test_digits_do_not_touch(made: Scenes) -> None:
    for _, scene in pairs(made):
        for a, b in combinations(scene.digits, 2):
            across = max(a.box[0], b.box[0]) - min(a.box[2], b.box[2])
            down = max(a.box[1], b.box[1]) - min(a.box[3], b.box[3])
            assert max(across, down) >= 1


def seen_colour(image: NDArray[np.uint8], digit: Digit) -> str:
    """The named colour nearest to the thickest ink of a digit."""
    x1, y1, x2, y2 = digit.box
    pixels = image[y1:y2, x1:x2].reshape(-1, 3).astype(float)
    thickest = pixels[np.abs(pixels - BACKGROUND).sum(axis=1).argmax()]
    return min(COLOURS, key=lambda name: float(np.abs(thickest - COLOURS[name]).sum()))


def test_colours_can_be_told_from_the_pixels(made: Scenes) -> None:
    for image, scene in pairs(made):
        for digit in scene.digits:
            assert seen_colour(image, digit) == digit.colour


def test_the_ink_is_that_of_the_named_image_and_its_label_the_value(made: Scenes) -> None:
    bunch = load_digits()
    for image, scene in pairs(made):
        for digit in scene.digits:
            assert digit.value == bunch.target[digit.image]
            assert digit.image in handwriting.split(scene.split)
            x1, y1, x2, y2 = digit.box
            channel = int(np.argmax(np.subtract(COLOURS[digit.colour], BACKGROUND)))
            full = COLOURS[digit.colour][channel] - BACKGROUND[channel]
            ink = np.round((image[y1:y2, x1:x2, channel].astype(float) - BACKGROUND[channel]) * 16 / full)
            source = bunch.images[digit.image]
            columns = np.flatnonzero(source.any(axis=0))
            assert (ink == source[:, columns[0] : columns[-1] + 1]).all()


def lines(scene: Scene) -> list[list[Digit]]:
    """Digits that overlap vertically form a line: what a person would read, from the top, left to right."""
    found: list[list[Digit]] = []
    for digit in sorted(scene.digits, key=lambda d: d.box[1]):
        if found and any(digit.box[1] < d.box[3] for d in found[-1]):
            found[-1].append(digit)
        else:
            found.append([digit])
    return [sorted(line, key=lambda d: d.box[0]) for line in found]


def test_reading_order_is_line_by_line_and_never_in_doubt(made: Scenes) -> None:
    for _, scene in pairs(made):
        read = lines(scene)
        assert [d for line in read for d in line] == list(scene.digits)
        assert all(abs(a.box[1] - b.box[1]) <= 3 for line in read for a, b in combinations(line, 2))
        for upper, lower in combinations(read, 2):
            assert min(d.box[1] for d in lower) - max(d.box[3] for d in upper) >= 1


def test_images_and_truth_have_the_promised_shape(made: Scenes) -> None:
    width, height = made.truth[0].size
    assert made.images.shape == (len(made.truth), height, width, 3)
    assert made.images.dtype == np.uint8
    assert [s.index for s in made.truth] == list(range(len(made.truth)))


def test_the_same_arguments_give_the_same_bytes() -> None:
    one, two = (make_scenes(300, split="validation", seed=5) for _ in range(2))
    assert one.images.tobytes() == two.images.tobytes()
    assert one.truth == two.truth


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1500), st.integers(1, 30), st.sampled_from(["train", "test"]), st.integers(-3, 3))
def test_a_scene_does_not_depend_on_how_many_were_asked_for(start: int, n: int, split: str, seed: int) -> None:
    many = make_scenes(n, split=split, seed=seed, start=start)
    one = make_scenes(1, split=split, seed=seed, start=start + n - 1)
    assert (many.images[-1] == one.images[0]).all()
    assert many.truth[-1] == one.truth[0]


def test_a_scene_does_not_depend_on_where_a_long_run_is_cut() -> None:
    whole = make_scenes(1100, seed=9)
    parts = [make_scenes(550, seed=9), make_scenes(550, seed=9, start=550)]
    assert (whole.images == np.concatenate([p.images for p in parts])).all()
    assert whole.truth == parts[0].truth + parts[1].truth


def test_seed_split_and_index_each_make_another_scene() -> None:
    scenes = [
        make_scenes(1, split=split, seed=seed, start=start).images.tobytes()
        for split in ("train", "validation", "test")
        for seed in range(5)
        for start in range(5)
    ]
    assert len(set(scenes)) == 75


def test_numbers_values_and_colours_are_all_about_equally_frequent() -> None:
    truth = make_scenes(4000, seed=11).truth
    digits = [d for scene in truth for d in scene.digits]
    numbers = np.bincount([len(s.digits) for s in truth], minlength=5)[1:]
    values = np.bincount([d.value for d in digits], minlength=10)
    colours = [sum(d.colour == name for d in digits) for name in COLOURS]
    # 4,000 scenes, about 10,000 digits: five standard errors are 14%, 15% and 13% of the expected counts.
    for found, expected in ((numbers, 1000), (values, len(digits) / 10), (colours, len(digits) / 8)):
        assert np.abs(np.array(found) / expected - 1).max() < 0.15


def test_digits_reach_every_part_of_the_canvas() -> None:
    images = make_scenes(2000, seed=12).images
    share = np.mean([inked(image) for image in images], axis=0)
    # Ink seldom fills the outer columns of its cell, but always its first and last line.
    assert share[:, 1:-1].min() > 0
    assert share[0].any()
    assert share[-1].any()


def test_only_the_named_colours_are_used() -> None:
    truth = make_scenes(50, colours=["cyan", "white"]).truth
    assert {d.colour for s in truth for d in s.digits} == {"cyan", "white"}


def test_named_colours_differ_from_each_other_and_the_thinnest_ink_from_the_background() -> None:
    for a, b in combinations(COLOURS.values(), 2):
        assert max(abs(p - q) for p, q in zip(a, b, strict=True)) >= 60
    for colour in COLOURS.values():
        assert max(abs(p - q) for p, q in zip(colour, BACKGROUND, strict=True)) / 16 >= 1


def test_no_scenes_are_an_empty_array() -> None:
    made = make_scenes(0, size=(40, 24))
    assert made.images.shape == (0, 24, 40, 3)
    assert made.truth == ()


def test_truth_as_json() -> None:
    scene = make_scenes(1, split="test", seed=2, start=5, digits=(2, 2)).truth[0]
    truth = scene.to_dict()
    assert json.loads(json.dumps(truth)) == truth
    assert (truth["split"], truth["seed"], truth["index"], truth["size"]) == ("test", 2, 5, [32, 32])
    assert [(d["value"], d["colour"], tuple(d["box"]), d["image"]) for d in truth["digits"]] == [
        (d.value, d.colour, d.box, d.image) for d in scene.digits
    ]


@pytest.mark.parametrize(("size", "room"), [((8, 8), 1), ((16, 8), 1), ((17, 8), 2), ((32, 32), 9), ((7, 80), 0)])
def test_capacity(size: tuple[int, int], room: int) -> None:
    assert capacity(size) == room


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"split": "tset"}, r"unknown split 'tset'; did you mean 'test'\?"),
        ({"colours": ("red", "gren")}, r"unknown colour 'gren'; did you mean 'green'\?"),
        ({"colours": ()}, "colours is empty; choose from red, green"),
        (
            {"size": (16, 16)},
            r"size 16x16 has room for 1 digits of 8x8 pixels, not for 4; give a larger size",
        ),
        ({"size": (7, 80), "digits": (1, 1)}, "size 7x80 has room for 0 digits"),
        ({"size": (-20, -20), "digits": (1, 1)}, "size -20x-20 has room for 0 digits"),
        ({"digits": (0, 3)}, "digits is 0 to 3; give at least 1"),
        ({"digits": (4, 2)}, "digits is 4 to 2; give at least 1, the smaller number first"),
        ({"n": -1}, "n is -1; give 0 or more"),
        ({"start": -2}, "start is -2; give 0 or more"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text) as error:
        make_scenes(**{"n": 3, **wrong})
    assert "\n" not in str(error.value)
