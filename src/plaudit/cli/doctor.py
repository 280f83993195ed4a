"""``plaudit doctor``: what this installation can do, and what it lacks."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

from plaudit import __version__

#: What is needed, and what for.
CORE = ("numpy", "pillow", "av", "orjson", "pyarrow", "pyyaml", "jinja2", "jsonschema", "math-verify", "rich", "typer")


def doctor() -> None:
    """Check the installation and say what is missing and how to get it."""
    print(f"plaudit {__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    missing = [name for name in CORE if not _shown(name)]
    if not shutil.which("bwrap"):
        print("  bubblewrap: not found; programs that a model wrote will be refused (apt-get install bubblewrap)")
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
