"""A stream of samples, scored block by block in bounded memory, each block written before the next is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.core.score import Scores, Status, status_code
from plaudit.engine.blocks import SIZE, blocks

if TYPE_CHECKING:
    from plaudit.core.context import Context
    from plaudit.core.reward import Reward
    from plaudit.records import Writer

#: Samples kept whole, for the report's gallery; of the others only id and group are kept.
KEPT = 20_000


class Scored(NamedTuple):
    """What scoring a stream gives.

    Attributes:
        scores: one row a sample, in the order of the stream.
        samples: the samples, of which only the first :data:`KEPT` are whole; the others have id and group alone.
        resumed: how many rows had been written by the run that was taken up.
    """

    scores: Scores
    samples: Sequence[Sample]
    resumed: int


class _Kept(Sequence[Sample]):
    """The samples of a stream, the first :data:`KEPT` as they are; the others made anew from id and group."""

    def __init__(self) -> None:
        self._whole: list[Sample] = []
        self._ids: list[str | None] = []
        self._groups: list[Any] = []

    def add(self, sample: Sample) -> None:
        """Keep the stream's next sample."""
        if len(self) < KEPT:
            self._whole.append(sample)
        same = self._groups and self._groups[-1] == sample.group  # one object for a group, not one for each row
        self._groups.append(self._groups[-1] if same else sample.group)
        self._ids.append(sample.id)

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        row = index + len(self) if index < 0 else index
        if 0 <= row < len(self._whole):
            return self._whole[row]
        return Sample(None, "", id=self._ids[index], group=self._groups[index])


def score_stream(
    reward: Reward,
    samples: Iterable[Sample],
    writer: Writer,
    context: Context | None = None,
    advance: Callable[[int, int | None], None] = lambda done, total: None,
) -> Scored:
    """Score a stream and write a record for each sample.

    Args:
        reward: the reward; the rows that it must see together stand next to each other in the stream.
        samples: the stream.
        writer: where records go; the rows that it recovered are not scored again.
        context: as for ``reward.score``.
        advance: told how many samples are done, after each block.

    Raises:
        ReachError: rows that the reward must see together stand apart.
        ConfigError: the recovered rows are not those of the stream's first samples.
    """
    stream = iter(samples)
    kept = _Kept()
    for sample in _recovered(stream, writer.recovered):
        kept.add(sample)
    scored = [_restored(reward, writer.recovered)] if kept else []
    same: dict[str, str] = {}  # one object for each reason, however often it is given
    for block in blocks(stream, reward.reach, SIZE):
        scores = reward.score(block, context)
        for record, sample in zip(scores.records(block), block, strict=True):
            writer.write(record if sample.group is None else record | {"group": sample.group})
            kept.add(sample)
        writer.sync()
        for _, term in (("", scores), *scores.walk()):
            term.reason = [same.setdefault(r, r) for r in term.reason]
            term.notes = term.spans = None
        scored.append(scores)
        advance(len(kept), None)
    return Scored(Scores.concat(scored) if scored else reward.score([]), kept, len(writer.recovered))


def _recovered(stream: Iterator[Sample], rows: Sequence[dict[str, Any]]) -> Iterator[Sample]:
    """Take as many samples off the stream as rows were recovered, checking that they are those."""
    for k, (sample, row) in enumerate(zip(islice(stream, len(rows)), rows, strict=False)):
        if sample.id != row["id"]:
            raise ConfigError(f"row {k} of the interrupted run is {row['id']!r}, but the data has {sample.id!r} there")
        yield sample


def _restored(reward: Reward, rows: Sequence[dict[str, Any]]) -> Scores:
    """Make scores of written records: values and statuses of every term, the reasons of the whole.

    A weight that is a number is the reward's own; what a schedule or a field was in those rows no record says: NaN.
    """
    weighed = zip(reward.parts, getattr(reward, "weights", None) or (), strict=False)
    weights = {name: weight if isinstance(weight, float) else np.nan for name, weight in weighed}
    names = list(dict.fromkeys(name for row in rows for name in row["terms"]))

    def at(name: str) -> Scores:
        below = [n for n in names if n.rpartition(".")[0] == name]
        values = [row["terms"].get(name) if name else row["reward"] for row in rows]
        statuses = [_status(row, name, value) for row, value in zip(rows, values, strict=True)]
        return Scores(
            np.array([np.nan if v is None else v for v in values], dtype=np.float64),
            np.array(statuses, dtype=np.int8),
            None if name else [row["reason"] for row in rows],
            terms={n.rpartition(".")[2]: at(n) for n in below},
            weight=weights.get(name),
        )

    return at("")


def _status(row: dict[str, Any], name: str, value: float | None) -> int:
    if not name:
        return status_code(row["status"])
    return status_code(row["term_status"].get(name, Status.OK if value is not None else Status.MISSING))
