"""Expressions: rewards written as text, meaning the same in Python, in YAML and on the command line.

The text is parsed into Python's syntax tree and walked: calls of registered names, ``+ - * /``, numbers, texts, lists,
mappings and previously defined names, nothing else; nothing is ever evaluated by Python. ``str(reward)`` writes text
that parses to an equal reward.

>>> parse('Answer("math") + 0.1 * Format("think-answer")')
Answer("math") + 0.1 * Format("think-answer")
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import Any, NoReturn

from plaudit.core.errors import ConfigError, ExpressionError, PlauditError, nearest
from plaudit.core.function import load_function
from plaudit.core.registry import find
from plaudit.core.reward import Reward

#: An expression longer or deeper than this is refused, as nobody wrote it.
MAX_LENGTH, MAX_DEPTH = 20_000, 60


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
    try:
        # The bracket lets an expression span lines; positions are set right in _offset.
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line, offset = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        why = getattr(error, "msg", None) or "it can't be read"
        column = _offset(text, line, offset - 1)
        raise ExpressionError(f"the expression can't be read: {why}", text, column) from None


def _offset(text: str, line: int, column: int) -> int:
    """The offset in the text of a place in the bracketed text that was parsed."""
    before = sum(len(shown) + 1 for shown in text.split("\n")[: line - 1])
    return min(max(before + column - (1 if line == 1 else 0), 0), len(text))


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
                return node.value
            case ast.Name(id=name):
                if name not in self.names:
                    hint = nearest(name, self.names) if self.names else ""
                    self._fail(node, f"{name!r} is not defined here{hint or f'; a reward is called: {name}(...)'}")
                return self.names[name]
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item, deeper) for item in items]
            case ast.Dict(keys=keys, values=values) if all(isinstance(k, ast.Constant) for k in keys):
                return {k.value: self._value(v, deeper) for k, v in zip(keys, values, strict=True)}  # type: ignore[union-attr]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(operand, deeper)
                self._must(node, isinstance(value, (Reward, int, float)), f"{_kind(value)} has no negative")
                return -value
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op, right=right):
                return self._binary(node, op, self._value(left, deeper), self._value(right, deeper))
            case ast.Call(func=ast.Name(id=name)):
                return self._call(node, name, deeper)
            case ast.Call(func=func):
                self._fail(func, "only rewards can be called, by their plain name")
        self._fail(node, f"{type(node).__name__} is not part of reward expressions")

    def _binary(self, node: ast.expr, op: ast.operator, left: Any, right: Any) -> Any:
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        for side in (left, right):
            self._must(node, isinstance(side, (Reward, int, float)), f"{_kind(side)} can't be added or multiplied")
        try:
            match op:
                case ast.Add():
                    self._must(node, numbers or isinstance(left, Reward) == isinstance(right, Reward), _ADDED)
                    return left + right
                case ast.Sub():
                    self._must(node, numbers or isinstance(left, Reward) == isinstance(right, Reward), _ADDED)
                    return left - right
                case ast.Mult():
                    return left * right
                case _:
                    return left / right
        except ExpressionError as error:
            if error.column is not None:
                raise
            self._fail(node, error.why)
        except (PlauditError, ZeroDivisionError, TypeError, OverflowError) as error:
            self._fail(node, str(error))

    def _call(self, node: ast.Call, name: str, depth: int) -> Reward:
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
                self._fail(keyword.value, "** is not part of reward expressions")
            named[keyword.arg] = self._value(keyword.value, depth)
        if make is load_function:
            named["base"] = self.base
        self._check_arguments(node, name, make, named, len(given))
        try:
            made: Reward = make(*given, **named)
        except ExpressionError as error:
            self._fail(node, error.why)
        except ConfigError as error:
            self._fail(_argument(node, make, error.field), str(error))
        return made

    def _check_arguments(self, node: ast.Call, name: str, make: Any, named: dict[str, Any], given: int) -> None:
        """Refuse arguments that the part does not have, each where it stands."""
        parameters = signature(make).parameters
        positional = [n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
        takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
        if given > len(positional) and not takes_any:
            self._fail(node.args[len(positional)], f"{name} takes at most {len(positional)} arguments without a name")
        for keyword in node.keywords:
            if keyword.arg not in parameters:
                known = nearest(str(keyword.arg), [p for p in parameters if p != "base"])
                self._fail(keyword.value, f"{name} has no {keyword.arg!r}{known}")
            if keyword.arg in positional[:given]:
                self._fail(keyword.value, f"{name} is given {keyword.arg!r} twice")
        for i, (parameter, p) in enumerate(parameters.items()):
            required = p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            if required and i >= given and parameter not in named:
                self._fail(node, f"{name} needs {parameter!r}")

    def _must(self, node: ast.expr, holds: bool, why: str) -> None:
        if not holds:
            self._fail(node, why)

    def _fail(self, node: ast.expr, why: str) -> NoReturn:
        raise ExpressionError(why, self.text, self._column(node)) from None

    def _column(self, node: ast.expr) -> int:
        line = f"({self.text}\n)".split("\n")[node.lineno - 1]
        return _offset(self.text, node.lineno, len(line.encode()[: node.col_offset].decode(errors="ignore")))


def _argument(node: ast.Call, make: Any, field: str | None) -> ast.expr:
    """The argument that gives a field, or the whole call."""
    for keyword in node.keywords:
        if keyword.arg == field:
            return keyword.value
    parameters: list[str | None] = list(signature(make).parameters)
    place = parameters.index(field) if field in parameters else len(node.args)
    return node.args[place] if place < len(node.args) else node


_ADDED = "a number can't be added to a reward: weigh the reward (0.1 * ...) or rescale it"


def _kind(value: Any) -> str:
    kinds = {
        str: "a text",
        bool: "True or False",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a mapping",
    }
    return "None" if value is None else kinds.get(type(value), f"a {type(value).__name__}")
