"""Grounding: objects that are named by a box and a point at once, and boxes that follow an object through a video."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.matching import tally
from plaudit.rewards.verifiable.regions.objects import Place, is_numbers, read_place, unfenced
from plaudit.rewards.verifiable.regions.overlaps import LEAST, Overlap, overlap_pairs
from plaudit.rewards.verifiable.regions.points import distances
from plaudit.rewards.verifiable.regions.scenes import Scene, read_scene, refuse_last

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

_MAX_TEXT = 100_000


@part
class BoxPointMatch(Leaf):
    r"""Objects named by a box and a point, matched one to one so that the most tests are passed.

    A pair passes up to three tests: the IoU of the boxes is at least ``overlap``; their four edges are off by less than
    ``edges`` on average; the points are less than ``near`` apart, and the response's lies in its own box. The value is
    the number of tests passed by the pairs, over three times the greater number of objects: times 3 it is the published
    reward. The reference is that of ``Boxes``, each box with its ``point``; distances are in the response's frame.

    Args:
        overlap: in (0, 1].
        edges: above 0, in units of the frame.
        near: above 0, in units of the frame.
        frame: the frame that the response writes in.
        extract: where the objects stand.

    Range: [0, 1]. Needs: ``reference``. Sources: Affordance-R1 (Wang et al. 2025) with 0.65, 10 and 30; VisionReasoner
    (Liu et al. 2025) with 0.5, 10 and 30. Their code counts edges as pixels that belong to the box, so that its IoU is
    of boxes one pixel larger.

    Raises:
        ConfigError: a limit is out of its bounds.

    Example:
    >>> from plaudit import Sample
    >>> right = [{"box": [0, 0, 100, 100], "point": [50, 50]}]
    >>> said = '<answer>[{"bbox_2d": [0, 0, 100, 60], "point_2d": [60, 50]}]</answer>'
    >>> BoxPointMatch().score(Sample("", said, right)).values.round(3)
    array([0.333])
    """

    overlap: float = 0.65
    edges: float = 10.0
    near: float = 30.0
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("BoxPointMatch", self.extract)
        if not 0 < self.overlap <= 1 or self.edges <= 0 or self.near <= 0:
            raise ConfigError(
                f"BoxPointMatch: overlap={self.overlap}, edges={self.edges}, near={self.near}; expected an overlap "
                "above 0 and at most 1, and limits above 0"
            )

    def grade(self, sample: Sample) -> Any:
        """Return the share of the tests passed."""
        scene = read_scene(sample, self.frame, self.extract)
        if isinstance(scene, Grade):
            return scene
        passed = self._tests(scene)
        drawn, right = passed.shape
        found = tally(passed, passed, "hungarian")
        value = found.value("mean") / 3
        return Grade(value, "" if value == 1 else f"{found.predicted.sum():g} of {3 * max(drawn, right)} tests passed")

    def _tests(self, scene: Scene) -> NDArray[np.float64]:
        """Return how many tests each pair passes, float64[drawn, reference]."""
        right = np.array([_edges(target.box.to(self.frame)) for target in scene.targets])
        points = [None if target.point is None else target.point.to(self.frame) for target in scene.targets]
        if lacking := [i for i, point in enumerate(points) if point is None]:
            raise BadReferenceError(f"reference boxes[{lacking[0]}] has no point; BoxPointMatch expects [x, y]")
        goal = np.array([(point.x, point.y) for point in points if point is not None])
        passed = (scene.overlaps() >= self.overlap).astype(np.float64)
        for row, (item, box) in enumerate(zip(scene.items, scene.boxes, strict=True)):
            if box is None or item.numbers is None:
                continue
            passed[row] += np.abs(np.array(item.numbers) - right).mean(axis=1) < self.edges
            x1, y1, x2, y2 = item.numbers
            if item.point is not None and x1 <= item.point[0] <= x2 and y1 <= item.point[1] <= y2:
                passed[row] += distances([item.point], goal)[0] < self.near
        return passed


@part
class BoxTrack(Leaf):
    r"""The mean overlap of the boxes that follow an object, frame by frame: ``(1 / F) sum_f overlap(A_f, B_f)``.

    The answer is a JSON object of boxes by frame, ``{"boxes": {"12": [x1, y1, x2, y2], ...}}`` or what is under
    ``boxes`` alone; the reference is ``{"boxes": {"12": [...], ...}, "frame": ..., "size": ...}``. A frame without a
    counterpart, or with an impossible box, earns the least of the overlap where it counts. No box scores the least.

    Args:
        frames: what F counts: ``reference``: all of the reference's frames (OneThinker, tracking); ``union``: those of
            both; ``common``: those that both have (OneThinker, spatio-temporal grounding: what is left out costs
            nothing).
        overlap: ``iou``, ``giou``, ``diou`` or ``ciou``, in pixels where the size is known (STVG-o1 takes ``giou``).
        frame: the frame of coordinates that the response writes in.
        extract: where the boxes stand.

    Range: [0, 1]; of the other overlaps from their least. Needs: ``reference``.

    Example:
    >>> from plaudit import Sample
    >>> right = {"boxes": {"0": [0, 0, 2, 2], "5": [2, 2, 4, 4]}}
    >>> BoxTrack().score(Sample("", '<answer>{"boxes": {"0": [0, 0, 2, 2]}}</answer>', right)).values
    array([0.5])
    """

    frames: Literal["reference", "union", "common"] = "reference"
    overlap: Overlap = "iou"
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("BoxTrack", self.extract)

    @property
    def range(self) -> tuple[float, float]:
        """From the least of the overlap to 1."""
        return (LEAST[self.overlap], 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the mean overlap."""
        least = LEAST[self.overlap]
        right, place = self._reference(sample)
        found = extract(sample.text, self.extract)
        drawn = None if found.text is None else _by_frame(found.text)
        if not drawn:
            return Grade(least, found.reason or "no boxes by frame")
        counted = {"reference": {*right}, "union": {*right, *drawn}, "common": {*right} & {*drawn}}[self.frames]
        pairs = []
        for name in sorted(counted & {*right} & {*drawn}):
            box = self._possible(drawn[name], place)
            if box is not None:
                pairs.append((self._edges(box), self._edges(right[name])))
        if not counted:
            return Grade(least, "no frame in common")
        a, b = [one for one, _ in pairs], [other for _, other in pairs]
        shared = float(overlap_pairs(a, b, self.overlap).sum())
        value = (shared + least * (len(counted) - len(pairs))) / len(counted)
        return Grade(value, "" if value == 1 else f"mean {self.overlap} {value:.3f} of {len(counted)} frames")

    def _reference(self, sample: Sample) -> tuple[dict[str, Region], Place]:
        given = sample.reference
        boxes = given.get("boxes") if isinstance(given, Mapping) else None
        if not isinstance(boxes, Mapping) or not boxes:
            raise BadReferenceError(f"reference is {shown(given)}; expected a mapping with boxes by frame")
        place = read_place(sample, given, self.frame)
        found = {}
        for name, box in boxes.items():
            if not is_numbers(box, 4):
                raise BadReferenceError(f"reference boxes[{name!r}] is {shown(box)}; expected four numbers")
            try:
                found[str(name)] = Region(box[0], box[1], box[2], box[3], place.frame, place.size)
            except ValueError as error:
                raise BadReferenceError(f"reference boxes[{name!r}] is impossible: {error}") from None
            if not found[str(name)].area:
                raise BadReferenceError(f"reference boxes[{name!r}] {list(box)} has no area")
        return found, place

    def _possible(self, numbers: Any, place: Place) -> Region | None:
        if not is_numbers(numbers, 4):
            return None
        x1, y1, x2, y2 = numbers
        try:
            return Region(x1, y1, x2, y2, self.frame, place.size).to(place.frame)
        except ValueError:
            return None

    def _edges(self, box: Region) -> tuple[float, float, float, float]:
        return _edges(box.to("pixel") if self.overlap in ("diou", "ciou") and box.size else box)


def _edges(box: Region) -> tuple[float, float, float, float]:
    return (box.x1, box.y1, box.x2, box.y2)


def _by_frame(text: str) -> dict[str, Any] | None:
    """Return the JSON object of boxes that an answer is, or holds under ``boxes``."""
    if len(text) > _MAX_TEXT:
        return None
    try:
        said = json.loads(unfenced(text))
    except (ValueError, RecursionError):
        return None
    said = said.get("boxes", said) if isinstance(said, dict) else None
    return said if isinstance(said, dict) else None
