r"""One spelling for what has many: wrappers, spacing, Unicode and plain-text forms become plain LaTeX.

The result is meant for both readers, the cheap grammar and math-verify, and means what the text meant::

    >>> clean(r"$\boxed{\left( \dfrac12 ,\, −√2 \right)}$.")
    '( \\frac12 ,  -\\sqrt 2 )'
"""

from __future__ import annotations

import re

_UNICODE = str.maketrans(
    {
        "−": "-", "–": "-", "‐": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "÷": "/",
        "⁄": "/", "∕": "/", "√": r"\sqrt ", "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ",
        "⩽": r"\le ", "⩾": r"\ge ", "∪": r"\cup ", "∅": r"\emptyset ", "±": r"\pm ", "°": r"^\circ ", "θ": r"\theta ",
        "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "λ": r"\lambda ", "φ": r"\phi ", "⁰": "^{0}", "¹": "^{1}",
        "²": "^{2}", "³": "^{3}", "⁴": "^{4}", "⁵": "^{5}", "⁶": "^{6}", "⁷": "^{7}", "⁸": "^{8}", "⁹": "^{9}",
        "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}",
        "ℝ": r"\mathbb{R}", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200b": "", "（": "(", "）": ")",
        "，": ", ", "：": ":", "％": "%", "⟨": r"\langle ", "⟩": r"\rangle ",
    }
)  # fmt: skip
_DROPPED = re.compile(
    r"\\(?:left|right)(?![A-Za-z])\s*\.?|\\(?:displaystyle|textstyle|limits|quad|qquad)(?![A-Za-z])"
    r"|\\[bB]igg?[lrm]?(?![A-Za-z])|(?<!\\)\\!"
)
_SPACES = re.compile(r"(?<!\\)\\[,;:>\s]|~|\s+")
_GROUPED = re.compile(r"(?<=\d)(?:\{,\}|\\,|\\ |~)(?=\d{3}(?!\d))")
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_ROMAN = re.compile(r"\\(?:(?:math|text)(?:rm|bf|it|sf|normal|tt|up)|mbox|hbox|operatorname\*?)(?![A-Za-z])")
_JOINED = re.compile(r",?\s*\\text\s*\{\s*,?\s*(and|or)\s*\}")
_WORDY = re.compile(
    r"(?<![\\A-Za-z])(?:(sqrt|pi|sin|cos|tan|cot|sec|csc|ln|log|exp|arcsin|arccos|arctan|sinh|cosh|tanh)(?![A-Za-z])"
    r"|(infinity|infty|inf|oo)(?![A-Za-z]))"
)
_SIGNS = (
    (r"\leqslant", r"\le"), (r"\geqslant", r"\ge"), (r"\leq", r"\le"), (r"\geq", r"\ge"), (r"\neq", r"\ne"),
    ("<=", r"\le "), (">=", r"\ge "), (" != ", r" \ne "), ("**", "^"), (r"\%", "%"), (r"\$", "$"),
    (r"\lbrace", r"\{"), (r"\rbrace", r"\}"), (r"\lvert", "|"), (r"\rvert", "|"), (r"\vert", "|"),
    (r"\varnothing", r"\emptyset"), (r"\degree", r"^\circ"),
)  # fmt: skip
_PLAIN_UNION = re.compile(r"(?<=[\])])\s*U\s*(?=[\[(])")
_PAIRS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"), ("`", "`"))


def clean(text: str) -> str:
    r"""Return ``text`` without wrappers (``$ $``, ``\( \)``, ``\boxed{}``, a final full stop) and in one spelling.

    Takes time linear in the text's length. Never raises.
    """
    text = " ".join(text.split())
    if text.isdigit() and text.isascii():
        return text
    if not text.isascii():
        text = text.translate(_UNICODE)
    text = _unwrap(text)
    text = _GROUPED.sub(",", text)
    if "\\" in text or "**" in text:
        text = _DROPPED.sub("", text)
        text = _FRACTION.sub(r"\\frac", text)
        text = _ROMAN.sub(r"\\text", text)
        text = _JOINED.sub(r" \1 ", text)
    for old, new in _SIGNS:
        if old in text:
            text = text.replace(old, new)
    text = _WORDY.sub(lambda found: "\\" + (found[1] or "infty") + " ", text)
    text = _PLAIN_UNION.sub(r"\\cup ", text)
    return _SPACES.sub(" ", text).strip()


def _unwrap(text: str) -> str:
    """Peel mathematics delimiters, boxes and a sentence's full stop, from the outside in."""
    for _ in range(8):
        before = text
        text = text.strip()
        if text.endswith((".", ",", ";")) and not text.endswith(("..", r"\,", r"\;")):
            text = text[:-1].rstrip()
        for left, right in _PAIRS:
            inner = text[len(left) : -len(right)]
            if (
                len(text) > len(left) + len(right)
                and text.startswith(left)
                and text.endswith(right)
                and not text.endswith("\\" + right)
                and left not in inner
                and right not in inner
            ):
                text = inner
                break
        for box in (r"\boxed", r"\fbox"):
            rest = text[len(box) :].lstrip()
            if text.startswith(box) and rest.startswith("{") and _closing(rest) == len(rest) - 1:
                text = rest[1:-1]
        if text == before:
            break
    return text


def _closing(text: str) -> int:
    """Return the index of the brace that closes the one at 0, or -1."""
    depth = 0
    for at, char in enumerate(text):
        if char in "{}" and (at == 0 or text[at - 1] != "\\"):
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at
    return -1


def unbalanced(text: str) -> bool:
    """Say whether the grouping braces (those without a backslash) don't match."""
    depth = 0
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth < 0:
                return True
    return depth != 0
