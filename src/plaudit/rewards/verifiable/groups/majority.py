"""Majority: does the answer agree with what most of the group said? A reward without a reference.

Only answers that can be read vote; a response without one gets 0 and changes nothing for the others. The votes are
those of the rows that were asked, so behind a ``Gate`` only what passed it votes. A policy satisfies this by always
saying the same: agreement is no truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.reward import Leaf, Run, part
from plaudit.core.score import Scores, Status
from plaudit.rewards.verifiable.answers.extraction import Pick, extract
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.answers.numbers import number
from plaudit.rewards.verifiable.groups.kernels import together
from plaudit.rewards.verifiable.text.comparison import Where

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Kind = Literal["text", "number"]
Ties = Literal["none", "all"]
Vote = Any


@part
class MajorityAgreement(Leaf):
    """1 where the answer is the one that most of its group gave, else 0 (self-consistency as a reward; TTRL, Zuo et al.
    2025).

    With c(a) the number of the group's readable answers that are a: 1 where ``c(a_i) = max_a c(a)``. With ``share`` the
    value is ``c(a_i) / sum_a c(a)`` instead.

    Args:
        kind: when two answers are one: ``text``: equal as :mod:`plaudit.rewards.verifiable.answers.normalization` says;
            ``number``: of one value.
        ties: where several answers have the most votes: ``none``: there is no majority, and all get 0; ``all``: each of
            them is one. (Released code often takes the first, so that values depend on the order of the group.)
        share: whether the value is the share of votes.
        normalize: for ``text``.
        extract: where the answer stands.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``group``. Sees whole groups.

    >>> from plaudit import Sample
    >>> said = ("<answer>3</answer>", "<answer>3.</answer>", "<answer>5</answer>", "")
    >>> MajorityAgreement().score([Sample("?", text, group=1) for text in said]).values
    array([1., 1., 0., 0.])
    """

    kind: Kind = "text"
    ties: Ties = "none"
    share: bool = False
    normalize: Normal = field(default="loose", kw_only=True)
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    over = "group"
    needs = ("group",)
    range = (0.0, 1.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Count each group's votes."""
        votes, reasons = _votes(samples, self.kind, self.normalize, self.extract, self.pick)
        values = np.zeros(len(samples))
        for rows in together(samples):
            count = Counter(votes[i] for i in rows if votes[i] is not None)
            labels = majority(count, self.ties)
            for i in rows:
                if votes[i] is None:
                    continue
                said = f"{count[votes[i]]} of {count.total()} say so"
                values[i] = count[votes[i]] / count.total() if self.share else float(votes[i] in labels)
                reasons[i] = said if labels or self.share else f"no majority: {said}"
        return Scores(values, reason=reasons)


@part
class PairedAgreement(Leaf):
    """1 where the answer is the one that most of the *linked* group gave: the same question's in other words.

    With y_i the answers of one group, y'_j those of the other, and maj the most frequent readable one: ``r_i = 1[y_i =
    maj(y')]`` and ``r'_j = 1[y'_j = maj(y)]`` (Co-Reward, Zhang et al. 2025, equations 6 to 8). Where the linked group
    has no majority (nothing readable, or a tie under ``ties="none"``) all of this group get 0.

    Both groups have the same value of ``sample[link]``, and different ones of ``group``. A row whose link does not have
    exactly two groups is ``invalid``.

    Args:
        kind: when two answers are one; the paper compares texts.
        ties: as for :class:`MajorityAgreement`.
        link: the entry of meta that links the groups.
        normalize: for ``text``.
        extract: where the answer stands.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``group`` and the link. Sees all rows of one link.

    >>> from plaudit import Sample
    >>> said = [("question", "3"), ("question", "3"), ("question", "5"), ("other", "5"), ("other", "5"), ("other", "3")]
    >>> rows = [Sample(asked, f"<answer>{a}</answer>", group=asked, meta={"pair": 7}) for asked, a in said]
    >>> PairedAgreement().score(rows).values
    array([0., 0., 1., 0., 0., 1.])
    """

    kind: Kind = "text"
    ties: Ties = "none"
    link: str = "pair"
    normalize: Normal = field(default="loose", kw_only=True)
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    range = (0.0, 1.0)

    @property
    def over(self) -> str:
        """The link."""
        return self.link

    @property
    def needs(self) -> tuple[str, ...]:
        """The group and the link."""
        return ("group", self.link)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Hold each group's answers against the other's majority."""
        votes, reasons = _votes(samples, self.kind, self.normalize, self.extract, self.pick)
        values: list[float | None] = [0.0] * len(samples)
        statuses = [Status.OK] * len(samples)
        linked: dict[Any, set[Any]] = {}
        for sample in run.batch:  # a group of which no row was asked (all behind a closed gate) is there all the same
            if sample.group is not None:
                linked.setdefault(sample.get(self.link), set()).add(sample.group)
        for rows in together(samples, self.link):
            name = samples[rows[0]][self.link]
            if len(linked[name]) != 2:
                for i in rows:
                    values[i], statuses[i] = None, Status.INVALID
                    reasons[i] = f"{self.link} {name!r} links {len(linked[name])} groups; expected 2"
                continue
            for i in rows:
                others = (votes[j] for j in rows if samples[j].group != samples[i].group)
                labels = majority(Counter(vote for vote in others if vote is not None), self.ties)
                values[i] = float(votes[i] is not None and votes[i] in labels)
                if votes[i] is not None and not values[i]:
                    reasons[i] = "another answer than the linked group's" if labels else "the linked group has none"
        return Scores(values, statuses, reasons)


def majority(count: Counter[Vote], ties: Ties = "none") -> frozenset[Vote]:
    """Return the answers with the most votes: one, none, or with ``ties="all"`` several.

    >>> majority(Counter("aab")), majority(Counter("ab")), sorted(majority(Counter("ab"), "all"))
    (frozenset({'a'}), frozenset(), ['a', 'b'])
    """
    most = max(count.values(), default=0)
    labels = frozenset(vote for vote, n in count.items() if n == most)
    return labels if ties == "all" or len(labels) == 1 else frozenset()


def _votes(
    samples: Sequence[Sample], kind: Kind, normal: Normal, where: Where, pick: Pick
) -> tuple[list[Vote], list[str]]:
    """Return each row's answer, None where it has none, and then why."""
    votes: list[Vote] = []
    reasons: list[str] = []
    for sample in samples:
        found = extract(sample.text, where, pick)
        vote: Vote = None
        reason = found.reason
        if found.text is not None:
            vote = number(found.text) if kind == "number" else normalised(found.text, normal) or None
            reason = "" if vote is not None else f"no {kind} in the answer"
        votes.append(vote)
        reasons.append(reason)
    return votes, reasons
