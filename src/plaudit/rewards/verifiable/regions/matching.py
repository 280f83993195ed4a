"""Matching: which predicted object is which reference object, and what that is worth.

Everything here works on a matrix ``overlaps`` (float64[predicted, reference]), so that boxes, rotated boxes and solids
are matched alike. Four ways to match:

* ``hungarian``: the one-to-one assignment that earns the most: no other would earn more;
* ``greedy``: the pair with the largest overlap of all first, then the largest of what is left, and so on;
* ``confidence``: predictions in the order given (from the most confident), each takes its best reference left, as COCO
  does;
* ``best``: not one to one: each prediction has its best reference, and each reference its best prediction.

>>> overlaps = np.array([[0.8, 0.6], [0.7, 0.0]])
>>> float(match(overlaps, "hungarian").sum()), float(match(overlaps, "greedy").sum())
(1.2999999999999998, 0.8)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Matching", "Measure", "Tally", "average_precision", "match", "tally"]

Matching = Literal["hungarian", "greedy", "confidence", "best"]
Measure = Literal["mean", "precision", "recall", "f1", "matched"]
#: COCO reads the precision at these recalls.
_RECALLS = np.linspace(0, 1, 101)


class Tally(NamedTuple):
    """The credit of each object; there is at least one of each kind.

    Attributes:
        predicted: float64[n]: what each prediction earned.
        reference: float64[m]: what was earned for each reference.
        weights: float64[m]: how much each reference matters; all alike if None.
    """

    predicted: NDArray[np.float64]
    reference: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None

    def value(self, measure: Measure) -> float:
        """Return what the matching is worth.

        ``precision`` is the mean credit of the predictions, ``recall`` the (weighted) mean of the references, ``f1``
        their harmonic mean (0 where either is not above 0), ``mean`` the lesser of both (the credit over the larger
        number of objects, where all weigh alike), ``matched`` the greater (over the smaller number: surplus or missing
        objects cost nothing).
        """
        precision = float(self.predicted.mean())
        recall = float(np.average(self.reference, weights=self.weights))
        match measure:
            case "precision":
                return precision
            case "recall":
                return recall
            case "mean":
                return min(precision, recall)
            case "matched":
                return max(precision, recall)
            case "f1":
                return 2 * precision * recall / (precision + recall) if min(precision, recall) > 0 else 0.0


def match(overlaps: NDArray[np.float64], how: Matching, least: float = 0.0) -> NDArray[np.float64]:
    """Return the overlaps (float64[n, m]) of the pairs matched one to one, and ``least`` for all others.

    ``hungarian`` maximises their sum; the greedy ways match no pair that is at ``least``.

    Raises:
        ValueError: ``how`` is ``best``, which is not one to one.
    """
    if how == "best":
        raise ValueError("matching 'best' is not one to one: it has no pairs")
    kept = np.full(overlaps.shape, least)
    if not overlaps.size:
        return kept
    if how == "hungarian":
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(overlaps, maximize=True)
        kept[rows, columns] = overlaps[rows, columns]
        return kept
    left = overlaps.copy()
    for turn in range(len(left) if how == "confidence" else min(left.shape)):
        row, column = (
            (turn, int(left[turn].argmax())) if how == "confidence" else divmod(int(left.argmax()), left.shape[1])
        )
        if left[row, column] > least:
            kept[row, column] = overlaps[row, column]
            left[row, :] = left[:, column] = least
    return kept


def tally(
    overlaps: NDArray[np.float64],
    worth: NDArray[np.float64],
    how: Matching,
    least: float = 0.0,
    weights: NDArray[np.float64] | None = None,
) -> Tally:
    """Match, and return what each object earned.

    Args:
        overlaps: float64[n, m], ``least`` where a pair must not match.
        worth: float64[n, m]: the credit that each pair would earn.
        how: ``hungarian`` looks for the most credit, the greedy ways for the largest overlaps.
        least: what an object without a partner earns.
        weights: float64[m].
    """
    if how == "hungarian":
        worth = match(worth, how, least)
    elif how != "best":
        worth = np.where(match(overlaps, how, least) > least, worth, least)
    return Tally(worth.max(axis=1, initial=least), worth.max(axis=0, initial=least), weights)


def average_precision(
    overlaps: NDArray[np.float64], confidence: ArrayLike, thresholds: Sequence[float]
) -> NDArray[np.float64]:
    """Return COCO's average precision of one picture and class at each threshold: float64[t], each 0 to 1.

    Predictions are taken from the most confident (of equals the earlier first); each takes the best reference left
    whose overlap reaches the threshold. The precision, made non-increasing, is averaged over the recalls
    0, 0.01, ..., 1 (Lin et al. 2014, as ``pycocotools`` computes it).

    Args:
        overlaps: float64[n, m], m at least 1.
        confidence: float[n].
        thresholds: overlaps above 0.
    """
    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    ordered, found = overlaps[order], np.zeros(len(thresholds))
    for i, threshold in enumerate(thresholds):
        hits = match(np.where(ordered >= threshold, ordered, 0.0), "confidence").max(axis=1, initial=0.0) > 0
        true = np.cumsum(hits)
        recall, precision = true / overlaps.shape[1], true / np.arange(1, len(hits) + 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, _RECALLS, side="left")
        found[i] = np.append(precision, 0.0)[at].mean()
    return found
