"""Sets of boxes: by hand, by brute force, and the published detection rewards built from parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment  # noqa: F401 - its first import takes longer than a test may

from plaudit import load
from plaudit.core.context import Context
from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.regions.boxes import Boxes

TWO = [[0, 0, 10, 10], [20, 20, 30, 30]]
EARLY, LATE = Context(step=1, total=100), Context(step=99, total=100)


def value(reward: Reward, said: Any, right: Any, context: Context | None = None, **more: Any) -> float:
    """The score of one answer; the status is ok."""
    scores = reward.score([Sample("Where?", f"<answer>{said}</answer>", right, **more)], context)
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


@pytest.mark.parametrize(
    ("said", "precision", "recall", "f1", "mean", "matched"),
    [
        ("[[0, 0, 10, 10], [20, 20, 30, 30]]", 1, 1, 1, 1, 1),
        ("[[20, 20, 30, 30], [0, 0, 10, 10]]", 1, 1, 1, 1, 1),
        ("[0, 0, 10, 8]", 1, 0.5, 2 / 3, 0.5, 1),
        ("[[0, 0, 10, 8], [0, 0, 10, 9], [50, 50, 60, 60]]", 1 / 3, 0.5, 0.4, 1 / 3, 0.5),
        ("[[0, 0, 10, 8], [0, 0, 10, 8], [0, 0, 10, 8]]", 1, 0.5, 2 / 3, 0.5, 1),  # written thrice, it is one
        ("[[0, 0, 10, 8], [9, 9, 5, 5]]", 0.5, 0.5, 0.5, 0.5, 0.5),  # an impossible box is a false alarm
        ("[[0, 0, 10, 4], [50, 50, 60, 60]]", 0, 0, 0, 0, 0),
    ],
)
def test_measures_by_hand(said: str, precision: float, recall: float, f1: float, mean: float, matched: float) -> None:
    found = [value(load(f'Boxes("{m}")'), said, TWO) for m in ("precision", "recall", "f1", "mean", "matched")]
    assert found == pytest.approx([precision, recall, f1, mean, matched])


def test_credit_and_full() -> None:
    said = "[[0, 0, 10, 8], [20, 20, 30, 26]]"  # IoU 0.8 and 0.6
    assert value(Boxes("mean", credit="overlap"), said, TWO) == pytest.approx(0.7)
    assert value(Boxes("mean", credit="overlap", threshold=0.7), said, TWO) == pytest.approx(0.4)
    assert value(Boxes("mean", credit="overlap", full=0.8), said, TWO) == pytest.approx(0.8)
    assert value(Boxes("mean", threshold=0.7), said, TWO) == 0.5


def test_overlaps_below_nothing() -> None:
    giou = Boxes("mean", overlap="giou", threshold=None, credit="overlap")
    assert value(giou, "[0, 0, 2, 2]", [[4, 0, 6, 2]]) == pytest.approx(-1 / 3)
    # Equal boxes and one reference without a partner: (1 - 1) / 2.
    assert value(giou, "[0, 0, 10, 10]", TWO) == 0
    assert value(giou, "[]", TWO) == -1
    assert giou.range == (-1.0, 1.0)
    assert Boxes("mean", overlap="ciou", threshold=None, credit="overlap").range == (-1.5, 1)


def test_diou_is_measured_in_pixels() -> None:
    # 640 x 480: (0, 0, 320, 480) and (320, 0, 640, 480) are 320 apart in a picture of diagonal 800.
    right = {"boxes": [[0.5, 0, 1, 1]], "frame": "unit", "size": [640, 480]}
    diou = Boxes("mean", overlap="diou", threshold=None, credit="overlap", frame="thousand")
    assert value(diou, "[0, 0, 500, 1000]", right) == pytest.approx(-((320 / 800) ** 2))


def test_labels() -> None:
    right = [{"box": [0, 0, 10, 10], "label": "Cat"}, {"box": [20, 20, 30, 30], "label": "dog"}]
    said = '[{"bbox_2d": [0, 0, 10, 10], "label": " cat "}, {"bbox_2d": [20, 20, 30, 30], "label": "cat"}]'
    assert value(Boxes(), said, right) == 1
    assert value(Boxes(labels=True), said, right) == 0.5
    assert value(Boxes(labels=True), "[0, 0, 10, 10]", right) == 0  # which is it?


def test_frames() -> None:
    right = {"boxes": [{"box": [0, 0, 320, 240]}], "frame": "pixel", "size": [640, 480]}
    assert value(Boxes(frame="thousand"), "[[0, 0, 500, 500]]", right) == 1
    assert value(Boxes(frame="unit"), "[[0, 0, 0.5, 0.5]]", right) == 1
    assert value(Boxes(frame="unit"), "[[0, 0, 1.5, 0.5]]", right) == 0


def test_nothing_to_find() -> None:
    for reward in (Boxes(), Boxes("precision"), Boxes("recall", threshold=None, credit="overlap")):
        assert value(reward, "[]", []) == 1
        assert value(reward, "```json\n[]\n```", {"boxes": []}) == 1
        for said in ("[[0, 0, 1, 1]]", "none", "nothing to see", " "):
            assert value(reward, said, []) == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6, unique=True))
def test_order_does_not_matter(corners: list[tuple[int, int]]) -> None:
    boxes = [[x, y, x + 5, y + 7] for x, y in corners]
    right = [[x, y, x + 6, y + 6] for x, y in corners[: len(corners) // 2 + 1]]
    for matching in ("hungarian", "best"):
        reward = Boxes("f1", credit="overlap", matching=matching)
        assert value(reward, boxes, right) == pytest.approx(value(reward, boxes[::-1], right))


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 5))
def test_hits_are_as_many_as_can_be(seed: int, n: int, m: int) -> None:
    """Brute force: a maximum matching of the pairs above the threshold, by augmenting paths."""
    draw = np.random.default_rng(seed)
    low = draw.integers(0, 6, (n + m, 2))
    boxes = np.hstack([low, low + draw.integers(3, 8, (n + m, 2))]).tolist()
    drawn, right = [b for i, b in enumerate(boxes[:n]) if b not in boxes[:i]], boxes[n:]

    def overlap(a: list[int], b: list[int]) -> float:
        def cells(c: list[int]) -> set[tuple[int, int]]:
            return {(x, y) for x in range(c[0], c[2]) for y in range(c[1], c[3])}

        return len(cells(a) & cells(b)) / len(cells(a) | cells(b))

    near = [[j for j, r in enumerate(right) if overlap(d, r) >= 0.3] for d in drawn]
    partner: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        for j in near[i]:
            if j not in seen:
                seen.add(j)
                if j not in partner or place(partner[j], seen):
                    partner[j] = i
                    return True
        return False

    hits = sum(place(i, set()) for i in range(len(drawn)))
    assert value(Boxes("recall", threshold=0.3), drawn, right) == pytest.approx(hits / m)
    assert value(Boxes("precision", threshold=0.3), drawn, right) == pytest.approx(hits / len(drawn))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0}, "Boxes: threshold is 0; it lies above 0 and is at most 1"),
        ({"threshold": 1.1}, "threshold is 1.1"),
        ({"threshold": [[0.5, 0.5]]}, "threshold is given until a progress of [0.5]"),
        ({"threshold": [[0.5, 0.5], [1, 2]]}, "threshold is 2"),
        ({"threshold": None}, 'threshold=None has no hits; use credit="overlap"'),
        ({"full": 0.9}, 'full belongs to credit="overlap"'),
        ({"credit": "overlap", "full": 0}, "full is 0"),
        ({"extract": "last"}, 'extract="last" finds a number or a letter'),
        ({"overlap": "jaccard"}, "overlap is 'jaccard'"),
        ({"measure": "f2"}, "measure is 'f2'; known: f1, matched, mean"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Boxes(**arguments)
    assert message in str(caught.value)


# ---- systems ----------------------------------------------------------------------------------------------------

RFT = '[{{"Position": {0}, "Confidence": {1}}}, {{"Position": {2}, "Confidence": {3}}}]'


@pytest.mark.system("visual-rft")
def test_visual_rft_iou_confidence_and_format() -> None:
    reward = load('Boxes("mean", credit="overlap", matching="confidence") + BoxConfidence() + Format("think-answer")')
    both = RFT.format([0, 0, 10, 8], 0.9, [50, 50, 60, 60], 0.3)
    scores = reward.score([Sample("?", f"<think>a</think><answer>{both}</answer>", TWO)])
    assert scores["boxes_mean"].values[0] == pytest.approx(0.4)
    assert scores["box_confidence"].values[0] == pytest.approx(0.8)
    assert scores.values[0] == pytest.approx(2.2)


@pytest.mark.system("visual-rft")
def test_visual_rft_recall_counts() -> None:
    one = "[{'Position': [0, 0, 10, 8], 'Confidence': 0.9}]"
    assert value(load('Boxes("mean", credit="overlap", matching="confidence")'), one, TWO) == pytest.approx(0.4)
    assert value(load("BoxConfidence()"), one, TWO) == pytest.approx(0.9)


@pytest.mark.system("visual-rft")
def test_visual_rft_grounding_is_giou_plus_one() -> None:
    reward = load('Affine(Boxes("mean", "giou", None, "overlap", frame="thousand"), shift=1)')
    assert value(reward, "[100, 100, 300, 300]", {"boxes": [[100, 100, 300, 300]], "frame": "thousand"}) == 2


DYNAMIC = ((0.1, 0.85), (0.25, 0.95), (1.0, 0.99))


@pytest.mark.system("v-triune")
def test_v_triune_threshold_rises_with_progress() -> None:
    reward = Boxes("recall", threshold=DYNAMIC, credit="overlap", matching="greedy")
    found = [
        value(reward, "[0, 0, 100, 90]", [[0, 0, 100, 100]], Context(step=step, total=100)) for step in (5, 10, 20, 50)
    ]
    assert found == pytest.approx([0.9, 0.9, 0, 0])


@pytest.mark.system("v-triune")
def test_v_triune_size_penalty_and_completeness() -> None:
    one, extra = [[0, 0, 100, 100]], "[[0, 0, 100, 100], [200, 200, 300, 300]]"
    reward = load('Boxes("recall", credit="overlap", matching="greedy") * BoxCount("power", 0.6)')
    assert value(reward, extra, one) == pytest.approx(0.6)
    # 1 - (miss rate + false alarm rate) / 2 = 1 - (0 + 1/2) / 2
    complete = load('0.5 * Boxes("recall", matching="greedy") + 0.5 * Boxes("precision", matching="greedy")')
    assert value(complete, extra, one) == pytest.approx(0.75)


@pytest.mark.system("v-triune")
def test_v_triune_greedy_matching_is_of_the_true_maximum() -> None:
    right = [[0, 0, 100, 100], [0, 0, 100, 80]]
    said = "[[0, 0, 100, 90], [0, 0, 100, 79]]"  # IoU 0.9 and 0.79; 80/90 and 79/80
    greedy = Boxes("recall", threshold=0.5, credit="overlap", matching="greedy")
    assert value(greedy, said, right) == pytest.approx((79 / 80 + 0.9) / 2)


QUALITIES = "[[0, 0, 60, 100], [1000, 0, 1080, 100], [2000, 0, 2030, 100]]"  # inside, so that GIoU is IoU
WHOLE = [[0, 0, 100, 100], [1000, 0, 1100, 100], [2000, 0, 2100, 100]]
HALFWAY = [[0.4999, 0.5], [1, 0.75]]


@pytest.mark.system("vision-r1-griffon")
def test_vision_r1_precision_is_refined_with_progress() -> None:
    levels = {"threshold": HALFWAY, "full": [[0.4999, 0.75], [1, 0.9]]}
    reward = Boxes("matched", overlap="giou", credit="overlap", **levels)  # type: ignore[arg-type]
    early, late = (value(reward, QUALITIES, WHOLE, Context(step=step, total=3000)) for step in (1499, 1500))
    assert early == pytest.approx((0.6 + 1 + 0) / 3)
    assert late == pytest.approx(0.8 / 3)


@pytest.mark.system("vision-r1-griffon")
def test_vision_r1_recall_is_cut_below_a_half() -> None:
    reward = load(f'Boxes("recall", overlap="giou", threshold={HALFWAY})')
    early, late = (value(reward, QUALITIES, WHOLE, Context(step=step, total=3000)) for step in (1499, 1500))
    assert (early, late) == pytest.approx((2 / 3, 1 / 3))
    cut = load(f'Product([Above(Boxes("recall", overlap="giou", threshold={HALFWAY}, name="enough"), 0.5), '
               f'Boxes("recall", overlap="giou", threshold={HALFWAY})])')  # fmt: skip
    found = [value(cut, QUALITIES, WHOLE, Context(step=step, total=3000)) for step in (1499, 1500)]
    assert found == pytest.approx([2 / 3, 0])


@pytest.mark.system("vision-r1-griffon")
def test_vision_r1_a_picture_without_objects() -> None:
    for measure in ("matched", "recall"):
        reward = load(f'Boxes("{measure}", overlap="giou")')
        assert value(reward, "[]", []) == 1
        # The released code pays prose as well; here whoever says nothing earns nothing.
        assert value(reward, "There is nothing like that.", []) == 0


@pytest.mark.system("dip-r1")
def test_dip_r1_weighted_precision_and_recall() -> None:
    right = [[i * 100, 0, i * 100 + 50, 50] for i in range(4)]
    said = [*right[:3], [900, 0, 950, 50], [900, 100, 950, 150]]
    reward = load('0.5 * Boxes("precision") + 0.5 * Boxes("recall")')
    assert value(reward, said, right) == pytest.approx(0.5 * 3 / 5 + 0.5 * 3 / 4)


GRIP = 'Boxes("recall", threshold=null, credit="overlap", matching="best")'.replace("null", "None")


@pytest.mark.system("grip")
@pytest.mark.parametrize(("said", "expected"), [([0, 0, 10, 10], 0.9), ([20, 20, 30, 30], 0.1)])
def test_grip_overlap_is_weighted_by_salience(said: list[int], expected: float) -> None:
    right = [{"box": box, "weight": weight} for box, weight in zip(TWO, (0.9, 0.1), strict=True)]
    assert value(load(GRIP), said, right) == pytest.approx(expected)
    assert value(load(GRIP), said, TWO) == pytest.approx(0.5)


@pytest.mark.system("unidoc-rl")
def test_unidoc_rl_region_f1() -> None:
    right = [[0, 0, 100, 100], [0, 0, 100, 24]]
    assert value(Boxes(), "[0, 0, 100, 60]", right) == pytest.approx(2 / 3)  # IoU 0.6 and 24 / 60
    assert value(Boxes(), "[]", []) == 1
    assert value(Boxes(), "[]", right) == 0


@pytest.mark.system("got-r1")
def test_got_r1_planned_box() -> None:
    reward = load('Boxes("mean", threshold=None, credit="overlap")')
    assert value(reward, "(0,0),(10,10)", [[5, 0, 15, 10]]) == pytest.approx(1 / 3)
    assert value(reward, "no coordinates", [[5, 0, 15, 10]]) == 0


@pytest.mark.system("deeptrace-reward")
def test_deeptrace_box() -> None:
    reward = load('Boxes("mean", threshold=None, credit="overlap")')
    assert value(reward, "[0, 0, 10, 10]", [[5, 5, 15, 15]]) == pytest.approx(25 / 175)
