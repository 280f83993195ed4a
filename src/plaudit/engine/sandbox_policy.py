"""What a program that a model wrote may do: its limits, its view of the machine, its system calls.

:mod:`plaudit.engine.sandbox` runs the program; this module says within which walls, as data: a command line for
bubblewrap, a few lines of shell that set the limits from inside, and a system call filter. Why each wall is there:

- *Namespaces* (user, process, network, mount, IPC, host name, cgroup): nothing of the host can be seen or signalled.
- *An ordinary user before bubblewrap starts*: the kernel doesn't hold root to a number of processes, whatever number
  root seems to have inside.
- *Limits set inside*: since Linux 5.14 processes are counted by user namespace, so that sandboxes don't share one
  count. On an older kernel all processes of the user count, and a program that forks may be refused too early.
- *A filter*: memory that belongs to no address space (``memfd_create``, System V shared memory), sockets that know no
  network namespace (``AF_VSOCK``) or fill the kernel's buffers by themselves (all but ``AF_UNIX``), new namespaces (a
  file system in memory of one's own) would each be a way around. What pipes and sockets still buffer is bounded by the
  number of descriptors.

What no wall holds is looked at from outside while the program runs (:mod:`plaudit.engine.sandbox_watch`).
"""

from __future__ import annotations

import os
import platform
import pwd
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass, fields
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from functools import cache
from math import ceil, isfinite
from pathlib import Path
from typing import NamedTuple

from plaudit.core.errors import ConfigError

#: The user and group a program runs as: nobody.
NOBODY = 65534
#: The environment of every program; ``HOME`` and the working directory are its private folder.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
_DESCRIPTORS = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Args:
        seconds: wall-clock seconds from its first instruction; then all its processes are killed.
        cpu_seconds: processor seconds of each of its processes, whole.
        memory: bytes of address space of each process, and of resident memory of all together.
        processes: processes and threads at one time.
        file_bytes: bytes of one file (rounded up to 512).
        disk: bytes of all files together (rounded up to a page); they lie in memory.
        output: bytes that are kept of standard output, and as many of standard error; the rest is read and dropped.

    Raises:
        ConfigError: a limit that is not positive and finite.
    """

    seconds: float = 5.0
    cpu_seconds: int = 5
    memory: int = 512 << 20
    processes: int = 16
    file_bytes: int = 32 << 20
    disk: int = 64 << 20
    output: int = 64 << 10

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isfinite(value) and value > 0):
                raise ConfigError(f"{field.name} is {value!r}; a limit is a positive number", field.name)
            if field.name != "seconds" and not isinstance(value, int):
                raise ConfigError(f"{field.name} is {value!r}; it must be a whole number", field.name)


class Interpreter(NamedTuple):
    """A Python that a program can run: its path, and the folder to show for it (None if that is in /usr)."""

    path: str
    prefix: str | None


@cache
def interpreter() -> Interpreter | None:
    """Return the running Python's base installation if an ordinary user can read it, else /usr/bin/python3, else None.

    A virtual environment's packages are not part of it. As root, a Python below a home directory can't be read once
    the privileges are dropped.
    """
    prefix = Path(sys.base_prefix).resolve()
    own = (prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}").resolve()
    if own.is_relative_to("/usr") and _readable(own):
        return Interpreter(str(own), None)
    homes = {Path(entry.pw_dir) for entry in pwd.getpwall() if entry.pw_uid == os.getuid()}
    holds_a_home = any(home.is_relative_to(prefix) for home in homes)
    if own.is_relative_to(prefix) and not holds_a_home and _readable(own) and _readable(prefix):
        return Interpreter(str(own), str(prefix))
    system = Path("/usr/bin/python3")
    return Interpreter(str(system), None) if _readable(system) else None


def _readable(path: Path) -> bool:
    """Whether an ordinary user can read and enter (or execute) a path."""
    if os.geteuid() != 0:
        return os.access(path, os.R_OK | os.X_OK)
    try:
        return path.stat().st_mode & 0o5 == 0o5 and all(parent.stat().st_mode & 0o1 for parent in path.parents)
    except OSError:
        return False


def dropped() -> list[str]:
    """Return the command that gives up root for the command after it; empty where we are not root.

    A program does it and not :mod:`subprocess`, which would have to fork: that copies the page tables of a training
    process (0.1 s a gigabyte) at each run.
    """
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


def lacking() -> str | None:
    """Return which program or feature the sandbox needs and doesn't find, None if all are there."""
    if sys.platform != "linux":
        return f"the sandbox needs Linux; this is {sys.platform}"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed; install it (apt-get install bubblewrap)"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return (
            "setpriv is not installed, and root's programs can't be held to a number of processes; install util-linux"
        )
    if platform.machine() not in _MACHINES:
        return f"there is no system call filter for {platform.machine()}; known: {', '.join(_MACHINES)}"
    return None


@cache
def _sized() -> bool:
    """Whether this bubblewrap can size a file system in memory (0.7 and newer); else it is watched from outside."""
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return "--size" in shown.stdout


def bubblewrap(limits: Limits) -> list[str]:
    """Return bubblewrap's command line, up to where files and the command are added and the root is sealed."""
    line = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--uid",
        str(NOBODY),
        "--gid",
        str(NOBODY),
    ]
    line += ["--hostname", "sandbox", "--new-session", "--die-with-parent", "--cap-drop", "ALL"]
    line += ["--ro-bind", "/usr", "/usr"]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if Path(path).is_symlink():
            line += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).is_dir():
            line += ["--ro-bind", path, path]
    # The loader's index and Debian's links to programs: without them, some programs in /usr don't start.
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        line += ["--ro-bind-try", path, path]
    line += ["--proc", "/proc"]
    # Not bubblewrap's own /dev: it brings a writable /dev/shm without a size, and terminals.
    for path in ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"):
        line += ["--dev-bind", path, path]
    line += ["--symlink", "/proc/self/fd", "/dev/fd"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        line += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    line += ["--size", str(limits.disk)] if _sized() else []
    line += ["--tmpfs", "/tmp", "--chdir", "/tmp"]
    python = interpreter()
    if python is not None and python.prefix is not None:
        line += ["--ro-bind", python.prefix, python.prefix]
    return line


def launcher(limits: Limits, token: str, processes: int) -> list[str]:
    """Return the shell command that sets the limits, says so on standard error, and becomes the command after it.

    It writes a line of ``token`` and ``!`` when the program is about to start, ``token`` and ``?`` when there is no
    such program; no line at all means that the walls could not be built, which is no fault of the program.
    """
    limited = ["ulimit -c 0", f"ulimit -n {_DESCRIPTORS}", f"ulimit -f {ceil(limits.file_bytes / 512)}"]
    # At the soft limit a program gets SIGXCPU, by which we know it; one that ignores it is killed a second later.
    limited += [f"ulimit -S -t {limits.cpu_seconds}", f"ulimit -H -t {limits.cpu_seconds + 1}"]
    if sys.platform == "linux":
        limited += [f"ulimit -v {ceil(limits.memory / 1024)}"]
        limited += [f"{{ ulimit -u {processes} 2>/dev/null || ulimit -p {processes}; }}"]
    script = f"""{" && ".join(limited)} || exit 125
echo 1000 2>/dev/null >/proc/self/oom_score_adj
unset PWD OLDPWD SHLVL
command -v "$1" >/dev/null 2>&1 || {{ echo '{token}?' >&2; exit 127; }}
echo '{token}!' >&2
exec "$@"
"""
    return ["/bin/sh", "-c", script, "sh"]


def tasks(user: int) -> int:
    """Return how many processes and threads a user has on this machine; 0 where /proc doesn't say."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            count += sum(1 for _ in (process / "task").iterdir()) if process.stat().st_uid == user else 0
        except OSError:
            continue
    return count


class _Machine(NamedTuple):
    """One architecture: the kernel's number for it and those of its system calls (asm/unistd.h)."""

    audit: int
    clone: int
    socket: int
    refused: dict[str, int]


# Since 5.1 new system calls have one number on all architectures.
_NEW = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "pidfd_getfd": 438,
    "memfd_secret": 447,
}
_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        socket=41,
        refused=_NEW
        | {"shmget": 29, "msgget": 68, "ptrace": 101, "syslog": 103, "add_key": 248, "request_key": 249, "keyctl": 250}
        | {"unshare": 272, "perf_event_open": 298, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311}
        | {"memfd_create": 319, "bpf": 321, "userfaultfd": 323},
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        socket=198,
        refused=_NEW
        | {"unshare": 97, "syslog": 116, "ptrace": 117, "msgget": 186, "shmget": 194, "add_key": 217}
        | {"request_key": 218, "keyctl": 219, "perf_event_open": 241, "setns": 268, "process_vm_readv": 270}
        | {"process_vm_writev": 271, "memfd_create": 279, "bpf": 280, "userfaultfd": 282},
    ),
}
_CLONE_NEW = 0x7E020000  # every CLONE_NEW* flag of clone(2)
_X32 = 0x40000000  # numbers of x86-64's second, unused interface
_AF_UNIX = 1
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def syscall_filter(machine: str | None = None) -> bytes:
    """Return the system call filter as a classic BPF program (seccomp(2)) for this machine, or a named one.

    What it names is refused with an error a program can handle, everything else is allowed; ``clone3``, whose flags a
    filter can't see, seems not to exist, and the C library falls back to ``clone``.
    """
    here = _MACHINES[machine or platform.machine()]
    # Offsets in struct seccomp_data: number 0, architecture 4, first argument 16 (its low half comes first).
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, here.audit), (_RETURN, 0, 0, _KILL)]
    program += [(_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for number in here.refused.values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | EPERM)]
    program += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERROR | ENOSYS)]
    program += [(_EQUAL, 0, 4, here.clone), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _CLONE_NEW)]
    program += [(_RETURN, 0, 0, _ERROR | EPERM), (_RETURN, 0, 0, _ALLOW)]
    program += [(_EQUAL, 0, 3, here.socket), (_LOAD, 0, 0, 16)]
    program += [(_EQUAL, 1, 0, _AF_UNIX), (_RETURN, 0, 0, _ERROR | EAFNOSUPPORT)]
    program += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in program)
