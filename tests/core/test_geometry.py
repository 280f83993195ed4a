"""Geometry against hand numbers, counted pixels, and properties."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.geometry import Box, Frame, Point, iou, iou_matrix, iou_pairs, parse_boxes

SIZE = (640, 480)
Cells = tuple[int, int, int, int]


def counted_iou(a: Cells, b: Cells, side: int = 24) -> float:
    """IoU by colouring the cells of a grid."""
    masks = []
    for x1, y1, x2, y2 in (a, b):
        mask = np.zeros((side, side), bool)
        mask[y1:y2, x1:x2] = True
        masks.append(mask)
    union = (masks[0] | masks[1]).sum()
    return float((masks[0] & masks[1]).sum() / union) if union else 0.0


@st.composite
def cells(draw: st.DrawFn, side: int = 24) -> Cells:
    x = sorted(draw(st.tuples(st.integers(0, side), st.integers(0, side))))
    y = sorted(draw(st.tuples(st.integers(0, side), st.integers(0, side))))
    return x[0], y[0], x[1], y[1]


@st.composite
def units(draw: st.DrawFn) -> Box:
    edge = st.floats(0, 1, allow_subnormal=False)
    x = sorted(draw(st.tuples(edge, edge)))
    y = sorted(draw(st.tuples(edge, edge)))
    return Box(x[0], y[0], x[1], y[1], "unit", size=SIZE)


class TestPlaces:
    def test_conversions_by_hand(self) -> None:
        box = Box(160, 120, 480, 360, "pixel", size=SIZE)
        assert box.to("unit") == Box(0.25, 0.25, 0.75, 0.75, "unit", SIZE)
        assert box.to("thousand") == Box(250, 250, 750, 750, "thousand", SIZE)
        assert Box(250, 250, 750, 750, "thousand").to("pixel", size=SIZE) == box
        assert Box(0.25, 0.25, 0.75, 0.75, "unit").to("thousand") == Box(250, 250, 750, 750, "thousand")
        assert Point(320, 120, "pixel", SIZE).to("thousand") == Point(500, 250, "thousand", SIZE)
        assert Point(0.5, 1, "unit").to("pixel", SIZE) == Point(320, 480, "pixel", SIZE)

    def test_a_box_from_a_shrunk_picture(self) -> None:
        assert Box(80, 60, 240, 180, "pixel", (320, 240)).to("pixel", size=SIZE) == Box(
            160, 120, 480, 360, "pixel", SIZE
        )

    def test_area(self) -> None:
        assert Box(160, 120, 480, 360, "pixel", SIZE).area == 320 * 240
        assert Box(0, 0, 1, 1, "unit").area == 1
        assert Box(3, 3, 3, 9, "pixel").area == 0

    def test_pixels_without_a_size(self) -> None:
        box = Box(1, 2, 5000, 6, "pixel")
        assert box.to("pixel") == box
        for frame in ("unit", "thousand"):
            with pytest.raises(ValueError, match="size"):
                box.to(frame)
        with pytest.raises(ValueError, match="size"):
            Box(0, 0, 1, 1, "unit").to("pixel")

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ((5, 0, 4, 1, "pixel"), "x2"),
            ((0, 5, 1, 4, "pixel"), "y2"),
            ((math.nan, 0, 1, 1, "unit"), "x1"),
            ((0, 0, math.inf, 1, "pixel"), "x2"),
            ((0, -0.01, 1, 1, "unit"), "y1"),
            ((0, 0, 1, 1.0000001, "unit"), "y2"),
            ((0, 0, 1000.5, 1, "thousand"), "x2"),
            ((0, 0, 641, 480, "pixel", SIZE), "x2"),
            ((0, 0, 640, 481, "pixel", SIZE), "y2"),
            ((0, 0, "a", 1, "unit"), "x2"),
            ((0, 0, None, 1, "unit"), "x2"),
            ((0, 0, 10**400, 1, "pixel"), "x2"),
            ((0, 0, 1, 1, "percent"), "frame"),
            ((0, 0, 1, 1, "pixel", (0, 480)), "size"),
            ((0, 0, 1, 1, "pixel", (640.0, 480)), "size"),
            ((0, 0, 1, 1, "pixel", [640, 480]), "size"),
        ],
    )
    def test_refusals_name_the_field(self, given: tuple[Any, ...], named: str) -> None:
        with pytest.raises(ValueError, match=f"^{named} is"):
            Box(*given)

    def test_points_refuse_too(self) -> None:
        with pytest.raises(ValueError, match=r"^y is 2, outside the unit frame"):
            Point(0, 2, "unit")
        with pytest.raises(ValueError, match=r"^x is nan"):
            Point(math.nan, 0, "pixel")

    def test_frozen_hashable_and_picklable(self) -> None:
        box = Box(0, 0, 1, 1, "unit")
        assert len({box, Box(0.0, 0.0, 1.0, 1.0, "unit")}) == 1
        assert pickle.loads(pickle.dumps(box)) == copy.deepcopy(box) == box
        with pytest.raises(AttributeError):
            box.x1 = 0.5  # type: ignore[misc]

    @given(units(), st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
    def test_round_trips_stay_inside(self, box: Box, size: tuple[int, int]) -> None:
        for frame in ("pixel", "thousand"):
            there = Box(box.x1, box.y1, box.x2, box.y2, "unit").to(frame, size)
            back = there.to("unit")
            assert (back.x1, back.y1, back.x2, back.y2) == pytest.approx((box.x1, box.y1, box.x2, box.y2))

    @given(st.integers(1, 100_000))
    def test_edges_stay_on_the_edge(self, width: int) -> None:
        whole = Box(0, 0, width, 7, "pixel", (width, 7))
        for frame in ("unit", "thousand"):
            assert whole.to(frame).to("pixel") == whole


class TestIou:
    def test_by_hand(self) -> None:
        a = Box(0, 0, 10, 10, "pixel")
        assert iou(a, Box(5, 5, 15, 15, "pixel")) == pytest.approx(25 / 175)
        assert iou(a, a) == 1
        assert iou(a, Box(10, 0, 20, 10, "pixel")) == 0  # they only touch
        assert iou(a, Box(2, 2, 4, 4, "pixel")) == pytest.approx(4 / 100)

    def test_across_frames(self) -> None:
        a = Box(160, 120, 480, 360, "pixel", SIZE)
        assert iou(a, Box(250, 250, 750, 750, "thousand")) == 1
        assert iou(Box(0.25, 0.25, 0.75, 0.5, "unit"), a) == pytest.approx(0.5)
        assert iou(a, Box(80, 60, 240, 180, "pixel", (320, 240))) == 1  # the same picture at half the size
        with pytest.raises(ValueError, match="size"):
            iou(Box(0, 0, 1, 1, "pixel"), Box(0, 0, 1, 1, "unit"))

    def test_nothing_overlaps_an_empty_box(self) -> None:
        point = Box(3, 3, 3, 3, "pixel")
        assert iou(point, point) == 0
        assert iou(point, Box(0, 0, 9, 9, "pixel")) == 0
        assert iou_matrix([[3, 3, 3, 3]], [[3, 3, 3, 3], [0, 0, 9, 9]]).tolist() == [[0, 0]]
        assert iou_pairs([[3, 3, 3, 3]], [[3, 3, 3, 3]]).tolist() == [0]

    @given(cells(), cells())
    def test_equals_counted_cells(self, a: Cells, b: Cells) -> None:
        expected = counted_iou(a, b)
        assert iou(Box(*a, "pixel"), Box(*b, "pixel")) == pytest.approx(expected)
        assert iou_pairs([a], [b])[0] == pytest.approx(expected)
        assert iou_matrix([b, a], [b, a])[0, 1] == pytest.approx(expected)

    @given(units(), units())
    def test_symmetric_and_in_range(self, a: Box, b: Box) -> None:
        value = iou(a, b)
        assert 0 <= value <= 1
        assert iou(b, a) == value
        if a.area > 0:
            assert iou(a, a) == 1

    @given(
        units(),
        units(),
        st.sampled_from(["pixel", "unit", "thousand"]),
        st.sampled_from(["pixel", "thousand"]),
    )
    def test_frames_do_not_matter(self, a: Box, b: Box, f: Frame, g: Frame) -> None:
        assert iou(a.to(f), b.to(g)) == pytest.approx(iou(a, b), abs=1e-6)

    @given(cells(), cells(), st.integers(0, 500), st.integers(0, 500))
    def test_translation_does_not_matter(self, a: Cells, b: Cells, dx: int, dy: int) -> None:
        move = np.array([dx, dy, dx, dy])
        assert iou_pairs([a], [b])[0] == iou_pairs([a + move], [b + move])[0]

    def test_matrix_equals_scalar(self) -> None:
        rng = np.random.default_rng(0)
        corners = np.sort(rng.random((30, 2, 2)), axis=1).reshape(30, 4)
        a, b = corners[:13], corners[13:]
        matrix = iou_matrix(a, b)
        assert matrix.shape == (13, 17)
        assert matrix.dtype == np.float64
        for i, j in np.ndindex(13, 17):
            one = Box(a[i, 0], a[i, 1], a[i, 2], a[i, 3], "unit")
            other = Box(b[j, 0], b[j, 1], b[j, 2], b[j, 3], "unit")
            assert matrix[i, j] == pytest.approx(iou(one, other), abs=1e-12)
        assert iou_pairs(a, b[:13]).tolist() == np.diagonal(matrix[:, :13]).tolist()

    def test_inputs_are_left_alone(self) -> None:
        a = np.array([[0.0, 0, 2, 2]])
        iou_pairs(a, a)
        iou_matrix(a, a)
        assert a.tolist() == [[0, 0, 2, 2]]

    def test_empty(self) -> None:
        assert iou_matrix([], [[0, 0, 1, 1]]).shape == (0, 1)
        assert iou_matrix(np.empty((2, 4)) * 0, []).shape == (2, 0)
        assert iou_pairs([], []).shape == (0,)

    @pytest.mark.parametrize(
        "bad",
        [
            [[0, 0, 1]],
            [0, 0, 1, 1],
            [[1, 0, 0, 1]],
            [[0, 1, 1, 0]],
            [[0, 0, math.nan, 1]],
            [[0, 0, math.inf, 1]],
        ],
    )
    def test_bad_arrays(self, bad: Any) -> None:
        for call in (iou_matrix, iou_pairs):
            with pytest.raises(ValueError, match=r"^b"):
                call([[0, 0, 1, 1]], bad)
        with pytest.raises(ValueError, match=r"^a\[1\] is \[2.0, 0.0, 1.0, 1.0\]"):
            iou_matrix([[0, 0, 1, 1], [2, 0, 1, 1]], [[0, 0, 1, 1]])

    def test_pairs_of_different_lengths(self) -> None:
        with pytest.raises(ValueError, match="1 boxes and b 2"):
            iou_pairs([[0, 0, 1, 1]], [[0, 0, 1, 1]] * 2)


class TestParsing:
    @pytest.mark.parametrize(
        "text",
        [
            "[10, 20, 110.5, 220]",
            "The cat is at (10, 20, 110.5, 220).",
            "(10,20),(110.5,220)",
            "( 10 , 20 ) ( 110.5 , 220 )",
            "<box>[10,20,110.5,220]</box>",
            "<box>(10,20),(110.5,220)</box>",
            "<box> 10, 20, 110.5, 220 </box>",
            "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(10,20),(110.5,220)<|box_end|>",
            '```json\n[{"bbox_2d": [10, 20, 110.5, 220], "label": "cat"}]\n```',
            '{"box": [1e1, 20, 1.105e2, 220]}',
            "{'bbox': [10, 20, 110.5, 220]}",
            '[{"Position": [10, 20, 110.5, 220], "Confidence": 0.9}]',
            '{"answer": {"objects": [{"bbox":[10,20,110.5,220]}]}}',
            "[[10, 20, 110.5, 220]]",
            "[+10, 20., 110.5, 220.000]",
            "[\n  10,\n  20,\n  110.5,\n  220\n]",
        ],
    )
    def test_one_box_however_written(self, text: str) -> None:
        assert parse_boxes(text) == [(10, 20, 110.5, 220)]

    def test_several_in_order(self) -> None:
        assert parse_boxes("[[1,2,3,4],[5,6,7,8]]") == [(1, 2, 3, 4), (5, 6, 7, 8)]
        assert parse_boxes("<box>1,2,3,4</box> and <box>[5,6,7,8]</box>") == [(1, 2, 3, 4), (5, 6, 7, 8)]

    def test_marked_boxes_win_over_bare_numbers(self) -> None:
        assert parse_boxes('[9,9,9,9] {"bbox_2d": [1,2,3,4]}') == [(1, 2, 3, 4)]
        assert parse_boxes('{"bbox_2d": [9,9,9,9]} <box>1,2,3,4</box>') == [(1, 2, 3, 4)]

    def test_unordered_and_negative_numbers_are_reported_as_written(self) -> None:
        assert parse_boxes("[5, -6, 1, .5]") == [(5, -6, 1, 0.5)]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no box",
            "[1, 2, 3]",
            "[1, 2, 3, 4, 5]",
            "[1, 2, three, 4]",
            "1, 2, 3, 4",
            "[__import__('os'), 2, 3, 4]",
            '{"box_2d": 4}',
            '{"box_2d": [1, 2, 3, 4]}',
            "[nan, 0, 1, inf]",
            "[1, 2, 3, 9999999999999]",
            "[1 2 3 4]",
            "<box>1, 2, 3</box>",
        ],
    )
    def test_no_box(self, text: str) -> None:
        assert parse_boxes(text) == []

    def test_bounds(self) -> None:
        assert len(parse_boxes("[1,2,3,4]" * 5_000)) == 1_000
        assert parse_boxes(" " * 100_000 + "[1,2,3,4]") == []

    @pytest.mark.parametrize("unit", ["[", "(", "[1,", "<box>", "[ ", "1,", '"box":[', "[1,2,3,", "(1,2),(", "9"])
    def test_hostile_text_ends(self, unit: str) -> None:
        assert parse_boxes(unit * (100_000 // len(unit))) == []

    @given(st.lists(st.tuples(*[st.floats(-1e9, 1e9)] * 4), max_size=5))
    def test_reads_back_what_python_writes(self, boxes: list[tuple[float, ...]]) -> None:
        text = str([[round(n, 3) for n in box] for box in boxes])
        assert parse_boxes(text) == [tuple(round(n, 3) for n in box) for box in boxes]

    @given(st.text())
    def test_any_text_is_read_without_an_error(self, text: str) -> None:
        parse_boxes(text)
