from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.exact import ExactMatch
from plaudit.rewards.verifiable.answers.hierarchical_label import HierarchicalLabel, agreement

KINDS = {"animal": "thing", "dog": "animal", "poodle": "dog", "cat": "animal", "rose": "plant"}


def graded(reward: Any, said: str, reference: Any) -> tuple[float, str, str]:
    scores = reward.score([Sample("What?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("animal/dog/poodle", 1),
        ("Animal / Dog / Poodle.", 1),
        ("animal/dog/beagle", 0.5),
        ("animal/dog", 0.5),
        ("animal/cat/poodle", 0.2),  # right below a wrong label is worth nothing
        ("plant/dog/poodle", 0),
        ("poodle", 0),
        ("animal/dog/poodle/white", 1),
    ],
)
def test_paths(said: str, value: float) -> None:
    assert graded(HierarchicalLabel((2, 3, 5)), said, "animal/dog/poodle")[0] == pytest.approx(value)
    assert graded(HierarchicalLabel((2, 3, 5)), said, ["animal", "dog", "poodle"])[0] == pytest.approx(value)


def test_labels_of_a_tree() -> None:
    tree = HierarchicalLabel((0.1, 0.2, 0.3, 0.4), KINDS)
    said = {"Poodle": 1, "dog": 0.6, "cat": 0.3, "thing": 0.1, "rose": 0, "beagle": 0, "a poodle": 0, "thing/animal": 0}
    for label, value in said.items():
        assert graded(tree, label, "poodle")[0] == pytest.approx(value)
    assert graded(tree, "beagle", "poodle") == (0, "ok", "no known label in the answer")
    assert graded(tree, "poodle", "dog") == (1, "ok", "")  # the reference says no more
    assert graded(tree, "cat", "dog")[0] == pytest.approx(0.5)  # 0.3 of 0.6
    assert graded(tree, "cat", "dog")[2] == "2 of 3 levels"


@pytest.mark.system("proguard")
def test_proguard_known_category() -> None:
    """Two right labels and then 1 for the category, 0.5 for another that is listed, 0 for free text."""
    category = HierarchicalLabel((0.5, 0.5), {"C4S1": "listed", "C4S2": "listed", "C1": "listed"})
    label = ExactMatch(extract="tag")
    for said, total in {"C4S1": 3.0, "C4S2": 2.5, "arson": 2.0}.items():
        right = graded(label, "unsafe", "unsafe")[0]
        assert 2 * right + graded(category, said, "C4S1")[0] == total


@pytest.mark.parametrize(
    ("reward", "reference", "message"),
    [
        (HierarchicalLabel(), None, "no reference"),
        (HierarchicalLabel(), "a/b/c", "reference is 'a/b/c' (a str); expected 1 to 2 levels with weight"),
        (HierarchicalLabel(), "a//", "reference is 'a//' (a str); expected 1 to 2 levels"),
        (HierarchicalLabel(), "a/", "reference is 'a/' (a str); expected 1 to 2 levels"),
        (HierarchicalLabel(), [], "reference is [] (a list); expected 1 to 2 levels"),
        (HierarchicalLabel(), ["a", None], "reference[1] is None (a NoneType); expected a text or a number"),
        (HierarchicalLabel(), {"a": "b"}, "reference is {'a': 'b'} (a dict); expected a text or a number"),
        (HierarchicalLabel((0, 1)), "a", "reference is 'a' (a str); expected 1 to 2 levels with weight"),
        (HierarchicalLabel((1, 1), {"a": "b"}), "c", "reference is 'c' (a str); expected a label that parents knows"),
        (HierarchicalLabel((1, 1), {"a": "b"}), ["b", "a"], "reference is ['b', 'a'] (a list)"),
    ],
)
@pytest.mark.parametrize("said", ["a/b", ""])
def test_a_bad_reference_is_invalid(reward: Any, reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(reward, said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": ()}, r"weights=\[\]; none negative, not all 0"),
        ({"weights": (1, -1)}, "none negative"),
        ({"weights": (0, 0)}, "not all 0"),
        ({"separator": " "}, "separator is blank"),
        ({"weights": (1, 1), "parents": {"a": "b", "b": "c"}}, "the path of 'a' has 3 levels; there are 2 weights"),
        ({"parents": {"a": "b", "b": "a"}}, "the path of 'a' goes round in a circle"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HierarchicalLabel(**arguments)


@given(st.lists(st.sampled_from("ab"), max_size=5), st.lists(st.sampled_from("ab"), max_size=5))
@settings(deadline=None)
def test_agreement_is_the_common_beginning(said: list[str], right: list[str]) -> None:
    level = agreement(said, right)
    assert said[:level] == right[:level]
    assert said[: level + 1] != right[: level + 1] or level == min(len(said), len(right))
