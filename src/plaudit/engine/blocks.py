"""Blocks: a long stream of samples cut into pieces that a reward may see one at a time.

What a reward must see together is never cut: the ``reach`` of its tree says what that is.

>>> from plaudit.core.sample import Sample
>>> stream = [Sample("?", "a", group=g) for g in "xxyyyz"]
>>> [[s.group for s in block] for block in blocks(stream, "group", size=1)]
[['x', 'x'], ['y', 'y', 'y'], ['z']]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError, ReachError

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

SIZE = 2048


def blocks(samples: Iterable[Sample], reach: str, size: int = SIZE) -> Iterator[list[Sample]]:
    """Cut a stream into lists of about ``size`` samples that keep whole what ``reach`` says.

    A sample without a group (or that entry) is one of its own.

    Args:
        samples: the stream; for a reach of groups, or of a meta entry, equal ones stand next to each other, or at least
            not a block apart.
        reach: ``sample``, ``group``, ``batch`` (one block of all) or the name of a meta entry.
        size: the least size of every block but the last, at least 1.

    Raises:
        ConfigError: the size is less than 1.
        ReachError: a group appears again after its block was given out, or is named by something that can't be looked
            up, such as a list.
    """
    if size < 1:
        raise ConfigError(f"size={size}: a block has at least one sample")
    if reach == "batch":
        whole = list(samples)
        if whole:
            yield whole
        return
    block: list[Sample] = []
    here: set[Any] = set()  # the groups of the block
    given: set[Any] = set()  # those of blocks that were given out
    last: Any = None
    for sample in samples:
        group = None if reach == "sample" else _group(sample, reach)
        if len(block) >= size and (group is None or group != last):
            yield block
            block = []
            given |= here
            here = set()
        if group is not None and group != last:
            if group in given:
                raise ReachError(
                    f"{reach} {group!r} appears again after other {reach}s (sample {sample.id}): this reward must see "
                    f"each {reach} whole, so sort the data by {reach}"
                )
            here.add(group)
        last = group
        block.append(sample)
    if block:
        yield block


def _group(sample: Sample, reach: str) -> Any:
    """The name of a sample's group, or None; NaN, as tables write what is absent, is none."""
    group = sample.get(reach)
    try:
        hash(group)
    except TypeError:
        raise ReachError(
            f"{reach} of sample {sample.id} is a {type(group).__name__}; name each {reach} by a text or a number"
        ) from None
    return group if group == group else None
