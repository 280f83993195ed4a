"""Pixels: what can be measured on pictures and frames without a model, and which medium of a response is measured.

Levels are Rec. 601 luma, 0 (black) to 255 (white). Everything here is measured on a picture shrunk by area so that its
shorter side is at most a stated number of pixels: values of one scene at two resolutions above that differ little,
and compression noise of single pixels is averaged away. Smaller pictures are not enlarged, as that would blur them.

>>> checks = np.indices((64, 64)).sum(0) % 2 * 255.0
>>> laplacian_variance(checks) == (4 * 255) ** 2, rms_contrast(checks)
(True, 1.0)
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plaudit.core.errors import MediaError
from plaudit.core.media import Media

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from plaudit.core.sample import Sample


class Shown(NamedTuple):
    """The pictures of a response, as levels float64[height, width], in order of time; or why it has none."""

    pictures: list[NDArray[np.float64]]
    reason: str = ""


def response_pictures(sample: Sample, side: int, fps: float | None = None) -> Shown:
    """Return the last image or video of the response's last assistant turn that has any, decoded and shrunk.

    What the policy's generator wrote and nobody can decode is the response's fault, as is having none: a reason. That
    a file is not there, or that only an address was recorded, is the record's: raised.

    Args:
        sample: the response.
        side: greatest length of the shorter side, in pixels.
        fps: frames a second that are taken of a video; None: only images fit. An array without a rate gives all frames.

    Raises:
        MediaError: the medium's file is not there, or it is an address.
    """
    spoken = [turn for turn in sample.turns if turn.role == "assistant" and turn.media]
    if not spoken:
        return Shown([], "no image" if fps is None else "no image or video")
    medium = spoken[-1].media[-1]
    _check_there(medium)
    try:
        if medium.kind == "image":
            return Shown([luma(medium.pil(), side)])
        if medium.kind != "video" or fps is None:
            return Shown([], f"the response's medium is of kind {medium.kind}")
        return Shown([luma(frame, side) for frame in _frames(medium, fps)])
    except MediaError as error:
        return Shown([], f"it can't be decoded: {error}"[:300])


def luma(picture: Image, side: int) -> NDArray[np.float64]:
    """Return a picture's levels, float64[height, width], 0 to 255, its shorter side shrunk to at most ``side``."""
    from PIL import Image

    grey = picture.convert("F") if picture.mode == "L" else picture.convert("RGB").convert("L").convert("F")
    factor = side / min(grey.size)
    if factor < 1:
        size = (max(1, round(grey.width * factor)), max(1, round(grey.height * factor)))
        grey = grey.resize(size, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float64)


def laplacian_variance(levels: NDArray[np.float64]) -> float:
    """Return the variance of the Laplacian (4-neighbour kernel, edges left out), in levels squared; 0 if too small.

    A measure of sharpness (Pertuz et al. 2013, LAP4). 0 for a plain picture, about ``20 s²`` for white noise of
    variance s², so noise counts as sharp.
    """
    if min(levels.shape) < 3:
        return 0.0
    inner = levels[1:-1, 1:-1]
    around = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    return float((around - 4 * inner).var())


def rms_contrast(levels: NDArray[np.float64]) -> float:
    """Return the standard deviation of the levels by its greatest possible value, 127.5: 0 to 1."""
    return float(levels.std() / 127.5)


def exposedness(levels: NDArray[np.float64]) -> float:
    """Return the mean of ``exp(-(i - 0.5)² / (2 * 0.2²))`` over pixels, i = level / 255 (Mertens et al. 2007)."""
    return float(np.exp(-((levels / 255 - 0.5) ** 2) / 0.08).mean())


def changes(pictures: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean absolute difference of each two neighbouring frames: float64[T - 1], in levels, 0 to 255.

    Raises:
        ValueError: two frames have different sizes.
    """
    for earlier, later in pairwise(pictures):
        if earlier.shape != later.shape:
            raise ValueError(f"frames of {earlier.shape} and {later.shape} can't be compared")
    return np.array([np.abs(b - a).mean() for a, b in pairwise(pictures)])


def brightness_jumps(pictures: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return ``|m_t - (m_(t-1) + m_(t+1)) / 2|`` of the frames' mean levels m: float64[T - 2], in levels, 0 to 255.

    A steady fade is 0, light that goes on and off is not.
    """
    means = np.array([frame.mean() for frame in pictures])
    jumps: NDArray[np.float64] = np.abs(means[1:-1] - (means[:-2] + means[2:]) / 2)
    return jumps


def _frames(medium: Media, fps: float) -> list[Image]:
    if isinstance(medium.source, np.ndarray) and not medium.rate:
        return medium.frames(range(len(medium.source)))
    return medium.frames(fps=fps)


def _check_there(medium: Media) -> None:
    source = medium.source
    if not isinstance(source, str) or source.startswith("data:"):
        return
    if source.startswith(("http://", "https://")):
        raise MediaError(f"{medium} is an address, which is never fetched; download it and give the file")
    if not Path(source).is_file():
        raise MediaError(f"{medium} is not there")
