r"""Problems: distinct (reference, answer) pairs of mathematics whose truth is known because it was made.

Half of the answers are wrong, and of each kind there is a fixed share (:data:`MIX`). A right answer is mostly written
in another way than its reference, a wrong one mostly differs in one number, so that comparing texts settles neither.
An unreadable answer is wrong. :func:`responses` wraps answers as a reasoning model would write them.

>>> [p.kind for p in problems(4, seed=1)]  # doctest: +SKIP
['roots', 'integers', 'sets', 'decimals']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import NamedTuple

import plaudit as pl

#: Of a hundred pairs, how many are of which kind.
MIX = {
    "integers": 20,
    "decimals": 14,
    "fractions": 14,
    "roots": 10,
    "polynomials": 12,
    "sets": 8,
    "tuples": 7,
    "intervals": 5,
    "symbolic": 5,
    "unparsable": 5,
}
#: Characters of a response.
LENGTH = 1900
_WORDS = (
    "first", "total", "must", "be", "even", "then", "compare", "both", "sides", "again", "since", "each", "term", "was",
    "counted", "twice", "which", "leaves", "few", "cases", "to", "check", "by", "hand", "before", "last", "step",
)  # fmt: skip


class Problem(NamedTuple):
    """A pair: what is asked for, what is answered, whether that is right, and of which kind it is."""

    reference: str
    answer: str
    right: bool
    kind: str


def problems(n: int, seed: int = 0) -> list[Problem]:
    """Return ``n`` distinct pairs, half of them wrong, in the shares of :data:`MIX`, shuffled.

    Args:
        n: a multiple of 200, or the shares are rounded.
        seed: other pairs for other seeds.
    """
    draw = Random(seed)
    found: dict[tuple[str, str], Problem] = {}
    for kind, share in MIX.items():
        # all of the unparsable ones are wrong, which the integers make up for
        wrong = {"unparsable": share, "integers": share / 2 - MIX["unparsable"] / 2}.get(kind, share / 2)
        for right, percent in ((True, share - wrong), (False, wrong)):
            left = round(n * percent / 100)
            while left:
                reference, answer = _MAKERS[kind](draw, right)
                if (reference, answer) not in found:
                    found[reference, answer] = Problem(reference, answer, right, kind)
                    left -= 1
    made = list(found.values())
    draw.shuffle(made)
    return made


def responses(made: list[Problem], seed: int = 0) -> list[pl.Sample]:
    r"""Return samples whose responses think at length and answer in ``<answer>`` with a ``\boxed{}`` in it."""
    draw = Random(seed)
    samples = []
    for i, problem in enumerate(made):
        end = f"</think>\n<answer>\\boxed{{{problem.answer}}}</answer>"
        words, length = [], len(end) + 7
        while length < LENGTH:
            words.append(str(draw.randrange(100)) if draw.random() < 0.1 else draw.choice(_WORDS))
            length += len(words[-1]) + 1
        text = f"<think>{' '.join(words)}{end}"
        samples.append(pl.Sample(f"Problem {i}.", text, reference=problem.reference, id=str(i)))
    return samples


def shares(made: list[Problem]) -> dict[str, int]:
    """Return how many problems there are of each kind."""
    return dict(Counter(p.kind for p in made).most_common())


def _other(draw: Random, value: int) -> int:
    """A number near by."""
    return value + draw.choice((-10, -2, -1, 1, 2, 10))


def _integers(draw: Random, right: bool) -> tuple[str, str]:
    value = draw.randrange(-20_000, 2_000_000)
    said = value if right else _other(draw, value)
    return str(value), draw.choice((f"{said:,}", f"{said}", f"{said}.0", f"x = {said}", f"{said}"))


def _decimals(draw: Random, right: bool) -> tuple[str, str]:
    value = Fraction(draw.randrange(1, 400_000), draw.choice((10, 100, 1000, 8, 16, 125)))
    said = value if right else value + Fraction(draw.choice((-3, -1, 1, 3)), draw.choice((2, 4, 5, 10)))
    reference = f"{float(value):.10g}"
    decimal = f"{float(said):.10g}"
    return reference, draw.choice((decimal, f"\\frac{{{said.numerator}}}{{{said.denominator}}}", f"x={decimal}"))


def _fractions(draw: Random, right: bool) -> tuple[str, str]:
    value = Fraction(draw.randrange(-400, 2000), draw.randrange(2, 300))
    said = value if right else Fraction(_other(draw, value.numerator), value.denominator)
    k = draw.randrange(1, 6)
    a, b = said.numerator * k, said.denominator * k
    forms = (f"\\dfrac{{{a}}}{{{b}}}", f"{a}/{b}", f"\\frac{{{a}}}{{{b}}}", f"-\\frac{{{-a}}}{{{b}}}")
    return f"\\frac{{{value.numerator}}}{{{value.denominator}}}", draw.choice(forms[:3] if a >= 0 else forms)


def _roots(draw: Random, right: bool) -> tuple[str, str]:
    a, n, c = draw.randrange(2, 60), draw.choice((2, 3, 5, 6, 7, 10, 11, 13, 14, 15)), draw.randrange(0, 40)
    b = a if right else a + draw.choice((-1, 1, 2))
    reference = f"{a}\\sqrt{{{n}}}" + (f"+{c}" if c else "")
    under = f"\\sqrt{{{b * b * n}}}"
    forms = (under + (f"+{c}" if c else ""), f"{c}+{under}", f"\\frac{{{b * n}}}{{\\sqrt{{{n}}}}}+{c}")
    return reference, draw.choice(forms)


def _polynomials(draw: Random, right: bool) -> tuple[str, str]:
    a, b, k = draw.randrange(-30, 31), draw.randrange(-30, 31), draw.randrange(1, 8)
    p, q = k * (a + b), k * a * b
    reference = f"{_times(k)}x^2{_term(p, 'x')}{_term(q)}"
    if not right:
        b = _other(draw, b)
        p, q = k * (a + b), k * a * b
    forms = (
        f"{_times(k)}(x{_term(a)})(x{_term(b)})",
        f"{_times(k)}(x{_term(b)})(x{_term(a)})",
        f"{q}{_term(p, 'x')}+{_times(k)}x^2",
    )
    return reference, draw.choice(forms)


def _sets(draw: Random, right: bool) -> tuple[str, str]:
    values = draw.sample(range(-60, 200), draw.randrange(2, 5))
    said = list(values)
    if not right:
        said[0] = next(v for _ in range(100) if (v := _other(draw, said[0])) not in values)
    draw.shuffle(said)
    return _braced(values), draw.choice((_braced(said), ", ".join(map(str, said))))


def _tuples(draw: Random, right: bool) -> tuple[str, str]:
    values = [Fraction(draw.randrange(-90, 90), draw.choice((1, 1, 2, 4))) for _ in range(draw.choice((2, 3)))]
    said = list(values)
    if not right:
        said[draw.randrange(len(said))] += draw.choice((-2, -1, 1, 2))
    return f"({', '.join(map(_latex, values))})", f"\\left({', '.join(f'{float(v):g}' for v in said)}\\right)"


def _intervals(draw: Random, right: bool) -> tuple[str, str]:
    low = draw.randrange(-500, 500)
    high: int | None = low + draw.randrange(1, 300) if draw.random() < 0.8 else None
    opened, shut = draw.choice("(["), draw.choice(")]") if high is not None else ")"
    end = "\\infty" if high is None else str(high)
    if right:
        return f"{opened}{low}, {end}{shut}", f"\\left{opened}{2 * low}/2,{end}\\right{shut}"
    if draw.random() < 0.5:
        return f"{opened}{low}, {end}{shut}", f"\\left{'[' if opened == '(' else '('}{low},{end}\\right{shut}"
    return f"{opened}{low}, {end}{shut}", f"\\left{opened}{low - draw.randrange(1, 4)},{end}\\right{shut}"


def _symbolic(draw: Random, right: bool) -> tuple[str, str]:
    a, b = draw.randrange(2, 90), draw.randrange(2, 90)
    c = b if right else b + 1
    forms = (
        (f"\\ln({a * b})", f"\\ln {a} + \\ln {c}"),
        (f"{a}\\sin(2x)+{b}", f"{c}+{2 * a}\\sin(x)\\cos(x)"),
        (f"\\frac{{{a}x+{a * b}}}{{y}}", f"\\frac{{{a}(x+{c})}}{{y}}"),
        (f"{a}\\pi r^2+{b}r", f"r({a}\\pi r+{c})"),
        (f"{a}e^{{x+{b}}}", f"{a}e^x e^{{{c}}}"),
        (f"{a * b}\\pi", f"{a}\\cdot {c}\\pi"),
        (f"2^{{n+{a}}}+{b}", f"2^{a}\\cdot 2^n+{c}"),
    )
    return draw.choice(forms)


def _unparsable(draw: Random, right: bool) -> tuple[str, str]:
    assert not right
    value = draw.randrange(1, 100_000)
    forms = (
        f"\\text{{about }}{value} \\text{{ or so, I think}}",
        f"\\frac{{{value}}}{{",
        f"{value} +* {value}",
        f"the sum of {value} and its neighbours",
        f"({value}, ",
        f"\\sqrt[{value}",
    )
    broken = draw.choice(forms)
    return str(value), broken + "}" * max(0, broken.count("{") - broken.count("}"))


_MAKERS: dict[str, Callable[[Random, bool], tuple[str, str]]] = {
    "integers": _integers,
    "decimals": _decimals,
    "fractions": _fractions,
    "roots": _roots,
    "polynomials": _polynomials,
    "sets": _sets,
    "tuples": _tuples,
    "intervals": _intervals,
    "symbolic": _symbolic,
    "unparsable": _unparsable,
}


def _times(k: int) -> str:
    return "" if k == 1 else str(k)


def _term(k: int, unknown: str = "") -> str:
    return f"{k:+d}{unknown}" if k else ""


def _braced(values: list[int]) -> str:
    return f"\\{{{', '.join(map(str, values))}\\}}"


def _latex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    whole = value.denominator == 1
    return str(value) if whole else f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
