"""Masks and heat maps as rewards."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.masks import MaskIoU, PointsInMask
from plaudit.rewards.verifiable.regions.saliency import SaliencyMap, divergence, nss, similarity

SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]
RIGHT = {"polygons": [[10, 10, 20, 10, 20, 20, 10, 20]], "size": [40, 30]}
MASK = np.zeros((30, 40), dtype=np.uint8)
MASK[10:20, 10:20] = 255


def png(levels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(levels, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def code(mask: Any) -> dict[str, Any]:
    found = coco.encode(np.asfortranarray((np.asarray(mask) > 0).astype(np.uint8)))
    return {"size": list(found["size"]), "counts": found["counts"].decode()}


def graded(reward: Reward, said: Any, right: Any, **more: Any) -> tuple[float, str, str]:
    response = f"<answer>{said}</answer>" if isinstance(said, str) else said
    scores = reward.score([Sample("Where?", response, right, **more)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_every_way_to_draw_against_every_way_to_refer(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(png(MASK))
    drawn = [
        json.dumps(SQUARE),
        json.dumps({"segmentation": [[10, 10, 20, 10, 20, 20, 10, 20]]}),
        f"```json\n{json.dumps(code(MASK))}\n```",
        json.dumps({"size": [30, 40], "counts": [310, *([10, 20] * 9), 10, 610]}),
        Image.fromarray(MASK),
        {"role": "assistant", "content": [png(MASK), {"type": "text", "text": "Here it is."}]},
    ]
    right = [RIGHT, code(MASK), {"mask": png(MASK)}, str(path), {"mask": str(path)}, MASK, {"mask": MASK // 255}]
    for said in drawn:
        for reference in right:
            assert graded(MaskIoU(), said, reference) == (1, "ok", ""), (said, reference)


def test_by_hand() -> None:
    half = json.dumps([[10, 10], [20, 10], [20, 15], [10, 15]])
    assert graded(MaskIoU(), half, RIGHT) == (0.5, "ok", "IoU 0.500")
    assert graded(MaskIoU("dice"), half, RIGHT)[0] == pytest.approx(2 / 3)
    assert graded(MaskIoU(), "[]", RIGHT) == (0, "ok", "IoU 0.000")
    assert graded(MaskIoU(), "[]", code(np.zeros((3, 4)))) == (1, "ok", "")
    assert graded(MaskIoU(), json.dumps(code(MASK.T)), RIGHT) == (0, "ok", "mask of another size than 30 by 40")


def test_frames_of_polygons() -> None:
    thousand = json.dumps([[250, 1000 / 3], [500, 1000 / 3], [500, 2000 / 3], [250, 2000 / 3]])
    assert graded(MaskIoU(frame="thousand"), thousand, RIGHT | {"frame": "pixel"})[0] == 1
    assert graded(MaskIoU(frame="thousand"), thousand, code(MASK))[0] == 1
    assert graded(MaskIoU(), json.dumps([[0, 0], [41, 0], [0, 9]]), RIGHT)[2].startswith("impossible mask: x is 41")
    unsized = {"polygons": [SQUARE]}
    assert graded(MaskIoU(), json.dumps(SQUARE), unsized)[1] == "invalid"
    assert graded(MaskIoU(), json.dumps(SQUARE), unsized, images=[Image.new("RGB", (40, 30))])[0] == 1


def test_a_painted_mask_is_scaled_and_a_broken_one_scores_0() -> None:
    assert graded(MaskIoU(), Image.fromarray(MASK).resize((80, 60)), RIGHT)[0] == 1
    assert graded(MaskIoU(), Image.new("L", (40, 30)), RIGHT)[0] == 0
    broken = {"role": "assistant", "content": [png(MASK)[:60]]}
    value, status, reason = graded(MaskIoU(), broken, RIGHT)
    assert (value, status) == (0, "ok")
    assert reason.startswith("unreadable picture")


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        (5, "reference mask is 5 (a int): no polygon; expected an RLE"),
        ({"size": [30, 40], "counts": [7]}, "reference mask is {'size'"),
        ({"polygons": [[1, 2]], "size": [40, 30]}, "reference mask is"),
        ({"polygons": [SQUARE], "size": [40]}, "reference size is [40]"),
        ({"polygons": [[[0, 0], [50, 0], [0, 9]]], "size": [40, 30]}, "reference mask is"),
        ("no/such/mask.png", "no/such/mask.png"),
        ({"mask": b"broken"}, ""),
    ],
)
def test_bad_references(right: Any, reason: str) -> None:
    for reward in (MaskIoU(), PointsInMask(), SaliencyMap()):
        value, status, why = graded(reward, json.dumps(SQUARE), right)
        assert (math.isnan(value), status) == (True, "invalid")
        assert why
        assert reason in why


def test_points_in_a_mask() -> None:
    assert graded(PointsInMask(), "(10, 10) (19.9, 19.9) (20, 20) (5, 5)", RIGHT)[0] == 0.5
    assert graded(PointsInMask(2), "(12, 12) (13, 13) (14, 14)", RIGHT)[2] == "3 points, more than 2"
    assert graded(PointsInMask(), "(12, 12) (12, 12)", RIGHT)[0] == 1
    assert graded(PointsInMask(frame="unit"), "(0.3, 0.5)", RIGHT | {"frame": "pixel"})[0] == 1
    assert (
        graded(PointsInMask(), "(40, 30)", {"polygons": [[[0, 0], [40, 0], [40, 30], [0, 30]]], "size": [40, 30]})[0]
        == 1
    )
    assert graded(PointsInMask(), "(1, 1)", code(np.zeros((3, 4))))[1] == "invalid"


def test_alike_maps_by_hand() -> None:
    top = json.dumps([[0, 0], [20, 0], [20, 10], [0, 10]])
    right = {"polygons": [[[0, 0], [10, 0], [10, 10], [0, 10]]], "size": [20, 20]}
    assert graded(SaliencyMap(), top, right)[0] == pytest.approx(0.5)
    # q is 1/100 on a hundred pixels where p is 1/200: KLD = log 2.
    assert graded(SaliencyMap("divergence"), top, right)[0] == pytest.approx(0.5)
    # Of 400 pixels 200 are drawn and 100 hit, all of them drawn: (1/4 - 1/2 1/4) / sqrt(1/2 1/2 1/4 3/4).
    assert graded(SaliencyMap("correlation"), top, right)[0] == pytest.approx(0.125 / math.sqrt(3 / 64))
    for measure in ("similarity", "divergence", "correlation"):
        reward = SaliencyMap(measure)
        assert graded(reward, json.dumps([[0, 0], [10, 0], [10, 10], [0, 10]]), right)[0] == pytest.approx(1)
        assert graded(reward, "[]", right) == (0, "ok", "empty map")
        assert graded(reward, json.dumps([[10, 10], [20, 10], [20, 20], [10, 20]]), right)[0] == pytest.approx(
            0, abs=1e-9
        )


def test_grey_levels_count() -> None:
    right = np.zeros((4, 4, 3), dtype=np.uint8)
    right[0, 0], right[0, 1] = 200, 100
    drawn = Image.fromarray(right)
    assert graded(SaliencyMap(), drawn, {"mask": png(right)})[0] == pytest.approx(1)
    right[0, 1] = 0
    assert graded(SaliencyMap(), drawn, {"mask": png(right)})[0] == pytest.approx(2 / 3)
    assert graded(SaliencyMap(), drawn, {"mask": png(np.zeros((4, 4)))})[1] == "invalid"
    assert graded(SaliencyMap("correlation"), drawn, {"mask": png(np.full((4, 4), 9))})[1] == "invalid"


maps = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).random((5, 6)) ** 4 + 1e-3)


@given(maps, maps)
def test_measures_of_maps(p: Any, q: Any) -> None:
    assert 0 <= similarity(p, q) <= 1 + 1e-9
    assert similarity(p, q) == pytest.approx(similarity(q, p))
    assert similarity(p, p * 7) == pytest.approx(1)
    assert divergence(p, q) >= -1e-9
    assert divergence(p, p * 7) == pytest.approx(0, abs=1e-9)
    hits = q > np.median(q)
    bound = math.sqrt((~hits).sum() / hits.sum())
    assert nss(p, hits) / bound == pytest.approx(np.corrcoef(p.ravel(), hits.ravel())[0, 1])
    assert nss(np.ones((5, 6)), hits) == 0


@pytest.mark.parametrize("make", [MaskIoU, PointsInMask, SaliencyMap])
def test_senseless_arguments_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match="last"):
        make(extract="last")
