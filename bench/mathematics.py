"""Mathematics and format against TRL's rewards: seconds a sample, and whose verdicts are right.

Both sides read the same responses in the same run, taking turns: all samples here, a subsample there, as TRL needs
milliseconds for each. Every turn has pairs that no earlier turn had, and verdicts are not kept. TRL grades in this
process on one core; what is undecided here goes to the worker processes, one a core.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from statistics import median
from typing import Any

from bench.figure import Figure, seconds
from bench.problems import Problem, problems, responses, shares

import plaudit as pl
from plaudit.engine.cache import Cache

TURNS = 3


def measure(quick: bool) -> list[Figure]:
    """Return the costs of both sides, their ratio, and how often each side's verdict is wrong."""
    n, few = (1000, 100) if quick else (10_000, 1000)
    trl: Any = import_module("trl.rewards")
    verify: Any = import_module("math_verify")
    reward = pl.Answer("math") + 0.1 * pl.Format("think-answer")
    made = problems(n * TURNS)
    samples = responses(made)
    length = sum(len(s.text) for s in samples) / len(samples)

    def theirs(asked: list[pl.Sample]) -> list[float | None]:
        completions = [[{"role": "assistant", "content": s.text}] for s in asked]
        trl.think_format_reward(completions)
        verdicts: list[float | None] = trl.accuracy_reward(completions, [f"${s.reference}$" for s in asked])
        return verdicts

    warm = responses(problems(200, seed=1))
    reward.score(warm)  # starts workers and loads what both sides load at first
    theirs(warm[:10])
    ours, trls = [], []
    got: list[float] = []
    said: list[float | None] = []
    for turn in range(TURNS):
        mine = samples[turn * n : (turn + 1) * n]
        context = pl.Context(cache=Cache())
        ours.append(seconds(lambda: got.extend(reward.score(mine, context)["answer"].values.tolist())) / n)  # noqa: B023
        trls.append(seconds(lambda: said.extend(theirs(mine[:few]))) / few)  # noqa: B023
    checked = [i + turn * n for turn in range(TURNS) for i in range(few)]
    oracle = [
        bool(verify.verify(verify.parse(f"${made[i].reference}$"), verify.parse(f"${made[i].answer}$")))
        for i in checked
    ]
    mix = ", ".join(f"{kind} {count}" for kind, count in shares(made[:n]).items())
    other = [(made[i], got[i]) for i, equal in zip(checked, oracle, strict=True) if got[i] != equal]
    wrong = [(p, v) for p, v in zip(made, got, strict=True) if v != p.right]
    size = f"{n:,} of {length:,.0f} characters"
    return [
        Figure(f"maths + format, {size}", median(ours) * 1e6, "us a sample", note=f"median of {TURNS} turns; {mix}"),
        Figure(f"TRL accuracy + think format, {few:,} of these", median(trls) * 1e6, "us a sample"),
        Figure("TRL's cost over ours, turn by turn", _ratio(ours, trls), "times", 30, most=False),
        Figure(
            f"verdicts other than verify(parse, parse), {len(checked):,} pairs",
            len(other),
            "pairs",
            note=_listed(other),
        ),
        Figure(f"of which ours are wrong, {len(checked):,} pairs", _wrong(other), "pairs", 0),
        Figure(f"verdicts that are wrong, {len(made):,} pairs", len(wrong), "pairs", 0, note=_listed(wrong)),
        Figure(
            f"TRL's verdicts that are wrong, {len(checked):,} pairs",
            sum(bool(made[i].right != v) for i, v in zip(checked, said, strict=True)),
            "pairs",
        ),
    ]


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median(t / o for o, t in zip(ours, theirs, strict=True))


def _wrong(found: list[tuple[Problem, Any]]) -> int:
    return sum(bool(verdict != problem.right) for problem, verdict in found)


def _listed(found: list[tuple[Problem, Any]]) -> str:
    """List them all, those that differ only in numbers together."""
    shapes = Counter(
        f"{re.sub(r'[0-9]+', '#', f'{p.answer} for {p.reference}')}: we say {v:g}, which is "
        f"{'right' if v == p.right else 'WRONG'}"
        for p, v in found
    )
    return "; ".join(f"{count} x {shape}" for shape, count in shapes.most_common())
