"""Boxes and points that carry their coordinate frame, and how much two boxes overlap.

A box of ``[100, 200, 300, 400]`` is three different places: in pixels, in thousandths of the picture (as
Qwen2-VL writes) or, cut to four digits, in neither. Most wrong grounding scores come from mixing them, so
here a place knows its frame and a conversion is said aloud:

====================  =============================================================
frame                 coordinates
====================  =============================================================
``"pixel"``           0..width, 0..height of ``size = (width, height)``
``"unit"``            0..1 of the picture's width and height
``"thousand"``        0..1000 of the picture's width and height
====================  =============================================================

x grows to the right and y downwards; a box's right and lower edges are exclusive, so a box over a whole
picture of 640 by 480 pixels is ``(0, 0, 640, 480)`` and its area is 307,200.

>>> box = Box(160, 120, 480, 360, "pixel", size=(640, 480))
>>> box.to("thousand")
Box(x1=250.0, y1=250.0, x2=750.0, y2=750.0, frame='thousand', size=(640, 480))
>>> iou(box, Box(0.25, 0.25, 0.75, 0.5, "unit"))
0.5

Errors are plain ``ValueError``: only the caller knows whose box it is. A response's bad box scores the
minimum; a reference's is a :class:`~plaudit.core.errors.BadReferenceError`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Box", "Frame", "Point", "Size", "iou", "iou_matrix", "iou_pairs", "parse_boxes"]

Frame = Literal["pixel", "unit", "thousand"]
Size = tuple[int, int]
_FRAMES: tuple[str, ...] = get_args(Frame)

_BLOCK = 16_384  # pairs worked on at a time: their arrays stay in the processor's cache
_MAX_AREA = 1e307  # so that two areas can be added
_TINY = 2.0**-1022  # the smallest normal float64
_MAX_TEXT = 100_000
_MAX_BOXES = 1_000


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a picture.

    Attributes:
        x: distance from the left edge, in units of ``frame``.
        y: distance from the upper edge.
        frame: ``"pixel"``, ``"unit"`` or ``"thousand"``.
        size: the picture's (width, height) in pixels; needed to convert from or to pixels.

    Raises:
        ValueError: an unknown frame, a coordinate that is not a finite number, or one outside the frame.
            There is no tolerance; in pixels without a size only the lower bound is known.
    """

    x: float
    y: float
    frame: Frame
    size: Size | None = None

    def __post_init__(self) -> None:
        width, height = _extent(self.frame, self.size)
        object.__setattr__(self, "x", _coordinate("x", self.x, width, self.frame))
        object.__setattr__(self, "y", _coordinate("y", self.y, height, self.frame))

    def to(self, frame: Frame, size: Size | None = None) -> Point:
        """The same place in another frame; see :meth:`Box.to`."""
        (sx, sy), (tx, ty), kept = _scales(self, frame, size)
        return Point(self.x * tx / sx, self.y * ty / sy, frame, kept)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in a picture, by its upper left and lower right corner. A width or height of 0 is allowed.

    Attributes:
        x1: left edge, in units of ``frame``.
        y1: upper edge.
        x2: right edge, exclusive.
        y2: lower edge, exclusive.
        frame: ``"pixel"``, ``"unit"`` or ``"thousand"``.
        size: the picture's (width, height) in pixels; needed to convert from or to pixels.

    Raises:
        ValueError: as for :class:`Point`, or ``x2 < x1`` or ``y2 < y1``.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    frame: Frame
    size: Size | None = None

    def __post_init__(self) -> None:
        width, height = _extent(self.frame, self.size)
        for name, limit in (("x1", width), ("y1", height), ("x2", width), ("y2", height)):
            object.__setattr__(self, name, _coordinate(name, getattr(self, name), limit, self.frame))
        if self.x2 < self.x1:
            raise ValueError(f"x2 is {self.x2:g}, left of x1 = {self.x1:g}")
        if self.y2 < self.y1:
            raise ValueError(f"y2 is {self.y2:g}, above y1 = {self.y1:g}")

    @property
    def area(self) -> float:
        """Width times height, in units of the frame squared."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def to(self, frame: Frame, size: Size | None = None) -> Box:
        """The same place in another frame.

        Args:
            frame: the frame wanted.
            size: the picture's (width, height) where the box does not know it. Where it does, ``size`` is
                that of the picture wanted: a pixel box found in a shrunk picture goes ``to("pixel",
                size=original)``.

        Raises:
            ValueError: pixels are converted and no size is known.
        """
        (sx, sy), (tx, ty), kept = _scales(self, frame, size)
        # Multiplied before it is divided: an edge of the picture then stays exactly on the edge.
        return Box(self.x1 * tx / sx, self.y1 * ty / sy, self.x2 * tx / sx, self.y2 * ty / sy, frame, kept)


def _extent(frame: str, size: Size | None) -> tuple[float, float]:
    if frame not in _FRAMES:
        raise ValueError(f"frame is {frame!r}; known: {', '.join(_FRAMES)}")
    if size is not None:
        whole = isinstance(size, tuple) and len(size) == 2 and all(type(n) is int and n > 0 for n in size)
        if not whole:
            raise ValueError(f"size is {size!r}; expected (width, height), two whole numbers above 0")
    if frame == "pixel":
        return size or (math.inf, math.inf)
    return (1, 1) if frame == "unit" else (1000, 1000)


def _coordinate(name: str, value: float, limit: float, frame: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {value!r}; expected a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; expected a finite number")
    if not 0 <= number <= limit:
        raise ValueError(f"{name} is {number:g}, outside the {frame} frame (0 to {limit:g})")
    return number


def _scales(
    place: Box | Point, frame: Frame, size: Size | None
) -> tuple[tuple[float, float], tuple[float, float], Size | None]:
    """What 'the whole picture' is in the place's own frame and in the one wanted, and the size to keep."""
    if frame == "pixel" == place.frame and place.size is None and size is None:
        return (1, 1), (1, 1), None
    source = _extent(place.frame, place.size or size)
    target = _extent(frame, size or place.size)
    if math.inf in (*source, *target):
        raise ValueError("pixels can't be converted without the picture's size: give size=(width, height)")
    return source, target, size or place.size


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes in the same picture, in 0..1.

    Boxes of different frames, or pixel boxes of a picture in two sizes, are compared as fractions of the
    picture. Where the boxes have no area between them the value is 0: a point covers nothing, not even
    itself, so that an empty box never earns a full score.

    Raises:
        ValueError: a pixel box meets another frame and neither knows the picture's size.
    """
    if a.frame != b.frame or (a.frame == "pixel" and a.size and b.size and a.size != b.size):
        a, b = a.to("unit", a.size or b.size), b.to("unit", b.size or a.size)
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    shared = width * height if width > 0 and height > 0 else 0.0
    union = a.area + b.area - shared
    return min(1.0, shared / union) if union > 0 else 0.0


def iou_matrix(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """IoU of every box of ``a`` (float[n, 4]: x1, y1, x2, y2) with every box of ``b`` (float[m, 4]):
    float64[n, m].

    Both must be in one frame. Boxes without area give 0, as in :func:`iou`.

    Raises:
        ValueError: a wrong shape, a number that is not finite, or a row with x2 < x1 or y2 < y1.
    """
    import numpy as np

    # Columns side by side in memory, which is what makes the arithmetic fast.
    left, right = np.ascontiguousarray(_boxes("a", a)), np.ascontiguousarray(_boxes("b", b))
    _check_edges("a", left, 0)
    _check_edges("b", right, 0)
    found = np.empty((left.shape[1], right.shape[1]))
    rows = max(1, _BLOCK // max(1, right.shape[1]))
    for start in range(0, len(found), rows):
        _overlap(left[:, start : start + rows, None], right[:, None, :], found[start : start + rows])
    return found


def iou_pairs(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """IoU of each box of ``a`` (float[n, 4]: x1, y1, x2, y2) with the box of ``b`` in the same row:
    float64[n].

    Raises:
        ValueError: as :func:`iou_matrix`, or different lengths.
    """
    import numpy as np

    left, right = _boxes("a", a), _boxes("b", b)
    count = left.shape[1]
    if count != right.shape[1]:
        raise ValueError(f"a has {count} boxes and b {right.shape[1]}: pairs need as many of each")
    found = np.empty(count)
    for start in range(0, count, _BLOCK):
        block = slice(start, start + _BLOCK)
        # Columns side by side in memory, which is what makes the arithmetic fast.
        some, others = np.ascontiguousarray(left[:, block]), np.ascontiguousarray(right[:, block])
        _check_edges("a", some, start)
        _check_edges("b", others, start)
        _overlap(some, others, found[block])
    return found


def _boxes(name: str, given: ArrayLike) -> NDArray[np.float64]:
    """The boxes as a view of float64[4, n]."""
    import numpy as np

    boxes = np.asarray(given, dtype=np.float64)
    if boxes.size == 0 and boxes.ndim < 2:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} has shape {boxes.shape}; expected (n, 4)")
    return boxes.T


def _check_edges(name: str, boxes: NDArray[np.float64], start: int) -> None:
    import numpy as np

    # A NaN makes a comparison false; an infinite edge, or one too large to multiply, no area below the bound.
    with np.errstate(all="ignore"):
        widths, heights = boxes[2] - boxes[0], boxes[3] - boxes[1]
        fits = (widths >= 0) & (heights >= 0)
        widths *= heights
        fits &= widths < _MAX_AREA
    if not fits.all():
        row = int(np.argmin(fits))
        shown = boxes[:, row].tolist()
        raise ValueError(f"{name}[{start + row}] is {shown}; expected finite x1 <= x2 and y1 <= y2")


def _overlap(a: Any, b: Any, out: Any) -> None:
    """Write the IoU of broadcast boxes (float64[4, ...]) into ``out``, in place to save memory traffic."""
    import numpy as np

    work, height = np.empty(out.shape), np.empty(out.shape)
    np.minimum(a[2], b[2], out=out)
    out -= np.maximum(a[0], b[0], out=work)
    np.maximum(out, 0, out=out)
    np.minimum(a[3], b[3], out=height)
    height -= np.maximum(a[1], b[1], out=work)
    np.maximum(height, 0, out=height)
    out *= height
    np.add((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]), out=work)
    work -= out
    # Nothing is shared where there is no union, so any divisor above 0 gives the 0 that is meant.
    np.maximum(work, _TINY, out=work)
    out /= work
    np.minimum(out, 1.0, out=out)


_NUMBER = r"\s{0,9}([+-]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?)\s{0,9}"
_FOUR = ",".join([_NUMBER] * 4)
_LIST = rf"\[{_FOUR}\]"
_CORNERS = rf"\({_NUMBER},{_NUMBER}\)\s{{0,9}},?\s{{0,9}}\({_NUMBER},{_NUMBER}\)"
_TAGGED = re.compile(
    r"<\|?(?:box|box_start|bbox)\|?>\s{0,9}"
    rf"(?:{_LIST}|{_CORNERS}|\({_FOUR}\)|{_FOUR})"
    r"\s{0,9}<(?:/box|\|box_end\||/bbox)>",
    re.IGNORECASE,
)
_KEYED = re.compile(rf"""["'](?:bbox_2d|bbox|box|position)["']\s{{0,9}}:\s{{0,9}}{_LIST}""", re.IGNORECASE)
_Y_FIRST = re.compile(rf"""["']box_2d["']\s{{0,9}}:\s{{0,9}}{_LIST}""", re.IGNORECASE)
_BARE = re.compile(rf"{_LIST}|{_CORNERS}|\({_FOUR}\)")


def parse_boxes(text: str) -> list[tuple[float, float, float, float]]:
    """The boxes that a model wrote, as (x1, y1, x2, y2), in the order of the text, nothing checked or
    converted.

    Read are, from the most explicit to the least; as soon as one level finds a box, the lower ones are not
    tried, so that numbers in the reasoning beside a marked box don't count:

    1. ``<box>...</box>``, ``<bbox>...</bbox>`` and ``<|box_start|>...<|box_end|>`` around any form of level 3
       or four plain numbers;
    2. a JSON or Python key ``bbox_2d``, ``bbox``, ``box`` or ``Position`` with a list of four numbers,
    however deep; 3. ``[x1, y1, x2, y2]``, ``(x1, y1, x2, y2)`` and ``(x1, y1), (x2, y2)``, lists of these
    included.

    Not read: ``box_2d`` (its convention is y before x), and lists of more or fewer than four numbers. Text is
    matched by patterns of bounded length, in time proportional to its own; nothing is evaluated. At most the
    first 100,000 characters and 1,000 boxes are looked at. The numbers may be unordered or outside any frame:
    :class:`Box` decides.

    >>> parse_boxes('I see [1, 2] cats: [{"bbox_2d": [10, 20, 110, 220], "label": "cat"}]')
    [(10.0, 20.0, 110.0, 220.0)]
    >>> parse_boxes("<|box_start|>(10,20),(110,220)<|box_end|>")
    [(10.0, 20.0, 110.0, 220.0)]
    """
    text = _Y_FIRST.sub(" ", text[:_MAX_TEXT])
    for pattern in (_TAGGED, _KEYED, _BARE):
        found = []
        for match in pattern.finditer(text):
            x1, y1, x2, y2 = (float(n) for n in match.groups() if n is not None)
            found.append((x1, y1, x2, y2))
            if len(found) == _MAX_BOXES:
                break
        if found:
            return found
    return []
