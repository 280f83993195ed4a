"""Structure: partial credit for form, and the marks that structure a text: tags, steps, code blocks.

``Format`` says whether the whole form is right; these give credit for parts of it, and are summed by weight.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning
from plaudit.rewards.verifiable.formats.code_blocks import fenced

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

_STEP = re.compile(r"^[ \t#*_>-]*Step[ \t]*(\d{1,6})[ \t*_]*[:.)–—-]", re.IGNORECASE | re.MULTILINE)


@part
class TagCount(Leaf):
    r"""Share of the marks that occur exactly so often in the response: one point a mark, whatever stands between.

    V-Triune's (2025) partial format credit and the "tag count" reward of open-r1, a quarter for each of four marks, is
    ``TagCount(["<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"])``.

    Args:
        marks: the marks, as they are written.
        times: how often each must occur.

    Range: [0, 1].

    Raises:
        ConfigError: no marks, an empty one, or ``times`` is not positive.

    >>> from plaudit import Sample
    >>> TagCount(["<think>", "</think>"]).score([Sample("", "<think>2 + 2</think></think>")]).values
    array([0.5])
    """

    marks: tuple[str, ...]
    times: int = 1

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.marks or not all(self.marks):
            raise ConfigError("TagCount: an empty mark" if self.marks else "TagCount: no marks", "marks")
        if self.times < 1:
            raise ConfigError(f"TagCount: times={self.times}; it must be positive", "times")

    def grade(self, sample: Sample) -> Any:
        """Return the share, with the first mark that does not fit."""
        counts = {mark: sample.text.count(mark) for mark in self.marks}
        wrong = [mark for mark in self.marks if counts[mark] != self.times]
        if not wrong:
            return Grade(1.0)
        return Grade(1 - len(wrong) / len(self.marks), f"{counts[wrong[0]]} times {wrong[0]!r}, expected {self.times}")


@part
class TagBlock(Leaf):
    """1 where the response has a block of this tag that is long enough, else 0.

    The length is that of the first block, with its two tags and without white space at its ends. 3D-R1's (2025) format
    reward is ``0.5 * TagBlock("think") * TagBlock("answer") + 0.25 * TagBlock("think", 21) + 0.25 *
    TagBlock("answer", 11)`` (its last two named apart).

    Args:
        tag: the tag's name, without brackets.
        least: how many characters the block must have; 0 asks only that it be there.

    Range: 0 or 1.

    Raises:
        ConfigError: the tag is no plain name, or ``least`` is negative.

    >>> from plaudit import Sample
    >>> TagBlock("answer", 20).score([Sample("", "<answer>ab</answer>")]).reason
    ['<answer> has 19 characters, expected 20']
    """

    tag: str
    least: int = 0

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[A-Za-z][\w-]*", self.tag):
            raise ConfigError(f"TagBlock: tag {self.tag!r} must be a plain name, without brackets", "tag")
        if self.least < 0:
            raise ConfigError(f"TagBlock: least={self.least}; it must not be negative", "least")

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and what is missing."""
        text = sample.text
        start = text.find(f"<{self.tag}>")
        end = text.find(f"</{self.tag}>", start)
        if start < 0 or end < 0:
            return Grade(0.0, f"no <{self.tag}> block")
        length = end + len(self.tag) + 3 - start
        return (
            Grade(1.0)
            if length >= self.least
            else Grade(0.0, f"<{self.tag}> has {length} characters, expected {self.least}")
        )


@part
class StepMarkers(Leaf):
    """1 where the response is written in numbered steps ("Step 1:", "**Step 2.**", "### step 3)"), else 0.

    The numbers run from 1 upwards, each step stands at a line's start, holds something, and comes once.

    Args:
        least: how few steps there may be.
        most: how many there may be; None for any number.

    Range: 0 or 1.

    Raises:
        ConfigError: ``least`` is not positive or greater than ``most``.

    >>> from plaudit import Sample
    >>> StepMarkers(2).score([Sample("", "Step 1: look"), Sample("", "Step 1: look" + chr(10) + "Step 2: read")]).values
    array([0., 1.])
    """

    least: int = 1
    most: int | None = None

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.least <= (self.most or self.least):
            raise ConfigError(
                f"StepMarkers: least={self.least} and most={self.most}; expected 1 <= least <= most", "least"
            )

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and what is wrong with the steps."""
        text = sample.text
        marks = list(_STEP.finditer(text))
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        for k, (mark, end) in enumerate(zip(marks, ends, strict=False), 1):
            if int(mark[1]) != k:
                return Grade(0.0, f"step {int(mark[1])} where step {k} belongs")
            if not text[mark.end() : end].strip(" \t\r\n*_"):
                return Grade(0.0, f"step {k} is empty")
        if len(marks) < self.least:
            return Grade(0.0, f"{len(marks)} steps, expected at least {self.least}")
        if self.most is not None and len(marks) > self.most:
            return Grade(0.0, f"{len(marks)} steps, expected at most {self.most}")
        return Grade(1.0)


@part
class CodeBlock(Leaf):
    """1 where the response has exactly so many fenced code blocks outside its reasoning, closed and not empty, else 0.

    Args:
        language: what must stand behind the opening fence, without regard to case; None for anything or nothing.
            Blocks of other languages are not counted.
        count: how many.
        alone: whether nothing else may be said outside the reasoning.

    Range: 0 or 1.

    Raises:
        ConfigError: the count is not positive.

    >>> from plaudit import Sample
    >>> CodeBlock("python").score([Sample("", "```python" + chr(10) + "x = 1" + chr(10) + "```")]).values
    array([1.])
    """

    language: str | None = None
    count: int = 1
    alone: bool = False

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count < 1:
            raise ConfigError(f"CodeBlock: count={self.count}; it must be positive", "count")

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and what is wrong with the blocks."""
        said = outside_reasoning(sample.text).strip()
        blocks = fenced(said)
        if any(not block.closed for block in blocks):
            return Grade(0.0, "a code fence is not closed")
        fit = [b for b in blocks if self.language is None or b.language == self.language.lower()]
        if len(fit) != self.count:
            return Grade(
                0.0, f"{len(fit)} code blocks{f' in {self.language}' if self.language else ''}, expected {self.count}"
            )
        if any(not block.code.strip() for block in fit):
            return Grade(0.0, "an empty code block")
        if self.alone and not (said.startswith(("```", "~~~")) and said.endswith(("```", "~~~")) and len(blocks) == 1):
            return Grade(0.0, "text beside the code block")
        return Grade(1.0)
