"""The overlap family against hand numbers, pycocotools, shapely, and its own algebra."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco

from plaudit.rewards.verifiable.regions.overlaps import LEAST, Overlap, overlap_matrix, overlap_pairs

MEASURES: tuple[Overlap, ...] = get_args(Overlap)
Boxes = NDArray[np.float64]
side = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted)
box = st.tuples(side, side).map(lambda xy: [xy[0][0], xy[1][0], xy[0][1], xy[1][1]])
solid = box.filter(lambda b: b[0] < b[2] and b[1] < b[3])


def drawn(n: int, seed: int) -> Boxes:
    draw = np.random.default_rng(seed)
    low = draw.random((n, 2)) * 80
    return np.hstack([low, low + draw.random((n, 2)) * 40 + 0.1])


@pytest.mark.parametrize(
    ("a", "b", "values"),
    [
        # equal boxes
        ([0, 0, 2, 2], [0, 0, 2, 2], [1, 1, 1, 1]),
        # side by side, two apart: around them 6 x 2 of which 4 are empty; centres 4 apart, diagonal² 40; both square
        ([0, 0, 2, 2], [4, 0, 6, 2], [0, -1 / 3, -0.4, -0.4]),
        # half shifted: 2 of 6 shared, nothing empty; centres 1 apart, diagonal² 13
        ([0, 0, 2, 2], [1, 0, 3, 2], [1 / 3, 1 / 3, 1 / 3 - 1 / 13, 1 / 3 - 1 / 13]),
        # a corner of 1: 1 of 7 shared, 2 of 9 empty; centres² 2, diagonal² 18
        ([0, 0, 2, 2], [1, 1, 3, 3], [1 / 7, 1 / 7 - 2 / 9, 1 / 7 - 1 / 9, 1 / 7 - 1 / 9]),
        # a cross of 4 x 1 and 1 x 4 about one centre: 1 of 7, around 16 of which 9 are empty
        ([0, 1.5, 4, 2.5], [1.5, 0, 2.5, 4], [1 / 7, 1 / 7 - 9 / 16, 1 / 7, None]),
    ],
)
def test_by_hand(a: list[float], b: list[float], values: list[float | None]) -> None:
    for measure, value in zip(MEASURES, values, strict=True):
        if value is not None:
            assert overlap_pairs([a], [b], measure)[0] == pytest.approx(value), measure


def test_ciou_of_other_proportions_by_hand() -> None:
    # 4 x 1 and 1 x 4: atan(4) - atan(1/4) = 1.0808390, v = 4 / pi² x that² = 0.4734581
    v = 0.4734581
    found = overlap_pairs([[0, 1.5, 4, 2.5]], [[1.5, 0, 2.5, 4]], "ciou")[0]
    assert found == pytest.approx(1 / 7 - v * v / (1 - 1 / 7 + v), abs=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_boxes_without_area_are_worth_no_more_than_nothing_shared(measure: Overlap) -> None:
    point, line, square = [[3, 3, 3, 3]], [[0, 3, 9, 3]], [[0, 0, 9, 9]]
    for a in (point, line):
        for b in (point, line, square):
            assert LEAST[measure] <= overlap_pairs(a, b, measure)[0] <= 0


@given(st.lists(st.tuples(box, box), min_size=1, max_size=5), st.sampled_from(MEASURES))
def test_range_and_symmetry(pairs: list[tuple[list[int], list[int]]], measure: Overlap) -> None:
    a, b = [one for one, _ in pairs], [other for _, other in pairs]
    found = overlap_pairs(a, b, measure)
    assert ((found >= LEAST[measure]) & (found <= 1)).all()
    assert found == pytest.approx(overlap_pairs(b, a, measure), abs=1e-12)
    assert overlap_matrix(a, b, measure).diagonal() == pytest.approx(found, abs=1e-12)


@given(solid, st.sampled_from(MEASURES))
def test_a_box_is_wholly_itself(one: list[int], measure: Overlap) -> None:
    assert overlap_pairs([one], [one], measure)[0] == 1


@given(box, box, st.sampled_from(MEASURES), st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 64))
def test_place_and_scale_don_t_matter(
    a: list[int], b: list[int], measure: Overlap, right: int, down: int, scale: int
) -> None:
    moved = [np.array([one]) * scale + [right, down, right, down] for one in (a, b)]
    assert overlap_pairs(moved[0], moved[1], measure) == pytest.approx(overlap_pairs([a], [b], measure), abs=1e-9)


@given(box, box, st.sampled_from(["iou", "giou"]), st.integers(1, 50), st.integers(1, 50))
def test_the_frame_does_not_matter_to_those_of_areas(
    a: list[int], b: list[int], measure: Overlap, wide: int, high: int
) -> None:
    other = [np.array([one]) * [wide, high, wide, high] for one in (a, b)]
    assert overlap_pairs(other[0], other[1], measure) == pytest.approx(overlap_pairs([a], [b], measure), abs=1e-9)


@given(box, box, st.sampled_from(["giou", "diou"]))
def test_a_penalty_is_never_a_bonus(a: list[int], b: list[int], measure: Overlap) -> None:
    assert overlap_pairs([a], [b], measure)[0] <= overlap_pairs([a], [b])[0]
    assert overlap_pairs([a], [b], "ciou")[0] <= overlap_pairs([a], [b], "diou")[0]


def test_iou_equals_pycocotools() -> None:
    a, b = drawn(60, 1), drawn(50, 2)
    wide = [np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]) for boxes in (a, b)]
    assert overlap_matrix(a, b) == pytest.approx(coco.iou(wide[0], wide[1], [0] * len(b)), abs=1e-12)


def test_giou_equals_shapely() -> None:
    a, b = drawn(40, 3), drawn(40, 4)
    one, other = (shapely.box(*boxes.T) for boxes in (a, b))
    shared, union = shapely.area(shapely.intersection(one, other)), shapely.area(shapely.union(one, other))
    around = shapely.area(shapely.envelope(shapely.union(one, other)))
    assert overlap_pairs(a, b, "giou") == pytest.approx(shared / union - (around - union) / around, abs=1e-9)


@pytest.mark.parametrize("measure", MEASURES)
def test_no_boxes_and_bad_boxes(measure: Overlap) -> None:
    assert overlap_matrix([], [[0, 0, 1, 1]], measure).shape == (0, 1)
    for bad in ([[0, 0, 1]], [[2, 0, 1, 1]], [[0, 0, np.nan, 1]], [[0, 0, np.inf, 1]]):
        with pytest.raises(ValueError, match=r"a(\[0\])? (is|has)"):
            overlap_pairs(bad, [[0, 0, 1, 1]], measure)
