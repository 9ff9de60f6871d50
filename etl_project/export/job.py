"""A selection in, a whole export out: the data files of each format, then what describes them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa

from etl_project.contract import Table
from etl_project.export import bibtex, card, croissant, csv_file, data_package, json_lines, manifest, parquet, workbook
from etl_project.export.model import Bundle, ExportError, File, Format
from etl_project.export.selection import Selection
from etl_project.tables import BY_NAME

#: Folders of a month are called by this column of `paper_dates`, and papers without a date by what Hive says for null.
PARTITION = "published_month"
_NO_MONTH = "__HIVE_DEFAULT_PARTITION__"
_MONTH = "date_trunc('month', published_on)"
_WRITERS: dict[Format, Callable[[Table, Iterable[pa.RecordBatch], Path], int]] = {
    "parquet": parquet.write,
    "csv": csv_file.write,
    "jsonl": json_lines.write,
}


def check(selection: Selection, tables: tuple[Table, ...], formats: Iterable[Format], partition: bool) -> None:
    """Raise ExportError if the export cannot be made; to be asked before anything is written."""
    papers = BY_NAME["papers"]
    if partition and (papers not in tables or "parquet" not in formats):
        raise ExportError(
            "--partition month parts the Parquet files of papers; it needs that table and --format parquet"
        )
    if "xlsx" in formats:
        workbook.check_installed()
        for table in tables:
            workbook.check_fits(table, selection.count(table))


def make(
    selection: Selection,
    tables: tuple[Table, ...],
    formats: Iterable[Format],
    folder: Path,
    partition: bool = False,
) -> Bundle:
    """Fill the empty ``folder`` and return what it holds. Raises OSError if it cannot be written."""
    formats = set(formats)
    files: list[File] = []
    notes: list[str] = []

    def done(name: str, kind: Format, table: Table | None, rows: int) -> None:
        files.append(manifest.file_of(folder, name, kind, table, rows))

    for kind, write in _WRITERS.items():
        for table in tables if kind in formats else ():
            if partition and table.name == "papers" and kind == "parquet":
                for name, condition in _months(selection):
                    path = folder / "papers" / f"{PARTITION}={name}" / "part-0.parquet"
                    path.parent.mkdir(parents=True)
                    rows = write(table, selection.batches(table, condition), path)
                    done(str(path.relative_to(folder)), kind, table, rows)
                continue
            name = f"{table.name}.{kind}"
            done(name, kind, table, write(table, selection.batches(table), folder / name))
    if "xlsx" in formats:
        rows, cut = workbook.write(((table, selection.batches(table)) for table in tables), folder / workbook.NAME)
        done(workbook.NAME, "xlsx", None, rows)
        if cut:
            notes.append(
                f"`{workbook.NAME}`: {cut:,} texts are longer than a cell of Excel holds ({workbook.LONGEST_TEXT:,} characters): "
                "they are cut and end in an ellipsis. The other formats have them whole."
            )
    if "bibtex" in formats:
        papers = selection.batches(BY_NAME["papers"], columns=bibtex.COLUMNS)
        rows = bibtex.write(papers, selection.authors, folder / bibtex.NAME)
        done(bibtex.NAME, "bibtex", None, rows)
    if selection.where and not selection.count(BY_NAME["papers"]):
        notes.append("No paper fits the condition: the files are empty.")
    bundle = Bundle(selection.publication, tables, tuple(files), selection.where, tuple(notes))
    describe(folder, bundle)
    return bundle


def describe(folder: Path, bundle: Bundle) -> None:
    """Write beside the data files what describes them, the manifest and the sums last."""
    card.write(folder, bundle)
    data_package.write(folder, bundle)
    croissant.write(folder, bundle)
    manifest.write(folder, bundle)


def _months(selection: Selection) -> list[tuple[str, str]]:
    """Return for each month that papers have its folder's name and its condition; one that is always there for no papers."""
    months = selection.values(f"select distinct {_MONTH}::date as month from papers order by month")
    return [
        (str(month), f"{_MONTH} = date '{month}'") if month else (_NO_MONTH, "published_on is null")
        for month in months or [None]
    ]
