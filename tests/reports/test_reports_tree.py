"""The static tree of a reward."""

from __future__ import annotations

import plaudit as pl
from plaudit.reports.tree import explain


def _cells(text: str) -> list[list[str]]:
    """Cut every line at the columns of the heading."""
    lines = text.splitlines()
    starts = [lines[0].index(name) for name in ("part", "is", "cost", "sees", "needs", "range")]
    starts.append(max(lines[0].index("range") + 6, 0))
    return [[line[a:b].strip() for a, b in zip(starts, [*starts[1:-1], None], strict=False)] for line in lines[1:]]


def test_a_sum_has_its_weights() -> None:
    rows = _cells(explain(pl.Answer("math") + 0.1 * pl.Format("think-answer")))
    assert [r[0] for r in rows] == ["reward", "├─ 1 × answer", "└─ 0.1 × format"]
    assert [r[1] for r in rows] == [
        'Answer("math") + 0.1 * Format("think-answer")', 'Answer("math")', 'Format("think-answer")',
    ]  # fmt: skip
    assert [r[2] for r in rows] == ["cpu", "cpu 5 s", "free"], "a sum costs what its dearest part costs"
    assert [r[4] for r in rows] == ["reference", "reference", ""]
    assert [r[5] for r in rows] == ["[0, 1.1]", "[0, 1]", "[0, 1]"]


def test_a_gate_says_what_it_gates() -> None:
    text = explain(pl.Gate(pl.Format("think-answer"), pl.Answer("exact"), closed=None))
    reward, condition, behind = text.splitlines()[1:]
    assert reward.endswith("closed: no score (skipped)")
    assert condition.startswith("├─ if format")
    assert behind.startswith("└─ then answer")
    assert behind.endswith("asked where format >= 0.5")
    assert explain(pl.Gate(pl.Format("think"), pl.Answer("exact"))).splitlines()[1].endswith("closed: 0")


def test_a_default_says_what_it_stands_in_for() -> None:
    number = explain(pl.Default(pl.Answer("exact"), 0.25, on=("timeout", "error"))).splitlines()
    assert number[1].endswith("0.25 where it is timeout or error")
    other = explain(pl.Default(pl.Answer("exact"), pl.Format("answer"), on=("timeout",))).splitlines()
    assert other[3].startswith("└─ else format")
    assert other[3].endswith("asked where answer is timeout")


def test_a_route_says_which_samples_go_where() -> None:
    routes = {"sum": pl.Answer("number"), "read": pl.Answer("exact")}
    text = explain(pl.Route(routes, otherwise=pl.Format("answer"))).splitlines()
    assert [line.split()[1] for line in text[2:]] == ["sum", "read", "otherwise"]
    assert [line.partition("asked ")[2] for line in text[2:]] == [
        "where task is sum", "where task is read", "for every other task",
    ]  # fmt: skip


def test_branches_are_drawn_down_to_the_leaves() -> None:
    inner = pl.Gate(pl.Format("think"), pl.Answer("exact") * pl.Length(target=3, width=3))
    parts = [r[0] for r in _cells(explain(inner + 2 * pl.Format("boxed", name="box")))]
    assert parts == [
        "reward",
        "├─ 1 × product",
        "│  ├─ if format",
        "│  └─ then product",
        "│     ├─ answer",
        "│     └─ length",
        "└─ 2 × box",
    ]


def test_rows_that_must_be_seen_together_and_open_ranges() -> None:
    def rank(samples: list[pl.Sample]) -> list[float]:
        return [0.0] * len(samples)

    def count(sample: pl.Sample) -> float:
        return 1.0

    ranked = pl.reward(rank, over="group", cost="free", needs=["user", "style"])
    counted = pl.reward(count, range=(0, float("inf")), cost="free")
    rows = _cells(explain(ranked + counted))
    assert [r[3] for r in rows] == ["group", "group", "sample"]
    assert [r[4] for r in rows] == ["user, style", "user, style", ""]
    assert [r[5] for r in rows] == ["(-inf, inf)", "(-inf, inf)", "[0, inf)"]


def test_long_parts_stay_on_one_line() -> None:
    text = explain(pl.Format(regex="a\n" * 100))
    assert len(text.splitlines()) == 2
    assert "…" in text
    assert len(text.splitlines()[1]) < 100


def test_a_weight_that_is_no_number_is_written_out() -> None:
    reward = pl.Answer("exact") + 0.5 * pl.Linear(1, 0.1) * pl.Format("answer")
    rows = _cells(explain(reward))
    assert [r[0] for r in rows] == ["reward", "├─ 1 × answer", "└─ 0.5 * Linear(1.0, 0.1) × format"]
    assert [r[5] for r in rows] == ["[0, 1.5]", "[0, 1]", "[0, 1]"]


def test_a_statistic_says_which_rows_it_sees() -> None:
    rows = _cells(explain(pl.Format("answer") - pl.Statistic(pl.Format("answer"), "mean")))
    assert [r[0] for r in rows] == ["reward", "├─ 1 × format", "└─ -1 × mean_format", "└─ format"]
    assert [r[3] for r in rows] == ["group", "sample", "group", "sample"]
    assert [r[4] for r in rows] == ["group", "", "group", ""]
