"""Batches of a table in, CSV out: for spreadsheets, and for programs that read nothing better."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from etl_project.contract import Table
from etl_project.export.text_cells import iso_times, lists_as_json, safe_text


def write(table: Table, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write the rows under a line of names, and return their number.

    A null is an empty cell, an empty text ``""``. With a byte order mark: a spreadsheet takes a file without one for
    another encoding, and shows and saves wrong letters silently; programs pass over it.
    """
    rows = 0
    with path.open("wb") as file:
        file.write("\ufeff".encode())
        file.write((",".join(column.name for column in table.published_columns) + "\n").encode())
        for batch in batches:
            frame = pl.DataFrame(batch)
            safe_text(lists_as_json(iso_times(frame))).write_csv(file, include_header=False)
            rows += len(frame)
    return rows
