"""Pieces in, records out: the one grammar of every form that has links.

A card is what the page shows of one paper. Which words belong to it is told by the paper's id in their
addresses, and by a heading where the title has no address. What the words are follows from where they lead
(``pieces.py``) and from their own shape (``roles.py``), wherever a tool puts them:

    link to /papers/<id>            title first, then the abstract; "5 authors"; a number alone is the repository's stars
    link to login?next=/papers/<id> upvotes
    link to /papers/<id>#community  comments
    link to /<name>                 organisation
    link to github.com              repository and stars

Words that fit nowhere are refused with their lines. Where a card's own words contradict each other, or those
of two papers stand mixed, the whole card is refused: a wrong value is worse than a missing one.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from etl_project.captures.line_account import any_within
from etl_project.captures.model import Reading, Record, Refusal
from etl_project.captures.pieces import Leads, Piece, Target, hosts, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, PERIODS, Role, role_of, trim
from etl_project.captures.text import (
    LONGEST_ABSTRACT,
    LONGEST_TITLE,
    abstract_kind,
    is_one_sentence,
    reads_as_sentences,
)
from etl_project.fields import parse_count, parse_count_step, parse_printed_date, without_image_words

_FIELD, _REFUSED = 1, 2
#: Words on a card that are none of its fields: more of them are somebody's own report about the papers.
_MOST_UNPLACED = 2
#: No card shows a tenth of it. What follows one without beginning a new card would be compared with all of it.
_MOST_PARTS = 1_000
#: Two papers may share a title; "Read more" on every link is none.
_MOST_IDS_OF_TITLE = 2
_EXCERPT = 2_000

#: Words that stand on cards beside the values and are none.
_LABELS = frozenset(
    """upvote|github|arxiv page|arxiv|view arxiv page|view pdf|pdf|project page|view paper page|read more|paper page
    code|community|comments|link|link: github|link: arxiv page|video|play video|expand|show more|+|image""".replace(
        "\n    ", "|"
    ).split("|")
)
_CUT_LINK = re.compile(r"\]\((?:<?(?:https?:|/)\S*)?\Z")
_NEIGHBOUR = re.compile(r"(?:previous|next)\s+(?=\S)", re.IGNORECASE)
_ON_TRENDING = frozenset({"trending papers", "arxiv page", "link: arxiv page"})
_UPVOTE = re.compile(r"(?:upvotes?|▲|△|⬆)\s*:?\s*(\S+)|(\S+)\s+upvotes?", re.IGNORECASE)
#: How a checkbox beside a number of upvotes shows.
_CHECKBOX = re.compile(r"\[[ xX-]?\]\s*(?=\S)")
_STARS = re.compile(
    r"(?:link:\s*)?(?:github|code|stars?)?\s*[:★⭐☆]?\s*([0-9][0-9.,]*[km]?)(?:\s*(?:stars?|★|⭐))?", re.IGNORECASE
)
#: The list of faces before a number of authors, each face an item that shows nothing.
_LISTED_AUTHORS = re.compile(r"[\s*+•·-]*[*+•·-]\s*([0-9][0-9,]* authors?)", re.IGNORECASE)
#: A link without words, for which some tools write its address.
_OWN_ADDRESS = re.compile(r"(?:https?://[^/\s]+)?/papers/\S+")
#: What tools write in an image's place.
_PLACEHOLDER = re.compile(r"\[?\s*(?:img|image|图片|画像|logo|avatar)\b[^\[\]]*\]?", re.IGNORECASE)
_SUBMITTED = re.compile(r"(?:paper )?submitted by(?:\s+(\S+))?", re.IGNORECASE)
_AUTHORS_AND_DATE = re.compile(r"\s*[·•∙⋅]\s*")


class Part(NamedTuple):
    """One piece of a card, understood: what it is, and its number if it is one."""

    kind: str
    piece: Piece
    target: Target | None
    text: str
    value: int | None = None

    @property
    def arxiv_id(self) -> str | None:
        """The paper's id in the piece's address."""
        return self.target.arxiv_id if self.target else None


class Card:
    """The parts that belong to one paper, in their order."""

    def __init__(self, page_day: str | None) -> None:
        self.parts: list[Part] = []
        self.arxiv_id: str | None = None
        self.page_day = page_day
        self.kinds: Counter[str] = Counter()
        self.first_text = ""
        self.line_end = 0
        self.overflows = False

    def has(self, kind: str) -> bool:
        """Say whether a part of this kind is there."""
        return self.kinds[kind] > 0

    def add(self, part: Part) -> None:
        """Take a part in; the first id that one has is the card's. Of too many only the last line is kept."""
        self.line_end = max(self.line_end, part.piece.line_end)
        if len(self.parts) >= _MOST_PARTS:
            self.overflows = True
            return
        if part.kind == "text" and not self.has("text"):
            self.first_text = part.text
        self.parts.append(part)
        self.kinds[part.kind] += 1
        self.arxiv_id = self.arxiv_id or part.arxiv_id

    def pop(self) -> Part:
        """Give the last part back."""
        part = self.parts.pop()
        self.kinds[part.kind] -= 1
        return part


class Contradiction(Exception):
    """A card whose words do not agree: its reason and what to say about it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class _Read(NamedTuple):
    """The record of one card, and the card's parts that are none of its fields."""

    record: Record
    unplaced: list[Part]


class Page(NamedTuple):
    """What a form's module hands over: the pieces in their order, the number of lines, and what it knows already.

    ``days`` are as in ``Reading``. ``damaged`` are numbers of lines with undecodable bytes.
    """

    pieces: Sequence[Piece]
    lines: Sequence[str]
    days: tuple[tuple[str, str], ...] = ()
    query: str | None = None
    damaged: Sequence[int] = ()


def read_cards(page: Page, form: str, trending_form: str | None = None) -> Reading:
    """Return the reading of a page's pieces. ``trending_form`` names the form if it turns out to be a trending page."""
    return _Reader(page).read(form, trending_form or form)


# ---------------------------------------------------------------------------------------------
# what a piece is


def understand(piece: Piece) -> Part:
    """Return what ``piece`` is, by where it leads and by its own shape."""
    text = trim(piece.text)
    target = read_target(piece.target) if piece.target is not None else None
    lower = text.casefold()

    def part(kind: str, value: int | None = None) -> Part:
        return Part(kind, piece, target, text, value)

    if piece.damaged:
        return part("damaged")
    if target is None or target.leads in (Leads.PAPER, Leads.MISSING):
        return _understand_words(part, text, lower, piece, target)
    if target.leads is Leads.VOTE:
        text = _CHECKBOX.sub("", text, count=1) if text.startswith("[") else text
        return part("upvotes", _votes(text)) if not text or _is_votes(text) else part("stray")
    if target.leads is Leads.COMMUNITY:
        count = parse_count(text)
        return part("comments", count) if count is not None else part("label" if len(text) < 40 else "stray")
    if target.leads in (Leads.PROFILE, Leads.ELSEWHERE) and text and _is_furniture(text):
        return part("furniture")  # of the site's menu, "About", "Careers"
    if target.leads is Leads.GITHUB:
        stars = _STARS.fullmatch(text)
        if stars and parse_count(stars[1]) is not None:
            return part("github", parse_count(stars[1]))
        return part("github") if not text or lower in _LABELS else part("link")
    if target.leads is Leads.ARXIV:
        return part("arxiv") if not text or lower in _LABELS or "arxiv" in lower else part("link")
    if target.leads is Leads.PROFILE:
        return part("profile") if text else part("nothing")
    if target.leads is Leads.DAY:
        return part("day")
    if target.leads is Leads.SITE:
        return part("site") if len(text) <= LONGEST_SHORT_LINE else part("stray")
    return part("link" if text else "nothing")


def _understand_words(part: Callable[..., Part], text: str, lower: str, piece: Piece, target: Target | None) -> Part:
    """Understand words without a link, or on a link to a paper."""
    linked = target is not None and target.leads is Leads.PAPER
    if not text or (text == "-" and (linked or target is None)) or _PLACEHOLDER.fullmatch(text):
        return part("thumbnail" if linked else "nothing")  # a list's empty item is no count of upvotes
    if piece.heading and linked:
        return part("title")
    if linked and _OWN_ADDRESS.fullmatch(text):
        return part("thumbnail")
    if listed := _LISTED_AUTHORS.fullmatch(text):
        return part("authors", role_of(listed[1]).value)
    if lower in _LABELS:
        return part("label")
    if _SUBMITTED.fullmatch(text):
        return part("submitted")
    if len(text) > LONGEST_SHORT_LINE:
        return part("title" if piece.heading else "text")
    if _is_votes(text) and not parse_printed_date(text) and parse_count(text) is None and text != "-":
        return part("upvotes", _votes(text))
    role, value = role_of(text)
    if role is Role.FURNITURE:
        return part("furniture")
    if role is Role.HEADING:
        return part("heading")
    if role is Role.AUTHORS:
        return part("authors", value)
    if role is Role.SEPARATOR:
        return part("separator")
    if role is Role.DATE:
        return part("date")
    if role is Role.COUNT:
        return part("stars" if linked and text != "-" else "count", value)
    if not linked and (stars := _STARS.fullmatch(text)) and lower.startswith(("github", "link: github")):
        return part("stars", parse_count(stars[1]))
    if role is Role.METADATA:
        return part("metadata")
    return part("title" if piece.heading else "text")


def _is_furniture(text: str) -> bool:
    return len(text) <= LONGEST_SHORT_LINE and role_of(text).role is Role.FURNITURE


def _is_votes(text: str) -> bool:
    return (
        text == "-"
        or text.casefold() in ("upvote", "upvotes")
        or parse_count(text) is not None
        or _votes(text) is not None
    )


def _votes(text: str) -> int | None:
    """Return the upvotes that ``101``, ``-`` (none), ``Upvote 101`` say; None for the word alone."""
    if match := _UPVOTE.fullmatch(text):
        text = match[1] or match[2]
    return 0 if text == "-" else parse_count(text)


def _with_votes(parts: list[Part]) -> list[Part]:
    """Return the parts, with the number after a link to a paper's votes as that link's: some tools empty the link."""
    kept: list[Part] = []
    empty: Part | None = None  # the link, until other words follow
    place = 0  # of the link
    for part in parts:
        if empty is not None and part.kind in ("count", "upvotes") and part.target is None and part.value is not None:
            del kept[place]
            part = part._replace(kind="upvotes", target=empty.target)
        if part.kind != "nothing" and (part.kind, part.text.casefold()) != ("label", "upvote"):
            empty = part if part.kind == "upvotes" and not part.text else None
            place = len(kept)
        kept.append(part)
    return kept


# ---------------------------------------------------------------------------------------------
# which pieces are one card


class _Reader:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.account = bytearray(len(page.lines) + 1)  # by 1-based number; 0 is page furniture
        self.records: list[Record] = []
        self.refusals: list[Refusal] = []
        self.cards: list[Card] = []
        self.heading: str | None = None
        self.query = page.query
        self.page_day: str | None = None
        self.page_days: list[str] = []
        self.linked_days: list[tuple[str, str]] = []
        self.on_trending = False  # where a summary stands in the abstract's place
        self.count_leads = False  # a number without a link stood before the first title

    def read(self, form: str, trending_form: str) -> Reading:
        parts = _with_votes([understand(piece) for piece in self.page.pieces])
        self.on_trending = any(_is_of_trending(part) for part in parts)
        self._part_into_cards(parts)
        self._check_neighbours()
        self._assemble()
        account, total = self.account, len(self.page.lines)
        for refusal in self.refusals:
            first, last = refusal.line_start, refusal.line_end
            account[first : last + 1] = bytes([_REFUSED]) * (last + 1 - first)
        self.refusals.sort()
        fields, refused = account.count(_FIELD), account.count(_REFUSED)
        mirror, unknown = hosts([piece.target for piece in self.page.pieces if piece.target])
        return Reading(
            trending_form if self.on_trending else form,
            0.9 if self.records or self.refusals else 0.6,
            self.records,
            self.refusals,
            total,
            fields,
            total - fields - refused,
            refused,
            self.heading,
            self.query,
            self.page_days[0] if self.page_days else None,
            # the links lead to the days beside the page's own: alone they would be a wrong day
            (*self.page.days, *(self.linked_days if self.page_days else ())),
            mirror,
            unknown,
        )

    # ---- cards

    def _part_into_cards(self, parts: list[Part]) -> None:
        card: Card | None = None
        user_follows = False  # after "Submitted by"
        waiting: list[Part] = []  # numbers before a title: the upvotes of the card that follows

        def begin(part: Part) -> Card:
            nonlocal waiting
            new = Card(self.page_day)
            for early in waiting:
                new.add(early)
            waiting = []
            new.add(part)
            self.cards.append(new)
            return new

        for number, part in enumerate(parts):
            kind = part.kind
            is_name = kind == "profile" or (kind == "text" and len(part.text) < 60 and " " not in part.text)
            if is_name and (user_follows or self._is_byline(parts, number)):
                user_follows = False
                continue
            if kind in ("nothing", "label") or (kind == "thumbnail" and card is None):
                if kind == "thumbnail":
                    card = begin(part)
                elif kind == "label" and card is not None:
                    card.add(part)
                continue
            if kind in ("furniture", "heading", "site", "day", "submitted"):
                self._furniture(part)
                if kind == "submitted":
                    user_follows = not (_SUBMITTED.fullmatch(part.text) or [None, None])[1]
                if kind == "submitted" and card is not None and not card.has("title") and not card.has("text"):
                    continue  # the thumbnail stands before it
                if kind == "submitted" or not self._in_card(parts, number, card):
                    card = None
                self._leave(waiting)
                waiting = []
                continue
            user_follows = False
            if kind == "title" and card is None and waiting:
                self.count_leads = True
            if self._begins(card, part):
                if card is not None and card.parts[-1].kind == "count" and self._leads(card.parts):
                    waiting.append(card.pop())
                card = begin(part)
            elif card is None:
                if kind == "date":
                    self._set_page_day(part.text)
                elif kind == "count":
                    waiting.append(part)
                elif self._is_query(parts, number):
                    self.query = self.query or part.text
                else:
                    self._leave([part])
            else:
                card.add(part)
        self._leave(waiting)

    def _begins(self, card: Card | None, part: Part) -> bool:
        """Say whether ``part`` is the first of a card that is not ``card``."""
        kind, paper = part.kind, part.arxiv_id
        if card is None:
            return kind in ("title", "upvotes", "thumbnail", "comments", "arxiv") or (
                part.target is not None and kind in ("text", "authors", "stars", "date")
            )
        if paper is not None and card.arxiv_id is not None and paper != card.arxiv_id:
            return True
        if kind == "title":
            if not card.has("title") and not card.has("text"):
                return False  # upvotes and thumbnail stand before it
            # the same words twice in a row are one line doubled; later they are the card's second copy
            return not (card.parts[-1].kind == "title" and card.parts[-1].text == part.text)
        if kind == "upvotes":
            return card.has("upvotes") and (card.has("title") or card.has("text"))
        if kind == "text" and part.target is not None and not card.has("title"):
            several = card.kinds["text"] > 1
            return several and (part.text == card.first_text or card.arxiv_id is None)
        return False

    def _in_card(self, parts: list[Part], number: int, card: Card | None) -> bool:
        """Say whether page furniture at ``number`` stands within a card: the next part with an id is of the same paper."""
        if card is None or card.arxiv_id is None or parts[number].kind in ("heading", "day"):
            return False
        for part in parts[number + 1 : number + 6]:
            if part.arxiv_id is not None or part.kind == "title":
                return part.arxiv_id == card.arxiv_id and part.kind not in ("title", "upvotes", "thumbnail")
        return False

    def _leads(self, parts: list[Part]) -> bool:
        """Say whether the number at the end of a card is the upvotes of the next one.

        They stand before every title, the first one included; otherwise it is the comments after a date.
        """
        if len(parts) < 2 or self.count_leads:
            return self.count_leads
        return parts[-1].piece.block != parts[-2].piece.block

    @staticmethod
    def _is_byline(parts: list[Part], number: int) -> bool:
        """Say whether a name stands in the page's "by AK and the research community"."""
        return number > 0 and parts[number - 1].kind == "furniture" and parts[number - 1].text.casefold() == "by"

    def _is_query(self, parts: list[Part], number: int) -> bool:
        """Say whether words in the page's head are its search text: the page's tabs or its day come after."""
        if self.cards or len(parts[number].text) > LONGEST_SHORT_LINE or number + 1 >= len(parts):
            return False
        after = parts[number + 1]
        return parts[number].target is None and (after.text.casefold() in PERIODS or after.kind == "date")

    def _furniture(self, part: Part) -> None:
        if part.kind == "heading":
            self.heading = self.heading or part.text
        target = part.target
        if target is None or target.value is None:
            return
        if target.leads is Leads.DAY:
            if parse_printed_date(target.value):
                self.linked_days.append(("link", target.value))
            printed = _NEIGHBOUR.sub("", part.text)  # dumps do not show where a link ends
            if (day := parse_printed_date(printed)) and day.day:
                self._set_page_day(printed)
        elif target.leads is Leads.SITE:
            self.query = self.query or target.value

    def _set_page_day(self, text: str) -> None:
        self.page_day = text
        self.page_days.append(text)

    def _leave(self, parts: list[Part]) -> None:
        """Refuse words that belong to no card."""
        for part in parts:
            detail = "words that are no paper's and not known as the page's; look at the capture there"
            self._refuse(part.piece.line, part.piece.line_end, "unplaced_text", detail)

    # ---- order

    def _check_neighbours(self) -> None:
        """Refuse cards whose parts stand among another paper's: lines were moved, and nothing tells whose dates are whose."""
        cards = self.cards
        mixed: set[int] = set()
        for i in range(1, len(cards) - 1):
            before, card, after = cards[i - 1 : i + 2]
            if before.arxiv_id and before.arxiv_id == after.arxiv_id != card.arxiv_id:
                whole = all(
                    other.has("title") or sum(p.kind == "text" for p in other.parts) > 1 for other in (before, after)
                )
                if not whole or not (card.has("title") or card.has("text")):
                    mixed |= {i - 1, i, i + 1}
        for i in range(1, len(cards)):
            before, card = cards[i - 1 : i + 1]
            last, first = before.parts[-1], card.parts[0]
            if last.target is None and first.arxiv_id and last.piece.line_end == first.piece.line:
                mixed |= {i - 1, i}  # words on the line of another paper's link are that paper's
            headless = card.arxiv_id is not None and not card.has("title") and not card.has("text")
            # votes follow the text on trending pages, so a card of nothing else has lost its text to the card before
            loose = any(part.kind == "text" and part.target is None for part in before.parts)
            if headless and loose and before.arxiv_id != card.arxiv_id and not before.has("upvotes"):
                mixed |= {i - 1, i}
            if headless and card.has("upvotes") and i + 1 < len(cards) and not cards[i + 1].has("upvotes"):
                mixed |= {i, i + 1}  # votes with another paper's title below them
        for i in sorted(mixed, reverse=True):
            self._refuse_card(cards[i], "mixed_cards", "parts of two papers stand mixed here; copy the page again")
        if mixed:
            self.cards = [card for i, card in enumerate(cards) if i not in mixed]

    # ---- records

    def _assemble(self) -> None:
        sides = [_votes_lead(card) for card in self.cards]
        leads = not self.on_trending and sides.count(True) >= sides.count(False)
        voted = sum(card.has("upvotes") for card in self.cards)
        lost = Contradiction(
            "mixed_cards", "its upvotes are missing, so its date may be another paper's; copy it again"
        )
        moved = Contradiction(
            "mixed_cards", "upvotes on the other side of the title than on other cards; copy it again"
        )
        read = [
            moved
            if side is not None and side is not leads
            else lost
            if 2 * voted > len(self.cards) and not card.has("upvotes") and card.has("title") and card.has("date")
            else self._try_record(card)
            for card, side in zip(self.cards, sides, strict=True)
        ]
        titled = [found.record for found in read if isinstance(found, _Read)]
        ids = {(found.record.title, found.record.arxiv_id) for found in read if isinstance(found, _Read)}
        self.ids_of_title = Counter(title for title, _ in ids)
        # on the daily page no card has an abstract; where most have one, a card without it has lost it
        expected = 2 * sum(record.abstract is not None for record in titled) > len(titled)
        start = 0
        while start < len(read):
            end = start + 1
            while end < len(read) and self._is_copy(read, start, end):
                end += 1
            self._take(self.cards[start:end], read[start:end], expected)
            start = end

    def _try_record(self, card: Card) -> "_Read | Contradiction":
        try:
            return self._record(card)
        except Contradiction as problem:
            return problem

    def _is_copy(self, read: "Sequence[_Read | Contradiction]", first: int, other: int) -> bool:
        """Say whether the card at ``other`` shows the same paper again: pages hold a card twice, for narrow and wide screens."""
        one, two = self.cards[first], self.cards[other]
        if one.arxiv_id or two.arxiv_id:
            return one.arxiv_id == two.arxiv_id
        here, there = read[first], read[other]
        return isinstance(here, _Read) and isinstance(there, _Read) and here.record.title == there.record.title

    def _take(self, cards: Sequence[Card], read: "Sequence[_Read | Contradiction]", abstract_expected: bool) -> None:
        """Take the record that the copies of a card give, or refuse all of them."""
        try:
            for found in read:
                if isinstance(found, Contradiction):
                    raise found
            whole = [found for found in read if isinstance(found, _Read)]
            record = _merge([found.record for found in whole])
            if len(whole) > 1 and record.abstract_kind == "abstract" and is_one_sentence(record.abstract or ""):
                # only trending pages show a card twice, and some tools leave nothing else that tells one
                record = record._replace(abstract_kind="summary")
            if record.arxiv_id is None and not _is_card(record):
                raise Contradiction("unplaced_text", "a heading, but nothing of a paper; look at the capture there")
            if sum(len(found.unplaced) for found in whole) > _MOST_UNPLACED * len(whole):
                raise Contradiction("unplaced_text", "more words than a card has; this may be a report about the page")
            if self.ids_of_title[record.title] > _MOST_IDS_OF_TITLE:
                raise Contradiction("unplaced_text", "one title for several papers: words on a link, no title")
            dated = record.date_text is not None  # daily pages show neither abstract nor date
            if record.abstract is None and (record.arxiv_id is None or abstract_expected or dated):
                raise Contradiction("title_without_abstract", "no abstract follows; copy the whole card")
        except Contradiction as problem:
            for card in cards:
                self._refuse_card(card, problem.reason, problem.detail)
            return
        self._accept(record, [part for card in cards for part in card.parts])
        for found in whole:
            self._leave(found.unplaced)

    def _accept(self, record: Record, parts: list[Part]) -> None:
        self.records.append(record)
        for part in parts:
            first, last = part.piece.line, part.piece.line_end
            self.account[first : last + 1] = bytes([_FIELD]) * (last + 1 - first)

    def _refuse_card(self, card: Card, reason: str, detail: str) -> None:
        self._refuse(min(p.piece.line for p in card.parts), card.line_end, reason, detail)

    def _refuse(self, first: int, last: int, reason: str, detail: str) -> None:
        text = "\n".join(self.page.lines[first - 1 : min(last, first + _EXCERPT)])[:_EXCERPT]
        self.refusals.append(Refusal(first, last, reason, detail, text))

    def _record(self, card: Card) -> "_Read":
        """Return the record of one card, and its parts that are none of its fields."""
        if card.overflows:
            raise Contradiction("unplaced_text", "more words than a card has; this may be a report about the page")
        parts = _split_metadata(card.parts)
        for part in parts:
            if part.kind == "damaged":
                raise Contradiction(
                    "cut_link", "a link is cut off or was moved, so its words may be another's; copy the card again"
                )
            if "\ufffd" in part.text and any_within(self.page.damaged, part.piece.line, part.piece.line_end):
                raise Contradiction(
                    "damaged_bytes", "not valid in the file's encoding; save the capture as UTF-8 and give it again"
                )
        ids = {part.arxiv_id for part in parts} - {None}
        if ids and any(part.target is not None and part.target.leads is Leads.MISSING for part in parts):
            # those without an address may be another paper's
            raise Contradiction("cut_link", "the addresses of some links are missing; copy the whole page")
        if len(ids) > 1:
            raise Contradiction("contradicting_fields", f"links to several papers: {', '.join(sorted(map(str, ids)))}")
        title, rest = _take_title(parts, card.arxiv_id)
        _check_order(parts, title)
        abstract, rest = _take_abstract(rest)
        _check_list(parts, title, abstract)
        if abstract is not None and _CUT_LINK.search(abstract.text):
            raise Contradiction("cut_link", "the link on the abstract is cut off; copy the whole card")
        if card.arxiv_id is None and abstract is not None:
            _check_numbers([p for p in parts if p.text == title], abstract)
        owner, rest = _take_owner(rest)
        if owner[1] and any(p.kind == "authors" for p in rest):
            raise Contradiction("mixed_cards", "a number of authors and an organisation: a card shows one of them")
        unplaced = [p for p in rest if p.kind in ("text", "stray", "link", "count", "profile", "title", "metadata")]
        dates = [p for p in rest if p.kind == "date"]
        comments = _only("comments", [p.value for p in rest if p.kind == "comments"])
        if counted := [p for p in unplaced if p.kind == "count"]:
            # a number of its own right after the date is the comments', before the title the upvotes'
            for part in counted:
                before = parts.index(part) - 1
                if (
                    comments is None
                    and before >= 0
                    and parts[before].kind == "date"
                    and parts[before].piece.block == part.piece.block
                ):
                    comments = part.value
                    unplaced.remove(part)
                elif before < 0 and parts[0] is part:
                    unplaced.remove(part)
        upvotes = [p.value for p in rest if p.kind == "upvotes" and p.value is not None]
        upvotes += [parts[0].value] if parts[0].kind == "count" and parts[0].value is not None else []
        repository = {p.piece.target for p in rest if p.kind == "github"}
        stars = [p for p in rest if p.kind in ("github", "stars") and p.value is not None]
        counts = [_STARS.fullmatch(p.text) for p in stars]
        steps = {parse_count_step(match[1]) for match in counts if match}
        text = abstract.text if abstract else None
        kind = None
        if abstract is not None and text is not None:
            kind = abstract_kind(text, self.on_trending)
        record = Record(
            min(p.piece.line for p in card.parts),
            max(p.piece.line_end for p in card.parts),
            title,
            text,
            _only("authors", [p.value for p in rest if p.kind == "authors"]),
            owner[0],
            owner[1],
            _only("dates", [p.text for p in dates]),
            _only("upvotes", upvotes),
            comments,
            card.arxiv_id,
            _only("repositories", sorted(r for r in repository if r)),
            _only("stars", [p.value for p in stars]),
            max(steps, default=None),
            kind,
            page_day=card.page_day,
        )
        return _Read(record, unplaced)


def _is_of_trending(part: Part) -> bool:
    """Say whether a part stands on trending pages only."""
    if part.kind in ("github", "stars"):  # a menu has a link to GitHub, too, but without stars
        return part.value is not None and (part.kind == "github" or "github" in part.text.casefold())
    if part.kind in ("heading", "label", "date", "metadata"):
        lower = part.text.casefold()
        return lower in _ON_TRENDING or "published on" in lower
    return part.kind == "arxiv"


def _is_card(record: Record) -> bool:
    """Say whether anything besides two texts speaks for a paper."""
    return any(
        getattr(record, name) is not None
        for name in ("n_authors", "date_text", "upvotes", "github_url", "organisation_name")
    )


def _only(what: str, values: Sequence[Any]) -> Any:
    """Return the one value there is, None for none; Contradiction if there are several, or one several times.

    A card shows each once: a second one is another paper's, even if it happens to be equal.
    """
    given = [value for value in values if value is not None]
    if len(set(given)) > 1 or (len(given) > 1 and what in ("authors", "dates")):
        raise Contradiction("contradicting_fields", f"several {what} on one card: {', '.join(map(str, given))}")
    return given[0] if given else None


def _split_metadata(parts: list[Part]) -> list[Part]:
    """Return the parts with metadata that stands on one line taken apart at its middle dots."""
    split: list[Part] = []
    for part in parts:
        if part.kind != "metadata":
            split.append(part)
            continue
        for words in _AUTHORS_AND_DATE.split(part.text):
            if words:
                again = understand(part.piece._replace(text=words))
                split.append(again if again.kind != "metadata" else again._replace(kind="text"))
    return split


def _take_title(parts: list[Part], card_id: str | None) -> tuple[str, list[Part]]:
    """Return the card's title and its other parts; Contradiction if none or several can be it."""
    titles = [p for p in parts if p.kind == "title"]
    if not titles:
        # without headings the first words that lead to the paper are its title
        titles = [p for p in parts if p.kind == "text" and p.target is not None][:1]
        if titles and (titles[0].arxiv_id is None or card_id is None):
            raise Contradiction("unplaced_text", "a link without its address, and no heading; copy the whole page")
        if titles and (len(titles[0].text) > LONGEST_TITLE or reads_as_sentences(titles[0].text, several=True)):
            raise Contradiction("abstract_without_title", "put the paper's title before it and give it again")
    if not titles:
        alone = all(p.kind != "text" for p in parts)
        raise Contradiction(
            "metadata_without_record" if alone else "abstract_without_title",
            "no title that it belongs to; copy the whole card",
        )
    if len({p.text for p in titles}) > 1:
        raise Contradiction("contradicting_fields", "several titles on one card")
    title = titles[0].text
    if titles[0].target is None and title.startswith("[") and re.search(r"\](?:\s*\{[^{}]*\})?\Z", title):
        raise Contradiction("cut_link", "the title is a link of which the address is missing")
    if len(title) > LONGEST_TITLE:
        raise Contradiction("title_or_abstract", "a heading as long as an abstract")
    return title, [p for p in parts if p not in titles and not (p.kind == "text" and p.text == title)]


def _check_list(parts: list[Part], title: str, abstract: Part | None) -> None:
    """Refuse what is a list of links with words beside or above them: reading lists look like cards."""
    titles = [p for p in parts if p.text == title]
    detail = "a list of links to papers, and no copy of a page; its words are no titles and abstracts"
    for own in titles:
        if abstract is None or own.piece.heading or own.target is None:
            continue
        if own.piece.line <= abstract.piece.line <= own.piece.line_end and abstract.target is None:
            raise Contradiction("unplaced_text", detail)
    plain = all(p.target is None for p in titles)
    linked = abstract is not None and abstract.arxiv_id is not None and len(abstract.text) <= LONGEST_TITLE
    if plain and abstract is not None and linked and not reads_as_sentences(abstract.text):
        raise Contradiction("unplaced_text", detail)


#: What pages show below a title.
_BELOW = frozenset({"date", "authors", "stars", "github", "comments", "separator", "metadata"})


def _votes_lead(card: Card) -> bool | None:
    """Say whether upvotes stand above a card's title, as on daily pages, or below, as on trending ones; None without them."""
    kinds = [part.kind for part in card.parts if part.kind in ("title", "upvotes")]
    return kinds[0] == "upvotes" if "title" in kinds and "upvotes" in kinds else None


def _check_order(parts: Sequence[Part], title: str) -> None:
    """Raise Contradiction if what stands below a title stands above it: then it is another paper's."""
    for part in parts:
        if part.text == title and part.kind in ("title", "text"):
            return
        if part.kind in _BELOW:
            raise Contradiction("mixed_cards", f"{part.text!r:.40} stands above the title; copy the page again")


def _take_abstract(parts: list[Part]) -> tuple[Part | None, list[Part]]:
    """Return the part that is the abstract, or None, and the others; Contradiction if several can be it."""
    texts = _paragraphs(parts)
    owners = {
        id(p)
        for p, after in pairwise(parts)
        if after.kind in ("separator", "date") and len(p.text) <= LONGEST_SHORT_LINE
    }
    texts = [p for p in texts if id(p) not in owners or (reads_as_sentences(p.text) and p.target is None)]
    linked = [
        p for p in texts if p.target is not None and p.target.leads in (Leads.PAPER, Leads.MISSING) and p.kind == "text"
    ]
    open_text = [
        p for p in texts if p.kind == "text" and p not in linked and (len(p.text) > 80 or reads_as_sentences(p.text))
    ]
    found = linked or open_text
    if len({p.text for p in found}) > 1:
        raise Contradiction("several_abstracts", "several texts may be this paper's abstract")
    if not found:
        return None, parts
    if len(found[0].text) > LONGEST_ABSTRACT:
        raise Contradiction(
            "line_too_long", f"{len(found[0].text):,} characters; an abstract has at most {LONGEST_ABSTRACT:,}"
        )
    blocks = {p.piece.block for p in found if p.target is None}
    return found[0], [p for p in parts if not (p.kind in ("text", "link") and (p in found or p.piece.block in blocks))]


def _check_numbers(titles: Sequence[Part], abstract: Part) -> None:
    """Raise Contradiction if the numbers of two links without addresses are not a title's and its abstract's.

    Links are numbered as they come, or by their address; so the two are equal or next to each other.
    """
    numbers = [
        p.target.value for p in (*titles[:1], abstract) if p.target is not None and p.target.leads is Leads.MISSING
    ]
    if len(numbers) == 2 and numbers[0] and numbers[1] and not 0 <= int(numbers[1]) - int(numbers[0]) <= 2:
        raise Contradiction("mixed_cards", "title and abstract are not from the same place; copy the page again")


def _paragraphs(parts: list[Part]) -> list[Part]:
    """Return the texts and links, those of one running text joined: tools make links of addresses in abstracts."""
    joined: list[Part] = []
    adjoining = False
    for part in parts:
        if part.kind not in ("text", "link"):
            adjoining = False
            continue
        last = joined[-1] if joined and adjoining else None
        adjoining = True
        if (
            last is not None
            and last.piece.block == part.piece.block
            and part.piece.line <= last.piece.line_end + 1  # no line of the page's own stands between
            and (last.target is None or last.kind == "link")
            and (part.target is None or part.kind == "link")
        ):
            words = last.piece.text + part.piece.text
            piece = last.piece._replace(text=words, line_end=part.piece.line_end, target=None)
            joined[-1] = Part("text", piece, None, trim(words))
        else:
            joined.append(part)
    return joined


def _take_owner(parts: list[Part]) -> tuple[tuple[str | None, str | None], list[Part]]:
    """Return (handle, name) of the organisation and the other parts.

    It is a link to a name's page; without a link, the words right before the middle dot or the date.
    """
    profiles = [p for p in parts if p.kind == "profile" and p.target is not None]
    if profiles:
        owners = {(p.target.value, p.text) for p in profiles if p.target}
        if len(owners) == 2 and len({handle for handle, _ in owners}) == 1:
            # the image's words are the handle, and some tools make a link of their own of it
            owners = {(handle, name) for handle, name in owners if name != handle}
        if len(owners) > 1:
            raise Contradiction("contradicting_fields", "several organisations on one card")
        handle, name = owners.pop()
        return (handle, without_image_words(name)), [p for p in parts if p not in profiles]
    for i, part in enumerate(parts[:-1]):
        if part.kind != "text" or parts[i + 1].kind not in ("separator", "date"):
            continue
        if part.target is None or part.target.leads is Leads.MISSING:
            image = part.piece.images[0] if part.piece.images else None
            # whether its first word is the handle or the name's, such words alone do not tell
            return (image, without_image_words(part.text)), parts[:i] + parts[i + 1 :]
    return (None, None), parts


def _merge(copies: Sequence[Record]) -> Record:
    """Return the one record of a card's copies; Contradiction if they do not agree. A field may be missing in one."""
    first = copies[0]
    if len(copies) == 1:
        return first
    merged: dict[str, Any] = {}
    for name in Record._fields[2:]:
        values = {getattr(copy, name) for copy in copies} - {None}
        if name == "date_text" and len(values) > 1:
            # narrow screens print the day alone, wide ones "Published on" before it
            dates = {parse_printed_date(value) for value in values}
            if len({(d.month, d.day, d.year, d.comments) for d in dates if d}) == 1:
                values = {max(values, key=len)}
        if len(values) > 1:
            raise Contradiction(
                "copies_disagree",
                f"the card's two copies differ in {name}: {', '.join(sorted(map(str, values)))[:200]}",
            )
        merged[name] = values.pop() if values else None
    return Record(min(c.line_start for c in copies), max(c.line_end for c in copies), **merged)
