"""Semantic diversity: how many different things does one response say, by the embeddings of its pieces?

The pieces (strategies, claims, captions) and their embeddings are the caller's: ``sample["embeddings"]`` is a list of
vectors, one a piece, empty where the response has none.

>>> rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
>>> round(pairwise_diversity(rows), 4), distinct_count(rows, 0.8)
(0.6667, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.references import is_list, shown
from plaudit.rewards.verifiable.groups.kernels import cosine_similarity, vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

#: Pieces of one response that are compared.
_MOST = 1_000


@part
class SemanticDiversity(Leaf):
    """``min(1, max(0, 1 - mean over i < j of cos(e_i, e_j)))``: how unlike the pieces of one response are (SD-E²).

    A response without pieces scores 0. Of more than 1,000 the first are compared. Unlike pieces are not good ones:
    SD-E² pays ``0.1 * DistinctPieces * SemanticDiversity``, at most 0.5, only where no piece is right.

    Args:
        alone: what one piece alone is worth; 1 in the released code of SD-E².

    Range: [0, 1]. Needs: ``embeddings``; anything but a list of vectors of one length is ``invalid``.

    Raises:
        ConfigError: ``alone`` is outside [0, 1].

    >>> from plaudit import Sample
    >>> SemanticDiversity().score(Sample("?", "a or b", meta={"embeddings": [[1, 0], [0.6, 0.8]]})).values
    array([0.4])
    """

    alone: float = 0.0

    needs = ("embeddings",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.alone <= 1:
            raise ConfigError(f"SemanticDiversity: alone={self.alone}; it is from 0 to 1", "alone")

    def grade(self, sample: Sample) -> Any:
        """Return the diversity of the pieces."""
        pieces = _pieces(sample)
        if len(pieces) < 2:
            return Grade(self.alone, "one piece") if len(pieces) else Grade(0.0, "no pieces")
        return Grade(pairwise_diversity(pieces), f"{len(pieces)} pieces")


@part
class DistinctPieces(Leaf):
    """Number of different pieces of one response: each that is not like one already counted (SD-E²).

    In order, a piece counts where its cosine with every piece counted before is at most ``threshold``. The value
    depends on the order of the pieces, which is the response's own. No pieces score 0.

    Args:
        threshold: the greatest similarity of different pieces.

    Range: 0 to 1,000. Needs: ``embeddings``, as for :class:`SemanticDiversity`.

    Raises:
        ConfigError: the threshold is outside [-1, 1].

    >>> from plaudit import Sample
    >>> DistinctPieces().score(Sample("?", "a, a, b", meta={"embeddings": [[1, 0], [1, 0.1], [0, 1]]})).values
    array([2.])
    """

    threshold: float = 0.8

    needs = ("embeddings",)
    range = (0.0, float(_MOST))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not -1 <= self.threshold <= 1:
            raise ConfigError(f"DistinctPieces: threshold={self.threshold}; it is from -1 to 1", "threshold")

    def grade(self, sample: Sample) -> Any:
        """Return how many pieces differ."""
        pieces = _pieces(sample)
        return Grade(
            float(distinct_count(pieces, self.threshold)), f"{len(pieces)} pieces" if len(pieces) else "no pieces"
        )


def pairwise_diversity(rows: NDArray[np.float64]) -> float:
    """Return 1 less the mean cosine of all pairs of at least two rows, kept in [0, 1]."""
    n = len(rows)
    mean = (cosine_similarity(rows).sum() - n) / (n * (n - 1))
    return min(1.0, max(0.0, 1.0 - float(mean)))


def distinct_count(rows: NDArray[np.float64], threshold: float) -> int:
    """Return how many rows have a cosine of at most ``threshold`` with every row counted before them."""
    if not len(rows):
        return 0
    alike = cosine_similarity(rows)
    kept: list[int] = []
    for i in range(len(rows)):
        if not (alike[i, kept] > threshold).any():
            kept.append(i)
    return len(kept)


def _pieces(sample: Sample) -> NDArray[np.float64]:
    given = sample["embeddings"]
    if not is_list(given) and getattr(given, "ndim", None) != 2:
        raise RecordError(f"embeddings is {shown(given)}; expected a list of vectors")
    return vectors(list(given)[:_MOST], "embeddings")
