"""The cache: what comes out is what went in, or nothing; and nothing that befalls its file reaches a score."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade, grades_to_scores
from plaudit.core.score import Scores, Span, Status
from plaudit.engine import storage
from plaudit.engine.cache import Cache, grades_of

REWARD = "ab" * 16


def digest(i: Any) -> str:
    return blake2b(str(i).encode(), digest_size=16).hexdigest()


def filled(folder: Path | None, n: int = 10, start: int = 0) -> Cache:
    cache = Cache(folder)
    cache.put(REWARD, "R()", {digest(i): Grade(float(i), f"why {i}") for i in range(start, start + n)})
    return cache


def found(cache: Cache, n: int = 10) -> list[float | None]:
    return [g and g.value for g in cache.get(REWARD, [digest(i) for i in range(n)])]


def file(folder: Path) -> Path:
    path = Cache(folder).path
    assert path is not None
    return path


class TestMemory:
    def test_hit_and_miss(self) -> None:
        cache = filled(None, 3)
        assert cache.get(REWARD, [digest(1), digest(7), digest(2), digest(1)]) == [
            Grade(1.0, "why 1"),
            None,
            Grade(2.0, "why 2"),
            Grade(1.0, "why 1"),
        ]
        assert cache.get("cd" * 16, [digest(1)]) == [None]
        assert cache.get(REWARD, []) == []

    def test_the_least_recently_used_go_first(self) -> None:
        cache = Cache(entries=3)
        for i in range(3):
            cache.put(REWARD, "R()", {digest(i): Grade(float(i))})
        assert found(cache, 1) == [0.0]  # now 1 is the least recently used
        cache.put(REWARD, "R()", {digest(3): Grade(3.0)})
        assert found(cache, 4) == [0.0, None, 2.0, 3.0]
        cache.put(REWARD, "R()", {digest(0): Grade(0.5)})  # kept anew, it is used
        cache.put(REWARD, "R()", {digest(4): Grade(4.0)})
        assert found(cache, 5) == [0.5, None, None, 3.0, 4.0]

    def test_no_entries(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path, entries=0)
        cache.put(REWARD, "R()", {digest(0): Grade(0.5)})
        assert found(cache, 1) == [0.5]  # from the file
        cache = Cache(entries=0)
        cache.put(REWARD, "R()", {digest(0): Grade(0.5)})
        assert found(cache, 1) == [None]

    def test_only_scores_are_kept(self, tmp_path: Path) -> None:
        for cache in (Cache(), Cache(tmp_path)):
            cache.put(REWARD, "R()", {s: Grade(None, "why", Status(s)) for s in list(Status)[1:]})
            assert cache.get(REWARD, list(Status)) == [None] * len(Status)

    def test_what_a_caller_changes_is_not_what_the_next_one_gets(self) -> None:
        cache = Cache()
        cache.put(REWARD, "R()", {digest(0): Grade(1.0, terms={"a": Grade(0.5)}, note={"critique": ["fine"]})})
        (first,) = cache.get(REWARD, [digest(0)])
        assert first is not None
        first.note["critique"].append("changed")
        assert isinstance(first.terms, dict)
        first.terms.clear()
        assert cache.get(REWARD, [digest(0)]) == [Grade(1.0, terms={"a": Grade(0.5)}, note={"critique": ["fine"]})]

    def test_closed_it_remembers(self, tmp_path: Path) -> None:
        cache = filled(tmp_path, 3)
        cache.close()
        cache.put(REWARD, "R()", {digest(3): Grade(3.0)})
        assert found(cache, 5) == [0.0, 1.0, 2.0, 3.0, None]
        assert found(Cache(tmp_path), 5) == [0.0, 1.0, 2.0, None, None]
        cache.close()


FULL = Grade(
    0.1 + 0.2,
    "a reason with ü, \0 and \u2028",
    Status.OK,
    {"x": Grade(1.0, "whole"), "y": Grade(None, "2 s", Status.TIMEOUT, {"deep": Grade(-0.0)})},
    (Span(0.5, "char", (0, 12)), Span(-1.0, "region", (0.25, 0.5, 1.0, 1.0), turn=2)),
    {"critique": "good", "steps": [1, 2.5, None, True], "nested": {"": []}},
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@dataclass
class Verdict:
    text: str


class TestFile:
    def test_grades_outlive_the_process(self, tmp_path: Path) -> None:
        filled(tmp_path / "new" / "folder").close()
        assert found(Cache(tmp_path / "new" / "folder"), 11) == [*map(float, range(10)), None]

    def test_a_full_grade_comes_back_as_it_was(self, tmp_path: Path) -> None:
        Cache(tmp_path).put(REWARD, "R()", {digest(0): FULL})
        for cache in (Cache(tmp_path), Cache(tmp_path)):
            assert cache.get(REWARD, [digest(0)]) == [FULL]
            assert cache.get(REWARD, [digest(0)]) == [FULL]
            (again,) = cache.get(REWARD, [digest(0)])
            assert again is not None
            assert again.terms is not None
            assert again.terms["y"].status is Status.TIMEOUT
            assert str(again.terms["y"].terms["deep"].value) == "-0.0"

    def test_the_same_or_nothing(self, tmp_path: Path) -> None:
        writing, reading = Cache(tmp_path), Cache(tmp_path, entries=0)

        @settings(deadline=None, max_examples=300)
        @given(st.floats(allow_nan=False, allow_infinity=False), st.text(), JSON)
        def check(value: float, reason: str, note: Any) -> None:
            grade = Grade(value, reason, note=note)
            key = digest(repr(grade))
            writing.put(REWARD, "R()", {key: grade})
            assert repr(writing.get(REWARD, [key])[0]) == repr(grade)
            assert repr(reading.get(REWARD, [key])[0]) in (repr(grade), "None")

        check()

    @pytest.mark.parametrize(
        "note",
        [
            Verdict("fine"),
            np.arange(3),
            (1, 2),
            {1: "a"},
            {"set": {1}},
            float("nan"),
            [float("inf")],
            1 << 80,
            b"bytes",
            "lone \ud800",
            object(),
        ],
    )
    def test_what_json_would_change_is_kept_in_memory_alone(self, tmp_path: Path, note: Any) -> None:
        cache = Cache(tmp_path)
        cache.put(REWARD, "R()", {digest(0): Grade(1.0, note=note), digest(1): Grade(2.0)})
        first, second = cache.get(REWARD, [digest(0), digest(1)])
        assert first is not None
        assert first.note is note
        assert second == Grade(2.0)
        assert cache.path is not None
        assert found(Cache(tmp_path), 2) == [None, 2.0]

    def test_keys_that_are_no_hexadecimal(self, tmp_path: Path) -> None:
        names = ["7a7a", "zz", "7A7A", "7a 7a", "", "ü", "\ud800", "abc", "0" * 1000]
        Cache(tmp_path).put("my reward", "R()", {name: Grade(float(i)) for i, name in enumerate(names)})
        assert [g and g.value for g in Cache(tmp_path).get("my reward", names)] == list(range(len(names)))
        assert Cache(tmp_path).get("other reward", names) == [None] * len(names)

    def test_more_than_one_question_holds(self, tmp_path: Path) -> None:
        filled(tmp_path, 3000)
        assert found(Cache(tmp_path), 3001) == [*map(float, range(3000)), None]

    def test_in_memory_alone_on_request(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path)
        cache.put(REWARD, "R()", {digest(0): Grade(1.0, note={"a": 1})}, disk=False)
        assert found(cache, 1) == [1.0]
        assert found(Cache(tmp_path), 1) == [None]

    def test_usage(self, tmp_path: Path) -> None:
        cache = filled(tmp_path, 5)
        cache.put("cd" * 16, "\ud800 Other()", {digest(i): FULL for i in range(7)})
        other, one = cache.usage()
        assert (one.reward, one.grades, other.reward, other.grades) == ("R()", 5, "? Other()", 7)
        assert other.bytes > one.bytes > 5 * len("why 1")
        assert one.oldest == one.newest <= other.newest
        assert Cache().usage() == []
        assert Cache(tmp_path / "empty").usage() == []

    def test_export(self, tmp_path: Path) -> None:
        cache = filled(tmp_path, 1200)
        cache.put("cd" * 16, "Other()", {digest(0): FULL})
        seen = {}
        for record in cache.export():
            seen[record["reward"], record["sample"]] = json.loads(json.dumps(record))["grade"]
            cache.put(REWARD, "R()", {digest(5): Grade(5.0, "why 5")})  # it may be used meanwhile, by other threads too
            thread = threading.Thread(target=found, args=[cache])
            thread.start()
            thread.join()
        assert len(seen) == 1201
        assert seen["R()", digest(7)] == [7.0, "why 7", 0, {}, [], None]
        assert seen["Other()", digest(0)][0] == 0.1 + 0.2
        assert list(Cache().export()) == []

    def test_prune(self, tmp_path: Path) -> None:
        cache = filled(tmp_path, 2000)
        path = file(tmp_path)
        with sqlite3.connect(path) as database:
            half = [bytes.fromhex(digest(i)) for i in range(0, 2000, 2)]
            database.executemany("UPDATE grades SET made = made - 1000 WHERE sample = ?", [(d,) for d in half])
        database.close()
        assert cache.prune(500) == 1000
        assert found(cache, 4) == [None, 1.0, None, 3.0]
        before = path.stat().st_size
        assert cache.prune(-1) == 1000
        assert cache.usage() == []
        assert path.stat().st_size < before
        cache.put(REWARD, "R()", {digest(0): Grade(0.0)})
        assert [u.reward for u in cache.usage()] == ["R()"]
        assert Cache().prune(0) == 0


class TestTrouble:
    """Files and folders that are not what they should be."""

    @pytest.mark.parametrize("folder", ["file", "file/below", "/proc/nothing", "/dev/null/x", "nul\0l", "~nobody-is/x"])
    def test_a_folder_that_cannot_be(self, tmp_path: Path, folder: str) -> None:
        (tmp_path / "file").write_text("not a folder")
        where = folder if folder[0] in "/~" else str(tmp_path / folder)
        with pytest.raises(ConfigError, match=r"cache folder .*; name another"):
            Cache(where)

    def test_a_folder_without_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(ConfigError, match="no permission to write; name another"):
            Cache(tmp_path)

    def test_a_folder_in_the_place_of_the_file(self, tmp_path: Path) -> None:
        (tmp_path / f"cache-{storage.VERSION}.sqlite").mkdir()
        with pytest.raises(ConfigError, match="unable to open"):
            Cache(tmp_path)

    @pytest.mark.parametrize("harm", ["garbage", "garbled head", "half", "all but one page"])
    def test_a_broken_file_is_set_aside(self, tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str) -> None:
        filled(tmp_path, 2000).close()
        path = file(tmp_path)
        whole = path.read_bytes()
        broken = {
            "garbage": bytes(range(256)) * 100,
            "garbled head": b"x" * 100 + whole[100:],
            "half": whole[: len(whole) // 2],
            "all but one page": whole[:-4096],
        }[harm]
        path.write_bytes(broken)
        cache = filled(tmp_path, 5)
        assert found(cache, 7) == [0.0, 1.0, 2.0, 3.0, 4.0, None, None]
        assert found(Cache(tmp_path), 7) == [0.0, 1.0, 2.0, 3.0, 4.0, None, None]
        assert Path(f"{path}.aside").read_bytes() == broken
        assert [r.levelname for r in caplog.records] == ["WARNING"]
        cache.close()
        path.write_bytes(broken)
        Cache(tmp_path)
        assert Path(f"{path}.aside1").read_bytes() == broken

    def test_an_empty_file(self, tmp_path: Path) -> None:
        path = file(tmp_path / "other")
        (tmp_path / path.name).write_bytes(b"")
        assert found(filled(tmp_path, 3), 3) == [0.0, 1.0, 2.0]

    def test_damage_inside_the_file(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """Pages overwritten behind an intact head: no wrong grade, no exception, and the next run starts anew."""
        filled(tmp_path, 5000).close()
        path = file(tmp_path)
        whole = bytearray(path.read_bytes())
        for at in range(3 * 4096, len(whole), 4096):
            whole[at : at + 64] = b"\xff" * 64
        path.write_bytes(whole)
        cache = Cache(tmp_path)
        got = found(cache, 5000)
        assert all(value in (None, float(i)) for i, value in enumerate(got))
        assert None in got
        cache.put(REWARD, "R()", {digest(0): Grade(0.0)})
        assert found(cache, 1) == [0.0]
        assert len(caplog.records) == 1
        assert found(filled(tmp_path, 3), 4) == [0.0, 1.0, 2.0, None]

    def test_a_row_that_is_no_grade(self, tmp_path: Path) -> None:
        cache = filled(tmp_path, 8)
        rows = [b"", b"[]", b"7", b"{}", b'[1,"",99,{},[],null]', b'[1,"",0,[],[],null]', b"\xff\xfe"]
        with sqlite3.connect(file(tmp_path)) as database:
            for i, row in enumerate(rows):
                database.execute("UPDATE grades SET grade = ? WHERE sample = ?", (row, bytes.fromhex(digest(i))))
        database.close()
        cache = Cache(tmp_path)
        assert found(cache, 8) == [None] * 7 + [7.0]
        assert len(list(cache.export())) == 1
        assert found(filled(tmp_path, 8), 8) == list(map(float, range(8)))
        assert found(Cache(tmp_path), 8) == list(map(float, range(8)))

    @pytest.mark.parametrize(
        "statement", ["CREATE TABLE notes (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 9"]
    )
    def test_the_database_of_another_program_is_left_alone(self, tmp_path: Path, statement: str) -> None:
        path = tmp_path / f"cache-{storage.VERSION}.sqlite"
        database = sqlite3.connect(path)
        database.execute(statement)
        database.commit()
        database.close()
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="another program's"):
            Cache(tmp_path)
        assert path.read_bytes() == before

    def test_a_file_of_another_version(self, tmp_path: Path) -> None:
        filled(tmp_path)
        path = file(tmp_path)
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 999")
        database.close()
        with pytest.raises(ConfigError, match="of version 999"):
            Cache(tmp_path)

    def test_a_full_disk(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        cache = filled(tmp_path, 10)
        assert cache._database is not None
        cache._database.execute("PRAGMA max_page_count = 10")
        for start in range(0, 5000, 500):
            cache.put(REWARD, "R()", {digest(i): Grade(float(i), "long " * 20) for i in range(start, start + 500)})
        assert found(cache, 5000) == list(map(float, range(5000)))  # in memory
        assert [r.levelname for r in caplog.records] == ["WARNING"]
        assert "full" in caplog.text
        assert "in memory alone" in caplog.text
        assert found(Cache(tmp_path), 10) == list(map(float, range(10)))

    def test_a_file_locked_by_another_process(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage, "_PATIENCE", 0.05)
        cache = filled(tmp_path, 3)
        other = sqlite3.connect(file(tmp_path))
        other.execute("BEGIN IMMEDIATE")
        cache.put(REWARD, "R()", {digest(3): Grade(3.0)})
        assert found(cache, 4) == [0.0, 1.0, 2.0, 3.0]
        assert "locked" in caplog.text
        other.close()

    def test_a_folder_that_is_removed(self, tmp_path: Path) -> None:
        import shutil

        cache = filled(tmp_path / "gone", 3)
        shutil.rmtree(tmp_path / "gone")
        cache.put(REWARD, "R()", {digest(3): Grade(3.0)})
        assert found(cache, 5) == [0.0, 1.0, 2.0, 3.0, None]

    def test_whoever_asks_for_the_file_hears_of_its_faults(self, tmp_path: Path) -> None:
        cache = filled(tmp_path)
        assert cache._database is not None
        cache._database.execute("DROP TABLE grades")
        for ask in (cache.usage, lambda: cache.prune(0), lambda: list(cache.export())):
            with pytest.raises(ConfigError, match="no such table"):
                ask()
        assert found(cache, 3) == [0.0, 1.0, 2.0]


WRITE = """
import sys
from hashlib import blake2b
from plaudit.core.grade import Grade
from plaudit.engine.cache import Cache
def digest(i): return blake2b(str(i).encode(), digest_size=16).hexdigest()
folder, who, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
cache = Cache(folder, entries=10)
for i in range(n):
    mine = {digest((who, i, k)): Grade(who + i / 1000 + k / 1e6) for k in range(20)}
    cache.put("ab" * 16, "R()", mine)
    shared = cache.get("ab" * 16, [digest(i)])
    if shared == [None]:
        cache.put("ab" * 16, "R()", {digest(i): Grade(float(i), "shared")})
    assert cache.get("ab" * 16, list(mine)) == list(mine.values())
    if i % 10 == 0: print(i, flush=True)
assert cache.path is not None
print("done")
"""


def writer(folder: Path, who: int, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE, str(folder), str(who), str(n)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestProcesses:
    @pytest.mark.parametrize("before", ["nothing", "garbage"])
    def test_several_at_once(self, tmp_path: Path, before: str) -> None:
        """They open the file at the same moment: one makes it, or sets the broken one aside, and none spoils it."""
        if before == "garbage":
            (tmp_path / f"cache-{storage.VERSION}.sqlite").write_bytes(b"garbage" * 1000)
        n, writers = 40, [writer(tmp_path, who, 40) for who in range(4)]
        for w in writers:
            assert w.stdout is not None
            assert w.stdout.readline() == "ready\n"
        for w in writers:
            assert w.stdin is not None
            w.stdin.write("go\n")
            w.stdin.flush()
        errors = [w.communicate(timeout=60) for w in writers]
        assert [(out.endswith("done\n"), w.returncode) for (out, _), w in zip(errors, writers, strict=True)] == [
            (True, 0)
        ] * 4
        assert "memory alone" not in "".join(error for _, error in errors)
        assert len(list(tmp_path.glob("*.aside*"))) == (before == "garbage")
        cache = Cache(tmp_path)
        assert cache.get(REWARD, [digest(i) for i in range(n)]) == [Grade(float(i), "shared") for i in range(n)]
        assert [u.grades for u in cache.usage()] == [4 * n * 20 + n]

    def test_killed_while_writing(self, tmp_path: Path) -> None:
        for who in range(4):
            with writer(tmp_path, who, 100_000) as w:
                assert w.stdin is not None
                assert w.stdout is not None
                w.stdin.write("go\n")
                w.stdin.flush()
                while w.stdout.readline() != f"{10 * (who + 1)}\n":
                    pass
                w.kill()
        database = sqlite3.connect(file(tmp_path))
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
        cache = Cache(tmp_path)
        for who in range(4):
            for i in range(10 * (who + 1)):  # all that was put before it said so is there
                keys = [digest((who, i, k)) for k in range(20)]
                assert [g and g.value for g in cache.get(REWARD, keys)] == [who + i / 1000 + k / 1e6 for k in range(20)]

    def test_fork(self, tmp_path: Path) -> None:
        script = f"""
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
sys.path[:] = {sys.path!r}
from plaudit.core.grade import Grade
from plaudit.engine.cache import Cache
def write(cache, name, n):
    for i in range(n): cache.put("ab", "R()", {{f"{{name}} {{i}}": Grade(float(i))}})
cache = Cache({str(tmp_path)!r}, entries=5)
write(cache, "before", 50)
busy = threading.Thread(target=write, args=[cache, "busy", 3000])
busy.start()
children = []
for k in range(4):
    child = os.fork()
    if child == 0:
        write(cache, f"child {{k}}", 100)
        fresh = Cache({str(tmp_path)!r}, entries=5)
        write(fresh, f"fresh {{k}}", 100)
        assert all(cache.get("ab", [f"fresh {{k}} {{i}}" for i in range(100)]))
        assert all(fresh.get("ab", [f"before {{i}}" for i in range(50)]))
        assert cache.path is not None
        os._exit(0)
    children.append(child)
write(cache, "parent", 100)
assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
busy.join()
assert cache.path is not None
names = [f"busy {{i}}" for i in range(3000)] + [f"parent {{i}}" for i in range(100)]
names += [f"{{who}} {{k}} {{i}}" for who in ("child", "fresh") for k in range(4) for i in range(100)]
for reader in (cache, Cache({str(tmp_path)!r})): assert all(reader.get("ab", names))
"""
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, "")
        database = sqlite3.connect(file(tmp_path))
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()

    def test_threads(self, tmp_path: Path) -> None:
        cache, wrong = Cache(tmp_path, entries=50), []

        def work(k: int) -> None:
            for i in range(100):
                cache.put(REWARD, "R()", {digest((k, i)): Grade(float(i), note={"k": k})})
                if cache.get(REWARD, [digest((k, i)), digest(("no", i))]) != [Grade(float(i), note={"k": k}), None]:
                    wrong.append((k, i))

        threads = [threading.Thread(target=work, args=[k]) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        keys = [digest((k, i)) for k in range(8) for i in range(100)]
        assert None not in Cache(tmp_path).get(REWARD, keys)


class TestGradesOf:
    def test_scores_and_back(self) -> None:
        given = [
            FULL,
            Grade(None, "2 s", Status.TIMEOUT),
            Grade(0.0, "no answer", terms={"x": Grade(0.0)}),
            Grade(1.0, spans=(Span(1.0, "step", (0, 1)),)),
        ]
        assert grades_of(grades_to_scores(given)) == given

    def test_a_term_that_only_others_have_is_not_made_up(self) -> None:
        """A sample's grade must not depend on what else was in the batch in which it was first graded."""
        together = grades_to_scores([Grade(1.0), Grade(0.5, terms={"x": Grade(0.5)})])
        assert together["x"].status.tolist() == ["missing", "ok"]
        alone = grades_to_scores(grades_of(together)[:1])
        assert alone.terms == {}
        again = grades_to_scores(grades_of(together))
        assert again["x"].reason == together["x"].reason

    def test_no_rows(self) -> None:
        assert grades_of(Scores([])) == []


def test_nothing_is_said_where_nothing_is_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert found(filled(tmp_path), 10) == list(map(float, range(10)))
    assert caplog.records == []
