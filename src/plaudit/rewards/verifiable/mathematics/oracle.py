r"""The slow exact verdict, and whether a reference can be graded against at all, by math-verify 0.9 and sympy.

math-verify guards itself with SIGALRM, which exists only on a process's main thread, so both of its alarms are off
here: :func:`confirm` works on any thread **and may hang**. Call it in a process that you can kill.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.mathematics.bounds import excess
from plaudit.rewards.verifiable.mathematics.cleaning import clean, unbalanced
from plaudit.rewards.verifiable.mathematics.decision import reading

_SHOWN = 80


def confirm(gold: str, answer: str) -> bool:
    r"""Say whether math-verify holds ``answer`` equal to the reference ``gold``. May take forever.

    Meant for pairs that :func:`.decide` left undecided; on others it repeats math-verify's known errors. The order of
    the arguments matters: math-verify doesn't read an inequality alike in the answer and in the reference.
    """
    import math_verify

    left, right = _parsed(clean(gold)), _fresh(clean(answer))
    return bool(left and right and math_verify.verify(list(left), right, timeout_seconds=None))


def check_reference(gold: str) -> None:
    """Check once per reference that it can be read as mathematics (or as a text answer).

    Raises:
        BadReferenceError: it is empty, unbalanced, beyond every bound, or nothing can be read in it.
    """
    fault = _fault(gold)
    if fault:
        shown = gold if len(gold) <= _SHOWN else gold[:_SHOWN] + "..."
        raise BadReferenceError(f"reference {shown!r} {fault}; give one LaTeX or plain expression")


@lru_cache(maxsize=8192)
def _fault(gold: str) -> str:
    if not gold.strip() or not clean(gold):
        return "is empty"
    beyond = excess(gold)
    if beyond:
        return f"is {beyond}"
    if unbalanced(gold):
        return "has unbalanced braces"
    found = reading(gold)
    if found.node is not None:
        return ""
    if found.hopeless:
        return f"is {found.why}"
    return "" if any(not isinstance(part, str) for part in _parsed(clean(gold))) else "is not mathematics"


@lru_cache(maxsize=2048)
def _parsed(cleaned: str) -> tuple[Any, ...]:
    return tuple(_fresh(cleaned))


def _fresh(cleaned: str) -> list[Any]:
    """Parse cleaned text as LaTeX; without the dollar signs math-verify would pick a fragment of it."""
    import math_verify
    from math_verify import grader, parser

    parser.TIMEOUT_WARNING_SHOWN = grader.TIMEOUT_WARNING_SHOWN = True  # the caller does keep time
    inner = cleaned.replace("$", r"\$")
    found: list[Any] = math_verify.parse(f"${inner}$", parsing_timeout=None)
    return found
