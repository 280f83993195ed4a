"""Limits, and where work runs: deadlines, time-outs, what waits together, events, the caller's thread, forks."""

from __future__ import annotations

import asyncio
import contextvars
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.errors import ConfigError
from plaudit.engine import background
from plaudit.engine.cache import Cache
from plaudit.engine.events import Event

PASSED = r"the deadline( of [\d.]+ s)? had passed"


def samples(*texts: str) -> list[pl.Sample]:
    return [pl.Sample("?", text, id=str(i)) for i, text in enumerate(texts)]


def worker(sample: pl.Sample) -> float:
    """Hang if told so, else take long enough (over 5 ms) for the worker to tell of it at once."""
    time.sleep(3600 if sample.text == "hang" else 0.01)
    return 0.5


def fresh_process(code: str) -> str:
    """Run a script in a process of its own; return what it printed."""
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


class TestDeadline:
    def test_what_is_done_by_then_keeps_its_score(self) -> None:
        reward = pl.reward(worker, timeout=60.0)
        reward.score(samples("warm"))
        scores = reward.score(samples("a", "b", "hang", "hang", "hang"), pl.Context(deadline=1.5))
        assert scores.status.tolist() == ["ok", "ok", "timeout", "timeout", "timeout"]
        assert scores.values[:2].tolist() == [0.5, 0.5]
        for reason in scores.reason[2:]:
            assert re.fullmatch(PASSED, reason)

    def test_nothing_is_begun_after_it(self) -> None:
        begun: list[str] = []
        deadline = 0.05

        @pl.reward(cost="free")
        def late(sample: pl.Sample) -> float:
            until = time.monotonic() + deadline
            while time.monotonic() <= until:
                pass
            return 1.0

        @pl.reward(cost="free")
        def behind(sample: pl.Sample) -> float:
            begun.append(sample.text)
            return 1.0

        scores = pl.Gate(late, behind).score(samples("a", "b"), pl.Context(deadline=deadline))
        assert begun == []
        assert scores["late"].status.tolist() == ["ok", "ok"]
        assert scores["behind"].status.tolist() == scores.status.tolist() == ["timeout", "timeout"]
        assert set(scores["behind"].reason) == {"the deadline of 0.05 s had passed"}

    def test_a_call_that_waits_beyond_it(self) -> None:
        @pl.reward(cost="model", timeout=60.0)
        async def waits(sample: pl.Sample) -> float:
            if sample.text == "hang":
                await asyncio.Event().wait()
            return 0.5

        scores = waits.score(samples("a", "hang"), pl.Context(deadline=0.2))
        assert scores.status.tolist() == ["ok", "timeout"]
        assert re.fullmatch(PASSED, scores.reason[1])

    @pytest.mark.parametrize("deadline", [0, -1.0, float("nan")])
    def test_one_that_is_no_time_is_refused(self, deadline: float) -> None:
        with pytest.raises(ConfigError, match=r"deadline=.*: it is a positive number of seconds"):
            pl.Context(deadline=deadline)


class TestTimeout:
    def test_of_a_users_reward(self) -> None:
        scores = pl.reward(worker, timeout=0.3).score(samples("a", "hang", "b"))
        assert scores.status.tolist() == ["ok", "timeout", "ok"]
        assert scores.reason[1] == "took longer than 0.3 s"

    def test_of_a_built_in_one(self) -> None:
        scores = pl.Format(regex="(a+)+b", timeout=0.3).score(samples("aab", "a" * 60, "b"))
        assert scores.values[[0, 2]].tolist() == [1.0, 0.0]
        assert (scores.status[1], scores.reason[1]) == ("timeout", "took longer than 0.3 s")

    def test_of_a_call_that_waits(self) -> None:
        release = threading.Event()

        def waits(sample: pl.Sample) -> float:
            assert sample.text != "hang" or release.wait(60)
            return 0.5

        async def waits_too(sample: pl.Sample) -> float:
            if sample.text == "hang":
                await asyncio.Event().wait()
            return 0.5

        try:
            for call in (waits, waits_too):
                scores = pl.reward(call, cost="model", timeout=0.2).score(samples("a", "hang"))
                assert scores.status.tolist() == ["ok", "timeout"]
                assert scores.reason[1] == "took longer than 0.2 s"
        finally:
            release.set()

    def test_standing_in_line_does_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(background, "THREADS", 1)
        background.slots.cache_clear()

        @pl.reward(cost="model", timeout=1.0)
        def takes_its_time(sample: pl.Sample) -> float:
            time.sleep(0.2)
            return 0.5

        try:
            scores = takes_its_time.score(samples(*"abcdefgh"))  # 1.6 s in all
        finally:
            background.slots.cache_clear()
        assert scores.values.tolist() == [0.5] * 8

    @pytest.mark.parametrize("error", [TimeoutError("the judge was busy"), StopIteration("no more")])
    def test_a_calls_own_exception_keeps_its_text(self, error: Exception) -> None:
        def raises(sample: pl.Sample) -> float:
            raise error

        scores = pl.reward(raises, cost="model").score(samples("a"))
        assert scores.status[0] == ("timeout" if isinstance(error, TimeoutError) else "error")
        assert f"{type(error).__name__}: {error}" in scores.reason[0]

    @pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
    @pytest.mark.parametrize(
        "make", [lambda t: pl.reward(timeout=t)(worker), lambda t: pl.Answer("math", timeout=t)], ids=["user", "part"]
    )
    def test_one_that_is_no_time_is_refused(self, make: Callable[[float], Any], timeout: float) -> None:
        with pytest.raises(ConfigError, match=r"timeout.* a (positive number of seconds|finite number)"):
            make(timeout)


class TestWaitingTogether:
    """Each call waits for all the others: if they came one after another, none would ever return."""

    def test_calls_that_block(self) -> None:
        barrier = threading.Barrier(16)
        reward = pl.reward(lambda sample: float(barrier.wait(60) >= 0), cost="model")
        assert reward.score(samples(*map(str, range(16)))).values.tolist() == [1.0] * 16

    def test_calls_that_are_async(self) -> None:
        barrier = asyncio.Barrier(200)

        @pl.reward(cost="model")
        async def waits(sample: pl.Sample) -> float:
            return float(await barrier.wait() >= 0)

        assert waits.score(samples(*map(str, range(200)))).values.tolist() == [1.0] * 200

    def test_two_parts_of_one_expression(self) -> None:
        barrier = threading.Barrier(2)

        @pl.reward(cost="model")
        def one(sample: pl.Sample) -> float:
            return float(barrier.wait(60) >= 0)

        @pl.reward(cost="model")
        async def other(sample: pl.Sample) -> float:
            return await asyncio.to_thread(lambda: float(barrier.wait(60) >= 0))

        assert (one + 0.5 * other).score(samples("a")).values.tolist() == [1.5]

    def test_workers_and_calls(self) -> None:
        """The call returns when the worker has begun, which a file says."""
        read, write = os.pipe()
        path = f"/proc/{os.getpid()}/fd/{write}"
        if not os.path.exists(path):  # noqa: PTH110 - a link that leads nowhere
            pytest.skip("needs /proc")

        @pl.reward(cost="cpu")
        def begins(sample: pl.Sample) -> float:
            with open(path, "wb") as pipe:  # noqa: PTH123 - in a worker, as short as can be
                pipe.write(b"!")
            return 1.0

        @pl.reward(cost="model")
        def hears(sample: pl.Sample) -> float:
            return float(os.read(read, 1) == b"!")

        try:
            assert (hears + begins).score(samples("a")).values.tolist() == [2.0]
        finally:
            os.close(read)
            os.close(write)


class TestEvents:
    def test_one_a_part_with_what_it_did(self) -> None:
        seen: list[tuple[Event, int]] = []

        @pl.part
        class LimitsDevice(pl.Leaf):
            cost = "device"

            def grade(self, sample: pl.Sample) -> Any:
                return ("unparsed", "what?") if sample.text == "odd" else 1.0

        reward = pl.Gate(pl.Format("boxed"), LimitsDevice(), name="gated") + 0.5 * pl.Length(target=1, width=1)
        given = samples(*[rf"\boxed{{{text}}}" for text in "aab"], "plain")
        context = pl.Context(cache=Cache(), on_event=lambda event: seen.append((event, threading.get_ident())))
        reward.score(given, context)
        assert {thread for _, thread in seen} == {threading.get_ident()}
        events = {event.part: event for event, _ in seen}
        assert len(seen) == len(events)
        rows = {name: event.rows for name, event in events.items()}
        assert rows == {"format": 4, "limits_device": 3, "gated": 4, "length": 4, reward.label: 4}
        device = events["limits_device"]
        assert (device.calls, device.hits, device.statuses) == (2, 1, {"ok": 3})  # two of the three are equal
        assert device.reward == "LimitsDevice()"
        assert events["format"].statuses == {"ok": 4}
        assert 0 <= device.busy <= device.wall <= events["gated"].wall <= events[reward.label].wall
        names = [event.part for event, _ in seen]
        assert names.index("format") < names.index("limits_device") < names.index("gated") < len(names) - 1

        seen.clear()
        reward.score(given, context)
        device = next(event for event, _ in seen if event.part == "limits_device")
        assert (device.calls, device.hits) == (0, 3)

    def test_statuses_are_counted(self) -> None:
        seen: list[Event] = []

        @pl.reward(cost="free", needs=["reference"])
        def picky(sample: pl.Sample) -> Any:
            return {"a": 1.0, "b": None, "c": ("unparsed", "?"), "d": float("nan")}[sample.text]

        picky.score(
            [pl.Sample("?", t, reference="r") for t in "aabcd"] + samples("a"), pl.Context(on_event=seen.append)
        )
        (event,) = seen
        assert event.statuses == {"ok": 2, "missing": 1, "unparsed": 1, "error": 1, "invalid": 1}
        assert (event.part, event.rows) == ("picky", 6)

    def test_equal_parts_are_one_event(self) -> None:
        seen: list[Event] = []
        length = pl.Length(target=1, width=1)
        reward = length + pl.Gate(pl.Format("boxed"), length, name="again")
        reward.score(samples(r"\boxed{1}"), pl.Context(on_event=seen.append))
        assert [event.part for event in seen].count("length") == 1


class TestTheCallersThread:
    @pytest.mark.parametrize("cost", ["free", "device"])
    def test_its_state_is_seen(self, cost: Any) -> None:
        here = threading.local()
        variable: contextvars.ContextVar[float] = contextvars.ContextVar("variable", default=0.0)

        @pl.reward(cost=cost)
        def reads(sample: pl.Sample) -> float:
            return getattr(here, "value", 0.0) + variable.get()

        async def elsewhere() -> float:
            return float((await (reads + pl.Format("boxed")).ascore(samples("a"))).values[0])

        here.value, token = 0.25, variable.set(0.5)
        try:
            assert reads.score(samples("a", "b")).values.tolist() == [0.75, 0.75]
            assert asyncio.run(elsewhere()) == 0.75
        finally:
            variable.reset(token)

    def test_an_expression_without_io_starts_no_thread(self) -> None:
        printed = fresh_process("""
import threading
import plaudit as pl

device = pl.reward(lambda sample: 1.0, cost="device", range=(0, 1))
reward = pl.Answer("exact") + 0.5 * pl.Gate(pl.Format("answer"), device, name="gated")
assert reward.score([pl.Sample("?", "<answer>a</answer>", reference="a")]).values.tolist() == [1.5]
print([t.name for t in threading.enumerate()])
pl.reward(lambda sample: 1.0).score([pl.Sample("?", "a")])
print(sorted(t.name for t in threading.enumerate()))
""")
        assert printed.splitlines() == ["['MainThread']", "['MainThread', 'plaudit-pool']"]


class TestProcesses:
    def test_a_call_that_hangs_does_not_keep_the_process(self) -> None:
        printed = fresh_process("""
import threading
import plaudit as pl

hangs = pl.reward(lambda sample: threading.Event().wait(), cost="model", timeout=0.1)
print(hangs.score([pl.Sample("?", "a")]).reason)
""")
        assert printed == "['took longer than 0.1 s']\n"

    def test_a_reward_that_can_not_be_sent_says_so(self) -> None:
        lock = threading.Lock()

        @pl.reward
        def holds(sample: pl.Sample) -> float:
            with lock:
                return 1.0

        with pytest.raises(ConfigError, match=r"holds can't be sent to a worker process.*lock.*declare cost=\"free\""):
            (holds + pl.Format("answer")).score(samples("a"))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_after_a_fork_both_can_score(self) -> None:
        printed = fresh_process("""
import asyncio, os
import plaudit as pl

@pl.reward(range=(0, 1))
def worked(sample):
    return len(sample.text) / 10

@pl.reward(range=(0, 1), cost="model")
def waited(sample):
    return len(sample.text) / 10

@pl.reward(range=(0, 1), cost="model")
async def awaited(sample):
    await asyncio.sleep(0)
    return len(sample.text) / 10

reward = worked + waited + awaited

def check(*texts):
    scores = reward.score([pl.Sample("?", text) for text in texts])
    assert set(scores.status) == {"ok"}, scores.reason
    assert scores["worked"].values.tolist() == [len(text) / 10 for text in texts]

check("a", "bb")
child = os.fork()
if child == 0:
    check("ccc", "dddd", "a")
    print("child", flush=True)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
check("eeeee", "bb")
print("parent")
""")
        assert printed == "child\nparent\n"
