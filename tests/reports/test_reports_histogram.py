"""Histograms count every score once and draw nothing that reaches outside."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.reports.histogram import Bin, bins, svg


def test_few_values_have_a_bar_each() -> None:
    assert bins(np.array([1.0, 0.0, 1.0, 0.5])) == [Bin(0.0, 0.0, 1), Bin(0.5, 0.5, 1), Bin(1.0, 1.0, 2)]


def test_many_values_are_counted_in_24_equal_bars() -> None:
    found = bins(np.linspace(0.0, 24.0, 2401))  # steps of 0.01: 100 to a bar, and the last also has its end
    assert [b.count for b in found] == [100] * 23 + [101]
    assert [found[0].low, found[1].low, found[-1].high] == pytest.approx([0.0, 1.0, 24.0])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_every_value_is_counted_once(values: list[float]) -> None:
    found = bins(np.array(values, dtype=np.float64))
    assert sum(b.count for b in found) == len(values)
    if values:
        assert (found[0].low, found[-1].high) == (min(values), max(values))
        for b in found:
            assert b.low <= b.high
            assert "nan" not in svg(np.array(values), "x")


def test_drawing_is_well_formed_and_speaks_to_those_who_do_not_see_it() -> None:
    drawn = ElementTree.fromstring(svg(np.array([0.0, 1.0, 1.0]), '<script>"&'))
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == '<script>"&: 3 scores from 0 to 1'
    assert [title.text for title in drawn.iter("title")] == ["0: 1", "1: 2"]
    heights = [float(bar.get("height", "0")) for bar in drawn.iter("rect")]
    assert heights[1] == pytest.approx(2 * heights[0])


def test_bars_of_single_values_stand_where_the_values_lie() -> None:
    drawn = svg(np.array([0.0, 0.25, 1.0]), "x")
    x = [float(v) for v in re.findall(r'x="([\d.]+)"', drawn)]
    assert x[0] == 0
    assert x[1] == pytest.approx(x[2] / 4)


def test_nothing_is_drawn_of_nothing() -> None:
    assert svg(np.array([]), "x") == ""
