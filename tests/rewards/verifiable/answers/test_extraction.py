from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.rewards.verifiable.answers import extraction
from plaudit.rewards.verifiable.answers.extraction import How, Pick, boxed, extract, outside_reasoning

MARKUP = ["<think>", "</think>", "<answer>", "</answer>", "\\boxed{", "\\boxed 5", "{", "}", "\\}", " ", "4", "\n", "<"]


def test_docstring_examples() -> None:
    assert doctest.testmod(extraction).failed == 0


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no reasoning", "no reasoning"),
        ("<think>a</think>b", "b"),
        ("a</think>b", "b"),  # opened by the chat template
        ("a<think>b</think>c</think>d", "d"),
        ("a<think>b", "a"),  # cut off
        ("<think>a<think>b</think>c", "c"),  # the tag is spoken of
        ("<think>a</think>b<think>c</think>d", "b d"),
        ("1<think>x</think>2", "1 2"),  # what stood apart is not glued together
        ("<THINK>a</THINK>", "<THINK>a</THINK>"),
        ("< think >a</ think >", "< think >a</ think >"),
        ("I think> so", "I think> so"),
        ("<think>", ""),
        ("</think>", ""),
        ("", ""),
    ],
)
def test_what_stands_outside_the_reasoning(said: str, shown: str) -> None:
    assert " ".join(outside_reasoning(said).split()) == shown


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("<answer>4</answer>", "4"),
        ("<think>3?</think>\n<answer> 4 </answer>", "4"),
        ("3?</think><answer>4</answer>", "4"),
        ("<answer>4</answer> and again <answer>\n4</answer>", "4"),
        ("<answer>2  x</answer><answer>2 x</answer>", "2 x"),
        ("<think><answer>3</answer></think><answer>4</answer>", "4"),
        ("<think>a</think><think><answer>3</answer></think><answer>4</answer>", "4"),
        ("<answer>4</answer><think>or <answer>5</answer>", "4"),
        (r"so \boxed{4}", "4"),
        (r"\boxed{4}, hence \boxed{ 4 }", "4"),
        (r"<think>\boxed{3}</think>\boxed{4}", "4"),
        (r"\boxed{5} <answer>4</answer>", "4"),
        (r"<answer>It is $\boxed{4}$.</answer>", "4"),
        ("<answer>x < 5</answer>", "x < 5"),
    ],
)
def test_the_one_answer(said: str, answer: str) -> None:
    assert extract(said) == (answer, "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "no answer"),
        ("4", "no answer"),
        ("<think><answer>4</answer></think>", "no answer"),
        ("<think>so <answer>4</answer>", "no answer"),
        ("<answer>4</answer></think>", "no answer"),
        ("<ANSWER>4</ANSWER>", "no answer"),
        ("<Answer>4</Answer>", "no answer"),
        ("< answer >4</ answer >", "no answer"),
        ("<answer >4</answer >", "no answer"),
        (r"\boxedanswer{4}", "no answer"),
        (r"\boxed", "no answer"),
        ("<answer>3</answer><answer>4</answer>", "several answers"),
        (r"\boxed{3} \boxed{4}", "several answers"),
        (r"\boxed{4} \boxed{}", "several answers"),
        (r"<answer>\boxed{3} or \boxed{4}</answer>", "several answers"),
        ("<answer></answer>", "empty answer"),
        ("<answer> \n\t</answer>", "empty answer"),
        (r"\boxed{}", "empty answer"),
        (r"<answer>\boxed{ }</answer>", "empty answer"),
        ("<answer>4", "an <answer> tag is not closed"),
        ("<answer>4</answer><answer>5", "an <answer> tag is not closed"),
        ("<answer>4</think", "an <answer> tag is not closed"),
        ("4</answer>", "an </answer> tag was never opened"),
        ("<answer>4</think></answer>", "an </answer> tag was never opened"),
        ("<answer>4</think>5</answer>", "an </answer> tag was never opened"),
        ("<answer>4</answer></answer>", "an </answer> tag was never opened"),
        ("<answer><answer>4</answer></answer>", "an <answer> inside an <answer>"),
        ("Use <answer> tags. <answer>4</answer>", "an <answer> inside an <answer>"),
        (r"\boxed{4", r"a \boxed{ is not closed"),
        (r"\boxed{4} \boxed{4", r"a \boxed{ is not closed"),
        (r"\boxed{4\}", r"a \boxed{ is not closed"),
        (r"<answer>\boxed{4</answer>", r"a \boxed{ is not closed"),
    ],
)
def test_why_there_is_none(said: str, reason: str) -> None:
    assert extract(said) == (None, reason)


def test_tags_made_by_taking_the_reasoning_out_are_none() -> None:
    assert extract("<ans<think></think>wer>4</answer>").text is None


def test_the_last_of_several_on_request() -> None:
    assert extract("<answer>3</answer><answer>4</answer>", pick="last").text == "4"
    assert extract(r"\boxed{3} \boxed{4}", pick="last").text == "4"
    assert extract(r"<answer>\boxed{3} or \boxed{4}</answer>", pick="last").text == "4"
    assert extract("<answer>3</answer><answer></answer>", pick="last").reason == "empty answer"


def test_where_to_look() -> None:
    both = r"<think>1</think>\boxed{3} <answer>4</answer>"
    assert extract(both, "tag").text == "4"
    assert extract(both, "boxed").text == "3"
    assert extract(both, "text").text == r"\boxed{3} <answer>4</answer>"
    assert extract(both, "last").text == extract(both, "text").text
    assert extract(r"\boxed{3}", "tag").reason == "no answer"
    assert extract("<answer>4</answer>", "boxed").reason == "no answer"
    assert extract("<think>4</think> ", "text").reason == "empty answer"


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        (r"\boxed{\frac{1}{2}}", [r"\frac{1}{2}"]),
        (r"\boxed{\{1,2\}}", [r"\{1,2\}"]),
        (r"\boxed{\text{a}\\{b}}", [r"\text{a}\\{b}"]),  # an escaped backslash escapes no brace
        (r"\boxed {4}", ["4"]),
        (r"\fbox{4}", ["4"]),
        (r"\boxed 5", ["5"]),
        (r"$\boxed5$", ["5"]),
        (r"\boxed 12.", ["12"]),
        (r"\boxed -3", ["-3"]),
        (r"\boxed\pi", [r"\pi"]),
        (r"\boxed{a\boxed{b}} \boxed{c}", [r"a\boxed{b}", "c"]),
        (r"$\boxed$", []),
        (r"\unboxed{4}", []),
        (r"\fboxed{4}", []),
        (r"\boxed{4", None),
        (r"\boxed{{4}", None),
        (r"\boxed{4" + "\\", None),
    ],
)
def test_boxes(text: str, contents: list[str] | None) -> None:
    assert boxed(text) == contents


@pytest.mark.parametrize("piece", [*MARKUP, "<think><answer>", "</think></answer>", r"\boxed{}", r"\fbox ", "\\"])
@pytest.mark.parametrize("ending", ["", "<answer>4</answer>"])
def test_a_million_characters_of_markup_take_linear_time(piece: str, ending: str) -> None:
    # A pattern that tried again at each piece would need hours for these.
    said = piece * (1_000_000 // len(piece)) + ending
    for how in ("auto", "tag", "boxed", "text"):
        extract(said, how)


@given(
    st.lists(st.sampled_from(MARKUP)).map("".join),
    st.sampled_from(["auto", "tag", "boxed", "text", "last"]),
    st.sampled_from(["only", "last"]),
)
def test_an_answer_is_never_empty_and_always_from_outside_the_reasoning(text: str, how: How, pick: Pick) -> None:
    found = extract(text, how, pick)
    if found.text is None:
        assert found.reason
    else:
        assert found.text == found.text.strip() != ""
        assert found.text in outside_reasoning(text)
        assert not found.reason


@given(st.text(st.characters()).filter(lambda t: "<" not in t and "\\" not in t and t.strip() != ""))
def test_what_is_put_in_comes_out(answer: str) -> None:
    assert extract(f"<think>{answer}?</think><answer>{answer}</answer>").text == answer.strip()
