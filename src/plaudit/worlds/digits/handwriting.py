"""The handwriting: 1,797 small images of digits, cut into three splits that share no image.

The images are scikit-learn's ``load_digits`` (see ``LICENSE.digits.txt``), shipped with the package, so that
nothing is downloaded. A split is a fixed choice of images, the same share of every digit: a model that reads
test scenes has read handwriting it never saw.

>>> hand = load()
>>> hand.images.shape, int(hand.labels[0])
((1797, 8, 8), 0)
>>> {name: len(split(name)) for name in SPLITS}
{'train': 1197, 'validation': 200, 'test': 400}
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plaudit.core.errors import ConfigError, nearest
from plaudit.worlds.digits import draws

__all__ = ["GLYPH", "SPLITS", "Handwriting", "load", "split"]

GLYPH = 8
"""Side of a glyph's cell in pixels."""

SPLITS = {"train": slice(60, None), "validation": slice(40, 60), "test": slice(0, 40)}
"""Each split's part of every digit's images in a fixed random order: 40 for test, 20 for validation, the rest
(114 to 123 of each digit, 1,197 in all) for training."""


class Handwriting(NamedTuple):
    """Every glyph of every split. The arrays are read-only.

    Attributes:
        images: uint8 (1797, 8, 8), ink from 0 (none) to 16 (full). In every image the ink spans all eight
            rows.
        labels: int64 (1797,), the digit, 0 to 9.
        boxes: int64 (1797, 4), the ink (every pixel above 0) as x1, y1, x2, y2 within the cell, half-open.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.int64]


@cache
def load() -> Handwriting:
    """Return the handwriting; read once."""
    with np.load(Path(__file__).with_name("handwriting.npz"), allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"].astype(np.int64)
    columns, lines = (images > 0).any(axis=1), (images > 0).any(axis=2)
    first_x, first_y = columns.argmax(axis=1), lines.argmax(axis=1)
    end_x, end_y = GLYPH - columns[:, ::-1].argmax(axis=1), GLYPH - lines[:, ::-1].argmax(axis=1)
    boxes = np.stack([first_x, first_y, end_x, end_y], axis=1)
    for array in (images, labels, boxes):
        array.setflags(write=False)
    return Handwriting(images, labels, boxes)


@cache
def split(name: str) -> NDArray[np.int64]:
    """Return the numbers of a split's images, ascending (read-only).

    Raises:
        ConfigError: no split has that name.
    """
    if name not in SPLITS:
        raise ConfigError(f"unknown split {name!r}{nearest(name, SPLITS)}")
    labels = load().labels
    order = draws.uniform(draws.number("handwriting"), np.arange(len(labels)), 1)[:, 0]
    by_digit = (np.flatnonzero(labels == digit) for digit in range(10))
    found = np.sort(np.concatenate([i[np.argsort(order[i], kind="stable")][SPLITS[name]] for i in by_digit]))
    found.setflags(write=False)
    return found
