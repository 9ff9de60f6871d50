"""When a capture was made, and the year that its dates lack. Pure, standard types.

The pages print a date of their own current year without the year. So the year of a capture is what a
year-less date needs, and every date that *is* printed with a year is from an earlier one.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from etl_project.fields import PrintedDate, on_day

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


_NO_SUCH_DAY = re.compile(r"\S+ \d{1,2}")  # "Feb 30": one reading, and no day


class CaptureDay(NamedTuple):
    """Day of a capture (None if unknown), the year for year-less dates (None if unknown), and what gave it."""

    on: date | None
    year: int | None
    basis: str


class Published(NamedTuple):
    """Day of a paper (None if not certain), whether its year was inferred, and the basis or the reason for None."""

    on: date | None
    year_inferred: bool
    basis: str


#: So many dates with a year must a page print before the newest of them is taken for last year's: with a
#: handful it may be a page of old papers only.
ENOUGH_PRINTED_YEARS = 10


def find_capture_day(
    head: PrintedDate | None,
    printed: Iterable[PrintedDate],
    file_name: str,
    modified_on: date | None,
    received_on: date,
    days: Sequence[tuple[str, date]] = (),
) -> CaptureDay:
    """Return the day of a capture from the first source that has it and that nothing contradicts.

    ``head`` is the day in the page's head, ``printed`` the dates of its records, ``days`` what the capture
    names itself, as (basis, day), the surest first. In this order: a year printed with the head's day; one of
    ``days`` that fits the head's day (or there is none printed); a day in the file's name, then the file's own
    time, if it is the head's day; else the year after the newest printed one (basis ``newest_printed_year``), if no other year is
    possible or many dates are printed. A capture is younger than every year that it prints and not
    younger than its arrival.
    """
    years = [d.year for d in printed if d.year is not None]
    newest = max(years, default=None)
    latest = received_on + timedelta(days=1)

    def possible(day: date) -> bool:
        return (newest is None or day.year > newest) and day <= latest

    named = [
        day for parts in _DAY_IN_NAME.findall(file_name) if (day := on_day(*(int(part) for part in parts))) is not None
    ]
    if head is not None and head.day is not None and head.year is not None:
        day_then = on_day(head.year, head.month, head.day)
        if day_then is None or day_then > latest:
            return CaptureDay(None, None, "year_unknown")
        # an older day's page, looked at in a later year, prints that year everywhere
        return CaptureDay(day_then, head.year if possible(day_then) else None, "printed")
    for basis, day in days:
        then = _day_near(head, day, basis)
        if then is not None and then <= latest:
            return CaptureDay(then, then.year if possible(then) else None, basis)
    if head is not None and head.day is not None:
        for day in named:
            if (day.month, day.day) == (head.month, head.day) and possible(day):
                return CaptureDay(day, day.year, "file_name")
        if modified_on is not None:  # a copied file has the copy's time, so it counts only where it fits
            for year in (modified_on.year - 1, modified_on.year, modified_on.year + 1):
                day_then = on_day(year, head.month, head.day)
                if day_then and abs((day_then - modified_on).days) <= 1 and possible(day_then):
                    return CaptureDay(day_then, year, "file_time")
    if newest is not None:
        year = newest + 1
        day_then = on_day(year, head.month, head.day) if head else None
        first = day_then or date(year, 1, 1)
        another = on_day(year + 1, head.month, head.day) if head and day_then else date(year + 1, 1, 1)
        only_one = another is None or another > latest
        contradicted = any(day.year != year for day in named)  # the name tells another year
        if first <= latest and not contradicted and (only_one or len(years) >= ENOUGH_PRINTED_YEARS):
            return CaptureDay(day_then, year, "newest_printed_year")
    return CaptureDay(None, None, "year_unknown" if head else "absent")


#: A page's links to the days beside its own jump over weekends and holidays, no further.
_DAYS_TO_NEIGHBOUR = 7


def _day_near(head: PrintedDate | None, day: date, basis: str) -> date | None:
    """Return the day in the page's head with the year that ``day`` gives it, or None if the two do not fit.

    A link or the page's JSON names the page's day or a neighbour of it; a front matter the day of the copy, and
    the head's day is then the last one that is not after it.
    """
    if head is None:
        return day
    for year in (day.year, day.year - 1, day.year + 1):
        then = on_day(year, head.month, head.day)
        if then is None:
            continue
        apart = (day - then).days
        if abs(apart) <= _DAYS_TO_NEIGHBOUR or (basis == "front_matter" and apart >= -1 and year == day.year):
            return then
    return None


def publication_day(printed: PrintedDate, capture: CaptureDay, counts_are_glued: bool) -> Published:
    """Return the day of a paper from its printed date and the day of the capture.

    ``counts_are_glued`` says that in this file counts follow dates without a separator: "May 29" may
    then be May 2 with 9 comments, and is left open.
    """
    if printed.day is None:
        impossible = printed.year is not None or _NO_SUCH_DAY.fullmatch(printed.raw)
        return Published(None, False, "not_a_day" if impossible else "ambiguous")
    if printed.year is not None:
        day = on_day(printed.year, printed.month, printed.day)
        return Published(day, False, "printed" if day else "not_a_day")
    if counts_are_glued and printed.comments is None and printed.day > 9 and printed.day % 10:
        return Published(None, False, "ambiguous")
    if capture.year is None:
        return Published(None, False, "year_unknown")
    day = on_day(capture.year, printed.month, printed.day)
    if day is None:
        return Published(None, False, "not_a_day")
    if capture.on is not None and day > capture.on + timedelta(days=1):
        return Published(None, False, "after_capture_day")
    return Published(day, True, "newest_printed_year" if capture.basis == "newest_printed_year" else "capture_day")
