"""Data match: how near a response's JSON, YAML or CSV is to the object that it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.structured_data import (
    Lists,
    StructureError,
    Syntax,
    check_tree,
    field_f1,
    inner,
    keys,
    parse,
    plain,
    tree_similarity,
)

if TYPE_CHECKING:
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

Match = Literal["fields", "keys", "tree", "equal"]

#: Several times what the largest allowed trees need, so that a slow machine does not turn a response into a time-out.
_SECONDS = 30.0
_LANGUAGES = {"json": ("json", "jsonc", "json5"), "yaml": ("yaml", "yml"), "csv": ("csv", "text")}


@part
class DataMatch(Leaf):
    r"""How near the response's object is to the reference object.

    By ``match``, with F(x) the fields of x (each number, text, truth value, null, or empty list or mapping, at its path
    of keys and places):

    - ``fields``: F1 of F(said) against F(reference). A number agrees within ``atol + rtol * |reference|``.
    - ``keys``: ``|K(said) ∩ K(reference)| / |K(reference)|``, K being the paths of all keys, whatever their values.
    - ``tree``: ``max(0, 1 - distance(said, reference) / distance(nothing, reference))`` by tree edits: a key or a
      list's item costs 1, a value its characters, a changed value the Levenshtein distance.
    - ``equal``: 1 where all fields agree and there is none too many.

    JSON is what RFC 8259 says, with no key twice; YAML is without tags, aliases and further documents; CSV is a head
    and rows of as many values, read as a list of mappings. What is not that, or holds more than 20,000 values (for
    ``tree``: 200 nodes), scores 0 with that reason.

    Args:
        syntax: what the response writes: ``json``, ``yaml`` or ``csv``.
        match: as above.
        lists: ``ordered``: a list's items are known by place; ``any``: a list is a bag of fields, in any order (which
            item a field belongs to is then not compared). Not for ``tree``.
        atol: absolute tolerance of numbers (fields, equal).
        rtol: tolerance relative to the reference's number (fields, equal).
        at: the keys that lead to the part that is compared, in both; all of it if there are none.
        where: where the object stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]. Needs: ``reference``: the object itself, or a text in the same syntax.

    Raises:
        ConfigError: a tolerance that is negative or not for this match, or ``lists="any"`` for ``tree``.

    Source of ``tree`` and of F1 over fields: Kim et al., "OCR-free document understanding transformer" (Donut, 2022);
    of ``keys``: OneThinker (2025), the structure term of tracking.

    >>> from plaudit import Sample
    >>> said = '<answer>{"name": "tea", "price": 3.5, "cold": true}</answer>'
    >>> DataMatch().score([Sample("?", said, {"name": "tea", "price": 3.5, "cold": False})]).values.round(3)
    array([0.667])
    """

    syntax: Syntax = "json"
    match: Match = "fields"
    lists: Lists = "ordered"
    atol: float = 0.0
    rtol: float = 0.0
    at: tuple[str, ...] = ()
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.atol < 0 or self.rtol < 0:
            raise ConfigError(f"DataMatch: atol={self.atol}, rtol={self.rtol}: tolerances are at least 0")
        if (self.atol or self.rtol) and self.match not in ("fields", "equal"):
            raise ConfigError(f'DataMatch: atol and rtol belong to match "fields" and "equal", not to {self.match!r}')
        if self.lists == "any" and self.match == "tree":
            raise ConfigError('DataMatch: lists="any" has no meaning for match "tree", whose lists are ordered')

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample where it can be killed."""
        return await run.each(self.grade, samples, "cpu", _SECONDS if self.timeout is None else self.timeout)

    def grade(self, sample: Sample) -> Any:
        """Return the similarity, or what is wrong with the object."""
        right = self._reference(sample.reference)
        found = code_block(sample.text, _LANGUAGES[self.syntax], self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            value = self._value(inner(parse(found.text, self.syntax), self.at), right)
        except StructureError as error:
            return Grade(0.0, str(error))
        return Grade(value, "" if value == 1 else f"{self.match} {value:.3f}")

    def _value(self, said: Any, right: Any) -> float:
        if self.match == "tree":
            return tree_similarity(said, right)
        if self.match == "keys":
            theirs = keys(right, self.lists)
            return len(keys(said, self.lists) & theirs) / len(theirs)
        f1 = field_f1(said, right, self.lists, self.atol, self.rtol).f1
        return f1 if self.match == "fields" else float(f1 == 1)

    def _reference(self, reference: Any) -> Any:
        try:
            right = inner(parse(reference, self.syntax) if isinstance(reference, str) else plain(reference), self.at)
            if self.match == "tree":
                check_tree(right)
        except StructureError as error:
            raise BadReferenceError(f"reference: {error}") from None
        if not isinstance(right, list | dict):
            raise BadReferenceError(f"reference is a {type(reference).__name__}; expected a list or a mapping")
        if self.match == "keys" and not keys(right, self.lists):
            raise BadReferenceError("reference has no keys, of which the response could have a share")
        return right
