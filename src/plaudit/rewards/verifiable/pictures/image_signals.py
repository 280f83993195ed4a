"""Image signals: sharp, well exposed, rich in contrast? Measured on the response's own picture, without a model.

They know nothing of what is shown: noise is sharp, and a checkerboard has the greatest contrast. Use them as gates
against collapse, or with small weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.pictures.pixels import exposedness, laplacian_variance, response_pictures, rms_contrast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample


#: Greatest length of the shorter side that is measured, in pixels, and frames a second that are taken of a video.
SIDE, FPS = 256, 2.0


class _Signal(Leaf):
    """The mean of a measure over the pictures of a response: one for an image, ``fps`` a second for a video.

    Measured is the last image or video of the last assistant turn that has one, shrunk so that its shorter side is at
    most 256 pixels. A response without one, or with one that can't be decoded, scores 0; that a file is not there, or
    only an address, is ``invalid``.
    """

    cost = "cpu"
    range = (0.0, 1.0)

    def measure(self, levels: NDArray[np.float64]) -> float:
        """Return the value of one picture, 0 to 1."""
        raise NotImplementedError(f"{type(self).__name__} has no measure")

    def grade(self, sample: Sample) -> Any:
        """Return the mean over the pictures, or 0 and why there is none."""
        shown = response_pictures(sample, SIDE, FPS)
        if not shown.pictures:
            return Grade(0.0, shown.reason or "no frames")
        value = sum(map(self.measure, shown.pictures)) / len(shown.pictures)
        return Grade(min(1.0, value), f"{len(shown.pictures)} pictures" if len(shown.pictures) > 1 else "")


@part
class Sharpness(_Signal):
    """``v / (v + half)``, v the variance of the Laplacian of the levels (0 to 255), of a video the mean over frames.

    Measured with the shorter side shrunk to 256 pixels at most, so that two resolutions above that compare. Noise
    counts as sharp.

    The last image or video of the response is measured. A response without one, or with one that can't be decoded,
    scores 0; that its file is not there, or only an address was recorded, is ``invalid``.

    Args:
        half: the variance that is worth one half, in levels squared.

    Range: [0, 1].

    Raises:
        ConfigError: ``half`` is not positive.

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> checks = (np.indices((8, 8, 3))[:2].sum(0) % 2 * 10).astype(np.uint8)
    >>> Sharpness(half=1600).score([Sample("Draw", checks), Sample("Draw", checks * 0)]).values
    array([0.5, 0. ])
    """

    half: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.half > 0:
            raise ConfigError(f"Sharpness: half={self.half}; it is a positive number of levels squared", "half")

    def measure(self, levels: NDArray[np.float64]) -> float:
        """Return the sharpness of one picture."""
        variance = laplacian_variance(levels)
        return variance / (variance + self.half)


@part
class Contrast(_Signal):
    """Standard deviation of the levels by the greatest possible, 127.5 (RMS contrast); of a video the mean over frames.

    0 for a plain picture, 1 for half black and half white. Which medium is measured, and at which size, is as for
    :class:`Sharpness`.

    Range: [0, 1].

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> halves = np.repeat(np.array([0, 255], np.uint8), 96).reshape(8, 8, 3)
    >>> Contrast().score([Sample("Draw", halves), Sample("Draw", halves * 0)]).values
    array([1., 0.])
    """

    def measure(self, levels: NDArray[np.float64]) -> float:
        """Return the contrast of one picture."""
        return rms_contrast(levels)


@part
class WellExposed(_Signal):
    """Mean over pixels of ``exp(-(i - 0.5)² / (2 * 0.2²))``, i = level / 255; of a video the mean over frames.

    The well-exposedness of exposure fusion (Mertens et al. 2007) on luma: 1 for middle grey, 0.044 for black and for
    white. Which medium is measured, and at which size, is as for :class:`Sharpness`.

    Range: [0, 1].

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> WellExposed().score(Sample("Draw", np.full((8, 8, 3), 255, np.uint8))).values.round(3)
    array([0.044])
    """

    def measure(self, levels: NDArray[np.float64]) -> float:
        """Return the exposure of one picture."""
        return exposedness(levels)
