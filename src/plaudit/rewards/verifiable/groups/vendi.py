"""Vendi score: the effective number of different things in a set.

``VS(K) = exp(-sum_i l_i log l_i)`` with l the eigenvalues of K / n, K the n by n matrix of similarities, 1 on its
diagonal (Friedman and Dieng 2023, definition 3.1). n equal things are 1, n things of which none is like another are n.

>>> round(vendi_score(np.ones((4, 4))), 9), round(vendi_score(np.eye(4)), 9)
(1.0, 4.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Leaf, Run, part
from plaudit.core.score import Floats, Scores, Status
from plaudit.rewards.verifiable.groups.kernels import cosine_similarity, jaccard, ngrams, read_vectors, together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

#: More than this are refused: eigenvalues take time in proportion to the cube.
_MOST = 4_096


@part
class VendiScore(Leaf):
    """The Vendi score of the set that a row belongs to: one value for all its rows.

    ``embedding``: K is the cosine of ``sample["embedding"]``, a list of numbers; ``ngrams``: the Jaccard similarity of
    the responses' sets of n-grams. As the score is the set's, it says nothing about which row to prefer in it: it
    compares sets (DRAGON builds the better set by swapping rows between two). A row joining may raise the others',
    which is what a score of a set is for; an equal one moves it towards the number of equals.

    A response without words scores 0 and is not of the set. More than 4,096 rows are an ``error``.

    Args:
        by: as above.
        among: whether the set is the group or the batch.
        n: words of an n-gram.

    Range: [0, 4096]: an effective number of responses, at most their number. Needs: ``embedding`` and ``group`` where
    they are used; an embedding that is not one (empty, not finite, all 0, of another length) is ``invalid``.

    Raises:
        ConfigError: n is not positive.

    >>> from plaudit import Sample
    >>> rows = [Sample("?", "a", group=1, meta={"embedding": e}) for e in ([1, 0], [2, 0], [0, 1], [0, 3])]
    >>> VendiScore().score(rows).values.round(6)
    array([2., 2., 2., 2.])
    """

    by: Literal["embedding", "ngrams"] = "embedding"
    among: Literal["group", "batch"] = "group"
    n: int = 4

    range = (0.0, float(_MOST))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n < 1:
            raise ConfigError(f"VendiScore: n={self.n}; it is at least 1", "n")

    @property
    def over(self) -> str:
        """The set."""
        return self.among

    @property
    def needs(self) -> tuple[str, ...]:
        """What is compared."""
        group = ("group",) if self.among == "group" else ()
        return (*group, "embedding") if self.by == "embedding" else group

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Give every row its set's score."""
        values: list[float | None] = [0.0] * len(samples)
        statuses, reasons = [Status.OK] * len(samples), ["no words"] * len(samples)
        for rows in together(samples, self.among):
            if self.by == "ngrams":
                sets = {i: ngrams(samples[i].text, self.n) for i in rows}
                read, faults = [i for i in rows if sets[i]], dict[int, str]()
            else:
                read, matrix, faults = read_vectors(samples, rows, "embedding")
            if len(read) > _MOST:
                for i in rows:
                    values[i], statuses[i], reasons[i] = None, Status.ERROR, f"a set of {len(read)}; at most {_MOST}"
                continue
            kernel = jaccard([sets[i] for i in read]) if self.by == "ngrams" else cosine_similarity(matrix)
            if read:
                found = vendi_score(kernel)
                for i in read:
                    values[i], reasons[i] = found, f"of {len(read)}"
            for i, fault in faults.items():
                values[i], statuses[i], reasons[i] = None, Status.INVALID, fault
        return Scores(values, statuses, reasons)


def vendi_score(kernel: NDArray[np.float64] | Floats) -> float:
    """Return the Vendi score of a similarity matrix, in [1, n].

    Args:
        kernel: float64[n, n], symmetric, positive semidefinite, 1 on the diagonal, n at least 1.
    """
    n = len(kernel)
    shares = np.linalg.eigvalsh(np.asarray(kernel, dtype=np.float64) / n)
    shares = shares[shares > 0]  # rounding leaves some a little below; 0 log 0 is 0
    shares /= shares.sum()
    return min(float(n), max(1.0, float(np.exp(-(shares * np.log(shares)).sum()))))
