r"""Extraction: the one answer that a response commits to, or why there is none.

Only what stands outside the reasoning block counts, and a response that hedges between different answers has none: a
policy must not be paid for listing candidates. What is read is the response alone, never the prompt.

>>> extract("<think>3 or 4?</think><answer>4</answer>").text
'4'
>>> extract(r"So it is \boxed{4}. No, \boxed{5}.").reason
'several answers'
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

How = Literal["auto", "tag", "boxed", "last", "text"]
Pick = Literal["only", "last"]
HOWS: tuple[str, ...] = get_args(How)


class Extracted(NamedTuple):
    """The answer, or the reason why there is none."""

    text: str | None
    reason: str = ""


NO_ANSWER = Extracted(None, "no answer")
SEVERAL = Extracted(None, "several answers")
EMPTY = Extracted(None, "empty answer")

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_BLOCK = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_BOX = re.compile(r"\\f?boxed\s*")


def extract(text: str, how: How = "auto", pick: Pick = "only") -> Extracted:
    r"""Return the answer of a response.

    Args:
        text: the response.
        how: ``tag``: the ``<answer>`` block; ``boxed``: the ``\boxed{}``; ``auto``: the block, else the box; ``text``:
            all that is outside the reasoning. (``last`` is for the caller: it also gets all outside the reasoning.)
        pick: ``only``: several different answers are no answer; ``last``: the last of them counts.
    """
    said = outside_reasoning(text)
    if how in ("text", "last"):
        return _one([said], pick)
    if how in ("auto", "tag"):
        blocks = _BLOCK.findall(said)
        left = _BLOCK.sub("", said)
        if "<answer>" in left or any("<answer>" in b for b in blocks):
            return Extracted(None, "an <answer> tag is not closed")
        if blocks:
            return _unboxed(_one(blocks, pick), pick)
        if "</answer>" in left:
            return Extracted(None, "an </answer> tag was never opened")
        if how == "tag":
            return NO_ANSWER
    boxes = boxed(said)
    if boxes is None:
        return Extracted(None, r"a \boxed{ is not closed")
    return _one(boxes, pick)


def outside_reasoning(text: str) -> str:
    """Return the text without its reasoning.

    A ``</think>`` that nothing opened ends reasoning that the chat template had begun; a ``<think>`` that nothing
    closes means that the response was cut off while it still reasoned.
    """
    if "think>" not in text:
        return text
    said = _THOUGHT.sub("", text)
    said = said.rpartition("</think>")[2]
    return said.partition("<think>")[0]


def boxed(text: str) -> list[str] | None:
    r"""Return the contents of every outermost ``\boxed{...}`` in order; None where one is not closed."""
    found, at = [], 0
    while match := _BOX.search(text, at):
        at = match.end()
        if text[at : at + 1] != "{":
            if text[at : at + 1]:  # TeX takes one token: \boxed 5
                found.append(text[at])
            continue
        depth, start = 0, at + 1
        while at < len(text):
            c = text[at]
            if c == "\\":
                at += 2
                continue
            depth += (c == "{") - (c == "}")
            at += 1
            if depth == 0:
                break
        if depth:
            return None
        found.append(text[start : at - 1])
    return found


def _one(found: list[str], pick: Pick) -> Extracted:
    """Choose among what was found, letting equal texts count as one."""
    if not found:
        return NO_ANSWER
    distinct = list(dict.fromkeys(" ".join(f.split()) for f in found))
    if len(distinct) > 1 and pick == "only":
        return SEVERAL
    answer = found[-1].strip()
    return Extracted(answer) if answer else EMPTY


def _unboxed(answer: Extracted, pick: Pick) -> Extracted:
    r"""Open a ``\boxed{}`` that stands inside the answer block."""
    if answer.text is None or "boxed" not in answer.text:
        return answer
    boxes = boxed(answer.text)
    if boxes is None:
        return Extracted(None, r"a \boxed{ is not closed")
    return _one(boxes, pick) if boxes else answer
