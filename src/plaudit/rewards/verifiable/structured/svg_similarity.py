"""SVG similarity: a response's drawing is rendered and compared with the reference as a picture.

Rendering is resvg's (package ``resvg-py``, which brings its own library), in a process of its own: a drawing that
makes it crash, hang or eat memory is the response's fault. What the drawing could read is refused before: it must be
one SVG document without a document type, and refer to nothing outside itself.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.image_similarity import Metric, graded, reference_picture

if TYPE_CHECKING:
    from PIL.Image import Image

    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

#: What a drawing may have: characters, elements, and elements within one another.
MAX_CHARS, MAX_ELEMENTS, MAX_DEPTH = 200_000, 5_000, 64
#: Seconds and bytes of address space that rendering one drawing may take.
_SECONDS, _MEMORY = 5.0, 2 << 30
_RENDER = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
from resvg_py import svg_to_bytes
side = int(sys.argv[1])
drawn = svg_to_bytes(svg_string=sys.stdin.buffer.read().decode(), background="#ffffff", skip_system_fonts=True,
                     width=side, height=side)
sys.stdout.buffer.write(drawn)
"""
_OUTSIDE = re.compile(r"url\s*\((?![\s'\"]*#)|@import", re.IGNORECASE)


class DrawingError(ValueError):
    """A text that is no SVG drawing which can be rendered safely; its message is a reason."""


@part
class SvgSimilarity(Leaf):
    r"""How near the response's SVG drawing looks to the reference, both rendered on white.

    The drawing is rendered to fit a square of ``side`` pixels (its own proportions kept, the rest white), without
    fonts: text is not drawn, on neither side. No drawing, several, one that is not well-formed, refers to anything
    outside itself (files, addresses, fonts, a document type), can't be rendered within 5 seconds, or leaves the square
    white scores 0 with that reason. A reference that can't be rendered, or is white, is ``invalid``.

    Args:
        metric: as :class:`~plaudit.rewards.verifiable.structured.image_similarity.ImageSimilarity` has it.
        side: pixels.
        where: where the drawing stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]. Needs: ``reference``: an SVG document as text, or an image; the package ``resvg-py``.

    Raises:
        ConfigError: the side is not in 16 to 512; at the first score, resvg-py is not installed.

    Source: rendering as in Visual-ERM (2026): white background, 336 by 336, a white picture earns nothing.

    >>> from plaudit import Sample
    >>> square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="5" height="9"/></svg>'
    >>> scores = SvgSimilarity().score([Sample("Draw it", f"```svg\n{square}\n```", square)])  # doctest: +SKIP
    >>> scores.values                                                                            # doctest: +SKIP
    array([1.])
    """

    metric: Metric = "ssim"
    side: int = 336
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 16 <= self.side <= 512:
            raise ConfigError(f"SvgSimilarity: side={self.side}; it is 16 to 512 pixels", "side")

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample in a worker that outlives the renderer's process."""
        if find_spec("resvg_py") is None:
            raise ConfigError("SvgSimilarity needs resvg-py, which is not installed: pip install resvg-py")
        return await run.each(self.grade, samples, "cpu", 6 * _SECONDS if self.timeout is None else self.timeout)

    def grade(self, sample: Sample) -> Any:
        """Return the similarity of the pictures, or what is wrong with the drawing."""
        right = self._reference(sample.reference)
        found = code_block(sample.text, ("svg", "xml", "html"), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            drawn = render(found.text, self.side)
        except DrawingError as error:
            return Grade(0.0, str(error))
        if _is_white(drawn):
            return Grade(0.0, "the drawing is white")
        return graded(drawn, right, self.metric)

    def _reference(self, reference: Any) -> Image:
        if not (isinstance(reference, str) and "<svg" in reference):
            return _fitted(reference_picture(reference), self.side)
        try:
            right = _render_once(reference, self.side)
        except DrawingError as error:
            raise BadReferenceError(f"reference: {error}") from None
        if _is_white(right):
            raise BadReferenceError("reference: the drawing is white")
        return right


def render(drawing: str, side: int) -> Image:
    """Render an SVG document on a white square.

    Raises:
        DrawingError: it is not well-formed, refers to something outside itself, or can't be rendered in time.
    """
    check(drawing)
    from PIL import Image

    try:
        ended = subprocess.run(
            [sys.executable, "-c", _RENDER, str(side)],
            input=drawing.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DrawingError(f"the drawing took longer than {_SECONDS:g} s to render") from None
    if ended.returncode:
        lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DrawingError(f"the drawing can't be rendered: {lines[-1][:160] if lines else 'the renderer crashed'}")
    return _fitted(Image.open(io.BytesIO(ended.stdout)).convert("RGB"), side)


def check(drawing: str) -> None:
    """Refuse what is no SVG document of bounded size that stands by itself.

    Raises:
        DrawingError: what is wrong with it.
    """
    from xml.etree import ElementTree

    if len(drawing) > MAX_CHARS:
        raise DrawingError(f"the drawing is longer than {MAX_CHARS:,} characters")
    if "<!DOCTYPE" in drawing or "<!ENTITY" in drawing:
        raise DrawingError("the drawing has a document type")
    depth = elements = 0
    try:
        reader: Any = ElementTree.XMLPullParser(["start", "end"])
        reader.feed(drawing)
        reader.close()
        for event, element in reader.read_events():
            depth += 1 if event == "start" else -1
            elements += event == "start"
            if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
                raise DrawingError(
                    f"the drawing has more than {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} in one another"
                )
            if elements == 1 and element.tag.rpartition("}")[2] != "svg":
                raise DrawingError("the drawing is no <svg>")
            _check_element(element)
    except (ElementTree.ParseError, UnicodeEncodeError, ValueError) as error:
        if isinstance(error, DrawingError):
            raise
        raise DrawingError(f"the drawing is not well-formed: {str(error)[:160]}") from None


def _check_element(element: Any) -> None:
    texts = [*element.attrib.values(), *([element.text or ""] if element.tag.endswith("style") else [])]
    for name, value in element.attrib.items():
        if name.rpartition("}")[2].lower() in ("href", "src") and not value.strip().startswith("#"):
            raise DrawingError(f"the drawing refers to something outside itself: {value[:60]!r}")
    if any(_OUTSIDE.search(text) for text in texts):
        raise DrawingError("the drawing's style refers to something outside itself")


@lru_cache(maxsize=64)
def _render_once(drawing: str, side: int) -> Image:
    return render(drawing, side)


def _fitted(picture: Image, side: int) -> Image:
    """Return the picture in the upper left of a white square, as large as fits."""
    from PIL import Image

    scale = side / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    square = Image.new("RGB", (side, side), "white")
    square.paste(picture if picture.size == size else picture.resize(size))
    return square


def _is_white(picture: Image) -> bool:
    return bool(np.asarray(picture).min() == 255)
