"""Actions: one step of an agent on a screen, a page or a game, compared by type first and then by argument.

An action is a type and named arguments. It is read from the one tool call of the last assistant turn; else from the one
block ``<answer>``, ``<action>`` or ``<tool_call>`` outside the reasoning, or from all outside it: JSON, or a call as
programs write it (``scroll(0.5, 0.5, direction="down")``). In JSON the type stands under ``action_type``, ``type`` or
``action``; where ``action`` holds an object, or ``arguments`` (``parameters``) does, that object is the action, named
by its own type or else by the call's name. Types are compared without case, and ``-`` and space as ``_``.

The two leaves are the parts of hierarchical rewards: an argument of an action of another type is worth nothing, so
``ActionType() * ActionArgument("text", "f1", 0.5, form="pass")`` is all or nothing and a weighted sum gives credit by
level.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.core.errors import BadReferenceError, ConfigError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame, Point, Size
from plaudit.core.grade import Grade
from plaudit.core.reward import Leaf, part
from plaudit.rewards.verifiable.answers.exact import token_f1
from plaudit.rewards.verifiable.answers.extraction import outside_reasoning
from plaudit.rewards.verifiable.answers.normalization import normalised
from plaudit.rewards.verifiable.answers.references import shown
from plaudit.rewards.verifiable.regions.objects import is_numbers, read_place, unfenced
from plaudit.rewards.verifiable.text.comparison import room_for
from plaudit.rewards.verifiable.tools.tool_calls import blocks, written_call
from plaudit.rewards.verifiable.tools.tool_match import same_json

if TYPE_CHECKING:
    from plaudit.core.sample import Sample

Rule = Literal["exact", "given", "f1", "rouge-l", "inside", "near"]
_TAGS = ("answer", "action", "tool_call")
_TYPES = ("action_type", "type", "action")


class Action(NamedTuple):
    """One action, its type in canonical writing; no type where ``fault`` says why there is none."""

    type: str
    arguments: Mapping[str, Any]
    fault: str = ""


@part
class ActionType(Leaf):
    """1 where the response's one action has the reference's type, else 0.

    No action, or several that differ, scores 0. The reference is an action in any of the forms in which a response may
    write it, as text or as an object; anything else is ``invalid``.

    Range: 0 or 1. Needs: ``reference``.

    >>> from plaudit import Sample
    >>> said = '<think>menu</think><answer>{"type": "Click", "name": "menu"}</answer>'
    >>> ActionType().score([Sample("Open it", said, reference={"type": "click", "name": "menu"})]).values
    array([1.])
    """

    needs = ("reference",)
    range = (0.0, 1.0)

    def grade(self, sample: Sample) -> Any:
        """Return 1, or 0 and the type found."""
        right, done = reference_action(sample.reference), action_of(sample)
        fault = _difference(done, right)
        return Grade(0.0, fault) if fault else Grade(1.0)


@part
class ActionArgument(Leaf):
    r"""How well one argument of the response's action fits the reference's; 0 where the action is of another type.

    Rules, for the values a of the response and b of the reference:

    * exact: 1 where they are equal as JSON, texts without regard to case and white space (a scroll's direction);
    * given: 1 where a is there and not empty;
    * f1: token F1 of two texts, as SQuAD counts it; rouge-l: ROUGE-L F1, as the rouge-score package does;
    * inside: 1 where point a lies in box b, border included;
    * near: 1 where the distance of point a from point b (or the centre of box b), in shares of the screen's width and
      height, is at most ``threshold``.

    Shop-R1 (2025) pays 0.3 for a right type, 0.2 for a click's name and 1000 times its ROUGE-L where that is above
    0.75; MagicGUI (2025) taps must be ``near`` by 0.14 and typed texts have F1 above 0.5; GUI-R1 (2025) clicks must be
    ``inside`` the box.

    The reference is an action; it may say in which ``frame`` its places are and the screen's ``size``, as for ``Box``.
    Places of the response outside its frame score 0. A value of the reference that the rule can't use is ``invalid``.

    Args:
        argument: the argument's name; ``a,b`` for a point of which two arguments are the coordinates; ``a|b`` for
            whichever is there. What a call gave by position is named ``0``, ``1``, ...
        rule: one of the above.
        threshold: f1 and rouge-l count only above it (else 0); near: the greatest distance.
        form: ``value``, or ``pass``: 1 where the value is above the threshold.
        absent: the value where the type is right and the reference has no such argument: 1 in products, 0 in sums.
        when: the types of action that the rule is for, the others being as if they had no such argument; all if empty.
        frame: the frame that the response writes places in: ``pixel``, ``unit`` or ``thousand``.

    Range: [0, 1], and ``absent``. Needs: ``reference``.

    Raises:
        ConfigError: near without a threshold, a threshold that the rule has no use for, or one out of range.

    >>> from plaudit import Sample
    >>> right = {"type": "tap", "point": [0.5, 0.5]}
    >>> near = ActionArgument("x,y|point", "near", 0.14, frame="unit")
    >>> near.score([Sample("?", f"tap(x={x}, y={y})", reference=right) for x, y in ((0.6, 0.58), (0.65, 0.5))]).values
    array([1., 0.])
    """

    argument: str
    rule: Rule = "exact"
    threshold: float | None = None
    form: Literal["value", "pass"] = "value"
    absent: float = 1.0
    when: tuple[str, ...] = ()
    frame: Frame = "pixel"

    needs = ("reference",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(name for way in self.argument.split("|") for name in way.split(",")):
            raise ConfigError(f"ActionArgument: argument {self.argument!r} has an empty name", "argument")
        measured = self.rule in ("f1", "rouge-l")
        if self.threshold is not None and not (measured or self.rule == "near"):
            raise ConfigError(f"ActionArgument: rule {self.rule!r} has no threshold", "threshold")
        if self.rule == "near" and (self.threshold is None or not self.threshold > 0):
            raise ConfigError("ActionArgument: near needs a threshold, a distance above 0", "threshold")
        if measured and not 0 <= (self.threshold or 0) < 1:
            raise ConfigError(f"ActionArgument: threshold={self.threshold}; it lies in [0, 1)", "threshold")

    @property
    def range(self) -> tuple[float, float]:
        """[0, 1], widened by ``absent``."""
        return (min(0.0, self.absent), max(1.0, self.absent))

    def grade(self, sample: Sample) -> Any:
        """Return how well the argument fits, or 0 and what is wrong."""
        right, done = reference_action(sample.reference), action_of(sample)
        meant = _found(right.arguments, self.argument)
        asked = meant is not None and not (self.when and right.type not in map(_canonical, self.when))
        judge = self._judge(sample, meant) if asked else None
        if fault := _difference(done, right):
            return Grade(0.0, fault)
        if judge is None:
            return Grade(self.absent)
        given = _found(done.arguments, self.argument)
        if given is None:
            return Grade(0.0, f"no {self.argument}")
        return judge.grade(given)

    def _judge(self, sample: Sample, meant: Any) -> _Judge:
        """Read the reference's side, so that what is wrong with it never depends on the response."""
        where = f"reference's {self.argument}"
        if self.rule in ("f1", "rouge-l") and not isinstance(meant, str):
            raise BadReferenceError(f"{where} is {shown(meant)}; rule {self.rule!r} expects a text")
        if self.rule not in ("inside", "near"):
            return _Judge(self, meant)
        said = sample.reference if isinstance(sample.reference, Mapping) else {}
        own, size = read_place(sample, said, self.frame)
        kinds = {"inside": (4,), "near": (2, 4)}[self.rule]
        if not any(is_numbers(meant, n) for n in kinds):
            expected = "a box [x1, y1, x2, y2]" if self.rule == "inside" else "a point [x, y], or a box"
            raise BadReferenceError(f"{where} is {shown(meant)}; rule {self.rule!r} expects {expected}")
        if self.rule == "near" and size is None and self.frame == "pixel":
            raise BadReferenceError('reference has no "size"; near measures in shares of the screen, and needs it')
        try:
            place = _place(meant, own, size)
        except ValueError as error:
            raise BadReferenceError(f"{where} is impossible: {error}") from None
        return _Judge(self, place, size)


class _Judge(NamedTuple):
    """The reference's side of one comparison."""

    asked: ActionArgument
    meant: Any
    size: Size | None = None

    def grade(self, given: Any) -> Grade:
        match self.asked.rule:
            case "given":
                there = given is not None and given not in ("", [], {}) and bool(str(given).strip())
                return Grade(1.0) if there else Grade(0.0, f"{self.asked.argument} is empty")
            case "exact":
                same = same_json(_folded(given), _folded(self.meant))
                return Grade(1.0) if same else Grade(0.0, f"another {self.asked.argument}")
            case "f1" | "rouge-l":
                return self._text(given)
            case _:
                return self._place(given)

    def _text(self, given: Any) -> Grade:
        if not isinstance(given, str) or not given.strip():
            return Grade(0.0, f"{self.asked.argument} is no text")
        if len(given) > room_for(len(self.meant)):
            return Grade(0.0, f"{self.asked.argument} is far longer than the reference's")
        if self.asked.rule == "f1":
            value = token_f1(normalised(given, "squad").split(), normalised(self.meant, "squad").split())
        else:
            from plaudit.rewards.verifiable.text.rouge import ROUGE, rouge

            units = ROUGE(("L",)).units
            value = rouge(units(given), units(self.meant), "L")
        passed = value > (self.asked.threshold or 0.0)
        worth = float(passed) if self.asked.form == "pass" else value * passed
        return Grade(worth, "" if worth == 1 else f"{self.asked.rule} {value:.3f}")

    def _place(self, given: Any) -> Grade:
        if not is_numbers(given, 2):
            return Grade(0.0, f"{self.asked.argument} is no point")
        try:
            point = Point(given[0], given[1], self.asked.frame, self.size)
            if self.asked.rule == "inside":
                box, here = self.meant, point.to(self.meant.frame, self.size)
                inside = box.x1 <= here.x <= box.x2 and box.y1 <= here.y <= box.y2
                return Grade(1.0) if inside else Grade(0.0, "outside the box")
            here, there = point.to("unit", self.size), self.meant.to("unit", self.size)
        except ValueError as error:
            return Grade(0.0, f"impossible point: {error}"[:200])
        x, y = (
            (there.x, there.y) if isinstance(there, Point) else ((there.x1 + there.x2) / 2, (there.y1 + there.y2) / 2)
        )
        distance = math.hypot(here.x - x, here.y - y)
        near = distance <= (self.asked.threshold or 0.0)
        return Grade(1.0) if near else Grade(0.0, f"{distance:.3g} of the screen away")


def action_of(sample: Sample) -> Action:
    """Return the one action of a response; see the module."""
    spoken = [turn for turn in sample.turns if turn.role == "assistant"]
    calls = spoken[-1].tool_calls if spoken else ()
    if calls:
        found = [action_from({"name": call.name, "arguments": call.arguments}) for call in calls]
    else:
        said = outside_reasoning(sample.text)
        tagged = blocks(said, _TAGS)
        if any(not block.closed for block in tagged):
            return Action("", {}, "a tag is not closed")
        found = [action_from(block.text) for block in tagged] if tagged else [action_from(said)]
    if any(one != found[0] for one in found):
        return Action("", {}, "several actions")
    return found[0]


def action_from(given: Any) -> Action:
    """Read an action from text or from an object, with the fault where it is none.

    >>> action_from('{"action": {"type": "type_and_submit", "text": "shoes"}}')
    Action(type='type_and_submit', arguments={'text': 'shoes'}, fault='')
    >>> action_from({"name": "computer", "arguments": {"action": "left_click", "coordinate": [5, 9]}})[:2]
    ('left_click', {'coordinate': [5, 9]})
    """
    none = Action("", {}, "no action")
    if isinstance(given, str):
        text = unfenced(given)
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            call = written_call(text)
            return none if call is None else Action(_canonical(call.name), call.arguments)
    name = None
    for _ in range(3):
        if not isinstance(given, Mapping):
            return none
        if isinstance(given.get("action"), Mapping):
            given = given["action"]
            continue
        inner = next((given[k] for k in ("arguments", "parameters") if isinstance(given.get(k), Mapping)), None)
        if inner is None or not isinstance(given.get("name"), str):
            break
        given, name = inner, given["name"]
    key = next((k for k in _TYPES if isinstance(given.get(k), str) and given[k].strip()), None)
    kind = given[key] if key is not None else name
    if not kind:
        return none
    return Action(_canonical(kind), {str(k): v for k, v in given.items() if k != key})


def reference_action(given: Any) -> Action:
    """Return the action of a reference.

    Raises:
        BadReferenceError: it is none.
    """
    if isinstance(given, Mapping):
        given = {k: v for k, v in given.items() if k not in ("frame", "size")}
    action = action_from(given)
    if action.fault:
        raise BadReferenceError(f'reference is {shown(given)}; expected an action, {{"type": ..., arguments}}')
    return action


def _place(numbers: Sequence[float], frame: Frame, size: Size | None) -> Region | Point:
    if len(numbers) == 2:
        return Point(numbers[0], numbers[1], frame, size)
    return Region(numbers[0], numbers[1], numbers[2], numbers[3], frame, size)


def _difference(done: Action, right: Action) -> str:
    if done.fault:
        return done.fault
    if done.type != right.type:
        return f"action {done.type[:80].encode('utf-8', 'backslashreplace').decode()} where {right.type} belongs"
    return ""


def _found(arguments: Mapping[str, Any], argument: str) -> Any:
    """Return the first way of writing an argument that is there, or None."""
    for way in argument.split("|"):
        names = way.split(",")
        values = [arguments.get(name) for name in names]
        if all(value is not None for value in values):
            return values[0] if len(names) == 1 else values
    return None


def _canonical(kind: str) -> str:
    return kind.strip().casefold().replace("-", "_").replace(" ", "_")


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    return [_folded(one) for one in value] if isinstance(value, list | tuple) else value
