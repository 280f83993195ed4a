"""Box: how well does the response's one box cover the reference box?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame, iou, parse_boxes
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.regions.objects import image_size, is_numbers

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Box(Leaf):
    r"""Intersection over union of the response's one box and the reference's: ``|A ∩ B| / |A ∪ B|``.

    The reference is four numbers, in the response's frame, or a mapping that says more::

        {"box": [x1, y1, x2, y2], "frame": "pixel", "size": [width, height]}

    Pixels are converted by ``size``, or else by the size of the prompt's first image. No box, several that differ, or
    one that is impossible (x2 < x1, outside its frame) scores 0 with that reason. An impossible reference, one without
    area (which no box can cover), or a broken image where its size is needed is ``invalid``.

    Args:
        frame: the frame that the response writes in: ``pixel``, ``unit`` (0 to 1) or ``thousand`` (0 to 1000).
        threshold: if given, 1 where the overlap is at least this, else 0.
        extract: where the box stands: ``auto`` (the answer block, else ``\boxed{}``), ``tag``, ``boxed``, or ``text``
            (anywhere outside the reasoning).

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: the threshold is not in (0, 1], or there is no box to find by ``extract``.

    >>> from plaudit import Sample
    >>> right = {"box": [0, 0, 320, 240], "frame": "pixel", "size": [640, 480]}
    >>> Box("thousand").score([Sample("Where?", "<answer>[0, 0, 500, 250]</answer>", reference=right)]).values
    array([0.5])
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
        corners: Any = said.get("box")
        frame, size = said.get("frame", self.frame), said.get("size")
        if not is_numbers(corners, 4):
            raise BadReferenceError(f"reference box is {_shown(corners)}; expected four numbers [x1, y1, x2, y2]")
        if frame not in get_args(Frame):
            raise BadReferenceError(f"reference frame is {_shown(frame)}; expected {', '.join(get_args(Frame))}")
        if size is not None and not is_numbers(size, 2):
            raise BadReferenceError(f"reference size is {_shown(size)}; expected two whole numbers [width, height]")
        if size is None and frame != self.frame and "pixel" in (frame, self.frame):
            size = image_size(sample)
        x1, y1, x2, y2 = corners
        try:
            box = Region(x1, y1, x2, y2, frame, None if size is None else (size[0], size[1]))
        except ValueError as error:
            raise BadReferenceError(f"reference box is impossible: {error}") from None
        if not box.area:
            raise BadReferenceError(f"reference box {list(corners)} has no area, so that no box can cover it")
        return box


def _shown(given: Any) -> str:
    if given is None:
        return "missing"
    shown = repr(given)
    return f"{shown if len(shown) <= 80 else shown[:77] + '...'} ({type(given).__name__})"
