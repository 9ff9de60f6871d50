from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.capture_day import CaptureDay, FileFacts, find_capture_day, publication_day
from etl_project.fields import MONTHS, parse_printed_date

LATE = date(2030, 6, 1)


def dates(*texts):
    return [parse_printed_date(text) for text in texts]


def find(head=None, printed=(), name="page.txt", modified=None, received=LATE, source="/inbox", newest=None, days=()):
    file = FileFacts(name, source, modified, received)
    return find_capture_day(parse_printed_date(head) if head else None, dates(*printed), file, days, newest)


# ---- the capture's day: one source after the other


def test_a_year_printed_in_the_head_is_taken():
    assert find("Apr 20, 2026", ["Oct 8, 2024"]) == CaptureDay(date(2026, 4, 20), 2026, "printed")


@pytest.mark.parametrize(
    "name",
    ["papers_2026-04-20.txt", "20260420.txt", "2026_04_20-page.txt", "x2026.04.20", "2019-01-01 to 2026-04-20.txt"],
)
def test_a_file_name_with_the_heads_day_gives_the_year(name):
    assert find("Apr 20", ["Oct 8, 2024"], name) == CaptureDay(date(2026, 4, 20), 2026, "file_name")


@pytest.mark.parametrize(
    "name",
    [
        "papers_2026-04-21.txt",
        "2026-20-04.txt",
        "120260420.txt",
        "202604201.txt",
        "1926-04-20",
        "2026-02-30",
        "page.txt",
    ],
)
def test_a_file_name_without_the_heads_day_gives_nothing(name):
    assert find("Apr 20", name=name) == CaptureDay(None, None, "year_unknown")


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_file_time_at_the_heads_day_gives_the_year(off):
    modified = date(2026, 4, 20) + timedelta(days=off)
    assert find("Apr 20", ["Oct 8, 2024"], modified=modified) == CaptureDay(date(2026, 4, 20), 2026, "file_time")


@pytest.mark.parametrize("off", [-200, -2, 2, 200])
def test_a_file_time_away_from_the_heads_day_gives_nothing(off):
    modified = date(2026, 4, 20) + timedelta(days=off)
    assert find("Apr 20", modified=modified) == CaptureDay(None, None, "year_unknown")


@pytest.mark.parametrize(
    ("head", "modified", "day"),
    [
        ("Dec 31", date(2026, 1, 1), date(2025, 12, 31)),
        ("Jan 1", date(2025, 12, 31), date(2026, 1, 1)),
    ],
)
def test_a_file_time_across_new_year_gives_the_heads_year(head, modified, day):
    assert find(head, modified=modified) == CaptureDay(day, day.year, "file_time")


def test_the_newest_printed_year_is_the_year_before_the_capture():
    found = find("Apr 20", ["Oct 8, 2023", "Mar 2", "Sep 17, 2025"], received=date(2026, 11, 21))
    assert found == CaptureDay(date(2026, 4, 20), 2026, "newest_printed_year")


def test_the_newest_printed_year_gives_a_year_but_no_day_without_a_head():
    assert find(None, ["Sep 17, 2025"], received=date(2026, 11, 21)) == CaptureDay(None, 2026, "newest_printed_year")


def test_a_handful_of_old_dates_does_not_tell_the_year_if_others_are_possible():
    old = ["Oct 8, 2023", "Mar 7"]
    assert find("Jan 9", old, received=date(2026, 11, 21)) == CaptureDay(None, None, "year_unknown")
    assert find("Jan 9", [*old, *["Sep 17, 2023"] * 9], received=date(2026, 11, 21)).year == 2024


def test_a_file_name_that_tells_another_year_is_not_contradicted():
    found = find(None, ["Mar 3, 2023"] * 12, "papers_2025-04-20.txt", received=date(2026, 11, 21))
    assert found == CaptureDay(date(2025, 4, 20), 2025, "file_name")
    found = find("May 3", ["Mar 3, 2023"] * 12, "papers_2025-04-20.txt", received=date(2026, 11, 21))
    assert found == CaptureDay(None, None, "year_unknown")


def test_the_name_goes_before_the_files_time_and_that_before_the_newest_year():
    modified = date(2028, 4, 20)
    assert find("Apr 20", ["Oct 8, 2024"], "2027-04-20.txt", modified).year == 2027
    assert find("Apr 20", ["Oct 8, 2024"], "page.txt", modified).year == 2028
    assert find("Apr 20", ["Oct 8, 2024"] * 12, "page.txt", None).year == 2025


def test_without_head_and_years_the_capture_day_is_absent():
    assert find(None, ["Mar 2", "May 29"], "2026-04-20.txt", date(2026, 4, 20)) == CaptureDay(None, None, "absent")


def test_a_head_without_any_source_of_a_year_stays_without_one():
    assert find("Apr 20", ["Mar 2"]) == CaptureDay(None, None, "year_unknown")


# ---- a page that prints no day: JSON, saved pages, the trending page

JUNE = date(2026, 6, 11)


@pytest.mark.parametrize(
    "name",
    [
        "daily_papers_2026-06-11.json",
        "20260611T070000Z.json.gz",
        "20260611070000_papers.html",
        "2026.06.11 and once more 2026_06_11.md",
    ],
)
def test_a_page_without_a_day_has_the_one_in_its_files_name(name):
    assert find(name=name) == CaptureDay(JUNE, 2026, "file_name")
    assert find(None, ["Jun 11, 2026"], name, newest=JUNE) == CaptureDay(JUNE, None, "file_name")


@pytest.mark.parametrize("source", ["/captures/2026-06-11", "20260611", "C:\\captures\\2026_06_11"])
def test_a_folder_that_is_called_by_a_day_tells_it_of_files_that_do_not(source):
    assert find(source=source) == CaptureDay(JUNE, 2026, "file_name")
    assert find(name="of-2026-06-10.json", source=source).on == date(2026, 6, 10)


@pytest.mark.parametrize("source", ["/backup of 2026-06-11", "/2026-06-11/papers", "/2026-06-31", "2026-06"])
def test_other_days_in_the_way_to_a_file_tell_nothing(source):
    assert find(source=source) == CaptureDay(None, None, "absent")


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "2026-06-01_2026-06-11.json"},  # a range
        {"name": "2026-06-11.json", "received": date(2026, 6, 9)},
        {"name": "2026-06-11.json", "newest": date(2026, 6, 13)},  # shows what was not there then
        {"name": "2026-06-11.json", "printed": ["Jun 13, 2026"]},
        {"name": "2026-06-11.md", "printed": ["Jun 13"]},
        {"name": "2026-06-11.md", "printed": ["Jun 3", "Jan 9, 2026"]},  # prints this year, so it is of a later one
        {"name": "2027-06-11.md", "printed": ["Feb 29"]},
        {"name": "2026-06.json"},
        {"name": "2606.11001.json"},
    ],
)
def test_a_day_that_the_capture_contradicts_is_not_its_own(facts):
    assert find(**facts).on is None


def test_the_day_in_a_name_gives_the_year_to_dates_before_it():
    assert find(None, ["Jun 3", "Dec 9, 2025"], "2026-06-11.md") == CaptureDay(JUNE, 2026, "file_name")


@pytest.mark.parametrize("basis", ["json", "link"])
def test_the_copy_of_an_older_page_is_of_the_day_in_its_name(basis):
    page = [(basis, date(2026, 6, 1))]
    assert find(name="saved_2026-06-11.html", days=page) == CaptureDay(JUNE, 2026, "file_name")
    assert find("Jun 1", ["May 30"], "saved_2026-06-11.html", days=page) == CaptureDay(JUNE, 2026, "file_name")
    for name in ("page.html", "2026-05-30.html", "2026-06-01.html", "2026-06-11_2026-06-12.html", "2031-01-01.html"):
        assert find(name=name, days=page) == CaptureDay(date(2026, 6, 1), 2026, basis)
    in_a_later_year = {"name": "saved_2027-01-11.html", "days": page}
    assert find(None, ["May 30, 2026"], **in_a_later_year) == CaptureDay(date(2027, 1, 11), 2027, "file_name")
    assert find(None, ["May 30"], **in_a_later_year) == CaptureDay(date(2026, 6, 1), 2026, basis), "it would print 2026"
    at_the_turn = find(None, ["Dec 30, 2025", "Jan 1"], "saved_2026-01-02.html", days=[(basis, date(2025, 12, 31))])
    assert at_the_turn == CaptureDay(date(2026, 1, 2), 2026, "file_name"), "what prints 2025 is of a later year"
    copied = [("front_matter", date(2026, 6, 1))]
    assert find(name="saved_2026-06-11.md", days=copied).basis == "front_matter"


def test_the_copy_of_an_older_page_without_links_is_of_the_day_in_its_name_if_its_year_is_known():
    printed = ["Oct 8, 2025", "Jun 3"]
    assert find("Jun 1", printed, "page.txt", received=date(2026, 11, 21)).on == date(2026, 6, 1)
    found = find("Jun 1", printed, "dump_2026-06-11.txt", received=date(2026, 11, 21))
    assert found == CaptureDay(JUNE, 2026, "file_name")
    assert find("Jun 1, 2026", printed, "dump_2026-06-11.txt") == CaptureDay(JUNE, 2026, "file_name")
    assert find("Jun 1", ["Jun 3"], "dump_2026-06-11.txt") == CaptureDay(None, None, "year_unknown")
    assert find("Jun 1", printed, "dump_2027-06-11.txt", received=date(2027, 11, 21)).year is None, (
        "copied a year later?"
    )


@pytest.mark.parametrize("off", [0, 1])
def test_a_files_time_is_the_captures_if_its_newest_papers_are_of_that_day(off):
    modified = JUNE + timedelta(days=off)
    assert find(modified=modified, newest=JUNE) == CaptureDay(modified, 2026, "file_time")
    assert find(None, ["Jun 11, 2026", "Jan 3, 2024"], modified=modified) == CaptureDay(modified, None, "file_time")


@pytest.mark.parametrize("off", [-400, -1, 2, 400])
def test_the_time_of_an_older_file_may_be_that_of_a_copy(off):
    assert find(modified=JUNE + timedelta(days=off), newest=JUNE).on is None


def test_a_files_time_tells_nothing_without_days_or_with_dates_that_lack_their_year():
    assert find(modified=JUNE).on is None
    assert find(None, ["Jun 11"], modified=JUNE).on is None
    assert find(name="2026-06-01_2026-06-11.json", modified=JUNE, newest=JUNE).on is None


def test_what_was_fetched_is_of_the_day_on_which_it_was_asked_for_and_not_of_the_listing():
    address = "https://papers.example/api/daily_papers?date=2026-03-02"
    assert find(name="2026-03-02.json", source=address, modified=JUNE) == CaptureDay(JUNE, 2026, "fetched")
    assert find(source=address, modified=JUNE, newest=date(2026, 8, 1)).on is None, "the file's time was lost"


# ---- contradictions


def test_a_file_name_older_than_a_printed_year_is_not_believed():
    found = find("Apr 20", ["Oct 8, 2025"], "2024-04-20.txt", received=date(2026, 11, 21))
    assert found == CaptureDay(None, None, "year_unknown")


def test_a_file_name_of_the_same_year_as_a_printed_one_is_not_believed():
    assert find("Apr 20", ["Jan 8, 2026"], "2026-04-20.txt").basis == "year_unknown"


def test_a_file_time_older_than_a_printed_year_is_not_believed():
    found = find("Apr 20", ["Oct 8, 2025"], modified=date(2024, 4, 20), received=date(2026, 11, 21))
    assert found == CaptureDay(date(2026, 4, 20), 2026, "newest_printed_year")


@pytest.mark.parametrize("source", [{"name": "2029-04-20.txt"}, {"modified": date(2029, 4, 20)}])
def test_a_day_after_the_arrival_is_not_believed(source):
    assert find("Apr 20", received=date(2026, 5, 1), **source) == CaptureDay(None, None, "year_unknown")


def test_a_newest_year_that_leads_past_the_arrival_gives_no_year():
    assert find("Apr 20", ["Oct 8, 2025"], received=date(2026, 2, 1)) == CaptureDay(None, None, "year_unknown")
    assert find(None, ["Oct 8, 2025"], received=date(2025, 11, 1)) == CaptureDay(None, None, "absent")


def test_a_year_printed_in_the_head_is_not_believed_against_a_later_printed_year():
    found = find("Apr 20, 2023", ["Oct 8, 2024"])
    assert found.year != 2023


def test_a_day_printed_in_the_head_is_not_believed_after_the_arrival():
    found = find("Apr 20, 2029", received=date(2026, 5, 1))
    assert found.on is None


def test_a_leap_day_that_the_year_lacks_is_no_capture_day():
    found = find("Feb 29", ["Oct 8, 2024"])
    assert found.on is None


@settings(deadline=None)
@given(
    st.none() | st.sampled_from(["Apr 20", "Feb 29", "Dec 31", "Jan 1", "May 296"]),
    st.lists(st.sampled_from(["Mar 2", "Oct 8, 2022", "Jan 1, 2024", "Dec 31, 2025", "May 296"]), max_size=3),
    st.sampled_from(["page.txt", "2025-04-20.txt", "2027-04-20.txt", "20240229", "2026-12-31", "2026-13-31"]),
    st.none() | st.dates(date(2022, 1, 1), date(2028, 1, 1)),
    st.dates(date(2022, 1, 1), date(2028, 1, 1)),
)
def test_a_capture_is_younger_than_every_printed_year_and_not_younger_than_its_arrival(
    head, printed, name, modified, received
):
    found = find(head, printed, name, modified, received)
    years = [d.year for d in dates(*printed) if d.year]
    if found.year is not None:
        assert found.basis in {"file_name", "file_time", "newest_printed_year"}
        assert found.year > max(years, default=0)
        assert date(found.year, 1, 1) <= received + timedelta(days=1)
    elif found.on is None:
        assert found.basis == ("year_unknown" if head else "absent")
    if found.on is not None:
        day = parse_printed_date(head) if head else found.on
        assert (found.on.month, found.on.day) == (day.month, day.day)
        assert found.on.year == found.year or (head is None and found.year is None)
        assert found.on <= received + timedelta(days=1)
        assert all(d.year <= found.on.year for d in dates(*printed) if d.year)


# ---- a paper's day

APRIL = CaptureDay(date(2026, 4, 20), 2026, "file_name")
NEWEST = CaptureDay(date(2026, 4, 20), 2026, "newest_printed_year")
YEAR_ONLY = CaptureDay(None, 2026, "newest_printed_year")
NOTHING = CaptureDay(None, None, "absent")


@pytest.mark.parametrize(
    ("text", "capture", "glued", "expected"),
    [
        ("Oct 8, 2024", NOTHING, False, (date(2024, 10, 8), False, "printed")),
        ("Oct 8, 20241", APRIL, True, (date(2024, 10, 8), False, "printed")),
        ("Feb 30, 2024", APRIL, False, (None, False, "not_a_day")),
        ("Feb 29, 2023", APRIL, False, (None, False, "not_a_day")),
        ("Mar 2", APRIL, False, (date(2026, 3, 2), True, "capture_day")),
        ("Mar 2 3", APRIL, False, (date(2026, 3, 2), True, "capture_day")),
        ("Mar 2", NEWEST, False, (date(2026, 3, 2), True, "newest_printed_year")),
        ("Dec 2", YEAR_ONLY, False, (date(2026, 12, 2), True, "newest_printed_year")),
        ("Apr 21", APRIL, False, (date(2026, 4, 21), True, "capture_day")),
        ("Apr 22", APRIL, False, (None, False, "after_capture_day")),
        ("Dec 2", NEWEST, False, (None, False, "after_capture_day")),
        ("Feb 29", APRIL, False, (None, False, "not_a_day")),
        ("Feb 30", APRIL, False, (None, False, "not_a_day")),
        ("Mar 296", APRIL, False, (None, False, "ambiguous")),
        ("Mar 2 2024", APRIL, False, (None, False, "ambiguous")),
        ("Mar 29", APRIL, True, (None, False, "ambiguous")),
        ("Mar 20", APRIL, True, (date(2026, 3, 20), True, "capture_day")),
        ("Mar 9", APRIL, True, (date(2026, 3, 9), True, "capture_day")),
        ("Mar 29 6", APRIL, True, (date(2026, 3, 29), True, "capture_day")),
    ],
)
def test_a_papers_day_follows_from_its_date_and_the_capture(text, capture, glued, expected):
    assert publication_day(parse_printed_date(text), capture, glued) == expected


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 28), st.booleans())
def test_a_year_is_never_guessed_without_a_capture_day(month, day, glued):
    name = MONTHS[month - 1]
    published = publication_day(parse_printed_date(f"{name} {day}"), NOTHING, glued)
    assert published.on is None and not published.year_inferred
    assert published.basis in {"year_unknown", "ambiguous"}


@settings(deadline=None)
@given(st.dates(date(1992, 1, 1), date(2029, 1, 1)), st.booleans())
def test_a_printed_year_is_never_changed(day, glued):
    text = f"{day:%b} {day.day}, {day.year}"
    for capture in (APRIL, NEWEST, YEAR_ONLY, NOTHING):
        assert publication_day(parse_printed_date(text), capture, glued) == (day, False, "printed")
