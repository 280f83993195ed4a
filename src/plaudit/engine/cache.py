"""The cache: a grade that was paid for once is not paid for again.

Content-addressed: the key is the reward's (fields, versions, what it has learnt) and the sample's (all that a reward
may read, media bytes included), so there is nothing to invalidate. Only grades with a score are kept; a time-out is
asked again. A memory of the most recently used stands in front of an SQLite file, which many processes may share and
which a killed process leaves whole.

A cache can fail to help but never change a score: what does not come out as it went in is not written down, a broken
file is set aside, a full disk ends the writing, and all of that is said once, by a warning in the log.

>>> cache = Cache()
>>> cache.put("5f0c", "Answer()", {"a1": Grade(1.0), "b2": Grade(None, "2 s", Status.TIMEOUT)})
>>> [grade and grade.value for grade in cache.get("5f0c", ["a1", "b2", "c3"])]
[1.0, None, None]
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.score import Scores, Span, Status, status_code
from plaudit.engine.storage import VERSION, is_broken, opened, set_aside

#: Grades kept in memory.
ENTRIES = 200_000
_ASKED = 500
_STATUSES = tuple(Status)
_USAGE = """SELECT coalesce(text, hex(g.reward)), count(*), sum(length(grade)), min(made), max(made)
FROM grades g LEFT JOIN rewards USING (reward) GROUP BY g.reward ORDER BY 2 DESC"""
_EXPORT = """SELECT g.reward, sample, coalesce(text, hex(g.reward)), grade, made
FROM grades g LEFT JOIN rewards USING (reward)
WHERE (g.reward, sample) > (?, ?) ORDER BY g.reward, sample LIMIT ?"""
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
    """Grades by reward and sample. Any thread may use it, and a forked child, which opens the file anew.

    Args:
        folder: where the file is, or is to be; None for memory alone.
        entries: how many grades are kept in memory.

    Attributes:
        path: the file; None where there is none, or none any more.

    Raises:
        ConfigError: the folder can't be made or written to, or the file is another program's.
    """

    def __init__(self, folder: str | Path | None = None, entries: int = ENTRIES) -> None:
        self.entries = entries
        self.path: Path | None = None
        self._recent: OrderedDict[tuple[str, str], Grade | bytes] = OrderedDict()
        self._named: set[str] = set()
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        if folder is not None:
            try:
                path = Path(folder).expanduser() / f"cache-{VERSION}.sqlite"
                self._database = opened(path)
            except (OSError, ValueError, RuntimeError, sqlite3.Error) as error:
                why = getattr(error, "strerror", None) or error
                raise ConfigError(f"cache folder {folder}: {why}; name another") from None
            self.path = path
        _caches.add(self)

    def get(self, reward: str, samples: Sequence[str]) -> list[Grade | None]:
        """Return the grades that a reward (by key) has given to samples (by digest); None where there is none."""
        recent = self._recent
        with self._lock:
            found: list[Grade | None] = []
            absent: list[int] = []
            for i, sample in enumerate(samples):
                kept = recent.get((reward, sample))
                if kept is None:
                    absent.append(i)
                else:
                    recent.move_to_end((reward, sample))
                found.append(_decoded(kept) if isinstance(kept, bytes) else kept)
            if absent and (database := self._connection()) is not None:
                stored = self._stored(database, _id(reward), [_id(samples[i]) for i in absent])
                for i, blob in zip(absent, stored, strict=True):
                    grade = found[i] = None if blob is None else _decoded(blob)
                    if grade is not None:
                        self._remember(reward, samples[i], grade, blob)
            return found

    def put(self, reward: str, text: str, grades: Mapping[str, Grade], disk: bool = True) -> None:
        """Keep grades that have a score, by sample.

        Args:
            reward: the reward's key.
            text: the reward as text, for people.
            grades: grades by the samples' digests.
            disk: whether to write them down, or only to keep them in memory.
        """
        with self._lock:
            database = self._connection() if disk else None
            rows: list[tuple[bytes, bytes, bytes, float]] = []
            key, now = _id(reward), time.time()
            for sample, grade in grades.items():
                if grade.status is Status.OK:
                    blob = _encoded(grade) if database is not None or _may_change(grade) else None
                    self._remember(reward, sample, grade, blob)
                    if blob is not None:
                        rows.append((key, _id(sample), blob, now))
            if database is None or not rows:
                return
            try:
                with database:
                    database.executemany("INSERT OR REPLACE INTO grades VALUES (?, ?, ?, ?)", rows)
                    if reward not in self._named:
                        name = text.encode(errors="replace").decode()
                        database.execute("INSERT OR IGNORE INTO rewards VALUES (?, ?)", (key, name))
                        self._named.add(reward)
            except sqlite3.Error as error:
                self._give_up(error)

    def usage(self) -> list[Usage]:
        """Return what the file holds, reward by reward, the most first.

        Raises:
            ConfigError: the file can't be read.
        """
        with self._file() as database:
            return [] if database is None else [Usage(*row) for row in database.execute(_USAGE)]

    def prune(self, older_than: float) -> int:
        """Forget grades made more than so many seconds ago, and the whole memory; return how many left the file.

        Raises:
            ConfigError: the file can't be written.
        """
        gone = 0
        with self._file() as database:
            if database is not None:
                with database:
                    gone = database.execute("DELETE FROM grades WHERE made < ?", (time.time() - older_than,)).rowcount
                    database.execute("DELETE FROM rewards WHERE reward NOT IN (SELECT reward FROM grades)")
                with suppress(sqlite3.OperationalError):  # another process reads: the space is used again later
                    database.execute("VACUUM")
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._recent.clear()
            self._named.clear()
        return gone

    def export(self) -> Iterator[dict[str, Any]]:
        """Every grade in the file as a JSON-ready record: reward, sample, grade, made.

        Raises:
            ConfigError: the file can't be read.
        """
        last = (b"", b"")
        while True:
            with self._file() as database:  # not held while the caller has the records
                rows = [] if database is None else database.execute(_EXPORT, (*last, _ASKED)).fetchall()
            for reward, sample, text, blob, made in rows:
                last = (reward, sample)
                grade = _decoded(blob)
                if grade is not None:
                    yield {"reward": text, "sample": sample.hex(), "grade": _row(grade), "made": made}
            if len(rows) < _ASKED:
                return

    def close(self) -> None:
        """Close the file; what the memory holds stays."""
        with self._lock:
            self._suspend()
            self.path = None

    def __del__(self) -> None:
        self._suspend()

    def _remember(self, reward: str, sample: str, grade: Grade, blob: bytes | None) -> None:
        """Keep in memory, as bytes what whoever is given it might change."""
        self._recent[reward, sample] = blob if blob is not None and _may_change(grade) else grade
        self._recent.move_to_end((reward, sample))
        if len(self._recent) > self.entries:
            self._recent.popitem(last=False)

    # ---- the file -----------------------------------------------------------------------------------------------

    def _stored(self, database: sqlite3.Connection, reward: bytes, samples: list[bytes]) -> list[bytes | None]:
        found: dict[bytes, bytes] = {}
        try:
            for start in range(0, len(samples), _ASKED):
                some = samples[start : start + _ASKED]
                marks = ",".join("?" * len(some))
                query = f"SELECT sample, grade FROM grades WHERE reward = ? AND sample IN ({marks})"
                found.update(database.execute(query, [reward, *some]))
        except sqlite3.Error as error:
            self._give_up(error)
        return [found.get(sample) for sample in samples]

    def _connection(self) -> sqlite3.Connection | None:
        """The file, opened anew after a fork: SQLite's connections don't survive one."""
        if self._database is None and self.path is not None:
            try:
                self._database = opened(self.path)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)
        return self._database

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection | None]:
        """The file, for those who ask for it and not for a score: what is wrong with it is theirs to know."""
        with self._lock:
            try:
                yield self._connection()
            except sqlite3.Error as error:
                raise ConfigError(f"cache {self.path}: {error}") from None

    def _suspend(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _give_up(self, error: Exception) -> None:
        """Go on without the file: a cache that fails costs time, never a score."""
        _log.warning("cache %s: %s; going on in memory alone", self.path, error)
        self._suspend()
        if self.path is not None and is_broken(error):
            with suppress(OSError):  # the next to open it begins anew
                set_aside(self.path)
        self.path = None


def grades_of(scores: Scores) -> list[Grade]:
    """Return the rows of scores as grades."""
    below = {name: grades_of(term) for name, term in scores.terms.items()}
    return [
        Grade(
            None if code else value,
            scores.reason[i],
            _STATUSES[code],
            {name: rows[i] for name, rows in below.items() if not _is_filled_in(rows[i])} or None,
            scores.spans[i] if scores.spans else (),
            scores.notes[i] if scores.notes else None,
        )
        for i, (value, code) in enumerate(zip(scores.values.tolist(), scores.codes.tolist(), strict=True))
    ]


def _is_filled_in(term: Grade) -> bool:
    """Whether a sample's term stands there only because others in its batch have one."""
    return term.status is Status.MISSING and term.reason == "not given"


def _id(text: str) -> bytes:
    """A key or digest as the file has it; they are hexadecimal, and what is not is hashed."""
    with suppress(ValueError):
        short = bytes.fromhex(text)
        if short.hex() == text:
            return short
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _may_change(grade: Grade) -> bool:
    """Whether a grade has parts that whoever is given it could change."""
    return bool(grade.terms) or not (grade.note is None or isinstance(grade.note, str))


def _encoded(grade: Grade) -> bytes | None:
    """A grade as JSON; None if it would not come back the same, and so can't be kept on disk."""
    try:
        blob = orjson.dumps(_row(grade))
    except (TypeError, AttributeError):
        return None
    return blob if _decoded(blob) == grade else None


def _row(grade: Grade) -> list[Any]:
    terms = {name: _row(term) for name, term in (grade.terms or {}).items()}
    spans = [(s.value, s.unit, s.place, s.turn) for s in grade.spans]
    return [grade.value, grade.reason, status_code(grade.status), terms, spans, grade.note]


def _decoded(blob: bytes) -> Grade | None:
    """The grade; None if the bytes are none, as in a file that was damaged."""
    try:
        return _grade(orjson.loads(blob))
    except (ValueError, TypeError, AttributeError, IndexError):
        return None


def _grade(row: list[Any]) -> Grade:
    value, reason, code, terms, spans, note = row
    made = tuple(Span(v, unit, tuple(place), turn) for v, unit, place, turn in spans)
    return Grade(value, reason, _STATUSES[code], {n: _grade(t) for n, t in terms.items()} or None, made, note)


_caches: weakref.WeakSet[Cache] = weakref.WeakSet()
_forking = threading.Lock()
_held: list[Cache] = []


def _before_fork() -> None:
    """Close all files, as SQLite asks: a connection carried into a child would confuse the locks of both."""
    _forking.acquire()
    _held[:] = _caches
    for cache in _held:
        cache._lock.acquire()
        cache._suspend()


def _after_fork_in_parent() -> None:
    for cache in _held:
        cache._lock.release()
    _forking.release()


def _after_fork_in_child() -> None:
    global _forking
    for cache in _held:
        cache._lock = threading.RLock()
    _forking = threading.Lock()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
