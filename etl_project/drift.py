"""What is measured of each run, and the laws that compare it with what was before. Declarations; no I/O.

The values come from sql/quality/: each beside what it was in the publication that readers have, or, of new captures, in
the last ones of the same form that readers have. New are captures that no publication holds, not those of one run: what a
stopped run took in is new until it is published, so running again does not wave it through. Each is judged by itself, so
that a bad one is named and does not hide among good ones.

What stops publication is what would give readers *wrong* values: words or links of the page taken for those of papers,
papers of many titles joined, texts gone that tell papers apart. *Missing* values warn: the older ones are still right.
"""

from etl_project.captures.catalogue import READ
from etl_project.contract import Law

#: What a row of ``run_statistics`` may measure, and what its value is.
MEASURES = {
    "rows": "rows of the table that `dimension` names",
    "papers_with": "papers with a value of the field that `dimension` names",
    "links": "addresses of papers, of the kind that `dimension` names",
    "mentions": "mentions in captures of the form",
    "refusals": "refusals for the reason that `dimension` names",
    "deliveries": "files given to the run that were what `dimension` says",
    "receipts": "captures in the raw store, by their receipts",
    "mentions_of_a_paper": "mentions of the paper that has most",
    "papers_new": "papers that readers never had",
    "papers_merged": "papers that readers had, and that are merged into another since",
    "papers_gone": "papers that readers have, and that are neither there nor merged into another",
    "recent_captures": "captures of the form among the last 20 that readers have",
    "new_captures": "captures of the form that readers do not have yet; before: its last ones that they have, at most 20",
    "new_unread_captures": "those that gave no mention",
    "new_mentions": "their mentions",
    "new_refusals": "their refusals",
    "new_mentions_of_a_capture": "mentions of the new capture that has fewest; before: the median",
    "new_mentions_with": "their mentions with the field, or the kind of link, that `dimension` names",
    "new_abstract_length": "median length of their abstracts, in characters",
}

#: Fewer mentions than these tell nothing about a share.
_LEAST_MENTIONS = 10
_LEAST_MENTIONS_BEFORE = 20
#: So many captures of the form must readers have to judge a new one by: fewer may have the tool's, or the page's, own way.
#: Two suffice where every capture of the form has the value.
_LEAST_CAPTURES_BEFORE = 3
_LEAST_CAPTURES_BEFORE_STOP = 2
#: A share must have fallen by so much, and by so many standard errors of the difference.
_FALL = 0.3
_STANDARD_ERRORS = 4
#: What was there before and is not there at all now: of so many that were to be expected. By chance once in 20,000 times.
_EXPECTED = 10
#: A table or a kind of value may shrink by so much (merges, another reading of a file).
_MAY_SHRINK = 0.02
_MAY_LOSE = 5
#: Of one paper: under so many titles nobody writes it, whatever typing errors there are.
_TITLES_OF_A_PAPER = 8
#: The same link in one of so many papers is taken for the page's, from ten papers on.
_LINK_SHARE, _LINK_PAPERS = 0.05, 10
#: Papers that a listing must have to be told by them.
_LISTED = 5
#: Forms whose items always hold the abstract.
_SERVICES_OWN = ("html_data", "api_json")
_WITH_OWNERS = tuple(form.name for form in READ if {"number of authors", "organisation"} & {*form.carries})

_THIS = "(select * from run_statistics where run_number = (select max(run_number) from run_statistics))"
#: Each new capture by itself, and, without a file, all of its form together: what each has too little of to tell, many tell.
_UNITS = f"""
this as {_THIS},
base as (
    select c.form, c.before::bigint as captures_before, coalesce(m.before, 0) as n_before, coalesce(r.before, 0) as refusals_before
    from this c
    left join this m on m.measure = 'new_mentions' and m.form = c.form
    left join this r on r.measure = 'new_refusals' and r.form = c.form
    where c.measure = 'new_captures'
),
units as (
    select n.form, n.dump_id, sum(c.records) as n, sum(c.refusals) as refusals, count(*) as captures
    from new_captures n join captures c using (dump_id)
    group by grouping sets ((n.form, n.dump_id), (n.form))
    having n.dump_id is not null or count(*) > 1
),
named as (
    select units.*, base.* exclude (form), coalesce(file_name || ' (' || dump_id || ', ', captures || ' new captures (') || form || ')' as unit,
        case when captures_before < 5 then 'all ' else 'three of four of the ' end || captures_before || ' captures before' as those
    from units join base using (form) left join raw_dumps using (dump_id)
)"""


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _shares(chosen: str, fallen: str, told_elsewhere: str = "false") -> str:
    """Return the query for captures that lack fields or kinds of links (``chosen``): ``fallen`` says by which shares."""
    return f"""
with {_UNITS},
counted as (
    select n.form, v.dump_id, v.dimension, sum(v.mentions) as k
    from new_capture_values v join new_captures n using (dump_id)
    where {chosen} group by grouping sets ((n.form, v.dimension, v.dump_id), (n.form, v.dimension))
),
compared as (
    select u.*, c.dimension, c.k, w.before as k_before, w.before_low as low, c.k / u.n as share, (c.k + w.before) / (u.n + u.n_before) as pooled
    from named u
    join counted c on c.form = u.form and c.dump_id is not distinct from u.dump_id
    join this w on w.measure = 'new_mentions_with' and w.form = c.form and w.dimension = c.dimension
    where u.n >= {_LEAST_MENTIONS} and u.n_before >= {_LEAST_MENTIONS_BEFORE}
),
fallen as (
    from compared where {fallen}
    -- all together only where none shows it by itself
    qualify dump_id is not null or count(dump_id) over (partition by form, dimension) = 0
),
told as (
    -- one fault is told once
    from fallen where not ({told_elsewhere})
    qualify not (dimension = 'text' and bool_or(dimension = 'abstract') over (partition by form, dump_id))
        and not (dimension = 'authors_or_organisation' and bool_or(dimension in ('n_authors', 'organisation')) over (partition by form, dump_id))
)
select unit || ': of ' || any_value(n)::bigint || ' mentions '
    || string_agg(k::bigint || ' have ' || dimension || ' (' || round(100 * share)::bigint || ' %; before ' || round(100 * low)::bigint || ' %)', ', ' order by dimension)
    || '; before: what ' || any_value(those) || ' reach' as finding,
    form, dump_id, list_sort(list(dimension))::varchar as lacking
from told group by unit, form, dump_id"""


_FALLEN = (
    f"captures_before >= {_LEAST_CAPTURES_BEFORE} and ((low - share > {_FALL} and "
    f"low - share > {_STANDARD_ERRORS} * sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_before))) "
    f"or (k = 0 and low > 0 and n * k_before / n_before >= {_EXPECTED}))"
)
_BARE = (
    f"dimension in ('abstract', 'text') and form in ({_quoted(_SERVICES_OWN)}) "
    f"and captures_before >= {_LEAST_CAPTURES_BEFORE_STOP} and low >= 0.9 and share < 0.5"
)


def _decide(check: str) -> str:
    return (
        "The capture stays and stops every run until that is decided: if it is bad, `papers leave-out ID --why ...`; if it is "
        f"right, `papers run --accept {check}`, which counts for all captures of the run."
    )


#: Mentions of new captures, with the key of their title.
_MATCHED = "from {table} join parsed_rows using (dump_id) join paper_mentions using (mention_id)"


def _one_for_most(name: str, values: str, unlike: str, told: str, groups: str, wrong: str) -> Law:
    """Return the law that no value stands on most papers of a capture.

    ``groups`` selects each capture's values: ``dump_id``, how many mentions have it (``n``), and how many different
    papers these are (``others``); ``told`` is the SQL that names it.
    """
    return Law(
        name,
        f"Not more than half of a capture's {values} ({_LEAST_MENTIONS} or more) are one, {unlike}.",
        f"select file_name || ' (' || dump_id || '): ' || n || ' of ' || records || {told} as finding, dump_id, n as same, records\n"
        f"from ({groups}) {_NAMED}\nwhere n >= {_LEAST_MENTIONS} and n > 0.5 * records and others >= {_LISTED}",
        f"{wrong}: look at the capture's lines (`papers forms FILE`). {_decide(name)}",
        owner="captures",
    )


_PARSER_OR_PAGE = (
    "Open a capture beside its page, `papers forms FILE`: if the page shows them, its markup changed and the reader of that form "
    "must follow; if not, the capture lost them: capture it again."
)


#: Of ``run_statistics``: this run beside what was before.
STATISTICS_LAWS = (
    Law(
        "forms_are_still_read",
        "No form that came regularly is missing while a new file is not read.",
        f"""
with this as {_THIS}
select r.form || ': ' || r.value::bigint || ' of the last ' || (select sum(value) from this where measure = 'recent_captures')::bigint
    || ' captures, none of the new ones; ' || u.n || ' new file' || if(u.n = 1, ' gives', 's give') || ' no paper: ' || u.names as finding, r.form
from this r
cross join (
    select count(*) as n, array_to_string(list_slice(list_sort(list(file_name)), 1, 5), ', ') || if(count(*) > 5, ', ...', '') as names
    from new_captures join captures using (dump_id) join raw_dumps using (dump_id)
    where records = 0 and dump_id in (select dump_id from refused_records where reason in ('unknown_form', 'no_records'))
) u
where r.measure = 'recent_captures' and r.value >= 3 and u.n > 0
    and r.form not in (select form from this where measure = 'new_mentions' and value > 0)""",
        "If these are captures of that form, the page or the tool that copies it changed: `papers rejects` tells why. If they are none, "
        "put them elsewhere.",
        "warning",
        "captures",
    ),
    Law(
        "nothing_shrinks",
        f"What accumulates does not get less than readers have, but for {_MAY_SHRINK:.0%} that merges and corrections may take.",
        f"""
select measure || ' ' || dimension || ': ' || value::bigint || ', readers have ' || before::bigint as finding, measure, dimension, value as now, before
from {_THIS}
where (measure in ('papers_with', 'links') or (measure = 'rows' and dimension in
    ('raw_dumps', 'captures', 'parsed_rows', 'mention_links', 'mention_authors', 'paper_mentions', 'papers', 'paper_links', 'paper_authors')))
    and value < before - greatest({_MAY_LOSE}, {_MAY_SHRINK} * before)""",
        "Look what changed since the last publication: a new version of the reader, many merges (`merged_papers`), a raw store with gaps.",
        "warning",
        "operator",
    ),
    Law(
        "no_paper_swallows_others",
        "The paper with most mentions has not got more of them than new captures can give.",
        f"""
with this as {_THIS}
select 'a paper has ' || m.value::bigint || ' mentions, before ' || m.before::bigint || ', and ' || coalesce(c.n, 0)::bigint
    || ' captures are new' as finding, m.value as now, m.before
from this m
cross join (select sum(value) as n from this where measure = 'new_captures') c
where m.measure = 'mentions_of_a_paper' and m.value > m.before + 10 + 2 * coalesce(c.n, 0)""",
        '`papers sql "from papers order by n_mentions desc limit 5"`, then `papers explain`: the rule that joined each; `papers split` parts them.',
        "warning",
    ),
    Law(
        "papers_that_readers_know_stay",
        "Every paper id that readers have is there, or merged into another.",
        f"select value::bigint || ' paper ids that readers have are gone' as finding, value as now from {_THIS} where measure = 'papers_gone' and value > 0",
        "Their captures were left out, or are read or matched otherwise than before: look what changed since the last publication.",
        "warning",
    ),
    Law(
        "raw_store_is_loaded",
        "Captures in the raw store = rows of `raw_dumps`.",
        f"""
with this as {_THIS}
select 'the raw store has ' || s.value::bigint || ' captures, raw_dumps ' || d.value::bigint as finding, s.value as receipts, d.value as dumps
from this s
join this d on d.measure = 'rows' and d.dimension = 'raw_dumps'
where s.measure = 'receipts' and s.value <> d.value""",
        "Put back what is missing in raw/; if it was taken out on purpose, move the warehouse away and run again: it is built anew.",
        owner="operator",
    ),
)

_NAMED = "join raw_dumps using (dump_id) join captures using (dump_id)"
_DAY = r"try_strptime(nullif(regexp_extract({}, '(^|[^0-9])(20[0-9][0-9][-_.]?[0-1][0-9][-_.]?[0-3][0-9])([^0-9]|$)', 2), ''), ['%Y-%m-%d', '%Y_%m_%d', '%Y.%m.%d', '%Y%m%d'])"

#: Of ``new_captures``: a capture by itself, or beside those of its form before.
CAPTURE_LAWS = (
    Law(
        "abstracts_are_there_as_before",
        "New captures of the service's own JSON have abstracts, as those before had: without them papers cannot be told apart.",
        _shares("v.dimension = 'abstract'", _BARE),
        "Look at the file: where the abstract stands now, the reader must follow; if it is not there, fetch it again. "
        f"{_decide('abstracts_are_there_as_before')}",
        owner="captures",
    ),
    Law(
        "values_are_there_as_before",
        "No value that captures of a form had is missing in a new one.",
        _shares("not starts_with(v.dimension, 'link: ')", _FALLEN, _BARE),
        f"{_PARSER_OR_PAGE} Dates that are shown without a year have none: name the file with its day, such as page-2026-05-15.txt.",
        "warning",
        "captures",
    ),
    Law(
        "links_are_there_as_before",
        "No kind of link that captures of a form had is missing in a new one.",
        _shares("starts_with(v.dimension, 'link: ')", _FALLEN),
        _PARSER_OR_PAGE,
        "warning",
        "captures",
    ),
    Law(
        "abstracts_are_as_long_as_before",
        "Abstracts of a new capture are not half as long as those of the form's captures before.",
        f"""
with {_UNITS},
lengths as (
    select n.form, n.dump_id, median(length(abstract)) as now, count(*) as abstracts
    from new_captures n join parsed_rows using (dump_id) where abstract_kind = 'abstract'
    group by grouping sets ((n.form, n.dump_id), (n.form))
)
select unit || ': abstracts have ' || round(now)::bigint || ' characters (median); before: ' || those || ' had '
    || l.before_low::bigint || ' or more' as finding, u.form, u.dump_id, now, l.before
from named u
join lengths n on n.form = u.form and n.dump_id is not distinct from u.dump_id
join this l on l.measure = 'new_abstract_length' and l.form = u.form
where captures_before >= {_LEAST_CAPTURES_BEFORE} and n_before >= {_LEAST_MENTIONS_BEFORE}
    and abstracts >= {_LEAST_MENTIONS} and now < 0.5 * l.before_low
qualify u.dump_id is not null or count(u.dump_id) over (partition by u.form) = 0""",
        _PARSER_OR_PAGE,
        "warning",
        "captures",
    ),
    Law(
        "captures_list_as_many_as_before",
        "No new capture lists less than a quarter of what the form's captures before listed, where these (eight or more) are alike.",
        f"""
with {_UNITS}
select unit || ': ' || u.n::bigint || ' mentions; before: all ' || captures_before || ' captures had ' || f.before_low::bigint || ' or more' as finding,
    u.form, u.dump_id, u.n as now, f.before
from named u
join this f on f.measure = 'new_mentions_of_a_capture' and f.form = u.form
where u.dump_id is not null and captures_before >= 8 and f.before_low >= 20 and f.before_low >= 0.5 * f.before and u.n < 0.25 * f.before_low""",
        "Few papers come on weekends and holidays; else look whether the capture was cut off (`papers forms FILE`), and capture it again.",
        "warning",
        "captures",
    ),
    Law(
        "no_more_is_refused_than_before",
        "Of a new capture no more is refused than of the form's captures before.",
        f"""
with {_UNITS},
compared as (
    select *, refusals / (refusals + n) as share, refusals_before / (refusals_before + n_before) as share_before,
        (refusals + refusals_before) / (refusals + n + refusals_before + n_before) as pooled
    from named where refusals >= {_LEAST_MENTIONS} and n_before >= {_LEAST_MENTIONS_BEFORE}
)
select unit || ': ' || refusals::bigint || ' of ' || (refusals + n)::bigint || ' are refused (' || round(100 * share)::bigint || ' %), before '
    || refusals_before::bigint || ' of ' || (refusals_before + n_before)::bigint || ' (' || round(100 * share_before)::bigint || ' %)' as finding,
    form, dump_id, refusals as now, refusals_before as before
from compared
where share - share_before > 0.2
    and share - share_before > {_STANDARD_ERRORS} * sqrt(pooled * (1 - pooled) * (1 / (refusals + n) + 1 / (refusals_before + n_before)))
qualify dump_id is not null or count(dump_id) over (partition by form) = 0""",
        "`papers rejects` shows lines and reasons: if the page looks as ever, the capture is damaged; if it changed, the reader must follow.",
        "warning",
        "captures",
    ),
    _one_for_most(
        "titles_differ",
        "titles",
        "over different texts",
        """' titles are "' || left(title, 60) || '"'""",
        "select dump_id, title_key, count(*) as n, min(title) as title, count(distinct hash(coalesce(arxiv_id, abstract))) as others "
        f"{_MATCHED} group by dump_id, title_key",
        "Words of the page are taken for titles",
    ),
    _one_for_most(
        "abstracts_differ",
        "abstracts",
        "under different titles",
        """' abstracts are "' || left(abstract, 60) || '"'""",
        "select dump_id, any_value(abstract) as abstract, count(*) as n, count(distinct title_key) as others "
        f"{_MATCHED} where abstract is not null group by dump_id, hash(abstract)",
        "Words of the page are taken for abstracts",
    ),
    _one_for_most(
        "authors_differ",
        "lists of authors",
        "of two names or more, under different titles",
        "' papers have the authors ' || left(names, 60)",
        "select dump_id, names, count(*) as n, count(distinct title_key) as others from (select dump_id, mention_id, title_key, "
        f"string_agg(name, ', ' order by position) as names {_MATCHED} join mention_authors using (mention_id) "
        "group by all having count(*) > 1) group by dump_id, names",
        "Names of one paper are given to others",
    ),
    Law(
        "dates_have_come",
        f"Not more than half of a capture's dates ({_LEAST_MENTIONS} or more) lie after the day on which it was received.",
        f"""
select file_name || ' (' || dump_id || '): ' || n || ' of ' || dates || ' dates lie after ' || received_at::date || ', when it was received, one on ' || latest as finding,
    dump_id, n as later, dates
from (
    select dump_id, count(published_on) as dates, count(case when published_on > received_at::date + 1 then 1 end) as n, max(published_on) as latest
    from {{table}} join parsed_rows using (dump_id) join raw_dumps using (dump_id) group by dump_id
) {_NAMED}
where n >= {_LEAST_MENTIONS} and n > 0.5 * dates""",
        f"Another day is taken for the papers', or the machine's clock is wrong: look at the capture's lines. {_decide('dates_have_come')}",
        owner="captures",
    ),
    Law(
        "a_paper_has_few_titles",
        f"No paper of a new capture stands under {_TITLES_OF_A_PAPER} titles or more.",
        f"""
select paper_id || ' has ' || titles || ' titles, one "' || left(title, 60) || '"' as finding, paper_id, titles
from (
    select paper_id, count(distinct title_key) as titles, min(title_key) as title from paper_mentions
    where rule <> 'decided' and paper_id in
        (select paper_id from {{table}} join parsed_rows using (dump_id) join paper_mentions using (mention_id))
    group by paper_id
)
where titles >= {_TITLES_OF_A_PAPER}""",
        "One id, or one text, is taken for that of many papers: `papers explain` shows the lines that it is from. "
        f"{_decide('a_paper_has_few_titles')}",
        owner="captures",
    ),
    Law(
        "a_capture_shows_a_paper_once",
        "No new capture shows one paper more than five times, and in a fifth of its mentions.",
        f"""
select file_name || ' (' || dump_id || '): ' || n || ' of ' || records || ' mentions are of ' || paper_id as finding, dump_id, paper_id, n as mentions
from (
    select dump_id, paper_id, count(*) as n
    from {{table}} join parsed_rows using (dump_id) join paper_mentions using (mention_id) group by dump_id, paper_id
) {_NAMED}
where n > 5 and n > 0.2 * records""",
        "`papers explain` shows the lines: mentions of several papers may be joined, or the capture holds a page several times.",
        "warning",
        "captures",
    ),
    Law(
        "a_link_is_not_on_every_paper",
        f"No link stands on four of five papers of a capture ({_LEAST_MENTIONS} or more).",
        f"""
select file_name || ' (' || dump_id || '): ' || n || ' of ' || records || ' papers have ' || url as finding, dump_id, url, n as papers
from (
    select dump_id, url, count(distinct title_key) as n
    from {{table}} join parsed_rows using (dump_id) join paper_mentions using (mention_id) join mention_links using (mention_id) group by dump_id, url
) {_NAMED}
where n >= {_LEAST_MENTIONS} and n > 0.8 * records""",
        f"A link of the page is taken for the papers' own: look at the capture's lines. {_decide('a_link_is_not_on_every_paper')}",
        owner="captures",
    ),
    Law(
        "a_link_is_on_few_papers",
        f"No link stands on more than {_LINK_SHARE:.0%} of the papers of the new captures (at least {_LINK_PAPERS}).",
        f"""
with these as (select distinct paper_id from {{table}} join parsed_rows using (dump_id) join paper_mentions using (mention_id))
select url || ' stands on ' || count(*) || ' of ' || (select count(*) from these) || ' papers' as finding, url, count(*) as papers
from paper_links join these using (paper_id) group by url
having count(*) >= greatest({_LINK_PAPERS}, {_LINK_SHARE} * (select count(*) from these))""",
        "A link of the page may have been taken for the papers' own: look at one of the captures.",
        "warning",
        "captures",
    ),
    Law(
        "organisations_differ",
        f"A capture's papers ({_LEAST_MENTIONS} or more, and no search) are not all of one organisation.",
        f"""
select file_name || ' (' || dump_id || '): all ' || n || ' organisations are "' || left(organisation, 60) || '"' as finding, dump_id, n as mentions
from (
    select dump_id, min(coalesce(organisation_handle, organisation_name)) as organisation, count(*) as n
    from {{table}} join parsed_rows using (dump_id) where coalesce(organisation_handle, organisation_name) is not null
    group by dump_id having count(distinct coalesce(organisation_handle, organisation_name)) = 1
) {_NAMED}
where n >= {_LEAST_MENTIONS} and query is null""",
        "Words of the page may have been taken for the organisation: look at the capture's lines. A page of one organisation's papers is fine.",
        "warning",
        "captures",
    ),
    Law(
        "dates_are_the_papers_own",
        f"A capture's dates ({_LEAST_MENTIONS} or more) are not all the day of the capture.",
        f"""
select file_name || ' (' || dump_id || '): all ' || n || ' papers are dated ' || day || ', the day of the capture' as finding, dump_id, n as mentions
from (
    select dump_id, min(published_on) as day, count(*) as n
    from {{table}} join parsed_rows using (dump_id) where published_on is not null
    group by dump_id having count(distinct published_on) = 1
) {_NAMED}
where n >= {_LEAST_MENTIONS} and day in
    (captured_on, cast(received_at as date), cast({_DAY.format("file_name")} as date), cast({_DAY.format("source")} as date))""",
        "The page's day may have been taken for the papers': look at the capture's lines.",
        "warning",
        "captures",
    ),
    Law(
        "authors_are_shown",
        f"A capture of {2 * _LEAST_MENTIONS} papers or more, in a form that carries authors, shows authors or organisations of some.",
        f"""
select file_name || ' (' || dump_id || '): none of ' || records || ' papers has authors or an organisation' as finding, dump_id, records
from (
    select dump_id, count(coalesce(organisation_handle, organisation_name, cast(n_authors as varchar))) as n
    from {{table}} join parsed_rows using (dump_id) group by dump_id
) {_NAMED}
where n = 0 and records >= {2 * _LEAST_MENTIONS} and form in ({_quoted(_WITH_OWNERS)})""",
        _PARSER_OR_PAGE,
        "warning",
        "captures",
    ),
    Law(
        "a_day_comes_once",
        f"No new capture lists the same papers ({_LISTED} or more) as another one of its form of an earlier day; searches may.",
        f"""
with listed as (
    select dump_id, bit_xor(hash(paper_id)) as papers, count(*) as n
    from (select distinct dump_id, paper_id from parsed_rows join paper_mentions using (mention_id)) group by dump_id having n >= {_LISTED}
),
dated as (
    select dump_id, papers, n, form, file_name, coalesce(cast({_DAY.format("file_name")} as date), cast({_DAY.format("source")} as date), captured_on) as told,
        coalesce(cast({_DAY.format("file_name")} as date), cast({_DAY.format("source")} as date), captured_on, cast(received_at as date)) as day
    from listed {_NAMED} where query is null
)
select t.file_name || ': lists the same ' || t.n || ' papers ' || coalesce('for ' || t.told, 'without a day') || ' as ' || o.file_name || coalesce(' for ' || o.told, ' without a day') as finding, t.dump_id, o.dump_id as same_as
from dated t join {{table}} fresh on fresh.dump_id = t.dump_id
join dated o on o.papers = t.papers and o.n = t.n and o.form = t.form and o.day < t.day
qualify row_number() over (partition by t.dump_id order by o.day desc, o.dump_id) = 1""",
        "The page showed an earlier day (as on weekends), or was captured again: nothing is counted twice; fetch the right day if there is one.",
        "warning",
        "captures",
    ),
)

#: Of ``deliveries``: what was given to the last run.
DELIVERY_LAWS = (
    Law(
        "every_delivery_is_kept",
        "Every file that was given is in `raw_dumps`, or could not be read or was not complete, and says why.",
        "select path, outcome, dump_id from {table} where outcome in ('unreadable', 'unfinished') and detail = '' "
        "or outcome in ('new', 'known') and (dump_id is null or dump_id not in (select dump_id from raw_dumps))",
        "The raw stage lost a file: run the job again with it; report it if it stays.",
    ),
    Law(
        "no_content_comes_under_another_day",
        "No file has the bytes of a file that is named by another day.",
        f"""
with named as (
    select path, file_name, cast({_DAY.format("regexp_extract(path, '[^/]*$')")} as date) as day, cast({_DAY.format("file_name")} as date) as first_day
    from {{table}} join raw_dumps using (dump_id) where outcome = 'known'
)
select regexp_extract(path, '[^/]*$') || ' holds what ' || file_name || ' held: the same bytes for ' || day || ' as for ' || first_day as finding, path
from named where day <> first_day""",
        "A day was captured again under another's name (as on weekends): nothing is counted twice; fetch the right day if there is one.",
        "warning",
        "captures",
    ),
)

#: Laws that judge by what is usual may be wrong: `papers run --accept NAME` publishes all the same.
ACCEPTABLE = tuple(law.name for law in (*STATISTICS_LAWS, *CAPTURE_LAWS) if law.severity == "critical")
