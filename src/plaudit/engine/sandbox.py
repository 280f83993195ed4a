r"""A sandbox: run a program that a model wrote so that it can harm nothing, and say how it ended.

::

    >>> from plaudit.engine import sandbox
    >>> ended = sandbox.run_python("print(int(input()) ** 2)", stdin="12")    # doctest: +SKIP
    >>> ended.status, ended.stdout                                            # doctest: +SKIP
    ('ok', '144\n')

The program runs as nobody behind bubblewrap: it reads the system's programs and libraries, writes to a private folder
in memory (its working directory), and has no network (not even this machine's own), no files, processes, environment
or open files of the host, and no more time, memory, processes, disk and output than :class:`Limits` says. When it
ends, or its time does, all its processes are dead before the caller hears of it.

What is the program's fault is an :class:`Outcome`. What is not its fault is an exception: no sandbox here, or it could
not be built (:class:`SandboxUnavailable`), or a mistake of the caller (:class:`ConfigError`). Statuses come from what
was measured here, never from an exit code alone: a program can't claim a time-out.

Linux with bubblewrap and user namespaces is needed; :func:`available` says what is missing. ``unsafe=True`` runs the
program all the same where there is no sandbox: limits, clock, private folder and empty environment hold (and root is
given up), but it can read files, reach the network, fill the disk, and leave processes behind, and programs that run
at one time share one count of processes. Any thread may call; there are no signals, and nothing runs between fork and
exec, so a large or threaded process may call too.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from errno import E2BIG
from functools import cache
from pathlib import Path
from types import MappingProxyType

from plaudit.core.errors import ConfigError, SandboxUnavailable
from plaudit.engine import sandbox_policy as policy
from plaudit.engine.sandbox_policy import Limits
from plaudit.engine.sandbox_watch import Outcome, Program, Started

__all__ = ["Limits", "Outcome", "SandboxUnavailable", "available", "python", "run", "run_python"]

#: The name under which :func:`run_python` shows the source to itself.
MAIN = "main.py"
_NO_FILES: Mapping[str, bytes | str] = MappingProxyType({})
_FORBIDDEN = (
    "if user namespaces are forbidden, allow them: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "
    "kernel.apparmor_restrict_unprivileged_userns, or the container's security profile"
)


@cache
def available() -> str | None:
    """Return None if programs can be run safely here, else why not and what to do (found out once per process)."""
    missing = policy.lacking()
    if missing is not None:
        return missing
    try:
        ended = _run(["true"], {}, b"", Limits(), safe=True)
    except SandboxUnavailable as error:
        return f"{error} ({_FORBIDDEN})"
    return None if ended.status == "ok" else f"a trial run ended as {ended.status}: {ended.reason}"


def python() -> str:
    """Return the Python that a program can run, for use in an ``argv``.

    It is the running interpreter's base installation if nobody may read it, else ``/usr/bin/python3``; packages of a
    virtual environment are not there.

    Raises:
        SandboxUnavailable: there is neither.
    """
    found = policy.interpreter()
    if found is None:
        raise SandboxUnavailable(
            f"nobody can read {sys.base_prefix}, and there is no /usr/bin/python3; install python3"
        )
    return found.path


def run_python(
    source: str,
    *,
    files: Mapping[str, bytes | str] = _NO_FILES,
    stdin: str | bytes = "",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    unsafe: bool = False,
) -> Outcome:
    """Run a Python program.

    Args:
        source: the program; it becomes ``main.py`` beside ``files``, which it can therefore import and open.
        files: as for :func:`run`.
        stdin: what it reads.
        limits: what it may use.
        unsafe: run it even where there is no sandbox.

    Raises:
        SandboxUnavailable: there is no sandbox (and ``unsafe`` is False) or it could not be built.
        ConfigError: a file has a bad name or is itself called ``main.py``.
    """
    if MAIN in files:
        raise ConfigError(f"a file is called {MAIN!r}, which is the program's own name; rename it", "files")
    # A lone surrogate is the program's fault, and Python's own message about bad UTF-8 says so.
    code = source.encode("utf-8", "surrogatepass")
    most = min(limits.file_bytes, limits.disk)
    if len(code) > most:
        return _never_started(f"the source has {len(code):,} bytes; {most:,} are allowed")
    if "\0" in source:
        return _never_started("the source has a NUL character")  # older Pythons drop the rest of the line in silence
    return run([python(), "-B", MAIN], files={**files, MAIN: code}, stdin=stdin, limits=limits, unsafe=unsafe)


def run(
    argv: Sequence[str],
    *,
    files: Mapping[str, bytes | str] = _NO_FILES,
    stdin: str | bytes = "",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    unsafe: bool = False,
) -> Outcome:
    """Run a command.

    Args:
        argv: the command, by its name in /usr/bin or /bin or its path; as it is, no shell reads it.
        files: what lies in its working directory: names (relative, ``/`` allowed) and contents (a str as UTF-8).
        stdin: what it reads, then end of file.
        limits: what it may use.
        unsafe: run it even where there is no sandbox.

    Raises:
        SandboxUnavailable: there is no sandbox (and ``unsafe`` is False) or it could not be built.
        ConfigError: there is no such command; a file's name leads elsewhere; the files exceed ``limits.disk``.
    """
    if not argv or argv[0] in ("", "-") or argv[0].startswith("-") or any("\0" in part for part in argv):
        raise ConfigError(f"{list(argv)!r} is no command: a name or path first, and no NUL anywhere", "argv")
    contents = {name: _bytes(content) for name, content in files.items()}
    _check_files(contents, limits)
    why_not = available()
    if why_not is not None and not unsafe:
        raise SandboxUnavailable(f"a program that a model wrote is refused: {why_not}")
    return _run(argv, contents, _bytes(stdin), limits, safe=why_not is None)


def _never_started(why: str) -> Outcome:
    return Outcome("failed", None, "", "", 0.0, why, cut=False)


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _check_files(files: Mapping[str, bytes], limits: Limits) -> None:
    folders = {"/".join(parts[:i]) for parts in (name.split("/") for name in files) for i in range(1, len(parts))}
    for name in files:
        if "\0" in name or any(part in ("", ".", "..") or len(os.fsencode(part)) > 255 for part in name.split("/")):
            raise ConfigError(f"file name {name!r} is not a plain path inside the program's folder", "files")
        if name in folders:
            raise ConfigError(f"file name {name!r} is also the folder of another file", "files")
    size = sum(map(len, files.values()))
    if size > limits.disk:
        raise ConfigError(f"the files hold {size:,} bytes; limits.disk is {limits.disk:,}", "files")


def _run(argv: Sequence[str], files: Mapping[str, bytes], stdin: bytes, limits: Limits, *, safe: bool) -> Outcome:
    token = secrets.token_hex(16)
    with (_walled if safe else _unwalled)(argv, files, limits, token) as started:
        program = Program(started, token, limits)
        try:
            return program.attend(argv[0], stdin)
        finally:
            program.stop()


@contextmanager
def _walled(argv: Sequence[str], files: Mapping[str, bytes], limits: Limits, token: str) -> Iterator[Started]:
    """Start a command behind bubblewrap; its files come through descriptors, so nothing lies on the host's disk."""
    with ExitStack() as stack:

        def opened(content: bytes) -> str:
            descriptor = os.memfd_create("plaudit")
            stack.callback(os.close, descriptor)
            passed.append(descriptor)
            with open(descriptor, "wb", closefd=False) as file:
                file.write(content)
            os.lseek(descriptor, 0, os.SEEK_SET)
            return str(descriptor)

        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        passed = [writing]
        try:
            line = [*policy.dropped(), *policy.bubblewrap(limits)]
            for folder in sorted({str(parent) for name in files for parent in Path(name).parents} - {"."}):
                line += ["--dir", f"/tmp/{folder}"]
            for name, content in files.items():
                line += ["--file", opened(content), f"/tmp/{name}"]
            line += ["--seccomp", opened(policy.syscall_filter()), "--info-fd", str(writing), "--remount-ro", "/"]
            # One process more than asked for: the sandbox's own number 1.
            line += ["--", *policy.launcher(limits, token, limits.processes + 1), *argv]
            process = stack.enter_context(_popen(line, "/", {**policy.ENVIRONMENT, "HOME": "/tmp"}, passed))
        finally:
            os.close(writing)
        yield Started(process, _child(reading))


def _child(reading: int) -> int | None:
    """Return the process that bubblewrap says it started; None if it ended before."""
    told = b""
    while b"}" not in told:
        more = os.read(reading, 4096)
        if not more:
            return None
        told += more
    return int(json.loads(told)["child-pid"])


@contextmanager
def _unwalled(argv: Sequence[str], files: Mapping[str, bytes], limits: Limits, token: str) -> Iterator[Started]:
    """Start a command in a folder of its own, as nobody if we are root, with no walls."""
    nobody = policy.NOBODY if os.geteuid() == 0 else -1
    with tempfile.TemporaryDirectory(prefix="plaudit-", ignore_cleanup_errors=True) as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, nobody, nobody)
        # The kernel counts all the user's processes, not only this program's.
        processes = limits.processes + policy.tasks(nobody if nobody >= 0 else os.geteuid())
        line = [*policy.dropped(), *policy.launcher(limits, token, processes), *argv]
        with _popen(line, folder, {**policy.ENVIRONMENT, "HOME": folder}, []) as process:
            yield Started(process, None)


@contextmanager
def _popen(line: list[str], cwd: str, env: dict[str, str], passed: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            [shutil.which(line[0]) or line[0], *line[1:]],
            bufsize=0,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=cwd,
            env=env,
            pass_fds=passed,
            start_new_session=True,
        )
    except OSError as error:
        if error.errno == E2BIG:
            raise ConfigError(
                "the command is longer than the system allows; pass long texts as files", "argv"
            ) from error
        raise SandboxUnavailable(f"{line[0]} could not be started: {error}") from error
    with process:
        try:
            yield process
        finally:
            process.kill()
