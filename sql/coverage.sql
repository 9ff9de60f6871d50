-- coverage: one row is one field and how many papers have it.
with filled as (
    select
        count(*) as papers,
        count(case when abstract_kind = 'abstract' then 1 end) as abstract,
        count(ai_summary) as ai_summary,
        count(arxiv_id) as arxiv_id,
        count(published_on) as published_on,
        count(arxiv_published_at) as arxiv_published_at,
        count(daily_on) as daily_on,
        count(n_authors) as n_authors,
        count(owner_mention_id) as organisation
    from papers
),

named as (
    select count(distinct paper_id) as author_names
    from paper_authors
),

linked as (
    select
        count(distinct paper_id) as link,
        count(distinct case when kind = 'github_repo' then paper_id end) as github_repository
    from paper_links
),

measured as (
    select
        count(distinct case when upvotes is not null then paper_id end) as upvotes,
        count(distinct case when comments is not null then paper_id end) as comments,
        count(distinct case when github_stars is not null then paper_id end) as github_stars
    from paper_metrics
),

fields as (
    select 'abstract' as field, papers, abstract as with_value from filled
    union all
    select 'ai_summary' as field, papers, ai_summary as with_value from filled
    union all
    select 'arxiv_id' as field, papers, arxiv_id as with_value from filled
    union all
    select 'published_on' as field, papers, published_on as with_value from filled
    union all
    select 'arxiv_published_at' as field, papers, arxiv_published_at as with_value from filled
    union all
    select 'daily_on' as field, papers, daily_on as with_value from filled
    union all
    select 'n_authors' as field, papers, n_authors as with_value from filled
    union all
    select 'organisation' as field, papers, organisation as with_value from filled
    union all
    select 'author_names' as field, filled.papers, named.author_names as with_value from filled cross join named
    union all
    select 'link' as field, filled.papers, linked.link as with_value from filled cross join linked
    union all
    select 'github_repository' as field, filled.papers, linked.github_repository as with_value
    from filled cross join linked
    union all
    select 'upvotes' as field, filled.papers, measured.upvotes as with_value from filled cross join measured
    union all
    select 'comments' as field, filled.papers, measured.comments as with_value from filled cross join measured
    union all
    select 'github_stars' as field, filled.papers, measured.github_stars as with_value from filled cross join measured
)

select
    field,
    cast(papers as integer) as papers,
    cast(with_value as integer) as with_value,
    case when papers > 0 then cast(with_value as double) / cast(papers as double) end as share
from fields
