from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.text.repetition import LanguageConsistency, Repetition, distinct, letters


def graded(reward: Any, response: str, prompt: str = "") -> tuple[float, str]:
    scores = reward.score([Sample(prompt, response)])
    assert scores.status[0] == "ok", scores.reason[0]
    return float(scores.values[0]), scores.reason[0]


@pytest.mark.system("perception-r1")
def test_perception_r1_punishes_repeated_runs_of_twenty_words() -> None:
    reward = 2 * Repetition(20)
    assert graded(reward, "word " * 21)[0] == -1.0  # two 20-grams, one of them distinct: -2 * (1 - 1/2)
    assert graded(reward, "Word word " * 10 + "WORD")[0] == -1.0
    assert graded(reward, "word " * 20)[0] == 0
    assert graded(reward, "word " * 19)[0] == 0
    assert graded(reward, " ".join(map(str, range(100))))[0] == 0
    assert reward.range == (-2.0, 0.0)


@pytest.mark.system("cxrmate-2")
def test_cxrmate_2_absence_of_repeated_trigrams() -> None:
    # 1 - repeated / total: the trigrams abc, bca, cab, abc hold one repeat of four.
    assert 1 + graded(Repetition(3), "a b c a b c")[0] == 0.75
    assert 1 + graded(Repetition(3), "a b")[0] == 1


@pytest.mark.system("affordance-r1")
def test_affordance_r1_asks_that_no_sentence_comes_twice() -> None:
    check = Repetition(1, unit="sentences", form="any")
    assert 1 + graded(check, "Look at the cup. Its handle is free. Grasp it.")[0] == 1
    assert 1 + graded(check, "Look at the cup. Its handle is free.  look at  the cup.")[0] == 0


def test_units() -> None:
    assert graded(Repetition(2, unit="chars"), "abab")[0] == pytest.approx(-1 / 3)
    assert graded(Repetition(1), "a b a c")[1] == "1 of 4 1-grams of words repeat another"


@given(st.lists(st.sampled_from("ab"), max_size=40), st.integers(1, 24))
def test_distinct_is_the_size_of_the_set(units: list[str], n: int) -> None:
    assert distinct(units, n) == len({tuple(units[i : i + n]) for i in range(len(units) - n + 1)})


@given(st.lists(st.text("abc\n ", max_size=4), max_size=12), st.integers(1, 5))
def test_a_penalty_lies_between_minus_one_and_nothing(words: list[str], n: int) -> None:
    value = graded(Repetition(n), " ".join(words))[0]
    assert -1 <= value <= 0
    assert graded(Repetition(n, form="any"), " ".join(words))[0] == (-1 if value else 0)


@pytest.mark.parametrize(
    ("script", "response", "value"),
    [
        ("latin", "It is four.", 1.0),
        ("latin", "4 + 4 = 8!", 0.0),
        ("latin", "", 0.0),
        ("latin", "abc где", 0.5),
        ("cyrillic", "abc где", 0.5),
        ("han", "答案是四 ok", 4 / 6),
        ("japanese", "答えは四です", 1.0),
        ("han", "答えは四です", 2 / 6),
        ("hangul", "답은 넷", 1.0),
        ("arabic", "الجواب", 1.0),
        ("greek", "αβγ", 1.0),
        ("thai", "กขค", 1.0),
        ("hebrew", "אבג", 1.0),
        ("devanagari", "कखग", 1.0),
        ("latin", "ＡＢＣ", 1.0),
        ("latin", "\ud800\ud801", 0.0),
    ],
)
def test_share_of_letters(script: Any, response: str, value: float) -> None:
    assert graded(LanguageConsistency(script), response)[0] == pytest.approx(value)


def test_the_prompt_sets_the_script() -> None:
    assert graded(LanguageConsistency(), "四", "有几个？")[0] == 1
    assert graded(LanguageConsistency(), "four", "有几个？") == (0, "4 of 4 letters are not han but LATIN")
    assert graded(LanguageConsistency(), "四つ", "いくつ？")[0] == 1
    assert graded(LanguageConsistency(), "four", "Сколько?")[0] == 0
    scores = LanguageConsistency().score([Sample("2 + 2?", "four")])
    assert (scores.status[0], scores.reason[0][:25]) == ("invalid", "the prompt has no letters")


def test_parts_of_the_response() -> None:
    said = "<think>да</think>yes"
    # The tags' own letters are part of the reasoning's side; they are Latin.
    assert graded(LanguageConsistency("latin", of="answer"), said)[0] == 1
    assert graded(LanguageConsistency("cyrillic", of="think"), said)[0] == pytest.approx(2 / 12)
    assert graded(LanguageConsistency("latin"), said)[0] == pytest.approx(13 / 15)


def test_letters() -> None:
    assert letters("aZé1 _я漢") == {"LATIN": 3, "CYRILLIC": 1, "CJK": 1}


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="n=0; it must be positive"):
        Repetition(0)
    with pytest.raises(ConfigError, match="did you mean 'latin'"):
        LanguageConsistency("latn")  # type: ignore[arg-type]  # that is the test
