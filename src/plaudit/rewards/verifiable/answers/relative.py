"""Relative error: how near a number is to the reference, where near counts."""

from __future__ import annotations

import re
from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from plaudit.core.errors import ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import How, Pick, extract
from plaudit.rewards.verifiable.answers.listing import listed
from plaudit.rewards.verifiable.answers.numbers import number, numbers
from plaudit.rewards.verifiable.answers.references import entries, is_list, plain_text, quantity
from plaudit.rewards.verifiable.text.comparison import room_for

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Curve = Literal["mra", "mra-strict", "linear"]
#: The confidence thresholds of mean relative accuracy: 0.50, 0.55, ..., 0.95.
THRESHOLDS = tuple(Fraction(k, 20) for k in range(10, 20))


@part
class RelativeAccuracy(Leaf):
    """How near the answer's number p is to the reference g, by the relative error ``e = |p - g| / |g|``.

    For a reference of 0 the error is 0 where p is 0 too, else infinite. Numbers are compared exactly as written. A
    reference that is a list of numbers asks for as many in order ("3, 1, 4"); the value is the mean over them, and 0
    where their number differs, as in the counting of VideoSSR (He et al. 2025).

    Args:
        curve: ``mra``: mean relative accuracy, the share of ``t = 0.50, 0.55, ..., 0.95`` with ``e <= 1 - t``, as
            VSI-Bench's and SpatialLadder's code have it; ``mra-strict``: with ``e < 1 - t``, as VSI-Bench's paper has
            it (Yang et al. 2024, equation 1); ``linear``: ``1 - min(1, e)``, as for regression in Video-R1 (Feng et
            al. 2025).
        extract: where the answer stands; ``last``: the last number outside the reasoning.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: [0, 1]. Needs: ``reference``, a number or a list of numbers, as such or as text.

    >>> from plaudit import Sample
    >>> said = [f"<answer>{n}</answer>" for n in ("10 m", "9.2", "11.9", "16", "ten")]
    >>> RelativeAccuracy().score([Sample("How far?", text, 10) for text in said]).values
    array([1. , 0.9, 0.7, 0. , 0. ])
    """

    curve: Curve = "mra"
    extract: How = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the accuracy, or 0 and why there is none."""
        many = is_list(sample.reference)
        right = [quantity(one, f"reference[{i}]") for i, one in enumerate(entries(sample.reference))] if many else []
        single = None if many else quantity(sample.reference)
        found = extract(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        if single is not None:
            said = next(reversed(numbers(found.text)), None) if self.extract == "last" else number(found.text)
            if said is None:
                return Grade(0.0, "no one number in the answer")
            value = relative_accuracy(said, single, self.curve)
            return Grade(value, "" if value == 1 else _gap(said, single))
        if len(found.text) > room_for(40 * len(right)):
            return Grade(0.0, f"an answer of {len(found.text)} characters, far longer than the reference")
        items = listed(found.text)
        if len(items) != len(right):
            return Grade(0.0, f"{len(items)} numbers where {len(right)} belong")
        values = [relative_accuracy(n, g, self.curve) for n, g in zip(map(number, items), right, strict=True)]
        mean = sum(values) / len(values)
        return Grade(mean, "" if mean == 1 else f"by number {', '.join(f'{v:.3g}' for v in values[:20])}")


def relative_accuracy(said: Fraction | float | None, right: Fraction | float, curve: Curve = "mra") -> float:
    """Return the accuracy of one number; 0 for none.

    >>> [relative_accuracy(Fraction(21, 2), Fraction(10), curve) for curve in ("mra", "mra-strict", "linear")]
    [1.0, 0.9, 0.95]
    """
    if said is None:
        return 0.0
    gap = abs(Fraction(said) - Fraction(right))
    error = gap / abs(Fraction(right)) if right else Fraction(0 if gap == 0 else 2)
    if curve == "linear":
        return float(1 - min(Fraction(1), error))
    within = sum(error <= 1 - t if curve == "mra" else error < 1 - t for t in THRESHOLDS)
    return within / len(THRESHOLDS)


@part
class RoundedNumber(Leaf):
    """1 where the answer's one number and the reference are equal after rounding, else 0.

    Both are rounded exactly, halves to even.

    Args:
        decimals: places behind the point that are kept, 0 to 20.
        form: ``free``, or ``same``: both or neither must be written with a point or comma, as in the released reward
            for numerical questions of Video-R1 (Feng et al. 2025) and what derives from it.
        extract: where the answer stands.
        pick: ``only``: several different answers are none; ``last``: the last of them counts.

    Range: 0 or 1. Needs: ``reference``, a number, as such or as text.

    Raises:
        ConfigError: ``decimals`` is out of range.

    >>> from plaudit import Sample
    >>> RoundedNumber().score(Sample("", "<answer>3.141</answer>", "3.14")).values
    array([1.])
    >>> RoundedNumber(form="same").score(Sample("", "<answer>3.0</answer>", "3")).values
    array([0.])
    """

    decimals: int = 2
    form: Literal["free", "same"] = "free"
    extract: How = field(default="auto", kw_only=True)
    pick: Pick = field(default="only", kw_only=True)

    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.decimals <= 20:
            raise ConfigError(f"RoundedNumber: decimals={self.decimals}; it lies between 0 and 20", "decimals")

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and why."""
        right = quantity(sample.reference)
        found = extract(sample.text, self.extract, self.pick)
        if found.text is None:
            return Grade(0.0, found.reason)
        said = next(reversed(numbers(found.text)), None) if self.extract == "last" else number(found.text)
        if said is None:
            return Grade(0.0, "no one number in the answer")
        if self.form == "same" and _pointed(found.text) != _pointed(plain_text(sample.reference)):
            return Grade(0.0, "one has a decimal point and one has none")
        same = round(said, self.decimals) == round(right, self.decimals)
        return Grade(1.0) if same else Grade(0.0, "another number")


def _pointed(text: str) -> bool:
    return re.search(r"[.,]\d", text) is not None


def _gap(said: Fraction, right: Fraction) -> str:
    if not right:
        return "not 0"
    error = abs(said - right) / abs(right)
    return f"off by {float(error):.1%}" if error < 10**6 else "off by far"
