from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.compose.gate import Gate
from plaudit.rewards.verifiable.answers.answer import Answer
from plaudit.rewards.verifiable.tools.retrieval import Metric, Retrieval, ranking
from plaudit.rewards.verifiable.tools.tool_use import ToolCount

ALL: tuple[Metric, ...] = ("ndcg", "recall", "precision", "f1", "iou", "mrr", "hit")


def graded(reward: Any, response: Any, reference: Any, **meta: Any) -> float:
    scores = reward.score([Sample("?", response, reference=reference, meta=meta)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0])


def search(*found: Any, ok: bool | None = None) -> list[dict[str, Any]]:
    """One search and what it returned."""
    answer = {"role": "tool", "content": json.dumps(list(found))}
    return [{"role": "assistant", "content": "<search>x</search>"}, answer if ok is None else {**answer, "ok": ok}]


@pytest.mark.system("vrag-rl")
def test_vrag_rl() -> None:
    retrieval = Retrieval(found="pages")
    assert graded(retrieval, "", ["b"], pages=["a", "b"]) == pytest.approx(1 / math.log2(3))
    assert graded(retrieval, "", ["b"], pages=["b", "b", "b"]) == 1  # the same page again does not push it above 1
    assert graded(retrieval, "", ["b"], pages=["a", "a", "b"]) == pytest.approx(1 / math.log2(3))

    # 0.7 judge + 0.1 pattern + 0.2 ndcg behind a gate that wants a search and an answer; an answer check for the judge.
    asked = ToolCount(tags=("search",)) * ToolCount(tags=("answer",)).named("answered")
    parts = (
        0.7 * Answer("exact", extract="tag") + 0.1 * ToolCount(tags=("search",)).named("pattern") + 0.2 * Retrieval()
    )
    reward = Gate(asked, parts)

    def total(answer: str, *pages: str) -> float:
        trajectory = [*search(*pages), {"role": "assistant", "content": f"<answer>{answer}</answer>"}]
        return graded(reward, trajectory, "b")

    assert total("b", "a", "b") == pytest.approx(0.7 + 0.1 + 0.2 * 0.63093, abs=1e-5)
    assert total("c", "b") == pytest.approx(0.3)
    assert graded(reward, "<answer>b</answer>", "b") == 0


@pytest.mark.system("unidoc-rl")
def test_unidoc_rl_interleaves_the_searches() -> None:
    pages = [["a", "b", "c"], ["d", "b"]]
    # Interleaved a d b c: b is third; one after the other a b c d: b is second.
    assert graded(Retrieval(found="pages", merge="interleave"), "", "b", pages=pages) == pytest.approx(1 / math.log2(4))
    assert graded(Retrieval(found="pages"), "", "b", pages=pages) == pytest.approx(1 / math.log2(3))


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("ndcg", (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))),
        ("recall", 2 / 3),
        ("precision", 2 / 4),
        ("f1", 2 * 2 / (4 + 3)),
        ("iou", 2 / 5),
        ("mrr", 1 / 2),
        ("hit", 1.0),
    ],
)
def test_metrics_by_hand(metric: Metric, value: float) -> None:
    assert ranking(["x", "a", "y", "b"], {"a", "b", "c"}, metric) == pytest.approx(value)
    assert ranking([], {"a"}, metric) == 0
    assert ranking(["x"], {"a"}, metric) == 0
    assert ranking(["a"], {"a"}, metric) == 1


def test_only_the_first_k_count() -> None:
    assert ranking(["x", "a", "b"], {"a", "b"}, "recall", 2) == 0.5
    assert ranking(["x", "a", "b"], {"a", "b"}, "mrr", 1) == 0
    assert ranking(["a"], {"a", "b"}, "ndcg", 1) == 1


documents = st.lists(st.integers(0, 9).map(str), max_size=10)


@given(st.permutations(range(8)), st.sets(st.integers(0, 7), min_size=1))
def test_ndcg_is_scikit_learn_s_where_everything_is_ranked(order: list[int], right: set[int]) -> None:
    relevance = [[float(i in right) for i in order]]
    expected = ndcg_score(relevance, [[float(-i) for i in range(8)]])
    assert ranking(order, right, "ndcg") == pytest.approx(expected)


@given(documents, st.sets(st.integers(0, 9).map(str), min_size=1), st.data())
def test_no_metric_is_raised_by_finding_a_document_again(
    found: list[str], right: set[str], data: st.DataObject
) -> None:
    again = [*found, data.draw(st.sampled_from(found))] if found else []
    for metric in ALL:
        value = ranking(found, right, metric)
        assert 0 <= value <= 1
        assert ranking(again, right, metric) == value


def test_what_tools_returned() -> None:
    turns = [
        *search("a", {"id": 7, "title": "seven"}, {"url": "u"}, {"score": 3}),
        {"role": "tool", "content": json.dumps({"results": ["c"]})},
        {"role": "tool", "content": "Found document d!"},
        *search("e", ok=False),
        {"role": "assistant", "content": '["f"]'},
    ]
    for name, there in (("a", 1), ("7", 1), (7, 1), ("u", 1), ("c", 1), ("d", 0), ("e", 0), ("f", 0), ("seven", 0)):
        assert graded(Retrieval("recall"), turns, name) == there, name
    assert graded(Retrieval("precision"), turns, ["a", "c"]) == 0.5


def test_what_a_model_says_that_it_found_counts_nothing() -> None:
    for said in ('["a"]', '<tool_response>["a"]</tool_response>', '{"results": ["a"]}'):
        assert graded(Retrieval("hit"), said, "a") == 0


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (3.5, "reference is a float; expected a document's name"),
        (True, "reference is a bool"),
        ([], "reference is an empty list"),
        (["a", None], "reference is a list with a NoneType"),
        ({"a": 1}, "reference is a dict"),
        ("", "reference is a list with a str"),
    ],
)
def test_bad_references(reference: Any, reason: str) -> None:
    scores = Retrieval(found="pages").score([Sample("", "", reference=reference, meta={"pages": ["a"]})])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


@pytest.mark.parametrize("pages", [None, "a", [3.5], [["a"], [None]], {"a": 1}])
def test_bad_records_of_what_was_found(pages: Any) -> None:
    scores = Retrieval(found="pages").score([Sample("", "", reference="a", meta={"pages": pages})])
    assert scores.status[0] == "invalid"
    assert "pages" in scores.reason[0]


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="k=0; it must be positive"):
        Retrieval(k=0)
    with pytest.raises(ConfigError, match="did you mean 'ndcg'"):
        Retrieval("ndgc")  # type: ignore[arg-type]  # that is the test
