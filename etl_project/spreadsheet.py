"""Cells of CSV that no spreadsheet runs as a formula. Text in, text out."""

from typing import Any

from etl_project.printable import printable

_SPACES = "\n\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def safe_cell(value: Any) -> Any:
    """Return a cell of CSV of which no spreadsheet makes a formula: text that begins like one gets an apostrophe before it.

    What steers a terminal is a space in it. Numbers and dates stay as they are, and so does text in JSON and Parquet, which no
    program runs. After OWASP, "CSV Injection".
    """
    if not isinstance(value, str):
        return value
    return f"'{shown(value)}" if value.lstrip(" ")[:1] in _BEGINS_FORMULA else shown(value)


def shown(text: str) -> str:
    """Return text as it may be looked at: a pipe, too, often ends in a terminal (`| less`, `| head`).

    Line ends and spaces of all kinds stay; ``csv-exact`` has all as it is.
    """
    return printable(text, keep=_SPACES)
