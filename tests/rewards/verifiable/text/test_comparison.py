from __future__ import annotations

import pytest

from plaudit.core.errors import ConfigError
from plaudit.core.loading import load
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.answers.exact import TokenF1
from plaudit.rewards.verifiable.text.bleu import BLEU, ChrF
from plaudit.rewards.verifiable.text.comparison import TextReward, room_for
from plaudit.rewards.verifiable.text.edit import ANLS, CER, WER, EditSimilarity
from plaudit.rewards.verifiable.text.meteor import METEORWithoutWordNet
from plaudit.rewards.verifiable.text.rouge import ROUGE

ALL = [
    EditSimilarity(), ANLS(), CER(), WER(), ROUGE(), ROUGE(("1", "L"), stem=True), BLEU(), ChrF(), TokenF1(),
    METEORWithoutWordNet(gamma=0),
]  # fmt: skip


@pytest.mark.parametrize("reward", ALL, ids=str)
def test_the_reference_itself_is_worth_1_and_nothing_alike_0(reward: TextReward) -> None:
    said = ["<think>hm</think><answer>a small red ball rolls down</answer>", "<answer>zzzz</answer>", "none"]
    scores = reward.score([Sample("", text, "a small red ball rolls down") for text in said])
    assert scores.values == pytest.approx([1, 0, 0])
    assert scores.reason[0] == ""
    assert scores.reason[2] == "no answer"


@pytest.mark.parametrize("reward", ALL, ids=str)
def test_where_the_answer_stands(reward: TextReward) -> None:
    for how, said in (("tag", "<answer>a red ball</answer>"), ("boxed", r"\boxed{a red ball}"), ("text", "a red ball")):
        there = load(f"{type(reward).__name__}(extract={how!r})")
        assert isinstance(there, Reward)
        assert there.score(Sample("", said, "a red ball")).values[0] > 0.9


def test_last_is_for_numbers_and_letters() -> None:
    with pytest.raises(ConfigError, match="extract is 'last'"):
        ROUGE(extract="last")  # type: ignore[arg-type]


def test_the_text_round_trips() -> None:
    for reward in ALL:
        assert load(str(reward)) == reward
    assert str(ROUGE(("1",), extract="text")) == 'ROUGE(["1"], extract="text")'


def test_room() -> None:
    assert [room_for(n) for n in (1, 1000, 50_000)] == [10_004, 14_000, 210_000]
