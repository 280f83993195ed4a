"""The report as a page: one HTML file that needs nothing else, neither a network nor a file beside it.

What the page shows was written by models and found in data, so all of it is escaped, hidden characters are named, and
a content security policy in the page lets nothing run but the page's own script and nothing load at all. The same
input gives the same bytes: no clock, no random choice. Written whole or not at all.

``page.html.jinja``, ``page.css`` and ``page.js`` beside this module are its parts.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit import __version__
from plaudit.core.errors import ConfigError
from plaudit.core.score import STATUSES, Scores
from plaudit.reports.escapes import one_line, visible
from plaudit.reports.findings import duration, figure, findings, share
from plaudit.reports.gallery import choose, make_card
from plaudit.reports.histogram import svg
from plaudit.reports.summary import summarize

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

__all__ = ["write_page"]


def write_page(
    path: str | Path,
    scores: Scores,
    samples: Sequence[Sample] | None,
    *,
    title: str,
    expression: str,
    data_name: str,
    limit: int = 60,
    date: str | None = None,
) -> None:
    """Write the report of a scored set to one HTML file, over what was there.

    Args:
        path: the file; its folder must exist.
        scores: n rows.
        samples: the same n rows; None leaves out the gallery.
        title: the heading.
        expression: the reward, as text.
        data_name: what was scored, as a name to show.
        limit: most samples in the gallery.
        date: shown as it is given; nothing if None, since a page depends on its input alone.

    Raises:
        ConfigError: the file can't be written, or ``limit`` is negative.
        ValueError: there are not as many samples as scores.
    """
    if limit < 0:
        raise ConfigError(f"limit is {limit}; give 0 or more", "limit")
    html = _page(scores, samples, title, expression, data_name, limit, date)
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(html.encode("utf-8"))
        partial.replace(target)
    except OSError as error:
        raise ConfigError(f"can't write {target}: {error.strerror}; give another path") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _page(
    scores: Scores,
    samples: Sequence[Sample] | None,
    title: str,
    expression: str,
    data_name: str,
    limit: int,
    date: str | None,
) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = files("plaudit.reports")
    style, script, template = (
        here.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js", "page.html.jinja")
    )
    summary = summarize(scores, samples)
    chosen = choose(scores, samples, summary, limit) if samples is not None else []
    parts = [scores if not term.depth else scores[term.name] for term in summary.terms]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters.update(figure=figure, duration=duration, line=one_line, visible=visible)
    context: dict[str, Any] = {
        "title": title,
        "expression": expression,
        "data_name": data_name,
        "date": date,
        "version": __version__,
        "summary": summary,
        "findings": findings(summary),
        "histograms": [
            Markup(svg(part.values[part.ok], one_line(term.name)))  # drawn here, its label escaped
            for part, term in zip(parts, summary.terms, strict=True)
        ],
        "cards": [make_card(c, scores, samples[c.row]) for c in chosen] if samples is not None else [],
        "statuses": [status.value for status in STATUSES],
        "share": share,
        "style": Markup(style),
        "script": Markup(script),
        "script_hash": base64.b64encode(sha256(script.encode()).digest()).decode("ascii"),
    }
    return environment.from_string(template).render(context)
