from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.formats.structure import CodeBlock, StepMarkers, TagBlock, TagCount

QUARTERS = TagCount(("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"))


def graded(reward: Reward, response: str) -> tuple[float, str]:
    scores = reward.score([Sample("", response)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0]), scores.reason[0]


@pytest.mark.system("v-triune")
@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("<think>\na\n</think>\n\n<answer>\nb\n</answer>", 1.0),
        ("<think>\na\n</think>\n\n<answer>\nb</answer>", 0.75),
        ("<think>a</think>\n<answer>\nb\n</answer>", 0.5),
        ("<think>\n<think>\na\n</think>\n\n<answer>\nb\n</answer>", 0.75),
        ("<think>a</think><answer>b</answer>", 0.0),
        ("", 0.0),
    ],
)
def test_v_triune_counts_four_marks(response: str, value: float) -> None:
    assert graded(QUARTERS, response)[0] == value


@pytest.mark.system("v-triune")
def test_v_triune_weighs_format_by_a_tenth() -> None:
    # (1.0 * acc + 0.1 * fmt) / 1.1 with acc 1 and three marks of four.
    said = "<think>\na\n</think>\n\n<answer>\n4</answer>"
    assert (1 + 0.1 * graded(QUARTERS, said)[0]) / 1.1 == pytest.approx(1.075 / 1.1)


@pytest.mark.system("3d-r1")
@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("<think>1234567890</think><answer>ab</answer>", 1.0),  # 25 and 19 characters with their tags
        ("<think>1234567890</think>", 0.25),
        ("<think>12345</think><answer>ab</answer>", 0.75),  # 20 characters are not more than 20
        ("<think>123456</think><answer>ab</answer>", 1.0),
        ("<answer></answer>", 0.25),
        ("", 0.0),
    ],
)
def test_3d_r1_gives_half_for_both_blocks_and_a_quarter_for_each_length(response: str, value: float) -> None:
    both = (TagBlock("think") * TagBlock("answer").named("answered")).named("both")
    reward = 0.5 * both + 0.25 * TagBlock("think", 21).named("thought") + 0.25 * TagBlock("answer", 11).named("said")
    assert graded(reward, response)[0] == value


def test_tag_blocks() -> None:
    assert graded(TagBlock("look"), "<look>a</look>") == (1, "")
    assert graded(TagBlock("look"), "</look><look>") == (0, "no <look> block")
    assert graded(TagBlock("a", 9), "<a>12</a>") == (1, "")
    assert graded(TagBlock("a", 10), "<a>12</a>") == (0, "<a> has 9 characters, expected 10")


def test_tag_count_reasons() -> None:
    assert graded(TagCount(("<a>", "<b>"), times=2), "<a><a><b>") == (0.5, "1 times '<b>', expected 2")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("Step 1: look\nStep 2: read", ""),
        ("**Step 1.** look\n\n### step 2) read\nmore of it\nso 4", ""),
        ("First.\nSTEP 1 - look\n> Step 2: read", ""),
        ("Step 1: look", "1 steps, expected at least 2"),
        ("Step 1: a\nStep 2: b\nStep 3: c\nStep 4: d", "4 steps, expected at most 3"),
        ("Step 1: look\nStep 3: read", "step 3 where step 2 belongs"),
        ("Step 2: look\nStep 1: read", "step 2 where step 1 belongs"),
        ("Step 1: look\nStep 1: read", "step 1 where step 2 belongs"),
        ("Step 1:\nStep 2: read", "step 1 is empty"),
        ("Step 1: look\n**Step 2:** ", "step 2 is empty"),
        ("look Step 1: a Step 2: b", "0 steps, expected at least 2"),
        ("Step one: look", "0 steps, expected at least 2"),
        ("", "0 steps, expected at least 2"),
    ],
)
def test_steps(response: str, reason: str) -> None:
    assert graded(StepMarkers(2, 3), response) == (float(not reason), reason)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("```python\nx = 1\n```", ""),
        ("Here:\n```Python\nx = 1\n```\nand\n```sh\nls\n```", ""),
        ("<think>```python\ny\n```</think>\n```python\nx\n```", ""),
        ("```python\nx\n```\n```python\ny\n```", "2 code blocks in python, expected 1"),
        ("```js\nx\n```", "0 code blocks in python, expected 1"),
        ("x = 1", "0 code blocks in python, expected 1"),
        ("```python\nx = 1", "a code fence is not closed"),
        ("```python\n \n```", "an empty code block"),
        ("", "0 code blocks in python, expected 1"),
    ],
)
def test_code_blocks(response: str, reason: str) -> None:
    assert graded(CodeBlock("python"), response) == (float(not reason), reason)


def test_a_code_block_alone() -> None:
    alone = CodeBlock(alone=True)
    assert graded(alone, "<think>hm</think>\n```svg\n<svg/>\n```\n") == (1, "")
    assert graded(alone, "Here:\n```svg\n<svg/>\n```") == (0, "text beside the code block")
    assert graded(CodeBlock(count=2), "```\na\n```\n~~~\nb\n~~~") == (1, "")


@pytest.mark.parametrize("piece", ["Step ", "Step 1:", "\n", "* ", "```\n", "~~~", "<think>", "# "])
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    for reward in (QUARTERS, TagBlock("answer"), StepMarkers(2, 3), CodeBlock("python")):
        assert graded(reward, text)[0] == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TagCount(()), "TagCount: no marks"),
        (lambda: TagCount(("a", "")), "TagCount: an empty mark"),
        (lambda: TagCount(("a",), times=0), "TagCount: times=0; it must be positive"),
        (lambda: TagBlock("<a>"), "tag '<a>' must be a plain name"),
        (lambda: TagBlock("a", -1), "least=-1"),
        (lambda: StepMarkers(0), "expected 1 <= least <= most"),
        (lambda: StepMarkers(3, 2), "expected 1 <= least <= most"),
        (lambda: CodeBlock(count=0), "count=0; it must be positive"),
    ],
)
def test_senseless_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)
