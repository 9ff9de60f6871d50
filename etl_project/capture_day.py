"""When a capture was made, and the year that its dates lack. Pure, standard types.

The pages print a date of their own current year without the year. So the year of a capture is what a
year-less date needs, and every date that *is* printed with a year is from an earlier one.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from etl_project.fields import PrintedDate, on_day

#: With the time behind it, as archives of the web write it, or alone.
_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:\d{6})?(?!\d)")

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


class FileFacts(NamedTuple):
    """What is known of a capture's file: its name, where it came from (a folder, or the address that was fetched), its time, its arrival."""

    name: str
    source: str
    modified_on: date | None
    received_on: date


def find_capture_day(
    head: PrintedDate | None,
    printed: Sequence[PrintedDate],
    file: FileFacts,
    days: Sequence[tuple[str, date]] = (),
    newest_shown: date | None = None,
) -> CaptureDay:
    """Return the day of a capture from the first source that has it and that nothing contradicts.

    ``head`` is the day in the page's head, ``printed`` the dates of its records, ``days`` what the capture
    names itself, as (basis, day), the surest first, ``newest_shown`` the newest other day that its records tell.
    In this order: a year printed with the head's day; one of ``days`` that fits the head's day (or there is none
    printed), or the only day in the file's name where that is later. Then, with a day in the head, a day in the file's name, or the file's own time, if it is the head's day;
    without one, if nothing in the capture is younger, the day on which it was fetched, or the only day in the file's
    name (or its folder's, where that is called by a day), then the file's own time, if the newest day in the capture
    is the same one or the one before. Else the year after the newest printed one (basis ``newest_printed_year``), if
    no other year is possible or many dates are printed. A capture is younger than every year that it prints and not
    younger than its arrival.
    """
    years = [d.year for d in printed if d.year is not None]
    newest = max(years, default=None)
    latest = file.received_on + timedelta(days=1)

    def possible(day: date) -> bool:
        return (newest is None or day.year > newest) and day <= latest

    named = _days_in(file.name)

    def copied(page: CaptureDay) -> CaptureDay:
        """Return the day of the copy of an older day's page, if the file's name tells it: its numbers are of then."""
        if page.on is None or len(set(named)) != 1 or not page.on < named[0] <= latest:
            return page
        # in a later year than the page's it would print all years; where it prints the page's, it is of the next at least
        the_next = newest is not None and newest >= page.on.year and named[0].year == newest + 1
        fits = named[0].year == page.on.year or all(d.year for d in printed) or the_next
        year = named[0].year if possible(named[0]) else None
        return CaptureDay(named[0], year, "file_name") if fits else page

    if head is not None and head.day is not None and head.year is not None:
        day_then = on_day(head.year, head.month, head.day)
        if day_then is None or day_then > latest:
            return CaptureDay(None, None, "year_unknown")
        # an older day's page, looked at in a later year, prints that year everywhere
        return copied(CaptureDay(day_then, head.year if possible(day_then) else None, "printed"))
    for basis, day in days:
        then = _day_near(head, day, basis)
        if then is not None and then <= latest:
            told = CaptureDay(then, then.year if possible(then) else None, basis)
            return told if basis == "front_matter" else copied(told)
    if head is None:
        found = _day_of_file(named, printed, file, newest_shown)
        if found is not None and found[1] <= latest:
            basis, day = found
            return CaptureDay(day, day.year if possible(day) else None, basis)
    elif head.day is not None:
        for day in named:
            if (day.month, day.day) == (head.month, head.day) and possible(day):
                return CaptureDay(day, day.year, "file_name")
        if file.modified_on is not None:  # a copied file has the copy's time, so it counts only where it fits
            for year in (file.modified_on.year - 1, file.modified_on.year, file.modified_on.year + 1):
                day_then = on_day(year, head.month, head.day)
                if day_then and abs((day_then - file.modified_on).days) <= 1 and possible(day_then):
                    return CaptureDay(day_then, year, "file_time")
    if newest is not None:
        year = newest + 1
        day_then = on_day(year, head.month, head.day) if head else None
        first = day_then or date(year, 1, 1)
        another = on_day(year + 1, head.month, head.day) if head and day_then else date(year + 1, 1, 1)
        only_one = another is None or another > latest
        contradicted = any(day.year != year for day in named)  # the name tells another year
        if first <= latest and not contradicted and (only_one or len(years) >= ENOUGH_PRINTED_YEARS):
            return copied(CaptureDay(day_then, year, "newest_printed_year"))
    return CaptureDay(None, None, "year_unknown" if head else "absent")


def _days_in(name: str) -> list[date]:
    found = (on_day(*(int(part) for part in parts)) for parts in _DAY_IN_NAME.findall(name))
    return [day for day in found if day is not None]


def _day_of_file(
    named: Sequence[date], printed: Sequence[PrintedDate], file: FileFacts, newest_shown: date | None
) -> tuple[str, date] | None:
    """Return what tells the day of a page that prints none (a basis of ``CaptureDay``), and the day."""
    shown = [day for d in printed if (day := on_day(d.year, d.month, d.day))]
    newest = max([*shown, *([newest_shown] if newest_shown else ())], default=None)
    without_year = [d for d in printed if d.year is None and d.day is not None]
    folder = re.split(r"[/\\]", file.source)[-1]
    if file.source.startswith(("https://", "http://")):
        # not the listing's day: the numbers are those of the day on which they were asked for
        basis, days = "fetched", {file.modified_on}
    else:
        basis, days = "file_name", {*(named or (_days_in(folder) if _DAY_IN_NAME.fullmatch(folder) else ()))}
    if days:
        (day, *others) = days  # two days are a range, or one of them is of something else
        told = not others and day is not None and not _is_older(day, newest, without_year, shown)
        return (basis, day) if told and day else None
    # a file's time is most often that of a copy: only new papers say that it is the capture's
    day_then = file.modified_on
    if day_then is None or newest is None or without_year or not 0 <= (day_then - newest).days <= 1:
        return None
    return "file_time", day_then


def _is_older(day: date, newest: date | None, without_year: Sequence[PrintedDate], with_year: Sequence[date]) -> bool:
    """Say whether a capture of ``day`` could not show these dates: days to come, or its own year with the year."""
    latest = day + timedelta(days=1)
    if newest is not None and newest > latest:
        return True
    if not without_year:
        return False
    then = [on_day(day.year, d.month, d.day) for d in without_year if d.day is not None]
    return any(d is None or d > latest for d in then) or any(d.year >= day.year for d in with_year)


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
