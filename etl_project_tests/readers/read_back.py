"""Read the exports in the folders that are named, with ``datasets``, ``frictionless`` and ``mlcroissant``; print JSON.

By folder: ``tables``, types and rows (as text) of each configuration; ``default``, the one that is taken without a name;
``data_package`` and ``croissant``, what is wrong with them; ``records``, how many rows Croissant gives of each table.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def datasets_of(folder: Path) -> dict[str, Any]:
    import datasets

    datasets.disable_progress_bars()
    names = datasets.get_dataset_config_names(str(folder))
    tables = {}
    for name in names:
        rows = datasets.load_dataset(str(folder), name, split="train")
        columns = [rows.with_format("arrow")[:][column].to_pylist() for column in rows.column_names]
        tables[name] = {
            "types": {column: str(kind.pa_type if hasattr(kind, "pa_type") else kind) for column, kind in rows.features.items()},
            "rows": [[repr(value) for value in row] for row in zip(*columns, strict=True)],
        }  # fmt: skip
    return {"tables": tables, "default": datasets.get_dataset_default_config_name(str(folder))}


def data_package_of(folder: Path) -> list[str]:
    """Errors of the descriptor; of the rows, too, where they are CSV: types, limits, closed lists, keys and references."""
    from frictionless import Package, validate

    package = Package.from_descriptor(str(folder / "datapackage.json"))
    if {resource.format for resource in package.resources} != {"csv"}:
        return []  # it raises where the descriptor is none
    report = validate(str(folder / "datapackage.json"))
    return [
        *map(str, report.errors),
        *(f"{task.name}: {error.message}" for task in report.tasks for error in task.errors),
    ]


def croissant_of(folder: Path) -> dict[str, Any]:
    import mlcroissant

    data = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    issues = data.metadata.issues
    return {
        "croissant": [*issues.errors, *issues.warnings],
        "records": {
            record_set.name: sum(1 for _ in data.records(record_set.uuid)) for record_set in data.metadata.record_sets
        },
    }


def main() -> None:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    read = {}
    for name in sys.argv[1:]:
        folder = Path(name)
        read[name] = {
            **(datasets_of(folder) if "configs:" in (folder / "README.md").read_text("utf-8") else {}),
            "data_package": data_package_of(folder),
            **croissant_of(folder),
        }
    json.dump(read, sys.stdout)


if __name__ == "__main__":
    main()
