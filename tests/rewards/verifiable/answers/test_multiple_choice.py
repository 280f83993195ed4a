from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.multiple_choice import Credit, MultipleChoice, all_chosen, set_credit
from plaudit.rewards.verifiable.answers.ordered_list import OrderedList
from plaudit.rewards.verifiable.formats.format import Format

CITIES = {"A": "London", "B": "Paris, Texas", "C": "Rome"}
CREDITS: tuple[Credit, ...] = ("exact", "subset", "jaccard", "f1")


def graded(reward: Any, said: str, reference: Any, options: Any = None) -> tuple[float, str, str]:
    scores = reward.score([Sample("Which?", f"<answer>{said}</answer>", reference, meta={"options": options})])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    "text",
    [
        *("A,C", "A, C", "C, A", "AC", "CA", "(AC)", "A and C", "A & C", "A/C", "A; C", "A C", "a, c", "A, C, A"),
        *("(A) (C)", "(A), (C)", "A. and C.", "A\nC", "A.\nC.", "**A, C**", r"\text{A, C}", "A, and C", "[A, C]"),
        *("A. London, C. Rome", "A. London\nC. Rome", "(A) London and (C) Rome", "London, Rome", "A, Rome"),
    ],
)
def test_a_and_c_are_chosen(text: str) -> None:
    assert all_chosen(text.strip("[]"), CITIES) == frozenset("AC")


@pytest.mark.parametrize(
    "text",
    [
        *("", "none", "A, maybe C", "A or C", "not A, C", "A, D", "AD", "AA", "abc", "A, C, and others", "Because"),
        *("A. Rome, C. London", "A cat, C", "All of them", "A, B, or C", "A. London, or C. Rome"),
    ],
)
def test_what_is_no_set_of_choices_is_none(text: str) -> None:
    assert all_chosen(text, CITIES) is None


def test_options_may_hold_commas_where_their_letters_stand_before_them() -> None:
    assert all_chosen("B. Paris, Texas, C. Rome", CITIES) == frozenset("BC")
    assert all_chosen("Paris, Texas", CITIES) == frozenset("B")
    assert all_chosen("Paris, Texas\nRome", CITIES) == frozenset("BC")


def test_letters_alone_need_no_options() -> None:
    assert all_chosen("A, C", {}) == frozenset("AC")
    assert all_chosen("BED", {}) == frozenset("BDE")  # letters, where nothing says otherwise


@pytest.mark.parametrize(
    ("said", "exact", "subset", "jaccard", "f1"),
    [
        ("A,C", 1, 1, 1, 1),
        ("A", 0, 1 / 2, 1 / 2, 2 / 3),
        ("A,B", 0, 0, 1 / 3, 1 / 2),
        ("A,B,C", 0, 0, 2 / 3, 4 / 5),
        ("B", 0, 0, 0, 0),
    ],
)
def test_credit_by_hand(said: str, exact: float, subset: float, jaccard: float, f1: float) -> None:
    for credit, value in zip(CREDITS, (exact, subset, jaccard, f1), strict=True):
        found = graded(MultipleChoice(credit), said, "A,C")
        assert found[0] == pytest.approx(value)
        assert found[1] == "ok"
        assert bool(found[2]) == (value < 1)


@pytest.mark.system("tw-grpo")
def test_tw_grpo_soft_multi_choice() -> None:
    soft = MultipleChoice("subset")
    assert [graded(soft, said, "A,C")[0] for said in ("A", "A,C", "A,B", "")] == [0.5, 1, 0, 0]
    total = soft + Format("think-answer")
    said = "<think>both</think><answer>A,C</answer>"
    samples = [Sample("?", text, "A,C") for text in (said, said + said, said.replace("A,C", "A"))]
    assert total.score(samples).values.tolist() == [2, 1, 1.5]  # two blocks that agree are one answer, of no form


@pytest.mark.system("sophiavl-r1")
def test_sophiavl_r1_choices_are_a_comma_split_set() -> None:
    exact = MultipleChoice("exact")
    assert [graded(exact, said, "A,C")[0] for said in ("C, A", "A", "A,C,D")] == [1, 0, 0]


@pytest.mark.system("curr-reft")
def test_curr_reft_joins_letters_in_order() -> None:
    """The released stage-2 rule compares the joined letters, so that "C, A" is not "A, C"; as a set they are equal."""
    released = OrderedList("exact")
    assert [graded(released, said, ["A", "C"])[0] for said in ("A, C", "C, A")] == [1, 0]
    assert [graded(MultipleChoice("exact"), said, "A, C")[0] for said in ("A, C", "C, A")] == [1, 1]


@pytest.mark.parametrize("reference", ["A,C", "AC", ["A", "C"], ("c", "London"), ["A. London", "Rome"], "London, Rome"])
def test_references(reference: Any) -> None:
    assert graded(MultipleChoice("exact"), "A, C", reference, CITIES)[:2] == (1, "ok")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("", "reference is '' (a str); expected choices among A, B, C"),
        ("A, D", "reference is 'A, D' (a str); expected choices among A, B, C"),
        (3, "reference is 3 (a int); expected choices among A, B, C"),
        ([], "reference is a list of 0; expected at least 1"),
        (["A", "D"], "reference 'D' names no one choice among A, B, C"),
        (["A", 3], "reference is a int"),
        ({"A": 1}, "reference is {'A': 1} (a dict); expected choices"),
    ],
)
@pytest.mark.parametrize("said", ["A, C", ""])
def test_a_bad_reference_is_invalid_whatever_the_response(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(MultipleChoice(), said, reference, CITIES)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean 'subset'"):
        MultipleChoice("subsets")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="extract is 'last'"):
        MultipleChoice(extract="last")  # type: ignore[arg-type]


LETTERS = st.frozensets(st.sampled_from("ABCDE"), min_size=1)


@given(LETTERS, LETTERS, st.sampled_from(CREDITS))
@settings(deadline=None)
def test_credit_is_1_only_for_the_right_set_and_0_where_nothing_is_shared(
    said: frozenset[str], right: frozenset[str], credit: Credit
) -> None:
    value = set_credit(said, right, credit)
    assert (value == 1) == (said == right)
    assert 0 <= value <= 1
    assert said & right or value == 0


@given(LETTERS, LETTERS)
@settings(deadline=None)
def test_naming_another_right_option_never_costs_and_a_wrong_one_never_pays(
    said: frozenset[str], right: frozenset[str]
) -> None:
    for credit in CREDITS:
        before = set_credit(said, right, credit)
        for letter in frozenset("ABCDE") - said:
            after = set_credit(said | {letter}, right, credit)
            assert after >= before if letter in right else after <= before


@given(LETTERS, st.sampled_from([", ", "", " and ", ";", "\n", ") ("]))
@settings(deadline=None)
def test_any_way_of_writing_a_set_names_it(letters: frozenset[str], joint: str) -> None:
    text = joint.join(sorted(letters))
    assert all_chosen(f"({text})" if joint == ") (" else text, {}) == letters
