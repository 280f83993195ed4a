"""Length: a target, a window, a least length, DAPO's soft penalty for overlong responses, and the cosine schedule.

What depends on the other responses of a group, or on whether they are right, is in ``group_length``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


Unit = Literal["words", "chars", "tokens"]
Of = Literal["response", "think"]


@part
class Length(Leaf):
    """How well the response's length suits. Give ``target`` and ``width``, or ``limit`` and ``buffer``, or ``least``.

    With n the length in ``unit``:

    * target: ``max(0, 1 - |n - target| / width)``, in [0, 1];
    * least: ``min(1, n / least)``, in [0, 1] (ToolRL's length reward, Qian et al. 2025: 512 words of reasoning);
    * window: 1 where ``window[0] <= n <= window[1]``, else 0 (Video-R1's and VideoRFT's: 320 to 512 tokens);
    * limit: the soft overlong punishment of DAPO (Yu et al. 2025, equation 13): 0 while ``n <= limit - buffer``,
      ``((limit - buffer) - n) / buffer`` up to ``limit``, -1 beyond. It only punishes: an empty response gets 0 from
      it, so add it to a reward that asks for something.

    Args:
        target: the length wanted, or the name of the field or meta entry that holds it (a difficulty's budget, say); a
            record without a positive number there is ``invalid``.
        width: how far off scores 0.
        limit: the greatest length allowed.
        buffer: how long before the limit the punishment begins; at most ``limit``.
        least: the length from which on nothing more is earned.
        window: least and greatest length.
        unit: ``words`` (by white space), ``chars``, or ``tokens``: ``sample["tokens"]``, a count or the token ids that
            the trainer or server reported (a number, a list, a one-dimensional array); else the record is ``invalid``.
        of: ``response``, or ``think``: what stands between the last ``<think>`` and the ``</think>`` behind it; without
            them the length is 0. Tokens are of the response.

    Raises:
        ConfigError: none or several of these are given, or a length is not positive.

    >>> from plaudit import Sample
    >>> Length(limit=10, buffer=4).score([Sample("", "word " * n) for n in (6, 7, 10, 11)]).values
    array([ 0.  , -0.25, -1.  , -1.  ])
    """

    target: int | str | None = None
    width: int | None = None
    limit: int | None = None
    buffer: int | None = None
    unit: Unit = "words"
    least: int | None = None
    window: tuple[int, int] | None = None
    of: Of = "response"

    def __post_init__(self) -> None:
        super().__post_init__()
        names = ("target", "width", "limit", "buffer", "least", "window")
        given = [n for n in names if getattr(self, n) is not None]
        if given not in (["target", "width"], ["limit", "buffer"], ["least"], ["window"]):
            got = ", ".join(given) or "nothing"
            raise ConfigError(f"Length: give target and width, or limit and buffer, or least, or window; got {got}")
        for name in given:
            value = getattr(self, name)
            if isinstance(value, int) and value <= 0:
                raise ConfigError(f"Length: {name}={value}; it must be positive")
        if self.window is not None and not 0 <= self.window[0] <= self.window[1]:
            raise ConfigError(f"Length: window={list(self.window)}; expected 0 <= window[0] <= window[1]", "window")
        check_of(self.of, self.unit, "Length")
        if self.limit is not None and (self.buffer or 0) > self.limit:
            raise ConfigError(f"Length: buffer={self.buffer} is more than limit={self.limit}")

    @property
    def range(self) -> tuple[float, float]:
        """[-1, 0] for a limit, else [0, 1]."""
        return (0.0, 1.0) if self.limit is None else (-1.0, 0.0)

    def grade(self, sample: Sample) -> Any:
        """Return the value, with the length as the reason where it costs something."""
        n = measured(sample, self.unit, self.of)
        if self.target is not None and self.width is not None:
            target = self._target(sample)
            value = max(0.0, 1.0 - abs(n - target) / self.width)
            return Grade(value, "" if value == 1 else f"{n} {self.unit}, target {target}")
        if self.least is not None:
            value = min(1.0, n / self.least)
            return Grade(value, "" if value == 1 else f"{n} {self.unit}, at least {self.least}")
        if self.window is not None:
            inside = self.window[0] <= n <= self.window[1]
            return Grade(float(inside), "" if inside else f"{n} {self.unit}, from {self.window[0]} to {self.window[1]}")
        assert self.limit is not None
        assert self.buffer is not None
        value = max(-1.0, min(0.0, (self.limit - self.buffer - n) / self.buffer))
        return Grade(value, "" if value == 0 else f"{n} {self.unit}, limit {self.limit}")

    def _target(self, sample: Sample) -> int | float:
        if not isinstance(self.target, str):
            return self.target or 0
        given = sample.get(self.target)
        if isinstance(given, bool) or not isinstance(given, Real) or not 0 < float(given) < math.inf:
            raise RecordError(f"{self.target} is {given!r}; Length expects a positive number there"[:200])
        return float(given) if not isinstance(given, Integral) else int(given)


@part
class CosineLength(Leaf):
    """A value that goes from ``short`` at length 0 to ``long`` at ``limit`` along half a cosine (Yeo et al. 2025).

    ``long + (short - long) * (1 + cos(pi * n / limit)) / 2`` for ``n < limit``, else ``exceeded``: CosFn and the exceed
    penalty of "Demystifying Long Chain-of-Thought Reasoning in LLMs". There a right response goes from 2 down to 1, a
    wrong one from -10 up to 0, and one that reaches the limit gets -10: with ``right`` and ``wrong`` two such parts,
    ``wrong + Answer("math") * right - Answer("math") * wrong``.

    Args:
        limit: the greatest length allowed.
        short: the value of an empty response.
        long: the value just below the limit.
        exceeded: the value from the limit on.
        unit: as for :class:`Length`.
        of: as for :class:`Length`.

    Range: least to greatest of ``short``, ``long`` and ``exceeded``.

    Raises:
        ConfigError: the limit is not positive.

    >>> from plaudit import Sample
    >>> CosineLength(4, 2, 1, -10).score([Sample("", "word " * n) for n in (0, 2, 4)]).values
    array([  2. ,   1.5, -10. ])
    """

    limit: int
    short: float
    long: float
    exceeded: float
    unit: Unit = "words"
    of: Of = "response"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit <= 0:
            raise ConfigError(f"CosineLength: limit={self.limit}; it must be positive", "limit")
        check_of(self.of, self.unit, "CosineLength")

    @property
    def range(self) -> tuple[float, float]:
        """Least to greatest of the three values."""
        return (min(self.short, self.long, self.exceeded), max(self.short, self.long, self.exceeded))

    def grade(self, sample: Sample) -> Any:
        """Return the value, with the length as the reason."""
        n = measured(sample, self.unit, self.of)
        if n >= self.limit:
            return Grade(self.exceeded, f"{n} {self.unit}, limit {self.limit}")
        value = self.long + (self.short - self.long) * (1 + math.cos(math.pi * n / self.limit)) / 2
        return Grade(value, f"{n} {self.unit}")


def measured(sample: Sample, unit: Unit, of: Of = "response") -> int:
    """Return the length of a response, or of its reasoning.

    Raises:
        RecordError: tokens are asked for, and the record has neither their count nor their ids.
    """
    if unit != "tokens":
        text = sample.text if of == "response" else _thoughts(sample.text)
        return len(text.split()) if unit == "words" else len(text)
    tokens = sample.get("tokens")
    if not isinstance(tokens, bool) and isinstance(tokens, Integral) and int(tokens) >= 0:
        return int(tokens)
    if isinstance(tokens, Sequence) and not isinstance(tokens, str | bytes):
        return len(tokens)
    if getattr(tokens, "ndim", None) == 1:
        return int(tokens.shape[0])
    found = "missing" if tokens is None else repr(tokens) if isinstance(tokens, int) else f"a {type(tokens).__name__}"
    raise RecordError(f"tokens is {found}; Length expects sample['tokens'] to be a count or a list of token ids")


def check_of(of: Of, unit: Unit, whose: str) -> None:
    """Refuse to count the tokens of a part of the response: only the whole's are known.

    Raises:
        ConfigError: that is asked for.
    """
    if of == "think" and unit == "tokens":
        raise ConfigError(
            f'{whose}: the tokens of the reasoning alone are not known; use unit="words" or "chars"', "of"
        )


def _thoughts(text: str) -> str:
    start = text.rfind("<think>")
    end = text.find("</think>", start)
    return text[start + len("<think>") : end] if 0 <= start < end else ""
