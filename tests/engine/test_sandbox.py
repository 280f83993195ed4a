from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import tracemalloc
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plaudit.core.errors import ConfigError, PlauditError
from plaudit.engine import sandbox, sandbox_policy, sandbox_watch
from plaudit.engine.sandbox import Limits, Outcome, SandboxUnavailable, run, run_python

walled = pytest.mark.skipif(sandbox.available() is not None, reason=str(sandbox.available()))

# A program's verdict on a harm it tries: the name of the exception that stopped it, or "done".
TRY = """
def tried(harm, *given):
    try:
        harm(*given)
    except Exception as stopped:
        return type(stopped).__name__
    return "done"
"""


def told(source: str, **options: Any) -> Any:
    """Run a program that must end well, and return the JSON it prints."""
    ended = run_python(TRY + source, **options)
    assert ended.status == "ok", ended
    return json.loads(ended.stdout)


def marked(marker: str) -> list[int]:
    """Return the processes of the whole machine with a marker in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def all_end(processes: list[int]) -> bool:
    """Whether processes that were killed are gone within ten seconds."""
    for process in processes:
        try:
            handle = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        ended = poll.poll(10_000)
        os.close(handle)
        if not ended:
            return False
    return True


@pytest.fixture
def marker() -> Iterator[str]:
    """Name a program's processes, and end what a failing test would leave behind."""
    name = f"marker-{uuid.uuid4().hex}"
    yield name
    for process in marked(name):
        os.kill(process, signal.SIGKILL)


@walled
class TestEnds:
    def test_ok(self) -> None:
        ended = run_python("print(int(input()) ** 2)", stdin="12")
        assert (ended.status, ended.code, ended.stdout, ended.stderr, ended.reason) == ("ok", 0, "144\n", "", "")
        assert not ended.cut
        assert 0 < ended.seconds < 5

    @pytest.mark.parametrize("code", [1, 2, 124, 125, 127, 137, 152, 255])
    def test_an_exit_code_is_a_failure_and_never_claims_more(self, code: int) -> None:
        ended = run_python(f"import os; os._exit({code})")
        assert (ended.status, ended.code) == ("failed", code)
        assert ended.reason.startswith(f"exit code {code}")

    def test_the_reason_quotes_the_last_line(self) -> None:
        ended = run_python("1 / 0")
        assert (ended.status, ended.code) == ("failed", 1)
        assert ended.reason == "exit code 1: ZeroDivisionError: division by zero"
        assert "main.py" in ended.stderr

    def test_a_signal_is_a_failure(self) -> None:
        ended = run_python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        assert (ended.status, ended.code) == ("failed", 128 + signal.SIGSEGV)
        assert "SIGSEGV" in ended.reason

    def test_a_program_cannot_pretend_that_the_walls_failed(self) -> None:
        ended = run_python("import sys; print('bwrap: no permissions', file=sys.stderr); sys.exit(125)")
        assert (ended.status, ended.code, ended.stderr) == ("failed", 125, "bwrap: no permissions\n")

    def test_a_command(self) -> None:
        ended = run(["sort", "-n", "numbers.txt"], files={"numbers.txt": "10\n9\n"})
        assert (ended.status, ended.stdout) == ("ok", "9\n10\n")

    def test_no_shell_reads_the_command(self) -> None:
        assert run(["echo", "$HOME; ls *", "'\"", ""]).stdout == "$HOME; ls * '\" \n"

    def test_sql(self) -> None:
        source = "import sqlite3, sys\nprint(sqlite3.connect(':memory:').execute(sys.stdin.read()).fetchall())"
        assert run_python(source, stdin="select 6 * 7").stdout == "[(42,)]\n"

    def test_from_four_threads(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            ends = list(pool.map(lambda n: run_python(f"print({n} + {n})"), range(8)))
        assert [ended.stdout for ended in ends] == [f"{2 * n}\n" for n in range(8)]


@walled
class TestInput:
    def test_files_are_read_and_imported(self) -> None:
        files: dict[str, str | bytes] = {"helper.py": "def f(): return 7", "data/deep/x.bin": b"\x00\xff"}
        source = "import helper; print(helper.f(), open('data/deep/x.bin', 'rb').read())"
        assert run_python(source, files=files).stdout == "7 b'\\x00\\xff'\n"

    def test_stdin_is_read_to_its_end(self) -> None:
        text = "é" * 700_000
        assert told("import sys; print(len(sys.stdin.read()))", stdin=text) == 700_000

    def test_stdin_may_stay_unread(self) -> None:
        assert run_python("print(1)", stdin=b"x" * 10_000_000).status == "ok"

    def test_no_stdin_is_end_of_file(self) -> None:
        assert run_python("input()").reason.startswith("exit code 1: EOFError")

    def test_a_source_of_a_megabyte(self) -> None:
        source = "x = '" + "a" * 1_000_000 + "'\nprint(len(x))"
        assert run_python(source).stdout == "1000000\n"

    def test_a_source_larger_than_a_file_may_be(self) -> None:
        ended = run_python("#" * 2000, limits=Limits(file_bytes=1024))
        assert (ended.status, ended.code) == ("failed", None)
        assert "2,000 bytes" in ended.reason

    @pytest.mark.parametrize("source", ["print(1)\0\nprint(2)", "print('\ud800')", "\0", "print(1) #\0"])
    def test_a_source_that_is_no_text_fails(self, source: str) -> None:
        ended = run_python(source)
        assert (ended.status, ended.stdout) == ("failed", "")

    def test_output_that_is_no_text(self) -> None:
        ended = run_python("import os; os.write(1, b'a\\xff\\x00b'); os.write(2, b'\\xc3')")
        assert (ended.status, ended.stdout, ended.stderr) == ("ok", "a\ufffd\0b", "\ufffd")

    @pytest.mark.parametrize(
        "name", ["../x", "/etc/x", "a/../../x", "", ".", "..", "a//b", "./a", "a/", "a\0b", "x" * 256]
    )
    def test_a_name_that_leads_elsewhere(self, name: str) -> None:
        with pytest.raises(ConfigError, match="not a plain path"):
            run_python("pass", files={name: "x"})

    def test_a_name_that_is_a_folder_too(self) -> None:
        with pytest.raises(ConfigError, match="'a' is also the folder"):
            run_python("pass", files={"a": "x", "a/b": "x"})

    def test_a_file_called_as_the_program(self) -> None:
        with pytest.raises(ConfigError, match=r"main\.py"):
            run_python("pass", files={"main.py": "x"})

    def test_files_beyond_the_disk(self) -> None:
        with pytest.raises(ConfigError, match=r"2,000 bytes; limits\.disk is 1,000"):
            run(["true"], files={"a": "x" * 2000}, limits=Limits(disk=1000))

    @pytest.mark.parametrize("argv", [[], [""], ["-c"], ["echo", "a\0b"], ["no-such-program"], ["./nothing"]])
    def test_no_command(self, argv: list[str]) -> None:
        with pytest.raises(ConfigError) as raised:
            run(argv)
        assert raised.value.field == "argv"

    def test_a_command_longer_than_the_system_allows(self) -> None:
        with pytest.raises(ConfigError, match="pass long texts as files"):
            run(["echo", "x" * 10_000_000])


@walled
class TestSecrets:
    def test_files_of_the_host(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("secret")
        paths = ["/etc/passwd", "/etc/shadow", "/etc/hosts", "/proc/1/root/etc/passwd", "/sys/class", "/var/log"]
        paths += [str(secret), __file__, f"/proc/{os.getpid()}/environ", "/root", "/dev/shm", "/dev/kmsg", "/dev/tty"]
        source = "import os\nprint(__import__('json').dumps([p for p in PATHS if os.path.lexists(p)]))"
        assert told(source.replace("PATHS", repr(paths))) == []

    def test_homes(self) -> None:
        source = """
import json, os
found = [os.path.join(d, f) for home in ("/root", "/home") for d, _, names in os.walk(home) for f in names]
print(json.dumps([path for path in found if PREFIX not in path][:9]))
"""
        prefix = getattr(sandbox_policy.interpreter(), "prefix", None) or "\n"
        assert told(source.replace("PREFIX", repr(prefix))) == []

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("API_TOKEN", "hush")
        source = """
import glob, json, os
environments = "".join(open(p, errors="replace").read() for p in glob.glob("/proc/[0-9]*/environ"))
print(json.dumps([dict(os.environ), "hush" in environments]))
"""
        environment, leaked = told(source)
        assert environment == {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
        assert not leaked

    def test_processes_of_the_host(self) -> None:
        source = """
import json, os
print(json.dumps([sorted(int(p) for p in os.listdir("/proc") if p.isdigit()), os.getpid(),
                  [tried(os.kill, HOST, 9), tried(os.kill, os.getppid(), 0)]]))
"""
        seen, own, kills = told(source.replace("HOST", str(os.getpid())))
        assert own in seen
        assert len(seen) <= 3
        assert kills[0] == "ProcessLookupError"

    def test_no_open_file_is_inherited(self, tmp_path: Path) -> None:
        with (tmp_path / "x").open("w") as file:
            os.set_inheritable(file.fileno(), True)
            source = "import os\nprint([n for n in range(3, 256) if tried(os.fstat, n) == 'done'])"
            assert told(source) == []

    def test_nobody_without_privileges(self) -> None:
        source = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps([os.getresuid(), os.getgroups(), {k: v.strip() for k, v in status.items()},
                  open("/proc/self/uid_map").read().split(), os.uname().nodename, os.getsid(0) > 0]))
"""
        users, groups, status, mapped, host, own_session = told(source)
        assert users == [65534] * 3
        assert set(groups) <= {65534}
        assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        assert mapped[1] == str(os.geteuid() or 65534)
        assert host != socket.gethostname()
        assert own_session


@walled
class TestNetwork:
    def test_a_server_of_this_machine_is_out_of_reach(self) -> None:
        abstract = f"\0plaudit-{uuid.uuid4().hex}"
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
            unix.bind(abstract)
            unix.listen()
            source = """
import json, socket
print(json.dumps([
    tried(socket.create_connection, ("127.0.0.1", PORT), 2),
    tried(socket.socket(socket.AF_UNIX).connect, NAME),
    tried(socket.create_connection, ("192.0.2.1", 80), 2),
    tried(socket.getaddrinfo, "example.org", 80),
    [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line],
]))
"""
            port = str(tcp.getsockname()[1])
            assert told(source.replace("PORT", port).replace("NAME", repr(abstract))) == [
                "OSError",
                "ConnectionRefusedError",
                "OSError",
                "gaierror",
                ["lo"],
            ]
            for server in (tcp, unix):
                server.settimeout(0)
                with pytest.raises(BlockingIOError):
                    server.accept()

    def test_no_sockets_but_those_between_its_own_processes(self) -> None:
        source = "import socket\nprint('[%s]' % ','.join(str(OPEN(n)) for n in range(1, 46)))".replace(
            "OPEN", "(lambda n: n * (tried(socket.socket, n, socket.SOCK_STREAM) == 'done'))"
        )
        assert {n for n in told(source) if n} == {socket.AF_UNIX}


@walled
class TestDisk:
    def test_nothing_but_the_private_folder_is_writable(self) -> None:
        places = ["/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/dev/shm/x", "/var/tmp/x", "/home/x", "/proc/x"]
        source = "import json\nprint(json.dumps([tried(open, p, 'w') for p in PLACES] + [tried(open, 'x', 'w')]))"
        *outside, inside = told(source.replace("PLACES", repr(places)))
        assert set(outside) <= {"OSError", "PermissionError", "FileNotFoundError"}
        assert inside == "done"

    def test_runs_share_nothing(self) -> None:
        assert run_python("open('/tmp/x', 'w').write('1')").status == "ok"
        assert told("import os\nprint(len(os.listdir('/tmp')))") == 1  # itself

    def test_a_huge_file(self) -> None:
        source = """
import errno, json, os
try:
    with open("x", "wb", 0) as file:
        while True:
            file.write(bytes(1 << 20))
except OSError as stopped:
    print(json.dumps([errno.errorcode[stopped.errno], os.path.getsize("x")]))
"""
        assert told(source, limits=Limits(file_bytes=3 << 20)) == ["EFBIG", 3 << 20]

    def test_many_files_fill_only_their_own_disk(self) -> None:
        source = """
import errno, json, os
try:
    for n in range(100):
        with open(f"{n}", "wb", 0) as file:
            for _ in range(16):
                file.write(bytes(1 << 16))
except OSError as stopped:
    print(json.dumps([errno.errorcode[stopped.errno], sum(os.path.getsize(f) for f in os.listdir())]))
"""
        error, size = told(source, limits=Limits(disk=8 << 20))
        assert error == "ENOSPC"
        assert 7 << 20 < size <= 8 << 20

    def test_a_disk_that_has_no_size_is_watched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox_policy, "_sized", lambda: False)
        source = "import time\nopen('x', 'wb').write(bytes(9 << 20))\ntime.sleep(60)"
        ended = run_python(source, limits=Limits(disk=8 << 20))
        assert (ended.status, ended.code) == ("killed", None)
        assert ended.reason == "its files held more than 8,388,608 bytes"

    def test_empty_files_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox_watch, "FILES", 500)
        source = "import time\nfor n in range(600): open(str(n), 'w').close()\ntime.sleep(60)"
        ended = run_python(source)
        assert (ended.status, ended.reason) == ("killed", "it made more than 500 files")


@walled
class TestTimeAndProcesses:
    @pytest.mark.parametrize(
        "source",
        [
            "import time; time.sleep(60)",
            "9**9**9",
            "import signal\nfor s in set(range(1, 32)) - {9, 19}: signal.signal(s, signal.SIG_IGN)\nwhile 1: pass",
            "import os; os.close(1); os.close(2)\nwhile 1: pass",
            "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        ],
    )
    def test_what_does_not_end_is_ended(self, source: str) -> None:
        ended = run_python(source, limits=Limits(seconds=0.3))
        assert (ended.status, ended.code, ended.reason) == ("timeout", None, "ran longer than 0.3 s")
        assert 0.3 <= ended.seconds < 5

    def test_processor_time_is_a_time_out_only_if_it_was_spent(self) -> None:
        ended = run_python("while 1: pass", limits=Limits(seconds=20, cpu_seconds=1))
        assert (ended.status, ended.reason) == ("timeout", "used more than 1 s of processor time")
        assert run_python("import os; os.kill(os.getpid(), 24)", limits=Limits(cpu_seconds=1)).status == "failed"

    def test_what_it_wrote_before_is_kept(self) -> None:
        ended = run_python("print('here', flush=True)\nwhile 1: pass", limits=Limits(seconds=0.3))
        assert (ended.status, ended.stdout) == ("timeout", "here\n")

    @pytest.mark.parametrize("end", ["", "while True: time.sleep(9)"])
    def test_a_daemon_does_not_outlive_it(self, marker: str, end: str) -> None:
        source = """
import os, sys, time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.dup2(writing, 9)
        for n in range(3): os.close(n)
        os.execv(sys.executable, [sys.executable, "-c", "import os, time; os.write(9, b'up'); time.sleep(60)", MARKER])
    os._exit(0)
os.wait()
print(os.read(reading, 2).decode(), flush=True)
"""
        ended = run_python(source.replace("MARKER", repr(marker)) + end, limits=Limits(seconds=1))
        assert (ended.status, ended.stdout) == ("timeout" if end else "ok", "up\n")
        assert marked(marker) == []

    def test_processes_are_counted_for_each_sandbox(self) -> None:
        source = """
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except BlockingIOError:
    print(made)
"""
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: told(source, limits=Limits(processes=6)), range(4)))
        assert made == [5] * 4  # the sixth is the program itself

    def test_threads_count(self) -> None:
        source = """
import threading, time
made = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
except RuntimeError:
    print(made, flush=True)
"""
        assert told(source + "__import__('os')._exit(0)", limits=Limits(processes=6)) == 5

    def test_a_fork_bomb(self, marker: str) -> None:
        source = "import os, sys\nif len(sys.argv) < 2: os.execv(sys.executable, [sys.executable, 'main.py', MARKER])\n"
        source += "while True:\n    try: os.fork()\n    except OSError: pass"
        ended = run_python(source.replace("MARKER", repr(marker)), limits=Limits(seconds=0.5))
        assert ended.status == "timeout"
        assert marked(marker) == []

    def test_it_dies_with_the_process_that_asked(self, marker: str) -> None:
        source = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'while 1: pass', {marker!r}])"
        asking = f"""
from plaudit.engine.sandbox import Limits, run_python
run_python({source!r}.replace("hidden", "marker"), limits=Limits(seconds=30, cpu_seconds=30))
""".replace(marker, marker.replace("marker", "hidden"))
        with subprocess.Popen([sys.executable, "-c", asking]) as asker:
            while not (running := marked(marker)):
                assert asker.poll() is None
            asker.kill()
        assert all_end(running), "still there ten seconds after the process that asked was killed"


@walled
class TestMemory:
    def test_one_process(self) -> None:
        ended = run_python("x = bytes(10 ** 9)")
        assert (ended.status, ended.reason) == ("failed", "exit code 1: MemoryError")
        assert told("print(len(bytes(10 ** 8)))") == 10**8

    def test_all_together(self) -> None:
        source = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        break
x = b"1" * (60 << 20)
time.sleep(60)
"""
        ended = run_python(source, limits=Limits(memory=128 << 20))
        assert (ended.status, ended.code) == ("killed", None)
        assert ended.reason == "its processes held more than 134,217,728 bytes of memory together"

    def test_shared_pages_count_once(self) -> None:
        source = """
import os, time
x = b"1" * (60 << 20)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(0.3)
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
print(1)
"""
        assert told(source, limits=Limits(memory=128 << 20)) == 1

    def test_memory_of_no_address_space(self) -> None:
        source = """
import ctypes, errno, json
libc = ctypes.CDLL(None, use_errno=True)
def error(name, *given):
    return errno.errorcode[ctypes.get_errno()] if getattr(libc, name)(*given) == -1 else "done"
print(json.dumps([
    error("memfd_create", b"x", 0),
    error("shmget", 0, 1 << 20, 0o1600),
    error("unshare", 0x10000000),
    error("unshare", 0x20000),
    error("mount", b"x", b"/tmp", b"tmpfs", 0, None),
    error("ptrace", 0, 0, 0, 0),
]))
"""
        assert told(source) == ["EPERM"] * 6

    def test_output_is_bounded(self) -> None:
        flood = "import os\nwhile True: os.write({}, b'x' * 65536)"
        tracemalloc.start()
        try:
            for stream in (1, 2):
                ended = run_python(flood.format(stream), limits=Limits(seconds=0.3, output=1000))
                assert ended.status == "timeout"
                assert (ended.stdout, ended.stderr)[stream - 1] == "x" * 1000
                assert ended.cut
            assert tracemalloc.get_traced_memory()[1] < 4 << 20
        finally:
            tracemalloc.stop()

    def test_output_of_just_the_limit_is_not_cut(self) -> None:
        ended = run_python("print('x' * 99)", limits=Limits(output=100))
        assert (len(ended.stdout), ended.cut) == (100, False)
        ended = run_python("print('x' * 100)", limits=Limits(output=100))
        assert (len(ended.stdout), ended.cut) == (100, True)


class TestLimits:
    @pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
    @pytest.mark.parametrize("name", ["seconds", "cpu_seconds", "memory", "processes", "file_bytes", "disk", "output"])
    def test_a_limit_is_positive(self, name: str, value: float) -> None:
        with pytest.raises(ConfigError, match=name) as raised:
            Limits(**{name: value})  # type: ignore[arg-type]
        assert raised.value.field == name

    def test_bytes_are_whole(self) -> None:
        with pytest.raises(ConfigError, match=r"memory is 1\.5"):
            Limits(memory=1.5)  # type: ignore[arg-type]


class TestWithoutASandbox:
    @pytest.fixture(autouse=True)
    def none_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sandbox, "available", lambda: "bubblewrap is not installed")

    def test_refused(self) -> None:
        with pytest.raises(SandboxUnavailable, match="refused: bubblewrap is not installed") as raised:
            run_python("pass")
        assert isinstance(raised.value, PlauditError)

    def unsafe(self, source: str, **options: Any) -> Outcome:
        return run_python(source, unsafe=True, **options)

    def test_it_runs_where_the_caller_insists(self) -> None:
        ended = self.unsafe("import helper; print(helper.x, input())", files={"helper.py": "x = 7"}, stdin="8")
        assert (ended.status, ended.code, ended.stdout, ended.cut) == ("ok", 0, "7 8\n", False)

    def test_it_is_not_root_and_has_an_empty_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("API_TOKEN", "hush")
        ended = self.unsafe("import json, os; print(json.dumps([os.getuid(), os.getcwd(), dict(os.environ)]))")
        user, folder, environment = json.loads(ended.stdout)
        assert user != 0
        assert environment == {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder}
        assert folder.startswith(str(Path(tempfile.gettempdir()).resolve()))
        assert not Path(folder).exists()

    def test_time(self) -> None:
        ended = self.unsafe("while 1: pass", limits=Limits(seconds=0.3))
        assert (ended.status, ended.code) == ("timeout", None)

    def test_processor_time(self) -> None:
        ended = self.unsafe("while 1: pass", limits=Limits(seconds=20, cpu_seconds=1))
        assert (ended.status, ended.reason) == ("timeout", "used more than 1 s of processor time")

    def test_memory_and_files(self) -> None:
        assert self.unsafe("x = bytes(10 ** 9)").reason == "exit code 1: MemoryError"
        source = "with open('x', 'wb') as file: file.write(bytes(4096))"
        ended = self.unsafe(source, limits=Limits(file_bytes=1024))
        assert "File too large" in ended.reason

    def test_children_die_with_it(self, marker: str) -> None:
        source = (
            "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', MARKER])"
        )
        assert self.unsafe(source.replace("MARKER", repr(marker))).status == "ok"
        assert all_end(marked(marker))

    def test_a_fork_bomb_is_bounded(self) -> None:
        source = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
        assert self.unsafe(source, limits=Limits(seconds=0.3)).status == "timeout"

    def test_a_signal(self) -> None:
        ended = self.unsafe("import os; os.kill(os.getpid(), 11)")
        assert (ended.status, ended.code) == ("failed", 139)

    def test_no_command(self) -> None:
        with pytest.raises(ConfigError, match="no-such-program"):
            run(["no-such-program"], unsafe=True)


class TestAvailable:
    def test_a_kernel_without_user_namespaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with tempfile.TemporaryDirectory() as folder:
            stub = Path(folder, "bwrap")
            stub.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
            stub.chmod(0o755)
            Path(folder).chmod(0o755)
            monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
            why = sandbox.available.__wrapped__()
        assert why is not None
        assert "No permissions to create new namespace" in why
        assert "user.max_user_namespaces" in why

    def test_no_bubblewrap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert sandbox.available.__wrapped__() == (
            "bubblewrap is not installed; install it (apt-get install bubblewrap)"
        )

    @pytest.mark.skipif(sandbox.available() is not None, reason="needs bubblewrap")
    def test_an_architecture_without_a_filter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("platform.machine", lambda: "riscv64")
        assert sandbox.available.__wrapped__() == ("there is no system call filter for riscv64; known: x86_64, aarch64")


def judged(program: bytes, arch: int, number: int, first: int = 0) -> int:
    """Run a classic BPF program over one system call (the five instructions it uses), and return its verdict."""
    steps = list(struct.iter_unpack("=HBBI", program))
    data = struct.pack("=IIQ6Q", number, arch, 0, first, *[0] * 5)
    at = value = 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        if code == 0x06:
            return int(k)
        if code == 0x20:
            (value,) = struct.unpack_from("=I", data, k)
            continue
        holds = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code]
        at += yes if holds else no


ALLOW, KILL, EPERM, ENOSYS, EAFNOSUPPORT = 0x7FFF0000, 0x80000000, 0x50001, 0x50026, 0x50061
X86, ARM = 0xC000003E, 0xC00000B7


class TestFilter:
    """The numbers are those of asm/unistd_64.h and asm-generic/unistd.h."""

    @pytest.mark.parametrize(
        ("arch", "number", "first", "verdict"),
        [
            (X86, 0, 0, ALLOW),  # read
            (X86, 59, 0, ALLOW),  # execve
            (X86, 319, 0, EPERM),  # memfd_create
            (X86, 29, 0, EPERM),  # shmget
            (X86, 272, 0, EPERM),  # unshare
            (X86, 425, 0, EPERM),  # io_uring_setup
            (X86, 435, 0, ENOSYS),  # clone3
            (X86, 56, 0x01200011, ALLOW),  # clone, as fork calls it
            (X86, 56, 0x003D0F00, ALLOW),  # clone, as pthread_create calls it
            (X86, 56, 0x10000011, EPERM),  # clone with a new user namespace
            (X86, 56, 0x00020011, EPERM),  # clone with a new mount namespace
            (X86, 41, socket.AF_UNIX, ALLOW),
            (X86, 41, socket.AF_INET, EAFNOSUPPORT),
            (X86, 41, 10, EAFNOSUPPORT),  # AF_INET6
            (X86, 41, 40, EAFNOSUPPORT),  # AF_VSOCK
            (X86, 41, 16, EAFNOSUPPORT),  # AF_NETLINK
            (X86, 41, 40 | 1 << 32, EAFNOSUPPORT),  # the kernel reads the low half
            (X86, 0x40000000, 0, KILL),  # x32's read
            (0x40000003, 3, 0, KILL),  # a 32-bit program
            (ARM, 319, 0, KILL),
        ],
    )
    def test_x86_64(self, arch: int, number: int, first: int, verdict: int) -> None:
        assert judged(sandbox_policy.syscall_filter("x86_64"), arch, number, first) == verdict

    @pytest.mark.parametrize(
        ("number", "first", "verdict"),
        [
            (63, 0, ALLOW),  # read
            (221, 0, ALLOW),  # execve
            (279, 0, EPERM),  # memfd_create
            (194, 0, EPERM),  # shmget
            (97, 0, EPERM),  # unshare
            (435, 0, ENOSYS),  # clone3
            (220, 0x01200011, ALLOW),
            (220, 0x10000011, EPERM),
            (198, socket.AF_UNIX, ALLOW),
            (198, 40, EAFNOSUPPORT),
        ],
    )
    def test_aarch64(self, number: int, first: int, verdict: int) -> None:
        assert judged(sandbox_policy.syscall_filter("aarch64"), ARM, number, first) == verdict
