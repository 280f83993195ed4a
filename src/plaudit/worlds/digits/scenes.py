"""Scenes: one to four handwritten digits in named colours on a small dark canvas, with the truth about each.

A scene is a function of (seed, split, index) and of the arguments that describe it, byte for byte: scene 7 is
the same whether one scene or a thousand were asked for. What is promised of every scene:

* **Boxes** are pixels ``(x1, y1, x2, y2)``, half-open (``x2 - x1`` is the width), tight around the ink: every
  pixel that differs from the background lies in exactly one box, and no smaller box would hold its digit's
  ink.
* **Digits never touch**: an empty column or an empty line of pixels lies between any two.
* **Reading order is never in doubt.** Two digits either stand on one line (their top edges differ by at most
  ``LEAN`` = 3 pixels) or have at least one empty line of pixels between them. Lines are read from top to
  bottom, the digits of a line from left to right.

>>> made = make_scenes(2, split="test", seed=1)
>>> made.images.shape, made.images.dtype.name
((2, 32, 32, 3), 'uint8')
>>> made.truth[1] == make_scenes(1, split="test", seed=1, start=1).truth[0]
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plaudit.core.errors import ConfigError, nearest
from plaudit.worlds.digits import draws, handwriting
from plaudit.worlds.digits.handwriting import GLYPH

__all__ = ["BACKGROUND", "COLOURS", "LEAN", "Box", "Digit", "Scene", "Scenes", "capacity", "make_scenes"]

Box = tuple[int, int, int, int]

BACKGROUND = (20, 20, 26)
"""The canvas, as RGB."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (235, 60, 50),
    "green": (60, 190, 75),
    "blue": (75, 125, 255),
    "yellow": (250, 220, 60),
    "purple": (190, 80, 230),
    "cyan": (70, 225, 235),
    "orange": (255, 140, 25),
    "white": (245, 245, 245),
}
"""Full ink of each colour, as RGB; thinner ink lies on the straight line from the background to it."""

LEAN = 3
"""How far, in pixels, the top edges of two digits of one line may differ."""


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit of a scene: value (0 to 9), colour, box around its ink, number of its handwriting image."""

    value: int
    colour: str
    box: Box
    image: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The truth about one scene: where it comes from, size (width, height), digits in reading order."""

    split: str
    seed: int
    index: int
    size: tuple[int, int]
    digits: tuple[Digit, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """The digits' values in reading order."""
        return tuple(d.value for d in self.digits)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON holds it: lists in place of tuples."""
        truth = asdict(self)
        truth["size"] = list(self.size)
        truth["digits"] = [{**d, "box": list(d["box"])} for d in truth["digits"]]
        return truth


class Scenes(NamedTuple):
    """Pictures, uint8 (n, height, width, 3) RGB, and the truth about each."""

    images: NDArray[np.uint8]
    truth: tuple[Scene, ...]


def capacity(size: tuple[int, int]) -> int:
    """Return how many digits a canvas of (width, height) pixels has room for."""
    return ((size[0] + 1) // _CELL) * ((size[1] + 1) // _CELL)


def make_scenes(
    n: int,
    *,
    split: str = "train",
    seed: int = 0,
    start: int = 0,
    size: tuple[int, int] = (32, 32),
    digits: tuple[int, int] = (1, 4),
    colours: Sequence[str] = tuple(COLOURS),
) -> Scenes:
    """Make scenes ``start`` to ``start + n - 1``.

    Args:
        n: how many.
        split: whose handwriting: train, validation or test.
        seed: another seed makes other scenes of the same handwriting.
        start: number of the first scene.
        size: canvas (width, height) in pixels.
        digits: fewest and most digits of a scene; each number between them is equally likely.
        colours: names to choose from, each time anew (two digits may share a colour).

    Raises:
        ConfigError: an unknown split or colour, a number out of range, or a canvas too small for the digits.
    """
    _check(n, start, size, digits, colours)
    pool = handwriting.split(split)
    parts = []
    # Chunks bound the memory of the many layouts tried for each scene; they are invisible in the result.
    for first in range(start, start + n, _CHUNK):
        rows = np.arange(first, min(first + _CHUNK, start + n))
        parts.append(_chunk(rows, split, seed, pool, size, digits, colours))
    images = [p.images for p in parts] or [np.empty((0, size[1], size[0], 3), np.uint8)]
    return Scenes(np.concatenate(images), tuple(t for p in parts for t in p.truth))


_CELL = GLYPH + 1  # a glyph and the empty column or line after it
_CHUNK = 512
_TRIES, _BLOCK = 256, 16


def _check(n: int, start: int, size: tuple[int, int], digits: tuple[int, int], colours: Sequence[str]) -> None:
    for name, value in (("n", n), ("start", start)):
        if value < 0:
            raise ConfigError(f"{name} is {value}; give 0 or more")
    if not 1 <= digits[0] <= digits[1]:
        raise ConfigError(f"digits is {digits[0]} to {digits[1]}; give at least 1, the smaller number first")
    room = capacity(size) if min(size) > 0 else 0
    if room < digits[1]:
        raise ConfigError(
            f"size {size[0]}x{size[1]} has room for {room} digits of {GLYPH}x{GLYPH} pixels, not for"
            f" {digits[1]}; give a larger size or fewer digits"
        )
    if not colours:
        raise ConfigError(f"colours is empty; choose from {', '.join(COLOURS)}")
    for colour in colours:
        if colour not in COLOURS:
            raise ConfigError(f"unknown colour {colour!r}{nearest(colour, COLOURS)}")


def _chunk(
    rows: NDArray[np.int64],
    split: str,
    seed: int,
    pool: NDArray[np.int64],
    size: tuple[int, int],
    digits: tuple[int, int],
    colours: Sequence[str],
) -> Scenes:
    key = draws.number("scene", split, seed)
    most = digits[1]
    drawn = draws.uniform(key, rows, 1 + 2 * most)
    counts = digits[0] + (drawn[:, 0] * (digits[1] - digits[0] + 1)).astype(np.int64)
    chosen = pool[(drawn[:, 1 : 1 + most] * len(pool)).astype(np.int64)]
    inks = (drawn[:, 1 + most :] * len(colours)).astype(np.int64)
    corners = _layout(key, rows, counts, most, size)

    order = _reading_order(corners, counts)
    corners = np.take_along_axis(corners, order[:, :, None], axis=1)
    images = _render(corners, counts, chosen, inks, size, colours)

    hand = handwriting.load()
    boxes = (hand.boxes[chosen] + np.concatenate([corners, corners], axis=2)).tolist()
    values, sources, inked = hand.labels[chosen].tolist(), chosen.tolist(), inks.tolist()
    truth = tuple(
        Scene(
            split,
            seed,
            index,
            size,
            tuple(Digit(values[i][j], colours[inked[i][j]], tuple(boxes[i][j]), sources[i][j]) for j in range(k)),
        )
        for i, (index, k) in enumerate(zip(rows.tolist(), counts.tolist(), strict=True))
    )
    return Scenes(images, truth)


def _layout(
    key: int, rows: NDArray[np.int64], counts: NDArray[np.int64], most: int, size: tuple[int, int]
) -> NDArray[np.int64]:
    """Return the cells' corners (x, y), int64 (n, most, 2): uniform over the allowed layouts, by rejection.

    A scene whose tries are all refused (a crowded canvas) takes random places of a lattice, which always
    fits.
    """
    room = np.array([size[0] - GLYPH + 1, size[1] - GLYPH + 1])
    corners = _lattice(key, rows, most, size)
    pending = np.arange(len(rows))
    first, second = np.triu_indices(most, 1)
    for block in range(0, _TRIES, _BLOCK):
        tries = draws.uniform(draws.number("layout", key, block), rows[pending], _BLOCK * most * 2)
        places = (tries.reshape(-1, _BLOCK, most, 2) * room).astype(np.int16)
        gap = np.abs(places[:, :, first] - places[:, :, second])
        same_line = (gap[..., 1] <= LEAN) & (gap[..., 0] >= _CELL)
        absent = second >= counts[pending, None]
        allowed = (same_line | (gap[..., 1] >= _CELL) | absent[:, None, :]).all(axis=2)
        found = allowed.any(axis=1)
        corners[pending[found]] = places[found, allowed[found].argmax(axis=1)]
        pending = pending[~found]
        if not len(pending):
            break
    return corners


def _lattice(key: int, rows: NDArray[np.int64], most: int, size: tuple[int, int]) -> NDArray[np.int64]:
    across, down = (size[0] + 1) // _CELL, (size[1] + 1) // _CELL
    drawn = draws.uniform(draws.number("lattice", key), rows, across * down + 2)
    places = np.argsort(drawn[:, 2:], axis=1, kind="stable")[:, :most]
    slack = np.array([size[0] - across * _CELL + 2, size[1] - down * _CELL + 2])
    offset = (drawn[:, :2] * slack).astype(np.int64)
    corners: NDArray[np.int64] = np.stack([places % across, places // across], axis=2) * _CELL
    corners += offset[:, None, :]
    return corners


def _reading_order(corners: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for every scene, its digits' numbers in reading order, absent digits last: int64 (n, most)."""
    x, y = corners[..., 0], corners[..., 1]
    absent = np.arange(x.shape[1]) >= counts[:, None]
    in_line = (np.abs(y[:, :, None] - y[:, None, :]) <= LEAN) & ~absent[:, None, :]
    # The highest top edge of a line names it; no two lines share one.
    line = np.where(in_line, y[:, None, :], y.max(initial=0) + 1).min(axis=2)
    order: NDArray[np.int64] = np.lexsort((x, line, absent))
    return order


def _render(
    corners: NDArray[np.int64],
    counts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    inks: NDArray[np.int64],
    size: tuple[int, int],
    colours: Sequence[str],
) -> NDArray[np.uint8]:
    background = np.array(BACKGROUND, dtype=np.int16)
    palette = np.array([COLOURS[c] for c in colours], dtype=np.int16) - background
    glyphs = handwriting.load().images.astype(np.int16)
    images = np.empty((len(counts), size[1], size[0], 3), dtype=np.uint8)
    images[:] = BACKGROUND
    side = np.arange(GLYPH)
    for j in range(chosen.shape[1]):
        here = np.flatnonzero(counts > j)
        ink = glyphs[chosen[here, j]][..., None] * palette[inks[here, j]][:, None, None, :]
        x, y = corners[here, j, 0, None] + side, corners[here, j, 1, None] + side
        images[here[:, None, None], y[:, :, None], x[:, None, :]] = background + (ink + 8) // 16
    return images
