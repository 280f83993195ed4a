"""Thumbnails: small, exact where they can be, and never an exception."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plaudit.core.media import Media
from plaudit.reports.thumbnail import Thumbnail, thumbnail


def _decoded(shown: Thumbnail) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(shown.url.partition(",")[2])))


def test_a_small_picture_keeps_every_pixel_and_is_enlarged_by_a_whole_factor() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 3), dtype=np.uint8)
    shown = thumbnail(Media(pixels), "prompt")
    assert (_decoded(shown).format, shown.enlarged) == ("PNG", True)
    assert np.array_equal(np.array(_decoded(shown)), pixels)
    assert (shown.width, shown.height) == (32 * 6, 20 * 6)


@pytest.mark.parametrize(
    ("size", "small"), [((1024, 512), (256, 128)), ((300, 1200), (64, 256)), ((200, 100), (200, 100))]
)
def test_a_large_picture_is_at_most_256_pixels(size: tuple[int, int], small: tuple[int, int]) -> None:
    shown = thumbnail(Media(Image.new("RGB", size, "teal")), "prompt")
    assert _decoded(shown).size == (shown.width, shown.height) == small
    assert (_decoded(shown).format, shown.enlarged) == ("JPEG", False)


def test_the_given_picture_is_left_as_it_was() -> None:
    picture = Image.new("RGB", (600, 600))
    thumbnail(Media(picture), "prompt")
    assert picture.size == (600, 600)


@pytest.mark.parametrize("size", [(1, 1), (4000, 3), (3, 4000)])
def test_odd_shapes(size: tuple[int, int]) -> None:
    shown = thumbnail(Media(Image.new("RGB", size)), "prompt")
    assert shown.url
    assert max(shown.width, shown.height) <= 256


@pytest.mark.parametrize("given", [b"no picture at all", "/no/such/picture.png", "https://example.org/a.png"])
def test_a_broken_picture_says_what_is_wrong(given: str | bytes) -> None:
    shown = thumbnail(Media(given, kind="image"), "response")
    assert shown.url == ""
    assert shown.fault
    assert shown.alt.startswith("response: ")


def test_a_video_shows_its_first_frame_and_a_sound_says_what_it_is() -> None:
    frames = np.zeros((3, 8, 8, 3), dtype=np.uint8)
    frames[0] = 255
    shown = thumbnail(Media(frames, rate=1.0), "prompt")
    assert np.array_equal(np.array(_decoded(shown)), frames[0])
    assert "first frame" in shown.alt
    assert thumbnail(Media(np.zeros(16, np.float32), rate=8000), "prompt").fault == "a sound, not shown"


def test_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:200])
    assert str(path) in thumbnail(Media(path), "prompt").fault
