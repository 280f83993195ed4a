"""Solids: boxes in space, and turned boxes in a picture, against the reference's set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Cost, Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.matching import Matching, Measure, tally
from plaudit.rewards.verifiable.regions.objects import is_numbers, number_lists, says_none
from plaudit.rewards.verifiable.regions.scenes import refuse_last
from plaudit.rewards.verifiable.regions.volumes import NUMBERS, Form, fault, volume_iou

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Solids(Leaf):
    r"""How well the response's 3D, or turned, boxes are the reference's: as ``Boxes``, by the IoU of their volumes.

    The answer's boxes are its lists of as many numbers as the form has. One that is impossible (x2 < x1, a side below
    0) is a false alarm. The reference is a list of boxes, in the answer's form and units; or a mapping ``{"boxes":
    ...}``. No box scores 0; where the reference has none, ``[]`` alone scores 1.

    Args:
        measure: ``precision``, ``recall``, ``f1``, ``mean`` or ``matched``, as for ``Boxes``.
        form: ``corners``: [x1, y1, z1, x2, y2, z2]; ``yaw``: [x, y, z, length, width, height, turn about z]; ``angle``:
            [x, y, width, height, turn], in a picture. Turns are in radians.
        threshold: the least IoU that is a match, above 0; None: every IoU counts as it is (with credit ``overlap``).
        credit: ``hit``: a match earns 1; ``overlap``: its IoU.
        matching: ``hungarian``, ``greedy``, ``confidence`` (in the order written) or ``best``, as for ``Boxes``.
        extract: where the boxes stand.

    Range: [0, 1]. Needs: ``reference``. Source: 3D-R1 (Huang et al. 2025), perception reward:
    ``Solids("precision", threshold=None, credit="overlap", matching="best")``, which does not ask for recall.

    Raises:
        ConfigError: the threshold is not in (0, 1], or is None with credit ``hit``.

    Example:
    >>> from plaudit import Sample
    >>> sample = Sample("", "<answer>box: [0.5, 0, 0, 1.5, 1, 1]</answer>", reference=[[0, 0, 0, 1, 1, 1]])
    >>> Solids("mean", threshold=None, credit="overlap").score(sample).values.round(5)
    array([0.33333])
    """

    measure: Measure = "f1"
    form: Form = "corners"
    threshold: float | None = 0.25
    credit: Literal["hit", "overlap"] = "hit"
    matching: Matching = "hungarian"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("Solids", self.extract)
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ConfigError(f"Solids: threshold={self.threshold}; it lies above 0 and is at most 1", "threshold")
        if self.threshold is None and self.credit == "hit":
            raise ConfigError('Solids: threshold=None has no hits; use credit="overlap"', "threshold")

    @property
    def cost(self) -> Cost:
        """Turned boxes are cut as polygons, which takes long where there are many."""
        return "free" if self.form == "corners" else "cpu"

    def _label(self) -> str:
        return f"solids_{self.measure}"

    def grade(self, sample: Sample) -> Any:
        """Return the credit of the matched boxes."""
        right = self._reference(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        drawn = number_lists(found.text, NUMBERS[self.form])
        if not right:
            nothing = not drawn and says_none(found.text)
            return Grade(1.0) if nothing else Grade(0.0, f"{len(drawn)} boxes where there is none, which is written []")
        if not drawn:
            return Grade(0.0, f"no box of {NUMBERS[self.form]} numbers")
        possible = [i for i, box in enumerate(drawn) if not fault(box, self.form)]
        overlaps = np.zeros((len(drawn), len(right)))
        overlaps[possible] = volume_iou([drawn[i] for i in possible], right, self.form)
        if self.threshold is not None:
            overlaps = np.where(overlaps >= self.threshold, overlaps, 0.0)
        worth = np.where(overlaps > 0, 1.0, 0.0) if self.credit == "hit" else overlaps
        tallied = tally(overlaps, worth, self.matching)
        value, matched = tallied.value(self.measure), int((tallied.predicted > 0).sum())
        return Grade(value, "" if value == 1 else f"{len(drawn)} boxes for {len(right)}, {matched} matched")

    def _reference(self, given: Any) -> list[Sequence[float]]:
        boxes: Any = given.get("boxes") if isinstance(given, Mapping) else given
        boxes = boxes.tolist() if hasattr(boxes, "tolist") else boxes
        if not isinstance(boxes, Sequence) or isinstance(boxes, str):
            raise BadReferenceError(f"reference boxes are {shown(boxes)}; expected a list of boxes")
        for i, box in enumerate(boxes):
            if not is_numbers(box, NUMBERS[self.form]):
                raise BadReferenceError(
                    f"reference boxes[{i}] is {shown(box)}; form {self.form!r} expects {NUMBERS[self.form]} numbers"
                )
            if why := fault(box, self.form):
                raise BadReferenceError(f"reference boxes[{i}] is impossible: {why}")
            if not volume_iou([box], [box], self.form).all():
                raise BadReferenceError(f"reference boxes[{i}] is {shown(box)}, which nothing can cover: a side is 0")
        return list(boxes)
