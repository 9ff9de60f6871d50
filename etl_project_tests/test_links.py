import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_project.links import KINDS, MIRRORS, SIGNS, find_links

REPO = "https://github.com/quoll/drift"


def only(text, title=""):
    found = find_links(text, title)
    assert len(found) == 1, found
    return found[0]


# ---- kinds

CLEAN = [
    ("https://github.com/quoll/drift", "https://github.com/quoll/drift", "github_repo"),
    ("https://github.com/quoll/Drift_2.5-base", "https://github.com/quoll/Drift_2.5-base", "github_repo"),
    ("https://github.com/quoll/drift.js", "https://github.com/quoll/drift.js", "github_repo"),
    ("https://github.com/quoll/quoll.github.io", "https://github.com/quoll/quoll.github.io", "github_repo"),
    ("https://github.com/quoll/drift/", "https://github.com/quoll/drift", "github_repo"),
    ("https://github.com/quoll/drift.git", "https://github.com/quoll/drift", "github_repo"),
    ("https://github.com/quoll/drift/tree/main/a_b", "https://github.com/quoll/drift/tree/main/a_b", "github_repo"),
    ("https://github.com/quoll/drift/blob/v1/x.md", "https://github.com/quoll/drift/blob/v1/x.md", "github_repo"),
    ("http://github.com/quoll/drift", "https://github.com/quoll/drift", "github_repo"),
    ("github.com/quoll/drift", "https://github.com/quoll/drift", "github_repo"),
    ("www.github.com/quoll/drift", "https://github.com/quoll/drift", "github_repo"),
    ("https://www.github.com/quoll/drift", "https://github.com/quoll/drift", "github_repo"),
    ("HTTPS://GitHub.COM/Quoll/Drift", "https://github.com/Quoll/Drift", "github_repo"),
    ("GitHub.com/Quoll/Drift.git", "https://github.com/Quoll/Drift", "github_repo"),
    ("https://github.com/quoll", "https://github.com/quoll", "github_org"),
    ("https://github.com/quoll/", "https://github.com/quoll", "github_org"),
    ("https://github.com/orgs/quoll/repositories", "https://github.com/quoll", "github_org"),
    ("https://github.com/features/drift", "https://github.com/features/drift", "github_other"),
    ("https://gist.github.com/quoll/0a1b2c", "https://gist.github.com/quoll/0a1b2c", "github_other"),
    (
        "https://raw.githubusercontent.com/quoll/drift/a",
        "https://raw.githubusercontent.com/quoll/drift/a",
        "github_other",
    ),
    ("https://quoll.github.io/drift", "https://quoll.github.io/drift", "github_pages"),
    ("https://quoll.github.io/drift/", "https://quoll.github.io/drift", "github_pages"),
    ("quoll.github.io/drift", "https://quoll.github.io/drift", "github_pages"),
    ("quoll.github.io", "https://quoll.github.io", "github_pages"),
    ("https://gitlab.com/quoll/drift", "https://gitlab.com/quoll/drift", "gitlab"),
    ("https://gitlab.quoll.edu/lab/drift", "https://gitlab.quoll.edu/lab/drift", "gitlab"),
    ("https://huggingface.co/quoll/drift-7b", "https://huggingface.co/quoll/drift-7b", "huggingface_model"),
    ("huggingface.co/quoll/drift-7b", "https://huggingface.co/quoll/drift-7b", "huggingface_model"),
    ("https://hf.co/quoll/drift-7b", "https://huggingface.co/quoll/drift-7b", "huggingface_model"),
    ("hf.co/quoll/drift-7b", "https://huggingface.co/quoll/drift-7b", "huggingface_model"),
    ("https://HuggingFace.co/Quoll/Drift", "https://huggingface.co/Quoll/Drift", "huggingface_model"),
    ("https://huggingface.co/datasets/quoll/d", "https://huggingface.co/datasets/quoll/d", "huggingface_dataset"),
    ("https://huggingface.co/spaces/quoll/d", "https://huggingface.co/spaces/quoll/d", "huggingface_space"),
    ("https://quoll-drift.hf.space", "https://quoll-drift.hf.space", "huggingface_space"),
    ("https://huggingface.co/spaces/quoll", "https://huggingface.co/spaces/quoll", "huggingface_org"),
    ("https://huggingface.co/quoll", "https://huggingface.co/quoll", "huggingface_org"),
    (
        "https://huggingface.co/collections/q/d-1a",
        "https://huggingface.co/collections/q/d-1a",
        "huggingface_collection",
    ),
    ("https://huggingface.co/papers/2410.05434", "https://huggingface.co/papers/2410.05434", "huggingface_paper"),
    ("https://huggingface.co/docs/quoll", "https://huggingface.co/docs/quoll", "other"),
    ("https://huggingface.co", "https://huggingface.co", "other"),
    ("https://arxiv.org/abs/2410.05434v2", "https://arxiv.org/abs/2410.05434v2", "arxiv"),
    ("arxiv.org/abs/2410.05434", "https://arxiv.org/abs/2410.05434", "arxiv"),
    ("https://anonymous.4open.science/r/drift-1A2B", "https://anonymous.4open.science/r/drift-1A2B", "anonymous_repo"),
    ("anonymous.4open.science/r/drift-1A2B/", "https://anonymous.4open.science/r/drift-1A2B", "anonymous_repo"),
    ("https://sites.google.com/view/drift", "https://sites.google.com/view/drift", "project_page"),
    ("https://cs.quoll.edu/~ann/drift", "https://cs.quoll.edu/~ann/drift", "project_page"),
    ("https://drift.pages.dev", "https://drift.pages.dev", "project_page"),
    ("https://zenodo.org/records/123456", "https://zenodo.org/records/123456", "other"),
    ("https://doi.org/10.1234/abc_(d)", "https://doi.org/10.1234/abc_(d)", "other"),
    ("https://quoll.org/?page=drift&x=1", "https://quoll.org/?page=drift&x=1", "other"),
    ("quoll.org/drift", "https://quoll.org/drift", "other"),
    ("www.quoll.org", "https://www.quoll.org", "other"),
    ("https://bit.ly/drift", "https://bit.ly/drift", "other"),
]


@pytest.mark.parametrize(("raw", "url", "kind"), CLEAN)
def test_each_kind_of_link_is_found_whole_and_canonical(raw, url, kind):
    link = only(f"Ants are here: {raw} and stay")
    assert (link.start, link.end, link.url_raw) == (15, 15 + len(raw), raw)
    assert (link.url, link.kind, link.mirror) == (url, kind, None)


def test_every_kind_has_a_case_here():
    assert {kind for _, _, kind in CLEAN} == set(KINDS)


@pytest.mark.parametrize(
    ("raw", "owner", "repo", "below"),
    [
        ("https://github.com/Quoll/Drift", "Quoll", "Drift", None),
        ("https://github.com/quoll/drift.git", "quoll", "drift", None),
        ("https://github.com/quoll/drift/tree/main/a_b", "quoll", "drift", "tree/main/a_b"),
        ("https://github.com/quoll/drift/blob/v1/x.md", "quoll", "drift", "blob/v1/x.md"),
        ("https://github.com/quoll/drift#usage", "quoll", "drift", None),
        ("https://github.com/quoll/drift?tab=readme", "quoll", "drift", None),
        ("https://github.com/quoll", "quoll", None, None),
        ("https://gist.github.com/quoll/0a1b", None, None, None),
        ("https://gitlab.com/quoll/drift", None, None, None),
        ("https://huggingface.co/quoll/drift", None, None, None),
    ],
)
def test_owner_and_repository_are_told_for_github_only(raw, owner, repo, below):
    link = only(raw)
    assert (link.owner, link.repo, link.deep_path) == (owner, repo, below)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Our project page is https://drift.ai/.", ""),
        ("Project website: https://drift.ai.", ""),
        ("All is at https://www.drift-net.ai.", "DriftNet: Learning to Drift"),
    ],
)
def test_words_before_it_or_the_papers_name_make_a_project_page(text, title):
    assert only(text, title).kind == "project_page"


def test_a_host_is_no_project_page_without_such_a_sign():
    assert only("All is at https://drift.ai.", "Learning to Drift").kind == "other"
    assert only("All is at https://drift.ai.", "AI: Learning to Drift").kind == "other"


# ---- damage


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (f"{REPO}.", REPO),
        (f"{REPO},", REPO),
        (f"{REPO};", REPO),
        (f"{REPO}:", REPO),
        (f"{REPO}!", REPO),
        (f"{REPO}...", REPO),
        (f"{REPO}\u2026", REPO),
        (f"{REPO} .", REPO),
        (f"({REPO}),", REPO),
        (f"({REPO}).", REPO),
        (f"({REPO}/).", REPO + "/"),
        (f"[{REPO}].", REPO),
        (f"[here]({REPO}).", REPO),
        (f"<{REPO}>.", REPO),
        (f'"{REPO}".', REPO),
        (f"'{REPO}'.", REPO),
        (f"\u201c{REPO}\u201d.", REPO),
        (f"{{{REPO}}}.", REPO),
        (f"{{{REPO}/}}.", REPO + "/"),
        (f"\\url{{{REPO}}}.", REPO),
        (f"url{{{REPO}}}.", REPO),
        (f"\\href{{{REPO}}}{{our code}}.", REPO),
        (f"{REPO}\\footnote{{x}}", REPO),
        (f"{REPO}.git.", REPO + ".git"),
        (f"{REPO}.git).", REPO + ".git"),
        (f"**{REPO}**", REPO),
        (f"{REPO}'s", REPO),
        (f"{REPO}\u2019s", REPO),
        (f"{REPO}.The model", REPO),
        (f"{REPO}.Our code", REPO),
        (f"{REPO}.Code", REPO),
        (f"{REPO},and more", REPO),
        (f"{REPO}(code)", REPO),
        (f"{REPO})and", REPO),
        (f"code:{REPO}", REPO),
        (f"e.g.,{REPO}", REPO),
        (f"(see:{REPO})", REPO),
        (f"${REPO}$", REPO),
        (f"{REPO}\u3002", REPO),
        (f"{REPO}\n", REPO),
    ],
)
def test_punctuation_glued_to_a_link_is_not_part_of_it(text, raw):
    link = only(text)
    assert (link.url_raw, link.url, link.kind) == (raw, REPO, "github_repo")
    assert link.start == text.index(raw)


@pytest.mark.parametrize("name", ["drift-v1.5", "drift_2.0", "drift.js", "Drift.jl"])
def test_a_full_stop_within_a_name_stays(name):
    assert only(f"https://github.com/quoll/{name}.").repo == name


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (r"https://github.com/quoll/drift\_x.", "https://github.com/quoll/drift_x"),
        (r"https://quoll.github.io/drift\_x/.", "https://quoll.github.io/drift_x"),
        (r"https://cs.quoll.edu/\~ann/drift.", "https://cs.quoll.edu/~ann/drift"),
        (r"https://huggingface.co/quoll/drift\_x,", "https://huggingface.co/quoll/drift_x"),
    ],
)
def test_latex_escapes_within_a_link_are_undone_in_its_address(text, url):
    assert only(text).url == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (r"https://github.com/quoll/drift\_x,and", "https://github.com/quoll/drift_x"),
        (r"https://github.com/quoll/drift\_x(code)", "https://github.com/quoll/drift_x"),
        (r"https://github.com/quo\_ll,and", "https://github.com/quo_ll"),
        (r"https://hf.co/quoll/drift\_x,and", "https://huggingface.co/quoll/drift_x"),
    ],
)
def test_words_glued_to_a_link_with_a_latex_escape_are_not_part_of_it(text, url):
    assert only(text).url == url


@pytest.mark.parametrize("name", ["github/github", "git/com"])
def test_a_cut_link_spans_its_repository_also_where_the_owner_starts_like_the_host(name):
    assert only(f"https://github.com/{name}(code)").url_raw == f"https://github.com/{name}"


def test_a_repository_always_has_a_name():
    link = only("https://github.com/quoll/.git")
    assert link.repo or link.kind == "github_org"


@pytest.mark.parametrize("doubled", [f"{REPO}{{{REPO}}}", f"{REPO}{{{REPO}}}."])
def test_a_doubled_link_is_one_link(doubled):
    link = only(f"Code: {doubled}")
    assert (link.start, link.url_raw) == (6, REPO)


def test_braces_with_another_link_after_a_link_are_another_link():
    assert [link.url for link in find_links(f"{REPO}{{{REPO}-b}}")] == [REPO, REPO + "-b"]


@pytest.mark.parametrize("glue", [",", ";", "and", ")(", "|", "}{", "\n", " "])
def test_two_links_glued_together_are_two(glue):
    second = "https://hf.co/quoll/drift"
    text = f"{REPO}{glue}{second}."
    found = find_links(text)
    if glue == "and":  # no sign parts the name from the word
        assert [link.end for link in found][-1] == text.index(second) + len(second)
    else:
        assert [link.url_raw for link in found] == [REPO, second]


@pytest.mark.parametrize("raw", ["https://quoll.org", "https://quoll.github.io", "http://drift.ai"])
@pytest.mark.parametrize("glued", [",which we ran", ";see there", "(code)", "[1]", "'s ants"])
def test_words_glued_to_a_link_without_a_path_do_not_lose_it(raw, glued):
    assert only(f"See {raw}{glued}").url_raw == raw


@pytest.mark.parametrize("between", ["\n", "\t", "\u00a0", ".\n", "}\u2014"])
def test_a_link_without_a_scheme_after_one_with_a_scheme_is_found(between):
    found = find_links(f"{REPO}{between}hf.co/quoll/drift")
    assert [link.url for link in found] == [REPO, "https://huggingface.co/quoll/drift"]


def test_two_links_glued_together_are_two_also_in_capitals():
    found = find_links("https://quoll.org/a,HTTPS://drift.org/b")
    assert [link.url for link in found] == ["https://quoll.org/a", "https://drift.org/b"]


def test_a_second_scheme_within_a_path_starts_no_second_link():
    url = "https://web.quoll.org/2024/https://drift.org/page"
    assert only(url + ".").url_raw == url


# ---- mirrors


@pytest.mark.parametrize("mirror", sorted(MIRRORS))
@pytest.mark.parametrize(
    "form", ["https://{}/quoll/drift", "http://{}/quoll/drift/", "{}/quoll/drift", "https://www.{}/quoll/drift"]
)
def test_a_known_mirror_is_mapped_and_recorded(mirror, form):
    raw = form.format(mirror)
    link = only(f"at {raw}.")
    assert (link.url_raw, link.url, link.kind) == (raw, "https://huggingface.co/quoll/drift", "huggingface_model")
    assert link.mirror == mirror


def test_a_mirror_in_capitals_is_the_same_mirror():
    link = only("HTTPS://HF-Mirror.Com/Quoll/Drift")
    assert (link.url, link.mirror) == ("https://huggingface.co/Quoll/Drift", "hf-mirror.com")


@pytest.mark.parametrize(
    "host",
    [
        "huggingface.hosting",
        "hf-mirror.net",
        "hf-mirror.com.quoll.net",
        "huggingface.co.quoll.net",
        "my-hf-mirror.com",
        "cdn.hf-mirror.com",
        "xhf.co",
        "huggingface.com",
        "huggingface.cn",
        "hf.xxxv.org",
        "xxxv.eu.org",
    ],
)
def test_an_unknown_look_alike_of_the_site_is_never_mapped(host):
    link = only(f"https://{host}/quoll/drift")
    assert (link.url, link.kind, link.mirror) == (f"https://{host}/quoll/drift", "other", None)


# ---- what is no link


@pytest.mark.parametrize(
    "text",
    [
        "GPT-3.5",
        "and/or",
        "e.g., this",
        "i.e. that",
        "Phi.This",
        "improvement.To",
        "Phi.This/that",
        "improvement.To/from",
        "Recall@K",
        "wikipedia.org",
        "GitHub",
        "Hugging Face",
        "13/70B",
        "7B/13B.",
        "C/C++",
        "mail@host.org",
        "arXiv",
        "3.5/4.0",
        "ann@github.com/quoll",
        "Node.js/Deno",
        "v1.2/v1.3",
        "24/7",
        "text/html",
        "://",
        "https://",
        "http:// x",
        "https://.",
        "https://localhost/x",
        "/",
        "//",
        "a//b",
        "km/h.",
        "TCP/IP",
        "www.",
        ".github.io",
        "U.S./U.K.",
        "train/test.We go",
        "",
    ],
)
def test_words_that_look_like_links_are_none(text):
    assert find_links(text) == []
    assert find_links(f"We saw {text} twice.") == []


# ---- properties

WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyzéü", min_size=1, max_size=9).filter(lambda word: "http" not in word)
PROSE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
SEGMENT = st.from_regex(r"\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,9}[a-zA-Z0-9]\Z")
SCHEME = st.sampled_from(["https://", "http://", ""])
OPENERS = ["", "(", "[", "{", "<", '"', "'", "\u201c", "\\url{", "*", "(see ", "code:", "\u2018"]
CLOSERS = [
    "",
    ".",
    ",",
    ";",
    ":",
    "!",
    "?",
    " .",
    ").",
    "),",
    ")",
    "].",
    "}.",
    "},",
    ">",
    '".',
    "\u2019s",
    "\u201d.",
    "...",
    "\u2026",
]
CLOSERS += ["/).", "/}.", "/.", ".The", ".Our", "*", "**.", ")).", "\\footnote{a}", "\u3002"]


@st.composite
def clean_links(draw):
    a, b, c = draw(SEGMENT), draw(SEGMENT), draw(SEGMENT)
    path, kind = draw(
        st.sampled_from(
            [
                (f"github.com/x{a}/{b}", "github_repo"),
                (f"github.com/x{a}/{b}/tree/main/{c}", "github_repo"),
                (f"github.com/x{a}", "github_org"),
                (f"x{a.lower().replace('_', '-')}.github.io/{b}", "github_pages"),
                (f"gitlab.com/{a}/{b}", "gitlab"),
                (f"huggingface.co/x{a}/{b}", "huggingface_model"),
                (f"huggingface.co/datasets/{a}/{b}", "huggingface_dataset"),
                (f"huggingface.co/spaces/{a}/{b}", "huggingface_space"),
                (f"huggingface.co/x{a}", "huggingface_org"),
                ("arxiv.org/abs/2410.05434", "arxiv"),
                (f"anonymous.4open.science/r/{a}", "anonymous_repo"),
                (f"quoll.org/{a}/{b}", "other"),
            ]
        )
    )
    return draw(SCHEME) + path, "https://" + path, kind


@settings(deadline=None, max_examples=300)
@given(PROSE, st.sampled_from(OPENERS), clean_links(), st.sampled_from(CLOSERS), PROSE)
def test_a_clean_link_in_any_prose_and_punctuation_is_found_exactly(before, opener, link, closer, after):
    raw, url, kind = link
    text = f"{before} {opener}{raw}{closer} {after}"
    suffix = "/" if closer.startswith("/") else ""
    start = text.index(raw)
    found = only(text)
    assert (found.start, found.end, found.url_raw) == (start, start + len(raw) + len(suffix), raw + suffix)
    assert (found.url, found.kind, found.mirror) == (url, kind, None)


@settings(deadline=None)
@given(SCHEME, SEGMENT, SEGMENT, st.sampled_from([".git", ".git.", ".git,", ".git)."]), PROSE)
def test_a_repositorys_git_suffix_is_in_the_span_but_not_in_the_address(scheme, owner, repo, closer, after):
    raw = f"{scheme}github.com/x{owner}/{repo}.git"
    found = only(f"at {raw}{closer.removeprefix('.git')} {after}")
    assert (found.start, found.url_raw) == (3, raw)
    assert (found.url, found.repo) == (f"https://github.com/x{owner}/{repo}", repo)


@pytest.mark.parametrize("raw", ["https://quoll.org/drift", "https://quoll.github.io/drift", REPO + "/tree/main"])
def test_a_possessive_s_is_not_part_of_a_link(raw):
    assert only(f"We like {raw}'s design.").url == raw


@settings(deadline=None)
@given(st.lists(st.tuples(PROSE, clean_links(), st.sampled_from([".", ",", "", ").", ";"])), min_size=1, max_size=5))
def test_every_link_of_a_text_is_found_once_and_in_order(parts):
    text = " ".join(f"{prose} {raw}{stop}" for prose, (raw, _, _), stop in parts)
    assert [link.url for link in find_links(text)] == [url for _, (_, url, _), _ in parts]


@settings(deadline=None)
@given(clean_links(), st.sampled_from([".", ",", ").", ""]))
def test_a_canonical_address_is_its_own_canonical_address(link, stop):
    found = only(link[0] + stop)
    again = only(found.url)
    assert again._replace(start=0, end=0, url_raw="") == found._replace(start=0, end=0, url_raw="")


PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "github.com",
        "huggingface.co",
        "hf-mirror.com",
        "quoll.github.io",
        "www.",
        "quoll.org",
        "/",
        "/",
        ".",
        ",",
        " ",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "?",
        "#",
        "@",
        ":",
        "&",
        "=",
        "%",
        "~",
        "-",
        "_",
        "*",
        "'",
        '"',
        "a",
        "quoll",
        "drift",
        ".git",
        "The",
        "datasets",
        "papers",
        "orgs",
        "2410.05434",
        "\n",
        "\u2026",
        "é",
        "\u200b",
        "𝒳",
    ]
)


def check_links(text):
    last = 0
    for link in find_links(text):
        assert last <= link.start < link.end <= len(text)
        assert text[link.start : link.end] == link.url_raw
        assert link.kind in KINDS
        assert link.url.startswith("https://") and not re.search(r"\s", link.url)
        host = re.split("[/?#]", link.url)[2]
        assert host == host.lower() and "." in host
        assert host not in MIRRORS and (link.mirror is None or host == "huggingface.co")
        assert (link.repo is None) or link.kind == "github_repo"
        last = link.end


@settings(deadline=None, max_examples=400)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("https://github.com/a/b(https://github.com/a/b)")
def test_links_never_overlap_and_always_hold_what_stands_at_their_place(text):
    check_links(text)


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(), max_size=80))
def test_finding_links_never_fails_on_any_text(text):
    check_links(text)
    check_links("https://" + text)
    check_links("github.com/" + text)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES | st.sampled_from(["\\_", "\\%", "\\", "\\~"]), max_size=12).map("".join))
@example("github.com/a/b\\_c(d")
def test_finding_links_never_fails_on_escapes(text):
    check_links(text)
    check_links("https://github.com/a" + text)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_address_with_a_scheme_and_a_host_is_lost(text):
    # slow and obvious: each scheme with a plain host after it lies within a link or within its doubled copy
    covered = [(link.start, link.end + len(link.url_raw) + 2) for link in find_links(text)]
    for match in re.finditer(r"(?i)https?://(?=(?:[a-z0-9-]+\.)+[a-z]+(?:[/\s{}]|$))", text):
        assert any(start <= match.start() < end for start, end in covered), match


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("WWW.quoll.org")
@example("quoll.GitHub.io")
def test_a_text_without_any_sign_of_a_link_has_none(text):
    if not any(re.search(sign, text) for sign in SIGNS):
        assert find_links(text) == []


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(PROSE, clean_links()), min_size=1, max_size=4), PROSE)
def test_links_do_not_depend_on_the_words_around_them(parts, tail):
    text = " ".join(f"{prose} {raw}" for prose, (raw, _, _) in parts) + " " + tail
    word_by_word = [link.url_raw for word in text.split(" ") for link in find_links(word)]
    assert [link.url_raw for link in find_links(text)] == word_by_word
