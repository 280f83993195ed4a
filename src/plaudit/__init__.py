"""Plaudit: rewards for multimodal post-training that do not lie.

>>> import plaudit as pl
>>> reward = pl.load('Answer("math") + 0.1 * Format("think-answer")')
>>> scores = reward.score([pl.Sample("2 + 2?", "<think>easy</think><answer>4</answer>", reference="4")])
>>> scores.values
array([1.1])

Names are imported when they are first used, so that ``import plaudit`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.core.context import Context as Context
    from plaudit.core.errors import ConfigError as ConfigError
    from plaudit.core.errors import ExpressionError as ExpressionError
    from plaudit.core.errors import MediaError as MediaError
    from plaudit.core.errors import PlauditError as PlauditError
    from plaudit.core.errors import RecordError as RecordError
    from plaudit.core.function import reward as reward
    from plaudit.core.grade import Grade as Grade
    from plaudit.core.loading import load as load
    from plaudit.core.media import Media as Media
    from plaudit.core.reward import Leaf as Leaf
    from plaudit.core.reward import Reward as Reward
    from plaudit.core.reward import part as part
    from plaudit.core.sample import Sample as Sample
    from plaudit.core.score import Scores as Scores
    from plaudit.core.score import Span as Span
    from plaudit.core.score import Status as Status
    from plaudit.core.weight import Weight as Weight
    from plaudit.records import read as read
    from plaudit.rewards.compose.default import Default as Default
    from plaudit.rewards.compose.extremes import Max as Max
    from plaudit.rewards.compose.extremes import Min as Min
    from plaudit.rewards.compose.field import Field as Field
    from plaudit.rewards.compose.gate import Gate as Gate
    from plaudit.rewards.compose.lexicographic import Lexicographic as Lexicographic
    from plaudit.rewards.compose.means import Geometric as Geometric
    from plaudit.rewards.compose.means import Harmonic as Harmonic
    from plaudit.rewards.compose.means import Mean as Mean
    from plaudit.rewards.compose.product import Product as Product
    from plaudit.rewards.compose.rescaling import Above as Above
    from plaudit.rewards.compose.rescaling import Affine as Affine
    from plaudit.rewards.compose.rescaling import Clip as Clip
    from plaudit.rewards.compose.route import Route as Route
    from plaudit.rewards.compose.schedules import Annealed as Annealed
    from plaudit.rewards.compose.schedules import Cosine as Cosine
    from plaudit.rewards.compose.schedules import Linear as Linear
    from plaudit.rewards.compose.schedules import Steps as Steps
    from plaudit.rewards.compose.statistics import Rank as Rank
    from plaudit.rewards.compose.statistics import Statistic as Statistic
    from plaudit.rewards.compose.statistics import ZScore as ZScore
    from plaudit.rewards.compose.sum import Sum as Sum
    from plaudit.rewards.compose.trust import Trusted as Trusted
    from plaudit.rewards.verifiable.answers.answer import Answer as Answer
    from plaudit.rewards.verifiable.formats.format import Format as Format
    from plaudit.rewards.verifiable.formats.length import Length as Length
    from plaudit.rewards.verifiable.regions.box import Box as Box

__version__ = "0.1.0"

_HOMES = {
    "core.context": ["Context"],
    "core.errors": ["ConfigError", "ExpressionError", "MediaError", "PlauditError", "RecordError"],
    "core.function": ["reward"],
    "core.grade": ["Grade"],
    "core.loading": ["load"],
    "core.media": ["Media"],
    "core.reward": ["Leaf", "Reward", "part"],
    "core.sample": ["Sample"],
    "core.score": ["Scores", "Span", "Status"],
    "core.weight": ["Weight"],
    "records": ["read"],
    "rewards.compose.default": ["Default"],
    "rewards.compose.extremes": ["Max", "Min"],
    "rewards.compose.field": ["Field"],
    "rewards.compose.gate": ["Gate"],
    "rewards.compose.lexicographic": ["Lexicographic"],
    "rewards.compose.means": ["Geometric", "Harmonic", "Mean"],
    "rewards.compose.product": ["Product"],
    "rewards.compose.rescaling": ["Above", "Affine", "Clip"],
    "rewards.compose.route": ["Route"],
    "rewards.compose.schedules": ["Annealed", "Cosine", "Linear", "Steps"],
    "rewards.compose.statistics": ["Rank", "Statistic", "ZScore"],
    "rewards.compose.sum": ["Sum"],
    "rewards.compose.trust": ["Trusted"],
    "rewards.verifiable.answers.answer": ["Answer"],
    "rewards.verifiable.regions.box": ["Box"],
    "rewards.verifiable.formats.format": ["Format"],
    "rewards.verifiable.formats.length": ["Length"],
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    """Import a name where it is first used: one of the table, or any registered reward, operator or weight."""
    if name in _HOME:
        value = getattr(import_module(f"plaudit.{_HOME[name]}"), name)
    elif name[:1].isupper():
        registry = import_module("plaudit.core.registry")
        if name not in registry.names():
            raise AttributeError(f"module 'plaudit' has no attribute {name!r}")
        value = registry.find(name)
    else:
        raise AttributeError(f"module 'plaudit' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
