r"""Temporal grounding: when does it happen? One interval, several, or one moment.

Read are the times of :mod:`.timing.intervals`. Overlaps are the same in every unit of time, so times
may be seconds, frames or fractions of the video, as long as response and reference use the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import extract
from plaudit.rewards.verifiable.answers.references import is_list, quantity, shown
from plaudit.rewards.verifiable.text.comparison import Where
from plaudit.rewards.verifiable.timing.intervals import (
    Coverage,
    coverage,
    interval_iou,
    parse_intervals,
    parse_time,
    parse_times,
    read_interval,
)

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Overlap = Literal["iou", "f1", "precision", "recall"]
Decay = Literal["linear", "exponential", "gaussian", "step"]
Of = Literal["time", "start", "end"]


@part
class TemporalIoU(Leaf):
    r"""Intersection over union of the answer's one interval and the reference's: ``|P ∩ G| / |P ∪ G|``.

    ``R@1, IoU=m`` of the grounding benchmarks (Gao et al. 2017) is ``TemporalIoU(threshold=m)``, and their ``mIoU``
    the mean of ``TemporalIoU()``. No interval, several that differ, or one that ends before it begins scores 0 with
    that reason.

    The reference is ``[start, end]``, a text ("00:12 - 00:18") or ``{"start": ..., "end": ...}``; one without length,
    or that begins before 0, is ``invalid``.

    Args:
        threshold: if given, 1 where the overlap is at least this, else 0.
        extract: where the interval stands: ``auto`` (the answer block, else ``\boxed{}``), ``tag``, ``boxed``, or
            ``text`` (anywhere outside the reasoning).

    Range: [0, 1]. Needs: ``reference``.

    Raises:
        ConfigError: the threshold is not in (0, 1].

    >>> from plaudit import Sample
    >>> said = ["<answer>00:11 to 00:31</answer>", "<answer>11 to 21 s</answer>", "<answer>21 to 11 s</answer>"]
    >>> TemporalIoU().score([Sample("When?", text, [11, 21]) for text in said]).values
    array([0.5, 1. , 0. ])
    """

    threshold: float | None = None
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ConfigError(f"TemporalIoU: threshold={self.threshold}; it lies above 0 and is at most 1", "threshold")

    def grade(self, sample: Sample) -> Any:
        """Return the overlap, or what is wrong with the interval."""
        right = read_interval(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = parse_intervals(found.text)
        if len(said) != 1:
            return Grade(0.0, f"{len(said)} intervals where 1 belongs" if said else "no interval")
        if said[0][1] < said[0][0]:
            return Grade(0.0, f"ends at {said[0][1]:g}, before it begins at {said[0][0]:g}")
        overlap = interval_iou(said[0], right)
        if self.threshold is None:
            return Grade(overlap, "" if overlap == 1 else f"IoU {overlap:.3f}")
        return Grade(float(overlap >= self.threshold), f"IoU {overlap:.3f}")


@part
class TemporalOverlap(Leaf):
    """How much the times of the answer's intervals are those of the reference's, however they are cut up.

    With P and G the seconds that each set covers (what overlaps within a set counts once): ``iou``: ``|P ∩ G| / |P ∪
    G|``; ``f1``: ``2 |P ∩ G| / (|P| + |G|)``; ``precision``: ``|P ∩ G| / |P|``; ``recall``: ``|P ∩ G| / |G|``. Recall
    alone pays for naming the whole video, precision alone for naming one sure moment.

    No interval, one that ends before it begins, or none with length scores 0. The reference is a list of intervals (as
    :class:`TemporalIoU` reads them), or one.

    Args:
        measure: as above.
        extract: where the intervals stand.

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = Sample("When?", "<answer>0 to 2 s and 4 to 6 s</answer>", [[1, 5]])
    >>> [float(TemporalOverlap(measure).score(said).values[0].round(3)) for measure in ("iou", "precision")]
    [0.333, 0.5]
    """

    measure: Overlap = "iou"
    extract: Where = field(default="auto", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the overlap, or what is wrong with the intervals."""
        right = read_intervals(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = parse_intervals(found.text)
        if not said:
            return Grade(0.0, "no interval")
        for start, end in said:
            if end < start:
                return Grade(0.0, f"ends at {end:g}, before it begins at {start:g}")
        value = temporal_overlap(coverage(said, right), self.measure)
        return Grade(value, "" if value == 1 else f"{self.measure} {value:.3f}")


@part
class Timestamp(Leaf):
    """How near the answer's time is to the reference's.

    With d the distance in seconds and s the ``scale``: ``linear``: ``max(0, 1 - d / s)``; ``exponential``: ``exp(-d /
    s)`` (s = 2: OneThinker's time term); ``gaussian``: ``exp(-d² / (2 s²))``; ``step``: 1 where ``d <= s``, else 0 (an
    onset or offset tolerance). With the video's length as the scale, ``linear`` is 1 less the time distance of
    DeeptraceReward.

    No time, or several that differ, scores 0. The reference is a number of seconds or a text ("01:30"), or for
    ``start`` and ``end`` an interval.

    Args:
        decay: as above.
        scale: s, in seconds; None: the video's length, ``sample["duration"]``.
        of: ``time``: the one time that the answer states; ``start`` or ``end``: that end of its one interval.
        extract: where the time stands.

    Range: [0, 1]. Needs: ``reference``, and ``duration`` without a scale.

    Raises:
        ConfigError: the scale is not positive.

    >>> from plaudit import Sample
    >>> Timestamp(scale=2).score([Sample("When?", f"<answer>{t} s</answer>", 5) for t in (5, 6, 9)]).values
    array([1. , 0.5, 0. ])
    """

    decay: Decay = "linear"
    scale: float | None = None
    of: Of = "time"
    extract: Where = field(default="auto", kw_only=True)

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale is not None and not self.scale > 0:
            raise ConfigError(f"Timestamp: scale={self.scale}; it is a positive number of seconds", "scale")

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference, and the duration where it is the scale."""
        return ("reference",) if self.scale is not None else ("reference", "duration")

    def grade(self, sample: Sample) -> Any:
        """Return the nearness, or 0 and why there is none."""
        right, scale = self._right(sample.reference), self._scale(sample)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        if self.of == "time":
            said = parse_times(found.text)
        else:
            said = [pair[0 if self.of == "start" else 1] for pair in parse_intervals(found.text)]
        if len(said) != 1:
            return Grade(0.0, f"{len(said)} times where 1 belongs" if said else "no time")
        distance = abs(said[0] - right)
        value = nearness(distance, scale, self.decay)
        return Grade(value, "" if distance == 0 else f"{distance:g} s away")

    def _right(self, reference: Any) -> float:
        if self.of != "time":
            return read_interval(reference)[0 if self.of == "start" else 1]
        time = parse_time(reference) if isinstance(reference, str) else float(quantity(reference))
        if time is None or time < 0:
            raise BadReferenceError(f"reference is {shown(reference)}; expected a time in seconds, 0 or more")
        return time

    def _scale(self, sample: Sample) -> float:
        if self.scale is not None:
            return self.scale
        scale = float(quantity(sample["duration"], "duration"))
        if not scale > 0:
            raise BadReferenceError(f"duration is {shown(sample['duration'])}; expected more than 0 seconds")
        return scale


def read_intervals(given: Any) -> list[tuple[float, float]]:
    """Return a record's intervals: a list of them, or one.

    Raises:
        BadReferenceError: it is neither, empty, or one of them is no interval.
    """
    if is_list(given) and any(is_list(one) or isinstance(one, str | Mapping) for one in given):
        return [read_interval(one, f"reference[{i}]") for i, one in enumerate(given)]
    return [read_interval(given)]


def temporal_overlap(found: Coverage, measure: Overlap = "iou") -> float:
    """Return the overlap of two sets of intervals; 0 where they share nothing.

    >>> temporal_overlap(coverage([(0, 4)], [(2, 4)]), "precision")
    0.5
    """
    if found.shared <= 0:
        return 0.0
    match measure:
        case "iou":
            value = found.shared / found.union
        case "f1":
            value = 2 * found.shared / (found.said + found.right)
        case "precision":
            value = found.shared / found.said
        case "recall":
            value = found.shared / found.right
    return min(1.0, value)


def nearness(distance: float, scale: float, decay: Decay = "linear") -> float:
    """Return 1 at distance 0, falling to 0 as ``decay`` says.

    >>> nearness(1, 2), round(nearness(1, 2, "exponential"), 4), nearness(2, 2, "step")
    (0.5, 0.6065, 1.0)
    """
    ratio = distance / scale
    match decay:
        case "linear":
            return max(0.0, 1.0 - ratio)
        case "exponential":
            return math.exp(-ratio)
        case "gaussian":
            return math.exp(-ratio * ratio / 2) if ratio < 1e6 else 0.0
        case "step":
            return float(distance <= scale)
