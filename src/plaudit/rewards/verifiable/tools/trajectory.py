"""Trajectory: rewards turn by turn, with the credit of each assistant turn as ``spans``.

``EachTurn`` and ``TurnGain`` ask any reward of every assistant turn as if it were a response of its own (with the
tools' answers to it); ``TurnCredit`` takes what the environment recorded.

>>> from plaudit import Sample, load
>>> each = load('EachTurn(Format("think-tool"), last=Format("think-answer"))')
>>> said = [{"role": "assistant", "content": "<think>a</think><tool_call>zoom()</tool_call>"},
...         {"role": "tool", "content": "done"}, {"role": "assistant", "content": "<answer>4</answer>"}]
>>> each.score([Sample("?", said)]).values
array([0.5])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Reward, Run, part
from plaudit.core.sample import replace
from plaudit.core.score import STATUSES, Scores, Span, Status, status_code

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class EachTurn(Reward):
    """A reward of every assistant turn: their mean, or the least of them. A per-turn format is the usual use.

    Where a turn has no score, neither has the trajectory. A response without assistant turns is one empty turn.
    ``spans`` credit each turn with its own value.

    Args:
        reward: what each turn is worth.
        last: what the last turn is worth instead, if it is another thing (an answer, where the others are calls).
        form: ``mean`` or ``least`` (all must be good).

    Range: the rewards'.

    Raises:
        ConfigError: a reward must see rows together, which the turns of different trajectories are not.
    """

    reward: Reward
    last: Reward | None = None
    form: Literal["mean", "least"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_wide("EachTurn", self.reward, self.last)

    def _label(self) -> str:
        return f"each_{self.reward.label}"

    @property
    def parts(self) -> dict[str, Reward]:
        """The reward as ``turn``, and ``last``."""
        return _parts(self.reward, self.last)

    @property
    def range(self) -> tuple[float, float]:
        """The rewards'."""
        return _both(self.reward, self.last)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask for every turn, then put the turns of each sample together."""
        rows = await _ask_turns(samples, self.reward, self.last, run)
        values = [
            None if row.codes.any() else row.values.mean() if self.form == "mean" else row.values.min() for row in rows
        ]
        spans = [tuple(_credit(value, k) for k, value in enumerate(row.values)) for row in rows]
        return _gathered(values, rows, spans)


@part
class TurnGain(Reward):
    """How much better the last assistant turn is than the first: the sum of the gains from turn to turn.

    ``sum_k (r_{k+1} - r_k)`` over the assistant turns, which is ``r_last - r_first``; ``spans`` credit each turn with
    its own gain over the one before. VR-Thinker's (2025) process reward is 0.2 of this, with the accuracy of each
    turn's recommended answer. One turn alone gains 0. Where a turn has no score, neither has the trajectory.

    Args:
        reward: what each turn is worth.
        last: what the last turn is worth instead, on the same scale.

    Range: plus and minus the width of the rewards' range.

    Raises:
        ConfigError: a reward must see rows together, which the turns of different trajectories are not.
    """

    reward: Reward
    last: Reward | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_wide("TurnGain", self.reward, self.last)

    def _label(self) -> str:
        return f"gain_{self.reward.label}"

    @property
    def parts(self) -> dict[str, Reward]:
        """The reward as ``turn``, and ``last``."""
        return _parts(self.reward, self.last)

    @property
    def range(self) -> tuple[float, float]:
        """Plus and minus the width of the rewards' range."""
        low, high = _both(self.reward, self.last)
        return (low - high, high - low)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask for every turn, then take the differences."""
        rows = await _ask_turns(samples, self.reward, self.last, run)
        values = [None if row.codes.any() else row.values[-1] - row.values[0] for row in rows]
        spans = [tuple(_credit(gain, k) for k, gain in enumerate(np.diff(row.values), 1)) for row in rows]
        return _gathered(values, rows, spans)


@part
class TurnCredit(Leaf):
    """The sum of the rewards that the environment gave turn by turn, with each as a span.

    Args:
        field: the meta entry that holds one number for each assistant turn; another number of them is ``invalid``, for
            a reward without its turn would be lost in silence.
        differences: the entry holds the environment's score after each turn, and the reward of a turn is what it added
            (to 0, for the first).
        normalize: divide so that an episode sums to about 1: by the number of positive rewards where the meta entry
            ``won`` is true, else by the entry ``max_reward``; by 1 at least (Meow-Tea-Taro, 2025, dense rewards).

    Range: any number. Needs: ``field``, and ``won`` and ``max_reward`` to normalize.

    >>> from plaudit import Sample
    >>> turns = [{"role": "assistant", "content": "go north"}, {"role": "assistant", "content": "take lamp"}]
    >>> TurnCredit(differences=True).score([Sample("", turns, meta={"rewards": [1, 3]})]).spans[0][1]
    Span(value=2.0, unit='turn', place=(1, 2), turn=1)
    """

    field: str = "rewards"
    differences: bool = False
    normalize: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The entries that are read."""
        return (self.field, "won", "max_reward") if self.normalize else (self.field,)

    def grade(self, sample: Sample) -> Any:
        """Return the sum, and each turn's reward as a span."""
        turns = sum(turn.role == "assistant" for turn in sample.turns)
        given = _numbers(sample.get(self.field), self.field)
        if len(given) != turns:
            raise RecordError(f"{self.field} has {len(given)} numbers for {turns} assistant turns")
        if self.differences:
            given = [now - before for now, before in zip(given, [0.0, *given], strict=False)]
        if self.normalize:
            scale = self._scale(sample, given)
            given = [reward / scale for reward in given]
        return Grade(math.fsum(given), spans=tuple(_credit(reward, k) for k, reward in enumerate(given)))

    def _scale(self, sample: Sample, given: Sequence[float]) -> float:
        won, most = sample.get("won"), sample.get("max_reward")
        if not isinstance(won, bool):
            raise RecordError(f"won is a {type(won).__name__}; expected true or false")
        return max(1.0, sum(reward > 0 for reward in given) if won else _numbers([most], "max_reward")[0])


class _Row(NamedTuple):
    """What the turns of one sample answered; at least one turn."""

    values: Any
    codes: Any
    reasons: list[str]


async def _ask_turns(samples: Sequence[Sample], reward: Reward, last: Reward | None, run: Run) -> list[_Row]:
    """Ask for every assistant turn of every sample, all in one go."""
    broken: dict[int, str] = {}
    turns: list[list[Sample]] = []
    for i, sample in enumerate(samples):
        try:
            turns.append(_alone(sample))
        except RecordError as error:
            broken[i] = str(error)
            turns.append([])
    early = [turn for own in turns for turn in (own if last is None else own[:-1])]
    late = [own[-1] for own in turns if own and last is not None]
    answered = await run.gather(run(reward, early), *([run(last, late)] if last is not None else []))
    rows: list[_Row] = []
    at = [0, 0]
    for i, own in enumerate(turns):
        if i in broken:
            rows.append(_Row(np.array([np.nan]), np.array([status_code(Status.INVALID)]), [broken[i]]))
            continue
        sources = [0 if last is None or k < len(own) - 1 else 1 for k in range(len(own))]
        picked = []
        for source in sources:
            picked.append((answered[source], at[source]))
            at[source] += 1
        rows.append(
            _Row(
                np.array([scores.values[k] for scores, k in picked]),
                np.array([scores.codes[k] for scores, k in picked]),
                [scores.reason[k] for scores, k in picked],
            )
        )
    return rows


def _alone(sample: Sample) -> list[Sample]:
    """Return each assistant turn, with the tools' answers to it, as a sample of its own."""
    spoken = [i for i, turn in enumerate(sample.turns) if turn.role == "assistant"]
    if not spoken:
        return [replace(sample, response="")]
    if not isinstance(sample.response, list | tuple) or len(sample.turns) == 1:
        return [sample]
    ends = [*spoken[1:], len(sample.turns)]
    return [replace(sample, response=list(sample.response[i:end])) for i, end in zip(spoken, ends, strict=True)]


def _gathered(values: Sequence[Any], rows: Sequence[_Row], spans: Sequence[tuple[Span, ...]]) -> Scores:
    codes = [int(row.codes.max()) for row in rows]
    reasons = []
    for row, code in zip(rows, codes, strict=True):
        said = [(k, why) for k, why in enumerate(row.reasons) if why and row.codes[k] == code]
        reasons.append(f"turn {said[0][0]}: {said[0][1]}" if said else "")
    credit = [own if not code else () for own, code in zip(spans, codes, strict=True)]
    return Scores(list(values), [STATUSES[code] for code in codes], reasons, spans=credit)


def _credit(value: float, turn: int) -> Span:
    return Span(float(value), "turn", (turn, turn + 1), turn)


def _parts(reward: Reward, last: Reward | None) -> dict[str, Reward]:
    return {"turn": reward} if last is None else {"turn": reward, "last": last}


def _both(reward: Reward, last: Reward | None) -> tuple[float, float]:
    ranges = [reward.range] if last is None else [reward.range, last.range]
    return (min(low for low, _ in ranges), max(high for _, high in ranges))


def _refuse_wide(whose: str, *rewards: Reward | None) -> None:
    for reward in rewards:
        if reward is not None and reward.reach != "sample":
            raise ConfigError(f"{whose}: {reward.label} must see a whole {reward.reach}, and a turn stands alone")


def _numbers(given: Any, where: str) -> list[float]:
    given = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise RecordError(f"{where} is a {type(given).__name__}; expected a number for each assistant turn")
    for one in given:
        if isinstance(one, bool) or not isinstance(one, Real) or not math.isfinite(one):
            raise RecordError(f"{where} holds {one!r}; expected finite numbers"[:200])
    return [float(one) for one in given]
