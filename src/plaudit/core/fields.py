"""The types of a part's fields, checked when it is made: a wrong value is refused by name, not met in a run.

Understands what parts use: str, bool, int, float, Literal, X | None, tuple, Mapping, and parts themselves. Numbers must
be finite. Lists become tuples and integers become floats where the type says so, so that equal parts are equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from plaudit.core.errors import ConfigError, nearest


@cache
def field_types(cls: Any) -> dict[str, Any]:
    """Return the resolved annotations of a class."""
    return get_type_hints(cls)


def checked(value: Any, hint: Any, where: str) -> Any:
    """Return the value, made canonical for its type.

    Args:
        value: what the user gave.
        hint: the field's annotation.
        where: how to name the field in an error (``Answer: kind``).

    Raises:
        ConfigError: the value does not fit; the message names the field, the value and what would fit.
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin is Literal:
        if value in args:
            return value
        known = nearest(value, [str(a) for a in args]) if isinstance(value, str) else f"; known: {args}"
        raise ConfigError(f"{where} is {value!r}{known}")
    if origin in (Union, UnionType):
        return _any_of(value, args, where)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ConfigError(f"{where} is {value}; expected a finite number")
        return float(value)
    if origin is tuple and isinstance(value, (list, tuple)):
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(checked(v, args[0], f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) == len(args):
            return tuple(checked(v, a, f"{where}[{i}]") for i, (v, a) in enumerate(zip(value, args, strict=True)))
        raise ConfigError(f"{where} has {len(value)} entries; expected {len(args)}")
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {checked(k, args[0], where): checked(v, args[1], f"{where}[{k!r}]") for k, v in value.items()}
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise ConfigError(f"{where} is {_shown(value)}; expected {_name(hint)}")


def _any_of(value: Any, options: tuple[Any, ...], where: str) -> Any:
    complaints = []
    for option in options:
        if option is NoneType:
            if value is None:
                return None
            continue
        try:
            return checked(value, option, where)
        except ConfigError as complaint:
            complaints.append(complaint)
    if len(complaints) == 1:
        raise complaints[0]
    raise ConfigError(f"{where} is {_shown(value)}; expected {' or '.join(map(_name, options))}")


def _name(hint: Any) -> str:
    if hint is NoneType:
        return "None"
    if get_origin(hint) is Literal:
        return " or ".join(repr(a) for a in get_args(hint))
    plain = {str: "a text", int: "a whole number", float: "a number", bool: "True or False"}
    if hint in plain:
        return plain[hint]
    if get_origin(hint) is tuple:
        return "a list"
    return f"a {getattr(hint, '__name__', str(hint)).lower()}"


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
