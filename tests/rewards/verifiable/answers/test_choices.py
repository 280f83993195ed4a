from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.answers import choices
from plaudit.rewards.verifiable.answers.choices import chosen, last_letter, options_of, reference_letter

CITIES = {"A": "London", "B": "Paris", "C": "Rome", "D": "10 m"}


def test_docstring_examples() -> None:
    assert doctest.testmod(choices).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        *(
            "B",
            "b",
            "(B)",
            "( B )",
            "(b)",
            "[B]",
            "B.",
            "b)",
            "B:",
            "B!",
            " B\n",
            "**B**",
            "`B`",
            "$B$",
            "（B）",
            "B。",
        ),
        *(r"\text{B}", r"\(B\)", r"\( \text{B} \)", r"\boxed{\text{B}}", r"\mathrm{(B)}"),
        *("The answer is B", "the answer is (b).", "Answer: B", "Answer: (B)", "ANSWER: B", "Final Answer: **B**"),
        *("The answer is: B", "Option B", "option (b)", "The correct option is B.", "the answer is option B"),
        *("The answer is B because A is too small", "The answer is B, I think.", "The answer is B. I am sure."),
        *("Not (A). The answer is B, for C is too large.", "If the answer is A, it is dry. The answer is B."),
        *("A. one: Incorrect\nB. two: Correct\nC. three: Incorrect\n\nAnswer: B", "(A)? (C)? Answer: B"),
        *("The answer is B. The answer is B.", "It is (B).", "I choose [B]", "'Answer: B'"),
    ],
)
def test_b_is_chosen_with_and_without_known_options(text: str) -> None:
    assert chosen(text, {}) == "B"
    assert chosen(text, CITIES) == "B"


@pytest.mark.parametrize(
    "text",
    [
        *("Paris", "paris.", " PARIS ", '"Paris"', "**Paris**", "B. Paris", "b) paris", "(b) Paris", "B Paris"),
        *("B, Paris", "B: Paris", "B - Paris", "B – Paris", "B.Paris", "(B)Paris", "B. Paris, not London"),
        *("B. Paris, the capital of France. It lies on the Seine.", "The answer is B. Paris", "Answer: (B) Paris"),
        *("Answer: B - Paris", r"Answer: \( \text{(B) } Paris \)", "The capital is (B) Paris."),
    ],
)
def test_b_is_chosen_by_its_option(text: str) -> None:
    assert chosen(text, CITIES) == "B"


@pytest.mark.parametrize(
    "text",
    [
        # no letter at all, or one that belongs to a word
        *(
            "",
            "?",
            "42",
            "Because it is red",
            "A cat sat",
            "a cat",
            "I think",
            "I think so",
            "I'm not sure",
            "A's",
            "AB",
        ),
        *(
            "The answer is a",
            "the answer is b",
            "The answer is A cat",
            "The answer is I think",
            "Answer: A.M.",
            "Answer: B2",
        ),
        # one of several
        *(
            "A or B",
            "A, B",
            "A and B",
            "A/B",
            "A & B",
            "A B",
            "A-B",
            "A. B",
            "A. B.",
            "(A) (B)",
            "(A)(B)",
            "(A), B",
            "A) or B)",
        ),
        *(
            "The answer is A or B",
            "The answer is A, B",
            "The answer is A and B",
            "Answer: A/B",
            "Answer: A B C D",
            "Answer: A-B",
        ),
        *("The answer is (A) or (B)", "The answer is either A or B", "The answer is A, possibly B", "Answer: (A)(B)"),
        *(
            "The answer is A. No, the answer is B.",
            "Answer: A\nAnswer: B",
            "B. No, C",
            "B. Wait, it's C.",
            "(A) one\n(B) two",
        ),
        # denied, or only spoken of
        *(
            "not A",
            "Not (A)",
            "The answer is not A",
            "The answer isn't A",
            "A is wrong, B is right",
            "(A) is wrong",
            "A is wrong",
        ),
        *(
            "The wrong answer is A",
            "The incorrect answer is (A)",
            "Option A is wrong",
            "It is not (B)",
            "If the answer is A, then",
        ),
        *("whether the answer is A", "B?", "A or not"),
    ],
)
def test_nothing_is_chosen(text: str) -> None:
    assert chosen(text, {}) is None
    assert chosen(text, CITIES) is None


@pytest.mark.parametrize(
    "text",
    [
        *("E", "(E)", "Answer: E", "E. Oslo"),  # not among the options
        *("A. Paris", "A Paris", "(A) Paris", "The answer is A. Paris", "The answer is A) Paris"),  # contradicts itself
        *(
            "Paris or London",
            "B. Paris or London",
            "B. Paris and A. London",
            "The answer is B. Paris, Rome",
            "(B) Paris or C",
        ),
        *("London, Paris", "Par", "Paris is nice", "D 10 mm"),
    ],
)
def test_nothing_is_chosen_among_these_options(text: str) -> None:
    assert chosen(text, CITIES) is None


def test_without_options_a_letter_and_a_word_are_no_choice_but_a_marked_letter_is() -> None:
    assert chosen("B Paris", {}) is None
    assert chosen("B. Paris", {}) == "B"
    assert chosen("B. Vitamin C", {}) is None  # perhaps two letters
    assert chosen("B. Vitamin C", {"A": "Vitamin B", "B": "Vitamin C"}) == "B"


def test_options_that_look_like_choices() -> None:
    swapped = {"A": "C", "B": "A", "C": "B"}
    assert chosen("B", swapped) == "B"  # the letter, not the text
    assert chosen("B. A", swapped) == "B"
    assert chosen("C. A", swapped) is None
    assert chosen("A cat", {"A": "dog", "B": "a cat"}) == "B"
    assert chosen("A. A cat", {"A": "a cat", "B": "a dog"}) == "A"
    assert chosen("B. Both (A) and (C)", {"A": "x", "B": "Both (A) and (C)", "C": "y"}) == "B"


def test_options_that_differ_in_case_or_sign_are_told_apart() -> None:
    genes = {"A": "AA", "B": "Aa", "C": "aa"}
    assert [chosen(t, genes) for t in ("AA", "Aa", "aa", "aA")] == ["A", "B", "C", None]
    assert chosen("23", {"A": "2**3", "B": "2*3", "C": ".23"}) is None
    assert chosen("-5", {"A": "5", "B": "-5"}) == "B"
    assert chosen("D. 10 m", CITIES) == "D"
    assert chosen("the same", {"A": "The same", "B": "The same"}) is None


def test_a_policy_gains_nothing_by_naming_every_option() -> None:
    listed = "\n".join(f"({letter}) {option}" for letter, option in CITIES.items())
    assert chosen(listed, CITIES) is None
    assert chosen(", ".join(CITIES), CITIES) is None
    assert chosen(" ".join(f"The answer is {letter}." for letter in CITIES), CITIES) is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("First A, then B.", "B"),
        ("(A)? Rather (C), as I said.", "C"),
        ("(A) B = 3; C = 4", "A"),  # a marked letter before one that only stands there
        ("Answer: C (which is better than A or B)", "C"),
        ("The answer is A. Sorry, the answer is B.", "B"),
        ("B, I think", "B"),
        ("It was B. A cat told me", "B"),
        ("no letter", None),
        ("", None),
        ("E", None),
    ],
)
def test_the_last_letter(text: str, letter: str | None) -> None:
    assert last_letter(text, CITIES) == letter


def test_options_are_read_from_a_list_or_a_mapping() -> None:
    assert options_of(None) == {}
    assert options_of([]) == {}
    assert options_of(("x", 2)) == {"A": "x", "B": "2"}
    assert options_of(["A. x", "(B) y", "C) z", "D: A. w"]) == {"A": "x", "B": "y", "C": "z", "D": "A. w"}
    assert options_of({"a": "A. x", "B ": "y"}) == {"A": "x", "B": "y"}


@pytest.mark.parametrize(
    ("given_options", "message"),
    [
        ("A. x", "options are a str; expected a list, or a mapping from letters"),
        (5, "options are a int; expected a list, or a mapping from letters"),
        ({"A": "x", "a": "y"}, "expected different letters from A to Z"),
        ({"1": "x"}, "options are keyed ['1']; expected different letters from A to Z"),
        ({"": "x"}, "expected different letters"),
        (["x"] * 27, "options are a list of 27; expected at most 26"),
    ],
)
def test_bad_options_are_the_record_s_fault(given_options: Any, message: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        options_of(given_options)
    assert message in str(caught.value)


@pytest.mark.parametrize("reference", ["B", "b", "(B)", "(b)", "B.", "B. Paris", "b) paris", "Paris", "paris", " B "])
def test_references(reference: str) -> None:
    assert reference_letter(reference, CITIES) == "B"


@pytest.mark.parametrize("reference", [None, 1, 1.0, True, ["B"], b"B", "", " ", "E", "A or B", "Oslo", "A. Paris"])
def test_bad_references(reference: Any) -> None:
    with pytest.raises(BadReferenceError, match=r"^reference .*a letter, or an option's text$"):
        reference_letter(reference, CITIES)


@pytest.mark.parametrize(
    "piece",
    [
        "A ",
        "Answer: A ",
        "answer is ",
        "(A) ",
        "B. ",
        r"\text{",
        "*",
        "_",
        "The answer is A, ",
        "or ",
        "B or ",
        "A",
        "**B",
    ],
)
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    chosen(text, CITIES)
    last_letter(text, CITIES)


WORDS = ["oak", "elm", "ash tree", "7.5 kg", "none of these", "x = 3", "Both", "a willow"]
FORMS = [
    *("{X}", "{x}", "({X})", "({x})", "{X}.", "{X}. {own}", "{X} {own}", "{x}) {own}", "{own}", "The answer is {X}."),
    *("Answer: ({x})", "The answer is {X}. {own}", "{X} or {Y}", "{X}, {Y}", "{X}. {other}", "{own} or {other}"),
    *(
        "The answer is {X} because {Y} is wrong",
        "Not ({Y}). Answer: {X}",
        "{X} is wrong, {Y} is right",
        "Because",
        "It is ({X}).",
    ),
    *("The answer is {X} or {Y}", "{X}. {own} or {other}", "not {X}", "({X}) {own}\n({Y}) {other}"),
]


@given(st.permutations(WORDS), st.permutations(WORDS), st.sampled_from(FORMS), st.data())
def test_the_verdict_does_not_depend_on_the_order_of_the_options(
    before: list[str], after: list[str], form: str, data: st.DataObject
) -> None:
    own, other = data.draw(st.permutations(WORDS))[:2]
    verdicts = []
    for order in (before, after):
        options = options_of(order)
        letters = {option: letter for letter, option in options.items()}
        text = form.format(X=letters[own], x=letters[own].lower(), Y=letters[other], own=own, other=other)
        letter = chosen(text, options)
        verdicts.append(letter and options[letter])
    assert verdicts[0] == verdicts[1]


@given(st.text(st.characters()), st.booleans())
def test_any_text_is_read(text: str, known: bool) -> None:
    options = CITIES if known else {}
    for letter in (chosen(text, options), last_letter(text, options)):
        assert letter is None or ("A" <= letter <= "Z" and (not known or letter in CITIES))


def test_options_written_as_text_are_read() -> None:
    assert options_of("['London', \"King's Cross\"]") == {"A": "London", "B": "King's Cross"}
    assert options_of('["London", "Paris"]') == {"A": "London", "B": "Paris"}
    for text in ("London, Paris", "[" * 10_000, "['London'", "{'A': 1}", "'London'", "__import__('os')"):
        with pytest.raises(BadReferenceError, match="options are a str; expected a list"):
            options_of(text)
