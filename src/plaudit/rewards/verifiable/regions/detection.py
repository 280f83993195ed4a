"""Detection: average precision, calibrated confidence and the number of boxes, beside what ``Boxes`` measures.

>>> from plaudit import load
>>> visual_rft = load('Boxes("mean", credit="overlap", matching="confidence") + BoxConfidence() + Format("answer")')
>>> vlm_r1 = load('AveragePrecision() * BoxCount("surplus")')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.geometry import Frame
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How
from plaudit.rewards.verifiable.regions.matching import average_precision, match
from plaudit.rewards.verifiable.regions.scenes import read_scene, refuse_last, sure

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: COCO's: 0.5 to 0.95 in steps of 0.05.
COCO_THRESHOLDS = tuple(i / 100 for i in range(50, 100, 5))


@part
class AveragePrecision(Leaf):
    r"""COCO's average precision of one response's boxes, averaged over thresholds and over the reference's labels.

    Boxes are taken from the most confident (1 where it states none; of equals the earlier first); see
    :func:`.regions.matching.average_precision`. Surplus boxes behind the right ones cost nothing, so multiply by a
    ``BoxCount``. No box scores 0; where the reference has none, ``[]`` alone scores 1. The reference is that of
    ``Boxes``.

    Args:
        thresholds: the overlaps (IoU) from which a box is right, each above 0 and at most 1.
        labels: whether only boxes of one label match, and precision is averaged over the labels.
        frame: the frame that the response writes in.
        extract: where the boxes stand.

    Range: [0, 1]. Needs: ``reference``. Sources: Lin et al. 2014 (COCO); VLM-R1 (Shen et al. 2025), detection reward.

    Raises:
        ConfigError: no threshold, or one that is out of its bounds.

    Example:
    >>> from plaudit import Sample
    >>> right = {"boxes": [[0, 0, 10, 10]]}
    >>> AveragePrecision([0.5]).score([Sample("", "<answer>[[50, 50, 60, 60], [0, 0, 10, 8]]</answer>", right)]).values
    array([0.5])
    """

    thresholds: tuple[float, ...] = COCO_THRESHOLDS
    labels: bool = False
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("AveragePrecision", self.extract)
        if not self.thresholds or not all(0 < t <= 1 for t in self.thresholds):
            raise ConfigError(
                f"AveragePrecision: thresholds={self.thresholds}; expected numbers above 0 and at most 1", "thresholds"
            )

    def grade(self, sample: Sample) -> Any:
        """Return the average precision."""
        scene = read_scene(sample, self.frame, self.extract)
        if isinstance(scene, Grade):
            return scene
        overlaps = scene.overlaps(labels=self.labels)
        confidence = np.array([sure(item) for item in scene.items])
        found = []
        for rows, columns in scene.classes() if self.labels else [(slice(None), slice(None))]:
            found.append(average_precision(overlaps[rows][:, columns], confidence[rows], self.thresholds).mean())
        value = float(np.mean(found))
        return Grade(value, "" if value == 1 else f"AP {value:.3f} of {len(overlaps)} boxes for {overlaps.shape[1]}")


@part
class BoxConfidence(Leaf):
    r"""How well the response knows which of its boxes are right: ``mean(c where a box is matched, else 1 - c)``.

    c is the confidence that the box states; one that states none, or none of 0 to 1, earns 0. Boxes are matched from
    the most confident, one to one, at an IoU of ``threshold``. No box scores 0; where the reference has none, ``[]``
    alone scores 1. The reference is that of ``Boxes``.

    Range: [0, 1]. Needs: ``reference``. Source: Visual-RFT (Liu et al. 2025), confidence reward.

    Example:
    >>> from plaudit import Sample
    >>> said = '[{"bbox": [0, 0, 10, 8], "confidence": 0.9}, {"bbox": [50, 50, 60, 60], "confidence": 0.3}]'
    >>> BoxConfidence().score([Sample("", f"<answer>{said}</answer>", [[0, 0, 10, 10], [20, 20, 30, 30]])]).values
    array([0.8])
    """

    threshold: float = 0.5
    labels: bool = False
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("BoxConfidence", self.extract)
        if not 0 < self.threshold <= 1:
            raise ConfigError(
                f"BoxConfidence: threshold={self.threshold}; it lies above 0 and is at most 1", "threshold"
            )

    def grade(self, sample: Sample) -> Any:
        """Return the mean over the boxes."""
        scene = read_scene(sample, self.frame, self.extract)
        if isinstance(scene, Grade):
            return scene
        overlaps, order = scene.overlaps(labels=self.labels), scene.by_confidence()
        pairs = match(np.where(overlaps >= self.threshold, overlaps, 0.0)[order], "confidence")
        matched = pairs.max(axis=1) > 0
        stated = [scene.items[i].confidence for i in order]
        earned = [
            0.0 if c is None or not 0 <= c <= 1 else c if right else 1 - c
            for c, right in zip(stated, matched, strict=True)
        ]
        value = sum(earned) / len(earned)
        silent = sum(c is None or not 0 <= c <= 1 for c in stated)
        why = f"{silent} of {len(stated)} boxes state no confidence of 0 to 1" if silent else f"confidence {value:.3f}"
        return Grade(value, "" if value == 1 else why)


@part
class BoxCount(Leaf):
    r"""How near the number of boxes P is to the reference's R. It says nothing of where they are: multiply by it.

    * ``exact``: 1 where P = R, else 0 (Affordance-R1);
    * ``power``: ``base ** |P - R|`` (V-Triune (Ma et al. 2025) with 0.6);
    * ``surplus``: ``min(1, R / P)`` (VLM-R1 (Shen et al. 2025)): too few cost nothing here.

    A box written twice is one. No box scores 0; where the reference has none, ``[]`` alone scores 1. The reference is
    that of ``Boxes``.

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: the base is not between 0 and 1, or is given for another kind.

    Example:
    >>> from plaudit import Sample
    >>> sample = Sample("", "<answer>[[0, 0, 1, 1], [0, 0, 2, 2]]</answer>", [[0, 0, 1, 1]])
    >>> [float(BoxCount(kind).score(sample).values[0]) for kind in ("exact", "surplus")]
    [0.0, 0.5]
    """

    kind: Literal["exact", "power", "surplus"] = "exact"
    base: float | None = None
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("BoxCount", self.extract)
        if (self.base is not None) != (self.kind == "power") or not 0 < (self.base or 0.5) < 1:
            raise ConfigError(
                f'BoxCount: base={self.base} for {self.kind!r}; kind "power" has one, between 0 and 1', "base"
            )

    def grade(self, sample: Sample) -> Any:
        """Return what the number is worth."""
        scene = read_scene(sample, self.frame, self.extract)
        if isinstance(scene, Grade):
            return scene
        drawn, right = len(scene.items), len(scene.targets)
        match self.kind:
            case "exact":
                value = float(drawn == right)
            case "surplus":
                value = min(1.0, right / drawn)
            case "power":
                assert self.base is not None
                value = self.base ** abs(drawn - right)
        return Grade(value, "" if value == 1 else f"{drawn} boxes for {right}")
