"""Which samples are shown, and what is shown of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from plaudit.core.sample import Sample
from plaudit.core.score import Scores
from plaudit.reports.gallery import Card, Chosen, choose, make_card
from plaudit.reports.summary import summarize


def _chosen(scores: Scores, samples: list[Sample], limit: int) -> list[Chosen]:
    return choose(scores, samples, summarize(scores, samples), limit)


def _card(sample: Sample, scores: Scores | None = None) -> Card:
    return make_card(Chosen(0, ("lowest",)), scores or Scores([0.5]), sample)


def _world(n: int = 400) -> tuple[Scores, list[Sample]]:
    values: list[float | None] = [((i * 37) % n) / n for i in range(n)]
    status = ["ok"] * n
    for row, name in ((11, "timeout"), (222, "invalid"), (301, "timeout")):
        values[row], status[row] = None, name
    reason = ["rare words" if i == 57 else "common words" if i % 3 == 0 else "" for i in range(n)]
    return Scores(values, status, reason), [Sample("q", "a", group=i // 4) for i in range(n)]


def test_extremes_statuses_reasons_and_groups_are_all_shown() -> None:
    scores, samples = _world()
    chosen = _chosen(scores, samples, 24)
    rows = {c.row for c in chosen}
    assert len(chosen) == len(rows) == 24
    assert int(np.nanargmin(scores.values)) in rows
    assert int(np.nanargmax(scores.values)) in rows
    assert {11, 222, 301} <= rows
    assert 57 in rows
    assert len({samples[r].group for r in rows}) > 12
    why = {c.row: c.why for c in chosen}
    assert "invalid" in why[222]
    assert "reward: rare words" in why[57]


def test_rows_without_a_score_come_first_and_then_from_low_to_high() -> None:
    scores, samples = _world()
    values = [scores.values[c.row] for c in _chosen(scores, samples, 30)]
    failed = int(np.isnan(values).sum())
    assert np.isnan(values[:failed]).all()
    assert values[failed:] == sorted(values[failed:])


def test_the_choice_is_the_same_every_time() -> None:
    scores, samples = _world()
    assert _chosen(scores, samples, 30) == _chosen(scores, samples, 30)


def test_equal_values_are_taken_from_all_over_the_data() -> None:
    rows = sorted(c.row for c in _chosen(Scores(np.zeros(1000)), [Sample("q", "a")] * 1000, 10))
    assert all(any(q * 250 <= r < (q + 1) * 250 for r in rows) for q in range(4))


def test_a_failure_that_the_whole_does_not_show_is_shown() -> None:
    judge = Scores([1.0] * 499 + [None], ["ok"] * 499 + ["unparsed"])
    scores = Scores(np.arange(500.0) / 2 % 100, terms={"judge": judge})  # a default stood in
    why = {c.row: c.why for c in _chosen(scores, [Sample("q", "a")] * 500, 10)}
    assert "judge: unparsed" in why[499]


@pytest.mark.parametrize(("n", "limit", "shown"), [(0, 5, 0), (3, 0, 0), (3, 5, 3), (1, 1, 1), (50, 7, 7)])
def test_never_more_than_the_limit_or_the_samples(n: int, limit: int, shown: int) -> None:
    assert len(_chosen(Scores(np.arange(float(n))), [Sample("q", "a")] * n, limit)) == shown


def test_the_breakdown_keeps_value_weight_status_and_reason_of_every_term() -> None:
    gated = Scores(
        [0.0],
        reason=["format: missing <think>"],
        weight=0.3,
        terms={
            "format": Scores([0.0], reason=["missing <think>"]),
            "length": Scores([None], "skipped", ["not asked"]),
        },
    )
    judge = Scores([None], "timeout", ["took 30 s"], weight=0.5)
    whole = Scores([None], "timeout", ["judge: took 30 s"], terms={"length": gated, "judge": judge})
    lines = _card(Sample("q", "a"), whole).lines
    assert [(x.term, x.depth, x.name) for x in lines] == [
        (0, 0, "reward"), (1, 1, "length"), (2, 2, "format"), (3, 2, "length"), (4, 1, "judge"),
    ]  # fmt: skip
    assert [(x.value, x.weight, x.status) for x in lines] == [
        (None, None, "timeout"), (0.0, 0.3, "ok"), (0.0, None, "ok"), (None, None, "skipped"), (None, 0.5, "timeout"),
    ]  # fmt: skip
    # what a part says is not said again above it, nor why a gate that is shown did not ask
    assert [x.reason for x in lines] == ["", "", "missing <think>", "", "took 30 s"]


def test_a_plain_sample_shows_prompt_response_and_reference() -> None:
    card = _card(Sample("2 + 2?", "  four\n", {"value": 4}, id="a", group="g", task="sum"))
    assert [(t.heading, t.text, t.head) for t in card.texts] == [
        ("prompt", "2 + 2?", ""),
        ("response", "  four\n", ""),
        ("reference", '{"value": 4}', ""),
    ]
    assert (card.id, card.about, card.why) == ("a", ("group g", "task sum"), ("lowest",))


def test_a_trajectory_shows_each_turn_with_its_role_and_calls() -> None:
    call = {"id": "1", "function": {"name": "crop", "arguments": '{"box": [0, 1]}'}}
    response = [
        {"role": "assistant", "content": "look", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "done"},
        {"role": "assistant", "content": "4"},
    ]
    card = _card(Sample([{"role": "system", "content": "be brief"}, {"role": "user", "content": "?"}], response))
    assert [(t.heading, t.text) for t in card.texts] == [
        ("prompt 1, system", "be brief"),
        ("prompt 2, user", "?"),
        ("response 1, assistant", 'look\n→ crop({"box": [0, 1]})'),
        ("response 2, tool", "done"),
        ("response 3, assistant", "4"),
    ]


def test_long_texts_are_folded_and_longer_ones_cut_with_their_length() -> None:
    many_lines = _card(Sample("q", "x\n" * 40)).texts[1]
    assert many_lines.head == "\n".join(["x"] * 7)
    assert (many_lines.text, many_lines.left_out) == ("x\n" * 40, 0)
    huge = _card(Sample("q", "y" * 50_000)).texts[1]
    assert (len(huge.text), huge.chars, huge.left_out) == (12_000, 50_000, 38_000)
    assert huge.head == "y" * 350


def test_the_turns_of_a_trajectory_share_the_room() -> None:
    turns = [{"role": "assistant", "content": "z" * 5_000}] * 4
    texts = _card(Sample("q", turns)).texts[1:]
    assert [(len(t.text), t.left_out) for t in texts] == [(5_000, 0), (5_000, 0), (2_000, 3_000), (0, 5_000)]


def test_pictures_say_whose_they_are_and_are_not_too_many() -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    card = _card(Sample("draw", blue, images=[red]))
    assert [p.alt.split(":")[0] for p in card.pictures] == ["prompt", "response"]
    many = _card(Sample("q", "a", images=[Image.new("RGB", (8, 8), (i, 0, 0)) for i in range(9)]))
    assert (len(many.pictures), many.more_pictures) == (6, 3)


@pytest.mark.parametrize(
    "sample",
    [
        Sample("q", 42),
        Sample(object(), "a"),
        Sample("q", [{"type": "hologram"}]),
        Sample("q", "a", images=[3.5]),
        Sample("q", "a", images=["/no/such/file.png"]),
        Sample(None, None, defect="line 3 is not JSON"),
        Sample("q", "a", reference={(1, 2): {3}}),
        Sample("q", "a", reference=object()),
    ],
)
def test_a_broken_record_is_shown_as_broken(sample: Any) -> None:
    card = _card(sample, Scores([None], "invalid", ["bad"]))
    said = " ".join([*(t.heading + t.text for t in card.texts), *(p.fault for p in card.pictures)])
    assert said
    assert card.lines[0].reason == "bad"
