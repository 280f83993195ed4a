"""Media: what may be given, what is read when, and how broken or dangerous files are refused."""

from __future__ import annotations

import base64
import contextlib
import io
import pickle
import struct
import subprocess
import sys
import warnings
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plaudit.core.errors import MediaError
from plaudit.core.media import Media

RED = (200, 30, 40)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8))


@pytest.fixture
def png(noise: Image.Image) -> bytes:
    return encoded(noise)


def png_header(width: int, height: int) -> bytes:
    """A PNG whose header promises this size and whose data is a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def make_video(path: Path, grey: list[int], rate: int = 10, size: tuple[int, int] = (32, 16)) -> Path:
    """A video whose k-th frame is plain grey of level grey[k]."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for level in grey:
            pixels = np.full((size[1], size[0], 3), level, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def levels(frames: list[Image.Image]) -> list[int]:
    return [round(float(np.asarray(f).mean()) / 10) * 10 for f in frames]


class TestForms:
    def test_every_form_of_one_picture_reads_the_same_bytes(self, tmp_path: Path, png: bytes) -> None:
        path = tmp_path / "a b.png"
        path.write_bytes(png)
        url = "data:image/png;base64," + base64.b64encode(png).decode()
        given: list[Any] = [
            path,
            str(path),
            path.as_uri(),
            png,
            bytearray(png),
            memoryview(png),
            url,
            {"bytes": png, "path": None},
            {"bytes": png, "path": "elsewhere.png"},
            {"bytes": None, "path": str(path)},
            {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
            {"type": "image_url", "image_url": url},
            {"type": "image", "image": str(path)},
            {"type": "image", "image": png, "text": None},
            {"type": "image", "image": {"bytes": png, "path": None}},
            {"type": "image", "url": url},
        ]
        for source in given:
            media = Media(source)
            assert (media.kind, media.mime) == ("image", "image/png"), source
            assert media.read() == png
            assert media.digest == blake2b(png, digest_size=16).hexdigest()
            assert media.data_url() == url
            assert Media(media.data_url()).read() == png

    def test_pillow_and_array_encode_as_png_and_share_a_digest(self, noise: Image.Image) -> None:
        pixels = np.asarray(noise)
        for media in (Media(noise), Media(pixels), Media(np.asfortranarray(pixels))):
            assert media.read().startswith(b"\x89PNG")
            assert (np.asarray(Image.open(io.BytesIO(media.read()))) == pixels).all()
            assert (media.array() == pixels).all()
            assert media.mime == "image/png"
            assert media.digest == Media(noise).digest
        assert Media(np.ascontiguousarray(pixels[::-1])).digest != Media(noise).digest
        assert Media(pixels.reshape(32, 24, 3)).digest != Media(noise).digest  # same bytes, another shape

    def test_sound_structs_and_parts(self) -> None:
        tone = np.sin(np.arange(800) / 5).astype(np.float32)
        media = Media({"array": tone, "sampling_rate": 8000, "path": None})
        assert (media.kind, media.rate, media.mime) == ("audio", 8000, "audio/wav")
        wav = media.read()
        assert wav[:4] == b"RIFF"
        assert struct.unpack("<I", wav[24:28]) == (8000,)
        part = {
            "type": "input_audio",
            "input_audio": {"data": base64.b64encode(wav).decode(), "format": "wav"},
        }
        back = Media(part)
        assert (back.kind, back.mime) == ("audio", "audio/wav")
        assert np.abs(back.array() - tone).max() <= 1.5 / 32767
        assert back.rate == 8000

    def test_stereo_keeps_its_channels_last(self) -> None:
        both = np.stack([np.linspace(-1, 1, 500), np.zeros(500)], axis=1)
        media = Media(Media(both, rate=16000).read())
        assert media.array().shape == (500, 2)
        assert np.abs(media.array() - both).max() <= 1.5 / 32767

    @pytest.mark.parametrize("value", [None, 3, 2.5, object(), {}, {"type": "text", "text": "hi"}, {"type": "image"}])
    def test_what_is_no_medium_is_refused_when_made(self, value: Any) -> None:
        assert not Media.fits(value)
        with pytest.raises(MediaError, match="no image, video or audio"):
            Media(value)

    def test_fits_tells_media_from_text(self, png: bytes, noise: Image.Image) -> None:
        assert not Media.fits("cat.png")  # a plain string may be text
        for value in (png, noise, Path("cat.png"), np.asarray(noise), Media("cat.png"), {"path": "cat.png"}):
            assert Media.fits(value)

    def test_of_keeps_a_media(self, png: bytes) -> None:
        media = Media(png)
        assert Media.of(media) is media
        assert Media.of("clip.bin", "video").kind == "video"

    def test_an_address_is_never_fetched(self) -> None:
        media = Media("https://example.org/cat.png")
        assert Media("https://example.org/cat.png", "image").kind == "image"
        for ask in (media.read, media.check, media.data_url, media.pil):
            with pytest.raises(
                MediaError, match=r"https://example\.org/cat\.png is an address, which is never fetched"
            ):
                ask()

    def test_equal_sources_are_equal(self, png: bytes, noise: Image.Image) -> None:
        assert Media("a.png") == Media(Path("a.png")) == Media("a.png", "image")
        assert len({Media("a.png"), Media("a.png"), Media("b.png")}) == 2
        assert Media(png) != Media("a.png")
        assert Media(noise) == Media(noise)
        assert Media(noise) != Media(noise.copy())

    def test_resolve(self, tmp_path: Path, png: bytes) -> None:
        assert Media("img/a.png").resolve(tmp_path).source == str(tmp_path / "img/a.png")
        assert Media("../a.png").resolve(tmp_path).source == f"{tmp_path}/../a.png"
        for media in (Media("/x/a.png"), Media(png), Media("data:,x"), Media("https://example.org/a.png")):
            assert media.resolve(tmp_path) is media
        assert Media({"bytes": None, "path": "a.png"}).resolve(tmp_path).source == str(tmp_path / "a.png")


class TestLaziness:
    def test_making_one_reads_nothing(self) -> None:
        Media("/nowhere/at/all.png")
        Media(b"not an image")
        Media("data:image/png;base64,!!!")

    def test_import_loads_no_heavy_library(self) -> None:
        code = (
            "import sys; from plaudit.core.media import Media; Media('a.png'); Media(b'x'); Media('data:,')\n"
            "print([m for m in ('PIL', 'numpy', 'av', 'pyarrow') if m in sys.modules])"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert out.stdout.strip() == "[]"

    def test_digest_is_computed_once_and_travels(self, tmp_path: Path, png: bytes) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(png)
        media = Media(path)
        before = media.digest
        path.unlink()
        assert media.digest == before
        assert pickle.loads(pickle.dumps(media)).digest == before

    def test_pickles_by_source(self, tmp_path: Path, noise: Image.Image) -> None:
        path = tmp_path / "big.png"
        path.write_bytes(encoded(noise.resize((500, 500))))
        assert len(pickle.dumps(Media(path))) < 400
        for media in (Media(noise), Media(np.asarray(noise)), Media(path, "image")):
            back = pickle.loads(pickle.dumps(media))
            assert back.digest == media.digest
            assert back.kind == "image"


class TestPictures:
    def test_modes_become_rgb(self) -> None:
        half = Image.new("RGBA", (2, 1), (*RED, 255))
        half.putpixel((1, 0), (0, 0, 0, 0))  # transparent: white shows
        assert list(Media(encoded(half)).array()[0].tolist()) == [list(RED), [255, 255, 255]]
        palette = half.convert("RGB").quantize(4)
        assert Media(encoded(palette)).pil().mode == "RGB"
        assert Media(encoded(Image.new("L", (1, 1), 77))).array().tolist() == [[[77, 77, 77]]]
        deep = Image.fromarray(np.array([[0x4DFF]], np.uint16))
        assert Media(encoded(deep)).array().tolist() == [[[0x4D, 0x4D, 0x4D]]]
        assert Media(encoded(Image.new("1", (1, 1), 1))).array().tolist() == [[[255, 255, 255]]]
        with pytest.raises(MediaError, match="mode F"):
            Media(encoded(Image.new("F", (2, 2)), "TIFF")).pil()

    def test_palette_with_transparency_warns_of_nothing(self) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([0, 0, 0, *RED])
        image.putpixel((1, 0), 1)
        data = encoded(image, transparency=bytes([0, 255]))
        assert Media(data).array()[0].tolist() == [[255, 255, 255], list(RED)]

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_orientation_is_applied(self, orientation: int) -> None:
        from PIL import ImageOps

        image = Image.fromarray(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10)
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(image, exif=exif)
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        assert expected is not None
        assert (Media(data).array() == np.asarray(expected)).all()

    @pytest.mark.parametrize(
        ("name", "mime"),
        [
            ("PNG", "image/png"),
            ("JPEG", "image/jpeg"),
            ("GIF", "image/gif"),
            ("WEBP", "image/webp"),
            ("BMP", "image/bmp"),
            ("TIFF", "image/tiff"),
        ],
    )
    def test_formats_are_told_by_their_bytes(self, tmp_path: Path, name: str, mime: str) -> None:
        image = Image.new("RGB", (40, 30), RED)
        path = tmp_path / "wrong.mp4"
        path.write_bytes(encoded(image, name))
        media = Media(path, "image")
        assert media.mime == mime
        assert np.abs(media.array().astype(int) - RED).max() <= 6
        media.check()

    def test_a_png_named_jpg_is_a_png(self, tmp_path: Path, png: bytes) -> None:
        path = tmp_path / "a.jpg"
        path.write_bytes(png)
        assert Media(path).data_url().startswith("data:image/png;base64,")


class TestRefusals:
    @pytest.mark.parametrize("limit", [None, 767])
    def test_limit(self, png: bytes, limit: int | None) -> None:
        media = Media(png)  # 32 x 24 = 768 pixels
        if limit is None:
            media.check()
            media.check(768)
        else:
            with pytest.raises(MediaError, match="32 x 24 pixels, more than the limit of 767"):
                media.check(limit)
            with pytest.raises(MediaError, match="limit of 767"):
                media.pil(limit)
            with pytest.raises(MediaError, match="limit of 767"):
                Media(media.pil()).check(limit)

    @pytest.mark.parametrize("side", [8_001, 9_500, 10_000, 14_000, 60_000])
    def test_a_bomb_is_refused_from_its_header_without_a_warning(self, tmp_path: Path, side: int) -> None:
        path = tmp_path / "bomb.png"
        path.write_bytes(png_header(side, side))
        with warnings.catch_warnings(record=True) as leaked:
            warnings.simplefilter("always")
            with pytest.raises(MediaError, match=r"bomb\.png .*(limit|too large)"):
                Media(path).check()
        assert leaked == []

    @pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
    def test_truncated(self, noise: Image.Image, name: str) -> None:
        data = encoded(noise, name)
        for kept in (len(data) * 3 // 4, len(data) // 2, 40):
            with pytest.raises(MediaError):
                Media(data[:kept], "image").check()

    def test_damage_never_raises_anything_else(self, noise: Image.Image) -> None:
        rng = np.random.default_rng(1)
        for name in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
            data = encoded(noise, name)
            for _ in range(150):
                broken = bytearray(data)
                for place in rng.integers(0, len(data), 6):
                    broken[place] = rng.integers(0, 256)
                with contextlib.suppress(MediaError):
                    Media(bytes(broken), "image").check()

    def test_files_that_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(MediaError, match=r"gone\.png: no such file"):
            Media(tmp_path / "gone.png").check()
        with pytest.raises(MediaError, match="is a directory"):
            Media(tmp_path, "image").check()
        with pytest.raises(MediaError, match="can't be opened"):
            Media("a\0b.png").check()
        with pytest.raises(MediaError):
            Media("").check()

    def test_a_device_is_not_read(self) -> None:
        with pytest.raises(MediaError, match="/dev/zero is not a regular file"):
            Media("/dev/zero").check()

    def test_files_that_are_not_images(self, tmp_path: Path) -> None:
        for content in (
            b"",
            b"hello",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
        ):
            path = tmp_path / "a.png"
            path.write_bytes(content)
            with pytest.raises(MediaError, match=r"a\.png is of no known format, not an image"):
                Media(path).check()
            with pytest.raises(MediaError, match="no known"):
                _ = Media(path).mime
            with pytest.raises(MediaError, match="no known"):
                Media(path).data_url()

    def test_kind_and_content_disagree(self, tmp_path: Path) -> None:
        video = make_video(tmp_path / "v.mp4", [10])
        with pytest.raises(MediaError, match="video/mp4, not an image"):
            Media(video, "image").check()
        with pytest.raises(MediaError, match="image/png, not video or audio"):
            Media(encoded(Image.new("RGB", (4, 4))), "video").check()
        with pytest.raises(MediaError, match="no sound in it"):
            Media(video, "audio").check()
        with pytest.raises(MediaError, match="only a video has frames"):
            Media(encoded(Image.new("RGB", (4, 4)))).frames([0])

    def test_data_urls(self, png: bytes) -> None:
        text = base64.b64encode(png).decode()
        assert Media(f"data:image/png;charset=x;base64,{text[:50]}\n {text[50:]}").read() == png
        assert Media("data:image/gif,GIF89a%00").read() == b"GIF89a\0"
        with pytest.raises(MediaError, match="not base64"):
            Media("data:image/png;base64,@@@").read()
        with pytest.raises(MediaError, match="comma"):
            Media("data:image/png;base64").read()

    @pytest.mark.parametrize(
        "array",
        [
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 4), np.uint8),
            np.zeros((0, 4, 3), np.uint8),
            np.zeros((4, 4, 3), np.int32),
            np.zeros((4, 4, 3), np.float32),
            np.array([0.0, np.nan]),
            np.zeros(0),
            np.zeros((2, 4, 4, 1), np.uint8),
        ],
    )
    def test_arrays_of_other_shapes(self, array: Any) -> None:
        with pytest.raises(MediaError, match="array"):
            Media(array, rate=10).check()


class TestVideo:
    def test_indices(self, tmp_path: Path) -> None:
        media = Media(make_video(tmp_path / "v.mp4", [20, 60, 100, 140, 180, 220]))
        assert (media.kind, media.mime) == ("video", "video/mp4")
        media.check()
        assert levels(media.frames([4, 0, 4])) == [180, 20, 180]
        assert media.frames([]) == []
        assert media.array().shape == (6, 16, 32, 3)
        with pytest.raises(MediaError, match="has 6 frames: there is no frame 6"):
            media.frames([1, 6])
        with pytest.raises(ValueError, match="count from 0"):
            media.frames([-1])

    def test_rate(self, tmp_path: Path) -> None:
        # Ten frames a second for 0.6 s: 5 a second shows those at 0, 0.2, 0.4; 20 a second shows each twice.
        video = Media(make_video(tmp_path / "v.mp4", [20, 60, 100, 140, 180, 220]))
        array = Media(np.stack([np.full((4, 4, 3), g, np.uint8) for g in (20, 60, 100, 140, 180, 220)]), rate=10)
        for media in (video, array):
            assert levels(media.frames(fps=5)) == [20, 100, 180]
            assert levels(media.frames(fps=10)) == [20, 60, 100, 140, 180, 220]
            assert levels(media.frames(fps=20)) == [g for g in (20, 60, 100, 140, 180, 220) for _ in "ab"]
            assert levels(media.frames(fps=0.1)) == [20]
            for bad in (0.0, -1.0, float("nan"), float("inf")):
                with pytest.raises(ValueError, match="fps"):
                    media.frames(fps=bad)

    def test_bytes_and_other_containers(self, tmp_path: Path) -> None:
        for name, mime in (
            ("v.mp4", "video/mp4"),
            ("v.mkv", "video/x-matroska"),
            ("v.avi", "video/x-msvideo"),
        ):
            data = make_video(tmp_path / name, [50, 200]).read_bytes()
            media = Media(data)
            assert (media.mime, media.kind) == (mime, "video")
            media.check()
            assert levels(media.frames([1])) == [200]

    def test_either_indices_or_rate(self) -> None:
        media = Media(np.zeros((2, 4, 4, 3), np.uint8))
        with pytest.raises(ValueError, match="either"):
            media.frames()
        with pytest.raises(ValueError, match="either"):
            media.frames([0], fps=1)
        with pytest.raises(MediaError, match="rate"):
            media.frames(fps=1)
        with pytest.raises(MediaError, match="no encoded bytes"):
            media.read()

    def test_damage(self, tmp_path: Path) -> None:
        data = make_video(tmp_path / "v.mp4", list(range(0, 250, 5))).read_bytes()
        with pytest.raises(MediaError):
            Media(data[: len(data) // 2]).check()
        with pytest.raises(MediaError):
            Media(data[:64]).frames([0])
        rng = np.random.default_rng(2)
        for _ in range(300):
            broken = bytearray(data)
            for place in rng.integers(32, len(data), 20):
                broken[place] = rng.integers(0, 256)
            for ask in (Media(bytes(broken), "video").check, Media(bytes(broken), "video").array):
                with contextlib.suppress(MediaError):
                    ask()

    def test_frames_have_a_limit(self, tmp_path: Path) -> None:
        media = Media(make_video(tmp_path / "v.mp4", [10]))
        with pytest.raises(MediaError, match="32 x 16 pixels, more than the limit of 511"):
            media.frames([0], limit=511)
        with pytest.raises(MediaError, match="limit of 511"):
            media.check(511)
        tall = Media(np.broadcast_to(np.zeros((1, 1, 1, 3), np.uint8), (1, 20_000, 20_000, 3)), rate=1)
        with pytest.raises(MediaError, match="ask for fewer"):
            tall.frames(fps=3)
