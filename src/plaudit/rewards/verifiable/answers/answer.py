"""Answer: is the response's one answer the reference's?"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Cost, Leaf, Run, part
from plaudit.core.score import Floats, Scores, Status
from plaudit.rewards.verifiable.answers.choices import chosen, last_letter, options_of, reference_letter
from plaudit.rewards.verifiable.answers.extraction import Extracted, How, Pick, extract
from plaudit.rewards.verifiable.answers.numbers import number, numbers

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Kind = Literal["math", "choice", "number", "exact"]


@part
class Answer(Leaf):
    r"""1 where the response's one answer is the reference's, else 0 with the reason.

    The answer is what stands in the one ``<answer>`` block outside the reasoning, else in the one ``\boxed{}``. No
    answer, an empty one, or several that differ score 0: that is the response's fault. A reference that can't be read
    is the record's: ``invalid``.

    Args:
        kind: ``math``: equal as mathematics (see :mod:`plaudit.rewards.verifiable.mathematics`);
            ``choice``: the same letter, with the options, if any, in ``sample["options"]`` (a list, or a mapping);
            ``number``: ``|answer - reference| <= atol + rtol * |reference|``; ``exact``: the same text, with white
            space collapsed and Unicode composed, case and all.
        extract: ``auto`` as above; ``tag`` or ``boxed`` alone; ``text``: all outside the reasoning; ``last``: the last
            number there, or the last letter: one named by "the answer is" before a marked one before a bare one.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.
        atol: absolute tolerance, in the reference's unit (kind number).
        rtol: tolerance relative to the reference (kind number).

    Range: 0 or 1. Needs: ``reference``.

    Raises:
        ConfigError: a tolerance for another kind than number, or ``extract="last"`` for math or exact.

    >>> from plaudit import Sample
    >>> cities = {"options": ["London", "Paris"]}
    >>> said = ["<answer>(B)</answer>", r"It is \boxed{A, B}."]
    >>> scores = Answer("choice").score([Sample("?", text, reference="B", meta=cities) for text in said])
    >>> scores.values, scores.reason
    (array([1., 0.]), ['', 'no one choice in the answer'])
    """

    kind: Kind
    extract: How = "auto"
    pick: Pick = "only"
    atol: float = 0.0
    rtol: float = 0.0

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.atol or self.rtol) and self.kind != "number":
            raise ConfigError(f'Answer: atol and rtol belong to kind "number", not to {self.kind!r}')
        if self.atol < 0 or self.rtol < 0:
            raise ConfigError(f"Answer: atol={self.atol}, rtol={self.rtol}: tolerances are at least 0")
        if self.extract == "last" and self.kind not in ("number", "choice"):
            raise ConfigError(f'Answer: extract="last" finds a number or a letter, not an answer of kind {self.kind!r}')

    @property
    def cost(self) -> Cost:
        """Mathematics that the quick way can't settle goes to a computer algebra system, which may hang."""
        return "cpu" if self.kind == "math" else "free"

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade in process; what mathematics leaves undecided is settled where it can be killed."""
        quick = await run.each(self.grade, samples, cost="free")
        if self.kind != "math":
            return quick
        open_rows = np.array([i for i, note in enumerate(quick.notes or ()) if note is not None], dtype=np.intp)
        if len(open_rows):
            pairs = [quick.notes[i] for i in open_rows] if quick.notes else []
            quick.put(open_rows, await run.each(settle, pairs, "cpu", self.timeout))
        quick.notes = None
        return quick

    def grade(self, sample: Sample) -> Any:
        """Return the grade; for mathematics that is undecided, a grade whose note is the pair to settle."""
        found = extract(sample.text, self.extract, self.pick)
        match self.kind:
            case "math":
                return _mathematics(_text(sample.reference, self.kind), found)
            case "choice":
                return self._choice(sample, found)
            case "number":
                return self._number(_number(sample.reference), found)
            case "exact":
                reference = _composed(_text(sample.reference, self.kind))
                if not reference:
                    raise BadReferenceError("reference is empty; kind 'exact' expects a text or a number")
                if found.text is None:
                    return Grade(0.0, found.reason)
                return Grade(1.0) if _composed(found.text) == reference else Grade(0.0, "another text")

    def _choice(self, sample: Sample, found: Extracted) -> Grade:
        options = options_of(sample.get("options"))
        right = reference_letter(sample.reference, options)
        if found.text is None:
            return Grade(0.0, found.reason)
        letter = last_letter(found.text, options) if self.extract == "last" else chosen(found.text, options)
        if letter is None:
            return Grade(0.0, "no one choice in the answer")
        return Grade(1.0) if letter == right else Grade(0.0, f"chose {letter}, not {right}")

    def _number(self, reference: Fraction, found: Extracted) -> Grade:
        if found.text is None:
            return Grade(0.0, found.reason)
        last = self.extract == "last"
        value = next(reversed(numbers(found.text)), None) if last else number(found.text)
        if value is None:
            return Grade(0.0, "no one number in the answer")
        # As they are written: the float 0.3 is a little less than 3/10.
        near = abs(value - reference) <= Fraction(str(self.atol)) + Fraction(str(self.rtol)) * abs(reference)
        return Grade(1.0) if near else Grade(0.0, "another number")


def settle(pair: tuple[str, str]) -> Grade:
    """Grade a (reference, answer) pair by computer algebra; this may take long, or for ever."""
    from plaudit.rewards.verifiable.mathematics import confirm

    return Grade(1.0) if confirm(*pair) else Grade(0.0, "another value")


def _mathematics(reference: str, found: Extracted) -> Grade:
    from plaudit.rewards.verifiable.mathematics import check_reference, decide

    check_reference(reference)
    if found.text is None:
        return Grade(0.0, found.reason)
    decision = decide(reference, found.text)
    if decision.equal is None:
        return Grade(None, "undecided", Status.MISSING, note=(reference, found.text))
    return Grade(float(decision.equal), "" if decision.equal else decision.reason)


def _text(reference: Any, kind: str) -> str:
    """Return the reference as text; a number as Python writes it.

    Raises:
        BadReferenceError: it is neither text nor a finite number, or too long a number to write out.
    """
    if isinstance(reference, str):
        return reference
    if isinstance(reference, bool) or not isinstance(reference, Real):
        raise BadReferenceError(f"reference is a {type(reference).__name__}; kind {kind!r} expects a text or a number")
    try:
        written = str(reference)
    except ValueError:  # Python writes out at most 4,300 digits
        raise BadReferenceError(
            f"reference is a number too long to write out; kind {kind!r} expects a number"
        ) from None
    if written.lstrip("-") in ("nan", "inf"):
        raise BadReferenceError(f"reference is {written}; kind {kind!r} expects a text or a finite number")
    return written


def _number(reference: Any) -> Fraction:
    value = number(_text(reference, "number"))
    if value is None:
        shown = repr(reference) if len(repr(reference)) <= 80 else f"{repr(reference)[:77]}..."
        raise BadReferenceError(f"reference {shown} does not state one number; kind 'number' expects exactly one")
    return value


def _composed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
