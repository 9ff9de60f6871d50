-- author_counts: one row is one paper and how many authors it has, as far as its pages tell.
--
-- The count is the one that sql/papers.sql chose: of names where a mention lists them, else as printed.
-- A page that shows the organisation shows no count: the number is then unknown, which is null and never 0.
with listed as (
    select distinct paper_id
    from paper_authors
)

select
    papers.paper_id,
    papers.n_authors,
    case
        when listed.paper_id is not null then 'listed'
        when papers.n_authors is not null then 'counted'
        when papers.owner_mention_id is not null then 'organisation_shown'
        else 'absent'
    end as basis,
    coalesce(value_sources.n_values, 0) as n_values,
    papers.authors_mention_id as mention_id
from papers
left join listed on papers.paper_id = listed.paper_id
left join value_sources on papers.paper_id = value_sources.paper_id and value_sources.field = 'n_authors'
