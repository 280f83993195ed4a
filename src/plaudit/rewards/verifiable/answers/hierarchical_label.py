"""Hierarchical labels: credit for the coarse label where the fine one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import Pick
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.answers.references import is_list, plain_text, shown
from plaudit.rewards.verifiable.text.comparison import Where, answer_within

if TYPE_CHECKING:
    from plaudit.core.sample import Sample


@part
class HierarchicalLabel(Leaf):
    """Sum of the weights of the levels, from coarse to fine, down to which answer and reference agree, by all weights.

    ``sum_{l <= m} w_l / sum_l w_l``, with m the number of leading levels that are equal: a fine label under the wrong
    coarse one is worth nothing. A reference of fewer levels than weights is measured by its own levels; whatever an
    answer says below them is not looked at.

    Without ``parents`` an answer is a path, ``animal/dog/poodle``. With them it is one label, and its path is what
    ``parents`` says of it; a label that they do not know is worth nothing.

    Args:
        weights: one a level, from coarse to fine, none negative and not all 0.
        parents: the parent of every label that has one.
        separator: what parts the levels of a path.
        extract: where the answer stands (:func:`plaudit.rewards.verifiable.answers.extraction.extract`).
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``: a path as text or list, or with ``parents`` one label.

    Raises:
        ConfigError: the weights are as they may not be, the parents go round in a circle, or deeper than the weights.

    >>> from plaudit import Sample
    >>> kinds = HierarchicalLabel([0.3, 0.7], {"poodle": "dog", "beagle": "dog", "siamese": "cat"})
    >>> said = [f"<answer>{label}</answer>" for label in ("Poodle", "beagle", "dog", "siamese", "a poodle dog")]
    >>> kinds.score([Sample("What is it?", text, "poodle") for text in said]).values
    array([1. , 0.3, 0.3, 0. , 0. ])
    """

    weights: tuple[float, ...] = (0.5, 0.5)
    parents: Mapping[str, str] | None = None
    separator: str = "/"
    extract: Where = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.weights, default=-1.0) < 0 or not sum(self.weights):
            raise ConfigError(f"HierarchicalLabel: weights={list(self.weights)}; none negative, not all 0", "weights")
        if not self.separator.strip():
            raise ConfigError("HierarchicalLabel: separator is blank", "separator")
        for label in self._parents:
            path = self._path(label)
            if path is None or len(path) > len(self.weights):
                depth = "goes round in a circle" if path is None else f"has {len(path)} levels"
                raise ConfigError(
                    f"HierarchicalLabel: the path of {label!r} {depth}; there are {len(self.weights)} weights",
                    "parents",
                )

    def grade(self, sample: Sample) -> Any:
        """Return the share of the weights, or 0 and why."""
        right = self._right(sample.reference)
        found = answer_within(sample.text, self.extract, self.pick, sum(map(len, right)))
        if found.text is None:
            return Grade(0.0, found.reason)
        said = self._path(normalised(found.text)) if self.parents is not None else self._levels(found.text)
        if not said:
            return Grade(0.0, "no known label in the answer")
        level = agreement(said, right)
        value = sum(self.weights[:level]) / sum(self.weights[: len(right)])
        return Grade(value, "" if level == len(right) else f"{level} of {len(right)} levels")

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {normalised(child): normalised(parent) for child, parent in (self.parents or {}).items()}

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._parents) | frozenset(self._parents.values())

    def _path(self, label: str) -> list[str] | None:
        """Return the labels from the root down to this one; none if it is unknown or has no root."""
        path = [label] if label in self._known else []
        while path and path[-1] in self._parents:
            if len(path) > len(self._parents):
                return None
            path.append(self._parents[path[-1]])
        return path[::-1]

    def _levels(self, text: str) -> list[str]:
        return [normalised(level) for level in text.split(self.separator)]

    def _right(self, reference: Any) -> list[str]:
        if self.parents is not None:
            path = self._path(normalised(plain_text(reference)))
            if not path:
                raise BadReferenceError(f"reference is {shown(reference)}; expected a label that parents knows")
        elif is_list(reference):
            path = [normalised(plain_text(level, f"reference[{i}]")) for i, level in enumerate(reference)]
        else:
            path = self._levels(plain_text(reference))
        if "" in path or not 0 < len(path) <= len(self.weights) or not sum(self.weights[: len(path)]):
            raise BadReferenceError(
                f"reference is {shown(reference)}; expected 1 to {len(self.weights)} levels with weight, none empty"
            )
        return path


def agreement(said: Sequence[str], right: Sequence[str]) -> int:
    """Return how many leading levels are equal.

    >>> agreement(["animal", "cat"], ["animal", "dog"]), agreement(["plant", "dog"], ["animal", "dog"])
    (1, 0)
    """
    return next((i for i, (a, b) in enumerate(zip(said, right, strict=False)) if a != b), min(len(said), len(right)))
