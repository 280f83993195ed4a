"""HTML similarity: how much of the reference page's elements and texts a response's page has, without rendering it.

No renderer of HTML installs from a package index and stands alone, and a browser runs what a model wrote with the
network at hand. So pages are compared by what they are made of; how they look is for a judge that is shown pictures.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.core.errors import BadReferenceError
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.formats.code_blocks import Where, code_block
from plaudit.rewards.verifiable.structured.tables.model import plain

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

#: What a page may have: characters, and elements within one another.
MAX_CHARS, MAX_DEPTH = 200_000, 100

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<given>[^<>]*)>")
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_UNREAD = re.compile(r"<(script|style)[\s>]|<!--", re.IGNORECASE)
_DECLARATION = re.compile(r"<[!?][^<>]*>")


class PageError(ValueError):
    """A text that is no page; its message is a reason."""


class Page(NamedTuple):
    """What a page is made of.

    Attributes:
        elements: how often each path of tags occurs ("html body p").
        texts: how often each text occurs directly within each tag ("p", "Hello").
    """

    elements: Counter[str]
    texts: Counter[tuple[str, str]]


@part
class HtmlSimilarity(Leaf):
    """Mean of two F1: the elements of the response's page against the reference's, and the texts.

    An element is known by its path of tags from the root, a text by the tag that it stands in and its words (white
    space collapsed, case as it is); both are bags. Scripts, styles, comments and attributes are not looked at, tags may
    be left open, and nothing is rendered or run. Where neither page has a text, the elements alone count. No page, or
    several, scores 0 with that reason.

    Args:
        where: where the page stands: ``auto`` (the answer block, else the code fence), ``tag``, ``fence``, ``text``.

    Range: [0, 1]; the terms are ``elements`` and ``texts``. Needs: ``reference``: a page as text.

    >>> from plaudit import Sample
    >>> said, right = "<answer><h1>Tea</h1><p>hot</p></answer>", "<h1>Tea</h1><p>cold</p>"
    >>> HtmlSimilarity().score([Sample("?", said, right)]).values
    array([0.75])
    """

    where: Where = "auto"

    cost = "cpu"
    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return the similarity, or what is wrong with the page."""
        if not isinstance(sample.reference, str):
            raise BadReferenceError(f"reference is a {type(sample.reference).__name__}; expected a page as text")
        try:
            right = read_page(sample.reference)
        except PageError as error:
            raise BadReferenceError(f"reference: {error}") from None
        found = code_block(sample.text, ("html", "xml"), self.where)
        if found.text is None:
            return Grade(0.0, found.reason)
        try:
            said = read_page(found.text)
        except PageError as error:
            return Grade(0.0, str(error))
        terms = {"elements": _f1(said.elements, right.elements)}
        if said.texts or right.texts:
            terms["texts"] = _f1(said.texts, right.texts)
        value = sum(terms.values()) / len(terms)
        wrong = ", ".join(f"{name} {f1:.3f}" for name, f1 in terms.items() if f1 < 1)
        return Grade(value, f"F1 of {wrong}" if wrong else "", terms=terms)


def read_page(text: str) -> Page:
    """Read a page, or a piece of one, forgivingly: an end tag closes all that was opened since, or nothing.

    Raises:
        PageError: it has no element, more than 200,000 characters, or more than 100 elements within one another.
    """
    if len(text) > MAX_CHARS:
        raise PageError(f"the page is longer than {MAX_CHARS:,} characters")
    text = _readable(text)
    page, opened, paths, at = Page(Counter(), Counter()), [""], [""], 0
    for tag in _TAG.finditer(text):
        _add_text(page, opened[-1], text[at : tag.start()])
        at, name = tag.end(), tag["name"].lower()
        if not tag["end"]:
            path = f"{paths[-1]} {name}".lstrip()
            page.elements[path] += 1
            if name not in _VOID and not tag["given"].endswith("/"):
                opened.append(name)
                paths.append(path)
        elif name in opened:
            place = len(opened) - 1 - opened[::-1].index(name)
            del opened[place:], paths[place:]
        if len(opened) > MAX_DEPTH:
            raise PageError(f"the page has more than {MAX_DEPTH} elements within one another")
    _add_text(page, opened[-1], text[at:])
    if not page.elements:
        raise PageError("no HTML element")
    return page


def _add_text(page: Page, name: str, text: str) -> None:
    words = plain(html.unescape(text))
    if words:
        page.texts[name, words] += 1


def _readable(text: str) -> str:
    """Leave out scripts, styles and comments; one that is not closed goes on to the end."""
    kept, at, lowered = [], 0, text.lower()
    while found := _UNREAD.search(text, at):
        kept.append(text[at : found.start()])
        end = f"</{found[1].lower()}>" if found[1] else "-->"
        closing = lowered.find(end, found.end())
        if closing < 0:
            return " ".join(kept)
        at = closing + len(end)
    return _DECLARATION.sub(" ", " ".join([*kept, text[at:]]))


def _f1(said: Counter[Any], right: Counter[Any]) -> float:
    return 2 * (said & right).total() / (said.total() + right.total())
