"""Parquet files as rows, a batch at a time, through pyarrow.

Rows are numbered from 0, as ``dataset[i]`` counts them. A batch holds about 16 MB, reckoned from the file's
own statistics, so that a file of pictures needs no more memory than a file of text: one row group is never
loaded whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.core.errors import ConfigError
from plaudit.records.jsonl import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH_BYTES = 16 * 2**20
_MAX_ROWS = 1024
_BUFFER = 2**20


def read_parquet(path: Path) -> Iterator[Row]:
    """The records of a Parquet file, Hugging Face structs (``{"bytes", "path"}``) as they are.

    Raises:
        ConfigError: not a Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Without a buffer, or with pre-buffering, pyarrow loads whole row groups, pictures and all.
        file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{path} is not a Parquet file that can be read: {error}") from None
    number = 0
    with file:
        try:
            for batch in file.iter_batches(batch_size=_batch_rows(file.metadata)):
                for value in batch.to_pylist():
                    yield Row(number, value)
                    number += 1
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            yield Row(number, None, f"the file is damaged from here on: {error}")


def _batch_rows(metadata: Any) -> int:
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    return max(1, min(_MAX_ROWS, _BATCH_BYTES * int(metadata.num_rows) // max(1, int(size))))
