"""The driver: coroutines on the calling thread, beside any event loop, closed when nobody waits for them."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Awaitable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from plaudit.engine import background
from plaudit.engine.driver import Driver, Wait, together


@pytest.fixture(autouse=True)
def nothing_is_left_unawaited() -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(w.message) for w in caught if "never awaited" in str(w.message)] == []


async def value(x: Any) -> Any:
    return x


async def boom(why: str = "boom") -> Any:
    raise ValueError(why)


def test_a_coroutine_that_never_waits() -> None:
    async def main() -> int:
        return int(await value(1) + sum(await together([value(2), value(3)])))

    assert Driver(main()).run() == 6


def test_together_keeps_the_order_and_nests() -> None:
    async def main() -> Any:
        inner: list[Awaitable[Any]] = [together([value(1), value(2)]), value(3), together([])]
        return await together(inner)

    assert Driver(main()).run() == [[1, 2], 3, []]


def test_everything_runs_on_the_calling_thread() -> None:
    async def where() -> int:
        await Wait(background.submit(value(None)))
        return threading.get_ident()

    async def main() -> Any:
        return await together([where(), where()])

    assert Driver(main()).run() == [threading.get_ident()] * 2


def test_those_that_wait_wait_together() -> None:
    first: Future[int] = Future()
    second: Future[int] = Future()

    async def one() -> int:
        second.set_result(2)
        return int(await Wait(first))

    async def other() -> int:
        got = int(await Wait(second))
        first.set_result(1)
        return got

    async def main() -> Any:
        return await together([one(), other()])

    assert Driver(main()).run() == [1, 2]


def test_an_exception_comes_out_with_its_traceback() -> None:
    async def deep() -> Any:
        return await together([value(1), boom("deep")])

    async def main() -> Any:
        return await together([deep(), value(2)])

    with pytest.raises(ValueError, match="deep") as caught:
        Driver(main()).run()
    assert [entry.name for entry in caught.traceback][-1] == "boom"
    assert {"main", "deep"} <= {entry.name for entry in caught.traceback}


def test_an_exception_can_be_caught_where_it_is_awaited() -> None:
    async def main() -> str:
        try:
            await together([boom(), value(1)])
        except ValueError as error:
            return str(error)
        return ""

    assert Driver(main()).run() == "boom"


def test_an_exception_of_a_future_comes_out() -> None:
    async def main() -> Any:
        return await Wait(background.submit(boom("far")))

    with pytest.raises(ValueError, match="far"):
        Driver(main()).run()


def test_when_one_fails_the_others_are_closed() -> None:
    closed: list[str] = []
    never: Future[None] = Future()

    async def waits() -> None:
        try:
            await Wait(never)
        finally:
            closed.append("waits")

    async def main() -> Any:
        return await together([waits(), boom(), waits(), together([value(1), value(2)])])

    with pytest.raises(ValueError, match="boom"):
        Driver(main()).run()
    assert closed == ["waits"], "one was waiting, the other had not begun"


def test_what_was_given_to_one_that_never_began_is_closed_too() -> None:
    async def gather(*given: Any) -> Any:
        return await together(list(given))

    async def main() -> Any:
        return await together([boom(), gather(value(1), gather(value(2))), value(3)])

    with pytest.raises(ValueError, match="boom"):
        Driver(main()).run()


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("seconds", [0, 1])
def test_what_only_a_loop_can_wait_for_is_a_clear_error(running: bool, seconds: float) -> None:
    async def main() -> Any:
        return await asyncio.sleep(seconds)

    async def inside() -> Any:
        return await Driver(main()).arun()

    with pytest.raises(RuntimeError, match=r"compute awaits something that only an event loop.*await run\.io"):
        asyncio.run(inside()) if running else Driver(main()).run()


def test_blocking_inside_a_running_loop() -> None:
    async def main() -> Any:
        return await Wait(background.submit(value(5)))

    async def notebook() -> Any:
        return Driver(main()).run()

    assert asyncio.run(notebook()) == 5


def test_waiting_for_itself_is_refused() -> None:
    async def main() -> Any:
        return await Wait(background.submit(value(5)))

    async def inside() -> Any:
        return Driver(main()).run()

    with pytest.raises(RuntimeError, match=r"would wait for itself; await reward\.ascore"):
        background.submit(inside()).result(10)
    assert background.submit(value(6)).result(10) == 6


def test_arun_leaves_the_loop_free() -> None:
    done: Future[str] = Future()
    order: list[str] = []

    async def main() -> str:
        order.append("asked")
        got = str(await Wait(done))
        order.append("answered")
        return got

    async def meanwhile() -> None:
        order.append("meanwhile")
        done.set_result("yes")

    async def both() -> Any:
        return await asyncio.gather(Driver(main()).arun(), meanwhile())

    assert asyncio.run(both()) == ["yes", None]
    assert order == ["asked", "meanwhile", "answered"]


def test_a_cancelled_arun_closes_everything() -> None:
    never: Future[None] = Future()
    closed: list[int] = []

    async def waits(i: int) -> None:
        try:
            await Wait(never)
        finally:
            closed.append(i)

    async def main() -> Any:
        return await together([waits(0), waits(1)])

    async def cancelled() -> None:
        task = asyncio.ensure_future(Driver(main()).arun())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert sorted(closed) == [0, 1]
    never.set_result(None)  # wakes nobody, on a loop that is closed


def test_an_exit_on_the_background_loop_does_not_end_it() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        background.submit(leave()).result(10)
    assert background.submit(value(7)).result(10) == 7
