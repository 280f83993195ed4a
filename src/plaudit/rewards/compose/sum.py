"""Sum: ``Answer("math") + 0.1 * Format("think-answer")``, each term kept raw beside its weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.fields import checked
from plaudit.core.reward import COSTS, Reward, Run, part
from plaudit.core.score import Floats, Scores, Status, status_code, worst
from plaudit.core.weight import Weight, times_range, weight_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample


@part
class Sum(Reward):
    """``value = sum_i weights[i] * terms[i]``; where a term has no score, neither has the sum: nothing renormalises.

    Written with ``+``, ``-``, numbers and weights; the call form is for a sum that needs a name of its own. A sum
    without a name dissolves in the sum around it, so that ``(a + b) + c`` and ``Sum([a + b, c])`` have three terms.

    Each term keeps its raw value beside what it was multiplied by, row by row. A number weighs every row alike and
    always asks, 0 too: such a term is watched. A weight (a schedule, a field of the sample) that is 0 in a row leaves
    the term out of it: it is not asked there (``skipped``), and the sum does without it.

    Args:
        terms: the rewards, of different names.
        weights: one finite number or weight a term; 1 each if None.

    Range: ``sum_i w_i * [low_i, high_i]``, over all that ``w_i`` may be. Status: the most serious of the terms';
    ``invalid`` where the record lacks what a weight reads. It has a ``tensor`` where all its terms have one.

    Raises:
        ConfigError: no terms, or another number of weights than terms.

    >>> from plaudit import Answer, Format, Sample
    >>> scores = (Answer("number") + 0.1 * Format("answer")).score(Sample("1 + 1?", "So <answer>2</answer>", "2"))
    >>> scores.values, scores["format"].values, scores["format"].weight
    (array([1.]), array([0.]), array([0.1]))
    """

    terms: Sequence[Reward]
    weights: Sequence[float | Weight] | None = None

    def __post_init__(self) -> None:
        terms: Any = self.terms
        if isinstance(terms, (list, tuple)):
            given = self.weights if self.weights is not None else (1.0,) * len(terms)
            weights: tuple[float | Weight, ...] = checked(given, tuple[float | Weight, ...], "Sum: weights")
            if len(weights) == len(terms):
                flat = [pair for w, term in zip(weights, terms, strict=True) for pair in _dissolved(w, term)]
                terms, weights = tuple(term for _, term in flat), tuple(w for w, _ in flat)
            object.__setattr__(self, "terms", terms)
            object.__setattr__(self, "weights", weights)
        super().__post_init__()
        if not self.terms or len(self._weights) != len(self.terms):
            raise ConfigError(f"Sum: {len(self._weights)} weights for {len(self.terms)} terms")

    @property
    def _weights(self) -> Sequence[float | Weight]:
        return self.weights or ()

    def _label(self) -> str:
        return self.terms[0].label if len(self.terms) == 1 else "sum"

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest weighted sum."""
        ends = [times_range(weight_range(w), t.range) for w, t in self.weighted()]
        return (sum(low for low, _ in ends), sum(high for _, high in ends))

    @property
    def _is_infix(self) -> bool:
        """Whether its text holds operators, which a factor beside it would tear apart."""
        return not self.name

    def weighted(self) -> list[tuple[float | Weight, Reward]]:
        """Each weight with its term."""
        return list(zip(self._weights, self.terms, strict=True))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask every term that counts, cheap ones first, and add."""
        labels = list(self.parts)
        rows = [_row(w, samples, run) for w in self._weights]
        asks = [_counts(w, row) for w, row in zip(self._weights, rows, strict=True)]
        order = sorted(range(len(labels)), key=lambda i: max(COSTS.index(p.cost) for _, p in self.terms[i].walk()))
        answered = await run.gather(*(run(self.terms[i], samples, asks[i]) for i in order))
        given = [answered[order.index(i)] for i in range(len(labels))]
        counted = [scores if ask is None else _only(scores, ask) for scores, ask in zip(given, asks, strict=True)]
        codes, reason = worst(dict(zip(labels, counted, strict=True)))
        with np.errstate(over="ignore", invalid="ignore"):  # an infinite sum is an error, which Scores says
            values = np.sum([row * scores.values for row, scores in zip(rows, counted, strict=True)], axis=0)
        for weight, row in zip(self._weights, rows, strict=True):
            for i in np.flatnonzero(~np.isfinite(row)).tolist():
                codes[i] = status_code(Status.INVALID)
                said = weight.lacking(samples[i]) if isinstance(weight, Weight) else ""
                reason[i] = samples[i].defect or said or f"{weight} weighs nothing here"
        terms = {
            label: scores.weighed(np.nan_to_num(row, nan=0.0, posinf=0.0, neginf=0.0))
            for label, scores, row in zip(labels, given, rows, strict=True)
        }
        return Scores(values, codes, reason, terms=terms, tensor=_graph(rows, given, asks))

    def __str__(self) -> str:
        if self.name:
            return super().__str__()
        text = ""
        for weight, term in self.weighted():
            negative, size = _written(weight, alone=self._weights == (1.0,))
            sign = (" - " if text else "-") if negative else " + " if text else ""
            shown = f"({term})" if (size or sign == "-") and getattr(term, "_is_infix", False) else str(term)
            text += sign + size + shown
        return text

    __repr__ = __str__


def weigh(weight: float | Weight, reward: Reward) -> Sum:
    """Return ``weight * reward``. A sum without a name has its weights multiplied instead."""
    return Sum((reward,), (weight,))


def add(left: object, right: object) -> Reward:
    """Return ``left + right``.

    Raises:
        ConfigError: one of the two is not a reward.
    """
    for side in (left, right):
        if not isinstance(side, Reward):
            raise ConfigError(f"{side!r} can't be added to a reward: weigh the reward (0.1 * ...) or rescale it")
    return Sum((left, right))  # type: ignore[arg-type]  # both are rewards, as was just seen


def _dissolved(weight: float | Weight, term: Any) -> list[tuple[float | Weight, Any]]:
    if isinstance(term, Sum) and not term.name:
        return [(weight * w, t) for w, t in term.weighted()]
    return [(weight, term)]


def _row(weight: float | Weight, samples: Sequence[Sample], run: Run) -> Floats:
    """The weight of each sample."""
    if not isinstance(weight, Weight):
        return np.full(len(samples), weight)
    row = np.asarray(weight.values(samples, run.context), dtype=np.float64)
    if row.shape != (len(samples),):
        raise ValueError(f"{weight} returned weights of shape {row.shape} for {len(samples)} samples")
    return row


def _counts(weight: float | Weight, row: Floats) -> NDArray[np.bool_] | None:
    """Where a term is asked; None: everywhere."""
    counts: NDArray[np.bool_] = np.isfinite(row) & (row != 0)
    return counts if isinstance(weight, Weight) and not counts.all() else None


def _only(scores: Scores, rows: NDArray[np.bool_]) -> Scores:
    """The scores as the sum counts them: nothing, and nothing amiss, where the term was left out."""
    reason = [why if here else "" for why, here in zip(scores.reason, rows, strict=True)]
    return Scores(np.where(rows, scores.values, 0.0), np.where(rows, scores.codes, 0).astype(np.int8), reason)


def _graph(rows: Sequence[Floats], given: Sequence[Scores], asks: Sequence[NDArray[np.bool_] | None]) -> Any:
    """Add up the tensors, if every term that counts anywhere has one."""
    graph: Any = None
    for row, scores, ask in zip(rows, given, asks, strict=True):
        if ask is not None and not ask.any():
            continue
        if scores.tensor is None:
            return None
        alike = not len(row) or bool((row == row[0]).all())
        weight = (float(row[0]) if len(row) else 1.0) if alike else scores.tensor.new_tensor(row)
        graph = weight * scores.tensor if graph is None else graph + weight * scores.tensor
    return graph


def _written(weight: float | Weight, alone: bool) -> tuple[bool, str]:
    """Whether a weight is negative, and what stands before its term besides the sign."""
    if isinstance(weight, Weight):
        text = str(weight)
        return text.startswith("-"), f"{text.removeprefix('-')} * "
    return weight < 0, f"{abs(weight)!r} * " if abs(weight) != 1 or alone else ""
