"""Thumbnails: pictures small enough to stand inside a page, as ``data:`` URLs.

The longer side is at most 256 pixels. Small pictures (scenes of 32 x 32, icons) keep every pixel and are enlarged by
the page, so that what the model saw can be seen. What can't be shown becomes a box that says why.
"""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from plaudit.core.errors import PlauditError
from plaudit.reports.escapes import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

    from plaudit.core.media import Media

__all__ = ["Thumbnail", "thumbnail"]

#: The longer side of a thumbnail, in pixels.
SIDE = 256
#: Pictures of at most so many pixels are kept exact (PNG), larger ones as JPEG.
EXACT = 96 * 96


class Thumbnail(NamedTuple):
    """A picture as a ``data:`` URL and the size to show it at, in pixels.

    Attributes:
        alt: what it is, in words.
        url: ``""`` where there is nothing to show.
        fault: why there is nothing to show.
        enlarged: it is smaller than it is shown, pixel by pixel.
    """

    alt: str
    url: str = ""
    width: int = 0
    height: int = 0
    enlarged: bool = False
    fault: str = ""


def thumbnail(media: Media, where: str) -> Thumbnail:
    """Return the thumbnail of an image, or of the first frame of a video.

    Args:
        media: what to show; a sound is described.
        where: what it belongs to, for its description (``prompt``, ``response``).
    """
    alt = f"{where}: {one_line(str(media), 120)}"
    try:
        if media.kind == "audio":
            return Thumbnail(alt, fault="a sound, not shown")
        image = media.frames([0])[0] if media.kind == "video" else media.pil()
    except PlauditError as error:
        return Thumbnail(alt, fault=one_line(str(error)))
    if media.kind == "video":
        alt = f"{alt} (first frame)"
    image = image.copy()  # what was given may be the caller's own
    image.thumbnail((SIDE, SIDE))
    times = max(SIDE * 3 // 4 // max(image.size), 1)
    return Thumbnail(alt, _url(image), image.width * times, image.height * times, times > 1)


def _url(image: Image) -> str:
    file = BytesIO()
    kind, options = ("PNG", {"optimize": True}) if image.width * image.height <= EXACT else ("JPEG", {"quality": 82})
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
