"""Tables in, one Excel workbook out: a sheet a table, text as text, never a formula or a link."""

import math
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl_project.contract import Table
from etl_project.export.model import ExportError
from etl_project.spreadsheet import shown

NAME = "papers.xlsx"
#: Excel's own: lines of a sheet, the names of the columns among them; UTF-16 units of a cell's text.
MOST_LINES = 1_048_576
LONGEST_TEXT = 32_767
#: Excel has no days before.
_FIRST_DAY = date(1900, 3, 1)


def check_installed() -> None:
    """Raise ExportError, which names the extra, if the library that writes workbooks is not there."""
    try:
        import xlsxwriter  # noqa: F401 - imported to see whether it is there
    except ImportError:
        raise ExportError(
            "xlsx needs the package xlsxwriter; install it with: pip install 'papers-etl[xlsx]'"
        ) from None


def check_fits(table: Table, rows: int) -> None:
    """Raise ExportError if a sheet cannot hold ``rows`` of ``table``."""
    if rows >= MOST_LINES:
        raise ExportError(
            f"{table.name} has {rows:,} rows, and a sheet of Excel holds {MOST_LINES - 1:,}; leave xlsx out, leave the table "
            "out with --tables, or take fewer papers with --where"
        )


def write(tables: Iterable[tuple[Table, Iterable[pa.RecordBatch]]], path: Path) -> tuple[int, int]:
    """Write a sheet for each table; return the number of rows, and of texts that were cut to Excel's longest."""
    import xlsxwriter

    rows = cut = 0
    # a row at a time; text is never taken for a formula, a link or a number, and no time of making is kept
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        day, time, head = (
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            book.add_format({"bold": True}),
        )
        for table, batches in tables:
            sheet = book.add_worksheet(table.name)
            sheet.freeze_panes(1, 0)
            line = 0
            for place, column in enumerate(table.published_columns):
                sheet.write_string(0, place, column.name, head)
            for batch in batches:
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    line += 1
                    for place, value in enumerate(values):
                        if isinstance(value, bool):
                            sheet.write_boolean(line, place, value)
                        elif isinstance(value, datetime) and value.date() >= _FIRST_DAY:
                            sheet.write_datetime(line, place, value, time)
                        elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
                            sheet.write_datetime(line, place, value, day)
                        elif isinstance(value, int | float) and math.isfinite(value):
                            sheet.write_number(line, place, value)
                        elif value is not None:
                            text, was_cut = _fitting(_text(value))
                            sheet.write_string(line, place, text)
                            cut += was_cut
            sheet.autofilter(0, 0, line, len(table.published_columns) - 1)
            rows += line
    return rows, cut


def _text(value: Any) -> str:
    """Return a value that Excel has no type for as text; what no XML can hold is a space."""
    return shown(value) if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def _fitting(text: str) -> tuple[str, bool]:
    """Return ``text`` as a cell can hold it, and whether it was cut: it then ends in an ellipsis."""
    if len(text) * 2 <= LONGEST_TEXT or len(units := text.encode("utf-16-le")) <= LONGEST_TEXT * 2:
        return text, False
    # half of a pair of units is no character: it is dropped
    return units[: (LONGEST_TEXT - 1) * 2].decode("utf-16-le", "ignore") + "…", True
