"""Expressions: rewards written as text, meaning the same in Python, in YAML and on the command line.

The text is parsed into Python's syntax tree and walked: calls of registered names, ``+ - * /``, numbers, texts, lists,
mappings and previously defined names, nothing else; nothing is ever evaluated by Python. ``str(reward)`` writes text
that parses to an equal reward.

>>> parse('Answer("math") + 0.1 * Format("think-answer")')
Answer("math") + 0.1 * Format("think-answer")
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from plaudit.core.errors import ConfigError, ExpressionError, PlauditError, nearest
from plaudit.core.function import load_function
from plaudit.core.registry import find
from plaudit.core.registry import names as known
from plaudit.core.reward import Reward
from plaudit.core.weight import Weight

#: An expression longer or deeper than this is refused, as nobody wrote it. A long sum is not deep.
MAX_LENGTH, MAX_DEPTH = 20_000, 60
#: Texts, comments, brackets, and the quote of a text that does not end.
_MARKS = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|\'{3}(?:\\.|[^\\])*?\'{3}|"(?:\\.|[^"\\\r\n])*"|\'(?:\\.|[^\'\\\r\n])*\''''
    r"""|#[^\r\n]*|[()\[\]{}]|["']""",
    re.DOTALL,
)
_FILTERS = Lock()
_CLOSING = {")": "(", "]": "[", "}": "{"}


def parse(text: str, names: Mapping[str, Reward] | None = None, base: Path | None = None) -> Reward:
    """Return the reward that an expression describes.

    Args:
        text: the expression; it may span lines.
        names: rewards defined before, which it may use by name.
        base: the folder that relative paths in ``Load("file.py:name")`` start from.

    Raises:
        ExpressionError: the expression makes no sense; a caret points at the column.
    """
    return _Walk(text, names or {}, base).reward()


@lru_cache(maxsize=512)
def _tree(text: str) -> ast.expr:
    """Parse once; the rewards are made anew at each call, since a reward may learn."""
    if not text.strip():
        raise ExpressionError("the expression is empty")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(text)} characters; at most {MAX_LENGTH} are read")
    for unreadable in re.finditer("[\0\ud800-\udfff]", text):
        raise ExpressionError(f"the character {unreadable[0]!r} can't be read", text, unreadable.start())
    _check_brackets(text)
    try:
        # Python warns of "\\d", on which every regex relies. Its filters belong to the process: two threads that save
        # and restore them at once would leave them changed.
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(f"({text}\n)", mode="eval").body  # the bracket lets it span lines
    except SyntaxError as error:
        place = _offset(text, error.lineno or 1, (error.offset or 1) - 1)
        raise ExpressionError(f"the expression can't be read: {error.msg}", text, place) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deep to be read", text, 0) from None


def _check_brackets(text: str) -> None:
    """Refuse brackets that don't match, before a bracket around the text matches them."""
    opened: list[re.Match[str]] = []
    for mark in _MARKS.finditer(text):
        if mark[0] in ("'", '"'):
            return  # a text that does not end: the parser says so better
        if mark[0] in _CLOSING.values():
            opened.append(mark)
        elif mark[0] in _CLOSING and (not opened or opened.pop()[0] != _CLOSING[mark[0]]):
            raise ExpressionError(f"{mark[0]!r} closes nothing", text, mark.start())
    if opened:
        raise ExpressionError(f"{opened[-1][0]!r} is never closed", text, opened[-1].start())


def _offset(text: str, line: int, column: int) -> int:
    """The offset in the text of a place, in characters, in the bracketed text that was parsed."""
    starts = [0, *(end.end() for end in re.finditer(r"\r\n?|\n", text))]
    start = starts[line - 1] if line <= len(starts) else len(text)
    return min(max(start + column - (line == 1), 0), len(text))


class _Walk:
    """One walk over one expression."""

    def __init__(self, text: str, names: Mapping[str, Reward], base: Path | None) -> None:
        self.text, self.names, self.base = text, names, base

    def reward(self) -> Reward:
        tree = _tree(self.text)
        value = self._value(tree, 0)
        if not isinstance(value, Reward):
            self._fail(tree, f"the expression is {_kind(value)}, not a reward")
        return value

    def _value(self, node: ast.expr, depth: int) -> Any:
        if depth > MAX_DEPTH:
            self._fail(node, f"the expression is nested deeper than {MAX_DEPTH}")
        deeper = depth + 1
        match node:
            case ast.Constant(value=str() | int() | float() | bool() | None):
                infinite = isinstance(node.value, float) and not math.isfinite(node.value)
                self._must(node, not infinite, "the number is too large")
                return node.value
            case ast.Name(id=name):
                return self._named(node, name)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item, deeper) for item in items]
            case ast.Dict(keys=keys, values=values):
                return self._mapping(keys, [self._value(v, deeper) for v in values], node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(operand, deeper)
                self._must(operand, _multiplies(value), f"{_kind(value)} has no negative")
                return -value
            case ast.BinOp():
                return self._chain(node, deeper)
            case ast.Call(func=ast.Name(id=name) as func):
                self._must(func, self._as_written(func, name), _ASCII)
                return self._call(node, name, deeper)
            case ast.Call(func=func):
                self._fail(func, "only rewards can be called, by their plain name")
        self._fail(node, f"{_SHOWN.get(type(node).__name__, type(node).__name__)} is not part of reward expressions")

    def _named(self, node: ast.expr, name: str) -> Reward:
        self._must(node, self._as_written(node, name), _ASCII)
        if name in self.names:
            return self.names[name]
        hint = nearest(name, self.names)
        if "did you mean" not in hint:
            hint = f"; a reward is called, {name}(...)" if name in known() else f'; a text stands in quotes, "{name}"'
        self._fail(node, f"{name!r} is not defined here{hint}")

    def _mapping(self, keys: list[ast.expr | None], values: list[Any], node: ast.expr) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, (str, int, float)):
                self._fail(key or node, "a key of a mapping is a text or a number")
            self._must(key, key.value not in found, f"the key {key.value!r} is given twice")
            found[key.value] = value
        return found

    def _chain(self, node: ast.expr, depth: int) -> Any:
        """Work out operators from left to right, without descending, so that a long sum is not deep."""
        steps: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):
            steps.append(node)
            node = node.left
        value, left = self._value(node, depth), node
        for step in reversed(steps):
            value = self._binary(step, value, self._value(step.right, depth), left)
            left = step
        return value

    def _binary(self, node: ast.BinOp, left: Any, right: Any, left_node: ast.expr) -> Any:
        numbers = _is_number(left) and _is_number(right)
        for side, at in ((left, left_node), (right, node.right)):
            self._must(at, _multiplies(side), f"{_kind(side)} can't be added or multiplied")
        if isinstance(node.op, (ast.Add, ast.Sub)) and not numbers:
            for side, at in ((left, left_node), (right, node.right)):
                self._must(at, isinstance(side, Reward), _ADDED.format(_kind(side)))
        try:
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.Div():
                    why = f"{_kind(right)} can't divide; it can be divided by a number"
                    self._must(node.right, _is_number(right), why)
                    return left / right
        except ExpressionError as error:
            if error.column is not None:
                raise
            self._fail(node.right, error.why)
        except (PlauditError, ArithmeticError) as error:
            self._fail(node.right, str(error))
        self._fail(node, f"the operator {type(node.op).__name__} is not part of reward expressions")

    def _call(self, node: ast.Call, name: str, depth: int) -> Reward | Weight:
        try:
            make = find(name)
        except ConfigError as error:
            self._fail(node, str(error))
        given: list[Any] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self._fail(argument, "a star is not part of reward expressions")
            given.append(self._value(argument, depth))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self._fail(keyword, "** is not part of reward expressions")
            self._must(keyword, self._as_written(keyword, keyword.arg), _ASCII)
            self._must(keyword, keyword.arg not in named, f"{name} is given {keyword.arg!r} twice")
            named[keyword.arg] = self._value(keyword.value, depth)
        self._check_arguments(node, name, make, named, len(given))
        if make is load_function:
            named["base"] = self.base
        try:
            made: Reward | Weight = make(*given, **named)
        except ExpressionError as error:
            self._fail(node, error.why)
        except ConfigError as error:
            self._fail(_argument(node, make, error.field), str(error))
        return made

    def _check_arguments(self, node: ast.Call, name: str, make: Any, named: dict[str, Any], given: int) -> None:
        """Refuse arguments that the part does not have, each where it stands."""
        parameters = {n: p for n, p in signature(make).parameters.items() if n != "base" or make is not load_function}
        positional = [n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
        if given > len(positional):
            self._fail(node.args[len(positional)], f"{name} takes at most {len(positional)} arguments without a name")
        for keyword in node.keywords:
            if keyword.arg not in parameters:
                self._fail(keyword, f"{name} has no {keyword.arg!r}{nearest(str(keyword.arg), parameters)}")
            if keyword.arg in positional[:given]:
                self._fail(keyword, f"{name} is given {keyword.arg!r} twice")
        for i, (parameter, p) in enumerate(parameters.items()):
            if p.default is p.empty and i >= given and parameter not in named:
                self._fail(node, f"{name} needs {parameter!r}")

    def _as_written(self, node: ast.expr | ast.keyword, name: str) -> bool:
        """Python reads letters such as a full-width A as plain ones; what is not written plainly is refused."""
        return self.text.startswith(name, self._column(node))

    def _must(self, node: ast.expr | ast.keyword, holds: bool, why: str) -> None:
        if not holds:
            self._fail(node, why)

    def _fail(self, node: ast.expr | ast.keyword, why: str) -> NoReturn:
        raise ExpressionError(why, self.text, self._column(node)) from None

    def _column(self, node: ast.expr | ast.keyword) -> int:
        line = re.split(r"\r\n?|\n", f"({self.text}\n)")[node.lineno - 1]
        return _offset(self.text, node.lineno, len(line.encode()[: node.col_offset].decode()))


def _argument(node: ast.Call, make: Any, field: str | None) -> ast.expr:
    """The argument that gives a field, or the whole call."""
    for keyword in node.keywords:
        if keyword.arg == field:
            return keyword.value
    parameters: list[str | None] = list(signature(make).parameters)
    place = parameters.index(field) if field in parameters else len(node.args)
    return node.args[place] if place < len(node.args) else node


_ASCII = "names are written in plain ASCII letters"
_SHOWN = {
    "Attribute": "a dot",
    "Subscript": "an index",
    "Lambda": "a lambda",
    "JoinedStr": "an f-string",
    "NamedExpr": "an assignment",
    "Compare": "a comparison",
    "IfExp": "if",
    "Starred": "a star",
} | dict.fromkeys(("ListComp", "SetComp", "DictComp", "GeneratorExp"), "a comprehension")
_ADDED = "{} can't be added to a reward: weigh the reward (0.1 * ...) or rescale it (Affine)"


def _multiplies(value: Any) -> bool:
    return _is_number(value) or isinstance(value, (Reward, Weight))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    kinds = {
        str: "a text",
        bool: "True or False",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    if isinstance(value, (Reward, Weight)):
        return "a reward" if isinstance(value, Reward) else "a weight"
    return "None" if value is None else kinds.get(type(value), f"a {type(value).__name__}")
