"""Specification: what makes rewards and weights plain data: their fields, written as JSON-ready data and as text.

The fields of a frozen dataclass say all there is to it. From them come the checks of its arguments, its specification
(what hashes are made of), and its text, which parses back to an equal one.

>>> from plaudit.rewards.compose.schedules import Linear
>>> Linear(1, 0.1)
Linear(1.0, 0.1)
>>> Linear(1, 0.1).spec()["end"]
0.1
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import blake2b
from typing import Any, ClassVar

from plaudit.core.errors import ConfigError, ExpressionError
from plaudit.core.fields import checked, field_types


class Specified:
    """A frozen dataclass whose fields are its specification. ``version`` is raised when the same fields mean anew."""

    version: ClassVar[int] = 1

    def _check(self) -> None:
        """Check every field against its type and make it canonical.

        Raises:
            ConfigError: a value does not fit; the error names the field.
        """
        cls: Any = type(self)  # every subclass is a dataclass
        hints = field_types(cls)
        for f in fields(cls):
            try:
                value = checked(getattr(self, f.name), hints[f.name], f"{type(self).__name__}: {f.name}")
            except ConfigError as error:
                raise ConfigError(str(error), f.name) from None
            object.__setattr__(self, f.name, value)

    def spec(self, names: bool = True) -> dict[str, Any]:
        """Return the specification as JSON-ready data; without names it is what the value depends on.

        Raises:
            ExpressionError: a field is a live object (a lambda, a loaded model) that no specification can hold.
        """
        out: dict[str, Any] = {"class": type(self).__name__, "version": self.version}  # no field can be named class
        cls: Any = type(self)
        for f in fields(cls):
            if f.name not in ("name", "timeout") or (names and getattr(self, f.name)):
                out[f.name] = _plain(getattr(self, f.name), names, f"{type(self).__name__}: {f.name}")
        return out

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._arguments())})"

    def _arguments(self) -> Iterator[str]:
        """The arguments that make this again: leading fields by position, then by name, defaults left out."""
        by_name = False
        cls: Any = type(self)
        for f in sorted(fields(cls), key=lambda f: f.kw_only is True):
            value = getattr(self, f.name)
            if value == f.default and type(value) is type(f.default):
                by_name = True
            else:
                by_name = by_name or f.kw_only is True
                yield f"{f.name}={_text(value)}" if by_name else _text(value)

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Specified):
            return NotImplemented
        return self is other or (type(self) is type(other) and str(self) == str(other))

    def __hash__(self) -> int:
        return hash(str(self))


def digest(spec: Any) -> str:
    """Return a hash of JSON-ready data, equal for equal data in every process."""
    canonical = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def _plain(value: Any, names: bool, where: str) -> Any:
    if isinstance(value, Specified):
        return value.spec(names)
    if isinstance(value, (list, tuple)):
        return [_plain(v, names, where) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v, names, where) for k, v in value.items()}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise ExpressionError(f"{where} is a live {type(value).__name__}, which no specification can hold")


def _text(value: Any) -> str:
    if isinstance(value, str):
        written = json.dumps(value, ensure_ascii=False)
        return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", written)  # no text holds a lone one
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in value.items()) + "}"
    return repr(value) if value is None or isinstance(value, (int, float, bool)) else str(value)
