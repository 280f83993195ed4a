"""Harness: the two programs that run in the sandbox when snippets test what a response wrote.

:data:`HARNESS` runs the tests. It starts :data:`_SERVANT`, which runs the response's program, once a test, and stands
in for what the program defines: a call goes over a pipe as plain data, and plain data comes back. So a program that
lies can only return wrong values:

- it never sees the tests, which come to the harness by standard input and stay in its memory;
- the harness makes its memory and descriptors unreadable to processes of its own user (``PR_SET_DUMPABLE``), and
  imports nothing from the folder that the program can write to (``-I``);
- a result is rebuilt from plain data, so that an object which equals everything can't be compared at all;
- what is built in stays what it is, and modules are the tests' own: a program's ``sorted`` sorts nothing of theirs;
- the verdict carries a token that the program can't know, on a descriptor that it doesn't have.

A program can end the harness by a signal. Then there is no verdict, and every test has failed.
"""

from __future__ import annotations

#: Plain data as JSON, in both directions; what is not plain stays where it is and goes by a number.
_WIRE = """
def pack(value, keep):
    if value is None or isinstance(value, bool):
        return bool(value) if value is not None else None
    if isinstance(value, str):
        return str.__str__(value)
    for kind, name in ((int, "i"), (float, "f")):
        if isinstance(value, kind):
            return [name, kind.__repr__(value)]
    for kind, name in ((list, "l"), (tuple, "t"), (set, "s"), (frozenset, "z")):
        if isinstance(value, kind):
            return [name, [pack(item, keep) for item in kind.__iter__(value)]]
    if isinstance(value, dict):
        return ["d", [[pack(k, keep), pack(v, keep)] for k, v in dict.items(value)]]
    if isinstance(value, bytes):
        return ["b", value.hex()]
    return keep(value)

def unpack(value, find):
    if not isinstance(value, list):
        return value
    kind, inside = value
    if kind == "i":
        return int(inside)
    if kind == "f":
        return float(inside)
    if kind in "ltsz":
        return {"l": list, "t": tuple, "s": set, "z": frozenset}[kind](unpack(item, find) for item in inside)
    if kind == "d":
        return {unpack(k, find): unpack(v, find) for k, v in inside}
    if kind == "b":
        return bytes.fromhex(inside)
    return find(inside)
"""

_SERVANT = (
    """
import json, os, sys
"""
    + _WIRE
    + """
asked, told = os.fdopen(int(sys.argv[1]), "r"), os.fdopen(int(sys.argv[2]), "w")
held = []

def keep(value):
    held.append(value)
    return ["o", [len(held) - 1, type(value).__name__[:80]]]

def answer(call):
    kind, target, *rest = call
    if kind == "load":
        module = type(sys)("program")
        sys.modules["program"] = module
        held.append(module.__dict__)
        exec(compile(target, "program", "exec"), module.__dict__)
        return [name for name in module.__dict__ if isinstance(name, str)]
    if kind == "name":
        return pack(held[0][target], keep)
    if kind == "get":
        return pack(getattr(held[target], rest[0]), keep)
    arguments = unpack(rest[0], lambda place: held[place[0]])
    named = unpack(rest[1], lambda place: held[place[0]])
    result = held[target](*arguments, **named)
    if hasattr(result, "__next__"):
        result = list(result)
    return [pack(result, keep), [pack(a, keep) for a in arguments]]

for line in asked:
    try:
        reply = ["ok", answer(json.loads(line))]
    except BaseException as error:
        reply = ["raised", type(error).__name__[:80], str(error)[:200]]
    told.write(json.dumps(reply) + "\\n")
    told.flush()
"""
)

HARNESS = (
    """
import ast, builtins, ctypes, json, os, select, subprocess, sys, time
"""
    + _WIRE
    + """
SERVANT = """
    + repr(_SERVANT)
    + '''
MOST = 1 << 20
libc = ctypes.CDLL(None)
if libc.prctl(4, 0, 0, 0, 0) or libc.prctl(3, 0, 0, 0, 0):
    sys.exit("the tests' memory can't be hidden")
task = json.loads(sys.stdin.read())
verdict, sys.stdout = sys.stdout, open(os.devnull, "w")


class Unsupported(BaseException):
    """The test does what can't be done across processes."""


class Late(BaseException):
    """The program did not answer in time, or not at all."""


class Remote:
    """Something that the program holds: its attributes and calls go over, and nothing else can be asked of it."""

    def __init__(self, servant, number, kind):
        self.__dict__.update(_servant=servant, _number=number, _kind=kind)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._servant.ask("get", self._number, name)

    def __call__(self, *arguments, **named):
        result, after = self._servant.ask("call", self._number, arguments, named)
        for mine, theirs in zip(arguments, after):
            if type(mine) is type(theirs) is list:
                mine[:] = theirs
            elif type(mine) is type(theirs) and isinstance(mine, (dict, set)):
                mine.clear()
                mine.update(theirs)
        return result

    def _refuse(self, *_):
        raise TypeError("the program returned a " + self._kind + ", which is no plain data")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __iter__ = __contains__ = _refuse
    __getitem__ = __add__ = __sub__ = __mul__ = __abs__ = __float__ = __int__ = __index__ = __hash__ = _refuse


class Servant:
    """A process with the program in it."""

    def __init__(self, until):
        self.until, self.rest = until, b""
        theirs, mine = os.pipe()
        self.replies, back = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", SERVANT, str(theirs), str(back)],
            pass_fds=[theirs, back], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(back)
        self.calls = mine
        os.set_blocking(mine, False)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.calls)
        os.close(self.replies)

    def keep(self, value):
        if isinstance(value, Remote):
            return ["o", [value._number, ""]]
        raise Unsupported("it passes a " + type(value).__name__ + " to the program")

    def ask(self, kind, target, *rest):
        if kind == "call":
            rest = [pack(list(rest[0]), self.keep), pack(rest[1], self.keep)]
        self.send(json.dumps([kind, target, *rest]).encode() + b"\\n")
        reply = json.loads(self.line())
        if reply[0] == "raised":
            known = getattr(builtins, str(reply[1]), None)
            is_error = isinstance(known, type) and issubclass(known, Exception)
            try:
                error = known(str(reply[2])) if is_error else RuntimeError(f"{reply[1]}: {reply[2]}")
            except TypeError:
                error = RuntimeError(f"{reply[1]}: {reply[2]}")
            raise error
        if kind == "load":
            return [str(name) for name in reply[1]]
        find = lambda place: Remote(self, int(place[0]), str(place[1]))
        if kind == "call":
            return unpack(reply[1][0], find), [unpack(a, find) for a in reply[1][1]]
        return unpack(reply[1], find)

    def left(self):
        left = self.until - time.monotonic()
        if left <= 0:
            raise Late("took longer than allowed")
        return left

    def send(self, data):
        while data:
            if not select.select([], [self.calls], [], self.left())[1]:
                continue
            try:
                data = data[os.write(self.calls, data):]
            except BrokenPipeError:
                raise Late("the program ended itself") from None

    def line(self):
        while b"\\n" not in self.rest:
            if not select.select([self.replies], [], [], self.left())[0]:
                continue
            more = os.read(self.replies, 1 << 16)
            if not more:
                raise Late("the program ended itself")
            self.rest += more
            if len(self.rest) > MOST:
                raise Late("the program returned too much")
        line, _, self.rest = self.rest.partition(b"\\n")
        return line


def listed(value):
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    return {k: listed(v) for k, v in value.items()} if isinstance(value, dict) else value


def fault(error, test):
    text = str(error) or (test.strip() if type(error) is AssertionError else "")
    return (type(error).__name__ + (": " + " ".join(text.split()) if text else ""))[:400]


def attempt(test, until):
    servant = Servant(until)
    try:
        names = servant.ask("load", task["source"])

        def method(name):
            return servant.ask("name", name) if name in names else getattr(servant.ask("name", "Solution")(), name)

        space = {"__name__": "tests", "_method": method, "_listed": listed}
        parsed = ast.parse(test)
        used = {node.id for node in ast.walk(parsed) if isinstance(node, ast.Name)}
        for name in used.intersection(names).difference(space, dir(builtins)):
            found = servant.ask("name", name)
            if not (isinstance(found, Remote) and found._kind == "module"):
                space[name] = found
        exec(compile(parsed, "test", "exec"), space)
    finally:
        servant.close()


ends = time.monotonic() + task["budget"]
results = []
for test in task["tests"]:
    now = time.monotonic()
    try:
        if now >= ends:
            raise Late("no time left for this test")
        attempt(test, min(ends, now + task["seconds"]))
        results.append(["ok", ""])
    except Unsupported as error:
        results.append(["bad", str(error)])
    except Late as error:
        results.append(["failed", str(error)])
    except BaseException as error:
        results.append(["failed", fault(error, test)])
    if task["first"] and results[-1][0] != "ok":
        break
verdict.write(task["token"] + "\\n" + json.dumps(results))
verdict.flush()
'''
)
