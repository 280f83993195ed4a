"""Sample: one response to one prompt, with everything that a reward may read.

Making one costs about two microseconds: prompt and response are kept as they were given (a string, chat messages,
content parts, an image) and parsed into turns when a reward first asks. A sample never changes; :func:`replace`
makes another.

>>> s = Sample("What is 2 + 2?", "<answer>4</answer>", reference="4")
>>> s.text
'<answer>4</answer>'
>>> Sample("?", [{"role": "assistant", "content": "look"}, {"role": "assistant", "content": "4"}]).text
'4'
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import blake2b
from typing import Any

from plaudit.core.errors import MediaError, RecordError
from plaudit.core.media import Media

__all__ = ["Sample", "ToolCall", "Turn", "replace"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made, and what the tool's runtime recorded of it.

    Attributes:
        name: the tool.
        arguments: the arguments as an object, or the raw text where the model wrote no readable JSON.
        id: what ties the call to its result.
        ok: whether the tool did its work. Written by the tool's runtime in its message (key ``ok``), never read from
            text that the model can write; None where the runtime said nothing.
        result: the turn in which the tool answered, if it did.
    """

    name: str
    arguments: Any = None
    id: str | None = None
    ok: bool | None = None
    result: Turn | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: who spoke, and its parts in order, each a string or a :class:`Media`."""

    role: str
    parts: tuple[str | Media, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def text(self) -> str:
        """The text parts, joined with nothing between."""
        return "".join(p for p in self.parts if isinstance(p, str))

    @property
    def media(self) -> tuple[Media, ...]:
        """The media parts, in order."""
        return tuple(p for p in self.parts if not isinstance(p, str))


@dataclass(frozen=True, slots=True)
class Sample:
    """One response to one prompt.

    Attributes:
        prompt: a string, or chat messages in the OpenAI form (``{"role", "content"}``, content a string or parts).
        response: a string, chat messages (a trajectory), or an image, video or audio (anything ``Media.of`` takes).
        reference: what a right response is measured against; its type is the reward's business.
        id: a name for reports; unique names make reports readable, nothing depends on it.
        group: equal for the responses to one prompt; what group-relative rewards and baselines go by.
        images: images that belong to the prompt but stand outside its text, as datasets keep them.
        task: what kind of question this is; rewards may route by it.
        source: the dataset and split; statistics and splits go by it.
        meta: conditioning (user, principle, style, difficulty) and whatever else a reward may read by name.
        defect: why this record can't be scored at all. Every reward then answers ``invalid`` with this reason, and
            none looks at the sample.
    """

    prompt: Any
    response: Any
    reference: Any = None
    id: str | None = field(default=None, compare=False)
    group: Any = field(default=None, compare=False)
    images: Sequence[Any] = ()
    task: str | None = None
    source: str | None = field(default=None, compare=False)
    meta: Mapping[str, Any] | None = None
    defect: str | None = None
    _text: str | None = field(default=None, init=False, repr=False, compare=False)
    _turns: tuple[Turn, ...] | None = field(default=None, init=False, repr=False, compare=False)
    _prompt: tuple[Turn, ...] | None = field(default=None, init=False, repr=False, compare=False)
    _digest: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The text of the last assistant turn; ``""`` if there is none. This, never the prompt, is what parsers get."""
        if isinstance(self.response, str):
            return self.response
        if self._text is None:
            spoken = [t for t in self.turns if t.role == "assistant"]
            _keep(self, "_text", spoken[-1].text if spoken else "")
        return self._text or ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The response as turns: one for a plain response, several for a trajectory (tool turns included).

        Raises:
            RecordError: the response is neither text, messages, parts nor media.
        """
        if self._turns is None:
            _keep(self, "_turns", _parse(self.response, "response", "assistant"))
        return self._turns or ()

    @property
    def prompt_turns(self) -> tuple[Turn, ...]:
        """The prompt as turns.

        ``images`` fill the prompt's empty places (``{"type": "image"}``, as TRL writes them) in order; where it has
        none, they stand at the start of the last user turn, unless that shows media itself.

        Raises:
            RecordError: the prompt is neither text, messages, parts nor media, or has more places than images.
        """
        if self._prompt is None:
            shown = _images(self.images)
            unplaced = iter(shown)
            turns = _parse(self.prompt, "prompt", "user", unplaced)
            users = [i for i, t in enumerate(turns) if t.role == "user"]
            if shown and users and not turns[users[-1]].media:
                last = turns[users[-1]]
                turn = Turn("user", (*unplaced, *last.parts), last.tool_calls)
                turns = (*turns[: users[-1]], turn, *turns[users[-1] + 1 :])
            _keep(self, "_prompt", turns)
        return self._prompt or ()

    @property
    def prompt_text(self) -> str:
        """The text of the last user turn of the prompt."""
        if isinstance(self.prompt, str):
            return self.prompt
        users = [t for t in self.prompt_turns if t.role == "user"]
        return users[-1].text if users else ""

    @property
    def media(self) -> tuple[Media, ...]:
        """Every image, video and audio of prompt, ``images`` and response, each once, in that order."""
        plain = isinstance(self.prompt, str) and isinstance(self.response, str)
        if plain and isinstance(self.images, tuple) and not self.images:
            return ()  # the common case, without parsing
        found = [m for t in self.prompt_turns for m in t.media]
        found += [m for m in _images(self.images) if m not in found]
        found += [m for t in self.turns for m in t.media]
        return tuple(found)

    @property
    def digest(self) -> str:
        """A hash of all that a reward may read: media bytes too, but not id, group or source.

        An address (``http://``) is never fetched and stands for itself.

        Raises:
            TypeError: the prompt, response, reference or meta holds an object that has no content (a function, say).
            MediaError: a medium can't be read.
        """
        if self._digest is None:
            named = (self.prompt, self.response, self.reference, self.task, self.meta, self.defect)
            try:
                shown = [m for m in self.media if not str(m.source).startswith(("http://", "https://"))]
            except MediaError:
                raise
            except RecordError:
                shown = []  # what can't be parsed shows nothing to any reward
            try:
                content = _ENCODER.encode((named, shown))
            except (ValueError, RecursionError) as error:
                raise TypeError(f"the sample has no content to hash: {error}") from None
            _keep(self, "_digest", blake2b(content.encode(), digest_size=16).hexdigest())
        return self._digest or ""

    def __getitem__(self, name: str) -> Any:
        """Return the field or the entry of ``meta`` of that name.

        Raises:
            KeyError: neither has it.
        """
        if name in _FIELDS:
            return getattr(self, name)
        if self.meta is not None and name in self.meta:
            return self.meta[name]
        raise KeyError(name)

    def get(self, name: str) -> Any:
        """Return ``self[name]``, or None where it is absent."""
        return getattr(self, name) if name in _FIELDS else (self.meta or {}).get(name)


_FIELDS = frozenset(f.name for f in fields(Sample) if f.init) | {"text", "turns", "media"}
_NO_IMAGES: Iterator[Media] = iter(())
_keep = object.__setattr__  # lazily parsed views of a frozen sample


def _images(given: Any) -> tuple[Media, ...]:
    """Read ``images``; a dataset's null is none."""
    if given is None:
        return ()
    if isinstance(given, str) or Media.fits(given):
        raise RecordError("images is one image; expected a list of images")
    return tuple(Media.of(image, "image") for image in given)


def _content(value: Any) -> Any:
    """Say what a value that is not JSON contributes to the digest."""
    if isinstance(value, Media):
        return {"media": value.digest}
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, bytes):
        return {"bytes": blake2b(value, digest_size=16).hexdigest()}
    if hasattr(value, "dtype") and hasattr(value, "tobytes"):
        return {"array": [str(value.dtype), value.shape, blake2b(value.tobytes(), digest_size=16).hexdigest()]}
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__qualname__: [getattr(value, f.name) for f in fields(value)]}
    if isinstance(value, Mapping):
        return dict(value)
    if Media.fits(value):
        return {"media": Media.of(value).digest}
    raise TypeError(f"a {type(value).__name__} has no content to hash")


# Not orjson: it reads NaN as null and refuses long integers and the lone surrogates that models do write.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_content)


def _parse(given: Any, what: str, role: str, images: Iterator[Media] = _NO_IMAGES) -> tuple[Turn, ...]:
    """Read a prompt or response in any of its accepted forms into turns; ``images`` fill its empty places."""
    if given is None:
        return ()
    if isinstance(given, str):
        return (Turn(role, (given,)),)
    if isinstance(given, Mapping) and "role" in given:
        given = [given]
    if isinstance(given, (list, tuple)):
        if given and all(isinstance(m, Mapping) and "role" in m for m in given):
            return _messages(given, what, images)
        return (Turn(role, _parts(given, what, images)),) if given else ()
    if Media.fits(given):
        return (Turn(role, (Media.of(given),)),)
    raise RecordError(f"the {what} is a {type(given).__name__}; expected text, chat messages or media")


def _messages(messages: Sequence[Mapping[str, Any]], what: str, images: Iterator[Media]) -> tuple[Turn, ...]:
    """Read chat messages, tying each tool call to the next message in which the tool answered under its id.

    The next, since some runtimes use an id again for a later call.
    """
    spoken = [(m, Turn(str(m["role"]), _parts(m.get("content"), what, images))) for m in messages]
    answers: dict[str, list[tuple[int, Turn, bool | None]]] = {}
    for place, (message, turn) in enumerate(spoken):
        if turn.role == "tool" and message.get("tool_call_id") is not None:
            ok = message.get("ok")
            answer = (place, turn, ok if isinstance(ok, bool) else None)
            answers.setdefault(str(message["tool_call_id"]), []).append(answer)
    return tuple(
        replace(turn, tool_calls=tuple(_call(call, place, answers, what) for call in message["tool_calls"]))
        if message.get("tool_calls")
        else turn
        for place, (message, turn) in enumerate(spoken)
    )


def _call(call: Any, place: int, answers: Mapping[str, list[tuple[int, Turn, bool | None]]], what: str) -> ToolCall:
    function = (call.get("function") or call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise RecordError(
            f"the {what} has a tool call without a name; expected {{'function': {{'name', 'arguments'}}}}"
        )
    call_id = None if call.get("id") is None else str(call["id"])
    later = ((turn, ok) for at, turn, ok in answers.get(call_id or "", ()) if at > place)
    result, ok = next(later, (None, None)) if call_id is not None else (None, None)
    return ToolCall(function["name"], _arguments(function.get("arguments")), call_id, ok, result)


def _arguments(arguments: Any) -> Any:
    """Read a call's arguments: JSON text into an object, anything unreadable left as the model wrote it."""
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _parts(content: Any, what: str, images: Iterator[Media]) -> tuple[str | Media, ...]:
    """Read a message's content into text and media parts."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (content,)
    parts: list[str | Media] = []
    for part in content if isinstance(content, (list, tuple)) else [content]:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Mapping) and isinstance(part.get("text"), str):
            parts.append(part["text"])
        elif Media.fits(part):
            parts.append(Media.of(part))
        elif isinstance(part, Mapping) and part.get("type") == "image":
            image = next(images, None)
            if image is None:
                raise RecordError(f"the {what} has a place for an image that images does not fill")
            parts.append(image)
        else:
            kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            raise RecordError(f"the {what} has a part of unknown type {kind!r}; expected text, image, video or audio")
    return tuple(parts)
