"""What reading a capture gives: records, refusals, and an account of every line. No logic."""

from typing import NamedTuple

#: Why a line, a record or a file is refused. Closed: a new reason is added here and in the docs.
REFUSAL_REASONS = {
    "empty_file": "The file has no bytes.",
    "binary_file": "The bytes are not text.",
    "undecodable": "The encoding is none that we know, or cannot be told for certain.",
    "damaged_compression": "The compressed file is cut off or broken.",
    "opens_too_large": "The file, opened, is larger than the limit.",
    "unknown_form": "Nothing in the file has the structure of a papers page.",
    "form_not_supported": "The form was recognised, but cannot be read yet.",
    "no_records": "A papers page without any paper.",
    "title_without_abstract": "A line in a title's place that no abstract follows.",
    "abstract_without_title": "An abstract that no title precedes.",
    "metadata_without_record": "Authors, separator, date or count that belong to no record.",
    "unknown_metadata": "Metadata in a form that is not known.",
    "title_or_abstract": "Lines of which it cannot be told which is a title and which an abstract.",
    "title_or_metadata": "A line that is the title of one paper or the metadata of another.",
    "wrapped_lines": "A title or an abstract that stands on several lines.",
    "unplaced_text": "Words that belong to no paper and are not known as the page's.",
    "cut_link": "A card on which a link's end is missing.",
    "several_abstracts": "A card with several texts that may be the abstract.",
    "contradicting_fields": "A card or an item that says two things of one field.",
    "copies_disagree": "A card that stands twice, with different values.",
    "mixed_cards": "Parts of two papers that stand mixed.",
    "line_too_long": "A line, a title or an abstract longer than any.",
    "damaged_bytes": "A line with bytes that are not valid in the file's encoding.",
    "damaged_json": "JSON that breaks off or does not parse, or an object that says one thing twice.",
    "incomplete_item": "An item or card in a list of papers without a title, or without both abstract and arXiv id.",
    "too_complex": "A file with more lines or items, or a card with more elements, than any page has.",
    "reader_failed": "A mistake of the reader's own, on this file: the others are read.",
    "left_out": "A file that people left out of the tables.",
    "api_error": "The API's error message in place of papers.",
}


class Record(NamedTuple):
    """One mention of a paper as the capture shows it; text as received, trimmed. Lines are 1-based, inclusive.

    Only ``title`` is in every form. ``abstract_kind`` says what stands in the abstract's place (one of
    ``ABSTRACT_KINDS``) and is None exactly where ``abstract`` is. ``date_text`` is the date line as it
    stands, to be read with the whole file in view. ``github_stars_step`` is the unit of the stars' last
    printed digit: ``11.3k`` is 11300 in steps of 100. Times are ISO 8601 as received. ``raw`` is JSON of
    what the capture says beyond these fields.
    """

    line_start: int
    line_end: int
    title: str
    abstract: str | None
    n_authors: int | None = None
    organisation_handle: str | None = None
    organisation_name: str | None = None
    date_text: str | None = None
    upvotes: int | None = None
    comments: int | None = None
    arxiv_id: str | None = None
    github_url: str | None = None
    github_stars: int | None = None
    github_stars_step: int | None = None
    abstract_kind: str | None = "abstract"
    authors: tuple[str, ...] | None = None
    arxiv_time: str | None = None  # when it came to arXiv; midnight where only the day is known
    daily_time: str | None = None  # when it was put on the daily page
    project_url: str | None = None
    ai_summary: str | None = None  # the one-sentence summary, where the capture has the abstract, too
    raw: str | None = None
    page_day: str | None = None  # for the dates only: the day in the head of the page that the record stands on


#: What stands in the abstract's place: the abstract, a one-sentence summary, or its beginning with an ellipsis.
ABSTRACT_KINDS = ("abstract", "summary", "cut")


class Refusal(NamedTuple):
    """Lines that were not understood, kept with a reason from ``REFUSAL_REASONS`` and what to do about it."""

    line_start: int
    line_end: int
    reason: str
    detail: str
    text: str


class Reading(NamedTuple):
    """How one capture was read. ``lines_total`` = ``lines_field`` + ``lines_furniture`` + ``lines_refused``.

    A line that holds something refused counts as refused, whatever else stands on it. ``days`` are days
    with a year that the capture names for itself, by where they stand (``DAY_SOURCES``); ``mirror`` and
    ``unknown_host`` are hosts that served the page in place of huggingface.co.
    """

    form: str
    confidence: float
    records: list[Record]
    refusals: list[Refusal]
    lines_total: int
    lines_field: int
    lines_furniture: int
    lines_refused: int
    heading: str | None = None
    query: str | None = None
    captured_raw: str | None = None
    days: tuple[tuple[str, str], ...] = ()
    mirror: str | None = None
    unknown_host: str | None = None


#: Where a capture may name its day with the year, the surest first.
DAY_SOURCES = ("link", "json", "front_matter")
