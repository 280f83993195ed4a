from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from plaudit.core.errors import ConfigError
from plaudit.worlds.digits import handwriting


def test_the_stored_digits_are_those_of_scikit_learn() -> None:
    bunch, hand = load_digits(), handwriting.load()
    assert hand.images.dtype == np.uint8
    assert (hand.images == bunch.images).all()
    assert (hand.labels == bunch.target).all()


def test_the_file_is_small_and_has_its_licence_beside_it() -> None:
    folder = Path(handwriting.__file__).parent
    assert (folder / "handwriting.npz").stat().st_size < 250_000
    text = (folder / "LICENSE.digits.txt").read_text()
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text


def test_boxes_hold_the_ink_and_are_tight() -> None:
    hand = handwriting.load()
    for image, (x1, y1, x2, y2) in zip(hand.images, hand.boxes.tolist(), strict=True):
        ys, xs = np.nonzero(image)
        assert (x1, y1, x2, y2) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        assert (y1, y2) == (0, 8)


def test_no_image_is_in_two_splits_and_none_is_lost() -> None:
    splits = {name: set(handwriting.split(name).tolist()) for name in ("train", "validation", "test")}
    assert {name: len(images) for name, images in splits.items()} == {
        "train": 1197,
        "validation": 200,
        "test": 400,
    }
    assert all(not a & b for a, b in combinations(splits.values(), 2))
    assert set.union(*splits.values()) == set(range(1797))
    # Nor does a copy of one image hide under two numbers.
    assert len({image.tobytes() for image in load_digits().images}) == 1797


def test_every_split_has_the_same_share_of_every_digit() -> None:
    labels = load_digits().target
    assert np.bincount(labels[handwriting.split("test")]).tolist() == [40] * 10
    assert np.bincount(labels[handwriting.split("validation")]).tolist() == [20] * 10


def test_splits_are_not_runs_of_neighbouring_images() -> None:
    # Neighbours in the file were written by one person: a fair split takes from everywhere.
    assert np.ptp(handwriting.split("test")) > 1700
    assert len(np.unique(handwriting.split("test") // 100)) == 18


def test_an_unknown_split_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown split 'tests'; did you mean 'test'\?"):
        handwriting.split("tests")


def test_the_shared_arrays_can_not_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        handwriting.load().images[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        handwriting.split("test")[0] = 1
