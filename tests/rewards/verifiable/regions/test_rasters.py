"""Masks against pycocotools, shapely and counted pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco

from plaudit.core.media import Media
from plaudit.rewards.verifiable.regions.rasters import (
    decode_rle,
    mask_dice,
    mask_iou,
    picture_mask,
    polygon_mask,
    polygons_of,
)


def blobs(seed: int, height: int, width: int) -> Any:
    """A mask of long and short runs."""
    draw = np.random.default_rng(seed)
    return draw.random((height, width)) < draw.choice([0.0, 0.02, 0.5, 0.98, 1.0])


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 90))
def test_compressed_codes_are_those_of_pycocotools(seed: int, height: int, width: int) -> None:
    mask = blobs(seed, height, width)
    code = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert (decode_rle({"size": code["size"], "counts": code["counts"]}) == mask).all()
    assert (decode_rle({"size": code["size"], "counts": code["counts"].decode()}) == mask).all()


def test_plain_codes_by_hand() -> None:
    assert decode_rle({"size": [2, 3], "counts": [0, 2, 4]}).tolist() == [[True, False, False], [True, False, False]]
    assert not decode_rle({"size": [2, 3], "counts": [6]}).any()


@pytest.mark.parametrize(
    "code",
    [
        {},
        {"size": [2, 3]},
        {"size": [2], "counts": [6]},
        {"size": [2, 3.0], "counts": [6]},
        {"size": [0, 3], "counts": []},
        {"size": [100_000, 100_000], "counts": [10_000_000_000]},
        {"size": [2, 3], "counts": [5]},
        {"size": [2, 3], "counts": [7, -1]},
        {"size": [2, 3], "counts": [True] * 6},
        {"size": [2, 3], "counts": "~~~"},
        {"size": [2, 3], "counts": "ooooooooooooooooooooooooooo"},
        {"size": [2, 3], "counts": "\ud800"},
        {"size": [2, 3], "counts": None},
    ],
)
def test_codes_that_are_none(code: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="RLE"):
        decode_rle(code)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_overlap_equals_pycocotools(one: int, other: int) -> None:
    a, b = blobs(one, 12, 17), blobs(other, 12, 17)
    codes = [coco.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in (a, b)]
    if a.any() or b.any():
        assert mask_iou(a, b) == pytest.approx(coco.iou(codes[:1], codes[1:], [0])[0, 0])
        iou = mask_iou(a, b)
        assert mask_dice(a, b) == pytest.approx(2 * iou / (1 + iou))
    else:
        assert mask_iou(a, b) == mask_dice(a, b) == 1


@given(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted),
)
def test_a_box_is_its_pixels(x: list[int], y: list[int]) -> None:
    expected = np.zeros((9, 12), dtype=bool)
    expected[y[0] : y[1], x[0] : x[1]] = True
    assert (polygon_mask([[(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]], (12, 9)) == expected).all()


@pytest.mark.parametrize("seed", range(10))
def test_a_pixel_is_inside_where_its_centre_is(seed: int) -> None:
    turn = np.sort(np.random.default_rng(seed).random(9)) * 2 * np.pi
    reach = 6 + np.random.default_rng(seed + 99).random(9) * 9
    corners = np.stack([16 + reach * np.cos(turn), 12 + reach * np.sin(turn)], axis=1)
    star = shapely.Polygon(corners)
    y, x = np.mgrid[:24, :32] + 0.5
    expected = shapely.contains_xy(star, x, y)
    assert (polygon_mask([corners], (32, 24)) == expected).all()


def test_several_polygons_are_their_union_and_outside_is_cut_off() -> None:
    left, right = [(0, 0), (3, 0), (3, 4), (0, 4)], [(2, 0), (90, 0), (90, 4), (2, 4)]
    assert polygon_mask([left, right], (6, 4)).all()
    assert polygon_mask([left], (6, 4)).sum() == 12
    assert not polygon_mask([], (6, 4)).any()


@pytest.mark.parametrize(
    "given",
    [
        [0, 0, 4, 0, 4, 3],
        [[0, 0, 4, 0, 4, 3]],
        [[0, 0], [4, 0], [4, 3]],
        [[[0, 0], [4, 0], [4, 3]]],
        {"segmentation": [[0, 0, 4, 0, 4, 3]]},
        {"polygon": [[0, 0], [4, 0], [4, 3]]},
    ],
)
def test_every_way_to_write_a_polygon(given: Any) -> None:
    assert polygons_of(given) == [[(0, 0), (4, 0), (4, 3)]]


@pytest.mark.parametrize(
    "given",
    [
        5,
        "x",
        None,
        {},
        [1, 2],
        [[1, 2]],
        [[1, 2], [3, 4]],
        [1, 2, 3, 4, 5, 6, 7],
        [["1", "2"]] * 3,
        [[1, 2, float("nan")] * 2],
        [[1, 2]] * 6_000,
        [1e300, 0] * 3,
    ],
)
def test_what_is_no_polygon(given: Any) -> None:
    with pytest.raises(ValueError, match="polygon"):
        polygons_of(given)


def test_pictures_of_0_and_1_and_of_0_and_255() -> None:
    mask = np.zeros((4, 6), dtype=np.uint8)
    mask[1:3, 2:5] = 1
    for bright in (1, 255):
        assert (picture_mask(Media.of(Image.fromarray(mask * bright))) == mask.astype(bool)).all()
    assert not picture_mask(Media.of(Image.new("L", (6, 4)))).any()
    assert picture_mask(Media.of(Image.fromarray(mask * 255)), (12, 8)).sum() == 4 * mask.sum()
