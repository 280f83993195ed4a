"""The registry: which names expressions may call, and which names a part may not use for its fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, ClassVar

import pytest

from plaudit.core import registry
from plaudit.core.errors import ConfigError
from plaudit.core.registry import RESERVED, find, names, part, register
from plaudit.core.reward import Leaf, Reward


@pytest.fixture(autouse=True)
def unregister() -> Iterator[None]:
    names()
    before = dict(registry._parts)
    yield
    registry._parts.clear()
    registry._parts.update(before)


def test_a_part_is_a_frozen_dataclass_with_its_own_name() -> None:
    @part
    class Shout(Leaf):
        loud: float = 1.0

    assert find("Shout") is Shout
    assert "Shout" in names()
    assert [f.name for f in fields(Shout)] == ["name", "timeout", "loud"]
    with pytest.raises(AttributeError):
        Shout().loud = 2.0  # type: ignore[misc]


def test_names_are_sorted_and_hold_the_built_ins() -> None:
    assert list(names()) == sorted(names())
    assert {"Answer", "Default", "Format", "Gate", "Load", "Product", "Sum"} <= set(names())


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^no reward is named 'Anwser'; did you mean 'Answer'"):
        find("Anwser")
    with pytest.raises(ConfigError, match=r"^no reward is named 'Zzz'; known: .*\bAnswer, "):
        find("Zzz")


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_the_contracts_own_names_are_refused_as_fields(name: str) -> None:
    made: Any = type("Bad", (Leaf,), {"__annotations__": {name: "int"}, name: 1, "__module__": __name__})
    with pytest.raises(ConfigError, match=f"^Bad can't have a field '{name}': the contract uses that name itself"):
        part(made)
    assert "Bad" not in names()


def test_every_public_name_of_the_contract_is_reserved() -> None:
    assert {name for name in dir(Leaf) if not name.startswith("_")} <= RESERVED
    assert {f.name for f in fields(Leaf)} <= RESERVED


def test_what_the_contract_asks_for_may_be_declared() -> None:
    @part
    class Fine(Leaf):
        version: ClassVar[int] = 2
        needs = ("reference",)
        range = (0.0, 1.0)
        cost = "cpu"

    assert (Fine().version, Fine().needs, Fine().range, Fine().cost) == (2, ("reference",), (0.0, 1.0), "cpu")


def test_two_parts_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^two rewards are named 'Answer': plaudit\.rewards.* and "):

        @part
        class Answer(Leaf):
            pass


def test_a_part_made_anew_replaces_itself() -> None:
    def define() -> type[Leaf]:
        @part
        class Again(Leaf):
            pass

        return Again

    first, second = define(), define()
    assert first is not second
    assert find("Again") is second


def test_a_function_can_be_registered() -> None:
    def make() -> Reward:
        raise NotImplementedError

    register("Made", make)
    assert find("Made") is make
    with pytest.raises(ConfigError, match="two rewards are named 'Made'"):
        register("Made", lambda: make())
