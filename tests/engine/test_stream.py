"""Streams: block by block, groups whole, rows written once, a killed run taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.errors import ReachError
from plaudit.engine import stream
from plaudit.engine.stream import score_stream
from plaudit.records import Writer

LENGTH = pl.Length(target=2, width=2)


def samples(n: int, group: int | None = None) -> Iterator[pl.Sample]:
    for i in range(n):
        yield pl.Sample("?", "w " * (i % 4), id=str(i), group=None if group is None else str(i // group))


@pl.reward(range=(0, 1), over="group")
def share(group: list[pl.Sample]) -> list[float]:
    """One part in how many samples were handed over together with the same group."""
    together = [s.group for s in group]
    return [1 / together.count(s.group) for s in group]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SIZE", 10)
    monkeypatch.setattr(stream, "KEPT", 20)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_sample_is_scored_and_written_once_in_order(tmp_path: Path) -> None:
    told: list[int] = []
    with Writer(tmp_path / "out.jsonl") as writer:
        scored = score_stream(LENGTH, samples(35), writer, advance=lambda done, _: told.append(done))
    expected = [(0.0, 0.5, 1.0, 0.5)[i % 4] for i in range(35)]
    assert scored.scores.values.tolist() == expected
    assert [r["reward"] for r in rows(tmp_path / "out.jsonl")] == expected
    assert [r["id"] for r in rows(tmp_path / "out.jsonl")] == [str(i) for i in range(35)]
    assert told == [10, 20, 30, 35]


def test_only_the_first_samples_are_kept_whole(tmp_path: Path) -> None:
    with Writer(tmp_path / "out.jsonl") as writer:
        scored = score_stream(LENGTH, samples(35, group=5), writer)
    assert [s.id for s in scored.samples] == [str(i) for i in range(35)]
    assert [s.group for s in scored.samples][-1] == "6"
    assert scored.samples[3].text == "w w w "
    assert scored.samples[34].text == ""


def test_groups_stay_whole(tmp_path: Path) -> None:
    with Writer(tmp_path / "out.jsonl") as writer:
        scored = score_stream(share, samples(40, group=8), writer)
    assert scored.scores.values.tolist() == [1 / 8] * 40


def test_a_group_that_comes_back_is_refused_and_what_was_done_is_kept(tmp_path: Path) -> None:
    torn = [*samples(24, group=8), pl.Sample("?", "late", id="late", group="0")]
    why = r"group '0' appears again.*sample late.*sort the data by group"
    with pytest.raises(ReachError, match=why) as caught, Writer(tmp_path / "out.jsonl") as writer:
        score_stream(share, torn, writer)
    assert not (tmp_path / "out.jsonl").exists()
    assert len(rows(tmp_path / "out.jsonl.partial")) == 16
    assert "16 rows" in caught.value.__notes__[0]


def test_no_samples(tmp_path: Path) -> None:
    with Writer(tmp_path / "out.jsonl") as writer:
        scored = score_stream(LENGTH, [], writer)
    assert len(scored.scores) == 0
    assert (tmp_path / "out.jsonl").read_text() == ""


class KilledError(Exception):
    """Stands for whatever ends a process in the middle."""


def interrupted(reward: pl.Reward, out: Path, after: int, group: int | None = None) -> None:
    def killed() -> Iterator[pl.Sample]:
        for k, sample in enumerate(samples(40, group)):
            if k == after:
                raise KilledError
            yield sample

    with pytest.raises(KilledError), Writer(out, {"reward": str(reward)}) as writer:
        score_stream(reward, killed(), writer)


def test_resume_scores_only_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    reward = LENGTH + 0.5 * pl.Format(regex="w .*", name="form")
    interrupted(reward, out, after=27)
    seen: list[int] = []
    with Writer(out, {"reward": str(reward)}, resume=reward.reach) as writer:
        assert len(writer.recovered) == 20
        scored = score_stream(reward, samples(40), writer, advance=lambda done, _: seen.append(done))
    whole = reward.score(list(samples(40)))
    assert scored.resumed == 20
    assert seen == [30, 40]
    assert [r["id"] for r in rows(out)] == [str(i) for i in range(40)]
    assert scored.scores.values.tolist() == whole.values.tolist()
    assert scored.scores["form"].values.tolist() == whole["form"].values.tolist()
    assert scored.scores["form"].weight is not None
    assert scored.scores["form"].weight.tolist() == [0.5] * 40
    assert not list(tmp_path.glob("*.partial*"))


def test_resume_under_a_weight_that_is_no_number(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    reward = pl.load("Linear(1.0, 0.0) * Length(target=2, width=2)")
    interrupted(reward, out, after=27)
    with Writer(out, {"reward": str(reward)}, resume=reward.reach) as writer:
        scored = score_stream(reward, samples(40), writer)
    assert scored.scores.values.tolist() == reward.score(list(samples(40))).values.tolist()
    weight = scored.scores["length"].weight
    assert weight is not None
    assert weight[20:].tolist() == [1.0] * 20
    assert all(w != w for w in weight[:20].tolist())  # the records do not say what it was: NaN, not a guess


def test_resume_never_tears_a_group(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    interrupted(share, out, after=39, group=8)
    partial = out.with_name("out.jsonl.partial")
    lines = partial.read_text().splitlines(keepends=True)
    partial.write_text("".join(lines[:11]))  # the group of rows 8 to 15 is not all there
    with Writer(out, {"reward": str(share)}, resume=share.reach) as writer:
        assert [row["id"] for row in writer.recovered] == [str(i) for i in range(8)]
        scored = score_stream(share, samples(40, group=8), writer)
    assert scored.scores.values.tolist() == [1 / 8] * 40
    assert [r["id"] for r in rows(out)] == [str(i) for i in range(40)]


def test_resume_of_another_run_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    interrupted(LENGTH, out, after=15)
    with pytest.raises(pl.ConfigError, match=r"out\.jsonl\.partial is of a run with reward 'Length.*not 'Other"):
        Writer(out, {"reward": "Other()"}, resume="sample")
    why = r"row 0 of the interrupted run is '0', but the data has 'x' there"
    about = {"reward": str(LENGTH)}
    with pytest.raises(pl.ConfigError, match=why), Writer(out, about, resume="sample") as writer:
        score_stream(LENGTH, [pl.Sample("?", "w", id="x")], writer)
