"""Write docs/mathematics.md: the conventions, from the package's docstring, and the disagreements with math-verify."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from plaudit.rewards.verifiable import mathematics
from plaudit.rewards.verifiable.mathematics.disagreements import DISAGREEMENTS

PAGE = Path(__file__).parent.parent / "docs" / "mathematics.md"
HEAD = r"""# Mathematics

`Answer("math")` asks whether the response's answer means what the reference means: `0.5` for `\frac{1}{2}`, `1+x` for
`x+1`, but not `[0, 1)` for `[0, 1]`.

```python
import plaudit as pl

reward = pl.Answer("math")
said = [r"\boxed{0.5}", r"\boxed{\frac{2}{4}}", r"\boxed{50\%}", r"\boxed{0.51}", r"\boxed{\frac{1}{}"]
scores = reward.score([pl.Sample("What is one half?", text, reference=r"\frac{1}{2}") for text in said])
assert scores.values.tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
```

Most pairs are decided in process, by exact arithmetic, in tens of microseconds. What is left goes to
[math-verify](https://github.com/huggingface/Math-Verify), which may hang, so it works where it can be killed: then the
status is `timeout`. A reference that can't be read as mathematics or as words is `invalid`; an answer that can't be is
wrong.

Without a reward, the quick half alone says True, False or, where it doesn't know, None:

```python
from plaudit.rewards.verifiable.mathematics import decide

assert decide(r"\frac{x^2-1}{x-1}", "x+1").equal is True
assert decide(r"\frac{1}{3}", "0.33").equal is False
assert decide(r"\frac{\pi}{4}", r"\arctan 1").equal is None
```

This page is made from the code by `python scripts/make_mathematics_page.py`.

"""
DIFFERENCES = """
## Where math-verify errs

The verdict is that of math-verify 0.9, except on pairs like these. A test holds that it still errs on every one.

"""


def page() -> str:
    """Return the whole page."""
    wrong = [row for row in DISAGREEMENTS if not row.equal]
    right = [row for row in DISAGREEMENTS if row.equal]
    parts = [
        HEAD,
        "## Conventions\n\nA wrong answer scored right is the worst error, so what is doubtful is different.\n\n",
        _table(("about", "convention"), _conventions(mathematics.__doc__ or "")),
        DIFFERENCES,
    ]
    for title, rows in (("accepts these wrong answers", wrong), ("rejects these right answers", right)):
        shown = [(_code(row.gold), _code(row.answer), row.why) for row in rows]
        parts.append(f"It {title}:\n\n{_table(('reference', 'answer', 'why'), shown)}\n")
    return "".join(parts).rstrip() + "\n"


def _conventions(doc: str) -> list[tuple[str, ...]]:
    """Return the rows of the docstring's one table: a name at the line's start begins a row."""
    body = re.split(r"^=+ =+$", doc, flags=re.MULTILINE)[1]
    rows = re.findall(r"^(\w+) +(.*(?:\n +.*)*)", body, flags=re.MULTILINE)
    return [(name, " ".join(text.split()).replace("``", "`").replace("|", r"\|")) for name, text in rows]


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    return "`" + text.replace("|", r"\|") + "`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
