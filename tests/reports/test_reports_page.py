"""The page: whole, self-contained, the same every time, and safe whatever a model wrote."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plaudit import __version__
from plaudit.core.errors import ConfigError
from plaudit.core.sample import Sample
from plaudit.core.score import Scores
from plaudit.reports.page import write_page

HOSTILE = (
    "<script>alert(1)</script></textarea></style></title>\"'><img src=x onerror=alert(2)>"
    "{{ 7 * 7 }}&lt;b&gt;\x00\x1b[31m\u202eevil\u202c\ud800 javascript:alert(3)"
)
VOID = {"meta", "img", "input", "rect", "br"}


class _Page(HTMLParser):
    """Elements with their attributes, the text, and whatever is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _write(path: Path, scores: Scores, samples: list[Sample] | None, **options: Any) -> str:
    given = {"title": "Title", "expression": 'Answer("math")', "data_name": "data.jsonl", **options}
    write_page(path, scores, samples, **given)
    return path.read_text("utf-8")


def _page(tmp_path: Path, scores: Scores, samples: list[Sample] | None, **options: Any) -> _Page:
    return _Page(_write(tmp_path / "report.html", scores, samples, **options))


def _world(n: int = 100) -> tuple[Scores, list[Sample]]:
    values = np.round(np.arange(n) * 7919 % 101 / 101, 3)
    judge = Scores(
        [None if i % 10 == 3 else float(v) for i, v in enumerate(values)],
        ["timeout" if i % 10 == 3 else "ok" for i in range(n)],
        ["no reply" if i % 10 == 3 else "" for i in range(n)],
        weight=0.5,
        spent={"seconds": np.arange(n) / 8},
    )
    form = Scores(np.ones(n), weight=0.1)
    scores = Scores(0.5 * judge.values + 0.1, judge.codes, judge.reason, terms={"judge": judge, "format": form})
    picture = Image.linear_gradient("L").resize((32, 32))
    samples = [
        Sample(f"what is {i}?", f"it is {i}", str(i), id=f"id-{i}", group=i // 4, images=[picture]) for i in range(n)
    ]
    return scores, samples


def test_it_says_what_was_scored_and_what_came_of_it(tmp_path: Path) -> None:
    page = _page(tmp_path, *_world(), date="2030-01-02", title="A title")
    for said in ("A title", "data.jsonl", "100 samples", __version__, "2030-01-02", 'Answer("math")', "90 of 100"):
        assert said in page.text
    assert "format is constant (1) over all 100 scored samples" in page.text
    assert "judge has no score for 10 of 100 samples (10%): 10 timeout" in page.text
    assert "10 timeout" in page.text
    assert "no reply" in page.text
    assert "12.4 s id-99" in page.text  # 99 / 8
    assert page.open == []


def test_a_page_without_a_date_has_none_and_is_the_same_every_time(tmp_path: Path) -> None:
    first = _write(tmp_path / "a.html", *_world())
    second = _write(tmp_path / "b.html", *_world())
    assert first == second
    assert not re.search(r"\b20\d\d-\d\d", first)


def test_nothing_is_fetched_from_anywhere(tmp_path: Path) -> None:
    html = _write(tmp_path / "report.html", *_world())
    page = _Page(html)
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert not page.all("link")
    assert not re.search(r"url\(|@import|https?://", html)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_only_the_pages_own_script_may_run(tmp_path: Path) -> None:
    html = _write(tmp_path / "report.html", *_world())
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    policy = next(m["content"] for m in _Page(html).all("meta") if m.get("http-equiv"))
    assert policy is not None
    assert policy.split("; ") == [
        "default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'",
    ]  # fmt: skip


def test_whatever_a_model_or_the_data_wrote_stays_text(tmp_path: Path) -> None:
    leaf = Scores([0.0, None], ["ok", "error"], [HOSTILE, HOSTILE], weight=1.0)
    scores = Scores([0.0, None], ["ok", "error"], [HOSTILE] * 2, terms={HOSTILE: leaf})
    sample = Sample(
        HOSTILE,
        [{"role": HOSTILE, "content": HOSTILE}, {"role": "assistant", "content": HOSTILE * 20}],
        {HOSTILE: HOSTILE},
        id=HOSTILE,
        group=HOSTILE,
        images=["/no/" + HOSTILE.replace("\0", "") + ".png"],
        task=HOSTILE,
        source=HOSTILE,
    )
    page = _page(tmp_path, scores, [sample, sample], title=HOSTILE, expression=HOSTILE, data_name=HOSTILE, date=HOSTILE)
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) - len(page.all("rect")) == 1
    assert not page.all("textarea")
    assert not page.all("img")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script></textarea>" in page.text
    assert "{{ 7 * 7 }}&lt;b&gt;⟨NUL⟩⟨ESC⟩[31m⟨U+202E⟩evil⟨U+202C⟩⟨U+D800⟩" in page.text
    raw = (tmp_path / "report.html").read_bytes()
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", raw)
    assert page.open == []


def test_every_card_has_its_picture_texts_and_terms(tmp_path: Path) -> None:
    page = _page(tmp_path, *_world(), limit=12)
    assert len(page.all("article")) == len(page.all("img")) == 12
    for image in page.all("img"):
        assert image["alt"]
        assert (image["src"] or "").startswith("data:image/png;base64,")
        assert (image["width"], image["class"]) == ("192", "enlarged")
    rows = [line for line in page.all("tr") if "data-term" in line]
    assert len(rows) == 3 * 12
    scores, _ = _world()
    shown = [int(card["data-row"] or -1) for card in page.all("article")]
    for row, line in zip(shown, rows[::3], strict=True):
        assert line["data-value"] == ("" if np.isnan(scores.values[row]) else repr(float(scores.values[row])))


def test_white_space_of_a_response_is_kept(tmp_path: Path) -> None:
    html = _write(tmp_path / "report.html", Scores([1.0]), [Sample("q", "  a\n\n    b\t<c>  ")])
    assert '<div class="text" dir="auto">  a\n\n    b\t&lt;c&gt;  </div>' in html


def test_a_broken_picture_is_a_box_with_the_reason(tmp_path: Path) -> None:
    page = _page(tmp_path, Scores([1.0]), [Sample("q", "a", images=["/no/such.png"])])
    box = next(d for d in page.all("div") if d.get("class") == "broken")
    assert "/no/such.png" in (box["aria-label"] or "")
    assert "no such" in page.text


@pytest.mark.parametrize(
    ("scores", "samples"),
    [
        (Scores([]), []),
        (Scores([]), None),
        (Scores([1.0]), [Sample("q", "a")]),
        (Scores([1.0, 0.0]), None),
        (Scores([None] * 3, "error", ["x"] * 3), [Sample("q", "a", group=1)] * 3),
        (Scores([1.0], terms={}), [Sample(None, None, defect="line 1 is not JSON")]),
    ],
)
def test_little_or_nothing_still_makes_a_page(tmp_path: Path, scores: Scores, samples: list[Sample] | None) -> None:
    page = _page(tmp_path, scores, samples)
    assert page.open == []
    assert "nan" not in page.text
    assert len(page.all("article")) == len(samples or [])


def test_the_size_of_a_page_is_bounded(tmp_path: Path) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8))
    samples = [Sample("p" * 10**6, "r" * 10**6, "t" * 10**6, images=[noise]) for _ in range(200)]
    _write(tmp_path / "report.html", Scores(np.arange(200.0)), samples, limit=60)
    # a card: three texts of 12,000 characters and a noisy JPEG of 256 x 256, which nothing compresses
    assert (tmp_path / "report.html").stat().st_size < 60 * 130_000


def test_it_replaces_what_was_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(ConfigError, match="No space left on device"):
            _write(path, *_world(4))
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert _write(path, *_world(4)).startswith("<!doctype html>")


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't write .*no-folder.*No such file or directory; give another path"):
        _write(tmp_path / "no-folder" / "report.html", Scores([1.0]), None)
    with pytest.raises(ConfigError, match="limit is -1; give 0 or more"):
        _write(tmp_path / "report.html", Scores([1.0]), None, limit=-1)
    with pytest.raises(ValueError, match="1 scores but 0 samples"):
        _write(tmp_path / "report.html", Scores([1.0]), [])


def test_its_parts_are_found_as_package_data() -> None:
    for name in ("page.html.jinja", "page.css", "page.js"):
        assert files("plaudit.reports").joinpath(name).is_file()
