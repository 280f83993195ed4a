"""Phrases: which of some named things a text mentions, under any of their names.

A lexicon maps each thing to its other names. A name is matched as whole words, whatever their case, with the regular
plurals of its last word (``dogs``, ``boxes``, ``puppies``); irregular ones (``mice``) are names to be given. Where
names overlap, the longest that begins first counts, so that a "hot dog" is no dog where both are known. What is denied
("there is no dog") is mentioned too.

>>> animals = Lexicon.of({"dog": ["puppy"], "hot dog": [], "sheep": ["lamb"]})
>>> [mention.name for mention in animals.mentions("Two puppies, a hot dog, and the dog's lambs")]
['dog', 'hot dog', 'dog', 'sheep']
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plaudit.core.errors import ConfigError
from plaudit.rewards.verifiable.answers.normalization import words

_WORD = re.compile(r"[^\W_]+")


class Mention(NamedTuple):
    """A named thing with the place, as (start, end) characters of the composed (NFC) text, where it is mentioned."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Lexicon:
    """The names of things: for each first word the names that begin with it, longest first, as (words, thing)."""

    names: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]

    @classmethod
    def of(cls, synonyms: Mapping[str, Sequence[str]]) -> Lexicon:
        """Make a lexicon from each thing's other names.

        Raises:
            ConfigError: a name is blank, or is that of two things.
        """
        owner: dict[tuple[str, ...], str] = {}
        for thing, others in synonyms.items():
            for name in (thing, *others):
                for form in _forms(tuple(_split(name))):
                    if not form or owner.setdefault(form, thing) != thing:
                        why = f"is a name of both {owner[form]!r} and {thing!r}" if form else "holds no word"
                        raise ConfigError(f"synonyms: {name!r} {why}")
        starts: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for form, thing in sorted(owner.items(), key=lambda item: -len(item[0])):
            starts.setdefault(form[0], []).append((form, thing))
        return cls({first: tuple(found) for first, found in starts.items()})

    def mentions(self, text: str) -> list[Mention]:
        """Return every mention of a known thing, in order, none within another."""
        text = unicodedata.normalize("NFC", text)
        places = [(word[0].casefold(), word.start(), word.end()) for word in _WORD.finditer(text)]
        found, at = [], 0
        while at < len(places):
            for form, thing in self.names.get(places[at][0], ()):
                if all(w == p[0] for w, p in zip(form, places[at : at + len(form)], strict=False)) and (
                    at + len(form) <= len(places)
                ):
                    found.append(Mention(thing, places[at][1], places[at + len(form) - 1][2]))
                    at += len(form) - 1
                    break
            at += 1
        return found

    def thing(self, name: str) -> str | None:
        """Return the thing of which this is, as a whole, a name; None if there is none.

        >>> Lexicon.of({"dog": ["puppy"]}).thing("Puppies"), Lexicon.of({"dog": []}).thing("hot dog")
        ('dog', None)
        """
        form = tuple(_split(name))
        return next((thing for known, thing in self.names.get(form[0], ()) if known == form), None) if form else None


def _split(text: str) -> list[str]:
    return [part for word in words(text) for part in re.split("['’]", word)]


def _forms(name: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return a name and its regular plurals."""
    if not name:
        return [name]
    *before, last = name
    plurals = [f"{last}s"]
    if last.endswith(("s", "x", "z", "ch", "sh", "o")):
        plurals.append(f"{last}es")
    if len(last) > 2 and last.endswith("y") and last[-2] not in "aeiou":
        plurals.append(f"{last[:-1]}ies")
    return [name, *((*before, plural) for plural in plurals)]
