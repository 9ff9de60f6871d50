-- papers: one row is one paper, with the values that survive from its mentions.
--
-- Who wins, value by value. "First" is the lowest load number, then the lowest mention id, so the
-- order in which files are named never matters:
--   title, abstract  the first mention whose page came from huggingface.co itself, not from a mirror
--   arxiv_id         all mentions agree (a check holds that)
--   published_on     the first mention with a printed year; then the first with an inferred one
--   n_authors        the first mention that shows a count
--   organisation     the first mention that shows one
with mentions as (
    select
        paper_mentions.paper_id,
        paper_mentions.mention_id,
        parsed_rows.dump_id,
        parsed_rows.arxiv_id,
        parsed_rows.n_authors,
        parsed_rows.organisation_handle,
        parsed_rows.organisation_name,
        parsed_rows.published_on,
        parsed_rows.published_year_inferred,
        raw_dumps.load_number,
        case when captures.mirror is null then 0 else 1 end as from_mirror
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
    inner join captures on parsed_rows.dump_id = captures.dump_id
    inner join raw_dumps on parsed_rows.dump_id = raw_dumps.dump_id
),

ranked as (
    select
        paper_id,
        mention_id,
        dump_id,
        arxiv_id,
        load_number,
        row_number() over (
            partition by paper_id
            order by from_mirror, load_number, mention_id
        ) as text_rank,
        row_number() over (
            partition by paper_id
            order by
                case when published_on is null then 2 when published_year_inferred then 1 else 0 end,
                load_number,
                mention_id
        ) as date_rank,
        row_number() over (
            partition by paper_id
            order by case when n_authors is null then 1 else 0 end, load_number, mention_id
        ) as authors_rank,
        row_number() over (
            partition by paper_id
            order by
                case when organisation_handle is null and organisation_name is null then 1 else 0 end,
                load_number,
                mention_id
        ) as owner_rank
    from mentions
),

chosen as (
    select
        paper_id,
        max(arxiv_id) as arxiv_id,
        max(case when text_rank = 1 then mention_id end) as text_mention_id,
        max(case when date_rank = 1 then mention_id end) as date_mention_id,
        max(case when authors_rank = 1 then mention_id end) as authors_mention_id,
        max(case when owner_rank = 1 then mention_id end) as owner_mention_id,
        count(*) as n_mentions,
        count(distinct dump_id) as n_dumps,
        min(load_number) as first_load
    from ranked
    group by paper_id
)

select
    chosen.paper_id,
    chosen.arxiv_id,
    text_row.title,
    text_row.abstract,
    text_row.abstract_clean,
    authors_row.n_authors,
    owner_row.organisation_handle,
    owner_row.organisation_name,
    date_row.published_on,
    date_row.published_year_inferred,
    cast(chosen.n_mentions as integer) as n_mentions,
    cast(chosen.n_dumps as integer) as n_dumps,
    chosen.text_mention_id,
    case when date_row.published_on is not null then chosen.date_mention_id end as date_mention_id,
    case when authors_row.n_authors is not null then chosen.authors_mention_id end as authors_mention_id,
    case
        when owner_row.organisation_handle is not null or owner_row.organisation_name is not null
            then chosen.owner_mention_id
    end as owner_mention_id,
    chosen.first_load
from chosen
inner join parsed_rows as text_row on chosen.text_mention_id = text_row.mention_id
inner join parsed_rows as date_row on chosen.date_mention_id = date_row.mention_id
inner join parsed_rows as authors_row on chosen.authors_mention_id = authors_row.mention_id
inner join parsed_rows as owner_row on chosen.owner_mention_id = owner_row.mention_id
