"""One record into samples: fields picked, types checked, media found and shared.

What a record becomes:

- a ``response`` (text, chat messages, or media): one sample;
- ``responses``: one sample each, ids ``<id>#0``, ``<id>#1``, ..., in one group (the record's ``group``, else
  its id); prompt, images and reference are the same objects in all of them, so that a picture is read and
  hashed once;
- ``chosen`` and ``rejected``: two samples in one group, with ``meta["rank"]`` 1 and 2. Where the record has
  no reference of its own, ``{"rank": 1}`` and ``{"rank": 2}`` are the references: a preference is a group
  with ranks. Without a prompt, the messages that both begin with are the prompt;
- ``messages`` (not ``prompt``) and none of these: a trajectory. All from the assistant's first message on is the
  response, user and tool turns included; what stands before is the prompt.

Media in messages and in ``images`` become :class:`~plaudit.core.media.Media`, relative paths taken from the
data file's folder. A bare ``{"type": "image"}`` in a message stands for the next of ``images``, as trainers
write it. Anything wrong makes all samples of the record defective: ``data.jsonl line 7, field images[0]:
...``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.core.errors import MediaError
from plaudit.core.media import Media
from plaudit.core.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plaudit.records.fields import Field, Fields

_KEPT = 65_536  # pictures remembered by path, about 20 MB


class DefectError(Exception):
    """Why a record can't be scored; its text names the field."""


class Place(NamedTuple):
    """Where a record stands: how defects name it, and its id if it has none of its own."""

    name: str
    id: str


class Gallery:
    """Media by path: each file is checked once, and named by one object, however many records show it.

    Args:
        base: the folder that relative paths start from.
        check: whether to make sure that media can be decoded.
        limit: most pixels of an image; None for the default of :data:`plaudit.core.media.MAX_PIXELS`.
    """

    def __init__(self, base: Path, check: bool, limit: int | None) -> None:
        self._base, self._check, self._limit = base, check, limit
        self._seen: OrderedDict[tuple[str, str | None], tuple[Media, str | None]] = OrderedDict()

    def find(self, value: Any, field: str, kind: Any = None) -> Media:
        """The medium that a record gives.

        Raises:
            DefectError: no medium, or one that can't be used.
        """
        if value is None:
            raise DefectError(f"field {field}: is null")
        try:
            media = Media.of(value, kind)
        except MediaError as error:
            raise DefectError(f"field {field}: {error}") from None
        resolved = media.resolve(self._base)
        if not isinstance(resolved.source, str) or resolved.source.startswith("data:"):
            why = self._fault(resolved)
        else:
            key = (resolved.source, kind)
            if key not in self._seen:
                self._seen[key] = (resolved, self._fault(resolved))
                if len(self._seen) > _KEPT:
                    self._seen.popitem(last=False)
            resolved, why = self._seen[key]
        if why is not None:
            raise DefectError(f"field {field}: {why}")
        return resolved

    def _fault(self, media: Media) -> str | None:
        if self._check:
            try:
                media.check(self._limit)
            except MediaError as error:
                return str(error)
        return None


class _Answer(NamedTuple):
    response: Any
    meta: dict[str, Any]


def to_samples(
    record: Any, place: Place, pick: Callable[[Mapping[str, Any]], Fields], gallery: Gallery
) -> Iterator[Sample]:
    """The samples of one record: at least one, defective where the record is.

    Args:
        record: a mapping of columns, as a line or row holds them.
        place: where it stands.
        pick: sorts columns into fields (:func:`plaudit.records.fields.picker`).
        gallery: finds its media.
    """
    if not isinstance(record, Mapping):
        yield defective(place, f"is {_kind(record)}; expected an object")
        return
    known, rest = pick(record)
    try:
        identity = _identity(known.get("id"), place.id)
        group = _scalar(known.get("group"))
        task, source = _text(known.get("task")), _text(known.get("source"))
        meta = {**_mapping(known.get("meta")), **rest}
        images = _images(known.get("images"), gallery)
        prompt = _prompt(known.get("prompt"), images, gallery)
        prompt, answers = _answers(known, prompt, gallery)
    except DefectError as why:
        yield from _all_defective(known, place, str(why))
        return
    many = "response" not in known and ("responses" in known or "chosen" in known)
    reference = known["reference"].value if "reference" in known else None
    for k, (response, own) in enumerate(answers):
        yield Sample(
            prompt,
            response,
            reference=own or None if reference is None else reference,
            id=f"{identity}#{k}" if many else identity,
            group=(identity if group is None else group) if many else group,
            images=images,
            task=task,
            source=source,
            meta=({**meta, **own} if own else meta) or None,
        )


def defective(place: Place, why: str) -> Sample:
    """A sample that stands for a record that can't be read."""
    return Sample(None, None, id=place.id, defect=f"{place.name}: {why}")


def _all_defective(known: dict[str, Field], place: Place, why: str) -> Iterator[Sample]:
    """One defective sample for each response, so that counts stay right."""
    value = known["id"].value if "id" in known else None
    identity = str(value) if isinstance(value, (str, int)) else place.id
    several = known["responses"].value if "responses" in known else [None, None]
    many = "response" not in known and ("responses" in known or {"chosen", "rejected"} <= known.keys())
    count = len(several) if many and isinstance(several, list) else 0
    for k in range(max(1, count)):
        yield Sample(
            known["prompt"].value if "prompt" in known else None,
            known["response"].value if "response" in known else several[k] if count else None,
            id=f"{identity}#{k}" if count else identity,
            group=identity if count else None,
            defect=f"{place.name}, {why}",
        )


def _answers(known: dict[str, Field], prompt: Any, gallery: Gallery) -> tuple[Any, list[_Answer]]:
    """The prompt and its responses, each with what only it has in its meta."""
    if "response" in known:
        return prompt, [_Answer(_spoken(*known["response"], gallery), {})]
    if "responses" in known:
        values, column = known["responses"]
        if not isinstance(values, (list, tuple)):
            raise DefectError(f"field {column}: is {_kind(values)}; expected a list of responses")
        if not values:
            raise DefectError(f"field {column}: is empty")
        return prompt, [_Answer(_spoken(v, f"{column}[{k}]", gallery), {}) for k, v in enumerate(values)]
    if "chosen" in known or "rejected" in known:
        for name in ("chosen", "rejected"):
            if name not in known:
                raise DefectError(f"field {name}: is missing; a preference has both chosen and rejected")
        pair = [_spoken(*known[name], gallery) for name in ("chosen", "rejected")]
        if prompt is None and all(isinstance(p, list) for p in pair):
            prompt, pair = _common(pair)
        return prompt, [_Answer(p, {"rank": rank}) for rank, p in enumerate(pair, 1)]
    # A column named prompt may end in an example or the start of an answer; it holds no response.
    if isinstance(prompt, list) and known["prompt"].column != "prompt":
        for cut, message in enumerate(prompt):
            if message["role"] == "assistant":
                return prompt[:cut] or None, [_Answer(prompt[cut:], {})]
    raise DefectError("field response: there is none (nor completion, output, prediction, responses, completions)")


def _common(pair: list[Any]) -> tuple[Any, list[Any]]:
    """Take the messages that both begin with as the prompt; each response keeps at least one."""
    shared = 0
    while shared < min(map(len, pair)) - 1 and pair[0][shared] == pair[1][shared]:
        shared += 1
    return pair[0][:shared] or None, [p[shared:] for p in pair]


def _prompt(field: Field | None, images: tuple[Media, ...], gallery: Gallery) -> Any:
    if field is None:
        return None
    waiting = list(images)
    prompt = _spoken(field.value, field.column, gallery, waiting)
    if waiting and len(waiting) < len(images):
        raise DefectError(f"field {field.column}: shows {len(images) - len(waiting)} of {len(images)} images")
    return prompt


def _spoken(value: Any, column: str, gallery: Gallery, images: list[Media] | None = None) -> Any:
    """Text as it is; messages and media with every medium found."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "role" in value:
        value = [value]
    elif Media.fits(value):
        return gallery.find(value, column)
    if not isinstance(value, (list, tuple)) or not value:
        raise DefectError(f"field {column}: is {_kind(value)}; expected text or chat messages")
    messages = []
    for i, message in enumerate(value):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            several = "; a list of responses belongs in 'responses'" if isinstance(message, str) else ""
            raise DefectError(f"field {column}[{i}]: is no chat message with a role{several}")
        messages.append(_message(message, f"{column}[{i}]", gallery, images))
    return messages


def _message(message: Mapping[str, Any], where: str, gallery: Gallery, images: list[Media] | None) -> Mapping[str, Any]:
    _check_calls(message.get("tool_calls"), f"{where}.tool_calls")
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, (list, tuple)):
        raise DefectError(f"field {where}.content: is {_kind(content)}; expected text or parts")
    parts: list[Any] = []
    for k, part in enumerate(content):
        place = f"{where}.content[{k}]"
        if isinstance(part, str) or (isinstance(part, Mapping) and isinstance(part.get("text"), str)):
            parts.append(part)
        elif Media.fits(part):
            parts.append(gallery.find(part, place))
        elif isinstance(part, Mapping) and part.get("type") == "image" and images:
            parts.append(images.pop(0))
        elif isinstance(part, Mapping) and part.get("type") == "image":
            raise DefectError(f"field {place}: stands for an image, and 'images' has no more")
        else:
            kind = repr(part.get("type")) if isinstance(part, Mapping) else _kind(part)
            raise DefectError(f"field {place}: is a part of type {kind}; expected text, image, video or audio")
    return {**message, "content": parts}


def _check_calls(calls: Any, where: str) -> None:
    """Refuse tool calls that are no such objects; arguments may be any text, since the model wrote them."""
    if calls is None:
        return
    if not isinstance(calls, (list, tuple)):
        raise DefectError(f"field {where}: is {_kind(calls)}; expected a list of calls")
    for k, call in enumerate(calls):
        function = (call.get("function") or call) if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise DefectError(f"field {where}[{k}]: is no call with a function's name")


def _images(field: Field | None, gallery: Gallery) -> tuple[Media, ...]:
    if field is None:
        return ()
    value, column = field
    if not isinstance(value, (list, tuple)):
        return (gallery.find(value, column, "image"),)
    return tuple(gallery.find(v, f"{column}[{k}]", "image") for k, v in enumerate(value))


def _identity(field: Field | None, default: str) -> str:
    value = _scalar(field)
    return default if value is None else str(value)


def _scalar(field: Field | None) -> str | int | None:
    if field is None:
        return None
    if isinstance(field.value, bool) or not isinstance(field.value, (str, int)):
        raise DefectError(f"field {field.column}: is {_kind(field.value)}; expected text or a whole number")
    return field.value


def _text(field: Field | None) -> str | None:
    if field is not None and not isinstance(field.value, str):
        raise DefectError(f"field {field.column}: is {_kind(field.value)}; expected text")
    return None if field is None else field.value


def _mapping(field: Field | None) -> Mapping[str, Any]:
    if field is not None and not isinstance(field.value, Mapping):
        raise DefectError(f"field {field.column}: is {_kind(field.value)}; expected an object")
    return {} if field is None else field.value


def _kind(value: Any) -> str:
    """The JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = ((str, "text"), ((int, float), "a number"), (Mapping, "an object"), (Sequence, "a list"))
    return next((name for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")
