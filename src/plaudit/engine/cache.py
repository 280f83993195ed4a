"""The cache: a grade that was paid for once is not paid for again.

Content-addressed: the key is the reward's (fields, versions, what it has learnt) and the sample's (all that a reward may
read, media bytes included), so there is nothing to invalidate. Only grades with a score are kept; a time-out is asked
again. A memory of the most recently used stands in front of an SQLite file, which many processes may share and which a
killed process leaves whole.

A cache can fail to help but never to tell the truth: a file of another version or a broken one is set aside, a full disk
ends the writing, and both are said once, by a warning in the log.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.score import Scores, Span, Status, status_code

#: Grades kept in memory.
ENTRIES = 200_000
_VERSION = 1
_APPLICATION = 0x706C6175  # "plau", so that another program's database is not mistaken for a cache
_ASKED = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS grades (
    reward BLOB NOT NULL, sample BLOB NOT NULL, grade BLOB NOT NULL, made REAL NOT NULL,
    PRIMARY KEY (reward, sample)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rewards (reward BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""
_log = logging.getLogger("plaudit.cache")


class Usage(NamedTuple):
    """What a cache holds of one reward.

    Attributes:
        reward: the reward as text.
        grades: how many.
        bytes: how large they are.
        oldest: when the oldest was made, in seconds since 1970.
        newest: when the newest was.
    """

    reward: str
    grades: int
    bytes: int
    oldest: float
    newest: float


class Cache:
    """Grades by reward and sample.

    Args:
        folder: where the file is, or is to be; None for memory alone.
        entries: how many grades are kept in memory.

    Raises:
        ConfigError: the folder can't be made or written to.
    """

    def __init__(self, folder: str | Path | None = None, entries: int = ENTRIES) -> None:
        self.entries = entries
        self.path = None if folder is None else Path(folder).expanduser() / "cache.sqlite"
        self._recent: OrderedDict[tuple[str, str], Grade] = OrderedDict()
        self._named: set[str] = set()
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._process = os.getpid()
        if self.path is not None:
            self._open(self.path)

    def get(self, reward: str, samples: Sequence[str]) -> list[Grade | None]:
        """Return the grades that a reward (by key) has given to samples (by digest); None where there is none."""
        with self._lock:
            found: list[Grade | None] = []
            for sample in samples:
                grade = self._recent.get((reward, sample))
                if grade is not None:
                    self._recent.move_to_end((reward, sample))
                found.append(grade)
            absent = [i for i, grade in enumerate(found) if grade is None]
            if absent and self._connection() is not None:
                stored = self._stored(reward, [samples[i] for i in absent])
                for i in absent:
                    grade = stored.get(samples[i])
                    if grade is not None:
                        found[i] = grade
                        self._remember(reward, samples[i], grade)
            return found

    def put(self, reward: str, text: str, grades: Mapping[str, Grade], disk: bool = True) -> None:
        """Keep grades that have a score, by sample; ``text`` says what the reward is, for people.

        Args:
            reward: the reward's key.
            text: the reward as text.
            grades: grades by the samples' digests.
            disk: whether to write them down, or only to keep them in memory.
        """
        kept = {sample: grade for sample, grade in grades.items() if grade.status is Status.OK}
        with self._lock:
            for sample, grade in kept.items():
                self._remember(reward, sample, grade)
            database = self._connection() if disk else None
            if database is None:
                return
            now = time.time()
            try:
                rows = [(_id(reward), _id(s), blob, now) for s, g in kept.items() if (blob := _encoded(g)) is not None]
                with database:
                    database.executemany("INSERT OR REPLACE INTO grades VALUES (?, ?, ?, ?)", rows)
                    if reward not in self._named:
                        database.execute("INSERT OR IGNORE INTO rewards VALUES (?, ?)", (_id(reward), text))
                        self._named.add(reward)
            except sqlite3.Error as error:
                self._give_up(error)

    def usage(self) -> list[Usage]:
        """Return what the file holds, reward by reward, the most first."""
        query = """SELECT coalesce(text, hex(g.reward)), count(*), sum(length(grade)), min(made), max(made)
                   FROM grades g LEFT JOIN rewards USING (reward) GROUP BY g.reward ORDER BY 2 DESC"""
        with self._lock:
            database = self._connection()
            return [] if database is None else [Usage(*row) for row in database.execute(query)]

    def prune(self, older_than: float) -> int:
        """Forget grades made more than so many seconds ago; return how many."""
        with self._lock:
            self._recent.clear()
            database = self._connection()
            if database is None:
                return 0
            with database:
                gone = database.execute("DELETE FROM grades WHERE made < ?", (time.time() - older_than,)).rowcount
                database.execute("DELETE FROM rewards WHERE reward NOT IN (SELECT reward FROM grades)")
            database.execute("VACUUM")
            return gone

    def export(self) -> Iterator[dict[str, Any]]:
        """Every grade in the file as a JSON-ready record: reward, sample, grade, made."""
        query = (
            "SELECT coalesce(text, hex(g.reward)), sample, grade, made FROM grades g LEFT JOIN rewards USING (reward)"
        )
        with self._lock:
            database = self._connection()
            rows = [] if database is None else database.execute(query)
            for text, sample, grade, made in rows:
                yield {"reward": text, "sample": sample.hex(), "grade": orjson.loads(grade), "made": made}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None
                self.path = None

    def _remember(self, reward: str, sample: str, grade: Grade) -> None:
        self._recent[reward, sample] = grade
        if len(self._recent) > self.entries:
            self._recent.popitem(last=False)

    def _stored(self, reward: str, samples: list[str]) -> dict[str, Grade]:
        database = self._connection()
        found: dict[str, Grade] = {}
        try:
            for start in range(0, len(samples), _ASKED):
                some = samples[start : start + _ASKED]
                marks = ",".join("?" * len(some))
                query = f"SELECT sample, grade FROM grades WHERE reward = ? AND sample IN ({marks})"
                rows = database.execute(query, [_id(reward), *map(_id, some)]) if database is not None else []
                found |= {sample.hex(): _decoded(blob) for sample, blob in rows}
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)
        return found

    # ---- the file -----------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection | None:
        """The database, opened anew in a forked child: SQLite connections don't survive a fork."""
        if self.path is not None and self._process != os.getpid():
            self._process = os.getpid()
            self._open(self.path)
        return self._database

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
                raise PermissionError(13, "no permission to write")
            self._database = _connect(path)
        except OSError as error:
            raise ConfigError(f"cache folder {path.parent}: {error.strerror or error}; name another") from None
        except sqlite3.OperationalError as error:
            raise ConfigError(f"cache {path}: {error}") from None
        except sqlite3.DatabaseError as error:
            aside = _set_aside(path)
            _log.warning("cache %s can't be used (%s): set aside as %s, starting with an empty one", path, error, aside)
            self._database = _connect(path)

    def _give_up(self, error: Exception) -> None:
        """Go on without the file: a cache that fails costs time, never a score."""
        _log.warning("cache %s: %s; going on in memory alone", self.path, error)
        if self._database is not None:
            self._database.close()
        self._database = None
        self.path = None


def grades_of(scores: Scores) -> list[Grade]:
    """Return the rows of scores as grades."""
    below = {name: grades_of(term) for name, term in scores.terms.items()}
    statuses = scores.status
    return [
        Grade(
            None if scores.codes[i] else value,
            scores.reason[i],
            statuses[i],
            {name: rows[i] for name, rows in below.items()} or None,
            scores.spans[i] if scores.spans else (),
            scores.notes[i] if scores.notes else None,
        )
        for i, value in enumerate(scores.values.tolist())
    ]


def _connect(path: Path) -> sqlite3.Connection:
    """Open or make the file.

    Raises:
        sqlite3.DatabaseError: it is broken, another program's, or of another version.
    """
    database = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if not application and not version and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            with database:
                database.executescript(_SCHEMA)
                database.execute(f"PRAGMA application_id = {_APPLICATION}")
                database.execute(f"PRAGMA user_version = {_VERSION}")
        elif (application, version) != (_APPLICATION, _VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}, or another program's; this is version {_VERSION}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> Path:
    aside = next(p for i in range(10_000) if not (p := path.with_name(f"{path.name}.aside{i or ''}")).exists())
    path.replace(aside)
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)
    return aside


def _id(text: str) -> bytes:
    return bytes.fromhex(text)


def _encoded(grade: Grade) -> bytes | None:
    """A grade as JSON; None if its note or terms are no JSON, and so can't be kept on disk."""
    try:
        return orjson.dumps(_row(grade))
    except TypeError:
        return None


def _row(grade: Grade) -> list[Any]:
    terms = {name: _row(term) for name, term in (grade.terms or {}).items()}
    spans = [(s.value, s.unit, s.place, s.turn) for s in grade.spans]
    return [grade.value, grade.reason, status_code(grade.status), terms, spans, grade.note]


def _decoded(blob: bytes) -> Grade:
    return _grade(orjson.loads(blob))


def _grade(row: list[Any]) -> Grade:
    value, reason, code, terms, spans, note = row
    made = tuple(Span(v, unit, tuple(place), turn) for v, unit, place, turn in spans)
    return Grade(value, reason, tuple(Status)[code], {n: _grade(t) for n, t in terms.items()} or None, made, note)
