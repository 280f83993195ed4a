"""The edited phrase: which phrase of a caption was changed so that it no longer fits the picture?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.listing import listed
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.answers.references import aliases, mapping, plain_text
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class EditedPhrase(Leaf):
    r"""1 where the answer names the one phrase of a caption that was changed, else 0: the task of ViCrit.

    Args:
        rule: ``exact``: the answer, normalised, is the changed phrase: the training reward of ViCrit (Wang et al.
            2025); ``contains``: the first changed word (:func:`changed_words`) occurs anywhere in the answer in lower
            case, as the released benchmark script scores. The latter pays for quoting the whole caption: never train
            on it.
        extract: where the answer stands; it may be a list of that one phrase.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``: ``{"original": ..., "changed": ...}``; for ``exact`` the changed phrase alone,
    or a list of phrases of which any one is right, will do.

    >>> from plaudit import Sample
    >>> edit = {"original": "a red ball", "changed": "a blue ball"}
    >>> said = [r"\boxed{['a blue ball']}", r"\boxed{blue ball}", r"\boxed{a red ball}"]
    >>> [EditedPhrase(rule).score([Sample("", text, edit) for text in said]).values for rule in ("exact", "contains")]
    [array([1., 0., 0.]), array([1., 1., 0.])]
    """

    rule: Literal["exact", "contains"] = "exact"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = self._right(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick, sum(map(len, right)))
        if found.text is None:
            return Grade(0.0, found.reason)
        if self.rule == "contains":
            return Grade(1.0) if right[0] in found.text.lower() else Grade(0.0, "not the changed word")
        said = {normalised(found.text), *(map(normalised, one) if len(one := listed(found.text)) == 1 else ())}
        return Grade(1.0) if said & set(right) else Grade(0.0, "another phrase")

    def _right(self, reference: Any) -> tuple[str, ...]:
        if not isinstance(reference, Mapping) and self.rule == "exact":
            right = tuple(map(normalised, aliases(reference)))
        else:
            given = mapping(reference, ("original", "changed"))
            original, changed = (plain_text(given.get(key), f"reference[{key!r}]") for key in ("original", "changed"))
            differing = changed_words(original, changed)
            if not differing:
                raise BadReferenceError("reference changes no word; expected a changed phrase with a word of its own")
            right = (normalised(changed),) if self.rule == "exact" else tuple(word.lower() for word in differing)
        if "" in right:
            raise BadReferenceError("reference is a phrase of which, normalised, nothing is left")
        return right


def changed_words(original: str, changed: str) -> list[str]:
    """Return the words of ``changed`` between the words at the start and at the end that ``original`` has too.

    >>> changed_words("a red ball on the table", "a blue ball on the table"), changed_words("a cat", "a cat")
    (['blue'], [])
    """
    before, after = original.split(), changed.split()
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return after[start : len(after) - end]
