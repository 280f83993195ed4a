"""Field: a number that the record itself carries, as the weight of a term."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.registry import part
from plaudit.core.weight import Weight

if TYPE_CHECKING:
    from plaudit.core.context import Context
    from plaudit.core.sample import Sample
    from plaudit.core.score import Floats


@part
class Field(Weight):
    """``w_i = sample_i[field]``: a number of the record (difficulty, confidence, price) as a weight.

    Where it is 0, the term does not apply: it is not asked, and counts nothing. Where the record has no such number,
    the row is ``invalid`` ("no difficulty"): a weight that is not there is no weight of 0 or 1.

    Args:
        field: the field of the sample, or entry of its ``meta``.
        low: the least weight allowed; a record below is ``invalid``. None: any.
        high: the greatest weight allowed.

    Range: [low, high]; declare them, or the range of the whole sum is not known.

    Raises:
        ConfigError: ``low`` is above ``high``.

    >>> from plaudit import Answer, Sample
    >>> said = [Sample("1 + 1?", "<answer>2</answer>", "2", meta=meta) for meta in ({"difficulty": 3}, None)]
    >>> scores = (Field("difficulty") * Answer("number")).score(said)
    >>> scores.values, scores.reason
    (array([ 3., nan]), ['', 'no difficulty'])
    """

    field: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.range[0] > self.range[1]:
            raise ConfigError(f"Field: low={self.low} is above high={self.high}", "low")

    @property
    def range(self) -> tuple[float, float]:
        """What is allowed."""
        return (-math.inf if self.low is None else self.low, math.inf if self.high is None else self.high)

    def values(self, samples: Sequence[Sample], context: Context) -> Floats:
        """Read the numbers; NaN where there is none."""
        return np.array([math.nan if self.lacking(s) else float(s.get(self.field)) for s in samples], dtype=np.float64)

    def lacking(self, sample: Sample) -> str:
        """Say why the record's number is no weight."""
        try:
            given = sample.get(self.field)
        except RecordError as error:
            return str(error)
        if given is None:
            return f"no {self.field}"
        if isinstance(given, bool) or not isinstance(given, Real):
            return f"{self.field} is a {type(given).__name__}; expected a number"
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            return f"no {self.field}"
        low, high = self.range
        return "" if low <= number <= high else f"{self.field} is {number:g}, outside [{low:g}, {high:g}]"
