from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.data_match import DataMatch
from plaudit.rewards.verifiable.structured.structured_data import StructureError, field_f1, parse, tree_similarity

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
objects = values.filter(lambda value: isinstance(value, list | dict) and bool(value))


def graded(said: str, reference: Any, **options: Any) -> tuple[float, str, str]:
    scores = DataMatch(**options).score([Sample("?", f"<answer>{said}</answer>", reference)])
    return float(scores.values[0]), str(scores.status[0]), scores.reason[0]


@pytest.mark.parametrize(
    ("said", "reference", "options", "value"),
    [
        ('{"a": 1, "b": 2}', {"b": 2, "a": 1}, {}, 1),
        ('{"a": 1, "b": 3}', {"a": 1, "b": 2}, {}, 0.5),
        ('{"a": 1}', {"a": 1, "b": 2}, {}, 2 / 3),  # 1 of 1 and 1 of 2
        ('{"a": 1, "b": 2, "c": 3, "d": 4}', {"a": 1, "b": 2}, {}, 2 / 3),
        ('{"a": true}', {"a": 1}, {}, 0),
        ('{"a": 1.0}', {"a": 1}, {}, 1),
        ('{"a": []}', {"a": {}}, {}, 0),
        ('{"a": null}', '{"a": null}', {}, 1),
        ("[1, 2, 3]", [3, 2, 1], {}, 1 / 3),
        ("[1, 2, 3]", [3, 2, 1], {"lists": "any"}, 1),
        ("[1, 1, 2]", [1, 2, 2], {"lists": "any"}, 2 / 3),
        ('[{"x": 1, "y": 2}, {"x": 3, "y": 4}]', [{"x": 3, "y": 4}, {"x": 1, "y": 2}], {"lists": "any"}, 1),
        ("[10, 20]", [10.4, 33], {"rtol": 0.05}, 0.5),
        ("[10, 20]", [10.4, 20.9], {"atol": 1}, 1),
        ("[1.0, 2.0]", [1.9, 0.9], {"atol": 1, "lists": "any"}, 1),
        ('{"a": 1, "b": 3}', {"a": 1, "b": 2}, {"match": "equal"}, 0),
        ('{"b": 2, "a": 1.01}', {"a": 1, "b": 2}, {"match": "equal", "rtol": 0.1}, 1),
        ('{"a": {"b": 0}, "c": 0}', {"a": {"b": 1, "d": 1}}, {"match": "keys"}, 2 / 3),  # a, a.b of a, a.b, a.d
        ('{"a": 1}', {"a": 1, "b": 2}, {"match": "tree"}, 0.5),  # two nodes of four are missing
        ('{"a": "kitten"}', {"a": "sitting"}, {"match": "tree"}, 1 - 3 / 8),  # 3 letters; a key and 7 letters
        ('{"x": {"a": 1}}', {"a": 1}, {"match": "tree"}, 0.5),  # one key too many, of 2 that nothing would need
        ('{"p": {"a": 1}, "z": 0}', {"p": {"a": 1}}, {"at": ("p",)}, 1),
        ("a: 1\nb: [x, y]", {"a": 1, "b": ["x", "y"]}, {"syntax": "yaml"}, 1),
        ("when: 2020-01-01", {"when": "2020-01-01"}, {"syntax": "yaml"}, 1),
        ("name,n\ntea,3.5\n", [{"name": "tea", "n": 3.5}], {"syntax": "csv"}, 1),
        ('name,n\n"a, b",x\n', 'name,n\n"a, b",y', {"syntax": "csv"}, 0.5),
    ],
)
def test_by_hand(said: str, reference: Any, options: dict[str, Any], value: float) -> None:
    found = graded(said, reference, **options)
    assert found[0] == pytest.approx(value)
    assert found[1] == "ok"
    assert bool(found[2]) == (value < 1)


@pytest.mark.system("onethinker")
def test_onethinker_key_overlap() -> None:
    box = [0, 0, 1, 1]
    right = {"boxes": {"1": box, "2": box, "3": box, "4": box}}
    reward = DataMatch(match="keys", at=("boxes",))
    said = ['{"boxes": {"1": [0, 0, 1, 1], "3": [5, 5, 9, 9]}}', '{"boxes": {"9": []}}', '{"boxes": []}']
    scores = reward.score([Sample("?", f"<answer>{text}</answer>", right) for text in said])
    assert scores.values == pytest.approx([0.5, 0, 0])  # so 0.25 + 0.25 * 0.5 is the first one's structure term


@given(objects, objects)
@settings(deadline=None)
def test_properties(one: Any, other: Any) -> None:
    assert field_f1(one, one).f1 == tree_similarity(one, one) == 1
    assert field_f1(one, other).f1 == pytest.approx(field_f1(other, one).f1)
    assert (field_f1(one, other).f1 == 1) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))
    assert field_f1(one, other, "any").f1 >= field_f1(one, other).f1 - 1e-9
    assert field_f1(one, other, atol=1).f1 >= field_f1(one, other).f1
    assert 0 <= tree_similarity(one, other) <= 1


@given(objects)
@settings(deadline=None)
def test_what_libraries_write_is_read(value: Any) -> None:
    assert parse(json.dumps(value), "json") == value
    assert parse(yaml.safe_dump(value), "yaml") == value


@pytest.mark.parametrize(
    ("text", "syntax", "reason"),
    [
        ("{", "json", "not JSON: "),
        ('{"a": 1, "a": 2}', "json", "not JSON: a key twice in one object"),
        ('{"a": NaN}', "json", "nan is no number to compare"),
        ('{"a": 1e999}', "json", "inf is no number to compare"),
        ('{"a": ' + "9" * 400 + "}", "json", "a number beyond the range of a float"),
        ("[" * 100_000 + "]" * 100_000, "json", "nested too deep"),
        ("[" * 60 + "]" * 60, "json", "nested too deep"),
        ("[" + "1," * 20_000 + "1]", "json", "more than 20,000 values"),
        ("1" * 200_001, "json", "longer than 200,000 characters"),
        ('{"a": 1} {"b": 2}', "json", "not JSON: Extra data"),
        ("a: &x [1]\nb: *x", "yaml", "not plain YAML: an alias"),
        ("!!python/object/apply:os.system ['true']", "yaml", "not YAML: could not determine a constructor"),
        ("a: 1\n---\nb: 2", "yaml", "not YAML: expected a single document"),
        ("? [1, 2]\n: 3", "yaml", "not YAML: "),
        ("[" * 100_000, "yaml", "nested too deep"),
        ("a: \x00", "yaml", "not YAML: "),
        ("a: \ud800", "yaml", "not YAML: "),
        ("a: .inf", "yaml", "inf is no number to compare"),
        ("a,b\n1", "csv", "not CSV: row 1 has 1 values under 2 names"),
        ("a,a\n1,2", "csv", "not CSV: two columns of one name"),
        ("a", "csv", "not CSV: a head and one row at least"),
        ('a\n"x', "csv", "not CSV: unexpected end of data"),
    ],
)
def test_what_is_not_one_object(text: str, syntax: Any, reason: str) -> None:
    with pytest.raises(StructureError) as caught:
        parse(text, syntax)
    assert str(caught.value).startswith(reason)
    assert graded(text, {"a": 1} if syntax != "csv" else [{"a": 1}], syntax=syntax)[:2] == (0, "ok")


def test_a_tree_has_bounds() -> None:
    many = json.dumps(list(range(300)))
    assert graded(many, [1], match="tree") == (0, "ok", "an object of 601 nodes; 200 are allowed")
    long = json.dumps(["x" * 30_000])
    assert graded(long, [1], match="tree") == (0, "ok", "an object of more than 20,000 characters")


@pytest.mark.parametrize(
    ("reference", "options", "reason"),
    [
        (None, {}, "no reference"),
        (5, {}, "reference is a int; expected a list or a mapping"),
        ("{", {}, "reference: not JSON"),
        ("5", {}, "reference is a str; expected a list or a mapping"),
        ({"a": {1, 2}}, {}, "reference: a set is neither a list"),
        ({"a": float("nan")}, {}, "reference: nan is no number"),
        ([1], {"match": "keys"}, "reference has no keys"),
        (list(range(300)), {"match": "tree"}, "reference: an object of 601 nodes"),
        ({"a": 1}, {"at": ("b", "c")}, "reference: no 'b.c' in it"),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, options: dict[str, Any], reason: str) -> None:
    _, status, found = graded('{"a": 1}', reference, **options)
    assert status == "invalid"
    assert found.startswith(reason)


@pytest.mark.parametrize(
    "arguments",
    [{"atol": -1}, {"rtol": 0.1, "match": "keys"}, {"atol": 1, "match": "tree"}, {"lists": "any", "match": "tree"}],
)
def test_senseless_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DataMatch(**arguments)
