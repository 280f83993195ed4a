"""The digits world: small colour scenes of handwritten digits, questions about them, scripted responses.

Truth is known exactly: every digit, colour and box of a scene, the answer to every question, and what is
right or wrong with every scripted response. So a reward can be checked against truth, and a small model
trained, with no download.

>>> from plaudit.worlds import digits
>>> record = next(digits.records(1, tasks=["sum"], split="test", responders=["right", "misread"]))
>>> [r["answer_right"] for r in record["meta"]["responders"]]
[True, False]
"""

from plaudit.worlds.digits.dataset import records, write
from plaudit.worlds.digits.handwriting import SPLITS
from plaudit.worlds.digits.responders import RESPONDERS, Responder, respond
from plaudit.worlds.digits.scenes import COLOURS, Digit, Scene, Scenes, make_scenes
from plaudit.worlds.digits.sheet import contact_sheet
from plaudit.worlds.digits.tasks import TASKS, Question, Task, ask

__all__ = [
    "COLOURS",
    "RESPONDERS",
    "SPLITS",
    "TASKS",
    "Digit",
    "Question",
    "Responder",
    "Scene",
    "Scenes",
    "Task",
    "ask",
    "contact_sheet",
    "make_scenes",
    "records",
    "respond",
    "write",
]
