r"""Tubes: where is it, frame by frame? Spatio-temporal grounding and tracking.

A tube is a box for each of some frames, written ``{"12": [x1, y1, x2, y2], "13": [...]}``, ``frame 12: [...]``, or as
objects with ``frame`` and ``bbox_2d`` (``bbox``, ``box``).

>>> parse_tube('{"boxes": {"3": [0, 0, 5, 5], "4": [1, 0, 6, 5]}}')
{3: (0.0, 0.0, 5.0, 5.0), 4: (1.0, 0.0, 6.0, 5.0)}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Box, Frame
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Extracted, extract, outside_reasoning
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.objects import is_numbers
from plaudit.rewards.verifiable.regions.overlaps import overlap_pairs
from plaudit.rewards.verifiable.text.comparison import Where

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Corners = tuple[float, float, float, float]
Tube = dict[int, Corners]
Frames = Literal["union", "shared", "reference"]
Measure = Literal["iou", "giou-l1"]

#: What is read of one answer.
_MAX_TEXT, _MAX_FRAMES = 1_000_000, 10_000

_NUMBER = r"\s{0,9}([+-]?\d{1,12}(?:\.\d{0,20})?)\s{0,9}"
_LIST = r"[\[(]" + ",".join([_NUMBER] * 4) + r"[\])]"
_KEY = re.compile(rf"(?<![\w.])[\"']?(\d{{1,9}})[\"']?\s{{0,9}}:\s{{0,9}}{_LIST}")
_OBJECT = re.compile(
    rf"[\"']frame(?:_?(?:id|index|number))?[\"']\s{{0,9}}:\s{{0,9}}[\"']?(\d{{1,9}})[\"']?\s{{0,9}},\s{{0,9}}"
    rf"[\"'](?:bbox_2d|bbox|box)[\"']\s{{0,9}}:\s{{0,9}}{_LIST}",
    re.IGNORECASE,
)
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@part
class TubeOverlap(Leaf):
    r"""Mean overlap of the answer's boxes with the reference's, over frames.

    With P and G the frames that have a box in the answer and in the reference, and s(t) the overlap in frame t,
    ``value = sum over t in P ∩ G of s(t) / N`` with N

    * ``union``: ``|P ∪ G|``: vIoU (Zhang et al. 2020, VidSTG);
    * ``reference``: ``|G|``: a frame without a box counts 0, one too many costs nothing (tracking's average overlap);
    * ``shared``: ``|P ∩ G|``: only frames that both have (OneThinker's spatio-temporal term). It pays for naming one
      sure frame, so weigh it with the temporal overlap or :class:`FrameRecall`.

    and s ``iou`` (0 to 1), or ``giou-l1``: ``GIoU - |x1 - x1'| - |y1 - y1'| - |x2 - x2'| - |y2 - y2'|``, coordinates as
    parts of the picture (-5 to 1; STVG-o1's R_spa with ``frames="shared"``; coordinates are not named there).

    Tubes without a shared frame score 0, by either s. What can't be read scores the least value: no box, a frame with
    two different boxes, an impossible box, more than 10,000 frames.

    The reference is ``{frame: [x1, y1, x2, y2]}``, in the response's frame of coordinates, or ``{"boxes": {...},
    "size": [width, height]}``; ``giou-l1`` needs the size where coordinates are pixels.

    Args:
        frames: as above.
        measure: as above.
        coordinates: what both write: ``pixel``, ``unit`` (0 to 1) or ``thousand`` (0 to 1000).
        tag: read the one ``<tag>...</tag>`` outside the reasoning in place of the answer.
        extract: where the boxes stand, without a tag.

    Range: [0, 1], or [-5, 1] for ``giou-l1``. Needs: ``reference``.

    Raises:
        ConfigError: the tag is not a name.

    >>> from plaudit import Sample
    >>> right = {1: [0, 0, 4, 4], 2: [0, 0, 4, 4], 3: [0, 0, 4, 4], 4: [0, 0, 4, 4]}
    >>> said = Sample("Where?", '<answer>{"3": [0, 0, 4, 4], "4": [0, 0, 4, 2], "5": [0, 0, 4, 4]}</answer>', right)
    >>> [float(TubeOverlap(frames).score(said).values[0]) for frames in ("union", "reference", "shared")]
    [0.3, 0.375, 0.75]
    """

    frames: Frames = "union"
    measure: Measure = "iou"
    coordinates: Frame = "pixel"
    tag: str | None = field(default=None, kw_only=True)
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_tag("TubeOverlap", self.tag)

    @property
    def range(self) -> tuple[float, float]:
        """From the worst box to the right ones."""
        return (0.0 if self.measure == "iou" else -5.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the mean overlap, or the least value and what is wrong with the boxes."""
        right, size = read_tube(sample.reference, self.coordinates)
        if self.measure == "giou-l1" and self.coordinates == "pixel" and size is None:
            raise BadReferenceError('reference has no "size"; giou-l1 of pixels expects [width, height]')
        said = _said(sample, self.tag, self.extract, self.coordinates, size)
        if isinstance(said, str):
            return Grade(self.range[0], said)
        value = self._value(said, right, size)
        return Grade(value, "" if value == 1 else f"{len(said.keys() & right.keys())} of {len(right)} frames shared")

    def _value(self, said: Tube, right: Tube, size: tuple[int, int] | None) -> float:
        shared = sorted(said.keys() & right.keys())
        if not shared:
            return 0.0
        ours, theirs = np.array([said[t] for t in shared]), np.array([right[t] for t in shared])
        if self.measure == "iou":
            overlaps = overlap_pairs(ours, theirs)
        else:
            width, height = size or (1, 1)
            whole = {"unit": (1, 1), "thousand": (1000, 1000), "pixel": (width, height)}[self.coordinates]
            overlaps = overlap_pairs(ours, theirs, "giou") - (np.abs(ours - theirs) / (*whole, *whole)).sum(1)
        counted = {"union": len(said.keys() | right.keys()), "reference": len(right), "shared": len(shared)}
        return float(overlaps.sum() / counted[self.frames])


@part
class FrameRecall(Leaf):
    """The part of the reference's frames that the answer gives a box: ``|P ∩ G| / |G|``, wherever the boxes are.

    OneThinker's key overlap. It pays for naming every frame, so it belongs beside the overlap of the boxes. What can't
    be read as a tube, and the reference, are as for :class:`TubeOverlap`.

    Args:
        coordinates: what the boxes are written in.
        tag: read the one ``<tag>...</tag>`` outside the reasoning in place of the answer.
        extract: where the boxes stand, without a tag.

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = Sample("Where?", '<answer>{"3": [0, 0, 4, 4]}</answer>', {2: [0, 0, 4, 4], 3: [0, 0, 1, 1]})
    >>> FrameRecall().score(said).values
    array([0.5])
    """

    coordinates: Frame = "pixel"
    tag: str | None = field(default=None, kw_only=True)
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_tag("FrameRecall", self.tag)

    def grade(self, sample: Sample) -> Any:
        """Return the part of the frames, or 0 and what is wrong with the boxes."""
        right, size = read_tube(sample.reference, self.coordinates)
        said = _said(sample, self.tag, self.extract, self.coordinates, size)
        if isinstance(said, str):
            return Grade(0.0, said)
        shared = len(said.keys() & right.keys())
        return Grade(shared / len(right), "" if shared == len(right) else f"{shared} of {len(right)} frames")


def parse_tube(text: str) -> Tube | None:
    """Return the boxes by frame, nothing checked; None where a frame has two different ones.

    At most the first million characters and 10,001 boxes are looked at.

    >>> parse_tube("frame 1: [0, 0, 1, 1], frame 1: [0, 0, 2, 2]"), parse_tube("none")
    (None, {})
    """
    found: Tube = {}
    text = text[:_MAX_TEXT]
    for match in (_OBJECT if _OBJECT.search(text) else _KEY).finditer(text):
        frame, x1, y1, x2, y2 = match.groups()
        corners = (float(x1), float(y1), float(x2), float(y2))
        if found.setdefault(int(frame), corners) != corners:
            return None
        if len(found) > _MAX_FRAMES:
            break
    return found


def read_tube(given: Any, coordinates: Frame) -> tuple[Tube, tuple[int, int] | None]:
    """Return a record's tube, and the size of its pictures where it says one.

    Raises:
        BadReferenceError: it is no mapping of frame numbers to possible boxes with area, or empty.
    """
    said: Mapping[Any, Any] = given if isinstance(given, Mapping) and "boxes" in given else {"boxes": given}
    boxes, size = said["boxes"], said.get("size")
    if not isinstance(boxes, Mapping) or not boxes:
        raise BadReferenceError(f"reference is {shown(boxes)}; expected a mapping of frames to boxes [x1, y1, x2, y2]")
    if size is not None and not is_numbers(size, 2):
        raise BadReferenceError(f"reference size is {shown(size)}; expected [width, height]")
    known = None if size is None else (size[0], size[1])
    tube: Tube = {}
    for frame, corners in boxes.items():
        if isinstance(frame, bool) or not re.fullmatch(r"\d{1,9}", str(frame)):
            raise BadReferenceError(f"reference frame is {shown(frame)}; expected a whole number")
        if not is_numbers(corners, 4):
            raise BadReferenceError(f"reference box of frame {frame} is {shown(corners)}; expected [x1, y1, x2, y2]")
        try:
            x1, y1, x2, y2 = corners
            area = Box(x1, y1, x2, y2, coordinates, known).area
        except ValueError as error:
            raise BadReferenceError(f"reference box of frame {frame} is impossible: {error}") from None
        if not area:
            raise BadReferenceError(f"reference box of frame {frame} has no area, so that no box can cover it")
        tube[int(frame)] = (float(corners[0]), float(corners[1]), float(corners[2]), float(corners[3]))
    return tube, known


def _said(sample: Sample, tag: str | None, how: Where, coordinates: Frame, size: tuple[int, int] | None) -> Tube | str:
    """Return the response's tube, or what is wrong with it."""
    found = extract(sample.text, how) if tag is None else _tagged(sample.text, tag)
    if found.text is None:
        return found.reason
    tube = parse_tube(found.text)
    if tube is None:
        return "a frame has two boxes"
    if not tube:
        return "no box of a frame"
    if len(tube) > _MAX_FRAMES:
        return f"more than {_MAX_FRAMES} frames"
    for frame, corners in tube.items():
        try:
            Box(*corners, coordinates, size)
        except ValueError as error:
            return f"impossible box in frame {frame}: {error}"
    return tube


def _tagged(text: str, tag: str) -> Extracted:
    """Return what stands in the one pair of tags outside the reasoning."""
    pieces = re.split(rf"</?{re.escape(tag)}>", said := outside_reasoning(text))
    if len(pieces) != 3 or f"<{tag}>{pieces[1]}</{tag}>" not in said:
        return Extracted(None, f"not one <{tag}> block")
    return Extracted(pieces[1])


def _check_tag(name: str, tag: str | None) -> None:
    if tag is not None and not _TAG.fullmatch(tag):
        raise ConfigError(f"{name}: tag={tag!r}; it is a name such as 'pred_bbox'", "tag")
