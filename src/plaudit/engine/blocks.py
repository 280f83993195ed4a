"""Blocks: a long stream of samples cut into pieces that a reward may see one at a time.

What a reward must see together is never cut: the ``reach`` of its tree says what that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from plaudit.core.errors import ReachError

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

SIZE = 2048


def blocks(samples: Iterable[Sample], reach: str, size: int = SIZE) -> Iterator[list[Sample]]:
    """Cut a stream into lists of about ``size`` samples that keep whole what ``reach`` says.

    Args:
        samples: the stream; for a reach of groups, or of a meta entry, equal ones stand next to each other.
        reach: ``sample``, ``group``, ``batch`` (one block of all) or the name of a meta entry.
        size: the least size of every block but the last.

    Raises:
        ReachError: a group appears again after its block was given out.
    """
    if reach == "batch":
        whole = list(samples)
        if whole:
            yield whole
        return
    block: list[Sample] = []
    given: set[object] = set()
    last: object = None
    for sample in samples:
        here = None if reach == "sample" else sample.get(reach)
        if len(block) >= size and (here is None or here != last):
            yield block
            block = []
        if here is not None and here != last:
            if here in given:
                raise ReachError(
                    f"{reach} {here!r} appears again after other {reach}s (sample {sample.id}): this reward must see "
                    f"each {reach} whole, so sort the data by {reach}"
                )
            given.add(here)
        last = here
        block.append(sample)
    if block:
        yield block
