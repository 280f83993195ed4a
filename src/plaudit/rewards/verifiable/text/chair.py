"""CHAIR: how much of what a caption mentions is not in the picture.

The metric of Rohrbach et al. (2018), "Object Hallucination in Image Captioning", section 2.1::

    CHAIR_i = |hallucinated objects| / |all objects mentioned|
    CHAIR_s = |sentences with a hallucinated object| / |all sentences|

An object is mentioned under any name of a synonym map, and hallucinated where the picture has none. The released code
counts every mention in CHAIR_i, and captions (of one sentence, as in COCO) in CHAIR_s; :func:`chair` is that, over a
set of captions. Its plurals are those of a language library and its map COCO's eighty classes; here the map is the
user's (see :mod:`plaudit.rewards.verifiable.text.phrases` for what counts as a mention).

>>> animals = Lexicon.of({"dog": ["puppy"], "cat": []})
>>> chair(["A dog and two cats.", "A puppy. A dog."], [{"dog"}, {"dog"}], animals)
Chair(i=0.25, s=0.5)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.core.score import Span
from plaudit.rewards.verifiable.answers.extraction import extract
from plaudit.rewards.verifiable.answers.references import entries, plain_text, shown
from plaudit.rewards.verifiable.text.comparison import Where
from plaudit.rewards.verifiable.text.phrases import Lexicon

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Count = Literal["objects", "mentions", "sentences", "caption"]

_SENTENCE = re.compile(r"[.!?]+(?=\s|$)|\n")


class Chair(NamedTuple):
    """CHAIR over captions: per object mentioned (``i``) and per caption (``s``), each in [0, 1], lower is better."""

    i: float
    s: float


def chair(captions: Sequence[str], present: Sequence[Collection[str]], lexicon: Lexicon) -> Chair:
    """Return CHAIR_i and CHAIR_s of a set of captions as the released code counts them.

    Args:
        captions: the captions.
        present: for each, the things of the lexicon that its picture has.
        lexicon: the names of things.

    Returns:
        Hallucinated by all mentions, 0 where there is no mention; captions that hallucinate by all captions.

    Raises:
        ValueError: there are no captions, or another number of pictures.
    """
    if not captions or len(captions) != len(present):
        raise ValueError(f"{len(captions)} captions and {len(present)} sets of objects; expected as many, at least one")
    mentioned = [[m.name for m in lexicon.mentions(caption)] for caption in captions]
    false = [sum(name not in there for name in names) for names, there in zip(mentioned, present, strict=True)]
    return Chair(sum(false) / max(1, sum(map(len, mentioned))), sum(n > 0 for n in false) / len(captions))


@part
class CHAIR(Leaf):
    """``1 - CHAIR`` of one response: the share of what it mentions that the picture has.

    A response that mentions nothing known scores 0: CHAIR itself would call it perfect, and a policy would learn
    silence. Saying less still pays, so use it beside a reward for what should be said, such as
    :class:`~plaudit.rewards.verifiable.text.mention_coverage.MentionCoverage`.

    Args:
        synonyms: each thing's other names.
        count: ``objects``: CHAIR_i over the different things mentioned, as the paper writes it; ``mentions``: CHAIR_i
            over every mention, as the released code counts it, so that repeating a true thing dilutes a false one;
            ``sentences``: CHAIR_s over the response's sentences, as the paper writes it; ``caption``: CHAIR_s as
            released, 1 where the response hallucinates nothing, else 0.
        extract: where the caption stands; ``text``: all outside the reasoning.

    Range: [0, 1]. Needs: ``reference``: a list of the things that the picture has, by any of their names; it may be
    empty. Credit by place: -1 for each mention of what is not there, where the caption is the whole
    response in composed (NFC) Unicode.

    Raises:
        ConfigError: a name is blank, or is that of two things.

    >>> from plaudit import Sample
    >>> animals = {"dog": ["puppy"], "cat": ["kitten"], "bird": []}
    >>> said = Sample("Describe.", "A puppy. The dog looks at a cat. It is dark.", ["dog"])
    >>> [CHAIR(animals, count).score(said).values[0].round(3).item() for count in ("objects", "mentions", "sentences")]
    [0.5, 0.667, 0.667]
    """

    synonyms: Mapping[str, tuple[str, ...]]
    count: Count = "objects"
    extract: Where = field(default="text", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self._lexicon

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon.of(self.synonyms)

    def grade(self, sample: Sample) -> Any:
        """Return what is not hallucinated, and name what is."""
        present = self._present(sample.reference)
        found = extract(sample.text, self.extract)
        if found.text is None:
            return Grade(0.0, found.reason)
        mentions = self._lexicon.mentions(found.text)
        if not mentions:
            return Grade(0.0, "mentions nothing that the synonyms know")
        false = [m for m in mentions if m.name not in present]
        names = {m.name for m in false}
        match self.count:
            case "objects":
                value = 1.0 - len(names) / len({m.name for m in mentions})
            case "mentions":
                value = 1.0 - len(false) / len(mentions)
            case "caption":
                value = float(not false)
            case "sentences":
                value = 1.0 - self._sentences(found.text, present)
        placed = found.text == sample.text and unicodedata.is_normalized("NFC", found.text)
        spans = tuple(Span(-1.0, "char", (m.start, m.end)) for m in false) if placed else ()
        why = f"not there: {', '.join(sorted(names)[:20])}" if names else ""
        return Grade(value, why, spans=spans)

    def _sentences(self, text: str, present: frozenset[str]) -> float:
        sentences = [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]
        false = sum(any(m.name not in present for m in self._lexicon.mentions(s)) for s in sentences)
        return false / len(sentences)

    def _present(self, reference: Any) -> frozenset[str]:
        things = []
        for i, name in enumerate(entries(reference, least=0)):
            things.append(self._lexicon.thing(plain_text(name, f"reference[{i}]")))
            if things[-1] is None:
                raise BadReferenceError(f"reference[{i}] is {shown(name)}; expected a name that the synonyms know")
        return frozenset(thing for thing in things if thing is not None)
