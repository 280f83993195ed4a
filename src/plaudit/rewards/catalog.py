"""Catalog: imports every built-in reward, so that the registry knows their names."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from plaudit.rewards import compose, judged, verifiable


def register() -> None:
    """Import each module of the reward rooms; what is in them registers itself."""
    for room in (compose, verifiable, judged):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            import_module(module.name)
