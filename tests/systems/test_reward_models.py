"""What published reward models and their benchmarks compute of scores, built of existing parts, worked out by hand.

What a judge or a reward model would say is given in ``meta``; what can be verified is read from the response.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.reward import Reward
from plaudit.rewards.verifiable.answers.exact import ExactMatch
from plaudit.rewards.verifiable.answers.item_sets import SetOverlap
from plaudit.rewards.verifiable.answers.multiple_choice import MultipleChoice
from plaudit.rewards.verifiable.answers.ordered_list import OrderedList
from plaudit.rewards.verifiable.groups.win_rate import WinRate
from plaudit.rewards.verifiable.tools.trajectory import EachTurn


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


def group(reward: Reward, table: Sequence[dict[str, Any]]) -> list[float]:
    """The values of one group, one row of ``meta`` a sample."""
    found: list[float] = reward.score([pl.Sample("?", "", group="g", meta=meta) for meta in table]).values.tolist()
    return found


def column(reward: Reward, name: str, told: Sequence[Any]) -> list[float]:
    """The values of a group in which one thing is told of each row."""
    return group(reward, [{name: one} for one in told])


# ---- reward models that are sums and means -----------------------------------------------------------------------


@pytest.mark.system("basereward")
def test_basereward_the_mean_of_two_models_may_pick_another_than_either() -> None:
    table = [{"a": 2, "b": 0}, {"a": 0, "b": 1}]
    both = pl.Mean([given("a", 0, 2), given("b")])
    assert group(both, table) == [1.0, 0.5]
    assert group(pl.Rank(both), table) == [1.0, 0.0]
    assert group(pl.Rank(given("b")), table) == [0.0, 1.0]


@pytest.mark.system("autorubric-t2i")
def test_autorubric_weighs_the_rules() -> None:
    reward = 0.5 * given("a") + 0.3 * given("b") + 0.2 * given("c")
    table = [{"a": 0.9, "b": 0.2, "c": 0.6}, {"a": 0.4, "b": 0.7, "c": 0.6}]
    assert group(reward, table) == pytest.approx([0.63, 0.53])


@pytest.mark.system("context-aware-pm")
def test_context_aware_preference_is_the_expectation_over_contexts() -> None:
    reward = pl.Field("p_first", 0, 1) * given("first") + pl.Field("p_second", 0, 1) * given("second")
    assert value(reward, p_first=0.7, p_second=0.3, first=0.9, second=0.2) == pytest.approx(0.69)


@pytest.mark.system("mj-video")
def test_mj_video_gates_the_criteria_in_each_aspect_and_then_the_aspects() -> None:
    """Gates of softmax([0, 0]) in the first aspect, of softmax([ln 3, 0]) over the aspects."""
    aspect = pl.Field("g1", 0, 1) * given("c1", 1, 5) + pl.Field("g2", 0, 1) * given("c2", 1, 5)
    first = {"g1": 0.5, "g2": 0.5, "c1": 2, "c2": 4}
    assert value(aspect, **first) == 3.0
    overall = pl.Field("a1", 0, 1) * aspect + pl.Field("a2", 0, 1) * given("c3", 1, 5)
    assert value(overall, **first, a1=0.75, a2=0.25, c3=1) == 2.5
    # Equal gates are the mean of the aspects' means, not the mean of all criteria (which is 7/3 here).
    equal = pl.Mean([pl.Mean([given("c1", 1, 5), given("c2", 1, 5)]).named("aspect"), given("c3", 1, 5)])
    assert value(equal, c1=2, c2=4, c3=1) == 2.0


@pytest.mark.system("mj-video")
@pytest.mark.parametrize("label", ["Video 1 better", "Video 1 Better"])
def test_mj_video_spells_one_label_in_two_ways(label: str) -> None:
    assert value(ExactMatch(), "<answer>Video 1 better</answer>", label) == 1.0
    assert value(ExactMatch(), "<answer>Video 2 better</answer>", label) == 0.0


@pytest.mark.system("visionprefer-vp-score")
def test_visionprefer_makes_no_pair_of_a_tie() -> None:
    aspects = ("following", "aesthetic", "fidelity", "harmless")
    overall = pl.Mean([given(aspect, 0, 10) for aspect in aspects])
    table = [dict(zip(aspects, scores, strict=True)) for scores in ((8, 6, 7, 9), (7, 7, 7, 9))]
    assert group(overall, table) == [7.5, 7.5]
    assert group(pl.Rank(overall), table) == [0.5, 0.5]
    # Three others beaten, then one and a tie, twice, then none: 3 + 1 + 1 = 5 ordered pairs and one tie.
    assert column(pl.Rank(given("s", 0, 10)), "s", [8, 6, 6, 3]) == pytest.approx([1, 0.5, 0.5, 0])


@pytest.mark.system("rationalrewards")
@pytest.mark.parametrize(
    ("faithful", "quality", "lettering", "expected"),
    [(4, 3, None, 2.5 / 3), (4, 3, 2, 2 / 3), (None, None, None, 0.0), (4, 4, 4, 1.0), (1, 1, None, 0.0)],
)
def test_rational_rewards_leaves_out_lettering_where_none_was_asked_for(
    faithful: float | None, quality: float | None, lettering: float | None, expected: float
) -> None:
    seen = [given("faithful", 1, 4), given("quality", 1, 4)]
    graded = pl.Default(pl.Mean([*seen, given("lettering", 1, 4)]), pl.Mean(seen).named("unlettered"))
    reward = pl.Default(pl.Affine(graded, 1 / 3, -1 / 3), 0.0)
    row = pl.Sample("?", "", meta={"faithful": faithful, "quality": quality, "lettering": lettering})
    scores = reward.score(row)
    assert scores.values[0] == pytest.approx(expected)
    assert ("faithful" in scores.reason[0]) == (faithful is None)


# ---- reward models whose own training reward can be verified -----------------------------------------------------


@pytest.mark.system("videoscore2")
@pytest.mark.parametrize(
    ("said", "expected"),
    [((3, 4, 2), 1.0), ((3, 4, 3), 0.7), ((3, 5, 3), 0.4), ((4, 5, 3), 0.1), ((3, 4, 4), 0.0), ((1, 4, 2), 0.0)],
)
def test_videoscore2(said: tuple[int, ...], expected: float) -> None:
    """``0.1 + 0.3 k`` for k exact dimensions of three, and nothing where one is off by 2."""

    def near(sample: pl.Sample) -> float:
        answer = json.loads("[" + sample.text.split("<answer>")[1].split("<")[0] + "]")
        return float(max(abs(p - g) for p, g in zip(answer, sample["reference"], strict=True)) <= 1)

    accuracy = pl.Gate(pl.reward(near, cost="free", range=(0, 1)), pl.Affine(OrderedList("positions"), 0.9, 0.1))
    answer = f"<answer>{', '.join(map(str, said))}</answer>"
    assert value(accuracy, answer, [3, 4, 2]) == pytest.approx(expected)
    from_base = accuracy + 0.3 * pl.Format("think-answer")
    assert value(from_base, answer, [3, 4, 2]) == pytest.approx(expected)
    assert value(from_base, f"<think>sharp</think>{answer}", [3, 4, 2]) == pytest.approx(expected + 0.3)


@pytest.mark.system("unifiedreward-think")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>\n<answer>Image 1 is better</answer>", 2.0),
        ("<think>a</think>\n<answer>Image 1</answer>", 1.0),
        ("<answer>Image 1 is better</answer>", 1.0),
    ],
)
def test_unifiedreward_think(text: str, expected: float) -> None:
    assert value(ExactMatch("space") + pl.Format("think-answer"), text, "Image 1 is better") == expected


def _verdict(right: str, wrong: str) -> Reward:
    """+1 where the last 80 characters hold the right tag, of 22 characters, and not the wrong one, else -1."""
    tag = r".*<answer>\[\[{}\]\]</answer>.{{0,58}}"
    found = pl.Format(regex=rf"(?!{tag.format(wrong)}\Z){tag.format(right)}")
    return pl.Affine(found, 2, -1)


@pytest.mark.system("rm-r1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<eval>A</eval><answer>[[A]]</answer>", 1.0),
        ("<answer>[[A]]</answer>" + "." * 58, 1.0),
        ("<answer>[[A]]</answer>" + "." * 59, -1.0),
        ("<answer>[[A]]</answer>" + "." * 178, -1.0),
        ("<answer>[[A]]</answer> no, <answer>[[B]]</answer>", -1.0),
        ("<answer>[[B]]</answer>" + "." * 70 + "<answer>[[A]]</answer>", 1.0),
        ("A is better", -1.0),
    ],
)
def test_rm_r1_reads_the_last_80_characters(text: str, expected: float) -> None:
    reward = pl.Route({"model_a": _verdict("A", "B"), "model_b": _verdict("B", "A")}, by="winner")
    assert value(reward, text, winner="model_a") == expected
    scores = reward.score(pl.Sample("?", text, meta={"winner": "tie"}))
    assert scores.status[0] == pl.Status.INVALID


@pytest.mark.system("seed-bench-r1")
@pytest.mark.parametrize(
    ("text", "expected"), [("<answer>B. wash</answer>", 1), ("<answer>Bowl</answer>", 0), ("B.", 0)]
)
def test_seed_bench_r1_is_not_fooled_by_a_first_letter(text: str, expected: float) -> None:
    reward = MultipleChoice("exact", extract="tag")
    assert value(reward, f"<think>so</think>{text}", "B", options=["cut", "wash", "dry", "pour"]) == expected


@pytest.mark.system("master-rm")
@pytest.mark.parametrize("key", ["", " ", ".", ",", ":", "Solution", "Thought process:", "Let's solve this problem."])
def test_master_rm_no_judge_is_asked_about_a_response_without_an_answer(key: str) -> None:
    """The judge would say yes to all of them; the reason tells the guard's refusal from a wrong answer."""
    asked: list[str] = []
    guarded = pl.Gate(pl.Format("boxed"), given("judge", asked=asked))
    rows = [pl.Sample("?", key, meta={"judge": 1}), pl.Sample("?", r"\boxed{4}", meta={"judge": 0})]
    scores = guarded.score(rows)
    assert scores.values.tolist() == [0.0, 0.0]
    assert asked == ["judge"]
    assert scores["judge"].status.tolist() == [pl.Status.SKIPPED, pl.Status.OK]
    assert scores.reason[0].startswith("format: ")
    assert "format" not in scores.reason[1]


# ---- steps -------------------------------------------------------------------------------------------------------


def _steps(*texts: object, **meta: Any) -> pl.Sample:
    turns = [{"role": "assistant", "content": str(text)} for text in texts]
    return pl.Sample("?", turns, group="g", meta=meta)


def _grade(sample: pl.Sample) -> float:
    """The step's grade, which stands here in the place of the step."""
    return float(sample.text)


STEP = pl.reward(_grade, cost="free", range=(1, 5))


@pytest.mark.system("vilbench")
def test_vilbench_aggregates_the_grades_of_steps() -> None:
    mean, least = EachTurn(STEP), EachTurn(STEP, form="least")
    pool = [_steps(5, 5, 2), _steps(4, 4, 4), _steps(3, 5)]
    assert mean.score(pool).values.tolist() == [4.0, 4.0, 4.0]
    assert pl.Rank(mean).score(pool).values.tolist() == [0.5, 0.5, 0.5]
    pool = [_steps(5, 5, 1, whole=5), _steps(4, 4, 4, whole=4)]
    assert mean.score(pool).values.tolist() == pytest.approx([11 / 3, 4])
    assert least.score(pool).values.tolist() == [1.0, 4.0]
    assert given("whole", 1, 5).score(pool).values.tolist() == [5.0, 4.0]


@pytest.mark.system("vilbench")
@pytest.mark.parametrize(("steps", "whole", "expected"), [((4, 4), (3, 5), 0.0), ((4.2, 4.2), (3.1, 3.1), 1.1)])
def test_vilbench_selects_questions_on_which_steps_are_graded_higher_than_the_whole(
    steps: tuple[float, ...], whole: tuple[float, ...], expected: float
) -> None:
    table = [{"steps": s, "whole": w} for s, w in zip(steps, whole, strict=True)]
    indicator = pl.Statistic(given("steps", 1, 5) - given("whole", 1, 5), "mean")
    assert group(indicator, table) == pytest.approx([expected, expected])


@pytest.mark.system("gm-prm")
def test_gm_prm_a_step_is_right_where_both_verdicts_are() -> None:
    image, logic = pl.Format(regex="image ok.*", name="image"), pl.Format(regex=".*logic ok", name="logic")
    scores = EachTurn(pl.Min([image, logic])).score(_steps("image ok, logic ok", "image ok, logic bad"))
    assert scores.spans is not None
    assert [span.value for span in scores.spans[0]] == [1.0, 0.0]


# ---- comparisons -------------------------------------------------------------------------------------------------


@pytest.mark.system("ixc-2-5-reward")
@pytest.mark.parametrize(("said", "places"), [([5.76, -2.84], [0, 1]), ([1.0, 3.0, 2.0], [2, 0, 1])])
def test_ixc_2_5_reward_ranks_from_the_best(said: list[float], places: list[int]) -> None:
    others = len(said) - 1
    assert column(pl.Affine(pl.Rank(given("s", -9, 9)), -others, others), "s", said) == places


@pytest.mark.system("rewarddance")
def test_rewarddance_the_reference_is_who_wins_most() -> None:
    """A beats B and C, C beats B."""
    outcomes = [{"B": "win", "C": "win"}, {"A": "loss", "C": "loss"}, {"A": "loss", "B": "win"}]
    assert column(WinRate(), "outcomes", outcomes) == [1.0, 0.0, 0.5]


@pytest.mark.system("rewarddance")
def test_rewarddance_good_same_bad() -> None:
    outcomes = ["win"] * 50 + ["tie"] * 30 + ["loss"] * 20
    assert value(pl.Affine(WinRate(), 2, -1), outcomes=outcomes) == pytest.approx(0.30)


@pytest.mark.system("raft")
def test_raft_keeps_the_best_of_each_prompt_or_the_best_half_of_all() -> None:
    raw = given("raw")
    told = [("p", 0.1), ("p", 0.9), ("p", 0.5), ("q", 0.2), ("q", 0.1), ("q", 0.3)]
    rows = [pl.Sample(prompt, "", group=prompt, meta={"raw": one}) for prompt, one in told]
    assert pl.Above(pl.Rank(raw), 1).score(rows).values.tolist() == [0, 1, 0, 0, 0, 1]
    assert pl.Above(pl.Rank(raw, by="batch"), 0.5).score(rows).values.tolist() == [0, 1, 1, 0, 0, 1]


@pytest.mark.system("raft")
def test_raft_keeps_nothing_of_a_prompt_whose_samples_all_fail_the_guard() -> None:
    guarded = pl.Gate(given("guard"), given("raw"), closed=None)
    told = [("p", 0, 0.9), ("p", 0, 0.5), ("q", 1, 0.2), ("q", 0, 0.7), ("q", 1, 0.1)]
    rows = [pl.Sample(prompt, "", group=prompt, meta={"guard": g, "raw": raw}) for prompt, g, raw in told]
    scores = pl.Above(pl.Rank(guarded), 1).score(rows)
    kept = [i for i, status in enumerate(scores.status) if status is pl.Status.OK and scores.values[i] == 1]
    assert kept == [2]
    assert scores.status[0] is scores.status[1] is scores.status[3] is pl.Status.SKIPPED


@pytest.mark.system("mrmbench")
@pytest.mark.parametrize(("tau", "expected"), [(4, 0.0), (6, 0.5)])
def test_mrmbench_leaves_what_is_far_from_every_centroid_out_of_the_mean(tau: float, expected: float) -> None:
    """From (0, 0) and (10, 0), (3, 4) is 5 and 8.06 away, and (10, 1) is 10.05 and 1 away."""
    near = pl.Max([pl.Affine(given(name, 0, 20), -1) for name in ("to_a", "to_b")])
    reward = pl.Gate(pl.Above(near, -tau), given("right"), closed=None)
    rows = [{"to_a": 5, "to_b": 65**0.5, "right": 1}, {"to_a": 101**0.5, "to_b": 1, "right": 0}]
    assert group(pl.Statistic(reward, "mean"), rows)[1] == expected


@pytest.mark.system("vpl")
def test_vpl_spo_does_not_depend_on_the_scale_of_the_raw_reward() -> None:
    assert value(WinRate(), outcomes=[1, 1, 1, 0]) == 0.75


# ---- benchmarks --------------------------------------------------------------------------------------------------


def _accuracies(hits: Sequence[int], of: Sequence[int]) -> tuple[float, float]:
    """Over all items, and over the kinds alike."""
    rows = [
        pl.Sample("?", "", meta={"right": float(i < hit), "kind": str(kind)})
        for kind, (hit, n) in enumerate(zip(hits, of, strict=True))
        for i in range(n)
    ]
    right = given("right")
    micro = pl.Statistic(right, "mean", by="batch").score(rows).values[0]
    each = pl.Statistic(right, "mean", by="kind").score(rows).values
    kinds = {row["kind"]: found for row, found in zip(rows, each, strict=True)}
    return float(micro), float(sum(kinds.values()) / len(kinds))


@pytest.mark.system("videorewardbench")
def test_videorewardbench_micro_and_macro() -> None:
    micro, macro = _accuracies([283, 0, 238, 0, 351], [283, 413, 238, 278, 351])
    assert (micro, macro) == pytest.approx((872 / 1563, 0.6))


@pytest.mark.system("vl-rewardbench")
def test_vl_rewardbench_micro_and_macro() -> None:
    """General .508 of 183, hallucination .893 of 749, reasoning .604 of 318."""
    assert _accuracies([93, 669, 192], [183, 749, 318]) == pytest.approx((0.763, 0.668), abs=5e-4)


@pytest.mark.system("mm-rlhf-rewardbench")
def test_mm_rlhf_rewardbench_a_prompt_counts_where_all_its_pairs_do() -> None:
    told = [("P", 1), ("P", 1), ("P", 0), ("Q", 1)]
    rows = [pl.Sample("?", "", group=prompt, meta={"right": right}) for prompt, right in told]
    assert pl.Statistic(given("right"), "mean", by="batch").score(rows).values[0] == 3 / 4
    every = pl.Statistic(given("right"), "min").score(rows).values.tolist()
    assert every == [0.0, 0.0, 0.0, 1.0]  # of two prompts one: 1/2


@pytest.mark.system("tivibench")
@pytest.mark.parametrize(("right", "first", "any_of_5"), [(0, 0.0, 0.0), (1, 0.2, 1.0), (4, 0.8, 1.0)])
def test_tivibench_passes_over_five_seeds(right: int, first: float, any_of_5: float) -> None:
    told = [1] * right + [0] * (5 - right)
    assert column(pl.Statistic(given("right"), "mean"), "right", told) == pytest.approx([first] * 5)
    assert column(pl.Statistic(given("right"), "max"), "right", told) == [any_of_5] * 5


@pytest.mark.system("mmrb2")
def test_mmrb2_a_judge_that_always_says_a_is_right_in_one_of_both_orders() -> None:
    rows = [pl.Sample("?", "<answer>A</answer>", better, group="pair") for better in "AB"]
    assert pl.Statistic(MultipleChoice("exact"), "mean").score(rows).values.tolist() == [0.5, 0.5]


@pytest.mark.system("cmi-rewardbench")
def test_cmi_rewardbench_half_a_point_where_one_side_alone_is_both() -> None:
    tied = pl.Format(regex=".*<answer>both</answer>", name="tied")
    decided = pl.Max([ExactMatch(), pl.Affine(tied, 0.5)])
    reward = pl.Route({"decided": decided, "tie": pl.Affine(ExactMatch(), 0.5, 0.5)}, by="kind")
    told = [("A", "A"), ("A", "B"), ("both", "both"), ("both", "A")]
    rows = [
        pl.Sample("?", f"<answer>{said}</answer>", gold, meta={"kind": "tie" if gold == "both" else "decided"})
        for said, gold in told
    ]
    assert reward.score(rows).values.tolist() == [1.0, 0.0, 1.0, 0.5]
    assert pl.Statistic(reward, "mean", by="batch").score(rows).values[0] == 0.625


@pytest.mark.system("t2i-preference-accuracy")
def test_hpdv2_counts_inversions() -> None:
    """One of three pairs is the wrong way round."""
    assert value(OrderedList("kendall"), "<answer>0, 1, 2</answer>", [1, 0, 2]) == pytest.approx(2 / 3)


@pytest.mark.system("geneval")
@pytest.mark.parametrize(("found", "expected"), [(1, 0), (2, 1), (3, 0)])
def test_geneval_counting_includes_two_and_excludes_three(found: int, expected: float) -> None:
    count = given("found", 0, 16)
    reward = pl.Gate(pl.Above(count, 2), pl.Affine(pl.Above(count, 3), -1, 1).named("no_more"))
    assert value(reward, found=found) == expected


@pytest.mark.system("geneval")
def test_geneval_overall_is_the_mean_of_the_tasks_whatever_their_sizes() -> None:
    tasks = {"single": 0.97, "two": 0.38, "counting": 0.35, "colors": 0.76, "position": 0.04, "attribution": 0.06}
    assert value(pl.Mean([given(task) for task in tasks]), **tasks) == pytest.approx(2.56 / 6)


@pytest.mark.system("visualprocessbench")
@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [("1", "2, 3, 4", (2 / 3 + 0.8) / 2), ("1, 2, 3, 4", "none", (2 / 3) / 2), ("1, 2", "3, 4", 1.0)],
)
def test_visualprocessbench_f1_of_right_and_of_wrong_steps(right: str, wrong: str, expected: float) -> None:
    """Steps 1 and 2 are right, 3 and 4 are not."""
    told = [(right, [1, 2]), (wrong, [3, 4])]
    rows = [pl.Sample("?", f"<answer>{said}</answer>", gold, group="g") for said, gold in told]
    macro = pl.Statistic(SetOverlap("f1"), "mean").score(rows).values
    assert macro.tolist() == pytest.approx([expected, expected])
