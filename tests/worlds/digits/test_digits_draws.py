from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plaudit.worlds.digits.draws import number, pick, uniform


def test_row_0_of_key_0_is_the_published_splitmix64_sequence_of_seed_0() -> None:
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert uniform(0, np.arange(1), 3)[0].tolist() == [(bits >> 11) / 2**53 for bits in published]


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**12), st.integers(1, 40))
def test_a_row_is_the_same_alone_and_among_others(key: int, row: int, others: int) -> None:
    alone = uniform(key, np.array([row]), 5)
    among = uniform(key, np.arange(row, row + others), 9)
    assert (among[0, :5] == alone[0]).all()
    assert ((among >= 0) & (among < 1)).all()


def test_draws_are_spread_evenly_and_keys_are_unrelated() -> None:
    one, two = (uniform(number("spread", i), np.arange(20_000), 2) for i in (0, 1))
    # 20,000 draws: the standard error is 0.002 for a mean and 0.007 for a correlation.
    assert abs(one.mean() - 0.5) < 0.01
    assert abs(one.std() - 12**-0.5) < 0.01
    for a, b in ((one[:, 0], one[:, 1]), (one[:, 0], two[:, 0]), (one[1:, 0], one[:-1, 0])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.03


def test_a_key_is_its_parts_and_their_order() -> None:
    numpys: Any = np.int64(1)
    assert number("a", numpys) == number("a", 1)
    assert len({number("a", 1), number("a1"), number("a", "1"), number(1, "a"), number("a", -1)}) == 5


def test_pick_reaches_every_option() -> None:
    assert {pick("abc", i) for i in range(60)} == set("abc")
