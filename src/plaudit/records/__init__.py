"""Records in, records out: what ``plaudit score REWARD DATA -o OUT`` reads and writes.

:func:`read` streams samples out of JSON lines, JSON, Parquet, a folder of these or standard input, whatever a
data set calls its columns (:mod:`plaudit.records.fields` has the table). A record that can't be scored is not
dropped and stops nothing: it becomes a sample with a ``defect``, which every reward answers with ``invalid``
and that reason. :class:`Writer` writes the scores so that a half-written file never bears the name of a whole
one.

>>> for sample in read("data.jsonl", mapping={"reference": "solution"}):  # doctest: +SKIP
...     print(sample.id, sample.text, sample.defect)

Neither Pillow nor pyarrow is loaded before a record needs it.
"""

from __future__ import annotations

from plaudit.records.reader import read
from plaudit.records.writer import Writer

__all__ = ["Writer", "read"]
