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
    names: dict[str, Reward] = {}
    define = document.get("define") or {}
    if not isinstance(define, dict):
        raise ConfigError(f"{path}: define is a mapping of names to expressions")
    for name, text in (*define.items(), ("reward", document["reward"])):
        try:
            reward = parse(str(text), names, path.parent)
            names[str(name)] = reward if name == "reward" else reward.named(str(name))
        except (ExpressionError, ConfigError) as error:
            raise type(error)(f"{path}, {name}: {error}") from None
    return names["reward"]
