"""Data sets of the digits world: JSON lines beside a folder of PNG files, or the same records in memory.

A record is one question about one scene. Record ``i`` shows scene ``i`` and puts task ``i`` modulo the number
of tasks to it, so that tasks are equally frequent and no two records share a picture. The same arguments give
the same pixels and the same JSON lines, byte for byte. ``data.jsonl`` appears last and whole: whoever finds
it finds every picture it names.

::

    {"id": "digits-test-0-000001-sum", "prompt": "Add up all the digits.", "images": ["images/000001.png"],
     "reference": "8", "task": "sum", "source": "digits/test", "meta": {"scene": {...}, "responders": [...]},
     "responses": ["<think>I see 3, 5. 3 + 5 = 8.</think><answer>8</answer>", ...]}

``meta.scene`` is the truth (:meth:`Scene.to_dict`). ``responses`` and ``meta.responders`` are there when
responders were asked for, and are aligned.

>>> record = next(records(1, tasks=["count"], digits=(3, 3), responders=["right"]))
>>> record["reference"], record["meta"]["responders"][0]["answer_right"]
('3', True)
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from plaudit.core.errors import ConfigError, nearest
from plaudit.worlds.digits.responders import RESPONDERS, respond
from plaudit.worlds.digits.scenes import COLOURS, Scene, make_scenes
from plaudit.worlds.digits.tasks import TASKS, ask

__all__ = ["records", "write"]

Record = dict[str, Any]


def records(
    n: int,
    *,
    tasks: Sequence[str] = tuple(TASKS),
    split: str = "train",
    seed: int = 0,
    size: tuple[int, int] = (32, 32),
    digits: tuple[int, int] = (1, 4),
    colours: Sequence[str] = tuple(COLOURS),
    responders: Sequence[str] = (),
) -> Iterator[Record]:
    """Make ``n`` records in memory; ``images`` holds one RGB ``PIL.Image`` in place of a path.

    Args:
        n: how many records.
        tasks: names of tasks, asked in turn.
        split: whose handwriting: train, validation or test.
        seed: another seed makes other scenes.
        size: canvas (width, height) in pixels.
        digits: fewest and most digits of a scene.
        colours: names of the digits' colours.
        responders: names of the responders that answer each record.

    Raises:
        ConfigError: an unknown name, no task, a number out of range, or a canvas too small for the digits.
            Raised at once, before the first record is asked for.
    """
    for kind, names, known in (("task", tasks, TASKS), ("responder", responders, RESPONDERS)):
        for name in names:
            if name not in known:
                raise ConfigError(f"unknown {kind} {name!r}{nearest(name, known)}")
    if n < 0:
        raise ConfigError(f"n is {n}; give 0 or more")
    if not tasks:
        raise ConfigError(f"tasks is empty; choose from {', '.join(TASKS)}")

    make = partial(make_scenes, split=split, seed=seed, size=size, digits=digits, colours=colours)
    make(0)

    def generate() -> Iterator[Record]:
        from PIL import Image

        for start in range(0, n, _CHUNK):
            made = make(min(_CHUNK, n - start), start=start)
            for pixels, scene in zip(made.images, made.truth, strict=True):
                record = _record(scene, tasks[scene.index % len(tasks)], responders)
                record["images"] = [Image.fromarray(pixels)]
                yield record

    return generate()


def write(
    directory: str | Path,
    *,
    n: int,
    tasks: Sequence[str] = tuple(TASKS),
    split: str = "train",
    seed: int = 0,
    size: tuple[int, int] = (32, 32),
    digits: tuple[int, int] = (1, 4),
    colours: Sequence[str] = tuple(COLOURS),
    responders: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write ``n`` records to ``directory`` (made if need be) and return the path of its ``data.jsonl``.

    Everything is written under a temporary name within ``directory`` first. Then a ``data.jsonl`` that was
    there is removed, pictures are moved to ``images/`` (over those of the same name; others stay) and the new
    ``data.jsonl`` comes last. Whatever goes wrong before that leaves what was there as it was.

    Args:
        directory: where to write.
        n: how many records.
        tasks: names of tasks, asked in turn.
        split: whose handwriting: train, validation or test.
        seed: another seed makes other scenes.
        size: canvas (width, height) in pixels.
        digits: fewest and most digits of a scene.
        colours: names of the digits' colours.
        responders: names of the responders that answer each record.
        progress: called with (records written, n) after every record.

    Raises:
        ConfigError: as :func:`records`, before anything is written; or ``directory`` can't be written to.
    """
    made = records(
        n,
        tasks=tasks,
        split=split,
        seed=seed,
        size=size,
        digits=digits,
        colours=colours,
        responders=responders,
    )
    target = Path(directory)
    try:
        target.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".partial-", dir=target))
    except OSError as e:
        raise ConfigError(f"can't write to {target}: {e.strerror}; give another directory") from e
    data = target / "data.jsonl"
    try:
        names = []
        with (staged / data.name).open("w", encoding="utf-8", newline="\n") as lines:
            for i, record in enumerate(made):
                names.append(f"{i:06d}.png")
                record["images"][0].save(staged / names[-1])
                record["images"] = [f"images/{names[-1]}"]
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                if progress:
                    progress(i + 1, n)
        (target / "images").mkdir(exist_ok=True)
        data.unlink(missing_ok=True)
        for name in names:
            (staged / name).replace(target / "images" / name)
        (staged / data.name).replace(data)
    finally:
        shutil.rmtree(staged)
    return data


_CHUNK = 512


def _record(scene: Scene, task: str, responders: Sequence[str]) -> Record:
    question = ask(scene, task)
    meta: Record = {"scene": scene.to_dict()}
    record: Record = {
        "id": f"digits-{scene.split}-{scene.seed}-{scene.index:06d}-{task}",
        "prompt": question.prompt,
        "images": [],
        "reference": question.reference,
        "task": task,
        "source": f"digits/{scene.split}",
        "meta": meta,
    }
    if responders:
        record["responses"] = [respond(question, name) for name in responders]
        meta["responders"] = [
            {
                "name": name,
                "answer_right": RESPONDERS[name].answer_right,
                "format_right": RESPONDERS[name].format_right,
                "adversarial": RESPONDERS[name].adversarial,
            }
            for name in responders
        ]
    return record
