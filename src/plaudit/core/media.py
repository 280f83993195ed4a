"""Media: an image, video or sound that nothing reads until somebody asks.

A data set names ten thousand pictures of which a reward may read none, so making a :class:`Media` costs about
a microsecond: it keeps what it was given. Everything else is worked out on demand, and the digest, by which
pictures are told apart, is kept, so that a group whose samples share one object hashes its picture once.

What may be given: a path, ``bytes``, a ``data:`` URL, a Pillow image, a numpy array, the struct of Hugging
Face datasets (``{"bytes", "path"}``, ``{"array", "sampling_rate"}``) or a content part of a chat message. An
``http(s)`` address is kept but never fetched: a score must not depend on what a server says today.

>>> Media({"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}}).mime
'image/gif'
>>> Media("photo.png").resolve(Path("/data")).source
'/data/photo.png'

Importing this module loads neither numpy nor Pillow nor PyAV.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from plaudit.core import codecs
from plaudit.core.errors import MediaError
from plaudit.core.sources import KINDS, Form, Kind, decode_data_url, form_of, open_file, shown, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["MAX_PIXELS", "Kind", "Media"]

_BLOCK = 1 << 20  # bytes hashed at a time

MAX_PIXELS = 64_000_000
"""Larger images and video frames are refused before they are decoded, unless a call passes its own limit."""

_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"), "image"),
    **dict.fromkeys((".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".flv"), "video"),
    **dict.fromkeys((".wav", ".mp3", ".ogg", ".flac", ".aac", ".m4a", ".opus"), "audio"),
}


class Media:
    """One image, video or sound.

    Args:
        source: what it is made from (see the module); never changed, and not to be changed by the caller.
        kind: what it is, where the source does not say.
        rate: for an array, frames or samples a second.

    Raises:
        MediaError: the source is of no such form.
    """

    __slots__ = ("_digest", "_form", "_kind", "rate", "source")

    source: Any
    rate: float | None

    def __init__(self, source: Any, kind: Kind | None = None, rate: float | None = None) -> None:
        if isinstance(source, Mapping):
            given = unpack(source)
            if given is None:
                raise MediaError(f"{shown(source)} holds no image, video or audio")
            source, kind, rate = given.source, given.kind or kind, given.rate or rate
        form = form_of(source)
        if form is None:
            raise MediaError(f"{shown(source)} is no image, video or audio: a {type(source).__name__}")
        if form == "path":
            source = str(source)
            if source.startswith("file://"):
                source = unquote(urlsplit(source).path)
        elif form == "bytes" and type(source) is not bytes:
            source = bytes(source)
        self.source, self.rate = source, rate
        self._form: Form = form
        self._kind: Kind | None = kind
        self._digest: str | None = None

    @classmethod
    def of(cls, value: Any, kind: Kind | None = None) -> Media:
        """Return a Media as it is, and make one of anything else."""
        return value if isinstance(value, Media) else cls(value, kind)

    @staticmethod
    def fits(value: Any) -> bool:
        """Whether the value is media by its own form. A plain string is not: it may be text."""
        if isinstance(value, Mapping):
            return unpack(value) is not None
        return isinstance(value, Media) or (not isinstance(value, str) and form_of(value) is not None)

    @property
    def kind(self) -> Kind:
        """``"image"``, ``"video"`` or ``"audio"``: as given, else by the name's suffix, else by the bytes.

        Raises:
            MediaError: neither says.
        """
        if self._kind is None:
            self._kind = self._guess_kind()
        return self._kind

    @property
    def mime(self) -> str:
        """The mime type by the encoded bytes' signature, never by the name.

        Raises:
            MediaError: it can't be read, or the signature is unknown.
        """
        mime = self._sniffed()
        if mime is None:
            raise MediaError(f"{self} is of no known image, video or audio format")
        return mime

    @property
    def digest(self) -> str:
        """32 hexadecimal digits of BLAKE2b: of the encoded bytes, or of an array's or Pillow image's pixels
        and shape.

        Computed once and kept, so a file or array that changes afterwards is not noticed. A Pillow image and
        the array of its pixels have one digest; a picture and its file have two.

        Raises:
            MediaError: it can't be read.
        """
        if self._digest is None:
            if self._form in {"pil", "array"}:
                pixels = self.array()
                digest = blake2b(f"{pixels.dtype} {pixels.shape} {self.rate}".encode(), digest_size=16)
                digest.update(pixels.data)
            else:
                digest = blake2b(digest_size=16)
                with self._open() as file:
                    while block := file.read(_BLOCK):
                        digest.update(block)
            self._digest = digest.hexdigest()
        return self._digest

    def read(self) -> bytes:
        """The encoded bytes; a Pillow image or image array as PNG, an audio array as 16-bit WAV.

        Raises:
            MediaError: it can't be read, or is a video array, which has no encoded form (ask for its frames).
        """
        if self._form == "bytes":
            return bytes(self.source)  # no copy: bytes of bytes is the same object
        if self._form in {"pil", "array"}:
            return self._encode()
        with self._open() as file:
            return file.read()

    def data_url(self) -> str:
        """The encoded bytes as a base64 ``data:`` URL with the sniffed mime type.

        Raises:
            MediaError: it can't be read, or its format is unknown.
        """
        data = self.read()
        mime = codecs.sniff(data[: codecs.HEAD_BYTES])
        if mime is None:
            raise MediaError(f"{self} is of no known image, video or audio format")
        return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"

    def pil(self, limit: int | None = None) -> Image:
        """The picture, decoded, upright and of mode RGB.

        Transparency is laid on white, 16-bit grey keeps its upper eight bits, an EXIF orientation is applied;
        an upright RGB picture keeps every pixel. Of an animation this is the first frame. Decodes on each
        call.

        Args:
            limit: most pixels to decode (default :data:`MAX_PIXELS`). Above Pillow's own ceiling of about 179
                million, ``PIL.Image.MAX_IMAGE_PIXELS`` has to be raised too.

        Raises:
            MediaError: missing, not an image, truncated, or larger than the limit.
        """
        limit = MAX_PIXELS if limit is None else limit
        if self._form == "array":
            from PIL.Image import fromarray

            return fromarray(self._image_array())
        if self._form == "pil":
            codecs.check_size(self.source.width, self.source.height, limit, str(self))
            return codecs.to_rgb(self.source, str(self))
        mime = self._sniffed()
        with self._open() as file:
            return codecs.to_rgb(codecs.open_image(file, mime, limit, str(self)), str(self))

    def array(self, limit: int | None = None) -> NDArray[Any]:
        """The decoded content as one contiguous array.

        Image: uint8[H, W, 3]. Video: uint8[T, H, W, 3], every frame. Audio: float32[n] or float32[n,
        channels] in -1..1; ``rate`` then says how many a second.

        Raises:
            MediaError: as :meth:`pil`; or a video of more than a billion pixels, or over 2**27 sound samples.
        """
        import numpy as np

        kind = self.kind
        if self._form == "array":
            return self._image_array() if kind == "image" else np.ascontiguousarray(self._checked_array())
        if kind == "image":
            return np.array(self.pil(limit))
        if kind == "video":
            return np.stack(codecs.all_frames(self._stream(limit), str(self)))
        with self._open() as file:
            samples, self.rate = codecs.decode_audio(file, self._sniffed(), str(self))
        return samples

    def frames(
        self, indices: Sequence[int] | None = None, *, fps: float | None = None, limit: int | None = None
    ) -> list[Image]:
        """Frames of a video as upright RGB pictures: those of these indices, or so many a second.

        Args:
            indices: 0-based positions in order of time; any order, repeats allowed.
            fps: the pictures shown at 0, 1/fps, 2/fps, ... seconds, until the video ends.
            limit: most pixels of one frame (default :data:`MAX_PIXELS`).

        Raises:
            MediaError: not a video that can be read, no such frame, no known rate (for ``fps``), or more than
                a billion pixels in all.
            ValueError: neither or both are given, a negative index, or ``fps`` not above 0.
        """
        from PIL import Image

        if (indices is None) == (fps is None):
            raise ValueError("frames() takes either indices or fps")
        if self.kind != "video":
            raise MediaError(f"{self} is of kind {self.kind}: only a video has frames")
        stream = self._stream(limit)
        if fps is None:
            chosen = codecs.frames_at(stream, indices or (), str(self))
        else:
            chosen = codecs.frames_per_second(stream, fps, lambda: self.rate, str(self))
        made: dict[int, Image.Image] = {}  # one picture for the repeats of a frame
        for frame in chosen:
            if id(frame) not in made:
                made[id(frame)] = Image.fromarray(frame)
        return [made[id(frame)] for frame in chosen]

    def check(self, limit: int | None = None) -> None:
        """Make sure that it can be used: there, a regular file, of its kind, whole, and not too large.

        An image is decoded once, which is the only way to know that it is whole. Of a video or sound the
        packets are counted and the first frame is decoded.

        Raises:
            MediaError: one clear line that names the source and what is wrong with it.
        """
        kind = self.kind
        if self._form == "array":
            self._checked_array()
        elif kind == "image":
            self.pil(limit)
        else:
            mime = self._sniffed()
            with self._open() as file:
                codecs.check_av(file, mime, kind, MAX_PIXELS if limit is None else limit, str(self))

    def resolve(self, base: Path) -> Media:
        """The same medium with a relative path taken from the folder ``base``; anything else is itself.

        An absolute path, or ``..`` that leads out of the folder, is allowed.
        """
        if self._form != "path" or Path(self.source).is_absolute():
            return self
        return Media(str(base / self.source), self._kind, self.rate)

    def __str__(self) -> str:
        if self._form in {"path", "url"}:
            return shown(self.source)
        what = self._kind or "medium"
        if self._form == "bytes":
            return f"{what} of {len(self.source):,} bytes"
        return f"{what} in a data URL" if self._form == "data" else f"{what} in memory"

    def __repr__(self) -> str:
        return f"<Media {self}>"

    def __eq__(self, other: object) -> bool:
        """Whether both have the same source: equal paths, texts or bytes, the same array or Pillow image."""
        if not isinstance(other, Media) or self._form != other._form:
            return NotImplemented
        if self._form in {"pil", "array"}:
            return self.source is other.source and self.rate == other.rate
        return bool(self.source == other.source)

    def __hash__(self) -> int:
        return hash((self._form, id(self.source) if self._form in {"pil", "array"} else self.source))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self.source, self._kind, self.rate, self._digest))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    # How the source is opened.

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """The encoded bytes as a file, without reading a file whole."""
        if self._form == "bytes":
            yield io.BytesIO(self.source)
        elif self._form == "data":
            yield io.BytesIO(decode_data_url(self.source))
        elif self._form == "url":
            raise MediaError(f"{self} is an address, which is never fetched; download it and give the file")
        elif self._form == "path":
            with open_file(self.source) as file:
                yield file
        else:
            yield io.BytesIO(self._encode())

    def _sniffed(self) -> str | None:
        if self._form in {"pil", "array"}:
            return "audio/wav" if self.kind == "audio" else "image/png" if self.kind == "image" else None
        with self._open() as file:
            return codecs.sniff(file.read(codecs.HEAD_BYTES))

    def _guess_kind(self) -> Kind:
        if self._form == "pil":
            return "image"
        if self._form == "array":
            shape, floats = self.source.shape, self.source.dtype.kind == "f"
            if floats and len(shape) in {1, 2}:
                return "audio"
            if not floats and len(shape) in {3, 4}:
                return "image" if len(shape) == 3 else "video"
            raise MediaError(
                f"an array of {self.source.dtype} and shape {shape} is neither an image (uint8[H, W, 3]), "
                "a video (uint8[T, H, W, 3]) nor audio (float[n] or float[n, channels])"
            )
        if self._form == "path":
            named = _SUFFIXES.get(Path(self.source).suffix.lower())
            if named is not None:
                return named
        family = self.mime.partition("/")[0]
        return next(k for k in KINDS if k == family)

    # Arrays.

    def _checked_array(self) -> NDArray[Any]:
        array: NDArray[Any] = self.source
        kind = self.kind
        if kind == "audio":
            import numpy as np

            fits = array.dtype.kind == "f" and array.ndim in {1, 2}
            if not fits or not array.size or not np.isfinite(array).all():
                raise MediaError(
                    f"audio array is {array.dtype} {array.shape}; expected finite float[n] or [n, channels]"
                )
        elif array.dtype != "uint8" or array.ndim != (3 if kind == "image" else 4) or array.shape[-1] != 3:
            expected = "uint8[H, W, 3]" if kind == "image" else "uint8[T, H, W, 3]"
            raise MediaError(f"{kind} array is {array.dtype} {array.shape}; expected {expected}")
        elif not array.size:
            raise MediaError(f"{kind} array has shape {array.shape}: there is nothing in it")
        return array

    def _image_array(self) -> NDArray[np.uint8]:
        import numpy as np

        if self.kind != "image":
            raise MediaError(f"{self} is of kind {self.kind}, not an image")
        return np.ascontiguousarray(self._checked_array())

    def _encode(self) -> bytes:
        if self.kind == "video":
            raise MediaError("a video given as an array has no encoded bytes; ask for its frames()")
        file = io.BytesIO()
        if self.kind == "image":
            self.pil().save(file, "PNG")
            return file.getvalue()
        import wave

        samples = self._checked_array().clip(-1, 1)
        if not self.rate:
            raise MediaError("an audio array needs its rate: Media(array, rate=16000)")
        with wave.open(file, "wb") as out:
            out.setparams((1 if samples.ndim == 1 else samples.shape[1], 2, round(self.rate), 0, "NONE", ""))
            out.writeframes((samples * 32767).round().astype("<i2").tobytes())
        return file.getvalue()

    def _stream(self, limit: int | None) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """The frames of a video, each with its time in seconds; learns the rate on the way."""
        if self._form == "array":
            for index, frame in enumerate(self._checked_array()):
                yield (index / self.rate if self.rate else 0.0), frame
            return
        mime = self._sniffed()
        with self._open() as file, codecs.open_av(file, mime, str(self)) as container:
            frames = codecs.Frames(container, MAX_PIXELS if limit is None else limit, str(self))
            self.rate = self.rate or frames.rate or None
            yield from frames


def _restore(source: Any, kind: Kind | None, rate: float | None, digest: str | None) -> Media:
    media = Media(source, kind, rate)
    media._digest = digest
    return media


def _hasher() -> Any:
    return blake2b(digest_size=16)
