"""``manifest.json`` (what was made, of which run) and ``SHA256SUMS`` (for ``sha256sum -c``): the last files of an export."""

import hashlib
import json
from pathlib import Path
from typing import Any

from etl_project.contract import Table
from etl_project.export.model import Bundle, ExportError, File, Format

NAME = "manifest.json"
SUMS = "SHA256SUMS"


def file_of(folder: Path, name: str, kind: Format, table: Table | None, rows: int) -> File:
    """Return what the manifest tells of the closed file ``name`` in ``folder``."""
    path = folder / name
    return File(name, kind, table, rows, path.stat().st_size, _sha256(path))


def write(folder: Path, bundle: Bundle) -> None:
    """Write both into ``folder``; every other file must be there already."""
    files = [
        {
            "table": file.table.name if file.table else None,
            "file": file.name,
            "format": file.format,
            "rows": file.rows,
            "bytes": file.bytes,
            "sha256": file.sha256,
        }
        for file in bundle.files
    ]
    manifest: dict[str, Any] = {
        "run_id": bundle.publication.run_id,
        "published_at": bundle.publication.published_at.isoformat() + "Z",
        "schema_version": bundle.publication.schema_version,
    }
    if bundle.where:
        manifest["where"] = bundle.where
    if bundle.notes:
        manifest["notes"] = list(bundle.notes)
    manifest["files"] = files
    (folder / NAME).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sums = {file.name: file.sha256 for file in bundle.files}
    others = [path for path in folder.iterdir() if path.is_file() and path.name not in sums]
    sums |= {path.name: _sha256(path) for path in others}
    (folder / SUMS).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)), "utf-8")


def names(folder: Path) -> set[str] | None:
    """Return the files that the export in ``folder`` made, also if some are gone; None if no export made the folder."""
    try:
        return names_in((folder / NAME).read_bytes(), (folder / SUMS).read_bytes())
    except (OSError, ExportError):
        return None


def names_in(manifest: bytes, sums: bytes) -> set[str]:
    """Return the files that these two name, themselves among them; ExportError if they are no export's."""
    try:
        told = json.loads(manifest)
        files = {str(file["file"]) for file in told["files"]}
        if not {"run_id", "published_at", "schema_version"} <= told.keys():
            raise KeyError
        return files | {line[66:] for line in sums.decode("utf-8").splitlines()} | {NAME, SUMS}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExportError(f"{NAME} is not an export's") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
