"""Novelty: how unlike is this response to what else was said?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.reward import Leaf, Run, part
from plaudit.core.score import Floats, Scores, Status
from plaudit.rewards.verifiable.answers.references import is_list, shown
from plaudit.rewards.verifiable.groups.kernels import (
    cosine_similarity,
    jaccard,
    ngrams,
    read_vectors,
    together,
    vectors,
)

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

By = Literal["ngrams", "embedding"]
Against = Literal["group", "batch", "archive"]


@part
class Novelty(Leaf):
    """Distance to the most similar other response: ``1 - max_j s(i, j)``, at least 0.

    ``ngrams``: s is the Jaccard similarity of the sets of n-grams, ``|A ∩ B| / |A ∪ B|``; ``embedding``: the cosine of
    ``sample["embedding"]``, a list of numbers. The others are those of the group or of the batch, or the entries of
    ``sample["archive"]`` (texts, or embeddings). A repeated response is worth 0 to all who gave it; others can only
    lower a value, never raise it. Where there is nothing to compare with the value is 1.

    A response without words scores 0 and counts for nobody. Random words are novel: weigh this with what asks for
    sense. Of a response the first 10,000 words are compared.

    Args:
        by: as above.
        against: as above.
        n: words of an n-gram.

    Range: [0, 1]. Needs: ``embedding``, ``archive`` and ``group`` where they are used; an embedding that is not one
    (empty, not finite, all 0, of another length than the others) is ``invalid``.

    Raises:
        ConfigError: n is not positive.

    >>> from plaudit import Sample
    >>> said = ("a b c d", "a b c e", "x y z", "")
    >>> Novelty(n=2).score([Sample("?", text, group=1) for text in said]).values
    array([0.5, 0.5, 1. , 0. ])
    """

    by: By = "ngrams"
    against: Against = "group"
    n: int = 4

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n < 1:
            raise ConfigError(f"Novelty: n={self.n}; it is at least 1", "n")

    @property
    def over(self) -> str:
        """The rows that are compared with each other."""
        return "sample" if self.against == "archive" else self.against

    @property
    def needs(self) -> tuple[str, ...]:
        """What is compared, and with what."""
        needed = {"group": ("group",), "batch": (), "archive": ("archive",)}[self.against]
        return needed if self.by == "ngrams" else (*needed, "embedding")

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Compare each row with the others."""
        if self.against == "archive":
            return await super().compute(samples, run)
        values: list[float | None] = [0.0] * len(samples)
        statuses, reasons = [Status.OK] * len(samples), ["no words"] * len(samples)
        for rows in together(samples, self.against):
            if self.by == "ngrams":
                sets = {i: ngrams(samples[i].text, self.n) for i in rows}
                read, faults = [i for i in rows if sets[i]], dict[int, str]()
                alike = jaccard([sets[i] for i in read])
            else:
                read, matrix, faults = read_vectors(samples, rows, "embedding")
                alike = cosine_similarity(matrix)
            for k, i in enumerate(read):
                values[i], reasons[i] = _novelty(np.delete(alike[k], k))
            for i, fault in faults.items():
                values[i], statuses[i], reasons[i] = None, Status.INVALID, fault
        return Scores(values, statuses, reasons)

    def grade(self, sample: Sample) -> Any:
        """Compare one response with its archive."""
        archive = sample["archive"]
        if not is_list(archive):
            raise RecordError(f"archive is {shown(archive)}; expected a list")
        if self.by == "embedding":
            rows = vectors([sample["embedding"], *archive], "embedding and archive")
            return _novelty(cosine_similarity(rows)[0, 1:])
        for i, text in enumerate(archive):
            if not isinstance(text, str):
                raise RecordError(f"archive[{i}] is {shown(text)}; expected a text")
        said = ngrams(sample.text, self.n)
        if not said:
            return (0.0, "no words")
        return _novelty(np.array([jaccard([said, ngrams(text, self.n)])[0, 1] for text in archive]))


def _novelty(alike: Floats) -> tuple[float, str]:
    if not alike.size:
        return 1.0, "nothing to compare with"
    nearest = float(alike.max())
    return min(1.0, max(0.0, 1.0 - nearest)), f"similarity {nearest:.3f}"
