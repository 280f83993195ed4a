"""Masks: how well the mask that a response writes or paints covers the reference's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, MediaError
from plaudit.core.geometry import Frame, Point, Size
from plaudit.core.grade import Grade
from plaudit.core.media import Media
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.objects import Place, image_size, read_place, read_points, unfenced
from plaudit.rewards.verifiable.regions.rasters import (
    decode_rle,
    mask_dice,
    mask_iou,
    picture_mask,
    polygon_mask,
    polygons_of,
)
from plaudit.rewards.verifiable.regions.scenes import refuse_last

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

_MAX_TEXT = 100_000
_EXPECTED = 'an RLE {"size": [height, width], "counts": ...}, polygons with a "size", or a picture'


@part
class MaskIoU(Leaf):
    r"""Intersection over union of the response's mask and the reference's, or their Dice coefficient.

    The response paints its mask (its last image, scaled to the reference) or writes it, as JSON: a COCO run-length
    code, or polygons in ``frame``; ``[]`` is the empty mask. No mask, one that can't be read, or a code of another size
    than the reference's scores 0. The reference is one of (see :mod:`.regions.rasters`)::

        {"size": [height, width], "counts": "..."}                                COCO's code
        {"polygons": [[x1, y1, x2, y2, ...], ...], "frame": "pixel", "size": [width, height]}
        {"mask": "mask.png"}                                                      a picture: a path, bytes, an array

    A size that polygons lack is that of the prompt's first image.

    Args:
        measure: ``iou``, or ``dice`` (the F1 of the pixels).
        frame: the frame that the response writes polygons in.
        extract: where the mask stands.

    Range: [0, 1]; 1 where both masks are empty. Needs: ``reference``.

    Example:
    >>> from plaudit import Sample
    >>> right = {"polygons": [[0, 0, 10, 0, 10, 10, 0, 10]], "size": [20, 20]}
    >>> MaskIoU().score(Sample("", "<answer>[[0, 0], [10, 0], [10, 5], [0, 5]]</answer>", right)).values
    array([0.5])
    """

    measure: Literal["iou", "dice"] = "iou"
    frame: Frame = "pixel"
    extract: How = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("MaskIoU", self.extract)

    def grade(self, sample: Sample) -> Any:
        """Return the overlap, or what is wrong with the mask."""
        right = read_mask(sample, self.frame)
        drawn = drawn_mask(sample, self.extract, self.frame, (right.shape[1], right.shape[0]))
        if isinstance(drawn, str):
            return Grade(0.0, drawn)
        value = mask_iou(drawn, right) if self.measure == "iou" else mask_dice(drawn, right)
        return Grade(value, "" if value == 1 else f"{'IoU' if self.measure == 'iou' else 'Dice'} {value:.3f}")


@part
class PointsInMask(Leaf):
    r"""The share of the response's points that lie in the reference's mask: ``inside / points``.

    A point counts for the pixel that it is in. No point, more than ``most``, or one outside its frame scores 0; a point
    that is written twice is one. The reference is that of ``MaskIoU``; an empty one is invalid, as no point can hit it.

    Args:
        most: how many points are allowed, since a swarm is no answer.
        frame: the frame that the response writes in.
        extract: where the points stand.

    Range: [0, 1]. Needs: ``reference``. Source: RoboPoint (Yuan et al. 2024), accuracy of predicted points.

    Example:
    >>> from plaudit import Sample
    >>> right = {"polygons": [[0, 0, 10, 0, 10, 10, 0, 10]], "size": [20, 20]}
    >>> PointsInMask().score(Sample("", "<answer>[(3, 3), (15, 3)]</answer>", right)).values
    array([0.5])
    """

    most: int = 50
    frame: Frame = "pixel"
    extract: How = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("PointsInMask", self.extract)

    def grade(self, sample: Sample) -> Any:
        """Return the share of the points that are inside."""
        right = read_mask(sample, self.frame)
        if not right.any():
            raise BadReferenceError("reference mask is empty; expected one that a point can hit")
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        height, width = right.shape
        try:
            points = {Point(x, y, self.frame, (width, height)).to("pixel") for x, y in read_points(found.text)}
        except ValueError as error:
            return Grade(0.0, f"impossible point: {error}")
        if not 0 < len(points) <= self.most:
            return Grade(0.0, f"{len(points)} points, more than {self.most}" if points else "no point")
        hits = sum(bool(right[min(int(p.y), height - 1), min(int(p.x), width - 1)]) for p in points)
        value = hits / len(points)
        return Grade(value, "" if value == 1 else f"{hits} of {len(points)} points inside")


def read_mask(sample: Sample, frame: Frame) -> NDArray[np.bool_]:
    """Return the mask of a sample's reference, bool[height, width].

    Args:
        sample: the sample.
        frame: the frame of polygons that name none.

    Raises:
        BadReferenceError: it is none of the accepted forms, or has no size.
        MediaError: a picture is missing, broken or too large.
    """
    given = sample.reference
    said: Mapping[str, Any] = given if isinstance(given, Mapping) and not Media.fits(given) else {"mask": given}
    try:
        if "counts" in said:
            return decode_rle(said)
        mask = said.get("mask")
        if getattr(mask, "ndim", None) == 2 and mask is not None:
            return np.asarray(mask) > 0
        if isinstance(mask, str) or Media.fits(mask):
            return picture_mask(Media.of(mask, "image"))
        polygons = polygons_of(said)
        place = read_place(sample, said, frame)
        size = place.size or image_size(sample)
        return polygon_mask(_pixels(polygons, Place(place.frame, size)), size)
    except ValueError as error:
        raise BadReferenceError(f"reference mask is {shown(given)}: {error}; expected {_EXPECTED}") from None


def drawn_mask(sample: Sample, how: How, frame: Frame, size: Size) -> NDArray[np.bool_] | str:
    """Return the mask that a response paints or writes, as a picture of ``size``, or what is wrong with it."""
    painted = [media for turn in sample.turns if turn.role == "assistant" for media in turn.media]
    if painted:
        try:
            return picture_mask(painted[-1], size)
        except MediaError as error:
            return f"unreadable picture: {error}"
    found = extract(sample.text, how)
    if found.text is None:
        return found.reason
    if len(found.text) > _MAX_TEXT:
        return f"mask of more than {_MAX_TEXT:,} characters"
    try:
        said = json.loads(unfenced(found.text))
    except (ValueError, RecursionError):
        return "no mask"
    try:
        if isinstance(said, dict) and "counts" in said:
            if said.get("size") != [size[1], size[0]]:
                return f"mask of another size than {size[1]} by {size[0]}"
            return decode_rle(said)
        return polygon_mask(_pixels(polygons_of(said), Place(frame, size)), size)
    except ValueError as error:
        return f"impossible mask: {error}"


def _pixels(polygons: list[Any], place: Place) -> list[list[tuple[float, float]]]:
    """Return polygons in pixels.

    Raises:
        ValueError: a corner is outside its frame.
    """
    found = [[Point(x, y, place.frame, place.size).to("pixel") for x, y in polygon] for polygon in polygons]
    return [[(at.x, at.y) for at in polygon] for polygon in found]
