"""Tool calls: what a response asked of its tools, however it is written, and what the runtime recorded of it.

Three ways of writing a call are read:

* **native**: the ``tool_calls`` of chat messages (OpenAI's form). Where a response has any, they are all that counts;
* **text**: ``<tool_call>`` blocks that hold JSON (``{"name": ..., "arguments": {...}}``, or ``parameters``; a list of
  such, or one a line) or a call (``crop(10, 20, label="cat")``, positional arguments named ``"0"``, ``"1"``, ...);
* **tags**: blocks named by the caller (``<search>cats</search>``), each a call of its tag with one argument,
  ``content``: what JSON in it says, else the text.

Text inside the reasoning calls nothing. Whether a call worked is what the tool's message says under the key ``ok``,
which the runtime writes; no text is ever read for it. Tool messages answer text calls in order: the first message after
an assistant turn its first call, and so on. Time is proportional to the response's length.

>>> from plaudit import Sample
>>> calls_of(Sample("?", '<tool_call>{"name": "zoom", "arguments": {"box": [0, 0, 5, 5]}}</tool_call>'))[0][:3]
('zoom', {'box': [0, 0, 5, 5]}, 0)
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning

if TYPE_CHECKING:
    from plaudit.core.sample import Sample, Turn

_CALL = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*\(")
#: One argument with the comma or parenthesis behind it. Possessive, so that no text makes it go back over itself.
_ARGUMENT = re.compile(
    r"""\s*+(?:(?P<key>[A-Za-z_]\w*+)\s*+=\s*+)?
    (?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>(?:[^'\\]|\\.)*+)'
      |[\[(](?P<list>[^\[\]()"']*+)[\])]|(?P<bare>[^\s,()\[\]"'=][^,()\[\]"'=]*+))\s*+(?P<end>[,)])""",
    re.VERBOSE | re.DOTALL,
)


class Call(NamedTuple):
    """One call that the model wrote.

    Attributes:
        name: the tool, or ``""`` where the call can't be read.
        arguments: by name; what stands there instead where the call is ill-formed.
        turn: the assistant turn that made it, from 0.
        ok: whether the tool did its work, by its runtime's record; None where the runtime said nothing.
        result: the turn in which the tool answered, if it did.
        fault: what is wrong with the writing, or ``""``.
    """

    name: str
    arguments: Any
    turn: int = 0
    ok: bool | None = None
    result: Turn | None = None
    fault: str = ""

    @property
    def content(self) -> str:
        """Name and arguments as canonical JSON: equal for calls that ask for the same."""
        try:
            return json.dumps([self.name, self.arguments], sort_keys=True, default=repr)
        except (TypeError, ValueError, RecursionError):
            return repr(self.name)


class Block(NamedTuple):
    """What stands between a tag and its partner; ``closed`` is false where the partner is missing."""

    tag: str
    text: str
    closed: bool


def calls_of(sample: Sample, tags: Sequence[str] = ()) -> list[Call]:
    """Return every call of a response in order, ill-formed ones (with their fault) included.

    Args:
        sample: what is read is the response's assistant turns, and the runtime's record in its tool turns.
        tags: read blocks of these tags instead of native calls and ``<tool_call>``.

    Raises:
        RecordError: the response is no text and no chat messages.
    """
    turns = sample.turns
    spoken = [i for i, turn in enumerate(turns) if turn.role == "assistant"]
    if not tags and any(turns[i].tool_calls for i in spoken):
        return _native(sample, turns, spoken)
    found: list[Call] = []
    for k, i in enumerate(spoken):
        written = list(_written(outside_reasoning(turns[i].text), tags))
        answers = _answers(sample, turns, i)
        for n, call in enumerate(written):
            ok, result = answers[n] if n < len(answers) else (None, None)
            found.append(call._replace(turn=k, ok=ok, result=result))
    return found


def blocks(text: str, tags: Sequence[str]) -> list[Block]:
    """Return the blocks of these tags in order. A tag that opens before another has closed ends that one unclosed.

    >>> [tuple(block) for block in blocks("<a>1</a> <b>2 <a>3</a>", ["a", "b"])]
    [('a', '1', True), ('b', '2 ', False), ('a', '3', True)]
    """
    found: list[Block] = []
    opened: re.Match[str] | None = None
    for mark in re.finditer(rf"<(/?)({'|'.join(map(re.escape, tags))})>", text):
        if mark[1] and opened is not None and opened[2] == mark[2]:
            found.append(Block(mark[2], text[opened.end() : mark.start()], True))
            opened = None
        elif not mark[1]:
            if opened is not None:
                found.append(Block(opened[2], text[opened.end() : mark.start()], False))
            opened = mark
    if opened is not None:
        found.append(Block(opened[2], text[opened.end() :], False))
    return found


def reference_calls(given: Any, where: str = "reference") -> list[Call]:
    """Return the calls of a reference: a list of mappings with ``name`` and ``arguments`` (or ``parameters``,
    ``kwargs``), a text with ``<tool_call>`` blocks (or without, which asks for no call), or a mapping with ``calls``.

    Raises:
        BadReferenceError: it is none of these, or one of its calls is ill-formed.

    >>> reference_calls([{"name": "zoom", "parameters": {"level": 2}}])[0][:2]
    ('zoom', {'level': 2})
    """
    expected = 'expected a list of calls, {"name": ..., "arguments": {...}}'
    if isinstance(given, Mapping) and "calls" in given:
        given, where = given["calls"], f"{where}['calls']"
    if isinstance(given, str):
        calls = list(_written(given, ()))
    elif isinstance(given, Sequence) and not isinstance(given, bytes):
        calls = [_from_json(call) for call in given]
    else:
        raise BadReferenceError(f"{where} is a {type(given).__name__}; {expected}")
    for i, call in enumerate(calls):
        if call.fault:
            raise BadReferenceError(f"{where}: call {i}: {call.fault}; {expected}")
    return calls


def observations(sample: Sample) -> list[Turn]:
    """Return the tools' turns of a response, but for those whose runtime says that the tool failed."""
    said = enumerate(sample.turns)
    return [turn for i, turn in said if turn.role == "tool" and recorded_ok(sample, i) is not False]


def recorded_ok(sample: Sample, turn: int) -> bool | None:
    """Return what the runtime wrote under ``ok`` into the message of a turn (by its index in ``sample.turns``)."""
    given = sample.response
    message = given[turn] if isinstance(given, list | tuple) else given
    said = message.get("ok") if isinstance(message, Mapping) and message.get("role") != "assistant" else None
    return said if isinstance(said, bool) else None


def _answered_id(sample: Sample, turn: int) -> str | None:
    """Return the id of the call that a tool's message says it answers."""
    given = sample.response
    message = given[turn] if isinstance(given, list | tuple) else given
    if not isinstance(message, Mapping) or message.get("role") != "tool" or message.get("tool_call_id") is None:
        return None
    return str(message["tool_call_id"])


def check_tags(tags: Sequence[str], whose: str) -> None:
    """Refuse what is no tag's name.

    Raises:
        ConfigError: a tag is not a plain name.
    """
    for tag in tags:
        if not re.fullmatch(r"[A-Za-z][\w-]*", tag):
            raise ConfigError(f"{whose}: tag {tag!r} must be a plain name, without brackets", "tags")


def written_call(text: str) -> Call | None:
    """Read ``name(argument, key=value)`` that is the whole text, or return None.

    >>> written_call('type(text="a, b", at=[0.5, 0.2], slow=true)')[:2]
    ('type', {'text': 'a, b', 'at': [0.5, 0.2], 'slow': True})
    """
    head = _CALL.match(text)
    if head is None:
        return None
    arguments: dict[str, Any] = {}
    at = head.end()
    if text[at:].strip() == ")":
        return Call(head[1], arguments)
    while argument := _ARGUMENT.match(text, at):
        key = argument["key"] or str(len(arguments))
        if key in arguments:
            return None
        arguments[key] = _value(argument)
        at = argument.end()
        if argument["end"] == ")":
            return Call(head[1], arguments) if not text[at:].strip() else None
    return None


def _native(sample: Sample, turns: Sequence[Turn], spoken: Sequence[int]) -> list[Call]:
    """Read native calls, each with the first message behind it that answers its id and no call before it.

    Servers with a cache write one id for several calls of a trajectory, so that an id alone does not tell them apart.
    """
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    found: list[Call] = []
    place = {i: k for k, i in enumerate(spoken)}
    for i, turn in enumerate(turns):
        if i in place:
            for call_id in {call.id for call in turn.tool_calls if call.id is not None}:
                waiting[call_id].clear()  # an id that is used again is that of the new call
            for call in turn.tool_calls:
                if call.id is not None:
                    waiting[call.id].append(len(found))
                arguments = {} if call.arguments is None else call.arguments
                found.append(_checked(Call(call.name, arguments, place[i])))
        elif (key := _answered_id(sample, i)) is not None and waiting[key]:
            n = waiting[key].popleft()
            found[n] = found[n]._replace(ok=recorded_ok(sample, i), result=turn)
    return found


def _written(text: str, tags: Sequence[str]) -> Iterator[Call]:
    for block in blocks(text, tags or ("tool_call",)):
        if not block.closed:
            yield Call("", block.text, fault=f"<{block.tag}> is not closed")
        elif not block.text.strip():
            yield Call("", "", fault=f"empty <{block.tag}>")
        elif tags:
            yield Call(block.tag, {"content": _json_or_text(block.text.strip())})
        else:
            yield from _from_block(block.text.strip())


def _from_block(text: str) -> Iterator[Call]:
    """Read one ``<tool_call>``: JSON, JSON a line, or a call as programs write it."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        if text[0] not in "{[":
            yield written_call(text) or Call("", text, fault="neither JSON nor name(arguments)")
            return
        for line in filter(None, map(str.strip, text.splitlines())):
            try:
                yield _from_json(json.loads(line))
            except (ValueError, RecursionError):
                yield Call("", line, fault="not JSON")
        return
    for call in given if isinstance(given, list) else [given]:
        yield _from_json(call)


def _from_json(given: Any) -> Call:
    """Read ``{"name", "arguments"}``, which may stand under ``function``."""
    if isinstance(given, Call):
        return given
    inner = given.get("function") if isinstance(given, Mapping) else None
    function = inner if isinstance(inner, Mapping) else given
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str):
        return Call("", given, fault="no name")
    arguments = next((function[key] for key in ("arguments", "parameters", "kwargs") if key in function), None)
    if isinstance(arguments, str):
        arguments = _json_or_text(arguments)
    return _checked(Call(name, {} if arguments is None else arguments))


def _checked(call: Call) -> Call:
    if not call.name.strip():
        return call._replace(fault="no name")
    if isinstance(call.arguments, Mapping):
        return call
    return call._replace(fault="arguments are not a JSON object")


def _answers(sample: Sample, turns: Sequence[Turn], asked: int) -> list[tuple[bool | None, Turn | None]]:
    """What the tools answered between one assistant turn and the next, with what their runtime said of it."""
    answers: list[tuple[bool | None, Turn | None]] = []
    for i in range(asked + 1, len(turns)):
        if turns[i].role == "assistant":
            break
        said = recorded_ok(sample, i)
        if turns[i].role == "tool" or said is not None:
            answers.append((said, turns[i]))
    return answers


def _value(argument: re.Match[str]) -> Any:
    for quoted in (argument["double"], argument["single"]):
        if quoted is not None:
            return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    if argument["list"] is not None:
        return [_scalar(item) for item in argument["list"].split(",") if item.strip()]
    return _scalar(argument["bare"])


def _scalar(text: str) -> Any:
    text = text.strip()
    return {"True": True, "False": False, "None": None}.get(text, _json_or_text(text))


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
