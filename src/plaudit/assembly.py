"""Where the rooms are joined: what the core asks of the rooms above it (see ``plaudit.core.hooks``)."""

import plaudit.core.function  # noqa: F401 - it registers Load
from plaudit.engine.run import ascore, score
from plaudit.reports.text import report
from plaudit.rewards.catalog import register
from plaudit.rewards.compose.product import multiply
from plaudit.rewards.compose.sum import add

__all__ = ["add", "ascore", "multiply", "register", "report", "score"]
