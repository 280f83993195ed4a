"""Properties, hostile input, references, threads."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.mathematics import check_reference, confirm, decide

rationals = st.fractions(min_value=-10_000, max_value=10_000, max_denominator=500)


def spellings(value: Fraction) -> list[str]:
    """Texts that mean ``value``, by construction."""
    top, bottom = value.numerator, value.denominator
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(top), bottom)
    found = [
        f"{top}/{bottom}",
        rf"\frac{{{top}}}{{{bottom}}}",
        rf"\dfrac{{{3 * top}}}{{{3 * bottom}}}",
        rf"{sign}\tfrac{{{abs(top)}}}{{{bottom}}}",
        rf"$\left(\frac{{{top}}}{{{bottom}}}\right)$",
        rf"\boxed{{x = \frac{{{top}}}{{{bottom}}}}}",
        rf"\frac{{{100 * top}}}{{{bottom}}}\%",
        rf"\sqrt{{{top * top}}}\cdot\frac{{{'-1' if value < 0 else '1'}}}{{{bottom}}}",
    ]
    if whole and rest:
        found += [rf"{sign}{whole}\frac{{{rest}}}{{{bottom}}}", f"{sign}{whole} {rest}/{bottom}"]
    if bottom == 1:
        found += [str(top), f"{top:,}", f"{top}.", f"{top}.00", f"{top} apples"]
    return found


@settings(deadline=None)
@given(rationals, st.data())
def test_a_rational_equals_itself_in_every_spelling(value: Fraction, data: st.DataObject) -> None:
    gold, answer = data.draw(st.sampled_from(spellings(value))), data.draw(st.sampled_from(spellings(value)))
    if ("%" in gold) == ("%" in answer) or "apples" not in gold + answer:
        assert decide(gold, answer).equal is True


@settings(deadline=None)
@given(rationals, st.fractions(min_value=Fraction(1, 500), max_value=3, max_denominator=500), st.data())
def test_a_perturbed_rational_differs(value: Fraction, shift: Fraction, data: st.DataObject) -> None:
    gold = data.draw(st.sampled_from(spellings(value)))
    answer = data.draw(st.sampled_from(spellings(value + shift)))
    if "%" not in gold + answer:  # a whole percentage may also stand for its number
        assert decide(gold, answer).equal is False


@settings(deadline=None)
@given(rationals, rationals, st.data())
def test_numbers_compare_symmetrically(left: Fraction, right: Fraction, data: st.DataObject) -> None:
    gold, answer = data.draw(st.sampled_from(spellings(left))), data.draw(st.sampled_from(spellings(right)))
    assert decide(gold, answer).equal is decide(answer, gold).equal


@settings(deadline=None)
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_order_matters_in_a_tuple_and_not_in_a_set(items: list[int], random: object) -> None:
    turned = items[1:] + items[:1]
    one, other = ", ".join(map(str, items)), ", ".join(map(str, turned))
    assert decide(rf"\{{{one}\}}", rf"\{{{other}\}}").equal is True
    assert decide(f"({one})", f"({other})").equal is False
    assert decide(rf"\{{{one}\}}", f"({one})").equal is False
    assert decide(f"({one})", f"({one}, 100)").equal is False


@settings(deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=4), st.integers(1, 5))
def test_an_expanded_product_equals_its_factors(roots: list[int], shift: int) -> None:
    coefficients = [1]
    for root in roots:
        coefficients = [a - root * b for a, b in zip([*coefficients, 0], [0, *coefficients], strict=True)]
    degree = len(roots)
    factors = "".join(f"(x-({root}))" for root in roots)
    terms = "+".join(f"({c})x^{{{degree - at}}}" for at, c in enumerate(coefficients))
    assert decide(factors, terms).equal is True
    assert decide(factors, f"{terms}+{shift}").equal is False


TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet=r"0123456789.,+-*/^_=<>()[]{}|!%$\ exyabc", max_size=120),
    st.lists(
        st.sampled_from(
            [r"\frac", r"\sqrt", "{", "}", "(", ")", "[", "]", r"\{", r"\}", "^", "_", "1", "23", "0.5", "x", "e", "i",
             r"\pi", r"\infty", ",", "+", "-", "/", "=", "<", r"\le", r"\cup", r"\pm", "!", "%", r"\text{cm}", "m", " ",
             r"\sin", r"\ln", r"\log_2", "|", r"\begin{pmatrix}", r"\end{pmatrix}", "&", r"\\", "^\\circ", "$", "1,000"]
        ),
        max_size=40,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS)
def test_no_text_makes_it_raise(gold: str, answer: str) -> None:
    assert decide(gold, answer).equal in (True, False, None)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_text_equals_itself(text: str) -> None:
    assert decide(text, text).equal is (bool(text.strip()))


HOSTILE = [
    "9^{9^{9^{9}}}",
    "9^9^9^9",
    "9**9**9**9",
    r"\foo 9^9^9",
    r"\foo 99999!",
    "10^{10^{10}}",
    "(10!)!",
    "99999999!",
    r"\binom{1000000}{500000}",
    "(" * 400 + "1" + ")" * 400,
    "{" * 400 + "1" + "}" * 400,
    r"\sqrt{" * 100 + "1" + "}" * 100,
    "9" * 5000,
    "9" * 1500,
    "1e999999999",
    "1e0000000001000000000",
    "1/0",
    r"\frac{5}{0}",
    "",
    "   ",
    r"\frac{1}{2",
    "}",
    "7 +",
    "I think that the answer could be seven or eight",
    "(x+y+z)^{100000000}" + "(" * 90,
]


@pytest.mark.parametrize("answer", HOSTILE, ids=lambda text: text[:20])
def test_a_hopeless_answer_is_wrong_at_once(answer: str) -> None:
    found = decide("7", answer)
    assert found.equal is False
    assert found.reason


@pytest.mark.parametrize(
    "answer",
    [
        "+".join("(x+y)^{19}" for _ in range(190)),
        "1," * 900,
        "1,111" * 390,
        " " * 1990 + "1",
        r"\text{" * 300,
        "".join(rf"+\frac{{1}}{{{n}^{{2000}}}}" for n in range(3, 100, 2)),
        "-" * 1999,
        "x!" * 900,
        "a b c d e f g h " * 120,
        "2^{" * 39 + "x" + "}" * 39,
    ],
    ids=range(10),
)
def test_costly_looking_answers_come_back(answer: str) -> None:
    assert decide("7", answer).equal in (False, None)


def test_the_tower_is_refused_with_a_reason_and_equal_only_to_itself() -> None:
    assert decide("5", "9^{9^{9^{9}}}").reason == "too large to grade"
    assert decide("5", "(" * 400 + "5" + ")" * 400).reason == "too deep to grade"
    assert "too long to grade" in decide("5", "5" * 5000).reason
    assert decide("9^{9^{9^{9}}}", r"$9^{9^{9^9}}$").equal is True


ENORMOUS = [
    "9^{9^9}",
    "9^{9^{9^{9}}}",
    "x = 9^{9^9}",
    "(1, 9^{9^9})",
    r"9^{9^9} \text{ cm}",
    "99999999!",
    "-2^{10^{10}}",
]


@pytest.mark.parametrize("gold", ENORMOUS)
@pytest.mark.parametrize(
    "answer", ["7", "x+1", r"\lfloor 2.5 \rfloor", r"\int_0^1 x\,dx", "9^{9^8}", "[1, 2]", "Tuesday"]
)
def test_only_its_own_expression_equals_what_nobody_can_work_out(gold: str, answer: str) -> None:
    assert decide(gold, answer).equal is False
    assert decide(gold, rf"$ {gold}$.").equal is True


@pytest.mark.parametrize("answer", ["(x+1)^{9^9}", r"x \cdot 9^{9^9}", r"\sqrt{9^{9^9}}", "x^2=9^{9^9}"])
def test_an_enormous_answer_is_wrong_where_the_slow_path_would_hang(answer: str) -> None:
    assert decide(r"\arctan 1", answer).equal is False


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("2^{20000}", "4^{10000}", True),
        ("2^{20000}", "4^{10001}", False),
        (r"\frac{10^{100000}}{10^{99999}}", "10", True),
        ("x^{9^9}", "x^{9^9}+0", True),
        ("(-1)^{10^{100}}", "1", True),
    ],
)
def test_large_numbers_that_can_be_worked_out_are(gold: str, answer: str, equal: bool) -> None:
    found = decide(gold, answer).equal
    assert (confirm(gold, answer) if found is None else found) is equal


@pytest.mark.parametrize(
    "answer", ["5, [0,0,1,1] [0,0,5,5]", "A B, 4 or 5, [1] [2]", r"5; \lfloor 3 \rfloor", r"5 or \foo"]
)
def test_an_unreadable_list_is_not_the_one_value_in_it(answer: str) -> None:
    assert decide("5", answer).equal is False


def test_one_unreadable_value_with_a_comma_is_left_open() -> None:
    assert decide("1234", r"\lfloor 1,234.5 \rfloor").equal is None
    assert decide("1", r"\max(0, 1)").equal is None
    assert decide("1, 2", r"1, \lfloor 2.5 \rfloor").equal is None


def test_a_base_may_be_left_out_of_the_answer_also_within_a_set() -> None:
    assert decide(r"\{101_2\}", "101").equal is True
    assert decide("101", r"\{101_2\}").equal is False


@pytest.mark.parametrize(
    ("gold", "answer", "by"),
    [
        ("x+1", "x+1", "text"),
        ("x+1", "$x + 1$", "form"),
        ("x+1", "1+x", "exact"),
        ("x+1", "x+2", "form"),
        ("7", r"\frac{1}{", "bounds"),
        (r"\frac{\pi}{4}", r"\arctan 1", "none"),
    ],
)
def test_a_decision_says_how_it_was_found(gold: str, answer: str, by: str) -> None:
    assert decide(gold, answer).by == by


@pytest.mark.parametrize(
    ("gold", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("$$", "is not mathematics"),
        (r"\frac{1}{2", "unbalanced braces"),
        ("1}{2", "unbalanced braces"),
        ("(" * 200 + "1" + ")" * 200, "too deep to grade"),
        ("1" * 5000, "too long to grade"),
    ],
)
def test_a_bad_reference_is_named(gold: str, fault: str) -> None:
    with pytest.raises(BadReferenceError, match=fault) as caught:
        check_reference(gold)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
    with pytest.raises(BadReferenceError):  # cached faults are still raised
        check_reference(gold)


@pytest.mark.parametrize("gold", ["5", r"\lfloor 2.5 \rfloor", r"\text{Tuesday}", "x<3", r"\int_0^1 x\,dx", "9^{9^9}"])
def test_a_readable_reference_passes(gold: str) -> None:
    check_reference(gold)


def test_confirm_works_off_the_main_thread_and_in_several() -> None:
    pairs = [
        (r"\arctan 1", r"\frac{\pi}{4}", True),
        (r"\lfloor 2.5 \rfloor", "2", True),
        (r"\int_0^1 2x\,dx", "1", True),
        (r"\int_0^1 2x\,dx", "2", False),
        ("1/2x", r"\frac{1}{2x}", True),
        ("1/2x", r"\frac{x}{2}", False),
    ] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda pair: confirm(pair[0], pair[1]), pairs))
    assert found == [equal for _, _, equal in pairs]


def test_confirm_minds_the_order_of_its_arguments() -> None:
    assert confirm("x<3", r"(-\infty,3)") is True
    assert confirm(r"(-\infty,3)", "x<3") is False


def test_deciding_imports_neither_sympy_nor_math_verify() -> None:
    code = (
        "import sys; from plaudit.rewards.verifiable.mathematics import decide; "
        "assert decide('1/2', '0.5').equal; assert not {'sympy', 'math_verify', 'numpy'} & set(sys.modules)"
    )
    run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "answer", ["4 | 5", "not 5 [", "5?", "4 & 5", "5...", "5^?", "4 => 5", r"\neq 5", "> 5", "≥5", r"5 \approx 4"]
)
def test_a_part_of_an_unreadable_answer_is_not_the_answer(answer: str) -> None:
    decision = decide("5", answer)
    assert decision.equal is False
    assert decision.reason
