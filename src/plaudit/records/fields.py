"""What data sets call things, and which column of a record is which field of a sample.

==============  ==========================================================================================
field           columns, the first that holds something wins
==============  ==========================================================================================
``prompt``      prompt, question, problem, messages, instruction
``response``    response, completion, output, prediction
``responses``   responses, completions: a list, one sample each, in one group
``chosen``      chosen: with ``rejected``, a preference; one sample each, in one group
``rejected``    rejected
``reference``   reference, answer, solution, ground_truth, label, reward_model.ground_truth
``images``      images, image
``id``          id
``group``       group
``task``        task, data_source
``source``      source
``meta``        meta: an object, whose entries join the sample's meta
==============  ==========================================================================================

A null, or a number that is NaN, counts as absent. Of the answer's own four fields (response, responses,
chosen and rejected) the first that is there is taken. Every column that became no field goes to the sample's
meta under its own name, one that lost to an earlier name of its row included; a column wins over an entry of
``meta`` of that name.

A mapping ``{"reference": "gold"}`` puts one column in place of a row of the table. A dot reaches into an
object (``{"response": "model.text"}``) unless a column has that very name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from plaudit.core.errors import ConfigError, nearest

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "problem", "messages", "instruction"),
    "response": ("response", "completion", "output", "prediction"),
    "responses": ("responses", "completions"),
    "chosen": ("chosen",),
    "rejected": ("rejected",),
    "reference": ("reference", "answer", "solution", "ground_truth", "label", "reward_model.ground_truth"),
    "images": ("images", "image"),
    "id": ("id",),
    "group": ("group",),
    "task": ("task", "data_source"),
    "source": ("source",),
    "meta": ("meta",),
}
_ANSWERS = ("response", "responses", "chosen", "rejected")


class Field(NamedTuple):
    """A field's value and the column it came from."""

    value: Any
    column: str


class Fields(NamedTuple):
    """A record's fields by name, and the columns that are none."""

    known: dict[str, Field]
    rest: dict[str, Any]


class _Plan(NamedTuple):
    """For records of one set of columns: the candidates of each field, and the columns that are never one."""

    single: tuple[tuple[str, str], ...]  # fields with one candidate, a column: the common case, made fast
    several: tuple[tuple[str, tuple[str, ...]], ...]
    rest: tuple[str, ...]


def picker(mapping: Mapping[str, str] | None) -> Callable[[Mapping[str, Any]], Fields]:
    """A function that sorts a record's columns into fields.

    Args:
        mapping: field to column, in place of the table's row for that field.

    Raises:
        ConfigError: the mapping names no field.
    """
    conventions = dict(CONVENTIONS)
    for field, column in (mapping or {}).items():
        if field not in CONVENTIONS:
            raise ConfigError(f"mapping {field}={column}: there is no field {field!r}{nearest(field, CONVENTIONS)}")
        conventions[field] = (column,)
    if mapping and not mapping.keys().isdisjoint(_ANSWERS):
        # The user said where the answer is: what else looks like one is not.
        pair = {"chosen", "rejected"} if mapping.keys() & {"chosen", "rejected"} else set()
        conventions |= dict.fromkeys(set(_ANSWERS) - mapping.keys() - pair, ())

    @lru_cache(1024)  # data whose every record has other columns must not fill the memory
    def plan(columns: tuple[str, ...]) -> _Plan:
        there = set(columns)
        candidates = tuple(
            (field, found)
            for field, names in conventions.items()
            if (found := tuple(n for n in names if n in there or n.partition(".")[0] in there))
        )
        named = {n for _, found in candidates for n in found}
        single = tuple((field, found[0]) for field, found in candidates if len(found) == 1 and found[0] in there)
        several = tuple(c for c in candidates if (c[0], c[1][0]) not in single)
        return _Plan(single, several, tuple(c for c in columns if c not in named))

    def pick(record: Mapping[str, Any]) -> Fields:
        single, several, others = plan(tuple(record))
        rest = {c: v for c in others if (v := record[c]) is not None and (type(v) is not float or v == v)}
        known: dict[str, Field] = {}
        for field, column in single:
            if (v := record[column]) is not None and (type(v) is not float or v == v):
                known[field] = Field(v, column)
        for field, columns in several:
            for column in columns:
                value = record[column] if column in record else lookup(record, column)
                if _absent(value):
                    continue
                if field not in known:
                    known[field] = Field(value, column)
                elif column in record:
                    rest[column] = value
        answers = [a for a in _ANSWERS if a in known]
        if len(answers) > 1 and answers[0] != "chosen":
            for field in answers[1:]:
                lost = known.pop(field)
                rest[lost.column] = lost.value
        return Fields(known, rest)

    return pick


def check_mapping(mapping: Mapping[str, str], record: Mapping[str, Any], file: str) -> None:
    """Refuse a mapping to a column that the first record does not have.

    Raises:
        ConfigError: naming the file, the column and the nearest column there is.
    """
    for field, column in mapping.items():
        head = column.partition(".")[0]
        if column not in record and not (head in record and "." in column):
            raise ConfigError(f"{file} has no column {column!r} (mapping {field}={column}){nearest(column, record)}")


def lookup(record: Mapping[str, Any], column: str) -> Any:
    """A column's value, or an entry of an object by a dotted name; None where it is absent."""
    if column in record:
        return record[column]
    value: Any = record
    for name in column.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _absent(value: Any) -> bool:
    return value is None or (type(value) is float and value != value)
