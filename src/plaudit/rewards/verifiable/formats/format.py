"""Format: is the response written in the form that was asked for?"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Cost, Leaf, part
from plaudit.rewards.verifiable.answers.extraction import boxed, outside_reasoning

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Template = Literal[
    "think-answer",
    "think",
    "answer",
    "boxed",
    "json",
    "think-tool",
    "think-tool-or-answer",
    "think-search-or-answer",
    "think-action",
]
#: What the templates that consist of tags ask for, in the order of the tags.
TAGGED: dict[str, tuple[str, ...]] = {
    "think-answer": ("think", "answer"),
    "answer": ("answer",),
    "think-tool": ("think", "tool_call"),
    "think-tool-or-answer": ("think", "tool_call|answer"),
    "think-search-or-answer": ("think", "search|answer"),
    "think-action": ("think", "action"),
}


@part
class Format(Leaf):
    r"""1 where the whole response has the form, else 0 with what breaks it.

    Tags are written exactly ``<think>``, in lower case and without spaces. What is looked at is the last assistant
    turn; for a form that every turn of a trajectory must have, see ``EachTurn``.

    JSON is what RFC 8259 says, no more: no NaN or Infinity; and no key twice in an object, no number beyond a float,
    for readers differ on what these mean.

    Give exactly one of:

    Args:
        template: ``think-answer``: ``<think>…</think><answer>…</answer>``; ``answer``: the answer block alone;
            ``think``: a reasoning block, then something outside it; ``boxed``: exactly one ``\boxed{}`` outside the
            reasoning, and not empty; ``json``: nothing but JSON (one code fence around it is allowed); the turns of
            agents: ``think-tool``: ``<think>…</think><tool_call>…</tool_call>``; ``think-tool-or-answer`` (ARM-Thinker,
            DeepSport): reasoning, then a call or the answer, not both; ``think-search-or-answer`` (Search-R1);
            ``think-action`` (FrameThinker): reasoning, then ``<action>…</action>``.
        tags: these tags, each exactly once unless it is repeated in the list, in this order, none empty, with nothing
            but white space between them. ``search|bbox|answer`` is any one of these, the others being absent.
        opened: the chat template has written the first opening tag already, at the end of the prompt, so that the
            response goes on behind it and must not write it again. With ``tags`` or a template of tags.
        regex: a pattern that the whole response must match (Python's ``re``, ``.`` matches a line's end too).
        schema: a JSON schema (draft 2020-12) that the response, as JSON, must satisfy. Nothing is fetched: what a
            ``$ref`` names must be in the schema.

    Range: 0 or 1.

    Raises:
        ConfigError: none or several are given; the pattern or the schema is broken, or refers to something outside;
            ``opened`` where there is no tag to open.

    >>> from plaudit import Sample
    >>> said = ["<think>2 + 2</think><answer>4</answer>", "<answer>4</answer>"]
    >>> scores = Format("think-answer").score([Sample("2 + 2?", text) for text in said])
    >>> scores.values, scores.reason
    (array([1., 0.]), ['', 'missing <think>'])
    """

    template: Template | None = None
    tags: tuple[str, ...] | None = None
    regex: str | None = None
    schema: Mapping[str, Any] | None = None
    opened: bool = False

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [n for n in ("template", "tags", "regex", "schema") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ConfigError(f"Format: give one of template, tags, regex, schema; got {' and '.join(given) or 'none'}")
        for tag in (tag for slot in self.tags or () for tag in slot.split("|")):
            if not re.fullmatch(r"[A-Za-z][\w-]*", tag):
                raise ConfigError(f"Format: tag {tag!r} must be a plain name, without brackets")
        if self.tags == ():
            raise ConfigError("Format: tags is empty")
        if self.opened and not (self.tags or self.template == "think" or self.template in TAGGED):
            raise ConfigError("Format: opened says that the first tag is open already; only tags have one", "opened")
        _ = self._pattern  # refuse a broken pattern or schema now
        if self.schema is not None:
            _validator(self._schema)

    @property
    def cost(self) -> Cost:
        """A pattern or a schema of the user's can take for ever on the wrong text."""
        return "cpu" if self.regex is not None or self.schema is not None else "free"

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and what breaks the form."""
        fault = self._fault(sample.text)
        return Grade(0.0, fault) if fault else Grade(1.0)

    def _fault(self, text: str) -> str:
        if not text.strip():
            return "empty response"
        tags = TAGGED.get(self.template or "", self.tags)
        if self.opened:
            text = f"<{tags[0].split('|')[0] if tags else 'think'}>{text}"
        if tags is not None:
            return tag_fault(text, tags)
        if self._pattern is not None:
            return "" if self._pattern.fullmatch(text) else "does not match the pattern"
        if self.schema is not None:
            return _schema_fault(text, _validator(self._schema))
        match self.template:
            case "think":
                return _think_fault(text)
            case "boxed":
                return _boxed_fault(text)
            case _:
                return _json(text)[1]

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if self.regex is None:
            return None
        try:
            return re.compile(self.regex, re.DOTALL)
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError(f"Format: regex {self.regex[:80]!r} is broken: {error}", "regex") from None

    @cached_property
    def _schema(self) -> str:
        try:
            return json.dumps(self.schema, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ConfigError(f"Format: the schema is not JSON: {error}", "schema") from None


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """Return the validator of a schema, given as JSON text so that the reward itself stays picklable."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry

    contents = json.loads(schema)
    try:
        Draft202012Validator.check_schema(contents)
        _check_references(contents)
        registry: Registry[Any] = Registry()  # one that retrieves nothing; the library's default would fetch
        validator = Draft202012Validator(contents, registry=registry)
        validator.is_valid(None)
    except SchemaError as error:
        raise ConfigError(f"Format: the schema is broken: {error.json_path}: {error.message[:200]}", "schema") from None
    except RecursionError:
        raise ConfigError("Format: the schema refers to itself without end, or is nested too deep", "schema") from None
    except ConfigError:
        raise
    except ValueError as error:  # an $id that is no address
        raise ConfigError(f"Format: the schema is broken: {error}", "schema") from None
    return validator


def _check_references(schema: Any) -> None:
    """Refuse a ``$ref`` to anything that is not in the schema."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(schema)
    registry: Registry[Any] = Registry()
    left = [(registry.resolver_with_root(root), root)]
    while left:
        resolver, resource = left.pop()
        contents = resource.contents if isinstance(resource.contents, dict) else {}
        for reference in (contents.get("$ref"), contents.get("$dynamicRef")):
            try:
                known = reference is None or isinstance(resolver.lookup(reference).contents, dict | bool)
            except Unresolvable:
                known = False
            if not known:
                why = f"the schema refers to {reference!r}, no schema within it; nothing is fetched: put it under $defs"
                raise ConfigError(f"Format: {why}", "schema")
        left += [(resolver.in_subresource(inner), inner) for inner in resource.subresources()]


def schema_fault(value: Any, schema: str) -> str:
    """Say what keeps a JSON value from satisfying a schema (as JSON text), or ``""``.

    Raises:
        ConfigError: the schema is broken, or refers to something outside it.
    """
    return _violation(value, _validator(schema))


def _schema_fault(text: str, validator: Any) -> str:
    value, fault = _json(text)
    return fault or _violation(value, validator)


def _violation(value: Any, validator: Any) -> str:
    try:
        error = next(validator.iter_errors(value), None)  # the first is enough, and there may be a million
    except RecursionError:
        return "JSON is nested too deep"
    if error is None:
        return ""
    where = "the whole" if error.json_path == "$" else error.json_path[:80].encode("utf-8", "backslashreplace").decode()
    return f"JSON does not satisfy the schema: {where}: {error.message[:200]}"


def tag_fault(text: str, slots: tuple[str, ...]) -> str:
    """Say what keeps a text from being exactly these blocks in this order, or ``""``; ``a|b`` is either."""
    tags: list[str] = []
    for slot in slots:
        names = slot.split("|")
        there = [name for name in names if f"<{name}>" in text or f"</{name}>" in text]
        if len(names) > 1 and len(there) != 1:
            shown = [f"<{name}>" for name in there or names]
            return f"{' and '.join(shown)} in one turn" if there else f"missing {' or '.join(shown)}"
        tags.append(there[0] if len(names) > 1 else slot)
    for tag in dict.fromkeys(tags):
        opened, closed, wanted = text.count(f"<{tag}>"), text.count(f"</{tag}>"), tags.count(tag)
        for mark, found in ((f"<{tag}>", opened), (f"</{tag}>", closed)):
            if found < wanted:
                return f"missing {mark}"
            if found > wanted:
                return f"{found} {mark} where {wanted} belong{'s' if wanted == 1 else ''}"
    at = 0
    for tag in tags:
        opening, closing = text.find(f"<{tag}>", at), text.find(f"</{tag}>", at)
        if opening < 0 or closing < opening:
            return f"<{tag}> and </{tag}> out of order"
        if text[at:opening].strip():
            return f"text before <{tag}>"
        if not text[opening + len(tag) + 2 : closing].strip():
            return f"empty <{tag}>"
        at = closing + len(tag) + 3
    return f"text after </{tags[-1]}>" if text[at:].strip() else ""


def _think_fault(text: str) -> str:
    head, closing, tail = text.partition("</think>")
    if not closing:
        return "missing </think>"
    if "<think>" in tail or "</think>" in tail:
        return "a think tag after </think>"
    return tag_fault(head + closing, ("think",)) or ("" if tail.strip() else "nothing after </think>")


def _boxed_fault(text: str) -> str:
    boxes = boxed(outside_reasoning(text))
    if boxes is None:
        return r"a \boxed{ is not closed"
    if len(boxes) != 1:
        return rf"{len(boxes)} \boxed{{}} where 1 belongs" if boxes else r"missing \boxed{}"
    return "" if boxes[0].strip() else r"empty \boxed{}"


def _json(text: str) -> tuple[Any, str]:
    """Read a response that is nothing but JSON, or say what is wrong."""
    text = text.strip()
    if text.startswith("```"):
        label, newline, inside = text[3:].partition("\n")
        if label.strip() not in ("", "json") or not newline or not inside.endswith("```"):
            return None, "not JSON: a code fence that is not closed, or of another language"
        text = inside[:-3]
    try:
        return json.loads(text, **_STRICT), ""
    except RecursionError:
        return None, "not JSON: nested too deep"
    except ValueError as error:
        return None, f"not JSON: {error}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"key {twice[:80]!r} twice in one object")
    return found


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number beyond the range of a float")
    return value


def _whole(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_STRICT: dict[str, Any] = {
    "object_pairs_hook": _unique,
    "parse_float": _finite,
    "parse_int": _whole,
    "parse_constant": _no_constant,
}
