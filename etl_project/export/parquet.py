"""Batches of a table in, a Parquet file out: the same rows give the same bytes."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl_project.contract import Table
from etl_project.export.schema import arrow_schema
from etl_project.tables import SCHEMA_VERSION


def write(table: Table, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write ``batches``, each as a row group, and return the number of rows.

    For reads of a range: rows are in the order of the key, which the file says, and each page tells its least and
    greatest values. For readers of ten years ago: version 1 pages.
    """
    schema = arrow_schema(table)
    schema = schema.with_metadata({**schema.metadata, b"schema_version": str(SCHEMA_VERSION).encode()})
    order = pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in table.key], null_placement="at_end")
    rows = 0
    with pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=3, write_page_index=True, sorting_columns=order
    ) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema), row_group_size=batch.num_rows)
            rows += batch.num_rows
    return rows
