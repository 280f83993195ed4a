"""Frames: which frames of a video did the response choose to look at, and were they the ones that matter?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.core.errors import BadReferenceError, ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.core.score import Span
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.tools.retrieval import is_whole
from plaudit.rewards.verifiable.tools.tool_calls import calls_of, check_tags

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Metric = Literal["iou", "precision", "recall", "f1"]


class Right(NamedTuple):
    """The frames that matter: single ones, or closed ranges of them."""

    frames: frozenset[int]
    ranges: tuple[tuple[int, int], ...]

    def holds(self, frame: int) -> bool:
        """Whether a frame matters."""
        return frame in self.frames or any(start <= frame <= end for start, end in self.ranges)

    @property
    def size(self) -> int:
        """How many things there are to see: frames, or ranges."""
        return len(self.frames) + len(self.ranges)

    def seen(self, frames: set[int]) -> int:
        """How many of them these frames see."""
        return len(self.frames & frames) + sum(any(s <= f <= e for f in frames) for s, e in self.ranges)


@part
class FrameOverlap(Leaf):
    """How well the frames that the response chose, each once, cover the reference's.

    With F the chosen and G the right ones: iou ``|F ∩ G| / |F ∪ G|`` (EARL, 2025), precision ``|F ∩ G| / |F|``, recall
    ``|F ∩ G| / |G|``, f1 ``2PR / (P + R)``. No frame scores 0.

    The reference is a list of frame numbers, or of closed ranges ``[start, end]`` (or either under ``frames``): then a
    frame in a range is right, and recall is the share of the ranges that were looked at (Video-CoM, 2025); iou needs
    numbers. An empty list, or anything else, is ``invalid``.

    Args:
        metric: one of the above.
        used: the meta entry in which the runtime wrote the frames that it showed: numbers, or a list of them for each
            turn. None: the frames that the response's tool calls name.
        argument: the calls' argument that holds a frame number or a list of them; ``a|b`` for whichever is there.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1]. Needs: ``reference``, and ``used`` where it is given.

    >>> from plaudit import Sample
    >>> said = '<tool_call>{"name": "select_frames", "arguments": {"target_frames": [3, 7, 9]}}</tool_call>'
    >>> FrameOverlap().score([Sample("?", said, reference=[3, 7])]).values.round(4)
    array([0.6667])
    """

    metric: Metric = "iou"
    used: str | None = None
    argument: str = "frames|target_frames|frame|content"
    tags: tuple[str, ...] = ()

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_tags(self.tags, "FrameOverlap")

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference, and the entry that says what was shown."""
        return ("reference",) if self.used is None else ("reference", self.used)

    def grade(self, sample: Sample) -> Any:
        """Return the metric, with how many of the frames are right."""
        right = right_frames(sample.reference)
        if self.metric == "iou" and right.ranges:
            raise BadReferenceError("reference holds ranges; metric 'iou' expects frame numbers")
        if self.used is None:
            chosen = self._chosen(sample)
        else:
            chosen = set().union(*shown_frames(sample.get(self.used), self.used))
        value = frame_overlap(chosen, right, self.metric)
        hits = sum(map(right.holds, chosen))
        return Grade(value, "" if value == 1 else f"{hits} of {len(chosen)} frames are right")

    def _chosen(self, sample: Sample) -> set[int]:
        chosen: set[int] = set()
        for call in calls_of(sample, self.tags):
            arguments = call.arguments if isinstance(call.arguments, Mapping) else {}
            given: Any = next((arguments[name] for name in self.argument.split("|") if name in arguments), None)
            for frame in given if isinstance(given, list | tuple) else [given]:
                if _is_frame(frame):
                    chosen.add(int(frame))
        return chosen


@part
class FrameGain(Leaf):
    """How many turns brought the frames in view nearer to the right ones (Video-MTR, 2025, "R_fms").

    A turn gains where the iou of its frames with the reference's exceeds the one before by more than ``margin``. The
    value is the number of such turns, at most ``most``; ``spans`` credit 1 to each, and ``places`` are assistant turns:
    the frames of turn k are those shown in answer to it. Video-MTR pays 0.5 a turn, behind a right answer.

    Args:
        used: the meta entry in which the runtime wrote what it showed: a list of frame numbers for the prompt, and one
            for each assistant turn that asked for frames, in order.
        most: how many turns are paid.
        margin: what counts as no gain.
        beats: ``best``: all turns before, so that going back and forth earns nothing; ``previous``: the last one, as
            published.

    Range: [0, most]. Needs: ``reference`` (a list of frame numbers), ``used``.

    Raises:
        ConfigError: ``most`` is not positive, or the margin is negative.

    >>> from plaudit import Sample
    >>> meta = {"frames": [[0, 16, 32], [0, 4, 8], [0, 4, 8]]}
    >>> FrameGain("frames").score([Sample("?", "", reference=[4, 8, 12], meta=meta)]).values
    array([1.])
    """

    used: str
    most: int = 2
    margin: float = 0.001
    beats: Literal["best", "previous"] = "best"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most < 1:
            raise ConfigError(f"FrameGain: most={self.most}; it must be positive", "most")
        if self.margin < 0:
            raise ConfigError(f"FrameGain: margin={self.margin}; it must not be negative", "margin")

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference, and the entry that says what was shown."""
        return ("reference", self.used)

    @property
    def range(self) -> tuple[float, float]:
        """[0, most]."""
        return (0.0, float(self.most))

    def grade(self, sample: Sample) -> Any:
        """Return the number of gains, and where they were."""
        right = right_frames(sample.reference)
        if right.ranges:
            raise BadReferenceError("reference holds ranges; FrameGain expects frame numbers")
        overlaps = [frame_overlap(frames, right, "iou") for frames in shown_frames(sample.get(self.used), self.used)]
        if not overlaps:
            raise RecordError(f"{self.used} is empty; expected the frames that the prompt shows first")
        gains, mark = [], overlaps[0]
        for turn, overlap in enumerate(overlaps[1:]):
            if overlap > mark + self.margin:
                gains.append(turn)
            mark = max(mark, overlap) if self.beats == "best" else overlap
        gains = gains[: self.most]
        spans = tuple(Span(1.0, "turn", (turn, turn + 1), turn) for turn in gains)
        return Grade(float(len(gains)), f"{len(gains)} of {len(overlaps) - 1} turns gained", spans=spans)


def frame_overlap(chosen: set[int], right: Right, metric: Metric) -> float:
    """Return a metric of chosen frames; 0 where there are none. ``iou`` is of single frames.

    >>> frame_overlap({0, 4, 8}, right_frames([4, 8, 12]), "iou")
    0.5
    >>> frame_overlap({42}, right_frames([[40, 45]]), "recall")
    1.0
    """
    hits = sum(map(right.holds, chosen))
    if not hits:
        return 0.0
    precision, recall = hits / len(chosen), right.seen(chosen) / right.size
    match metric:
        case "iou":
            return hits / (len(chosen) + right.size - hits)
        case "precision":
            return precision
        case "recall":
            return recall
        case "f1":
            return 2 * precision * recall / (precision + recall)


def right_frames(reference: Any) -> Right:
    """Return the frames of a reference.

    Raises:
        BadReferenceError: it is no list of frame numbers or ranges, or an empty one.
    """
    given = reference.get("frames") if isinstance(reference, Mapping) else reference
    expected = "expected a list of frame numbers, or of ranges [start, end]"
    if not isinstance(given, Sequence | set | frozenset) or isinstance(given, str | bytes) or not given:
        raise BadReferenceError(f"reference is {shown(given)}; {expected}")
    frames, ranges = set(), []
    for one in given:
        if _is_frame(one):
            frames.add(int(one))
        elif isinstance(one, list | tuple) and len(one) == 2 and all(map(_is_frame, one)) and one[0] <= one[1]:
            ranges.append((int(one[0]), int(one[1])))
        else:
            raise BadReferenceError(f"reference holds {shown(one)}; {expected}")
    if frames and ranges:
        raise BadReferenceError(f"reference mixes numbers and ranges; {expected}")
    return Right(frozenset(frames), tuple(ranges))


def shown_frames(given: Any, where: str) -> list[set[int]]:
    """Return the frames that a runtime recorded, one set a turn.

    Raises:
        RecordError: it recorded something else.
    """
    expected = "expected frame numbers, or a list of them for each turn"
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise RecordError(f"{where} is {shown(given)}; {expected}")
    nested = all(isinstance(one, list | tuple) for one in given)  # and so is nothing
    lists = list(given) if nested else [given]
    for one in (frame for frames in lists for frame in frames):
        if not _is_frame(one):
            raise RecordError(f"{where} holds {shown(one)}; {expected}")
    return [{int(frame) for frame in frames} for frames in lists]


def _is_frame(given: Any) -> bool:
    return is_whole(given) and int(given) >= 0
