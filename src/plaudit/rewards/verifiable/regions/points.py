"""Points: is the response's point inside, how near is it, and how soon among several is the right one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Frame, Point
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.objects import (
    Place,
    Target,
    is_numbers,
    read_place,
    read_points,
    read_targets,
)
from plaudit.rewards.verifiable.regions.scenes import refuse_last

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from plaudit.core.sample import Sample

#: More candidates than this are no ranking.
_MOST = 100


@part
class PointInBox(Leaf):
    r"""1 where the response's one point lies in the reference's box, or in one of its boxes, the border included.

    The reference is that of ``Boxes``. No point, several that differ, or one outside its frame scores 0.

    Args:
        frame: the frame that the response writes in: ``pixel``, ``unit`` or ``thousand``.
        extract: where the point stands.

    Range: 0 or 1. Needs: ``reference``.

    Example:
    >>> from plaudit import Sample
    >>> button = {"box": [600, 20, 640, 40], "frame": "pixel", "size": [640, 480]}
    >>> PointInBox("thousand").score([Sample("Log in", "<answer>[1000, 50]</answer>", button)]).values
    array([1.])
    """

    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("PointInBox", self.extract)

    def grade(self, sample: Sample) -> Any:
        """Return whether the point is inside."""
        targets, place = read_targets(sample, self.frame)
        if not targets:
            raise BadReferenceError("reference has no box; expected at least one to point into")
        points = _answered(sample, self.extract, self.frame, place)
        if isinstance(points, str):
            return Grade(0.0, points)
        if len(set(points)) != 1:
            return Grade(0.0, f"{len(set(points))} points where 1 belongs")
        return Grade(1.0) if _inside(points[0], targets) else Grade(0.0, "outside the box")


@part
class PointDistance(Leaf):
    r"""How near the response's points are to the reference's, by one of three measures (give one number).

    With d the distance of the points, where there are several the mean of the assignment that is best:

    * ``sigma``: ``exp(-d² / (2 sigma²))``, in units of the response's frame (OneThinker, segmentation points, with 50
      pixels);
    * ``spread``: the same with a sigma of its own along each axis: ``spread`` times the width, and the height, of the
      reference's box, from whose centre d is measured (GUI-G² (Tang et al. 2025), point reward, with 0.5);
    * ``within``: the share of the points, each with the partner of the best assignment, at a distance of at most
      ``within`` (MagicGUI, taps, with 0.14 in frame ``unit``).

    The reference is one point ``[x, y]``, a list of them, or a mapping ``{"points": ..., "frame": ..., "size": ...}``
    (``point`` too); or that of ``Boxes``, whose centres are meant. As many points belong in the answer as the reference
    has; another number, or a point outside its frame, scores 0.

    Args:
        sigma: as above, above 0; so are the other two.
        spread: as above.
        within: as above.
        frame: the frame that the response writes in, and distances are measured in.
        extract: where the points stand.

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: not exactly one of the three is given, or it is not above 0.

    Example:
    >>> from plaudit import Sample
    >>> said = Sample("Where?", "<answer>(30, 40)</answer>", reference=[0, 0])
    >>> PointDistance(sigma=50).score(said).values.round(4), PointDistance(within=50).score(said).values
    (array([0.6065]), array([1.]))
    """

    sigma: float | None = None
    spread: float | None = None
    within: float | None = None
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("PointDistance", self.extract)
        given = {n: v for n in ("sigma", "spread", "within") if (v := getattr(self, n)) is not None}
        if len(given) != 1 or min(given.values()) <= 0:
            said = ", ".join(f"{n}={v:g}" for n, v in given.items()) or "nothing"
            raise ConfigError(f"PointDistance: give one of sigma, spread and within, a number above 0; got {said}")

    def grade(self, sample: Sample) -> Any:
        """Return how near the points are."""
        right, place, scales = self._reference(sample)
        points = _answered(sample, self.extract, self.frame, place)
        if isinstance(points, str):
            return Grade(0.0, points)
        if len(points) != len(right):
            return Grade(0.0, f"{len(points)} points where {len(right)} belong{'s' if len(right) == 1 else ''}")
        from scipy.optimize import linear_sum_assignment

        apart = distances([(point.x, point.y) for point in points], right, scales)
        pairs = apart[linear_sum_assignment(apart)]
        if self.within is not None:
            value = float((pairs <= self.within).mean())
        else:
            value = math.exp(-(float(pairs.mean()) ** 2) / 2)
        unit = "" if self.within is not None else " sigmas"
        return Grade(value, "" if value == 1 else f"{pairs.mean():.3g}{unit} off")

    def _reference(self, sample: Sample) -> tuple[NDArray[np.float64], Place, NDArray[np.float64]]:
        """Return the points (float64[n, 2]) in the response's frame, their place, and the scales of their axes."""
        found = _points(sample, self.frame)
        if found is None or self.spread is not None:
            targets, place = read_targets(sample, self.frame)
            boxes = [target.box.to(self.frame) for target in targets]
            centres = np.array([((b.x1 + b.x2) / 2, (b.y1 + b.y2) / 2) for b in boxes]).reshape(-1, 2)
            sides = np.array([(b.x2 - b.x1, b.y2 - b.y1) for b in boxes]).reshape(-1, 2)
        else:
            centres, place = found
            sides = np.ones_like(centres)
        if not len(centres):
            raise BadReferenceError("reference has no point; expected at least one")
        if self.spread is not None:
            return centres, place, self.spread * sides
        return centres, place, np.full_like(centres, self.sigma or 1.0)


@part
class RankedPoints(Leaf):
    r"""How soon, among N ranked candidate points, the first that lies in the reference's box comes, at rank k.

    ``1 / sqrt(N k)`` where there is one, else ``-1 / N``: more candidates find more and are worth less. Candidates that
    were drawn along a line are no search: an answer in which any three points lie on one, two of them in one place
    included, is worth ``fault``; so is one without a point, with a point outside its frame, or with more than 100.

    The reference is that of ``Boxes``; the border is inside.

    Args:
        fault: what such an answer is worth, at most -1; -2 beside a reward of 1 for the format gives the total of -1
            that the released code gives.
        frame: the frame that the response writes in.
        extract: where the points stand.

    Range: [fault, 1]. Needs: ``reference``. Source: InfiGUI-G1 (Liu et al. 2025), Adaptive Exploration Reward. The
    released code lets an empty list pass as a miss of no points; here it is a fault.

    Raises:
        ConfigError: ``fault`` is above -1.

    Example:
    >>> from plaudit import Sample
    >>> said = '<answer>[{"point_2d": [5, 9]}, {"point_2d": [30, 40]}, {"point_2d": [90, 10]}]</answer>'
    >>> RankedPoints().score([Sample("", said, reference=[25, 35, 45, 55])]).values.round(5)
    array([0.40825])
    """

    fault: float = -1.0
    frame: Frame = "pixel"
    extract: How = "auto"

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_last("RankedPoints", self.extract)
        if self.fault > -1:
            raise ConfigError(
                f"RankedPoints: fault={self.fault}; it is at most -1, which a single miss is worth", "fault"
            )

    @property
    def range(self) -> tuple[float, float]:
        """[fault, 1]."""
        return (self.fault, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return what the ranking is worth."""
        targets, place = read_targets(sample, self.frame)
        if not targets:
            raise BadReferenceError("reference has no box; expected at least one to point into")
        points = _answered(sample, self.extract, self.frame, place)
        if isinstance(points, str):
            return Grade(self.fault, points)
        n = len(points)
        if n > _MOST:
            return Grade(self.fault, f"{n} points, more than {_MOST}")
        if collinear([(point.x, point.y) for point in points]):
            return Grade(self.fault, "three points lie on one line")
        rank = next((k for k, point in enumerate(points, 1) if _inside(point, targets)), None)
        if rank is None:
            return Grade(-1 / n, f"none of {n} points is in the box")
        value = 1 / math.sqrt(n * rank)
        return Grade(value, "" if value == 1 else f"point {rank} of {n} is in the box")


def distances(a: ArrayLike, b: ArrayLike, scales: ArrayLike = 1.0) -> NDArray[np.float64]:
    """Return the distance of every point of ``a`` (float[n, 2]) from every one of ``b`` (float[m, 2]): float64[n, m].

    Args:
        a: points.
        b: points.
        scales: what counts as 1 along each axis, for each of ``b`` (float[m, 2], or a number).
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    apart = (left[:, None, :] - right[None, :, :]) / np.asarray(scales, dtype=np.float64)
    found: NDArray[np.float64] = np.hypot(apart[..., 0], apart[..., 1])
    return found


def collinear(points: ArrayLike) -> bool:
    """Whether any three of the points (float[n, 2]) lie on one line, to within a billionth of the area they span.

    >>> collinear([(0, 0), (1, 1), (2, 2)]), collinear([(0, 0), (1, 1), (2, 0)]), collinear([(0, 0), (1, 1)])
    (True, False, False)
    """
    at = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(at) < 3:
        return False
    at = (at - at.min(axis=0)) / max(float(np.ptp(at, axis=0).max()), np.finfo(float).tiny)
    to = at[None, :, :] - at[:, None, :]
    crossed = np.abs(to[:, :, None, 0] * to[:, None, :, 1] - to[:, :, None, 1] * to[:, None, :, 0])
    i, j, k = np.ogrid[: len(at), : len(at), : len(at)]
    return bool(crossed[(i < j) & (j < k)].min() <= 1e-9)


def _answered(sample: Sample, how: How, frame: Frame, place: Place) -> list[Point] | str:
    """Return the points of the answer, in order, or what is wrong with it."""
    found = extract(sample.text, how)
    if found.text is None:
        return found.reason
    written = read_points(found.text)
    try:
        points = [Point(x, y, frame, place.size) for x, y in written]
    except ValueError as error:
        return f"impossible point: {error}"
    return points or "no point"


def _inside(point: Point, targets: list[Target]) -> bool:
    for box in (target.box for target in targets):
        at = point.to(box.frame, box.size)
        if box.x1 <= at.x <= box.x2 and box.y1 <= at.y <= box.y2:
            return True
    return False


def _points(sample: Sample, frame: Frame) -> tuple[NDArray[np.float64], Place] | None:
    """Return the points of a reference, in ``frame``; None where it is one of boxes.

    Raises:
        BadReferenceError: it is neither, or a point is impossible.
        MediaError: the image whose size is needed is broken.
    """
    given = sample.reference
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"points": given}
    points = said.get("points", said.get("point", said.get("point_2d")))
    points = points.tolist() if hasattr(points, "tolist") else points
    if is_numbers(points, 2):
        points = [points]
    if points is None or is_numbers(points, 4) or not isinstance(points, list | tuple):
        return None
    if not isinstance(given, Mapping) and points and (is_numbers(points[0], 4) or isinstance(points[0], Mapping)):
        return None
    place = read_place(sample, said, frame)
    found = []
    for i, point in enumerate(points):
        if not is_numbers(point, 2):
            raise BadReferenceError(f"reference points[{i}] is {shown(point)}; expected two numbers [x, y]")
        try:
            at = Point(point[0], point[1], place.frame, place.size).to(frame)
        except ValueError as error:
            raise BadReferenceError(f"reference points[{i}] is impossible: {error}") from None
        found.append((at.x, at.y))
    return np.array(found).reshape(-1, 2), place
