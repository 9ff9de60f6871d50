import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_project.cleaning import clean_text, needs_cleaning, needs_unicode_cleaning
from etl_project.links import find_links

RULES = [
    # signs that lost their backslash
    ("sim99% of ants", "~99% of ants"),
    ("few (sim5%)", "few (~5%)"),
    ("200times faster", "200× faster"),
    ("a times100 times gain", "a ×100 times gain"),
    ("10times10 grid", "10×10 grid"),
    ("Q^{star} and Q^star", "Q^* and Q^*"),
    # escapes and symbols
    (r"1\% of 2\& and a\_b and \#3", "1% of 2& and a_b and #3"),
    (r"\{a\}", "{a}"),
    (r"costs \$5 and \$6", "costs $5 and $6"),
    (r"\sim 5 and 5\times10", "~ 5 and 5×10"),
    (r"\alpha-stable and \pm 3", "α-stable and ± 3"),
    (r"a\\b", "a b"),
    (r"a\,b", "a b"),
    # letters with accents
    (r"Bail\'ing", "Bailíng"),
    (r"T\"ULU", "TÜLU"),
    (r"T\"{U}LU", "TÜLU"),
    (r"na\"{\i}ve", "naïve"),
    (r"{\'e}t\'e", "été"),
    (r"\c{c}a", "ça"),
    (r"Erd\H{o}s", "Erdős"),
    (r"stra\ss e", "straße"),
    # styles
    (r"\textbf{x} and \textit{y z}", "x and y z"),
    ("textit{O}bstacles", "Obstacles"),
    (r"\textbf{a \emph{b} c}", "a b c"),
    # scripts
    ("G_{stack} and x^{2}", "G_stack and x^2"),
    # mathematics
    ("$x$ and $\\alpha$", "x and α"),
    ("$L(s) = L_0$ holds", "L(s) = L_0 holds"),
    ("$O(n)$ time", "O(n) time"),
    (r"$5\times$ faster", "5× faster"),
    # quotes and ties
    ("``quoted'' words", '"quoted" words'),
    ("Table~3 and Fig.~2", "Table 3 and Fig. 2"),
    ("Ann~et~al.", "Ann et al."),
    # spaces and characters that do not show
    ("two  spaces\tand\nlines", "two spaces and lines"),
    ("no\u00a0break, thin\u2009space", "no break, thin space"),
    ("soft\u00adhyphen, zero\u200bwidth, \ufeffmark", "softhyphen, zerowidth, mark"),
    ("cafe\u0301", "caf\u00e9"),
    # links
    (r"\url{https://github.com/quoll/drift_x}.", "https://github.com/quoll/drift_x."),
    ("url{https://github.com/quoll/drift}", "https://github.com/quoll/drift"),
    (r"\href{https://github.com/quoll/drift}{our code}.", "our code (https://github.com/quoll/drift)."),
    ("https://quoll.org/a{https://quoll.org/a}.", "https://quoll.org/a."),
    (r"https://github.com/quoll/a\_b.", "https://github.com/quoll/a_b."),
    ("https://hf-mirror.com/quoll/x.", "https://huggingface.co/quoll/x."),
    ("HF-Mirror.com/quoll/x", "huggingface.co/quoll/x"),
    (
        "https://hf.xxxv.eu.org/quoll/x and https://huggingface.host/y",
        "https://huggingface.co/quoll/x and https://huggingface.co/y",
    ),
]


@pytest.mark.parametrize(("damaged", "cleaned"), RULES)
def test_each_kind_of_damage_is_undone(damaged, cleaned):
    assert clean_text(damaged) == cleaned
    assert clean_text(f"So {damaged} ends") == f"So {cleaned} ends"


@pytest.mark.parametrize(("damaged", "cleaned"), RULES)
def test_damaged_text_is_known_to_need_cleaning(damaged, cleaned):
    assert needs_cleaning(damaged)


@pytest.mark.parametrize(("damaged", "cleaned"), RULES)
def test_what_a_rule_made_is_not_changed_again(damaged, cleaned):
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "training times and 3 times more",
        "times 100",
        "timestamp 5timestamp",
        "sometimes5",
        "simple similar simulation",
        "sim-to-real",
        "Sim2Real",
        "max sim 5",
        "carsim5",
        "QuollSim3",
        "sometimes 5",
        "$100K and $5",
        "from $5 to $10",
        "US$5 and A$6",
        "5x~29x",
        "~ 1000x",
        "about ~5 items",
        r"\model and \ours",
        r"\model models",
        "context{a}",
        "pretext{a}",
        "a {b} c",
        "5'' display",
        "it's the ants' nest",
        "a_b and x^2",
        "100% of >100B & more",
        "f(x) -> y",
        "snake_case_name",
        "[1,2] <b> |x|",
        "hf-mirror.com as a word",
        "{",
        "}",
        "~",
        "$",
        "\\'",
        "$ $",
        "$$",
        r"\textbf{",
        r"\textbf{a",
        "2 < 3 > 1",
        "naïve Übung ß λ 漢字",
    ],
)
def test_text_with_another_reading_is_left_alone(text):
    assert clean_text(text) == text
    assert clean_text(f"We {text} here") == f"We {text} here"


@pytest.mark.parametrize("text", ["sim2real transfer", "a sim2sim gap", "real2sim2real"])
def test_simulation_to_reality_is_not_about_two(text):
    assert clean_text(text) == text


LINKED = [
    "https://quoll.org/~ann/x_y",
    "https://quoll.org/sim99/a",
    "https://github.com/quoll/200times",
    "https://github.com/quoll/drift_{x}",
    "https://quoll.github.io/drift~one/$a$",
    "https://quoll.org/times100?x=a%20b&y=1",
    "https://github.com/quoll/a__b",
]


@pytest.mark.parametrize("address", LINKED)
def test_links_are_not_read_as_latex(address):
    damaged = f"See {address} and 1\\% of sim5 ants, 2times."
    assert clean_text(damaged) == f"See {address} and 1% of ~5 ants, 2×."


def test_links_that_the_caller_found_give_the_same_text():
    text = r"Two: \url{https://hf-mirror.com/quoll/a_b} and https://quoll.org/sim9, 5\%."
    assert clean_text(text, find_links(text)) == clean_text(text)
    assert clean_text("1\\%", []) == "1%"


def test_nothing_is_cut_after_a_percent_sign_or_an_unknown_macro():
    assert clean_text(r"a 5% b \% c \foo{d} e") == r"a 5% b % c \foo{d} e"


SENTENCES = st.lists(
    st.text(
        alphabet="abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.,;:!?()[]'\"-+*/=<>|@#%&_^éüßλ漢\u2019\u201c",
        min_size=1,
        max_size=9,
    ),
    min_size=1,
    max_size=12,
).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(SENTENCES)
def test_text_without_any_sign_comes_back_unchanged(text):
    if not needs_cleaning(text):
        assert clean_text(text) == text


# any text at all: what needs_cleaning promises, rule by rule
PIECES = st.sampled_from(
    [
        "sim",
        "times",
        "5",
        "99%",
        "\\",
        "{",
        "}",
        "$",
        "~",
        "`",
        "''",
        "_",
        "^",
        "star",
        "textbf",
        "model",
        "url",
        "href",
        "alpha",
        "a",
        "B",
        " ",
        " ",
        " ",
        ".",
        ",",
        "(",
        ")",
        "https://quoll.org/a",
        "hf-mirror.com/quoll/b",
        "github.com/q/d",
        "'",
        '"',
        "é",
        "e\u0301",
        "\u00a0",
        "\u200b",
        "\u2003",
        "漢",
        "\u0338",
        "\u00ad",
    ]
)
DAMAGED = st.lists(PIECES, max_size=16).map("".join)


@settings(deadline=None, max_examples=500)
@given(DAMAGED)
def test_trimmed_text_said_not_to_need_cleaning_is_not_changed(text):
    text = text.strip()
    if not needs_cleaning(text):
        assert clean_text(text) == text


@pytest.mark.parametrize("text", [" a", "a "])
def test_text_with_blanks_at_its_ends_is_said_to_need_cleaning(text):
    assert needs_cleaning(text) or clean_text(text) == text


@pytest.mark.parametrize("text", ["a\x0bb", "a\x0cb", "a\x1cb", "a\x1fb", "a\x85b", "a\u2028b", "a\u3000b"])
def test_text_with_odd_spaces_is_said_to_need_cleaning_if_it_is_changed(text):
    assert needs_cleaning(text) or clean_text(text) == text


@settings(deadline=None, max_examples=500)
@given(DAMAGED)
@example("\\")
@example("{}{}")
def test_cleaning_never_fails_and_leaves_no_odd_space(text):
    cleaned = clean_text(text)
    assert cleaned == " ".join(cleaned.split())
    assert not needs_unicode_cleaning(cleaned) or "\\" in text or "{" in text
    assert "\ue000" not in cleaned and "\ue001" not in cleaned


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(), max_size=80))
def test_cleaning_never_fails_on_any_text(text):
    assert isinstance(clean_text(text), str)
    if unicodedata.is_normalized("NFC", text) and not needs_cleaning(text.strip()):
        assert clean_text(text).split() == text.split()


ADDRESSES = [
    "https://quoll.org/a",
    "github.com/q/d",
    "https://github.com/q/d_{x}",
    "hf-mirror.com/q/b",
    "https://quoll.org/~x/sim5$a$",
]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(DAMAGED.filter(lambda text: "/" not in text), st.sampled_from(ADDRESSES)), max_size=4),
    st.booleans(),
)
def test_cleaning_never_changes_or_loses_a_link(parts, stop):
    text = " ".join(f"{words} {address}{'.' * stop}" for words, address in parts)
    before = [link.url for link in find_links(text)]
    assert [link.url for link in find_links(clean_text(text))] == before


WHOLE = st.lists(
    st.sampled_from(
        [damaged for damaged, _ in RULES] + ["ants", "eat", "beetles.", "$5", "5x~29x", r"\model", "sim-to-real"]
    ),
    min_size=1,
    max_size=8,
).map(" ; ".join)


@settings(deadline=None, max_examples=200)
@given(WHOLE)
def test_cleaned_text_is_not_changed_by_cleaning_again(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned


def test_text_that_holds_the_place_marks_character_is_left_alone():
    text = "a \ue0000\ue001 b \\% https://quoll.org/a"
    assert clean_text(text) == text


def test_a_stray_closing_place_mark_does_no_harm():
    assert clean_text("a \ue001 5\\% https://quoll.org/a") == "a \ue001 5% https://quoll.org/a"
