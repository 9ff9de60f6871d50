-- paper_dates: one row is one paper and its three dates, as far as its pages tell.
--
-- The day on arXiv, the time at which arXiv announced it and the day on the daily page are three facts,
-- and none stands in for another. Each is the one that sql/papers.sql chose. A paper without a day on
-- arXiv tells from its lowest mention id with a date line why there is none.
with dated as (
    select
        paper_mentions.paper_id,
        min(parsed_rows.mention_id) as mention_id
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
    where parsed_rows.published_basis <> 'absent'
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
    coalesce(days.n_values, 0) as n_values,
    papers.date_mention_id as mention_id,
    papers.arxiv_published_at,
    coalesce(arxiv_times.n_values, 0) as arxiv_time_n_values,
    papers.arxiv_time_mention_id,
    papers.daily_on,
    coalesce(daily_days.n_values, 0) as daily_n_values,
    papers.daily_mention_id
from papers
left join dated on papers.paper_id = dated.paper_id
left join parsed_rows as source on coalesce(papers.date_mention_id, dated.mention_id) = source.mention_id
left join value_sources as days on papers.paper_id = days.paper_id and days.field = 'published_on'
left join value_sources as arxiv_times
    on papers.paper_id = arxiv_times.paper_id and arxiv_times.field = 'arxiv_published_at'
left join value_sources as daily_days on papers.paper_id = daily_days.paper_id and daily_days.field = 'daily_on'
