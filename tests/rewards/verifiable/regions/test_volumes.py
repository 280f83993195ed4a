"""Volumes and turned boxes against counted cells, hand numbers, and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely  # noqa: F401 - its first import takes longer than a test may
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.geometry import iou_matrix
from plaudit.rewards.verifiable.regions.volumes import Form, fault, volume_iou

sides = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
cuboid = st.tuples(sides, sides, sides).map(lambda s: [a[0] for a in s] + [a[1] for a in s])


def cells(box: list[int]) -> set[tuple[int, int, int]]:
    return {(x, y, z) for x in range(box[0], box[3]) for y in range(box[1], box[4]) for z in range(box[2], box[5])}


@given(cuboid, cuboid)
def test_along_the_axes_by_counting_cells(a: list[int], b: list[int]) -> None:
    union = cells(a) | cells(b)
    expected = len(cells(a) & cells(b)) / len(union) if union else 0.0
    assert volume_iou([a], [b], "corners")[0, 0] == pytest.approx(expected)


@given(cuboid, cuboid)
def test_a_turn_of_nothing_is_along_the_axes(a: list[int], b: list[int]) -> None:
    centred = [[*((np.array(c[:3]) + c[3:]) / 2), *(np.array(c[3:]) - c[:3]), 0.0] for c in (a, b)]
    expected = volume_iou([a], [b], "corners")
    assert volume_iou(centred[:1], centred[1:], "yaw") == pytest.approx(expected, abs=1e-9)
    flat = [[b[0], b[1], b[3], b[4]] for b in (a, b)]
    turned = [[c[0], c[1], c[3], c[4], 0.0] for c in centred]
    assert volume_iou(turned[:1], turned[1:], "angle") == pytest.approx(iou_matrix(flat[:1], flat[1:]), abs=1e-9)


@given(st.floats(-10, 10), st.floats(-3, 3), st.floats(-5, 5), st.floats(0.1, 3))
def test_turning_both_and_moving_both_change_nothing(turn: float, own: float, shift: float, wide: float) -> None:
    a, b = np.array([0, 0, 1, 2, wide, 2, 0.0]), np.array([0.3, 0.2, 1.5, 2, 1, 2, own])
    cos, sin = math.cos(turn), math.sin(turn)
    moved = []
    for box in (a, b):
        x, y, *rest, yaw = box
        moved.append([x * cos - y * sin + shift, x * sin + y * cos - shift, *rest, yaw + turn])
    assert volume_iou([a], [b], "yaw")[0, 0] == pytest.approx(volume_iou(moved[:1], moved[1:], "yaw")[0, 0], abs=1e-6)


def test_a_square_on_its_corner_by_hand() -> None:
    # An octagon: 8 (sqrt 2 - 1) of 4 + 4 less that, which is sqrt(2) / 2.
    assert volume_iou([[0, 0, 2, 2, 0]], [[0, 0, 2, 2, math.pi / 4]], "angle")[0, 0] == pytest.approx(math.sqrt(0.5))
    assert volume_iou([[0, 0, 4, 2, 0]], [[0, 0, 2, 4, math.pi / 2]], "angle")[0, 0] == pytest.approx(1)
    half = volume_iou([[0, 0, 0, 2, 2, 2, 0.7]], [[0, 0, 1, 2, 2, 2, 0.7]], "yaw")[0, 0]
    assert half == pytest.approx(1 / 3)  # one of three layers


@pytest.mark.parametrize("form", ["corners", "yaw", "angle"])
def test_nothing_covers_nothing(form: Form) -> None:
    flats = {"corners": [1.0, 1, 1, 1, 2, 2], "yaw": [0.0, 0, 0, 0, 1, 1, 0.5], "angle": [0.0, 0, 0, 1, 0.5]}
    flat = flats[form]
    assert volume_iou([flat], [flat], form)[0, 0] == 0
    assert volume_iou([], [flat], form).shape == (0, 1)


@pytest.mark.parametrize(
    ("numbers", "form", "why"),
    [
        ([0, 0, 0, 1, 1], "corners", "it has 5 numbers; 'corners' has 6"),
        ([0, 5, 0, 1, 1, 1], "corners", "y2 is 1, below y1 = 5"),
        ([0, 0, 0, 1, -2, 1, 0], "yaw", "a side is -2 long"),
        ([0, 0, -1, 1, 0], "angle", "a side is -1 long"),
        ([0, 0, 1, math.nan, 0], "angle", "its numbers are not all within 1e+09"),
        ([0, 0, 0, 1, 1, 1e12], "corners", "its numbers are not all within 1e+09"),
    ],
)
def test_faults(numbers: list[float], form: Form, why: str) -> None:
    assert fault(numbers, form) == why
    with pytest.raises(ValueError, match=r"a\[0\]"):
        volume_iou([numbers], [], form)
