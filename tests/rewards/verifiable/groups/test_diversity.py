"""Novelty, semantic diversity, the Vendi score and the kernels below them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.core.errors import ConfigError
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.rewards.compose.rescaling import Clip
from plaudit.rewards.verifiable.groups.kernels import cosine_similarity, jaccard, ngram_similarity, ngrams
from plaudit.rewards.verifiable.groups.novelty import Novelty
from plaudit.rewards.verifiable.groups.semantic_diversity import DistinctPieces, SemanticDiversity, pairwise_diversity
from plaudit.rewards.verifiable.groups.vendi import VendiScore, vendi_score


def group(texts: list[str], **meta: Any) -> list[Sample]:
    return [Sample("?", text, group=1, meta=meta) for text in texts]


def embedded(*vectors: Any) -> list[Sample]:
    return [Sample("?", "a", group=1, meta={"embedding": vector}) for vector in vectors]


def gram(cosines: dict[tuple[int, int], float], n: int) -> np.ndarray[Any, Any]:
    """Vectors with these cosines."""
    matrix = np.eye(n)
    for (i, j), cosine in cosines.items():
        matrix[i, j] = matrix[j, i] = cosine
    return np.linalg.cholesky(matrix)


# ---- kernels -----------------------------------------------------------------------------------------------------


def test_ngrams() -> None:
    assert ngrams("a b a b", 2) == {("a", "b"), ("b", "a")}
    assert ngrams("a", 4) == {("a",)}
    assert ngrams(" . \x00", 4) == frozenset()


@given(st.lists(st.text("ab c", max_size=12), min_size=1, max_size=5), st.integers(1, 3))
@settings(deadline=None)
def test_jaccard_by_brute_force(texts: list[str], n: int) -> None:
    sets = [ngrams(text, n) for text in texts]
    found = jaccard(sets)
    for i, a in enumerate(sets):
        for j, b in enumerate(sets):
            assert found[i, j] == pytest.approx(len(a & b) / len(a | b) if a | b else 0)


def test_similarities() -> None:
    assert ngram_similarity(["a b c d", "a b c e"], 2)[0, 1] == pytest.approx(2 / 4)
    huge = cosine_similarity(np.array([[1e200, 1e200], [1e-200, 0]]))
    assert huge[0, 1] == pytest.approx(np.sqrt(0.5))


# ---- novelty -----------------------------------------------------------------------------------------------------


def test_novelty_in_a_group() -> None:
    # Bigrams ab bc cd, ab bc ce, xy yz: 2 of 4 shared, and none.
    scores = Novelty(n=2).score(group(["a b c d", "a b c e", "x y z", "", "x y z"]))
    assert scores.values.tolist() == pytest.approx([0.5, 0.5, 0, 0, 0])
    assert scores.reason[3] == "no words"
    assert Novelty().score(group(["a b"])).values.tolist() == [1]


def test_novelty_by_embedding() -> None:
    scores = Novelty("embedding").score(embedded([1, 0], [0.6, 0.8], [-1, 0]))
    assert scores.values.tolist() == pytest.approx([0.4, 0.4, 1])


def test_novelty_against_an_archive() -> None:
    rows = group(["a b c d", "", "x y"], archive=["a b c e", "q"])
    assert Novelty(against="archive", n=2).score(rows).values.tolist() == pytest.approx([0.5, 0, 1])
    assert Novelty(against="archive", n=2).reach == "sample"
    row = Sample("?", "a", meta={"embedding": [1, 0], "archive": [[0, 1], [3, 4]]})
    assert Novelty("embedding", "archive").score(row).values[0] == pytest.approx(0.4)
    assert Novelty(against="archive").score(group(["a"], archive=[])).values[0] == 1


words = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)


@given(st.lists(words, min_size=1, max_size=6), words, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_another_response_never_raises_novelty_and_order_does_not_matter(
    texts: list[str], more: str, random: Any
) -> None:
    reward = Novelty(n=2)
    plain = reward.score(group(texts)).values
    assert (reward.score(group([*texts, more])).values[:-1] <= plain + 1e-12).all()
    assert reward.score(group([*texts, ""])).values[:-1].tolist() == plain.tolist()
    order = list(range(len(texts)))
    random.shuffle(order)
    assert reward.score(group([texts[i] for i in order])).values.tolist() == plain[order].tolist()


@pytest.mark.parametrize("text", ["", " \n\t\u00a0", "...", "\x00\x01\x1b", "\ud800", "[" * 1_000_000])
@pytest.mark.parametrize("reward", [Novelty(), VendiScore("ngrams"), Novelty(against="archive")], ids=str)
def test_responses_without_words_get_the_minimum_and_a_reason(reward: Reward, text: str) -> None:
    scores = reward.score(group([text, "some words"], archive=["others"]))
    assert (scores.values[0], scores.status[0], scores.reason[0]) == (0, "ok", "no words")


def test_a_megabyte_of_words_is_cut() -> None:
    scores = Novelty().score(group(["word " * 200_000, "word " * 100_000, "else"]))
    assert scores.values.tolist() == [0, 0, 1]


# ---- semantic diversity ------------------------------------------------------------------------------------------


@pytest.mark.system("sd-e2")
def test_sd_e2_exploration_reward() -> None:
    rows = gram({(0, 1): 0.9, (0, 2): 0.2, (1, 2): 0.3}, 3).tolist()
    sample = Sample("?", "three wrong strategies", meta={"embeddings": rows})
    diversity, distinct = SemanticDiversity(), DistinctPieces(0.8)
    assert diversity.score(sample).values[0] == pytest.approx(1 - 1.4 / 3)
    assert distinct.score(sample).values[0] == 2
    explored = Clip(0.1 * (distinct * diversity), high=0.5)
    assert explored.score(sample).values[0] == pytest.approx(0.1 * 2 * (1 - 1.4 / 3))


@pytest.mark.system("sd-e2")
def test_sd_e2_one_strategy_alone_and_none() -> None:
    one, none = (Sample("?", "a", meta={"embeddings": rows}) for rows in ([[1, 0]], []))
    assert SemanticDiversity(alone=1).score([one, none]).values.tolist() == [1, 0]
    assert SemanticDiversity().score([one, none]).values.tolist() == [0, 0]
    assert DistinctPieces().score([one, none]).values.tolist() == [1, 0]


def test_opposite_pieces_are_no_more_than_diverse() -> None:
    assert pairwise_diversity(np.array([[1.0, 0.0], [-1.0, 0.0]])) == 1
    assert SemanticDiversity().score(Sample("?", "a", meta={"embeddings": np.eye(3)})).values[0] == 1


# ---- Vendi score -------------------------------------------------------------------------------------------------


@pytest.mark.system("dragon")
@pytest.mark.parametrize("n", [1, 2, 4, 9])
def test_dragon_vendi_of_equal_and_of_orthogonal(n: int) -> None:
    assert VendiScore().score(embedded(*[[1.0, 2.0]] * n)).values.tolist() == pytest.approx([1] * n)
    assert VendiScore().score(embedded(*np.eye(n))).values.tolist() == pytest.approx([n] * n)


def test_vendi_of_two_by_hand() -> None:
    # Eigenvalues of [[1, c], [c, 1]] / 2 are (1 + c) / 2 and (1 - c) / 2: 0.8 and 0.2 for c = 0.6.
    expected = np.exp(-(0.8 * np.log(0.8) + 0.2 * np.log(0.2)))
    assert VendiScore().score(embedded([1, 0], [0.6, 0.8])).values[0] == pytest.approx(expected)
    assert vendi_score(np.array([[1, 0.6], [0.6, 1]])) == pytest.approx(expected)


def test_vendi_of_texts_and_of_sets() -> None:
    rows = group(["a b", "a b", "c d", "c d", ""])
    assert VendiScore("ngrams", n=2).score(rows).values.tolist() == pytest.approx([2, 2, 2, 2, 0])
    apart = [Sample("?", "a b", group=g) for g in (1, 1, 2)]
    assert VendiScore("ngrams").score(apart).values.tolist() == pytest.approx([1, 1, 1])
    assert VendiScore("ngrams", among="batch").reach == "batch"


@given(st.integers(1, 6), st.integers(0, 1000))
@settings(deadline=None)
def test_vendi_lies_between_1_and_n_and_forgets_order(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 3))
    values = VendiScore().score(embedded(*rows)).values
    assert 1 <= values[0] <= n
    assert VendiScore().score(embedded(*rows[rng.permutation(n)])).values == pytest.approx(values)


# ---- bad records -------------------------------------------------------------------------------------------------

BAD: list[Any] = [None, 5, "text", [], ["a"], [True], [0, 0], [1, float("nan")], [10**400], [[1]], np.array([["a"]])]


@pytest.mark.parametrize("bad", BAD, ids=repr)
@pytest.mark.parametrize("reward", [Novelty("embedding"), VendiScore()], ids=str)
def test_a_bad_embedding_is_invalid_and_leaves_the_others(reward: Reward, bad: Any) -> None:
    scores = reward.score(embedded([1, 0], bad, [1, 0]))
    assert scores.status.tolist() == ["ok", "invalid", "ok"]
    assert "embedding" in scores.reason[1]
    assert scores.values[[0, 2]] == pytest.approx([0, 0] if isinstance(reward, Novelty) else [1, 1])


@pytest.mark.parametrize("reward", [Novelty("embedding"), VendiScore()], ids=str)
def test_a_group_of_bad_embeddings_alone_is_invalid(reward: Reward) -> None:
    assert reward.score(embedded([0], [])).status.tolist() == ["invalid", "invalid"]


def test_embeddings_of_other_lengths_are_invalid() -> None:
    scores = VendiScore().score(embedded([1, 0], [1, 0, 0]))
    assert scores.status.tolist() == ["ok", "invalid"]
    assert scores.reason[1] == "embedding has 3 numbers; expected 2, as the first has"


@pytest.mark.parametrize("bad", [None, 5, "text", {"a": 1}, [1, 2], [[1], [1, 2]], [[0, 0]], [["a"]]])
@pytest.mark.parametrize("reward", [SemanticDiversity(), DistinctPieces()], ids=str)
def test_bad_embeddings_are_invalid(reward: Reward, bad: Any) -> None:
    scores = reward.score(Sample("?", "a", meta={"embeddings": bad}))
    assert scores.status[0] == "invalid"
    assert "embeddings" in scores.reason[0]


@pytest.mark.parametrize("archive", [None, "text", 5, [1], ["a", None]])
def test_a_bad_archive_is_invalid(archive: Any) -> None:
    scores = Novelty(against="archive").score(Sample("?", "a", meta={"archive": archive}))
    assert scores.status[0] == "invalid"
    assert "archive" in scores.reason[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Novelty(n=0),
        lambda: VendiScore(n=0),
        lambda: SemanticDiversity(alone=2),
        lambda: DistinctPieces(threshold=2),
    ],
)
def test_senseless_arguments_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()
