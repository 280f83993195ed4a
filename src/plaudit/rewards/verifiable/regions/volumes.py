"""Volumes: the overlap of boxes in space, and of boxes that are turned.

======================  =================================================================================
form                    numbers of a box
======================  =================================================================================
``"corners"``           x1, y1, z1, x2, y2, z2: along the axes, x1 <= x2 and so on
``"yaw"``               x, y, z of the centre, length, width, height, and the turn about the z axis
``"angle"``             x, y of the centre, width, height, and the turn: a turned rectangle in a picture
======================  =================================================================================

Turns are in radians, from the x axis towards the y axis. Boxes without extent cover nothing: their IoU is 0.

>>> volume_iou([[0, 0, 0, 1, 1, 1]], [[0.5, 0, 0, 1.5, 1, 1]], "corners").round(5)
array([[0.33333]])
>>> volume_iou([[0, 0, 2, 2, 0]], [[0, 0, 2, 2, np.pi / 4]], "angle").round(5)
array([[0.70711]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["NUMBERS", "Form", "fault", "volume_iou"]

Form = Literal["corners", "yaw", "angle"]
#: How many numbers a box of each form has.
NUMBERS: dict[Form, int] = {"corners": 6, "yaw": 7, "angle": 5}
_LIMIT = 1e9


def volume_iou(a: ArrayLike, b: ArrayLike, form: Form) -> NDArray[np.float64]:
    """Return the IoU of every box of ``a`` (float[n, k]) with every box of ``b`` (float[m, k]): float64[n, m], 0 to 1.

    Boxes along the axes are compared at once in numpy; turned ones are polygons for shapely, times their heights.

    Raises:
        ValueError: a wrong shape, or a box that :func:`fault` finds at fault.
    """
    left, right = _checked("a", a, form), _checked("b", b, form)
    if form == "corners":
        low = np.maximum(left[:, None, :3], right[None, :, :3])
        sides = np.minimum(left[:, None, 3:], right[None, :, 3:]) - low
        shared = np.maximum(sides, 0).prod(axis=-1)
        return _over(shared, (left[:, 3:] - left[:, :3]).prod(axis=1), (right[:, 3:] - right[:, :3]).prod(axis=1))
    if form == "angle":
        return _over(_ground(left, right), left[:, 2] * left[:, 3], right[:, 2] * right[:, 3])
    flat = [boxes[:, [0, 1, 3, 4, 6]] for boxes in (left, right)]
    bottom = np.maximum((left[:, 2] - left[:, 5] / 2)[:, None], right[:, 2] - right[:, 5] / 2)
    top = np.minimum((left[:, 2] + left[:, 5] / 2)[:, None], right[:, 2] + right[:, 5] / 2)
    shared = _ground(flat[0], flat[1]) * np.maximum(top - bottom, 0)
    return _over(shared, left[:, 3:6].prod(axis=1), right[:, 3:6].prod(axis=1))


def fault(numbers: ArrayLike, form: Form) -> str:
    """Return why the numbers are no box of this form, or ``""``.

    >>> fault([0, 0, 0, 1, 1, -1], "corners"), fault([0, 0, 1, 2, 0.3], "angle")
    ('z2 is -1, below z1 = 0', '')
    """
    box = np.asarray(numbers, dtype=np.float64)
    if box.shape != (NUMBERS[form],):
        return f"it has {box.size} numbers; {form!r} has {NUMBERS[form]}"
    if not np.abs(box).max() <= _LIMIT:
        return f"its numbers are not all within {_LIMIT:g}"
    if form == "corners":
        names = [name for i, name in enumerate("xyz") if box[i + 3] < box[i]]
        lows = {name: (box["xyz".index(name)], box["xyz".index(name) + 3]) for name in names}
        return next((f"{n}2 is {high:g}, below {n}1 = {low:g}" for n, (low, high) in lows.items()), "")
    sides = box[3:6] if form == "yaw" else box[2:4]
    return f"a side is {sides.min():g} long" if sides.min() < 0 else ""


def _checked(name: str, given: ArrayLike, form: Form) -> NDArray[np.float64]:
    boxes = np.asarray(given, dtype=np.float64)
    boxes = boxes.reshape(0, NUMBERS[form]) if boxes.size == 0 else boxes
    if boxes.ndim != 2:
        raise ValueError(f"{name} has shape {boxes.shape}; expected (n, {NUMBERS[form]})")
    for row, box in enumerate(boxes):
        if why := fault(box, form):
            raise ValueError(f"{name}[{row}]: {why}")
    return boxes


def _over(shared: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide the shared volumes (float64[n, m]) by those of the unions."""
    union = a[:, None] + b[None, :] - shared
    found: NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return np.clip(found, 0.0, 1.0)


def _ground(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the areas that turned rectangles (x, y, width, height, turn) share: float64[n, m]."""
    import shapely

    left, right = _outlines(a), _outlines(b)
    shared: NDArray[np.float64] = shapely.area(shapely.intersection(left[:, None], right[None, :]))
    return shared


def _outlines(boxes: NDArray[np.float64]) -> NDArray[np.object_]:
    import shapely

    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])[None] * boxes[:, None, 2:4]
    cos, sin = np.cos(boxes[:, 4])[:, None], np.sin(boxes[:, 4])[:, None]
    x, y = corners[..., 0] * cos - corners[..., 1] * sin, corners[..., 0] * sin + corners[..., 1] * cos
    found: NDArray[np.object_] = shapely.polygons(np.stack([x, y], axis=-1) + boxes[:, None, :2])
    return found
