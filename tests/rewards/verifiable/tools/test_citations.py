from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.function import reward as reward_of
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.tools.citations import (
    Citations,
    EvidenceCoverage,
    EvidenceGraph,
    cited_pages,
    page,
    reachable,
)

A, B = "https://a.org/x", "https://b.org"


def browse(name: str, arguments: dict[str, Any], answer: str, ok: bool | None = None, key: str = "1") -> list[Any]:
    """One call of a tool and its answer."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    message = {"role": "tool", "tool_call_id": key, "content": answer}
    asked = {"role": "assistant", "content": "", "tool_calls": [{"id": key, "function": function}]}
    return [asked, message if ok is None else {**message, "ok": ok}]


def report(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


SEARCH = browse("search", {"query": "towers"}, f"1. {A}: the tower is 330 m tall\n2. ({B}) built in 1889.")


def graded(reward: Any, response: Any, reference: Any = None) -> tuple[float, str]:
    scores = reward.score([Sample("?", response, reference=reference)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0]), scores.reason[0]


# ---- citations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        (f"It is [1]({A}) and [2]({B}/#top).", 1.0, ""),
        (f"It is [1]({A}) and [2](https://c.org).", 0.5, "no tool returned 'https://c.org'"),
        (f"It is [1]({A}), [1]({A}) and [2](https://c.org).", 0.5, "no tool returned 'https://c.org'"),
        (f"It is {A}.", 0.0, "no citation"),
        (f"It is 330 m.\n\n## References\n[1]({A})", 0.0, "no citation"),
        (f"<think>[1]({A})</think>It is 330 m.", 0.0, "no citation"),
        ("", 0.0, "no citation"),
    ],
)
def test_grounded_citations(text: str, value: float, reason: str) -> None:
    assert graded(Citations(), [*SEARCH, report(text)]) == (value, reason)


@pytest.mark.system("carr-c-grpo")
def test_carr_a_page_that_no_tool_returned_supports_nothing() -> None:
    said = report(f"It is 330 m [1]({A}).")
    facts = ["330 m"]
    cited = EvidenceCoverage("cited")
    assert graded(cited, [*SEARCH, said], facts)[0] == 1
    assert graded(cited, [*SEARCH, report("It is 330 m [1](https://c.org).")], facts)[0] == 0
    assert graded(cited, [*SEARCH, report("It is 330 m.")], facts)[0] == 0
    assert graded(Citations(), [said])[0] == 0


def test_an_address_that_a_tool_only_repeats_was_not_seen() -> None:
    said = report("So [1](https://c.org/y).")
    opened = {"url": "https://c.org/y"}
    assert graded(Citations(), [*browse("open", opened, "cannot open https://c.org/y"), said])[0] == 0
    assert graded(Citations(), [*browse("open", opened, "cannot open https://c.org/y", ok=False), said])[0] == 0
    assert graded(Citations(), [*browse("open", opened, "Welcome!", ok=True), said])[0] == 1
    assert graded(Citations(), [*browse("search", {"q": "y"}, "see https://c.org/y", ok=False), said])[0] == 0
    tagged = [report("<open>https://c.org/y</open>"), {"role": "tool", "content": "cannot open https://c.org/y"}, said]
    assert graded(Citations(tags=("open",)), tagged)[0] == 0


def test_the_right_pages() -> None:
    said = [*SEARCH, report(f"It is [1]({A}), [2](https://c.org).")]
    right = [A, "https://c.org", "https://d.org"]
    # Seen and right: A alone, for c was never returned.
    assert graded(Citations("recall"), said, right)[0] == pytest.approx(1 / 3)
    assert graded(Citations("precision"), said, right)[0] == 0.5
    assert graded(Citations("f1"), said, right)[0] == pytest.approx(2 / 5)
    assert graded(Citations("recall"), said, A.upper().replace("/X", "/x"))[0] == 1


def test_only_the_first_citations_count() -> None:
    said = report(f"[1](https://c.org) [2]({A})")
    assert graded(Citations(most=1), [*SEARCH, said])[0] == 0
    assert graded(Citations(most=2), [*SEARCH, said])[0] == 0.5


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://A.org/x", "https://a.org/x"),
        ("https://a.org/x/#part", "https://a.org/x"),
        ("https://a.org/x.", "https://a.org/x"),
        ("https://a.org/?q=1#b", "https://a.org/?q=1"),
        ("https://a.org/X", "https://a.org/X"),
        ("http://[", "http://["),
        ("a.org", "a.org"),
    ],
)
def test_pages_are_compared_without_what_does_not_matter(url: str, same: str) -> None:
    assert page(url) == same


def test_links() -> None:
    text = (
        "[a](<https://a.org/b>) [c]( https://a.org/d_(e) ) ![](https://no.org) [x](ftp://a.org) [y] (https://a.org/z)"
    )
    assert cited_pages(text) == ["https://a.org/b", "https://a.org/d_(e)"]


# ---- evidence ---------------------------------------------------------------------------------------------------


def test_evidence_coverage() -> None:
    facts = {"height": "330 M", "year": ["built 1889", "in 1889"], "place": "Paris"}
    scores = EvidenceCoverage().score([Sample("?", [*SEARCH, report("Paris!")], reference=facts)])
    assert scores.values[0] == pytest.approx(2 / 3)
    assert scores.reason[0] == "no evidence of place"
    assert [scores[name].values[0] for name in facts] == [1, 1, 0]


@pytest.mark.parametrize("fact", ["30 m", "33", "330 m tallest", "built in 188"])
def test_evidence_is_whole_words(fact: str) -> None:
    assert graded(EvidenceCoverage(), SEARCH, [fact])[0] == 0


def test_a_query_witnesses_nothing() -> None:
    echo = browse("search", {"query": "tower 330 m"}, "nothing found for: tower 330 m")
    assert graded(EvidenceCoverage(), echo, ["330 m"])[0] == 0
    later = browse("open", {"url": A}, "It is 330 m tall.", key="2")
    assert graded(EvidenceCoverage(), [*echo, *later], ["330 m"])[0] == 1
    assert graded(EvidenceCoverage(), browse("open", {"url": A}, "It is 330 m tall.", ok=False), ["330 m"])[0] == 0


RUBRICS = {"C1": ["E0"], "C2": ["E0", "E1"], "C3": ["E1", "E2"], "C4": ["E3", "E4"]}
FACTS = {"C1": "alpha", "C2": "beta", "C3": "gamma", "C4": "delta"}


def linked(evidence: str, rubrics: Any = RUBRICS) -> Sample:
    turns = [{"role": "tool", "content": evidence}, report("done")]
    return Sample("?", turns, reference={"rubrics": rubrics, "facts": FACTS})


@pytest.mark.system("carr-c-grpo")
def test_carr_reachability() -> None:
    graph = EvidenceGraph(EvidenceCoverage())
    samples = [linked(text) for text in ("alpha beta gamma delta", "alpha gamma delta", "gamma delta", "")]
    scores = graph.score(samples)
    assert scores.values.tolist() == [3 / 4, 1 / 4, 0, 0]
    assert scores.reason[0] == "4 of 4 supported, 3 of them reached"
    assert scores["evidence_coverage.C4"].values.tolist() == [1, 1, 1, 0]


@reward_of(range=(0, 1), cost="free")
def outcome(sample: Sample) -> float:
    """Right where the response says so."""
    return float(sample.text == "right")


@pytest.mark.system("carr-c-grpo")
@pytest.mark.parametrize(
    ("evidence", "said", "value"),
    [
        ("alpha beta gamma delta", "right", 0.7 + 0.3 * 0.75),
        ("alpha", "right", 0.7 + 0.3 * 0.25),
        ("alpha", "wrong", 0.0),
    ],
)
def test_carr_pays_for_rubrics_behind_the_outcome(evidence: str, said: str, value: float) -> None:
    """The released code mixes the raw rubric reward: 0.7 R_o + 0.3 R_o R_r."""
    reward = 0.7 * outcome + 0.3 * outcome.named("right") * EvidenceGraph(EvidenceCoverage())
    turns = [{"role": "tool", "content": evidence}, report(said)]
    assert graded(reward, turns, {"rubrics": RUBRICS, "facts": FACTS})[0] == pytest.approx(value)


@given(st.sets(st.sampled_from(sorted(RUBRICS))), st.sampled_from(["E0", "E1", "E3", "E9"]))
def test_reachable_is_the_closure(supported: set[str], root: str) -> None:
    reached: set[str] = set()
    for _ in RUBRICS:  # at most as many rounds as there are rubrics
        known = {root}.union(*(RUBRICS[name] for name in reached))
        reached |= {name for name in supported if known & set(RUBRICS[name])}
    assert reachable(RUBRICS, supported, root) == reached


@reward_of(range=(0, 1), cost="free")
def judge(sample: Sample) -> Any:
    """A judge of which one opinion may be missing."""
    if "broken" in sample.text:
        return ("unparsed", "no verdict")
    return (1.0, {name: ("timeout", "too late") if name in sample.text else 1.0 for name in ("C1", "C2")})


def test_what_the_judge_did_not_say_is_no_zero() -> None:
    reference = {"C1": ["E0"], "C2": ["E0"]}
    samples = [Sample("?", said, reference=reference) for said in ("fine", "C2", "broken")]
    samples += [Sample("?", "fine", reference={"C9": ["E0"]}), Sample("?", "fine", reference=5)]
    scores = EvidenceGraph(judge).score(samples)
    assert scores.status.tolist() == ["ok", "timeout", "unparsed", "invalid", "invalid"]
    assert scores.values[0] == 1
    assert scores.reason[1:] == [
        "C2: too late",
        "judge: no verdict",
        "rubric 'C9' is no term of judge",
        'reference is a int; expected a mapping from rubrics to their entities, {"C1": ["E0", "E1"], ...}',
    ]


@pytest.mark.parametrize(
    ("reward", "reference"),
    [
        (EvidenceCoverage(), 5),
        (EvidenceCoverage(), "330 m"),
        (EvidenceCoverage(), []),
        (EvidenceCoverage(), {"a": 5}),
        (EvidenceCoverage(), {"a": []}),
        (EvidenceCoverage(), ["a", " "]),
        (EvidenceGraph(judge), {}),
        (EvidenceGraph(judge), {"C1": "E0"}),
        (EvidenceGraph(judge), {"C1": [0]}),
        (Citations("recall"), 5),
        (Citations("recall"), []),
        (Citations("recall"), None),
    ],
)
def test_bad_references(reward: Any, reference: Any) -> None:
    scores = reward.score([Sample("?", [*SEARCH, report(f"[1]({A})")], reference=reference)])
    assert scores.status[0] == "invalid"
    assert "reference" in scores.reason[0]


@pytest.mark.parametrize("piece", ["[", "[a](", "[a](https://", "https://", "[a]( ", "# ", "References", "(https://a("])
def test_long_texts_take_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    assert graded(Citations(), [{"role": "tool", "content": text}, report(text)])[0] == 0


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="most=0; it must be positive"):
        Citations(most=0)
    with pytest.raises(ConfigError, match="EvidenceCoverage: tag"):
        EvidenceCoverage(tags=("<a>",))
