"""Boxes: a set of boxes against the reference's set: precision, recall, F1 and mean overlap.

A response draws any number of boxes. :mod:`.regions.scenes` says what is read and what is impossible,
:mod:`.regions.matching` which box stands for which of the reference's. The published detection rewards are sums and
products of this part and those of :mod:`.detection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.geometry import Frame
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.core.score import Floats, Scores
from plaudit.rewards.verifiable.answers.extraction import How
from plaudit.rewards.verifiable.regions.matching import Matching, Measure, tally
from plaudit.rewards.verifiable.regions.overlaps import LEAST, Overlap
from plaudit.rewards.verifiable.regions.scenes import Level, check_level, level_at, read_scene, refuse_last

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Boxes(Leaf):
    r"""How well the response's boxes are the reference's: the credit of the matched pairs, over as many as there are.

    A matched pair earns 1 where its overlap is at least ``threshold`` (``credit="hit"``), or its overlap there
    (``credit="overlap"``; and 1 from ``full`` on), else nothing. With C the sum of the credits, P the number of boxes
    drawn and R the number of the reference's:

    * ``precision`` = C / P; ``recall`` = C / R, or the mean weighted by each reference box's ``weight``;
    * ``f1`` = 2 C / (P + R), their harmonic mean; ``mean`` = C / max(P, R), the lesser of the two;
    * ``matched`` = C / min(P, R), the greater: what is missing or too much costs nothing.

    The reference is a list of boxes, or of mappings, in a mapping that says more where it must::

        {"boxes": [{"box": [x1, y1, x2, y2], "label": "cat", "weight": 0.9}], "frame": "pixel", "size": [640, 480]}

    No box scores the minimum; where the reference has none, ``[]`` alone scores 1.

    Args:
        measure: as above.
        overlap: ``iou``, ``giou``, ``diou`` or ``ciou`` (see :mod:`.regions.overlaps`), in pixels where the size is
            known.
        threshold: the least overlap that is a match, above 0; None: every overlap is, a negative one too (with credit
            ``overlap``; an object without a partner then earns the overlap's least value). Or by progress: ``[[0.1,
            0.85], [0.25, 0.95], [1, 0.99]]`` is 0.85 while at most a tenth of training is done, and so on to 1.
        credit: ``hit`` or ``overlap``.
        full: the overlap that earns 1 (with credit ``overlap``); a number, or by progress.
        matching: ``hungarian``: one to one, so that no other matching earns more; ``greedy``: the largest overlap
            first; ``confidence``: the most confident box first; ``best``: each box has its best partner, however many
            others have it too.
        labels: whether only boxes of one label (case and outer white space apart) match.
        frame: the frame that the response writes in: ``pixel``, ``unit`` or ``thousand``.
        extract: where the boxes stand: ``auto`` (the answer block, else ``\boxed{}``), ``tag``, ``boxed`` or ``text``.

    Range: [0, 1]; without a threshold from the least of the overlap. Needs: ``reference``.

    Sources: Visual-RFT (Liu et al. 2025), IoU reward: ``Boxes("mean", credit="overlap", matching="confidence")``;
    V-Triune (Ma et al. 2025), dynamic IoU: the schedule above; Vision-R1 (Zhan et al. 2025), precision: ``matched``
    with ``giou`` and ``full``; DIP-R1 (Park et al. 2025): a weighted sum of ``precision`` and ``recall``; GRiP:
    ``recall`` with weights, ``matching="best"`` and no threshold.

    Raises:
        ConfigError: a level is out of its bounds, or there is no box to find by ``extract``.

    Example:
    >>> from plaudit import Sample
    >>> right = [[0, 0, 10, 10], [20, 20, 30, 30]]
    >>> said = "<answer>[[0, 0, 10, 8], [50, 50, 60, 60]]</answer>"
    >>> scores = Boxes("mean", credit="overlap").score([Sample("Where?", said, reference=right)])
    >>> scores.values, scores.reason
    (array([0.4]), ['2 boxes for 2, 1 matched'])
    """

    measure: Measure = "f1"
    overlap: Overlap = "iou"
    threshold: Level | None = 0.5
    credit: Literal["hit", "overlap"] = "hit"
    full: Level = 1.0
    matching: Matching = "hungarian"
    labels: bool = False
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("Boxes", self.extract)
        if self.threshold is not None:
            check_level("Boxes: threshold", self.threshold)
        check_level("Boxes: full", self.full)
        if self.threshold is None and self.credit == "hit":
            raise ConfigError('Boxes: threshold=None has no hits; use credit="overlap"', "threshold")
        if self.full != 1.0 and self.credit == "hit":
            raise ConfigError('Boxes: full belongs to credit="overlap"', "full")

    def _label(self) -> str:
        return f"boxes_{self.measure}"

    @property
    def range(self) -> tuple[float, float]:
        """[0, 1]; without a threshold from the least of the overlap."""
        return (LEAST[self.overlap] if self.threshold is None else 0.0, 1.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample by the levels that hold at this point of training."""
        done = run.context.progress
        threshold = None if self.threshold is None else level_at(self.threshold, done)
        return await run.each(partial(self._graded, threshold, level_at(self.full, done)), samples, self.cost)

    def _graded(self, threshold: float | None, full: float, sample: Sample) -> Grade:
        least = self.range[0]
        scene = read_scene(sample, self.frame, self.extract)
        if isinstance(scene, Grade):
            return scene if scene.value else Grade(least, scene.reason)
        overlaps = scene.overlaps(self.overlap, self.labels)
        if self.matching == "confidence":
            overlaps = overlaps[scene.by_confidence()]
        if threshold is not None:
            overlaps = np.where(overlaps >= threshold, overlaps, 0.0)
        worth = np.where(overlaps >= (threshold if threshold and self.credit == "hit" else full), 1.0, overlaps)
        weights = np.array([target.weight for target in scene.targets])
        found = tally(overlaps, worth, self.matching, least, weights)
        value, matched = found.value(self.measure), int((found.predicted > least).sum())
        return Grade(value, "" if value == 1 else f"{len(overlaps)} boxes for {len(weights)}, {matched} matched")
