"""Scores: what a reward answers for a batch of samples, with the whole tree of its terms.

A value is a number exactly where the status is ``ok``, and NaN everywhere else: what is not a score can't be mistaken
for one. :class:`Scores` holds to that however it is made: a NaN or an infinity becomes ``error``, a None ``missing``.

>>> s = Scores([1.0, None], status=["ok", "timeout"], reason=["", "2 s"])
>>> s.values, s.status.tolist()
(array([ 1., nan]), [<Status.OK: 'ok'>, <Status.TIMEOUT: 'timeout'>])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plaudit.core.errors import nearest
from plaudit.core.hooks import upper

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Floats = NDArray[np.float64]


class Status(StrEnum):
    """What became of a sample, from harmless to most serious; a composed score takes the most serious of its parts'."""

    OK = "ok"  # a number
    SKIPPED = "skipped"  # not asked: a gate was closed
    MISSING = "missing"  # the grader gave nothing
    UNPARSED = "unparsed"  # the grader's reply could not be read
    TIMEOUT = "timeout"  # the grader ran out of time
    ERROR = "error"  # the grader crashed, ran out of memory or left its range
    INVALID = "invalid"  # the reference or the record is bad


STATUSES = tuple(Status)
_CODE = {status: code for code, status in enumerate(STATUSES)}
_NAMES = np.array(STATUSES, dtype=object)
_NOTHING = np.zeros(0)


def status_code(status: Status | str) -> int:
    """Return the seriousness of a status, 0 (ok) to 6 (invalid).

    Raises:
        ValueError: there is no such status.
    """
    try:
        return _CODE[Status(status)]
    except ValueError:
        raise ValueError(f"no status {status!r}{nearest(str(status), STATUSES)}") from None


@dataclass(frozen=True, slots=True)
class Span:
    """Credit for one place of a response.

    Attributes:
        value: the credit, in the reward's own units.
        unit: what ``place`` counts.
        place: (start, end), half-open; for a region (x1, y1, x2, y2) in unit coordinates.
        turn: the assistant turn that it counts in, from 0; -1 is the last.
    """

    value: float
    unit: Literal["char", "turn", "step", "frame", "region"]
    place: tuple[float, ...]
    turn: int = -1


class Matrix(NamedTuple):
    """The channels of a score: ``values[n, K]``, NaN where there is none, and ``weights[n, K]`` of the K ``names``."""

    names: tuple[str, ...]
    values: Floats
    weights: Floats


class Scores:
    """Values, statuses and reasons of n samples, and the scores of each named term.

    Attributes:
        values: float64[n], NaN exactly where ``status`` is not ok.
        reason: n strings: why a status is not ok, or what earned a response so little, or ``""``.
        terms: the parts by name, each with n rows. A term's own value is kept raw.
        weight: float64[n], what the parent sum multiplied this term by; None where the parent is not a sum.
        spans: for each sample a tuple of :class:`Span`, or None.
        notes: for each sample what the grader wrote (critique, rationale, transcript), or None.
        spent: float64[n] by name (``seconds``, ``calls``, ``tokens``): what grading cost this node, without its terms.
        tensor: the values as an attached torch tensor, where the reward is differentiable.

    Raises:
        TypeError: the values are not numbers.
        ValueError: they are not one for each sample, or the statuses, reasons or terms are not as many.
    """

    __slots__ = ("codes", "notes", "reason", "spans", "spent", "tensor", "terms", "values", "weight")

    def __init__(
        self,
        values: Sequence[float | None] | Floats,
        status: Status | str | Sequence[Status | str] | NDArray[Any] | None = None,
        reason: Sequence[str] | None = None,
        *,
        terms: Mapping[str, Scores] | None = None,
        weight: float | Floats | None = None,
        spans: Sequence[tuple[Span, ...]] | None = None,
        notes: Sequence[Any] | None = None,
        spent: Mapping[str, Floats] | None = None,
        tensor: Any = None,
    ) -> None:
        self.values: Floats = _numbers(values)
        n = len(self.values)
        self.codes: NDArray[np.int8] = _codes(status, n)
        self.reason: list[str] = [""] * n if reason is None else list(reason)
        self.terms: dict[str, Scores] = dict(terms or {})
        self.weight: Floats | None = None if weight is None else np.full(n, weight, dtype=np.float64)
        self.spans = None if spans is None else list(spans)
        self.notes = None if notes is None else list(notes)
        self.spent: dict[str, Floats] = dict(spent or {})
        self.tensor = tensor
        for name, given in (("reasons", self.reason), ("spans", self.spans), ("notes", self.notes)):
            if given is not None and len(given) != n:
                raise ValueError(f"{n} values but {len(given)} {name}")
        for name, term in self.terms.items():
            if len(term) != n:
                raise ValueError(f"{n} values but term {name!r} has {len(term)}")
        for i in np.flatnonzero((self.codes == 0) & ~np.isfinite(self.values)):
            if values[int(i)] is None:
                self.codes[i], why = _CODE[Status.MISSING], "the reward returned None"
            else:
                self.codes[i], why = _CODE[Status.ERROR], f"the reward returned {self.values[i]}, which is no score"
            self.reason[i] = self.reason[i] or why
        self.values[self.codes != 0] = np.nan

    def __len__(self) -> int:
        return len(self.values)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """bool[n]: where there is a score."""
        ok: NDArray[np.bool_] = self.codes == 0
        return ok

    @property
    def status(self) -> NDArray[Any]:
        """Status[n]; a :class:`Status` equals its lower-case name, so ``scores.status == "ok"`` works."""
        found: NDArray[Any] = _NAMES[self.codes]
        return found

    @property
    def seconds(self) -> Floats:
        """float64[n]: seconds spent on each sample, in this node and all its terms."""
        total: Floats = self.spent.get("seconds", np.zeros(len(self))).copy()
        for term in self.terms.values():
            total += term.seconds
        return total

    def __getitem__(self, name: str) -> Scores:
        """Return a term by its dotted name (``"judge.clarity"``).

        Raises:
            KeyError: there is no such term; the message names the nearest.
        """
        terms = dict(self.walk())
        if name not in terms:
            raise KeyError(f"no term {name!r}{nearest(name, terms)}")
        return terms[name]

    def weighed(self, weight: float | Floats) -> Scores:
        """Return the same scores as a term that a sum multiplies by ``weight``, one number or one a row."""
        term = copy(self)
        term.weight = np.full(len(self), weight, dtype=np.float64)
        return term

    def again(self, spent: Mapping[str, Floats] | None = None) -> Scores:
        """Return the same scores for another place of a tree, where nothing more (or ``spent``) was spent on them."""
        terms = {name: term if spent is not None else term.again() for name, term in self.terms.items()}
        copy = Scores(self.values, self.codes, self.reason, terms=terms, weight=self.weight, spent=spent)
        copy.spans, copy.notes, copy.tensor = self.spans, self.notes, self.tensor
        return copy

    def walk(self) -> Iterator[tuple[str, Scores]]:
        """Every term of the tree with its dotted name, parents first."""
        for name, term in self.terms.items():
            yield name, term
            for below, deeper in term.walk():
                yield f"{name}.{below}", deeper

    def matrix(self) -> Matrix:
        """The channels that an objective reads: the terms that sums add up, at the finest level that sums reach.

        Where every channel is ok, ``(values * weights).sum(1)`` is ``self.values``. A product or a gate is one channel.
        """
        channels = list(_channels(self, "", np.ones(len(self))))
        shape = (len(channels), len(self))
        values = np.array([values for _, values, _ in channels]).reshape(shape).T
        weights = np.array([weight for _, _, weight in channels]).reshape(shape).T
        return Matrix(tuple(name for name, _, _ in channels), values, weights)

    def take(self, rows: NDArray[np.intp] | Sequence[int]) -> Scores:
        """Return the scores of some rows, in the order given."""
        index = np.asarray(rows, dtype=np.intp)
        return self._rows([int(i) for i in index], lambda array: array[index])

    def scatter(self, n: int, rows: NDArray[np.intp]) -> Scores:
        """Return n rows of which ``rows`` are these and the others ``skipped``, as not asked."""
        source = [-1] * n
        for k, row in enumerate(rows.tolist()):
            source[row] = k

        def spread(array: NDArray[Any]) -> NDArray[Any]:
            full = np.full(n, _CODE[Status.SKIPPED] if array.dtype == np.int8 else np.nan, dtype=array.dtype)
            full[rows] = array
            return full

        return self._rows(source, spread)

    def put(self, rows: NDArray[np.intp], other: Scores) -> None:
        """Take the values, statuses, reasons, spans and notes of ``rows`` from another's rows, adding what they cost.

        Raises:
            ValueError: either has terms, or the other has not one row for each of ``rows``.
        """
        if self.terms or other.terms or len(other) != len(rows):
            raise ValueError(f"put takes {len(rows)} rows without terms; got {other!r} for {self!r}")
        self.values[rows], self.codes[rows] = other.values, other.codes
        if other.notes is not None and self.notes is None:
            self.notes = [None] * len(self)
        if other.spans is not None and self.spans is None:
            self.spans = [()] * len(self)
        for k, row in enumerate(rows.tolist()):
            self.reason[row] = other.reason[k]
            if self.notes is not None:
                self.notes[row] = None if other.notes is None else other.notes[k]
            if self.spans is not None:
                self.spans[row] = () if other.spans is None else other.spans[k]
        for name, amount in other.spent.items():
            self.spent[name] = self.spent.get(name, np.zeros(len(self))).copy()
            self.spent[name][rows] += amount
        self.tensor = None

    def _rows(self, source: list[int], move: Any) -> Scores:
        """Rebuild with row k taken from ``source[k]`` (-1: not asked, which weighs and costs nothing)."""
        out = Scores(
            move(self.values),
            move(self.codes),
            [self.reason[i] if i >= 0 else "not asked" for i in source],
            terms={name: term._rows(source, move) for name, term in self.terms.items()},
            weight=None if self.weight is None else np.nan_to_num(move(self.weight)),
            spans=None if self.spans is None else [self.spans[i] if i >= 0 else () for i in source],
            notes=None if self.notes is None else [self.notes[i] if i >= 0 else None for i in source],
            spent={name: np.nan_to_num(move(array)) for name, array in self.spent.items()},
        )
        if self.tensor is not None and -1 not in source:
            out.tensor = self.tensor[source]
        return out

    @staticmethod
    def concat(blocks: Sequence[Scores]) -> Scores:
        """Join blocks of one reward's scores, one under the other. A term that a block lacks is ``missing`` there."""
        names = dict.fromkeys(name for b in blocks for name in b.terms)
        parts = {n: [b.terms.get(n) or absent(len(b)) for b in blocks] for n in names}
        costs = dict.fromkeys(name for b in blocks for name in b.spent)
        return Scores(
            np.concatenate([_NOTHING, *(b.values for b in blocks)]),
            np.concatenate([_NOTHING.astype(np.int8), *(b.codes for b in blocks)]),
            [r for b in blocks for r in b.reason],
            terms={name: Scores.concat(terms) for name, terms in parts.items()},
            weight=np.concatenate([np.zeros(len(b)) if b.weight is None else b.weight for b in blocks])
            if any(b.weight is not None for b in blocks)
            else None,
            spans=[s for b in blocks for s in b.spans or [()] * len(b)] if any(b.spans for b in blocks) else None,
            notes=[s for b in blocks for s in b.notes or [None] * len(b)] if any(b.notes for b in blocks) else None,
            spent={k: np.concatenate([b.spent.get(k, np.zeros(len(b))) for b in blocks]) for k in costs},
        )

    def records(self, samples: Sequence[Sample] | None = None) -> Iterator[dict[str, Any]]:
        """One JSON-ready record a sample: id, reward, status, reason, terms, term_status (only those not ok)."""
        names, terms = zip(*self.walk(), strict=True) if self.terms else ((), ())
        columns = [t.values.tolist() for t in terms]
        for i, (value, code) in enumerate(zip(self.values.tolist(), self.codes.tolist(), strict=True)):
            yield {
                "id": None if samples is None else samples[i].id,
                "reward": None if code else value,
                "status": STATUSES[code].value,
                "reason": self.reason[i],
                "terms": {n: None if t.codes[i] else c[i] for n, t, c in zip(names, terms, columns, strict=True)},
                "term_status": {n: STATUSES[t.codes[i]].value for n, t in zip(names, terms, strict=True) if t.codes[i]},
            }

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame: value, status, reason, and value and status of every term.

        Raises:
            ConfigError: pandas is not installed.
        """
        from plaudit.core.errors import ConfigError

        try:
            import pandas as pd
        except ImportError:
            raise ConfigError("to_dataframe needs pandas: pip install pandas") from None
        columns: dict[str, Any] = {"value": self.values, "status": self.status, "reason": self.reason}
        for name, term in self.walk():
            for column, array in ((name, term.values), (f"{name}.status", term.status)):
                while column in columns:  # a term may well be called "value"
                    column += "_"
                columns[column] = array
        return pd.DataFrame(columns)

    def report(self, samples: Sequence[Sample] | None = None) -> str:
        """Return a plain-text report: each term's mean, spread, range and statuses, and what looks wrong."""
        return upper().report(self, samples)

    def __repr__(self) -> str:
        counts = np.bincount(self.codes, minlength=len(STATUSES))
        statuses = ", ".join(f"{c} {s}" for c, s in zip(counts, STATUSES, strict=True) if c)
        mean = f", mean {np.nanmean(self.values):.4g}" if self.ok.any() else ""
        terms = f", terms {', '.join(self.terms)}" if self.terms else ""
        return f"<Scores of {len(self)}: {statuses or 'empty'}{mean}{terms}>"


def worst(parts: Mapping[str, Scores]) -> tuple[NDArray[np.int8], list[str]]:
    """Return the most serious status of the parts in each row, and the reasons of the parts that have it, named."""
    codes = np.max([p.codes for p in parts.values()], axis=0)
    reasons = [""] * len(codes)
    said = np.zeros(len(codes), dtype=bool)
    for part in parts.values():
        said |= np.fromiter((r != "" for r in part.reason), dtype=bool, count=len(codes))
    for i in np.flatnonzero(said):
        why = [f"{name}: {p.reason[i]}" for name, p in parts.items() if p.reason[i] and p.codes[i] == codes[i]]
        reasons[i] = "; ".join(why)
    return codes, reasons


def absent(n: int) -> Scores:
    """Return n scores of a term that was not given."""
    return Scores(np.full(n, np.nan), Status.MISSING, ["not given"] * n)


def _numbers(values: Any) -> Floats:
    """Read one number (or None) a sample; a text that looks like a number is none."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"scores are one number a sample; got an array of shape {array.shape}")
    if array.dtype.kind == "O":
        strange = [v for v in array if v is not None and not hasattr(v, "__float__")]
    else:
        strange = [] if array.dtype.kind in "biuf" else list(array)
    if strange:
        raise TypeError(f"scores are numbers; got a {type(strange[0]).__name__}")
    return np.array(array, dtype=np.float64)


def _codes(status: Any, n: int) -> NDArray[np.int8]:
    if status is None:
        return np.zeros(n, dtype=np.int8)
    if isinstance(status, np.ndarray) and status.dtype == np.int8:
        codes = status.copy()
    elif isinstance(status, str):
        codes = np.full(n, status_code(status), dtype=np.int8)
    else:
        codes = np.array([status_code(s) for s in status], dtype=np.int8)
    if len(codes) != n:
        raise ValueError(f"{n} values but {len(codes)} statuses")
    return codes


def _channels(scores: Scores, name: str, weight: Floats) -> Iterator[tuple[str, Floats, Floats]]:
    added = {n: t for n, t in scores.terms.items() if t.weight is not None}
    if not added:
        yield name or "reward", scores.values, weight
    for below, term in added.items():
        assert term.weight is not None
        yield from _channels(term, f"{name}.{below}" if name else below, weight * term.weight)
