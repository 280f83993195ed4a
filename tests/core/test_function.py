"""A user's own functions as rewards: live, in a file, async, over a batch; and what a file may do wrong."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import plaudit as pl
from plaudit.core.errors import ConfigError, ExpressionError
from plaudit.core.reward import Reward

HI, BYE = pl.Sample("", "hi"), pl.Sample("", "goodbye", "ref")

FILE = """
import plaudit as pl

LIMIT = 5

@pl.reward(range=(0, 1), cost="free")
def short(sample):
    return float(len(sample.text) < LIMIT)

@pl.reward(cost="free", over="batch")
def first(samples):
    return [i == 0 for i, _ in enumerate(samples)]

def plain(sample):
    return len(sample.text)

bounded = pl.reward(plain, range=(0, 3), cost="free")
named = pl.Format("answer", name="shape")
both = short + 0.5 * named
anonymous = pl.reward(lambda sample: 1.0, cost="free")
number = 5

@pl.part
class FileOnlyShort(pl.Leaf):
    limit: int = 3

    def grade(self, sample):
        return float(len(sample.text) < self.limit)

made = FileOnlyShort(4)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('user\'s "rewards"') / "own.py"
    path.write_text(FILE)
    return path


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return f"{path}:short"


class TestDecorator:
    def test_a_function_of_one_sample(self) -> None:
        @pl.reward(cost="free", range=(0, 9), needs=["reference"])
        def letters(sample: pl.Sample) -> float:
            return len(sample.text)

        assert (letters.label, letters.cost, letters.range, letters.needs) == (
            "letters",
            "free",
            (0, 9),
            ("reference",),
        )
        scores = letters.score([HI, BYE])
        assert [s.value for s in scores.status] == ["invalid", "ok"]
        assert scores.reason[0] == "no reference"
        assert scores.values[1] == 7.0
        assert (letters + pl.Format("answer")).score(BYE)["letters"].values.tolist() == [7.0]

    def test_without_arguments_it_is_cpu_work_of_any_range(self) -> None:
        @pl.reward
        def bare(sample: pl.Sample) -> float:
            return 1e6

        assert (bare.cost, bare.over, bare.range) == ("cpu", "sample", (float("-inf"), float("inf")))

    def test_a_crash_is_an_error_of_its_sample(self) -> None:
        @pl.reward(cost="free")
        def fragile(sample: pl.Sample) -> float:
            return 1 / (len(sample.text) - 2)

        scores = fragile.score([HI, BYE])
        assert [s.value for s in scores.status] == ["error", "ok"]
        assert scores.reason[0] == "ZeroDivisionError: division by zero"

    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            ({"range": (1, 0)}, "the least value comes first"),
            ({"range": (0, 0)}, "the least value comes first"),
            ({"range": (float("nan"), 1)}, "the least value comes first"),
            ({"range": 1}, "the least value comes first"),
            ({"range": (0, 1, 2)}, "the least value comes first"),
            ({"cost": "cup"}, "did you mean 'cpu'"),
            ({"needs": "reference"}, r"write a list of fields, \['reference'\]"),
        ],
    )
    def test_bad_declarations(self, bad: dict[str, Any], why: str) -> None:
        with pytest.raises(ConfigError, match=why):
            pl.reward(**bad)

    @pytest.mark.parametrize("thing", ["text", 5, pl.Leaf])
    def test_what_is_no_function(self, thing: Any) -> None:
        with pytest.raises(ConfigError, match="@reward makes a function a reward, not"):
            pl.reward(cost="free")(thing)


class TestOverABatch:
    def test_all_rows_at_once_in_order(self) -> None:
        seen: list[int] = []

        @pl.reward(cost="free", over="batch")
        def rank(samples: Sequence[pl.Sample]) -> list[Any]:
            seen.append(len(samples))
            order = sorted(len(s.text) for s in samples)
            return [("invalid", "empty") if not s.text else order.index(len(s.text)) / len(samples) for s in samples]

        scores = rank.score([BYE, HI, pl.Sample("", "")])
        assert seen == [3]
        assert rank.reach == "batch"
        assert [s.value for s in scores.status] == ["ok", "ok", "invalid"]
        assert scores.values[:2].tolist() == [2 / 3, 1 / 3]

    @pytest.mark.parametrize("answer", [[1.0], [1.0, 1.0, 1.0], [], None, 5, 0.5])
    def test_a_wrong_number_of_grades_is_an_error_of_all(self, answer: Any) -> None:
        @pl.reward(cost="free", over="batch")
        def wrong(samples: Sequence[pl.Sample]) -> Any:
            return answer

        scores = wrong.score([HI, BYE])
        assert [s.value for s in scores.status] == ["error", "error"]

    def test_it_may_be_async_and_await_what_it_likes(self) -> None:
        @pl.reward(cost="model", over="batch")
        async def judged(samples: Sequence[pl.Sample]) -> list[float]:
            await asyncio.sleep(0)
            return list(await asyncio.gather(*(self.one(s) for s in samples)))

        assert judged.score([HI, BYE]).values.tolist() == [2.0, 7.0]

    async def one(self, sample: pl.Sample) -> float:
        await asyncio.sleep(0)
        return float(len(sample.text))

    def test_no_rows_are_not_asked(self) -> None:
        @pl.reward(cost="free", over="batch")
        def greatest(samples: Sequence[pl.Sample]) -> list[float]:
            return [float(max(len(s.text) for s in samples))] * len(samples)

        scores = pl.Gate(pl.Format("answer"), greatest).score([HI, BYE])
        assert scores["greatest"].status.tolist() == ["skipped", "skipped"]


class TestAsync:
    def test_all_samples_wait_together(self) -> None:
        waiting = 0
        all_here: list[asyncio.Event] = []

        @pl.reward(cost="model")
        async def meet(sample: pl.Sample) -> float:
            nonlocal waiting
            if not all_here:
                all_here.append(asyncio.Event())
            waiting += 1
            if waiting == 5:
                all_here[0].set()
            await all_here[0].wait()
            return 1.0

        samples = [pl.Sample("", str(i)) for i in range(5)]
        assert meet.score(samples).values.tolist() == [1.0] * 5

    def test_a_crash_or_an_exit_is_an_error_of_its_sample(self) -> None:
        @pl.reward(cost="model")
        async def fragile(sample: pl.Sample) -> float:
            await asyncio.sleep(0)
            if sample is HI:
                sys.exit(3)
            return 1.0

        for _ in range(2):
            scores = fragile.score([HI, BYE])
            assert [s.value for s in scores.status] == ["error", "ok"]
            assert scores.reason[0] == "SystemExit: 3"

    def test_an_object_that_is_called_async(self) -> None:
        class Judge:
            async def __call__(self, sample: pl.Sample) -> float:
                await asyncio.sleep(0)
                return 0.5

        assert pl.reward(Judge(), cost="model").score(HI).values.tolist() == [0.5]


class TestText:
    def test_a_function_in_a_file_round_trips(self, file: Path) -> None:
        for name in ("short", "first", "plain", "both", "made"):
            reward = pl.load(f"{file}:{name}")
            again = pl.load(str(reward))
            assert again == reward
            assert (again.key, again.display) == (reward.key, reward.display)
        assert pl.load(f"{file}:short").score([HI, BYE]).values.tolist() == [1.0, 0.0]

    def test_its_text_names_the_file(self, file: Path) -> None:
        reward = pl.load(f"{file}:short").named("brief")
        assert pl.load(str(reward)) == reward
        assert reward.label == "brief"
        assert reward.key == pl.load(f"{file}:short").key

    def test_another_declaration_of_a_function_has_no_text_that_would_lose_it(self, file: Path) -> None:
        bounded, plain = pl.load(f"{file}:bounded"), pl.load(f"{file}:plain")
        assert str(plain).startswith("Load(")
        assert bounded != plain
        with pytest.raises(ExpressionError, match="'plain' is a live function"):
            bounded.spec()

    def test_a_lambda_is_live_even_in_a_file(self, file: Path) -> None:
        live = pl.load(f"{file}:anonymous")
        assert "a live function" in str(live)
        with pytest.raises(ExpressionError, match="put it in a file"):
            _ = live.key

    def test_live_functions_equal_only_themselves(self) -> None:
        def one(sample: pl.Sample) -> float:
            return 1.0

        wide, narrow = pl.reward(one), pl.reward(one, range=(0, 2))
        assert wide == wide
        assert wide != narrow
        assert "a live function" in str(wide)

    def test_the_key_follows_the_whole_file(self, tmp_path: Path) -> None:
        body = "import plaudit as pl\nLIMIT = 5\n@pl.reward(range=({low}, 1))\ndef short(s):\n    return 0.0\n"
        keys = set()
        for i, text in enumerate([body.format(low=0), body.format(low=-1), body.replace("5", "6").format(low=0)]):
            where = tmp_path / str(i)
            where.mkdir()
            keys.add(pl.load(write(where / "own.py", text)).key)
        assert len(keys) == 3

    def test_two_processes_agree(self, file: Path) -> None:
        code = "import sys, plaudit as pl; r = pl.load(sys.argv[1]); print(r.key, r)"
        said = {
            subprocess.run(
                [sys.executable, "-c", code, f"{file}:short"],
                env=os.environ | {"PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        reward = pl.load(f"{file}:short")
        assert said == {f"{reward.key} {reward}\n"}


class TestPickles:
    @pytest.mark.parametrize("name", ["short", "both", "named"])
    def test_a_loaded_reward_pickles_into_another_process(self, file: Path, tmp_path: Path, name: str) -> None:
        reward = 2 * pl.Gate(pl.Format("json"), pl.load(f"{file}:{name}").named("mine"))
        pickled = tmp_path / "reward.pickle"
        pickled.write_bytes(pickle.dumps(reward))
        assert pickle.loads(pickled.read_bytes()) == reward
        code = "import pickle, sys, pathlib; print(pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()))"
        said = subprocess.run([sys.executable, "-c", code, pickled], capture_output=True, text=True, check=True).stdout
        assert said == f"{reward}\n"

    def test_a_function_of_an_imported_module_pickles_by_its_name(self, tmp_path: Path, monkeypatch: Any) -> None:
        (tmp_path / "imported_rewards.py").write_text(FILE.replace("FileOnlyShort", "ImportedOnlyShort"))
        monkeypatch.syspath_prepend(tmp_path)
        import imported_rewards  # type: ignore[import-not-found]

        for reward in (imported_rewards.short, imported_rewards.both, imported_rewards.short.named("mine")):
            again = pickle.loads(pickle.dumps(reward))
            assert again == reward
            assert again.score(HI).values.tolist() == reward.score(HI).values.tolist()

    def test_a_lambda_pickles_by_value_with_cloudpickle(self) -> None:
        live: Reward = pl.reward(lambda sample: 0.25, cost="free", range=(0, 1)).named("mine")
        again = pickle.loads(cloudpickle.dumps(live))
        assert (again.label, again.range) == ("mine", (0.0, 1.0))
        assert again.score(HI).values.tolist() == [0.25]


class TestFiles:
    def test_rewards_functions_and_trees_load(self, file: Path) -> None:
        assert pl.load(f"{file}:plain").label == "plain"
        assert pl.load(f"{file}:named") == pl.Format("answer", name="shape")
        assert pl.load(f"{file}:both").score(HI).values.tolist() == [1.0]
        assert pl.load(f"{file}:made").score(HI).values.tolist() == [1.0]
        assert pl.load(f'Load("{str(file).replace(chr(34), chr(92) + chr(34))}:short", name="brief")').label == "brief"

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("shrt", "has no 'shrt'; did you mean 'short'"),
            ("LIMIT", "is a int; expected a reward, or a function of one sample"),
            ("pl", "is a module; expected a reward"),
            ("FileOnlyShort", r"is a class of rewards; make one in the file, name = FileOnlyShort\(\.\.\.\), and load"),
        ],
    )
    def test_what_is_no_reward_is_named(self, file: Path, name: str, why: str) -> None:
        with pytest.raises(ConfigError, match=why):
            pl.load(f"{file}:{name}")

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"none\.py:x: no file .*none\.py"):
            pl.load(f"{tmp_path}/none.py:x")

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("x = 1\n\ny = x / 0\n", r"own\.py:3 can't be imported: ZeroDivisionError: division by zero"),
            ("def f(:\n", r"own\.py can't be imported: SyntaxError: invalid syntax"),
            ("import no_such_module_anywhere\n", r"own\.py:1 can't be imported: ModuleNotFoundError: No module named"),
            ("import sys\nsys.exit(2)\n", r"own\.py:2 can't be imported: SystemExit: 2"),
            (
                "import plaudit as pl\npl.load('Anwser()')\n",
                r"own\.py:2 can't be imported: ExpressionError: no reward is",
            ),
            ("", r"own\.py has no 'short'"),
        ],
    )
    def test_a_file_that_raises_is_named_with_its_line(self, tmp_path: Path, text: str, why: str) -> None:
        source = write(tmp_path / "own.py", text)
        for _ in range(2):
            with pytest.raises(ConfigError, match=why) as caught:
                pl.load(source)
        if "imported" in why:
            assert caught.value.__cause__ is not None

    def test_a_file_may_be_mended_after_it_raised(self, tmp_path: Path) -> None:
        source = write(tmp_path / "own.py", "1 / 0\n")
        with pytest.raises(ConfigError):
            pl.load(source)
        write(tmp_path / "own.py", "def short(sample):\n    return 1.0  # mended\n")
        assert pl.load(source).label == "short"

    def test_a_file_runs_once_however_many_threads_load_it(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        text = f"with open({str(log)!r}, 'a') as f: f.write('x')\ndef short(sample):\n    return 1.0\n"
        source = write(tmp_path / "own.py", text)
        threads = [threading.Thread(target=pl.load, args=[source]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.read_text() == "x"

    def test_two_files_of_one_name_stay_apart(self, tmp_path: Path) -> None:
        found = []
        for i in (1, 2):
            (tmp_path / str(i)).mkdir()
            text = f"import plaudit as pl\nshort = pl.Format('answer', name='t{i}')\n"
            found.append(pl.load(write(tmp_path / str(i) / "own.py", text)).label)
        assert found == ["t1", "t2"]
