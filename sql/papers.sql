-- papers: one row is one paper, with the values that survive from its mentions.
--
-- Who wins, value by value. "First" is the best form (JSON, also a saved page's own; then a saved page; then
-- Markdown and text, which other tools made of the page and may have changed), then the newest capture by its day
-- (none is oldest), then the lowest mention id, so the order in which files come never matters:
--   title, abstract     a mention with the abstract, else with its beginning, else with a summary in its
--                       place, else with none; of these one whose page came from huggingface.co itself,
--                       not from a mirror; of these the first
--   ai_summary          the first mention with a summary, beside the abstract or in its place
--   arxiv_id            all mentions agree (a check holds that)
--   n_authors           the first mention that lists names; then the first that shows a count
--   organisation        the first mention that shows its handle; then the first that shows a name
--   published_on        the first mention with a printed year; then the first with an inferred one
--   arxiv_published_at  the first mention that has it
--   daily_on            the first mention that has it
-- What other mentions say is counted in value_sources.
with listed as (
    select distinct mention_id
    from mention_authors
),

mentions as (
    select
        paper_mentions.paper_id,
        paper_mentions.mention_id,
        parsed_rows.dump_id,
        parsed_rows.arxiv_id,
        coalesce(
            parsed_rows.ai_summary, case when parsed_rows.abstract_kind = 'summary' then parsed_rows.abstract end
        ) as ai_summary,
        parsed_rows.n_authors,
        parsed_rows.organisation_handle,
        parsed_rows.organisation_name,
        parsed_rows.published_on,
        parsed_rows.published_year_inferred,
        parsed_rows.arxiv_published_at,
        parsed_rows.daily_submitted_at,
        raw_dumps.load_number,
        captures.captured_on,
        case when captures.mirror is null then 0 else 1 end as from_mirror,
        case
            when captures.form in ('api_json', 'json_lines', 'html_data') then 0
            when captures.form in ('html_cards', 'html_paper') then 1
            else 2
        end as form_rank,
        case parsed_rows.abstract_kind when 'abstract' then 0 when 'cut' then 1 when 'summary' then 2 else 3 end
            as kind_rank,
        case when listed.mention_id is not null then 0 when parsed_rows.n_authors is not null then 1 end
            as authors_rank
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
    inner join captures on parsed_rows.dump_id = captures.dump_id
    inner join raw_dumps on parsed_rows.dump_id = raw_dumps.dump_id
    left join listed on paper_mentions.mention_id = listed.mention_id
),

counted as (
    select
        paper_id,
        max(arxiv_id) as arxiv_id,
        count(*) as n_mentions,
        count(distinct dump_id) as n_dumps,
        min(load_number) as first_load
    from mentions
    group by paper_id
),

texts as (
    select
        paper_id,
        mention_id,
        row_number() over (partition by paper_id order by kind_rank, from_mirror, form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
),

summaries as (
    select
        paper_id,
        mention_id,
        ai_summary,
        row_number() over (partition by paper_id order by form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
    where ai_summary is not null
),

ids as (
    select
        paper_id,
        mention_id,
        row_number() over (partition by paper_id order by form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
    where arxiv_id is not null
),

dates as (
    select
        paper_id,
        mention_id,
        published_on,
        published_year_inferred,
        row_number() over (
            partition by paper_id
            order by case when published_year_inferred then 1 else 0 end, form_rank, captured_on desc nulls last, mention_id
        ) as place
    from mentions
    where published_on is not null
),

arxiv_times as (
    select
        paper_id,
        mention_id,
        arxiv_published_at,
        row_number() over (partition by paper_id order by form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
    where arxiv_published_at is not null
),

daily_days as (
    select
        paper_id,
        mention_id,
        cast(daily_submitted_at as date) as daily_on,
        row_number() over (partition by paper_id order by form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
    where daily_submitted_at is not null
),

authors as (
    select
        paper_id,
        mention_id,
        n_authors,
        row_number() over (partition by paper_id order by authors_rank, form_rank, captured_on desc nulls last, mention_id) as place
    from mentions
    where authors_rank is not null
),

owners as (
    select
        paper_id,
        mention_id,
        organisation_handle,
        organisation_name,
        row_number() over (
            partition by paper_id
            order by case when organisation_handle is null then 1 else 0 end, form_rank, captured_on desc nulls last, mention_id
        ) as place
    from mentions
    where organisation_handle is not null or organisation_name is not null
)

select
    counted.paper_id,
    counted.arxiv_id,
    text_row.title,
    text_row.abstract,
    text_row.abstract_clean,
    text_row.abstract_kind,
    summaries.ai_summary,
    authors.n_authors,
    owners.organisation_handle,
    owners.organisation_name,
    dates.published_on,
    coalesce(dates.published_year_inferred, false) as published_year_inferred,
    arxiv_times.arxiv_published_at,
    daily_days.daily_on,
    cast(counted.n_mentions as integer) as n_mentions,
    cast(counted.n_dumps as integer) as n_dumps,
    texts.mention_id as text_mention_id,
    summaries.mention_id as summary_mention_id,
    ids.mention_id as id_mention_id,
    dates.mention_id as date_mention_id,
    arxiv_times.mention_id as arxiv_time_mention_id,
    daily_days.mention_id as daily_mention_id,
    authors.mention_id as authors_mention_id,
    owners.mention_id as owner_mention_id,
    counted.first_load
from counted
inner join texts on counted.paper_id = texts.paper_id and texts.place = 1
inner join parsed_rows as text_row on texts.mention_id = text_row.mention_id
left join summaries on counted.paper_id = summaries.paper_id and summaries.place = 1
left join ids on counted.paper_id = ids.paper_id and ids.place = 1
left join dates on counted.paper_id = dates.paper_id and dates.place = 1
left join arxiv_times on counted.paper_id = arxiv_times.paper_id and arxiv_times.place = 1
left join daily_days on counted.paper_id = daily_days.paper_id and daily_days.place = 1
left join authors on counted.paper_id = authors.paper_id and authors.place = 1
left join owners on counted.paper_id = owners.paper_id and owners.place = 1
