"""What a summary is said to show, and how numbers are written."""

from __future__ import annotations

import pytest

from plaudit.core.sample import Sample
from plaudit.core.score import Scores
from plaudit.reports.findings import duration, figure, findings, share
from plaudit.reports.summary import summarize


def _lines(scores: Scores, groups: list[str] | None = None) -> list[str]:
    samples = None if groups is None else [Sample("q", "a", group=g) for g in groups]
    return [str(f) for f in findings(summarize(scores, samples))]


def test_nothing_wrong_says_nothing() -> None:
    assert _lines(Scores([0.0, 1.0]), ["a", "a"]) == []


def test_constant_term_is_named() -> None:
    scores = Scores([1.0, 2.0, None], ["ok", "ok", "skipped"], terms={"format": Scores([1.0] * 3)})
    assert _lines(scores) == ["`format` is constant (1) over all 3 scored samples: it teaches nothing"]


def test_a_term_that_never_had_a_score_says_why() -> None:
    judge = Scores([None, None], "timeout", ["no reply", "no reply"])
    scores = Scores([None, None], "timeout", terms={"judge": judge})
    assert "`judge` never had a score: 2 timeout (no reply)" in _lines(scores)


def test_failures_are_said_of_the_whole_and_of_leaves_and_skips_are_none() -> None:
    leaf = Scores([1.0, None, 0.0, None], ["ok", "error", "ok", "skipped"])
    middle = Scores(leaf.values, leaf.codes, terms={"leaf": leaf})
    assert _lines(Scores(leaf.values, leaf.codes, terms={"middle": middle})) == [
        "`reward` has no score for 1 of 4 samples (25%): 1 error",
        "`middle.leaf` has no score for 1 of 4 samples (25%): 1 error",
    ]


def test_groups() -> None:
    lines = _lines(Scores([1.0, 1.0, 0.0, None], ["ok", "ok", "ok", "missing"]), ["a", "a", "b", "b"])
    assert lines[-2:] == [
        "1 of 1 groups (100%) have the same reward for every scored sample: "
        "they carry no signal in group-relative training",
        "1 of 2 groups (50%) have a sample without a score",
    ]
    assert _lines(Scores([1.0, 0.0]), ["a", "b"]) == [
        "none of the 2 groups has two scored samples: nothing to compare within a group"
    ]


def test_no_samples() -> None:
    assert _lines(Scores([])) == ["there are no samples"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.8125, "0.8125"), (1 / 3, "0.3333"), (-0.0001234567, "-0.0001235"), (12345.6, "12,346"),
     (1e12, "1e+12"), (float("nan"), "–"), (float("inf"), "inf")],
)  # fmt: skip
def test_figure(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [(0, 10, "0%"), (1, 3, "33.3%"), (1, 10**6, "<0.1%"), (10**6 - 1, 10**6, ">99.9%"), (4, 4, "100%")],
)
def test_share(count: int, of: int, text: str) -> None:
    assert share(count, of) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.000"), (1e-6, "<0.001"), (0.0123, "0.012"), (1.234, "1.23"), (684.32, "684.3"), (86400, "86,400.0")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
