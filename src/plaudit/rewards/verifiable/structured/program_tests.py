"""Program tests: does the program that a response wrote do what the tests ask? It runs in the sandbox, they outside.

A program can't claim to have passed: what it printed is compared here, and unit tests run in a process of their own
that the program's process can neither read nor write (:mod:`plaudit.rewards.verifiable.structured.program_harness`).
"""

from __future__ import annotations

import ast
import json
import secrets
from collections.abc import Mapping, Sequence
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Run, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.program_harness import HARNESS

if TYPE_CHECKING:
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats, Scores

Credit = Literal["share", "all"]

_MAX_TESTS = 1_000
_START = 30.0  # seconds beyond the program's own that grading one response may take
_REASON = 200


class Case(NamedTuple):
    """What a program reads from standard input, and what it must print."""

    stdin: str
    stdout: str


@part
class ProgramTests(Leaf):
    r"""The share of the tests that the response's Python program passes, each run in the sandbox.

    The reference is the tests, in one of these forms::

        [{"input": "3\n", "output": "9"}, ...]             what it reads, and what it must print
        {"inputs": [...], "outputs": [...]}                the same (as APPS and TACO have it)
        {"inputs": [[3], ...], "outputs": [9, ...], "fn_name": "square"}     arguments and results of a function, or of
                                                           a method of its class Solution
        ["assert square(3) == 9", ...]  or one such text   snippets that call what the program defines

    Printed lines are compared without white space at their ends, and so are the last empty lines; the program must end
    by itself with exit code 0. A snippet passes if it ends without an exception. Snippets run apart from the program:
    calls go over to it with plain data (numbers, texts, lists, tuples, sets, dicts), and plain data comes back; an
    object stays there, and its methods can be called. Built-in functions and modules are the snippet's own: it imports
    what it uses, and can't test a function that is named like a built-in one. Each test begins a new process of the
    program.

    What the program does wrong (it doesn't parse, crashes, hangs, floods, or is refused something) fails that test; no
    program, or several, scores 0. A bad test is ``invalid``. Where the machine has no sandbox, every row is ``error``
    with :class:`~plaudit.core.errors.SandboxUnavailable`.

    Args:
        credit: ``share``: passed / tests; ``all``: 1 if all passed, else 0 (and nothing runs after the first failure).
        seconds: how long one test may take.
        budget: how long all tests may take together; what is then left has failed.
        where: where the program stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]. Needs: ``reference``. The note is a list with each test's fault, ``""`` where it passed.

    Raises:
        ConfigError: seconds or budget is not positive.

    >>> from plaudit import Sample
    >>> said = "```python\ndef square(n):\n    return n * n if n < 3 else 0\n```"
    >>> scores = ProgramTests().score([Sample("?", said, ["assert square(2) == 4", "assert square(3) == 9"])])
    >>> scores.values, scores.reason                                                          # doctest: +SKIP
    (array([0.5]), ['passed 1 of 2; test 2: AssertionError: assert square(3) == 9'])
    """

    credit: Credit = "share"
    seconds: float = 5.0
    budget: float = 60.0
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("seconds", "budget"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"ProgramTests: {name}={getattr(self, name)}; it is positive", name)

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores | Sequence[float] | Floats:
        """Grade each sample in a worker that outlives the program, whose clock is the sandbox's."""
        limit = self.budget + self.seconds + _START if self.timeout is None else self.timeout
        return await run.each(self.grade, samples, "cpu", limit)

    def grade(self, sample: Sample) -> Any:
        """Return the share of tests passed, or why there is no program."""
        cases, snippets = read_tests(sample.reference)
        found = code_block(sample.text, ("python", "py", "python3"), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        first = self.credit == "all"
        run = run_cases(found.text, cases, self.seconds, self.budget, first_fault=first) if cases else None
        faults = run if run is not None else run_snippets(found.text, snippets, self.seconds, self.budget, first)
        failed = [i for i, fault in enumerate(faults) if fault]
        count = len(cases) + len(snippets)
        passed = len(faults) - len(failed)
        value = passed / count if self.credit == "share" else float(passed == count)
        reason = f"passed {passed} of {count}; test {failed[0] + 1}: {faults[failed[0]]}" if failed else ""
        return Grade(value, reason, note=faults)


def read_tests(reference: Any) -> tuple[list[Case], list[str]]:
    """Read a record's tests: cases of standard input and output, or snippets; one of the lists is empty.

    Raises:
        BadReferenceError: it is none of the forms, there is no test, or a snippet doesn't parse.
    """
    cases: list[Case] = []
    snippets: list[str] = []
    if isinstance(reference, str):
        snippets = [reference]
    elif isinstance(reference, Mapping):
        inputs, outputs, name = reference.get("inputs"), reference.get("outputs"), reference.get("fn_name")
        if not isinstance(inputs, list | tuple) or not isinstance(outputs, list | tuple) or len(inputs) != len(outputs):
            raise BadReferenceError('reference is a mapping; expected lists "inputs" and "outputs" of one length')
        pairs = list(zip(inputs, outputs, strict=True))
        if name is None:
            cases = [_case(given, wanted, i) for i, (given, wanted) in enumerate(pairs)]
        elif not isinstance(name, str) or not name.isidentifier():
            raise BadReferenceError(f"reference fn_name is {str(name)[:80]!r}; expected the name of a function")
        else:
            snippets = [_call(name, given, wanted, i) for i, (given, wanted) in enumerate(pairs)]
    elif isinstance(reference, list | tuple) and all(isinstance(test, str) for test in reference):
        snippets = list(reference)
    elif isinstance(reference, list | tuple) and all(isinstance(test, Mapping) for test in reference):
        cases = [_case(test.get("input"), test.get("output"), i) for i, test in enumerate(reference)]
    else:
        raise BadReferenceError(
            f"reference is a {type(reference).__name__}; expected tests: snippets, or inputs and outputs"
        )
    if not 0 < len(cases) + len(snippets) <= _MAX_TESTS:
        raise BadReferenceError(f"reference has {len(cases) + len(snippets):,} tests; expected 1 to {_MAX_TESTS:,}")
    for i, snippet in enumerate(snippets):
        try:
            ast.parse(snippet)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise BadReferenceError(f"reference test {i + 1} is no Python: {str(error)[:_REASON]}") from None
        if not snippet.strip():
            raise BadReferenceError(f"reference test {i + 1} is empty")
    return cases, snippets


def run_cases(source: str, cases: Sequence[Case], seconds: float, budget: float, *, first_fault: bool) -> list[str]:
    """Run a program once a case; return each case's fault, ``""`` where it passed.

    Raises:
        SandboxUnavailable: programs can't be run safely here.
    """
    from plaudit.engine.sandbox import run_python

    faults: list[str] = []
    until = monotonic() + budget
    for case in cases:
        left = min(seconds, until - monotonic())
        if left <= 0:
            faults.append(f"no time left: the tests took {budget:g} s together")
            continue
        ended = run_python(source, stdin=case.stdin, limits=_limits(left, len(case.stdout)))
        if ended.status != "ok":
            faults.append(ended.reason[:_REASON])
        elif ended.cut:
            faults.append("printed too much")
        else:
            faults.append("" if _lines(ended.stdout) == _lines(case.stdout) else "printed something else")
        if faults[-1] and first_fault:
            break
    return faults


def run_snippets(source: str, snippets: Sequence[str], seconds: float, budget: float, first_fault: bool) -> list[str]:
    """Run snippets against a program; return each one's fault, ``""`` where it passed.

    Raises:
        SandboxUnavailable: programs can't be run safely here.
        BadReferenceError: a snippet does what can't be done across processes.
    """
    from plaudit.engine.sandbox import Limits, python, run

    if len(source.encode("utf-8", "surrogatepass")) > 1_000_000:
        return ["the program is longer than 1,000,000 bytes"] * len(snippets)
    token = secrets.token_hex(16)
    task = {"token": token, "source": source, "tests": list(snippets), "seconds": seconds, "budget": budget}
    ended = run(
        [python(), "-I", "-B", "harness.py"],
        files={"harness.py": HARNESS},
        stdin=json.dumps(task | {"first": first_fault}),
        limits=Limits(
            seconds=budget + seconds + _START / 2,
            cpu_seconds=ceil(min(budget, seconds * len(snippets))) + 5,
            output=4 << 20,
        ),
    )
    head, _, said = ended.stdout.partition("\n")
    if head != token:
        # Only the program's own doing ends the tests' process: it may signal what runs beside it.
        return [f"the tests were ended: {ended.reason or 'nothing came back'}"[:_REASON]] * len(snippets)
    results = json.loads(said)
    for i, (kind, why) in enumerate(results):
        if kind == "bad":
            raise BadReferenceError(f"reference test {i + 1} can't run apart from the program: {why}"[:_REASON])
    return [str(why)[:_REASON] for _, why in results]


def _limits(seconds: float, expected: int) -> Any:
    from plaudit.engine.sandbox import Limits

    return Limits(seconds=seconds, cpu_seconds=ceil(seconds) + 1, output=(64 << 10) + 8 * expected)


def _case(given: Any, wanted: Any, i: int) -> Case:
    texts = [
        "\n".join(part) if isinstance(part, list) and all(isinstance(p, str) for p in part) else part
        for part in (given, wanted)
    ]
    if not all(isinstance(text, str) for text in texts):
        raise BadReferenceError(f"reference test {i + 1} needs an input and an output, each a text or a list of lines")
    return Case(texts[0], texts[1])


def _call(name: str, given: Any, wanted: Any, i: int) -> str:
    if not isinstance(given, list | tuple):
        raise BadReferenceError(f"reference test {i + 1}: input is a {type(given).__name__}; expected the arguments")
    return f"assert _listed(_method({name!r})(*{list(given)!r})) == _listed({wanted!r})"


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines
