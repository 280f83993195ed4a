"""Streams cut into blocks: nothing lost, nothing moved, and no group in two of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError, ReachError
from plaudit.core.sample import Sample
from plaudit.engine.blocks import blocks


def samples(*groups: Any) -> list[Sample]:
    return [Sample("?", "a", id=str(i), group=g) for i, g in enumerate(groups)]


def cut(given: list[Sample], reach: str, size: int) -> list[list[str | None]]:
    return [[s.id for s in block] for block in blocks(given, reach, size)]


def test_samples_are_cut_anywhere() -> None:
    assert cut(samples(*"xxxxxxx"), "sample", 3) == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert cut(samples(*"xxx"), "sample", 3) == [["0", "1", "2"]]
    assert cut([], "sample", 3) == []


def test_groups_are_whole() -> None:
    assert cut(samples(*"xxyyyz"), "group", 1) == [["0", "1"], ["2", "3", "4"], ["5"]]
    assert cut(samples(*"xxyyyz"), "group", 3) == [["0", "1", "2", "3", "4"], ["5"]]
    assert cut(samples(*"xxxxxx"), "group", 2) == [["0", "1", "2", "3", "4", "5"]]


def test_a_batch_is_one_block() -> None:
    assert cut(samples(*"xyz"), "batch", 1) == [["0", "1", "2"]]
    assert cut([], "batch", 1) == []


def test_a_meta_entry() -> None:
    given = [Sample("?", "a", id=str(i), meta={"scene": i // 3}) for i in range(7)]
    assert cut(given, "scene", 2) == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


@pytest.mark.parametrize("none", [None, float("nan"), np.float64("nan")])
def test_samples_without_a_group_stand_alone(none: Any) -> None:
    assert cut(samples("x", none, none, "y", none), "group", 1) == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert cut(samples("x", none, none, "y", none), "group", 2) == [["0", "1"], ["2", "3"], ["4"]]
    assert cut([Sample("?", "a", id="0"), Sample("?", "a", id="1", meta={})], "scene", 1) == [["0"], ["1"]]


def test_a_group_may_be_mixed_with_others_inside_its_block() -> None:
    assert cut(samples(*"xyxy"), "group", 4) == [["0", "1", "2", "3"]]


@pytest.mark.parametrize("size", [1, 2])
def test_a_group_that_comes_again(size: int) -> None:
    given = blocks(samples(*"xxyyx"), "group", size)
    assert [s.id for s in next(given)] == ["0", "1"]
    with pytest.raises(ReachError, match=r"group 'x' appears again after other groups \(sample 4\).* sort the data"):
        list(given)


@pytest.mark.parametrize("group", [["a"], {"a": 1}, np.array([1])])
def test_a_group_named_by_what_cannot_be_looked_up(group: Any) -> None:
    with pytest.raises(ReachError, match=r"group of sample 1 is a .*; name each group by a text or a number"):
        list(blocks(samples("x", group), "group", 1))


@pytest.mark.parametrize("size", [0, -1])
def test_no_block_is_empty(size: int) -> None:
    with pytest.raises(ConfigError, match=f"size={size}"):
        list(blocks(samples("x"), "sample", size))


def test_no_more_of_the_stream_is_read_than_is_needed() -> None:
    read = count()

    def stream() -> Iterator[Sample]:
        for i in read:
            yield Sample("?", "a", id=str(i), group=i // 4)

    assert [len(block) for block in islice(blocks(stream(), "group", 6), 2)] == [8, 8]
    assert next(read) == 17  # one sample past the second block, to see that its last group has ended


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.integers(1, 4)), max_size=20), st.integers(1, 9))
def test_nothing_is_lost_moved_or_cut(runs: list[tuple[int | None, int]], size: int) -> None:
    names = [None if g is None else f"{i}.{g}" for i, (g, n) in enumerate(runs) for _ in range(n)]
    given = samples(*names)
    found = list(blocks(given, "group", size))
    assert [s for block in found for s in block] == given
    assert all(len(block) >= size for block in found[:-1])
    for name in set(names) - {None}:
        assert sum(any(s.group == name for s in block) for block in found) == 1
    for block in found:  # no larger than it must be: without its last group it would be too small
        rest = [s for s in block if s.group is None or s.group != block[-1].group]
        assert len(rest) < size or (block[-1].group is None and len(block) == size)
