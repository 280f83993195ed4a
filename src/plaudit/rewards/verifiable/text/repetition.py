"""Repetition and language: penalties for going round in circles and for changing the script."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from plaudit.core.errors import ConfigError, RecordError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.core.sample import Sample

Script = Literal["latin", "han", "japanese", "hangul", "cyrillic", "arabic", "devanagari", "greek", "hebrew", "thai"]
#: The first word of a character's Unicode name, by script; Japanese and Korean are also written with Han characters.
_WRITTEN = {"han": ("CJK",), "japanese": ("HIRAGANA", "KATAKANA", "CJK"), "hangul": ("HANGUL", "CJK")}
_SENTENCE = re.compile(r"[.!?。！？\n]+")


@part
class Repetition(Leaf):
    """A penalty for repeating oneself: ``-(1 - distinct / all)`` over the response's n-grams.

    It only punishes: a response of fewer than n words gets 0 (an empty one too), so add it to a reward that asks for
    something. Words are separated by white space and compared in lower case.

    Perception-R1 (2025) is ``2 * Repetition(20)``; CXRMate-2's "absence of repetition" is ``1 + Repetition(3)``, a
    reward that begins at 1; with ``form="any"`` over sentences it is Affordance-R1's (2025) check less 1.

    Args:
        n: how many units make an n-gram.
        unit: ``words``; ``sentences`` (between ``.``, ``!``, ``?``, their wide forms and line ends); ``chars``.
        form: ``share``: as above; ``any``: -1 where any n-gram occurs twice, else 0.

    Range: [-1, 0].

    Raises:
        ConfigError: n is not positive.

    >>> from plaudit import Sample
    >>> Repetition(3).score([Sample("", "a b c a b c")]).values
    array([-0.25])
    """

    n: int = 20
    unit: Literal["words", "sentences", "chars"] = "words"
    form: Literal["share", "any"] = "share"

    range = (-1.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n < 1:
            raise ConfigError(f"Repetition: n={self.n}; it must be positive", "n")

    def grade(self, sample: Sample) -> Any:
        """Return the penalty, with the number of repeats."""
        text = sample.text.lower()
        if self.unit == "sentences":
            units: Sequence[str] = [" ".join(s.split()) for s in _SENTENCE.split(text) if s.strip()]
        else:
            units = text.split() if self.unit == "words" else text
        total = len(units) - self.n + 1
        again = total - distinct(units, self.n) if total > 0 else 0
        if not again:
            return Grade(0.0)
        reason = f"{again} of {total} {self.n}-grams of {self.unit} repeat another"
        return Grade(-1.0 if self.form == "any" else -again / total, reason)


@part
class LanguageConsistency(Leaf):
    """Share of the response's letters that belong to the script of the language wanted.

    DeepSeek-R1 (2025, section 2.3.2) rewards the share of words in the target language. A script can be told without a
    model, a language can't: English and French are one here. Digits, signs and everything that is no letter count
    neither way. A response without letters scores 0.

    Args:
        script: the script wanted; None: the one that most letters of the prompt's last user turn are in. Japanese and
            Korean (``hangul``) may use Han characters too. A prompt without letters is ``invalid``.
        of: ``response``: all of it; ``answer``: all outside the reasoning; ``think``: all within.

    Range: [0, 1].

    >>> from plaudit import Sample
    >>> LanguageConsistency().score([Sample("How many?", "four, 四个 ok")]).values.round(2)
    array([0.75])
    """

    script: Script | None = None
    of: Literal["response", "answer", "think"] = "response"

    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the share, with the script that most other letters are in."""
        script = self.script or self._asked(sample)
        said = sample.text
        found = letters(said)
        if self.of != "response":
            outside = letters(outside_reasoning(said))
            found = outside if self.of == "answer" else found - outside
        total = found.total()
        if not total:
            return Grade(0.0, "no letters")
        own = _WRITTEN.get(script, (script.upper(),))
        share = sum(found[name] for name in own) / total
        others = Counter({name: n for name, n in found.items() if name not in own})
        reason = (
            f"{others.total()} of {total} letters are not {script} but {others.most_common(1)[0][0]}" if others else ""
        )
        return Grade(share, reason)

    def _asked(self, sample: Sample) -> str:
        found = letters(sample.prompt_text)
        if not found:
            raise RecordError("the prompt has no letters to tell the script by; give LanguageConsistency a script")
        if found["HIRAGANA"] or found["KATAKANA"]:
            return "japanese"
        name = found.most_common(1)[0][0]
        return "han" if name == "CJK" else name.lower()


def distinct(units: Sequence[str], n: int) -> int:
    """Return how many different n-grams a sequence has; exact, in time about ``len * log(n)``.

    >>> distinct("abcabc", 3), distinct("aaaa", 5)
    (3, 0)
    """
    if len(units) < n:
        return 0
    number: dict[str, int] = {}
    ids = np.array([number.setdefault(unit, len(number)) for unit in units], dtype=np.int64)
    size = 1
    while size < n:
        # Two overlapping (or adjoining) grams of one size, taken as a pair, are one gram of up to twice that size.
        step = min(size, n - size)
        pairs = ids[: len(ids) - step] * (int(ids.max()) + 1) + ids[step:]
        ids = np.unique(pairs, return_inverse=True)[1]
        size += step
    return len(np.unique(ids))


def letters(text: str) -> Counter[str]:
    """Return how many letters there are of each script, by the first word of their Unicode names.

    >>> letters("ab3 я")
    Counter({'LATIN': 2, 'CYRILLIC': 1})
    """
    found: Counter[str] = Counter()
    for char, n in Counter(text).items():
        if char.isalpha():
            found[_script(char)] += n
    return found


@lru_cache(maxsize=65_536)
def _script(char: str) -> str:
    name = unicodedata.name(char, "OTHER").replace("FULLWIDTH ", "").replace("HALFWIDTH ", "")
    return name.split()[0].split("-")[0]
