"""Where media come from: the forms in which datasets and chat messages give them, and how each is opened.

Recognising a form reads nothing and imports nothing: an object made by Pillow or numpy has loaded its library
already.
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from plaudit.core.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["image", "video", "audio"]
Form = Literal["path", "url", "data", "bytes", "pil", "array"]
KINDS: tuple[Kind, ...] = ("image", "video", "audio")


class Given(NamedTuple):
    """What a struct or content part holds; ``kind`` and ``rate`` where it says them."""

    source: Any
    kind: Kind | None
    rate: float | None


def form_of(source: Any) -> Form | None:
    """Which form a source has; None for what is no medium."""
    if isinstance(source, str):
        if source.startswith("data:"):
            return "data"
        return "url" if source.startswith(("http://", "https://")) else "path"
    if isinstance(source, Path):
        return "path"
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "bytes"
    pillow, numpy = sys.modules.get("PIL.Image"), sys.modules.get("numpy")
    if pillow is not None and isinstance(source, pillow.Image):
        return "pil"
    return "array" if numpy is not None and isinstance(source, numpy.ndarray) else None


def unpack(part: Mapping[str, Any]) -> Given | None:
    """Read a Hugging Face struct or a content part; None where there is no medium in it."""
    named = part.get("type")
    if named is None:
        if part.get("array") is not None:
            return _given(part["array"], None, part.get("sampling_rate"))
        source = part.get("bytes") if part.get("bytes") is not None else part.get("path")
        return _given(source, None)
    kind = next((k for k in KINDS if named in (k, f"{k}_url", f"input_{k}")), None)
    if kind is None:
        return None
    for key in (f"{kind}_url", f"input_{kind}", kind, "url", "path", "bytes"):
        source = part.get(key)
        if isinstance(source, Mapping):
            if key == "input_audio" and isinstance(source.get("data"), str):
                return _given(f"data:audio/{source.get('format', 'wav')};base64,{source['data']}", kind)
            if isinstance(source.get("url"), str):
                return _given(source["url"], kind)
            inner = unpack(source)
            return inner and _given(inner.source, kind, inner.rate)
        if source is not None:
            return _given(source, kind)
    return None


def _given(source: Any, kind: Kind | None, rate: float | None = None) -> Given | None:
    return None if form_of(source) is None else Given(source, kind, rate)


def decode_data_url(url: str) -> bytes:
    """The bytes in a ``data:`` URL, base64 or percent-encoded.

    Raises:
        MediaError: no comma, or no base64 where it says so.
    """
    head, comma, body = url.partition(",")
    if not comma:
        raise MediaError(f"{shown(url[:40])}: a data URL needs a comma before its data")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode("".join(unquote(body).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError(f"{head},...: the data is not base64: {error}") from None


@contextmanager
def open_file(path: str) -> Iterator[BinaryIO]:
    """A regular file, open for reading.

    Raises:
        MediaError: missing, a directory, a device or pipe (which might never end), or not permitted.
    """
    where = Path(path)
    try:
        if where.is_dir():
            raise MediaError(f"{path!r} is a directory, not a file" if path else "the path is empty")
        if where.exists() and not where.is_file():
            raise MediaError(f"{path} is not a regular file")
        file = where.open("rb")
    except FileNotFoundError:
        raise MediaError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"{shown(path)} can't be opened: {getattr(error, 'strerror', None) or error}") from None
    with file:
        yield file


def shown(value: Any) -> str:
    """The value as an error shows it: at most 200 characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
