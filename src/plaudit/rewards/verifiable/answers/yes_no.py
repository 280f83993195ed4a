"""Yes or no: what an answer to a question of fact says, if it says one thing."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

_SAYS = {"yes": True, "true": True, "correct": True, "no": False, "false": False, "incorrect": False}
_SPOKEN = re.compile(
    r"(?:(?:the |my )?(?:final )?(?:answer|statement)(?: is)?:? |it is |that is )?([a-z]+)(?=$|[^\w\s]|\s[-–—])"
)
#: What denies or affirms; "no" before a word only belongs to that word ("there is no dog").
_POLAR = re.compile(r"\b(?:(yes|true|correct|right)|(no(?!\s\w)|false|incorrect|wrong))\b")


@part
class YesNo(Leaf):
    """1 where the answer says yes or no as the reference does, else 0.

    Read are yes, true, correct and no, false, incorrect, alone or as the first clause ("No, there is none."), and after
    "the answer is". An answer that says both, or neither, scores 0.

    Args:
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``: True or False, 1 or 0, or one of those words.

    >>> from plaudit import Sample
    >>> said = ["Yes.", "TRUE", "No, none.", "yes and no", "maybe"]
    >>> YesNo().score([Sample("Is there?", f"<answer>{text}</answer>", True) for text in said]).values
    array([1., 1., 0., 0., 0.])
    """

    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = _right(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = yes_or_no(found.text)
        if said is None:
            return Grade(0.0, "neither yes nor no in the answer")
        return Grade(1.0) if said == right else Grade(0.0, f"said {'yes' if said else 'no'}")


def yes_or_no(text: str) -> bool | None:
    """Return what a text says, or None where it says neither or both.

    >>> yes_or_no("The answer is no."), yes_or_no("Yes, there is no dog"), yes_or_no("Yes. No."), yes_or_no("Not yes")
    (False, True, None, None)
    """
    text = normalised(text, "loose")
    spoken = _SPOKEN.match(text)
    said = _SAYS.get(spoken[1]) if spoken else None
    if said is None or spoken is None:
        return None
    return None if any((m[1] is not None) != said for m in _POLAR.finditer(text, spoken.end())) else said


def _right(reference: Any) -> bool:
    if isinstance(reference, str):
        said = yes_or_no(reference)
        if said is not None:
            return said
    elif type(reference).__name__ in ("bool", "bool_") or (isinstance(reference, int) and reference in (0, 1)):
        return bool(reference)
    raise BadReferenceError(f"reference is {shown(reference)}; expected True or False, or yes, no, true or false")
