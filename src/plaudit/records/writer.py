r"""Scored records into a file, so that a half-written file never bears the name of a whole one.

Rows are dictionaries ``{"id", "reward", "status", "reason", "terms": {"a.b": value}, "term_status": {...}}``
and whatever of the record the caller adds. They go as JSON lines to ``<name>.partial`` beside the output,
which is synced and renamed when all are written. Whatever ends the program before that, the rows so far stay
in the partial file, the output of an earlier run stays as it was, and so does an earlier partial file (this
one is then ``<name>.partial.1``). An exception that ends the block gets a note saying so.

What is no number is null, in both formats:

- JSON lines (``.jsonl``, ``.ndjson``, or ``-`` for standard output): one object a line, NaN and infinities as
null.
- Parquet: made from the JSON lines at the end, when every term is known. Columns ``id``, ``reward``,
  ``status``, ``reason``, then ``term.<name>`` (float64) for each term in order of appearance, ``term_status``
  (a JSON object as text, null where every term is ok), then the caller's own columns: text, whole number,
  number or boolean where all rows agree, and JSON text where they don't. The same rewards and fields give the
  same columns, whatever the values.

>>> with Writer("scores.jsonl") as out:  # doctest: +SKIP
...     out.write({"id": "a", "reward": 1.0, "status": "ok", "reason": "", "terms": {}, "term_status": {}})
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from plaudit.core.errors import ConfigError
from plaudit.core.media import Media
from plaudit.records.journal import about_file, last_partial, recover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

_LINES = (".jsonl", ".ndjson")
_OWN = ("id", "reward", "status", "reason", "terms", "term_status")
_BATCH = 4096
_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class Writer:
    """A file of scored records, whole or not there; to be used as a context manager.

    Args:
        out: ``.jsonl``, ``.ndjson`` or ``.parquet`` by its suffix, or ``"-"`` for JSON lines on standard
            output.
        about: what is scored with what, as JSON-ready data; with it, the run can be taken up again if it is killed.
        resume: if given, go on where the latest killed run left off, if one did; it says which rows belong together
            (``sample``, ``group``, ``batch``), so that none of them are torn apart.

    Attributes:
        recovered: the rows that the run taken up had written.
        partial: where rows stand until the file is whole; None for standard output.
        count: rows written so far.

    Raises:
        ConfigError: another suffix, a folder of that name, or a folder that is not there or can't be written
        to.
    """

    def __init__(self, out: str | Path, about: Mapping[str, Any] | None = None, resume: str = "") -> None:
        self.count = 0
        self.recovered: list[dict[str, Any]] = []
        self.partial: Path | None = None
        self._file: BinaryIO
        self._terms: dict[str, None] = {}
        self._columns: dict[str, set[str]] = {}
        if str(out) == "-":
            self._file = sys.stdout.buffer
            return
        # Renaming over a symbolic link would replace the link and leave its target as it was.
        self._out = Path(os.path.realpath(out))
        if self._out.suffix not in (*_LINES, ".parquet"):
            raise ConfigError(f"{out} is of no known format; known: .jsonl, .ndjson, .parquet, or -")
        if self._out.is_dir():
            raise ConfigError(f"{out} is a folder; name a file in it")
        left = last_partial(self._out) if resume else None
        if left is not None:
            for row in recover(left, about or {}, resume):
                self._count(row)
                self.recovered.append(row)
            self.partial, self._file = left, left.open("ab", buffering=1 << 18)
        else:
            self.partial, self._file = _create(self._out)
            if about is not None:
                about_file(self.partial).write_bytes(orjson.dumps(about))

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row.

        Raises:
            TypeError: the row holds an object that is no JSON; the message names the row and the type.
        """
        try:
            self._file.write(_encoded(row))
        except TypeError as error:
            raise TypeError(f"row {row.get('id')!r} can't be written: {error.__cause__ or error}") from None
        self._count(row)

    def sync(self) -> None:
        """Make sure that the rows so far outlive this process, and the machine's power."""
        self._file.flush()
        if self.partial is not None:
            os.fsync(self._file.fileno())

    def _count(self, row: Mapping[str, Any]) -> None:
        self.count += 1
        if self.partial is not None and self._out.suffix == ".parquet":
            self._terms |= dict.fromkeys(row.get("terms") or ())
            for name, value in row.items():
                if name not in _OWN:
                    self._columns.setdefault(name, set()).add(_column_kind(value))

    def close(self) -> None:
        """Make the file whole: sync, convert if need be, and give it its name."""
        if self._file.closed:
            return
        self._file.flush()
        if self.partial is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if self._out.suffix == ".parquet":
            made = self.partial.with_name(f"{self.partial.name}.parquet")
            try:
                self._convert(self.partial, made)
                made.replace(self._out)
            finally:
                made.unlink(missing_ok=True)
            self.partial.unlink()
        else:
            self.partial.replace(self._out)
        about_file(self.partial).unlink(missing_ok=True)
        _sync_folder(self._out.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif self.partial is not None:
            self._file.close()
            error.add_note(f"{self.count} rows so far are kept, as JSON lines, in {self.partial}")

    def _convert(self, lines: Path, made: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        own = {name: _agreed(kinds) for name, kinds in self._columns.items()}
        schema = pa.schema(
            [("id", pa.string()), ("reward", pa.float64()), ("status", pa.string()), ("reason", pa.string())]
            + [(f"term.{name}", pa.float64()) for name in self._terms]
            + [("term_status", pa.string())]
            + [(name, types.get(kind, pa.string())) for name, kind in own.items()]
        )
        with pq.ParquetWriter(made, schema) as out, lines.open("rb") as file:
            for batch in _batches(file):
                rows = [_flat(row, self._terms, own) for row in batch]
                out.write_table(pa.Table.from_pylist(rows, schema))
        with made.open("rb+") as file:
            os.fsync(file.fileno())


def _create(out: Path) -> tuple[Path, BinaryIO]:
    for attempt in range(1000):
        partial = out.with_name(f"{out.name}.partial" + (f".{attempt}" if attempt else ""))
        try:
            return partial, partial.open("xb", buffering=1 << 18)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(f"{partial} can't be written: {error.strerror or error}") from None
    raise ConfigError(f"{out}: a thousand partial files of earlier runs stand beside it; remove them")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encoded(row: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(row, _plain, _OPTIONS)
    except TypeError:
        # orjson refuses whole numbers of more than 64 bits and half surrogate pairs; a run must not end for those.
        return json.dumps(_tame(row), default=_plain, ensure_ascii=False).encode() + b"\n"


def _tame(value: Any) -> Any:
    """The value with null for what is no number, and a question mark for half a surrogate pair."""
    if isinstance(value, Mapping):
        return {str(k): _tame(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tame(v) for v in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return _tame(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """What JSON holds of a value that is not JSON: media by path, or whole as a data URL."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Media):
        is_text = isinstance(value.source, str)
        return value.source if is_text else value.data_url()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if Media.fits(value):
        return Media.of(value).data_url()
    raise TypeError(f"it holds a {type(value).__name__}")


def _column_kind(value: Any) -> str:
    kinds = ((bool, "boolean"), (int, "whole"), (float, "number"), (str, "text"))
    if value is None:
        return "null"
    kind = next((name for kind, name in kinds if isinstance(value, kind)), "json")
    return "json" if kind == "whole" and not -(2**63) <= value < 2**63 else kind


def _agreed(kinds: set[str]) -> str:
    """The one kind of a column; JSON text where rows differ, or where none says."""
    some = kinds - {"null"}
    if some == {"whole", "number"}:
        return "number"
    return some.pop() if len(some) == 1 else "json"


def _batches(file: BinaryIO) -> Iterator[list[Any]]:
    batch = []
    for line in file:
        batch.append(json.loads(line))  # exact where orjson rounds long whole numbers
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _flat(row: dict[str, Any], terms: Mapping[str, None], own: Mapping[str, str]) -> dict[str, Any]:
    values = row.get("terms") or {}
    statuses = row.get("term_status")
    flat = {name: row.get(name) for name in ("id", "reward", "status", "reason")}
    flat |= {f"term.{name}": values.get(name) for name in terms}
    flat["term_status"] = _text(statuses) if statuses else None
    for name, kind in own.items():
        value = row.get(name)
        flat[name] = _text(value) if kind == "json" and value is not None else value
    return flat
