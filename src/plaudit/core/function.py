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
import json
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

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


UNDECLARED = Declared((float("-inf"), float("inf")), "cpu", "sample", ())


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
        """``file.py:name`` where loading that gives this reward again, else None."""
        module, name = sys.modules.get(str(self.function.__module__)), str(getattr(self.function, "__qualname__", ""))
        found, file = getattr(module, name, None), str(getattr(module, "__file__", None))
        again = found if isinstance(found, Function) else Function(found, UNDECLARED)
        same = (again.function, again.declared, again.timeout) == (self.function, self.declared, self.timeout)
        same = same and again.name in (None, self.name)
        return f"{file}:{name}" if same and file.endswith(".py") and Path(file).is_file() else None

    def spec(self, names: bool = True) -> dict[str, Any]:
        """Return where the function stands, what is declared of it, and a hash of its file.

        Raises:
            ExpressionError: the function is live.
        """
        if self.source is None:
            raise ExpressionError(
                f"{self.label!r} is a live function, which no specification can hold; put it in a file"
            )
        code = Path(self.source.rpartition(":")[0]).read_bytes()  # all of it: a function reads its file's constants
        spec = {
            "class": "Load",
            "source": self.source,
            "code": blake2b(code, digest_size=16).hexdigest(),
            "declared": repr(self.declared),
        }
        return spec | {"name": self.name} if self.name and names else spec

    def __str__(self) -> str:
        if self.source is None:
            return f"<{self.label}: a live function at {id(self):#x}>"
        named = f', name="{self.name}"' if self.name else ""
        return f"Load({json.dumps(self.source, ensure_ascii=False)}{named})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A module's attribute of that name is the reward, not the function, so that pickle would refuse the function.
        if self.source is None or self.function.__module__ == "__main__":
            return super().__reduce_ex__(protocol)
        return (_again, (self.function.__module__, self.source, self.name))

    def grade(self, sample: Sample) -> Any:
        """Call the function."""
        return self.function(sample)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample, or all that belong together at once."""
        if self.over == "sample":
            return await run.each(self.function, samples, self.cost, self.timeout)
        answered = self.function(samples)
        if inspect.iscoroutine(answered):
            answered = await run.io(answered)
        return answered if isinstance(answered, Scores) else grades_to_scores(list(answered))


@overload
def reward(
    function: Callable[..., Any],
    *,
    range: tuple[float, float] = (float("-inf"), float("inf")),
    cost: Cost = "cpu",
    over: str = "sample",
    needs: Sequence[str] = (),
    timeout: float | None = None,
) -> Function: ...
@overload
def reward(
    function: None = None,
    *,
    range: tuple[float, float] = (float("-inf"), float("inf")),
    cost: Cost = "cpu",
    over: str = "sample",
    needs: Sequence[str] = (),
    timeout: float | None = None,
) -> Callable[[Callable[..., Any]], Function]: ...
def reward(
    function: Callable[..., Any] | None = None,
    *,
    range: tuple[float, float] = (float("-inf"), float("inf")),  # noqa: A002 - the contract's own word
    cost: Cost = "cpu",
    over: str = "sample",
    needs: Sequence[str] = (),
    timeout: float | None = None,
) -> Any:
    """Make a function a reward.

    Args:
        function: what grades; usually given by decorating it.
        range: (least, greatest) value; a value outside is ``error``.
        cost: what one grading costs; ``cpu`` work may hang and so runs where it can be killed.
        over: the rows that must be seen together; anything but ``sample`` makes the function take a list.
        needs: sample fields without which the record is ``invalid``.
        timeout: seconds that one sample may take; 5 for ``cpu`` and 120 for ``model`` if not given.

    Returns:
        The reward, or a decorator that makes it.

    Raises:
        ConfigError: the range is empty, there is no such cost, or what is decorated is no function.
    """
    if not isinstance(range, (tuple, list)) or len(range) != 2 or not range[0] < range[1]:
        raise ConfigError(f"range={range}: the least value comes first, then a greater one")
    if cost not in COSTS:
        raise ConfigError(f"cost={cost!r}{nearest(str(cost), COSTS)}")
    if isinstance(needs, str):
        raise ConfigError(f"needs={needs!r}: write a list of fields, [{needs!r}]")
    declared = Declared((float(range[0]), float(range[1])), cost, over, tuple(needs))

    def decorate(function: Callable[..., Any]) -> Function:
        if not callable(function) or isinstance(function, type):
            raise ConfigError(
                f"@reward makes a function a reward, not {function!r}; decorate a reward class with @part"
            )
        return Function(function, declared, timeout=timeout)

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
    path, _, wanted = source.rpartition(":") if isinstance(source, str) else ("", "", "")
    if not path.endswith(".py") or not wanted.isidentifier():
        raise ConfigError(f"{source!r} is not of the form file.py:name")
    file = ((base or Path()) / path).resolve()
    if not file.is_file():
        raise ConfigError(f"{source}: no file {file}")
    module = _module(file)
    if not hasattr(module, wanted):
        raise ConfigError(f"{file} has no {wanted!r}{nearest(wanted, [n for n in vars(module) if n[0] != '_'])}")
    found = getattr(module, wanted)
    if inspect.isfunction(found):
        found = reward(found)
    if isinstance(found, type) and issubclass(found, Reward):
        raise ConfigError(f"{source} is a class of rewards; make one in the file, name = {wanted}(...), and load that")
    if not isinstance(found, Reward):
        raise ConfigError(f"{source} is a {type(found).__name__}; expected a reward, or a function of one sample")
    return found.named(name) if name else found


def _module(file: Path) -> Any:
    """Import a file once; the name carries its whole path, so that two files of one name stay apart."""
    name = f"{_PREFIX}{blake2b(str(file).encode(errors='surrogateescape'), digest_size=6).hexdigest()}"
    with _importing:
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, file)
            assert spec is not None
            assert spec.loader is not None
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            try:
                spec.loader.exec_module(module)
            except (Exception, SystemExit) as error:
                del sys.modules[name]
                lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == str(file)]
                where = f"{file}:{lines[-1]}" if lines else str(file)
                raise ConfigError(f"{where} can't be imported: {type(error).__name__}: {error}") from error
            except BaseException:
                del sys.modules[name]
                raise
        return sys.modules[name]


def _again(module: str, source: str, name: str | None) -> Reward:
    """Find a pickled function's reward again, in this process or another."""
    if module.startswith(_PREFIX):
        return load_function(source, name=name)
    found = getattr(importlib.import_module(module), source.rpartition(":")[2])
    again: Reward = found if isinstance(found, Reward) else reward(found)
    return again.named(name) if name else again


_PREFIX = "plaudit_user_"
_importing = threading.RLock()  # held while a file runs, so that no other thread meets half of it
register("Load", load_function)
