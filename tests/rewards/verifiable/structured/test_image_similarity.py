from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.image_metrics import block_ssim, cw_ssim, ssim
from plaudit.rewards.verifiable.structured.image_similarity import ImageSimilarity, similarity

METRICS: list[Any] = ["ssim", "cw-ssim", "block-ssim", "mae"]


def noise(seed: int, size: int = 64) -> NDArray[np.float64]:
    """A smooth random texture, 0 to 255."""
    spectrum = np.fft.fft2(np.random.default_rng(seed).normal(size=(size, size)))
    u = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    made = np.fft.ifft2(spectrum * np.exp(-((u / 0.12) ** 2))).real
    return np.asarray((made - made.min()) / (made.max() - made.min()) * 255)


def picture(grey: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@given(st.integers(0, 1000), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_identity_symmetry_and_range(one: int, other: int) -> None:
    a, b = noise(one, 32), noise(other, 32)
    for metric, low in ((ssim, -1), (cw_ssim, 0), (block_ssim, 0)):
        assert metric(a, a) == pytest.approx(1)
        assert metric(a, b) == pytest.approx(metric(b, a))
        assert low <= metric(a, b) <= 1


def test_complex_wavelets_forgive_a_small_shift_and_plain_windows_do_not() -> None:
    a = noise(1)
    near, far, other = np.roll(a, 1, axis=1), np.roll(a, 8, axis=1), noise(2)
    assert cw_ssim(a, near) > 0.97
    assert cw_ssim(a, near) > cw_ssim(a, np.roll(a, 3, axis=1)) > cw_ssim(a, far)
    assert cw_ssim(a, near) > ssim(a, near) + 0.05
    assert cw_ssim(a, other) < 0.75
    assert cw_ssim(a, np.full_like(a, 255.0)) < 0.5
    turned = [cw_ssim(np.rot90(a, k), np.rot90(near, k)) for k in range(4)]
    assert turned == pytest.approx([turned[0]] * 4, abs=0.02)


def test_ssim_of_flat_pictures_by_hand() -> None:
    one, other = np.full((16, 16), 100.0), np.full((16, 16), 200.0)
    c1 = (0.01 * 255) ** 2
    assert ssim(one, other) == pytest.approx((2 * 100 * 200 + c1) / (100**2 + 200**2 + c1))


def test_block_ssim_by_hand() -> None:
    one, other = np.full((16, 16), 100.0), np.full((16, 16), 200.0)
    assert block_ssim(one, other) == 0.75  # the mean band is blank and differs; three bands are blank and equal
    stripes = np.tile([[0.0, 255.0]], (16, 8))  # a = c = 0, b = d = 255 in each block
    # Bands of the stripes: 127.5, 0, -127.5, -127.5, all flat; of a picture all 127.5: 127.5, 0, 0, 0.
    assert block_ssim(stripes, np.full((16, 16), 127.5)) == 0.5
    assert block_ssim(stripes[:15, :15], stripes[:15, :15]) == 1


@pytest.mark.system("table2latex-rl")
def test_table2latex_rl_identical_renders_are_1() -> None:
    page = noise(3)
    sample = Sample("?", png(picture(page)), png(picture(page)))
    assert ImageSimilarity("block-ssim").score([sample]).values[0] == 1


@pytest.mark.parametrize("metric", METRICS)
def test_the_reward(metric: Any) -> None:
    right = picture(noise(4))
    damaged = noise(4)
    damaged[16:48, 16:48] = 255
    said = [right, right.resize((128, 128)), picture(damaged), picture(noise(5)), "a picture", ""]
    scores = ImageSimilarity(metric).score([Sample("?", response, right) for response in said])
    assert scores.values[0] == 1
    assert 1 > scores.values[1] > 0.9
    assert 1 > scores.values[2] > scores.values[3] - 0.05
    assert list(scores.values[4:]) == [0, 0]
    assert scores.reason[4:] == ["no picture", "no picture"]
    assert set(scores.status) == {"ok"}


def test_mean_absolute_error_by_hand() -> None:
    one, other = Image.new("L", (20, 20), 51), Image.new("L", (40, 40), 0)
    assert similarity(one, other, "mae") == pytest.approx(0.8)


def test_a_response_holds_exactly_one_readable_picture() -> None:
    right = picture(noise(6))
    two = [{"role": "assistant", "content": [right, right]}]
    broken = [
        {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}
    ]
    given_by_user = [{"role": "user", "content": [right]}, {"role": "assistant", "content": "there"}]
    scores = ImageSimilarity().score([Sample("?", response, right) for response in (two, broken, given_by_user)])
    assert list(scores.values) == [0, 0, 0]
    assert [reason[:15] for reason in scores.reason] == ["2 pictures wher", "no readable pic", "no picture"]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (5, "reference is a int; expected an image"),
        ([1, 2], "reference is a list; expected an image"),
        ("no/such/picture.png", ""),
        (b"broken", ""),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    scores = ImageSimilarity().score([Sample("?", picture(noise(7)), reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


def test_tiny_and_large_pictures() -> None:
    for metric in METRICS:
        flat = similarity(Image.new("L", (1, 1), 9), Image.new("L", (2, 3), 200), metric)
        assert (flat == 1) == (metric == "cw-ssim")  # which does not see flat brightness
        assert similarity(Image.new("L", (3000, 10), 9), Image.new("L", (3000, 10), 9), metric) == 1
