"""Published rewards as nestings of operators, with the papers' constants and numbers worked out by hand.

What judges, encoders and verifiers of other rooms would say is given in ``meta``; here only the composition is tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import plaudit as pl
from plaudit.core.reward import Reward


def given(name: str, low: float = 0.0, high: float = 1.0, asked: list[str] | None = None) -> Reward:
    """A stand-in that answers what ``meta`` says, and writes down that it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(name)
        return sample[name]

    return pl.reward(grade, cost="free", range=(low, high)).named(name)


def score(reward: Reward, table: Sequence[dict[str, Any]], context: pl.Context | None = None) -> pl.Scores:
    """Score one group, one row of ``meta`` a sample."""
    return reward.score([pl.Sample("?", "", group="g", meta=meta) for meta in table], context)


def value(reward: Reward, context: pl.Context | None = None, /, **meta: Any) -> float:
    """The value of one sample."""
    return float(score(reward, [meta], context).values[0])


def values(reward: Reward, name: str, column: Sequence[Any]) -> list[float]:
    """The values of a group in which one thing is told of each row."""
    found: list[float] = score(reward, [{name: told} for told in column]).values.tolist()
    return found


# ---- weighted sums -----------------------------------------------------------------------------------------------


@pytest.mark.system("perception-r1")
def test_perception_r1() -> None:
    """A visual annotation that no judge could read counts 0, and its own mean leaves it out."""
    seen = pl.Default(given("seen"), 0.0)
    reward = 0.9 * given("right") + 0.1 * given("form") + 0.7 * seen + given("repetition", -2, 0)
    full = {"right": 1, "form": 1, "seen": 0.75, "repetition": 0}
    assert value(reward, **full) == pytest.approx(1.525)
    scores = score(reward, [full, full | {"seen": None}])
    assert scores.values.tolist() == pytest.approx([1.525, 1.0])
    assert np.nanmean(scores["seen.seen"].values) == 0.75
    assert reward.range == pytest.approx((-2.0, 1.7))


@pytest.mark.system("3d-r1")
def test_3d_r1() -> None:
    reward = 0.3 * given("form") + 0.4 * given("overlap") + 0.3 * given("similar", -1)
    assert value(reward, form=1, overlap=0.5 / 1.5, similar=0.9) == pytest.approx(0.3 + 0.4 / 3 + 0.27)


@pytest.mark.system("revisor")
@pytest.mark.parametrize(("final", "segment", "expected"), [(1, 1, 0.9), (1, 0, 0.6), (0, 1, 0.3), (0, 0, 0)])
def test_revisor(final: int, segment: int, expected: float) -> None:
    reward = 0.6 * given("final") + 0.3 * given("segment")
    assert value(reward, final=final, segment=segment) == pytest.approx(expected)


@pytest.mark.system("listener-rewarded-thinking")
@pytest.mark.parametrize(("right", "listener", "expected"), [(1, 0.8, 1.9), (0, 0.3, 1.15), (1, 0.1, 1.55)])
def test_listener(right: int, listener: float, expected: float) -> None:
    reward = given("form") + 0.5 * given("right") + 0.5 * given("listener")
    assert value(reward, form=1, right=right, listener=listener) == pytest.approx(expected)


@pytest.mark.system("diffusion-latent-beam-search")
def test_diffusion_latent_beam_search() -> None:
    names = ("subject", "motion", "degree", "aesthetic", "consistency")
    reward = pl.Sum(tuple(given(n) for n in names), (0, 0.25, 0.25, 0, 1))
    assert value(reward, **dict(zip(names, (0.9, 0.8, 0.6, 0.5, 0.2), strict=True))) == pytest.approx(0.55)


@pytest.mark.system("adv-grpo")
def test_adv_grpo() -> None:
    reward = 0.7 * given("whole", -1) + 0.3 * given("patches", -1)
    assert value(reward, whole=1.0, patches=-1.0) == pytest.approx(0.4)


@pytest.mark.system("mmada-unigrpo")
@pytest.mark.parametrize(("right", "form", "expected"), [(1, 1, 2.5), (0, 1, 0.5), (1, 0, 2.0)])
def test_mmada(right: int, form: int, expected: float) -> None:
    assert value(2 * given("right") + 0.5 * given("form"), right=right, form=form) == expected


@pytest.mark.system("temporal-rlt")
@pytest.mark.parametrize(("form", "expected"), [(1, 0.6667), (0, 0.1667)])
def test_temporal_rlt(form: int, expected: float) -> None:
    reward = 0.5 * given("overlap") + 0.5 * given("form")
    assert value(reward, overlap=2 / 6, form=form) == pytest.approx(expected, abs=1e-4)


@pytest.mark.system("video-com")
def test_video_com_pays_for_the_process_whatever_the_answer() -> None:
    reward = given("right") + given("process")
    assert value(reward, right=1, process=3 / 4) == 1.75
    assert value(reward, right=0, process=1) == value(reward, right=1, process=0) == 1.0


@pytest.mark.system("p-genrm")
@pytest.mark.parametrize(("outcome", "expected"), [(1, 1.4), (0, 0.4), (-0.1, 0.3)])
def test_p_genrm(outcome: float, expected: float) -> None:
    assert value(0.5 * given("process") + given("outcome", -0.1), process=0.8, outcome=outcome) == pytest.approx(
        expected
    )


@pytest.mark.system("vans-joint-grpo")
def test_vans() -> None:
    first = given("form") + given("caption") + given("frames")
    assert value(first, form=1, caption=0.4, frames=0.8) == pytest.approx(2.2)
    assert value(given("frames") + given("aligned"), frames=0.8, aligned=0.3) == pytest.approx(1.1)


@pytest.mark.system("msrl")
def test_msrl_keeps_scale_and_weight_apart() -> None:
    """The task reward is 0.2 and weighs 0.2: both can be read."""
    reward = given("right") + 0.2 * given("form") + 0.2 * pl.Affine(given("kind"), 0.2)
    scores = score(reward, [{"right": 1, "form": 1, "kind": 1}, {"right": 0, "form": 1, "kind": 1}])
    assert scores.values.tolist() == pytest.approx([1.24, 0.24])
    assert scores["kind"].weight is not None
    assert (scores["kind"].weight[0], scores["kind"].values[0], scores["kind.kind"].values[0]) == (0.2, 0.2, 1.0)
    group = [{"r": 1.24}, {"r": 0.24}]
    assert score(_centred(given("r", 0, 2)), group).values.tolist() == pytest.approx([0.5, -0.5])


# ---- products and gates ------------------------------------------------------------------------------------------


@pytest.mark.system("vision-sr1")
@pytest.mark.parametrize(
    ("right", "described", "again", "expected"), [(1, 1, 1, 2.0), (1, 1, 0, 1.0), (0, 1, 1, 1.1), (1, 0, 1, 0.9)]
)
def test_vision_sr1(right: int, described: int, again: int, expected: float) -> None:
    """Without a description the second pass is not asked: the released code would hand it the answer."""
    second = pl.Gate(given("described"), given("again"))
    reward = 0.9 * given("right") + 0.1 * given("form") + second
    meta = {"right": right, "described": described, "again": again, "form": described}
    assert value(reward, **meta) == pytest.approx(expected)


@pytest.mark.system("videorft")
@pytest.mark.parametrize(("right", "cosine", "expected"), [(1, 0.3, 2.6), (1, 0.7, 3.0), (0, 0.7, 1.0), (1, -0.5, 2.0)])
def test_videorft(right: float, cosine: float, expected: float) -> None:
    semantic = pl.Clip(pl.Affine(given("cosine", -1), 2), 0, 1)
    reward = given("form") + given("right") + pl.Gate(pl.Above(given("right"), 0, strict=True), semantic)
    assert value(reward, form=1, right=right, cosine=cosine) == pytest.approx(expected)
    assert reward.range == (0.0, 3.0)


@pytest.mark.system("videorft")
@pytest.mark.parametrize("correct", [1, 2, 3])
def test_videorft_pays_for_length_where_two_are_right(correct: int) -> None:
    """Two of a group of eight are a mean of 0.25."""
    several = pl.Above(pl.Statistic(given("right"), "mean"), 2 / 8)
    bonus = 0.2 * pl.Product((given("right"), given("window"), several)).named("bonus")
    rows = [{"right": float(i < correct), "window": 1} for i in range(8)]
    paid = [0.2 if i < correct and correct >= 2 else 0.0 for i in range(8)]
    assert score(bonus, rows).values.tolist() == pytest.approx(paid)


@pytest.mark.system("rewatch-r1")
@pytest.mark.parametrize(("right", "expected"), [(1, 3.5), (0, 1.0)])
def test_rewatch_r1_never_pays_for_the_way_to_a_wrong_answer(right: int, expected: float) -> None:
    reward = given("right") * pl.Affine(given("observed") + given("reasoned"), shift=1) + given("form")
    assert value(reward, right=right, observed=0.5, reasoned=1, form=1) == expected


@pytest.mark.system("onethinker")
@pytest.mark.parametrize(("right", "form", "expected"), [(1, 1, 1.5), (0, 1, 0.6), (1, 0, 0.9)])
def test_onethinker(right: int, form: int, expected: float) -> None:
    reward = 0.9 * given("right") + 0.1 * given("form") + pl.Gate(given("form"), given("structure"))
    assert value(reward, right=right, form=form, structure=0.5) == pytest.approx(expected)


@pytest.mark.system("deepsport")
@pytest.mark.parametrize(
    ("form", "right", "called", "expected"),
    [(1, 1, 1, 1.5), (1, 1, 0, 1.0), (1, 0.4, 1, 0.43), (1, 0.4, 0, 0.4), (1, 0.5, 1, 0.75), (0, 1, 1, -0.05)],
)
def test_deepsport_rewards_tools_behind_gates(form: int, right: float, called: int, expected: float) -> None:
    useful = pl.Gate(pl.Above(given("right"), 0.5), pl.Affine(given("right"), 0.5).named("gain"), closed=0.03)
    reward = pl.Gate(given("form"), given("right") + pl.Gate(given("called"), useful), closed=-0.05)
    assert value(reward, form=form, right=right, called=called) == pytest.approx(expected)
    assert reward.range == (-0.05, 1.5)


@pytest.mark.system("framethinker")
@pytest.mark.parametrize(
    ("right", "chose", "got", "consistent", "expected"),
    [(1, 0, 0, 1, 1.0), (1, 1, 0, 1, 1.02), (1, 1, 1, 1, 1.52), (0, 1, 1, 1, 0), (1, 1, 1, 0, 0)],
)
def test_framethinker(right: int, chose: int, got: int, consistent: int, expected: float) -> None:
    actions = pl.Affine(0.02 * given("chose") + 0.5 * given("got"), shift=1)
    reward = pl.Gate(given("consistent"), given("right") * actions)
    assert value(reward, right=right, chose=chose, got=got, consistent=consistent) == pytest.approx(expected)


@pytest.mark.system("earl")
@pytest.mark.parametrize(
    ("right", "overlap", "expected"), [(1, 2 / 3, 1.6333), (0, 2 / 3, -0.3667), (1, 0.25, 0.5 + 0.3 + 0.125)]
)
def test_earl(right: int, overlap: float, expected: float) -> None:
    """Right with evidence 1, right without 0.5, wrong -1; alpha 0.3 and beta 0.5."""
    earned = pl.Gate(given("right"), pl.Affine(pl.Above(given("overlap"), 0.5), 0.5, 0.5).named("answer"), closed=-1)
    reward = earned + 0.3 * given("acted") + 0.5 * given("overlap")
    assert value(reward, right=right, overlap=overlap, acted=1) == pytest.approx(expected, abs=1e-4)


@pytest.mark.system("earl")
def test_earl_changes_its_weights_when_the_share_has_passed() -> None:
    after = math.nextafter(0.5, 1)
    reward = pl.Steps({0: 0.3, after: 0.1}) * given("acted") + pl.Steps({0: 0.1, after: 0.5}) * given("overlap")
    found = [value(reward, pl.Context(step, 100), acted=1, overlap=0) for step in (0, 50, 51, 100)]
    assert found == [0.3, 0.3, 0.1, 0.1]
    assert value(reward, pl.Context(51, 100), acted=0, overlap=1) == 0.5


@pytest.mark.system("stvg-o1")
@pytest.mark.parametrize(
    ("time", "think", "pred", "expected"), [(1, 1, 1, 5.0), (0.5, 0.4, 0.8, 3.9), (0.5, 0.8, 0.4, 3.7)]
)
def test_stvg_o1_pays_for_boxes_that_got_better(time: float, think: float, pred: float, expected: float) -> None:
    before, after = given("think", -3), given("pred", -3)
    gain = pl.Clip(after - before, low=0).named("gain")
    reward = given("form") + given("consistent") + given("time") + before + after + 0.5 * gain
    meta = {"form": 1, "consistent": 1, "time": time, "think": think, "pred": pred}
    assert value(reward, **meta) == pytest.approx(expected)


@pytest.mark.system("vrag-rl")
def test_vrag_rl_calls_no_judge_behind_a_closed_gate() -> None:
    asked: list[str] = []
    inside = 0.7 * given("judge", asked=asked) + 0.1 * given("pattern") + 0.2 * given("ndcg")
    reward = pl.Gate(given("pattern"), inside)
    assert value(reward, pattern=1, judge=1, ndcg=1 / math.log2(3)) == pytest.approx(0.92619, abs=1e-5)
    assert value(reward, pattern=1, judge=0, ndcg=1) == pytest.approx(0.3)
    asked.clear()
    assert value(reward, pattern=0, judge=1, ndcg=1) == 0
    assert asked == []


@pytest.mark.system("unidoc-rl")
@pytest.mark.parametrize(
    ("form", "ndcg", "region", "expected", "calls"),
    [(1, 0.63093, 2 / 3, 0.92976, 1), (0.5, 1, 1, 0.35, 0), (0, 1, 1, 0, 0)],
)
def test_unidoc_rl_asks_the_judge_only_of_whole_trajectories(
    form: float, ndcg: float, region: float, expected: float, calls: int
) -> None:
    asked: list[str] = []
    judge = pl.Gate(pl.Above(given("form"), 1), given("judge", asked=asked))
    shares = 0.1 * (given("ndcg") + given("rerank") + given("region") + given("form"))
    reward = pl.Gate(given("form"), 0.6 * judge + shares)
    found = value(reward, form=form, ndcg=ndcg, rerank=1, region=region, judge=1)
    assert found == pytest.approx(expected, abs=1e-5)
    assert len(asked) == calls


@pytest.mark.system("table2latex-rl")
@pytest.mark.parametrize(
    ("teds", "similar", "expected", "rendered"), [(1, 1, 2, 1), (0.9, 0.7, 1, 1), (0.25, 1, 0, 0), (0.95, 0.6, 1, 1)]
)
def test_table2latex_renders_only_what_is_near(teds: float, similar: float, expected: float, rendered: int) -> None:
    """Both thresholds are strict; below 0.3 the renderer is not called."""
    asked: list[str] = []
    visual = pl.Gate(pl.Above(given("teds"), 0.3), pl.Above(given("similar", asked=asked), 0.6, strict=True))
    reward = visual + pl.Above(given("teds"), 0.9, strict=True)
    assert value(reward, teds=teds, similar=similar) == expected
    assert len(asked) == rendered


@pytest.mark.system("webgen-r1")
def test_webgen_r1_is_a_cascade() -> None:
    """Nothing is started behind a bad manifest, and a judge that is not there is missing, not a grade of 0."""
    asked: list[str] = []
    served = pl.Gate(given("manifest"), pl.Gate(given("served", asked=asked), given("grade", 0, 5, asked)))
    reward = served + 0.1 * given("manifest") + 0.1 * given("form")
    good = {"manifest": 1, "served": 1, "grade": 4, "form": 1}
    assert value(reward, **good) == pytest.approx(4.2)
    asked.clear()
    assert value(reward, **(good | {"manifest": 0})) == pytest.approx(0.1)
    assert asked == []
    assert score(reward, [good | {"grade": None}]).status.tolist() == ["missing"]


@pytest.mark.system("humanomni-v2")
@pytest.mark.parametrize(
    ("right", "reasoning", "context", "expected"),
    [(1, 0.8, 0.4, (1, 0, 0, 0.4)), (1, 0.4, 0.6, (1, 0, 0.4, 0.6)), (1, 0.6, 0.6, (1, 1, 0.6, 0.6))],
)
def test_humanomni_v2_gates_what_stands_on_bad_context(
    right: float, reasoning: float, context: float, expected: tuple[float, ...]
) -> None:
    seen = pl.Above(given("context"), 0.4, strict=True)
    sound = pl.Min([seen, pl.Above(given("reasoning"), 0.4, strict=True)])
    reward = given("form") + pl.Gate(sound, given("right")) + pl.Gate(seen, given("reasoning")) + given("context")
    scores = score(reward, [{"form": 1, "right": right, "reasoning": reasoning, "context": context}])
    assert scores.matrix().values[0].tolist() == list(expected)


@pytest.mark.system("humanomni-v2")
def test_humanomni_v2_anneals_over_half_of_training() -> None:
    weight = pl.Linear(1, 0.25, finish=0.5) * given("kl")
    assert [value(weight, pl.Context(s, 100), kl=1) for s in (25, 50, 80)] == [0.625, 0.25, 0.25]


@pytest.mark.system("infigui-g1")
@pytest.mark.parametrize(
    ("valid", "points", "expected"), [(1, 0.5, 1.5), (1, 1, 2), (1, -0.5, 0.5), (1, -1, 0), (0, 1, -1)]
)
def test_infigui_g1(valid: int, points: float, expected: float) -> None:
    reward = pl.Gate(given("valid"), pl.Affine(given("points", -1), shift=1), closed=-1)
    assert value(reward, valid=valid, points=points) == expected
    assert reward.range == (-1.0, 2.0)


@pytest.mark.system("got-r1")
def test_got_r1() -> None:
    reward = given("image") * (given("meaning") + given("layout")) * given("boxes")
    full = {"image": 0.8, "meaning": 0.9, "layout": 0.7, "boxes": 0.5}
    assert value(reward, **full) == pytest.approx(0.64)
    for name in ("image", "boxes"):
        assert value(reward, **(full | {name: 0})) == 0


@pytest.mark.system("search-r2")
@pytest.mark.parametrize(("right", "useful", "expected"), [(1, 3 / 4, 1.75), (0, 1, 0), (1, 0, 1)])
def test_search_r2(right: int, useful: float, expected: float) -> None:
    assert value(given("right") * pl.Affine(given("useful"), shift=1), right=right, useful=useful) == expected


@pytest.mark.system("r1-reward")
@pytest.mark.parametrize(
    ("right", "form", "agrees", "expected"),
    [(1, 1, 1, 2.0), (1, 1, -1, 1.0), (1, 0, 1, 1.5), (0, 1, 1, 0.5), (0, 1, -1, 0.5), (0, 0, 1, 0.0)],
)
def test_r1_reward(right: int, form: int, agrees: int, expected: float) -> None:
    reward = 0.5 * given("form") + given("right") * pl.Affine(given("agrees", -1), 0.5, 1)
    assert value(reward, right=right, form=form, agrees=agrees) == expected


@pytest.mark.system("arm-thinker")
@pytest.mark.parametrize(
    ("form", "right", "called", "worked", "expected"),
    [
        (0, 1, 1, 1, 0.0),
        (1, 0, 0, 0, 0.3),
        (1, 0, 1, 0, 0.4),
        (1, 1, 0, 0, 1.0),
        (1, 1, 1, 0, 1.0),
        (1, 1, 1, 1, 1.5),
    ],
)
def test_arm_thinker(form: int, right: int, called: int, worked: int, expected: float) -> None:
    """Right: 0.3 + 0.7, and 0.5 more for a tool that worked; wrong: 0.3, and 0.1 more for having tried."""
    earned = pl.Gate(given("right"), pl.Affine(given("worked"), 0.5, 1), closed=None)
    tried = pl.Affine(given("called"), 0.1, 0.3)
    reward = pl.Gate(given("form"), pl.Default(earned, tried, on=["skipped"]))
    assert value(reward, form=form, right=right, called=called, worked=worked) == pytest.approx(expected)


@pytest.mark.system("visual-erm")
@pytest.mark.parametrize(
    ("rendered", "severity", "expected", "calls"),
    [
        (1, -6, 1.88, 1),
        (1, 0, 2.0, 1),
        (1, -50, 1.0, 1),
        (1, -80, 1.0, 1),
        (0, 0, 0.0, 0),
        (1, ("unparsed", "no JSON"), 1.5, 1),
    ],
)
def test_visual_erm(rendered: int, severity: Any, expected: float, calls: int) -> None:
    """What can't be read twice counts as the average of 25, a stated choice; what is not rendered asks nobody."""
    asked: list[str] = []
    errors = pl.Default(given("errors", -1000, 0, asked), -25, on=["unparsed"])
    reward = pl.Gate(given("rendered"), pl.Affine(pl.Clip(pl.Affine(errors, 1 / 50, 1), 0, 1), shift=1))
    assert value(reward, rendered=rendered, errors=severity) == pytest.approx(expected)
    assert len(asked) == calls


@pytest.mark.system("vr-thinker")
@pytest.mark.parametrize(("overall", "expected"), [(1, 0.8333), (0, 0.3333)])
def test_vr_thinker(overall: int, expected: float) -> None:
    parts = pl.Mean([given("words"), given("motion"), given("look")])
    reward = 0.5 * given("overall") + 0.5 * parts
    assert value(reward, overall=overall, words=1, motion=1, look=0) == pytest.approx(expected, abs=1e-4)
    gain = 0.2 * (given("last") - given("first"))
    assert value(gain, first=1 / 3, last=5 / 6) == pytest.approx(0.1)
    assert value(gain, first=5 / 6, last=1 / 3) == pytest.approx(-0.1)


@pytest.mark.system("vr-thinker")
@pytest.mark.parametrize(("users", "bonus"), [(1, 0.075), (2, 0.0)])
def test_vr_thinker_pays_explorers_while_they_are_few(users: int, bonus: float) -> None:
    """The share is of the whole group, so it stands beside the tool's term and not behind its gate."""
    few = pl.Clip(pl.Affine(pl.Statistic(given("tool"), "mean"), -1, 0.2), low=0)
    tools = [float(i < users) for i in range(8)]
    assert values(given("tool") * few, "tool", tools) == pytest.approx([bonus * t for t in tools])


@pytest.mark.system("toolrl")
@pytest.mark.parametrize(("share", "form", "expected"), [(3 / 4, 1, 2.5), (2.5 / 4, 0, 0.75), (0, 0, -3), (1, 1, 4)])
def test_toolrl_maps_a_share_to_its_scale(share: float, form: int, expected: float) -> None:
    reward = pl.Affine(given("share"), 6, -3) + given("form")
    assert value(reward, share=share, form=form) == expected
    assert reward.range == (-3.0, 4.0)


@pytest.mark.system("shop-r1")
@pytest.mark.parametrize(
    ("valid", "same", "name", "rouge", "expected"),
    [(1, 1, 1, 1.0, 1001.0), (1, 1, 1, 0.6, 1.0), (1, 1, 0, 0, 0.8), (1, 0, 1, 1, 0.5), (0, 1, 1, 1, 0)],
)
def test_shop_r1_click(valid: int, same: int, name: int, rouge: float, expected: float) -> None:
    similar = pl.Gate(pl.Above(given("rouge"), 0.75), given("rouge").named("similar"))
    typed = pl.Gate(given("same"), pl.Affine(0.2 * given("name_there") + 1000 * similar, shift=0.3))
    reward = pl.Gate(given("valid"), pl.Affine(typed, shift=0.5))
    assert value(reward, valid=valid, same=same, name_there=name, rouge=rouge) == pytest.approx(expected)


@pytest.mark.system("clip-caption-reward")
def test_clip_caption_reward() -> None:
    def clip(name: str) -> Reward:
        return pl.Clip(pl.Affine(given(name, -1), 2.5), low=0)

    gain = 2 * (clip("sampled") - clip("greedy")) + (given("grammar") - given("greedy_grammar"))
    assert value(gain, sampled=0.3, greedy=0.25, grammar=0.9, greedy_grammar=0.7) == pytest.approx(0.45)
    assert value(clip("sampled"), sampled=-0.2) == 0
    both = pl.Harmonic([given("image", 0, 2.5), given("words", 0, 2.5)])
    assert value(both, image=0.6, words=0.9) == pytest.approx(0.72)


@pytest.mark.system("t2i-compbench")
def test_t2i_compbench() -> None:
    assert value(given("first") * given("second"), first=0.9, second=0.8) == pytest.approx(0.72)


# ---- means, extremes, order --------------------------------------------------------------------------------------


@pytest.mark.system("rpo-lambda-harmonic")
def test_rpo_lambda_harmonic() -> None:
    """Lambda weighs the image term; a term of 0 makes all of it 0, which a weighted sum would not."""
    for weight, expected in ((0.5, 0.6857), (0.999999, 0.8), (0.000001, 0.6)):
        reward = pl.Harmonic([given("image"), given("words")], weights=(weight, 1 - weight))
        assert value(reward, image=0.8, words=0.6) == pytest.approx(expected, abs=1e-4)
        assert value(reward, image=0, words=1) == 0


@pytest.mark.system("searchllm")
def test_searchllm() -> None:
    """A soft "and" over safety terms with delta 0.1, times the utility."""
    delta = 0.1
    first, second = (
        pl.Affine(given(name), 1 / (1 + delta), delta / (1 + delta)) for name in ("grounded", "safe")
    )  # fmt: skip
    gate = pl.Geometric([first, second])
    assert value(gate, grounded=1, safe=1) == pytest.approx(1)
    assert value(gate, grounded=1, safe=0) == pytest.approx(0.3015, abs=1e-4)
    utility = pl.Mean([given("useful"), given("clear")], weights=(2, 1))
    meta = {"useful": 0.9, "clear": 0.3, "grounded": 1}
    assert value(utility, **meta) == pytest.approx(0.7)
    assert value(gate * utility, **meta, safe=0) == pytest.approx(0.2111, abs=1e-4)
    assert value(gate * utility, **meta, safe=1) == pytest.approx(0.7)


@pytest.mark.system("v-triune")
def test_v_triune_is_a_weighted_mean() -> None:
    reward = pl.Mean([given("right"), given("form")], weights=(1.0, 0.1))
    assert value(reward, right=1, form=0.75) == pytest.approx(0.97727, abs=1e-5)


@pytest.mark.system("v-triune")
@pytest.mark.parametrize(("step", "expected"), [(5, 0.9), (10, 0.9), (20, 0.0), (50, 0.0)])
def test_v_triune_asks_for_more_overlap_as_training_goes_on(step: int, expected: float) -> None:
    """0.85 up to a tenth of training, 0.95 up to a quarter, 0.99 after."""
    second, third = math.nextafter(0.1, 1), math.nextafter(0.25, 1)
    stages = [
        (pl.Steps({0: 1, second: 0}), 0.85),
        (pl.Steps({0: 0, second: 1, third: 0}), 0.95),
        (pl.Steps({0: 0, third: 1}), 0.99),
    ]
    terms = (
        weight * pl.Gate(pl.Above(given("overlap"), least), given("overlap").named("passed")).named(f"from_{i}")
        for i, (weight, least) in enumerate(stages)
    )
    reward = sum(terms)
    assert isinstance(reward, Reward)
    assert value(reward, pl.Context(step, 100), overlap=0.9) == expected


def _band(reward: Reward, low: float, high: float) -> Reward:
    """0 below the band, 1 above it, the value itself inside."""
    inside = pl.Gate(pl.Above(reward, low), reward.named("inside"))
    return pl.Max([inside, pl.Above(reward, high, strict=True).named("beyond")], name=reward.label)


@pytest.mark.system("vision-r1-griffon")
@pytest.mark.parametrize(
    ("step", "precision", "recall"), [(0, 1.6 / 3, 2 / 3), (1499, 1.6 / 3, 2 / 3), (1500, 0.8 / 3, 0)]
)
def test_vision_r1_refines_its_rules(step: int, precision: float, recall: float) -> None:
    boxes = [given(f"q{i}") for i in range(3)]
    early, late = pl.Steps({0: 1, 0.5: 0}), pl.Steps({0: 0, 0.5: 1})
    exact = early * pl.Mean([_band(q, 0.5, 0.75) for q in boxes], name="early") + late * pl.Mean(
        [_band(q, 0.75, 0.9) for q in boxes], name="late"
    )

    def found(least: float) -> Reward:
        return _band(pl.Mean([pl.Above(q, least, strict=True) for q in boxes], name="share"), 0.5, 0.75)

    whole = early * found(0.5).named("early") + late * found(0.75).named("late")
    meta = {"q0": 0.6, "q1": 0.8, "q2": 0.3}
    context = pl.Context(step, total=3000)
    assert value(exact, context, **meta) == pytest.approx(precision)
    assert value(whole, context, **meta) == pytest.approx(recall)


@pytest.mark.system("mmgr")
def test_mmgr_wants_every_criterion() -> None:
    """A strict "and" for each sample; the product of the criteria's means would be 0.64."""
    table = [[1, 1, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 1]]
    rows = [dict(zip("abc", row, strict=True)) for row in table]
    scores = score(pl.Min([given(name) for name in "abc"]), rows)
    assert scores.values.mean() == pytest.approx(3 / 5)
    assert [scores[name].values.mean() for name in "abc"] == pytest.approx([0.8, 0.8, 1.0])


@pytest.mark.system("acre")
def test_acre_orders_by_right_then_consistent() -> None:
    """Both right; right but not after shuffling; consistent but wrong."""
    reward = pl.Lexicographic([given("right"), given("consistent")])
    found = [value(reward, right=r, consistent=c) for r, c in ((1, 1), (1, 0), (0, 1))]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 3


@pytest.mark.system("vbench")
def test_vbench_total() -> None:
    ends = {"subject": (0.1462, 1), "background": (0.2615, 1), "flicker": (0.6293, 1), "smooth": (0.706, 0.9975)}
    ends |= {"aesthetic": (0, 1), "imaging": (0, 1), "dynamic": (0, 1)}
    unit = [pl.Affine(given(n), 1 / (high - low), -low / (high - low)) for n, (low, high) in ends.items()]
    quality = pl.Mean(unit, weights=[1] * 6 + [0.5])
    least = {n: low for n, (low, _) in ends.items()}
    assert value(quality, **(least | {"dynamic": 1})) == pytest.approx(0.5 / 6.5)
    assert value(quality, **{n: high for n, (_, high) in ends.items()}) == pytest.approx(1)
    total = pl.Mean([given("quality"), given("semantic")], weights=[4, 1])
    assert value(total, quality=1, semantic=0.5) == pytest.approx(4.5 / 5)


# ---- weights of the record and of the time -----------------------------------------------------------------------


@pytest.mark.system("rewardmap")
@pytest.mark.parametrize(
    ("difficulty", "right", "detail", "expected"),
    [(1.5 + 0.5, 1, 4, 24), (1.0, 1, 1, 10.5), (1.2, 1, 0, 12), (1.2, 0, 0, 0)],
)
def test_rewardmap_weighs_by_difficulty(difficulty: float, right: int, detail: float, expected: float) -> None:
    reward = pl.Field("difficulty", 1, 2) * (10 * given("right") + 0.5 * given("detail", -100, 10))
    assert value(reward, difficulty=difficulty, right=right, detail=detail) == pytest.approx(expected)
    assert reward.range == (-100.0, 30.0)


@pytest.mark.system("msrl-chart2code")
def test_msrl_calls_no_judge_in_its_first_stage() -> None:
    """What does not run has no picture to judge."""
    asked: list[str] = []
    seen = pl.Gate(given("runs"), given("seen", asked=asked))
    reward = given("words") + pl.Steps({0: 0, 2 / 3: 1}) * seen + given("runs")
    meta = {"words": 0.5, "runs": 1, "seen": 0.9}
    assert value(reward, pl.Context(10, 100), **meta) == 1.5
    assert asked == []
    assert value(reward, pl.Context(67, 100), **meta) == pytest.approx(2.4)
    assert value(reward, pl.Context(67, 100), **(meta | {"runs": 0})) == 0.5
    assert asked == ["seen"]


# ---- groups ------------------------------------------------------------------------------------------------------


def _centred(reward: Reward, by: str = "group") -> Reward:
    return reward - pl.Statistic(reward, "mean", by)


SOPHIA = {"outcome": (1, 1, 0, 0), "thinking": (0.4, 0.6, 0.9, 0.7)}


def _sophia(asked: list[str] | None = None) -> Reward:
    outcome = given("outcome")
    return outcome + 0.3 * pl.Annealed(12_000) * pl.Trusted(outcome, given("thinking", asked=asked))


@pytest.mark.system("sophiavl-r1")
@pytest.mark.parametrize(("step", "expected"), [(0, 1.1333), (12_000, 1.0491)])
def test_sophiavl_r1(step: int, expected: float) -> None:
    """mean_right 0.5, mean_wrong 0.8: trust exp(-0.3) = 0.7408."""
    rows = [dict(zip(SOPHIA, row, strict=True)) for row in zip(*SOPHIA.values(), strict=True)]
    scores = score(_sophia(), rows, pl.Context(step))
    assert scores.values[1] == pytest.approx(expected, abs=1e-4)
    assert scores.values[1] == pytest.approx(1 + math.exp(-0.3) * 0.3 * math.exp(-step / 12_000) * 0.6)


@pytest.mark.system("sophiavl-r1")
def test_sophiavl_r1_asks_no_judge_where_all_are_right() -> None:
    asked: list[str] = []
    rows = [{"outcome": 1, "thinking": 0.3}] * 4
    assert score(_sophia(asked), rows).values.tolist() == [1.0] * 4
    assert asked == []
    level = [{"outcome": 1, "thinking": 0.5}, {"outcome": 0, "thinking": 0.5}]
    assert score(_sophia(), level).values.tolist() == pytest.approx([1.15, 0.15]), "equal means: full trust"


@pytest.mark.system("sd-e2")
def test_sd_e2_normalises_each_term() -> None:
    reward = pl.ZScore(given("right")) + pl.ZScore(given("form"))
    scores = score(reward, [{"right": r, "form": 1} for r in (1, 0, 1, 0)])
    assert scores.values.tolist() == pytest.approx([1, -1, 1, -1], abs=1e-5)
    assert scores["form"].values.tolist() == [0, 0, 0, 0]


@pytest.mark.system("cxrmate-2")
def test_cxrmate_2_knows_no_scale() -> None:
    def composite(scale: float) -> Reward:
        first = pl.ZScore(pl.Affine(given("entities"), scale), ddof=1, eps=1e-4)
        return 0.9 * first + 0.1 * pl.ZScore(given("repeats"), ddof=1, eps=1e-4)

    rows = [{"entities": x, "repeats": 0.75} for x in (0, 1, 0, 1)]
    plain, scaled = score(composite(1), rows), score(composite(100), rows)
    assert plain["entities"].values.tolist() == pytest.approx([-0.866, 0.866, -0.866, 0.866], abs=1e-3)
    assert plain["repeats"].values.tolist() == [0.0] * 4
    np.testing.assert_allclose(scaled.values, plain.values, atol=2e-4)


@pytest.mark.system("deepgen-mr-grpo")
def test_deepgen_normalises_before_it_adds() -> None:
    def gdpo(scale: float) -> Reward:
        return pl.ZScore(pl.Affine(given("a"), scale), eps=1e-4) + pl.ZScore(given("b"), eps=1e-4)

    rows = [{"a": 0, "b": 1}, {"a": 1, "b": 0}]
    assert score(gdpo(1), rows).values.tolist() == pytest.approx([0, 0])
    assert np.abs(score(gdpo(10), rows).values).max() < 3e-4
    mixed = pl.ZScore(10 * given("a") + given("b"), eps=1e-4)
    assert score(mixed, rows).values.tolist() == pytest.approx([-1, 1], abs=1e-3), "added first, it follows a"


@pytest.mark.system("cmo-correlation-weighted")
def test_cmo_leaves_out_what_is_padded_and_what_is_constant() -> None:
    """A concept that is constant over the group has z = 0, never NaN; a padded entry moves no other."""
    table: list[dict[str, Any]] = [
        {"concept": 1.0, "same": 1},
        {"concept": None, "same": 1},
        {"concept": 0.0, "same": 1},
    ]
    assert score(pl.ZScore(given("same")), table).values.tolist() == [0.0, 0.0, 0.0]
    scores = score(pl.ZScore(given("concept")), table)
    assert scores.values[[0, 2]].tolist() == pytest.approx([1, -1], abs=1e-5)
    assert scores.status[1] == "missing"


@pytest.mark.system("syn-grpo")
def test_syn_grpo_rewards_spread() -> None:
    spread = pl.Statistic(given("right"), "std")
    assert values(spread, "right", [1, 0, 1, 0]) == [0.5] * 4
    assert values(spread, "right", [1, 1, 1, 1]) == [0.0] * 4


@pytest.mark.system("harmo-hybrid-multiaspect")
def test_harmo_centres_without_dividing() -> None:
    assert values(_centred(given("r", 0, 2)), "r", [2, 1, 1, 0]) == [1.0, 0.0, 0.0, -1.0]


@pytest.mark.system("deltarubric")
def test_deltarubric_compares_planners_and_verifiers_apart() -> None:
    """A checklist is worth the mean of its verifiers, who are compared within their checklist."""
    rows = [{"plan": p, "right": r} for p, column in (("x", (1, 1, 1, 0)), ("y", (0, 0, 1, 0))) for r in column]
    probe = pl.Statistic(given("right"), "mean", "plan")
    assert score(probe, rows).values.tolist() == [0.75] * 4 + [0.25] * 4
    planner = score(probe - pl.Statistic(given("right"), "mean", name="all"), rows)
    assert planner.values.tolist() == [0.25] * 4 + [-0.25] * 4
    verifier = score(_centred(given("right"), "plan"), rows)
    assert verifier.values[:4].tolist() == [0.25, 0.25, 0.25, -0.75]
    louder = score(_centred(given("right"), "plan") + 0 * pl.Affine(probe, 10).named("loud"), rows)
    assert louder.values.tolist() == verifier.values.tolist()


@pytest.mark.system("videoperceiver")
def test_videoperceiver_pays_what_beats_the_degraded_video() -> None:
    rows = [{"s": 0.8}, {"s": 0.4}, {"s": 0.6, "degraded": True}, {"s": 0.4, "degraded": True}]
    gain = given("s") - pl.Statistic(given("s"), "mean", among="degraded")
    assert score(gain, rows).values[:2].tolist() == pytest.approx([0.3, -0.1])
    same = [{"s": 0.7}, {"s": 0.5}, {"s": 0.7, "degraded": True}, {"s": 0.5, "degraded": True}]
    assert score(gain, same).values[:2].mean() == pytest.approx(0)


@pytest.mark.system("alpha-grpo")
@pytest.mark.parametrize(("refined", "expected"), [(0.65, 0.4), (0.70, 0.4), (0.75, 0.75)])
def test_alpha_grpo_rectifies_what_did_not_improve(refined: float, expected: float) -> None:
    """The prompt's first images earned 0.4 and 0.7; the second row's refinement started from 0.7.

    The least of the first ones is of the whole group, so it is asked beside the gate and not behind it.
    """
    better = pl.Above((given("refined") - given("first")).named("gain"), 0, strict=True)
    worse = pl.Affine(better, -1, 1).named("worse")
    kept, fallen = better * given("refined"), worse * pl.Statistic(given("first"), "min")
    reward = kept.named("kept") + fallen.named("fallen")
    rows = [{"first": 0.4, "refined": 0.5}, {"first": 0.7, "refined": refined}]
    assert score(reward, rows).values.tolist() == pytest.approx([0.5, expected])


@pytest.mark.system("video-lmm-post-training")
@pytest.mark.parametrize(("shuffled", "gain"), [([1, 0, 1, 0], 0.045), ([1, 1, 1, 0.2], 0.0)])
def test_video_lmm_post_training_pays_for_order(shuffled: list[float], gain: float) -> None:
    """Ordered rollouts are right in 0.75 of cases; the margin is 0.1 and lambda 0.3."""
    right = given("right")
    lead = pl.Statistic(right, "mean", among="ordered") - pl.Statistic(right, "mean", among="shuffled", name="other")
    bonus = 0.3 * (right * pl.Clip(pl.Affine(lead, shift=-0.1), low=0))
    rows = [{"right": r, "ordered": True} for r in (1, 1, 0, 1)] + [{"right": r, "shuffled": True} for r in shuffled]
    assert score(bonus, rows).values[:4].tolist() == pytest.approx([gain, gain, 0, gain], abs=1e-9)


@pytest.mark.system("avatarshield")
@pytest.mark.parametrize(("shuffled", "expected"), [((1, 0, 1, 0), [1.3, 1.3, 0, 1.3]), ((1, 1, 1, 1), [1, 1, 0, 1])])
def test_avatarshield_pays_for_order(shuffled: tuple[int, ...], expected: list[float]) -> None:
    """0.3 for right ones where the ordered mean is at least 0.8 of the shuffled one."""
    right = given("right")
    ordered, other = pl.Statistic(right, "mean", among="ordered"), pl.Statistic(right, "mean", among="shuffled")
    reward = right + 0.3 * (right * pl.Above((ordered - 0.8 * other.named("other")).named("lead"), 0)).named("order")
    rows = [{"right": r, "ordered": True} for r in (1, 1, 0, 1)] + [{"right": r, "shuffled": True} for r in shuffled]
    assert score(reward, rows).values[:4].tolist() == pytest.approx(expected)


@pytest.mark.system("racro")
def test_racro_pays_the_caption_for_the_reasoner() -> None:
    """The reasoner is right if the caption has the number; the advantages divide by the sample's spread."""

    def reasoner(sample: pl.Sample) -> float:
        return float("42" in sample.text)

    reward = pl.reward(reasoner, cost="free", range=(0, 1)).named("reasoner")
    captions = ["a sign says 42", "42 sheep", "a sign", "many sheep"]
    samples = [pl.Sample("?", text, group="g") for text in captions]
    assert reward.score(samples).values.tolist() == [1, 1, 0, 0]
    advantages = pl.ZScore(reward, ddof=1).score(samples)
    assert advantages.values.tolist() == pytest.approx([0.866, 0.866, -0.866, -0.866], abs=1e-3)
