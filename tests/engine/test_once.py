"""Nothing is asked twice: in a batch, across calls, across threads; and nothing waits for itself."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import plaudit as pl
from plaudit.core.registry import _parts, names
from plaudit.engine import once
from plaudit.engine.cache import Cache

CALLS: Counter[str] = Counter()
GATES: dict[str, threading.Event] = {}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty memory, no calls counted, and no part left registered."""
    names()  # the built-ins, which are registered only once
    before = dict(_parts)
    monkeypatch.setattr(once, "_memory", Cache())
    CALLS.clear()
    GATES.clear()
    yield
    _parts.clear()
    _parts.update(before)


def counting(price: str = "device", status: str = "") -> Any:
    """A leaf that counts whom it grades; its value is the length of the text."""

    class Counting(pl.Leaf):
        scale: float = 1.0
        cost = price  # type: ignore[assignment]  # a plain string here
        range = (0.0, 100.0)

        def grade(self, sample: pl.Sample) -> Any:
            CALLS[sample.text] += 1
            return (status, "not now") if status else self.scale * len(sample.text)

    return pl.part(Counting)


def samples(*texts: str) -> list[pl.Sample]:
    return [pl.Sample("?", text, id=str(i)) for i, text in enumerate(texts)]


def test_equal_contents_of_a_batch_are_graded_once() -> None:
    scores = counting()().score(samples("a", "bb", "a", "a"))
    assert scores.values.tolist() == [1.0, 2.0, 1.0, 1.0]
    assert CALLS == {"a": 1, "bb": 1}
    assert scores.spent["calls"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert scores.spent["hits"].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_what_differs_in_anything_a_reward_may_read_is_graded_apart() -> None:
    given = [
        pl.Sample("?", "a"),
        pl.Sample("!", "a"),
        pl.Sample("?", "a", reference="r"),
        pl.Sample("?", "a", task="t"),
        pl.Sample("?", "a", meta={"user": 1}),
        pl.Sample("?", "a", id="x", group="g", source="s"),  # these three are not content
    ]
    counting()().score(given)
    assert CALLS == {"a": 5}


def test_across_calls_but_not_across_fields() -> None:
    part = counting()
    part().score(samples("a"))
    part().score(samples("a"))
    assert CALLS["a"] == 1
    assert part(2.0).score(samples("a")).values.tolist() == [2.0]
    assert CALLS["a"] == 2


def test_a_name_or_a_time_limit_makes_no_difference() -> None:
    part = counting()
    part().score(samples("a"))
    part(name="other", timeout=9.0).score(samples("a"))
    assert CALLS["a"] == 1


def test_what_is_free_is_not_remembered() -> None:
    counting("free")().score(samples("a", "a"))
    assert CALLS["a"] == 2


def test_what_asks_the_policy_is_not_remembered() -> None:
    counting("policy")().score(samples("a", "a"))
    assert CALLS["a"] == 2


def test_what_has_no_score_is_asked_again() -> None:
    part = counting(status="unparsed")
    part().score(samples("a", "a"))
    part().score(samples("a"))
    assert CALLS["a"] == 2  # once a call


def test_equal_parts_of_an_expression_answer_once() -> None:
    part = counting()
    leaf = part()
    reward = leaf + 0.5 * pl.Gate(leaf, part(3.0, name="thrice"), name="gated")
    scores = reward.score(samples("a", "bb"))
    assert scores.values.tolist() == [1 + 0.5 * 3, 2 + 0.5 * 6]
    assert CALLS == {"a": 2, "bb": 2}  # once with each scale
    assert scores["gated.counting"].weight is None
    assert scores["counting"].weight is not None


def test_live_functions_are_not_remembered() -> None:
    live = pl.reward(lambda sample: CALLS.update([sample.text]) or 1.0, cost="device")
    live.score(samples("a", "a"))
    assert CALLS["a"] == 2


def test_a_sample_without_content_is_graded_all_the_same() -> None:
    given = [pl.Sample("?", "a", meta={"live": object()}) for _ in range(2)]
    assert counting()().score(given).values.tolist() == [1.0, 1.0]
    assert CALLS["a"] == 2


def waiting() -> Any:
    """A leaf that waits, in a thread, until its text's gate is opened."""

    class Waiting(pl.Leaf):
        cost = "model"

        def grade(self, sample: pl.Sample) -> float:
            CALLS[sample.text] += 1
            gate = GATES.get(sample.text)
            assert gate is None or gate.wait(30)
            return 1.0

    return pl.part(Waiting)


def test_a_content_in_flight_is_one_call() -> None:
    GATES["slow"] = threading.Event()
    reward = waiting()()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(reward.score, samples("slow", "b")) for _ in range(8)]
        while not CALLS["slow"]:
            pass
        GATES["slow"].set()
        assert [f.result(30).values.tolist() for f in asked] == [[1.0, 1.0]] * 8
    assert CALLS == {"slow": 1, "b": 1}


def test_results_of_model_calls_are_kept_as_they_arrive(tmp_path: Path) -> None:
    GATES["last"] = threading.Event()
    cache = Cache(tmp_path)
    context = pl.Context(cache=cache)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(waiting()().score, samples("a", "b", "last"), context)
        while sum(u.grades for u in cache.usage()) < 2:  # the third still waits
            assert not asked.done()
        GATES["last"].set()
        assert asked.result(30).values.tolist() == [1.0, 1.0, 1.0]
    assert sum(u.grades for u in Cache(tmp_path).usage()) == 3


def test_a_reward_that_scores_within_itself_does_not_wait_for_itself() -> None:
    class Nested(pl.Leaf):
        cost = "device"

        def grade(self, sample: pl.Sample) -> float:
            CALLS[sample.text] += 1
            return 1.0 if CALLS[sample.text] > 1 else float(self.score([sample]).values[0])

    assert pl.part(Nested)().score(samples("a")).values.tolist() == [1.0]


def test_whoever_waits_for_a_run_that_failed_grades_itself() -> None:
    GATES["a"] = threading.Event()

    class Failing(pl.Leaf):
        cost = "model"

        def grade(self, sample: pl.Sample) -> float:
            CALLS[sample.text] += 1
            assert GATES["a"].wait(30)
            if CALLS["a"] == 1:
                raise RuntimeError("the first call fails")
            return 1.0

    reward = pl.part(Failing)()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(reward.score, samples("a"))
        while not CALLS["a"]:
            pass
        second = threads.submit(reward.score, samples("a"))
        GATES["a"].set()
        statuses = sorted(str(f.result(30).status[0]) for f in (first, second))
    assert statuses in (["error", "error"], ["error", "ok"])  # a waiter hears of the failure, or came after it


def test_a_disk_cache_serves_another_memory(tmp_path: Path) -> None:
    part = counting()
    part().score(samples("a", "bb"), pl.Context(cache=Cache(tmp_path)))
    scores = part().score(samples("bb", "a"), pl.Context(cache=Cache(tmp_path)))
    assert scores.values.tolist() == [2.0, 1.0]
    assert CALLS == {"a": 1, "bb": 1}
