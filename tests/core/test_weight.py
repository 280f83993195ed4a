"""Weights: no rewards, kept beside what they weigh; their algebra, text, keys and ranges."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core import registry
from plaudit.core.context import Context
from plaudit.core.errors import ConfigError, ExpressionError
from plaudit.core.expression import parse
from plaudit.core.reward import Reward
from plaudit.core.weight import Weight, WeightProduct, product, times_range

A, F = pl.Answer("math"), pl.Format("answer")
LINEAR, FIELD = pl.Linear(1, 0.1), pl.Field("difficulty")


def says(name: str, answers: Sequence[Any], ends: tuple[float, float] = (-9, 9)) -> Reward:
    """A reward that answers by ``sample["i"]``."""
    return pl.reward(lambda sample: answers[sample["i"]], cost="free", range=ends).named(name)


def rows(n: int, **meta: Any) -> list[pl.Sample]:
    return [pl.Sample("", "", meta={"i": i} | {k: v[i] for k, v in meta.items()}) for i in range(n)]


@pytest.fixture
def own() -> Iterator[type[Weight]]:
    """A user's own weight."""
    pl.load('Answer("math")')
    before = dict(registry._parts)

    @pl.part
    class Words(pl.Weight):
        """One for each word of the response."""

        most: float = 10.0
        range = property(lambda self: (0.0, self.most))

        def values(self, samples: Sequence[pl.Sample], context: Context) -> Any:
            return np.minimum([len(s.text.split()) for s in samples], self.most)

    yield Words
    registry._parts.clear()
    registry._parts.update(before)


def test_a_weight_multiplies_in_any_order() -> None:
    assert 0.5 * LINEAR * F == LINEAR * 0.5 * F == F * LINEAR * 0.5 == LINEAR * (0.5 * F) == 0.5 * (F * LINEAR)
    assert isinstance(LINEAR * F, pl.Sum)
    ((weight, term),) = (LINEAR * F / 2).weighted()  # type: ignore[attr-defined]
    assert (weight, term) == (LINEAR / 2, F)
    assert str(-(LINEAR * F)) == '-Linear(1.0, 0.1) * Format("answer")'


def test_a_weight_is_no_reward() -> None:
    assert not issubclass(pl.Weight, Reward)
    for left, right in ((A, LINEAR), (LINEAR, A)):
        with pytest.raises(ConfigError, match=r"Linear\(1\.0, 0\.1\) can't be added to a reward"):
            _ = left + right  # type: ignore[operator]
    with pytest.raises(ConfigError, match=r"Gate: condition is Linear\(1\.0, 0\.1\); expected a reward"):
        pl.Gate(LINEAR, A)  # type: ignore[arg-type]


def test_a_factor_of_one_leaves_no_trace() -> None:
    assert product(1.0, LINEAR) is LINEAR
    assert product(2.0, product(0.5, LINEAR)) is LINEAR
    assert str(-LINEAR) == "-Linear(1.0, 0.1)"
    assert str(LINEAR * FIELD * 3) == '3.0 * Linear(1.0, 0.1) * Field("difficulty")'


@pytest.mark.parametrize("other", ["2", None, True, [1]])
def test_what_multiplies_no_weight(other: Any) -> None:
    with pytest.raises(ConfigError, match="can't multiply a weight: only numbers, weights and rewards can"):
        _ = LINEAR * other


@pytest.mark.parametrize("other", [0, math.nan, math.inf, "2", True])
def test_what_divides_no_weight(other: Any) -> None:
    with pytest.raises(ConfigError, match="a weight can be divided by a finite number other than 0"):
        _ = LINEAR / other


@pytest.mark.parametrize("other", [math.nan, math.inf])
def test_a_factor_is_finite(other: float) -> None:
    with pytest.raises(ConfigError, match=r"a weight is .*; expected a finite number"):
        _ = LINEAR * other


@pytest.mark.parametrize(
    ("text", "reward"),
    [
        ('Field("difficulty") * Answer("math")', FIELD * A),
        ('Answer("math") * Field("difficulty")', FIELD * A),
        ('Linear(1, 0.1) * Format("answer")', LINEAR * F),
        ('Answer("math") + Linear(1, 0.1) * Format("answer")', A + LINEAR * F),
        ('Answer("math") - Linear(1, 0.1) * Format("answer")', A - LINEAR * F),
        ('-Linear(1, 0.1) * Format("answer")', -LINEAR * F),
        ('0.5 * Linear(1, 0.1) * Answer("math")', 0.5 * LINEAR * A),
        ('Linear(1, 0.1) * Answer("math") * Format("answer")', LINEAR * (A * F)),
        ('(Linear(1, 0.1) * Answer("math")) * (Field("difficulty") * Format("answer"))', LINEAR * FIELD * (A * F)),
        ('Linear(1, 0.1) * (Answer("math") + 2 * Format("answer"))', pl.Sum((A, F), (LINEAR, 2 * LINEAR))),
        ('Linear(1, 0.1) / 2 * Answer("math")', 0.5 * LINEAR * A),
        ('Sum([Answer("math")], [-0.5 * Linear(1, 0.1)], name="s")', pl.Sum((A,), (-0.5 * LINEAR,), name="s")),
        ('Steps({0: 1, 0.5: 0.1}) * Answer("math")', pl.Steps({0.5: 0.1, 0.0: 1.0}) * A),
        ('Field("difficulty", high=1) * Answer("math")', pl.Field("difficulty", high=1) * A),
    ],
)
def test_text_means_what_python_means(text: str, reward: Reward) -> None:
    assert parse(text) == reward
    assert parse(text).key == reward.key
    assert parse(str(reward)) == reward


def test_yaml_means_what_python_means(tmp_path: Path) -> None:
    path = tmp_path / "reward.yaml"
    path.write_text('define:\n  right: Answer("math")\nreward: right + Linear(1, 0.1) * Format("answer")\n')
    assert pl.load(path) == A.named("right") + LINEAR * F


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("Linear(1, 0.1)", "the expression is a weight, not a reward", "Linear"),
        ('Answer("math") + Linear(1, 0.1)', "a weight can't be added to a reward", "Linear"),
        ('Linear(1, 0.1) + Answer("math")', "a weight can't be added to a reward", "Linear"),
        ('Answer("math") / Linear(1, 0.1)', "a weight can't divide; it can be divided by a number", "Linear"),
        ('Linear(1, 0.1) / 0 * Answer("math")', "a weight can be divided by a finite number", "0 *"),
        ('Linear(1, "x") * Answer("math")', "Linear: end is 'x'; expected a number", '"x"'),
        ('Linear(1, 0.1, end=2) * Answer("math")', "Linear is given 'end' twice", "end=2"),
        ('Lineer(1, 0.1) * Answer("math")', "no reward is named 'Lineer'; did you mean 'Linear'?", "Lineer"),
        ("Sum([Linear(1, 0.1)])", "Sum: terms[0] is Linear(1.0, 0.1); expected a reward", "[Linear"),
        ('Sum([Answer("math")], ["1"])', "Sum: weights[0] is '1'; expected a number or a weight", "Sum"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_shown_with_a_caret(text: str, why: str, at: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.why.startswith(why)
    assert text[caught.value.column :].startswith(at)


def test_the_key_and_the_specification_hold_the_weight() -> None:
    keys = {(w * A).key for w in (0.5, LINEAR, pl.Linear(1, 0.2), FIELD, 0.5 * LINEAR, LINEAR * FIELD)}
    assert len(keys) == 6
    assert (LINEAR * A).key == (pl.Linear(1, 0.1) * A.named("other")).key
    weights = (LINEAR * A).spec()["weights"]
    assert weights == [{"class": "Linear", "version": 1, "start": 1.0, "end": 0.1, "begin": 0.0, "finish": 1.0}]


def test_the_raw_value_and_the_weight_of_every_row_are_kept() -> None:
    reward = says("a", [1.0, 2.0, -3.0]) + 2 * pl.Field("d") * says("b", [5.0, 5.0, 5.0])
    scores = reward.score(rows(3, d=[0.5, 2, np.float32(1.5)]))
    assert scores.values.tolist() == [6.0, 22.0, 12.0]
    assert scores["b"].values.tolist() == [5.0, 5.0, 5.0]
    assert scores["b"].weight is not None
    assert scores["b"].weight.tolist() == [1.0, 4.0, 3.0]
    names, values, weights = scores.matrix()
    assert names == ("a", "b")
    assert (values * weights).sum(1).tolist() == scores.values.tolist()


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=5))
def test_the_sum_by_hand(table: list[tuple[float, float]]) -> None:
    reward = pl.Field("w") * says("a", [x for _, x in table])
    scores = reward.score(rows(len(table), w=[w for w, _ in table]))
    assert scores.values.tolist() == pytest.approx([w * x for w, x in table])


ends = st.tuples(st.floats(-5, 5), st.floats(-5, 5)).map(lambda p: (min(p), max(p))).filter(lambda p: p[0] < p[1])


@given(ends, ends, st.floats(0, 1), st.floats(0, 1), st.floats(-3, 3))
def test_no_weighted_value_leaves_the_range(
    weight: tuple[float, float], term: tuple[float, float], u: float, v: float, factor: float
) -> None:
    w, x = (low + share * (high - low) for (low, high), share in ((weight, u), (term, v)))
    w, x = min(max(w, weight[0]), weight[1]), min(max(x, term[0]), term[1])
    reward = factor * pl.Field("w", *weight) * says("a", [x], term)
    value = reward.score(rows(1, w=[w])).values[0]
    low, high = reward.range
    assert low - 1e-9 <= value <= high + 1e-9


def test_intervals() -> None:
    assert times_range((-1, 2), (3, 4)) == (-4, 8)
    assert times_range((0, 1), (-math.inf, math.inf)) == (-math.inf, math.inf)
    assert times_range((0, 0), (-math.inf, math.inf)) == (0, 0)
    assert (FIELD * A).range == (-math.inf, math.inf)
    assert (A + pl.Field("d", 0, 2) * F).range == (0.0, 3.0)


def test_a_weight_of_ones_own(own: Any) -> None:
    reward = pl.load('Words(2) * Format("answer")')
    assert reward == own(2) * F
    assert reward.range == (0.0, 2.0)
    said = ["<answer>1</answer>", "<answer>one two three</answer>", ""]
    scores = reward.score([pl.Sample("", text) for text in said])
    assert scores.values.tolist() == [1.0, 2.0, 0.0]
    assert [s.value for s in scores["format"].status] == ["ok", "ok", "skipped"]


def test_a_weight_without_values_or_of_another_length_is_a_bug_and_raised(own: Any) -> None:
    class Nothing(pl.Weight):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no values"):
        (Nothing() * F).score(pl.Sample("", ""))

    class One(pl.Weight):
        def values(self, samples: Sequence[pl.Sample], context: Context) -> Any:
            return np.ones(1)

    with pytest.raises(ValueError, match=r"One\(\) returned weights of shape \(1,\) for 2 samples"):
        (One() * F).score([pl.Sample("", "")] * 2)


def test_a_weighed_reward_can_be_copied_and_pickled() -> None:
    reward = A + 0.5 * LINEAR * F
    for again in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward), reward.named("s").named("t")):
        assert again.score([]).values.tolist() == []
    assert pickle.loads(pickle.dumps(reward)) == reward


def test_a_weight_that_is_not_finite_makes_the_record_invalid() -> None:
    big = pl.Field("d") * pl.Field("d")
    scores = (big * says("a", [1.0, 1.0])).score(rows(2, d=[1e200, 2.0]))
    assert [s.value for s in scores.status] == ["invalid", "ok"]
    assert scores.reason[0].endswith("weighs nothing here")


def test_a_product_knows_what_each_of_its_weights_lacks() -> None:
    both = pl.Field("x") * pl.Field("y")
    assert isinstance(both, WeightProduct)
    assert both.lacking(pl.Sample("", "", meta={"x": 1})) == "no y"
    assert both.lacking(pl.Sample("", "")) == "no x; no y"


def test_weights_have_no_place_among_the_parts() -> None:
    reward = LINEAR * A + FIELD * F
    assert list(reward.parts) == ["answer", "format"]
    assert reward.reach == "sample"
    assert reward.named("s").named("t").weighted() == reward.weighted()  # type: ignore[attr-defined]
