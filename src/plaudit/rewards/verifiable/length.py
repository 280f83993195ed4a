"""Length: nearness to a target length, or the soft penalty for overlong responses of DAPO."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Length(Leaf):
    """How well the response's length suits. Give ``target`` and ``width``, or ``limit`` and ``buffer``.

    With n the length in ``unit``:

    * target: ``max(0, 1 - |n - target| / width)``, in [0, 1];
    * limit: the soft overlong punishment of DAPO (Yu et al. 2025, equation 13): 0 while ``n <= limit - buffer``,
      ``((limit - buffer) - n) / buffer`` up to ``limit``, -1 beyond. It only punishes: an empty response gets 0 from
      it, so add it to a reward that asks for something.

    Args:
        target: the length wanted.
        width: how far off scores 0.
        limit: the greatest length allowed.
        buffer: how long before the limit the punishment begins; at most ``limit``.
        unit: ``words`` (by white space), ``chars``, or ``tokens``: ``sample["tokens"]``, a count or the token ids that
            the trainer or server reported (a number, a list, a one-dimensional array); else the record is ``invalid``.

    Raises:
        ConfigError: neither or both pairs are given, or a length is not positive.

    >>> from plaudit import Sample
    >>> Length(limit=10, buffer=4).score([Sample("", "word " * n) for n in (6, 7, 10, 11)]).values
    array([ 0.  , -0.25, -1.  , -1.  ])
    """

    target: int | None = None
    width: int | None = None
    limit: int | None = None
    buffer: int | None = None
    unit: Literal["words", "chars", "tokens"] = "words"

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [n for n in ("target", "width", "limit", "buffer") if getattr(self, n) is not None]
        if given not in (["target", "width"], ["limit", "buffer"]):
            got = ", ".join(given) or "nothing"
            raise ConfigError(f"Length: give target and width, or limit and buffer; got {got}")
        for name in given:
            if getattr(self, name) <= 0:
                raise ConfigError(f"Length: {name}={getattr(self, name)}; it must be positive")
        if self.limit is not None and (self.buffer or 0) > self.limit:
            raise ConfigError(f"Length: buffer={self.buffer} is more than limit={self.limit}")

    @property
    def range(self) -> tuple[float, float]:
        """[0, 1] for a target, [-1, 0] for a limit."""
        return (0.0, 1.0) if self.target is not None else (-1.0, 0.0)

    def grade(self, sample: Sample) -> Any:
        """Return the value, with the length as the reason where it costs something."""
        n = self._measure(sample)
        if self.target is not None and self.width is not None:
            value = max(0.0, 1.0 - abs(n - self.target) / self.width)
            return Grade(value, "" if value == 1 else f"{n} {self.unit}, target {self.target}")
        assert self.limit is not None
        assert self.buffer is not None
        value = max(-1.0, min(0.0, (self.limit - self.buffer - n) / self.buffer))
        return Grade(value, "" if value == 0 else f"{n} {self.unit}, limit {self.limit}")

    def _measure(self, sample: Sample) -> int:
        if self.unit == "words":
            return len(sample.text.split())
        if self.unit == "chars":
            return len(sample.text)
        tokens = sample.get("tokens")
        if not isinstance(tokens, bool) and isinstance(tokens, Integral) and int(tokens) >= 0:
            return int(tokens)
        if isinstance(tokens, Sequence) and not isinstance(tokens, str | bytes):
            return len(tokens)
        if getattr(tokens, "ndim", None) == 1:
            return int(tokens.shape[0])
        found = (
            "missing" if tokens is None else repr(tokens) if isinstance(tokens, int) else f"a {type(tokens).__name__}"
        )
        raise RecordError(f"tokens is {found}; Length expects sample['tokens'] to be a count or a list of token ids")
