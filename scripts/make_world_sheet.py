"""Write docs/images/digits.png: a contact sheet of the digits world, two questions of each task."""

from __future__ import annotations

from pathlib import Path

from plaudit.worlds import digits

IMAGE = Path(__file__).parent.parent / "docs" / "images" / "digits.png"


def main() -> None:
    sheet = digits.contact_sheet(digits.records(10, split="test", seed=2, digits=(2, 4)), columns=5, zoom=6)
    IMAGE.parent.mkdir(exist_ok=True)
    sheet.quantize(256).save(IMAGE, optimize=True)


if __name__ == "__main__":
    main()
