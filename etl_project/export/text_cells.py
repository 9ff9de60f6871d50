"""Values as text, in one form for CSV and JSON lines, and cells that no spreadsheet runs. Frames in, frames out."""

import polars as pl

from etl_project.spreadsheet import safe_cell

#: ISO 8601, a fraction only where there is one. In UTC, without its sign, as the tables have it.
_TIMESTAMP = "%Y-%m-%dT%H:%M:%S%.f"
#: What `safe_cell` may change: it judges each such cell itself.
_SUSPECT = r"^ *[=+\-@\t\r\n＝＋－＠]|[[\p{C}\p{Zl}\p{Zp}]--[\n\t]]"


def iso_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with timestamps as text, ``2026-06-29T10:00:00`` (days come out as ``2026-06-29`` anyway)."""
    return frame.with_columns(pl.col(pl.Datetime).dt.strftime(_TIMESTAMP))


def lists_as_json(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with lists of numbers as text, ``[1, 2]``."""
    return frame.with_columns(
        pl.when(pl.col(name).is_not_null()).then(
            pl.format("[{}]", pl.col(name).cast(pl.List(pl.String)).list.join(", "))
        )
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.List)
    )


def safe_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with each text as ``safe_cell`` gives it."""
    return frame.with_columns(
        # most columns of most batches have no such cell, and no Python runs over them
        pl.when(pl.col(name).str.contains(_SUSPECT))
        .then(pl.col(name).map_elements(safe_cell, return_dtype=pl.String))
        .otherwise(pl.col(name))
        for name, kind in frame.schema.items()
        if kind == pl.String and frame[name].str.contains(_SUSPECT).any()
    )
