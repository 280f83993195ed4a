"""Multiple choice with several right options: which letters an answer names, and what a part of them is worth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.choices import chosen, options_of, plain, reference_letter
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.references import entries, is_list, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Credit = Literal["exact", "subset", "jaccard", "f1"]

_PARTS = re.compile(r"\s*[,;/&+\n]\s*(?:and\s+)?|\s+and\s+|\s+(?=[(\[]?[A-Za-z][)\].:,]?(?:\s|$))")
_MARK = re.compile(r"(?<![\w'’])(?:[(\[][A-Za-z][)\]]|[A-Z][).:](?=\s|$))")
_RUN = re.compile(r"[(\[{<]?([A-Z]{2,26})[)\]}>]?\.?")


@part
class MultipleChoice(Leaf):
    """What the set P of options that the answer names is worth against the set G of those that are right.

    An answer is letters with anything usual between them ("A, C", "AC", "A and C", "(A) (C)"), each with its option
    or an option's text alone where ``sample["options"]`` has the options. An answer of which any piece is no option
    names none. The reference is such a text, or a list of letters or options.

    Args:
        credit: ``exact``: 1 where ``P = G``; ``subset``: ``|P| / |G|`` where P lies in G, else 0, the soft reward of
            TW-GRPO (Dang et al. 2025); ``jaccard``: ``|P ∩ G| / |P ∪ G|``; ``f1``: ``2 |P ∩ G| / (|P| + |G|)``. Only
            the first two pay nothing for naming every option where not all are right.
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = [f"<answer>{letters}</answer>" for letters in ("A", "A, C", "A, B", "none")]
    >>> MultipleChoice("subset").score([Sample("Which?", text, reference="A,C") for text in said]).values
    array([0.5, 1. , 0. , 0. ])
    """

    credit: Credit = "subset"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the credit, or 0 and why there is none."""
        options = options_of(sample.get("options"))
        right = _right(sample.reference, options)
        found = answer_within(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = all_chosen(found.text, options)
        if said is None:
            return Grade(0.0, "no set of choices in the answer")
        value = set_credit(said, right, self.credit)
        return Grade(value, "" if value == 1 else f"chose {', '.join(sorted(said))}, not {', '.join(sorted(right))}")


def all_chosen(text: str, options: Mapping[str, str]) -> frozenset[str] | None:
    """Return the letters that an answer names, or None where any piece of it is no choice.

    Args:
        text: the answer, without reasoning.
        options: the options by upper-case letter; empty if they are not known.

    >>> [sorted(all_chosen(text, {}) or "-") for text in ("AC", "a, c", "(A) and (C)", "A. one, C. two", "A, maybe")]
    [['A', 'C'], ['A', 'C'], ['A', 'C'], ['A', 'C'], ['-']]
    """
    whole = plain(text)
    alone = chosen(whole, options)
    if alone is not None:
        return frozenset(alone)
    run = _RUN.fullmatch(whole)
    if run and len(set(run[1])) == len(run[1]):
        return _known(list(run[1]), options)
    marks = [mark.start() for mark in _MARK.finditer(whole)]
    if len(marks) > 1 and not whole[: marks[0]].strip(" ,;"):
        # Cut at the marks, so that an option's own text may hold commas.
        pieces = [whole[a:b].strip(" ,;") for a, b in zip(marks, [*marks[1:], None], strict=True)]
        if any(re.search(r"\bor$", piece) for piece in pieces[:-1]):
            return None
        letters = _known([re.sub(r",?\s(?:and|&)$", "", piece) for piece in pieces], options)
        if letters:
            return letters
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        return _known(lines, options)
    return _known([piece for piece in _PARTS.split(whole) if piece], options)


def set_credit(said: frozenset[str], right: frozenset[str], credit: Credit) -> float:
    """Return what naming ``said`` is worth where ``right`` (not empty) is right.

    >>> [set_credit(frozenset("ABC"), frozenset("AC"), credit) for credit in ("exact", "subset", "jaccard", "f1")]
    [0.0, 0.0, 0.6666666666666666, 0.8]
    """
    shared = len(said & right)
    match credit:
        case "exact":
            return float(said == right)
        case "subset":
            return len(said) / len(right) if said <= right else 0.0
        case "jaccard":
            return shared / len(said | right)
        case "f1":
            return 2.0 * shared / (len(said) + len(right))


def _known(pieces: list[str], options: Mapping[str, str]) -> frozenset[str] | None:
    if not pieces or len(pieces) > 1000:  # more than any list of options, however often repeated
        return None
    letters = [chosen(piece, options) for piece in pieces]
    return None if None in letters else frozenset(letter for letter in letters if letter)


def _right(reference: Any, options: Mapping[str, str]) -> frozenset[str]:
    if is_list(reference):
        return frozenset(reference_letter(one, options) for one in entries(reference))
    letters = all_chosen(reference, options) if isinstance(reference, str) else None
    if letters is None:
        known = f" among {', '.join(options)}" if options else ""
        raise BadReferenceError(f"reference is {shown(reference)}; expected choices{known}, as a text or a list")
    return letters
