"""Reading objects, boxes and points from answers, and references."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.objects import (
    Item,
    number_lists,
    read_objects,
    read_points,
    read_targets,
    says_none,
)
from plaudit.rewards.verifiable.regions.scenes import check_level, level_at


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('[{"bbox_2d": [1, 2, 3, 4], "label": "cat"}]', [Item((1, 2, 3, 4), "cat")]),
        ('```json\n[{"bbox": [1, 2, 3, 4], "score": 0.25}]\n```', [Item((1, 2, 3, 4), confidence=0.25)]),
        ("[{'Position': [1, 2, 3, 4], 'Confidence': 1}]", [Item((1, 2, 3, 4), confidence=1)]),
        ('[{"box": [1, 2, 3, 4]}, {"box": [5, 6, 7', [Item((1, 2, 3, 4))]),  # cut off
        ('{"boxes": [1, 2, 3, 4]}', [Item((1, 2, 3, 4))]),
        ('a {"bbox": [1, 2, 3, 4], "point_2d": [2, 3]} b', [Item((1, 2, 3, 4), point=(2, 3))]),
        ('[{"bbox": [1, 2, 3]}]', [Item((1, 2, 3))]),  # the caller says that this is no box
        ('[{"bbox": "1 2 3 4"}]', [Item(None)]),
        ('[{"bbox": [1, 2, NaN, 4]}]', [Item(None)]),
        ('[{"bbox": [1, 2, 1e999, 4]}]', [Item(None)]),
        ('[{"bbox": [1, 2, true, 4]}]', [Item(None)]),
        ('[{"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4]}]', [Item((1, 2, 3, 4))]),
        ("[1, 2, 3, 4] and (5, 6), (7, 8)", [Item((1, 2, 3, 4)), Item((5, 6, 7, 8))]),
        ('{"label": "cat"} at [1, 2, 3, 4]', [Item((1, 2, 3, 4))]),
        ('{"box_2d": [1, 2, 3, 4]}', []),  # y first
        ("nothing", []),
        ("{" * 100_000, []),
        ("{" + "x" * 100_000, []),
    ],
)
def test_objects(text: str, items: list[Item]) -> None:
    assert read_objects(text) == items


def test_at_most_a_thousand_objects_are_read() -> None:
    assert len(read_objects("".join(f'{{"bbox":[{i},0,1,1]}}' for i in range(3000)))) == 1000


def test_points_and_lists() -> None:
    assert read_points('[{"point_2d": [1, 2]}, {"point": [3, 4.5]}] (9, 9)') == [(1, 2), (3, 4.5)]
    assert read_points("(1,2) [3, 4] [5, 6, 7] 8, 9") == [(1, 2), (3, 4)]
    assert number_lists("[1, 2, 3] [4,5,6] [1, 2, 3] [7, 8]", 3) == [(1, 2, 3), (4, 5, 6)]


@pytest.mark.parametrize(
    ("text", "none"),
    [
        ("[]", True),
        (" [ \n] ", True),
        ("```json\n[]\n```", True),
        ("", False),
        ("[", False),
        ("none", False),
        ("[[]]", False),
        ("[] []", False),
    ],
)
def test_the_one_way_to_say_none(text: str, none: bool) -> None:
    assert says_none(text) is none


@given(st.text(alphabet="{}[]()\"'bbox:,0 12.-e\\\ud800", max_size=300))
def test_any_text_is_read(text: str) -> None:
    read_objects(text)
    read_points(text)
    says_none(text)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (None, "reference boxes are None"),
        (5, "reference boxes are 5 (a int); expected a list of boxes [x1, y1, x2, y2]"),
        ("[1, 2, 3, 4]", "reference boxes are '[1, 2, 3, 4]' (a str)"),
        ({}, "reference boxes are None"),
        ([[1, 2, 3]], "reference boxes[0] is [1, 2, 3] (a list); expected four numbers"),
        ([[1, 2, 3, "4"]], "reference boxes[0] is [1, 2, 3, '4'] (a list)"),
        ([[0, 0, 1, 1], 7], "reference boxes[1] is 7 (a int)"),
        ([{"label": "cat"}], "reference boxes[0] is None"),
        ([{"box": [0, 0, 1, 1], "label": 3}], "reference boxes[0] label is 3 (a int); expected a text"),
        ([{"box": [0, 0, 1, 1], "weight": 0}], "reference boxes[0] weight is 0 (a int); expected a number above 0"),
        ([{"box": [0, 0, 1, 1], "weight": float("inf")}], "reference boxes[0] weight is inf"),
        ([{"box": [0, 0, 1, 1], "point": [1]}], "reference boxes[0] point is [1] (a list); expected two numbers"),
        ([[3, 0, 1, 1]], "reference boxes[0] is impossible: x2 is 1, left of x1 = 3"),
        ([[1, 1, 1, 4]], "reference boxes[0] [1, 1, 1, 4] has no area"),
        ({"boxes": [[0, 0, 1, 1]], "frame": "px"}, "reference frame is 'px' (a str); expected pixel, unit, thousand"),
        ({"boxes": [[0, 0, 1, 1]], "size": [640]}, "reference size is [640] (a list); expected two whole numbers"),
        ({"boxes": [[0, 0, 1, 1]], "size": [640.5, 2]}, "reference size is [640.5, 2] (a list)"),
        ({"boxes": [[0, 0, 1, 1]], "frame": "unit"}, 'reference has no "size", and the prompt no image to measure'),
        ([[0, 0, 10**5000, 1]], "reference boxes[0] is impossible: "),
    ],
)
def test_bad_references(reference: Any, why: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        read_targets(Sample("", "", reference), "pixel")
    assert str(caught.value).startswith(why)


def test_levels() -> None:
    levels = ((0.1, 0.85), (0.25, 0.95), (1.0, 0.99))
    assert [level_at(levels, p) for p in (0, 0.1, 0.11, 0.25, 0.26, 1)] == [0.85, 0.85, 0.95, 0.95, 0.99, 0.99]
    check_level("x", levels)
    for bad in (
        0.0,
        1.1,
        (),
        ((0.5, 0.5),),
        ((1.0, 0.0),),
        ((0.5, 0.5), (0.5, 0.6), (1.0, 0.7)),
        ((0.0, 0.5), (1.0, 1.0)),
    ):
        with pytest.raises(ValueError, match="x is"):
            check_level("x", bad)
