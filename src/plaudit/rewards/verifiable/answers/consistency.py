"""Consistency: does the answer say what the reasoning came to?

Judged by text alone: what the reasoning states last is held against the answer, and nothing is asked of a model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.choices import chosen, last_letter, options_of
from plaudit.rewards.verifiable.answers.extraction import boxed, extract
from plaudit.rewards.verifiable.answers.numbers import number, numbers
from plaudit.rewards.verifiable.answers.yes_no import yes_or_no
from plaudit.rewards.verifiable.text.comparison import Where

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Subject = Literal["choice", "number", "yes-no"]
Conclusion = str | Fraction | bool

#: Characters at the end of the reasoning in which its conclusion is looked for.
_TAIL = 10_000
_THINK = re.compile(r"</?think>")
_CONCLUDES = re.compile(r"\b(?:answer|result|conclusion|total)\s?(?:is|was|must be|equals|[:=])\s?[:=]?", re.IGNORECASE)
_CLAUSE = re.compile(r"[.!?;,:\n]+(?:\s|$)")


@part
class AnswerConsistency(Leaf):
    r"""1 where the answer is what the reasoning concludes, else 0; whether it is right is not asked.

    The reasoning is what stands in ``<think>``; looked at are its last 10,000 characters. Its conclusion is
    their last ``\boxed{}``, else

    * ``choice``: the last letter named by "the answer is", else marked, else alone
      (:func:`plaudit.rewards.verifiable.answers.choices.last_letter`);
    * ``number``: the one number in the clause behind the last "the answer is" ("result", "total") that has one, which
      may be a sum's result, else the last number;
    * ``yes-no``: the last clause that says yes or no.

    No reasoning, none that concludes anything, and no readable answer score 0. A policy satisfies this with a wrong
    answer as well as with a right one: use it beside or behind one that asks for the right answer.

    Args:
        kind: what the answer is. For a choice the options, if any, are in ``sample["options"]``.
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).

    Range: 0 or 1.

    >>> from plaudit import Sample
    >>> said = ["<think>3 + 4 = 7</think><answer>7</answer>", "<think>3 + 4 = 7</think><answer>8</answer>"]
    >>> scores = AnswerConsistency("number").score([Sample("3 + 4?", text) for text in said])
    >>> scores.values, scores.reason
    (array([1., 0.]), ['', 'the reasoning concludes 7, the answer says 8'])
    """

    kind: Subject
    extract: Where = field(default="auto", kw_only=True)

    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        options = options_of(sample.get("options")) if self.kind == "choice" else {}
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = stated(found.text, self.kind, options)
        if said is None:
            return Grade(0.0, f"no {self.kind} in the answer")
        reasoning = inside_reasoning(sample.text)
        if not reasoning.strip():
            return Grade(0.0, "no reasoning")
        concluded = conclusion(reasoning[-_TAIL:], self.kind, options)
        if concluded is None:
            return Grade(0.0, "the reasoning concludes nothing")
        if said == concluded:
            return Grade(1.0)
        return Grade(0.0, f"the reasoning concludes {_written(concluded)}, the answer says {_written(said)}")


def inside_reasoning(text: str) -> str:
    """Return the reasoning of a text: the complement of ``extraction.outside_reasoning``.

    >>> inside_reasoning("<think>a</think>b<think>c</think>"), inside_reasoning("a</think>b")
    ('a c', 'a')
    """
    pieces: list[str] = []
    at, thinking = 0, False
    for tag in _THINK.finditer(text):
        if tag[0] == "<think>":
            if not thinking:
                at = tag.end()
            thinking = True
        else:
            pieces.append(text[at : tag.start()])
            at, thinking = tag.end(), False
    if thinking:
        pieces.append(text[at:])
    return " ".join(pieces)


def stated(text: str, kind: Subject, options: Mapping[str, str]) -> Conclusion | None:
    """Return the one choice, number or yes or no that an answer states, or None."""
    match kind:
        case "choice":
            return chosen(text, options)
        case "number":
            return number(text)
        case "yes-no":
            return yes_or_no(text)


def conclusion(reasoning: str, kind: Subject, options: Mapping[str, str]) -> Conclusion | None:
    """Return what a reasoning concludes last, or None.

    >>> conclusion("So the answer is 12, and not 7 + 4.", "number", {}), conclusion("Is it? Yes, it is.", "yes-no", {})
    (Fraction(12, 1), True)
    """
    boxes = boxed(reasoning)
    if boxes and (framed := stated(boxes[-1], kind, options)) is not None:
        return framed
    match kind:
        case "choice":
            return last_letter(reasoning, options)
        case "number":
            for named in reversed(list(_CONCLUDES.finditer(reasoning))):
                clause = _CLAUSE.split(reasoning[named.end() : named.end() + 200], maxsplit=1)[0]
                value = number(clause.rpartition("=")[2])
                if value is not None:
                    return value
            return next((value for value in reversed(numbers(reasoning)) if value is not None), None)
        case "yes-no":
            clauses = (yes_or_no(clause) for clause in reversed(_CLAUSE.split(reasoning)))
            return next((said for said in clauses if said is not None), None)


def _written(value: Conclusion) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction) and value.denominator > 1 and abs(value) < 10**15:
        return f"{float(value):.6g}"
    return str(value)[:40]
