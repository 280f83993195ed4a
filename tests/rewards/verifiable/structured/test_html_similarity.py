from __future__ import annotations

from typing import Any

import pytest

from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.html_similarity import HtmlSimilarity, PageError, read_page

RIGHT = "<html><body><h1>Tea</h1><ul><li>hot</li><li>cold</li></ul></body></html>"


@pytest.mark.parametrize(
    ("said", "elements", "texts"),
    [
        (RIGHT, 1, 1),
        (
            "<!DOCTYPE html>\n<HTML><body class='x'> <h1>Tea\n</h1><ul><li>hot</li>\n<li>cold</li></ul></body></html>",
            1,
            1,
        ),
        (RIGHT.replace("<h1>", "<script>if (a<b) alert('</p>')</script><!-- <p>x</p> --><h1>"), 1, 1),
        (RIGHT.replace("cold", "warm"), 1, 2 / 3),
        (RIGHT.replace("<li>cold</li>", ""), 10 / 11, 4 / 5),  # 5 of 5 and 6 elements, 2 of 2 and 3 texts
        (RIGHT.replace("h1", "h2"), 5 / 6, 2 / 3),
        (RIGHT.replace("<body>", "").replace("</body>", ""), 1 / 5.5, 1),  # only html has its path: 2 * 1 / (5 + 6)
        ("<p></p>", 0, 0),
    ],
)
def test_by_hand(said: str, elements: float, texts: float) -> None:
    scores = HtmlSimilarity().score([Sample("?", f"```html\n{said}\n```", RIGHT)])
    assert scores["elements"].values[0] == pytest.approx(elements)
    assert scores["texts"].values[0] == pytest.approx(texts)
    assert scores.values[0] == pytest.approx((elements + texts) / 2)


def test_entities_void_elements_and_open_tags() -> None:
    page = read_page("a<br><p>b &amp; c<img src=x><hr/>d<div>e</p>f</i>")
    assert page.elements == {"br": 1, "p": 1, "p img": 1, "p hr": 1, "p div": 1}
    assert page.texts == {("", "a"): 1, ("p", "b & c"): 1, ("p", "d"): 1, ("div", "e"): 1, ("", "f"): 1}


def test_a_page_without_texts_is_its_elements() -> None:
    scores = HtmlSimilarity().score([Sample("?", "<answer><img><img></answer>", "<img>")])
    assert scores.values == pytest.approx([2 / 3])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no HTML element"),
        ("plain words < 5 >", "no HTML element"),
        ("<script><p>x</p>", "no HTML element"),
        ("<p>" * 101, "the page has more than 100 elements within one another"),
        ("x" * 200_001, "the page is longer than 200,000 characters"),
    ],
)
def test_what_is_no_page(text: str, reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        read_page(text)
    scores = HtmlSimilarity(where="text").score([Sample("?", text, RIGHT)])
    assert (scores.values[0], scores.status[0]) == (0, "ok")


@pytest.mark.parametrize("piece", ["<", "<script ", "<!--", "</p>", "<p", "<br>", "<p></p>", "&amp;", "<style>"])
def test_hostile_pages_are_read_or_refused(piece: str) -> None:
    scores = HtmlSimilarity(where="text").score([Sample("?", piece * (190_000 // len(piece)), RIGHT)])
    assert scores.status[0] == "ok"
    assert scores.values[0] == 0
    assert scores.reason[0]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [(None, "no reference"), (5, "reference is a int; expected a page"), ("x", "reference: no HTML")],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    scores = HtmlSimilarity().score([Sample("?", "", reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)
