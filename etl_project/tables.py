"""Every table and column, declared once: name, type, unit, description, key, closed lists, laws. No logic.

DDL, Polars schemas, expectation suites, Dagster's column schemas and the data dictionary all follow
from here. ``SCHEMA_VERSION`` moves when a published column is renamed, removed or changes its meaning.
"""

from etl_project.captures import ABSTRACT_KINDS, FORMS, REFUSAL_REASONS
from etl_project.contract import MENTION_ID, OWNERS, VERDICTS, Column, Law, Table
from etl_project.drift import CAPTURE_LAWS, DELIVERY_LAWS, MEASURES, STATISTICS_LAWS
from etl_project.links import KINDS

SCHEMA_VERSION = 2

_DUMP_ID = r"[0-9a-f]{16}"
_PAPER_ID = r"p[0-9a-f]{16}"
_ARXIV_ID = r"\d{4}\.\d{4,5}"


def _dump_id(description: str = "The dump, as in `raw_dumps`.") -> Column:
    return Column("dump_id", "text", description, required=True, pattern=_DUMP_ID, references="raw_dumps")


def _mention_id(
    name: str = "mention_id", description: str = "", required: bool = True, references: str = "parsed_rows"
) -> Column:
    about = description or "The mention, as in `parsed_rows`."
    return Column(name, "text", about, required=required, pattern=MENTION_ID, references=references)


def _paper_id(
    description: str = "The paper, as in `papers`.", name: str = "paper_id", references: str = "papers"
) -> Column:
    return Column(name, "text", description, required=True, pattern=_PAPER_ID, references=references)


def _exists_in(column: str, other: str, other_column: str | None = None) -> Law:
    key = other_column or column
    return Law(
        name=f"{column}_in_{other}",
        description=f"Every `{column}` stands in `{other}`.",
        failing=f"select {column} from {{table}} t where {column} is not null "
        f"and not exists (select 1 from {other} o where o.{key} = t.{column})",
        remedy=f"The stage of `{other}` lost rows or was not run; run the whole job again.",
    )


def _kept(name: str, description: str, there: str, counted: str) -> Law:
    """Return the law that a derived table counts as much as stands in the tables that it is made of."""
    return Law(
        name,
        description,
        f"select counted, there from (select coalesce({counted}, 0) as counted from {{table}}) "
        f"cross join (select count(*) as there from ({there})) where counted <> there",
        "The table's SQL lost or doubled rows: report it.",
    )


PUBLISHED_BASES = (
    "printed",
    "capture_day",
    "newest_printed_year",
    "year_unknown",
    "after_capture_day",
    "ambiguous",
    "not_a_day",
    "absent",
)
CAPTURED_BASES = (
    "printed",
    "link",
    "json",
    "front_matter",
    "fetched",
    "file_name",
    "file_time",
    "newest_printed_year",
    "year_unknown",
    "several_pages",
    "absent",
)
COUNT_BASES = ("listed", "counted", "organisation_shown", "absent")
LINK_SOURCES = ("abstract", "page", "both")
#: Values of a paper that are followed to their mentions in ``value_sources``.
SOURCED_FIELDS = (
    "title",
    "abstract",
    "ai_summary",
    "arxiv_id",
    "n_authors",
    "organisation",
    "published_on",
    "arxiv_published_at",
    "daily_on",
    "github_repository",
    "project_page",
)
MATCH_RULES = (
    "new_paper", "same_arxiv_id", "same_title_and_abstract", "same_title_similar_abstract", "similar_title_and_abstract",
    "same_title", "decided",
)  # fmt: skip
#: What became of a decision: it holds; a later one says otherwise; arXiv ids speak against it; or its mentions are gone.
DECISION_STATES = ("applied", "overruled", "contradicted", "unknown_mention")
#: What becomes of a file that is given to a run (``raw.Delivery``).
DELIVERY_OUTCOMES = ("new", "known", "unreadable", "unfinished")
#: What became of a paper since the publication before (``sql/quality/paper_changes.sql``).
CHANGES = ("new", "updated", "merged", "gone", "returned")
RELATIONS = ("retitled", "extended_version", "same_template", "similar", "same_title")

RAW_DUMPS = Table(
    name="raw_dumps",
    stage="raw",
    grain="One row is one capture file as received; the bytes lie unchanged in data_lake/raw under their hash.",
    key=("dump_id",),
    columns=(
        _dump_id("First 16 hex digits of `content_sha256`: the same content is the same dump, whatever its name."),
        Column("content_sha256", "text", "SHA-256 of the content once opened (of the bytes where it cannot be opened).", required=True, pattern="[0-9a-f]{64}"),
        Column("stored_sha256", "text", "SHA-256 of the bytes as received, the name of the file in data_lake/raw.", required=True, pattern="[0-9a-f]{64}"),
        Column("file_name", "text", "Name under which the content first came.", required=True),
        Column("source", "text", "Folder, inbox or service from which it came.", required=True),
        Column("received_at", "timestamp", "When it was taken into the lake.", "UTC", required=True),
        Column("modified_at", "timestamp", "The file's own time when it was taken.", "UTC"),
        Column("load_number", "integer", "Number of the run that took it in, from 1.", required=True, least=1),
        Column("byte_count", "bigint", "Size as received.", "bytes", required=True, least=0),
        Column("opened_byte_count", "bigint", "Size once opened; null if it could not be opened.", "bytes", least=0),
        Column("compression", "text", "How the bytes were packed.", required=True, one_of=("none", "gzip", "zstd")),
        Column("encoding", "text", "Encoding by which the bytes became text; null if none did."),
        Column("encoding_basis", "text", "The rule that chose the encoding.", required=True, one_of=("bom", "utf8", "utf8_damaged", "declared", "charset_normalizer", "none")),
        Column("damaged_lines", "integers", "Numbers (1-based) of lines with bytes that are invalid in the encoding.", required=True),
        Column("line_count", "integer", "Lines of the text; a line end at the end starts no new line.", "lines", required=True, least=0),
        Column("unread_reason", "text", "Why the bytes did not become text; null if they did.", one_of=("empty_file", "binary_file", "undecodable", "damaged_compression", "opens_too_large", "too_complex")),
        Column("content", "text", "The text, line ends made \\n, without a byte order mark; null if there is none."),
    ),
    laws=(
        Law(
            "text_or_reason",
            "A dump has its text, or the reason why not.",
            "select dump_id, file_name from {table} where (content is null) = (unread_reason is null)",
            "A defect of the raw stage: report it with the file.",
        ),
    ),
    unpublished=("content",),
    least_rows=1,
)  # fmt: skip

CAPTURES = Table(
    name="captures",
    stage="parsed",
    grain="One row is how one dump was read: its form, its page, its day, and the account of its lines.",
    key=("dump_id",),
    columns=(
        _dump_id(),
        Column("form", "text", "Form of the capture, recognised by its structure.", required=True, one_of=FORMS),
        Column("form_confidence", "double", "How sure the form is.", "0 to 1", required=True, least=0, most=1),
        Column("heading", "text", "Heading of the page, as printed (`Daily Papers`, `Trending Papers`)."),
        Column("query", "text", "Search text in the page's head, as printed."),
        Column("captured_raw", "text", "Day in the page's head, as printed, most often without a year."),
        Column("captured_on", "date", "Day of the capture: the same as a date, or where the page prints none, as `captured_basis` says; null where nothing tells it. A page of an older day has that day, whenever it was looked at, unless the file's name tells a later one."),
        Column("captured_basis", "text", "What gave the day, or its year: printed with it; a link to the day's page; the page's or the API's JSON; a front matter before the page; the day on which `papers fetch` asked; the file's name: the day that the page prints or a later one, or where it prints none (then also its folder's name, if that is a day), a day after which the page shows nothing; the file's time, where it is within a day of the day that the page prints, or of the newest paper's if it prints none; the year after the newest printed date; nothing. `several_pages`: pages of several days stand in one file.", required=True, one_of=CAPTURED_BASES),
        Column("mirror", "text", "Known mirror of the site that served the page, by its links or by its host in the texts."),
        Column("unknown_host", "text", "Host that the page's links lead to in place of the site and its known mirrors; never mapped."),
        Column("records", "integer", "Mentions found.", "mentions", required=True, least=0),
        Column("refusals", "integer", "Records and lines refused.", "refusals", required=True, least=0),
        Column("lines_total", "integer", "Lines of the file.", "lines", required=True, least=0),
        Column("lines_field", "integer", "Lines that are a field of a record.", "lines", required=True, least=0),
        Column("lines_furniture", "integer", "Lines of the page's head and foot, markup without text, and blank lines.", "lines", required=True, least=0),
        Column("lines_refused", "integer", "Lines that hold something refused.", "lines", required=True, least=0),
        Column("parser_version", "integer", "Version of the parser that read it.", required=True, least=1),
    ),
    laws=(
        _exists_in("dump_id", "raw_dumps"),
        Law(
            "every_dump_read",
            "Every dump was read: nothing that came in is left out.",
            "select dump_id, file_name from raw_dumps where dump_id not in (select dump_id from {table})",
            "Run the job again; if it stays, the parsed stage skips a dump.",
            owner="operator",
        ),
        Law(
            "every_line_accounted_for",
            "Lines of the file = field + furniture + refused, and the refused ones are those of `refused_records`, each counted once.",
            "select c.dump_id, c.lines_total, c.lines_field, c.lines_furniture, c.lines_refused from {table} c "
            "join raw_dumps d using (dump_id) left join (select dump_id, count(distinct line) as n from (select dump_id, "
            "unnest(generate_series(line_start, line_end)) as line from refused_records where line_start > 0) "
            "group by dump_id) r using (dump_id) where "
            "c.lines_total <> c.lines_field + c.lines_furniture + c.lines_refused or c.lines_total <> d.line_count "
            "or c.lines_refused <> coalesce(r.n, 0)",
            "The parser lost or doubled a line of this file: report it with the file.",
        ),
        Law(
            "every_record_kept",
            "Mentions counted while reading = rows of `parsed_rows`; refusals likewise.",
            "select c.dump_id, c.records, c.refusals from {table} c "
            "left join (select dump_id, count(*) as n from parsed_rows group by dump_id) p using (dump_id) "
            "left join (select dump_id, count(*) as n from refused_records group by dump_id) r using (dump_id) "
            "where c.records <> coalesce(p.n, 0) or c.refusals <> coalesce(r.n, 0)",
            "Rows were lost between reading and the warehouse: run again; report it if it stays.",
            owner="operator",
        ),
        Law(
            "no_unknown_host",
            "No capture's links lead to a host that looks like the site and is not known as a mirror.",
            "select dump_id, file_name, unknown_host from {table} join raw_dumps using (dump_id) where unknown_host is not null",
            "Look whether the host is a mirror; if it is, add it to MIRRORS in etl_project/links.py. Until then nothing is mapped.",
            severity="warning",
        ),
    ),
)  # fmt: skip

PARSED_ROWS = Table(
    name="parsed_rows",
    stage="parsed",
    grain="One row is one mention of a paper in one capture: cleaned values beside the text as received.",
    key=("mention_id",),
    columns=(
        _mention_id(description="Dump and first line of the mention; the same after every run."),
        _dump_id(),
        Column("seq", "integer", "Place of the mention in its file, from 1.", required=True, least=1),
        Column("line_start", "integer", "First line of the mention in the file, from 1.", required=True, least=1),
        Column("line_end", "integer", "Last line of the mention.", required=True, least=1),
        Column("form", "text", "Form of the capture.", required=True, one_of=FORMS),
        Column("title", "text", "Title as received, trimmed.", required=True, pattern=r"(?s)\S(.*\S)?"),
        Column("abstract", "text", "Text in the abstract's place as received, trimmed; null where the page shows none."),
        Column("abstract_clean", "text", "The same with LaTeX residue and mirrors' hosts undone where certain."),
        Column("abstract_kind", "text", "What that text is: the abstract; a one-sentence summary in its place; its beginning, cut off with an ellipsis.", one_of=ABSTRACT_KINDS),
        Column("ai_summary", "text", "One-sentence summary where the capture has it beside the abstract."),
        Column("arxiv_id", "text", "arXiv id without version; null where the form does not carry it.", pattern=_ARXIV_ID),
        Column("n_authors", "integer", "Authors as printed, or as listed by name in `mention_authors`; null where the page shows none or the organisation instead.", "authors", least=0),
        Column("organisation_handle", "text", "Handle of the organisation that the page shows in place of authors."),
        Column("organisation_name", "text", "Display name of that organisation."),
        Column("published_raw", "text", "Day of the paper on arXiv as printed, without the comment count after it."),
        Column("published_on", "date", "The same as a day; null where it is not certain."),
        Column("published_year_inferred", "boolean", "True where the year was not printed but inferred.", required=True),
        Column("published_basis", "text", "How the date came about: printed in full; year from the capture day; year after the newest printed year of the file; or why there is none.", required=True, one_of=PUBLISHED_BASES),
        Column("upvotes", "integer", "Upvotes as printed, 0 where the page shows `-`; null where it shows nothing.", "upvotes", least=0),
        Column("comments", "integer", "Comments as printed; null where none are shown (the page leaves out 0).", "comments", least=0),
        Column("arxiv_published_at", "timestamp", "When the paper came to arXiv; only JSON tells. Midnight where only the day is known.", "UTC"),
        Column("daily_submitted_at", "timestamp", "When the paper was put on the daily page; only JSON tells. Midnight where only the day is known.", "UTC"),
        Column("github_url", "text", "Repository that the page itself shows for the paper, as received; canonical in `mention_links`."),
        Column("github_stars", "integer", "Stars of that repository at the capture.", "stars", least=0),
        Column("github_stars_step", "integer", "Unit of the last digit of the stars as printed: `11.3k` is 11300 in steps of 100.", "stars", least=1),
        Column("project_url", "text", "Project page that the page itself shows for the paper, as received."),
        Column("raw", "text", "JSON of what the capture tells beyond these columns; null where there is nothing."),
    ),
    laws=(
        _exists_in("dump_id", "captures"),
        Law(
            "lines_within_file",
            "First line <= last line <= lines of the file.",
            "select mention_id, line_start, line_end from {table} join captures using (dump_id) "
            "where line_start > line_end or line_end > lines_total",
            "A defect of the parser: report it with the file.",
        ),
        Law(
            "no_year_without_a_basis",
            "A date exists only with a basis, and is marked as inferred only if its year was not printed.",
            "select mention_id, published_raw, published_basis from {table} where (published_on is not null) <> "
            "(published_basis in ('printed', 'capture_day', 'newest_printed_year')) or published_year_inferred <> "
            "(published_basis in ('capture_day', 'newest_printed_year')) or (published_raw is null) <> (published_basis = 'absent')",
            "A defect of the date rules: report it with the file.",
        ),
        Law(
            "abstract_or_id",
            "A mention has a text in the abstract's place, or an arXiv id that tells which paper it is; a text has a kind.",
            "select mention_id, title from {table} where (abstract is null and arxiv_id is null) "
            "or (abstract is null) <> (abstract_clean is null) or (abstract is null) <> (abstract_kind is null)",
            "A defect of the parser: report it with the file.",
        ),
        Law(
            "date_is_plausible",
            "No paper is dated before arXiv (1991-08-14) or after the day its capture came in.",
            "select file_name || ' (' || dump_id || '), line ' || line_start || ': ' || published_on || ', received on ' || received_at::date as finding, "
            "mention_id, published_on, received_at from {table} join raw_dumps using (dump_id) "
            "where published_on < date '1991-08-14' or published_on > cast(received_at as date) + 1",
            "Look at the capture's lines: a wrong capture day gives wrong years.",
            severity="warning",
            owner="captures",
        ),
        Law(
            "abstract_is_no_furniture",
            "No abstract is shared by more than one in twenty mentions (at least four) under different titles.",
            "select left(abstract, 80) as abstract, titles, mention_id from (select abstract, min(mention_id) as mention_id, "
            "count(distinct regexp_replace(lower(title), '[^[:alnum:]]', '', 'g')) as titles from {table} where abstract is not null group by abstract) "
            "where titles > greatest(3, 0.05 * (select count(*) from {table}))",
            "Text of the page may have been taken for abstracts: look at the capture's lines.",
            severity="warning",
            owner="captures",
        ),
    ),
)  # fmt: skip

MENTION_LINKS = Table(
    name="mention_links",
    stage="parsed",
    grain="One row is one link as it stands in the abstract of one mention, or beside it on the page.",
    key=("mention_id", "link_number"),
    columns=(
        _mention_id(),
        Column("link_number", "integer", "Number of the link in the mention, from 1: those in the abstract in their order, then those of the page.", required=True, least=1),
        Column("source", "text", "Where the link stands: in the abstract, or on the page as the paper's repository or project page.", required=True, one_of=("abstract", "page")),
        Column("url_raw", "text", "Address as written.", required=True),
        Column("url", "text", "Canonical address: https, lower-case host, mirrors and short hosts mapped, no .git.", required=True, pattern=r"https://[^\s]+"),
        Column("kind", "text", "What the address leads to.", required=True, one_of=KINDS),
        Column("span_start", "integer", "First character of `url_raw` in `abstract`, from 0; null for links of the page.", "code points", least=0),
        Column("span_end", "integer", "Character after the last one.", "code points", least=1),
        Column("mirror", "text", "Mirror's host that was mapped to huggingface.co."),
        Column("owner", "text", "GitHub owner as written."),
        Column("repo", "text", "GitHub repository as written, without .git."),
        Column("repo_key", "text", "owner/repo in lower case, to compare by.", pattern=r"[a-z0-9_-]+/[a-z0-9._-]+"),
        Column("deep_path", "text", "Path below the repository (`tree/main/...`)."),
    ),
    laws=(
        _exists_in("mention_id", "parsed_rows"),
        Law(
            "span_holds_the_link",
            "`abstract` holds `url_raw` at the span, for every link of an abstract.",
            "select mention_id, url_raw, span_start from {table} join parsed_rows using (mention_id) "
            "where source = 'abstract' and substr(abstract, span_start + 1, span_end - span_start) is distinct from url_raw",
            "A defect of the link search: report it with the file.",
        ),
        Law(
            "no_unknown_mirror",
            "No link leads to a host that looks like Hugging Face's and is neither the site nor a known mirror.",
            "select url, min(mention_id) as mention_id, count(*) as links from {table} where regexp_matches("
            "url, '^https://([a-z0-9.-]*[.-])?(hf|huggingface)[.-]') and not regexp_matches("
            "url, '^https://([a-z0-9-]+[.])*(huggingface[.]co|hf[.]co|hf[.]space)(/|:|$)') and regexp_matches("
            "url, '^https://[^/]+/(papers|datasets|spaces|collections|[^/]+/[^/]+)') group by url",
            "Look whether the host is a mirror; if it is, add it to MIRRORS in etl_project/links.py. Until then nothing is mapped.",
            severity="warning",
        ),
    ),
)  # fmt: skip

MENTION_AUTHORS = Table(
    name="mention_authors",
    stage="parsed",
    grain="One row is one author of one mention, by name; only JSON and a paper's own page list names.",
    key=("mention_id", "position"),
    columns=(
        _mention_id(),
        Column("position", "integer", "Place in the list of authors, from 1.", required=True, least=1),
        Column("name", "text", "Name as received, trimmed.", required=True, pattern=r"(?s)\S(.*\S)?"),
    ),
    laws=(
        _exists_in("mention_id", "parsed_rows"),
        Law(
            "names_add_up",
            "Where names are listed, `n_authors` is their number.",
            "select mention_id, n_authors, names from parsed_rows join (select mention_id, count(*) as names, max(position) as last "
            "from {table} group by mention_id) using (mention_id) where n_authors is distinct from names or last <> names",
            "A defect of the parser: report it with the file.",
        ),
    ),
)

REFUSED_RECORDS = Table(
    name="refused_records",
    stage="parsed",
    grain="One row is one record, line or file that was not understood, with the reason and what to do.",
    key=("dump_id", "seq"),
    columns=(
        _dump_id(),
        Column("seq", "integer", "Number of the refusal in its file, from 1.", required=True, least=1),
        Column("line_start", "integer", "First refused line, from 1; 0 where the dump has no lines.", required=True, least=0),
        Column("line_end", "integer", "Last refused line.", required=True, least=0),
        Column("reason", "text", "Why, from a closed list.", required=True, one_of=tuple(REFUSAL_REASONS)),
        Column("detail", "text", "What was found and what to do about it.", required=True),
        Column("text", "text", "The refused text as received, at most 2,000 characters of it; the whole is in the raw file.", required=True),
    ),
    laws=(_exists_in("dump_id", "captures"),),
)  # fmt: skip

PAPER_MENTIONS = Table(
    name="paper_mentions",
    stage="papers",
    grain="One row is one mention and the paper it belongs to, with the rule that joined it.",
    key=("mention_id",),
    columns=(
        _mention_id(),
        _paper_id(),
        Column("rule", "text", "What joined the mention to the paper: `new_paper` for the paper's first one; the same arXiv id; the same title over the same text, or over a version of it (cut off, revised, with typing errors); a title that differs by typing errors over a similar text; the same title alone, where nothing under that title contradicts; or `decided`, by people.", required=True, one_of=MATCH_RULES),
        Column("title_key", "text", "Title reduced to letters and digits, lower case, LaTeX undone, `&` as `and`; `+` and `#` stay, and so does a title without any letter.", required=True),
        Column("abstract_key", "text", "Hash of the cleaned abstract's letters and digits; null where the mention shows no full abstract.", pattern="[0-9a-f]{16}"),
    ),
    laws=(
        _exists_in("mention_id", "parsed_rows"),
        Law(
            "every_mention_in_one_paper",
            "Mentions = parsed rows: every mention is in exactly one paper.",
            "select mention_id, title from parsed_rows where mention_id not in (select mention_id from {table})",
            "The papers stage lost a mention: run again; report it if it stays.",
        ),
        Law(
            "one_arxiv_id_a_paper",
            "No paper has mentions with two different arXiv ids.",
            "select paper_id, string_agg(distinct arxiv_id, ', ') as arxiv_ids from {table} join parsed_rows "
            "using (mention_id) group by paper_id having count(distinct arxiv_id) > 1",
            "Two papers were joined; look at `papers explain`.",
        ),
        Law(
            "a_title_joins_one_paper",
            "Where a title alone joined a mention, one paper and one arXiv id at most stand under that title.",
            "select title_key, count(distinct paper_id) as papers, count(distinct arxiv_id) as arxiv_ids from {table} "
            "join parsed_rows using (mention_id) where title_key in (select title_key from {table} where rule = 'same_title') "
            "group by title_key having count(distinct paper_id) > 1 or count(distinct arxiv_id) > 1",
            "A defect of the matching: report it.",
        ),
        Law(
            "one_new_paper_each",
            "Every paper has exactly one mention that made it.",
            "select paper_id, count(*) filter (rule = 'new_paper') as firsts from {table} group by paper_id having firsts <> 1",
            "A defect of the matching: report it.",
        ),
    ),
)  # fmt: skip

MERGED_PAPERS = Table(
    name="merged_papers",
    stage="papers",
    grain="One row is a paper id that was given up because its mentions turned out to belong to another paper.",
    key=("merged_paper_id",),
    columns=(
        _paper_id("The id that was given up.", "merged_paper_id", references=""),
        _paper_id("The older paper that took its mentions."),
        Column("load_number", "integer", "Number of the newest load when it happened.", required=True, least=1),
    ),
    laws=(
        _exists_in("paper_id", "paper_mentions"),
        Law(
            "given_up_ids_stay_given_up",
            "No given-up id is in use.",
            "select merged_paper_id from {table} where merged_paper_id in (select paper_id from paper_mentions)",
            "A defect of the id rules: report it.",
        ),
    ),
)

RELATED_PAPERS = Table(
    name="related_papers",
    stage="papers",
    grain="One row is two papers that are not joined and look alike, for people to look at: the texts share passages, or the titles are one.",
    key=("paper_id", "related_paper_id"),
    columns=(
        _paper_id("The one of the two ids that sorts first."),
        _paper_id("The other.", "related_paper_id"),
        Column("kind", "text", "How they look alike: `retitled` (nearly one text, of one length), `extended_version` (most of the shorter text is in the other), `same_template` (one wording, other numbers or names), `similar` (a third to a half of the text), `same_title` (one title, other texts). Without an id no text can tell a retitled paper from an extended version for certain.", required=True, one_of=RELATIONS),
        Column("containment", "double", "Share of the shorter text that is in the other, estimated from a sample of its passages; 0 for `same_title`, where it is not kept (`papers explain` tells it).", "0 to 1", required=True, least=0, most=1),
        _mention_id(description="A mention of the first paper, of which the text was compared."),
        _mention_id("related_mention_id", "One of the other paper."),
    ),
    laws=(
        _exists_in("paper_id", "paper_mentions"),
        _exists_in("related_paper_id", "paper_mentions", "paper_id"),
        Law(
            "two_papers_each_once",
            "The two are different papers, in the order of their ids.",
            "select paper_id, related_paper_id from {table} where paper_id >= related_paper_id",
            "A defect of the matching: report it.",
        ),
    ),
)  # fmt: skip

DECISIONS = Table(
    name="decisions",
    stage="papers",
    grain="One row is one mention that people decided about, with `papers merge` or `papers split`.",
    key=("decision_number", "other_mention_id"),
    columns=(
        Column("decision_number", "integer", "Place in the lake's decisions/decisions.jsonl, from 1.", required=True, least=1),
        Column("verdict", "text", "Whether the two mentions are of the same paper or of different ones.", required=True, one_of=VERDICTS),
        # the state says which are there: people's words outlive the mentions that they name
        _mention_id(description="A mention of the one paper; the decision holds for its copies, too.", references=""),
        _mention_id("other_mention_id", "A mention of the other.", references=""),
        Column("why", "text", "The reason that was given.", required=True),
        Column("decided_at", "timestamp", "When (UTC).", required=True),
        Column("state", "text", "`applied`; or not: a later decision says otherwise (`overruled`), arXiv ids speak against it (`contradicted`), or the mentions are not there (`unknown_mention`).", required=True, one_of=DECISION_STATES),
    ),
    laws=(
        Law(
            "decisions_are_applied",
            "Every decision holds, or a later one does.",
            "select decision_number, state, why from {table} where state in ('contradicted', 'unknown_mention')",
            "Look at decisions/decisions.jsonl; delete a line that no longer fits.",
            severity="warning",
            owner="operator",
        ),
    ),
)  # fmt: skip

PAPERS = Table(
    name="papers",
    stage="papers",
    grain="One row is one paper, with the values that survive from its mentions (the rule stands in sql/papers.sql).",
    key=("paper_id",),
    columns=(
        _paper_id("Stable id: the same on every run; a merge keeps the older one."),
        Column("arxiv_id", "text", "arXiv id, where a mention has it.", pattern=_ARXIV_ID),
        Column("title", "text", "Title as received.", required=True),
        Column("abstract", "text", "Text in the abstract's place as received; null where no page shows one. Look at `abstract_kind`."),
        Column("abstract_clean", "text", "The same with damage undone."),
        Column("abstract_kind", "text", "What that text is: the abstract; if no page has it, its beginning, cut off; else a one-sentence summary.", one_of=ABSTRACT_KINDS),
        Column("ai_summary", "text", "One-sentence summary, from beside the abstract or from its place."),
        Column("n_authors", "integer", "Number of authors; null where unknown. Basis in `author_counts`.", "authors", least=0),
        Column("organisation_handle", "text", "Handle of the organisation, where a page showed one."),
        Column("organisation_name", "text", "Display name of the organisation."),
        Column("published_on", "date", "Day of the paper on arXiv as the page gives it; null where unknown. Basis in `paper_dates`."),
        Column("published_year_inferred", "boolean", "True where the year was inferred.", required=True),
        Column("arxiv_published_at", "timestamp", "When arXiv announced it, to the second; null where no capture tells.", "UTC"),
        Column("daily_on", "date", "UTC day on which it was put on the daily page; null where no capture tells."),
        Column("n_mentions", "integer", "Mentions of the paper.", "mentions", required=True, least=1),
        Column("n_dumps", "integer", "Captures that mention it.", "captures", required=True, least=1),
        _mention_id("text_mention_id", "The mention that title and abstract are from."),
        _mention_id("summary_mention_id", "The mention that the summary is from; null without one.", required=False),
        _mention_id("id_mention_id", "The first mention with the arXiv id; null without one.", required=False),
        _mention_id("date_mention_id", "The mention that `published_on` is from; null without a date.", required=False),
        _mention_id("arxiv_time_mention_id", "The mention that `arxiv_published_at` is from.", required=False),
        _mention_id("daily_mention_id", "The mention that `daily_on` is from.", required=False),
        _mention_id("authors_mention_id", "The mention that the number of authors is from, and their names where it lists them.", required=False),
        _mention_id("owner_mention_id", "The mention that the organisation is from.", required=False),
        Column("first_load", "integer", "Number of the run in which it was first seen.", required=True, least=1),
    ),
    laws=(
        Law(
            "papers_are_the_mentions_papers",
            "Papers = distinct `paper_id` of the mentions.",
            "select coalesce(p.paper_id, m.paper_id) as paper_id from {table} p full join "
            "(select distinct paper_id from paper_mentions) m on p.paper_id = m.paper_id "
            "where p.paper_id is null or m.paper_id is null",
            "sql/papers.sql lost or doubled a paper: report it.",
        ),
        Law(
            "mentions_add_up",
            "The sum of `n_mentions` is the number of mentions.",
            "select (select sum(n_mentions) from {table}) as counted, (select count(*) from paper_mentions) as mentions "
            "where counted <> mentions",
            "sql/papers.sql counts wrongly: report it.",
        ),
        Law(
            "an_abstract_wins",
            "No summary and no cut abstract stands for a paper of which a mention shows the abstract.",
            "select distinct paper_id, p.abstract_kind from {table} p join paper_mentions using (paper_id) "
            "where abstract_key is not null and p.abstract_kind is distinct from 'abstract'",
            "sql/papers.sql breaks its rule: report it.",
        ),
    ),
    least_rows=1,
)  # fmt: skip

_EVERY_PAPER = Law(
    "every_paper_once",
    "Has exactly the papers of `papers`.",
    "select coalesce(t.paper_id, p.paper_id) as paper_id from {table} t full join papers p on t.paper_id = p.paper_id "
    "where t.paper_id is null or p.paper_id is null",
    "The table's SQL lost or doubled a paper: report it.",
)

VALUE_SOURCES = Table(
    name="value_sources",
    stage="derived",
    grain="One row is one value that survives for one paper: the mention it is from, and whether other mentions contradict.",
    key=("paper_id", "field"),
    columns=(
        _paper_id(),
        Column("field", "text", "Which value. `abstract` is a full one; `github_repository` and `project_page` are those that pages show beside the paper, not those in abstracts.", required=True, one_of=SOURCED_FIELDS),
        _mention_id(description="The mention that the value is from."),
        Column("n_mentions", "integer", "Mentions of the paper that have the field.", "mentions", required=True, least=1),
        Column("n_values", "integer", "Different values among them, titles and abstracts by their letters and digits; more than 1 is a contradiction.", required=True, least=1),
    ),
    laws=(
        _exists_in("paper_id", "papers"),
        Law(
            "sources_are_the_papers_own",
            "The mention that a value is from is one of the paper's, and no more values are counted than mentions.",
            "select t.paper_id, field, t.mention_id from {table} t left join paper_mentions m on t.mention_id = m.mention_id "
            "where m.paper_id is distinct from t.paper_id or n_values > n_mentions",
            "sql/value_sources.sql breaks its rule: report it.",
        ),
        Law(
            "every_value_has_its_source",
            "Each value of `papers` has its row, and there is no row without a value.",
            "with filled as (select count(*) + count(case when abstract_kind = 'abstract' then 1 end) + count(ai_summary) + count(arxiv_id) "
            "+ count(n_authors) + count(owner_mention_id) + count(published_on) + count(arxiv_published_at) + count(daily_on) as n "
            "from papers), sourced as (select count(*) as n from {table} where field not in ('github_repository', 'project_page')) "
            "select filled.n as in_papers, sourced.n as in_sources from filled cross join sourced where filled.n <> sourced.n",
            "sql/value_sources.sql lost a field: report it.",
        ),
    ),
)  # fmt: skip

PAPER_AUTHORS = Table(
    name="paper_authors",
    stage="derived",
    grain="One row is one author of one paper, by name, in the order of the mention that the names are from.",
    key=("paper_id", "position"),
    columns=(
        _paper_id(),
        Column("position", "integer", "Place in the list of authors, from 1.", required=True, least=1),
        Column("name", "text", "Name as received: two people may share one, and one may be written in two ways.", required=True),
        _mention_id(description="The mention that the names are from."),
    ),
    laws=(
        _exists_in("paper_id", "papers"),
    ),
)  # fmt: skip

AUTHOR_COUNTS = Table(
    name="author_counts",
    stage="derived",
    grain="One row is one paper and how many authors it has, as far as its pages tell.",
    key=("paper_id",),
    columns=(
        _paper_id(),
        Column("n_authors", "integer", "Number of authors; null where unknown, never 0 for unknown.", "authors", least=0),
        Column("basis", "text", "Listed by name (in `paper_authors`); counted on the page; unknown because the page shows the organisation; or absent.", required=True, one_of=COUNT_BASES),
        Column("n_values", "integer", "Different counts among the mentions; more than 1 is a contradiction.", required=True, least=0),
        _mention_id(description="The mention that the count is from; null without one.", required=False),
    ),
    laws=(
        _EVERY_PAPER,
        Law(
            "counted_or_null",
            "A count exists exactly where the basis says so.",
            "select paper_id, n_authors, basis from {table} where (n_authors is not null) <> (basis in ('listed', 'counted'))",
            "sql/author_counts.sql breaks its rule: report it.",
        ),
        Law(
            "names_are_the_count",
            "A paper has as many names as authors where the count is of names, else none.",
            "select paper_id, n_authors, basis, names from {table} "
            "left join (select paper_id, count(*) as names from paper_authors group by paper_id) using (paper_id) "
            "where coalesce(names, 0) <> case when basis = 'listed' then n_authors else 0 end",
            "sql/paper_authors.sql and sql/author_counts.sql disagree: report it.",
        ),
    ),
)  # fmt: skip

PAPER_DATES = Table(
    name="paper_dates",
    stage="derived",
    grain="One row is one paper and its three dates, as far as its pages tell: day on arXiv, time on arXiv, day on the daily page.",
    key=("paper_id",),
    columns=(
        _paper_id(),
        Column("published_on", "date", "Day on arXiv; null where unknown."),
        Column("published_year", "integer", "Year of `published_on`.", least=1991),
        Column("published_month", "date", "First day of its month."),
        Column("published_raw", "text", "Date as printed on the mention it is from."),
        Column("year_inferred", "boolean", "True where the year was not printed.", required=True),
        Column("basis", "text", "How the date came about, as in `parsed_rows.published_basis`.", required=True, one_of=PUBLISHED_BASES),
        Column("n_values", "integer", "Different days on arXiv among the mentions; more than 1 is a contradiction.", required=True, least=0),
        _mention_id(description="The mention that `published_on` is from; null without one.", required=False),
        Column("arxiv_published_at", "timestamp", "When arXiv announced it, to the second; null where no capture tells.", "UTC"),
        Column("arxiv_time_n_values", "integer", "Different times among the mentions.", required=True, least=0),
        _mention_id("arxiv_time_mention_id", "The mention that `arxiv_published_at` is from.", required=False),
        Column("daily_on", "date", "UTC day on which it was put on the daily page; null where no capture tells."),
        Column("daily_n_values", "integer", "Different days on the daily page among the mentions.", required=True, least=0),
        _mention_id("daily_mention_id", "The mention that `daily_on` is from.", required=False),
    ),
    laws=(_EVERY_PAPER,),
)  # fmt: skip

_LINK_SOURCE = Column(
    "source",
    "text",
    "Where mentions of the paper have it: in the abstract, on the page beside it, or both.",
    required=True,
    one_of=LINK_SOURCES,
)
_A_PLACE_IN_THE_ABSTRACT = Law(
    "a_place_in_the_abstract",
    "A link has its place in the abstract, unless only pages show it.",
    "select paper_id, source, span_start from {table} where (span_start is null) <> (source = 'page')",
    "The table's SQL breaks its rule: report it.",
)

PAPER_LINKS = Table(
    name="paper_links",
    stage="derived",
    grain="One row is one paper and one address in its abstract or on its page (canonical); `mention_links` has every occurrence.",
    key=("paper_id", "url"),
    columns=(
        _paper_id(),
        Column("url", "text", "Canonical address.", required=True, pattern=r"https://[^\s]+"),
        Column("kind", "text", "What the address leads to.", required=True, one_of=KINDS),
        _LINK_SOURCE,
        Column("url_raw", "text", "Address as written in the mention below.", required=True),
        Column("span_start", "integer", "First character of `url_raw` in that mention's abstract, from 0; null where only pages show it.", "code points", least=0),
        Column("span_end", "integer", "Character after the last one.", "code points", least=1),
        Column("mirror", "text", "Mirror's host that was mapped to huggingface.co."),
        _mention_id(description="The mention that the link is shown from."),
        Column("n_mentions", "integer", "Mentions of the paper that hold the address.", "mentions", required=True, least=1),
    ),
    laws=(
        _exists_in("paper_id", "papers"),
        _A_PLACE_IN_THE_ABSTRACT,
        _kept(
            "every_link_is_kept",
            "Every link of every mention is its paper's.",
            "select distinct paper_id, url, mention_id from mention_links join paper_mentions using (mention_id)",
            "sum(n_mentions)",
        ),
    ),
)  # fmt: skip

GITHUB_LINKS = Table(
    name="github_links",
    stage="derived",
    grain="One row is one paper and one GitHub repository that its abstract names or its page shows.",
    key=("paper_id", "repo_key"),
    columns=(
        _paper_id(),
        Column("repo_key", "text", "owner/repo in lower case: the repository's identity.", required=True, pattern=r"[a-z0-9_-]+/[a-z0-9._-]+"),
        Column("owner", "text", "Owner as written.", required=True),
        Column("repo", "text", "Repository as written.", required=True),
        Column("url", "text", "Address of the repository.", required=True, pattern=r"https://github\.com/[^/]+/[^/]+"),
        Column("deep_path", "text", "Path below the repository, where the link goes deeper."),
        _LINK_SOURCE,
        Column("span_start", "integer", "Where the link starts in the abstract, from 0; null where only pages show it.", "code points", least=0),
        _mention_id(description="The mention that the link is shown from."),
        Column("n_mentions", "integer", "Mentions of the paper that have the repository.", "mentions", required=True, least=1),
        Column("stars", "integer", "Stars of the repository at the newest capture that shows them and whose day is known, of one day the most; where no day is known, the most that a capture shows. All are in `paper_metrics`.", "stars", least=0),
        Column("stars_step", "integer", "Unit of their last digit as printed: `11.3k` is 11300 in steps of 100.", "stars", least=1),
        Column("stars_on", "date", "Day of the capture that the stars are from; null where it is not known."),
        _mention_id("stars_mention_id", "The mention that the stars are from.", required=False),
    ),
    laws=(
        _exists_in("paper_id", "papers"),
        _A_PLACE_IN_THE_ABSTRACT,
        _kept(
            "every_repository_is_kept",
            "Every repository of every mention is its paper's.",
            "select distinct paper_id, repo_key, mention_id from mention_links join paper_mentions using (mention_id) "
            "where repo_key is not null",
            "sum(n_mentions)",
        ),
        Law(
            "stars_are_the_pages",
            "Stars have their mention, its day and its step, and only a repository that a page shows has them.",
            "select paper_id, repo_key, stars, stars_step, stars_on, source from {table} where (stars is null) <> (stars_mention_id is null) "
            "or (stars is null and (stars_step is not null or stars_on is not null)) or (stars is not null and source = 'abstract')",
            "sql/github_links.sql breaks its rule: report it.",
        ),
        Law(
            "repository_is_no_furniture",
            "No repository is named by more than one in twenty papers (at least ten).",
            "select repo_key, count(*) as papers from {table} group by repo_key "
            "having count(*) > greatest(10, 0.05 * (select count(*) from papers))",
            "A link of the page may have been taken for the papers' own: look at one of the captures.",
            severity="warning",
            owner="captures",
        ),
    ),
)  # fmt: skip

PAPER_METRICS = Table(
    name="paper_metrics",
    stage="derived",
    grain="One row is one mention that shows upvotes, comments or stars: the numbers at that capture.",
    key=("mention_id",),
    columns=(
        _mention_id(),
        _paper_id(),
        _dump_id(),
        Column("captured_on", "date", "Day of the capture; null where nothing tells it."),
        Column("upvotes", "integer", "Upvotes that the page showed then.", "upvotes", least=0),
        Column("comments", "integer", "Comments that the page showed then.", "comments", least=0),
        Column("github_stars", "integer", "Stars of the repository that the page showed then.", "stars", least=0),
        Column("github_stars_step", "integer", "Unit of their last digit as printed.", "stars", least=1),
    ),
    laws=(
        _exists_in("paper_id", "papers"),
        _kept(
            "every_number_is_kept",
            "Every mention with upvotes, comments or stars has its row.",
            "select mention_id from parsed_rows where coalesce(upvotes, comments, github_stars) is not null",
            "count(*)",
        ),
    ),
)

PAPERS_BY_MONTH = Table(
    name="papers_by_month",
    stage="derived",
    grain="One row is one month; papers without a date stand in a row with a null month.",
    key=("month",),
    columns=(
        Column("month", "date", "First day of the month; null for papers without a date."),
        Column("papers", "integer", "Papers dated in it.", "papers", required=True, least=1),
        Column(
            "year_inferred", "integer", "Of these, papers whose year was inferred.", "papers", required=True, least=0
        ),
        Column(
            "with_github",
            "integer",
            "Of these, papers whose abstract names a GitHub repository.",
            "papers",
            required=True,
            least=0,
        ),
    ),
    laws=(
        Law(
            "months_add_up",
            "The papers of all months are all papers.",
            "select (select coalesce(sum(papers), 0) from {table}) as counted, (select count(*) from papers) as papers "
            "where counted <> papers",
            "sql/papers_by_month.sql counts wrongly: report it.",
        ),
    ),
)

COVERAGE = Table(
    name="coverage",
    stage="derived",
    grain="One row is one field and how many papers have it.",
    key=("field",),
    columns=(
        Column("field", "text", "Name of the field.", required=True),
        Column("papers", "integer", "Number of all papers.", "papers", required=True, least=0),
        Column("with_value", "integer", "Papers that have the field.", "papers", required=True, least=0),
        Column("share", "double", "The second by the first.", "0 to 1", least=0, most=1),
    ),
    laws=(
        Law(
            "no_more_than_all",
            "No field is filled for more papers than there are.",
            "select field, papers, with_value from {table} where with_value > papers",
            "sql/coverage.sql counts wrongly: report it.",
        ),
    ),
)

DELIVERIES = Table(
    name="deliveries",
    stage="quality",
    grain="One row is one file that was given to the last run, and what became of it; captures of earlier runs stand in `raw_dumps`.",
    key=("delivery_number",),
    columns=(
        Column("delivery_number", "integer", "Number of the file in the run, from 1.", required=True, least=1),
        Column("path", "text", "File as it was given.", required=True),
        Column("outcome", "text", "`new`: taken in. `known`: its content was there before. `unreadable`, `unfinished` (still being written; the next run takes it): see `detail`.", required=True, one_of=DELIVERY_OUTCOMES),
        Column("dump_id", "text", "Its content, as in `raw_dumps`; null if it could not be read.", pattern=_DUMP_ID),
        Column("detail", "text", "Why it could not be read, and what to do.", required=True),
    ),
    laws=DELIVERY_LAWS,
)  # fmt: skip

_TITLES_ONLY = "with `, titles only` where it shows neither abstracts nor dates, as pages of a day"

NEW_CAPTURES = Table(
    name="new_captures",
    stage="quality",
    grain="One row is one capture that the publication before did not hold, and that is not left out; what it brings is compared with what was there.",
    key=("dump_id",),
    columns=(
        _dump_id(),
        Column("form", "text", f"Form of the captures that it is compared with: that of `captures`, {_TITLES_ONLY}.", required=True),
    ),
    laws=(_exists_in("dump_id", "captures"), *CAPTURE_LAWS),
)  # fmt: skip

NEW_CAPTURE_VALUES = Table(
    name="new_capture_values",
    stage="quality",
    grain="One row is one field or kind of link of one new capture that gave mentions.",
    key=("dump_id", "dimension"),
    columns=(
        _dump_id(),
        Column("dimension", "text", "The field, or `link: ` and the kind, that this capture or another one of its form has.", required=True),
        Column("mentions", "bigint", "Mentions of the capture that have it.", required=True, least=0),
    ),
    laws=(_exists_in("dump_id", "new_captures"),),
)  # fmt: skip

PAPER_CHANGES = Table(
    name="paper_changes",
    stage="quality",
    grain="One row is one paper that is not what it was in the publication before; captures that only mention it again change nothing.",
    key=("paper_id",),
    columns=(
        _paper_id("The paper, as in `papers`, or as it was called before."),
        Column("change", "text", "`new`: readers never had it. `updated`: values of it differ, see `fields`. `merged`: it turned out to be another one, see `merged_into`. `gone`: no mention of it is left (captures were left out). `returned`: it was gone.", required=True, one_of=CHANGES),
        Column("title", "text", "Its title; of what is merged or gone, the last one.", required=True),
        Column("fields", "text", "Values that differ, by name, with `, ` between; null unless updated. `repositories` are those of `github_links`, `authors` the names."),
        Column("merged_into", "text", "The paper that has its mentions now; null unless merged.", pattern=_PAPER_ID),
    ),
    laws=(
        Law(
            "changes_are_of_papers",
            "What is new, updated or returned stands in `papers`, what is merged or gone does not; what is told of it fits.",
            "select paper_id, change, fields, merged_into from {table} t where (change in ('new', 'updated', 'returned')) <> "
            "exists (select 1 from papers p where p.paper_id = t.paper_id) or (fields is not null) <> (change = 'updated') "
            "or (merged_into is not null) <> (change = 'merged')",
            "sql/quality/paper_changes.sql breaks its rule: report it.",
        ),
    ),
)  # fmt: skip

RUN_STATISTICS = Table(
    name="run_statistics",
    stage="quality",
    grain="One row is one value that one run measured, and what it was before; the last 400 runs are kept.",
    key=("run_id", "measure", "form", "dimension"),
    columns=(
        Column("run_id", "text", "The run, as in `publication` and in Dagster; also runs that published nothing.", required=True),
        Column("run_number", "integer", "Place of the run among those measured, from 1.", required=True, least=1),
        Column("measured_at", "timestamp", "When the stages were done.", "UTC", required=True),
        Column("measure", "text", "What was measured: " + "; ".join(f"`{name}`, {meaning}" for name, meaning in MEASURES.items()) + ".", required=True, one_of=tuple(MEASURES)),
        Column("form", "text", "Form of the captures, as in `new_captures`; empty where it is of all.", required=True),
        Column("dimension", "text", "Table, field, kind or reason; empty where there is none.", required=True),
        Column("value", "double", "The value in this run.", required=True, least=0),
        Column("before", "double", "The same in the publication that readers had then; of new captures, in the form's last 20 captures that they had. Null if there was none.", least=0),
        Column("before_low", "double", "The share (of `new_mentions_with`) or value that three of four of these captures reach, or all where they are fewer than five; of `new_mentions_of_a_capture`, all.", least=0),
    ),
    laws=STATISTICS_LAWS,
)  # fmt: skip

CHECK_RESULTS = Table(
    name="check_results",
    stage="quality",
    grain="One row is one check of one run, also of runs that published nothing; the last 400 runs are kept.",
    key=("run_id", "table_name", "check_name"),
    columns=(
        Column("run_id", "text", "The run, as in `publication` and in Dagster.", required=True),
        Column("checked_at", "timestamp", "When the result was there.", "UTC", required=True),
        Column("table_name", "text", "The table that was checked.", required=True),
        Column("check_name", "text", "The check; described with its table.", required=True),
        Column("severity", "text", "A failed `critical` check stops publication, a `warning` does not.", required=True, one_of=("critical", "warning")),
        Column("owner", "text", "Who acts if it fails: " + "; ".join(f"`{name}`, {who}" for name, who in OWNERS.items()) + ".", required=True, one_of=tuple(OWNERS)),
        Column("passed", "boolean", "Whether it passed.", required=True),
        Column("accepted", "boolean", "True if it failed and people let the run publish all the same (`papers run --accept`).", required=True),
        Column("failing_rows", "integer", "Rows that broke it, as far as counted (1,000).", "rows", required=True, least=0),
        Column("observed", "text", "What was seen: before and now, the number of failing rows, or the error; null if it passed."),
    ),
    laws=(
        Law(
            "failures_tell_what_was_seen",
            "A check that failed says what was seen, one that passed has no failing rows.",
            "select run_id, table_name, check_name from {table} where passed <> (observed is null) or (passed and (failing_rows > 0 or accepted))",
            "A defect of the recording: report it.",
        ),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (
    RAW_DUMPS,
    CAPTURES,
    PARSED_ROWS,
    MENTION_LINKS,
    MENTION_AUTHORS,
    REFUSED_RECORDS,
    PAPER_MENTIONS,
    MERGED_PAPERS,
    RELATED_PAPERS,
    DECISIONS,
    PAPERS,
    VALUE_SOURCES,
    PAPER_AUTHORS,
    AUTHOR_COUNTS,
    PAPER_DATES,
    PAPER_LINKS,
    GITHUB_LINKS,
    PAPER_METRICS,
    PAPERS_BY_MONTH,
    COVERAGE,
    DELIVERIES,
    NEW_CAPTURES,
    NEW_CAPTURE_VALUES,
    PAPER_CHANGES,
    RUN_STATISTICS,
    CHECK_RESULTS,
)
BY_NAME = {table.name: table for table in TABLES}
