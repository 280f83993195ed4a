from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.rewards.verifiable.structured.svg_similarity import DrawingError, SvgSimilarity, check, render

rendered = pytest.mark.skipif(find_spec("resvg_py") is None, reason="resvg-py is not installed")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{}</svg>'
HALF = SVG.format('<rect width="50" height="100"/>')


@rendered
def test_what_is_drawn() -> None:
    drawn = np.asarray(render(HALF, 64))
    assert drawn.shape == (64, 64, 3)
    assert drawn[:, :32].max() == 0
    assert drawn[:, 32:].min() == 255
    wide = np.asarray(render(HALF.replace("0 0 100 100", "0 0 100 50"), 64))
    assert wide[:32, :32].max() == 0
    assert wide[32:].min() == 255  # below the drawing the square stays white


@rendered
def test_the_reward() -> None:
    said = [
        HALF,
        SVG.format('<path d="M0 0H50V100H0z" fill="#000"/>'),
        SVG.format('<rect width="40" height="100"/>'),
        SVG.format('<circle cx="80" cy="80" r="5"/>'),
        SVG.format(""),
        SVG.format('<rect width="50" height="100" fill="white"/>'),
        SVG.replace("viewBox", "width='0' height='0' viewBox"),
    ]
    scores = SvgSimilarity("mae", side=100).score([Sample("?", f"```svg\n{text}\n```", HALF) for text in said])
    assert set(scores.status) == {"ok"}
    assert scores.values[:3] == pytest.approx([1, 1, 0.9])
    assert 0.4 < scores.values[3] < 0.6
    assert list(scores.values[4:]) == [0, 0, 0]
    assert scores.reason[4:6] == ["the drawing is white"] * 2
    picture = Image.new("RGB", (100, 100), "white")
    picture.paste("black", (0, 0, 50, 100))
    assert SvgSimilarity("mae", side=100).score([Sample("?", f"<answer>{HALF}</answer>", picture)]).values[0] == 1


@pytest.mark.system("visual-erm")
@rendered
def test_visual_erm_a_white_picture_earns_nothing_and_a_hopeless_drawing_returns() -> None:
    bomb = '<g id="a0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="a{i}">{f"""<use href="#a{i - 1}"/>""" * 10}</g>' for i in range(1, 9)
    )
    said = [SVG.format(""), SVG.format(bomb), SVG.format("<g>" * 60 + "</g>" * 60)]
    scores = SvgSimilarity().score([Sample("?", f"```svg\n{text}\n```", HALF) for text in said])
    assert list(scores.values) == [0, 0, 0]
    assert set(scores.status) == {"ok"}
    assert scores.reason[0] == "the drawing is white"


@pytest.mark.parametrize(
    ("drawing", "reason"),
    [
        ("", "the drawing is not well-formed"),
        ("<svg>", "the drawing is not well-formed"),
        ("<html/>", "the drawing is no <svg>"),
        (HALF + HALF, "the drawing is not well-formed"),
        (SVG.format("\ud800"), "the drawing is not well-formed"),
        (SVG.format("\x00"), "the drawing is not well-formed"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + HALF, "the drawing has a document type"),
        (
            SVG.format('<image href="/etc/hostname"/>'),
            "the drawing refers to something outside itself: '/etc/hostname'",
        ),
        (SVG.format('<image href="&#47;etc/hostname"/>'), "the drawing refers to something outside itself"),
        (
            SVG.format('<image xmlns:x="http://www.w3.org/1999/xlink" x:href="http://a/b.png"/>'),
            "the drawing refers to something outside itself: 'http://a/b.png'",
        ),
        (SVG.format('<image href="data:image/png;base64,AAAA"/>'), "the drawing refers to something outside itself"),
        (SVG.format('<rect style="fill: url(file:///x)"/>'), "the drawing's style refers to something outside itself"),
        (SVG.format("<style>@import 'x';</style>"), "the drawing's style refers to something outside itself"),
        (SVG.format("<g>" * 70 + "</g>" * 70), "the drawing has more than 5,000 elements, or 64 in one another"),
        (SVG.format("<g/>" * 6000), "the drawing has more than 5,000 elements"),
        (SVG.format("x" * 200_000), "the drawing is longer than 200,000 characters"),
    ],
)
def test_what_is_refused_before_anything_renders_it(drawing: str, reason: str) -> None:
    with pytest.raises(DrawingError) as caught:
        check(drawing)
    assert str(caught.value).startswith(reason)


def test_references_within_the_drawing_are_allowed() -> None:
    check(SVG.format('<g id="a"/><use href="#a"/><rect fill="url(#g)" style="stroke: url( \'#g\' )"/>'))


@rendered
@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no reference"),
        (5, "reference is a int; expected an image"),
        ("<svg", "reference: the drawing is not well-formed"),
        (SVG.format(""), "reference: the drawing is white"),
        (Path("no/such.png"), ""),
    ],
)
def test_a_bad_reference_is_invalid(reference: Any, reason: str) -> None:
    scores = SvgSimilarity().score([Sample("?", "", reference)])
    assert scores.status[0] == "invalid"
    assert scores.reason[0].startswith(reason)


def test_without_the_renderer_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.rewards.verifiable.structured.svg_similarity.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install resvg-py"):
        SvgSimilarity().score([Sample("?", HALF, HALF)])


@pytest.mark.parametrize("side", [0, 15, 513])
def test_senseless_sides_are_refused(side: int) -> None:
    with pytest.raises(ConfigError, match="it is 16 to 512 pixels"):
        SvgSimilarity(side=side)
