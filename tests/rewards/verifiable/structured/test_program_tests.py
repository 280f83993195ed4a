from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.errors import BadReferenceError, ConfigError, SandboxUnavailable
from plaudit.core.sample import Sample
from plaudit.engine import sandbox
from plaudit.rewards.verifiable.structured.program_tests import Case, ProgramTests, read_tests

walled = pytest.mark.skipif(sandbox.available() is not None, reason=str(sandbox.available()))

SQUARE = "def square(n):\n    return n * n"


def graded(source: str, tests: Any, **options: Any) -> tuple[float, str, str]:
    scores = ProgramTests(**options).score([Sample("?", f"```python\n{source}\n```", tests)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@walled
class TestPrograms:
    @pytest.mark.parametrize(
        ("source", "output", "reason"),
        [
            ("print(int(input()) ** 2)", "9", ""),
            ("print('9  ')\nprint()\nprint()", "9\n", ""),
            ("print(' 9')", "9", "printed something else"),
            ("print(9, end='')", "9\n", ""),
            ("print('the answer is 9')", "9", "printed something else"),
            ("pass", "9", "printed something else"),
            ("print(9)\n1 / 0", "9", "exit code 1: ZeroDivisionError: division by zero"),
            ("print(9", "9", "exit code 1: SyntaxError: '(' was never closed"),
            ("while True: pass", "9", "ran longer than 1 s"),
            ("print('9' * 10**7)", "9", "printed too much"),
            ("import os\nprint(9, flush=True)\nos._exit(3)", "9", "exit code 3"),
        ],
    )
    def test_what_is_printed(self, source: str, output: str, reason: str) -> None:
        tests = [{"input": "3\n", "output": output}]
        value, status, found = graded(source, tests, seconds=1)
        assert (value, status) == (float(not reason), "ok")
        assert found == (f"passed 0 of 1; test 1: {reason}" if reason else "")

    def test_shares_and_all(self) -> None:
        tests = {"inputs": ["1", "2", "3", "x"], "outputs": ["1", "4", "9", "?"]}
        source = "print(int(input()) ** 2)"
        value, _, reason = graded(source, tests)
        assert value == 0.75
        assert reason.startswith("passed 3 of 4; test 4: exit code 1: ValueError")
        assert graded(source, tests, credit="all")[0] == 0
        assert graded(source, {"inputs": ["1", "2"], "outputs": ["1", "4"]}, credit="all")[0] == 1

    def test_the_budget_is_for_all_tests_together(self) -> None:
        value, status, reason = graded("while True: pass", [{"input": "", "output": ""}] * 50, seconds=0.4, budget=1)
        assert (value, status) == (0, "ok")
        assert reason.startswith("passed 0 of 50; test 1: ran longer than 0.4 s")
        scores = ProgramTests(seconds=0.4, budget=1).score(
            [Sample("?", "```\nwhile True: pass\n```", [{"input": "", "output": ""}] * 50)]
        )
        assert (scores.notes or [])[0][-1] == "no time left: the tests took 1 s together"


@walled
class TestSnippets:
    @pytest.mark.parametrize(
        ("source", "snippet"),
        [
            (SQUARE, "assert square(3) == 9"),
            (SQUARE, "for n in range(5):\n    assert square(n) == n ** 2"),
            (SQUARE, "def check(candidate):\n    assert candidate(2) == 4\ncheck(square)"),
            (SQUARE, "import math\nassert math.isclose(square(0.1), 0.01)"),
            ("def f(*a, **k): return a, k", "assert f(1, 'x', b=None) == ((1, 'x'), {'b': None})"),
            (
                "def f(x): return x",
                "for x in (1.5, {1}, {(1, 2): [b'x']}, True, float('inf'), 10**30, 'é\\ud800'):\n"
                "    assert f(x) == x and type(f(x)) is type(x)",
            ),
            ("def f(xs): xs.sort()", "xs = [3, 1]\nassert f(xs) is None and xs == [1, 3]"),
            ("def f():\n    yield 1\n    yield 2", "assert list(f()) == [1, 2]"),
            ("def f(): raise KeyError('x')", "try:\n    f()\nexcept KeyError:\n    pass\nelse:\n    assert False"),
            (
                "class C:\n    def __init__(self, n): self.n = n\n    def get(self): return self.n",
                "c = C(5)\nassert c.get() == 5 and c.n == 5",
            ),
            ("LIMIT = 7", "assert LIMIT == 7"),
            ("from collections import Counter\ndef f(x): return Counter(x)", "assert f('aab') == {'a': 2, 'b': 1}"),
            ("print('hello')\ninput", "assert True"),
        ],
    )
    def test_a_right_program_passes(self, source: str, snippet: str) -> None:
        assert graded(source, [snippet]) == (1, "ok", "")

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("def square(n): return n", "AssertionError: assert square(3) == 9"),
            ("def other(n): return 9", "NameError: name 'square' is not defined"),
            ("def square(n): return n / 0", "ZeroDivisionError: division by zero"),
            ("def square(n):\n    while True: pass", "took longer than allowed"),
            ("while True: pass", "took longer than allowed"),
            ("def square(n", "SyntaxError: '(' was never closed (program, line 1)"),
            ("import sys\nsys.exit(0)", "RuntimeError: SystemExit: 0"),
            ("import os\nos._exit(0)", "the program ended itself"),
            ("def square(n): return 'x' * 10**7", "the program returned too much"),
            ("square = 9", "TypeError: 'int' object is not callable"),
        ],
    )
    def test_a_wrong_program_fails_with_its_reason(self, source: str, reason: str) -> None:
        assert graded(source, ["assert square(3) == 9"], seconds=1) == (0, "ok", f"passed 0 of 1; test 1: {reason}")

    @pytest.mark.parametrize(
        "source",
        [
            # What equals everything is no plain data, and a number that says so loses that on the way.
            "class E:\n    def __eq__(self, other): return True\ndef square(n): return E()",
            "class E(int):\n    def __eq__(self, other): return True\ndef square(n): return E(5)",
            "class E(list):\n    def __eq__(self, other): return True\n    def __iter__(self): return iter([9])\n"
            "def square(n): return E()",
            # The helpers and the built-in functions of the tests.
            "def _listed(x): return 1\ndef _method(n): return lambda *a: 1\ndef abs(x): return 9\n"
            "def square(n): return -9",
            # The tests' process: its memory, its descriptors, its life.
            "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
            "import os\nfor n in range(20):\n    try: os.write(n, b'passed\\n')\n    except OSError: pass\n"
            "def square(n): return 0",
            # What it imports.
            "open('/tmp/statistics.py', 'w').write('def mean(x): return 9')\n"
            "open('statistics.py', 'w').write('def mean(x): return 9')\ndef square(n): return 0",
            # A verdict of its own, and an exit that looks like success.
            'print(\'[["ok", ""]]\')\nraise SystemExit(0)',
            "import builtins\nbuiltins.AssertionError = Exception\ndef square(n): return 0",
        ],
    )
    def test_success_cannot_be_forged(self, source: str) -> None:
        tests = [
            "import statistics\nassert statistics.mean([square(3)]) == 9",
            "assert abs(square(3)) == 9 == square(3)",
        ]
        assert graded(source, tests, seconds=2)[:2] == (0, "ok")
        called = {"inputs": [[3]], "outputs": [9], "fn_name": "square"}
        assert graded(source, called, seconds=2)[:2] == (0, "ok")

    def test_the_tests_cannot_be_read(self) -> None:
        spy = """
import os
def look():
    found, parent = [], os.getppid()
    for name in ("mem", "environ", "maps", "fd", "fd/0", "fd/1", "stack", "syscall"):
        try:
            os.listdir(f"/proc/{parent}/{name}") if name == "fd" else open(f"/proc/{parent}/{name}", "rb").read(1)
            found.append(name)
        except OSError:
            pass
    texts = [open(f"/proc/{parent}/cmdline").read(), *(open(n, errors="replace").read() for n in os.listdir("/tmp"))]
    return found, any("se" + "cret" in text for text in texts)
"""
        assert graded(spy, ["assert look() == ([], False) and 'secret'"]) == (1, "ok", "")

    def test_calls_of_a_named_function(self) -> None:
        tests = {"inputs": [[[3, 1]], [[]]], "outputs": [[1, 3], []], "fn_name": "order"}
        assert graded("def order(xs): return tuple(sorted(xs))", tests)[0] == 1
        assert graded("class Solution:\n    def order(self, xs): return sorted(xs)", tests)[0] == 1
        assert graded("class Solution:\n    def order(self, xs): return xs", tests)[0] == 0.5

    def test_a_snippet_that_passes_a_function_is_the_records_fault(self) -> None:
        _, status, reason = graded("def f(g): return g(1)", ["assert f(lambda x: x) == 1"])
        assert status == "invalid"
        assert reason == "reference test 1 can't run apart from the program: it passes a function to the program"


def test_no_sandbox_is_an_error_and_never_a_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "available", lambda: "no bubblewrap here")
    for tests in (["assert square(3) == 9"], [{"input": "", "output": ""}]):
        with pytest.raises(SandboxUnavailable, match="no bubblewrap here"):
            ProgramTests().grade(Sample("?", f"```python\n{SQUARE}\n```", tests))


def test_forms_of_tests() -> None:
    assert read_tests([{"input": "1\n2", "output": ["1", "2"]}]) == ([Case("1\n2", "1\n2")], [])
    assert read_tests({"inputs": ["1"], "outputs": ["2"]}) == ([Case("1", "2")], [])
    assert read_tests("assert f()") == ([], ["assert f()"])
    assert read_tests(("assert f()", "assert g()")) == ([], ["assert f()", "assert g()"])


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (5, "reference is a int; expected tests"),
        ([], "reference has 0 tests"),
        (["assert f("], "reference test 1 is no Python"),
        (["assert f()", " "], "reference test 2 is empty"),
        ("", "reference test 1 is empty"),
        ([{"input": "1"}], "reference test 1 needs an input and an output"),
        ([{"input": 1, "output": "1"}], "reference test 1 needs an input and an output"),
        (["assert f()", {"input": "", "output": ""}], "reference is a list; expected tests"),
        ({"inputs": ["1"]}, 'reference is a mapping; expected lists "inputs" and "outputs"'),
        ({"inputs": ["1"], "outputs": []}, 'reference is a mapping; expected lists "inputs" and "outputs"'),
        ({"inputs": [1], "outputs": [1], "fn_name": "f"}, "reference test 1: input is a int; expected the arguments"),
        ({"inputs": [[1]], "outputs": [1], "fn_name": "f()"}, "reference fn_name is 'f()'"),
        (["assert f()"] * 1001, "reference has 1,001 tests"),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, message: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        read_tests(reference)
    assert str(caught.value).startswith(message)
    scores = ProgramTests().score([Sample("?", "no program", reference)])
    assert (scores.status[0], scores.reason[0][:20]) == ("invalid", message[:20])


@pytest.mark.parametrize("arguments", [{"seconds": 0}, {"budget": -1}, {"credit": "some"}])
def test_senseless_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ProgramTests(**arguments)
