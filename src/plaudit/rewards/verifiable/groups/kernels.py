"""Kernels: which rows belong together, and how alike two of them are, by their words or by given embeddings.

>>> ngram_similarity(["a b c d", "a b c e", "x y"], n=2).round(2).tolist()
[[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]
>>> cosine_similarity(np.array([[3.0, 0.0], [0.0, 1.0]])).tolist()
[[1.0, 0.0], [0.0, 1.0]]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from plaudit.core.errors import RecordError
from plaudit.rewards.verifiable.answers.normalization import words
from plaudit.rewards.verifiable.answers.references import is_list, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats

Ngram = tuple[str, ...]

#: Words of one text that are compared; the rest of an endless response is not.
MAX_WORDS = 10_000
_MAX_CHARS = 100_000


class Vectors(NamedTuple):
    """The rows that have an embedding, their embeddings as float64[m, d], and why the other rows have none."""

    rows: list[int]
    matrix: NDArray[np.float64]
    faults: dict[int, str]


def together(samples: Sequence[Sample], by: str = "group") -> list[list[int]]:
    """Return the rows that share a value of ``by``, in the order in which the values first occur.

    Args:
        samples: the rows.
        by: ``group``, ``batch`` (all of them), or an entry of meta.
    """
    found: dict[Any, list[int]] = {}
    for i, sample in enumerate(samples):
        found.setdefault(None if by == "batch" else sample.get(by), []).append(i)
    return list(found.values())


def ngrams(text: str, n: int) -> frozenset[Ngram]:
    """Return the different runs of n words of a text; of a shorter text all of it, of one without words nothing.

    >>> sorted(ngrams("To be, or to be", 2))
    [('be', 'or'), ('or', 'to'), ('to', 'be')]
    """
    said = words(text[:_MAX_CHARS])[:MAX_WORDS]
    if len(said) <= n:
        return frozenset({tuple(said)} if said else ())
    return frozenset(zip(*(said[k:] for k in range(n)), strict=False))


def ngram_similarity(texts: Sequence[str], n: int = 4) -> Floats:
    """Return the Jaccard similarity of each two texts' n-grams, ``|A ∩ B| / |A ∪ B|``: float64[m, m], 0 to 1.

    A text without words is like none, not even itself.
    """
    return jaccard([ngrams(text, n) for text in texts])


def jaccard(sets: Sequence[frozenset[Ngram]]) -> Floats:
    """Return the Jaccard similarity of each two sets: float64[m, m]; an empty set is like none."""
    from scipy.sparse import csr_matrix

    ids: dict[Ngram, int] = {}
    held = [ids.setdefault(gram, len(ids)) for one in sets for gram in one]
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    incidence = csr_matrix((np.ones(len(held)), held, starts), shape=(len(sets), max(1, len(ids))))
    shared: Floats = (incidence @ incidence.T).toarray()
    either = sizes[:, None] + sizes[None, :] - shared
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


def cosine_similarity(vectors: NDArray[np.float64]) -> Floats:
    """Return the cosine of each two rows: float64[m, m], -1 to 1, 1 on the diagonal. No row may be 0."""
    if not len(vectors):
        return np.zeros((0, 0))
    unit = directions(vectors)
    found = np.clip(unit @ unit.T, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def directions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows scaled to length 1; by their greatest entry first, so that none overflows."""
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)
    unit: NDArray[np.float64] = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    return unit


def vector(given: Any, where: str) -> NDArray[np.float64]:
    """Return a record's embedding: float64[d], finite, not all 0.

    Raises:
        RecordError: it is no list or one-dimensional array of numbers, empty, not finite, or 0.
    """
    expected = "expected a list of finite numbers, not all 0"
    if hasattr(given, "dtype"):
        numeric = getattr(given, "ndim", None) == 1 and given.dtype.kind in "fiu"
    else:
        numeric = is_list(given) and all(isinstance(x, Real) and not isinstance(x, bool) for x in given)
    if not numeric or not len(given):
        raise RecordError(f"{where} is {shown(given)}; {expected}")
    try:
        found = np.array([float(x) for x in given])
    except OverflowError:
        found = np.array([math.inf])
    if not np.isfinite(found).all() or not found.any():
        raise RecordError(f"{where} is {shown(given)}; {expected}")
    return found


def read_vectors(samples: Sequence[Sample], rows: Sequence[int], name: str) -> Vectors:
    """Return the embeddings of some rows, and what is wrong with those of the others.

    Where two have different lengths, those that are not of the first one's are at fault.
    """
    read: dict[int, NDArray[np.float64]] = {}
    faults: dict[int, str] = {}
    for i in rows:
        try:
            read[i] = vector(samples[i].get(name), name)
        except RecordError as error:
            faults[i] = str(error)
            continue
        first = len(next(iter(read.values())))
        if len(read[i]) != first:
            faults[i] = f"{name} has {len(read.pop(i))} numbers; expected {first}, as the first has"
    return Vectors(list(read), _stacked(list(read.values())), faults)


def vectors(given: Sequence[Any], where: str) -> NDArray[np.float64]:
    """Return embeddings as rows: float64[m, d].

    Raises:
        RecordError: one of them is none, or two have different lengths.
    """
    rows = [vector(one, f"{where}[{i}]") for i, one in enumerate(given)]
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise RecordError(f"{where}[{i}] has {len(row)} numbers; expected {len(rows[0])}, as {where}[0] has")
    return _stacked(rows)


def _stacked(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.stack(rows) if rows else np.zeros((0, 0))
