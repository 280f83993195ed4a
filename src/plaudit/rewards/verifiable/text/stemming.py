"""Stemming: Porter's stems of words, by nltk, as rouge-score and NLTK's METEOR take them."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

#: Letters of the longest word that is stemmed; what is longer is no word, and some releases of nltk choke on it.
_LONGEST_WORD = 50


def stem(word: str) -> str:
    """Return the Porter stem of a word in lower case.

    >>> stem("running"), stem("flies")
    ('run', 'fli')
    """
    return _stem(word) if len(word) <= _LONGEST_WORD else word


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@cache
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()
