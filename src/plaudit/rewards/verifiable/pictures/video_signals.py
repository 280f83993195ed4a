"""Video signals: does it move, does it flicker, is every frame something new? Measured on pixels, without a model.

Frames are taken at a stated rate and shrunk so that the shorter side is at most 128 pixels, so that values of one video
at two resolutions, or two frame rates above the stated one, nearly agree. They know nothing of what is shown: noise
moves, and a still picture never flickers, so use them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.pictures.pixels import brightness_jumps, changes, response_pictures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

SIDE = 128


@part
class MotionMagnitude(Leaf):
    """``min(1, c / full)``, c the mean absolute difference of neighbouring frames in levels (0 to 255).

    Changes of light count as motion, and large textured things move more than small plain ones. The value depends on
    ``fps``, for a thing moves farther between frames that are farther apart: compare only values of one rate.

    The last video of the response is measured. None, an image, a single frame, or one that can't be decoded scores 0;
    that its file is not there, or only an address was recorded, is ``invalid``.

    Args:
        full: the mean change that is worth 1, in levels.
        fps: frames a second that are taken; of an array without a rate all are.

    Range: [0, 1].

    Raises:
        ConfigError: an argument is not positive.

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> video = np.zeros((3, 8, 8, 3), np.uint8) + np.arange(3, dtype=np.uint8)[:, None, None, None] * 5
    >>> MotionMagnitude(full=20).score(Sample("Film", video)).values
    array([0.25])
    """

    full: float = 20.0
    fps: float = 8.0

    cost = "cpu"
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(self, "full", "fps")

    def grade(self, sample: Sample) -> Any:
        """Return the mean change, by the full one."""
        return _of_frames(sample, self.fps, 2, lambda frames: min(1.0, float(changes(frames).mean()) / self.full))


@part
class FlickerFree(Leaf):
    """How little neighbouring frames differ: 1 less the mean difference in levels, by 255.

    * ``pixels``: ``1 - mean_t mean_xy |I_t - I_(t-1)| / 255``: the temporal flickering of VBench (Huang et al. 2024),
      on luma. Motion counts as flicker, so it is meant for still scenes: a still video is worth 1.
    * ``brightness``: ``1 - mean_t |m_t - (m_(t-1) + m_(t+1)) / 2| / 255``, m the frames' mean levels: light that goes
      on and off, and neither motion nor a steady fade.

    Values are near 1: VBench's are 0.63 to 1. What is measured, and what scores 0, is as for :class:`MotionMagnitude`;
    ``brightness`` takes three frames.

    Args:
        measure: as above.
        fps: frames a second that are taken; of an array without a rate all are.

    Range: [0, 1].

    Raises:
        ConfigError: ``fps`` is not positive.

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> blinking = np.zeros((3, 8, 8, 3), np.uint8)
    >>> blinking[1] = 51
    >>> [FlickerFree(measure).score(Sample("Film", blinking)).values[0] for measure in ("pixels", "brightness")]
    [np.float64(0.8), np.float64(0.8)]
    """

    measure: Literal["pixels", "brightness"] = "pixels"
    fps: float = 8.0

    cost = "cpu"
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(self, "fps")

    def grade(self, sample: Sample) -> Any:
        """Return 1 less the mean difference."""
        if self.measure == "pixels":
            return _of_frames(sample, self.fps, 2, lambda frames: 1.0 - float(changes(frames).mean()) / 255)
        return _of_frames(sample, self.fps, 3, lambda frames: 1.0 - float(brightness_jumps(frames).mean()) / 255)


@part
class LiveFrames(Leaf):
    """Part of the frames that are neither blank nor a repeat of the frame before.

    Blank: the standard deviation of the levels is below ``blank``. A repeat: the mean absolute difference from the
    frame before is below ``repeat``. An image is one frame. What can't be decoded, or is not there, is as for
    :class:`MotionMagnitude`.

    Args:
        blank: in levels (0 to 255); the default leaves room for compression noise.
        repeat: likewise.
        fps: frames a second that are taken; of an array without a rate all are. At a rate above the video's own, frames
            repeat.

    Range: [0, 1].

    Raises:
        ConfigError: ``fps`` is not positive, or a threshold is negative.

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> video = np.zeros((4, 8, 8, 3), np.uint8)
    >>> video[1, :4], video[2, :4], video[3, :, :4] = 255, 255, 255
    >>> LiveFrames().score(Sample("Film", video)).values
    array([0.5])
    """

    blank: float = 2.0
    repeat: float = 0.25
    fps: float = 8.0

    cost = "cpu"
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive(self, "fps")
        for name in ("blank", "repeat"):
            if getattr(self, name) < 0:
                raise ConfigError(f"LiveFrames: {name}={getattr(self, name)}; it is 0 or more", name)

    def grade(self, sample: Sample) -> Any:
        """Return the part of the frames that show something new."""
        return _of_frames(sample, self.fps, 1, self._part)

    def _part(self, frames: list[NDArray[np.float64]]) -> float:
        repeats = [False, *(changes(frames) < self.repeat)]
        live = [frame.std() >= self.blank and not again for frame, again in zip(frames, repeats, strict=True)]
        return sum(map(bool, live)) / len(frames)


def _of_frames(sample: Sample, fps: float, least: int, measure: Callable[[list[NDArray[np.float64]]], float]) -> Grade:
    """Return a measure of the response's frames, or 0 and why there are too few."""
    shown = response_pictures(sample, SIDE, fps)
    if len(shown.pictures) < least:
        found = f"{len(shown.pictures)} frames where at least {least} belong"
        return Grade(0.0, shown.reason or found)
    if len({frame.shape for frame in shown.pictures}) > 1:
        return Grade(0.0, "frames of different sizes")
    return Grade(max(0.0, measure(shown.pictures)), f"{len(shown.pictures)} frames")


def _positive(reward: Leaf, *names: str) -> None:
    for name in names:
        if not getattr(reward, name) > 0:
            raise ConfigError(f"{type(reward).__name__}: {name}={getattr(reward, name)}; it is positive", name)
