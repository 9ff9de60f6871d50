"""What an export is: the files that were made, and of which run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from etl_project.contract import Table

Format = Literal["parquet", "csv", "jsonl", "xlsx", "bibtex"]
#: A file a table, with its types told beside; the other two are one file for all.
TABULAR: tuple[Format, ...] = ("parquet", "csv", "jsonl")
FORMATS: tuple[Format, ...] = (*TABULAR, "xlsx", "bibtex")


class ExportError(Exception):
    """An export that cannot be made as it was asked for; the message says why and what to do."""


@dataclass(frozen=True)
class File:
    """One data file: its name in the folder, its table (None where it is of several), its rows and what is in it."""

    name: str
    format: Format
    table: Table | None
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Publication:
    """The publication that is exported: its run, when it was published (UTC), and its schema version."""

    run_id: str
    published_at: datetime
    schema_version: int


@dataclass(frozen=True)
class Bundle:
    """A whole export. ``where`` is the condition on papers, or ""; ``notes`` say what is not as in the tables."""

    publication: Publication
    tables: tuple[Table, ...]
    files: tuple[File, ...]
    where: str = ""
    notes: tuple[str, ...] = ()

    @property
    def tabular(self) -> tuple[Format, ...]:
        """The formats of this export that have a file a table, the one that descriptions lead to first."""
        made = {file.format for file in self.files}
        return tuple(name for name in TABULAR if name in made)

    def of(self, table: Table, kind: Format) -> tuple[File, ...]:
        """Return the files of ``table`` in one format: several where it is partitioned."""
        return tuple(file for file in self.files if file.table is table and file.format == kind)
