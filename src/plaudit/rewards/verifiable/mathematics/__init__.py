r"""Whether an answer is the reference: mathematical equivalence in two stages, cheap and exact, then slow and exact.

:func:`decide` reads both texts with a small grammar and compares exact canonical forms, in process, in tens of
microseconds; it never hangs. Where it says None, :func:`confirm` asks math-verify, which may hang, so the caller runs
it in a worker that can be killed. :func:`check_reference` says once per reference whether it can be graded against. ::

    >>> decide(r"\frac{1}{2}", "0.5").equal, decide("[0, 1]", "[0, 1)").equal, decide("5 cm", "5 m").equal
    (True, False, False)
    >>> check_reference(r"\frac{1}{")
    Traceback (most recent call last):
    plaudit.core.errors.BadReferenceError: reference '\\frac{1}{' has unbalanced braces; ...

A wrong answer scored right is the worst error, so what is doubtful is different. The verdict is math-verify's except
where that is wrong (:data:`.disagreements.DISAGREEMENTS`). The conventions:

========== =========================================================================================================
decimals   A decimal equals a number with which it agrees when both are rounded to six places and which is within
           one part in ten thousand (``0.333333`` is 1/3, ``0.33`` is not, ``0.0000003`` is not ``0.0000001``). A
           whole number written without a point is exact: ``1.0000001`` is not 1.
percent    ``50\%`` is 0.5; a whole percentage may lose its sign (``50``), any other not.
units      One side may leave its unit out. Two units must be the same: they are compared by name, never converted.
           A base (``101_2``) may be left out of the answer, never added to it.
numbers    ``1,000``, ``1 000`` and ``1\,000`` are a thousand; in brackets ``1,000`` is two items. ``2\frac12`` and
           ``2 1/2`` are mixed numbers. ``3e5`` is a number unless the other side uses ``e``. An odd root of a negative
           number is real; ``i`` is the imaginary unit; ``\log`` has base 10.
sizes      A number of more than 16 million bits (``9^{9^9}``) can't be worked out in time: only the same expression
           is equal to it.
letters    Variables keep their case; words don't, nor their spaces and punctuation. Four letters in a row are a word.
lists      ``1, 2`` and ``\{2, 1\}`` are sets. A tuple is ordered and never a set; a bare list may stand for a tuple in
           the same order. ``(1, 2)`` is a point or an open interval; ``[1, 2]`` is an interval. A set of one
           number is that number. ``x = 1 or x = 2`` is ``\{1, 2\}``.
equations  ``x = 5`` and ``f(x) = 5`` may stand for 5 and 5 for them, not for ``y = 5``; no other equation stands for
           its right side, unless it is a true statement about numbers (``3 + 4 = 7``). Equations are equal when they
           are multiples of each other. ``x < 3`` and its interval are the same.
fractions  ``\frac{x^2-1}{x-1}`` is ``x+1``: expressions are equal where both are defined.
========== =========================================================================================================
"""

from plaudit.rewards.verifiable.mathematics.decision import Decision, decide
from plaudit.rewards.verifiable.mathematics.oracle import check_reference, confirm

__all__ = ["Decision", "check_reference", "confirm", "decide"]
