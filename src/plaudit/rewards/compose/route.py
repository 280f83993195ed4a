"""Route: another reward for another kind of sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward, Run, part
from plaudit.core.score import Scores, Status, status_code

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class Route(Reward):
    """``value = routes[sample[by]]``, else ``otherwise``; each reward is asked only for the samples that are its own.

    Its terms are the routes by their keys, and ``otherwise``; they are ``skipped`` for samples that went elsewhere.

    Args:
        routes: rewards by the value, as text, of the field.
        by: the field, or entry of ``meta``, that decides; ``task`` if not given.
        otherwise: the reward for all other samples; without it they are ``invalid``, since the record names a way that
            there is not.

    Range: from the least to the greatest of the routes'. Status: that of the reward that was asked. It has no
    ``tensor``.

    Raises:
        ConfigError: no routes, or one that is called ``otherwise``.

    >>> from plaudit import Answer, Sample
    >>> reward = Route({"count": Answer("number"), "choose": Answer("choice")})
    >>> said = [Sample("?", "<answer>2</answer>", "2", task=task) for task in ("count", "sing")]
    >>> scores = reward.score(said)
    >>> scores.values, scores.reason
    (array([ 1., nan]), ['', "no route for task 'sing'"])
    """

    routes: Mapping[str, Reward]
    by: str = "task"
    otherwise: Reward | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.routes or "otherwise" in self.routes:
            why = "a route can't be named 'otherwise'" if self.routes else "no routes"
            raise ConfigError(f"Route: {why}", "routes")

    @property
    def parts(self) -> dict[str, Reward]:
        """The routes by their keys, and ``otherwise``."""
        return {**self.routes, **({"otherwise": self.otherwise} if self.otherwise is not None else {})}

    @property
    def range(self) -> tuple[float, float]:
        """From the least to the greatest of the routes'."""
        ranges = [r.range for r in self.parts.values()]
        return (min(low for low, _ in ranges), max(high for _, high in ranges))

    async def compute(self, samples: Sequence[Sample], run: Run) -> Scores:
        """Ask each reward for its own samples."""
        ways = [None if (way := s.get(self.by)) is None else str(way) for s in samples]
        masks = [np.array([way == route for way in ways], dtype=bool) for route in self.routes]
        if self.otherwise is not None:
            masks.append(~np.any(masks, axis=0))
        answered = await run.gather(*(run(r, samples, m) for r, m in zip(self.parts.values(), masks, strict=True)))
        values = np.full(len(samples), np.nan)
        codes = np.full(len(samples), status_code(Status.INVALID), dtype=np.int8)
        reason = [s.defect or f"no route for {self.by} {way!r}" for s, way in zip(samples, ways, strict=True)]
        for mask, scores in zip(masks, answered, strict=True):
            values[mask], codes[mask] = scores.values[mask], scores.codes[mask]
            for i in np.flatnonzero(mask):
                reason[i] = scores.reason[i]
        return Scores(values, codes, reason, terms=dict(zip(self.parts, answered, strict=True)))
