"""Tool use: how often a response called its tools, how well formed the calls were, whether they worked, what they cost.

The bonus and the penalties are leaves that count and nothing more; what they depend on is composition::

    Gate(Answer("math"), 0.5 * ToolCount(only="ok"))
    Answer("math") + Product([Answer("math", name="right"), Budget(64)], name="thrift")

The first pays for a tool that worked where the answer is right; in the second a right answer is worth less the more
turns it took.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Cost, Leaf, Reward, Run, part
from plaudit.core.score import Scores, Span, Status, status_code
from plaudit.rewards.verifiable.formats.format import schema_fault
from plaudit.rewards.verifiable.tools.tool_calls import Call, calls_of, check_tags, recorded_ok

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Form = Literal["share", "any", "all"]


@part
class ValidCalls(Leaf):
    """Share of the response's tool calls that are well formed: readable, named, with a JSON object of arguments.

    No call scores 0: there is nothing valid in it.

    Args:
        known: the meta entry that holds the tools' definitions (OpenAI's form: ``{"function": {"name", "parameters":
            JSON schema}}``, ``function`` being optional). A call of another tool, or whose arguments break its schema,
            is not valid. Definitions that can't be used are ``invalid``. None: any name and any arguments will do.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1].

    >>> from plaudit import Sample
    >>> said = '<tool_call>{"name": "zoom", "arguments": {}}</tool_call><tool_call>zoom!</tool_call>'
    >>> scores = ValidCalls().score([Sample("?", said)])
    >>> scores.values, scores.reason
    (array([0.5]), ['call 1: neither JSON nor name(arguments)'])
    """

    known: str | None = None
    tags: tuple[str, ...] = ()

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_tags(self.tags, "ValidCalls")

    @property
    def cost(self) -> Cost:
        """A schema's pattern can take for ever on the wrong text."""
        return "free" if self.known is None else "cpu"

    @property
    def needs(self) -> tuple[str, ...]:
        """The tools' definitions, where they are asked for."""
        return () if self.known is None else (self.known,)

    def grade(self, sample: Sample) -> Any:
        """Return the share, with the first fault."""
        schemas = None if self.known is None else _schemas(sample.get(self.known), self.known)
        calls = calls_of(sample, self.tags)
        if not calls:
            return Grade(0.0, "no call")
        faults = [call.fault or _misuse(call, schemas) for call in calls]
        bad = [i for i, fault in enumerate(faults) if fault]
        value = 1 - len(bad) / len(calls)
        return Grade(value, f"call {bad[0]}: {faults[bad[0]]}" if bad else "", spans=_by_turn(calls, faults))


@part
class ToolSuccess(Leaf):
    """Share of the response's tool calls that worked, by the record of the tools' runtime (``ToolCall.ok``).

    No text can claim success. A call that no tool answered did not work. No call scores 0. Where a tool did answer but
    its runtime did not say whether it worked, or answered a call that is not there, the record is ``invalid``: runtimes
    write ``"ok": true`` or ``false`` into the tool's message.

    Args:
        form: ``share``; ``any``: 1 where at least one worked; ``all``: 1 where every one did.
        tools: the tools that count; all if empty.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1].

    >>> from plaudit import Sample
    >>> call = {"id": "1", "function": {"name": "zoom", "arguments": "{}"}}
    >>> said = [{"role": "assistant", "content": "It worked!", "tool_calls": [call]},
    ...         {"role": "tool", "tool_call_id": "1", "content": "done", "ok": False}]
    >>> ToolSuccess().score([Sample("?", said)]).values
    array([0.])
    """

    form: Form = "share"
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_tags(self.tags, "ToolSuccess")

    def grade(self, sample: Sample) -> Any:
        """Return the share, with the number of failures as the reason."""
        calls = _recorded(sample, self.tools, self.tags)
        if not calls:
            return Grade(0.0, "no call")
        worked = sum(call.ok is True for call in calls)
        value = {"share": worked / len(calls), "any": float(worked > 0), "all": float(worked == len(calls))}[self.form]
        faults = ["" if call.ok else "failed" for call in calls]
        reason = "" if worked == len(calls) else f"{len(calls) - worked} of {len(calls)} calls failed"
        return Grade(value, reason, spans=_by_turn(calls, faults))


@part
class ToolCount(Leaf):
    """``min(n, cap) / cap`` for the n tool calls of a response; with a cap of 1, whether it called a tool at all.

    It pays for calling, right or wrong: put it behind a ``Gate`` on the answer, or a policy will call for the pay.

    Args:
        cap: how many calls earn everything.
        only: ``made``: every well-formed call counts; ``ok``: those that worked, by the runtime's record (as in
            :class:`ToolSuccess`); ``distinct``: well-formed calls that differ in name or arguments.
        tools: the tools that count; all if empty.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, 1].

    Raises:
        ConfigError: the cap is not positive.

    >>> from plaudit import Sample
    >>> said = "<think>which?</think><search>tallest tower</search>"
    >>> ToolCount(2, tags=("search",)).score([Sample("?", said)]).values
    array([0.5])
    """

    cap: int = 1
    only: Literal["made", "ok", "distinct"] = "made"
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cap < 1:
            raise ConfigError(f"ToolCount: cap={self.cap}; it must be positive", "cap")
        check_tags(self.tags, "ToolCount")

    def grade(self, sample: Sample) -> Any:
        """Return the share of the cap."""
        if self.only == "ok":
            n = sum(call.ok is True for call in _recorded(sample, self.tools, self.tags))
        else:
            calls = [c for c in _counted(sample, self.tools, self.tags) if not c.fault]
            n = len({c.content for c in calls}) if self.only == "distinct" else len(calls)
        what = {"made": "calls", "ok": "calls that worked", "distinct": "distinct calls"}[self.only]
        return Grade(min(n, self.cap) / self.cap, "" if n >= self.cap else f"{n} {what}")


@part
class RepeatedCalls(Leaf):
    """A penalty for asking the same again: ``-(calls that repeat an earlier one) / (all calls)``.

    A call repeats another where tool and arguments are equal. It only punishes: a response without calls gets 0.

    Args:
        form: ``share``: as above; ``any``: -1 where at least one call repeats another (the consistency check of
            DeepSport).
        tools: the tools that count; all if empty.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [-1, 0].

    >>> from plaudit import Sample
    >>> said = "<search>a</search> <search>b</search> <search>a</search> <search>c</search>"
    >>> RepeatedCalls(tags=("search",)).score([Sample("?", said)]).values
    array([-0.25])
    """

    form: Literal["share", "any"] = "share"
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    range = (-1.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_tags(self.tags, "RepeatedCalls")

    def grade(self, sample: Sample) -> Any:
        """Return the penalty, with the number of repeats."""
        seen: set[str] = set()
        faults = []
        calls = _counted(sample, self.tools, self.tags)
        for call in calls:
            faults.append("again" if call.content in seen else "")
            seen.add(call.content)
        again = sum(map(bool, faults))
        if not again:
            return Grade(0.0)
        value = -1.0 if self.form == "any" else -again / len(calls)
        spans = tuple(
            Span(-1.0 / len(calls), "turn", (c.turn, c.turn + 1), c.turn)
            for c, f in zip(calls, faults, strict=True)
            if f
        )
        return Grade(value, f"{again} of {len(calls)} calls repeat another", spans=spans)


@part
class Budget(Leaf):
    """A penalty for what was used of a budget: ``-clip((used - free) / (limit - free), 0, 1)``.

    It only punishes: a response that uses nothing gets 0. A right answer that is worth ``1 - used / limit`` is
    ``Answer("math") + Product([Answer("math", name="right"), Budget(limit)], name="thrift")``.

    Args:
        limit: what costs 1.
        free: what costs nothing; less than ``limit``.
        of: ``turns`` (of the assistant) or ``calls`` (of tools).
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [-1, 0].

    Raises:
        ConfigError: ``free`` is negative or not less than ``limit``.

    >>> from plaudit import Sample
    >>> turns = [{"role": "assistant", "content": "let me see"}, {"role": "assistant", "content": "4"}]
    >>> Budget(11, free=1).score([Sample("?", turns)]).values
    array([-0.1])
    """

    limit: int
    free: int = 0
    of: Literal["turns", "calls"] = "turns"
    tags: tuple[str, ...] = ()

    range = (-1.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.free < self.limit:
            raise ConfigError(f"Budget: free={self.free} and limit={self.limit}; expected 0 <= free < limit", "free")
        check_tags(self.tags, "Budget")

    def grade(self, sample: Sample) -> Any:
        """Return the penalty, with what was used."""
        if self.of == "turns":
            used = sum(turn.role == "assistant" for turn in sample.turns)
        else:
            used = len(calls_of(sample, self.tags))
        cost = min(1.0, max(0, used - self.free) / (self.limit - self.free))
        return Grade(-cost if cost else 0.0, f"{used} {self.of} of {self.limit}" if cost else "")


@part
class ToolExploration(Reward):
    """A bonus for calling a tool where the group hardly does: ``max(target - share, 0)`` for those that called one.

    ``share`` is the share of the group's responses with a well-formed tool call. Responses without one get 0
    (VR-Thinker, 2025, "exploration reward": target 0.2).

    Args:
        target: the share from which on there is no bonus.
        tools: the tools that count; all if empty.
        tags: read the calls from blocks of these tags (see ``tool_calls``).

    Range: [0, target]. Needs: ``group``. Reach: group.

    Raises:
        ConfigError: the target is not in (0, 1].

    >>> from plaudit import Sample
    >>> said = ["<search>a</search>"] + ["no need"] * 7
    >>> ToolExploration(tags=("search",)).score([Sample("?", s, group=1) for s in said]).values[:2].round(3)
    array([0.075, 0.   ])
    """

    target: float = 0.2
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    over = "group"
    needs = ("group",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.target <= 1:
            raise ConfigError(f"ToolExploration: target={self.target}; it lies above 0 and is at most 1", "target")
        check_tags(self.tags, "ToolExploration")

    @property
    def range(self) -> tuple[float, float]:
        """[0, target]."""
        return (0.0, self.target)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Count in each group who called a tool; a response that can't be read is in no group."""
        codes = np.zeros(len(samples), dtype=np.int8)
        used, values, reasons = np.zeros(len(samples)), np.zeros(len(samples)), [""] * len(samples)
        for i, sample in enumerate(samples):
            try:
                used[i] = any(not call.fault for call in _counted(sample, self.tools, self.tags))
            except RecordError as error:
                codes[i], reasons[i] = status_code(Status.INVALID), str(error)
        for rows in groups(samples):
            rows = [i for i in rows if not codes[i]]
            share = float(used[rows].mean()) if rows else 0.0
            for i in rows:
                values[i] = max(self.target - share, 0.0) * used[i]
                reasons[i] = f"{share:.0%} of the group called a tool" if used[i] else "no call"
        return Scores(values, codes, reasons)


def groups(samples: Sequence[Sample]) -> list[list[int]]:
    """Return the rows of each group, in the order in which the groups first occur."""
    found: dict[Any, list[int]] = {}
    for i, sample in enumerate(samples):
        found.setdefault(sample.group, []).append(i)
    return list(found.values())


def _counted(sample: Sample, tools: Sequence[str], tags: Sequence[str]) -> list[Call]:
    return [call for call in calls_of(sample, tags) if not tools or call.name in tools]


def _recorded(sample: Sample, tools: Sequence[str], tags: Sequence[str]) -> list[Call]:
    """Return the calls, each with its runtime's word on it, or none where no tool answered.

    Raises:
        RecordError: a tool answered and the record does not say whether it worked, or does not say which call.
    """
    calls = calls_of(sample, tags)
    answered = {id(call.result) for call in calls if call.result is not None}
    tools_said = [i for i, turn in enumerate(sample.turns) if turn.role == "tool" and id(turn) not in answered]
    if any(recorded_ok(sample, i) is not False for i in tools_said):  # a refusal of what is no call answers no call
        raise RecordError(
            "a tool's message answers no call of the response; expected its tool_call_id, or the call before it"
        )
    calls = [call for call in calls if not tools or call.name in tools]
    silent = next((call for call in calls if call.result is not None and call.ok is None), None)
    if silent is not None:
        raise RecordError(
            f"the answer to a call of {silent.name[:80]!r} does not say whether it worked; its runtime writes "
            "'ok': true or false into the tool's message"
        )
    return calls


def _by_turn(calls: Sequence[Call], faults: Sequence[str]) -> tuple[Span, ...]:
    """Credit 1 to each good call and 0 to each bad one, at its turn."""
    return tuple(
        Span(float(not fault), "turn", (call.turn, call.turn + 1), call.turn)
        for call, fault in zip(calls, faults, strict=True)
    )


def _schemas(given: Any, where: str) -> dict[str, str]:
    """Return each tool's schema of arguments, as JSON text, by name.

    Raises:
        RecordError: the definitions are not what they should be.
    """
    expected = 'expected a list of {"name": ..., "parameters": JSON schema}'
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise RecordError(f"{where} is a {type(given).__name__}; {expected}")
    schemas: dict[str, str] = {}
    for i, tool in enumerate(given):
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise RecordError(f"{where}[{i}] has no name; {expected}")
        try:
            schemas[function["name"]] = json.dumps(function.get("parameters") or {}, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise RecordError(f"{where}[{i}]: parameters are not JSON: {error}") from None
    return schemas


def _misuse(call: Call, schemas: Mapping[str, str] | None) -> str:
    """Say in what a well-formed call breaks its tool's definition, or ``""``."""
    if schemas is None:
        return ""
    if call.name not in schemas:
        return f"no tool is named {call.name[:80]!r}"
    try:
        return schema_fault(call.arguments, schemas[call.name])
    except ConfigError as error:
        raise RecordError(f"the definition of tool {call.name!r}: {error}") from None
