"""Scenes: a response's boxes beside its reference's, in one frame, ready to be matched.

What every reward over sets of boxes does first, and what each of them says of a response without boxes: that it is the
minimum, unless the reference has none either and the answer is ``[]``. A box that is impossible (x2 < x1, outside its
frame, not four numbers) stays in the scene: it counts as drawn and overlaps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plaudit.core.errors import ConfigError
from plaudit.core.geometry import Box as Region
from plaudit.core.geometry import Frame
from plaudit.core.grade import Grade
from plaudit.rewards.verifiable.answers.extraction import How, extract
from plaudit.rewards.verifiable.regions.objects import Item, Place, Target, read_objects, read_targets, says_none
from plaudit.rewards.verifiable.regions.overlaps import LEAST, Overlap, overlap_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plaudit.core.sample import Sample

__all__ = ["Level", "Scene", "check_level", "level_at", "read_scene", "refuse_last", "sure"]

#: A number, or numbers by progress: ``[[0.1, 0.85], [0.25, 0.95], [1, 0.99]]`` is 0.85 until a tenth of training is
#: done (that included), then 0.95 until a quarter is, then 0.99.
Level = float | tuple[tuple[float, float], ...]


class Scene(NamedTuple):
    """A response's boxes and its reference's; at least one of each.

    Attributes:
        items: what the response wrote.
        boxes: its boxes in the reference's frame; None for an impossible one.
        targets: the reference's objects.
    """

    items: list[Item]
    boxes: list[Region | None]
    targets: list[Target]

    def overlaps(self, measure: Overlap = "iou", labels: bool = False) -> NDArray[np.float64]:
        """Return float64[drawn, reference]: least where a box is impossible or, if asked, the labels differ.

        IoU and GIoU are the same in every frame; the others, which are not, are taken in pixels if the size is known.
        """
        possible = [i for i, box in enumerate(self.boxes) if box is not None]
        found = np.full((len(self.boxes), len(self.targets)), LEAST[measure])
        drawn = [_corners(box, measure) for box in self.boxes if box is not None]
        right = [_corners(target.box, measure) for target in self.targets]
        found[possible] = overlap_matrix(drawn, right, measure)
        if labels:
            said, asked = self._labels()
            found[said[:, None] != asked] = LEAST[measure]
        return found

    def classes(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Each of the reference's labels: which boxes and which targets have it."""
        said, asked = self._labels()
        for label in np.unique(asked):
            yield said == label, asked == label

    def by_confidence(self) -> NDArray[np.intp]:
        """Return the rows from the most confident to the least, as written where confidences are equal or missing."""
        return np.argsort([-sure(item) for item in self.items], kind="stable")

    def _labels(self) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        said = np.array([_plain(item.label) for item in self.items])
        return said, np.array([_plain(target.label) for target in self.targets])


def read_scene(sample: Sample, frame: Frame, how: How) -> Scene | Grade:
    """Return the scene, or what the response is worth where there is nothing to match: 0 or 1.

    Raises:
        BadReferenceError: the reference can't be read.
        MediaError: the image whose size is needed is broken.
    """
    targets, place = read_targets(sample, frame)
    found = extract(sample.text, how)
    if found.text is None:
        return Grade(0.0, found.reason)
    items = read_objects(found.text)
    if not targets:
        nothing = not items and says_none(found.text)
        return Grade(1.0) if nothing else Grade(0.0, f"{len(items)} boxes where there is none, which is written []")
    if not items:
        return Grade(0.0, "no box")
    return Scene(items, [placed(item, frame, place) for item in items], targets)


def placed(item: Item, frame: Frame, place: Place) -> Region | None:
    """Return an item's box in the reference's frame; None for an impossible one."""
    if item.numbers is None or len(item.numbers) != 4:
        return None
    try:
        x1, y1, x2, y2 = item.numbers
        box = Region(x1, y1, x2, y2, frame, place.size)
        return box if frame == place.frame else box.to(place.frame)
    except ValueError:
        return None


def sure(item: Item) -> float:
    """Return an item's confidence, 1 if it has none."""
    return 1.0 if item.confidence is None else item.confidence


def level_at(level: Level, progress: float) -> float:
    """Return the number that holds at a progress of 0 to 1.

    >>> levels = ((0.1, 0.85), (0.25, 0.95), (1.0, 0.99))
    >>> [level_at(levels, done) for done in (0.0, 0.1, 0.2, 0.5, 1.0)]
    [0.85, 0.85, 0.95, 0.99, 0.99]
    """
    return level if isinstance(level, float) else next(value for until, value in level if progress <= until)


def check_level(name: str, level: Level) -> None:
    """Refuse numbers that are not in (0, 1], and progress that does not rise to 1.

    Raises:
        ConfigError: as said; ``name`` is ``"Boxes: threshold"``.
    """
    values = [level] if isinstance(level, float) else [value for _, value in level]
    for value in values:
        if not 0 < value <= 1:
            raise ConfigError(f"{name} is {value:g}; it lies above 0 and is at most 1")
    until = [1.0] if isinstance(level, float) else [progress for progress, _ in level]
    if until != sorted({*until}) or until[:1] <= [0.0] or until[-1] != 1:
        raise ConfigError(f"{name} is given until a progress of {until}; expected rising numbers above 0 that end at 1")


def refuse_last(name: str, how: How) -> None:
    """Refuse ``extract="last"``, which finds a number or a letter.

    Raises:
        ConfigError: it is that.
    """
    if how == "last":
        raise ConfigError(f'{name}: extract="last" finds a number or a letter; use "text"', "extract")


def _corners(box: Region, measure: Overlap) -> Sequence[float]:
    if measure in ("diou", "ciou") and box.size is not None:
        box = box.to("pixel")
    return (box.x1, box.y1, box.x2, box.y2)


def _plain(label: str) -> str:
    return label.strip().casefold()
