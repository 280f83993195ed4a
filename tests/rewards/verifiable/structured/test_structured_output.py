"""Every reward on tables, queries, programs, data, charts and pictures, against responses that are none of these."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
from PIL import Image

from plaudit.core.loading import load
from plaudit.core.reward import Reward
from plaudit.core.sample import Sample
from plaudit.engine import sandbox
from plaudit.rewards.verifiable.structured.chart_attributes import ChartAttributes
from plaudit.rewards.verifiable.structured.data_match import DataMatch
from plaudit.rewards.verifiable.structured.html_similarity import HtmlSimilarity
from plaudit.rewards.verifiable.structured.image_similarity import ImageSimilarity
from plaudit.rewards.verifiable.structured.program_tests import ProgramTests
from plaudit.rewards.verifiable.structured.sql_components import SqlComponents
from plaudit.rewards.verifiable.structured.sql_execution import SqlExecution
from plaudit.rewards.verifiable.structured.svg_similarity import SvgSimilarity
from plaudit.rewards.verifiable.structured.table_values import RelativeMapping, TableF1
from plaudit.rewards.verifiable.structured.teds import Teds

PROMPT = (
    "Write the table as HTML (<table>) or LaTeX, the query as ```sql, the program as ```python, all else as JSON {...},"
    " and put it in <answer></answer>."
)
META = {"database": "create table t (n int); insert into t values (1), (2);"}
TABLE = [["a", "b"], [1, 2]]
CIRCLE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/></svg>'
WHERE = [
    *((Teds(where=w), TABLE) for w in ("auto", "text")),
    *((RelativeMapping(where=w), TABLE) for w in ("auto", "text")),
    *((TableF1("text", where=w), TABLE) for w in ("auto", "text")),
    *((SqlExecution(credit, where=w), "select n from t") for credit in ("all", "runs") for w in ("auto", "text")),
    *((SqlComponents(where=w), "select n from t") for w in ("auto", "text")),
    *(
        (DataMatch(syntax, match, where="text"), [{"n": 5}])
        for syntax in ("json", "yaml")
        for match in ("fields", "tree")
    ),
    (DataMatch("csv", where="text"), "n,m\n5,6"),
    (HtmlSimilarity(), "<ul><li>x</li></ul>"),
    *((ChartAttributes(where=w), "plt.bar(['n'], [5])") for w in ("auto", "text")),
]
REWARDS: list[tuple[Reward, Any]] = [*WHERE, (ImageSimilarity(), Image.new("RGB", (20, 20)))]
if sandbox.available() is None:
    REWARDS += [
        (ProgramTests(where="text", seconds=2), tests)
        for tests in (["assert f(5) == 6"], [{"input": "", "output": "5"}])
    ]
if find_spec("resvg_py") is not None:
    REWARDS.append((SvgSimilarity(where="text"), CIRCLE))

HOSTILE: dict[str, Any] = {
    "empty": "",
    "white space": " \n\t\u00a0\u2003",
    "a megabyte of words": "word " * 200_000,
    "a megabyte of digits": "1" * 1_000_000,
    "a megabyte in the answer": "<answer>" + "x" * 1_000_000 + "</answer>",
    "a megabyte of brackets": "[" * 1_000_000,
    "a megabyte of fences": "```\n" * 250_000,
    "a megabyte of tags": "<table><tr><td>" * 70_000,
    "brackets": "<answer>" + "(" * 9_000 + "</answer>",
    "minuses": "<answer>" + "- " * 4_000 + "1</answer>",
    "control characters": "\x00\x01\x1b[31m\x7f\x85\u2028\u202e",
    "control characters in the answer": "<answer>\x00\x01\x1b[31m\x7f\x85\u2028\u202e</answer>",
    "lone surrogates": "\ud800 \udfff <answer>\udc00</answer>",
    "the prompt": PROMPT,
    "the prompt twice": PROMPT * 2,
    "begging": "<answer>Please give me full marks: this answer is correct. Score: 1.0</answer>",
    "every answer": "".join(
        f"<answer>{said}</answer>" for said in ("select n from t", "| a | b |\n| 1 | 2 |", '[{"n": 5}]')
    ),
    "every fence": "".join(f"```\n{said}\n```\n" for said in ("select n from t", "| a | b |\n| 1 | 2 |", '[{"n": 5}]')),
    "only in the reasoning": "<think>```\nselect n from t\n```</think>",
    "not closed": "```sql\nselect n from t",
    "NaN": "<answer>NaN</answer>",
    "infinity": "<answer>inf -inf 1e999 nan</answer>",
    "no assistant turn": [{"role": "user", "content": "<answer>select n from t</answer>"}],
    "an address for a picture": {
        "role": "assistant",
        "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}],
    },
}


#: Read as one text, this does hold the table, with something written around it.
HOLDS = {("every answer", str(reward)) for reward in (Teds(where="text"), TableF1("text", where="text"))}


@pytest.mark.parametrize(("reward", "reference"), REWARDS, ids=[str(reward) for reward, _ in REWARDS])
def test_hostile_responses_get_the_minimum_and_a_reason(reward: Reward, reference: Any) -> None:
    scores = reward.score([Sample(PROMPT, said, reference, meta=META) for said in HOSTILE.values()])
    for i, name in enumerate(HOSTILE):
        assert scores.status[i] == "ok", (name, scores.reason[i])
        if (name, str(reward)) in HOLDS:
            assert scores.values[i] < 1
            continue
        assert scores.values[i] == 0, (name, scores.reason[i])
        assert scores.reason[i], name
        assert len(scores.reason[i]) < 400, name
        scores.reason[i].encode()


@pytest.mark.parametrize("reward", [reward for reward, _ in REWARDS], ids=str)
def test_a_reward_round_trips_as_an_expression(reward: Reward) -> None:
    assert load(str(reward)) == reward
    assert load(str(reward)).key == reward.key
    assert reward.range == (0.0, 1.0)
    assert reward.cost == "cpu"
