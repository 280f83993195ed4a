from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from plaudit.core.errors import ConfigError
from plaudit.worlds.digits.responders import RESPONDERS, respond
from plaudit.worlds.digits.scenes import make_scenes
from plaudit.worlds.digits.tasks import TASKS, Question, ask

QUESTIONS = [
    ask(scene, task)
    for scene in (*make_scenes(120, split="test", seed=8).truth, *make_scenes(40, digits=(1, 1)).truth)
    for task in TASKS
]
BLOCK = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
WELL_FORMED = re.compile(r"<think>([^<>]+)</think><answer>([^<>]+)</answer>")

every_responder = pytest.mark.parametrize("name", list(RESPONDERS))


def expected(question: Question) -> object:
    """The right answer, worked out from the scene anew."""
    digits = question.scene.digits
    if question.task.name == "locate":
        assert question.target is not None
        return list(digits[question.target.place].box)
    values = [d.value for d in digits]
    return {
        "read": " ".join(str(v) for v in values),
        "count": str(len(values)),
        "sum": str(sum(values)),
        "max": str(sorted(values)[-1]),
    }[question.task.name]


def is_right(question: Question, answer: str) -> bool:
    if question.task.name == "locate":
        numbers = re.fullmatch(r"\[(\d+), (\d+), (\d+), (\d+)\]", answer)
        return numbers is not None and [int(n) for n in numbers.groups()] == expected(question)
    return answer == expected(question)


@every_responder
def test_what_is_stated_of_a_response_is_so(name: str) -> None:
    responder = RESPONDERS[name]
    for question in QUESTIONS:
        response = respond(question, name)
        # Reasoning ends at its closing tag, or never.
        blocks = BLOCK.findall(re.sub(r"<think>.*?(</think>|$)", "", response))
        assert (len(blocks) == 1 and is_right(question, blocks[0])) is responder.answer_right, response
        assert (WELL_FORMED.fullmatch(response) is not None) is responder.format_right, response


@every_responder
def test_a_response_is_reproducible(name: str) -> None:
    assert [respond(q, name) for q in QUESTIONS] == [respond(q, name) for q in QUESTIONS]


@pytest.mark.parametrize("name", ["echo", "beg", "refuse", "truncated", "empty", "misread", "slip"])
def test_a_wrong_response_has_the_right_answer_in_no_block(name: str) -> None:
    for question in QUESTIONS:
        for block in BLOCK.findall(respond(question, name)):
            assert not is_right(question, block)


@pytest.mark.parametrize("name", ["beg", "refuse"])
def test_pleas_and_refusals_name_no_number(name: str) -> None:
    assert not any(c.isdigit() for q in QUESTIONS for c in respond(q, name))


def test_an_echo_names_a_number_only_where_the_prompt_does() -> None:
    assert not any(c.isdigit() for q in QUESTIONS if q.task.name != "locate" for c in respond(q, "echo"))
    assert all(respond(q, "echo").count(q.prompt) == 2 for q in QUESTIONS)


def listed(response: str) -> list[int]:
    """The digits that a train of thought says it sees."""
    found = re.search(r"I see ([\d, ]+)\.", response)
    assert found is not None, response
    return [int(d) for d in found.group(1).split(", ")]


def test_a_slip_reads_rightly() -> None:
    for question in QUESTIONS:
        assert listed(respond(question, "slip")) == list(question.scene.values)


def test_a_misreading_is_consistent() -> None:
    consequence: dict[str, Callable[[list[int]], int]] = {"sum": sum, "max": max, "count": len}
    for question in QUESTIONS:
        response = respond(question, "misread")
        seen, answer = listed(response), BLOCK.findall(response)[0]
        if question.task.name in consequence:
            assert seen != list(question.scene.values)
            assert answer == str(consequence[question.task.name](seen))
        elif question.task.name == "read":
            assert answer == " ".join(map(str, seen))
        else:
            assert answer in response.partition("</think>")[0]


def test_a_slip_gives_an_answer_of_the_right_kind() -> None:
    for question in QUESTIONS:
        answer = BLOCK.findall(respond(question, "slip"))[0]
        if question.task.name == "max":
            assert 0 <= int(answer) <= 9
        elif question.task.name == "read":
            assert re.fullmatch(r"\d( \d)*", answer)
            assert len(answer.split()) == len(question.scene.digits)
        elif question.task.name == "locate":
            assert len(json.loads(answer)) == 4
        else:
            assert abs(int(answer) - int(str(expected(question)))) == 1


def test_a_truncated_response_ends_within_its_reasoning() -> None:
    for question in QUESTIONS:
        cut = respond(question, "truncated")
        assert respond(question, "right").startswith(cut)
        assert len("<think>") < len(cut)
        assert "</think>" not in cut


@pytest.mark.parametrize(("name", "between"), [("two-answers", "</answer><answer>"), ("hedge", " or ")])
def test_two_answers_are_one_right_and_one_wrong_in_either_order(name: str, between: str) -> None:
    orders = set()
    for question in QUESTIONS:
        response = respond(question, name)
        first, second = response[response.index("<answer>") + 8 : -9].split(between)
        orders.add((is_right(question, first), is_right(question, second)))
    assert orders == {(True, False), (False, True)}


def test_the_broken_formats_are_broken_as_they_say() -> None:
    question = QUESTIONS[0]
    right = respond(question, "right")
    thought, answer = right.split("</think>")
    assert respond(question, "unclosed") == thought + answer
    assert respond(question, "swapped") == f"{answer}{thought}</think>"
    assert respond(question, "no-think") == answer
    assert respond(question, "chatty").startswith(right + " ")


def test_which_responders_are_adversarial() -> None:
    assert {r.name for r in RESPONDERS.values() if r.adversarial} == {"two-answers", "hedge", "echo", "beg"}


def test_an_unknown_responder_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown responder 'misred'; did you mean 'misread'\?"):
        respond(QUESTIONS[0], "misred")
