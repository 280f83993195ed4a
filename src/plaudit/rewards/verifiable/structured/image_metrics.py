"""Image metrics: structural similarity of two grey pictures of one size, plain and by complex wavelets.

>>> import numpy as np
>>> square = np.zeros((32, 32)); square[8:24, 8:24] = 255.0
>>> float(ssim(square, square)), round(cw_ssim(square, square), 6)
(1.0, 1.0)
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float64]

#: The least side that all metrics here can do with.
LEAST_SIDE = 16
_SCALES, _ORIENTATIONS = (0.25, 0.125), 8


def ssim(one: Grey, other: Grey) -> float:
    """Return the mean structural similarity, in [-1, 1]; 1 for equal pictures alone.

    Args:
        one: float64[H, W], 0 to 255, sides of 16 or more.
        other: of the same shape.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity" (2004), equation
    13, with its Gaussian window (standard deviation 1.5) and constants K1 = 0.01, K2 = 0.03; by scikit-image.
    """
    from skimage import metrics

    value: Any = metrics.structural_similarity(  # type: ignore[no-untyped-call]
        one, other, data_range=255.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return float(value)


def cw_ssim(one: Grey, other: Grey) -> float:
    """Return the complex wavelet structural similarity, in [0, 1]: high also where a picture is shifted a little.

    Of the coefficients c, d of the two pictures in one band, in windows two waves wide (9 and 17 pixels)::

        (2 |sum of c conj(d)| + K) / (sum of |c|^2 + sum of |d|^2 + K)

    averaged over windows, and over bands: log-Gabor filters of two scales (centres at 1/4 and 1/8 of the sampling
    rate) and eight orientations. A shift turns the phases of a window's coefficients together, and leaves this be.

    Args:
        one: float64[H, W], 0 to 255, sides of 16 or more.
        other: of the same shape.

    Source: Sampat et al., "Complex wavelet structural similarity" (2009), with K = 1e-5 per coefficient.
    The authors use a steerable pyramid, which log-Gabor filters stand in for here.
    """
    from scipy.ndimage import uniform_filter

    total = 0.0
    filters = _filters(*one.shape)
    first, second = np.fft.fft2(one / 255.0), np.fft.fft2(other / 255.0)
    for i, band in enumerate(filters):
        window = int(2 / _SCALES[i // _ORIENTATIONS]) + 1
        c, d = np.fft.ifft2(first * band), np.fft.ifft2(second * band)
        product = c * d.conj()
        shared = np.hypot(uniform_filter(product.real, window), uniform_filter(product.imag, window))
        power = uniform_filter(np.abs(c) ** 2 + np.abs(d) ** 2, window)
        total += float(np.mean((2 * shared + 1e-5) / (power + 1e-5)))
    return min(1.0, total / len(filters))


def block_ssim(one: Grey, other: Grey) -> float:
    """Return the mean similarity of four bands of 2 by 2 blocks, in [0, 1]: the "CW-SSIM" of Table2LaTeX-RL.

    Of each block (a, b; c, d) the bands are ``(a+b+c+d)/4, (a-c)/2, (a-b)/2, (a-d)/2``; a band's similarity is that of
    Wang et al. over the whole band at once, at least 0. Two blank bands are 1 if they are equal, else 0.

    Args:
        one: float64[H, W], 0 to 255; an odd last row or column is left out.
        other: of the same shape.

    Source: Table2LaTeX-RL (2025), released code; there the differences wrap around in 8 bits, here not.
    """
    pairs = zip(_blocks(one), _blocks(other), strict=True)
    return float(np.mean([_global_ssim(x, y) for x, y in pairs]))


def _blocks(grey: Grey) -> tuple[Grey, Grey, Grey, Grey]:
    even = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2]
    a, b, c, d = even[::2, ::2], even[::2, 1::2], even[1::2, ::2], even[1::2, 1::2]
    return (a + b + c + d) / 4, (a - c) / 2, (a - b) / 2, (a - d) / 2


def _global_ssim(x: Grey, y: Grey) -> float:
    if x.std() < 1e-6 and y.std() < 1e-6:
        return float(abs(x.mean() - y.mean()) < 1e-6)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    shared = np.mean((x - x.mean()) * (y - y.mean()))
    value = (2 * x.mean() * y.mean() + c1) * (2 * shared + c2)
    value /= (x.mean() ** 2 + y.mean() ** 2 + c1) * (x.var() + y.var() + c2)
    return float(np.clip(value, 0.0, 1.0))


@lru_cache(maxsize=4)
def _filters(height: int, width: int) -> tuple[Grey, ...]:
    """Return one-sided log-Gabor filters in the frequency domain, each float64[H, W]."""
    v, u = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    radius[0, 0] = 1.0
    made = []
    for centre in _SCALES:
        radial = np.exp(-(np.log(radius / centre) ** 2) / (2 * np.log(0.65) ** 2))
        radial[0, 0] = 0.0
        for k in range(_ORIENTATIONS):
            turned = np.angle(np.exp(1j * (angle - np.pi * k / _ORIENTATIONS)))
            made.append(radial * np.exp(-(turned**2) / (2 * (np.pi / _ORIENTATIONS / 1.5) ** 2)))
    return tuple(made)
