"""A run: who is asked what, which fault becomes which status, and from where ``score`` may be called."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

import plaudit as pl
from plaudit.core.context import Context
from plaudit.core.errors import RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, Reward, Run, part
from plaudit.core.score import Scores

HI, BYE = pl.Sample("", "hi"), pl.Sample("", "goodbye", "ref")


@pytest.fixture(autouse=True)
def nothing_is_left_unawaited() -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(w.message) for w in caught if "never awaited" in str(w.message)] == []


def free(grade: Callable[[pl.Sample], Any], **declared: Any) -> Reward:
    return pl.reward(grade, cost="free", **declared)


@part
class RunOnlyLeaf(Leaf):
    """A leaf whose compute is given by the test."""

    does: Any = None
    range = (0.0, 1.0)

    async def compute(self, samples: Sequence[pl.Sample], run: Run) -> Any:
        return await self.does(samples, run)


@part
class RunOnlyNode(Reward):
    """A composite whose compute is given by the test."""

    inner: Reward
    does: Any = None
    needs: ClassVar[tuple[str, ...]] = ("reference",)

    async def compute(self, samples: Sequence[pl.Sample], run: Run) -> Any:
        return await self.does(self.inner, samples, run)


async def echo(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


class TestStatuses:
    def test_a_crash_is_an_error_of_its_sample_alone(self) -> None:
        scores = free(lambda s: 1 / (len(s.text) - 2)).score([HI, BYE])
        assert [s.value for s in scores.status] == ["error", "ok"]
        assert scores.reason == ["ZeroDivisionError: division by zero", ""]

    @pytest.mark.parametrize("error", [RecordError("torn"), pl.MediaError("torn")])
    def test_the_records_fault_is_invalid(self, error: Exception) -> None:
        def grade(sample: pl.Sample) -> float:
            raise error

        scores = free(grade).score(HI)
        assert (scores.status[0], scores.reason[0]) == ("invalid", "torn")

    @pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), SystemExit(2), AssertionError()])
    def test_any_other_fault_is_an_error(self, error: BaseException) -> None:
        def grade(sample: pl.Sample) -> float:
            raise error

        assert free(grade).score(HI).status.tolist() == ["error"]

    def test_an_interrupt_is_nobodys_grade(self) -> None:
        def grade(sample: pl.Sample) -> float:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            free(grade).score(HI)

    def test_a_missing_field_is_invalid_and_not_asked(self) -> None:
        asked: list[str] = []

        def grade(sample: pl.Sample) -> float:
            asked.append(sample.text)
            return 1.0

        scores = free(grade, needs=["reference", "user"]).score(
            [HI, BYE, pl.Sample("", "x", "y", meta={"user": "ann"}), pl.Sample("", "z", "y", meta={"user": None})]
        )
        assert asked == ["x"]
        assert scores.reason == ["no reference", "no user", "", "no user"]
        assert [s.value for s in scores.status] == ["invalid", "invalid", "ok", "invalid"]

    def test_a_field_that_can_not_be_read_is_invalid(self) -> None:
        scores = free(lambda s: 1.0, needs=["text"]).score([pl.Sample("", 5), HI])
        assert [s.value for s in scores.status] == ["invalid", "ok"]
        assert scores.reason[0].startswith("the response is a int")

    def test_a_defect_is_invalid_for_every_leaf_and_none_looks(self) -> None:
        asked: list[pl.Sample] = []

        def grade(sample: pl.Sample) -> float:
            asked.append(sample)
            return 1.0

        torn = pl.Sample("", "<answer>x</answer>", "x", defect="line 3 is torn")
        tree = free(grade).named("a") + pl.Gate(pl.Format("answer"), pl.Answer("exact"))
        scores = tree.score([torn, BYE])
        assert asked == [BYE]
        for name in ("a", "answer", "answer.format"):
            assert (scores[name].status[0], scores[name].reason[0]) == ("invalid", scores[name].reason[0])
            assert scores[name].reason[0].endswith("line 3 is torn")
        assert scores.status[0] == "invalid"
        assert scores["answer.answer"].status[0] == "skipped"

    @pytest.mark.parametrize(
        ("value", "status"),
        [(1.0 + 1e-12, "ok"), (0.0 - 1e-12, "ok"), (1.001, "error"), (-0.001, "error"), (float("inf"), "error")],
    )
    def test_the_declared_range(self, value: float, status: str) -> None:
        scores = free(lambda s: value, range=(0, 1)).named("r").score(HI)
        assert scores.status.tolist() == [status]
        assert np.isnan(scores.values[0]) == (status == "error")
        if status == "error" and np.isfinite(value):
            assert scores.reason == [f"r returned {value:g}, outside its range [0, 1]"]


class TestCompute:
    @pytest.mark.parametrize(
        ("answer", "statuses"),
        [
            ([0.5, 1], ["ok", "ok"]),
            ([0.5, None], ["ok", "missing"]),
            (np.array([0.5, np.nan]), ["ok", "error"]),
            ([0.5, 7], ["ok", "error"]),
            (Scores([0.5, None], ["ok", "timeout"]), ["ok", "timeout"]),
            ([0.5], ["error", "error"]),
            ([0.5] * 3, ["error", "error"]),
            (["0.5", "1"], ["error", "error"]),
            (None, ["error", "error"]),
            (0.5, ["error", "error"]),
        ],
    )
    def test_what_a_leaf_may_answer(self, answer: Any, statuses: list[str]) -> None:
        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            return answer

        scores = RunOnlyLeaf(does).score([HI, BYE])
        assert [s.value for s in scores.status] == statuses
        assert all(scores.reason[i] for i, s in enumerate(statuses) if s == "error")

    def test_a_leafs_exception_is_a_status(self) -> None:
        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            raise KeyError("x")

        scores = RunOnlyLeaf(does).score([HI, BYE])
        assert [s.value for s in scores.status] == ["error", "error"]
        assert scores.reason[0] == "KeyError: 'x'"

    @pytest.mark.parametrize("answer", [[0.5], "x", None])
    def test_a_composites_wrong_answer_is_raised(self, answer: Any) -> None:
        async def does(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            return answer

        with pytest.raises((ValueError, TypeError)):
            RunOnlyNode(pl.Format("answer"), does).score([BYE, BYE])

    def test_a_composites_exception_is_raised_with_its_traceback(self) -> None:
        async def does(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            await run.gather(run(inner, samples), run(inner, samples))
            raise KeyError("mine")

        async def at_once(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            raise KeyError("mine")

        for how in (does, at_once):
            node = RunOnlyNode(pl.Format("answer"), how)
            for tree in (
                node,
                pl.Format("boxed") + node,
                pl.Gate(node, pl.Format("boxed"), name="g") * node.named("n"),
            ):
                with pytest.raises(KeyError, match="mine") as caught:
                    tree.score([BYE])
                assert caught.traceback[-1].name in ("does", "at_once")

    def test_a_composite_needs_what_it_says(self) -> None:
        async def does(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            assert list(samples) == [BYE]
            return Scores([0.5], terms={"format": await run(inner, samples)})

        scores = RunOnlyNode(pl.Format("answer"), does).score([HI, BYE])
        assert [s.value for s in scores.status] == ["invalid", "ok"]
        assert scores.reason[0] == "no reference"

    def test_a_part_is_asked_for_rows(self) -> None:
        asked: list[str] = []

        def grade(sample: pl.Sample) -> float:
            asked.append(sample.text)
            return float(len(sample.text))

        async def does(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            assert list(run.batch) == list(samples)
            assert run.context.step == 7
            return await run(inner, samples, where=np.array([s.text == "hi" for s in samples]))

        samples = [pl.Sample("", t, "ref") for t in ("hi", "ho", "hi")]
        scores = RunOnlyNode(free(grade), does).score(samples, Context(step=7))
        assert asked == ["hi", "hi"]
        assert [s.value for s in scores.status] == ["ok", "skipped", "ok"]

    def test_a_mask_of_another_length_is_a_bug(self) -> None:
        async def does(inner: Reward, samples: Sequence[pl.Sample], run: Run) -> Any:
            return await run(inner, samples, where=np.array([True]))

        with pytest.raises(ValueError, match="where has 1 rows for 2 samples"):
            RunOnlyNode(pl.Format("answer"), does).score([BYE, BYE])

    def test_no_rows_ask_no_leaf(self) -> None:
        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            raise AssertionError("asked for nothing")

        leaf = RunOnlyLeaf(does)
        assert len(leaf.score([])) == 0
        gate = pl.Gate(pl.Format("answer"), leaf + pl.Format("boxed", name="b"))
        assert gate.score([HI])["sum.run_only_leaf"].status.tolist() == ["skipped"]

    def test_equal_trees_of_other_names_keep_their_own_terms(self) -> None:
        one = pl.Gate(pl.Format("answer"), pl.Answer("exact", name="a"))
        other = pl.Gate(pl.Format("answer"), pl.Answer("exact", name="b"))
        assert one.key == other.key
        scores = (one + other).score(BYE)
        assert list(scores["a"].terms) == ["format", "a"]
        assert list(scores["b"].terms) == ["format", "b"]


class TestEach:
    def test_async_graders_wait_together(self) -> None:
        here: list[int] = []
        everyone: list[asyncio.Event] = []

        async def grade(item: int) -> Any:
            everyone.append(everyone[0] if everyone else asyncio.Event())
            here.append(item)
            if len(here) == 4:
                everyone[0].set()
            await everyone[0].wait()
            return item / 10 if item else Grade(None, "none", pl.Status.UNPARSED)

        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            return await run.each(grade, [0, 1, 2, 3], "model")

        scores = RunOnlyLeaf(does).score([HI] * 4)
        assert scores.values[1:].tolist() == [0.1, 0.2, 0.3]
        assert scores.status[0] == "unparsed"

    def test_a_crash_in_an_async_grader_is_its_own(self) -> None:
        async def grade(item: int) -> float:
            await asyncio.sleep(0)
            return 1 / item

        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            return await run.each(grade, [0, 1], "model")

        scores = RunOnlyLeaf(does).score([HI, BYE])
        assert [s.value for s in scores.status] == ["error", "ok"]

    def test_seconds_are_counted_by_sample(self) -> None:
        scores = free(lambda s: 1.0).score([HI, BYE])
        assert scores.spent["seconds"].shape == (2,)
        assert (scores.seconds >= 0).all()


async def waiting(samples: Sequence[pl.Sample], run: Run) -> Any:
    """A compute that does I/O."""
    assert await run.io(echo("x")) == "x"
    return [0.25] * len(samples)


class TestFromAnywhere:
    def test_a_plain_thread(self) -> None:
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(RunOnlyLeaf(waiting).score(HI).values.tolist()))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [[0.25]] * 8

    def test_inside_a_running_loop(self) -> None:
        async def notebook() -> Any:
            return (RunOnlyLeaf(waiting) + pl.Format("answer")).score(HI).values.tolist()

        assert asyncio.run(notebook()) == [0.25]

    def test_inside_another_reward(self) -> None:
        nested = free(lambda s: RunOnlyLeaf(waiting).score(s).values[0] * 2)
        assert nested.score([HI, BYE]).values.tolist() == [0.5, 0.5]
        assert asyncio.run(nested.ascore([HI, BYE])).values.tolist() == [0.5, 0.5]

    def test_inside_an_async_reward_it_is_refused_rather_than_hanging(self) -> None:
        @pl.reward(cost="model")
        async def inner(sample: pl.Sample) -> float:
            await asyncio.sleep(0)
            return 0.5

        @pl.reward(cost="model")
        async def blocking(sample: pl.Sample) -> float:
            return float(inner.score(sample).values[0])

        @pl.reward(cost="model")
        async def awaiting(sample: pl.Sample) -> float:
            return float((await inner.ascore(sample)).values[0])

        scores = blocking.score(HI)
        assert scores.status.tolist() == ["error"]
        assert "await reward.ascore(...)" in scores.reason[0]
        assert awaiting.score([HI, BYE]).values.tolist() == [0.5, 0.5]

    def test_work_stays_on_the_thread_that_asked(self) -> None:
        seen: set[int] = set()

        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            await run.io(echo(None))
            seen.add(threading.get_ident())
            return [0.0] * len(samples)

        (RunOnlyLeaf(does, name="a") + RunOnlyLeaf(does, name="b") * pl.Format("answer")).score([HI])
        assert seen == {threading.get_ident()}

    def test_ascore_leaves_the_loop_free(self) -> None:
        async def both() -> list[Any]:
            reached = threading.Event()
            go = asyncio.Event()
            loop = asyncio.get_running_loop()
            order: list[str] = []

            async def far() -> None:
                reached.set()
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(go.wait(), loop))

            async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
                await run.io(far())
                order.append("scored")
                return [0.5] * len(samples)

            async def meanwhile() -> None:
                await loop.run_in_executor(None, reached.wait)
                order.append("meanwhile")
                go.set()

            scores, _ = await asyncio.gather(RunOnlyLeaf(does).ascore(HI), meanwhile())
            return [order, scores.values.tolist()]

        assert asyncio.run(both()) == [["meanwhile", "scored"], [0.5]]

    def test_a_cancelled_ascore_closes_what_it_began(self) -> None:
        begun, ended = threading.Event(), threading.Event()

        async def far() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            await run.io(far())

        async def cancelled() -> None:
            tree = RunOnlyLeaf(does, name="a") + pl.Gate(RunOnlyLeaf(does, name="b"), pl.Format("answer"))
            task = asyncio.ensure_future(tree.ascore([HI, BYE]))
            await asyncio.get_running_loop().run_in_executor(None, begun.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.get_running_loop().run_in_executor(None, ended.wait)

        asyncio.run(cancelled())

    @pytest.mark.parametrize("seconds", [0, 1])
    @pytest.mark.parametrize("running", [False, True])
    def test_awaiting_something_foreign_is_a_clear_error(self, seconds: float, running: bool) -> None:
        async def does(samples: Sequence[pl.Sample], run: Run) -> Any:
            await asyncio.sleep(seconds)

        leaf = RunOnlyLeaf(does)
        scores = asyncio.run(leaf.ascore(HI)) if running else leaf.score(HI)
        assert scores.status.tolist() == ["error"]
        assert scores.reason[0].endswith("only an event loop can wait for; wrap it: await run.io(...)")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_after_a_fork_the_child_can_score(self) -> None:
        code = """
import asyncio, os, plaudit as pl

@pl.reward(cost="model")
async def judged(sample):
    await asyncio.sleep(0)
    return 0.5

sample = pl.Sample("", "hi")
assert judged.score(sample).values[0] == 0.5
child = os.fork()
if child == 0:
    fresh = pl.Sample("", "ho")
    os._exit(0 if judged.score(fresh).values[0] == 0.5 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert judged.score(pl.Sample("", "parent")).values[0] == 0.5
print("both")
"""
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert (ran.stdout, ran.returncode) == ("both\n", 0), ran.stderr
