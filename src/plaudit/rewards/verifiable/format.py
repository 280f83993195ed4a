"""Format: is the response written in the form that was asked for?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Cost, Leaf, part
from plaudit.rewards.verifiable.extraction import boxed, outside_reasoning

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Template = Literal["think-answer", "think", "answer", "boxed", "json"]
#: What the templates that consist of tags ask for, in the order of the tags.
TAGGED: dict[str, tuple[str, ...]] = {"think-answer": ("think", "answer"), "answer": ("answer",)}


@part
class Format(Leaf):
    r"""1 where the whole response has the form, else 0 with what breaks it.

    Give exactly one of:

    Args:
        template: ``think-answer``: ``<think>…</think><answer>…</answer>``; ``answer``: the answer block alone;
            ``think``: a reasoning block, then something outside it; ``boxed``: exactly one ``\boxed{}`` outside the
            reasoning, and not empty; ``json``: nothing but JSON (one code fence around it is allowed).
        tags: these tags, each exactly once unless it is repeated in the list, in this order, none empty, with nothing
            but white space between them.
        regex: a pattern that the whole response must match (Python's ``re``, ``.`` matches a line's end too).
        schema: a JSON schema (draft 2020-12) that the response, as JSON, must satisfy.

    Range: 0 or 1.

    Raises:
        ConfigError: none or several are given; the pattern or the schema is broken.
    """

    template: Template | None = None
    tags: tuple[str, ...] | None = None
    regex: str | None = None
    schema: Mapping[str, Any] | None = None

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [n for n in ("template", "tags", "regex", "schema") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ConfigError(f"Format: give one of template, tags, regex, schema; got {' and '.join(given) or 'none'}")
        for tag in self.tags or ():
            if not re.fullmatch(r"[A-Za-z][\w-]*", tag):
                raise ConfigError(f"Format: tag {tag!r} must be a plain name, without brackets")
        if self.tags == ():
            raise ConfigError("Format: tags is empty")
        _ = (self._pattern, self._validator)  # refuse a broken pattern or schema now

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
        if self.tags is not None:
            return _tag_fault(text, self.tags)
        if self._pattern is not None:
            return "" if self._pattern.fullmatch(text) else "does not match the pattern"
        if self._validator is not None:
            return self._schema_fault(text)
        match self.template:
            case "think":
                return _think_fault(text)
            case "boxed":
                return _boxed_fault(text)
            case "json":
                return _json(text)[1]
            case template:
                return _tag_fault(text, TAGGED[template or ""])

    def _schema_fault(self, text: str) -> str:
        value, fault = _json(text)
        if fault or self._validator is None:
            return fault
        from jsonschema.exceptions import best_match

        error = best_match(self._validator.iter_errors(value))
        if error is None:
            return ""
        where = error.json_path if error.json_path != "$" else "the whole"
        return f"JSON does not satisfy the schema: {where}: {error.message[:200]}"

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if self.regex is None:
            return None
        try:
            return re.compile(self.regex, re.DOTALL)
        except re.error as error:
            raise ConfigError(f"Format: regex {self.regex!r} is broken: {error}") from None

    @cached_property
    def _validator(self) -> Any:
        if self.schema is None:
            return None
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(self.schema)
        except SchemaError as error:
            raise ConfigError(f"Format: the schema is broken: {error.json_path}: {error.message[:200]}") from None
        return Draft202012Validator(self.schema)


def _tag_fault(text: str, tags: tuple[str, ...]) -> str:
    """Say what keeps a text from being exactly these blocks in this order, or ``""``."""
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
    if not tail.strip():
        return "nothing after </think>"
    return _tag_fault(head + closing, ("think",)) or ("2 </think> where 1 belongs" if "think>" in tail else "")


def _boxed_fault(text: str) -> str:
    boxes = boxed(outside_reasoning(text))
    if boxes is None:
        return r"a \boxed{ is not closed"
    if len(boxes) != 1:
        return rf"{len(boxes)} \boxed{{}} where 1 belongs" if boxes else r"missing \boxed{}"
    return "" if boxes[0].strip() else r"empty \boxed{}"


def _json(text: str) -> tuple[Any, str]:
    """Read a response that is nothing but JSON, or say what is wrong."""
    fence = re.fullmatch(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", text, re.DOTALL)
    try:
        return json.loads(fence[1] if fence else text, parse_constant=_no_constant), ""
    except RecursionError:
        return None, "not JSON: nested too deep"
    except ValueError as error:
        return None, f"not JSON: {error}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
