"""Registry: the names that reward expressions may use, and the classes and functions behind them.

Only what is registered can be called from an expression. ``@part`` makes a class a frozen dataclass, whose fields are
its specification, and registers it under its own name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from plaudit.core.errors import ConfigError, nearest
from plaudit.core.hooks import upper

if TYPE_CHECKING:
    from plaudit.core.specification import Specified

T = TypeVar("T", bound="type[Specified]")

#: What the contract itself calls its own; a part can't have a field of that name.
RESERVED = frozenset(
    """name timeout cost over needs range reach version label parts key spec display memory state load learn absorb
    revision compute grade score ascore named walk values lacking""".split()  # noqa: SIM905 - quotes read worse
)
_parts: dict[str, Callable[..., Specified]] = {}


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def part(cls: T) -> T:
    """Make a class of rewards, or of weights, a part: a frozen dataclass that expressions can name.

    Raises:
        ConfigError: a field has one of the contract's own names, or another part has this name already.
    """
    taken = RESERVED & set(cls.__annotations__) - {n for n, a in cls.__annotations__.items() if "ClassVar" in str(a)}
    if taken:
        raise ConfigError(
            f"{cls.__name__} can't have a field {min(taken)!r}: the contract uses that name itself; rename the "
            f"field, or leave out the type ({min(taken)} = ...) if it is what the contract means"
        )
    made: T = dataclass(frozen=True, eq=False, repr=False)(cls)  # type: ignore[assignment]
    register(cls.__name__, made)
    return made


def register(name: str, make: Callable[..., Specified]) -> None:
    """Let expressions call ``make`` by ``name``.

    Raises:
        ConfigError: something else has that name. The same definition made anew (a reloaded module) may replace itself.
    """
    held = _parts.get(name)
    if held is not None and (held.__module__, held.__qualname__) != (make.__module__, make.__qualname__):
        raise ConfigError(f"two rewards are named {name!r}: {held.__module__} and {make.__module__}")
    _parts[name] = make


def names() -> tuple[str, ...]:
    """Return every name that expressions may call, sorted."""
    upper().register()
    return tuple(sorted(_parts))


def find(name: str) -> Callable[..., Any]:
    """Return what a name stands for.

    Raises:
        ConfigError: nothing is registered under it; the message names the nearest.
    """
    if name not in _parts:
        upper().register()
    if name not in _parts:
        raise ConfigError(f"no reward is named {name!r}{nearest(name, _parts)}")
    return _parts[name]
