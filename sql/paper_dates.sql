-- paper_dates: one row is one paper and its date, as far as its pages tell.
--
-- The date is the one that sql/papers.sql chose. A paper without a date tells from the mention that
-- its text is from why there is none.
with shown as (
    select
        paper_mentions.paper_id,
        count(distinct parsed_rows.published_on) as n_values,
        min(case when parsed_rows.published_basis <> 'absent' then parsed_rows.mention_id end) as dated_mention_id
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
    group by paper_mentions.paper_id
)

select
    papers.paper_id,
    papers.published_on,
    cast(extract(year from papers.published_on) as integer) as published_year,
    cast(date_trunc('month', papers.published_on) as date) as published_month,
    source.published_raw,
    papers.published_year_inferred as year_inferred,
    coalesce(source.published_basis, 'absent') as basis,
    cast(shown.n_values as integer) as n_values,
    papers.date_mention_id as mention_id
from papers
inner join shown on papers.paper_id = shown.paper_id
left join parsed_rows as source
    on coalesce(papers.date_mention_id, shown.dated_mention_id) = source.mention_id
