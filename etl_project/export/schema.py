"""A declared table as an Arrow schema that describes itself."""

import json

import pyarrow as pa

from etl_project.contract import Table, Type

_ARROW: dict[Type, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "integers": pa.list_(pa.int32()),
}


def arrow_schema(table: Table) -> pa.Schema:
    """Return the schema of ``table``'s published columns: ``description`` and ``unit`` of each, grain and key of the whole.

    The run is not told here, and no time: the same rows must give the same bytes, by whichever run.
    """
    return pa.schema(
        [
            pa.field(
                column.name,
                _ARROW[column.type],
                nullable=not column.required,
                metadata={"description": column.description, **({"unit": column.unit} if column.unit else {})},
            )
            for column in table.published_columns
        ],
        metadata={"table": table.name, "grain": table.grain, "key": json.dumps(table.key)},
    )
