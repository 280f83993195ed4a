"""The caller's context: frozen, checked, and the same for every reward of a run."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from plaudit.core.context import Context
from plaudit.core.errors import ConfigError


@pytest.mark.parametrize(
    ("step", "total", "progress"), [(0, None, 0.0), (7, None, 0.0), (0, 4, 0.0), (1, 4, 0.25), (4, 4, 1.0), (9, 4, 1.0)]
)
def test_progress(step: int, total: int | None, progress: float) -> None:
    assert Context(step, total).progress == progress


@pytest.mark.parametrize(
    "given", [{"step": -1}, {"total": 0}, {"total": -5}, {"deadline": 0.0}, {"deadline": -1.0}, {"deadline": math.nan}]
)
def test_nonsense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"it is|is at least"):
        Context(**given)


def test_it_never_changes() -> None:
    context = Context(step=3)
    with pytest.raises(FrozenInstanceError):
        context.step = 4  # type: ignore[misc]
