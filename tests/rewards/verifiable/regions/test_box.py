from __future__ import annotations

import doctest
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions import box
from plaudit.rewards.verifiable.regions.box import Box

RIGHT = [10, 10, 30, 30]
PIXELS = {"box": [0, 0, 320, 240], "frame": "pixel"}
QUARTER = "<answer>[0, 0, 500, 500]</answer>"  # the same place in thousandths of a picture of 640 by 480


def graded(
    reward: Box, response: Any, reference: Any, images: Sequence[Any] = (), prompt: Any = "Where?"
) -> tuple[float, str, str]:
    scores = reward.score([Sample(prompt, response, reference, images=images)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def test_docstring_examples() -> None:
    assert doctest.testmod(box).failed == 0


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("[10, 10, 30, 30]", 1.0),
        ("(10,10),(30,30)", 1.0),
        ('{"bbox_2d": [10, 10, 30, 30], "label": "cat"}', 1.0),
        ("<|box_start|>(10,10),(30,30)<|box_end|>", 1.0),
        ("[10, 10, 30, 30] and once more [10, 10, 30, 30]", 1.0),
        ("[10, 10, 30, 20]", 0.5),  # 200 of 400
        ("[20, 20, 40, 40]", 1 / 7),  # 100 shared of 400 + 400 - 100
        ("[0, 0, 40, 40]", 0.25),
        ("[30, 10, 50, 30]", 0.0),  # they touch
        ("[20, 20, 20, 20]", 0.0),  # a point covers nothing
    ],
)
def test_overlap_by_hand(said: str, value: float) -> None:
    found = graded(Box(), f"<think>[0, 0, 1, 1]</think><answer>{said}</answer>", RIGHT)
    assert found[0] == pytest.approx(value)
    assert found[1:] == ("ok", "" if value == 1 else f"IoU {value:.3f}")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("", "no answer"),
        ("[10, 10, 30, 30]", "no answer"),
        ("<answer>in the corner</answer>", "no box"),
        ("<answer>[10, 10, 30]</answer>", "no box"),
        ("<answer>[10, 10, 30, 30, 40]</answer>", "no box"),
        ("<answer>[10, 10, 30, 30] or [10, 10, 30, 31]</answer>", "2 boxes where 1 belongs"),
        ("<answer>[10, 10, 30, 30]</answer><answer>[0, 0, 9, 9]</answer>", "several answers"),
        ("<answer>[30, 10, 10, 30]</answer>", "impossible box: x2 is 10, left of x1 = 30"),
        ("<answer>[10, 30, 30, 10]</answer>", "impossible box: y2 is 10, above y1 = 30"),
        ("<answer>[-1, 10, 30, 30]</answer>", "impossible box: x1 is -1, outside the pixel frame (0 to inf)"),
        ("<answer>[nan, 10, 30, 30]</answer>", "no box"),
    ],
)
def test_a_response_without_one_possible_box_scores_0(response: str, reason: str) -> None:
    assert graded(Box(), response, RIGHT) == (0, "ok", reason)


def test_where_the_box_stands() -> None:
    bare, boxed = "It is at [10, 10, 30, 30].", r"\boxed{[10, 10, 30, 30]}"
    assert graded(Box(extract="text"), bare, RIGHT)[0] == 1
    assert graded(Box(extract="tag"), boxed, RIGHT) == (0, "ok", "no answer")
    assert [graded(Box(extract=how), boxed, RIGHT)[0] for how in ("auto", "boxed", "text")] == [1, 1, 1]


def test_threshold() -> None:
    half = "<answer>[10, 10, 30, 20]</answer>"
    assert graded(Box(threshold=0.5), half, RIGHT) == (1, "ok", "IoU 0.500")
    assert graded(Box(threshold=0.51), half, RIGHT) == (0, "ok", "IoU 0.500")


@pytest.mark.parametrize(
    ("reward", "response", "reference", "images", "value"),
    [
        (Box("unit"), "<answer>[0, 0, 0.5, 0.5]</answer>", [0, 0, 0.5, 1], (), 0.5),
        (Box("thousand"), "<answer>[0, 0, 500, 1000]</answer>", {"box": [0, 0, 0.5, 1], "frame": "unit"}, (), 1),
        (Box("thousand"), QUARTER, {**PIXELS, "size": [640, 480]}, (), 1),
        (Box("thousand"), QUARTER, {**PIXELS, "size": (640, 480)}, [png(9, 9)], 1),  # what is said beats what is seen
        (Box("thousand"), QUARTER, PIXELS, [png(640, 480)], 1),
        (Box("thousand"), QUARTER, PIXELS, [Image.new("RGB", (640, 480)), png(9, 9)], 1),
        (Box("thousand"), QUARTER, PIXELS, [png(1280, 960)], 0.25),
        (
            Box("pixel"),
            "<answer>[0, 0, 320, 240]</answer>",
            {"box": [0, 0, 0.5, 0.5], "frame": "unit"},
            [png(640, 480)],
            1,
        ),
        (Box("pixel"), "<answer>[0, 0, 320, 240]</answer>", PIXELS, [b"broken"], 1),  # no size is needed
    ],
)
def test_frames(reward: Box, response: str, reference: Any, images: Sequence[Any], value: float) -> None:
    assert graded(reward, response, reference, images)[:2] == (value, "ok")


def test_a_box_outside_its_frame_scores_0() -> None:
    assert graded(Box("thousand"), "<answer>[0, 0, 1001, 9]</answer>", [0, 0, 9, 9])[2].startswith(
        "impossible box: x2 is 1001"
    )
    sized = {**PIXELS, "size": [640, 480]}
    assert graded(Box(), "<answer>[0, 0, 320, 481]</answer>", sized)[2].startswith("impossible box: y2 is 481")


def test_the_size_is_that_of_the_prompt_s_picture_not_of_one_in_the_response() -> None:
    said = [{"role": "assistant", "content": [Image.new("RGB", (640, 480)), {"type": "text", "text": QUARTER}]}]
    assert graded(Box("thousand"), said, PIXELS)[1] == "invalid"
    assert graded(Box("thousand"), said, PIXELS, [png(1280, 960)])[0] == 0.25
    asked = [{"role": "user", "content": [Image.new("RGB", (640, 480)), {"type": "text", "text": "Where?"}]}]
    assert graded(Box("thousand"), QUARTER, PIXELS, prompt=asked)[0] == 1


@pytest.mark.parametrize("response", ["<answer>[10, 10, 30, 30]</answer>", ""])
@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (5, "reference box is 5 (int); expected four numbers [x1, y1, x2, y2]"),
        ("[0, 0, 1, 1]", "reference box is '[0, 0, 1, 1]' (str); expected four numbers"),
        ([0, 0, 1], "reference box is [0, 0, 1] (list); expected four numbers"),
        ([0, 0, 1, "1"], "reference box is [0, 0, 1, '1'] (list); expected four numbers"),
        ([0, 0, 1, None], "reference box is [0, 0, 1, None] (list)"),
        ([False, False, True, True], "reference box is [False, False, True, True] (list)"),
        (list(range(1000)), "reference box is [0, 1, 2"),
        ({}, "reference box is missing"),
        ({"bbox": RIGHT}, "reference box is missing"),
        ({"box": RIGHT, "frame": "px"}, "reference frame is 'px' (str); expected pixel, unit, thousand"),
        ({"box": RIGHT, "frame": ["pixel"]}, "reference frame is ['pixel'] (list); expected pixel"),
        ({"box": RIGHT, "frame": None}, "reference frame is missing"),
        ({"box": RIGHT, "size": 640}, "reference size is 640 (int); expected two whole numbers [width, height]"),
        ({"box": RIGHT, "size": [640]}, "reference size is [640] (list)"),
        ({"box": RIGHT, "size": [640.5, 480]}, "reference box is impossible: size is (640.5, 480)"),
        ({"box": RIGHT, "size": [0, 480]}, "reference box is impossible: size is (0, 480)"),
        ({"box": RIGHT, "size": [20, 20]}, "reference box is impossible: x2 is 30, outside the pixel frame (0 to 20)"),
        ([30, 10, 10, 30], "reference box is impossible: x2 is 10, left of x1 = 30"),
        ([-1, 0, 5, 5], "reference box is impossible: x1 is -1"),
        ([0, 0, float("nan"), 5], "reference box is impossible: x2 is nan; expected a finite number"),
        ([0, 0, 10**400, 5], "reference box is impossible: x2 is 1000"),
        ([5, 5, 5, 9], "reference box [5, 5, 5, 9] has no area"),
        ({"box": [0, 0, 1, 1], "frame": "unit"}, 'reference has no "size", and the prompt no image to measure'),
    ],
)
def test_an_impossible_reference_is_invalid_whatever_the_response(reference: Any, reason: str, response: str) -> None:
    value, status, found = graded(Box(), response, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert found.startswith(reason)


@pytest.mark.parametrize("image", [b"broken", png(640, 480)[:60], "no/such/picture.png"])
def test_a_broken_picture_is_invalid_where_its_size_is_needed(image: Any) -> None:
    assert graded(Box("thousand"), QUARTER, PIXELS, [image])[1] == "invalid"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frame": "pixels"}, "did you mean 'pixel'?"),
        ({"threshold": 0}, "threshold=0.0; it lies above 0 and is at most 1"),
        ({"threshold": 1.5}, "threshold=1.5"),
        ({"extract": "last"}, 'extract="last" finds a number or a letter; use "text"'),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Box(**arguments)
    assert message in str(caught.value)


sides = st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda ab: ab[0] < ab[1])


@given(sides, sides, sides, sides)
def test_overlap_by_counting_cells(
    x: tuple[int, int], y: tuple[int, int], u: tuple[int, int], v: tuple[int, int]
) -> None:
    said = {(i, j) for i in range(*x) for j in range(*y)}
    right = {(i, j) for i in range(*u) for j in range(*v)}
    value = graded(Box(), f"<answer>[{x[0]}, {y[0]}, {x[1]}, {y[1]}]</answer>", [u[0], v[0], u[1], v[1]])[0]
    assert value == pytest.approx(len(said & right) / len(said | right))
