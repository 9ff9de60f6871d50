"""The numbers of the report: each is what a file of sql/report gives, and is shown with that file."""

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from etl_project.printable import printable
from etl_project.warehouse import SQL_FOLDER

if TYPE_CHECKING:
    import duckdb

_FOLDER = SQL_FOLDER / "report"


class Answer(NamedTuple):
    """What a query gave: ``rows`` by column name, and what was asked, as anyone can ask it again."""

    title: str
    meaning: str
    sql: str
    rows: list[dict[str, Any]]

    @property
    def value(self) -> Any:
        """The one value of a query that gives one."""
        (row,) = self.rows
        (value,) = row.values()
        return value


def ask(connection: "duckdb.DuckDBPyConnection", name: str, **values: str | int) -> Answer:
    """Return the rows of ``sql/report/<name>.sql`` on ``connection``, with ``values`` in place of its ``$names``.

    The first line of the file, a comment, is the title and what it means: ``-- Title: meaning.``
    """
    head, _, query = (_FOLDER / f"{name}.sql").read_text("utf-8").partition("\n")
    title, _, meaning = head.removeprefix("-- ").partition(": ")
    for key, value in values.items():  # as literals, so that what is shown can be pasted into any client
        literal = str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
        query = re.sub(rf"\${key}\b", lambda _: literal, query)  # noqa: B023
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]
    return Answer(title, meaning[:1].upper() + meaning[1:], query.strip(), rows)


def _plain(value: Any) -> Any:
    """Return a value as it may be shown: of text, no control characters, which could turn a line around."""
    if isinstance(value, str):
        return printable(value, keep="\n")
    return (
        value.isoformat(" ") if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else value
    )
