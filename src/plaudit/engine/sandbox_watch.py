"""One running program, watched: fed, drained, timed, and dead when it is over.

The thread that asked does it all, waiting on the program's pipes and its end: output beyond what is kept is read and
dropped, so that a flood fills neither our memory nor the pipe. Some twenty times a second it looks at what all
processes of a sandbox hold *together*, which no limit of the kernel covers: sixteen processes of half a gigabyte are
eight gigabytes, and ten thousand empty files cost memory that no size counts. These looks need a readable
``/proc/PID/root`` of the program (any user's own programs; root with ``CAP_SYS_PTRACE``) and are left out without.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic
from typing import Literal, NamedTuple

from plaudit.core.errors import ConfigError, PlauditError, SandboxUnavailable
from plaudit.engine.sandbox_policy import Limits

#: Files and folders that a program may have at one time.
FILES = 10_000
_TICK = 0.05  # seconds between two looks at what a program holds
_START = 20.0  # seconds that building the walls may take
_REASON = 200  # characters of a program's last line that a reason quotes


class Outcome(NamedTuple):
    """How a program ended.

    Attributes:
        status: ``ok`` (it ended by itself with exit code 0), ``failed`` (with another, or of a signal), ``timeout``
            (its wall-clock or processor seconds were used up), ``killed`` (its processes together held too much
            memory, disk or too many files, and were stopped).
        code: its exit code, 128 + n if signal n ended it; None where it was stopped from outside, or never started.
        stdout: the first bytes of its standard output as UTF-8; undecodable bytes become U+FFFD.
        stderr: the same of standard error.
        seconds: wall-clock seconds from its first instruction to its end.
        reason: why it is not ``ok``, in one line; empty if it is.
        cut: whether it wrote more than was kept.
    """

    status: Literal["ok", "failed", "timeout", "killed"]
    code: int | None
    stdout: str
    stderr: str
    seconds: float
    reason: str
    cut: bool


class Started(NamedTuple):
    """A process, and the one that is number 1 inside its sandbox (both numbers are the host's)."""

    process: subprocess.Popen[bytes]
    init: int | None


class _Kept:
    """The first bytes of a stream."""

    def __init__(self, most: int) -> None:
        self.most, self.data, self.cut = most, bytearray(), False

    def add(self, chunk: bytes) -> None:
        room = self.most - len(self.data)
        self.data += chunk[:room]
        self.cut = self.cut or len(chunk) > room

    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class Program:
    """A program that was started: its pipes, its clock, its end."""

    def __init__(self, started: Started, token: str, limits: Limits) -> None:
        self._process, self._init = started
        self._limits = limits
        self._handle = _handle(self._init)
        self._begins, self._absent = f"{token}!\n".encode(), f"{token}?\n".encode()
        self._out, self._err = _Kept(limits.output), _Kept(limits.output)
        self._preface = b""  # what is on standard error before the program's own
        self._launched, self._began, self._looked = monotonic(), 0.0, 0.0
        self._unsent = memoryview(b"")

    def attend(self, name: str, stdin: bytes) -> Outcome:
        """Feed and drain the program until it ends or must be stopped; return how it ended."""
        process, self._unsent = self._process, memoryview(stdin)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        stopped = None
        with selectors.DefaultSelector() as waiting, ExitStack() as stack:
            for pipe in (process.stdin, process.stdout, process.stderr):
                os.set_blocking(pipe.fileno(), False)
            waiting.register(process.stdout, selectors.EVENT_READ, self._out.add)
            waiting.register(process.stderr, selectors.EVENT_READ, self._add_error)
            waiting.register(process.stdin, selectors.EVENT_WRITE)
            ended = _handle(process.pid)
            if ended is not None:
                stack.callback(os.close, ended)
                waiting.register(ended, selectors.EVENT_READ)
            while process.poll() is None and (stopped := self._overdue()) is None:
                self._serve(waiting, _TICK)
            seconds = monotonic() - self._began
            self.stop()
            # All writers are dead: what is left is one full pipe, a megabyte at most.
            for _ in range(64):
                self._serve(waiting, 0)
        if not self._began:
            raise self._not_started(name)
        status, code, reason = self._verdict(seconds) if stopped is None else (stopped[0], None, stopped[1])
        cut = self._out.cut or self._err.cut
        return Outcome(status, code, self._out.text(), self._err.text(), seconds, reason, cut)

    def stop(self) -> None:
        """Kill what is left of the program, and return when all of it is dead."""
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        # Without a sandbox, what the program left behind is in its process group.
        if self._init is None or self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._handle is not None:
            # Number 1 of a process namespace ends last: the kernel lets it wait for all the others.
            poll, handle, self._handle = select.poll(), self._handle, None
            poll.register(handle, select.POLLIN)
            gone = poll.poll(_START * 1000)
            os.close(handle)
            if not gone:
                raise SandboxUnavailable(f"a killed program was still there after {_START:g} s (process {self._init})")

    def _serve(self, waiting: selectors.BaseSelector, seconds: float) -> None:
        """Move what can be moved between the pipes and us, waiting so long for something."""
        for key, _ in waiting.select(seconds):
            if key.fileobj is self._process.stdin:
                self._feed(waiting, key.fd)
            elif key.data is not None:
                with suppress(BlockingIOError):
                    chunk = os.read(key.fd, 1 << 16)
                    key.data(chunk)
                    if not chunk:
                        waiting.unregister(key.fileobj)

    def _feed(self, waiting: selectors.BaseSelector, fd: int) -> None:
        assert self._process.stdin is not None
        try:
            self._unsent = self._unsent[os.write(fd, self._unsent[: 1 << 16]) :] if self._unsent else self._unsent
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        if not self._unsent:
            waiting.unregister(self._process.stdin)
            self._process.stdin.close()

    def _add_error(self, chunk: bytes) -> None:
        if self._began:
            self._err.add(chunk)
            return
        self._preface += chunk
        before, found, own = self._preface.partition(self._begins)
        if found:
            self._began, self._preface = monotonic(), before
            self._err.add(own)

    def _overdue(self) -> tuple[Literal["timeout", "killed"], str] | None:
        """Return why the program must be stopped now, None if it need not."""
        now = monotonic()
        if not self._began:
            if now - self._launched > _START:
                raise SandboxUnavailable(f"the sandbox was not built within {_START:g} s")
        elif now - self._began >= self._limits.seconds:
            return "timeout", f"ran longer than {self._limits.seconds:g} s"
        elif self._init is not None and now - self._looked >= _TICK:
            self._looked = now
            why = overdrawn(self._init, self._limits)
            return None if why is None else ("killed", why)
        return None

    def _verdict(self, seconds: float) -> tuple[Literal["ok", "failed", "timeout"], int, str]:
        code, most = self._process.returncode, self._limits.cpu_seconds
        code = 128 - code if code < 0 else code
        if code == 0:
            return "ok", 0, ""
        # No process can have used more than all processors since its start (which was a little before the clock's).
        used = (seconds + 0.1) * min(os.cpu_count() or 1, self._limits.processes)
        if code in (128 + signal.SIGXCPU, 128 + signal.SIGKILL) and used >= most:
            return "timeout", code, f"used more than {most} s of processor time"
        lines = self._err.text().split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return "failed", code, f"{_named(code)}: {last[:_REASON]}" if last else _named(code)

    def _not_started(self, name: str) -> PlauditError:
        if self._absent in self._preface:
            return ConfigError(f"there is no program {name!r} where programs run; see argv", "argv")
        why = self._preface.decode("utf-8", "replace").strip() or f"exit code {self._process.returncode}"
        return SandboxUnavailable(f"the sandbox could not be built: {' / '.join(why.splitlines())}")


def _handle(process: int | None) -> int | None:
    """Return a descriptor that becomes readable when a process ends; None if it has, or the system has none such."""
    if process is None or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(process)
    except OSError:
        return None


def _named(code: int) -> str:
    try:
        return f"exit code {code} ({signal.Signals(code - 128).name})"
    except ValueError:
        return f"exit code {code}"


def overdrawn(init: int, limits: Limits) -> str | None:
    """Return which shared limit the processes of a sandbox exceed together, None if none.

    Args:
        init: the process that is number 1 inside, by its number outside.
        limits: what they may use.
    """
    root = f"/proc/{init}/root"
    try:
        held = os.statvfs(f"{root}/tmp")
        if (held.f_blocks - held.f_bfree) * held.f_frsize > limits.disk + held.f_frsize:
            return f"its files held more than {limits.disk:,} bytes"
        if held.f_files - held.f_ffree > FILES:
            return f"it made more than {FILES:,} files"
        inside = [process for process in Path(root, "proc").iterdir() if process.name.isdigit()]
    except OSError:
        return None  # it has just ended
    # Cheap figures that count shared pages several times; where these are too many, exact ones.
    for measure in (_resident, _proportional):
        if sum(map(measure, inside)) <= limits.memory:
            return None
    return f"its processes held more than {limits.memory:,} bytes of memory together"


def _resident(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _proportional(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
