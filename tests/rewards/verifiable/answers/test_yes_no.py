from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.exact import ExactMatch
from plaudit.rewards.verifiable.answers.yes_no import YesNo, yes_or_no


def graded(said: str, reference: Any) -> tuple[float, str, str]:
    scores = YesNo().score([Sample("Is it?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes.", "YES!", "true", "Correct", "**Yes**", r"\text{yes}", '"yes"', "Yes, it is.", "Yes - there is"),
        *("The answer is yes.", "Answer: Yes", "It is true.", "the final answer is: yes", "Yes, there is no dog."),
        *("Yes; yes", "The statement is correct."),
    ],
)
def test_yes(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize(
    "text",
    ["no", "No.", "FALSE", "incorrect", "No, you did not.", "The answer is no", "False: it is red.", "no, false"],
)
def test_no(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "maybe",
            "yes and no",
            "yes or no",
            "Yes. No.",
            "yes/no",
            "No, that is correct.",
            "Yes, false.",
            "Y",
            "1",
        ),
        *("not true", "Not yes", "I think yes", "yesterday", "nothing", "There is no dog", "Is it true?", "no yes"),
        *("Yes, it is wrong", "no one"),
    ],
)
def test_neither(text: str) -> None:
    assert yes_or_no(text) is None


@pytest.mark.parametrize(
    ("reference", "right"),
    [(True, 1), (False, 0), ("yes", 1), ("No.", 0), ("True", 1), (1, 1), (0, 0), (np.bool_(True), 1)],
)
def test_references(reference: Any, right: float) -> None:
    assert graded("Yes", reference)[:2] == (right, "ok")
    assert graded("No", reference)[:2] == (1 - right, "ok")
    assert graded("Who knows", reference) == (0, "ok", "neither yes nor no in the answer")


@pytest.mark.parametrize("reference", [2, 1.0, "maybe", "", "yes or no", ["yes"], {"yes": 1}])
@pytest.mark.parametrize("said", ["yes", ""])
def test_a_bad_reference_is_invalid(reference: Any, said: str) -> None:
    value, status, reason = graded(said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.endswith(f"(a {type(reference).__name__}); expected True or False, or yes, no, true or false")


def test_no_reference_is_invalid() -> None:
    assert graded("yes", None)[1:] == ("invalid", "no reference")


@pytest.mark.system("videgothink")
def test_videgothink_critique() -> None:
    """Exact match after case and full stop: what is said beyond yes or no is wrong there, and read by YesNo."""
    exact = ExactMatch("loose")
    said = [Sample("Did I?", f"<answer>{text}</answer>", "No.") for text in ("No.", "no", "No, you did not.")]
    assert exact.score(said).values.tolist() == [1, 1, 0]
    assert YesNo().score(said).values.tolist() == [1, 1, 1]
    golds = ["Yes"] * 598 + ["No"] * 638
    always = exact.score([Sample("Did I?", "<answer>Yes</answer>", gold) for gold in golds])
    assert always.values.mean() == pytest.approx(598 / 1236)


@given(st.text(st.sampled_from("yesno truefal,. "), max_size=30))
@settings(deadline=None)
def test_never_both(text: str) -> None:
    assert yes_or_no(text) in (True, False, None)
    if yes_or_no(text) is True:
        assert yes_or_no("No. " + text) is None
