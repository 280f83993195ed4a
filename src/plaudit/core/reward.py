"""Reward: the contract between what a response is worth and everything that asks.

A reward is a frozen dataclass whose fields *are* its specification. It declares what it costs, which rows it must see
together, what it needs and what range its values have, and has one hook, :meth:`Reward.compute`. Composites pull the
rows that they want from their parts; leaves mostly grade one sample at a time (:class:`Leaf`).

>>> from dataclasses import field
>>> @part
... class Short(Leaf):
...     limit: int = 400
...     range = (0.0, 1.0)
...     def grade(self, sample):
...         return float(len(sample.text) < self.limit)
>>> str(Short(80))
'Short(80)'
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from plaudit.core.errors import ConfigError, ExpressionError
from plaudit.core.hooks import upper
from plaudit.core.registry import part
from plaudit.core.specification import Specified, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    import numpy as np
    from numpy.typing import NDArray

    from plaudit.core.context import Context
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores
    from plaudit.core.weight import Weight

T = TypeVar("T")

__all__ = ["COSTS", "Cost", "Leaf", "Reward", "Run", "part"]

Cost = Literal["free", "cpu", "device", "model", "policy"]
#: From cheap to dear: in process; may hang, so killable; an accelerator; a model behind I/O; the model being trained.
COSTS: tuple[Cost, ...] = ("free", "cpu", "device", "model", "policy")


class Run(Protocol):
    """One execution of a reward expression over a batch, as :meth:`Reward.compute` sees it."""

    batch: Sequence[Sample]
    context: Context

    async def __call__(
        self, asked: Reward, samples: Sequence[Sample], where: NDArray[np.bool_] | None = None
    ) -> Scores:
        """Ask a part for the rows where ``where`` is true; the others come back ``skipped``."""

    async def gather(self, *asked: Awaitable[Scores]) -> list[Scores]:
        """Ask several parts; those that wait for something wait together."""

    async def each(
        self, grade: Callable[[T], Any], items: Sequence[T], cost: Cost = "cpu", timeout: float | None = None
    ) -> Scores:
        """Grade one by one: in process if ``free``, where it can be killed if ``cpu``; ``grade`` may be async."""

    async def io(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine that does I/O on the background loop, and wait for it."""


@dataclass(frozen=True, eq=False, repr=False)
class Reward(Specified):
    """What a sample is worth.

    Subclasses are made with ``@part`` and declare ``cost``, ``over``, ``needs`` and ``range`` as class attributes
    (``cost = "cpu"``) or properties. ``version`` is raised whenever the same fields begin to mean other numbers, so
    that no cache can mix them. ``name`` is what its term is called, where the default does not do.
    """

    name: str | None = field(default=None, kw_only=True)

    @property
    def cost(self) -> Cost:
        """The dearest thing that one grading does."""
        return "free"

    @property
    def over(self) -> str:
        """The rows that must be seen together: ``sample``, ``group``, ``batch`` or the name of a meta entry."""
        return "sample"

    @property
    def needs(self) -> tuple[str, ...]:
        """Sample fields without which the record is ``invalid``."""
        return ()

    @property
    def range(self) -> tuple[float, float]:
        """(least, greatest) value; a leaf's value outside is ``error``."""
        return (float("-inf"), float("inf"))

    def __post_init__(self) -> None:
        self._check()
        if self.name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", self.name):
            raise ConfigError(f"{type(self).__name__}: name {self.name!r} must be one word of letters, digits, _ and -")
        _ = self.parts  # two parts of one name are refused when they are put together

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """The name of this reward's term: ``name``, or its own default."""
        return self.name or self._label()

    def _label(self) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def named(self, name: str) -> Reward:
        """Return the same reward under another name, with a copy of what it has learnt."""
        renamed = replace(self, name=name)
        renamed.memory.update(deepcopy(self.memory))
        return renamed

    @cached_property
    def parts(self) -> dict[str, Reward]:
        """The rewards that this one is made of, by the names that their terms will have.

        Raises:
            ConfigError: two of them have one name.
        """
        found: dict[str, Reward] = {}
        pieces = [(label, piece) for f in fields(self) for label, piece in _pieces(getattr(self, f.name))]
        taken = {label for label, _ in pieces}
        for label, piece in pieces:
            if label in found:
                free = next(name for n in count(2) if (name := f"{label}{n}") not in taken)
                renamed = str(piece.named(free))
                mend = f'.named("{free}")' if renamed.startswith("<") else renamed  # "<": a live object
                raise ConfigError(f"{type(self).__name__} has two terms named {label!r}: name one anew, such as {mend}")
            found[label] = piece
        return found

    def walk(self, path: str = "") -> Iterator[tuple[str, Reward]]:
        """Every part of the tree with its dotted name, parents first, itself (with the name ``""``) before all."""
        yield path, self
        for label, piece in self.parts.items():
            yield from piece.walk(f"{path}.{label}" if path else label)

    @property
    def reach(self) -> str:
        """The widest ``over`` in the tree: rows that must never be cut apart. Two different kinds are ``batch``."""
        wide = {piece.over for _, piece in self.walk()} - {"sample"}
        if len(wide) > 1:
            return "batch"
        return wide.pop() if wide else "sample"

    # ---- hashes; specification and text are those of Specified ----------------------------------------------------

    @cached_property
    def display(self) -> str:
        """A hash of the specification with names: equal for expressions that read the same."""
        return digest(self.spec())

    @property
    def key(self) -> str:
        """A hash of all that a value depends on: fields, versions and what the tree has learnt, but no names."""
        revisions = [piece.revision for _, piece in self.walk()]
        return digest([self._key, revisions]) if any(revisions) else self._key

    @cached_property
    def _key(self) -> str:
        return digest(self.spec(names=False))

    # ---- what it does -------------------------------------------------------------------------------------------

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Return the scores of exactly these samples, in order, changing no state. The one hook."""
        raise NotImplementedError(f"{type(self).__name__} has no compute")

    def score(self, samples: Iterable[Sample] | Sample, context: Context | None = None) -> Scores:
        """Score samples; callable from any thread, inside or outside an event loop.

        Args:
            samples: the samples; groups and linked sets must be whole.
            context: where training stands; a default one if None.

        Returns:
            Scores with one row a sample, in order.
        """
        return upper().score(self, _listed(samples), context)

    async def ascore(self, samples: Iterable[Sample] | Sample, context: Context | None = None) -> Scores:
        """As :meth:`score`, leaving the running event loop free while it waits."""
        return await upper().ascore(self, _listed(samples), context)

    # ---- what it learns -----------------------------------------------------------------------------------------

    @cached_property
    def memory(self) -> dict[str, Any]:
        """What this part has learnt: numbers and arrays, changed by :meth:`absorb` alone."""
        return {}

    def absorb(self, samples: Sequence[Sample], scores: Scores, context: Context | None) -> None:
        """Learn from one optimiser step's scores by changing ``memory``. Most rewards learn nothing."""

    def learn(self, samples: Sequence[Sample], scores: Scores, context: Context | None = None) -> None:
        """Let the whole tree learn, once an optimiser step. On several ranks one learns and broadcasts its state.

        Raises:
            ConfigError: two equal parts of the tree have separate memories.
        """
        pieces = {id(piece): piece for _, piece in self.walk() if type(piece).absorb is not Reward.absorb}
        twice = [piece for piece, n in Counter(pieces.values()).items() if n > 1]
        if twice:
            raise ConfigError(f"{twice[0]} occurs twice and learns: use one object in both places, or name them apart")
        for path, piece in self.walk():
            if pieces.pop(id(piece), None) is not None:
                piece.absorb(samples, scores[path] if path else scores, context)
                piece.__dict__.pop("revision", None)

    @cached_property
    def revision(self) -> str:
        """A hash of this part's own memory; ``""`` while it has learnt nothing.

        Raises:
            ConfigError: the memory holds something else than numbers, texts, arrays, lists and mappings of them.
        """
        return digest(_learnt(self.memory, str(self))) if self.memory else ""

    def state(self) -> dict[str, dict[str, Any]]:
        """Return a copy of what the whole tree has learnt, by dotted name."""
        return {path: deepcopy(piece.memory) for path, piece in self.walk() if piece.memory}

    def load(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Take up what an equal tree had learnt.

        Raises:
            ConfigError: the state names a part that this tree does not have.
        """
        tree = dict(self.walk())
        for path in state:
            if path not in tree:
                raise ConfigError(f"the state has a part {path!r} that {self} does not")
        for path, piece in tree.items():
            piece.memory.clear()
            piece.memory.update(deepcopy(dict(state.get(path, {}))))
            piece.__dict__.pop("revision", None)

    # ---- algebra ------------------------------------------------------------------------------------------------

    def __add__(self, other: Reward) -> Reward:
        return upper().add(self, other)

    def __radd__(self, other: Any) -> Reward:
        return self if other == 0 else upper().add(other, self)  # sum([...]) starts from 0

    def __sub__(self, other: Reward) -> Reward:
        return upper().add(self, upper().multiply(-1.0, other))

    def __mul__(self, other: Reward | Weight | float) -> Reward:
        return upper().multiply(self, other)

    def __rmul__(self, other: float) -> Reward:
        return upper().multiply(other, self)

    def __truediv__(self, other: float) -> Reward:
        if isinstance(other, bool) or not isinstance(other, (int, float)) or not other or not math.isfinite(other):
            raise ExpressionError(f"a reward can be divided by a finite number other than 0, not by {other}")
        return upper().multiply(1.0 / other, self)

    def __neg__(self) -> Reward:
        return upper().multiply(-1.0, self)


@dataclass(frozen=True, eq=False, repr=False)
class Leaf(Reward):
    """A reward that grades one sample at a time, looking at nothing else.

    ``timeout`` is how many seconds one sample may take, where grading can hang: 5 (cost ``cpu``) and 120 (``model``) if
    it is not said. What takes longer has the status ``timeout``.

    ``grade`` may return anything that :mod:`plaudit.core.grade` reads. A ``RecordError`` raised in it makes the sample
    ``invalid``, any other exception ``error``.
    """

    timeout: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigError(
                f"{type(self).__name__}: timeout={self.timeout}; it is a positive number of seconds", "timeout"
            )

    def grade(self, sample: Sample) -> Any:
        """Return what one sample is worth."""
        raise NotImplementedError(f"{type(self).__name__} has no grade")

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample."""
        return await run.each(self.grade, samples, self.cost, self.timeout)


def _listed(samples: Iterable[Sample] | Sample) -> Sequence[Sample]:
    from plaudit.core.sample import Sample

    listed = [samples] if isinstance(samples, Sample) else list(samples)
    for i, sample in enumerate(listed):
        if not isinstance(sample, Sample):
            raise ConfigError(f"samples[{i}] is a {type(sample).__name__}; make it a plaudit.Sample(prompt, response)")
    return listed


def _pieces(value: Any) -> Iterator[tuple[str, Reward]]:
    """The rewards in a field, however deep, each with its label; in a mapping the key is the label."""
    if isinstance(value, Reward):
        yield value.label, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from [(str(key), item)] if isinstance(item, Reward) else _pieces(item)


def _learnt(value: Any, where: str) -> Any:
    """Return JSON-ready data that is equal for equal memories, in every process (pickles of equal things differ)."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(k): _learnt(v, where) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_learnt(v, where) for v in value]
    if hasattr(value, "__array__"):
        import numpy as np

        array = np.asarray(value)
        if array.dtype != object:
            return [array.dtype.str, array.shape, blake2b(array.tobytes(), digest_size=16).hexdigest()]
    raise ConfigError(f"{where} learnt a {type(value).__name__}; it may learn numbers, texts, arrays, lists, mappings")
