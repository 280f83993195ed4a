"""Published rewards of perception, video and generation, built of existing parts, with numbers worked out by hand.

What judges, encoders and reward models would say is given in ``meta``; what can be verified is read from the response.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.reward import Reward
from plaudit.rewards.verifiable.answers.hierarchical_label import HierarchicalLabel
from plaudit.rewards.verifiable.formats.structure import TagCount
from plaudit.rewards.verifiable.structured.data_match import DataMatch


def given(name: str, low: float = 0.0, high: float = 1.0, asked: list[str] | None = None) -> Reward:
    """A stand-in that answers what ``meta`` says, and writes down that it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(name)
        return sample[name]

    return pl.reward(grade, cost="free", range=(low, high)).named(name)


def value(reward: Reward, text: str = "", reference: Any = None, /, **meta: Any) -> float:
    """The value of one response."""
    return float(reward.score(pl.Sample("?", text, reference, meta=meta)).values[0])


def values(reward: Reward, name: str, column: Sequence[Any]) -> list[float]:
    """The values of a group in which one thing is told of each row."""
    group = [pl.Sample("?", "", group="g", meta={name: told}) for told in column]
    found: list[float] = reward.score(group).values.tolist()
    return found


# ---- perception --------------------------------------------------------------------------------------------------


@pytest.mark.system("q-insight")
@pytest.mark.parametrize(("said", "expected"), [({"rating": 3.44}, 1), ({"rating": 3.46}, 0), ({"severity": 3.1}, 0)])
def test_q_insight_rating(said: dict[str, Any], expected: float) -> None:
    """|3.44 - 3.10| = 0.34 is within 0.35, |3.46 - 3.10| = 0.36 is not."""
    rating = DataMatch(match="equal", atol=0.35)
    assert value(rating, f"<answer>{json.dumps(said)}</answer>", {"rating": 3.10}) == expected


@pytest.mark.system("q-insight")
@pytest.mark.parametrize(("said", "expected"), [("noise/severe", 1.0), ("noise/mild", 0.25), ("blur/severe", 0.0)])
def test_q_insight_degradation(said: str, expected: float) -> None:
    """The kind is worth 0.25, the level 0.75, and only where the kind is right; both are written as a path here."""
    degradation = HierarchicalLabel((0.25, 0.75))
    assert value(degradation, f"<answer>{said}</answer>", "noise/severe") == expected


@pytest.mark.system("q-insight")
@pytest.mark.parametrize(("truth", "expected"), [({"rating": 3.1}, 2.0), ({"rating": {"mean": 3.1}}, 1.0)])
def test_q_insight_pays_the_task_where_braces_within_braces_break_the_form(truth: Any, expected: float) -> None:
    form = pl.Format(regex=r"<think>\n.*\n</think>\n<answer>\n\{[^{}]*\}\n</answer>")
    text = f"<think>\ngrain\n</think>\n<answer>\n{json.dumps(truth)}\n</answer>"
    assert value(form + DataMatch(match="equal", atol=0.35), text, truth) == expected


@pytest.mark.system("pearl")
@pytest.mark.parametrize(
    ("seen", "factor"), [([0.5, 1, 0.75, 0.25, 0.5], 0.5), ([0.25, 0.25, 0.25, 0, 0.25], 0.2), ([0] * 5, 0.0)]
)
def test_pearl(seen: list[float], factor: float) -> None:
    """min(mean, 0.5) of 3 / 5 is 0.5, of 1 / 5 is 0.2; where nothing was seen the reasoning is not even graded."""
    asked: list[str] = []
    fidelity = pl.Statistic(given("seen"), "mean")
    reasoned = pl.Gate(pl.Above(fidelity, 0, strict=True), given("reasoned", -5, 5, asked))
    told = [{"seen": s, "reasoned": r} for s, r in zip(seen, range(-2, 3), strict=True)]
    group = [pl.Sample("?", "", group="g", meta=meta) for meta in told]
    scores = (pl.Clip(fidelity, high=0.5) * reasoned).score(group)
    assert scores.values.tolist() == pytest.approx([r * factor for r in range(-2, 3)])
    assert len(asked) == (5 if factor else 0)


@pytest.mark.system("vlaa-thinker")
@pytest.mark.parametrize(
    ("text", "expected"), [("<think>It is B.</think><answer>B</answer>", 1), ("<think>It is B.</think>B", 0), ("B", 0)]
)
def test_vlaa_thinker_asks_for_the_form_by_the_answer(text: str, expected: float) -> None:
    assert value(pl.Answer("choice", extract="tag"), text, "B") == expected


# ---- video -------------------------------------------------------------------------------------------------------


@pytest.mark.system("seed-bench-r1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>dirty</think><answer>B. wash cup</answer>", 1),
        ("B", 0),
        ("<answer>C</answer>", 0),
        ("<answer>Because it is full</answer>", 0),
    ],
)
def test_seed_bench_r1(text: str, expected: float) -> None:
    """A word that begins with the letter is not the letter."""
    options = {"options": ["fill cup", "wash cup", "dry cup", "break cup"]}
    assert value(pl.Answer("choice", extract="tag"), text, "B.", **options) == expected


@pytest.mark.system("zalando-short-video")
def test_zalando_pays_the_share_watched_not_the_seconds() -> None:
    @pl.reward(cost="free", range=(0, 1))
    def watched(sample: pl.Sample) -> float:
        return float(sample["seconds"] / sample["duration"])

    half = pl.Above(watched, 0.5)
    assert value(half, seconds=6, duration=10) == value(half, seconds=5, duration=10) == 1
    assert value(half, seconds=20, duration=60) == 0


@pytest.mark.system("zalando-short-video")
def test_zalando_ranks_by_cosine() -> None:
    """To the user (1, 0) the items (0.6, 0.8), (0.8, 0.6), (-1, 0) have the cosines of their first coordinates."""
    assert values(pl.Rank(given("cosine", -1)), "cosine", [0.6, 0.8, -1.0]) == [0.5, 1.0, 0.0]


# ---- generation --------------------------------------------------------------------------------------------------


@pytest.mark.system("instructvideo")
def test_instructvideo_attenuates_away_from_the_middle() -> None:
    """exp(-|i - 8|) at 0, 4, 8, 12 is 3.35e-4, 0.0183, 1, 0.0183; their mean 0.25924 times 0.28 is 0.0726."""
    frames = (0, 4, 8, 12)
    weights = [math.exp(-abs(i - 8)) / 4 for i in frames]
    reward = pl.Sum(tuple(given(f"frame{i}") for i in frames), tuple(weights))
    assert value(reward, **{f"frame{i}": 0.28 for i in frames}) == pytest.approx(0.0726, abs=5e-5)
    assert value(reward, frame0=0, frame4=0, frame8=1, frame12=0) == pytest.approx(0.25)


_DIMENSIONS = ("vq", "tc", "dd", "tva", "fc", "aes", "mps")


def _prompt_a_video() -> Reward:
    total = pl.Sum(tuple(given(n, 0, 20) for n in _DIMENSIONS), (1, 1, 1.1, 1.3, 1, 0.8, 1 / 3))
    least = (2.6, 2.6, 2.65, 2.9, 2.55, 5.5, 8.5)
    bars = tuple(pl.Above(given(n, 0, 20), bar, strict=True) for n, bar in zip(_DIMENSIONS, least, strict=True))
    return pl.Gate(pl.Min(bars), total, closed=None)


@pytest.mark.system("prompt-a-video")
def test_prompt_a_video() -> None:
    """3 + 3 + 3.3 + 3.9 + 3 + 4.8 + 3 = 24; with one dimension at or below its bar there is no pair, so no value."""
    full = dict(zip(_DIMENSIONS, (3, 3, 3, 3, 3, 6, 9), strict=True))
    assert value(_prompt_a_video(), **full) == pytest.approx(24.0)
    assert math.isnan(value(_prompt_a_video(), **full | {"tva": 2.8}))
    assert math.isnan(value(_prompt_a_video(), **full | {"tva": 2.9}))


@pytest.mark.system("prompt-a-video")
@pytest.mark.parametrize(("count", "expected"), [(2, 0), (3, 1), (4, 0)])
def test_prompt_a_video_wants_three_prompts(count: int, expected: float) -> None:
    three = pl.Above(TagCount(("<PROMPT>", "</PROMPT>"), times=3), 1)
    assert value(three, "Here: " + "<PROMPT>A cat runs.</PROMPT>\n" * count) == expected


@pytest.mark.system("srum")
@pytest.mark.parametrize(
    ("region", "whole", "expected"),
    [(0.6, 0.5, 0.6), (None, 0.5, 0.375), (-1.0, 0.5, 0.375), (0.6, None, 0.4), (None, None, 0.25)],
)
def test_srum_weighs_one_cell_of_the_picture(region: float | None, whole: float | None, expected: float) -> None:
    """max(0.5, (region + 1) / 2) (whole + 1) / 2; outside every scored region 0.5, and no score of the whole is 0."""
    inside = pl.Default(pl.Clip(pl.Affine(given("region", -1), 0.5, 0.5), low=0.5), 0.5)
    reward = inside * pl.Affine(pl.Default(given("whole", -1), 0.0), 0.5, 0.5)
    assert value(reward, region=region, whole=whole) == pytest.approx(expected)


@pytest.mark.system("gvu")
def test_gvu_does_not_depend_on_the_length_of_the_prompt() -> None:
    """(0.5 * 0.8 * 0.2) ** (1 / 3) = 0.08 ** (1 / 3) = 0.4309, and so for the prompt said twice."""
    likely = [0.5, 0.8, 0.2]
    for told in (likely, likely + likely):
        reward = pl.Geometric([given(f"token{i}") for i in range(len(told))])
        assert value(reward, **{f"token{i}": p for i, p in enumerate(told)}) == pytest.approx(0.4309, abs=5e-5)


@pytest.mark.system("unified-grpo-interleaved")
def test_unified_grpo_pays_text_and_picture_where_the_form_is_broken() -> None:
    """A missing delimiter costs the form's penalty alone, and every term is switched off by itself."""
    form = pl.Affine(pl.Format(tags=("think", "vis")), 1, -1).named("form")
    reward = given("words") + given("picture") + form
    whole, broken = "<think>first</think><vis>7 9</vis>", "<think>first</think><vis>7 9"
    assert value(reward, whole, words=0.5, picture=0.25) == 0.75
    assert value(reward, broken, words=0.5, picture=0.25) == -0.25
    without = [pl.Sum((given("words"), given("picture"), form), w) for w in ((0, 1, 1), (1, 0, 1), (1, 1, 0))]
    assert [value(r, broken, words=0.5, picture=0.25) for r in without] == [-0.75, -0.5, 0.75]


@pytest.mark.system("prompt-enhancer")
def test_prompt_enhancer_averages_over_the_points_that_apply() -> None:
    """4 of the 6 that apply is 0.6667, where a mean over all 24 were 0.1667; the other 18 are not asked."""
    asked: list[str] = []
    told = [1, 1, 0, 1, 1, 0] + [0] * 18
    points = tuple(given(f"point{i}", asked=asked) for i in range(24))
    shares = tuple(pl.Field(f"share{i}") for i in range(24))
    meta = {f"point{i}": p for i, p in enumerate(told)} | {f"share{i}": 1 / 6 if i < 6 else 0 for i in range(24)}
    assert value(pl.Sum(points, shares), **meta) == pytest.approx(0.6667, abs=5e-5)
    assert len(asked) == 6
    assert value(pl.Mean(points), **meta) == pytest.approx(0.1667, abs=5e-5)


@pytest.mark.system("hicogen")
def test_hicogen_counts_a_subject_that_was_not_found() -> None:
    """With one of two subjects found: whole 0.3, relation 0.5, subjects (0.8 + 0) / 2 of likeness and (1 + 0.5) / 2."""
    alike = pl.Mean([pl.Default(given(f"alike{i}"), 0.0) for i in (1, 2)]).named("alike")
    judged = pl.Mean([given(f"judged{i}") for i in (1, 2)]).named("judged")
    subject = (alike + judged).named("subject")
    told = {"whole": 0.3, "relation": 0.5, "alike1": 0.8, "alike2": None, "judged1": 1.0, "judged2": 0.5}
    assert value(given("whole") + subject + given("relation"), **told) == pytest.approx(0.3 + 0.4 + 0.75 + 0.5)
    assert value(given("whole") + given("relation"), **told) == pytest.approx(0.8)
