"""Image similarity: how near the picture that a response holds is to the reference picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, MediaError
from plaudit.core.grade import Grade
from plaudit.core.media import Media
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.structured.image_metrics import LEAST_SIDE, Grey, block_ssim, cw_ssim, ssim

if TYPE_CHECKING:
    from PIL.Image import Image

    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

Metric = Literal["ssim", "cw-ssim", "block-ssim", "mae"]

#: Pictures with a longer side are made smaller first: what a metric takes then is bounded.
MAX_SIDE = 512
#: Several times what decoding and comparing the largest pictures need.
_SECONDS = 30.0


@part
class ImageSimilarity(Leaf):
    """How near the response's one picture is to the reference picture, in grey.

    The response's picture is brought to the reference's size, or to 512 pixels on its longer side. The response has to
    hold exactly one picture: none, several, or one that can't be read scores 0 with that reason. A reference that is no
    readable picture is ``invalid``.

    All but ``mae`` find a blank page near any page that is mostly blank, since most of their windows agree: where that
    can pay, let a gate ask for more than a blank page gets. ``cw-ssim`` does not see a difference of flat brightness.

    Args:
        metric: ``ssim``: mean structural similarity, at least 0 (Wang et al. 2004); ``cw-ssim``: by complex wavelets,
            which small shifts change little (Sampat et al. 2009); ``block-ssim``: of four bands of 2 by 2 blocks, as
            Table2LaTeX-RL (2025) released; ``mae``: 1 - mean absolute difference / 255. See
            :mod:`plaudit.rewards.verifiable.structured.image_metrics`.

    Range: [0, 1]. Needs: ``reference``: an image, in any form that :class:`plaudit.Media` takes.

    >>> from plaudit import Sample
    >>> import numpy as np
    >>> grey, white = np.full((16, 16, 3), 204, np.uint8), np.full((16, 16, 3), 255, np.uint8)
    >>> ImageSimilarity("mae").score([Sample("Draw it", grey, white)]).values
    array([0.8])
    """

    metric: Metric = "ssim"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample where it can be killed."""
        return await run.each(self.grade, samples, "cpu", _SECONDS if self.timeout is None else self.timeout)

    def grade(self, sample: Sample) -> Any:
        """Return the similarity, or what is wrong with the response's picture."""
        right = reference_picture(sample.reference)
        drawn = [m for turn in sample.turns if turn.role == "assistant" for m in turn.media if m.kind == "image"]
        if len(drawn) != 1:
            return Grade(0.0, f"{len(drawn)} pictures where 1 belongs" if drawn else "no picture")
        try:
            picture = drawn[0].pil()
        except MediaError as error:
            return Grade(0.0, f"no readable picture: {error}"[:200])
        return graded(picture, right, self.metric)


def similarity(drawn: Image, right: Image, metric: Metric = "ssim") -> float:
    """Return how near a picture is to the right one, in [0, 1], 1 for equal ones. See :class:`ImageSimilarity`.

    Both are made grey, and the drawn one is brought to the other's size (no side above 512 or below 16).
    """
    width, height = right.size
    shrunk = min(1.0, MAX_SIDE / max(width, height))
    size = max(LEAST_SIDE, round(width * shrunk)), max(LEAST_SIDE, round(height * shrunk))
    one, other = _grey(drawn, size), _grey(right, size)
    if np.array_equal(one, other):
        return 1.0
    match metric:
        case "ssim":
            return max(0.0, ssim(one, other))
        case "cw-ssim":
            return cw_ssim(one, other)
        case "block-ssim":
            return block_ssim(one, other)
        case "mae":
            return 1.0 - float(np.abs(one - other).mean()) / 255.0


def graded(drawn: Image, right: Image, metric: Metric) -> Grade:
    """Return the similarity as a grade with its reason."""
    value = similarity(drawn, right, metric)
    return Grade(value, "" if value == 1 else f"{metric} {value:.3f}")


def reference_picture(reference: Any) -> Image:
    """Return a record's picture.

    Raises:
        BadReferenceError: it is of a type that no picture has.
        MediaError: it can't be read.
    """
    if isinstance(reference, str | Mapping | bytes | Media) or Media.fits(reference):
        return Media.of(reference, "image").pil()
    raise BadReferenceError(f"reference is a {type(reference).__name__}; expected an image")


def _grey(picture: Image, size: tuple[int, int]) -> Grey:
    grey = picture.convert("L")
    return np.asarray(grey if grey.size == size else grey.resize(size), dtype=np.float64)
