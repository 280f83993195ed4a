"""Normalization: when two texts count as one.

Three strengths, each with a name that a reward's ``normalize`` field takes:

* ``space``: Unicode composed (NFC), white space collapsed; case and punctuation count;
* ``loose``: also without decoration (TeX text commands, dollars, emphasis), case, quotes around, and what punctuation
  ends it;
* ``squad``: as the SQuAD evaluation script 1.1 (Rajpurkar et al. 2016) does: lower case, without ASCII punctuation and
  the words a, an and the.

>>> [normalised(' The "Red  Ball". ', how) for how in ("space", "loose", "squad")]
['The "Red Ball".', 'the "red ball', 'red ball']
"""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Literal

from plaudit.rewards.verifiable.answers.choices import plain

Normal = Literal["space", "loose", "squad"]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def normalised(text: str, how: Normal = "loose") -> str:
    """Return a text so that equal ones are equal strings; it may be empty.

    >>> normalised("“Yes!”"), normalised("-5."), normalised(".5")
    ('yes', '-5', '.5')
    """
    match how:
        case "space":
            return " ".join(unicodedata.normalize("NFC", text).split())
        case "loose":
            return plain(text).casefold().rstrip(" .,:;!?\"'“”‘’").lstrip(" \"'“‘")
        case "squad":
            return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def words(text: str) -> list[str]:
    """Return the words of a text in order, in lower case: runs of letters and digits, with apostrophes inside.

    >>> words("The dog's hot-dog, 2nd")
    ['the', "dog's", 'hot', 'dog', '2nd']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())
