from __future__ import annotations

import json

import pytest

from plaudit.core.errors import ConfigError
from plaudit.worlds.digits.scenes import Digit, Scene, make_scenes
from plaudit.worlds.digits.tasks import TASKS, ask, say, see_wrongly

SCENE = Scene(
    "test",
    0,
    17,
    (32, 24),
    (
        Digit(3, "red", (1, 2, 7, 10), 45),
        Digit(7, "blue", (12, 1, 17, 9), 99),
        Digit(1, "green", (5, 13, 9, 21), 11),
    ),
)
MANY = make_scenes(300, split="test", seed=4).truth


@pytest.mark.parametrize(("task", "answer"), [("read", "3 7 1"), ("count", "3"), ("sum", "11"), ("max", "7")])
def test_references_worked_out_by_hand(task: str, answer: str) -> None:
    question = ask(SCENE, task)
    assert question.reference == answer
    assert say(question.reference) == answer


@pytest.mark.parametrize("scene", MANY[:100], ids=lambda scene: str(scene.index))
def test_a_box_is_that_of_the_only_digit_that_the_words_fit(scene: Scene) -> None:
    question = ask(scene, "locate")
    assert question.target is not None
    words = question.target.words.removeprefix("the ").split()
    assert question.target.words in question.prompt
    if words[0] == "digit":
        fitting = [scene.digits[int(words[2]) - 1]]
    else:
        fitting = [d for d in scene.digits if all(w in (d.colour, str(d.value), "digit") for w in words)]
    assert [list(d.box) for d in fitting] == [question.reference["box"]]  # type: ignore[index]
    assert question.reference == {"box": list(fitting[0].box), "frame": "pixel", "size": [32, 32]}


def test_digits_that_no_words_tell_apart_are_asked_for_by_number() -> None:
    twins = Scene("test", 0, 0, (32, 32), (Digit(5, "red", (1, 1, 6, 9), 5), Digit(5, "red", (20, 1, 26, 9), 15)))
    question = ask(twins, "locate")
    assert question.target is not None
    assert question.target.words == f"digit number {question.target.place + 1} in reading order"
    assert question.reference["box"] == list(twins.digits[question.target.place].box)  # type: ignore[index]


def test_a_box_is_said_as_the_prompt_asks() -> None:
    assert say({"box": [1, 2, 7, 10], "frame": "pixel", "size": [32, 24]}) == "[1, 2, 7, 10]"


@pytest.mark.parametrize("task", list(TASKS))
def test_wordings_vary_with_the_scene_and_are_reproducible(task: str) -> None:
    prompts = [ask(scene, task).prompt for scene in MANY]
    assert prompts == [ask(scene, task).prompt for scene in MANY]
    assert all("{" not in prompt and prompt.strip() == prompt for prompt in prompts)
    if task != "locate":
        assert set(prompts) == set(TASKS[task].prompts)
        assert len(set(prompts)) >= 5
        assert not any(c.isdigit() for prompt in prompts for c in prompt)


@pytest.mark.parametrize("task", list(TASKS))
def test_every_way_to_see_wrongly_leads_to_a_wrong_answer(task: str) -> None:
    ties = [
        Scene(
            "test",
            0,
            i,
            (32, 32),
            tuple(Digit(v, "red", (9 * j, 0, 9 * j + 6, 8), 0) for j, v in enumerate(vs)),
        )
        for i, vs in enumerate([(9, 9), (0,), (0, 0, 0), (9, 9, 9, 9), (5, 5, 2), (1,)])
    ]
    for scene in (*MANY, *ties):
        question = ask(scene, task)
        row = TASKS[task]
        seen = row.misread(scene, question.target)
        assert seen
        assert all(row.solve(s, question.target) != question.reference for s in seen)


def test_a_misplaced_box_overlaps_by_a_quarter_at_most() -> None:
    for scene in MANY:
        question = ask(scene, "locate")
        for seen in TASKS["locate"].misread(scene, question.target):
            a, b = (json.loads(say(TASKS["locate"].solve(s, question.target))) for s in (seen, scene))
            across = max(0, min(a[2], b[2]) - max(a[0], b[0]))
            down = max(0, min(a[3], b[3]) - max(a[1], b[1]))
            areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b)]
            assert min(areas) > 0
            assert across * down / (sum(areas) - across * down) <= 0.25


def test_one_digit_is_misread_and_the_rest_is_seen_as_it_is() -> None:
    for scene in MANY:
        for task in ("read", "sum"):
            seen = see_wrongly(ask(scene, task), "a key")
            assert sum(a != b for a, b in zip(seen.values, scene.values, strict=True)) == 1


def test_references_are_json() -> None:
    for task in TASKS:
        reference = ask(SCENE, task).reference
        assert json.loads(json.dumps(reference)) == reference


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown task 'cuont'; did you mean 'count'\?"):
        ask(SCENE, "cuont")
