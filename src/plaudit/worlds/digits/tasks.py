"""Tasks: what can be asked about a scene, and the one right answer.

A task is a row of :data:`TASKS`: how the question is worded, how truth answers it, how a person who saw
wrongly would see, how a train of thought ends. A new task is a new row. Everything drawn about a question
(its wording, what it asks for) depends on the scene's seed, split and index and on the task, so that a
question is as reproducible as its scene.

>>> from plaudit.worlds.digits.scenes import make_scenes
>>> question = ask(make_scenes(1, split="test", seed=3).truth[0], "sum")
>>> question.reference == str(sum(question.scene.values))
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from plaudit.core.errors import ConfigError, nearest
from plaudit.worlds.digits.draws import pick
from plaudit.worlds.digits.scenes import Digit, Scene

__all__ = ["TASKS", "Question", "Reference", "Target", "Task", "ask", "say", "see_wrongly", "think"]

Reference = str | dict[str, Any]


class Target(NamedTuple):
    """The digit that a question asks for: its place in reading order, from 0, and words that name it."""

    place: int
    words: str


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of question.

    Attributes:
        name: what the table, the data and the command line call it.
        about: one line for people.
        prompts: wordings of the question; ``{target}`` stands for the words of the target.
        verifier: the reward, as an expression, that compares a response with the reference.
        solve: the reference, from a scene as it is or as it was seen.
        conclude: the last sentence of a train of thought, from the scene as seen, the target and the answer
            given.
        misread: ways to see the scene wrongly, every one of which leads to a wrong answer.
        target: the digit to ask for, or None for a task that asks about the whole scene.
    """

    name: str
    about: str
    prompts: tuple[str, ...]
    verifier: str
    solve: Callable[[Scene, Target | None], Reference]
    conclude: Callable[[Scene, Target | None, str], str]
    misread: Callable[[Scene, Target | None], list[Scene]]
    target: Callable[[Scene], Target] | None = None


class Question(NamedTuple):
    """A task put to a scene: the words, and the reference (typed as its verifier takes it)."""

    scene: Scene
    task: Task
    prompt: str
    reference: Reference
    target: Target | None


def ask(scene: Scene, task: str) -> Question:
    """Ask a question about a scene.

    Raises:
        ConfigError: no task has that name.
    """
    if task not in TASKS:
        raise ConfigError(f"unknown task {task!r}{nearest(task, TASKS)}")
    row = TASKS[task]
    target = row.target(scene) if row.target else None
    wording = pick(row.prompts, "wording", scene.seed, scene.split, scene.index, task)
    prompt = wording.format(target=target.words if target else "")
    return Question(scene, row, prompt, row.solve(scene, target), target)


def say(reference: Reference) -> str:
    """Return a reference as a response writes it: text as it is, a box as ``[x1, y1, x2, y2]``."""
    return reference if isinstance(reference, str) else str(reference["box"])


def think(question: Question, seen: Scene, answer: str) -> str:
    """Return the train of thought of someone who saw ``seen`` and concludes ``answer``."""
    listed = f"I see {', '.join(map(str, seen.values))}."
    return f"{listed} {question.task.conclude(seen, question.target, answer)}".rstrip()


def see_wrongly(question: Question, *key: str | int) -> Scene:
    """Return the scene with one mistake in it, chosen by the key, that leads to a wrong answer."""
    return pick(question.task.misread(question.scene, question.target), "misread", *key)


def _box(scene: Scene, target: Target | None) -> Reference:
    assert target is not None
    return {"box": list(scene.digits[target.place].box), "frame": "pixel", "size": list(scene.size)}


def _one_to_find(scene: Scene) -> Target:
    """Choose a digit that value, colour or both single out; if there is none, one by its number."""
    options = []
    for index, digit in enumerate(scene.digits):
        same_value = sum(d.value == digit.value for d in scene.digits)
        same_colour = sum(d.colour == digit.colour for d in scene.digits)
        same_both = sum((d.value, d.colour) == (digit.value, digit.colour) for d in scene.digits)
        if same_value == 1:
            options.append(Target(index, f"the {digit.value}"))
        if same_colour == 1:
            options.append(Target(index, f"the {digit.colour} digit"))
        if same_both == 1:
            options.append(Target(index, f"the {digit.colour} {digit.value}"))
    if not options:
        options = [Target(i, f"digit number {i + 1} in reading order") for i in range(len(scene.digits))]
    return pick(options, "target", scene.seed, scene.split, scene.index)


def _misread_one(scene: Scene, target: Target | None) -> list[Scene]:
    return [
        _with(scene, i, replace(digit, value=value))
        for i, digit in enumerate(scene.digits)
        for value in range(10)
        if value != digit.value
    ]


def _misread_largest(scene: Scene, target: Target | None) -> list[Scene]:
    """The largest digit taken for another, its copies too: any one of them would give the maximum away."""
    largest = max(scene.values)
    return [
        replace(scene, digits=tuple(replace(d, value=v) if d.value == largest else d for d in scene.digits))
        for v in range(10)
        if v != largest
    ]


def _miscount(scene: Scene, target: Target | None) -> list[Scene]:
    """One digit seen that isn't there, or one overlooked (never the only one)."""
    imagined = [replace(scene, digits=(*scene.digits, replace(scene.digits[-1], value=v))) for v in range(10)]
    overlooked = [replace(scene, digits=scene.digits[:i] + scene.digits[i + 1 :]) for i in range(len(scene.digits))]
    return imagined + overlooked if len(overlooked) > 1 else imagined


def _misplace(scene: Scene, target: Target | None) -> list[Scene]:
    """Another digit's box, or the top quarter of the only one's: an overlap (IoU) of 0 or of a quarter."""
    assert target is not None
    sought = scene.digits[target.place]
    x1, y1, x2, y2 = sought.box
    others = [d.box for i, d in enumerate(scene.digits) if i != target.place]
    boxes = others or [(x1, y1, x2, y1 + (y2 - y1) // 4)]
    return [_with(scene, target.place, replace(sought, box=box)) for box in boxes]


def _with(scene: Scene, index: int, digit: Digit) -> Scene:
    return replace(scene, digits=(*scene.digits[:index], digit, *scene.digits[index + 1 :]))


def _capital(target: Target | None) -> str:
    words = target.words if target else ""
    return words[:1].upper() + words[1:]


_ROWS = (
    Task(
        name="read",
        about="the digits in reading order",
        prompts=(
            "Read the digits, line by line from left to right, with a space between them.",
            "Which digits are in the picture? List them in reading order, separated by spaces.",
            "What digits do you see? Write them in reading order, one space between each.",
            "Write down every digit in reading order, separated by spaces.",
            "Transcribe the handwritten digits in reading order, separated by spaces.",
        ),
        verifier='Answer("exact")',
        solve=lambda scene, target: " ".join(map(str, scene.values)),
        conclude=lambda seen, target, answer: "",
        misread=_misread_one,
    ),
    Task(
        name="count",
        about="how many digits there are",
        prompts=(
            "How many digits are there?",
            "How many digits are in the picture?",
            "Count the digits.",
            "What is the number of digits that you see?",
            "How many handwritten digits does the image show?",
        ),
        verifier='Answer("number")',
        solve=lambda scene, target: str(len(scene.digits)),
        conclude=lambda seen, target, answer: f"That makes {answer}.",
        misread=_miscount,
    ),
    Task(
        name="sum",
        about="the sum of all digits",
        prompts=(
            "What is the sum of the digits?",
            "Add up all the digits in the picture.",
            "What do the digits add up to?",
            "Compute the sum of all digits that you see.",
            "What is the total when every digit is added?",
        ),
        verifier='Answer("number")',
        solve=lambda scene, target: str(sum(scene.values)),
        conclude=lambda seen, target, answer: f"{' + '.join(map(str, seen.values))} = {answer}.",
        misread=_misread_one,
    ),
    Task(
        name="max",
        about="the largest digit",
        prompts=(
            "What is the largest digit?",
            "Which digit in the picture is the largest?",
            "Give the highest digit that you see.",
            "What is the maximum of the digits?",
            "Of all digits in the image, which is the greatest?",
        ),
        verifier='Answer("number")',
        solve=lambda scene, target: str(max(scene.values)),
        conclude=lambda seen, target, answer: f"The largest is {answer}.",
        misread=_misread_largest,
    ),
    Task(
        name="locate",
        about="the box of one digit",
        prompts=(
            "Where is {target}? Give its box in pixels as [x1, y1, x2, y2].",
            "Locate {target}. Answer with the pixel box [x1, y1, x2, y2].",
            "Find {target} and give its bounding box [x1, y1, x2, y2] in pixels.",
            "Give the box around {target} as [x1, y1, x2, y2], in pixels.",
            "In pixels, what is the bounding box [x1, y1, x2, y2] of {target}?",
        ),
        verifier="Box()",
        solve=_box,
        conclude=lambda seen, target, answer: f"{_capital(target)} is at {answer}.",
        misread=_misplace,
        target=_one_to_find,
    ),
)

TASKS = {task.name: task for task in _ROWS}
"""Every task by name."""
