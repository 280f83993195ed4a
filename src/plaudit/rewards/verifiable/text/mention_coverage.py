"""Coverage: how much of what a text should mention it does mention."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import extract
from plaudit.rewards.verifiable.answers.references import aliases, entries
from plaudit.rewards.verifiable.text.comparison import Where
from plaudit.rewards.verifiable.text.phrases import Lexicon

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class MentionCoverage(Leaf):
    """Share of the keywords or events of the reference that the response mentions.

    A keyword is mentioned where it, or one of its aliases, stands as whole words (see
    :mod:`.text.phrases`); each counts once, and a place counts for one keyword only, the longest.
    It is recall: it pays for listing everything, so use it beside a length or a precision (:class:`CHAIR
    <plaudit.rewards.verifiable.text.chair.CHAIR>`).

    Args:
        extract: where the text stands; ``text``: all outside the reasoning.

    Range: [0, 1]. Needs: ``reference``, a list with an entry a keyword: a text, or a list of aliases ("falls", "fell").

    >>> from plaudit import Sample
    >>> right = ["red ball", ["falls", "fell", "drops"], "dog"]
    >>> scores = MentionCoverage().score(Sample("What happens?", "A dog runs; red balls roll.", right))
    >>> scores.values.round(3), scores.reason
    (array([0.667]), ['not mentioned: falls'])
    """

    extract: Where = field(default="text", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the share mentioned, and name what is not."""
        names = [aliases(one, f"reference[{i}]") for i, one in enumerate(entries(sample.reference))]
        try:
            lexicon = Lexicon.of({first: others for first, *others in names})
        except ConfigError as error:
            raise BadReferenceError(f"reference has a keyword that can't be told apart: {error}") from None
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        mentioned = {mention.name for mention in lexicon.mentions(found.text)}
        wanted = dict.fromkeys(first for first, *_ in names)
        missing = [name for name in wanted if name not in mentioned]
        value = 1.0 - len(missing) / len(wanted)
        return Grade(value, f"not mentioned: {', '.join(missing)[:200]}" if missing else "")
