r"""The cheap verdict on two texts: read both, compare their trees, and say when that decides nothing.

In process, in tens of microseconds, and without hanging, whatever the texts are. What is undecided goes to
:func:`.oracle.confirm`, except where that could only hang: a number that nobody can work out (``9^{9^9}``) is equal to
nothing but the same expression. ::

    >>> decide(r"\frac{1}{2}", "0.5")
    Decision(equal=True, by='exact', reason='')
    >>> decide("5", r"\frac{1}{")
    Decision(equal=False, by='bounds', reason='unbalanced braces')
    >>> decide(r"\frac{\pi}{4}", r"\arctan 1").equal is None
    True
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from plaudit.rewards.verifiable.mathematics.bounds import enormous, excess, tower
from plaudit.rewards.verifiable.mathematics.cleaning import clean, unbalanced
from plaudit.rewards.verifiable.mathematics.comparison import compare
from plaudit.rewards.verifiable.mathematics.grammar import read
from plaudit.rewards.verifiable.mathematics.lists import spread
from plaudit.rewards.verifiable.mathematics.syntax import (
    MAX_LENGTH,
    Const,
    HopelessError,
    Node,
    Num,
    Op,
    Quantity,
    Sym,
    Text,
    UnreadableError,
)

_RELATION = re.compile(r"[<>≠≤≥≈]|\\(?:n?e|n?eq|[gl]eq?|[gl]t|approx|sim|to|in)(?![A-Za-z])")
_SEPARATOR = re.compile(r"[,;](?!\d{3}(?!\d))|\b(?:and|or)\b")


class Decision(NamedTuple):
    """What the cheap path found.

    ``equal`` is None where it can't decide. ``by`` says how it was found: ``text`` (the same text), ``form`` (the same
    tree, or different ones), ``exact`` (equality proved), ``bounds`` (empty, broken, or beyond grading), ``none`` (not
    at all). ``reason`` is a few words for a report, empty where the answer is right.
    """

    equal: bool | None
    by: str
    reason: str


class Reading(NamedTuple):
    """A text's tree, or why it has none; ``hopeless`` says that no other reader may be tried on it."""

    node: Node | None
    why: str
    hopeless: bool


def decide(gold: str, answer: str) -> Decision:
    r"""Decide whether ``answer`` means what the reference ``gold`` means, in microseconds and without hanging.

    >>> decide("[0, 1]", "[0, 1)").equal, decide(r"\sin^2 x", r"1-\cos^2 x").equal
    (False, True)
    """
    if len(answer) > MAX_LENGTH:
        return Decision(False, "bounds", excess(answer))
    spoken = answer.strip()
    if spoken and spoken == gold.strip():
        return Decision(True, "text", "")
    if not spoken:
        return Decision(False, "bounds", "empty")
    scientific = _scientific_allowed(gold, answer)
    left, right = reading(gold, scientific), reading(answer, scientific)
    try:
        found = _unread(left, right, clean(gold), clean(answer)) if right.node is None else _verdict(left, right)
        return found if found.equal is not None else _undecided(left.node, right.node, found)
    except RecursionError:  # unreachable within MAX_DEPTH unless the caller's own stack is nearly full
        return Decision(None, "none", "too deep here")


@lru_cache(maxsize=8192)
def reading(text: str, scientific: bool = True) -> Reading:
    """Read a text (cached): its tree, or the reason for having none."""
    why = excess(text)
    if why:
        return Reading(None, why, True)
    try:
        cleaned = clean(text)
        node = read(cleaned, scientific)
    except UnreadableError as error:
        return Reading(None, str(error), tower(cleaned))
    except HopelessError as error:
        return Reading(None, str(error), True)
    except RecursionError:
        return Reading(None, "too deep to grade", True)
    return Reading(node, "", False)


def _scientific_allowed(gold: str, answer: str) -> bool:
    """``2e-3`` is a number, unless the other text uses ``e`` for Euler's number."""
    stripped = (text.replace(r"\le", "").replace(r"\ge", "") for text in (gold, answer))
    return not any("e" in text and not _has_exponent(text) for text in stripped)


def _has_exponent(text: str) -> bool:
    head, _, tail = text.lower().strip(" $.").partition("e")
    return head[-1:].isdigit() and tail.lstrip("+-").isdigit()


def _unread(left: Reading, right: Reading, gold: str, answer: str) -> Decision:
    """Decide about an answer that the grammar refused."""
    if right.hopeless:
        return Decision(False, "bounds", right.why if "grade" in right.why else "too large to grade")
    if not answer:
        return Decision(False, "bounds", "empty")
    if answer == gold:
        return Decision(True, "text", "")
    if unbalanced(answer):
        return Decision(False, "bounds", "unbalanced braces")
    if answer[-1] in "+-*/^_=<>\\" or answer[0] in "*/^_=":
        return Decision(False, "bounds", "breaks off")
    if left.node is not None and not isinstance(left.node, Text) and _prose(answer):
        return Decision(False, "form", "words, not mathematics")
    if left.node is not None and not isinstance(left.node, Text):
        # math-verify would take a part that suits: 5 from "> 5", from "4 | 5" and from "5?"
        if isinstance(spread(left.node), (Num, Sym, Const, Op, Quantity)) and _several(answer):
            return Decision(False, "form", "several answers")
        if not right.why.endswith("is not in the grammar") or _RELATION.search(answer):
            return Decision(False, "form", f"unreadable: {right.why}")
    return Decision(None, "none", right.why)


def _prose(text: str) -> bool:
    words = [word for word in text.replace("$", " ").split() if word.strip(".,:;!?()").isalpha() and len(word) > 3]
    return len(words) >= 2


def _several(text: str) -> bool:
    """Say whether a cleaned text lists things outside all brackets; a comma may also group digits."""
    depth, outside = 0, ""
    for char in text:
        if char in "([{":
            depth += 1
        if not depth:
            outside += char
        if char in ")]}":
            depth -= 1
    return _SEPARATOR.search(outside) is not None


def _verdict(left: Reading, right: Reading) -> Decision:
    if left.node is None or right.node is None:
        return Decision(None, "none", f"reference not read: {left.why}")
    if left.node == right.node:
        return Decision(True, "form", "")
    try:
        equal = compare(left.node, right.node)
    except HopelessError as error:
        return _hopeless(left.node, right.node, str(error))
    if equal is None:
        return Decision(None, "none", "equality needs an exact proof")
    return Decision(equal, "exact" if equal else "form", "" if equal else "not equal")


def _hopeless(gold: Node, answer: Node, why: str) -> Decision:
    """The answer is hopeless, unless it is the reference that is."""
    try:
        compare(gold, gold)
    except HopelessError:
        return Decision(None, "none", f"reference: {why}")
    try:
        compare(answer, answer)
    except HopelessError:
        return Decision(False, "bounds", why)
    return Decision(None, "none", why)


def _undecided(gold: Node | None, answer: Node | None, found: Decision) -> Decision:
    """Decide against numbers on which every other reader would hang."""
    if gold is not None and enormous(gold):
        return Decision(False, "bounds", "not the reference, which is too large to work out")
    if answer is not None and enormous(answer):
        return Decision(False, "bounds", "too large to grade")
    return found
