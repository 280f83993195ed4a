"""Box: how well does the response's one box cover the reference box?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame, Size, iou, parse_boxes
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.extraction import How, extract

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Box(Leaf):
    """Intersection over union of the response's one box and the reference's: ``|A ∩ B| / |A ∪ B|``.

    The reference is four numbers, in the response's frame, or a mapping that says more::

        {"box": [x1, y1, x2, y2], "frame": "pixel", "size": [width, height]}

    Pixels are converted by ``size``, or else by the size of the sample's first image. No box, several, or one that is
    impossible (x2 < x1, outside its frame) scores 0 with that reason; an impossible reference is ``invalid``.

    Args:
        frame: the frame that the response writes in: ``pixel``, ``unit`` (0 to 1) or ``thousand`` (0 to 1000).
        threshold: if given, 1 where the overlap is at least this, else 0.
        extract: where the box stands: ``auto`` (the answer block, else the box), ``tag``, or ``text`` (anywhere outside
            the reasoning).

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: the threshold is not in (0, 1], or there is no box to find by ``extract``.
    """

    frame: Frame = "pixel"
    threshold: float | None = None
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ConfigError(f"Box: threshold={self.threshold}; it lies above 0 and is at most 1", "threshold")
        if self.extract == "last":
            raise ConfigError('Box: extract="last" finds a number or a letter; use "text"', "extract")

    def grade(self, sample: Sample) -> Any:
        """Return the overlap, or what is wrong with the box."""
        right = self._reference(sample)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        boxes = list(dict.fromkeys(parse_boxes(found.text)))
        if len(boxes) != 1:
            return Grade(0.0, f"{len(boxes)} boxes where 1 belongs" if boxes else "no box")
        x1, y1, x2, y2 = boxes[0]
        try:
            drawn = Region(x1, y1, x2, y2, self.frame, right.size)
        except ValueError as error:
            return Grade(0.0, f"impossible box: {error}")
        overlap = iou(drawn, right)
        if self.threshold is None:
            return Grade(overlap, "" if overlap == 1 else f"IoU {overlap:.3f}")
        return Grade(float(overlap >= self.threshold), f"IoU {overlap:.3f}")

    def _reference(self, sample: Sample) -> Region:
        given = sample.reference
        said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"box": given}
        corners, frame = said.get("box"), said.get("frame", self.frame)
        if not isinstance(corners, Sequence) or isinstance(corners, str) or len(corners) != 4:
            raise BadReferenceError(f"reference box is {corners!r}; expected [x1, y1, x2, y2]")
        try:
            size = None if said.get("size") is None else _size(said["size"])
            if size is None and "pixel" in (frame, self.frame) and frame != self.frame:
                size = _image_size(sample)
            x1, y1, x2, y2 = corners
            return Region(x1, y1, x2, y2, frame, size)
        except (TypeError, ValueError) as error:
            raise BadReferenceError(f"reference box is impossible: {error}") from None


def _size(given: Any) -> Size:
    width, height = given
    return width, height


def _image_size(sample: Sample) -> Size:
    images = [m for m in sample.media if m.kind == "image"]
    if not images:
        raise BadReferenceError('reference has no "size", and there is no image to measure: pixels need one')
    return images[0].pil().size
