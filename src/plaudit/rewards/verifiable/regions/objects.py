"""Objects: the boxes and points, with labels and confidences, that an answer writes or a reference holds.

Answers come in many hands. Read are, as soon as one of them finds something:

1. flat JSON or Python objects, ``{"bbox_2d": [10, 20, 110, 220], "label": "cat", "confidence": 0.9}``, in a list, a
   code fence or prose, the list whole or cut off (what is not closed is not read). A box stands under ``bbox_2d``,
   ``bbox``, ``box``, ``boxes`` or ``Position``, a point under ``point_2d`` or ``point``, a label under ``label``,
   ``category``, ``category_name``, ``class`` or ``name``, a confidence under ``confidence`` or ``score``;
2. everything else that :func:`plaudit.core.geometry.parse_boxes` reads: tagged and bare boxes, which have no labels.

Nothing is evaluated, time is proportional to the text, and at most the first 100,000 characters and 1,000 objects are
looked at. An object that is written twice is one. Whether a box lies in its frame is for the caller to say.

>>> read_objects("[{'Position': [1, 2, 3, 4], 'Confidence': 0.9}, {'Position': [5,")
[Item(numbers=(1.0, 2.0, 3.0, 4.0), label='', confidence=0.9, point=None)]
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from plaudit.core.errors import BadReferenceError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame, Point, Size, parse_boxes
from plaudit.core.media import Media
from plaudit.rewards.verifiable.answers.references import shown

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

__all__ = [
    "Item",
    "Place",
    "Target",
    "image_size",
    "is_numbers",
    "number_lists",
    "read_objects",
    "read_place",
    "read_points",
    "read_targets",
    "says_none",
    "unfenced",
]

_MAX_TEXT = 100_000
_MAX_ITEMS = 1_000
#: No longer than this is one object written; braces do not nest in it.
_OBJECT = re.compile(r"\{[^{}]{0,2000}\}")
_BOX_KEYS = ("bbox_2d", "bbox", "box", "boxes", "position")
_POINT_KEYS = ("point_2d", "point")
_LABEL_KEYS = ("label", "category", "category_name", "class", "name")
_CONFIDENCE_KEYS = ("confidence", "score")
_PLAIN = frozenset({int, float})
_NUMBER = r"[+-]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?"
_PAIR = re.compile(rf"[\[(]\s{{0,9}}({_NUMBER})\s{{0,9}},\s{{0,9}}({_NUMBER})\s{{0,9}}[\])]")
_LIST = re.compile(rf"\[\s{{0,9}}({_NUMBER}(?:\s{{0,9}},\s{{0,9}}{_NUMBER}){{0,15}})\s{{0,9}}\]")


class Item(NamedTuple):
    """An object that a response wrote, nothing checked but that its numbers are numbers.

    Attributes:
        numbers: the numbers of its box; None where it has no box or one that is no list of numbers.
        label: as written; ``""`` if none.
        confidence: as written, or None.
        point: (x, y), or None.
    """

    numbers: tuple[float, ...] | None
    label: str = ""
    confidence: float | None = None
    point: tuple[float, float] | None = None


class Place(NamedTuple):
    """The frame that a reference's numbers are in, and its picture's size where that is known."""

    frame: Frame
    size: Size | None


class Target(NamedTuple):
    """An object that a reference holds.

    Attributes:
        box: its box, which has an area.
        label: ``""`` if none.
        weight: how much it matters, 1 unless the reference says otherwise.
        point: its point, if it has one.
    """

    box: Region
    label: str = ""
    weight: float = 1.0
    point: Point | None = None


def read_objects(text: str) -> list[Item]:
    """Return the objects of an answer, in order, each once; one whose box is malformed has no numbers."""
    items = [item for found in _OBJECT.finditer(text[:_MAX_TEXT]) if (item := _item(found[0])) is not None]
    if not items:
        items = [Item(box) for box in parse_boxes(text)]
    return list(dict.fromkeys(items))[:_MAX_ITEMS]


def read_points(text: str) -> list[tuple[float, float]]:
    """Return the points of an answer in order: those of its objects, else every ``[x, y]`` or ``(x, y)``.

    >>> read_points('[{"point_2d": [3, 4]}, {"point_2d": [5, 6]}]'), read_points("click(start_box='(7,8)')")
    ([(3.0, 4.0), (5.0, 6.0)], [(7.0, 8.0)])
    """
    text = text[:_MAX_TEXT]
    keyed = [item.point for found in _OBJECT.finditer(text) if (item := _item(found[0])) and item.point]
    return (keyed or [(float(pair[1]), float(pair[2])) for pair in _PAIR.finditer(text)])[:_MAX_ITEMS]


def number_lists(text: str, length: int) -> list[tuple[float, ...]]:
    """Return every ``[...]`` of ``length`` numbers (at most 16), in order, each once.

    >>> number_lists("box: [0, 0, 0, 1, 1, 1] and [3, 4]", 6)
    [(0.0, 0.0, 0.0, 1.0, 1.0, 1.0)]
    """
    lists = (tuple(float(n) for n in found[1].split(",")) for found in _LIST.finditer(text[:_MAX_TEXT]))
    return list(dict.fromkeys(numbers for numbers in lists if len(numbers) == length))[:_MAX_ITEMS]


def unfenced(text: str) -> str:
    """Return what stands in a code fence that is the whole text, or the text, without white space around it."""
    text = text.strip()
    if not text.startswith("```"):
        return text
    return text.removeprefix("```").removeprefix("json").removesuffix("```").strip()


def says_none(text: str) -> bool:
    """Whether the answer is the empty list: the one way to say that there is nothing, so that silence can't earn it."""
    inner = unfenced(text)
    return inner[:1] == "[" and inner[-1:] == "]" and not inner[1:-1].strip()


def read_targets(sample: Sample, frame: Frame) -> tuple[list[Target], Place]:
    """Return the objects of a sample's reference, boxes with an area in the frame that the reference names.

    Read are four numbers, a list of boxes, a list of mappings ``{"box": [x1, y1, x2, y2], "label": ..., "weight": ...,
    "point": [x, y]}`` (``bbox_2d``, ``bbox`` and ``point_2d`` too), or a mapping with such a list under ``boxes`` (or
    one box under ``box``), and ``frame`` and ``size`` ``[width, height]``. Without a frame it is the response's. Where
    pixels must be converted and no size is given it is that of the prompt's first image.

    Raises:
        BadReferenceError: it is none of that, or a box is impossible or has no area.
        MediaError: the image whose size is needed is broken.
    """
    given = sample.reference
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"boxes": given}
    place = read_place(sample, said, frame)
    boxes = said.get("boxes", said.get("box", said.get("bbox_2d", said.get("bbox"))))
    boxes = boxes.tolist() if hasattr(boxes, "tolist") else boxes
    if isinstance(boxes, Mapping) or is_numbers(boxes, 4):
        boxes = [boxes]
    if not isinstance(boxes, Sequence) or isinstance(boxes, str):
        raise BadReferenceError(f"reference boxes are {shown(boxes)}; expected a list of boxes [x1, y1, x2, y2]")
    return [_target(box, place, i) for i, box in enumerate(boxes)], place


def read_place(sample: Sample, said: Mapping[str, Any], frame: Frame) -> Place:
    """Return the frame that a reference names, or else ``frame``, and the picture's size where it is said or needed.

    Raises:
        BadReferenceError: the frame is unknown, or the size is needed and there is none, or it is not a size.
        MediaError: the image whose size is needed is broken.
    """
    own, size = said.get("frame", frame), said.get("size")
    if own not in get_args(Frame):
        raise BadReferenceError(f"reference frame is {shown(own)}; expected {', '.join(get_args(Frame))}")
    if size is not None and not (is_numbers(size, 2) and all(type(n) is int and n > 0 for n in size)):
        raise BadReferenceError(f"reference size is {shown(size)}; expected two whole numbers [width, height]")
    if size is None and own != frame and "pixel" in (own, frame):
        size = image_size(sample)
    return Place(own, None if size is None else (size[0], size[1]))


def image_size(sample: Sample) -> Size:
    """Return the size of the prompt's first image: one in the response is the model's, or a tool's crop.

    Raises:
        BadReferenceError: there is none.
        MediaError: it is broken.
    """
    in_prompt = [m for turn in sample.prompt_turns for m in turn.media] or [Media.of(m, "image") for m in sample.images]
    images = [m for m in in_prompt if m.kind == "image"]
    if not images:
        raise BadReferenceError('reference has no "size", and the prompt no image to measure: pixels need one')
    return images[0].pil().size


def is_numbers(given: Any, count: int) -> bool:
    """Whether it is a list of so many numbers."""
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(given) != count:
        return False
    # The plain types first: asking whether something is a Real takes ten times as long.
    return all(type(n) in _PLAIN or (isinstance(n, Real) and not isinstance(n, bool)) for n in given)


def _target(given: Any, place: Place, i: int) -> Target:
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"box": given}
    corners: Any = said.get("box", said.get("bbox_2d", said.get("bbox")))
    label, weight, at = said.get("label", ""), said.get("weight", 1.0), said.get("point", said.get("point_2d"))
    if not is_numbers(corners, 4):
        raise BadReferenceError(f"reference boxes[{i}] is {shown(corners)}; expected four numbers [x1, y1, x2, y2]")
    if not isinstance(label, str):
        raise BadReferenceError(f"reference boxes[{i}] label is {shown(label)}; expected a text")
    if not is_numbers([weight], 1) or not 0 < weight < math.inf:
        raise BadReferenceError(f"reference boxes[{i}] weight is {shown(weight)}; expected a number above 0")
    if at is not None and not is_numbers(at, 2):
        raise BadReferenceError(f"reference boxes[{i}] point is {shown(at)}; expected two numbers [x, y]")
    x1, y1, x2, y2 = corners
    try:
        box = Region(x1, y1, x2, y2, place.frame, place.size)
        point = None if at is None else Point(at[0], at[1], place.frame, place.size)
    except ValueError as error:
        raise BadReferenceError(f"reference boxes[{i}] is impossible: {error}") from None
    if not box.area:
        raise BadReferenceError(f"reference boxes[{i}] {list(corners)} has no area, so that no box can cover it")
    return Target(box, label, float(weight), point)


def _item(written: str) -> Item | None:
    """Read one flat object; None where it has neither box nor point or is no object."""
    found = _loaded(written)
    if found is None:
        return None
    box, point = _first(found, _BOX_KEYS), _first(found, _POINT_KEYS)
    if box is None and point is None:
        return None
    numbers = _floats(box)
    x_y = _floats(point)
    label, confidence = _first(found, _LABEL_KEYS), _floats([_first(found, _CONFIDENCE_KEYS)])
    return Item(
        numbers,
        label if isinstance(label, str) else "",
        confidence[0] if confidence else None,
        (x_y[0], x_y[1]) if x_y and len(x_y) == 2 else None,
    )


def _loaded(written: str) -> dict[str, Any] | None:
    for text in (written, written.replace("'", '"')):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return {str(key).lower(): value for key, value in found.items()} if isinstance(found, dict) else None
    return None


def _first(found: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((found[key] for key in keys if key in found), None)


def _floats(given: Any) -> tuple[float, ...] | None:
    """Return a list's finite numbers; None where it is no list of them."""
    if not isinstance(given, list) or not all(type(n) in _PLAIN for n in given):
        return None
    try:
        numbers = tuple(float(n) for n in given)
    except OverflowError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
