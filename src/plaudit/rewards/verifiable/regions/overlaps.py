"""Overlaps: how much two axis-aligned boxes have in common, and how far apart they are where that is nothing.

============  ====================================================================  ==========
measure       of boxes A and B, C the smallest box around both                      range
============  ====================================================================  ==========
``"iou"``     ``|A ∩ B| / |A ∪ B|``                                                 0 to 1
``"giou"``    ``IoU - (|C| - |A ∪ B|) / |C|``  (Rezatofighi et al. 2019)            -1 to 1
``"diou"``    ``IoU - d² / c²``: d between the centres, c the diagonal of C         -1 to 1
              (Zheng et al. 2020, equation 7)
``"ciou"``    ``DIoU - v² / (1 - IoU + v)`` with ``v = (4 / π²) (atan(w_A / h_A)    -1.5 to 1
              - atan(w_B / h_B))²`` (Zheng et al. 2020, equations 8 to 11)
============  ====================================================================  ==========

All are 1 for equal boxes with area, symmetric, and the same wherever the two boxes lie and however large the picture
is. IoU and GIoU are also the same in every frame; DIoU and CIoU only where the picture is square, as they measure
lengths across: give them pixels.

Boxes are rows (x1, y1, x2, y2) in one frame, right and lower edges exclusive. A box without area covers nothing, not
even itself: its IoU is 0.

>>> overlap_pairs([[0, 0, 2, 2]], [[4, 0, 6, 2]], "giou").round(3), overlap_pairs([[0, 0, 2, 2]], [[4, 0, 6, 2]])
(array([-0.333]), array([0.]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from plaudit.core.geometry import iou_matrix, iou_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["LEAST", "Overlap", "overlap_matrix", "overlap_pairs"]

Overlap = Literal["iou", "giou", "diou", "ciou"]
#: The least value of each measure.
LEAST: dict[Overlap, float] = {"iou": 0.0, "giou": -1.0, "diou": -1.0, "ciou": -1.5}


def overlap_pairs(a: ArrayLike, b: ArrayLike, measure: Overlap = "iou") -> NDArray[np.float64]:
    """Return the overlap of each box of ``a`` (float[n, 4]) with the box of ``b`` in the same row: float64[n].

    Raises:
        ValueError: a wrong shape, a number that is not finite, x2 < x1 or y2 < y1, or different lengths.
    """
    shared = iou_pairs(a, b)
    return shared if measure == "iou" else _penalised(shared, _rows(a).T, _rows(b).T, measure)


def overlap_matrix(a: ArrayLike, b: ArrayLike, measure: Overlap = "iou") -> NDArray[np.float64]:
    """Return the overlap of every box of ``a`` (float[n, 4]) with every box of ``b`` (float[m, 4]): float64[n, m].

    Raises:
        ValueError: a wrong shape, a number that is not finite, or x2 < x1 or y2 < y1.
    """
    shared = iou_matrix(a, b)
    if measure == "iou":
        return shared
    return _penalised(shared, _rows(a).T[:, :, None], _rows(b).T[:, None, :], measure)


def _rows(given: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(given, dtype=np.float64).reshape(-1, 4)


def _penalised(
    shared: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], measure: Overlap
) -> NDArray[np.float64]:
    """Take from the IoU of broadcast boxes (float64[4, ...]) what the measure takes."""
    widths_a, heights_a, widths_b, heights_b = a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1]
    around_x = np.maximum(a[2], b[2]) - np.minimum(a[0], b[0])
    around_y = np.maximum(a[3], b[3]) - np.minimum(a[1], b[1])
    if measure == "giou":
        around, areas = around_x * around_y, widths_a * heights_a + widths_b * heights_b
        # |A ∪ B| follows from IoU = |A ∩ B| / |A ∪ B| and |A ∩ B| + |A ∪ B| = |A| + |B|.
        empty = _ratio(around - areas / (1 + shared), around)
        found: NDArray[np.float64] = shared - np.clip(empty, 0, 1)
        return found
    across = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    found = shared - _ratio(across, around_x**2 + around_y**2)
    if measure == "ciou":
        v = 4 / np.pi**2 * (np.arctan2(widths_a, heights_a) - np.arctan2(widths_b, heights_b)) ** 2
        found -= _ratio(v**2, 1 - shared + v)
    return found


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, where 0 / 0 (two equal points, two equal boxes) is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)
