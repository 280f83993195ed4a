"""The contract of a reward: its specification, names, hashes, text, reach and memory."""

from __future__ import annotations

import copy
import operator
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.context import Context
from plaudit.core.errors import ConfigError, ExpressionError
from plaudit.core.reward import Leaf, Reward, Run, part
from plaudit.core.sample import Sample
from plaudit.core.score import Floats, Scores

MATH, CHOICE, SHAPE = pl.Answer("math"), pl.Answer("choice"), pl.Format("think-answer")


@part
class TestOnlyMean(Leaf):
    """How far the length is above the mean length of all that was learnt from; a reward that learns."""

    __test__: ClassVar[bool] = False
    scale: float = 1.0

    def grade(self, sample: Sample) -> Any:
        return self.scale * (len(sample.text) - float(self.memory.get("mean", 0.0)))

    def absorb(self, samples: Sequence[Sample], scores: Scores, context: Context | None) -> None:
        n = self.memory.get("n", 0)
        total = self.memory.get("mean", 0.0) * n + sum(len(s.text) for s in samples)
        self.memory["n"] = n + len(samples)
        self.memory["mean"] = total / self.memory["n"]


@part
class TestOnlyOver(Leaf):
    """A reward that must see rows together."""

    __test__: ClassVar[bool] = False
    rows: str = "sample"

    @property
    def over(self) -> str:
        return self.rows

    def grade(self, sample: Sample) -> Any:
        return 0.0


@part
class TestOnlyNest(Reward):
    """A composite with rewards deep in its fields."""

    __test__: ClassVar[bool] = False
    pairs: tuple[tuple[float, Reward], ...] = ()
    table: Any = None

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        terms = {label: await run(piece, samples) for label, piece in self.parts.items()}
        return Scores(np.zeros(len(samples)), terms=terms)


TEXTS = [Sample("", "four"), Sample("", "sixsix")]

# ---- names and parts ----------------------------------------------------------------------------------------------


def test_labels() -> None:
    assert (MATH.label, TestOnlyMean().label, pl.Answer("math", name="right").label) == (
        "answer",
        "test_only_mean",
        "right",
    )
    assert (pl.Gate(SHAPE, MATH).label, (0.5 * MATH).label, pl.Default(MATH, 0.0).label) == ("answer",) * 3
    assert ((MATH + SHAPE).label, (MATH * SHAPE).label) == ("sum", "product")
    assert MATH.named("right") == pl.Answer("math", name="right")
    assert MATH.label == "answer"


@pytest.mark.parametrize("name", ["", "a b", "1a", "a.b", "größe", "-a", "a\n"])
def test_a_name_is_one_plain_word(name: str) -> None:
    with pytest.raises(ConfigError, match="must be one word of letters"):
        pl.Answer("math", name=name)


@pytest.mark.parametrize(
    ("make", "mend"),
    [
        (lambda: MATH + CHOICE, 'Answer("choice", name="answer2")'),
        (lambda: MATH * CHOICE, 'Answer("choice", name="answer2")'),
        (lambda: MATH + pl.Gate(SHAPE, CHOICE), 'Gate(Format("think-answer"), Answer("choice"), name="answer2")'),
        (lambda: pl.Gate(MATH, CHOICE), 'Answer("choice", name="answer2")'),
        (
            lambda: MATH * SHAPE + CHOICE * pl.Format("answer"),
            'Product([Answer("choice"), Format("answer")], name="product2")',
        ),
        (lambda: MATH + pl.Answer("number", name="answer2") + CHOICE, 'Answer("choice", name="answer3")'),
    ],
)
def test_the_mend_for_two_terms_of_one_name_can_be_pasted(make: Any, mend: str) -> None:
    with pytest.raises(ConfigError, match="has two terms named") as caught:
        make()
    shown = str(caught.value).partition("such as ")[2]
    assert shown == mend
    assert str(pl.load(shown)) == mend


def test_a_live_term_is_named_anew_in_python() -> None:
    live: Reward = pl.reward(lambda s: 0.0)
    with pytest.raises(ConfigError, match=r"""two terms named 'function'.*such as \.named\("function2"\)$"""):
        live + live


def test_parts_are_found_however_deep() -> None:
    nest = TestOnlyNest(((1.0, MATH), (2.0, SHAPE)), {"c": CHOICE})
    assert nest.parts == {"answer": MATH, "format": SHAPE, "c": CHOICE}
    tree = 0.5 * pl.Gate(SHAPE, MATH) + nest
    paths = ["", "answer", "answer.format", "answer.answer", "test_only_nest"]
    assert [path for path, _ in tree.walk()][:5] == paths
    assert tree.score(TEXTS)["test_only_nest.c"].status.tolist() == ["invalid"] * 2


@pytest.mark.parametrize(
    ("rows", "reach"),
    [
        (["sample"], "sample"),
        (["sample", "group"], "group"),
        (["group", "group"], "group"),
        (["group", "batch"], "batch"),
        (["question"], "question"),
        (["question", "sample"], "question"),
        (["question", "group"], "batch"),
    ],
)
def test_reach_is_the_widest_over_in_the_tree(rows: list[str], reach: str) -> None:
    tree = pl.Sum(tuple(TestOnlyOver(r, name=f"t{i}") for i, r in enumerate(rows)))
    assert tree.reach == reach
    assert pl.Gate(SHAPE, tree).reach == reach


# ---- specification and hashes -------------------------------------------------------------------------------------


def test_the_spec_holds_every_field() -> None:
    gate = pl.Gate(SHAPE, MATH.named("right"), closed=-1)
    spec = gate.spec()
    assert {name: spec[name] for name in ("class", "version", "closed")} == {
        "class": "Gate",
        "version": 1,
        "closed": -1.0,
    }
    assert spec["condition"]["template"] == "think-answer"
    assert spec["reward"]["name"] == "right"
    assert "name" not in spec
    assert "name" not in gate.spec(names=False)["reward"]


def test_parts_of_equal_fields_have_different_keys() -> None:
    @part
    class TestOnlyTwin(pl.Gate):
        """A gate under another name: its fields, one of which is called reward, are the same."""

        __test__: ClassVar[bool] = False

    assert TestOnlyTwin(SHAPE, MATH).key != pl.Gate(SHAPE, MATH).key


def test_display_counts_names_and_key_does_not() -> None:
    named = MATH.named("right")
    assert named.key == MATH.key
    assert named.display != MATH.display
    assert (named + SHAPE).key == (MATH + SHAPE).key
    assert (named + SHAPE).display != (MATH + SHAPE).display


def test_the_key_changes_with_whatever_a_value_depends_on() -> None:
    class Newer(pl.Answer):
        version: ClassVar[int] = 2

    rewards = [
        MATH,
        CHOICE,
        pl.Answer("number"),
        pl.Answer("number", rtol=0.1),
        pl.Answer("number", atol=0.1),
        pl.Answer("math", pick="last"),
        1.0 * MATH,
        2.0 * MATH,
        MATH + SHAPE,
        SHAPE + MATH,
        MATH * SHAPE,
        pl.Gate(SHAPE, MATH),
        pl.Gate(SHAPE, MATH, closed=None),
        pl.Default(MATH, 0.0),
        pl.Default(MATH, 0.0, on=("error",)),
        cast("Reward", Newer("math")),
    ]
    assert len({r.key for r in rewards}) == len(rewards)


def test_equal_numbers_have_equal_keys() -> None:
    assert pl.Gate(SHAPE, MATH, closed=0).key == pl.Gate(SHAPE, MATH, closed=-0.0).key == pl.Gate(SHAPE, MATH).key
    assert pl.Sum((MATH, SHAPE), (1, 2)).key == (MATH + 2 * SHAPE).key


PROCESS = """
import plaudit as pl
r = pl.load('Gate(Format(regex="[\\\\d]+", name="x"), Answer("math") + 0.1 * Format(schema={"b": 1, "a": {"é": [1]}}))')
print(r.key, r.display, hash(r) != 0)
"""


def test_two_processes_agree() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROCESS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert len(next(iter(said)).split()[0]) == 32


def test_equality_and_hash_are_by_text() -> None:
    one, other = pl.load("Gate(Format('answer'), Answer('math'))"), pl.Gate(pl.Format("answer"), MATH)
    assert one is not other
    assert one == other
    assert len({one, other}) == 1
    assert one != other.named("x")
    assert one != "Gate"
    assert pl.Sum((MATH,)) != MATH


def test_a_reward_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        MATH.kind = "choice"  # type: ignore[misc]


@pytest.mark.parametrize("reward", [MATH, pl.Gate(SHAPE, MATH) + 0.1 * SHAPE, pl.Default(MATH, SHAPE)], ids=str)
def test_pickles_and_copies(reward: Reward) -> None:
    samples = [Sample("", "<think>a</think><answer>4</answer>", "4"), Sample("", "", None)]
    for again in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward), copy.copy(reward)):
        assert again == reward
        assert (again.key, again.display) == (reward.key, reward.display)
        np.testing.assert_array_equal(again.score(samples).values, reward.score(samples).values)


def test_a_live_object_has_no_specification_and_says_so() -> None:
    gate = pl.Gate(SHAPE, pl.reward(lambda s: 1.0))
    for ask in (lambda: gate.key, lambda: gate.display, gate.spec):
        with pytest.raises(ExpressionError, match="'function' is a live function, which no specification can hold"):
            ask()
    assert "a live function" in str(gate)


# ---- text ---------------------------------------------------------------------------------------------------------

words = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)
numbers = st.floats(-5, 5).filter(lambda x: x == 0 or abs(x) > 1e-3) | st.integers(-3, 3)
leaves = st.one_of(
    st.builds(pl.Answer, st.sampled_from(["choice", "exact"]), pick=st.sampled_from(["only", "last"]), name=words),
    st.builds(pl.Answer, st.just("number"), atol=st.floats(0, 9), rtol=st.floats(0, 9), name=words),
    st.builds(pl.Format, st.sampled_from(["answer", "boxed", "json"]), name=words),
    st.builds(lambda t, n: pl.Format(regex=re.escape(t), name=n), st.text(), words),
    st.builds(lambda t, n: pl.Format(schema={"title": t, "enum": [t, None, 1, 0.5, True]}, name=n), st.text(), words),
    st.builds(pl.Length, st.integers(1, 9), st.integers(1, 9), name=words),
)


def fresh(rewards: Sequence[Reward]) -> list[Reward]:
    """Give terms different names, as a sum wants them."""
    return [r.named(f"t{i}") for i, r in enumerate(rewards)]


def composed(parts: st.SearchStrategy[Reward]) -> st.SearchStrategy[Reward]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        st.builds(lambda a, b: a[0] + b * a[1], several.map(fresh), numbers),
        st.builds(lambda a: a[0] - a[1], several.map(fresh)),
        st.builds(lambda a: a[0] * a[1], several.map(fresh)),
        st.builds(lambda a, w: w * (a[0] + a[1]) * a[-1].named("z"), several.map(fresh), numbers),
        st.builds(lambda a: -a, parts),
        st.builds(lambda a, n: a / n, parts, numbers.filter(bool)),
        st.builds(lambda a, b, w: a * w * b.named("other"), parts, parts, numbers),
        st.builds(lambda a, c: pl.Gate(a[0], a[1], c), several.map(fresh), st.none() | numbers),
        st.builds(lambda a, f: pl.Default(a, f, on=("error", "timeout")), parts, numbers),
        st.builds(lambda a, w, n: pl.Sum(tuple(a), (w,) * len(a), name=n), several.map(fresh), numbers, words),
        st.builds(lambda a, n: pl.Product(tuple(a), name=n), several.map(fresh), words),
        st.builds(lambda a: pl.Sum(tuple(a)), several.map(fresh)),
    )


trees = st.recursive(leaves, composed, max_leaves=8)
SAMPLES = [
    Sample("", "<think>b</think><answer>B</answer>", "B"),
    Sample("", "<answer>4.0</answer> and more words", "4"),
    Sample("", r"\boxed{2}", "2"),
    Sample("", '{"a": 1}', "x"),
    Sample("", "", None),
]


@settings(deadline=None)  # a regex is tried in a worker process
@given(st.data())
def test_the_text_of_a_reward_parses_to_an_equal_reward(data: st.DataObject) -> None:
    try:
        reward = data.draw(trees)
    except ConfigError as clash:
        assert "two terms named" in str(clash)  # noqa: PT017 - random names may well clash
        return
    again = pl.load(str(reward))
    assert again == reward
    assert str(again) == str(reward)
    assert (again.key, again.display) == (reward.key, reward.display)
    assert again.range == reward.range
    one, other = again.score(SAMPLES), reward.score(SAMPLES)
    np.testing.assert_array_equal(one.values, other.values)
    assert one.status.tolist() == other.status.tolist()
    assert [n for n, _ in one.walk()] == [n for n, _ in other.walk()]


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n", "\r\n", "\0", "\ud800", "\u2028", "\x85", "é😀", "'''", "{x}", "%s", "\\d"]
)
def test_any_text_in_a_field_round_trips(text: str) -> None:
    reward = pl.Format(schema={"title": text, text: [text]})
    again = pl.load(str(reward))
    assert again == reward
    assert again.key == reward.key


def test_a_sum_of_two_hundred_terms_round_trips() -> None:
    reward: Reward = sum(pl.Answer("exact", name=f"a{i}") for i in range(200))  # type: ignore[assignment]
    assert pl.load(str(reward)) == reward


# ---- learning -----------------------------------------------------------------------------------------------------


def test_scoring_never_changes_a_reward() -> None:
    reward = TestOnlyMean()
    key = reward.key
    assert reward.score(TEXTS).values.tolist() == [4.0, 6.0]
    assert reward.score(TEXTS).values.tolist() == [4.0, 6.0]
    assert (reward.key, reward.memory, reward.state()) == (key, {}, {})


def test_learning_changes_value_and_key() -> None:
    reward = TestOnlyMean()
    keys = [reward.key]
    scores = reward.score(TEXTS)
    reward.learn(TEXTS, scores)
    assert reward.score(TEXTS).values.tolist() == [-1.0, 1.0], "the mean of 4 and 6 is 5"
    keys.append(reward.key)
    reward.learn(TEXTS[:1], scores.take([0]))
    keys.append(reward.key)
    assert len(set(keys)) == 3
    assert reward.display == TestOnlyMean().display


def test_a_tree_learns_by_its_parts_scores_and_its_key_follows() -> None:
    mean = TestOnlyMean()
    tree = SHAPE + 0.5 * pl.Gate(pl.Format("answer", name="g"), mean)
    key = tree.key
    tree.learn(TEXTS, tree.score(TEXTS))
    assert mean.memory == {"n": 2, "mean": 5.0}
    assert tree.key != key
    assert tree.state() == {"test_only_mean.test_only_mean": {"n": 2, "mean": 5.0}}


def test_load_restores_what_was_learnt() -> None:
    reward, fresh_one = SHAPE + TestOnlyMean(), SHAPE + TestOnlyMean()
    unlearnt = reward.key
    reward.learn(TEXTS, reward.score(TEXTS))
    state = reward.state()
    fresh_one.load(pickle.loads(pickle.dumps(state)))
    assert fresh_one.key == reward.key != unlearnt
    assert fresh_one.score(TEXTS).values.tolist() == reward.score(TEXTS).values.tolist()
    fresh_one.load({})
    assert fresh_one.key == unlearnt


def test_a_state_is_a_copy() -> None:
    reward = TestOnlyMean()
    reward.memory["seen"] = np.zeros(2)
    state, again = reward.state(), TestOnlyMean()
    again.load(state)
    reward.memory["seen"][0] = 1.0
    assert state[""]["seen"].tolist() == [0.0, 0.0]
    state[""]["seen"][1] = 1.0
    assert again.memory["seen"].tolist() == [0.0, 0.0]


def test_a_state_of_another_tree_is_refused_and_changes_nothing() -> None:
    reward = SHAPE + TestOnlyMean()
    reward.learn(TEXTS, reward.score(TEXTS))
    key = reward.key
    with pytest.raises(ConfigError, match="the state has a part 'judge' that"):
        reward.load({"judge": {"n": 1}})
    assert reward.key == key


def test_equal_parts_that_learn_are_one_object_or_an_error() -> None:
    one = TestOnlyMean()
    shared = pl.Gate(pl.Format("answer"), one) + pl.Gate(pl.Format("boxed"), one, name="other")
    shared.learn(TEXTS, shared.score(TEXTS))
    assert one.memory["n"] == 2, "one object learns once"
    twice = pl.Gate(pl.Format("answer"), TestOnlyMean()) + pl.Gate(pl.Format("boxed"), TestOnlyMean(), name="other")
    with pytest.raises(ConfigError, match=r"TestOnlyMean\(\) occurs twice and learns: use one object"):
        twice.learn(TEXTS, twice.score(TEXTS))


def test_pickles_copies_and_other_names_keep_what_was_learnt() -> None:
    reward = TestOnlyMean()
    reward.learn(TEXTS, reward.score(TEXTS))
    for again in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward), reward.named("other")):
        assert again.key == reward.key
        again.learn(TEXTS[:1], again.score(TEXTS[:1]))
        assert again.key != reward.key
    assert reward.memory["n"] == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "x" * 9, "b": "".join(["x"] * 9)}, {"b": "x" * 9, "a": "x" * 9}),
        ({"w": np.arange(6.0).reshape(2, 3)}, {"w": np.arange(6.0).reshape(2, 3).copy(order="F")}),
        ({"w": np.arange(6.0)[::2]}, {"w": np.array([0.0, 2.0, 4.0])}),
        ({"l": [1, (2, 3)]}, {"l": (1, [2, 3])}),
    ],
)
def test_equal_memories_have_equal_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = TestOnlyMean(), TestOnlyMean()
    first.load({"": one})
    second.load({"": other})
    assert first.key == second.key


def test_different_memories_have_different_keys() -> None:
    memories: list[dict[str, Any]] = [
        {"w": np.zeros(2)},
        {"w": np.zeros((2, 1))},
        {"w": np.zeros(2, np.float32)},
        {"w": np.ones(2)},
        {"w": 0.0},
        {"w": 0},
        {"w": None},
        {"v": 0},
        {"w": "0"},
    ]
    keys = set()
    for memory in memories:
        reward = TestOnlyMean()
        reward.load({"": memory})
        keys.add(reward.key)
    assert len(keys) == len(memories)


def test_a_memory_of_live_objects_has_no_key() -> None:
    reward = TestOnlyMean()
    reward.load({"": {"f": print}})
    with pytest.raises(ConfigError, match=r"TestOnlyMean\(\) learnt a builtin_function_or_method; it may"):
        _ = reward.key


# ---- scoring ------------------------------------------------------------------------------------------------------


def test_one_sample_many_and_none() -> None:
    length = pl.Length(4, 4, unit="chars")
    assert length.score(TEXTS[0]).values.tolist() == [1.0]
    assert length.score(iter(TEXTS)).values.tolist() == [1.0, 0.5]
    assert len(length.score([])) == 0
    assert len((length + SHAPE * MATH).score([])["product.answer"]) == 0


@pytest.mark.parametrize("given", ["text", [{"prompt": "?"}], [TEXTS[0], None]])
def test_what_is_no_sample_is_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"samples\[[01]\] is a (str|dict|NoneType); make it a plaudit.Sample"):
        MATH.score(given)


# ---- algebra in Python --------------------------------------------------------------------------------------------


def test_python_means_what_the_text_means() -> None:
    assert sum([MATH, SHAPE]) == MATH + SHAPE == pl.load('Answer("math") + Format("think-answer")')
    assert pl.load('Answer("math") - Format("think-answer") / 2') == MATH - SHAPE / 2
    assert -MATH == pl.load('-Answer("math")') == -1 * MATH
    assert 2 * (MATH + SHAPE) == 2 * MATH + 2 * SHAPE
    assert 0.3 * MATH * SHAPE == 0.3 * (MATH * SHAPE) == MATH * SHAPE * 0.3 == (0.3 * MATH) * SHAPE


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "2", None, True, [2]])
def test_only_finite_numbers_weigh(number: Any) -> None:
    for left, right in ((number, MATH), (MATH, number)):
        with pytest.raises(ConfigError, match=r"finite number|can't multiply a reward"):
            operator.mul(left, right)


@pytest.mark.parametrize("number", [0, 0.0, float("nan"), float("inf"), "2", True, MATH, 1e-320])
def test_only_finite_numbers_other_than_zero_divide(number: Any) -> None:
    with pytest.raises((ExpressionError, ConfigError), match=r"by a finite number|expected a finite number"):
        MATH / number


@pytest.mark.parametrize("other", [1, 0.5, "x", None])
def test_numbers_are_not_added(other: Any) -> None:
    math: Any = MATH
    for add in (operator.add, operator.sub, lambda left, right: right + left):
        with pytest.raises(ConfigError, match=r"can't be added to a reward|holds no reward|can't multiply"):
            add(math, other)
