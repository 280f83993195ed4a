"""Scenes: the objects, attributes and relations that a response states, held against those of a reference scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick, extract
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.answers.references import is_list, mapping, shown
from plaudit.rewards.verifiable.text.comparison import Where
from plaudit.rewards.verifiable.text.phrases import Lexicon

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Fact = tuple[str, ...]
#: How many words a fact of each kind has: (object), (object, attribute), (subject, relation, object).
KINDS = {"objects": 1, "attributes": 2, "relations": 3}


@part
class SceneOverlap(Leaf):
    """Weighted mean of the F1 of objects, attributes and relations between the response's scene and the reference's.

    Both are JSON, each kind a list without order::

        {"objects": ["ball", "table"], "attributes": [["ball", "red"]], "relations": [["ball", "on", "table"]]}

    ``F1 = 2 |S ∩ G| / (|S| + |G|)`` for each kind that the reference has, 1 where both lists are empty; the value is
    ``sum_k w_k F1_k / sum_k w_k`` over these, and each F1 is a term. A kind that the response leaves out is empty.

    Args:
        objects: weight of the objects.
        attributes: weight of the attributes.
        relations: weight of the relations.
        synonyms: other names of words; names that it does not know must be equal after normalisation.
        extract: where the JSON stands (a code fence around it is allowed); ``text``: all outside the reasoning.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``, such a mapping.

    Raises:
        ConfigError: a weight is negative, or a name is that of two things.

    >>> from plaudit import Sample
    >>> right = {"objects": ["ball", "table"], "relations": [["ball", "on", "table"]]}
    >>> said = '<answer>{"objects": ["Ball", "cup"], "relations": [["ball", "on", "table"]]}</answer>'
    >>> scores = SceneOverlap().score(Sample("Describe.", said, right))
    >>> scores.values, scores["objects"].values
    (array([0.75]), array([0.5]))
    """

    objects: float = 1.0
    attributes: float = 1.0
    relations: float = 1.0
    synonyms: Mapping[str, tuple[str, ...]] | None = None
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self._weights.values()) < 0 or not any(self._weights.values()):
            raise ConfigError(f"SceneOverlap: weights={self._weights}; none negative, not all 0")
        _ = self._lexicon

    @property
    def _weights(self) -> dict[str, float]:
        return {"objects": self.objects, "attributes": self.attributes, "relations": self.relations}

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon.of(self.synonyms or {})

    def grade(self, sample: Sample) -> Any:
        """Return the weighted mean with its terms, or 0 and why there is none."""
        right = self._right(sample.reference)
        total = sum(self._weights[kind] for kind in right)
        if not total:
            raise BadReferenceError(f"reference has only {', '.join(right)}; expected a kind that has weight")
        found = extract(sample.text, self.extract, self.pick)
        said = self._said(found.text) if found.text is not None else found.reason
        if isinstance(said, str):
            return Grade(0.0, said, terms={kind: Grade(0.0, said) for kind in right})
        scores = {kind: f1(said.get(kind, frozenset()), facts) for kind, facts in right.items()}
        value = sum(self._weights[kind] * score for kind, score in scores.items()) / total
        why = "" if value == 1 else ", ".join(f"{kind} {score:.3f}" for kind, score in scores.items())
        return Grade(value, why, terms=scores)

    def _right(self, reference: Any) -> dict[str, frozenset[Fact]]:
        facts: dict[str, frozenset[Fact]] = {}
        for kind, given in mapping(reference, tuple(KINDS)).items():
            read = self._facts(given, kind)
            if read is None:
                raise BadReferenceError(f"reference[{kind!r}] is {shown(given)}; expected {_FORMS[kind]}")
            facts[kind] = read
        return facts

    def _said(self, text: str) -> dict[str, frozenset[Fact]] | str:
        """Read a response's scene, or say what is wrong with it."""
        text = text.strip()
        if text.startswith("```") and text.endswith("```"):
            text = text[3:-3].removeprefix("json")
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            return "not JSON"
        if not isinstance(given, dict):
            return "not a JSON object"
        read = {kind: self._facts(given[kind], kind) for kind in KINDS if kind in given}
        broken = next((kind for kind, facts in read.items() if facts is None), None)
        if broken:
            return f"{broken} is not {_FORMS[broken]}"
        return {kind: facts for kind, facts in read.items() if facts is not None} or "no scene"

    def _facts(self, given: Any, kind: str) -> frozenset[Fact] | None:
        """Read a list of facts, or return None."""
        if not is_list(given):
            return None
        facts: list[Fact] = []
        for one in given:
            said = list(one) if is_list(one) and KINDS[kind] > 1 else [one]
            if len(said) != KINDS[kind] or not all(isinstance(word, str) and normalised(word) for word in said):
                return None
            facts.append(tuple(self._lexicon.thing(word) or normalised(word) for word in said))
        return frozenset(facts)


_FORMS = {
    "objects": "a list of texts",
    "attributes": "a list of pairs [object, attribute]",
    "relations": "a list of triples [subject, relation, object]",
}


def f1(said: frozenset[Fact], right: frozenset[Fact]) -> float:
    """Return the F1 of two sets; 1 where both are empty.

    >>> f1(frozenset([("a",), ("b",)]), frozenset([("b",)]))
    0.6666666666666666
    """
    return 2.0 * len(said & right) / (len(said) + len(right)) if said or right else 1.0
