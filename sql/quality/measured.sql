-- measured: one row is one value that this run measured, beside what it was before.
--
-- Of all that is there: counts, beside those of the publication that readers have (`published_statistics`). Of the
-- captures that it does not hold (`new_captures`), by form: counts, beside those of the form's last 20 captures that
-- it does hold. `before_least` is the lowest share or number of any one of these, without the very lowest where there
-- are five or more: one bad capture that was let through does not become what is usual. Small captures tell no share.
with told as (
    select dump_id, bool_or(abstract_kind is not null or published_raw is not null) as more_than_titles
    from parsed_rows
    group by dump_id
),

-- a page of a day shows neither abstracts nor dates, in whatever text or markup it comes: it is no search page that lost them
formed as (
    select
        captures.dump_id,
        captures.records,
        captures.refusals,
        raw_dumps.load_number,
        raw_dumps.received_at,
        new_captures.dump_id is not null as is_new,
        case
            when
                captures.records = 0 or told.more_than_titles or captures.form in ('api_json', 'json_lines', 'html_data')
                then captures.form
            else captures.form || ', titles only'
        end as form
    from captures
    inner join raw_dumps on captures.dump_id = raw_dumps.dump_id
    left join told on captures.dump_id = told.dump_id
    left join new_captures on captures.dump_id = new_captures.dump_id
),

placed as (
    select
        dump_id,
        form,
        records,
        refusals,
        is_new,
        row_number() over (
            partition by form, is_new
            order by load_number desc, received_at desc, dump_id
        ) as place_in_form,
        row_number() over (
            partition by is_new
            order by load_number desc, received_at desc, dump_id
        ) as place
    from formed
),

chosen as (
    select dump_id, form, records, refusals, is_new
    from placed
    where is_new or place_in_form <= 20
),

mentions as (
    select
        parsed_rows.dump_id,
        parsed_rows.mention_id,
        parsed_rows.abstract_kind,
        case when parsed_rows.abstract_kind = 'abstract' then length(parsed_rows.abstract) end as abstract_length,
        parsed_rows.ai_summary,
        parsed_rows.arxiv_id,
        parsed_rows.n_authors,
        coalesce(parsed_rows.organisation_handle, parsed_rows.organisation_name) as organisation,
        parsed_rows.published_on,
        parsed_rows.upvotes,
        parsed_rows.comments,
        parsed_rows.github_url
    from parsed_rows
    where parsed_rows.dump_id in (select dump_id from chosen)
),

counted as (
    select
        dump_id,
        median(abstract_length) as abstract_length,
        unnest([
            {'field': 'text', 'n': count(abstract_kind)},
            {'field': 'abstract', 'n': count(abstract_length)},
            {'field': 'ai_summary', 'n': count(ai_summary)},
            {'field': 'arxiv_id', 'n': count(arxiv_id)},
            {'field': 'n_authors', 'n': count(n_authors)},
            {'field': 'organisation', 'n': count(organisation)},
            {'field': 'authors_or_organisation', 'n': count(coalesce(organisation, cast(n_authors as varchar)))},
            {'field': 'published_on', 'n': count(published_on)},
            {'field': 'upvotes', 'n': count(upvotes)},
            {'field': 'comments', 'n': count(comments)},
            {'field': 'github_url', 'n': count(github_url)}
        ]) as counts
    from mentions
    group by dump_id
),

named as (
    select mentions.dump_id, 'author_names' as field, count(distinct mentions.mention_id) as n
    from mentions
    inner join mention_authors on mentions.mention_id = mention_authors.mention_id
    group by mentions.dump_id
),

linked as (
    select mentions.dump_id, 'link: ' || mention_links.kind as field, count(distinct mentions.mention_id) as n
    from mentions
    inner join mention_links on mentions.mention_id = mention_links.mention_id
    group by mentions.dump_id, mention_links.kind
),

found as (
    select dump_id, counts.field, counts.n from counted
    union all
    select dump_id, field, n from named
    union all
    select dump_id, field, n from linked
),

fields as (
    select form, field, min(field) as dimension
    from found
    inner join chosen on found.dump_id = chosen.dump_id
    group by form, field
),

-- a capture without a link of a kind has a share of 0, and no row in `found`
shared as (
    select
        fields.form,
        fields.field,
        chosen.is_new,
        coalesce(found.n, 0) as n,
        case when chosen.records >= 5 then coalesce(found.n, 0) / chosen.records end as share
    from chosen
    inner join fields on chosen.form = fields.form
    left join found on chosen.dump_id = found.dump_id and fields.field = found.field
    where chosen.records > 0
),

filled as (
    select
        form,
        field,
        sum(case when is_new then n end) as value,
        sum(case when not is_new then n end) as before,
        list_sort(list(share) filter (where not is_new and share is not null)) as shares
    from shared
    group by form, field
),

by_form as (
    select
        chosen.form,
        count(case when is_new then 1 end) as captures,
        count(case when not is_new then 1 end) as captures_before,
        count(case when is_new and records = 0 then 1 end) as unread,
        count(case when not is_new and records = 0 then 1 end) as unread_before,
        coalesce(sum(case when is_new then records end), 0) as mentions,
        coalesce(sum(case when not is_new then records end), 0) as mentions_before,
        min(case when is_new then records end) as fewest,
        median(case when not is_new then records end) as fewest_before,
        list_sort(list(records) filter (where not is_new)) as records_before,
        coalesce(sum(case when is_new then refusals end), 0) as refusals,
        coalesce(sum(case when not is_new then refusals end), 0) as refusals_before
    from chosen
    group by chosen.form
),

lengths as (
    select
        chosen.form,
        median(case when chosen.is_new then lengths_of.abstract_length end) as value,
        median(case when not chosen.is_new then lengths_of.abstract_length end) as before,
        list_sort(list(lengths_of.abstract_length) filter (where not chosen.is_new and lengths_of.abstract_length is not null)) as all_before
    from (select distinct dump_id, abstract_length from counted) lengths_of
    inner join chosen on lengths_of.dump_id = chosen.dump_id
    group by chosen.form
),

all_counts as (
    select 'papers_with' as measure, '' as form, field as dimension, with_value as value from coverage
    union all
    select 'links' as measure, '' as form, kind as dimension, count(*) as value from paper_links group by kind
    union all
    select 'mentions' as measure, form, '' as dimension, count(*) as value from parsed_rows group by form
    union all
    select 'refusals' as measure, '' as form, reason as dimension, count(*) as value from refused_records group by reason
    union all
    select 'deliveries' as measure, '' as form, outcome as dimension, count(*) as value from deliveries group by outcome
    union all
    select 'mentions_of_a_paper' as measure, '' as form, '' as dimension, coalesce(max(n_mentions), 0) as value from papers
    union all
    select 'papers_gone' as measure, '' as form, '' as dimension, count(*) as value
    from published_papers
    where paper_id not in (select paper_id from papers) and paper_id not in (select merged_paper_id from merged_papers)
    union all
    select measure, form, dimension, value from counted_outside
)

select measure, form, dimension, cast(value as double) as value, before, cast(null as double) as before_least
from all_counts
left join (select measure, form, dimension, value as before from published_statistics) published using (measure, form, dimension)
union all
select 'recent_captures' as measure, form, '' as dimension, count(*) as value, null as before, null as before_least
from placed
where not is_new and place <= 20
group by form
union all
select 'new_captures' as measure, form, '' as dimension, captures as value, captures_before as before, null as before_least
from by_form
where captures > 0
union all
select 'new_unread_captures' as measure, form, '' as dimension, unread as value, unread_before as before, null as before_least
from by_form
where unread > 0
union all
select 'new_mentions' as measure, form, '' as dimension, mentions as value, mentions_before as before, null as before_least
from by_form
where mentions > 0
union all
select 'new_refusals' as measure, form, '' as dimension, refusals as value, refusals_before as before, null as before_least
from by_form
where captures > 0
union all
select
    'new_mentions_of_a_capture' as measure,
    form,
    '' as dimension,
    fewest as value,
    fewest_before as before,
    records_before[case when len(records_before) >= 5 then 2 else 1 end] as before_least
from by_form
where mentions > 0
union all
select
    'new_mentions_with' as measure,
    filled.form,
    filled.field as dimension,
    coalesce(filled.value, 0) as value,
    coalesce(filled.before, 0) as before,
    coalesce(
        filled.shares[case when len(filled.shares) >= 5 then 2 else 1 end],
        filled.before / nullif(by_form.mentions_before, 0)
    ) as before_least
from filled
inner join by_form on filled.form = by_form.form
where by_form.mentions > 0
union all
select
    'new_abstract_length' as measure,
    form,
    '' as dimension,
    value,
    before,
    all_before[case when len(all_before) >= 5 then 2 else 1 end] as before_least
from lengths
where value is not null
