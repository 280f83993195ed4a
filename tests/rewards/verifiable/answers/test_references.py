from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from plaudit.core.errors import BadReferenceError
from plaudit.rewards.verifiable.answers.references import aliases, entries, mapping, plain_text, quantity, shown


def test_what_is_read() -> None:
    assert plain_text(" a ") == " a "
    assert plain_text(3) == plain_text(np.int64(3)) == "3"
    assert plain_text(0.1) == "0.1"
    assert aliases("a") == ("a",)
    assert aliases(["a", 2]) == aliases(("a", "2")) == aliases(np.array(["a", "2"])) == ("a", "2")
    assert entries([1, "a"]) == [1, "a"]
    assert entries([], least=0) == []
    assert quantity(0.1) == quantity("0.1 m") == Fraction(1, 10)
    assert mapping({"a": 1}, ("a", "b")) == {"a": 1}


@pytest.mark.parametrize(
    ("read", "given", "message"),
    [
        (plain_text, None, "x is None (a NoneType); expected a text or a number"),
        (plain_text, "\t", "x is empty; expected a text or a number"),
        (plain_text, True, "x is True (a bool); expected a text or a number"),
        (plain_text, float("-inf"), "x is -inf (a float); expected a text or a number"),
        (plain_text, 10**400, "x is 1000"),
        (plain_text, 1j, "x is 1j (a complex); expected a text or a number"),
        (aliases, (), "x is an empty list"),
        (aliases, [["a"]], "x[0] is ['a'] (a list)"),
        (entries, "ab", "x is 'ab' (a str); expected a list"),
        (entries, {"a": 1}, "x is {'a': 1} (a dict); expected a list"),
        (quantity, "1 or 2", "x is '1 or 2' (a str); expected one number"),
    ],
)
def test_what_is_refused(read: Callable[[Any, str], Any], given: Any, message: str) -> None:
    with pytest.raises(BadReferenceError) as caught:
        read(given, "x")
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 200


def test_shown_is_short() -> None:
    assert shown("a" * 1000) == f"'{'a' * 56}... (a str)"
    assert shown(10**5000) == "too long to write out (a int)"
