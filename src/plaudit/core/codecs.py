"""What encoded media are and how they are decoded: signatures, Pillow for images, PyAV for video and sound.

:class:`plaudit.core.media.Media` is the public face; this file is what it stands on. Three promises:

- *What a file is* is read from its first bytes, never from its name, and only the decoder of that one format
  is tried: no file can make Pillow start Ghostscript, or FFmpeg follow a play list to another address.
- *A size is checked before a pixel is decoded*, so that a few kilobytes can't fill the memory.
- *Pillow's warnings stay here*, and whatever a broken file makes a decoder raise becomes one
  :class:`~plaudit.core.errors.MediaError`.

Pillow, numpy and PyAV are imported by the first function that needs them.
"""

from __future__ import annotations

import math
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO

from plaudit.core.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from av.container import InputContainer
    from numpy.typing import NDArray
    from PIL.Image import Image

# Enough for every signature below, ISO media brands included.
HEAD_BYTES = 64

_IMAGE_FORMATS: dict[str, tuple[str, ...]] = {
    "image/png": ("PNG",),
    "image/jpeg": ("JPEG", "MPO"),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/bmp": ("BMP",),
    "image/tiff": ("TIFF",),
    "image/avif": ("AVIF",),
}
_DEMUXERS: dict[str, str] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpeg",
    "video/x-flv": "flv",
    "audio/mp4": "mp4",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/aac": "aac",
}
_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_ISO_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
}
# What Pillow and PyAV are known to raise on damaged files.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
)
_EXIF_ORIENTATION = 0x0112
_MAX_VIDEO_PIXELS = 1_000_000_000  # of all frames of one call together: 3 GB as uint8
_MAX_AUDIO_VALUES = 2**27  # half a GB as float32: 23 minutes of stereo at 48 kHz
# Warning filters belong to the process: two threads that save and restore them at once leave them changed.
_WARNINGS_LOCK = threading.Lock()


def sniff(head: bytes) -> str | None:
    """The mime type that the first bytes of a file tell, or None where they tell nothing known.

    >>> sniff(b"GIF89a...")
    'image/gif'
    """
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head else "video/x-matroska"
    for prefix, mime in _PREFIXES:
        if head.startswith(prefix):
            return mime
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _why(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0]


def open_image(file: BinaryIO, mime: str | None, limit: int, name: str) -> Image:
    """An image of which only the header has been read: its size is known, and at most ``limit`` pixels.

    Raises:
        MediaError: not an image, a broken header, or too large.
    """
    from PIL import Image, UnidentifiedImageError

    if mime not in _IMAGE_FORMATS:
        raise MediaError(f"{name} is {mime or 'of no known format'}, not an image that can be read")
    try:
        with _quiet():
            image = Image.open(file, formats=_IMAGE_FORMATS[mime])
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name} is too large to decode: {_why(error)}") from None
    except UnidentifiedImageError:
        raise MediaError(f"{name} is a broken image: its {mime} header can't be read") from None
    except _BROKEN as error:
        raise MediaError(f"{name} is a broken image: {_why(error)}") from None
    check_size(image.width, image.height, limit, name)
    return image


def check_size(width: int, height: int, limit: int, name: str) -> None:
    """Refuse an image or frame of more than ``limit`` pixels, or of none."""
    if width * height > limit:
        raise MediaError(f"{name} is {width} x {height} pixels, more than the limit of {limit:,}")
    if width < 1 or height < 1:
        raise MediaError(f"{name} is {width} x {height} pixels: there is nothing in it")


def to_rgb(image: Image, name: str) -> Image:
    """Decode an opened image to mode RGB, upright.

    Transparent pixels are laid on white, 16-bit grey keeps its upper eight bits, and an EXIF orientation is
    applied, as the loaders of datasets do. An upright RGB image comes back as it is.

    Raises:
        MediaError: truncated or broken, or pixels without a fixed range (32-bit integers, floats).
    """
    from PIL import Image

    try:
        # TIFF's reader is the one that warns of damage while it decodes; the others decode outside the lock.
        with _quiet() if image.format == "TIFF" else nullcontext():
            image.load()
        orientation = _orientation(image)
        if image.mode != "RGB":
            image = _flatten(image, name)
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name} is too large to decode: {_why(error)}") from None
    except _BROKEN as error:
        raise MediaError(f"{name} is truncated or broken: {_why(error)}") from None
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image) -> int:
    try:
        with _quiet():
            return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _BROKEN:
        return 1  # damaged metadata beside sound pixels: the picture counts


def _flatten(image: Image, name: str) -> Image:
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in {"I", "F"}:
        raise MediaError(f"{name} has pixels of mode {image.mode}, which have no fixed range; store 8 or 16 bits")
    if not (image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info):
        return image.convert("RGB")
    seen = image.convert("RGBA")
    paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
    return Image.alpha_composite(paper, seen).convert("RGB")


@contextmanager
def open_av(file: BinaryIO, mime: str | None, name: str) -> Iterator[InputContainer]:
    """A demuxed video or sound file; whatever FFmpeg refuses inside the block becomes a MediaError."""
    import av

    if mime not in _DEMUXERS:
        raise MediaError(f"{name} is {mime or 'of no known format'}, not video or audio that can be read")
    try:
        with av.open(file, "r", format=_DEMUXERS[mime], metadata_errors="replace") as container:
            yield container
    except (av.error.FFmpegError, *_BROKEN) as error:
        raise MediaError(f"{name} is truncated or broken: {_why(error)}") from None


def _first_stream(container: InputContainer, kind: str, name: str) -> Any:
    """The first stream of that kind that a decoder is known for."""
    streams = container.streams.video if kind == "video" else container.streams.audio
    if not streams:
        raise MediaError(f"{name} has no {'picture' if kind == 'video' else 'sound'} in it")
    # A stream of an unknown codec has no context, and then neither size nor rate.
    if getattr(streams[0], "codec_context", None) is None:
        raise MediaError(f"{name} is broken, or of a codec that can't be read")
    return streams[0]


class Frames:
    """The pictures of an open video, upright, in order: pairs of (seconds from the first, uint8[H, W, 3])."""

    def __init__(self, container: InputContainer, limit: int, name: str) -> None:
        self._container, self._limit, self._name = container, limit, name
        self._stream = _first_stream(container, "video", name)
        self.rate = float(self._stream.average_rate or 0)
        check_size(self._stream.width, self._stream.height, limit, name)

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        import numpy as np

        first: float | None = None
        for index, frame in enumerate(self._container.decode(self._stream)):
            check_size(frame.width, frame.height, self._limit, self._name)
            stamp: float | None = frame.time
            time = index / (self.rate or 1.0) if stamp is None else stamp
            first = time if first is None else first
            pixels: Any = frame.to_ndarray(format="rgb24")
            quarters = round(frame.rotation / 90) % 4
            yield time - first, np.rot90(pixels, quarters) if quarters else pixels


def all_frames(frames: Iterable[tuple[float, Any]], name: str) -> list[Any]:
    """Every frame, refusing a video that would not fit the memory.

    Raises:
        MediaError: no frame, or more than a billion pixels in all.
    """
    found: list[Any] = []
    for _, frame in frames:
        _append(found, frame, name)
    if not found:
        raise MediaError(f"{name} is truncated or broken: not one frame of it can be decoded")
    return found


def frames_at(frames: Iterable[tuple[float, Any]], indices: Sequence[int], name: str) -> list[Any]:
    """The frames at these 0-based positions, in the order asked for; stops decoding after the last of them.

    Raises:
        MediaError: there is no such frame, or more than a billion pixels in all.
        ValueError: a negative index.
    """
    if any(i < 0 for i in indices):
        raise ValueError(f"frame {min(indices)}: indices count from 0")
    wanted = sorted(set(indices))
    found: list[Any] = []
    count = 0
    for count, (_, frame) in enumerate(frames, 1):
        if len(found) < len(wanted) and count - 1 == wanted[len(found)]:
            _append(found, frame, name)
        if len(found) == len(wanted):
            break
    if len(found) < len(wanted):
        raise MediaError(f"{name} has {count} frames: there is no frame {wanted[len(found)]}")
    position = {index: k for k, index in enumerate(wanted)}
    return [found[position[i]] for i in indices]


def frames_per_second(
    frames: Iterable[tuple[float, Any]], fps: float, rate: Callable[[], float | None], name: str
) -> list[Any]:
    """The frame on show at 0, 1/fps, 2/fps, ... seconds, until the video ends; at least one.

    Args:
        frames: (seconds, frame) in order of time.
        fps: frames wanted a second.
        rate: frames a second in the video, once the first has come: how long the last one stays.
        name: how errors call the video.

    Raises:
        MediaError: no frame, no rate, or more than a billion pixels in all.
        ValueError: ``fps`` is not above 0.
    """
    if not 0 < fps < math.inf:
        raise ValueError(f"fps is {fps}; expected a finite number above 0")
    chosen: list[Any] = []
    last: Any = None
    start = 0.0
    # Times are rounded to the stream's time base, often a millisecond: half of that decides ties.
    for time, frame in frames:
        while last is not None and len(chosen) / fps < time - 5e-4:
            _append(chosen, last, name)
        last, start = frame, time
    if last is None:
        raise MediaError(f"{name} is truncated or broken: not one frame of it can be decoded")
    shown_for = rate()
    if not shown_for:
        raise MediaError(f"{name} does not say how many frames a second it has: Media(array, rate=30)")
    while not chosen or len(chosen) / fps < start + 1 / shown_for - 5e-4:
        _append(chosen, last, name)
    return chosen


def _append(found: list[Any], frame: Any, name: str) -> None:
    found.append(frame)
    if len(found) * frame.shape[0] * frame.shape[1] > _MAX_VIDEO_PIXELS:
        raise MediaError(f"{name}: {len(found)} frames are more than {_MAX_VIDEO_PIXELS:,} pixels; ask for fewer")


def check_av(file: BinaryIO, mime: str | None, kind: str, limit: int, name: str) -> None:
    """Read a video or sound file's packets, decoding only its first frame.

    Raises:
        MediaError: nothing of that kind in it, too large, or fewer packets than its header declares.
    """
    with open_av(file, mime, name) as container:
        if kind == "video":
            Frames(container, limit, name)  # checks the size
        stream = _first_stream(container, kind, name)
        decoded, packets = False, 0
        for packet in container.demux(stream):
            packets += packet.size > 0
            decoded = decoded or bool(packet.decode())
        if not decoded:
            raise MediaError(f"{name} is truncated or broken: not one frame of it can be decoded")
        if packets < stream.frames:
            raise MediaError(f"{name} is truncated: {packets} of {stream.frames} frames are there")


def decode_audio(file: BinaryIO, mime: str | None, name: str) -> tuple[NDArray[np.float32], int]:
    """All samples, float32[n] or float32[n, channels] in -1..1, and their rate in Hz.

    Raises:
        MediaError: no sound that can be read, or more than 2**27 values.
    """
    import av
    import numpy as np

    with open_av(file, mime, name) as container:
        stream = _first_stream(container, "audio", name)
        resampler = av.AudioResampler(format="fltp")
        blocks: list[NDArray[np.float32]] = []
        values = 0
        for frame in container.decode(stream):
            for block in resampler.resample(frame):
                blocks.append(block.to_ndarray().astype(np.float32, copy=False))
                values += blocks[-1].size
            if values > _MAX_AUDIO_VALUES:
                raise MediaError(f"{name} has more than {_MAX_AUDIO_VALUES:,} sound samples")
        rate = int(stream.rate)
    if not blocks:
        raise MediaError(f"{name} is truncated or broken: there is no sound in it")
    planes = np.concatenate(blocks, axis=1)
    return (planes[0] if len(planes) == 1 else np.ascontiguousarray(planes.T)), rate
