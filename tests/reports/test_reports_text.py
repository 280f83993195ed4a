"""The report as text: aligned, narrow enough, and safe to print."""

from __future__ import annotations

import re
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

import plaudit as pl
from plaudit.core.score import Scores
from plaudit.reports.summary import summarize
from plaudit.reports.text import render, report


def _scores() -> Scores:
    answer = Scores([1.0, 0.0, 0.0, 1.0], reason=["", "no answer", "no answer", ""], weight=1.0)
    form = Scores([1.0] * 4, weight=0.1, spent={"seconds": np.array([0.5, 0.25, 0.125, 2.0])})
    judge = Scores(
        [0.5, None, 0.25, None],
        ["ok", "timeout", "ok", "unparsed"],
        ["", "no reply", "", "not JSON"],
        weight=0.5,
        terms={
            "clarity": Scores(
                [0.5, None, 0.25, None], ["ok", "timeout", "ok", "unparsed"], ["", "no reply", "", "not JSON"]
            )
        },
    )
    terms = {"answer": answer, "format": form, "judge": judge}
    return Scores([1.35, None, 0.225, None], ["ok", "timeout", "ok", "unparsed"], terms=terms)


def _row(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def test_each_term_has_its_row_of_numbers() -> None:
    text = report(_scores())
    assert _row(text, "answer") == ["answer", "1", "4", "0.5", "0.5", "0", "1"]
    assert _row(text, "format") == ["format", "0.1", "4", "1", "0", "1", "1", "2.88"]
    # mean (0.5 + 0.25) / 2, half the difference as spread
    assert _row(text, "judge")[1:7] == ["0.5", "2", "0.375", "0.125", "0.25", "0.5"]
    assert _row(text, "judge")[7:] == ["1", "unparsed,", "1", "timeout"]
    assert _row(text, "clarity")[1:3] == ["2", "0.375"]  # below its parent, by its own name


def test_columns_are_aligned() -> None:
    heading, *rows = report(_scores()).splitlines()[:6]
    for name in ("weight", "scored", "mean", "std", "min", "max"):
        edge = heading.index(name) + len(name)
        assert all(row[edge : edge + 1] in ("", " ") for row in rows)
        assert sum(row[edge - 1].isdigit() for row in rows) >= 3, f"numbers end where {name} ends"


def test_warnings_reasons_and_slow_samples_are_named() -> None:
    text = report(_scores(), [pl.Sample("q", "a", id=f"row-{i}", group="g") for i in range(4)])
    assert "! `format` is constant (1) over all 4 scored samples: it teaches nothing" in text
    assert "! 1 of 1 groups (100%) have a sample without a score" in text
    assert ["2", "answer", "no", "answer"] in [line.split() for line in text.splitlines()]
    assert ["1", "judge.clarity", "timeout", "no", "reply"] in [line.split() for line in text.splitlines()]
    assert text.index("row-3") < text.index("row-0")
    assert "2.00 s" in text


def test_scores_report_is_this_report() -> None:
    assert _scores().report() == report(_scores())


def test_it_fits_a_hundred_columns_whatever_is_in_it() -> None:
    name = "a_very_long_name_" * 9 + "and_its_end"
    long = Scores([None] * 3, "error", ["why " * 200] * 3)
    text = report(Scores([None] * 3, "error", ["x" * 500] * 3, terms={name: long, "[red]b": long}))
    assert max(map(len, text.splitlines())) <= 100
    assert "and_its_end" in text, "a long name is folded, not cut"
    assert "[red]b" in text


@pytest.mark.parametrize("value", ["1", "truecolor"])
def test_the_string_has_no_colour_even_where_colour_is_forced(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", value)
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert "\x1b" not in report(_scores())


def test_no_escape_of_a_model_reaches_the_terminal() -> None:
    bad = Scores([0.0, 0.0], reason=["\x1b[2Jgone", "\x1b[2Jgone"])
    samples = [pl.Sample("q", "a", id="\x1b[31mred"), pl.Sample("q", "a")]
    bad.spent["seconds"] = np.array([1.0, 0.0])
    text = report(bad, samples)
    assert "\x1b" not in text
    assert "⟨ESC⟩[2Jgone" in text


def test_empty_and_all_failed_and_single() -> None:
    assert "there are no samples" in report(Scores([]), [])
    assert "`reward` never had a score: 2 error" in report(Scores([None, None], "error"))
    assert _row(report(Scores([0.25])), "reward") == ["reward", "1", "0.25", "0", "0.25", "0.25"]


def test_the_terminal_has_colour_unless_it_is_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = StringIO()
    render(summarize(_scores()), Console(file=out, force_terminal=True, color_system="truecolor", width=120))
    assert "\x1b[" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = StringIO()
    render(summarize(_scores()), Console(file=plain, force_terminal=True, color_system="truecolor", width=60))
    assert "\x1b[3" not in plain.getvalue(), "no colour, though bold may stay"
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", plain.getvalue()).splitlines())) <= 60


def test_another_number_of_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="1 scores but 0 samples"):
        report(Scores([1.0]), [])


def test_what_came_from_the_cache_is_counted_only_where_there_is_some() -> None:
    plain = Scores([1.0, 1.0, 0.5])
    spared = Scores([1.0, 1.0, 0.5], spent={"hits": np.array([0.0, 1.0, 1.0])})
    assert "cached" not in report(Scores([1.0, 1.0, 0.5], terms={"judge": plain}))
    assert _row(report(Scores([1.0, 1.0, 0.5], terms={"judge": spared})), "judge")[-1] == "2"
