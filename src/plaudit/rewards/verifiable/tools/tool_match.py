"""Matching of tool calls with the calls that a record asks for: names, argument names, argument values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.formats.format import tag_fault
from plaudit.rewards.verifiable.tools.tool_calls import Call, calls_of, check_tags, reference_calls

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Detail = Literal["argument", "call", "all"]
Matching = Literal["optimal", "greedy"]
_MAX_CALLS = 1000


@part
class ToolMatch(Leaf):
    r"""How well the response's tool calls match the reference's (ToolRL, Qian et al. 2025).

    With G the reference's calls and P the response's::

        S     = r_name + sum over G, each matched with its own call of P of the same name, of (r_param + r_value)
        S_max = 1 + sum over G of (1 + number of its arguments)
        value = low + (high - low) * S / S_max

    ``r_name``: intersection over union of the tools' names, counted with multiplicity, so that calling too often costs;
    ``r_param``: that of the two calls' argument names; ``r_value``: how many of the reference's arguments have an
    equal value. Values are equal as JSON: 1 is 1.0, but not ``true`` and not ``"1"``. ToolRL is ``ToolMatch(-3, 3)``.

    No call, one that can't be read, or more than 1,000 calls score ``low``. A reference without calls asks for none:
    ``high`` where none is made (an empty response makes none: a form must be asked for beside it), else ``low``;
    ToolRL's released code gives 0 for such a record, whatever the response. Another type of reference, or an
    ill-formed call in it, is ``invalid``.

    Args:
        low: the value of S = 0.
        high: the value of a full match.
        detail: ``argument``: as above; ``call``: a call counts 1 where all of its arguments are equal and it has no
            others, else 0 (ToolRL's ablation "intermediate"); ``all``: ``low`` unless S = S_max ("coarse").
        matching: ``optimal``: the assignment with the greatest S, as the paper has it; ``greedy``: each call of the
            reference in turn takes the best that is left, as the released code has it.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [low, high]. Needs: ``reference``.

    Raises:
        ConfigError: ``low`` is not below ``high``, or a tag is no plain name.

    >>> from plaudit import Sample
    >>> asked = [{"name": "weather", "arguments": {"city": "Paris", "unit": "C"}}]
    >>> said = '<tool_call>{"name": "weather", "arguments": {"city": "Paris", "unit": "F"}}</tool_call>'
    >>> ToolMatch(-3, 3).score([Sample("?", said, reference=asked)]).values
    array([1.5])
    """

    low: float = 0.0
    high: float = 1.0
    detail: Detail = "argument"
    matching: Matching = "optimal"
    tags: tuple[str, ...] = ()

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise ConfigError(f"ToolMatch: low={self.low} is not below high={self.high}", "low")
        check_tags(self.tags, "ToolMatch")

    @property
    def range(self) -> tuple[float, float]:
        """[low, high]."""
        return (self.low, self.high)

    def grade(self, sample: Sample) -> Any:
        """Return the match, with what is missing as the reason."""
        asked = reference_calls(sample.reference)
        if len(asked) > _MAX_CALLS:
            raise BadReferenceError(f"reference has {len(asked)} calls; expected at most {_MAX_CALLS}")
        made = calls_of(sample, self.tags)
        if bad := next((call for call in made if call.fault), None):
            return Grade(self.low, f"ill-formed call: {bad.fault}")
        if len(made) > _MAX_CALLS:
            return Grade(self.low, f"{len(made)} calls; at most {_MAX_CALLS} are read")
        if not asked or not made:
            return (
                Grade(self.high) if not (asked or made) else Grade(self.low, "a call too many" if made else "no call")
            )
        share = match_share(asked, made, self.detail, self.matching)
        reason = "" if share == 1 else _missing(asked, made)
        if self.detail == "all" and share < 1:
            return Grade(self.low, reason)
        return Grade(self.low + (self.high - self.low) * share, reason)


@part
class ToolFormat(Leaf):
    r"""1 where the response has the blocks that the reference has, in order, else 0 (ToolRL's format reward).

    ``<think>`` comes first; then ``<tool_call>`` if the reference holds calls; then ``<response>`` if it holds a
    response; each once, not empty, with nothing but white space between them.

    The reference is a text in that form itself, a list of calls, or a mapping with ``calls`` (a list) or ``response``
    (a text) or both.

    Range: 0 or 1. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> asked = {"calls": [{"name": "zoom"}], "response": "Looking closer."}
    >>> ToolFormat().score([Sample("?", "<think>a</think><response>b</response>", reference=asked)]).reason
    ['missing <tool_call>']
    """

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and what breaks the form."""
        calls, response = _asked(sample.reference)
        tags = ("think", *(["tool_call"] if calls else []), *(["response"] if response else []))
        text = sample.text
        if not text.strip():
            return Grade(0.0, "empty response")
        fault = tag_fault(text, tags)
        stray = next((t for t in ("tool_call", "response") if t not in tags and f"<{t}>" in text), None)
        if not fault and stray:
            fault = f"<{stray}> where none belongs"
        return Grade(0.0, fault) if fault else Grade(1.0)


def match_share(
    asked: Sequence[Call], made: Sequence[Call], detail: Detail = "argument", matching: Matching = "optimal"
) -> float:
    """Return ``S / S_max`` of ToolRL for two lists of well-formed calls, neither empty; see :class:`ToolMatch`.

    >>> match_share([Call("a", {"x": 1})], [Call("a", {"y": 1})])
    0.3333333333333333
    """
    total = multiset_iou([c.name for c in asked], [c.name for c in made])
    most = 1.0
    named: defaultdict[str, tuple[list[Call], list[Call]]] = defaultdict(lambda: ([], []))
    for call in asked:
        named[call.name][0].append(call)
        most += 1.0 if detail == "call" else 1.0 + len(call.arguments)
    for call in made:
        if call.name in named:
            named[call.name][1].append(call)
    for wanted, given in named.values():
        worths = [[_worth(w, g, detail) for g in given] for w in wanted]
        total += _greedy(worths) if matching == "greedy" else _optimal(worths)
    return total / most


def multiset_iou(left: Sequence[Any], right: Sequence[Any]) -> float:
    """Return intersection over union of two lists as multisets; 1 where both are empty.

    >>> multiset_iou(["a", "a", "b"], ["a", "c"])
    0.25
    """
    common = (Counter(left) & Counter(right)).total()
    union = len(left) + len(right) - common
    return common / union if union else 1.0


def same_json(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not.

    >>> same_json([1, {"a": None}], [1.0, {"a": None}]), same_json(1, True)
    (True, False)
    """
    left_over: list[tuple[Any, Any]] = [(left, right)]
    while left_over:
        a, b = left_over.pop()
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.keys() != b.keys():
                return False
            left_over += [(a[key], b[key]) for key in a]
        elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
            if len(a) != len(b):
                return False
            left_over += zip(a, b, strict=True)
        elif isinstance(a, bool) != isinstance(b, bool) or a != b:
            return False
    return True


def _worth(asked: Call, made: Call, detail: Detail) -> float:
    if detail == "call":
        return float(same_json(asked.arguments, made.arguments))
    equal = sum(k in made.arguments and same_json(v, made.arguments[k]) for k, v in asked.arguments.items())
    return multiset_iou(list(asked.arguments), list(made.arguments)) + equal


def _greedy(worths: list[list[float]]) -> float:
    total, used = 0.0, set[int]()
    for row in worths:
        best = max((i for i in range(len(row)) if i not in used), key=lambda i: row[i], default=None)
        if best is not None and row[best] > 0:
            used.add(best)
            total += row[best]
    return total


def _optimal(worths: list[list[float]]) -> float:
    if len(worths) == 1 or len(worths[0]) <= 1:
        return max((worth for row in worths for worth in row), default=0.0)
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    table = np.array(worths)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return float(table[rows, columns].sum())


def _missing(asked: Sequence[Call], made: Sequence[Call]) -> str:
    lacking = Counter(c.name for c in asked) - Counter(c.name for c in made)
    beyond = Counter(c.name for c in made) - Counter(c.name for c in asked)
    said = [
        f"{what} {', '.join(names)[:80]}" for what, names in (("no call of", lacking), ("not asked:", beyond)) if names
    ]
    return "; ".join(said).encode("utf-8", "backslashreplace").decode() or "other arguments"


def _asked(reference: Any) -> tuple[bool, bool]:
    """Whether the reference holds calls, and whether a response."""
    if isinstance(reference, str):
        return "<tool_call>" in reference, "<response>" in reference
    if isinstance(reference, Mapping) and not {"calls", "response"} & reference.keys():
        raise BadReferenceError("reference has neither 'calls' nor 'response'")
    if isinstance(reference, Mapping):
        response = reference.get("response")
        if response is not None and not isinstance(response, str):
            raise BadReferenceError(f"reference['response'] is a {type(response).__name__}; expected a text")
        return bool(reference_calls(reference) if "calls" in reference else ()), bool(response)
    return bool(reference_calls(reference)), False
