"""``load``: a reward from whatever names one: an expression, a YAML file, or ``file.py:name``.

A YAML file holds an expression and, if it helps, named definitions, each of which may use those above it. A
definition's name is also the name of its term::

    define:
      right: Answer("math")
      shape: Format("think-answer")
    reward: right + 0.1 * shape
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from plaudit.core.errors import ConfigError, ExpressionError, nearest
from plaudit.core.expression import parse
from plaudit.core.function import load_function
from plaudit.core.reward import Reward


def load(given: Reward | str | Path) -> Reward:
    """Return the reward that ``given`` is or names.

    Args:
        given: a reward, an expression, the path of a YAML file, or ``file.py:name`` (which runs that file).

    Raises:
        ExpressionError: an expression makes no sense.
        ConfigError: a file is missing or holds something else.
    """
    if isinstance(given, Reward):
        return given
    text = str(given)
    if re.fullmatch(r"[^()\n]*\.py:\w+", text):
        return load_function(text)
    if isinstance(given, Path) or re.fullmatch(r"[^()\n]*\.ya?ml", text):
        return _load_yaml(Path(text))
    if re.fullmatch(r"[\w.-]+", text):
        raise ExpressionError(f'{text!r} is neither an expression, such as Answer("math"), nor a file', text, 0)
    return parse(text)


def _load_yaml(path: Path) -> Reward:
    import yaml

    if not path.is_file():
        raise ConfigError(f"no file {path}")
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        raise ConfigError(f"{path}{f' line {where.line + 1}' if where else ''}: not YAML") from None
    if not isinstance(document, dict) or "reward" not in document:
        raise ConfigError(f"{path}: expected a mapping with 'reward: <expression>'")
    for key in document:
        if key not in ("reward", "define"):
            raise ConfigError(f"{path}: unknown key {key!r}{nearest(str(key), ['reward', 'define'])}")
    define = document.get("define") or {}
    if not isinstance(define, dict) or "reward" in define:
        raise ConfigError(f"{path}: define is a mapping of names, other than 'reward', to expressions")
    names: dict[str, Reward] = {}
    for name, text in define.items():
        names[str(name)] = _parse(path, str(name), text, names).named(str(name))
    return _parse(path, "reward", document["reward"], names)


def _parse(path: Path, name: str, text: Any, names: dict[str, Reward]) -> Reward:
    if not isinstance(text, str):
        raise ConfigError(f"{path}, {name}: expected an expression, got {text!r}")
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ConfigError(f"{path}, {name}: a definition's name is one word of letters, digits and _")
    try:
        return parse(text, names, path.parent)
    except ExpressionError as error:
        raise ExpressionError(f"{path}, {name}: {error.why}", error.text, error.column) from None
