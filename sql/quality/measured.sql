-- measured: one row is one value that this run measured, beside what it was before.
--
-- Of all that is there: counts, beside those of the publication that readers have (`published_statistics`). Of the
-- captures that it does not hold, by form: counts, beside those of the captures that they are compared with
-- (`compared_captures`, `compared_values`). `before_low` is what three of four of these reach: some bad captures that were
-- let through do not become what is usual. Small captures tell no share.
with filled as (
    select
        form,
        dimension,
        sum(case when is_new then mentions end) as value,
        sum(case when not is_new then mentions end) as before,
        sum(case when not is_new then records end) as mentions_before,
        list_sort(list(mentions / records) filter (where not is_new and records >= 5)) as shares
    from compared_values
    group by form, dimension
    having bool_or(is_new)
),

by_form as (
    select
        form,
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
    from compared_captures
    group by form
    having bool_or(is_new)
),

of_new_captures as (
    select
        form,
        unnest([
            {'measure': 'new_captures', 'value': captures, 'before': captures_before, 'before_low': null},
            {'measure': 'new_unread_captures', 'value': unread, 'before': unread_before, 'before_low': null},
            {'measure': 'new_mentions', 'value': mentions, 'before': mentions_before, 'before_low': null},
            {'measure': 'new_refusals', 'value': refusals, 'before': refusals_before, 'before_low': null},
            {
                'measure': 'new_mentions_of_a_capture',
                'value': fewest,
                'before': fewest_before,
                'before_low': records_before[1]
            }
        ], recursive := true)
    from by_form
),

lengths as (
    select
        compared_captures.dump_id,
        any_value(compared_captures.form) as form,
        any_value(compared_captures.is_new) as is_new,
        median(length(parsed_rows.abstract)) as abstract_length
    from compared_captures
    inner join parsed_rows on compared_captures.dump_id = parsed_rows.dump_id and parsed_rows.abstract_kind = 'abstract'
    group by compared_captures.dump_id
),

lengths_by_form as (
    select
        form,
        median(case when is_new then abstract_length end) as value,
        median(case when not is_new then abstract_length end) as before,
        list_sort(list(abstract_length) filter (where not is_new)) as all_before
    from lengths
    group by form
    having bool_or(is_new)
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

select measure, form, dimension, cast(value as double) as value, before, cast(null as double) as before_low
from all_counts
left join (select measure, form, dimension, value as before from published_statistics) published using (measure, form, dimension)
union all
select 'recent_captures' as measure, form, '' as dimension, count(*) as value, null as before, null as before_low
from compared_captures
where recent
group by form
union all
select measure, form, '' as dimension, value, before, before_low
from of_new_captures
union all
select
    'new_mentions_with' as measure,
    form,
    dimension,
    value,
    before,
    coalesce(shares[cast(ceil(len(shares) / 4) as integer)], before / nullif(mentions_before, 0)) as before_low
from filled
union all
select
    'new_abstract_length' as measure,
    form,
    '' as dimension,
    value,
    before,
    all_before[cast(ceil(len(all_before) / 4) as integer)] as before_low
from lengths_by_form
