"""``croissant.json``: what an export holds, in the form of Croissant 1.0 (mlcommons.org)."""

import json
from pathlib import Path
from typing import Any

from etl_project.contract import Column, Table, Type
from etl_project.export.card import DESCRIPTION, LICENCE_URL, TITLE
from etl_project.export.model import Bundle, Format

NAME = "croissant.json"

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES: dict[Type, str] = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "bigint": "sc:Integer",
    "double": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "timestamp": "sc:DateTime",
    "integers": "sc:Integer",
}
_MEDIA: dict[Format, str] = {
    "parquet": "application/x-parquet",
    "csv": "text/csv",
    "jsonl": "application/jsonlines",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "bibtex": "application/x-bibtex",
}


def write(folder: Path, bundle: Bundle) -> None:
    """Write it into ``folder``: every file, and of the first format every table with its columns."""
    published = bundle.publication.published_at
    dataset: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "papers",
        "description": f"{TITLE}. {DESCRIPTION}",
        "license": LICENCE_URL,
        "url": "https://huggingface.co/papers",
        "citeAs": f"{TITLE}, publication of {published:%Y-%m-%d}, run {bundle.publication.run_id}",
        "version": f"{bundle.publication.schema_version}.0.0",
        "datePublished": f"{published:%Y-%m-%d}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "contentUrl": file.name,
                "contentSize": f"{file.bytes} B",
                "encodingFormat": _MEDIA[file.format],
                "sha256": file.sha256,
            }
            for file in bundle.files
        ],
    }
    if bundle.tabular:
        dataset["recordSet"] = [_record_set(bundle, table, bundle.tabular[0], dataset) for table in bundle.tables]
    (folder / NAME).write_text(json.dumps(dataset, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _record_set(bundle: Bundle, table: Table, kind: Format, dataset: dict[str, Any]) -> dict[str, Any]:
    files = bundle.of(table, kind)
    if len(files) == 1:
        source = {"fileObject": {"@id": files[0].name}}
    else:
        source = {"fileSet": {"@id": f"{table.name}-files"}}
        dataset["distribution"].append(
            {
                "@type": "cr:FileSet",
                "@id": f"{table.name}-files",
                "name": f"{table.name}-files",
                "encodingFormat": _MEDIA[kind],
                "includes": f"{table.name}/*/*.{kind}",
            }
        )
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.grain,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [_field(table, column, kind, source) for column in table.published_columns],
    }


def _field(table: Table, column: Column, kind: Format, source: dict[str, Any]) -> dict[str, Any]:
    # what a column refers to is told in `datapackage.json` only: the library of Croissant takes it for a table to be
    # joined, and reads none that refers to the same one twice
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": column.description + (f" [{column.unit}]" if column.unit else ""),
        "dataType": _TYPES[column.type],
        "source": {
            **source,
            "extract": {"column": column.name},
        },
    }
    if column.type == "integers":
        field |= {"dataType": "sc:Text"} if kind == "csv" else {"repeated": True}  # a list is text in CSV
    return field
