"""Fréchet distance: how far is one set of features from another, each taken as a Gaussian?

``d² = |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½)`` with means m and covariances S (Dowson and Landau 1982; FID: Heusel et
al. 2017; FAD: Kilgour et al. 2019). It is 0 for equal Gaussians, in squared units of the features.

The root's trace is the sum of the roots of the eigenvalues of ``S1^½ S2 S1^½``, which is symmetric: nothing complex
arises, and covariances without full rank need no epsilon.

>>> frechet_distance(Gaussian(np.array([0.0]), np.eye(1)), Gaussian(np.array([1.0]), 4 * np.eye(1)))
2.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from plaudit.core.errors import BadReferenceError, RecordError
from plaudit.core.reward import Leaf, Run, part
from plaudit.core.score import Scores, Status
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.groups.kernels import together

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from plaudit.core.sample import Sample

#: Numbers of one feature: eigenvalues take time in proportion to the cube.
_MOST = 4_096


class Gaussian(NamedTuple):
    """A mean, float64[d], and a covariance, float64[d, d], symmetric."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


@part
class FrechetDistance(Leaf):
    """Minus the Fréchet distance of a set of features from the reference's: 0 is best.

    ``sample``: the set is one response's own features, ``sample["features"]``, float[m, d] (the frames of one song:
    DRAGON's per-song FAD). ``group`` and ``batch``: it is the ``features`` of all rows together, each float[d] or
    float[m, d], and all rows get one value.

    The reference is float[k, d], the features of the set to be like, or ``{"mean": float[d], "covariance": float[d,
    d]}``; of a set all rows have one reference. Covariances divide by one less than the number of features (n - 1).

    With few features the distance is far too great (a covariance of n features has rank n - 1), so compare only values
    of equally many. Fewer than two features are ``missing``: they have no covariance.

    Args:
        among: the set, as above.

    Range: at most 0. Needs: ``features`` and ``reference``, and ``group`` where it is the set. What is not such an
    array of finite numbers, or has another d than the reference, is ``invalid``.

    >>> from plaudit import Sample
    >>> right = {"mean": [1.0], "covariance": [[2.0]]}
    >>> FrechetDistance().score(Sample("?", "a song", right, meta={"features": [[-1.0], [1.0]]})).values
    array([-1.])
    """

    among: Literal["sample", "group", "batch"] = "sample"

    range = (float("-inf"), 0.0)

    @property
    def over(self) -> str:
        """The set."""
        return self.among

    @property
    def needs(self) -> tuple[str, ...]:
        """The features and what they are held against."""
        needed = ("features", "reference")
        return ("group", *needed) if self.among == "group" else needed

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Give every row its set's distance."""
        values: list[float | None] = [None] * len(samples)
        statuses, reasons = [Status.INVALID] * len(samples), [""] * len(samples)
        sets = [[i] for i in range(len(samples))] if self.among == "sample" else together(samples, self.among)
        for rows in sets:
            features: dict[int, NDArray[np.float64]] = {}
            for i in rows:
                try:
                    features[i] = _array(samples[i]["features"], "features")
                except RecordError as error:
                    reasons[i] = str(error)
            if not features:
                continue
            value, status, reason = self._distance(list(features.values()), [samples[i] for i in features])
            for i in features:
                values[i], statuses[i], reasons[i] = value, status, reason
        return Scores(values, statuses, reasons)

    def _distance(
        self, features: Sequence[NDArray[np.float64]], samples: Sequence[Sample]
    ) -> tuple[float | None, Status, str]:
        try:
            right = _gaussian(samples[0].reference)
            if any(not _same(s.reference, samples[0].reference) for s in samples[1:]):
                return None, Status.INVALID, f"the rows of one {self.among} have different references"
        except RecordError as error:
            return None, Status.INVALID, str(error)
        widths = {rows.shape[1] for rows in features}
        if widths != {len(right.mean)}:
            found = ", ".join(map(str, sorted(widths)))
            return None, Status.INVALID, f"features of {found} numbers; the reference has {len(right.mean)}"
        stacked = np.concatenate(features)
        if len(stacked) < 2:
            return None, Status.MISSING, "1 feature; a covariance takes at least 2"
        distance = frechet_distance(gaussian(stacked), right)
        if not np.isfinite(distance):
            return None, Status.INVALID, "features or reference too large to be squared"
        return 0.0 - distance, Status.OK, f"of {len(stacked)} features"


def gaussian(features: ArrayLike) -> Gaussian:
    """Return the mean and the covariance (by n - 1) of features float[n, d], n at least 2; not finite on overflow."""
    rows = np.asarray(features, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(axis=0)
        centred = rows - mean
        return Gaussian(mean, centred.T @ centred / (len(rows) - 1))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Return the squared Fréchet distance of two Gaussians, 0 or more; infinite where squares overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart = float(((a.mean - b.mean) ** 2).sum())
        traces = float(np.trace(a.covariance) + np.trace(b.covariance))
        if not np.isfinite(apart + traces):
            return float("inf")
        values, axes = np.linalg.eigh(a.covariance)
        root = (axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T
        product = root @ b.covariance @ root
    if not np.isfinite(product).all():
        return float("inf")
    shared = np.linalg.eigvalsh(product)
    return max(0.0, apart + traces - 2.0 * float(np.sqrt(np.maximum(shared, 0.0)).sum()))


def _gaussian(given: Any) -> Gaussian:
    if not isinstance(given, Mapping):
        rows = _array(given, "reference")
        if len(rows) < 2:
            raise BadReferenceError("reference has 1 feature; a covariance takes at least 2")
        return gaussian(rows)
    mean, covariance = (
        _array(given.get("mean"), "reference mean"),
        _array(given.get("covariance"), "reference covariance"),
    )
    width = mean.shape[1]
    if len(mean) != 1 or covariance.shape != (width, width) or not np.allclose(covariance, covariance.T):
        raise BadReferenceError(f"reference covariance is {covariance.shape}; expected ({width}, {width}), symmetric")
    if np.linalg.eigvalsh(covariance)[0] < -1e-6 * max(1.0, float(np.abs(covariance).max())):
        raise BadReferenceError("reference covariance has a negative eigenvalue; no features have it")
    return Gaussian(mean[0], covariance)


def _array(given: Any, where: str) -> NDArray[np.float64]:
    """Return features as rows; one alone is one row.

    Raises:
        BadReferenceError: they are no array of one or two dimensions of finite numbers, empty, or too wide.
    """
    try:
        found = np.asarray(given)
        rows = np.atleast_2d(found.astype(np.float64)) if found.dtype.kind in "fiu" else np.zeros((0, 0))
    except (TypeError, ValueError, OverflowError):
        rows = np.zeros((0, 0))
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise BadReferenceError(f"{where} is {shown(given)}; expected an array of finite numbers, [n, d] or [d]")
    if rows.shape[1] > _MOST:
        raise BadReferenceError(f"{where} has {rows.shape[1]} numbers a feature; at most {_MOST} are compared")
    return rows


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    ours, theirs = _gaussian(a), _gaussian(b)
    return np.array_equal(ours.mean, theirs.mean) and np.array_equal(ours.covariance, theirs.covariance)
