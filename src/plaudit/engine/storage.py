"""The file of a cache: an SQLite database that many processes open, make, and set aside when it is broken."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

#: Of the file; part of its name, so that releases that differ can run side by side.
VERSION = 1
_APPLICATION = 0x706C6175  # "plau", so that another program's database is not mistaken for a cache
_PATIENCE = 30.0  # seconds that one process waits while another writes
_SCHEMA = (
    """CREATE TABLE grades (
    reward BLOB NOT NULL, sample BLOB NOT NULL, grade BLOB NOT NULL, made REAL NOT NULL,
    PRIMARY KEY (reward, sample)
) WITHOUT ROWID""",
    "CREATE TABLE rewards (reward BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_log = logging.getLogger("plaudit.cache")
_opening = threading.RLock()


def opened(path: Path) -> sqlite3.Connection:
    """Open or make the file; one that is broken is set aside.

    Raises:
        OSError: the folder can't be made or written to.
        sqlite3.Error: the file can't be used, or is another program's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise PermissionError(13, "no permission to write")
    # One at a time, here and in other processes, or one would use what another is making or setting aside. A lock by
    # fcntl, not flock, as forked children don't inherit it.
    with _opening, path.with_suffix(".lock").open("a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            aside = set_aside(path)
            _log.warning("cache %s is broken (%s): set aside as %s, starting with an empty one", path, error, aside)
            return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)
    try:
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        fresh = not application and not version and not database.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not fresh and (application, version) != (_APPLICATION, VERSION):
            raise sqlite3.NotSupportedError(f"{path.name} is another program's, or of version {version}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if fresh:
            with database:
                database.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    database.execute(statement)
    except sqlite3.Error:
        database.close()
        raise
    return database


def is_broken(error: Exception) -> bool:
    """Whether an error says that the file is damaged, or no database."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def set_aside(path: Path) -> Path:
    """Give a file another name, so that the next to open it begins anew; return that name."""
    aside = next(p for i in range(10_000) if not (p := path.with_name(f"{path.name}.aside{i or ''}")).exists())
    for tail in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).replace(f"{aside}{tail}")
    return aside


def _forget() -> None:
    global _opening
    _opening = threading.RLock()


os.register_at_fork(
    before=lambda: _opening.acquire(), after_in_parent=lambda: _opening.release(), after_in_child=_forget
)
