from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.scene_overlap import SceneOverlap

RIGHT = {
    "objects": ["ball", "table", "dog"],
    "attributes": [["ball", "red"], ["dog", "small"]],
    "relations": [["ball", "on", "table"]],
}


def graded(reward: SceneOverlap, said: Any, reference: Any = RIGHT) -> tuple[float, str, str]:
    text = said if isinstance(said, str) else json.dumps(said)
    scores = reward.score([Sample("Describe.", f"<answer>{text}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


def test_by_hand() -> None:
    said = {
        "objects": ["Ball", "table", "cup", "ball"],  # 2 shared of 3 and 3
        "attributes": [["ball", "red"], ["cup", "blue"], ["dog", "big"]],  # 1 shared of 3 and 2
        "relations": [["table", "on", "ball"]],  # the other way round
    }
    objects, attributes = 2 / 3, 2 / 5
    scores = SceneOverlap().score([Sample("", f"<answer>{json.dumps(said)}</answer>", RIGHT)])
    assert scores.values[0] == pytest.approx((objects + attributes + 0) / 3)
    assert scores.reason[0] == "objects 0.667, attributes 0.400, relations 0.000"
    terms = [scores[kind].values[0] for kind in ("objects", "attributes", "relations")]
    assert terms == pytest.approx([objects, attributes, 0])
    weighted = graded(SceneOverlap(3, 1, 0), said)[0]
    assert weighted == pytest.approx((3 * objects + attributes) / 4)


def test_only_the_kinds_of_the_reference_count() -> None:
    assert graded(SceneOverlap(), {"objects": ["ball"], "relations": [["a", "b", "c"]]}, {"objects": ["ball"]})[0] == 1
    assert graded(SceneOverlap(), {"objects": ["ball"]}, {"objects": ["ball"], "relations": []})[0] == 1
    assert graded(SceneOverlap(), {"objects": []}, {"objects": ["ball"], "relations": []})[0] == 0.5
    assert graded(SceneOverlap(), {"relations": [["a", "b", "c"]]}, {"relations": []})[0] == 0


def test_synonyms() -> None:
    reward = SceneOverlap(synonyms={"ball": ("sphere",), "dog": ("puppy",)})
    said = {"objects": ["spheres", "table", "Puppy"], "attributes": RIGHT["attributes"]}
    right = {"objects": RIGHT["objects"], "attributes": [["sphere", "red"], ["puppies", "small"]]}
    assert graded(reward, said, right) == (1, "ok", "")
    with pytest.raises(ConfigError, match="is a name of both"):
        SceneOverlap(synonyms={"a": ("c",), "b": ("c",)})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("a red ball", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no scene"),
        ('{"things": []}', "no scene"),
        ('{"objects": "ball"}', "objects is not a list of texts"),
        ('{"objects": [1]}', "objects is not a list of texts"),
        ('{"objects": ["ball", ""]}', "objects is not a list of texts"),
        ('{"objects": [["ball"]]}', "objects is not a list of texts"),
        ('{"attributes": [["ball"]]}', "attributes is not a list of pairs [object, attribute]"),
        ('{"attributes": ["ab"]}', "attributes is not a list of pairs [object, attribute]"),
        ('{"relations": [["a", "b", null]]}', "relations is not a list of triples [subject, relation, object]"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_response_without_a_scene_scores_0(said: str, reason: str) -> None:
    assert graded(SceneOverlap(), said) == (0, "ok", reason)


def test_a_code_fence_is_allowed() -> None:
    assert graded(SceneOverlap(), f"```json\n{json.dumps(RIGHT)}\n```")[0] == 1
    assert graded(SceneOverlap(), f"```\n{json.dumps(RIGHT)}\n```")[0] == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (None, "no reference"),
        (["ball"], "reference is ['ball'] (a list); expected a mapping with 'objects', 'attributes', 'relations'"),
        ({}, "reference has no key; expected a mapping"),
        ({"things": []}, "reference has 'things' (a str) key; expected a mapping"),
        ({"objects": "ball"}, "reference['objects'] is 'ball' (a str); expected a list of texts"),
        ({"objects": [3]}, "reference['objects'] is [3] (a list); expected a list of texts"),
        ({"attributes": [["a"]]}, "reference['attributes'] is [['a']] (a list); expected a list of pairs"),
        ({"relations": [["a", "on"]]}, "reference['relations'] is [['a', 'on']] (a list); expected a list of triples"),
    ],
)
@pytest.mark.parametrize("said", ["{}", ""])
def test_a_bad_reference_is_invalid(reference: Any, message: str, said: str) -> None:
    value, status, reason = graded(SceneOverlap(), said, reference)
    assert (np.isnan(value), status) == (True, "invalid")
    assert reason.startswith(message)


def test_a_reference_of_which_nothing_has_weight_is_invalid() -> None:
    assert graded(SceneOverlap(attributes=0), {}, {"attributes": [["a", "b"]]})[1:] == (
        "invalid",
        "reference has only attributes; expected a kind that has weight",
    )


@pytest.mark.parametrize("weights", [(0, 0, 0), (1, -1, 1)])
def test_senseless_weights_are_refused(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError, match="none negative, not all 0"):
        SceneOverlap(*weights)
