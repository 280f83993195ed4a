"""Saliency: how alike two heat maps are, as affordance and gaze prediction are judged.

A map is non-negative and counts by its shape: it is divided by its sum. The measures are those of the MIT saliency
benchmark (Bylinskii et al. 2019), which affordance grounding took over (Luo et al. 2022, AGD20K).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, MediaError
from plaudit.core.geometry import Frame
from plaudit.core.grade import Grade
from plaudit.core.media import Media
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How
from plaudit.rewards.verifiable.regions.masks import drawn_mask, read_mask
from plaudit.rewards.verifiable.regions.rasters import picture_levels
from plaudit.rewards.verifiable.regions.scenes import refuse_last

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from plaudit.core.sample import Sample

_EPSILON = 2.0**-52


@part
class SaliencyMap(Leaf):
    r"""How alike the response's heat map and the reference's are; a higher value is always better.

    * ``similarity``: ``sum_i min(p_i, q_i)`` of the two maps, each divided by its sum (SIM);
    * ``divergence``: ``exp(-KLD)``, with ``KLD = sum_i q_i log(e + q_i / (p_i + e))`` of the reference's map q and the
      response's p, ``e = 2^-52``: 1 for equal maps, and never quite 0;
    * ``correlation``: the correlation of the response's map with the reference's foreground, which is its normalised
      scanpath saliency (NSS) divided by the greatest that this foreground allows; below 0 counts as 0.

    The response paints its map (its last image, its grey levels scaled to the reference) or writes a mask, as for
    ``MaskIoU``. No map, or an empty one, scores 0. The reference is a picture, whose grey levels count, or any mask
    that ``MaskIoU`` reads; an empty one, or for ``correlation`` a full one, is invalid.

    Args:
        measure: as above.
        frame: the frame that the response writes polygons in.
        extract: where a written mask stands.

    Range: [0, 1]. Needs: ``reference``.

    Example:
    >>> from plaudit import Sample
    >>> right = {"polygons": [[0, 0, 10, 0, 10, 10, 0, 10]], "size": [20, 20]}
    >>> SaliencyMap().score(Sample("", "<answer>[[0, 0], [20, 0], [20, 10], [0, 10]]</answer>", right)).values
    array([0.5])
    """

    measure: Literal["similarity", "divergence", "correlation"] = "similarity"
    frame: Frame = "pixel"
    extract: How = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("SaliencyMap", self.extract)

    def grade(self, sample: Sample) -> Any:
        """Return how alike the maps are."""
        right = self._reference(sample)
        drawn = self._drawn(sample, (right.shape[1], right.shape[0]))
        if isinstance(drawn, str):
            return Grade(0.0, drawn)
        if self.measure == "similarity":
            value = similarity(drawn, right)
        elif self.measure == "divergence":
            value = math.exp(-max(0.0, divergence(drawn, right)))
        else:
            hits = right * 2 > right.max()
            value = max(0.0, nss(drawn, hits) / math.sqrt((~hits).sum() / hits.sum()))
        value = min(1.0, value)
        return Grade(value, "" if value == 1 else f"{self.measure} {value:.3f}")

    def _reference(self, sample: Sample) -> NDArray[np.float64]:
        given = sample.reference
        picture = given.get("mask") if isinstance(given, Mapping) and not Media.fits(given) else given
        if isinstance(picture, str) or (Media.fits(picture) and getattr(picture, "ndim", 3) != 2):
            levels = picture_levels(Media.of(picture, "image"))
        else:
            levels = read_mask(sample, self.frame).astype(np.float64)
        if not levels.any():
            raise BadReferenceError("reference map is empty; expected one with a place that matters")
        if self.measure == "correlation" and (levels * 2 > levels.max()).all():
            raise BadReferenceError("reference map is all foreground; correlation expects a background too")
        return levels

    def _drawn(self, sample: Sample, size: tuple[int, int]) -> NDArray[np.float64] | str:
        painted = [media for turn in sample.turns if turn.role == "assistant" for media in turn.media]
        if painted:
            try:
                levels = picture_levels(painted[-1], size)
            except MediaError as error:
                return f"unreadable picture: {error}"
        else:
            mask = drawn_mask(sample, self.extract, self.frame, size)
            if isinstance(mask, str):
                return mask
            levels = mask.astype(np.float64)
        return levels if levels.any() else "empty map"


def similarity(p: ArrayLike, q: ArrayLike) -> float:
    """Return SIM, 0 to 1: what two maps of one shape share, each divided by its sum.

    >>> similarity([[1, 1], [0, 0]], [[2, 0], [0, 0]])
    0.5
    """
    return float(np.minimum(_shares(p), _shares(q)).sum())


def divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Return KLD, 0 for equal maps and greater for others: what the map ``p`` lacks of the truth ``q``.

    >>> round(divergence([[1, 1], [0, 0]], [[2, 0], [0, 0]]), 6), round(math.log(2), 6)
    (0.693147, 0.693147)
    """
    found, right = _shares(p), _shares(q)
    return float((right * np.log(_EPSILON + right / (found + _EPSILON))).sum())


def nss(p: ArrayLike, hits: ArrayLike) -> float:
    """Return NSS: the mean of the standardised map ``p`` at the places where ``hits`` is true; 0 for a flat map.

    It lies between ``-sqrt(k / (n - k))`` and ``sqrt((n - k) / k)`` with k of n places hit.

    >>> round(nss([[1, 0], [0, 0]], [[True, False], [False, False]]), 6), round(math.sqrt(3), 6)
    (1.732051, 1.732051)
    """
    levels = np.asarray(p, dtype=np.float64)
    spread = float(levels.std())
    if spread <= _EPSILON * float(np.abs(levels).max()):
        return 0.0
    return float((levels[np.asarray(hits, dtype=bool)].mean() - levels.mean()) / spread)


def _shares(given: ArrayLike) -> NDArray[np.float64]:
    levels = np.asarray(given, dtype=np.float64)
    shares: NDArray[np.float64] = levels / levels.sum()
    return shares
