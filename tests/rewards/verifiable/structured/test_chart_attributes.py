from __future__ import annotations

import json
from typing import Any

import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.chart_attributes import ChartAttributes, dimensions, jaccard
from plaudit.rewards.verifiable.structured.chart_reading import Chart, ChartError, chart_of, read_chart

PROGRAM = """
import matplotlib.pyplot as plt
import numpy as np
years = ['2020', '2021', "2022"]
data = {'a': [1, 2, -3], 'b': np.array([4, 5, 6])}
fig, axes = plt.subplots(1, 2, figsize=(8, 4))
axes[0].bar(years, data['a'], color='Red', label='A')
axes[1].plot(range(3), data['b'], c="#00ff00")
axes[0].set_title('Sales'); axes[1].set_xlabel("Year")
axes[0].legend()
plt.xticks([0, 1], ['low', 'high'])
plt.savefig('out.png')
"""


def test_a_program() -> None:
    assert read_chart(PROGRAM) == Chart(
        kinds=("bar", "line"),
        numbers=(1, 2, -3, 0, 1, 2, 4, 5, 6),
        texts=("2020", "2021", "2022", "A", "Sales", "Year", "low", "high"),
        colours=("red", "#00ff00"),
        layout=(1, 2),
    )


def test_a_specification() -> None:
    bars = {
        "title": {"text": "Sales"},
        "mark": {"type": "bar", "color": "Red"},
        "encoding": {"x": {"field": "year", "title": "Year"}, "y": {"field": "n", "type": "quantitative"}},
    }
    spec = {
        "data": {"values": [{"year": "2020", "n": 3}, {"year": "2021", "n": 4.5}]},
        "hconcat": [bars, {"mark": "point"}],
    }
    chart = read_chart(json.dumps(spec))
    assert chart == Chart(("bar", "scatter"), (3, 4.5), ("Sales", "Year", "2020", "2021", "n"), ("red",), (1, 2))


@pytest.mark.parametrize(
    ("source", "layout"),
    [
        ("plt.subplots(2, 3); plt.pie([1])", (2, 3)),
        ("plt.subplots(nrows=2, ncols=3); plt.pie([1])", (2, 3)),
        ("plt.subplots(2); plt.pie([1])", (2, 1)),
        ("plt.subplot(211); plt.pie([1])", (2, 1)),
        ("fig.add_subplot(2, 2, 1); plt.pie([1])", (2, 2)),
        ("fig, ax = plt.subplots(); ax.pie([1])", (1, 1)),
        ("plt.pie([1])", None),
    ],
)
def test_layouts(source: str, layout: tuple[int, int] | None) -> None:
    assert read_chart(source).layout == layout


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "no chart is drawn"),
        ("x = [1, 2]\nprint(x)", "no chart is drawn"),
        ("plt.bar(", "not Python: "),
        ("plt.bar([1])\x00", "not Python: "),
        ("plt.bar(['\ud800'])", "not Python: "),
        ("-" * 40_000 + "1", "nested too deep"),
        ("(" * 40_000, "not Python: "),
        (
            "x0 = [1]\n" + "\n".join(f"x{i + 1} = [x{i}, x{i}]" for i in range(60)) + "\nplt.bar(x60)",
            "a chart of too many items",
        ),
        ("x = list(range(5000))\n" + "plt.bar(x)\n" * 1000, "a chart of too many items"),
        ("plt.bar(range(5000))\nplt.bar(range(5000))", "a chart of more than 5,000 numbers or texts"),
        ("#" * 50_001, "longer than 50,000 characters"),
        ("{", "not JSON: "),
        ('{"mark": 5}', "no chart is drawn"),
        ('{"layer": [5]}', "not a Vega-Lite specification"),
        ('{"layer": [' * 200 + "]}" * 200, "not a Vega-Lite specification"),
    ],
)
def test_what_is_no_chart(source: str, reason: str) -> None:
    with pytest.raises(ChartError) as caught:
        read_chart(source)
    assert str(caught.value).startswith(reason)
    scores = ChartAttributes().score([Sample("?", f"<answer>{source}</answer>", "plt.bar(['a'], [1])")])
    assert (scores.values[0], scores.status[0]) == (0, "ok")


@pytest.mark.system("chartmaster")
def test_chartmaster_jaccard_of_attributes() -> None:
    said, right = Chart(("bar",), (), ("Year",), ("red",)), Chart(("bar",), (), ("Year",), ("blue",))
    assert jaccard(said, right) == 2 / 4
    text = "```python\nplt.bar(x, y, color='red')\nplt.xlabel('Year')\n```"
    reference = {"kinds": ["bar"], "texts": ["Year"], "colours": ["blue"]}
    assert ChartAttributes("jaccard").score([Sample("?", text, reference)]).values[0] == 0.5
    assert jaccard(Chart(("bar",), (1, 2, 3)), Chart(("bar",), (1.04, 2, 9)), 0.05) == 3 / 5


@pytest.mark.system("msrl-chart2code")
def test_msrl_data_within_five_percent() -> None:
    found = dimensions(Chart(("bar",), (10.4, 20, 33)), Chart(("bar",), (10, 20, 30)))
    assert found == {"kinds": 1, "numbers": pytest.approx(2 / 3)}


@pytest.mark.system("msrl-chart2code")
def test_msrl_equivalent_code_gets_the_same() -> None:
    one = "plt.bar(['a', 'b'], [1, 2])\nplt.title('T')\nplt.xlabel('X')"
    other = (
        "fig, ax = plt.subplots()\nheights = [1, 2]\nax.bar(['a', 'b'], heights)\nax.set_title('T')\nax.set_xlabel('X')"
    )
    right = "plt.bar(['a', 'b'], [1, 2.5])\nplt.title('Title')\nplt.xlabel('X')"
    scores = ChartAttributes().score([Sample("?", f"```python\n{source}\n```", right) for source in (one, other)])
    assert scores["numbers"].values == pytest.approx([0.5, 0.5])
    assert scores["texts"].values == pytest.approx([(1 + 1 + 0.2 + 1) / 4] * 2)  # "T" is one letter of five
    assert scores.values[0] == pytest.approx((1 + 0.5 + 0.8) / 3)


def test_dimensions_by_hand() -> None:
    said = Chart(("bar", "line"), (1, 2), ("Sales", "More"), ("red", "blue"), (1, 2))
    right = Chart(("line", "bar"), (1,), ("Sales",), ("red",), (2, 1))
    assert dimensions(said, right) == pytest.approx(
        {"kinds": 1, "numbers": 0.5, "texts": 0.5, "colours": 2 / 3, "layout": 0}
    )
    assert dimensions(right, right) == {"kinds": 1, "numbers": 1, "texts": 1, "colours": 1, "layout": 1}
    assert dimensions(Chart(("bar",), (0.0,)), Chart(("bar",), (0.1,))) == {"kinds": 1, "numbers": 0}


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (5, "reference is a int; expected a chart's source"),
        ("x = 1", "reference: no chart is drawn"),
        ({}, "reference is an empty mapping"),
        ({"kind": ["bar"]}, "reference: unknown attribute 'kind'; known: kinds, numbers"),
        ({"kinds": "bar"}, "reference: attribute kinds is a str; expected a list"),
        ({"numbers": ["1"]}, "reference: attribute numbers is a list; expected a list"),
        ({"layout": [1]}, "reference: attribute layout is a list"),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    scores = ChartAttributes().score([Sample("?", "", reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


def test_attributes_by_name() -> None:
    assert chart_of({"kinds": ["bar"], "layout": [1, 2]}) == Chart(("bar",), layout=(1, 2))
    with pytest.raises(ConfigError, match="at least 0"):
        ChartAttributes(tolerance=-0.1)
