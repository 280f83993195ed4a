from __future__ import annotations

import doctest
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers import answer
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.formats.format import Format
from plaudit.rewards.verifiable.formats.length import Length
from plaudit.rewards.verifiable.regions.box import Box

CITIES = {"options": ["London", "Paris", "Rome"]}


def graded(
    reward: Reward, response: Any, reference: Any, meta: Mapping[str, Any] | None = None
) -> tuple[float, str, str]:
    """Value (NaN where there is none), status and reason of one response."""
    scores = reward.score([Sample("Which?", response, reference, meta=meta)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_docstring_examples() -> None:
    assert doctest.testmod(answer).failed == 0


# ---- kinds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "value", "reason"),
    [
        ("<answer>B</answer>", 1, ""),
        ("<think>A?</think><answer>(b) Paris</answer>", 1, ""),
        (r"\boxed{\text{B}}", 1, ""),
        ("<answer>Paris</answer>", 1, ""),
        ("<answer>A</answer>", 0, "chose A, not B"),
        ("<answer>A or B</answer>", 0, "no one choice in the answer"),
        ("<answer>Because</answer>", 0, "no one choice in the answer"),
        ("<answer>A</answer><answer>B</answer>", 0, "several answers"),
        ("B", 0, "no answer"),
    ],
)
def test_choice(response: str, value: float, reason: str) -> None:
    assert graded(Answer("choice"), response, "B", CITIES) == (value, "ok", reason)


@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("B", 1),
        ("It is warm there.\n\n**Answer: (B)**", 1),
        ("(A) London\n(B) Paris\n(C) Rome", 0),
        ("A", 0),
        ("Berlin", 0),
    ],
)
def test_choice_in_the_whole_text(response: str, value: float) -> None:
    assert graded(Answer("choice", extract="text"), response, "B", CITIES)[:2] == (value, "ok")


def test_choice_by_the_last_letter() -> None:
    last = Answer("choice", extract="last")
    assert graded(last, "Not A; perhaps C; no, B", "B", CITIES)[0] == 1
    assert graded(last, "<think>B</think> none", "B", CITIES) == (0, "ok", "no one choice in the answer")


@pytest.mark.parametrize(
    ("response", "reference", "value"),
    [
        ("<answer>1,250</answer>", "1250", 1),
        ("<answer>$1,250.00</answer>", 1250, 1),
        ("<answer>0.5</answer>", Fraction(1, 2), 1),
        ("<answer>1/2</answer>", 0.5, 1),
        ("<answer>5</answer>", np.int64(5), 1),
        ("<answer>0.1</answer>", np.float32(0.1), 1),
        ("<answer>50%</answer>", "50 %", 1),
        ("<answer>50%</answer>", "0.5", 0),  # a percent sign is a unit
        ("<answer>5.0001</answer>", "5", 0),
        ("<answer>-5</answer>", "5", 0),
        ("<answer>4 or 5</answer>", "5", 0),
        ("<answer>3-5</answer>", "5", 0),
        ("<answer>five</answer>", "5", 0),
    ],
)
def test_number(response: str, reference: Any, value: float) -> None:
    assert graded(Answer("number"), response, reference)[:2] == (value, "ok")


def test_the_last_number() -> None:
    last = Answer("number", extract="last")
    assert graded(last, "2 + 3 = 5", "5")[0] == 1
    assert graded(last, "He has 4 left.\nA: 5", "5")[0] == 1
    assert graded(last, "5 at 10:30", "30") == (0, "ok", "no one number in the answer")
    assert graded(last, "5<think>6", "5")[0] == 1
    assert graded(last, "none", "5") == (0, "ok", "no one number in the answer")


def test_tolerances_are_decimal_and_inclusive() -> None:
    said = "<answer>{}</answer>".format
    assert graded(Answer("number", atol=0.3), said("5.3"), "5")[0] == 1  # the float 0.3 lies below 3/10
    assert graded(Answer("number", atol=0.3), said("5.30001"), "5")[0] == 0
    assert graded(Answer("number", rtol=0.1), said("-110"), "-100")[0] == 1
    assert graded(Answer("number", rtol=0.1), said("-111"), "-100")[0] == 0
    assert graded(Answer("number", rtol=0.1), said("0.001"), "0")[0] == 0  # relative to the reference, which is 0
    assert graded(Answer("number", atol=1, rtol=0.1), said("111"), "100")[0] == 1


@pytest.mark.parametrize(
    ("response", "reference", "value"),
    [
        ("<answer>New  York\n</answer>", "New York", 1),
        ("<answer>cafe\u0301</answer>", "caf\u00e9", 1),
        ("<answer>42</answer>", 42, 1),
        ("<answer>new york</answer>", "New York", 0),
        ("<answer>New York.</answer>", "New York", 0),
        ("New York", "New York", 0),
    ],
)
def test_exact(response: str, reference: Any, value: float) -> None:
    assert graded(Answer("exact"), response, reference)[:2] == (value, "ok")


@pytest.mark.parametrize(
    ("said", "reference", "value"),
    [
        ("4", "4", 1),
        ("0.5", r"\frac{1}{2}", 1),
        (r"\frac{2}{4}", "1/2", 1),
        ("2x + 1", "1 + 2x", 1),
        ("x = 5", "5", 1),
        (r"\sqrt{8}", r"2\sqrt{2}", 1),
        ("(1, 2)", "(1,2)", 1),
        (r"\{2, 1\}", r"\{1, 2\}", 1),
        ("5", "4", 0),
        ("(2, 1)", "(1, 2)", 0),
        ("[0, 1)", "[0, 1]", 0),
        ("2x - 1", "2x + 1", 0),
        (r"\frac{1}{2", "1/2", 0),
    ],
)
def test_mathematics(said: str, reference: str, value: float) -> None:
    assert graded(Answer("math"), f"<answer>{said}</answer>", reference)[:2] == (value, "ok")


# ---- whose fault ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("response", ["<answer>5</answer>", "", "<answer>4</answer><answer>5</answer>"])
@pytest.mark.parametrize(
    ("kind", "reference", "message"),
    [
        ("number", None, "no reference"),
        ("number", "", "reference '' does not state one number"),
        ("number", "five", "reference 'five' does not state one number"),
        ("number", "3 or 4", "reference '3 or 4' does not state one number"),
        ("number", [5], "reference is a list; kind 'number' expects a text or a number"),
        ("number", True, "reference is a bool; kind 'number' expects a text or a number"),
        ("number", float("nan"), "reference is nan; kind 'number' expects a text or a finite number"),
        ("number", np.float32("inf"), "reference is inf; kind 'number' expects a text or a finite number"),
        ("exact", "", "reference is empty; kind 'exact' expects a text or a number"),
        ("exact", " \n", "reference is empty"),
        ("exact", {"a": 1}, "reference is a dict; kind 'exact' expects a text or a number"),
        ("math", [5], "reference is a list; kind 'math' expects a text or a number"),
        ("math", "", "reference '' is empty"),
        ("choice", 1, "reference is a int; kind 'choice' expects a letter, or an option's text"),
        ("choice", "A or B", "reference 'A or B' names no one choice (and there are no options)"),
        ("choice", "Paris", "reference 'Paris' names no one choice"),
    ],
)
def test_a_bad_reference_is_invalid_whatever_the_response(
    kind: Any, reference: Any, message: str, response: str
) -> None:
    value, status, reason = graded(Answer(kind), response, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_a_number_that_python_does_not_write_out_is_invalid() -> None:
    for kind in ("number", "exact", "math"):
        with pytest.raises(BadReferenceError, match="reference is a number too long to write out"):
            Answer(kind).grade(Sample("", "<answer>5</answer>", 10**5000))


def test_bad_options_are_invalid() -> None:
    assert graded(Answer("choice"), "<answer>A</answer>", "A", {"options": "A. x"})[1:] == (
        "invalid",
        "options are a str; expected a list, or a mapping from letters",
    )
    assert graded(Answer("choice"), "", "D", CITIES)[1] == "invalid"


def test_the_prompt_s_answer_is_not_the_response_s() -> None:
    for kind, right in (("choice", "B"), ("number", "5"), ("exact", "x"), ("math", "5")):
        scores = Answer(kind).score([Sample(f"<answer>{right}</answer>", "", right)])  # type: ignore[arg-type]
        assert (scores.values[0], scores.reason[0]) == (0, "no answer")


def test_only_the_last_assistant_turn_counts() -> None:
    turns = [
        {"role": "assistant", "content": "<answer>5</answer>"},
        {"role": "user", "content": "<answer>5</answer>"},
        {"role": "assistant", "content": "<answer>6</answer>"},
    ]
    assert graded(Answer("number"), turns, "5") == (0, "ok", "another number")
    assert graded(Answer("number"), turns, "6")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "maths"}, "Answer: kind is 'maths'; did you mean 'math'?"),
        ({"kind": "exact", "atol": 0.1}, "atol and rtol belong to kind"),
        ({"kind": "number", "atol": -0.1}, "tolerances are at least 0"),
        ({"kind": "number", "rtol": float("nan")}, "expected a finite number"),
        ({"kind": "math", "extract": "last"}, 'extract="last" finds a number or a letter'),
        ({"kind": "exact", "extract": "last"}, 'extract="last" finds a number or a letter'),
        ({"kind": "exact", "extract": "tags"}, "did you mean 'tag'?"),
        ({"kind": "exact", "pick": "first"}, "Answer: pick is 'first'"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Answer(**arguments)
    assert message in str(caught.value)


# ---- every reward against hostile responses ---------------------------------------------------------------------

PROMPT = (
    "Which one is it? (A) 4 (B) 5 [1, 1, 9, 9]\n"
    'Think in <think></think>, answer in <answer></answer> or \\boxed{}. Write {"n": ...} where JSON is asked for.'
)
SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}
HOSTILE = {
    "empty": "",
    "white space": " \n\t\u00a0\u2003",
    "a megabyte of words": "word " * 200_000,
    "a megabyte of digits": "1" * 1_000_000,
    "a megabyte in the answer": "<answer>" + "x" * 1_000_000 + "</answer>",
    "a megabyte of brackets": "[" * 1_000_000,
    "control characters": "\x00\x01\x1b[31m\x7f\x85\u2028\u202e",
    "lone surrogates": "\ud800 \udfff <answer>\udc00</answer>",
    "the prompt": PROMPT,
    "the prompt twice": PROMPT * 2,
    "every answer": "".join(f"<answer>{said}</answer>" for said in ("A", "B", "4", "5", "[0,0,10,10]", "[0,0,5,5]")),
    "every answer boxed": "".join(rf"\boxed{{{said}}}" for said in ("A", "B", "4", "5", "[0,0,10,10]", "[0,0,5,5]")),
    "every answer in one": "<answer>A B, 4 or 5, [0,0,10,10] [0,0,5,5]</answer>",
    "only in the reasoning": "<think><answer>B</answer> \\boxed{B}</think>",
    "cut off": "<think>I think <answer>B</answer>",
    "not closed": "<answer>B",
    "not opened": "B</answer>",
    "nested": "<answer>" * 1000 + "B" + "</answer>" * 1000,
    "an empty answer": "<think>a</think><answer></answer>",
    "an empty box": r"\boxed{}",
    "a box not closed": r"\boxed{B",
    "not a number": '{"n": NaN}',
    "one key twice": '{"n": 1, "n": 2}',
    "deep JSON": "[" * 100_000 + "]" * 100_000,
    "a picture for an answer": {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "x.png"}}]},
    "no assistant turn": [{"role": "user", "content": "<answer>B</answer>"}],
}
REWARDS: list[tuple[Reward, Any]] = [
    (Answer("choice"), "B"),
    (Answer("choice", extract="text"), "B"),
    (Answer("choice", pick="last", extract="tag"), "A"),
    (Answer("number"), "5"),
    (Answer("number", extract="text"), "5"),
    (Answer("exact"), "B"),
    (Answer("math"), "5"),
    (Format("think-answer"), None),
    (Format("answer"), None),
    (Format("think"), None),
    (Format("boxed"), None),
    (Format("json"), None),
    (Format(tags=("plan", "answer")), None),
    (Format(regex=r"Answer: \w"), None),
    (Format(schema=SCHEMA), None),
    (Box(), [0, 0, 10, 10]),
    (Box("thousand", extract="text", threshold=0.1), [600, 600, 900, 900]),
    (Length(limit=1, buffer=1), None),
    (Length(target=3, width=2, unit="chars"), None),
]
#: What has the form, or the shortness, that these ask for, whatever else is wrong with it.
SUITS = {
    ("every answer in one", Format("answer")),
    ("a megabyte in the answer", Format("answer")),
    ("an empty answer", Format("think")),
    *((name, REWARDS[-2][0]) for name in ("empty", "white space", "a picture for an answer", "no assistant turn")),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_hostile_responses_get_the_minimum_and_a_reason(reward: Reward, reference: Any, name: str) -> None:
    scores = reward.score([Sample(PROMPT, HOSTILE[name], reference, meta={"options": ["4", "5"]})])
    low, high = reward.range
    assert scores.status[0] == "ok", scores.reason[0]
    if (name, reward) in SUITS:
        assert scores.values[0] == high
    else:
        assert scores.values[0] == low
        assert scores.reason[0]
        assert len(scores.reason[0]) < 400


QUICK = [(reward, reference) for reward, reference in REWARDS if reward != Answer("math")]
PIECES = [
    *(
        "<think>",
        "</think>",
        "<answer>",
        "</answer>",
        r"\boxed{",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ".",
        ":",
        "/",
        "-",
    ),
    *(
        "A",
        "B",
        "a",
        "or",
        "is",
        "the answer is",
        "Answer",
        " ",
        "\n",
        "4",
        "5",
        "0",
        "10",
        "1e5",
        "%",
        "$",
        '"n"',
        "\\",
        "```",
    ),
    *("NaN", "null", "\ud800", "\x00", "√", "π", "²", r"\frac", r"\text{", "not", "million", "x", "^"),
]


@given(st.one_of(st.text(st.characters()), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
@settings(max_examples=300)
def test_any_text_gets_a_number_within_the_range(text: str) -> None:
    for reward, reference in QUICK:
        scores = reward.score([Sample(PROMPT, text, reference, meta={"options": ["4", "5"]})])
        low, high = reward.range
        assert scores.status[0] == "ok", (reward, scores.reason[0])
        assert low <= scores.values[0] <= high
        assert scores.values[0] == high or scores.reason[0]


@given(
    st.sampled_from(["<think>{}</think>\n<answer>{}</answer>", "{}</think><answer> {} </answer>", r"{} \boxed{{{}}}"]),
    st.text(st.characters(exclude_characters="<\\")),
    st.integers(-(10**6), 10**6),
    st.integers(0, 2),
)
def test_a_right_answer_in_the_form_scores_1_and_another_0(form: str, thought: str, n: int, place: int) -> None:
    letter, city = "ABC"[place], CITIES["options"][place]
    rights: list[tuple[Answer, str, Any]] = [(Answer("number"), f"{n:,}", n), (Answer("exact"), str(n), n)]
    rights += [
        (Answer("choice"), said, letter) for said in (letter, letter.lower(), f"({letter})", f"{letter}. {city}", city)
    ]
    for reward, said, reference in rights:
        assert graded(reward, form.format(thought, said), reference, CITIES) == (1, "ok", "")
    wrongs: list[tuple[Answer, str, Any]] = [(Answer("number"), f"{n + 1:,}", n), (Answer("exact"), f"{n}0", n)]
    wrongs += [(Answer("choice"), "CAB"[place], letter)]
    for reward, said, reference in wrongs:
        assert graded(reward, form.format(thought, said), reference, CITIES)[:2] == (0, "ok")
