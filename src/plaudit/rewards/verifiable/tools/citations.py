r"""Citations: does a report cite what its tools really returned, and does the evidence hold together?

A citation is a link in Markdown, ``[3](https://example.org/a)``; what follows a line "References" or "Sources" is a
list and cites nothing. Only what tools returned is evidence, and what a call asked with is not: tools repeat what they
were given, in "nothing found for ..." too. An address in a call's own arguments is evidence only where the runtime
recorded that the call worked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Reward, Run, part
from plaudit.core.score import Scores, Status, status_code, worst
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning
from plaudit.rewards.verifiable.tools.retrieval import names
from plaudit.rewards.verifiable.tools.tool_calls import calls_of, check_tags, observations

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

_LINK = re.compile(
    r"\[[^\[\]\n]{1,200}\]\(\s*<?(https?://[^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,2000})?)>?\s*\)"
)
_URL = re.compile(r"https?://[^\s<>\"'\]})\\,]{1,2000}")
_REFERENCES = re.compile(r"^[ \t#*_]*(?:References|Sources)[ \t:*_]*$", re.IGNORECASE | re.MULTILINE)


@part
class Citations(Leaf):
    """Whether the pages that a response cites are pages that its tools returned, or the right ones among these.

    With C the cited pages (each once, the first ``most``), S those among them that a tool returned, G the reference's:

    * grounded: ``|S| / |C|``; needs no reference;
    * recall ``|S ∩ G| / |G|``, precision ``|S ∩ G| / |C|``, f1 ``2 |S ∩ G| / (|C| + |G|)``.

    No citation scores 0. Pages are compared without fragment, without a slash at the end, and without regard to the
    case of scheme and host. The reference is an address or a list of addresses.

    Args:
        metric: one of the above.
        most: how many citations count (CaRR, 2025: 20).
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1].

    Raises:
        ConfigError: ``most`` is not positive.

    >>> from plaudit import Sample
    >>> turns = [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "search", "arguments": "{}"}}]},
    ...          {"role": "tool", "tool_call_id": "1", "content": "https://a.org/x says so"},
    ...          {"role": "assistant", "content": "So [1](https://a.org/x). And [2](https://b.org)."}]
    >>> Citations().score([Sample("?", turns)]).values
    array([0.5])
    """

    metric: Literal["grounded", "recall", "precision", "f1"] = "grounded"
    most: int = 20
    tags: tuple[str, ...] = ()

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.most < 1:
            raise ConfigError(f"Citations: most={self.most}; it must be positive", "most")
        check_tags(self.tags, "Citations")

    @property
    def needs(self) -> tuple[str, ...]:
        """The reference, unless it is only asked whether citations are grounded."""
        return () if self.metric == "grounded" else ("reference",)

    def grade(self, sample: Sample) -> Any:
        """Return the metric, with the first page that no tool returned."""
        right = [] if self.metric == "grounded" else [page(url) for url in names(sample.reference)]
        strange = next((url for url in right if not url.startswith(("http://", "https://"))), None)
        if strange is not None:
            raise BadReferenceError(f"reference holds {strange[:80]!r}; expected addresses, http://... or https://...")
        cited = cited_pages(sample.text)[: self.most]
        if not cited:
            return Grade(0.0, "no citation")
        seen = seen_pages(sample, self.tags)
        grounded = [url for url in cited if url in seen]
        stray = next((url for url in cited if url not in seen), None)
        reason = "" if stray is None else f"no tool returned {stray[:200]!r}"
        if self.metric == "grounded":
            return Grade(len(grounded) / len(cited), reason)
        hits = len(set(grounded) & set(right))
        most = {"recall": len(right), "precision": len(cited), "f1": (len(cited) + len(right)) / 2}[self.metric]
        return Grade(hits / most, reason or ("" if hits == len(right) else f"{hits} of {len(right)} cited"))


@part
class EvidenceCoverage(Leaf):
    """Share of the reference's facts that stand in what the tools returned: was the evidence ever seen?

    A fact is a phrase, or a list of phrases of which any will do; it stands in a text that holds it as whole words,
    case and white space aside. A message does not witness a phrase that its own call asked with. The reference maps
    facts' names to them, or lists them (they are then named ``1``, ``2``, ...), or holds either under ``facts``; the
    names are the terms of the score, 1 or 0 each, so that ``EvidenceGraph`` can read them.

    Args:
        where: ``tools``: everything that tools returned, but for calls that failed; ``cited``: only messages that hold
            a page which the response cites.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1]. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> turns = [{"role": "tool", "content": "The tower is 330 m tall."}, {"role": "assistant", "content": "330 m"}]
    >>> EvidenceCoverage().score([Sample("?", turns, reference=["330 m", ["built 1889", "in 1889"]])]).values
    array([0.5])
    """

    where: Literal["tools", "cited"] = "tools"
    tags: tuple[str, ...] = ()

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_tags(self.tags, "EvidenceCoverage")

    def grade(self, sample: Sample) -> Any:
        """Return the share, and each fact as a term."""
        facts = _facts(sample.reference)
        asked = _asked(sample, self.tags)
        said = [(turn.text, asked.get(id(turn), "")) for turn in observations(sample)]
        if self.where == "cited":
            cited = set(cited_pages(sample.text))
            said = [(text, own) for text, own in said if cited & _pages(text)]
        said = [(_folded(text), _folded(own)) for text, own in said]
        found = {
            name: float(any(_holds(text, phrase) and phrase not in own for text, own in said for phrase in phrases))
            for name, phrases in facts.items()
        }
        lacking = [name for name, there in found.items() if not there]
        reason = f"no evidence of {', '.join(lacking)}"[:200] if lacking else ""
        return Grade(1 - len(lacking) / len(found), reason, terms=found)


@part
class EvidenceGraph(Reward):
    """Share of the reference's rubrics that are supported and reachable from the answer (CaRR, 2025).

    Rubrics name entities; two rubrics are neighbours where they share one. From the entity ``root`` (the answer), a
    breadth-first search goes on over supported rubrics only; what it does not reach, however well supported, proves
    nothing about the answer. Weighed by a right answer, as in CaRR, it is ``Answer("math") * EvidenceGraph(...)``.

    The reference is a mapping (or holds one under ``rubrics``) from rubrics' names to lists of the entities that they
    name. Which are supported is what ``support`` answers in its terms of these names: 0.5 and above. Where ``support``,
    or its term of a rubric, has no score, neither has the graph; a rubric that is no term of it is ``invalid``.

    Args:
        support: the reward whose terms are the rubrics: a judge's, or ``EvidenceCoverage``, which reads its own facts
            from the reference's ``facts``.
        root: the entity to start from.

    Range: [0, 1]. Needs: ``reference``.
    """

    support: Reward
    root: str = "E0"

    needs = ("reference",)
    range = (0.0, 1.0)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask for the support of the rubrics, then search the graph."""
        answered = await run(self.support, samples)
        codes, reasons = worst({self.support.label: answered})
        values = np.zeros(len(samples))
        for i, sample in enumerate(samples):
            if codes[i]:
                continue
            try:
                rubrics = _rubrics(sample.reference)
                lacking = [name for name in rubrics if name not in answered.terms]
                if lacking:
                    raise BadReferenceError(f"rubric {lacking[0]!r} is no term of {self.support.label}")
            except BadReferenceError as error:
                codes[i], reasons[i] = status_code(Status.INVALID), str(error)
                continue
            judged = {name: answered.terms[name] for name in rubrics}
            unsure = [name for name, term in judged.items() if term.codes[i]]
            if unsure:
                codes[i], reasons[i] = judged[unsure[0]].codes[i], f"{unsure[0]}: {judged[unsure[0]].reason[i]}"
                continue
            supported = {name for name, term in judged.items() if term.values[i] >= 0.5}
            reached = reachable(rubrics, supported, self.root)
            values[i] = len(reached) / len(rubrics)
            reasons[i] = f"{len(supported)} of {len(rubrics)} supported, {len(reached)} of them reached"
        return Scores(values, codes, reasons, terms={self.support.label: answered})


def reachable(rubrics: Mapping[str, Sequence[str]], supported: set[str], root: str) -> set[str]:
    """Return the supported rubrics that a search from the root entity reaches over supported rubrics.

    >>> reachable({"C1": ["E0"], "C2": ["E0", "E1"], "C3": ["E1"]}, {"C1", "C3"}, "E0")
    {'C1'}
    """
    naming: defaultdict[str, list[str]] = defaultdict(list)
    for name in supported:
        for entity in rubrics[name]:
            naming[entity].append(name)
    reached, entities, left = set[str](), {root}, [root]
    while left:
        for name in naming[left.pop()]:
            if name not in reached:
                reached.add(name)
                left += [entity for entity in rubrics[name] if entity not in entities]
                entities.update(rubrics[name])
    return reached


def cited_pages(text: str) -> list[str]:
    """Return the pages that a text cites outside its reasoning and its list of references, each once, in order.

    >>> cited_pages("So [1](https://A.org/x/#top), again [1](https://a.org/x).")
    ['https://a.org/x']
    """
    said = outside_reasoning(text)
    listed = _REFERENCES.search(said)
    return list(dict.fromkeys(page(m[1]) for m in _LINK.finditer(said[: listed.start()] if listed else said)))


def seen_pages(sample: Sample, tags: Sequence[str] = ()) -> set[str]:
    """Return the pages that the response's tools returned, or opened by the record of their runtime."""
    asked = _asked(sample, tags)
    seen: set[str] = set()
    for turn in observations(sample):
        seen |= _pages(turn.text) - _pages(asked.get(id(turn), ""))
    for call in calls_of(sample, tags):
        if call.ok:
            seen |= _pages(call.content)
    return seen


def page(url: str) -> str:
    """Return an address as it is compared: no fragment, no slash or stop at the end, scheme and host in lower case.

    >>> page("HTTPS://Example.org/A/#b"), page("x")
    ('https://example.org/A', 'x')
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    if not parts.scheme:
        return url.strip()
    rest = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{rest}".rstrip("/.;:!?")


def _asked(sample: Sample, tags: Sequence[str]) -> dict[int, str]:
    """Return what each call asked with, by the id of the turn in which it was answered."""
    return {id(call.result): call.content for call in calls_of(sample, tags) if call.result is not None}


def _pages(text: str) -> set[str]:
    return set(map(page, _URL.findall(text)))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _holds(said: str, phrase: str) -> bool:
    """Whether a folded text holds a folded phrase as whole words."""
    at = said.find(phrase)
    while at >= 0:
        before, after = said[at - 1 : at], said[at + len(phrase) : at + len(phrase) + 1]
        if not (_joined(before, phrase[0]) or _joined(phrase[-1], after)):
            return True
        at = said.find(phrase, at + len(phrase))
    return False


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()


def _facts(reference: Any) -> dict[str, list[str]]:
    expected = "expected a list of phrases, or a mapping from names to phrases"
    given = reference.get("facts", reference) if isinstance(reference, Mapping) else reference
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        given = {str(i): fact for i, fact in enumerate(given, 1)}
    if not isinstance(given, Mapping) or not given:
        kind = "empty" if isinstance(given, Mapping) else f"a {type(given).__name__}"
        raise BadReferenceError(f"reference is {kind}; {expected}")
    facts = {}
    for name, fact in given.items():
        phrases = [fact] if isinstance(fact, str) else fact
        if not isinstance(phrases, list | tuple) or not phrases:
            raise BadReferenceError(f"reference: fact {name!r} is a {type(fact).__name__}; {expected}")
        if not all(isinstance(phrase, str) and phrase.strip() for phrase in phrases):
            raise BadReferenceError(f"reference: fact {name!r} holds what is no phrase; {expected}")
        facts[str(name)] = [_folded(phrase) for phrase in phrases]
    return facts


def _rubrics(reference: Any) -> dict[str, Sequence[str]]:
    expected = 'expected a mapping from rubrics to their entities, {"C1": ["E0", "E1"], ...}'
    given = reference.get("rubrics", reference) if isinstance(reference, Mapping) else reference
    if not isinstance(given, Mapping) or not given:
        kind = "empty" if isinstance(given, Mapping) else f"a {type(given).__name__}"
        raise BadReferenceError(f"reference is {kind}; {expected}")
    for name, entities in given.items():
        if not isinstance(entities, list | tuple) or not all(isinstance(e, str) for e in entities):
            raise BadReferenceError(f"reference: rubric {name!r} is a {type(entities).__name__}; {expected}")
    return {str(name): entities for name, entities in given.items()}
