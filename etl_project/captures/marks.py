"""What Markdown and terminal browsers put around words when links and images were left out: marks of headings, bold, lists, labels.

They are no part of a title. Lines keep their places: what stands for no word becomes an empty line.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from etl_project.captures import markdown
from etl_project.captures.lines import join_wrapped
from etl_project.captures.model import Record
from etl_project.captures.pieces import Piece
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, without_glued_foot
from etl_project.captures.text import LONGEST_TITLE

#: How a line with marks begins, its spaces apart.
_MARKS = frozenset("#*_-+=•○□[(~─━")
_FIRST = _MARKS | frozenset(" \t")
_HEADING = re.compile(r"\s{0,3}(#{1,6})[ \t]+(?=\S)")
_CLOSING = re.compile(r"[ \t]+(#{1,6})[ \t]*\Z")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_RULE = re.compile(r"\s*(?:[-*+•○□]\s+)?([-=_*~─━])(?:\s*\1){2,}\s*|\s*[*•○□+](?:\s+[-*•○□+])*\s*")
_BOLD = re.compile(r"\s*(\*\*\*?|__)(?=\S)(.+?)(?<=\S)\1\s*")
_EMPHASIS = re.compile(r"([*_])(?=\S)([^*_]+)(?<=\S)\1")
#: A button, a checkbox or a picture of which no words are left; of the pictures of a list, one has a number.
_DRAWN = re.compile(r"\s*(?:\(BUTTON\)|\[\s*[xX]?\s*\]|[-*+•○□]\s+\[[\s\d]*\])\s*")
_PICTURE = re.compile(r"\s*(?:\[\s*\]|\(BUTTON\))\s*")
_BULLETS = re.compile(r"\s*(?:[-*+•○□][ \t]+)+(?=\S)")
_NEARLY_A_LINE = 50
_LONGEST_LABEL = 20
_LABEL_ALONE = re.compile(r"\s*(?:title|abstract|summary)\s*(:?)\s*", re.IGNORECASE)
_TITLE_LABEL = re.compile(r"(?:\*\*|__)?title(?:\s*:\s*(?:\*\*|__)|(?:\*\*|__)?\s*:)\s*(?=\S)", re.IGNORECASE)
_ABSTRACT_LABEL = re.compile(
    r"(?:\*\*|__)?(?:abstract|summary)(?:\s*:\s*(?:\*\*|__)|(?:\*\*|__)?\s*:)\s*(?=\S)", re.IGNORECASE
)
_OTHER_LABEL = re.compile(
    r"(?:[-*+•]\s+)?(?:\*\*|__)?(?:authors?|date|published(?: on| at)?|submitted(?: by| on)?|upvotes?|likes|stars|comments?|url|link|source|pdf"
    r"|arxiv(?: id)?|id|categor(?:y|ies)|subjects?|organi[sz]ations?|affiliations?|tags|keywords|github|code|project(?: page)?|abstract|summary)"
    r"(?:\*\*|__)?\s*:",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[-*+•>][ \t]+(?=\S)")
_NUMBER = re.compile(r"(?:paper\s+)?[\[(#]?(\d{1,3})[\]).:]{1,2}[ \t]+(?=\S)", re.IGNORECASE)
_BOLD_START = re.compile(r"\*\*(?=\w)")


def take_marks(lines: list[str]) -> list[str]:
    """Return the lines without the marks that only whole lines have; escapes undone where the text is so shown to be Markdown."""
    marked, pictured, labels, footed = [], [], [], []
    for i, line in enumerate(lines):
        if not line or len(line) > LONGEST_TITLE:
            continue
        # counts of authors are known with their bullets, and stand on every card
        if (
            line[0] in _FIRST
            and (first := line.lstrip()[:1]) in _MARKS
            and not (first == "•" and line[-7:] == "authors")
        ):
            marked.append(i)
        if "[" in line or "(" in line:
            pictured.append(i)
        if len(line) <= _LONGEST_LABEL:
            if _LABEL_ALONE.fullmatch(line):
                labels.append(i)
        elif "ystem theme" in line:
            footed.append(i)
    if not marked and not pictured and not labels and not footed:
        return lines
    lines = list(lines)
    for i in footed:  # metadata alone is cut off from the page's foot; what else stands before it is refused
        if (rest := without_glued_foot(lines[i])) is not lines[i] and _is_known(rest):
            lines[i] = rest
    for i in pictured:
        lines[i] = _without_pictures(lines[i])
    headings = {i: mark for i in marked if (mark := _HEADING.match(lines[i]))}
    # one "# of Layers" is a title
    is_markdown = len(headings) > 1 or any(len(mark[1]) > 1 for mark in headings.values())
    for i, mark in headings.items():
        rest = lines[i][mark.end() :]
        closing = _CLOSING.search(rest)
        rest = rest[: closing.start()] if closing and closing[1] == mark[1] else rest
        role = role_of(rest[:LONGEST_SHORT_LINE]).role
        # the mark tells that "### 2048" is a title and no count
        if role in (Role.FURNITURE, Role.HEADING) or (role is Role.TEXT and is_markdown):
            lines[i] = rest
            if is_markdown and _goes_on(lines, i):  # html2text breaks headings, too; the rest alone would be a title
                lines[i : i + 2] = [join_wrapped([rest, lines[i + 1]]), ""]
    for i in marked:
        line = lines[i]
        if _UNDERLINE.fullmatch(line) and "=" in line and i and lines[i - 1].strip():
            is_markdown = True
        if line.strip() == "•":
            # alone it may part an owner from a date; before another it is a list's item without words
            after = next((lines[k] for k in range(i + 1, len(lines)) if lines[k].strip()), "")
            lines[i] = "" if after.lstrip().startswith("•") else line
        elif _RULE.fullmatch(line) or _DRAWN.fullmatch(line):
            lines[i] = ""
        elif (bullets := _BULLETS.match(line)) and _is_known(rest := line[bullets.end() :]):
            lines[i] = rest  # "* Models", "- 4 authors"
        elif len(line) <= LONGEST_TITLE and (bare := _without_bold(line)) != line:
            lines[i] = bare
            is_markdown = True
    labels += [i for i in marked if len(lines[i]) <= _LONGEST_LABEL and _LABEL_ALONE.fullmatch(lines[i])]
    if len(labels) > 1 or is_markdown:
        for i in labels:
            lines[i] = ""
    return _unescaped(lines) if is_markdown else lines


def _goes_on(lines: list[str], i: int) -> bool:
    """Say whether a heading of nearly a line's width goes on in the next line, which is shorter and stands before a blank one."""
    rest = lines[i + 1].strip() if i + 1 < len(lines) else ""
    return (
        len(lines[i]) >= _NEARLY_A_LINE
        and 0 < len(rest) < len(lines[i])
        and rest[-1] not in ".!?"
        and rest[0] not in _MARKS
        and (i + 2 == len(lines) or not lines[i + 2].strip())
        and role_of(rest).role is Role.TEXT
    )


def _is_known(words: str) -> bool:
    return len(words) <= LONGEST_SHORT_LINE and role_of(words).role not in (Role.TEXT, Role.COUNT)


def _without_pictures(line: str) -> str:
    """Return a short line with pictures of which no words are left taken as spaces, if it then is the page's or metadata.

    "Jun 1 [] 2" is a date with two comments, and never "Jun 12".
    """
    if len(line) > LONGEST_SHORT_LINE or not _PICTURE.search(line):
        return line
    words = _PICTURE.sub(" ", line).strip()
    known = any(map(str.isalnum, words)) and role_of(words.lstrip("·•∙⋅*+ ")).role is not Role.TEXT
    return words if known else line


def _without_bold(line: str) -> str:
    if "**" not in line and "__" not in line:
        return line
    match = _BOLD.fullmatch(line)
    # "__init__" is a name
    if match is None or match[1] in match[2] or (match[1] == "__" and " " not in match[2]):
        return line
    return match[2]


def _unescaped(lines: list[str]) -> list[str]:
    """Return the lines with a tool's escapes undone, judged over all of them as in Markdown with links."""
    pieces = markdown._Pieces([])
    pieces.pieces = [
        Piece(i, i, line.replace("\\[", markdown._OPEN).replace("\\]", markdown._SHUT)) for i, line in enumerate(lines)
    ]
    pieces._undo_escapes()
    return [piece.text for piece in pieces.pieces]


def count_title_labels(texts: Iterable[str]) -> int:
    """Return how many of the texts have a line that is labelled as a title."""
    return sum(any(_TITLE_LABEL.match(line.strip()) for line in text.split("\n")) for text in texts if ":" in text)


def take_marks_of_all(records: list[Record], labels: int) -> tuple[list[Record], list[Record]]:
    """Return the records without the marks and labels that all titles or all abstracts have, and those whose title is another field.

    A number or a dash before one title only may be its own. ``labels`` counts the titles with a label that are of no record.
    """
    if not records:
        return records, []
    titles = _without_common([_HEADING.sub("", r.title) if r.title[:2] == "##" else r.title for r in records])
    abstracts = _without_common([record.abstract or "" for record in records])
    labelled = [_TITLE_LABEL.match(title) if ":" in title else None for title in titles]
    summed = [_ABSTRACT_LABEL.match(abstract) if ":" in abstract[:_LONGEST_LABEL] else None for abstract in abstracts]
    in_all = sum(label is not None for label in labelled)
    has_labels = in_all + labels > 1 or in_all == len(records)
    all_summed = len(records) > 1 and all(summed)
    others = [_OTHER_LABEL.match(title) if ":" in title else None for title in titles]
    told = labels > 0 or sum(match is not None for match in others) > max(1, len(records) // 4)
    emphasised = sum(_BOLD_START.match(title) is not None for title in titles) > 1  # "**Title** (41)"
    kept, strange = [], []
    for record, title, abstract, label, other, field in zip(
        records, titles, abstracts, labelled, summed, others, strict=True
    ):
        if emphasised and title[:2] == "**" and label is None:
            strange.append(record)
            continue
        if label is None and (has_labels or (field and (told or other or title[0] in "*_"))):
            strange.append(record)
            continue
        if has_labels and label:
            title = _without_bold(title[label.end() :])
        if other and ((has_labels and label) or all_summed):
            abstract = abstract[other.end() :]
        if title is not record.title or abstract is not record.abstract:
            record = record._replace(title=title, abstract=abstract)
        kept.append(record)
    return kept, strange


def _without_common(texts: list[str]) -> list[str]:
    """Return the texts without a list's or a quote's mark and emphasis that all of them have."""
    if all(_ITEM.match(text) for text in texts):
        texts = [_ITEM.sub("", text, count=1) for text in texts]
    numbers = [int(match[1]) for text in texts if (match := _NUMBER.match(text))]
    if len(numbers) == len(texts) > 1 and (
        all(before < after for before, after in pairwise(numbers)) or set(numbers) == {1}
    ):
        texts = [_NUMBER.sub("", text, count=1) for text in texts]
    if len(texts) > 1 and all(text[:1] == "#" for text in texts):
        texts = [text.lstrip("#").lstrip() or text for text in texts]
    texts = [_without_bold(text) if len(text) <= LONGEST_TITLE else text for text in texts]
    if all(_EMPHASIS.fullmatch(text) for text in texts):
        texts = [text[1:-1] for text in texts]
    return texts
