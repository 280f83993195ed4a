"""Win rate: how often did this response win the comparisons that somebody else made?"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.core.score import Status
from plaudit.rewards.verifiable.answers.references import is_list, shown

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

_WORTH = {"win": 1.0, "tie": 0.5, "loss": 0.0}


@part
class WinRate(Leaf):
    """Share of given comparisons won: ``(wins + ties / 2) / comparisons``.

    In a group where each response was compared with each other one, comparisons is G - 1 (Pref-GRPO, Wang et al. 2025).
    The outcomes are in ``sample["outcomes"]``: a list, or a mapping by opponent, of ``win``, ``tie`` and ``loss``, of
    numbers from 0 to 1, or of None where the judge's verdict could not be read.

    Args:
        unread: what an unread verdict is: ``tie``, as the released code of Pref-GRPO has it; or ``missing``: it is left
            out, and where none was read the status is ``missing``.

    Range: [0, 1]. Needs: ``outcomes``; anything else in them is ``invalid``.

    >>> from plaudit import Sample
    >>> rows = [Sample("?", "a", meta={"outcomes": said}) for said in (["win", "win"], ["loss", "tie"], [None, "win"])]
    >>> WinRate().score(rows).values
    array([1.  , 0.25, 0.75])
    """

    unread: Literal["tie", "missing"] = "tie"

    needs = ("outcomes",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the share won."""
        given = sample["outcomes"]
        outcomes = list(given.values()) if isinstance(given, Mapping) else given
        if not is_list(outcomes):
            raise RecordError(f"outcomes is {shown(given)}; expected a list or a mapping of outcomes")
        worth = [_worth(one) for one in outcomes]
        if self.unread == "tie":
            read = [0.5 if one is None else one for one in worth]
        else:
            read = [one for one in worth if one is not None]
        if not read:
            return Grade(None, "no comparison was made" if not worth else "no verdict was read", Status.MISSING)
        return Grade(sum(read) / len(read), f"{len(worth)} comparisons")


def _worth(outcome: Any) -> float | None:
    if outcome is None:
        return None
    if isinstance(outcome, str) and outcome in _WORTH:
        return _WORTH[outcome]
    if isinstance(outcome, bool) or not isinstance(outcome, Real) or not 0 <= float(outcome) <= 1:
        raise RecordError(f"an outcome is {shown(outcome)}; expected win, tie, loss, a number from 0 to 1, or None")
    return float(outcome)
