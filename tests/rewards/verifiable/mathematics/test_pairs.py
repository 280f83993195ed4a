"""The hand-written pairs: every verdict, how many the cheap path decides, and where math-verify errs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import NamedTuple

import pytest

from plaudit.rewards.verifiable.mathematics import check_reference, confirm, decide
from plaudit.rewards.verifiable.mathematics.disagreements import DISAGREEMENTS, Disagreement

DATA = Path(__file__).parents[3] / "data" / "mathematics.jsonl"
HANGS = "9^{9"


class Pair(NamedTuple):
    gold: str
    answer: str
    equal: bool
    kind: str
    math_verify: str = ""
    note: str = ""


PAIRS = [Pair(**json.loads(line)) for line in DATA.read_text(encoding="utf-8").splitlines()]


def final(gold: str, answer: str) -> bool:
    found = decide(gold, answer).equal
    return confirm(gold, answer) if found is None else found


def math_verify_says(gold: str, answer: str) -> bool:
    import math_verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    parsed = [
        math_verify.parse(text if text.startswith(("$", r"\(", r"\boxed")) else f"${text}$") for text in (gold, answer)
    ]
    return bool(math_verify.verify(*parsed))


def test_the_data_is_large_varied_and_mostly_near_misses() -> None:
    equal = [pair for pair in PAIRS if pair.equal]
    assert len(PAIRS) >= 280
    assert len(PAIRS) - len(equal) >= 120
    assert sum(pair.gold == pair.answer for pair in equal) <= 0.35 * len(equal)
    assert len({(pair.gold, pair.answer) for pair in PAIRS}) == len(PAIRS)
    assert len({pair.kind for pair in PAIRS}) >= 14
    assert all(pair.note for pair in PAIRS if pair.math_verify)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.gold} | {pair.answer}")
def test_the_verdict_is_the_truth(pair: Pair) -> None:
    assert final(pair.gold, pair.answer) is pair.equal


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.gold)
def test_every_reference_is_accepted(pair: Pair) -> None:
    check_reference(pair.gold)


def test_the_cheap_path_decides_most_and_never_errs() -> None:
    found = [(pair, decide(pair.gold, pair.answer).equal) for pair in PAIRS]
    assert [pair for pair, equal in found if equal is not None and equal != pair.equal] == []
    right = [equal for pair, equal in found if pair.equal]
    assert right.count(True) >= 0.8 * len(right)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.gold} | {pair.answer}")
def test_math_verify_agrees_except_where_the_data_says_it_errs(pair: Pair) -> None:
    if HANGS in pair.answer:
        pytest.skip("math-verify does not come back")
    assert math_verify_says(pair.gold, pair.answer) is (pair.equal != (pair.math_verify == "wrong"))


@pytest.mark.parametrize("row", DISAGREEMENTS, ids=lambda row: f"{row.gold} | {row.answer}")
def test_the_documented_disagreements_still_hold(row: Disagreement) -> None:
    assert final(row.gold, row.answer) is row.equal
    assert math_verify_says(row.gold, row.answer) is not row.equal
