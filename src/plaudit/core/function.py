"""A user's own reward: a function made a part of the algebra by ``@reward``.

>>> from plaudit.core.function import reward
>>> @reward(range=(0, 1))
... def short(sample):
...     return float(len(sample.text) < 400)
>>> short.label
'short'

The function grades one sample, or, with ``over="batch"`` (or ``"group"``, or a meta key), a list of samples that must
be seen together, and then returns one grade a sample. It may be ``async`` when it waits for something.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.core.errors import ConfigError, ExpressionError, nearest
from plaudit.core.grade import grades_to_scores
from plaudit.core.registry import register
from plaudit.core.reward import COSTS, Cost, Leaf, Reward, Run
from plaudit.core.score import Floats, Scores

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


class Declared(NamedTuple):
    """What the author of a function says of it."""

    range: tuple[float, float]
    cost: Cost
    over: str
    needs: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Function(Leaf):
    """A reward that is a user's function; :func:`reward` makes it.

    Its text is ``Load("file.py:name")`` where the function can be found again. A lambda, a nested function or one typed
    at a prompt is live: it scores, but has no specification, so it is not cached and says so.
    """

    function: Any
    declared: Any

    cost = property(lambda self: self.declared.cost)
    over = property(lambda self: self.declared.over)
    needs = property(lambda self: self.declared.needs)
    range = property(lambda self: self.declared.range)

    def _label(self) -> str:
        name = str(getattr(self.function, "__name__", "function"))
        return name if name.isidentifier() else "function"

    @cached_property
    def source(self) -> str | None:
        """``file.py:name`` where the function stands at the top level of a file, else None."""
        try:
            file = inspect.getsourcefile(self.function)
        except TypeError:
            return None
        name = self.function.__qualname__
        if file is None or not name.isidentifier() or not Path(file).is_file():
            return None
        return f"{file}:{name}"

    def spec(self, names: bool = True) -> dict[str, Any]:
        """Return where the function stands, what is declared of it, and a hash of its code.

        Raises:
            ExpressionError: the function is live.
        """
        if self.source is None:
            raise ExpressionError(
                f"{self.label!r} is a live function, which no specification can hold; put it in a file"
            )
        code = blake2b(inspect.getsource(self.function).encode(), digest_size=16).hexdigest()
        return {"reward": "Load", "source": self.source, "code": code} | (
            {"name": self.name} if self.name and names else {}
        )

    def __str__(self) -> str:
        if self.source is None:
            return f"<{self.label}: a live function at {id(self.function):#x}>"
        return f'Load("{self.source}"{f", name={self.name!r}" if self.name else ""})'.replace("'", '"')

    def grade(self, sample: Sample) -> Any:
        """Call the function."""
        return self.function(sample)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample, or all that belong together at once."""
        if self.over == "sample":
            return await run.each(self.function, samples, self.cost)
        answered = self.function(samples)
        if inspect.isawaitable(answered):
            answered = await answered
        return answered if isinstance(answered, Scores) else grades_to_scores(list(answered))


def reward(
    function: Callable[..., Any] | None = None,
    *,
    range: tuple[float, float] = (float("-inf"), float("inf")),  # noqa: A002 - the contract's own word
    cost: Cost = "cpu",
    over: str = "sample",
    needs: Sequence[str] = (),
) -> Any:
    """Make a function a reward.

    Args:
        function: what grades; usually given by decorating it.
        range: (least, greatest) value; a value outside is ``error``.
        cost: what one grading costs; ``cpu`` work may hang and so runs where it can be killed.
        over: the rows that must be seen together; anything but ``sample`` makes the function take a list.
        needs: sample fields without which the record is ``invalid``.

    Returns:
        The reward, or a decorator that makes it.

    Raises:
        ConfigError: the range is empty, or there is no such cost.
    """
    low, high = range
    if not low < high:
        raise ConfigError(f"range={range}: the least value comes first, then a greater one")
    if cost not in COSTS:
        raise ConfigError(f"cost={cost!r}{nearest(str(cost), COSTS)}")
    if isinstance(needs, str):
        raise ConfigError(f"needs={needs!r}: write a list of fields, [{needs!r}]")
    declared = Declared((float(low), float(high)), cost, over, tuple(needs))

    def decorate(function: Callable[..., Any]) -> Function:
        return Function(function, declared)

    return decorate if function is None else decorate(function)


def load_function(source: str, *, name: str | None = None, base: Path | None = None) -> Reward:
    """Return the reward that ``file.py:name`` holds. This runs the file: load only what you would run.

    Args:
        source: a Python file, a colon, and the name of a reward or of a function of one sample in it.
        name: what its term is called, if not the function's name.
        base: the folder that a relative path starts from; the working directory if None.

    Raises:
        ConfigError: the file or the name does not exist, or is no reward.
    """
    path, _, wanted = source.rpartition(":")
    file = ((base or Path()) / path).resolve()
    if not path.endswith(".py") or not wanted.isidentifier():
        raise ConfigError(f"{source!r} is not of the form file.py:name")
    if not file.is_file():
        raise ConfigError(f"{source}: no file {file}")
    found = getattr(_module(file), wanted, None)
    if found is None:
        raise ConfigError(f"{file} has no {wanted!r}{nearest(wanted, [n for n in dir(_module(file)) if n[0] != '_'])}")
    if inspect.isfunction(found):
        found = reward(found)
    if not isinstance(found, Reward):
        raise ConfigError(f"{source} is a {type(found).__name__}; expected a reward, or a function of one sample")
    return found.named(name) if name else found


def _module(file: Path) -> Any:
    """Import a file once; the name carries its whole path, so that two files of one name stay apart."""
    name = f"plaudit_user_{blake2b(str(file).encode(), digest_size=6).hexdigest()}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


register("Load", load_function)
