"""Every exception that Plaudit raises on purpose.

::

    PlauditError
    ├── ExpressionError      a reward expression, definition or part that makes no sense (with a caret)
    ├── ConfigError          an option, file or name the user gave is wrong
    ├── ReachError           rows that must be seen together were cut apart
    ├── SandboxUnavailable   programs can't be run safely on this machine
    ├── ModelError           a model gave no reply that can be used; carries the status that makes of a score
    └── RecordError          one record can't be scored, through no fault of the response
        ├── BadReferenceError  its reference is missing, of the wrong type, unit or frame
        └── MediaError         its image, video or audio is missing, broken or too large

A :class:`RecordError` raised while a sample is graded becomes that sample's status ``invalid``; any other exception
there becomes ``error``. None of them ever becomes a number.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PlauditError(Exception):
    """Base of every error that Plaudit raises on purpose; its text is one clear line."""


class ConfigError(PlauditError, ValueError):
    """An option, file or name that the user gave is wrong; the text names it and the mend.

    Args:
        why: one clear line.
        field: the argument that is to blame, where it is one of several.
    """

    def __init__(self, why: str, field: str | None = None) -> None:
        super().__init__(why)
        self.field = field


class ReachError(PlauditError):
    """Rows that must be seen together (a group, a linked set) were about to be cut apart."""


class SandboxUnavailable(PlauditError):  # noqa: N818 - a state of the machine, and the name says which
    """There is no sandbox here, or it could not be built: nobody's response is to blame."""


class ModelError(PlauditError):
    """A model gave no reply that can be used: refused, out of reach, too slow, out of budget.

    Args:
        why: one clear line; never holds a key.
        status: what it makes of a score: ``missing``, ``unparsed``, ``timeout`` or ``error``.
    """

    def __init__(self, why: str, status: str = "missing") -> None:
        super().__init__(why)
        self.status = status


class RecordError(PlauditError):
    """One record can't be scored, through no fault of the response."""


class BadReferenceError(RecordError):
    """The record's reference is missing, can't be parsed, or has the wrong type, unit or frame."""


class MediaError(RecordError):
    """An image, video or audio is missing, broken, of another kind, or too large."""


class ExpressionError(PlauditError, ValueError):
    """A reward expression that makes no sense, shown with a caret under the offending column.

    Args:
        why: what is wrong, in a few words.
        text: the expression, if there is one.
        column: 0-based offset of the offender in ``text``.
    """

    def __init__(self, why: str, text: str | None = None, column: int | None = None) -> None:
        self.why, self.text, self.column = why, text, column
        shown = why
        if text is not None and column is not None:
            before, after = re.split(r"[\r\n]", text[:column])[-1], re.split(r"[\r\n]", text[column:])[0]
            shown = f"{why}\n  {before}{after}\n  {' ' * len(before)}^"
        super().__init__(shown)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``'; did you mean X?'`` for the known name closest to ``name``, or the known names if none is close."""
    names = sorted(map(str, known))
    lowered = {n.lower(): n for n in names}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {lowered[close[0]]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
