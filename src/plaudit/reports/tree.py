"""The static tree of a reward: what it is made of, and what each part costs, needs and waits for.

Nothing is scored. One line a part, its columns aligned::

    part                  is                                       cost     sees    needs      range
    reward                Answer("math") + 0.1 * Format("answer")  cpu      sample  reference  [0, 1.1]
    ├─ 1 × answer         Answer("math")                           cpu 5 s  sample  reference  [0, 1]
    └─ 0.1 × format       Format("answer")                         free     sample             [0, 1]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from plaudit.core.reward import COSTS, Leaf, Reward
from plaudit.core.weight import Weight
from plaudit.engine.run import CPU_LIMIT, MODEL_LIMIT
from plaudit.reports.findings import figure
from plaudit.reports.summary import ROOT
from plaudit.rewards.compose.default import Default
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.compose.route import Route
from plaudit.rewards.compose.sum import Sum

__all__ = ["explain"]

#: How much of a part's own text is shown.
SHOWN = 48


class _Line(NamedTuple):
    part: str
    text: str
    cost: str
    sees: str
    needs: str
    range: str
    when: str


_HEAD = _Line("part", "is", "cost", "sees", "needs", "range", "")


def explain(reward: Reward) -> str:
    """Return the tree of a reward as text: its parts with weights, costs, reach, needs, ranges and gates.

    ``cost`` and ``needs`` are those of the dearest part and of all parts below, with the seconds that one sample may
    take where grading can hang; ``sees`` says which rows must be seen
    together (``reach``). The last column says when a part is asked, where that is not always.
    """
    lines = [_HEAD, *_lines(reward, ROOT, "", "", "")]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _lines(reward: Reward, name: str, before: str, below: str, when: str) -> Iterator[_Line]:
    """Yield the lines of a subtree; ``before`` is drawn before its own line and ``below`` before those of its parts."""
    tree = [piece for _, piece in reward.walk()]
    yield _Line(
        before + name,
        _shortened(str(reward)),
        max((piece.cost for piece in tree), key=COSTS.index) + _limit(reward),
        reward.reach,
        ", ".join(dict.fromkeys(need for piece in tree for need in piece.needs)),
        _interval(*reward.range),
        "; ".join(filter(None, (when, _own_note(reward)))),
    )
    for i, (label, piece) in enumerate(reward.parts.items()):
        last = i == len(reward.parts) - 1
        role, condition = _role(reward, i)
        yield from _lines(
            piece, role + label, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), condition
        )


def _role(parent: Reward, i: int) -> tuple[str, str]:
    """Return what part ``i`` is to its parent, written before its name, and when it is asked."""
    if isinstance(parent, Sum):
        weight = parent.weighted()[i][0]
        return f"{_shortened(str(weight)) if isinstance(weight, Weight) else figure(weight)} × ", ""
    if isinstance(parent, Gate):
        return ("if ", "") if i == 0 else ("then ", f"asked where {parent.condition.label} >= 0.5")
    if isinstance(parent, Default) and i == 1:
        return "else ", f"asked where {parent.reward.label} is {' or '.join(parent.on)}"
    if isinstance(parent, Route):
        way = list(parent.parts)[i]
        return "", f"asked where {parent.by} is {way}" if way in parent.routes else f"asked for every other {parent.by}"
    return "", ""


def _limit(reward: Reward) -> str:
    """How long one sample may take, for a part that grades where it can be stopped."""
    limits = {"cpu": CPU_LIMIT, "model": MODEL_LIMIT}
    if not isinstance(reward, Leaf) or reward.cost not in limits:
        return ""
    return f" {limits[reward.cost] if reward.timeout is None else reward.timeout:g} s"


def _own_note(reward: Reward) -> str:
    if isinstance(reward, Gate):
        return "closed: no score (skipped)" if reward.closed is None else f"closed: {figure(reward.closed)}"
    if isinstance(reward, Default) and not isinstance(reward.fallback, Reward):
        return f"{figure(reward.fallback)} where it is {' or '.join(reward.on)}"
    return ""


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _interval(low: float, high: float) -> str:
    opened = "(-inf" if low == float("-inf") else f"[{low:g}"
    return f"{opened}, inf)" if high == float("inf") else f"{opened}, {high:g}]"
