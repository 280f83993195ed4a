"""Published rewards of agents, robots and searches, built of existing parts, with numbers worked out by hand.

What simulators, judges and reward models would say is given in ``meta``; calls are read from the response.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.reward import Reward
from plaudit.rewards.verifiable.tools.tool_use import ToolCount, ToolSuccess, ValidCalls
from plaudit.rewards.verifiable.tools.trajectory import TurnCredit


def given(name: str, low: float = 0.0, high: float = 1.0, asked: list[str] | None = None) -> Reward:
    """A stand-in that answers what ``meta`` says, and writes down that it was asked."""

    def grade(sample: pl.Sample) -> Any:
        if asked is not None:
            asked.append(name)
        return sample[name]

    return pl.reward(grade, cost="free", range=(low, high)).named(name)


def value(reward: Reward, text: str = "", /, **meta: Any) -> float:
    """The value of one response."""
    return float(reward.score(pl.Sample("?", text, meta=meta)).values[0])


def values(reward: Reward, name: str, column: Sequence[Any]) -> list[float]:
    """The values of a group in which one thing is told of each row."""
    group = [pl.Sample("?", "", group="g", meta={name: told}) for told in column]
    found: list[float] = reward.score(group).values.tolist()
    return found


def called(name: str, **arguments: Any) -> str:
    """One tool call as a response writes it."""
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


@pytest.mark.system("replan")
def test_replan_costs_what_its_terms_do_not_pay() -> None:
    cost = pl.Affine(given("reach", -1, 0) + 0.5 * given("turn", -1, 0), -1)
    assert value(cost, reach=-0.2, turn=-0.4) == pytest.approx(0.4)
    assert value(cost, reach=-0.1, turn=-0.4) == pytest.approx(0.3)


@pytest.mark.system("replan")
def test_replan_never_compiles_a_plan_about_an_object_that_is_not_there() -> None:
    asked: list[str] = []
    schema = {"type": "object", "properties": {"object": {"enum": ["kettle", "door"]}}, "required": ["object"]}
    reward = pl.Gate(pl.Above(ValidCalls("scene"), 1), given("compiled", asked=asked), closed=0)
    scene = [{"function": {"name": "move", "parameters": schema}}]
    assert value(reward, called("move", object="kettle") + called("move", object="cup"), scene=scene, compiled=1) == 0
    assert asked == []
    assert value(reward, called("move", object="kettle"), scene=scene, compiled=1) == 1


@pytest.mark.system("language-to-rewards")
def test_language_to_rewards_refuses_calls_outside_its_interface() -> None:
    """Of a place and a velocity exactly one is given."""
    schema = {"type": "object", "oneOf": [{"required": ["location_xy"]}, {"required": ["velocity_xy"]}]}
    api = [{"name": "set_torso_targets", "parameters": schema}]
    reward = pl.Gate(pl.Above(ValidCalls("api"), 1), given("moved"), closed=0)
    said = called("set_torso_targets", height=0.1, location_xy=[2, 3])
    both = called("set_torso_targets", location_xy=[2, 3], velocity_xy=[1, 0])
    assert value(reward, said, api=api, moved=0.7) == 0.7
    for wrong in (both, said + called("set_tail", up=1), said + "<tool_call>import os</tool_call>"):
        assert value(reward, wrong, api=api, moved=0.7) == 0


@pytest.mark.system("eyerobot")
@pytest.mark.parametrize(("negatives", "expected"), [((0.2, 0.3), 0.0), ((0.2, 0.2), 0.231059), ((0.2, 0.4), 0.0)])
def test_eyerobot_relevancy_is_that_against_the_hardest_negative(negatives: Sequence[float], expected: float) -> None:
    """sigmoid(10 * 0.1) = 0.731059; one negative as near as the target leaves 0.5, which is worth nothing."""
    against = [given(f"against_{k}") for k in range(2)]
    reward = pl.Clip(pl.Affine(pl.Min(against), shift=-0.5), 0, 1)
    told = {f"against_{k}": 1 / (1 + math.exp(-10 * (0.3 - cos))) for k, cos in enumerate(negatives)}
    assert value(reward, **told) == pytest.approx(expected, abs=1e-6)


@pytest.mark.system("eyerobot")
@pytest.mark.parametrize(("degrees", "expected"), [(0, 0.98), (20, 0.58), (50, -0.02), (120, -0.02)])
def test_eyerobot_gaze_is_paid_within_fifty_degrees(degrees: float, expected: float) -> None:
    """With a weight of 0.1 on the steadiness of the fovea, whose mean squared change is 0.2."""
    near = pl.Clip(pl.Affine(given("degrees", 0, 180), -1 / 50, 1), 0, 1)
    assert value(near + 0.1 * given("steady", -1, 0), degrees=degrees, steady=-0.2) == pytest.approx(expected)


@pytest.mark.system("world-env")
def test_world_env_stops_at_the_first_step_above_a_half() -> None:
    done = pl.Above(given("progress"), 0.5, strict=True)
    assert values(done, "progress", [0.2, 0.4, 0.51, 0.9]).index(1) == 2
    assert values(done, "progress", [0.5]) == [0]


@pytest.mark.system("oni")
def test_oni_pays_a_message_less_each_time_it_is_seen() -> None:
    """The weight is 1 / N ** 3 for the N-th sight in an episode; a message that nobody labelled yet is worth 0."""
    helpful = pl.Default(given("helpful"), 0.0)
    reward = 0.1 * given("score", 0, 10) + 0.4 * pl.Field("fresh", 0, 1) * helpful
    assert value(reward, score=10, helpful=1, fresh=1) == pytest.approx(1.4)
    assert value(reward, score=10, helpful=1, fresh=1 / 2**3) == pytest.approx(1.05)
    assert value(reward, score=10, helpful=None, fresh=1) == pytest.approx(1.0)


@pytest.mark.system("oni")
def test_oni_drops_a_ranked_reward_that_is_not_above_its_threshold() -> None:
    ranked = given("ranked", -5, 5)
    reward = pl.Gate(pl.Above(ranked, -0.5, strict=True).named("kept"), ranked, closed=0)
    assert values(reward, "ranked", [-0.6, -0.5, -0.4, 1.2]) == [0, 0, -0.4, 1.2]


@pytest.mark.system("fast-slow-grounding")
@pytest.mark.parametrize(("right", "expected"), [(True, 1.3), (False, 0.3)])
def test_fast_slow_grounding_pays_each_object_once_and_the_right_one(right: bool, expected: float) -> None:
    """0.1 for each of three objects, of which one is visited twice, and 1 for lifting what was asked for."""
    lifted = ToolSuccess("any", tools=("lift",))
    reward = 0.3 * ToolCount(3, only="distinct", tools=("visit",)) + lifted
    path = [
        ("visit", "a", True),
        ("visit", "b", True),
        ("visit", "a", True),
        ("visit", "c", True),
        ("lift", "b", right),
    ]
    turns: list[dict[str, Any]] = []
    for k, (name, thing, ok) in enumerate(path):
        call = {"id": str(k), "function": {"name": name, "arguments": json.dumps({"object": thing})}}
        turns.append({"role": "assistant", "content": "", "tool_calls": [call]})
        turns.append({"role": "tool", "tool_call_id": str(k), "content": "this is a dax", "ok": ok})
    assert reward.score(pl.Sample("Pick up a dax", turns)).values.tolist() == pytest.approx([expected])


@pytest.mark.system("damcs")
def test_damcs() -> None:
    """The first wood: 1 for acting, and 10 times the difficulty 5 for the achievement and for the item."""
    act = pl.Route({"noop": 0 * given("acted"), "move": 3 * given("acted")}, by="action", otherwise=given("acted"))
    reward = act + 50 * given("unlocked") + 50 * given("gained", 0, 9)
    assert value(reward, action="do", acted=1, unlocked=1, gained=1) == 101
    assert value(reward, action="do", acted=1, unlocked=0, gained=1) == 51
    assert value(reward, action="move", acted=1, unlocked=0, gained=0) == 3
    assert value(reward, action="noop", acted=1, unlocked=0, gained=0) == 0


@pytest.mark.system("icpl")
def test_icpl_names_the_best_and_the_worst_without_their_scores() -> None:
    shown = values(pl.Rank(given("hidden", 0, 10)), "hidden", [3, 9, 1, 5, 2, 4])
    assert (shown.index(1), shown.index(0)) == (1, 2)
    assert shown == pytest.approx([0.4, 1.0, 0.0, 0.8, 0.2, 0.6])


@pytest.mark.system("eureka")
def test_eureka_keeps_the_fittest_and_never_a_crash() -> None:
    fitness = pl.Default(given("fitness"), -10_000)
    found = values(fitness, "fitness", [None, 0.3, 0.9])
    assert found == [-10_000, 0.3, 0.9]
    assert found.index(max(found)) == 2
    assert values(pl.Statistic(fitness, "max"), "fitness", [None, None]) == [-10_000, -10_000]


@pytest.mark.system("moose-chem2")
def test_moose_chem2_recall_counts_components_and_weighted_recall_their_levels() -> None:
    levels = [given(f"component_{k}", 0, 3) for k in range(4)]
    told = {f"component_{k}": level for k, level in enumerate((3, 0, 2, 1))}
    assert value(pl.Mean([pl.Above(level, 0, strict=True) for level in levels]), **told) == 0.75
    assert value(pl.Affine(pl.Mean(levels), 1 / 3), **told) == pytest.approx(6 / 12)


@pytest.mark.system("nous")
@pytest.mark.parametrize(
    ("left", "gains"), [((1.5, 1.5, 0.0), (3.0, 0.0, 1.5)), ((3.5, 3.0, 2.0, 0.0), (1.0, 0.5, 1.0, 2.0))]
)
def test_nous_turns_earn_the_bits_that_they_resolve(left: Sequence[float], gains: Sequence[float]) -> None:
    """Of layout (2 bits), colour (1) and style (1.5) all 4.5 are earned in the end, whatever the order."""
    resolved = [4.5 - bits for bits in left]
    turns = [{"role": "assistant", "content": "which?"} for _ in left]
    scores = TurnCredit("resolved", differences=True).score(pl.Sample("?", turns, meta={"resolved": resolved}))
    assert scores.spans is not None
    assert [span.value for span in scores.spans[0]] == pytest.approx(list(gains))
    assert scores.values.tolist() == pytest.approx([4.5])


@pytest.mark.system("text2reward")
@pytest.mark.parametrize(("distance", "height", "expected"), [(0.1, 0.1, 0.11), (0.3, 0.3, 0.04)])
def test_text2reward_lifts_a_cube_to_its_goal_height(distance: float, height: float, expected: float) -> None:
    """-0.4 * 0.1 + 0.2 - 0.4 * 0.1 - 0.01, and -0.4 * 0.3 + 0.2 - 0.4 * 0.1 + 0.1 * 0.1 - 0.01."""
    over, under = pl.Affine(given("height"), shift=-0.2), pl.Affine(given("height"), -1, 0.2)
    off = pl.Max([over.named("over"), under.named("under")]).named("off")
    lift = 0.1 * pl.Clip(over, 0).named("above") - 0.4 * off
    reward = -0.4 * given("distance") + 0.2 * given("grasped") + lift - 0.01 * given("action", 0, 9)
    assert value(reward, distance=distance, height=height, grasped=1, action=1) == pytest.approx(expected)
