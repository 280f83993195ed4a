r"""Code blocks: the one program, query, table or drawing that a response commits to, or why there is none.

What stands in the ``<answer>`` block outside the reasoning counts; without one, the fenced block outside the
reasoning. A block is opened by three or more backticks or tildes and closed by a line of as many or more, as in
CommonMark. Several blocks that differ are no answer, unless the last is asked for. Time is proportional to the length.

>>> code_block("Here it is:\n```sql\nselect 1\n```\n", ("sql",)).text
'select 1'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from plaudit.rewards.verifiable.answers.extraction import EMPTY, NO_ANSWER, Extracted, Pick, extract, outside_reasoning

Where = Literal["auto", "tag", "fence", "text"]

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*$", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        language: the first word after the opening fence, in lower case; ``""`` if there is none.
        code: what stands between the fences, without the last line's end.
        closed: whether the closing fence is there.
    """

    language: str
    code: str
    closed: bool


def fenced(text: str) -> list[Block]:
    r"""Return every fenced block in order.

    >>> fenced("```py\nx\n```\n~~~\ny")
    [Block(language='py', code='x', closed=True), Block(language='', code='y', closed=False)]
    """
    found: list[Block] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and fence[0].strip() == fence[1]:
            code = text[opened.end() + 1 : fence.start()].removesuffix("\n")
            found.append(Block(opened[2].lower(), code, True))
            opened = None
    if opened is not None:
        found.append(Block(opened[2].lower(), text[opened.end() + 1 :], False))
    return found


def code_block(text: str, languages: Sequence[str] = (), where: Where = "auto", pick: Pick = "only") -> Extracted:
    """Return the code that a response commits to.

    Args:
        text: the response.
        languages: which labels a fence may have; a fence without a label fits where none has one of these.
        where: ``tag``: in the ``<answer>`` block (in a fence there, if it has one, else all of it); ``fence``: in a
            fence outside the reasoning; ``auto``: the tag, else the fence; ``text``: the fence, else all outside the
            reasoning.
        pick: ``only``: several different blocks are none; ``last``: the last counts.

    Returns:
        The code, never empty; or None and the reason.
    """
    if where in ("auto", "tag"):
        answer = extract(text, "tag", pick)
        if answer.text is not None:
            return _inside(answer.text, languages, pick, whole=True)
        if where == "tag" or answer is not NO_ANSWER:
            return answer
    return _inside(outside_reasoning(text), languages, pick, whole=where == "text")


def _inside(text: str, languages: Sequence[str], pick: Pick, *, whole: bool) -> Extracted:
    blocks = fenced(text)
    if not blocks:
        said = text.strip()
        return (Extracted(said) if said else EMPTY) if whole else NO_ANSWER
    if not blocks[-1].closed:
        return Extracted(None, "a code fence is not closed")
    fit = [block for block in blocks if block.language in languages] if languages else blocks
    fit = fit or [block for block in blocks if not block.language]
    if not fit:
        return Extracted(None, f"no code block in {' or '.join(languages)}"[:200])
    if pick == "only" and len({block.code.strip() for block in fit}) > 1:
        return Extracted(None, "several code blocks")
    return Extracted(fit[-1].code) if fit[-1].code.strip() else EMPTY
