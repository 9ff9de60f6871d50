import hashlib
import re
import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.fields import (
    MONTHS,
    PrintedDate,
    abstract_key,
    on_day,
    parse_count,
    parse_printed_date,
    split_organisation,
    stable_id,
    title_key,
    without_image_words,
)

LONG = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
LONG += ["November", "December"]
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


# ---- counts


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("117", 117),
        (" 7 ", 7),
        ("1,024", 1024),
        ("12,345,678", 12_345_678),
        ("11.3k", 11_300),
        ("3.29k", 3_290),
        ("3.295K", 3_295),
        ("2M", 2_000_000),
        ("2.5m", 2_500_000),
        ("4k", 4_000),
    ],
)
def test_a_count_is_read_as_the_page_prints_it(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "1.5",
        "1.2345k",
        "1,02",
        "1,0240",
        ",024",
        "1 024",
        "-3",
        "+3",
        "1e3",
        "k",
        ".5k",
        "5.k",
        "3x",
        "v2",
        "1.k",
        "2024-05",
        "13/70",
        "7 8",
        "1,024,",
        "²",
    ],
)
def test_what_is_no_count_gives_none(text):
    assert parse_count(text) is None


@given(st.integers(0, 10**9))
def test_every_whole_number_comes_back_with_and_without_commas(number):
    assert parse_count(str(number)) == number
    assert parse_count(f"{number:,}") == number


@given(st.integers(1, 999), st.integers(0, 999))
def test_thousands_with_k_are_exact_and_never_rounded(whole, thousandths):
    fraction = f"{thousandths:03}"
    assert parse_count(f"{whole}.{fraction}k") == whole * 1000 + thousandths
    assert parse_count(f"{whole}.{fraction}M") == whole * 1_000_000 + thousandths * 1000


@given(st.text(max_size=12))
def test_a_count_is_none_or_not_negative(text):
    count = parse_count(text)
    assert count is None or count >= 0


# ---- printed dates


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Oct 8, 2024", ("Oct 8, 2024", 10, 8, 2024, None, False)),
        ("  Oct 8, 2024\t", ("Oct 8, 2024", 10, 8, 2024, None, False)),
        ("oct 8, 2024", ("oct 8, 2024", 10, 8, 2024, None, False)),
        ("October 8, 2024", ("October 8, 2024", 10, 8, 2024, None, False)),
        ("September 3", ("September 3", 9, 3, None, None, False)),
        ("Sept 3", ("Sept 3", 9, 3, None, None, False)),
        ("May 29", ("May 29", 5, 29, None, None, False)),
        ("Mar 2 3", ("Mar 2", 3, 2, None, 3, False)),
        ("May 29 6", ("May 29", 5, 29, None, 6, False)),
        ("Oct 8, 2024 2", ("Oct 8, 2024", 10, 8, 2024, 2, False)),
        ("Oct 8, 2024 1.2k", ("Oct 8, 2024", 10, 8, 2024, 1200, False)),
        ("May 2 1,024", ("May 2", 5, 2, None, 1024, False)),
        ("Published on Oct 8, 2024", ("Oct 8, 2024", 10, 8, 2024, None, False)),
        ("published on may 2", ("may 2", 5, 2, None, None, False)),
        ("Oct 23, 20251", ("Oct 23, 2025", 10, 23, 2025, 1, True)),
        ("Oct 23, 2025117", ("Oct 23, 2025", 10, 23, 2025, 117, True)),
        ("May 96", ("May 9", 5, 9, None, 6, True)),
        ("Feb 29, 2024", ("Feb 29, 2024", 2, 29, 2024, None, False)),
    ],
)
def test_a_date_is_read_as_the_page_prints_it(text, read):
    assert parse_printed_date(text) == PrintedDate(*read)


@pytest.mark.parametrize("text", ["May 296", "May 111", "Dec 1234", "Oct 254"])
def test_digits_with_two_readings_give_no_day_and_no_count(text):
    read = parse_printed_date(text)
    assert read is not None
    assert (read.month, read.day, read.year, read.comments) == (MONTHS.index(text[:3]) + 1, None, None, None)
    assert read.raw == text


@pytest.mark.parametrize("text", ["May 2 2024", "May 29 2024", "May 2 1999", "May 2 2100"])
def test_a_number_that_may_be_a_year_without_its_comma_is_neither_year_nor_count(text):
    read = parse_printed_date(text)
    assert read is not None
    assert (read.month, read.day, read.year, read.comments) == (5, None, None, None)


@pytest.mark.parametrize("text", ["May 2024", "Dec 2019", "October 2023"])
def test_a_month_and_a_year_are_not_a_day_with_comments(text):
    read = parse_printed_date(text)
    assert read is None or (read.day, read.comments) == (None, None)


@pytest.mark.parametrize("text", ["Feb 30, 2024", "Jun 31, 2024", "Oct 32, 2024", "Oct 0, 2024", "Oct 99, 2024"])
def test_a_day_that_its_month_lacks_is_no_day(text):
    read = parse_printed_date(text)
    assert read is not None and read.day is None and read.year == 2024


def test_twenty_ninth_of_february_needs_a_leap_year_to_be_a_day():
    read = parse_printed_date("Feb 29, 2023")
    assert on_day(read.year, read.month, read.day) is None
    assert on_day(2024, 2, 29) == date(2024, 2, 29)


@pytest.mark.parametrize(("year", "month", "day"), [(None, 5, 2), (2024, 5, None), (2024, 2, 30), (0, 5, 2)])
def test_an_unknown_or_impossible_part_gives_no_calendar_day(year, month, day):
    assert on_day(year, month, day) is None


def test_a_count_that_starts_with_zero_is_not_a_glued_count():
    read = parse_printed_date("Oct 23, 20250")
    assert (read.day, read.year, read.comments) == (23, 2025, None)


def test_two_counts_after_one_date_give_no_count():
    read = parse_printed_date("Oct 23, 20251 4")
    assert (read.day, read.year, read.comments) == (23, 2025, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Oct",
        "2024",
        "8 Oct 2024",
        "Maybe 3",
        "Mayor 3",
        "May the 4th",
        "Oct 8, 2024 and more",
        "Oct 8, 24",
        "In May 29",
        "May 29,",
        "Marching 3",
        "Octopus 8, 2024",
        "12",
        "·",
        "5 authors",
        "Oct 8, 2024 -",
    ],
)
def test_what_is_no_date_gives_none(text):
    assert parse_printed_date(text) is None


@st.composite
def printed_dates(draw):
    month = draw(st.integers(1, 12))
    day = draw(st.integers(1, LENGTHS[month - 1]))
    year = draw(st.none() | st.integers(1991, 2099))
    comments = draw(st.none() | st.integers(1, 1989) | st.integers(2101, 9_999_999))
    name = draw(st.sampled_from([MONTHS[month - 1], LONG[month - 1]]))
    name = draw(st.sampled_from([name, name.lower(), name.upper()]))
    space = draw(st.sampled_from([" ", "  ", "\u00a0"]))
    raw = name + space + str(day) + (f",{space}{year}" if year else "")  # given back with single spaces
    printed = draw(st.sampled_from([str, "{:,}".format]))(comments) if comments else None
    return month, day, year, comments, raw, printed, draw(st.sampled_from(["", "Published on ", "published  on "]))


@settings(deadline=None)
@given(printed_dates(), st.sampled_from([" ", "  ", "\t", "\u00a0"]))
def test_every_date_with_a_separator_before_its_count_comes_back(printed, separator):
    month, day, year, comments, raw, count, prefix = printed
    text = prefix + raw + (separator + count if count else "")
    assert parse_printed_date(text) == PrintedDate(" ".join(raw.split()), month, day, year, comments, False)


@settings(deadline=None)
@given(printed_dates().filter(lambda p: p[2] and p[3] and p[3] < 100_000))
def test_every_count_glued_to_a_year_comes_back(printed):
    month, day, year, comments, raw, _, prefix = printed
    assert parse_printed_date(f"{prefix}{raw}{comments}") == PrintedDate(
        " ".join(raw.split()), month, day, year, comments, True
    )


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 999_999))
def test_glued_digits_without_a_year_are_given_only_where_every_other_split_is_impossible(month, digits):
    written = str(digits)
    readings = {(digits, None)} if len(written) <= 2 and 1 <= digits <= LENGTHS[month - 1] else set()
    for cut in (1, 2):
        day, count = written[:cut], written[cut:]
        if count and count[0] != "0" and 1 <= int(day) <= LENGTHS[month - 1]:
            readings.add((int(day), int(count)))
    read = parse_printed_date(f"{MONTHS[month - 1]} {written}")
    whole_day = {reading for reading in readings if reading[1] is None}
    if 1990 <= digits <= 2100:  # "May 2024" prints a month and a year
        assert (read.day, read.comments) == (None, None)
    elif whole_day:  # two digits that are a day are that day: whether counts are glued is known of the file only
        assert {(read.day, read.comments)} == whole_day
    elif len(readings) == 1:
        assert {(read.day, read.comments)} == readings
    else:
        assert (read.day, read.comments) == (None, None)


@settings(deadline=None)
@given(st.text(alphabet="MayOctFeb 0123456789,.kPublishedon\u00a0", max_size=24))
def test_a_read_date_holds_a_month_and_only_possible_days(text):
    read = parse_printed_date(text)
    if read is not None:
        assert 1 <= read.month <= 12
        assert read.raw in text
        assert read.day is None or 1 <= read.day <= LENGTHS[read.month - 1]
        assert read.comments is None or read.comments >= 0


# ---- organisations


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cis-lmu CIS, LMU Munich", ("cis-lmu", "CIS, LMU Munich")),
        ("quoll Quoll", ("quoll", "Quoll")),
        ("quoll  Quoll Labs ", ("quoll", "Quoll Labs")),
        ("quoll", ("quoll", None)),
        ("a_b.c-d The Lab", ("a_b.c-d", "The Lab")),
        ("01-q 01.Q", ("01-q", "01.Q")),
        ("Übersicht Lab", (None, "Übersicht Lab")),
        ("-quoll Quoll", (None, "-quoll Quoll")),
        ("(Quoll) Labs", (None, "(Quoll) Labs")),
        ("", (None, None)),
        ("   ", (None, None)),
    ],
)
def test_an_organisation_line_is_a_handle_and_a_display_name(text, parts):
    assert split_organisation(text) == parts


HANDLES = st.from_regex(r"\A[a-zA-Z0-9]([a-zA-Z0-9._-]{0,12}[a-zA-Z0-9])?\Z")
NAMES = st.text(alphabet=string.ascii_letters + " ,.&éü-", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(HANDLES, NAMES)
def test_every_handle_and_display_name_come_back(handle, name):
    assert split_organisation(f"{handle} {name}") == (handle, name)


@given(st.text(max_size=40))
def test_an_organisation_line_loses_no_words(text):
    handle, name = split_organisation(text)
    assert " ".join(part for part in (handle, name) if part).split() == without_image_words(text).split()


# ---- keys

WORDS = st.lists(st.text(alphabet=string.ascii_letters + string.digits + "éüßλ漢", min_size=1, max_size=9), min_size=1)
MARKS = st.sampled_from(
    [" ", "  ", "-", "\u2010", "\u2011", "\u2013", "\u2014", ": ", ", ", "! ", "? ", " (", ") ", "'", "\u2019"]
)


@settings(deadline=None)
@given(WORDS, st.data())
def test_case_punctuation_dashes_and_spaces_do_not_change_a_title_key(words, data):
    plain = " ".join(words)
    marks = data.draw(st.lists(MARKS, min_size=len(words), max_size=len(words)))
    dressed = "".join(mark + word for mark, word in zip(marks, words, strict=True))
    assert title_key(dressed) == title_key(plain)
    assert title_key("".join(words)) == title_key(plain)
    if plain.isascii():
        assert title_key(plain.swapcase()) == title_key(plain)
        assert title_key(plain) == "".join(words).lower()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pre-Training of Quolls", "Pre\u2011training of quolls"),
        ("What now?", "What now"),
        ("\uff31uoll \u2460", "Quoll 1"),
        ("Stra\u00dfe", "STRASSE"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\ufb01ne tuning", "Fine-Tuning"),
    ],
)
def test_titles_that_differ_in_writing_only_share_a_key(one, other):
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quoll 1", "Quoll 2"),
        ("Quoll", "Quolls"),
        ("Part II", "Part III"),
        ("naïve", "naive"),
        ("漢", "字"),
        ("?", "!"),
    ],
)
def test_titles_of_other_letters_or_digits_have_other_keys(one, other):
    assert title_key(one) != title_key(other)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_a_title_key_is_empty_for_blank_text_only(text):
    assert bool(title_key(text)) == bool(text.strip())


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_abstract_has_no_key(nothing):
    assert abstract_key(nothing) is None


@settings(deadline=None)
@given(WORDS, WORDS)
def test_abstract_keys_are_equal_exactly_when_letters_and_digits_are(one, other):
    first, second = abstract_key(" ".join(one)), abstract_key(", ".join(other) + ".")
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert (first == second) == (title_key(" ".join(one)) == title_key(" ".join(other)))


def test_an_abstract_key_is_the_same_in_every_process():
    expected = hashlib.blake2b(b"quollseatbeetlesin2024", digest_size=8).hexdigest()
    assert abstract_key("Quolls eat beetles, in 2024.") == expected


def test_the_parts_of_an_id_do_not_run_together():
    ids = {stable_id("p_", *parts) for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ()]}
    assert len(ids) == 6


@given(st.text(max_size=8), st.lists(st.text(alphabet=st.characters(), max_size=8), max_size=4))
def test_an_id_is_its_prefix_and_sixteen_hex_digits_for_any_parts(prefix, parts):
    made = stable_id(prefix, *parts)
    assert made.startswith(prefix) and re.fullmatch("[0-9a-f]{16}", made[len(prefix) :])
    assert made == stable_id(prefix, *parts)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_ids_are_equal_only_for_equal_parts(one, other):
    assert (stable_id("m", *one) == stable_id("m", *other)) == (one == other)


@pytest.mark.parametrize("words", ["[file]", "[northfold-]", "[northfold-research] "])
def test_words_of_an_image_before_an_organisation_are_no_part_of_it(words):
    assert split_organisation(f"{words}nf-lab Northfold Lab") == ("nf-lab", "Northfold Lab")
    assert split_organisation("nf-labNF Lab, Ltd.") == ("nf-labNF", "Lab, Ltd.")  # nothing says where the name begins
    assert split_organisation("nf-labNF Lab") == ("nf-lab", "NF Lab")
    assert split_organisation("[]Northfold [AI] Lab") == ("Northfold", "[AI] Lab")
    assert split_organisation("[northfold]") == (None, "[northfold]")
