"""Retrieval: did the response's searches find the right documents, and how early?

What was found is what the tools returned, never what the response says that it read. A document found again counts
nothing: it keeps its first rank, and no metric can be raised by asking for the same once more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from plaudit.core.errors import BadReferenceError, ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.tools.tool_calls import observations

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

T = TypeVar("T", bound=Hashable)
Metric = Literal["ndcg", "recall", "precision", "f1", "iou", "mrr", "hit"]
_NAMES = ("id", "doc_id", "docid", "url", "page", "title")


@part
class Retrieval(Leaf):
    r"""How well what the tools returned, in order of rank and each document once, covers the reference's documents.

    With F the documents found (cut after k), G the reference's, and rel(i) whether the i-th found is one of them:

    * ndcg: ``sum_i rel(i) / log2(i + 1)``, over the same sum for ``min(|G|, k)`` right documents in front (VRAG-RL);
    * recall ``|F ∩ G| / |G|``, precision ``|F ∩ G| / |F|``, f1 their harmonic mean, iou ``|F ∩ G| / |F ∪ G|``;
    * mrr: 1 / rank of the first right document; hit: 1 where there is one.

    Nothing found scores 0. The reference is a document's name (a text or a whole number), or a list of names; an empty
    list, or anything else, is ``invalid``.

    Args:
        metric: one of the above.
        k: count the first k only; None for all.
        found: the meta entry in which the runtime wrote what each search returned: a list of names, or one such list
            for each search. None: the tools' messages are read instead. One that is JSON, a list of names or of objects
            with ``id``, ``doc_id``, ``docid``, ``url``, ``page`` or ``title`` (the first that is there), or an object
            that holds such a list under ``results`` or ``documents``, found these; any other found nothing, and so did
            a call whose runtime says that it failed.
        merge: how several searches make one ranking: ``append``: one after the other; ``interleave``: the first of
            each, then the second of each, and so on (UniDoc-RL).

    Range: [0, 1]. Needs: ``reference``, and ``found`` where it is given.

    Raises:
        ConfigError: k is not positive.

    >>> from plaudit import Sample
    >>> sample = Sample("?", "", reference=["b"], meta={"pages": ["a", "b", "b"]})
    >>> Retrieval(found="pages").score([sample]).values.round(5)
    array([0.63093])
    """

    metric: Metric = "ndcg"
    k: int | None = None
    found: str | None = None
    merge: Literal["append", "interleave"] = "append"

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k is not None and self.k < 1:
            raise ConfigError(f"Retrieval: k={self.k}; it must be positive", "k")

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference, and the entry that says what was found."""
        return ("reference",) if self.found is None else ("reference", self.found)

    def grade(self, sample: Sample) -> Any:
        """Return the metric, with how many were found."""
        right = names(sample.reference)
        lists = returned(sample) if self.found is None else _recorded(sample.get(self.found), self.found)
        ranked = _merged(lists, self.merge)[: self.k]
        value = ranking(ranked, right, self.metric, self.k)
        hits = len(set(ranked) & set(right))
        return Grade(value, "" if value == 1 else f"{hits} of {len(right)} found among {len(ranked)}")


def ranking(found: Sequence[T], right: Collection[T], metric: Metric, k: int | None = None) -> float:
    """Return a metric of a ranking without duplicates; see :class:`Retrieval`. ``right`` is not empty.

    >>> ranking(["a", "b", "c"], {"b", "d"}, "recall"), ranking(["a", "b"], {"b"}, "mrr")
    (0.5, 0.5)
    """
    right = set(right)
    found = list(dict.fromkeys(found))[:k]
    hits = [i for i, one in enumerate(found) if one in right]
    match metric:
        case "ndcg":
            ideal = sum(1 / math.log2(i + 2) for i in range(min(len(right), k or len(right))))
            return min(1.0, sum(1 / math.log2(i + 2) for i in hits) / ideal)
        case "recall":
            return len(hits) / len(right)
        case "precision":
            return len(hits) / len(found) if found else 0.0
        case "f1":
            return 2 * len(hits) / (len(found) + len(right))
        case "iou":
            return len(hits) / (len(found) + len(right) - len(hits))
        case "mrr":
            return 1 / (hits[0] + 1) if hits else 0.0
        case "hit":
            return float(bool(hits))


def names(reference: Any, where: str = "reference") -> list[str]:
    """Return the documents that a reference names, each once.

    Raises:
        BadReferenceError: it is no name and no list of names, or an empty one.
    """
    given = [reference] if isinstance(reference, str) or is_whole(reference) else reference
    if not isinstance(given, Sequence | set | frozenset) or isinstance(given, bytes):
        raise BadReferenceError(f"{where} is a {type(given).__name__}; expected a document's name, or a list of names")
    found = [_name(one) for one in given]
    if not found or None in found:
        kind = "an empty list" if not found else f"a list with a {type(list(given)[found.index(None)]).__name__}"
        raise BadReferenceError(f"{where} is {kind}; expected names of documents, each a text or a whole number")
    return list(dict.fromkeys(one for one in found if one is not None))


def returned(sample: Sample) -> list[list[str]]:
    """Return what each tool message of a response lists, in order, but for calls that failed."""
    lists = []
    for turn in observations(sample):
        try:
            given = json.loads(turn.text)
        except (ValueError, RecursionError):
            continue
        if isinstance(given, Mapping):
            given = given.get("results", given.get("documents"))
        if isinstance(given, list):
            lists.append([name for one in given if (name := _entry(one)) is not None])
    return lists


def _merged(lists: Sequence[Sequence[str]], merge: str) -> list[str]:
    if merge == "interleave":
        longest = max(map(len, lists), default=0)
        return list(dict.fromkeys(one[i] for i in range(longest) for one in lists if i < len(one)))
    return list(dict.fromkeys(name for one in lists for name in one))


def _recorded(given: Any, where: str) -> list[list[str]]:
    """Read what the runtime recorded: a list of names, or of lists of names."""
    expected = "expected a list of names, or one such list for each search"
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise RecordError(f"{where} is a {type(given).__name__}; {expected}")
    nested = bool(given) and all(isinstance(one, list | tuple) for one in given)
    lists = []
    for one in given if nested else [given]:
        found = [_name(name) for name in one]
        if None in found:
            raise RecordError(f"{where} holds a {type(one[found.index(None)]).__name__}; {expected}")
        lists.append([name for name in found if name is not None])
    return lists


def _entry(given: Any) -> str | None:
    if isinstance(given, Mapping):
        return next((name for key in _NAMES if (name := _name(given.get(key))) is not None), None)
    return _name(given)


def _name(given: Any) -> str | None:
    if isinstance(given, str):
        return given.strip() or None
    return str(int(given)) if is_whole(given) else None


def is_whole(given: Any) -> bool:
    """Whether it is a whole number, and no truth value."""
    return isinstance(given, Integral) and not isinstance(given, bool)
