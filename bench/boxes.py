"""Boxes against pycocotools in one run: overlaps, matching, and the reward around them.

Both sides take turns on the same boxes. ``python -m bench.boxes [--quick]`` prints, for each job, how many times as
fast as pycocotools Plaudit is, and ends with status 1 where a target is missed:

* the IoU of 1,000 boxes with 1,000 others, a million pairs, as ``mask.iou`` gives it;
* the IoU of a million boxes each with one other, which pycocotools has as the diagonals of blocks (of 32, where it is
  fastest);
* 10,000 scenes of 20 boxes and 20 references: all overlaps and the match at 0.5 from the most confident, as
  ``COCOeval.evaluate`` finds them, scene by scene the same; and the assignment that earns most instead.
* the same scenes as responses, read from JSON, matched and scored by ``Boxes``, beside the time in which pycocotools
  matches what it is given as numbers: told, not asked.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from bench.figure import Figure, seconds
from numpy.typing import NDArray
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from plaudit import Sample
from plaudit.core.geometry import iou_matrix, iou_pairs
from plaudit.rewards.verifiable.regions.boxes import Boxes
from plaudit.rewards.verifiable.regions.matching import Matching, match

EACH, BLOCK, TURNS = 20, 32, 5
Floats = NDArray[np.float64]


def boxes(shape: tuple[int, ...], draw: np.random.Generator) -> Floats:
    """Boxes (x1, y1, x2, y2) in a picture of 1,000 by 1,000."""
    low = draw.random((*shape, 2)) * 800
    return np.concatenate([low, low + 20 + draw.random((*shape, 2)) * 180], axis=-1)


def wide(corners: Floats) -> Floats:
    """The same boxes as COCO writes them: x, y, width, height."""
    return np.concatenate([corners[..., :2], corners[..., 2:] - corners[..., :2]], axis=-1)


def evaluation(drawn: Floats, right: Floats, confidence: Floats) -> COCOeval:
    """Return pycocotools' evaluation of the scenes, ready to be run."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        notes: list[dict[str, Any]] = [
            {"image_id": s, "category_id": 1, "bbox": box.tolist(), "area": float(box[2] * box[3]), "iscrowd": 0}
            for s, scene in enumerate(wide(right))
            for box in scene
        ]
        for number, note in enumerate(notes, 1):
            note["id"] = number
        pictures = [{"id": s} for s in range(len(right))]
        truth.dataset = {"images": pictures, "annotations": notes, "categories": [{"id": 1}], "info": {}}
        truth.createIndex()
        said = [
            {"image_id": s, "category_id": 1, "bbox": box.tolist(), "score": float(sure)}
            for s, (scene, sures) in enumerate(zip(wide(drawn), confidence, strict=True))
            for box, sure in zip(scene, sures, strict=True)
        ]
        judged = COCOeval(truth, truth.loadRes(said), "bbox")
    judged.params.iouThrs = np.array([0.5])
    judged.params.areaRng, judged.params.areaRngLbl = [[0, 1e10]], ["all"]
    judged.params.maxDets = [EACH]
    return judged


def matched(drawn: Floats, right: Floats, confidence: Floats, how: Matching) -> list[Floats]:
    """Match every scene."""
    found = []
    for scene, other, sure in zip(drawn, right, confidence, strict=True):
        overlaps = iou_matrix(scene[np.argsort(-sure, kind="stable")], other)
        found.append(match(np.where(overlaps >= 0.5, overlaps, 0.0), how))
    return found


def samples(drawn: Floats, right: Floats, confidence: Floats) -> list[Sample]:
    """The scenes as responses, with references in the record."""
    made = []
    for scene, other, sure in zip(drawn.round(1), right.round(1), confidence.round(3), strict=True):
        said = [
            {"bbox_2d": box.tolist(), "label": "thing", "confidence": float(c)}
            for box, c in zip(scene, sure, strict=True)
        ]
        made.append(Sample("?", f"<think>so</think><answer>{json.dumps(said)}</answer>", other.tolist()))
    return made


def compare(what: str, ours: Callable[[], Any], theirs: Callable[[], Any], least: float | None = 1.0) -> list[Figure]:
    """Run both in turn; return the least time of each, and how many times as fast ours is."""
    times: list[list[float]] = [[], []]
    for _ in range(TURNS):
        for job, spent in zip((ours, theirs), times, strict=True):
            with contextlib.redirect_stdout(io.StringIO()):
                spent.append(seconds(job))
    mine, other = min(times[0]), min(times[1])
    note = f"{mine * 1e3:.1f} ms against {other * 1e3:.1f} ms, least of {TURNS} turns"
    return [Figure(f"{what}: times as fast as pycocotools", other / mine, "times", least, most=False, note=note)]


def overlaps(quick: bool) -> list[Figure]:
    """Overlaps alone."""
    draw = np.random.default_rng(0)
    n = 300 if quick else 1000
    a, b, crowd = boxes((n,), draw), boxes((n,), draw), [0] * n
    many, others = boxes((n * n,), draw), boxes((n * n,), draw)

    left, right, ones, others_wide = wide(a), wide(b), wide(many), wide(others)

    def matrix() -> Any:
        return coco.iou(left, right, crowd)

    def diagonals() -> Floats:
        blocks = [slice(at, at + BLOCK) for at in range(0, len(ones), BLOCK)]
        return np.concatenate([coco.iou(ones[at], others_wide[at], [0] * len(ones[at])).diagonal() for at in blocks])

    apart = max(
        float(np.abs(iou_matrix(a, b) - matrix()).max()), float(np.abs(iou_pairs(many, others) - diagonals()).max())
    )
    return [
        Figure("greatest difference of an IoU from pycocotools'", apart, "", 1e-12),
        *compare(f"IoU of {n * n:,} pairs, {n:,} boxes by {n:,}", lambda: iou_matrix(a, b), matrix),
        *compare(f"IoU of {n * n:,} pairs, all different", lambda: iou_pairs(many, others), diagonals),
    ]


def scenes(quick: bool) -> list[Figure]:
    """Matching, and the reward around it."""
    draw, n = np.random.default_rng(1), 500 if quick else 10_000
    right = boxes((n, EACH), draw)
    drawn = right + draw.normal(size=right.shape) * 8
    drawn[..., 2:] = np.maximum(drawn[..., 2:], drawn[..., :2] + 1)
    drawn, confidence = np.clip(drawn, 0, None), draw.random((n, EACH))
    judged = evaluation(drawn, right, confidence)
    with contextlib.redirect_stdout(io.StringIO()):
        judged.evaluate()
    pairs = zip(matched(drawn, right, confidence, "confidence"), judged.evalImgs, strict=True)
    other = sum(bool((ours.any(axis=1) != (theirs["dtMatches"][0] > 0)).any()) for ours, theirs in pairs)
    responses, size = samples(drawn, right, confidence), f"{n:,} scenes of {EACH} boxes"
    reward = Boxes("f1", matching="confidence")

    def mine(how: Matching) -> Callable[[], Any]:
        return lambda: matched(drawn, right, confidence, how)

    return [
        Figure("scenes matched otherwise than by pycocotools", other, f"of {n:,}", 0),
        *compare(f"match of {size}, by confidence", mine("confidence"), judged.evaluate),
        *compare(f"match of {size}, the best", mine("hungarian"), judged.evaluate),
        *compare(f"Boxes on {size}, JSON and all", lambda: reward.score(responses), judged.evaluate, least=None),
    ]


def measure(quick: bool) -> list[Figure]:
    """Return what both sides take, and whether they agree."""
    return overlaps(quick) + scenes(quick)


def main() -> int:
    """Print the figures; 1 if one misses its target."""
    figures = measure("--quick" in sys.argv[1:])
    for figure in figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        sys.stdout.write(f"{figure.what:<82} {figure.value:>9.4g} {figure.unit:<9} {verdict:<7} {figure.note}\n")
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
