from __future__ import annotations

import doctest
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.rewards.verifiable.answers import numbers as module
from plaudit.rewards.verifiable.answers.numbers import number, numbers


def test_docstring_examples() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ("5.", "5"),
        (".5", "1/2"),
        ("007", "7"),
        ("5.0", "5"),
        ("+5", "5"),
        ("-5", "-5"),
        ("−5", "-5"),  # minus sign
        ("–5", "-5"),  # en dash, as word processors set it
        ("- 5", "-5"),
        ("x = - 5", "-5"),
        ("x=-5", "-5"),
        ("The answer is: -5.", "-5"),
        ("(5)", "5"),
        ("**5**", "5"),
        ("A:5", "5"),
        ("Step 4: 4", "4"),
        ("5 = 5.0", "5"),
        ("1,250.5", "2501/2"),
        ("1,234,567", "1234567"),
        ("1\u202f234\u202f567.5", "2469135/2"),
        ("$2,000.00", "2000"),
        ("-$5", "-5"),
        ("$-5$", "-5"),
        ("$5$", "5"),
        ("€ 5", "5"),
        ("5€", "5"),
        ("US$5", "5"),
        ("50%", "50"),
        ("50 %", "50"),
        ("5 cm", "5"),
        ("5cm", "5"),
        ("5 m^2", "5"),
        ("5 m²", "5"),
        ("5 km/h", "5"),
        ("$5/hour", "5"),
        ("5°C", "5"),
        ("x_1 = 5", "5"),
        ("x_{1} = 5", "5"),
        ("12th", "12"),
        ("3/4", "3/4"),
        ("-3 / 4", "-3/4"),
        ("3/4 = 0.75", "3/4"),
        ("1e5", "100000"),
        ("1.5E-3 m", "3/2000"),
        ("1e0005", "100000"),
        ("3 × 10^5", "300000"),
        ("3 x 10^-2", "3/100"),
        ("5 million", "5000000"),
        ("2.5 Thousand", "2500"),
        ("答案是5个", "5"),
        (r"\$1{,}250", "1250"),
        (r"1\,000", "1000"),
        (r"50\%", "50"),
        (r"5\,\text{m}", "5"),
        (r"\frac{3}{4}", "3/4"),
        (r"\dfrac34", "3/4"),
        (r"x is -\frac{3}{4}", "-3/4"),
        (r"3\times 10^{-2}", "3/100"),
        ("9" * 1000, "9" * 1000),
        ("1e400", "1" + "0" * 400),
        ("\ud800 5\x00", "5"),
    ],
)
def test_one_number(text: str, value: str) -> None:
    assert number(text) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five",
        "nan",
        "Infinity",
        # several
        "3 or 4",
        "3\n4",
        "1, 2",
        "5 ± 0.1",
        "x - 5 = 0",
        "3 to 4",
        # joined into something else, equal parts or not
        "1,2",
        "(1,2)",
        "12,34",
        "1234,567",
        "0,500",
        "1.2,3",
        "1.234,56",
        "3-4",
        "3–4",
        "3-3",
        "3 - 3",
        "10:30",
        "10:10",
        "2020-05-01",
        "1/1/2020",
        "1/1/1",
        "1.2.3",
        "1.1.1",
        "2 + 3 = 5",
        "3 * 3",
        "2x2",
        "10^5",
        r"10^{5}",
        r"3 \times 3",
        "1 1/2",
        r"1\frac{1}{2}",
        "1 001",
        "1_000",
        "1'001",
        "0x10",
        "5²",
        "5½",
        "±3",
        r"\pm 3",
        # functions of numbers
        "2π",
        r"2\pi",
        "√2",
        r"\sqrt{2}",
        "sqrt(2)",
        r"\frac{\pi}{2}",
        r"\log 5",
        # no numbers but names
        "CO2",
        "COVID-19",
        "x-5",
        "x/2",
        "mid-2020",
        # beyond all measure
        "1/0",
        "9" * 1001,
        "1e401",
        "1e" + "9" * 10_000,
        "1/" + "3" * 1001,
        "1" * 1_000_000,
    ],
)
def test_no_one_number(text: str) -> None:
    assert number(text) is None


def test_all_numbers_in_order() -> None:
    assert numbers("3 of 4 at 10:30, then 1,250") == [3, 4, None, 1250]
    assert numbers(r"\sqrt{16} = 4") == [None, 4]
    assert numbers("- 5 apples\n- 6 pears") == [-5, 6]  # after the first line a dash and a space are a bullet


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1,",
        "1.",
        "1:",
        "1/",
        "1 + ",
        "-",
        "$",
        " ",
        "1e",
        "1e1e",
        "= - ",
        "√(",
        "√()",
        r"\frac{1",
        r"\sqrt{",
        "π",
    ],
)
def test_long_texts_take_linear_time(piece: str) -> None:
    number(piece * (300_000 // len(piece)))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4))
def test_a_decimal_with_separators_reads_back(value: Decimal) -> None:
    for written in (f"{value:,f}", f"{value:f}", f"${value:,f}", f"x = {value:,f} kg", f"{value:,f}%"):
        assert number(written) == Fraction(value), written


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_fraction_reads_back(top: int, bottom: int) -> None:
    assert number(f"{top}/{bottom}") == Fraction(top, bottom)
    assert number(rf"\frac{{{top}}}{{{bottom}}}") == Fraction(top, bottom)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_it_is_written(value: float) -> None:
    assert number(repr(value)) == Fraction(repr(value))


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.sampled_from([" or ", ", ", " and ", "\n", " of "]))
def test_two_numbers_are_one_only_if_they_are_equal(first: int, second: int, between: str) -> None:
    assert (number(f"{first}{between}{second}") is None) == (first != second)


@given(st.text(st.characters()))
def test_any_text_is_read(text: str) -> None:
    number(text)


@given(st.text(alphabet="0123456789,.:/-+−–eE^x×$% \n\\{}π√½_", max_size=30))
def test_any_arrangement_of_signs_is_read(text: str) -> None:
    number(text)
