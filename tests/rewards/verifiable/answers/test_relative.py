from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.relative import RelativeAccuracy, RoundedNumber, relative_accuracy


def graded(reward: Reward, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("How many?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.system("spatialladder")
def test_spatialladder_mean_relative_accuracy() -> None:
    mra = RelativeAccuracy("mra")
    # errors 0, 0.08, 0.19, 0.6: those of 0.50, 0.45, ..., 0.05 that are no smaller, by ten
    assert [graded(mra, said, 10)[0] for said in ("10", "9.2", "11.9", "16")] == [1, 0.9, 0.7, 0]
    assert [graded(mra, said, 0)[0] for said in ("0", "0.001")] == [1, 0]
    assert graded(mra, "far", 10) == (0, "ok", "no one number in the answer")


@pytest.mark.system("onethinker")
def test_onethinker_regression_is_strict() -> None:
    """It pays where the error is less than 1 - t; equality is where the two differ."""
    errors = {"10.5": (1, 0.9), "11": (0.9, 0.8), "15": (0.1, 0), "10.4": (1, 1)}
    for said, (inclusive, strict) in errors.items():
        assert graded(RelativeAccuracy("mra"), said, 10)[0] == inclusive
        assert graded(RelativeAccuracy("mra-strict"), said, 10)[0] == strict


@pytest.mark.system("videorft")
def test_videorft_regression_and_numerical() -> None:
    linear = RelativeAccuracy("linear")
    assert [graded(linear, said, "10")[0] for said in ("10", "9", "25", "-10")] == [1, pytest.approx(0.9), 0, 0]
    same = RoundedNumber(2, "same")
    assert graded(same, "3.0", "3") == (0, "ok", "one has a decimal point and one has none")
    assert graded(same, "3.141", "3.14") == (1, "ok", "")
    assert graded(RoundedNumber(), "3.0", "3")[0] == 1


@pytest.mark.system("videossr")
def test_videossr_counting() -> None:
    counting = RelativeAccuracy("linear")
    assert graded(counting, "3,2,3", [3, 1, 4])[0] == pytest.approx((1 + 0 + 0.75) / 3)
    assert graded(counting, "3, 1, 4", [3, 1, 4]) == (1, "ok", "")
    assert graded(counting, "3,1", [3, 1, 4]) == (0, "ok", "2 numbers where 3 belong")
    assert graded(counting, "3; four; 4", [3, 1, 4])[0] == pytest.approx(2 / 3)


def test_units_signs_and_exactness() -> None:
    assert graded(RelativeAccuracy(), "12 m", 12)[0] == 1
    assert graded(RelativeAccuracy("linear"), "-11", -10)[0] == pytest.approx(0.9)
    assert graded(RelativeAccuracy("mra"), "0.105", 0.1)[0] == 1  # 5% off, exactly, though not as floats
    assert graded(RelativeAccuracy(extract="last"), "so 3 and then 10", 10)[0] == 1
    assert graded(RelativeAccuracy(), "9 or 10", 10)[0] == 0


@pytest.mark.parametrize(
    ("said", "value"), [("2.675", 1), ("2.68", 1), ("2.684", 1), ("2.666", 0), ("2.69", 0), ("x", 0), ("268/100", 1)]
)
def test_rounding_is_exact_with_halves_to_even(said: str, value: float) -> None:
    assert graded(RoundedNumber(), said, "2.68")[0] == value


@pytest.mark.parametrize("reward", [RelativeAccuracy(), RoundedNumber()], ids=str)
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        ("many", "reference is 'many' (a str); expected one number"),
        ("3 or 4", "reference is '3 or 4' (a str); expected one number"),
        ("", "reference is empty; expected a text or a number"),
        (True, "reference is True (a bool); expected a text or a number"),
        (float("nan"), "reference is nan (a float); expected a text or a number"),
        (float("inf"), "reference is inf (a float); expected a text or a number"),
        ({"n": 1}, "reference is {'n': 1} (a dict); expected a text or a number"),
    ],
)
@pytest.mark.parametrize("said", ["3", ""])
def test_a_bad_reference_is_invalid(reward: Reward, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(reward, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_a_bad_list_of_references_is_invalid() -> None:
    assert graded(RelativeAccuracy(), "3", [])[1:] == ("invalid", "reference is a list of 0; expected at least 1")
    assert graded(RelativeAccuracy(), "3", [3, "x"])[1:] == (
        "invalid",
        "reference[1] is 'x' (a str); expected one number",
    )
    assert graded(RoundedNumber(), "3", [3])[1] == "invalid"


def test_a_number_that_python_does_not_write_out_is_invalid() -> None:
    with pytest.raises(BadReferenceError, match="reference is too long to write out"):
        RelativeAccuracy().grade(Sample("", "<answer>3</answer>", 10**5000))


def test_senseless_arguments_are_refused() -> None:
    for decimals in (-1, 21):
        with pytest.raises(ConfigError, match="it lies between 0 and 20"):
            RoundedNumber(decimals)
    with pytest.raises(ConfigError, match="did you mean 'linear'"):
        RelativeAccuracy("liner")  # type: ignore[arg-type]


FRACTIONS = st.fractions(-1000, 1000, max_denominator=100)


@given(FRACTIONS, FRACTIONS, st.sampled_from(["mra", "mra-strict", "linear"]))
@settings(deadline=None)
def test_accuracy_does_not_change_with_the_unit(said: Fraction, right: Fraction, curve: Any) -> None:
    value = relative_accuracy(said, right, curve)
    assert value == relative_accuracy(said * 60, right * 60, curve) == relative_accuracy(-said, -right, curve)
    assert 0 <= value <= 1
    assert value == 1 or said != right


@given(FRACTIONS, FRACTIONS)
@settings(deadline=None)
def test_the_curves_against_plain_counting(said: Fraction, right: Fraction) -> None:
    error = abs(said - right) / abs(right) if right else (0 if said == right else 10**9)
    grid = [Fraction(k, 100) for k in range(5, 55, 5)]  # 1 - t
    assert relative_accuracy(said, right, "mra") == sum(error <= g for g in grid) / 10
    assert relative_accuracy(said, right, "mra-strict") == sum(error < g for g in grid) / 10
    assert relative_accuracy(said, right, "linear") == pytest.approx(max(0, 1 - float(error)))
