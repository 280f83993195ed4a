"""JSON lines and JSON files as rows: each a value, or the reason why it can't be read.

Decided, since data sets hold all of these:

- A byte order mark at the start, CRLF and blank lines are skipped; blank lines count as lines.
- Bytes that are not UTF-8, ``NaN`` and ``Infinity`` (which are not JSON), half a surrogate pair, and more
  than 1,024 levels make the line defective, not the file.
- Of two equal keys in one object the last counts.
- A line of more than 256 MiB is defective, and is passed over without being held in memory. Memory is bounded
  by the longest line below that.
- A compressed file that ends early gives a last defective row, so that its loss is counted.

A ``.json`` file (an array of records, ``{"samples": [...]}``, or one record) is read whole; large data belong
in JSON lines or Parquet.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import orjson

from plaudit.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE = 256 * 2**20
_SPACE = b" \t\r\n"
_NOT_JSON = ("NaN", "Infinity")
_EXACT = 2.0**63


class Row(NamedTuple):
    """One record: its number, its value, and why it can't be read (then ``value`` is None)."""

    number: int
    value: Any
    defect: str | None = None


def open_binary(path: Path) -> BinaryIO:
    """A file's bytes, decompressed if its name ends in ``.gz``.

    Raises:
        ConfigError: it can't be opened.
    """
    try:
        return cast("BinaryIO", gzip.GzipFile(path)) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path} can't be opened: {error.strerror or error}") from None


def read_lines(file: BinaryIO, name: str, max_line: int = MAX_LINE) -> Iterator[Row]:
    """The records of JSON lines, numbered by line from 1.

    Raises:
        ConfigError: nothing can be read at all (a name that ends in ``.gz`` on a file that is none).
    """
    number = 0
    while True:
        try:
            line = file.readline(max_line + 1)
            long = len(line) > max_line
            while line and len(line) > max_line and not line.endswith(b"\n"):
                line = file.readline(max_line + 1)
        except (OSError, EOFError, zlib.error) as error:
            if number == 0:
                raise ConfigError(f"{name} can't be read: {error}") from None
            yield Row(number + 1, None, f"the file is damaged from here on: {error}")
            return
        if not line:
            return
        number += 1
        if number == 1 and line.startswith(codecs.BOM_UTF8):
            line = line[len(codecs.BOM_UTF8) :]
        if long:
            yield Row(number, None, f"longer than {max_line:,} bytes")
        elif line.strip(_SPACE):
            yield _parsed(number, line)


def read_json(path: Path) -> Iterator[Row]:
    """The records of a JSON file, numbered from 0.

    Raises:
        ConfigError: not JSON, or neither records nor one record.
    """
    with open_binary(path) as file:
        try:
            data = file.read().removeprefix(codecs.BOM_UTF8)
        except (OSError, EOFError, zlib.error) as error:
            raise ConfigError(f"{path} can't be read: {error}") from None
    _, whole, defect = _parsed(0, data)
    if defect is not None:
        raise ConfigError(f"{path}: {defect}")
    if isinstance(whole, dict):
        whole = whole["samples"] if isinstance(whole.get("samples"), list) else [whole]
    if not isinstance(whole, list):
        raise ConfigError(f"{path} holds {type(whole).__name__}; expected a list of records, or one record")
    for number, value in enumerate(whole):
        yield Row(number, value)


def _parsed(number: int, data: bytes) -> Row:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Row(number, None, _why(data, error))
    if isinstance(value, dict):
        for entry in value.values():
            if type(entry) is float and abs(entry) >= _EXACT:
                # orjson rounds whole numbers of more than 64 bits to floats; a reference must stay exact.
                import json

                return Row(number, json.loads(data))
    return Row(number, value)


def _why(data: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as bad:
        return f"not UTF-8: byte {bad.start} is 0x{data[bad.start]:02x}"
    for literal in _NOT_JSON:
        if text.startswith(literal, error.pos):
            return f"not JSON: {literal} at column {error.colno}; write null"
    return f"not JSON: {error.msg} at column {error.colno}"
