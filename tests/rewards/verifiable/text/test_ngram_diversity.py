from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.ngram_diversity import NgramDiversity


def graded(n: int, text: str) -> tuple[float, str]:
    scores = NgramDiversity(n).score([Sample("", text)])
    return float(scores.values[0]), scores.reason[0]


def test_by_hand() -> None:
    assert graded(1, "a b a c") == (0.75, "3 different of 4 1-grams")
    assert graded(2, "a b a b a") == (0.5, "2 different of 4 2-grams")
    assert graded(3, "a b c") == (1, "")
    assert graded(3, "a b") == (0, "fewer than 3 words")
    assert graded(1, "The the, THE")[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize("n", [0, -1, 21])
def test_senseless_lengths_are_refused(n: int) -> None:
    with pytest.raises(ConfigError, match="it lies between 1 and 20"):
        NgramDiversity(n)


@given(st.lists(st.sampled_from("abc"), min_size=4, max_size=12))
@settings(deadline=None)
def test_longer_n_grams_repeat_no_more(words: list[str]) -> None:
    text = " ".join(words)
    values = [graded(n, text)[0] for n in (1, 2, 3, 4)]
    assert values == sorted(values)
