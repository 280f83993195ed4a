"""Expressions: what they mean, what they refuse, and the column at which a caret shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit as pl
from plaudit.core.errors import ExpressionError
from plaudit.core.expression import MAX_DEPTH, MAX_LENGTH, _tree, parse
from plaudit.core.reward import Reward

A, F = pl.Answer("math"), pl.Format("answer")


@pytest.mark.parametrize(
    ("text", "reward"),
    [
        ('Answer("math")', A),
        ("Answer('math')", A),
        ('Answer(kind="math")', A),
        ('Answer("number", rtol=1e-2, name="close")', pl.Answer("number", rtol=0.01, name="close")),
        ('Answer("math") + 0.1 * Format("answer")', A + 0.1 * F),
        ('Answer("math") - Format("answer")', pl.Sum((A, F), (1, -1))),
        ('-Answer("math")', pl.Sum((A,), (-1,))),
        ('--Answer("math")', pl.Sum((A,), (1,))),
        ('Answer("math") / 4', pl.Sum((A,), (0.25,))),
        ('2 * (Answer("math") + Format("answer"))', pl.Sum((A, F), (2, 2))),
        ('(1 + 1) * Answer("math") / (3 - 2 * 0.5)', pl.Sum((A,), (1,))),
        ('0.5 * Answer("math") * Format("answer")', pl.Sum((pl.Product((A, F)),), (0.5,))),
        ('Gate(Format("answer"), Answer("math"), closed=-1)', pl.Gate(F, A, -1.0)),
        ('Gate(Format("answer"), Answer("math"), closed=None)', pl.Gate(F, A, None)),
        ('Default(Answer("math"), 0, on=["error"])', pl.Default(A, 0.0, ("error",))),
        ('Default(Answer("math"), 0, on=("error", "timeout"))', pl.Default(A, 0.0, ("error", "timeout"))),
        ('Sum([Answer("math"), Format("answer")], [1, 2], name="s")', pl.Sum((A, F), (1, 2), name="s")),
        (
            'Format(schema={"a": [1, -2.5, None, True], "b": {}})',
            pl.Format(schema={"a": [1, -2.5, None, True], "b": {}}),
        ),
        ('\n  Answer(\n    "math"  # the kind\n  )\n  + 2 * Format("answer")\n', A + 2 * F),
        ('Answer("math")\r\n+ Format("answer")', A + F),
        ('Format(regex="\\d+ [(]é")', pl.Format(regex="\\d+ [(]é")),
        ('Format(regex="(" ")")', pl.Format(regex="()")),
        ('Format(regex="""a\n"b""")', pl.Format(regex='a\n"b')),
        ("Format(regex=r'\\d')", pl.Format(regex="\\d")),
    ],
)
def test_text_means_what_python_means(text: str, reward: Reward) -> None:
    assert parse(text) == reward
    assert parse(text).key == reward.key
    assert parse(str(parse(text))) == reward


def shown(text: str, names: Mapping[str, Reward] | None = None) -> tuple[str, str]:
    """The message and what stands at the caret."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, names)
    error = caught.value
    assert error.column is not None
    why, line, caret = str(error).rsplit("\n", 2)
    assert line[2:] in re.split(r"[\r\n]", text)
    assert caret.strip() == "^"
    assert line[caret.index("^") :] == re.split(r"[\r\n]", text[error.column :])[0]
    return why, text[error.column :]


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        # a name that is not known names the nearest
        ('Anwser("math")', "no reward is named 'Anwser'; did you mean 'Answer'?", "Anwser"),
        ('Format("answer") + answer("math")', "no reward is named 'answer'; did you mean 'Answer'?", "answer("),
        ('Answer(knid="math")', "Answer has no 'knid'; did you mean 'kind'?", "knid="),
        ('Answer("maths")', "Answer: kind is 'maths'; did you mean 'math'?", '"maths"'),
        ('Answer("number", pick="lst")', "Answer: pick is 'lst'; did you mean 'last'?", '"lst"'),
        ('Default(Answer("math"), 0, on=["eror"])', "Default: on has 'eror'", "Default"),
        ("Answer(math)", "'math' is not defined here; a text stands in quotes, \"math\"", "math)"),
        ("Answer", "'Answer' is not defined here; a reward is called, Answer(...)", "Answer"),
        # arguments
        ("Answer()", "Answer needs 'kind'", "Answer()"),
        ('Answer("math", kind="math")', "Answer is given 'kind' twice", "kind="),
        ('Answer("number", rtol=1, rtol=2)', "Answer is given 'rtol' twice", "rtol=2"),
        ('Answer("math", "auto", "only", 0, 0, 7)', "Answer takes at most 5 arguments without a name", "7)"),
        ('Answer("number", rtol="x")', "Answer: rtol is 'x'; expected a number", '"x"'),
        ('Answer("number", rtol=-1)', "Answer: atol=0.0, rtol=-1.0: tolerances are at least 0", "Answer"),
        ('Gate(Format("answer"), 3)', "Gate: reward is 3; expected a reward", "3)"),
        ('Answer(*["math"])', "a star is not part of reward expressions", "*["),
        ('Answer(**{"kind": "math"})', "** is not part of reward expressions", "**{"),
        ("Sum([1, 2])", "Sum: terms[0] is 1; expected a reward", "[1"),
        ("Sum(Answer('math'))", 'Sum: terms is Answer("math"); expected a list', "Answer('"),
        # numbers
        ('Answer("math") + 1', "a number can't be added to a reward", "1"),
        ('1 + Answer("math")', "a number can't be added to a reward", "1 +"),
        ('Answer("math") - 1', "a number can't be added to a reward", "1"),
        ('1 / Answer("math")', "a reward can't divide", "Answer"),
        ('Answer("math") / Answer("math")', "a reward can't divide", 'Answer("math")'),
        ('Answer("math") / 0', "a reward can be divided by a finite number other than 0, not by 0", "0"),
        ("1 / 0", "division by zero", "0"),
        ('1e999 * Answer("math")', "the number is too large", "1e999"),
        ('1e308 * 10 * Answer("math")', "a weight is inf; expected a finite number", "Answer"),
        ('True * Answer("math")', "True or False can't be added or multiplied", "True"),
        ('"2" * Answer("math")', "a text can't be added or multiplied", '"2"'),
        ('Answer("math") * None', "None can't be added or multiplied", "None"),
        ('-"a"', "a text has no negative", '"a"'),
        ('Answer("math") + Answer("choice")', "Sum has two terms named 'answer'", 'Answer("choice")'),
        # not a reward
        ("", "", ""),
        ("3", "the expression is a number, not a reward", "3"),
        ('"math"', "the expression is a text, not a reward", '"math"'),
        ("None", "the expression is None, not a reward", "None"),
        ('[Answer("math")]', "the expression is a list, not a reward", "["),
        ('Answer("math"),', "the expression is a list, not a reward", "Answer"),
        # nothing but calls, numbers, texts, lists, mappings
        ('Answer("math").key', "a dot is not part of reward expressions", "Answer"),
        ('Answer("math").score(1)', "only rewards can be called, by their plain name", "Answer"),
        ("().__class__", "a dot is not part of reward expressions", "()"),
        ('Answer("math")[0]', "an index is not part of reward expressions", "Answer"),
        ('[Answer(k) for k in ["math"]]', "a comprehension is not part of reward expressions", "["),
        ('Answer(k) for k in ["math"]', "a comprehension is not part of reward expressions", "Answer"),
        ("{1 for x in y}", "a comprehension is not part of reward expressions", "{1"),
        ("lambda: 0", "a lambda is not part of reward expressions", "lambda"),
        ('Answer(f"{kind}")', "an f-string is not part of reward expressions", 'f"'),
        ("x := 1", "an assignment is not part of reward expressions", "x :="),
        ("1 if 1 else 2", "if is not part of reward expressions", "1 if"),
        ("1 < 2", "a comparison is not part of reward expressions", "1 <"),
        ("not 1", "UnaryOp is not part of reward expressions", "not"),
        ('+Answer("math")', "UnaryOp is not part of reward expressions", "+"),
        ("1 and 2", "BoolOp is not part of reward expressions", "1 and"),
        ('Answer("math") ** 2', "the operator Pow is not part of reward expressions", "Answer"),
        ('Answer("math") | Answer("choice")', "the operator BitOr is not part of reward expressions", "Answer"),
        ("2 ** 999999999", "the operator Pow is not part of reward expressions", "2 **"),
        ("{1, 2}", "Set is not part of reward expressions", "{1"),
        ("1j", "Constant is not part of reward expressions", "1j"),
        ("b'a'", "Constant is not part of reward expressions", "b'a'"),
        ("...", "Constant is not part of reward expressions", "..."),
        ("yield 1", "Yield is not part of reward expressions", "yield"),
        ("await x", "Await is not part of reward expressions", "await"),
        ("__import__('os')", "no reward is named '__import__'", "__import__"),
        ("eval('1')", "no reward is named 'eval'", "eval"),
        ("Format(schema={**{}})", "a key of a mapping is a text or a number", "{**"),
        ('Format(schema={Answer("math"): 1})', "a key of a mapping is a text or a number", "Answer"),
        ('Format(schema={"a": 1, "a": 2})', "the key 'a' is given twice", '"a": 2'),
        # names are plain
        ('Ａnswer("math")', "names are written in plain ASCII letters", "Ａ"),
        ('Answer(ｋind="math")', "names are written in plain ASCII letters", "ｋ"),
        ("größe", "'größe' is not defined here", "größe"),
        # what Python can't read
        ('Answer("math"', "'(' is never closed", '("math"'),
        ('Answer("math"))', "')' closes nothing", ")"),
        ('Answer("math")) + (Format("answer")', "')' closes nothing", ") + ("),
        ('Answer(["math")', "')' closes nothing", ")"),
        ('Answer("math") + Format(["x"', "'[' is never closed", '["x"'),
        ('Answer("math) + 1', "the expression can't be read: unterminated string literal", '"math'),
        ('Answer("é" "math" 3)', "the expression can't be read: invalid syntax", '"é"'),
        ('Answer("math") $ 2', "the expression can't be read: invalid syntax", "$"),
        ("Answer('math')\n+ 0.1 ! Format('answer')", "the expression can't be read: invalid syntax", "!"),
        ("A\0B", "the character '\\x00' can't be read", "\0"),
        ('"é" + \ud800', "the character '\\ud800' can't be read", "\ud800"),
        ('import os; Answer("math")', "the expression can't be read: invalid syntax", "import"),
        ('Answer("math") = 1', "the expression can't be read", ""),
        # columns count characters, after any text, on any line
        ('Format(regex="é😀名") + Anwser("math")', "no reward is named 'Anwser'", "Anwser"),
        ('Format(regex="é")\n  + Format(regex="é") * Anwser("x")', "no reward is named 'Anwser'", "Anwser"),
        ('Format(regex="é")\r\n+ Anwser("x")\r\n', "no reward is named 'Anwser'", "Anwser"),
        ('Format(regex="é")\r+ Anwser("x")', "no reward is named 'Anwser'", "Anwser"),
        ('\n\n   Anwser("x")', "no reward is named 'Anwser'", "Anwser"),
        ('Format(regex="""é\n\n""") * Anwser("x")', "no reward is named 'Anwser'", "Anwser"),
        ('\tAnwser("x")', "no reward is named 'Anwser'", "Anwser"),
        ('Format(regex="é\u2028\x0b\x0c") * Anwser("x")', "no reward is named 'Anwser'", "Anwser"),
        # loading
        ("Load(5)", "5 is not of the form file.py:name", "Load"),
        ('Load("x.py")', "'x.py' is not of the form file.py:name", "Load"),
        ('Load("none.py:x")', "none.py:x: no file", "Load"),
        ('Load("none.py:x", base="/")', "Load has no 'base'", "base="),
    ],
)
def test_what_makes_no_sense_is_shown_with_a_caret(text: str, why: str, at: str) -> None:
    if not text:
        return
    message, found = shown(text)
    assert message.startswith(why)
    assert found.startswith(at)


@pytest.mark.parametrize("text", ["", "  ", "\n\t\n"])
def test_nothing_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"^the expression is empty$"):
        parse(text)


def test_the_column_of_the_first_offender() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse('Format(regex="é😀")\n  + 0.5 * Anwser("math")')
    assert caught.value.column == len('Format(regex="é😀")\n  + 0.5 * ')
    assert str(caught.value).splitlines()[1:] == ['    + 0.5 * Anwser("math")', "            ^"]


class TestDefinitions:
    names = {"right": pl.Answer("math", name="right"), "shape": F}  # noqa: RUF012

    def test_names_defined_before(self) -> None:
        assert parse("right + 0.1 * shape", self.names) == pl.Answer("math", name="right") + 0.1 * F

    def test_an_unknown_one_names_the_nearest(self) -> None:
        why, at = shown("right + shpae", self.names)
        assert why == "'shpae' is not defined here; did you mean 'shape'?"
        assert at == "shpae"

    def test_one_is_not_called(self) -> None:
        assert shown("right()", self.names)[0].startswith("no reward is named 'right'")

    def test_one_that_is_written_in_other_letters_is_refused(self) -> None:
        assert shown("ｒight", self.names)[0] == "names are written in plain ASCII letters"


class TestLimits:
    def test_length(self) -> None:
        with pytest.raises(ExpressionError, match=f"has {MAX_LENGTH + 1} characters; at most {MAX_LENGTH}"):
            parse(" " * MAX_LENGTH + "x")

    @pytest.mark.parametrize(
        "text",
        [
            "-" * (MAX_LENGTH - 20) + 'Answer("math")',
            "(" * 150 + 'Answer("math")' + ")" * 150 + "]",
            "[" * 5000 + "]" * 5000,
            "(" * 9000 + ")" * 9000,
            "Gate(" * 3000 + ")" * 3000,
            "[" * (MAX_DEPTH + 5) + "]" * (MAX_DEPTH + 5),
            "-" * (MAX_DEPTH + 5) + "1",
            "{1:" * (MAX_DEPTH + 5) + "1" + "}" * (MAX_DEPTH + 5),
            "1**" * 5000 + "1",
            "+".join(["x"] * 9000),
            "x.y" * 3000,
            "9" * 10_000,
        ],
        ids=lambda text: f"{text[:12]}...",
    )
    def test_deep_and_huge_input(self, text: str) -> None:
        with pytest.raises(ExpressionError):
            parse(text)

    def test_a_long_sum_is_not_deep(self) -> None:
        text = " + ".join(f'0.5 * Answer("exact", name="a{i}")' for i in range(300))
        assert len(parse(text).parts) == 300

    def test_brackets_that_only_group_are_not_deep(self) -> None:
        assert parse("(" * 100 + 'Answer("math")' + ")" * 100) == A


def test_a_text_is_parsed_once_and_makes_fresh_rewards() -> None:
    text = 'Answer("exact") + 0.25 * Format("boxed")'
    before = _tree.cache_info().hits
    one, other = parse(text), parse(text)
    assert _tree.cache_info().hits == before + 1
    assert one == other
    assert one.parts["answer"] is not other.parts["answer"]


WORDS = "Answer Gate Sum Load ( ) [ ] { } , : = + - * / . ' \" # \\ 1 1e999 kind é Ａ lambda ** := None True 0x 1_ if"
OTHERS = [" ", "\n", "\r", "\0", "\ud800", "\t", "\x0c", '"""', '"math"', "f'{x}'", "for x in y"]
pieces = st.sampled_from([*WORDS.split(), *OTHERS])


@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=30))
def test_any_text_is_a_reward_or_an_expression_error(text: str) -> None:
    try:
        assert isinstance(parse(text), Reward)
    except ExpressionError as error:
        assert error.column is None or 0 <= error.column <= len(text)  # noqa: PT017


values: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(
        [
            '"math"',
            "'x'",
            "1",
            "-1",
            "0",
            "1e400",
            "None",
            "True",
            'Answer("math")',
            'Format("answer")',
            "[]",
            "{}",
            "''",
        ]
    ),
    lambda v: (
        st.builds("[{}, {}]".format, v, v)
        | st.builds('{{"a": {}, 1: {}}}'.format, v, v)
        | st.builds("{} {} {}".format, v, st.sampled_from("+-*/"), v)
    ),
    max_leaves=4,
)
PARTS: dict[str, Any] = {
    "Answer": ["kind", "extract", "pick", "atol", "rtol", "name"],
    "Format": ["template", "tags", "regex", "schema", "name"],
    "Length": ["target", "width", "limit", "buffer", "unit"],
    "Gate": ["condition", "reward", "closed", "name"],
    "Default": ["reward", "fallback", "on"],
    "Sum": ["terms", "weights", "name"],
    "Product": ["terms", "name"],
    "Load": ["source", "name"],
    "Clip": ["reward", "low", "high"],
    "Mean": ["terms", "weights", "name"],
    "Lexicographic": ["terms", "levels"],
    "Statistic": ["reward", "of", "by", "among"],
    "Linear": ["start", "end", "begin", "finish"],
    "Steps": ["steps"],
    "Field": ["field", "low", "high"],
}


@given(st.data())
def test_any_values_make_a_reward_or_an_expression_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PARTS)))
    given_values = data.draw(st.lists(values, max_size=2))
    named = data.draw(st.dictionaries(st.sampled_from(PARTS[name]), values, max_size=3))
    text = f"{name}({', '.join([*given_values, *(f'{k}={v}' for k, v in named.items())])})"
    try:
        reward = parse(text)
    except ExpressionError as error:
        assert error.column is not None  # noqa: PT017
    else:
        assert parse(str(reward)) == reward
