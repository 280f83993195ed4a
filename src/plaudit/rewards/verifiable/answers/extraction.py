r"""Extraction: the one answer that a response commits to, or why there is none.

Only what stands outside the reasoning counts, and a response that hedges between different answers has none: a policy
must not be paid for listing candidates. What is read is the response alone, never the prompt. Tags are written exactly
``<think>``, ``</think>``, ``<answer>`` and ``</answer>``; ``<Answer>`` or ``< answer >`` is plain text. Time is
proportional to the response's length, whatever is in it.

>>> extract("<think>3 or 4?</think><answer>4</answer>").text
'4'
>>> extract(r"So it is \boxed{4}. No, \boxed{5}.").reason
'several answers'
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

How = Literal["auto", "tag", "boxed", "last", "text"]
Pick = Literal["only", "last"]


class Extracted(NamedTuple):
    """The answer, or the reason why there is none."""

    text: str | None
    reason: str = ""


NO_ANSWER = Extracted(None, "no answer")
SEVERAL = Extracted(None, "several answers")
EMPTY = Extracted(None, "empty answer")
_OPEN_BOX = Extracted(None, r"a \boxed{ is not closed")

_THINK_TAG = re.compile(r"</?think>")
_ANSWER_TAG = re.compile(r"</?answer>")
#: ``\boxed`` or ``\fbox``, and where no brace follows the one thing that it frames: a number, a command, a character.
_BOX = re.compile(
    r"\\(?:boxed|fbox)(?![A-Za-z])\s*(?:(?P<brace>\{)|(?P<bare>[-+−]?\d+(?:[.,]\d+)*|\\[A-Za-z]+|[^\s$]))?"
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def extract(text: str, how: How = "auto", pick: Pick = "only") -> Extracted:
    r"""Return the answer of a response.

    Args:
        text: the response.
        how: ``tag``: the ``<answer>`` block; ``boxed``: the ``\boxed{}``; ``auto``: the block, else the box; ``text``:
            all that is outside the reasoning. (``last`` is for the caller: it also gets all outside the reasoning.)
        pick: ``only``: several different answers are no answer; ``last``: the last of them counts.

    Returns:
        The answer without white space around it, never empty; or None and the reason. A ``\boxed{}`` inside the
        answer block is opened. An ``<answer>`` tag without its partner, or inside another block, is no answer.

    >>> extract("<answer>4</answer> or <answer>5</answer>", pick="last").text
    '5'
    >>> extract("<think>so <answer>4</answer>").reason
    'no answer'
    """
    said = outside_reasoning(text)
    if how in ("text", "last"):
        return _one([said], pick)
    if how in ("auto", "tag"):
        blocks = _blocks(said)
        if isinstance(blocks, Extracted):
            return blocks
        if blocks:
            return _unboxed(_one(blocks, pick), pick)
        if how == "tag":
            return NO_ANSWER
    boxes = boxed(said)
    return _OPEN_BOX if boxes is None else _one(boxes, pick)


def outside_reasoning(text: str) -> str:
    """Return the text without its reasoning.

    A ``</think>`` that nothing opened ends reasoning that the chat template had begun, so all before it is reasoning;
    a ``<think>`` that nothing closes means that the response was cut off while it still reasoned.

    >>> outside_reasoning("the user asks ...</think>It is <think>is it?</think>4 <think>or")
    'It is  4 '
    """
    said: list[str] = []
    at, thinking = 0, False
    for tag in _THINK_TAG.finditer(text):
        if tag[0] == "<think>":
            if not thinking:
                said.append(text[at : tag.start()])
            thinking = True
        else:
            if not thinking:
                said.clear()
            at, thinking = tag.end(), False
    if not thinking:
        said.append(text[at:])
    return " ".join(said)


def boxed(text: str) -> list[str] | None:
    r"""Return the contents of every outermost ``\boxed{...}`` or ``\fbox{...}`` in order; None where one is not closed.

    Without a brace the box frames the one number, command or character that follows, as in TeX (but a number whole).

    >>> boxed(r"\boxed{\frac{1}{2}}, \fbox{\{1,2\}}, \boxed 12")
    ['\\frac{1}{2}', '\\{1,2\\}', '12']
    """
    found, at = [], 0
    while match := _BOX.search(text, at):
        at = match.end()
        if match["bare"]:
            found.append(match["bare"])
        elif match["brace"]:
            end = _closing(text, at)
            if end < 0:
                return None
            found.append(text[at:end])
            at = end + 1
    return found


def _closing(text: str, at: int) -> int:
    """Return where the brace is closed that was opened before ``at``; -1 if nowhere. Escaped braces don't count."""
    depth = 1
    for brace in _BRACE.finditer(text, at):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return brace.start()
    return -1


def _blocks(said: str) -> list[str] | Extracted:
    """Return the contents of the answer blocks, or what is wrong with their tags."""
    blocks: list[str] = []
    start = -1
    for tag in _ANSWER_TAG.finditer(said):
        opens = tag[0] == "<answer>"
        if opens and start >= 0:
            return Extracted(None, "an <answer> inside an <answer>")
        if not opens and start < 0:
            return Extracted(None, "an </answer> tag was never opened")
        if not opens:
            blocks.append(said[start : tag.start()])
        start = tag.end() if opens else -1
    return blocks if start < 0 else Extracted(None, "an <answer> tag is not closed")


def _one(found: list[str], pick: Pick) -> Extracted:
    """Choose among what was found, letting texts that differ only in white space count as one."""
    if not found:
        return NO_ANSWER
    if pick == "only" and len({" ".join(f.split()) for f in found}) > 1:
        return SEVERAL
    answer = found[-1].strip()
    return Extracted(answer) if answer else EMPTY


def _unboxed(answer: Extracted, pick: Pick) -> Extracted:
    r"""Open a ``\boxed{}`` that stands inside the answer block."""
    boxes = boxed(answer.text or "")
    if boxes is None:
        return _OPEN_BOX
    return _one(boxes, pick) if boxes else answer
