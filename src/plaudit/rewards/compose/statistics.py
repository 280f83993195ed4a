"""Group statistics: what a response is worth beside the other responses to its prompt, or of its batch.

``by`` says which rows belong together: ``group`` (the sample's group), ``batch`` (all rows of the call) or a meta
entry; a row that lacks it is ``invalid`` ("no group"). They are never cut apart.

Three rules hold for all of them:

* The statistic is over the rows that are *asked*. Behind a gate these are the open ones: ``Gate(c, ZScore(r))``
  compares responses that passed with each other, ``ZScore(Gate(c, r))`` compares all, the closed ones with their
  closed value.
* A row without a score keeps its status and its reason, and moves nobody's mean, spread or rank.
* Permuting the rows of a group permutes the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, Status, status_code
from plaudit.rewards.compose.rescaling import rescaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample


@part
class ZScore(Reward):
    """``z_i = (x_i - mean) / (std + eps)`` over the rows of i's group that have a score.

    The mean and ``std = sqrt(sum_j (x_j - mean)^2 / (n - ddof))`` are of the values x of ``reward``. Where all are
    equal, or a row is alone, z is 0.

    Args:
        reward: what is compared; it gives its name.
        by: which rows belong together: ``group``, ``batch`` or a meta entry.
        ddof: 0 divides by n (population), 1 by n - 1 (sample).
        eps: added to the spread, in the reward's units, so that a difference of rounding is none.

    Range: unbounded, as the group's size is not known. Status: the reward's. It has no ``tensor``.

    Source: each reward normalised on its own before they are added is GDPO (Liu et al. 2026); SD-E2 and CMO do it too.

    Raises:
        ConfigError: ``by`` is ``sample`` or empty, ``ddof`` is neither 0 nor 1, or ``eps`` is below 0.

    >>> from plaudit import Answer, Sample
    >>> said = [Sample("1 + 1?", f"<answer>{n}</answer>", "2", group="a") for n in (2, 3, 2, 3)]
    >>> ZScore(Answer("number")).score(said).values.round(3)
    array([ 1., -1.,  1., -1.])
    """

    reward: Reward
    by: str = "group"
    ddof: int = 0
    eps: float = 1e-6

    over = property(lambda self: self.by)
    needs = property(lambda self: together(self.by))

    def __post_init__(self) -> None:
        super().__post_init__()
        check_by(self.by, "ZScore")
        if self.ddof not in (0, 1):
            raise ConfigError(f"ZScore: ddof={self.ddof}; it is 0 or 1", "ddof")
        if self.eps < 0:
            raise ConfigError(f"ZScore: eps={self.eps}; it is 0 or above", "eps")

    def _label(self) -> str:
        return self.reward.label

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and standardise each group."""
        asked = await run(self.reward, samples)
        values = np.full(len(samples), np.nan)
        for rows in rows_by(samples, self.by):
            scored = rows[asked.ok[rows]]
            x = asked.values[scored]
            values[scored] = 0.0
            if len(x) > 1 and x.min() < x.max():
                with np.errstate(over="ignore", invalid="ignore"):  # beyond a float is an error, which Scores says
                    values[scored] = (x - x.mean()) / (x.std(ddof=self.ddof) + self.eps)
        return rescaled(self.reward, asked, values)


@part
class Rank(Reward):
    """``value_i = (#{j: x_j < x_i} + #{j != i: x_j = x_i} / 2) / (n - 1)``: the share of the others that i beats.

    Ties count half. Where all are equal, or a row is alone, it is 0.5.

    Args:
        reward: what is compared; it gives its name.
        by: which rows belong together: ``group``, ``batch`` or a meta entry.

    Range: [0, 1]. Status: the reward's; n counts the rows that have a score. It has no ``tensor``.

    Raises:
        ConfigError: ``by`` is ``sample`` or empty.

    >>> from plaudit import Length, Sample
    >>> said = [Sample("?", "word " * n, group="a") for n in (1, 2, 2, 4)]
    >>> Rank(Length(target=4, width=4)).score(said).values
    array([0. , 0.5, 0.5, 1. ])
    """

    reward: Reward
    by: str = "group"

    over = property(lambda self: self.by)
    needs = property(lambda self: together(self.by))
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_by(self.by, "Rank")

    def _label(self) -> str:
        return self.reward.label

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and rank each group."""
        asked = await run(self.reward, samples)
        values = np.full(len(samples), np.nan)
        for rows in rows_by(samples, self.by):
            scored = rows[asked.ok[rows]]
            _, place, alike = np.unique(asked.values[scored], return_inverse=True, return_counts=True)
            beaten = np.cumsum(alike) - alike + (alike - 1) / 2
            values[scored] = beaten[place] / (len(scored) - 1) if len(scored) > 1 else 0.5
        return rescaled(self.reward, asked, values)


@part
class Statistic(Reward):
    """``value_i = mean_j x_j``, or the ``max``, ``min`` or ``std = sqrt(mean_j (x_j - mean)^2)``: one for all.

    j runs over the rows of i's group that have a score (and are marked, see ``among``), x are the values of ``reward``.
    A baseline to subtract (``r - Statistic(r, "mean")``), the group's difficulty
    (``Affine(Statistic(r, "mean"), -1, 1)``), or whether its responses differ at all (``std``; 0 for a row alone).

    Args:
        reward: what is summarised; the name is made of both (``mean_answer``).
        of: what is taken.
        by: which rows belong together: ``group``, ``batch`` or a meta entry.
        among: the field, or meta entry, that marks the rows to summarise, such as a group's baseline responses; all if
            None. Every row of the group gets the number.

    Range: the reward's; of ``std`` from 0 to half the reward's width. Status: the reward's; ``invalid`` where no row of
    the group is marked, ``missing`` where no marked row has a score. It has no ``tensor``.

    Raises:
        ConfigError: ``by`` is ``sample`` or empty.

    >>> from plaudit import Answer, Sample
    >>> said = [Sample("1 + 1?", f"<answer>{n}</answer>", "2", group="a") for n in (2, 3, 2, 2)]
    >>> (Answer("number") - Statistic(Answer("number"), "mean")).score(said).values
    array([ 0.25, -0.75,  0.25,  0.25])
    """

    reward: Reward
    of: Literal["mean", "max", "min", "std"]
    by: str = "group"
    among: str | None = None

    over = property(lambda self: self.by)
    needs = property(lambda self: together(self.by))

    def __post_init__(self) -> None:
        super().__post_init__()
        check_by(self.by, "Statistic")

    def _label(self) -> str:
        return f"{self.of}_{self.reward.label}"

    @property
    def range(self) -> tuple[float, float]:
        """The reward's, or half its width for a spread."""
        low, high = self.reward.range
        return (0.0, (high - low) / 2) if self.of == "std" else (low, high)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask and summarise each group."""
        asked = await run(self.reward, samples)
        marked = np.array([self.among is None or bool(s.get(self.among)) for s in samples], dtype=bool)
        scores = rescaled(self.reward, asked, asked.values.copy())
        for rows in rows_by(samples, self.by):
            scored, among = rows[asked.ok[rows]], rows[marked[rows]]
            if not len(scored):
                continue
            if not len(among):
                _refuse(scores, scored, Status.INVALID, f"no {self.among} among the rows of its {self.by}")
            elif not asked.ok[among].any():
                _refuse(scores, scored, Status.MISSING, f"no {self.among} of its {self.by} has a score")
            else:
                scores.values[scored] = getattr(np, self.of)(asked.values[among[asked.ok[among]]])
        return scores


def _refuse(scores: Scores, rows: NDArray[np.intp], status: Status, why: str) -> None:
    scores.values[rows], scores.codes[rows] = np.nan, status_code(status)
    for i in rows:
        scores.reason[i] = why


def rows_by(samples: Sequence[Sample], by: str) -> list[NDArray[np.intp]]:
    """Return the rows of each group, in order of their first row."""
    found: dict[Any, list[int]] = {}
    for i, sample in enumerate(samples):
        found.setdefault(None if by == "batch" else _hashable(sample.get(by)), []).append(i)
    return [np.array(rows, dtype=np.intp) for rows in found.values()]


def together(by: str) -> tuple[str, ...]:
    """The fields that rows need to be put together."""
    return () if by == "batch" else (by,)


def check_by(by: str, what: str) -> None:
    """Refuse what puts no rows together.

    Raises:
        ConfigError: ``by`` is ``sample`` or empty.
    """
    if by in ("", "sample"):
        raise ConfigError(f"{what}: by={by!r}; it is 'group', 'batch' or an entry of meta", "by")


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)  # a list read from JSON
    return value
