"""Samples out of a file, a folder or standard input, one after another.

===================================  ======================================================================
``data``                             read as
===================================  ======================================================================
``.jsonl``, ``.ndjson`` (``.gz``)    JSON lines, streamed
``.json`` (``.gz``)                  an array of records, ``{"samples": [...]}``, or one record; read whole
``.parquet``                         a batch of rows at a time
a folder                             every such file directly in it, by name; all other files, hidden files
                                     and subfolders (of pictures, say) are passed over
``-``                                JSON lines from standard input
===================================  ======================================================================

A sample without an id of its own is called ``<file name>:<line>`` (lines from 1) or ``<file name>:<row>``
(rows of Parquet and items of JSON from 0), followed by ``#k`` for the k-th of several responses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from plaudit.core.errors import ConfigError
from plaudit.records.fields import check_mapping, picker
from plaudit.records.jsonl import open_binary, read_json, read_lines
from plaudit.records.parquet import read_parquet
from plaudit.records.rows import Gallery, Place, defective, to_samples

if TYPE_CHECKING:
    from plaudit.core.sample import Sample
    from plaudit.records.jsonl import Row

_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_JSON = (".json", ".json.gz")
_KNOWN = (*_LINES, *_JSON, ".parquet")


def read(
    data: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    check_media: bool = True,
    max_pixels: int | None = None,
) -> Iterator[Sample]:
    """Stream the samples of a data set, in order, in memory bounded by one record or batch.

    Args:
        data: a file, a folder, or ``"-"``.
        mapping: field to column where a data set has its own names: ``{"reference": "solution"}``.
        check_media: decode every image once (each distinct file once) to make sure that it can be used.
            Without, what is wrong with a file is found when a reward opens it.
        max_pixels: largest image accepted; None for :data:`plaudit.core.media.MAX_PIXELS`.

    Returns:
        an iterator. A record that can't be scored is a sample with a ``defect`` that names file, line and
        field.

    Raises:
        ConfigError: at once, if there is no such file, nothing in it that can be read, or no such field; from
            the iterator, if the first record of a file lacks a column of the mapping, or a whole file can't
            be read.
    """
    pick = picker(mapping)
    files: list[Path | None] = [None] if str(data) == "-" else [*_files(Path(data))]

    def stream() -> Iterator[Sample]:
        for path in files:
            name = "stdin" if path is None else path.name
            base = Path() if path is None else path.parent
            unit = "row" if name.endswith(".parquet") else "item" if name.endswith(_JSON) else "line"
            gallery = Gallery(base, check_media, max_pixels)
            unchecked = mapping
            for number, value, defect in _rows(path):
                place = Place(f"{name} {unit} {number}", f"{name}:{number}")
                if defect is not None:
                    yield defective(place, defect)
                    continue
                if unchecked and isinstance(value, Mapping):
                    check_mapping(unchecked, value, name)
                    unchecked = None
                yield from to_samples(value, place, pick, gallery)

    return stream()


def _rows(path: Path | None) -> Iterator[Row]:
    if path is None:
        yield from read_lines(sys.stdin.buffer, "stdin")
    elif path.name.endswith(_LINES):
        with open_binary(path) as file:
            yield from read_lines(file, str(path))
    elif path.name.endswith(_JSON):
        yield from read_json(path)
    else:
        yield from read_parquet(path)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        shown = (p for p in path.iterdir() if not p.name.startswith("."))
        found = sorted(p for p in shown if p.name.endswith(_KNOWN) and p.is_file())
        if not found:
            raise ConfigError(f"{path} has no records directly in it; expected files of {', '.join(_KNOWN)}")
        return found
    if not path.exists():
        raise ConfigError(f"{path}: no such file")
    if not path.name.endswith(_KNOWN):
        raise ConfigError(f"{path} is of no known format; known: {', '.join(_KNOWN)}, a folder, or -")
    with open_binary(path):
        return [path]
