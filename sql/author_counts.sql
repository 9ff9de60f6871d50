-- author_counts: one row is one paper and how many authors it has, as far as its pages tell.
--
-- The count is the one that sql/papers.sql chose. A page that shows the organisation shows no
-- count: the number is then unknown, which is null and never 0.
with shown as (
    select
        paper_mentions.paper_id,
        count(distinct parsed_rows.n_authors) as n_values
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
    group by paper_mentions.paper_id
)

select
    papers.paper_id,
    papers.n_authors,
    case
        when papers.n_authors is not null then 'counted'
        when papers.owner_mention_id is not null then 'organisation_shown'
        else 'absent'
    end as basis,
    cast(shown.n_values as integer) as n_values,
    papers.authors_mention_id as mention_id
from papers
inner join shown on papers.paper_id = shown.paper_id
