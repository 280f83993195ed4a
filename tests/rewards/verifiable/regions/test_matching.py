"""Matching against brute force, a plain loop, and pycocotools."""

from __future__ import annotations

import contextlib
import io
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.optimize import linear_sum_assignment  # noqa: F401 - its first import takes longer than a test may

from plaudit.rewards.verifiable.regions.matching import average_precision, match, tally
from plaudit.rewards.verifiable.regions.overlaps import overlap_matrix

Matrix = NDArray[np.float64]
matrices = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1)).map(
    lambda given: np.random.default_rng(given[2]).random(given[:2])
)


def best_sum(matrix: Matrix) -> float:
    """The most that any one-to-one assignment adds up to, by trying them all."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    rows = range(len(wide))
    return float(
        max(
            sum(wide[i, j] for i, j in zip(rows, way, strict=True))
            for way in permutations(range(wide.shape[1]), len(wide))
        )
    )


@given(matrices)
def test_hungarian_is_the_best_of_all_assignments(matrix: Matrix) -> None:
    kept = match(matrix, "hungarian")
    assert kept.sum() == pytest.approx(best_sum(matrix))
    assert ((kept > 0).sum(axis=0) <= 1).all()
    assert ((kept > 0).sum(axis=1) <= 1).all()


@given(matrices, st.floats(0, 1))
def test_greedy_takes_the_largest_of_what_is_left(matrix: Matrix, threshold: float) -> None:
    cut = np.where(matrix >= threshold, matrix, 0.0)
    pairs = sorted(((cut[i, j], i, j) for i, j in np.ndindex(cut.shape)), reverse=True)
    rows, columns, expected = set(), set(), np.zeros_like(cut)
    for overlap, i, j in pairs:
        if overlap > 0 and i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            expected[i, j] = overlap
    assert (match(cut, "greedy") == expected).all()


@given(matrices)
def test_by_confidence_each_takes_its_best_left(matrix: Matrix) -> None:
    free, expected = set(range(matrix.shape[1])), np.zeros_like(matrix)
    for i, row in enumerate(matrix):
        if free:
            j = max(free, key=lambda column: row[column])
            free.remove(j)
            expected[i, j] = row[j]
    assert (match(matrix, "confidence") == expected).all()


def test_greedy_earns_less_than_the_best_where_the_largest_pair_stands_in_the_way() -> None:
    overlaps = np.array([[0.8, 0.7], [0.6, 0.0]])
    assert [match(overlaps, how).sum() for how in ("hungarian", "greedy")] == pytest.approx([1.3, 0.8])
    with pytest.raises(ValueError, match="not one to one"):
        match(overlaps, "best")


def test_measures_by_hand() -> None:
    overlaps = np.array([[0.8, 0.0, 0.0], [0.0, 0.6, 0.0]])  # two drawn, three asked for
    found = tally(overlaps, overlaps, "hungarian")
    values = {m: found.value(m) for m in ("precision", "recall", "mean", "matched", "f1")}
    assert values == pytest.approx(
        {"precision": 0.7, "recall": 1.4 / 3, "mean": 1.4 / 3, "matched": 0.7, "f1": 2 * 1.4 / 5}
    )
    assert tally(overlaps, overlaps, "hungarian", weights=np.array([0, 1, 3.0])).value("recall") == pytest.approx(0.15)


def test_best_is_not_one_to_one() -> None:
    overlaps = np.array([[0.8, 0.6], [0.7, 0.0]])
    found = tally(overlaps, overlaps, "best")
    assert (found.predicted.tolist(), found.reference.tolist()) == ([0.8, 0.7], [0.8, 0.6])


def test_an_object_without_a_partner_earns_the_least() -> None:
    overlaps = np.array([[-0.5], [0.5]])
    assert tally(overlaps, overlaps, "hungarian", least=-1.0).predicted.tolist() == [-1, 0.5]


def coco_ap(predicted: Matrix, right: Matrix, confidence: Matrix, thresholds: list[float]) -> list[float]:
    """AP at each threshold by pycocotools, of one picture and one class."""

    def wide(box: Matrix) -> list[float]:
        return [float(n) for n in (box[0], box[1], box[2] - box[0], box[3] - box[1])]

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        notes: list[dict[str, Any]] = [
            {"id": i, "image_id": 1, "category_id": 1, "bbox": wide(b), "area": 50.0, "iscrowd": 0}
            for i, b in enumerate(right, 1)
        ]
        truth.dataset = {"images": [{"id": 1}], "annotations": notes, "categories": [{"id": 1}], "info": {}}
        truth.createIndex()
        said = [
            {"image_id": 1, "category_id": 1, "bbox": wide(b), "score": float(c)}
            for b, c in zip(predicted, confidence, strict=True)
        ]
        judged = COCOeval(truth, truth.loadRes(said), "bbox")
        judged.params.iouThrs = np.array(thresholds)
        judged.evaluate()
        judged.accumulate()
    return [float(judged.eval["precision"][t, :, 0, 0, 2].mean()) for t in range(len(thresholds))]


@pytest.mark.parametrize("seed", range(25))
def test_average_precision_equals_pycocotools(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n, m = draw.integers(1, 12), draw.integers(1, 8)
    low = draw.random((m, 2)) * 90
    right = np.hstack([low, low + 5 + draw.random((m, 2)) * 20])
    predicted = right[draw.integers(0, m, n)] + draw.normal(size=(n, 4)) * 1.5
    confidence = draw.random(n)
    thresholds = [0.5, 0.6, 0.75, 0.9]
    found = average_precision(overlap_matrix(predicted, right), confidence, thresholds)
    assert found == pytest.approx(coco_ap(predicted, right, confidence, thresholds), abs=1e-9)


def test_average_precision_by_hand() -> None:
    # A miss before the one hit: precision 1/2 at every recall. A miss behind it costs nothing.
    overlaps = np.array([[0.0], [0.8]])
    assert average_precision(overlaps, [0.9, 0.5], [0.5]).tolist() == [0.5]
    assert average_precision(overlaps, [0.1, 0.5], [0.5, 0.9]).tolist() == [1.0, 0.0]
    # One of two found: precision 1 at the recalls 0 to 0.5, which are 51 of 101.
    assert average_precision(np.array([[0.8, 0.0]]), [1.0], [0.5])[0] == pytest.approx(51 / 101)
