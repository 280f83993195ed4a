"""Signals measured on pixels: of images, and of videos."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from plaudit.core.errors import ConfigError
from plaudit.core.media import Media
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.pictures.image_signals import Contrast, Sharpness, WellExposed
from plaudit.rewards.verifiable.pictures.pixels import brightness_jumps, changes, exposedness, laplacian_variance, luma
from plaudit.rewards.verifiable.pictures.video_signals import FlickerFree, LiveFrames, MotionMagnitude

IMAGE: list[Reward] = [Sharpness(), Contrast(), WellExposed()]
VIDEO: list[Reward] = [MotionMagnitude(), FlickerFree(), FlickerFree("brightness"), LiveFrames()]


def value(reward: Reward, response: Any) -> float:
    scores = reward.score([Sample("Draw", response)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


def grey(*levels: int, side: int = 16) -> NDArray[np.uint8]:
    """A video of plain frames."""
    return np.repeat(np.array(levels, np.uint8), side * side * 3).reshape(len(levels), side, side, 3)


def scene(side: int, shift: int = 0) -> Image.Image:
    """Soft stripes and discs, the same at every size."""
    y, x = np.mgrid[0:side, 0:side] / side
    levels = 128 + 60 * np.sin(40 * (x + shift / 64)) * np.cos(25 * y) + 60 * ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.05)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


def mp4(frames: list[Image.Image], rate: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


# ---- images ------------------------------------------------------------------------------------------------------


def test_the_laplacian_by_hand() -> None:
    spot = np.zeros((5, 5))
    spot[2, 2] = 10
    # Of the 3 x 3 inner pixels: -40 in the middle, 10 at its four neighbours, 0 in the corners.
    inner = np.array([-40, 10, 10, 10, 10, 0, 0, 0, 0])
    assert laplacian_variance(spot) == pytest.approx(inner.var())
    assert laplacian_variance(np.add.outer(np.arange(9.0), np.arange(9.0))) == pytest.approx(0)  # an even slope
    assert laplacian_variance(np.zeros((2, 9))) == 0
    noise = np.random.default_rng(0).normal(0, 3, (300, 300))
    assert laplacian_variance(noise) == pytest.approx(20 * 9, rel=0.05)


def test_exposedness_by_hand() -> None:
    assert exposedness(np.full((2, 2), 127.5)) == 1
    assert exposedness(np.array([[0.0, 255.0]])) == pytest.approx(np.exp(-0.25 / 0.08))


def test_blur_lowers_sharpness_and_resolution_does_not() -> None:
    sharp = [value(Sharpness(), scene(side)) for side in (512, 1024)]
    assert sharp[0] == pytest.approx(sharp[1], rel=0.2)  # unshrunk, the variance would change sixteenfold
    assert value(Sharpness(), scene(512).filter(ImageFilter.GaussianBlur(6))) < sharp[0] / 2


def test_plain_pictures() -> None:
    for reward in (Sharpness(), Contrast()):
        assert value(reward, grey(90)[0]) == 0
    assert value(WellExposed(), grey(128)[0]) == pytest.approx(1, abs=1e-4)


def test_a_video_s_mean_over_frames() -> None:
    video = grey(0, 128)
    expected = (np.exp(-0.25 / 0.08) + np.exp(-((128 / 255 - 0.5) ** 2) / 0.08)) / 2
    assert value(WellExposed(), video) == pytest.approx(expected)


def test_luma_shrinks_and_never_enlarges() -> None:
    assert luma(scene(512), 128).shape == (128, 128)
    assert luma(Image.new("RGB", (400, 200)), 100).shape == (100, 200)
    assert luma(Image.new("RGB", (10_000, 1)), 256).shape == (1, 10_000)
    assert luma(scene(32), 128).shape == (32, 32)


# ---- videos ------------------------------------------------------------------------------------------------------


def test_changes_by_hand() -> None:
    frames = [np.zeros((2, 2)), np.array([[8.0, 0], [0, 0]]), np.zeros((2, 2))]
    assert changes(frames).tolist() == [2, 2]
    assert brightness_jumps(frames).tolist() == [2]
    assert brightness_jumps([np.full((2, 2), float(v)) for v in (0, 10, 20, 30)]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="can't be compared"):
        changes([np.zeros((2, 2)), np.zeros((2, 3))])


def test_motion_and_flicker_by_hand() -> None:
    fade, blink = grey(0, 10, 20, 30), grey(0, 10, 0, 10)
    assert [value(MotionMagnitude(20), video) for video in (fade, blink)] == [0.5, 0.5]
    assert value(MotionMagnitude(5), fade) == 1
    assert value(FlickerFree(), fade) == pytest.approx(1 - 10 / 255)
    assert value(FlickerFree("brightness"), fade) == 1
    assert value(FlickerFree("brightness"), blink) == pytest.approx(1 - 10 / 255)


def test_live_frames() -> None:
    left, top = grey(0)[0], grey(0)[0]
    left[:, :8], top[:8] = 255, 255
    video = np.stack([grey(0)[0], left, left, top, grey(7)[0]])
    assert value(LiveFrames(), video) == pytest.approx(2 / 5)
    assert value(LiveFrames(), left) == 1
    assert value(LiveFrames(), grey(9)[0]) == 0


def test_an_encoded_video_at_two_sizes_and_rates() -> None:
    def moving(side: int, rate: int) -> bytes:
        return mp4([scene(side, shift=8 * t * 8 // rate) for t in range(rate)], rate)

    slow, large, fast = moving(256, 8), moving(512, 8), moving(256, 16)
    reward = MotionMagnitude(full=100)
    base = value(reward, Media(slow))
    assert 0.05 < base < 0.9
    assert value(reward, Media(large)) == pytest.approx(base, rel=0.1)
    assert value(reward, Media(fast)) == pytest.approx(base, rel=0.1)
    still = Media(mp4([scene(256)] * 8, 8))
    assert value(reward, still) < 0.02
    assert value(FlickerFree(), still) > 0.99
    assert value(LiveFrames(), Media(slow)) == 1


# ---- whose fault -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reward", [*IMAGE, *VIDEO], ids=str)
@pytest.mark.parametrize(
    "response",
    [
        "",
        " \n",
        "data:image/png;base64,xxxx",
        "word " * 200_000,
        "\ud800\x00",
        Media(b"broken", "image"),
        Media(b"broken", "video"),
        Media(mp4([scene(64)] * 2, 8)[:200], "video"),
        [{"role": "assistant", "content": "none"}, {"role": "tool", "content": [Image.new("RGB", (8, 8))]}],
        [{"role": "user", "content": [Image.new("RGB", (8, 8))]}],
        Media(np.zeros(16, np.float32), "audio", 16_000),
    ],
    ids=lambda response: repr(response)[:30],
)
def test_a_response_without_a_picture_gets_the_minimum_and_a_reason(reward: Reward, response: Any) -> None:
    scores = reward.score([Sample("Draw", response, images=[Image.new("RGB", (8, 8))])])
    assert (scores.status[0], scores.values[0]) == ("ok", 0), scores.reason[0]
    assert scores.reason[0]
    assert len(scores.reason[0]) < 400


@pytest.mark.parametrize("reward", VIDEO[:3], ids=str)
@pytest.mark.parametrize("response", [scene(16), grey(5)], ids=["image", "one frame"])
def test_too_few_frames_are_the_minimum(reward: Reward, response: Any) -> None:
    scores = reward.score([Sample("Film", response)])
    assert (scores.values[0], scores.status[0]) == (0, "ok")
    assert "frames where at least" in scores.reason[0]


@pytest.mark.parametrize("reward", [*IMAGE, *VIDEO], ids=str)
@pytest.mark.parametrize("source", ["no/such/picture.png", "https://example.org/picture.png"])
def test_a_medium_that_is_not_there_is_the_record_s_fault(reward: Reward, source: str) -> None:
    scores = reward.score([Sample("Draw", Media(source))])
    assert scores.status[0] == "invalid"
    assert source in scores.reason[0]


def test_a_file_is_read(tmp_path: Path) -> None:
    scene(64).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"broken")
    assert value(Contrast(), Media(str(tmp_path / "a.png"))) > 0.1
    assert value(Contrast(), Media(str(tmp_path / "b.png"))) == 0


def test_the_last_picture_of_the_last_turn_that_has_one_counts() -> None:
    light, dark = Image.new("RGB", (8, 8), (128, 128, 128)), Image.new("RGB", (8, 8))
    turns = [{"role": "assistant", "content": [light]}, {"role": "assistant", "content": [light, dark]}]
    closing = {"role": "assistant", "content": "Here it is."}
    assert value(WellExposed(), [*turns, closing]) < 0.1
    assert value(WellExposed(), turns[:1]) > 0.9


@pytest.mark.parametrize("reward", [*IMAGE, *VIDEO], ids=str)
def test_rewards_pickle(reward: Reward) -> None:
    assert str(pickle.loads(pickle.dumps(reward))) == str(reward)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sharpness(0),
        lambda: MotionMagnitude(full=0),
        lambda: MotionMagnitude(fps=0),
        lambda: FlickerFree(fps=-1),
        lambda: LiveFrames(blank=-1),
        lambda: LiveFrames(repeat=-1),
        lambda: LiveFrames(fps=0),
    ],
)
def test_senseless_arguments_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()
