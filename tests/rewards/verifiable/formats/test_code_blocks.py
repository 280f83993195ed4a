from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.rewards.verifiable.formats.code_blocks import Block, code_block, fenced

SQL = "```sql\nselect 1\n```"


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("`select 1`", []),
        (SQL, [Block("sql", "select 1", True)]),
        ("a\n```\nx\n\ny\n```\nb", [Block("", "x\n\ny", True)]),
        ("~~~ SQL title\nx\n~~~", [Block("sql", "x", True)]),
        ("````md\n```py\nx\n```\n````", [Block("md", "```py\nx\n```", True)]),
        ("```\nx\n~~~\n```", [Block("", "x\n~~~", True)]),
        ("```\nx\n``` not a close\n```", [Block("", "x\n``` not a close", True)]),
        ("```py\nx", [Block("py", "x", False)]),
        ("```\n```", [Block("", "", True)]),
        (f"{SQL}\n{SQL}", [Block("sql", "select 1", True)] * 2),
        ("    ```\nx\n    ```", []),  # indented by four: code already
    ],
)
def test_fences_as_commonmark_has_them(text: str, blocks: list[Block]) -> None:
    assert fenced(text) == blocks


@pytest.mark.parametrize(
    ("text", "options", "code", "reason"),
    [
        (SQL, {}, "select 1", ""),
        (SQL, {"languages": ("sql",)}, "select 1", ""),
        (SQL, {"languages": ("python",)}, None, "no code block in python"),
        ("```\nx\n```", {"languages": ("python",)}, "x", ""),
        (f"```\nx\n```\n{SQL}", {"languages": ("sql",)}, "select 1", ""),
        (f"{SQL}\n```sql\nselect 2\n```", {}, None, "several code blocks"),
        (f"{SQL}\n```sql\nselect 2\n```", {"pick": "last"}, "select 2", ""),
        (f"{SQL}\n{SQL}", {}, "select 1", ""),
        (f"<answer>select 2</answer>\n{SQL}", {}, "select 2", ""),
        (f"<answer>It is\n{SQL}\nor\n{SQL}\n</answer>", {}, "select 1", ""),
        (f"<answer>select 2</answer>\n{SQL}", {"where": "fence"}, "select 1", ""),
        (SQL, {"where": "tag"}, None, "no answer"),
        ("select 1", {}, None, "no answer"),
        ("select 1", {"where": "text"}, "select 1", ""),
        (f"<think>{SQL}</think>", {}, None, "no answer"),
        (f"<think>\n{SQL}\n</think>\n```sql\nselect 2\n```", {}, "select 2", ""),
        ("<answer>a</answer><answer>b</answer>", {}, None, "several answers"),
        ("```sql\nselect 1", {}, None, "a code fence is not closed"),
        ("```\n \n```", {}, None, "empty answer"),
        ("", {"where": "text"}, None, "empty answer"),
    ],
)
def test_the_one_block_that_counts(text: str, options: dict[str, Any], code: str | None, reason: str) -> None:
    assert code_block(text, **options) == (code, reason)


@given(st.text(st.sampled_from("`~\n ax<>/answer")))
def test_any_text_gives_code_or_a_reason(text: str) -> None:
    found = code_block(text, ("a",))
    assert (found.text is None) == bool(found.reason)
    assert found.text is None or found.text.strip()
