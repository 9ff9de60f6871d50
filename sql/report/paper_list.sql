-- The papers: the newest first, with what the table shows and searches.
with authors as (
    select paper_id, string_agg(name, ', ' order by position) as names from paper_authors group by paper_id
),

repositories as (
    select paper_id, string_agg(repo_key, ' ' order by repo_key) as repo_keys from github_links group by paper_id
)

select
    papers.paper_id,
    papers.title,
    coalesce(papers.abstract_clean, papers.abstract, papers.ai_summary) as text,
    case when papers.abstract is not null then papers.abstract_kind when papers.ai_summary is not null then 'summary' end as text_kind,
    papers.published_on,
    papers.published_year_inferred,
    papers.n_authors,
    authors.names,
    coalesce(papers.organisation_name, papers.organisation_handle) as organisation,
    repositories.repo_keys,
    papers.n_mentions,
    papers.arxiv_id
from papers
left join authors on papers.paper_id = authors.paper_id
left join repositories on papers.paper_id = repositories.paper_id
order by papers.published_on desc nulls last, papers.title, papers.paper_id
limit $most
