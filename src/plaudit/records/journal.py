"""The journal of a run: the partial file that :class:`~plaudit.records.writer.Writer` fills, and what it is of.

Rows are appended in the order of the data and synced block by block, so a killed run leaves all finished rows but the
last few. Beside ``<name>.partial`` lies ``<name>.partial.about``, which says what was being scored with what: a run is
only taken up again by one that would write the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from plaudit.core.errors import ConfigError


def about_file(partial: Path) -> Path:
    """Return where it is said what a partial file is of."""
    return partial.with_name(f"{partial.name}.about")


def last_partial(out: Path) -> Path | None:
    """Return the partial file that the latest interrupted run to ``out`` left, if any did."""
    left = [p for p in out.parent.glob(f"{out.name}.partial*") if about_file(p).is_file()]
    return max(left, key=lambda p: p.stat().st_mtime, default=None)


def recover(partial: Path, about: Mapping[str, Any], reach: str) -> list[dict[str, Any]]:
    """Return the rows of a partial file that need not be scored again, and cut off all that follows them.

    Cut off is a row that was torn as it was written and, where rows must be seen together, the last of them, which may
    not be all there.

    Args:
        partial: the file.
        about: what the run that takes it up scores with what.
        reach: the rows that the reward must see together: ``sample``, ``group``, or anything else for all.

    Raises:
        ConfigError: it is of another run; the message names what differs.
    """
    was = orjson.loads(about_file(partial).read_bytes())
    for name, value in about.items():
        if was.get(name) != value:
            raise ConfigError(f"{partial} is of a run with {name} {was.get(name)!r}, not {value!r}: resume that run")
    rows: list[dict[str, Any]] = []
    ends = [0]
    with partial.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            rows.append(orjson.loads(line))
            ends.append(ends[-1] + len(line))
        whole = _whole(rows, reach)
        file.truncate(ends[whole])
    return rows[:whole]


def _whole(rows: list[dict[str, Any]], reach: str) -> int:
    """How many rows stand before those that may not be all there."""
    if reach == "sample" or not rows:
        return len(rows)
    last = rows[-1].get("group")
    if reach != "group" or last is None:
        return 0
    return next(i for i, row in enumerate(rows) if row.get("group") == last)
