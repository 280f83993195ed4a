"""Chart attributes: does a chart's source say what the reference chart's says? Compared without drawing either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.chart_reading import Chart, ChartError, chart_of, read_chart

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Compare = Literal["dimensions", "jaccard"]

#: Texts of one chart that are paired by what they say; more are cut off, and count as missing.
_MOST_TEXTS, _LONGEST_TEXT = 300, 300


@part
class ChartAttributes(Leaf):
    r"""How much of the reference chart's attributes the response's chart has, both read from their source.

    A chart's attributes are its kinds (bar, line, ...), numbers (the data), texts (titles, labels, categories), colours
    and layout (rows and columns of subplots); see :mod:`.structured.chart_reading` for what is read from
    a matplotlib program or a Vega-Lite specification, which are never run. ``plt.bar`` and ``ax.bar`` read alike.

    - ``dimensions``: the mean over those attributes that either chart has of: kinds and layout: 1 if equal, else 0;
      numbers: place by place, the share of the longer list within ``tolerance`` of the reference's; texts: paired for
      the best, the sum of ``1 - Levenshtein / longer length`` over the larger number of texts; colours: F1.
    - ``jaccard``: ``|A ∩ B| / |A ∪ B|`` of the two sets of attributes, numbers within ``tolerance`` being one.

    No source, several, one that can't be read, or that draws nothing, scores 0 with that reason.

    Args:
        compare: as above.
        tolerance: relative to the reference's number, 0 meaning equal ones only.
        where: where the source stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]; by dimensions each is a term. Needs: ``reference``: a source as text, or a mapping of ``kinds``,
    ``numbers``, ``texts``, ``colours``, ``layout``.

    Raises:
        ConfigError: the tolerance is negative.

    Source: ``dimensions``: MSRL (2025), the textual reward, 5% of tolerance; ``jaccard``: ChartMaster
    (2025), attribute similarity. How either reads a program is not published in full; this is one way.

    >>> from plaudit import Sample
    >>> said = "```python\nax.bar(['a', 'b', 'c'], [10.4, 20, 33])\n```"
    >>> scores = ChartAttributes().score([Sample("?", said, "plt.bar(['a', 'b', 'c'], [10, 20, 30])")])
    >>> scores["numbers"].values.round(3), scores["texts"].values
    (array([0.667]), array([1.]))
    """

    compare: Compare = "dimensions"
    tolerance: float = 0.05
    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tolerance < 0:
            raise ConfigError(f"ChartAttributes: tolerance={self.tolerance}; it is at least 0", "tolerance")

    def grade(self, sample: Sample) -> Any:
        """Return the agreement, or what is wrong with the source."""
        right = _reference(sample.reference)
        found = code_block(sample.text, ("python", "py", "json", "vega", "vega-lite"), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            said = read_chart(found.text)
        except ChartError as error:
            return Grade(0.0, str(error))
        if self.compare == "jaccard":
            value = jaccard(said, right, self.tolerance)
            return Grade(value, "" if value == 1 else f"Jaccard {value:.3f}")
        terms = dimensions(said, right, self.tolerance)
        wrong = ", ".join(name for name, value in terms.items() if value < 1)
        return Grade(sum(terms.values()) / len(terms), f"differs in {wrong}" if wrong else "", terms=terms)


def jaccard(said: Chart, right: Chart, tolerance: float = 0.0) -> float:
    """Return the share of all attributes of either chart that both have; see :class:`ChartAttributes`."""
    one, other = _attributes(said), _attributes(right)
    near = _near(sorted(set(said.numbers)), sorted(set(right.numbers)), tolerance)
    shared = len(one & other) + near
    total = len(one | other) + len(set(said.numbers)) + len(set(right.numbers)) - near
    return shared / total if total else 1.0


def dimensions(said: Chart, right: Chart, tolerance: float = 0.05) -> dict[str, float]:
    """Return the agreement in each attribute that either chart has; see :class:`ChartAttributes`."""
    found = {"kinds": float(Counter(said.kinds) == Counter(right.kinds))}
    if said.numbers or right.numbers:
        hits = sum(abs(a - b) <= tolerance * abs(b) for a, b in zip(said.numbers, right.numbers, strict=False))
        found["numbers"] = hits / max(len(said.numbers), len(right.numbers))
    if said.texts or right.texts:
        found["texts"] = _texts(said.texts, right.texts)
    if said.colours or right.colours:
        one, other = Counter(said.colours), Counter(right.colours)
        found["colours"] = 2 * (one & other).total() / (one.total() + other.total())
    if said.layout or right.layout:
        found["layout"] = float((said.layout or (1, 1)) == (right.layout or (1, 1)))
    return found


def _attributes(chart: Chart) -> set[tuple[str, Any]]:
    found: set[tuple[str, Any]] = {("kind", kind) for kind in chart.kinds}
    found |= {("text", text) for text in chart.texts} | {("colour", colour) for colour in chart.colours}
    return found | ({("layout", chart.layout)} if chart.layout else set())


def _near(said: Sequence[float], right: Sequence[float], tolerance: float) -> int:
    """Count the pairs of numbers within the tolerance, each number used once, from the lowest up."""
    count = i = 0
    for target in right:
        margin = tolerance * abs(target)
        while i < len(said) and said[i] < target - margin:
            i += 1
        if i < len(said) and said[i] <= target + margin:
            count, i = count + 1, i + 1
    return count


def _texts(said: Sequence[str], right: Sequence[str]) -> float:
    most = max(len(said), len(right))
    ours = [text[:_LONGEST_TEXT] for text in said[:_MOST_TEXTS]]
    theirs = [text[:_LONGEST_TEXT] for text in right[:_MOST_TEXTS]]
    if not ours or not theirs:
        return 0.0
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist
    from scipy.optimize import linear_sum_assignment

    alike = cdist(ours, theirs, scorer=Levenshtein.normalized_similarity, dtype=np.float64)
    return float(alike[linear_sum_assignment(-alike)].sum()) / most


def _reference(reference: Any) -> Chart:
    try:
        if isinstance(reference, str):
            return read_chart(reference)
        if isinstance(reference, Mapping):
            right = chart_of(reference)
            if not any(right):
                raise BadReferenceError("reference is an empty mapping; expected a chart's attributes")
            return right
    except ChartError as error:
        raise BadReferenceError(f"reference: {error}") from None
    raise BadReferenceError(
        f"reference is a {type(reference).__name__}; expected a chart's source, or a mapping of its attributes"
    )
