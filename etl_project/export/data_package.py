"""``datapackage.json``: what an export holds, in the form of Data Package v2 (datapackage.org)."""

import json
from pathlib import Path
from typing import Any

from etl_project.contract import Column, Table, Type
from etl_project.export.card import DESCRIPTION, TITLE
from etl_project.export.model import Bundle, File, Format

NAME = "datapackage.json"

_TYPES: dict[Type, str] = {
    "text": "string",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "integers": "array",
}
_MEDIA: dict[Format, str] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "bibtex": "application/x-bibtex",
}


def write(folder: Path, bundle: Bundle) -> None:
    """Write it into ``folder``. A table has its own name in the first of the formats, and ``<table>-<format>`` in others."""
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "papers",
        "title": TITLE,
        "description": DESCRIPTION,
        "version": f"{bundle.publication.schema_version}.0.0",
        "created": bundle.publication.published_at.isoformat() + "Z",
        "resources": [*_tables(bundle), *(_other(file) for file in bundle.files if file.table is None)],
    }
    (folder / NAME).write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _tables(bundle: Bundle) -> list[dict[str, Any]]:
    resources = []
    for kind in bundle.tabular:
        for table in bundle.tables:
            files = bundle.of(table, kind)
            resource = {
                "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
                "name": _resource(bundle, table.name, kind),
                "type": "table",
                "description": table.grain,
                "path": files[0].name if len(files) == 1 else [file.name for file in files],
                "format": kind,
                "mediatype": _MEDIA[kind],
                "encoding": "utf-8",
                "bytes": sum(file.bytes for file in files),
            }
            if len(files) == 1:
                resource["hash"] = f"sha256:{files[0].sha256}"
            resources.append(resource | {"schema": _schema(bundle, table, kind)})
    return resources


def _resource(bundle: Bundle, table: str, kind: Format) -> str:
    return table if kind == bundle.tabular[0] else f"{table}-{kind}"


def _schema(bundle: Bundle, table: Table, kind: Format) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(column, kind) for column in table.published_columns],
    }
    # a primary key may hold no null
    required = all(_never_missing(table.column(name), kind) for name in table.key)
    schema |= {"primaryKey": list(table.key)} if required else {"uniqueKeys": [list(table.key)]}
    there = {other.name: other for other in bundle.tables}
    keys = [
        {
            "fields": [column],
            "reference": {"resource": _resource(bundle, other, kind), "fields": list(there[other].key)},
        }
        for column, other in table.foreign_keys.items()
        if other in there
    ]
    return schema | ({"foreignKeys": keys} if keys else {})


def _never_missing(column: Column, kind: Format) -> bool:
    """Say whether no value of a column is missing: an empty cell of CSV is, also where it is an empty text."""
    never_empty = column.type != "text" or column.pattern or column.one_of
    return column.required and (kind != "csv" or bool(never_empty))


def _field(column: Column, kind: Format) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES[column.type], "description": column.description}
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, Any] = {"required": True} if _never_missing(column, kind) else {}
    if column.one_of:
        constraints["enum"] = list(column.one_of)
    if column.least is not None:
        constraints["minimum"] = int(column.least) if column.type != "double" else column.least
    if column.most is not None:
        constraints["maximum"] = int(column.most) if column.type != "double" else column.most
    return field | ({"constraints": constraints} if constraints else {})


def _other(file: File) -> dict[str, Any]:
    return {
        "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
        "name": file.name.replace(".", "-"),
        "path": file.name,
        "format": file.name.rpartition(".")[2],
        "mediatype": _MEDIA[file.format],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }
