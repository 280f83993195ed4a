"""The pool against work that hangs, dies, lies about itself, or can't travel."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import itertools
import os
import re
import select
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.reward import Leaf
from plaudit.core.sample import Sample
from plaudit.engine import batch as batch_module
from plaudit.engine import pool as pool_module
from plaudit.engine.pool import Pool, Result, shared, shutdown

LONG = 60.0  # a limit that nothing here should reach


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(2, memory=1 << 30)
    yield pool
    pool.close()


def run(pool: Pool, function: Callable[[Any], Any], items: Any, limit: float = LONG) -> list[Result]:
    return pool.submit(function, items, limit).result(120)


def values(results: list[Result]) -> list[Any]:
    return [r.value for r in results]


def double(x: Any) -> Any:
    return 2 * x


def power(x: Any) -> Any:
    return x**x**x


def backtracking(x: Any) -> Any:
    return re.match(r"(a+)+$", "a" * 40 + "b")


def spinning(x: Any) -> Any:
    while True:
        pass


def consuming(x: Any) -> Any:
    return sum(itertools.repeat(0))


def sleeping(x: Any) -> Any:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return threading.Event().wait()


def dead(pid: int) -> bool:
    """Wait until a process has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 30.0)[0])
    finally:
        os.close(descriptor)


class TestHanging:
    @pytest.mark.parametrize("hang", [power, backtracking, spinning, consuming, sleeping])
    def test_only_the_item_that_hangs_is_lost(self, pool: Pool, hang: Callable[[Any], Any]) -> None:
        def work(x: int) -> Any:
            return hang(9) if x == 3 else 10 * x

        results = run(pool, work, range(8), 0.3)
        assert values(results) == [0, 10, 20, None, 40, 50, 60, 70]
        assert [r.status for r in results] == ["", "", "", "timeout", "", "", "", ""]
        assert results[3].reason == "took longer than 0.3 s"
        assert 0.3 <= results[3].seconds < LONG
        assert values(run(pool, double, range(100))) == [2 * x for x in range(100)]
        assert len(pool.processes) == 2

    def test_from_a_thread(self, pool: Pool) -> None:
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.extend(r.status for r in run(pool, spinning, [1], 0.1)))
        thread.start()
        thread.join()
        assert found == ["timeout"]

    def test_all_hang(self, pool: Pool) -> None:
        assert [r.status for r in run(pool, spinning, range(6), 0.1)] == ["timeout"] * 6

    def test_a_limit_shorter_than_any_look(self, pool: Pool) -> None:
        assert [r.status for r in run(pool, spinning, [1, 2], 1e-4)] == ["timeout"] * 2

    @pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
    def test_no_limit_at_all_is_refused(self, pool: Pool, limit: float) -> None:
        with pytest.raises(ConfigError, match="limit"):
            pool.submit(double, [1], limit)

    def test_an_infinite_limit(self, pool: Pool) -> None:
        assert values(run(pool, double, [1, 2], float("inf"))) == [2, 4]

    def test_the_clock_starts_with_the_item(self, pool: Pool) -> None:
        """Items of 0.6 limits each, sent four at a time: a clock that started when they were sent would run out."""

        def work(x: int) -> int:
            ends = monotonic() + 0.3
            while monotonic() < ends:
                pass
            return x

        assert values(run(pool, work, range(8), 0.5)) == list(range(8))

    def test_what_was_done_before_is_not_done_again(self, tmp_path: Path) -> None:
        def work(x: int) -> int:
            with (tmp_path / "log").open("a") as log:
                log.write(f"{x}\n")
            ends = monotonic() + (60.0 if x == 2 else 0.01)  # long enough to be sent at once
            while monotonic() < ends:
                pass
            return x

        pool = Pool(1)
        assert values(run(pool, work, range(4), 0.3)) == [0, 1, None, 3]
        pool.close()
        assert sorted((tmp_path / "log").read_text().split()) == ["0", "1", "2", "3"]

    def test_the_children_of_a_killed_worker_die_with_it(self, pool: Pool, tmp_path: Path) -> None:
        def work(x: int) -> None:
            child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            (tmp_path / "pid").write_text(str(child.pid))
            child.wait()

        assert run(pool, work, [1], 0.5)[0].status == "timeout"
        assert dead(int((tmp_path / "pid").read_text()))


class TestDeadline:
    def test_what_is_not_done_has_run_out_of_time(self, pool: Pool) -> None:
        def work(x: int) -> int:
            while x > 3:
                pass
            return x

        results = pool.submit(work, range(40), LONG, monotonic() + 0.5).result()
        assert values(results)[:4] == [0, 1, 2, 3]
        assert {(r.status, r.reason) for r in results[4:]} == {("timeout", "the deadline had passed")}

    def test_behind_work_that_keeps_all_workers(self, pool: Pool) -> None:
        busy = [pool.submit(spinning, [1], LONG) for _ in range(2)]
        assert pool.submit(double, [1], LONG, monotonic() + 0.1).result()[0].reason == "the deadline had passed"
        assert not any(future.done() for future in busy)


class TestDying:
    @pytest.mark.parametrize(
        ("work", "reason"),
        [
            (lambda x: ctypes.string_at(0), "the worker process died of SIGSEGV (a crash in native code)"),
            (lambda x: os.abort(), "the worker process died of SIGABRT (an abort)"),
            (lambda x: os.kill(os.getpid(), 9), "the worker process died of SIGKILL (killed, perhaps for memory)"),
            (lambda x: os.kill(os.getpid(), 40), "the worker process died of signal 40"),
            (lambda x: os._exit(0), "the worker process ended itself with status 0"),
            (lambda x: os._exit(7), "the worker process ended itself with status 7"),
            (lambda x: sys.exit(3), "SystemExit: 3"),
            (lambda x: bytearray(1 << 45), "out of memory"),
            (lambda x: [bytes(1 << 22) for _ in itertools.count()], "out of memory"),
            (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        ],
    )
    def test_the_item_is_blamed_and_the_others_are_graded(
        self, pool: Pool, work: Callable[[Any], Any], reason: str
    ) -> None:
        results = run(pool, lambda x: work(x) if x == 5 else x, range(20))
        assert (results[5].status, results[5].reason) == ("error", reason)
        assert values(results) == [None if x == 5 else x for x in range(20)]
        assert values(run(pool, double, range(100))) == [2 * x for x in range(100)]
        assert len(pool.processes) == 2

    def test_a_bad_record(self, pool: Pool) -> None:
        def work(x: int) -> None:
            raise BadReferenceError(f"reference {x}: no number")

        assert run(pool, work, [4])[0][:3] == (None, "invalid", "reference 4: no number")

    def test_a_record_error_of_somebody_else_is_an_error(self, pool: Pool) -> None:
        def work(x: int) -> None:
            class RecordError(Exception):
                pass

            raise RecordError("elsewhere")

        assert run(pool, work, [4])[0][:3] == (None, "error", "RecordError: elsewhere")

    def test_a_dead_worker_whose_child_keeps_its_pipes(self, pool: Pool, tmp_path: Path) -> None:
        def work(x: int) -> None:
            child = os.fork()
            while child == 0:
                pass
            (tmp_path / "pid").write_text(str(child))
            ctypes.string_at(0)

        assert "SIGSEGV" in run(pool, work, [1])[0].reason
        assert dead(int((tmp_path / "pid").read_text()))

    def test_work_that_forks_and_returns_twice(self, pool: Pool) -> None:
        def work(x: int) -> int:
            os.fork()
            return x

        assert values(run(pool, work, range(10))) == list(range(10))

    def test_work_that_closes_every_descriptor(self, pool: Pool) -> None:
        results = run(pool, lambda x: os.closerange(0, 256) if x == 1 else x, range(3))
        assert values(results) == [0, None, 2]
        assert results[1].status == "error"

    def test_work_that_writes_to_every_descriptor(self, pool: Pool) -> None:
        def work(x: int) -> int:
            for descriptor in range(3, 32) if x == 1 else ():
                with contextlib.suppress(OSError):
                    os.write(descriptor, b"\x05" * 100)
            return x

        results = run(pool, work, range(3))
        assert values(results) == [0, None, 2]
        assert results[1].status == "error"

    def test_a_function_whose_loading_kills(self, pool: Pool) -> None:
        class Deadly:
            def __reduce__(self) -> Any:
                return os._exit, (4,)

            def __call__(self, x: int) -> int:
                return x

        results = run(pool, Deadly(), range(1000))
        reason = "the worker process ended itself with status 4 while loading the function"
        assert {r[1:3] for r in results} == {("error", reason)}

    def test_a_function_whose_loading_hangs(self, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool_module, "LOADING", 0.5)

        class Slow:
            def __reduce__(self) -> Any:
                return spinning, (4,)

            def __call__(self, x: int) -> int:
                return x

        results = run(pool, Slow(), range(1000))
        assert {r[1:3] for r in results} == {("timeout", "the worker process hung while loading the function")}

    def test_long_chunks_are_not_mistaken_for_slow_loading(self, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool_module, "LOADING", 0.3)

        def work(x: int) -> int:
            ends = monotonic() + 0.15
            while monotonic() < ends:
                pass
            return x

        assert values(run(pool, work, range(8))) == list(range(8))


class Unloadable:
    def __reduce__(self) -> Any:
        return int, ("no number",)


class Hanging:
    def __reduce__(self) -> Any:
        return spinning, (1,)


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class TestTravelling:
    def test_an_item_that_cannot_be_sent(self, pool: Pool) -> None:
        items: list[Any] = list(range(20))
        items[7] = threading.Lock()
        results = run(pool, lambda x: 1, items)
        assert values(results) == [None if i == 7 else 1 for i in range(20)]
        assert results[7].status == "error"
        assert results[7].reason.startswith("the item can't be sent to a worker process: TypeError: cannot pickle")

    def test_an_item_that_cannot_be_loaded(self, pool: Pool) -> None:
        items: list[Any] = list(range(20))
        items[7] = Unloadable()
        results = run(pool, lambda x: 1, items)
        assert values(results) == [None if i == 7 else 1 for i in range(20)]
        assert results[7].status == "error"
        assert results[7].reason.startswith("the items can't be loaded in a worker process: ValueError")

    def test_an_item_whose_loading_hangs(self, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pool_module, "LOADING", 0.5)
        results = run(pool, lambda x: 1, [0, Hanging(), 2])
        assert values(results) == [1, None, 1]
        assert results[1][1:3] == ("timeout", "the worker process hung while loading the item")

    def test_items_of_a_class_that_no_worker_can_import(self, pool: Pool) -> None:
        class Point:
            def __init__(self, x: int) -> None:
                self.x = x

        assert values(run(pool, lambda p: p.x, [Point(x) for x in range(50)])) == list(range(50))

    def test_a_result_that_cannot_be_sent(self, pool: Pool) -> None:
        results = run(pool, lambda x: threading.Lock() if x == 2 else x, range(5))
        assert values(results) == [0, 1, None, 3, 4]
        assert results[2].status == "error"
        assert results[2].reason.startswith("returned a lock that can't leave its process: TypeError")

    def test_a_result_that_cannot_be_read_back(self, pool: Pool) -> None:
        results = run(pool, lambda x: Unloadable() if x == 2 else x, range(5))
        assert values(results) == [0, 1, None, 3, 4]
        assert results[2].status == "error"

    def test_a_result_whose_pickling_hangs(self, pool: Pool) -> None:
        class Endless:
            def __reduce__(self) -> Any:
                while True:
                    pass

        results = run(pool, lambda x: Endless() if x == 2 else x, range(5), 0.3)
        assert values(results) == [0, 1, None, 3, 4]
        assert results[2].status == "timeout"

    def test_an_exception_without_a_text(self, pool: Pool) -> None:
        def work(x: int) -> None:
            raise UnprintableError

        assert run(pool, work, [1])[0][1:3] == ("error", "UnprintableError: its text can't be read")

    def test_an_exception_that_cannot_be_pickled(self, pool: Pool) -> None:
        def work(x: int) -> None:
            raise ValueError("held", threading.Lock())

        assert run(pool, work, [1])[0].reason.startswith("ValueError: ('held', <unlocked")

    def test_a_long_exception_is_cut(self, pool: Pool) -> None:
        def work(x: int) -> None:
            raise ValueError("x" * 1_000_000)

        assert len(run(pool, work, [1])[0].reason) == 500

    def test_a_function_that_cannot_be_sent(self, pool: Pool) -> None:
        lock = threading.Lock()
        with pytest.raises(ConfigError, match=r"can't be sent to a worker process .* cost=\"free\""):
            pool.submit(lambda x: lock, [1], 1.0)

    def test_huge_items_and_results(self) -> None:
        pool = Pool(2)
        results = run(pool, lambda x: x[::-1], [bytes(50_000_000) + b"1", b"2", bytes(50_000_000) + b"3"])
        assert [(len(v), v[:1]) for v in values(results)] == [(50_000_001, b"1"), (1, b"2"), (50_000_001, b"3")]
        pool.close()

    def test_items_larger_than_a_worker_may_be(self) -> None:
        pool = Pool(1, memory=256 << 20)
        results = run(pool, len, [b"1", bytes(300_000_000), b"3"])
        assert values(results) == [1, None, 1]
        assert results[1].status == "error"
        assert "MemoryError" in results[1].reason
        pool.close()

    def test_many_tiny_items(self, pool: Pool) -> None:
        assert values(run(pool, double, range(100_000))) == list(range(0, 200_000, 2))

    def test_no_items(self, pool: Pool) -> None:
        assert run(pool, double, []) == []
        assert pool.processes == []

    def test_more_functions_than_a_worker_keeps(self, pool: Pool) -> None:
        for _ in range(2):
            for i in range(pool_module.FUNCTIONS + 5):
                assert values(run(pool, functools.partial(pow, i), [2])) == [i * i]

    def test_numpy_and_samples(self, pool: Pool) -> None:
        import numpy as np

        samples = [Sample("?", "word " * i, reference=np.arange(i)) for i in range(5)]
        results = run(pool, lambda s: float(len(s.text.split()) + s.reference.sum()), samples)
        assert values(results) == [0.0, 1.0, 3.0, 6.0, 10.0]


@dataclass(frozen=True, eq=False, repr=False)  # not @part, which would register it for other tests too
class Counting(Leaf):
    word: str = "a"

    def grade(self, sample: Sample) -> float:
        return float(sample.text.count(self.word))


def module_of_this_process_alone(name: str, code: str, file: Path | None = None) -> types.ModuleType:
    if file is None:
        module = types.ModuleType(name)
        exec(code, vars(module))  # noqa: S102
    else:
        file.write_text(code)
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


class TestOrigins:
    def test_a_bound_method_of_a_reward(self, pool: Pool) -> None:
        results = run(pool, Counting("b").grade, [Sample("?", "b" * i) for i in range(3)])
        assert values(results) == [0.0, 1.0, 2.0]

    @pytest.mark.parametrize("from_file", [False, True])
    def test_a_module_that_only_this_process_has(
        self, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_file: bool
    ) -> None:
        name = f"here_alone_{from_file}"
        code = "def help(x):\n    return x + 1\ndef work(x):\n    return help(x)\nclass Box:\n    pass\n"
        module = module_of_this_process_alone(name, code, tmp_path / "elsewhere.py" if from_file else None)
        monkeypatch.setitem(sys.modules, name, module)
        assert values(run(pool, module.work, range(3))) == [1, 2, 3]
        assert values(run(pool, functools.partial(module.work), range(3))) == [1, 2, 3]
        assert values(run(pool, lambda x: module.work(x), range(3))) == [1, 2, 3]
        assert values(run(pool, lambda x: type(x).__name__, [module.Box()])) == ["Box"]

    def test_a_module_whose_name_means_another_file_to_others(
        self, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "path").mkdir()
        (tmp_path / "path" / "twin_module.py").write_text("def work(x):\n    return 'theirs'\n")
        monkeypatch.syspath_prepend(tmp_path / "path")
        ours = module_of_this_process_alone("twin_module", "def work(x):\n    return 'ours'\n", tmp_path / "ours.py")
        monkeypatch.setitem(sys.modules, "twin_module", ours)
        assert values(run(pool, ours.work, [1])) == ["ours"]

    def test_a_module_that_is_nowhere(self, pool: Pool) -> None:
        class Function:
            def __reduce__(self) -> Any:
                return importlib.import_module, ("there_is_no_such_module",)

            def __call__(self, x: int) -> int:
                return x

        results = run(pool, Function(), range(100))
        assert {r.status for r in results} == {"error"}
        assert "No module named 'there_is_no_such_module'" in results[0].reason

    def test_the_path_and_folder_of_the_caller(
        self, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert values(run(pool, double, range(50))) == list(range(0, 100, 2))  # the workers are there before
        (tmp_path / "late_module.py").write_text("def work(x):\n    return open('word').read() * x\n")
        (tmp_path / "word").write_text("so ")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.chdir(tmp_path)
        module = importlib.import_module("late_module")
        assert values(run(pool, module.work, [1, 2])) == ["so ", "so so "]

    def test_code_without_a_module(self, pool: Pool) -> None:
        for name in ("__main__", "notebook", None):
            space: dict[str, Any] = {} if name is None else {"__name__": name}
            exec("def help(x):\n    return x + 1\ndef work(x):\n    return help(x)", space)  # noqa: S102 - as notebooks do
            assert values(run(pool, space["work"], range(3))) == [1, 2, 3]


SCRIPT = """
from plaudit.engine.pool import shared
class Point:
    def __init__(self, x): self.x = x
def help(x): return x + 1
def work(p): return help(p.x)
print("body")
print([r.value for r in shared().submit(work, [Point(i) for i in range(5)], 30.0).result()])
print([r.value for r in shared().submit(lambda x: x * 2, [1, 2], 30.0).result()])
"""


class TestPrograms:
    """Whole programs, in processes of their own."""

    @pytest.mark.parametrize("how", ["file", "stdin", "-c"])
    def test_without_a_guard(self, tmp_path: Path, how: str) -> None:
        (tmp_path / "script.py").write_text(SCRIPT)
        arguments = {"file": [str(tmp_path / "script.py")], "stdin": ["-"], "-c": ["-c", SCRIPT]}[how]
        given = SCRIPT if how == "stdin" else ""
        ended = subprocess.run([sys.executable, *arguments], input=given, capture_output=True, text=True, timeout=60)
        assert (ended.stdout, ended.stderr) == ("body\n[1, 2, 3, 4, 5]\n[2, 4]\n", "")

    def test_what_the_work_prints_and_reads(self) -> None:
        script = """
import os, subprocess, sys, threading
from plaudit.engine.pool import Pool
def work(x):
    print("printed", x, flush=True)
    os.write(1, b"written\\n")
    subprocess.run(["echo", "echoed"])
    threading.Thread(target=threading.Event().wait).start()
    got = sys.stdin.read(), os.read(0, 10)
    for fd in (0, 1, 2): os.close(fd)
    return got
print([r[:3] for r in Pool(1).submit(work, [1], 30.0).result()])
"""
        ended = subprocess.run([sys.executable, "-c", script], input="secret", capture_output=True, text=True)
        assert ended.stdout == "[(('', b''), '', '')]\n"
        assert sorted(ended.stderr.split("\n")) == ["", "echoed", "printed 1", "written"]

    def test_start_up_hooks_that_print(self, tmp_path: Path) -> None:
        (tmp_path / "sitecustomize.py").write_text("print('welcome', flush=True)")
        script = "from plaudit.engine.pool import Pool\nprint(Pool(1).submit(abs, [-1], 30.0).result()[0].value)"
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        assert (ended.stdout, ended.stderr) == ("welcome\n1\n", "")

    @pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
    def test_a_parent_without_standard_streams(self, tmp_path: Path, closed: tuple[int, ...]) -> None:
        script = f"""
import os
for fd in {closed}: os.close(fd)
from plaudit.engine.pool import Pool
pool = Pool(1)
results = pool.submit(lambda x: print(x, flush=True) or x, range(10), 30.0).result()
open({str(tmp_path / "out")!r}, "w").write(str([r.value for r in results]))
"""
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60)
        assert (tmp_path / "out").read_text() == str(list(range(10)))

    def test_the_end_of_the_program(self) -> None:
        """No close: one pool is hung, one is idle, one was never used; nothing is left and nothing is said."""
        script = """
from plaudit.engine.pool import Pool, shared
def hang(x):
    while True: pass
Pool()
pool = Pool(1)
pool.submit(abs, [1], 30.0).result()
shared().submit(abs, [1, 2, 3, 4], 30.0).result()
future = shared().submit(hang, [1, 2, 3], 60.0)
print(*pool.processes, *shared().processes)
"""
        ended = subprocess.run([sys.executable, "-X", "dev", "-c", script], capture_output=True, text=True, timeout=60)
        assert ended.stderr == ""
        pids = [int(pid) for pid in ended.stdout.split()]
        assert len(pids) >= 2
        assert all(dead(pid) for pid in pids)

    HUNG = """
import os, sys
from plaudit.engine.pool import Pool
def hang(x):
    while True: pass
pool = Pool(2)
pool.submit(abs, range(64), 30.0).result()
future = pool.submit(hang, [1, 2], 300.0)
print(*pool.processes, flush=True)
"""

    def test_a_killed_program_leaves_no_workers(self) -> None:
        script = self.HUNG + "future.result()"
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            pids = [int(pid) for pid in program.stdout.readline().split()]
            program.kill()
        assert len(pids) == 2
        assert all(dead(pid) for pid in pids)

    def test_ctrl_c(self) -> None:
        # A test run in the background is started with SIGINT ignored, and its children inherit that.
        script = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler){self.HUNG}
try:
    print("waiting", flush=True)
    future.result()
except KeyboardInterrupt:
    for pid in pool.processes: os.kill(pid, 0)
    print("still", len(pool.processes), pool.submit(abs, [], 1.0).result())
"""
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as program:
            assert program.stdout is not None
            assert program.stderr is not None
            pids = [int(pid) for pid in program.stdout.readline().split()]
            assert program.stdout.readline() == "waiting\n"
            os.killpg(program.pid, signal.SIGINT)
            assert program.stdout.read() == "still 2 []\n"
            assert program.stderr.read() == ""
        assert program.returncode == 0
        assert all(dead(pid) for pid in pids)

    def test_fork(self) -> None:
        script = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from plaudit.engine.pool import Pool, shared
def hang(x):
    while True: pass
def values(pool): return [r.value for r in pool.submit(lambda x: x + 1, range(200), 30.0).result()]
own = Pool(2)
assert values(own) == values(shared()) == list(range(1, 201))
before = sorted(own.processes + shared().processes)
busy = own.submit(lambda x: sum(range(x)), [20_000] * 2000, 30.0)  # at work while the process forks
child = os.fork()
if child == 0:
    assert own.processes == []
    assert values(own) == values(shared()) == list(range(1, 201))
    assert not set(before) & set(own.processes + shared().processes)
    assert own.submit(hang, [1], 0.1).result()[0].status == "timeout"
    print(*own.processes, *shared().processes, flush=True)
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert {r.value for r in busy.result()} == {199_990_000}
assert values(own) == values(shared()) == list(range(1, 201))
assert sorted(own.processes + shared().processes) == before
"""
        ended = subprocess.run([sys.executable, "-X", "dev", "-c", script], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert all(dead(int(pid)) for pid in ended.stdout.split())


class TestUse:
    def test_many_threads(self, pool: Pool) -> None:
        found: dict[int, list[Any]] = {}

        def ask(k: int) -> None:
            found[k] = [values(run(pool, lambda x: (k, x), range(n))) for n in range(1, 30)]

        threads = [threading.Thread(target=ask, args=[k]) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {k: [[(k, x) for x in range(n)] for n in range(1, 30)] for k in range(8)}

    def test_a_long_batch_does_not_keep_others_waiting(self, pool: Pool) -> None:
        def work(x: int) -> int:
            ends = monotonic() + 0.01
            while monotonic() < ends:
                pass
            return x

        long = pool.submit(work, range(1000), LONG)
        assert values(run(pool, double, range(10))) == list(range(0, 20, 2))
        assert not long.done()
        assert long.cancel()

    def test_cancel(self, tmp_path: Path) -> None:
        pool = Pool(1)
        first = pool.submit(spinning, [1], 0.3)
        second = pool.submit(lambda x: (tmp_path / "ran").write_text("yes"), [1], LONG)
        third = pool.submit(double, [1], LONG)
        assert second.cancel()
        assert [r.status for r in first.result()] == ["timeout"]
        assert values(third.result()) == [2]
        with pytest.raises(CancelledError):
            second.result()
        assert not (tmp_path / "ran").exists()
        running = pool.submit(spinning, [1, 2], 0.1)
        assert running.cancel()
        assert values(run(pool, double, [1])) == [2]
        pool.close()

    def test_close_while_busy(self) -> None:
        pool = Pool(2)
        assert values(run(pool, double, range(100))) == list(range(0, 200, 2))
        pids = pool.processes
        futures: list[Future[list[Result]]] = [pool.submit(spinning, range(3), LONG) for _ in range(3)]
        pool.close()
        assert pool.processes == []
        assert all(dead(pid) for pid in pids)
        for future in futures:
            with pytest.raises(CancelledError):
                future.result(0)
        with pytest.raises(RuntimeError, match="closed"):
            pool.submit(double, [1], 1.0)
        pool.close()

    def test_the_shared_pool(self) -> None:
        pool = shared()
        assert shared() is pool
        assert values(run(pool, double, [1])) == [2]
        shutdown()
        assert pool.processes == []
        assert shared() is not pool
        assert values(run(shared(), double, [1])) == [2]
        shutdown()
        shutdown()

    def test_no_worker_can_be_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(memory: int) -> None:
            raise OSError(11, "Resource temporarily unavailable")

        pool = Pool(2)
        with monkeypatch.context() as patch:
            patch.setattr(pool_module, "_Worker", fail)
            futures = [pool.submit(double, [1], LONG) for _ in range(3)]
            for future in futures:
                with pytest.raises(RuntimeError, match=r"broke down: .*temporarily unavailable"):
                    future.result(30)
        assert values(run(pool, double, [1])) == [2]
        pool.close()

    def test_fewer_workers_than_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pool, start = Pool(4), pool_module._Worker
        started: list[Any] = []

        def once(memory: int) -> Any:
            if started:
                raise OSError(11, "Resource temporarily unavailable")
            started.append(start(memory))
            return started[0]

        monkeypatch.setattr(pool_module, "_Worker", once)
        assert values(run(pool, double, range(1000))) == list(range(0, 2000, 2))
        assert len(pool.processes) == 1
        pool.close()

    def test_a_fault_of_the_manager_while_work_is_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(self: Any, *_: Any) -> None:
            raise KeyError("a bug")

        pool = Pool(2)
        with monkeypatch.context() as patch:
            patch.setattr(batch_module.Batch, "keep", fail)
            pids: list[int] = []
            with pytest.raises(RuntimeError, match="broke down: KeyError: 'a bug'"):
                pool.submit(double, range(50), LONG).result(30)
        assert pool.processes == pids
        assert values(run(pool, double, range(50))) == list(range(0, 100, 2))
        pool.close()

    def test_as_many_workers_as_cores(self) -> None:
        assert Pool().size == len(os.sched_getaffinity(0))


def test_chaos() -> None:
    """5,000 items from 8 threads: one in ten raises, one in twenty hangs, one in fifty crashes, one in fifty bloats."""
    number, threads, limit = 5000, 8, 0.1

    def fault(x: int) -> str:
        k = x * 37 % 100  # 37 and 100 have no common factor: every hundred has each fault as often as it should
        return "raise" if k < 10 else "hang" if k < 15 else "crash" if k < 17 else "bloat" if k < 19 else ""

    def work(x: int) -> int:
        match fault(x):
            case "raise":
                raise ValueError(f"no {x}")
            case "hang":
                while True:
                    pass
            case "crash":
                ctypes.string_at(0)
            case "bloat":
                return len(bytearray(1 << 40))
        return x * x

    expected: dict[str, Callable[[int], tuple[Any, str, str]]] = {
        "raise": lambda x: (None, "error", f"ValueError: no {x}"),
        "hang": lambda x: (None, "timeout", "took longer than 0.1 s"),
        "crash": lambda x: (None, "error", "the worker process died of SIGSEGV (a crash in native code)"),
        "bloat": lambda x: (None, "error", "out of memory"),
        "": lambda x: (x * x, "", ""),
    }
    pool = Pool(4)
    found: dict[int, tuple[Any, str, str]] = {}

    def ask(k: int) -> None:
        mine = range(k, number, threads)
        for start in range(0, len(mine), 100):
            part = mine[start : start + 100]
            found.update(zip(part, (r[:3] for r in run(pool, work, part, limit)), strict=True))

    asking = [threading.Thread(target=ask, args=[k]) for k in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert found == {x: expected[fault(x)](x) for x in range(number)}
    pids = pool.processes
    pool.close()
    assert pool.processes == []
    assert all(dead(pid) for pid in pids)
