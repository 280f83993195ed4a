"""Contact sheets: a grid of magnified scenes with their questions and truth, for people to look at.

>>> from plaudit.worlds.digits.dataset import records
>>> sheet = contact_sheet(records(6, split="test"), columns=3)
>>> sheet.mode
'RGB'
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError
from plaudit.worlds.digits.scenes import COLOURS
from plaudit.worlds.digits.tasks import say

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["contact_sheet"]

_EDGE, _LINE, _TEXT = 8, 16, 12


def contact_sheet(records: Iterable[dict[str, Any]], *, columns: int = 4, zoom: int = 7) -> Image:
    """Draw records made by :func:`plaudit.worlds.digits.dataset.records`, all of one size.

    Scenes are magnified smoothly (bicubic), which makes digits of eight pixels legible to people. Every
    digit's box is drawn just outside its ink, the box of a ``locate`` reference in thick white. Below a scene
    stand its question and its reference.

    Args:
        records: records with ``PIL`` images.
        columns: scenes in a row.
        zoom: pixels of the sheet for one pixel of a scene, each way.

    Raises:
        ConfigError: no records, or a number below 1.
    """
    from PIL import Image, ImageDraw, ImageFont

    shown = list(records)
    if not shown or columns < 1 or zoom < 1:
        raise ConfigError(
            f"a contact sheet of {len(shown)} records, {columns} columns, zoom {zoom}; give 1 or more of each"
        )
    font = ImageFont.load_default(_TEXT)
    width, height = (side * zoom for side in shown[0]["images"][0].size)
    letters = max(8, int(width / font.getlength("n")))
    captions = [
        [f"{i}. {record['task']}", *wrap(record["prompt"], letters), f"= {say(record['reference'])}"]
        for i, record in enumerate(shown)
    ]
    row_height = height + _LINE * max(map(len, captions)) + 2 * _EDGE
    rows = -(-len(shown) // columns)
    sheet = Image.new("RGB", (columns * (width + _EDGE) + _EDGE, rows * row_height + _EDGE), "black")
    pen = ImageDraw.Draw(sheet)
    for i, (record, caption) in enumerate(zip(shown, captions, strict=True)):
        left, top = _EDGE + i % columns * (width + _EDGE), _EDGE + i // columns * row_height
        sheet.paste(record["images"][0].resize((width, height), Image.Resampling.BICUBIC), (left, top))
        for digit in record["meta"]["scene"]["digits"]:
            _outline(pen, digit["box"], (left, top), zoom, COLOURS[digit["colour"]], 1)
        if isinstance(record["reference"], dict):
            _outline(pen, record["reference"]["box"], (left, top), zoom, (255, 255, 255), 3)
        for line, text in enumerate(caption):
            pen.text((left, top + height + 4 + line * _LINE), text, fill=(225, 225, 225), font=font)
    return sheet


def _outline(
    pen: Any, box: list[int], origin: tuple[int, int], zoom: int, colour: tuple[int, int, int], width: int
) -> None:
    x1, y1, x2, y2 = (origin[i % 2] + side * zoom for i, side in enumerate(box))
    pen.rectangle((x1 - width, y1 - width, x2 + width - 1, y2 + width - 1), outline=colour, width=width)
