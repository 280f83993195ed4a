"""Every operator and weight says what it computes, in which range, with an example that runs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from plaudit.core.registry import find, names
from plaudit.core.reward import Reward

PARTS = [part for part in map(find, names()) if part.__module__.startswith("plaudit.rewards.compose.")]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_docstring_is_whole(part: Any) -> None:
    doc = inspect.getdoc(part) or ""
    assert "Range: " in doc
    assert ">>> " in doc
    assert "=" in doc.split("Args:")[0], "the equation comes first"
    fields = [name for name in inspect.signature(part).parameters if name not in ("name", "timeout")]
    assert [name for name in fields if f"    {name}: " not in doc] == []
    if issubclass(part, Reward):
        assert "Status: " in doc
        assert "tensor" in doc
