"""``plaudit doctor``: what this installation can do, and what it lacks."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from plaudit import __version__

#: What is needed, and what for.
CORE = ("numpy", "pillow", "av", "orjson", "pyarrow", "pyyaml", "jinja2", "jsonschema", "math-verify", "rich", "typer")


def doctor() -> None:
    """Check the installation and say what is missing and how to get it."""
    from plaudit.engine.sandbox import available

    print(f"plaudit {__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    missing = [name for name in CORE if not _shown(name)]
    closed = available()
    print(f"  sandbox: {closed or 'works'}")
    if missing:
        print(f"missing: {', '.join(missing)}; reinstall with: pip install --force-reinstall plaudit")
        sys.exit(1)
    print("all that Plaudit needs is here")


def _shown(name: str) -> bool:
    try:
        print(f"  {name} {version(name)}")
    except PackageNotFoundError:
        print(f"  {name}: not installed")
        return False
    return True
