"""Filling in blanks, each worth its share."""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.listing import unbulleted
from plaudit.rewards.verifiable.answers.normalization import Normal, normalised
from plaudit.rewards.verifiable.answers.numbers import number
from plaudit.rewards.verifiable.answers.references import aliases, entries, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class FillIn(Leaf):
    """Share of the blanks that the answer fills as the reference does.

    The answer fills them in order, one a line or parted by ``separator``; ``a;;c`` leaves the second open. Another
    number of fillings than blanks scores 0, for then nobody can say which is which. A filling is right where it is,
    normalised, one of the blank's texts, or the same number.

    Args:
        separator: what parts the fillings.
        normalize: when two texts are one (:mod:`plaudit.rewards.verifiable.answers.normalization`).
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``, a list with an entry a blank: a text, a number, or a list of aliases.

    Raises:
        ConfigError: the separator is empty.

    >>> from plaudit import Sample
    >>> right = ["spider", 8, ["no wings", "none"]]
    >>> FillIn().score(Sample("A _ has _ legs and _.", "<answer>Spider; 8.0; wings</answer>", right)).values.round(3)
    array([0.667])
    """

    separator: str = ";"
    normalize: Normal = "loose"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.separator:
            raise ConfigError("FillIn: separator is empty", "separator")

    def grade(self, sample: Sample) -> Any:
        """Return the share of right fillings, and name the wrong ones."""
        blanks = [self._blank(one, f"reference[{i}]") for i, one in enumerate(entries(sample.reference))]
        found = answer_within(
            sample.text, self.extract, self.pick, sum(len(text) for texts, _ in blanks for text in texts)
        )
        if found.text is None:
            return Grade(0.0, found.reason)
        lines = [line for line in found.text.splitlines() if line.strip()]
        fillings = list(map(unbulleted, lines)) if len(lines) > 1 else found.text.split(self.separator)
        if len(fillings) != len(blanks):
            return Grade(0.0, f"{len(fillings)} fillings for {len(blanks)} blanks")
        right = [self._fills(filling, *blank) for filling, blank in zip(fillings, blanks, strict=True)]
        wrong = [str(i) for i, good in enumerate(right, 1) if not good]
        return Grade(sum(right) / len(right), f"wrong in blank {', '.join(wrong[:50])}" if wrong else "")

    def _blank(self, given: Any, where: str) -> tuple[frozenset[str], frozenset[Fraction]]:
        given = aliases(given, where)
        texts = frozenset(normalised(text, self.normalize) for text in given)
        if "" in texts:
            raise BadReferenceError(f"{where} is {shown(given)}; normalised, nothing of it is left")
        return texts, frozenset(value for text in given if (value := _bare(text)) is not None)

    def _fills(self, filling: str, texts: frozenset[str], values: frozenset[Fraction]) -> bool:
        return normalised(filling, self.normalize) in texts or (bool(values) and _bare(filling) in values)


def _bare(text: str) -> Fraction | None:
    """Return the number that a text is; a text that only holds one ("8 legs") has none."""
    return number(text) if not any(c.isalpha() and c not in "eE" for c in text) else None
