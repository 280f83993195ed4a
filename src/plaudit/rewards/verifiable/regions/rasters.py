"""Rasters: masks as run-length codes, polygons and pictures, all made into ``bool[height, width]``.

* **RLE** as COCO writes it: ``{"size": [height, width], "counts": ...}``, counts a list or the compressed text, down
  the columns. (COCO gives the height first; a ``size`` beside boxes and polygons is [width, height].)
* **Polygons**: ``[x1, y1, x2, y2, ...]`` or ``[[x1, y1], [x2, y2], ...]``, or a list of these, whose union is meant. A
  pixel belongs to a polygon where its centre does (even-odd rule), so that a box's polygon is the box's pixels.
* **Pictures**: foreground is what is brighter than half of the brightest pixel, so that masks of 0 and 1 and of 0 and
  255 are both read; nothing in a black one is.

What can't be read is a ``ValueError`` that says why; whose fault it is, the caller knows.

>>> decode_rle({"size": [2, 3], "counts": [1, 2, 3]}).astype(int)
array([[0, 1, 0],
       [1, 0, 0]])
>>> polygon_mask([[(1, 0), (3, 0), (3, 1), (1, 1)]], (4, 2)).astype(int)
array([[0, 1, 1, 0],
       [0, 0, 0, 0]])
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.media import MAX_PIXELS, Media

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from plaudit.core.geometry import Size

__all__ = ["decode_rle", "mask_dice", "mask_iou", "picture_levels", "picture_mask", "polygon_mask", "polygons_of"]

Polygon = Sequence[tuple[float, float]]
#: The most corners that the polygons of one mask may have together.
MAX_CORNERS = 5_000
_KEYS = ("segmentation", "polygons", "polygon", "mask")


def mask_iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return ``|A ∩ B| / |A ∪ B|`` of two masks of one shape; 1 where both are empty."""
    union = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / union if union else 1.0


def mask_dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return ``2 |A ∩ B| / (|A| + |B|)``, the F1 of the pixels, of two masks of one shape; 1 where both are empty."""
    both = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / both if both else 1.0


def decode_rle(code: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return the mask of a COCO run-length code, bool[height, width].

    Raises:
        ValueError: the size is not two whole numbers, the picture is too large, or the runs do not fill it.
    """
    size: Any = code.get("size")
    counts: Any = code.get("counts")
    if not _whole(size) or len(size) != 2 or min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f"RLE size is not [height, width] of at most {MAX_PIXELS:,} pixels")
    if isinstance(counts, str | bytes):
        counts = _unpacked(counts.encode("latin-1", "replace") if isinstance(counts, str) else counts)
    if not _whole(counts):
        raise ValueError("RLE counts are neither a text nor a list of whole numbers")
    height, width = int(size[0]), int(size[1])
    if sum(counts) != height * width or min(counts, default=0) < 0:
        raise ValueError(f"RLE counts do not add up to {height} times {width}")
    runs = np.asarray(counts, dtype=np.int64)
    filled: NDArray[np.bool_] = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return filled.reshape((height, width), order="F")


def polygon_mask(polygons: Iterable[ArrayLike], size: Size) -> NDArray[np.bool_]:
    """Return the union of polygons (float[k, 2], in pixels) in a picture of ``size`` (width, height)."""
    width, height = size
    union = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        corners = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        if len(corners):
            top, bottom = _rows(corners[:, 1].min(), corners[:, 1].max(), height)
            union[top:bottom] |= _inside(corners, width, top, bottom)
    return union


def polygons_of(given: Any) -> list[Polygon]:
    """Return the polygons that JSON-like data holds, as lists of corners.

    Raises:
        ValueError: it holds something else, or more than :data:`MAX_CORNERS` corners.
    """
    if isinstance(given, Mapping):
        given = next((given[key] for key in _KEYS if key in given), None)
    if not isinstance(given, list | tuple):
        raise ValueError("no polygon")
    lone = bool(given) and (_is_number(given[0]) or (_is_pair(given[0]) and all(map(_is_pair, given))))
    polygons = [_corners(polygon) for polygon in ([given] if lone else given)]
    if sum(map(len, polygons)) > MAX_CORNERS:
        raise ValueError(f"polygons of more than {MAX_CORNERS:,} corners")
    return polygons


def picture_levels(media: Media, size: Size | None = None) -> NDArray[np.float64]:
    """Return a picture's grey levels, float64[height, width], 0 to 255, scaled to ``size`` (width, height) if given.

    Raises:
        MediaError: it is missing, broken or too large.
    """
    from PIL import Image

    grey = media.pil().convert("L")
    if size is not None and grey.size != size:
        grey = grey.resize(size, Image.Resampling.NEAREST)
    return np.asarray(grey, dtype=np.float64)


def picture_mask(media: Media, size: Size | None = None) -> NDArray[np.bool_]:
    """Return a picture's foreground, bool[height, width], scaled to ``size`` (width, height) if given.

    Raises:
        MediaError: it is missing, broken or too large.
    """
    levels = picture_levels(media, size)
    found: NDArray[np.bool_] = levels * 2 > max(levels.max(), 1.0)
    return found


def _inside(corners: NDArray[np.float64], width: int, top: int, bottom: int) -> NDArray[np.bool_]:
    """Return bool[bottom - top, width]: whether a pixel's centre has an odd number of edges on its left."""
    flips = np.zeros((bottom - top, width + 1), dtype=np.uint8)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, last = (max(top, row) for row in _rows(min(y1, y2), max(y1, y2), bottom))
        if first < last:
            rows = np.arange(first, last)
            x = x1 + (rows + 0.5 - y1) * ((x2 - x1) / (y2 - y1))
            flips[rows - top, np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)] ^= 1
    found: NDArray[np.bool_] = np.bitwise_xor.accumulate(flips, axis=1)[:, :width].astype(bool)
    return found


def _rows(low: float, high: float, height: int) -> tuple[int, int]:
    """Return the rows, first and past the last, whose centres lie in [low, high)."""
    return min(max(math.ceil(low - 0.5), 0), height), min(max(math.ceil(high - 0.5), 0), height)


def _unpacked(text: bytes) -> list[int]:
    """Return the runs of COCO's compressed counts: six bits a character, each run after the second as a difference."""
    runs: list[int] = []
    at = 0
    while at < len(text):
        run, shift, more = 0, 0, True
        while more:
            if at == len(text) or not 48 <= text[at] < 112 or shift > 60:
                raise ValueError("RLE counts are no compressed counts of COCO's")
            bits = text[at] - 48
            run |= (bits & 31) << shift
            at, shift, more = at + 1, shift + 5, bool(bits & 32)
        if bits & 16:
            run -= 1 << shift
        runs.append(run + runs[-2] if len(runs) > 2 else run)
    return runs


def _corners(given: Any) -> Polygon:
    if isinstance(given, list | tuple):
        if len(given) >= 6 and len(given) % 2 == 0 and all(map(_is_number, given)):
            return list(zip(map(float, given[::2]), map(float, given[1::2]), strict=True))
        if len(given) >= 3 and all(map(_is_pair, given)):
            return [(float(x), float(y)) for x, y in given]
    raise ValueError("a polygon is neither [x1, y1, x2, y2, ...] nor [[x1, y1], ...] of at least three corners")


def _is_pair(given: Any) -> bool:
    return isinstance(given, list | tuple) and len(given) == 2 and all(map(_is_number, given))


def _is_number(given: Any) -> bool:
    return isinstance(given, int | float | np.number) and not isinstance(given, bool) and bool(-1e9 < given < 1e9)


def _whole(given: Any) -> bool:
    if not isinstance(given, list | tuple):
        return False
    return all(isinstance(n, Integral) and not isinstance(n, bool) for n in given)
