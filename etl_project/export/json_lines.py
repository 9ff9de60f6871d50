"""Batches of a table in, a JSON object a line out: types kept, nulls written."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from etl_project.contract import Table
from etl_project.export.text_cells import iso_times


def write(table: Table, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write the rows and return their number. Text is exactly as in the tables; every object has every column."""
    rows = 0
    with path.open("wb") as file:
        for batch in batches:
            frame = pl.DataFrame(batch)
            iso_times(frame).write_ndjson(file)
            rows += len(frame)
    return rows
