"""The types of a part's fields, checked when it is made: a wrong value is refused by name, not met in a run.

Understands what parts use: str, bool, int, float, Literal, X | None, tuple, list, Mapping, and parts themselves; of
another generic type only the outer class is checked. Numbers must be finite. Lists become tuples, integers become
floats where the type says so, and numpy's numbers Python's, so that equal parts are equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from plaudit.core.errors import ConfigError, nearest


@cache
def field_types(cls: Any) -> dict[str, Any]:
    """Return the resolved annotations of a class.

    Raises:
        ConfigError: an annotation names what does not exist when the program runs.
    """
    try:
        return get_type_hints(cls)
    except NameError as error:
        raise ConfigError(
            f"{cls.__name__}: {error.name!r} in a field's type can't be found; import it at the module's top level, "
            "not under TYPE_CHECKING"
        ) from None


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
        for one in args:
            if isinstance(value, type(one)) and isinstance(value, bool) == isinstance(one, bool) and value == one:
                return one
        known = nearest(value, [str(a) for a in args]) if isinstance(value, str) else f"; known: {args}"
        raise ConfigError(f"{where} is {value!r}{known}")
    if origin in (Union, UnionType):
        return _any_of(value, args, where)
    if hint is float and type(value) is not bool and isinstance(value, Real):
        return _finite(value, where)
    if hint is int and type(value) is not bool and isinstance(value, Integral):
        return int(value)
    if origin is tuple and isinstance(value, (list, tuple)):
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(checked(v, args[0], f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) == len(args):
            return tuple(checked(v, a, f"{where}[{i}]") for i, (v, a) in enumerate(zip(value, args, strict=True)))
        raise ConfigError(f"{where} has {len(value)} entries; expected {len(args)}")
    if origin in (list, Sequence) and isinstance(value, (list, tuple)):
        return tuple(checked(v, args[0], f"{where}[{i}]") for i, v in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {checked(k, args[0], where): checked(v, args[1], f"{where}[{k!r}]") for k, v in value.items()}
    kind = origin or hint
    listed = origin in (list, Sequence)  # a text is a sequence too, but no list of anything
    if isinstance(kind, type) and isinstance(value, kind) and hint is not int and not listed:
        return value
    raise ConfigError(f"{where} is {_shown(value)}; expected {_name(hint)}")


def _finite(value: Real | float, where: str) -> float:
    try:
        number = float(value) + 0.0  # a negative zero would be another key for the same value
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError(f"{where} is {_shown(value)}; expected a finite number")
    return number


def _any_of(value: Any, options: tuple[Any, ...], where: str) -> Any:
    if type(value) is float and float in options:
        return _finite(value, where)  # where a number may stand, the fault of nan is not that it is no weight
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
    if get_origin(hint) in (tuple, list, Sequence):
        return "a list"
    return f"a {getattr(hint, '__name__', str(hint)).lower()}"


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
